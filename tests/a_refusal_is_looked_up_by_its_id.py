"""`symbolon check --id ID`: the gateway's record of a refusal, in the codes and sentences of its log, for admins and auditors; `--own`: for
the holder of the certificate, where that is allowed, and of that certificate alone."""

import json
import os
import signal
import sqlite3

import pytest

from harness import peers
from harness.backend import Backend
from harness.pki import ForeignCA
from harness.process import wait_until
from harness.roles import roles, wait_roles
from harness.symbolon import BINARY, Symbolon, port

RIGHTS = {"auditor": [{"cn": "auditor"}], "issuer": [{"cn": "builder"}]}
FINDING, USELESS, UNREACHABLE = 1, 2, 3  # exit statuses


class Place:
    """Authority and gateway with a route for alice alone, and who is refused there."""

    def __init__(self, folder, first_state, backend, own_records, records=None, program=(BINARY, "run", "--config")):
        self.symbolon = Symbolon(folder / "s")
        self.symbolon.alike = first_state
        self.symbolon.init()
        self.issued = {name: self.symbolon.issue("client", name) for name in ("alice", "bob", "carol", "auditor", "builder")}
        self.foreign = ForeignCA(folder / "pki")
        self.old = self.foreign.issue("old", days=(-9, -2))
        self.stranger = ForeignCA(folder / "other", "Another Root").issue("stranger")
        self.records, self.api, self.port = records, port(), port()
        route = {
            "name": "web",
            "listen": f"127.0.0.1:{self.port}",
            "to": backend.address,
            "certificate": {"from": "authority", "names": ["localhost"]},
            "clients": {"verify": "require", "trust": ["authority", str(self.foreign.cert)], "allow": [{"cn": "alice"}]},
        }
        authority = {"name": "localhost", "listen": f"127.0.0.1:{self.api}", "rights": RIGHTS, "own_records": own_records}
        gateway = {"routes": [route], **({"records": str(records)} if records else {})}
        self.config = self.symbolon.configure(gateway, authority=authority)
        self.symbolon.env["SYMBOLON_CONFIG"] = str(self.config)
        self.program = program
        self.running = self.start()

    def start(self):
        return self.symbolon.run(self.config, self.port, self.api, program=self.program)

    def log(self):
        """Every refusal that is recorded."""
        if self.records is None:
            return [record for record in self.running.records if record["record"] == "refused"]
        lines = self.records.read_text().splitlines() if self.records.exists() else []
        return [record for line in lines if (record := json.loads(line))["record"] == "refused"]

    def refuse(self, credential, listener=None):
        """Comes with it, by openssl, in vain; the record of that."""
        before = len(self.log())
        peers.s_client(listener or self.port, self.symbolon.ca, credential, [], peers.HTTP_REQUEST)
        wait_until(lambda: len(self.log()) > before, "the refusal is recorded")
        return self.log()[-1]

    def from_afar(self, who):
        shown = self.issued.get(who)
        cert, key = (shown.cert, shown.key) if shown else (self.symbolon.state / "admin.crt", self.symbolon.state / "admin.key")
        there = ["--authority", f"https://localhost:{self.api}", "--authority-ca", self.symbolon.ca]
        return [*there, "--authority-cert", cert, "--authority-key", key]

    def check(self, *arguments, who=None):
        """`check` here, or from afar with the certificate of `who`: its exit status and answer."""
        outcome = self.symbolon("--json", *(self.from_afar(who) if who else []), "check", *arguments)
        return outcome.status, json.loads(outcome.stdout) if outcome.stdout else None

    def records_of(self, *arguments, who=None):
        status, answer = self.check(*arguments, who=who)
        assert status == (FINDING if answer["records"] else 0), answer
        return answer["records"]

    def fails(self, code, *arguments, who):
        return self.symbolon.refused(code, *self.from_afar(who), "check", *arguments)


@pytest.fixture(scope="module")
def backend():
    with Backend() as running:
        yield running


@pytest.fixture(scope="module")
def place(tmp_path_factory, first_state, backend):
    """A process a role, records in a file, holders may ask."""
    folder = tmp_path_factory.mktemp("p")
    place = Place(folder, first_state, backend, own_records=True, records=folder / "records.ndjson")
    yield place
    place.running.stop()


@pytest.fixture(scope="module")
def closed(tmp_path_factory, first_state, backend):
    """One process, records on its standard output, holders may not ask."""
    program = (BINARY, "run", "--insecure-one-process", "--config")
    place = Place(tmp_path_factory.mktemp("c"), first_state, backend, own_records=False, program=program)
    yield place
    place.running.stop()


def same(answer, line):
    """What is answered stands in the log word for word, and what the log says about the cause is answered."""

    def within(part, whole):
        if isinstance(part, dict):
            return all(key in whole and within(value, whole[key]) for key, value in part.items())
        return part == whole

    causes = ("id", "time", "route", "code", "fault", "sentence", "remedy", "peer", "version", "alert_sent", "certificate")
    return within(answer, line) and all(key in answer for key in causes if key in line)


CAUSES = {
    "expired": (lambda p: p.old, "client_certificate_expired"),
    "foreign": (lambda p: p.stranger, "client_certificate_untrusted_issuer"),
    "by rule": (lambda p: p.issued["bob"], "not_allowed_by_policy"),
}


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("where", ["place", "closed"])
def test_an_admin_is_told_what_the_log_says(request, where, cause):
    here = request.getfixturevalue(where)
    make, code = CAUSES[cause]
    client = make(here)
    line = here.refuse(client)
    assert line["code"] == code
    for who in ("admin", "auditor", None):
        [answer] = here.records_of("--id", line["id"].lower(), who=who)
        assert same(answer, line), (who, answer, line)
    assert client.serial in answer["certificate"]["serial"] if hasattr(client, "serial") else answer["certificate"]
    text = here.symbolon("check", "--id", line["id"])
    assert text.status == FINDING
    for said in (line["id"], code, line["sentence"], line["remedy"], line["peer"]):
        assert said in text.stdout, text


def test_the_apis_own_refusals_are_found_too(place):
    line = place.refuse(place.stranger, place.api)
    assert line["route"] == "authority"
    [answer] = place.records_of("--id", line["id"], who="admin")
    assert same(answer, line)


def test_an_id_that_nobody_has(place):
    known = {line["id"] for line in place.log()}
    unknown = next(id for id in ("0000", "0001", "0002") if id not in known)
    assert place.fails("record_missing", "--id", unknown, who="admin").status == USELESS
    assert place.symbolon.refused("record_missing", "check", "--id", unknown).status == USELESS
    for nonsense in ("7Q4", "7Q4MM", "7Q4U", "", "../a"):
        assert place.symbolon.refused("bad_request", "check", "--id", nonsense).status == USELESS


def test_a_role_without_the_right_is_refused_and_that_is_audited(closed):
    line = closed.refuse(closed.issued["bob"])
    builder = closed.fails("forbidden", "--id", line["id"], who="builder")
    assert "'records' needs the role admin or auditor" in builder.stderr
    closed.fails("forbidden", "--id", line["id"], who="bob")
    closed.fails("forbidden", "--own", who="bob")
    ledger = sqlite3.connect(f"file:{closed.symbolon.state}/ledger.db?mode=ro", uri=True)

    def denied():
        rows = ledger.execute("SELECT details FROM audit WHERE action = 'refuse'").fetchall()
        return {json.loads(details)["call"] for (details,) in rows}

    expected = {f"GET /v1/gateway/records/{line['id']}", "GET /v1/gateway/own-records"}
    wait_until(lambda: denied() >= expected, "what was denied stands in the audit chain")


def test_a_holder_is_told_of_its_own_certificate_alone(place):
    bob, carol = place.issued["bob"], place.issued["carol"]
    line = place.refuse(bob)
    [newest, *_] = place.records_of("--own", who="bob")
    assert newest["id"] == line["id"] and newest["code"] == "not_allowed_by_policy" and newest["sentence"] == line["sentence"]
    assert not {"peer", "proxy", "service"} & set(newest), "somebody with a copy may have come from there"
    assert place.records_of("--own", "--id", line["id"], who="bob") == [newest]
    assert place.records_of("--own", who="carol") == []
    place.fails("record_missing", "--own", "--id", line["id"], who="carol")
    place.fails("forbidden", "--id", line["id"], who="bob")
    assert place.refuse(carol)["id"] in [record["id"] for record in place.records_of("--own", who="carol")]
    assert place.symbolon.refused("usage", "check", "--own").status == USELESS


def test_who_cannot_come_to_the_api_is_told_nothing(place):
    place.refuse(place.stranger)
    there = ["--authority", f"https://localhost:{place.api}", "--authority-ca", place.symbolon.ca]
    shown = ["--own", "--cert", place.stranger.chain, "--key", place.stranger.key]
    assert "alert_received" in place.symbolon(*there, "check", *shown).stderr


def test_a_copied_certificate_is_of_no_use(place, tmp_path):
    """The key of another: possession is what the handshake of the API proves."""
    shown = ["--own", "--cert", place.issued["bob"].cert, "--key", place.issued["carol"].key]
    assert place.symbolon(*place.from_afar("carol"), "check", *shown).status not in (0, FINDING)


def test_both_ends_in_one_report(place):
    bob = place.issued["bob"]
    probe = [f"localhost:{place.port}", "--cert", bob.cert, "--key", bob.key, "--ca", place.symbolon.ca]
    _, report = place.check(*probe, "--own", who="carol")  # --cert says who asks
    [record] = report["records"]
    assert record["code"] == "not_allowed_by_policy" and record["id"] == place.log()[-1]["id"]
    assert report["outcome"] == "refused" and report["findings"]
    _, report = place.check(*probe, "--id", record["id"], who="admin")
    assert [one["id"] for one in report["records"]] == [record["id"]]
    text = place.symbolon(*place.from_afar("admin"), "check", *probe, "--id", record["id"]).stdout
    there = text.index("the other end")
    assert "this end says" in text[there:] or "both ends say" in text[there:]
    assert record["sentence"] in text[there:] and record["id"] in text[there:]
    alice = place.issued["alice"]
    probe = [f"localhost:{place.port}", "--cert", alice.cert, "--key", alice.key, "--ca", place.symbolon.ca]
    _, report = place.check(*probe, "--own", who="alice")
    assert report["records"] == []


def test_it_is_in_the_file_until_that_is_rotated_away(place):
    line = place.refuse(place.old)
    before = roles(place.running)["gateway"]
    os.kill(before, signal.SIGKILL)  # with what it had in memory
    wait_roles(place.running, "gateway", other_than=(before,))
    place.running.wait_listening(place.port)
    [answer] = place.records_of("--id", line["id"], who="admin")
    assert same(answer, line)
    place.records.rename(place.records.with_suffix(".1"))
    place.running.child.send_signal(signal.SIGHUP)
    wait_until(place.records.exists, "the file is opened anew")
    place.fails("record_missing", "--id", line["id"], who="admin")
    later = place.refuse(place.old)
    assert same(place.records_of("--id", later["id"], who="admin")[0], later)


def test_without_an_authority_and_without_anybody_that_runs(symbolon, gateway_of, foreign, tmp_path):
    """The last one is the file, read here."""
    stranger = ForeignCA(tmp_path / "other", "Another Root").issue("stranger")
    gateway = gateway_of()
    symbolon.env["SYMBOLON_CONFIG"] = str(symbolon.folder / f"{gateway.port}.yaml")
    peers.s_client(gateway.port, foreign.cert, stranger, [], peers.HTTP_REQUEST)
    line = gateway.wait_record("refused", "client_certificate_untrusted_issuer")
    found = symbolon("--json", "check", "--id", line["id"])
    assert same(json.loads(found.stdout)["records"][0], line)
    gateway.stop()
    assert symbolon.refused("gateway_unreachable", "check", "--id", line["id"]).status == UNREACHABLE
    config = json.loads((symbolon.folder / f"{gateway.port}.yaml").read_text())
    config["gateway"]["records"] = str(tmp_path / "left.ndjson")
    (tmp_path / "left.ndjson").write_text(json.dumps(line, separators=(",", ":")) + "\n")
    left = symbolon.folder / "left.yaml"
    left.write_text(json.dumps(config))
    symbolon.env["SYMBOLON_CONFIG"] = str(left)
    found = symbolon("--json", "check", "--id", line["id"])
    assert same(json.loads(found.stdout)["records"][0], line)
    symbolon.refused("record_missing", "check", "--id", "0000" if line["id"] != "0000" else "0001")
