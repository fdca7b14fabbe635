"""An older backup of the ledger in the place of the newest: what a gateway still knows comes back, and until then nothing is issued."""

import json

import pytest
from cryptography import x509

from harness import peers
from harness.process import wait_until
from harness.revocation import number_of, serial_of
from harness.symbolon import BINARY, port

ONE_PROCESS = (BINARY, "run", "--insecure-one-process", "--config")
JOURNAL = ("gateway", "revocations.journal")


class Gateway:
    """A gateway as curl plays it: what it was told of the feed, and the newest signed head."""

    def __init__(self, symbolon, listen, credential):
        self.symbolon, self.listen, self.credential = symbolon, listen, credential
        self.entries, self.digest, self.head, self.digests = [], "", None, [""]

    def call(self, path, body=None):
        data = ["-H", "Content-Type: application/json", "-d", json.dumps(body)] if body is not None else []
        answer = peers.curl(self.listen, self.symbolon.ca, self.credential, path=path, arguments=data)
        assert answer.status == 0, answer
        return json.loads(answer.stdout)

    def ask(self, wait=0, head=None):
        place = f"&after={len(self.entries)}&digest={self.digest}" if self.entries else ""
        return self.call(f"/v1/feed?gateway=x&wait={wait}{place}" + (f"&head={head}" if head is not None else ""))

    def follow(self):
        """All that there is, and the head that vouches for it: asked one by one, so that each place is known."""
        while True:
            page = self.ask(wait=5000, head=self.head["count"] if self.head else 0)
            assert not page["behind"]
            self.entries += page["entries"]
            self.digest = page.get("digest", "")
            self.digests += [None] * (len(page["entries"]) - 1) + [self.digest] if page["entries"] else []
            self.head = page.get("feed_head", self.head)
            if not page["more"] and self.head and self.head["count"] == len(self.entries):
                return self

    def claim(self):
        return self.call("/v1/feed/hand-back", {"head": self.head, "before": self.head["hash"], "entries": []})

    def hand_back(self, after):
        return self.call("/v1/feed/hand-back", {"head": self.head, "before": self.digests[after], "entries": self.entries[after:]})


@pytest.fixture
def lost(symbolon, tmp_path):
    """carol was revoked before the backup, alice and bob after it; bob was issued after it, too. It is restored; nothing runs."""
    symbolon.init()
    listen = port()
    authority = {"name": "localhost", "listen": f"127.0.0.1:{listen}", "backups": str(tmp_path)}
    symbolon.config, symbolon.listen = symbolon.configure(authority=authority, routes=None), listen
    gateway = Gateway(symbolon, listen, symbolon.issue("gateway", "gw.example"))
    for name in ("alice", "carol"):
        symbolon.issue("client", name)
    with symbolon.run(symbolon.config, listen):
        symbolon.do("revoke", "carol")
        gateway.follow()
        symbolon.do("ledger", "backup", tmp_path / "copy.db")
        bob = symbolon.issue("client", "bob")
        symbolon.do("revoke", "alice", "--reason", "keyCompromise", "--invalid-since", "2026-01-02")
        gateway.follow()
        symbolon.do("revoke", "bob")
        gateway.follow()
        symbolon.before = crl_of(symbolon)
        symbolon.said = symbolon.json("show", "alice")["summary"]["revocation"]
    symbolon.bob_serial = serial_of(bob)
    symbolon.restore(tmp_path / "copy.db")
    return gateway


def crl_of(symbolon):
    return x509.load_pem_x509_crl(symbolon.do("crl").encode())


def warned(symbolon, code):
    return any(warning["code"] == code for warning in symbolon.json("status")["warnings"])


def test_what_a_gateway_knows_comes_back(symbolon, lost):
    with symbolon.run(symbolon.config, symbolon.listen):
        assert "revocation" not in symbolon.json("show", "alice")["summary"], "the backup does not know it"
        page = lost.ask()
        assert page["behind"] and page["entries"] == []
        common = next(mark for mark in page["past"] if mark["number"] <= 1)
        assert common == {"number": 1, "hash": lost.digests[1]}, "the past that both have"
        assert warned(symbolon, "feed_entry_not_ours") and not warned(symbolon, "ledger_behind"), "a claim is no proof"
        symbolon.issue("client", "dave")

        assert lost.claim() == {"outcome": "go_on", "next": 3, "taken": 0}
        assert warned(symbolon, "ledger_behind") and not warned(symbolon, "feed_entry_not_ours")
        symbolon.refused("ledger_behind", "issue", "client", "erin", "--out", symbolon.folder)
        symbolon.refused("ledger_behind", "crl")
        symbolon.do("revoke", "dave")

        assert lost.hand_back(1) == {"outcome": "done", "next": 1, "taken": 2}
        assert not warned(symbolon, "ledger_behind")
        symbolon.issue("client", "erin")
        summary = symbolon.json("show", "alice")["summary"]
        said = {**summary["revocation"], "by": symbolon.said["by"]}
        assert said == symbolon.said, "reason and time are those of before"
        assert summary["revocation"]["by"] == "gateway gw.example, handed back"
        crl = crl_of(symbolon)
        dates = crl.get_revoked_certificate_by_serial_number(symbolon.bob_serial)
        assert dates.revocation_date == symbolon.before.get_revoked_certificate_by_serial_number(symbolon.bob_serial).revocation_date
        assert len(crl) == 4, "of before the backup, of both histories since"
        assert number_of(crl) > number_of(symbolon.before), "no number is used again"
        assert lost.hand_back(1)["taken"] == 0, "again: nothing is entered twice"
    assert symbolon.do("ledger", "verify").startswith("whole")


def test_a_start_does_not_forget_it(symbolon, lost):
    with symbolon.run(symbolon.config, symbolon.listen):
        lost.claim()
    symbolon.refused("ledger_behind", "issue", "client", "erin", "--out", symbolon.folder)
    with symbolon.run(symbolon.config, symbolon.listen):
        symbolon.refused("ledger_behind", "issue", "client", "erin", "--out", symbolon.folder)
        assert lost.hand_back(1)["outcome"] == "done"
        symbolon.issue("client", "erin")


def test_nobody_invents_a_position(symbolon, lost):
    with symbolon.run(symbolon.config, symbolon.listen):
        genuine = dict(lost.head)
        for change in ({"count": 9}, {"hash": "0" * 64}, {"signature": "MEUCIQ=="}):
            lost.head = {**genuine, **change}
            assert lost.hand_back(1)["code"] == "feed_entry_not_ours"
        symbolon.issue("client", "erin")
        assert warned(symbolon, "feed_entry_not_ours")
        assert "gw.example" in symbolon.do("status")
        lost.head = genuine
        forged = [{**entry, "serial": "bad0"} for entry in lost.entries]
        lost.entries, entries = forged, lost.entries
        assert lost.hand_back(1)["code"] == "feed_entry_not_ours"
        symbolon.refused("not_found", "show", "bad0")
        lost.entries = entries
        assert lost.hand_back(1)["outcome"] == "done"


def test_an_operator_gives_it_up(symbolon, lost):
    with symbolon.run(symbolon.config, symbolon.listen):
        assert "nothing to give up" in symbolon.do("ledger", "accept-rollback")
        lost.claim()
        symbolon.refused("ledger_behind", "issue", "client", "erin", "--out", symbolon.folder)
        assert symbolon.do("ledger", "accept-rollback").startswith("given up")
        symbolon.issue("client", "erin")
        assert lost.hand_back(1)["outcome"] == "given_up"
        assert "revocation" not in symbolon.json("show", "alice")["summary"]
    with symbolon.run(symbolon.config, symbolon.listen):
        assert lost.claim()["outcome"] == "given_up"
        symbolon.issue("client", "frank")
    assert symbolon.do("ledger", "verify").startswith("whole")


def test_a_certificate_that_the_ledger_does_not_know_is_listed_and_barred(symbolon, every_role, tmp_path):
    symbolon.do("ledger", "backup", symbolon.state / "copy.db")
    bob = symbolon.issue("client", "bob")
    for credential in (symbolon.client, bob):
        assert peers.curl(every_role.port, symbolon.ca, credential).status == 0
    every_role.stop()
    symbolon.restore(symbolon.state / "copy.db")
    with symbolon.run(every_role.config, every_role.port) as again:
        again.wait_line(lambda line: "all roles are ready" in line, "all roles are ready")
        assert peers.curl(every_role.port, symbolon.ca, bob).status == 0
        unknown = symbolon.json("list", "--seen", "--unknown")["certificates"]
        serial = f"{serial_of(bob):x}"
        assert [one["serial"] for one in unknown] == [serial]
        assert "certificate_not_in_ledger" in symbolon("list", "--seen", "--unknown").stderr
        symbolon.refused("not_found", "revoke", serial)
        assert f"serial {serial}" in symbolon.do("revoke", serial, "--unknown", "--reason", "keyCompromise", "--wait")
        assert peers.curl(every_role.port, symbolon.ca, bob).status != 0
        assert peers.curl(every_role.port, symbolon.ca, symbolon.client).status == 0
    assert symbolon.do("ledger", "verify").startswith("whole")


def signed_in(journal, number):
    """The gateway's journal has a signed head of this entry of the feed."""
    return (b"H" + number.to_bytes(8, "big")) in journal.read_bytes()


def test_the_gateway_hands_it_back_by_itself(symbolon, every_role):
    """What it enforced stays enforced all the while."""
    symbolon.do("ledger", "backup", symbolon.state / "copy.db")
    symbolon.do("revoke", "alice", "--reason", "keyCompromise", "--wait")
    wait_until(lambda: signed_in(symbolon.state.joinpath(*JOURNAL), 1), "the gateway holds the signed head")
    said = symbolon.json("show", "alice")["summary"]["revocation"]
    every_role.stop()
    symbolon.restore(symbolon.state / "copy.db")
    with symbolon.run(every_role.config, every_role.port) as again:
        again.wait_line(lambda line: "the authority has taken back revocations" in line, "it hands back")
        assert peers.curl(every_role.port, symbolon.ca, symbolon.client).status != 0
        again.wait_line(lambda line: "all roles are ready" in line, "all roles are ready")
        assert symbolon.json("show", "alice")["summary"]["revocation"] == {**said, "by": "gateway local, handed back"}
        symbolon.issue("client", "erin")
        wait_until(lambda: symbolon.json("gateways")["gateways"][0]["enforced"] == 1, "it enforces the entry as the ledger has it now")
        assert not warned(symbolon, "ledger_behind") and not warned(symbolon, "feed_entry_not_ours")
    with symbolon.run(every_role.config, every_role.port):
        assert peers.curl(every_role.port, symbolon.ca, symbolon.client).status != 0
    assert symbolon.do("ledger", "verify").startswith("whole")


def test_a_release_comes_back_too(symbolon, every_role):
    """The backup has alice on hold; that she was released is what the gateway knows."""
    symbolon.do("revoke", "alice", "--reason", "certificateHold", "--wait")
    symbolon.do("ledger", "backup", symbolon.state / "copy.db")
    symbolon.do("release", "alice")
    wait_until(lambda: signed_in(symbolon.state.joinpath(*JOURNAL), 2), "the gateway holds the signed head")
    every_role.stop()
    symbolon.restore(symbolon.state / "copy.db")
    with symbolon.run(every_role.config, every_role.port) as again:
        again.wait_line(lambda line: "the authority has taken back revocations" in line, "it hands back")
        again.wait_line(lambda line: "all roles are ready" in line, "all roles are ready")
        assert "revocation" not in symbolon.json("show", "alice")["summary"]
        assert peers.curl(every_role.port, symbolon.ca, symbolon.client).status == 0
    assert symbolon.do("ledger", "verify").startswith("whole")


def test_one_process_and_a_command_take_it_back_from_the_journal_beside_them(symbolon, every_role):
    """No gateway of another process asks them."""
    every_role.stop()
    copy = symbolon.state / "copy.db"
    with symbolon.run(every_role.config, every_role.port, program=ONE_PROCESS):
        symbolon.do("ledger", "backup", copy)
        symbolon.do("revoke", "alice", "--reason", "keyCompromise", "--wait")
        wait_until(lambda: signed_in(symbolon.state.joinpath(*JOURNAL), 1), "the gateway holds the signed head")
    symbolon.restore(copy)
    taken_back = {"reason": "key_compromise", "by": "gateway local, handed back"}
    assert taken_back.items() <= symbolon.json("show", "alice")["summary"]["revocation"].items(), "a command"
    symbolon.restore(copy)
    with symbolon.run(every_role.config, every_role.port, program=ONE_PROCESS):
        assert peers.curl(every_role.port, symbolon.ca, symbolon.client).status != 0
        assert taken_back.items() <= symbolon.json("show", "alice")["summary"]["revocation"].items()
        symbolon.issue("client", "erin")
        assert not warned(symbolon, "ledger_behind") and not warned(symbolon, "feed_entry_not_ours")
    assert symbolon.do("ledger", "verify").startswith("whole")
