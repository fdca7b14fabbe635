"""With `shared_ticket_keys: true` gateways get the keys of session tickets from their authority: a session of one resumes at the
others, where it is judged all the same; whoever does not share declines it, and so do all once a gateway was revoked."""

import json
import re
import shutil

import pytest

from harness import peers
from harness.pki import ForeignCA
from harness.process import wait_until
from harness.symbolon import Issued, Symbolon

VERSIONS = ["-tls1_2", "-tls1_3"]
SHARES = "the keys of session tickets are those of the authority's gateways"
SERVED = "127.0.0.1:0"  # as the routes of all say it: sessions are of one address, as it is written


def route(backend, certificate, trust=(), **more):
    clients = {"verify": "require", "trust": ["authority", *map(str, trust)], "allow": "any_verified"}
    return {"name": "web", "listen": SERVED, "to": backend.address, "certificate": certificate, "clients": clients, "session_tickets": True, **more}


class Serving:
    """A gateway that runs, on the port that it was given."""

    def __init__(self, running):
        self.running = running
        self.port = int(running.wait_line(lambda line: re.search(r"route web: 127\.0\.0\.1:(\d+)", line), "where it listens")[1][1])

    def shares(self):
        self.running.wait_line(lambda line: SHARES in line, "it has the keys")
        return self


class Edge(Symbolon):
    """Another machine: a folder of its own with the authority's CAs, a certificate of the profile `gateway`, one to serve with."""

    def __init__(self, folder, authority, listening, backend, name, trust=(), **more):
        super().__init__(folder)
        self.state.mkdir()
        shutil.copy(authority.state / "anchors.crt", self.folder)
        for certificate in (("gateway", name), ("server", "localhost", "127.0.0.1")):
            authority.do("issue", *certificate, "--out", self.folder)
        self.known_by, served = (Issued(self.folder, one) for one in (name, "localhost"))
        place = {
            "url": f"https://localhost:{listening.port}",
            "cert": str(self.known_by.cert),
            "key": str(self.known_by.key),
            "anchors": str(self.folder / "anchors.crt"),
        }
        certificate = {"cert": str(served.cert), "key": str(served.key)}
        routes = [route(backend, certificate, trust)]
        self.config = self.configure({"authority": place, "routes": routes, "shared_ticket_keys": True, **more})

    def start(self):
        return Serving(self.run(self.config))


@pytest.fixture
def edge(symbolon, listening, backend, tmp_path):
    """Starts gateways elsewhere: edge("a", ...)."""
    started = []

    def start(name, **more):
        one = Edge(tmp_path / name, symbolon, listening, backend, f"{name}.example", **more).start()
        started.append(one)
        return one

    symbolon.alice = symbolon.issue("client", "alice")
    yield start
    for one in started:
        one.running.stop()


class Client:
    """openssl s_client, with the session that it got last."""

    def __init__(self, symbolon, folder, version):
        self.symbolon, self.version, self.session = symbolon, version, folder / "session.pem"

    def come(self, gateway, *options):
        return peers.s_client(gateway.port, self.symbolon.ca, self.symbolon.alice, [self.version, *options], peers.HTTP_REQUEST)

    def begin(self, gateway):
        """A full handshake, whose session is kept."""
        outcome = self.come(gateway, "-sess_out", self.session)
        assert "hello from the backend" in outcome.stdout and session_of(outcome) == "New", outcome
        return self

    def resumes(self, gateway):
        """Whether the session that is kept is taken there; else a full handshake follows, which must be."""
        outcome = self.come(gateway, "-sess_in", self.session)
        assert "hello from the backend" in outcome.stdout, outcome
        return session_of(outcome) == "Reused"


def session_of(outcome):
    return re.search(r"^(New|Reused), TLSv1", outcome.stdout, re.M)[1]


@pytest.mark.parametrize("version", VERSIONS)
def test_it_resumes_at_another_gateway_and_is_judged_there(symbolon, edge, tmp_path, version):
    here, there = edge("a").shares(), edge("b").shares()
    client = Client(symbolon, tmp_path, version).begin(here)
    assert client.resumes(there), "although nobody has shown the CAs there"
    resumed = there.running.wait_record("opened", resumed=True)
    assert resumed["identity"] == here.running.wait_record("opened")["identity"]
    assert client.begin(there).resumes(here)
    symbolon.do("revoke", "alice", "--wait")
    refused = client.come(here, "-sess_in", client.session)
    assert "hello from the backend" not in refused.stdout and peers.alert_of(refused) == 44, refused
    assert here.running.wait_record("refused", "client_certificate_revoked")["session_declined"] == "client_certificate_revoked"


def test_who_does_not_share_declines_it(symbolon, edge, tmp_path):
    here, apart = edge("a").shares(), edge("b", shared_ticket_keys=False)
    other = ForeignCA(tmp_path / "other", "Other")
    trusting = edge("c", trust=[other.cert]).shares()
    client = Client(symbolon, tmp_path, "-tls1_3").begin(here)
    assert not client.resumes(apart)
    assert not client.resumes(trusting), "what trusts others has keys of its own"
    assert client.begin(apart).resumes(apart) and not client.begin(apart).resumes(here)
    assert client.begin(trusting).resumes(trusting) and not client.begin(trusting).resumes(here)


@pytest.mark.parametrize("reason", ["keyCompromise", "certificateHold"])
def test_nothing_of_before_is_taken_once_a_gateway_is_revoked(symbolon, edge, tmp_path, reason):
    symbolon.issue("gateway", "stolen.example")
    here, there = edge("a").shares(), edge("b").shares()
    client = Client(symbolon, tmp_path, "-tls1_3").begin(here)
    assert client.resumes(there)
    said = symbolon.do("revoke", "stolen.example", "--reason", reason, "--wait")
    assert "enforced by 2 of 2 gateways" in said
    assert not client.resumes(here) and not client.resumes(there), "that it is enforced means that the keys are gone"
    wait_until(lambda: client.begin(here).resumes(there), "they have the new keys")


def test_a_revoked_gateway_gets_no_keys(symbolon, listening):
    known = symbolon.issue("gateway", "stolen.example")
    assert keys_for(listening, symbolon, known)[0] == 200
    symbolon.do("revoke", "stolen.example")
    with pytest.raises(AssertionError, match="alert certificate revoked"):
        keys_for(listening, symbolon, known)


def test_while_the_authority_is_away_they_go_on_and_its_restart_ends_their_keys(symbolon, listening, edge, tmp_path):
    here, there = edge("a").shares(), edge("b").shares()
    listening.stop()
    there.running.wait_line(lambda line: "revocations do not arrive" in line, "it is away")
    client = Client(symbolon, tmp_path, "-tls1_3").begin(here)
    assert client.resumes(there)
    with symbolon.run(symbolon.folder / "symbolon.yaml", listening.port):
        wait_until(lambda: not client.resumes(there) and not client.resumes(here), "what was sealed before is worth nothing")
        wait_until(lambda: client.begin(here).resumes(there), "they have the new keys")


def test_the_authoritys_own_gateway_shares_with_those_elsewhere(symbolon, listening, edge, backend, tmp_path):
    there = edge("a").shares()
    config = json.loads((symbolon.folder / "symbolon.yaml").read_text())
    listening.stop()
    config["gateway"] = {"routes": [route(backend, {"from": "authority", "names": ["localhost"]})], "shared_ticket_keys": True}
    (symbolon.folder / "symbolon.yaml").write_text(json.dumps(config))
    with symbolon.run(symbolon.folder / "symbolon.yaml", listening.port) as running:
        here = Serving(running).shares()
        client = Client(symbolon, tmp_path, "-tls1_3")
        wait_until(lambda: client.begin(here).resumes(there), "both have the keys of this authority")
        assert client.begin(there).resumes(here)


def keys_for(listening, symbolon, credential, domain="ab" * 32):
    """Status and answer of the call that gateways make."""
    data = ["-H", "Content-Type: application/json", "-d", json.dumps({"domains": [domain]})]
    answer = peers.curl(listening.port, symbolon.ca, credential, path="/v1/ticket-keys", arguments=[*data, "-D", "-", "-w", "\n%{http_code}"])
    head, _, rest = answer.stdout.replace("\r", "").partition("\n\n")
    assert re.search(r"^cache-control: no-store$", head, re.I | re.M), answer
    text, _, status = rest.rpartition("\n")
    return int(status), json.loads(text)


def test_keys_are_in_no_file_and_no_log(symbolon, listening, edge, tmp_path):
    one = edge("a").shares()
    known = symbolon.issue("gateway", "curious.example")
    status, answer = keys_for(listening, symbolon, known)
    key = answer["domains"][0]["keys"][0]["key"]
    assert status == 200 and keys_for(listening, symbolon, known)[1]["domains"][0]["keys"][0]["key"] == key
    files = [file for file in tmp_path.rglob("*") if file.is_file()]  # of the authority and of the gateway
    assert {"ledger.db", "revocations.journal"} <= {file.name for file in files}
    assert not [file for file in files if key.encode() in file.read_bytes()]
    assert key not in listening.output and key not in one.running.output


def test_what_would_share_nothing_does_not_start(symbolon, backend):
    symbolon.init()
    served = route(backend, {"from": "authority", "names": ["localhost"]})

    def refused(tickets=True, **more):
        config = symbolon.configure({"routes": [{**served, "session_tickets": tickets}], "shared_ticket_keys": True}, **more)
        return symbolon.refused("config_bad_value", "run", "--config", config).stderr

    assert "no route has `session_tickets: true`" in refused(tickets=False)
