"""Corrupt, read-only, foreign, newer, on a full disk, used by two processes, behind a clock that was set back: each is named,
and nothing that was recorded is lost."""

import contextlib
import os
import pathlib
import shutil
import sqlite3
import subprocess

import pytest

from harness.process import let_others_in, run
from harness.symbolon import BINARY, Symbolon


@pytest.fixture
def authority(symbolon):
    symbolon.init()
    symbolon.issue("client", "alice")
    return symbolon


def ledger(authority):
    return authority.state / "ledger.db"


def test_a_corrupt_page(authority):
    content = bytearray(ledger(authority).read_bytes())
    for at in range(4096, len(content)):
        content[at] ^= 0x5A
    ledger(authority).write_bytes(content)
    authority.refused("ledger_corrupt", "list")


def test_a_cut_file(authority):
    content = ledger(authority).read_bytes()
    ledger(authority).write_bytes(content[: len(content) // 2])
    assert authority("issue", "client", "bob").status in (4, 5)
    assert not (authority.folder / "bob.crt").exists()


def test_a_file_that_is_no_ledger(authority):
    ledger(authority).write_bytes(b"these are my notes\n" * 300)
    outcome = authority("list")
    assert outcome.status == 4 and ("ledger_foreign" in outcome.stderr or "ledger_corrupt" in outcome.stderr), outcome
    assert ledger(authority).read_bytes().startswith(b"these are my notes"), "it was not touched"


def test_a_database_of_somebody_else(authority):
    for file in authority.state.glob("ledger.db*"):
        file.unlink()
    with contextlib.closing(sqlite3.connect(ledger(authority))) as theirs:
        theirs.execute("create table recipes (name text)")
        theirs.commit()
    authority.refused("ledger_foreign", "list")


def test_an_entry_changed_behind_our_back(authority):
    """Whatever text an attacker with access to the file changes, `ledger verify` finds it."""
    with contextlib.closing(sqlite3.connect(ledger(authority))) as database:
        tables = [
            row[0]
            for row in database.execute(
                "select name from sqlite_master where type='table' and sql not like '%VIRTUAL%'"
            )
        ]
        changed = 0
        for table in tables:
            columns = [row[1] for row in database.execute(f"pragma table_info('{table}')")]
            if "requester" in columns:
                with contextlib.suppress(sqlite3.Error):
                    changed += database.execute(f"update {table} set requester = 'somebody else'").rowcount
        database.commit()
    assert changed > 0
    authority.refused("audit_broken", "ledger", "verify")


def test_an_audit_entry_taken_out(authority):
    authority.do("ledger", "verify")
    with contextlib.closing(sqlite3.connect(ledger(authority))) as database:
        table = next(
            row[0]
            for row in database.execute("select name from sqlite_master where type='table' and name like '%audit%'")
        )
        for (trigger,) in database.execute("select name from sqlite_master where type='trigger'").fetchall():
            database.execute(f"drop trigger {trigger}")
        assert database.execute(f"delete from {table} where rowid = (select max(rowid) - 1 from {table})").rowcount == 1
        database.commit()
    authority.refused("audit_broken", "ledger", "verify")


def as_nobody(authority, *arguments):
    """Root writes wherever it likes, so the command runs as another user, to whom the files belong."""
    let_others_in(authority.folder)
    for path in [authority.folder, authority.state, *authority.state.iterdir()]:
        shutil.chown(path, "nobody")
    binary = authority.folder / "symbolon-binary"
    if not binary.exists():
        os.link(BINARY, binary) if BINARY.stat().st_dev == authority.folder.stat().st_dev else shutil.copy2(
            BINARY, binary
        )
    return run(
        ["setpriv", "--reuid=nobody", "--clear-groups", binary, *arguments], cwd=authority.folder, env=authority.env
    )


def test_a_ledger_that_may_not_be_written(authority):
    if os.geteuid() == 0:
        for file in authority.state.glob("ledger.db*"):
            file.chmod(0o444)
        outcome = as_nobody(authority, "issue", "client", "bob")
    else:
        ledger(authority).chmod(0o444)
        outcome = authority("issue", "client", "bob")
    assert outcome.status == 4 and "ledger_read_only" in outcome.stderr, outcome
    assert not (authority.folder / "bob.crt").exists()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB; mounting needs root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.fail("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.needs_root
def test_a_full_disk(small_disk, tmp_path):
    """Nothing is handed out that could not be recorded; with room again everything goes on."""
    authority = Symbolon(tmp_path / "work")
    authority.state = small_disk / "state"
    authority.env["SYMBOLON_STATE"] = str(authority.state)
    authority.init()
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    handed_out = []
    for number in range(30):
        outcome = authority("issue", "client", f"c{number}", "--no-p12")
        if outcome.status:
            assert "ledger_disk_full" in outcome.stderr or "file_unwritable" in outcome.stderr, outcome
            assert not (authority.folder / f"c{number}.crt").exists()
            break
        handed_out.append(f"c{number}")
    else:
        raise AssertionError("the disk never became full")
    filler.unlink()
    authority.do("issue", "client", "after", "--no-p12")
    authority.do("ledger", "verify")
    known = {
        n for c in authority.json("list")["certificates"] if c["state"] == "issued" for n in [c["subject"], *c["names"]]
    }
    for name in [*handed_out, "after"]:
        assert any(name in text for text in known), (name, known)


def test_two_processes_on_one_ledger(authority, backend, foreign):
    """While `run` serves, every command goes through it; a second `run` on the same state is refused."""
    config = authority.configure(authority={}, routes=None)
    with authority.run(config) as running:
        running.wait_socket(authority.state / "authority.sock")
        authority.issue("client", "bob")
        assert len(authority.json("list")["certificates"]) >= 2
        outcome = authority.refused("state_locked", "run", "--config", config)
        assert outcome.status == 4
    authority.do("ledger", "verify")


def test_eight_commands_at_once_take_turns(authority):
    """Without a `run` each holds the state for a moment: the others wait for it."""
    commands = [
        subprocess.Popen(
            [BINARY, "issue", "client", f"c{number}", "--no-p12"],
            cwd=authority.folder,
            env=authority.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for number in range(8)
    ]
    for command in commands:
        output, _ = command.communicate(timeout=120)
        assert command.returncode == 0, output
    assert len(authority.json("list", "profile:client")["certificates"]) == 9


def test_a_clock_that_was_set_back(authority):
    """A wrong clock would date what is issued wrongly, and hide what was recorded: nothing is signed until it is right."""
    outcome = run(["faketime", "-f", "-2d", BINARY, "issue", "client", "bob"], cwd=authority.folder, env=authority.env)
    assert outcome.status == 4 and "clock_set_back" in outcome.stderr, outcome
    assert not (authority.folder / "bob.crt").exists()
    authority.issue("client", "bob")


def test_a_clock_that_ran_ahead_for_a_moment(authority):
    """One entry from the future does not end issuance for good: whoever set the clock right says so, and it is recorded."""
    ahead = run(["faketime", "-f", "+3y", BINARY, "issue", "client", "early"], cwd=authority.folder, env=authority.env)
    assert ahead.status == 0, ahead
    assert "symbolon ledger accept-clock" in authority.refused("clock_set_back", "issue", "client", "bob").stderr
    assert authority.json("ledger", "accept-clock")["outcome"] == "accepted"
    authority.issue("client", "bob")
    assert authority.json("ledger", "accept-clock")["outcome"] == "not_behind", "nothing is newer now"
    authority.do("ledger", "verify")
    with contextlib.closing(sqlite3.connect(ledger(authority))) as database:
        rows = database.execute("select actor from audit where action = 'accept_clock'").fetchall()
    assert rows == [(f"unix: uid {os.geteuid()}",)]


def test_an_entry_moved_in_time(authority):
    with contextlib.closing(sqlite3.connect(ledger(authority))) as database:
        tables = database.execute("select name from sqlite_master where type='table' and name like '%audit%'")
        table = tables.fetchone()[0]
        for (trigger,) in database.execute("select name from sqlite_master where type='trigger'").fetchall():
            database.execute(f"drop trigger {trigger}")
        database.execute(f"update {table} set time = time - 86400 where rowid = (select max(rowid) from {table})")
        database.commit()
    authority.refused("audit_broken", "ledger", "verify")


def test_a_backup_opens_as_a_ledger(authority, tmp_path):
    copy = tmp_path / "backup.db"
    authority.do("ledger", "backup", copy)
    before = authority.json("list")["certificates"]
    authority.refused("file_exists", "ledger", "backup", copy)
    for file in authority.state.glob("ledger.db*"):
        file.unlink()
    shutil.copy(copy, ledger(authority))
    assert authority.json("list")["certificates"] == before
    authority.do("ledger", "verify")


def test_no_state_at_all(symbolon):
    assert symbolon.refused("config_missing", "issue", "client", "alice").status == 3
    assert not pathlib.Path(symbolon.state).exists()


def lose_in_index(authority, serial):
    """The index of serials forgets one certificate, as a bad sector makes it; the table still has it."""
    with contextlib.closing(sqlite3.connect(ledger(authority))) as database:
        whole = "CREATE UNIQUE INDEX certificates_serial ON certificates (serial, issuer)"
        database.execute("drop index certificates_serial")
        database.execute(f"{whole} where hex(serial) <> '{serial.upper()}'")
        database.execute("pragma writable_schema=on")
        database.execute("update sqlite_schema set sql = ? where name = 'certificates_serial'", [whole])
        database.commit()


def test_an_index_that_does_not_lead_to_a_certificate(authority):
    """`ledger verify` compares indexes with tables, and nothing says "not found" about what is there."""
    serial = authority.json("list", "alice")["certificates"][0]["serial"]
    authority.do("ledger", "verify")
    lose_in_index(authority, serial)
    authority.refused("ledger_corrupt", "ledger", "verify")
    authority.refused("ledger_corrupt", "revoke", "alice")
    authority.refused("ledger_corrupt", "revoke", serial)


@pytest.mark.parametrize(
    "damage",
    [
        "update certificates set subject = cast(x'434eff' as text)",
        "update issuers set certificate = x'30820102' where name = 'issuing'",
        "drop table bodies",
    ],
)
def test_a_row_that_cannot_be_read(authority, damage):
    """Each is a damaged ledger, and named with its path: no certificate that somebody should mend, no bad request."""
    with contextlib.closing(sqlite3.connect(ledger(authority))) as database:
        database.execute(damage)
        database.commit()
    outcome = authority.refused("ledger_corrupt", "list")
    assert outcome.status == 4 and str(ledger(authority)) in outcome.stderr, outcome
