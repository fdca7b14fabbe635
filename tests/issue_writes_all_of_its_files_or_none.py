"""`issue` leaves NAME.crt, NAME.key and NAME.p12 that belong together, or everything as it was."""

import pytest

from harness.pki import openssl


@pytest.fixture
def authority(symbolon):
    return symbolon.init()


def files(symbolon, name):
    return {path.name: path.read_bytes() for path in symbolon.folder.glob(f"*{name}*") if path.is_file()}


def issued(symbolon, name):
    return symbolon.json("list", f"subject:{name}")["certificates"]


def belong_together(certificate, key):
    return openssl("x509", "-in", certificate, "-noout", "-pubkey") == openssl("pkey", "-in", key, "-pubout")


def test_a_password_file_that_is_not_there_issues_nothing(authority):
    password = authority.folder / "nowhere"
    authority.refused("file_missing", "issue", "client", "alice", "--p12-password-file", password)
    assert not files(authority, "alice") and not issued(authority, "alice")


@pytest.mark.parametrize("kind", ["crt", "key", "p12"])
def test_a_place_that_cannot_be_written_keeps_what_was_there(authority, kind):
    alice = authority.issue("client", "alice")
    getattr(alice, "cert" if kind == "crt" else kind).unlink()
    (authority.folder / f"alice.{kind}").mkdir()
    before = files(authority, "alice")
    authority.refused("file_unwritable", "issue", "client", "alice", "--force", "--out", authority.folder)
    assert files(authority, "alice") == before
    assert len(issued(authority, "alice")) == 1


def test_force_replaces_all_three(authority):
    old = authority.issue("client", "alice")
    before = files(authority, "alice")
    new = authority.issue("client", "alice", options=["--force"])
    after = files(authority, "alice")
    assert before.keys() == after.keys() == {"alice.crt", "alice.key", "alice.p12"}
    assert all(before[name] != after[name] for name in before)
    assert belong_together(new.cert, new.key) and new.key.stat().st_mode & 0o777 == 0o600
    assert old.p12.stat().st_mode & 0o777 == 0o600
