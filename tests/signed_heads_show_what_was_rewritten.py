"""A head of the audit chain that was signed and kept elsewhere shows truncation and rewriting, which the chain alone cannot."""

import base64
import hashlib
import json
import os
import sqlite3
import stat
import struct

import pytest

from harness.pki import openssl
from harness.process import run


@pytest.fixture
def signed(symbolon):
    """A state with some entries, and the head of them in head.json."""
    symbolon.init()
    for name in ("alice", "bob"):
        symbolon.issue("client", name)
    symbolon.do("ledger", "head", "--out", symbolon.folder / "head.json")
    symbolon.head = symbolon.folder / "head.json"
    return symbolon


def verify(symbolon, *more):
    return symbolon("ledger", "verify", "--against", symbolon.head, *more)


def refused(symbolon, code, *more):
    outcome = verify(symbolon, *more)
    assert outcome.status == 5 and code in outcome.stderr, outcome


def entries(symbolon):
    return json.loads(symbolon.head.read_text())["count"]


def tamper(symbolon, *statements):
    ledger = sqlite3.connect(symbolon.state / "ledger.db")
    for statement in statements:
        ledger.execute(*statement)
    ledger.commit()
    ledger.close()


def canonical(*values):
    """src/ledger/audit_chain.h: integers are 8 octets, texts and octet strings are preceded by their length."""
    out = b""
    for value in values:
        if isinstance(value, int):
            out += struct.pack(">q", value)
        else:
            octets = value if isinstance(value, bytes) else value.encode()
            out += struct.pack(">q", len(octets)) + octets
    return hashlib.sha256(out).digest()


def hash_again(symbolon, first):
    """As whoever can write the file can: every entry from `first` on fits the one before it again."""
    ledger = sqlite3.connect(symbolon.state / "ledger.db")
    before = ledger.execute("SELECT hash FROM audit WHERE sequence = ?", (first - 1,)).fetchone()[0]
    rows = ledger.execute(
        "SELECT sequence, time, actor, action, object, details, digest FROM audit WHERE sequence >= ? ORDER BY sequence", (first,)
    ).fetchall()
    for row in rows:
        before = canonical(before, *row)
        ledger.execute("UPDATE audit SET hash = ? WHERE sequence = ?", (before, row[0]))
    ledger.commit()
    ledger.close()


def test_a_chain_that_goes_on_holds_it(signed):
    signed.issue("client", "carol")
    assert f"holds the head of {entries(signed)} entries" in signed.do("ledger", "verify", "--against", signed.head)
    with signed.run(signed.configure(routes=None, authority={})) as authority:
        authority.wait_line(lambda line: "all roles are ready" in line, "it runs")
        assert verify(signed).status == 0, "while it runs, by another key process"
        assert json.loads(signed.do("ledger", "head"))["count"] > entries(signed)
    assert verify(signed).status == 0


def test_what_was_cut_off_shows(signed):
    tamper(signed, ("DELETE FROM audit WHERE sequence = ?", (entries(signed),)))
    refused(signed, "audit_head_mismatch")


def test_an_older_copy_in_its_place_shows(signed):
    symbolon = signed
    symbolon.do("ledger", "backup", symbolon.folder / "copy.db")
    symbolon.issue("client", "carol")
    symbolon.do("ledger", "head", "--out", symbolon.head)
    symbolon.restore(symbolon.folder / "copy.db")
    assert symbolon("ledger", "verify").status == 0, "by itself it is whole"
    refused(symbolon, "audit_head_mismatch")
    symbolon.issue("client", "dave")
    symbolon.issue("client", "erin")
    refused(symbolon, "audit_head_mismatch")


def test_a_rewritten_chain_shows(signed):
    tamper(signed, ("UPDATE audit SET actor = 'nobody' WHERE sequence = 1",))
    assert "audit_broken" in signed("ledger", "verify").stderr
    tamper(signed, ("UPDATE audit SET actor = 'nobody' WHERE sequence = 2",))
    ledger = sqlite3.connect(signed.state / "ledger.db")
    one = ledger.execute("SELECT sequence, time, actor, action, object, details, digest FROM audit WHERE sequence = 1").fetchone()
    identity = ledger.execute("SELECT value FROM meta WHERE key = 'ledger_id'").fetchone()[0]
    genesis = canonical("symbolon audit chain 1", identity)
    ledger.execute("UPDATE audit SET hash = ? WHERE sequence = 1", (canonical(genesis, *one),))
    ledger.commit()
    ledger.close()
    hash_again(signed, 2)
    assert signed.do("ledger", "verify").startswith("whole"), "it fits itself"
    refused(signed, "audit_head_mismatch")


def test_a_head_of_somebody_else_is_none(signed, tmp_path):
    head = json.loads(signed.head.read_text())
    for change in ({"count": head["count"] - 1}, {"time": "2026-01-01T00:00:00Z"}, {"hash": "0" * 64}, {"signature": "AAAA"}):
        signed.head.write_text(json.dumps({**head, **change}))
        refused(signed, "audit_head_not_ours")
    for nonsense in ("", "{}", "[]", "not json", json.dumps({**head, "more": 1})):
        signed.head.write_text(nonsense)
        refused(signed, "audit_head_not_ours")
    signed.head.write_text(json.dumps(head))
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", tmp_path / "other.key")
    openssl("pkey", "-in", tmp_path / "other.key", "-pubout", "-out", tmp_path / "other.pub")
    refused(signed, "audit_head_not_ours", "--key", tmp_path / "other.pub")
    assert verify(signed, "--key", signed.state / "heads.pub").status == 0
    assert verify(signed, "--key", tmp_path / "nothing").status == 4


def test_openssl_verifies_the_signature(signed, tmp_path):
    """The commands of docs/revocation.md, with Python in jq's place."""
    head = json.loads(signed.head.read_text())
    (tmp_path / "signed").write_text(f"symbolon audit head 1\n{head['count']}\n{head['hash']}\n{head['time']}\n")
    (tmp_path / "signature").write_bytes(base64.b64decode(head["signature"]))
    command = ["openssl", "dgst", "-sha256", "-verify", signed.state / "heads.pub", "-signature", tmp_path / "signature", tmp_path / "signed"]
    assert run(command).stdout == "Verified OK\n"
    (tmp_path / "signed").write_text((tmp_path / "signed").read_text().replace("audit", "feed"))
    assert run(command).status != 0


def test_the_key_is_private_and_stays_out_of_backups(signed):
    key = signed.state / "heads.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_text()
    signed.do("ledger", "backup", signed.folder / "copy.db")
    lines = [line for line in before.splitlines() if not line.startswith("-")]
    assert lines[0].encode() not in (signed.folder / "copy.db").read_bytes()
    os.chmod(key, 0o644)
    outcome = signed("ledger", "head")
    assert outcome.status == 3 and "key_file_exposed" in outcome.stderr, outcome
    os.chmod(key, 0o600)
    key.unlink()
    outcome = signed("ledger", "head")
    assert outcome.status == 4 and "file_missing" in outcome.stderr, "no other one is made in its place"
    assert verify(signed).status == 0, "what it signed still counts"
    assert signed.do("issue", "client", "dave", "--out", signed.folder)


def test_a_state_of_before_gets_a_key(symbolon):
    """At the start of the signer, or when a head is asked for."""
    symbolon.init()
    for name in ("heads.key", "heads.pub"):
        (symbolon.state / name).unlink()
    with symbolon.run(symbolon.configure(routes=None, authority={})) as authority:
        authority.wait_line(lambda line: "all roles are ready" in line, "it runs")
        symbolon.do("ledger", "head", "--out", symbolon.folder / "head.json")
    symbolon.head = symbolon.folder / "head.json"
    assert verify(symbolon).status == 0
