"""An error names the file or the argument that it is about, and a remedy that helps in that very case."""

import json
import os
import shutil
import subprocess

import pytest

from harness.pki import openssl
from harness.process import let_others_in, run
from harness.symbolon import BINARY, port, static_route


@pytest.fixture
def route(foreign, backend):
    return static_route(port(), backend.address, foreign.server(), [foreign.cert])


def as_nobody(symbolon, *arguments):
    let_others_in(symbolon.folder)
    binary = symbolon.folder / "symbolon-binary"
    if not binary.exists():
        shutil.copy2(BINARY, binary)
    return run(
        ["setpriv", "--reuid=nobody", "--clear-groups", binary, *arguments], cwd=symbolon.folder, env=symbolon.env
    )


def test_an_encrypted_key_of_a_route(symbolon, route):
    """`run` asks nobody: the key must be plain, and how it becomes so is said."""
    key = symbolon.folder / "encrypted.key"
    openssl("pkey", "-in", route["certificate"]["key"], "-aes256", "-passout", "pass:secret", "-out", key)
    key.chmod(0o600)
    route["certificate"]["key"] = str(key)
    outcome = symbolon.refused("passphrase_needed", "run", "--config", symbolon.configure([route]))
    assert str(key) in outcome.stderr and "openssl pkey" in outcome.stderr
    assert "--passphrase-file" not in outcome.stderr, "run has no such option"


def test_an_own_certificate_that_is_empty(symbolon, route):
    cert = symbolon.folder / "own.crt"
    cert.touch()
    route["certificate"]["cert"] = str(cert)
    outcome = symbolon.refused("certificate_malformed", "run", "--config", symbolon.configure([route]))
    assert str(cert) in outcome.stderr
    assert "CA's certificate" not in outcome.stderr, "it is the gateway's own that is missing"


def test_an_import_without_its_passphrase(symbolon, foreign):
    p12 = symbolon.folder / "root.p12"
    openssl("pkcs12", "-export", "-in", foreign.cert, "-inkey", foreign.key, "-passout", "pass:secret", "-out", p12)
    p12.chmod(0o600)
    secret = symbolon.folder / "secret"
    secret.write_text("for our own root\n")
    secret.chmod(0o600)
    outcome = symbolon.refused("passphrase_needed", "init", "Corp", "--import-root", p12, "--passphrase-file", secret)
    assert "--import-passphrase-file" in outcome.stderr


def test_a_ca_that_expired(symbolon):
    symbolon.init()
    outcome = run(["faketime", "-f", "+6y", BINARY, "issue", "client", "bob"], cwd=symbolon.folder, env=symbolon.env)
    assert outcome.status == 3 and "ca_expired" in outcome.stderr, outcome
    assert "symbolon ca new-issuer" in outcome.stderr


def test_an_issuing_key_that_is_gone(symbolon):
    symbolon.init()
    (symbolon.state / "issuing.key").rename(symbolon.folder / "elsewhere.key")
    assert "issuing.key" in symbolon.refused("issuer_unknown", "issue", "client", "bob").stderr


def problem_of(outcome):
    assert outcome.stdout == "" and outcome.stderr.count("\n") == 1, outcome
    return json.loads(outcome.stderr)


def test_with_json_an_error_is_a_problem_document(symbolon):
    symbolon.init()
    outcome = symbolon.refused("not_found", "--json", "show", "nobody")
    problem = problem_of(outcome)
    assert outcome.status == 6 and problem["code"] == "not_found" and "nobody" in problem["detail"]
    assert problem["status"] == 404 and "symbolon list" in problem["remedy"]
    for arguments in (["--no-such-option", "--json"], ["--json", "shew"], ["issue", "--json"]):
        outcome = symbolon.refused("usage", *arguments)
        assert outcome.status == 2 and problem_of(outcome)["code"] == "usage"
    assert not symbolon("show", "--", "--json").stderr.startswith("{"), "what is behind -- is no option"


def test_with_json_several_errors_of_a_configuration_are_several_lines(symbolon, route):
    config = symbolon.configure([{**route, "listen": "nowhere", "to": 7}])
    outcome = symbolon.refused("config_bad_value", "--json", "config", "check", "--config", config)
    problems = [json.loads(line) for line in outcome.stderr.splitlines()]
    assert len(problems) == 2 and all(str(config) in one["where"] for one in problems), problems


def test_an_argument_that_is_no_text(symbolon):
    symbolon.init()
    outcome = subprocess.run(
        [os.fsencode(BINARY), b"issue", b"client", b"caf\xe9"], cwd=symbolon.folder, env=symbolon.env, capture_output=True
    )
    assert outcome.returncode == 2
    assert b"caf\\xe9" in outcome.stderr and b"UTF-8" in outcome.stderr, outcome
    outcome.stderr.decode()  # what is printed is text itself


@pytest.mark.needs_root
def test_a_state_of_another_user(symbolon):
    """It is there, and may not be looked into: nobody is told to make one."""
    symbolon.init()
    outcome = as_nobody(symbolon, "list")
    assert outcome.status == 4 and "file_unreadable" in outcome.stderr, outcome
    assert "ermission denied" in outcome.stderr


@pytest.mark.needs_root
def test_a_key_of_another_user(symbolon, route):
    key = symbolon.folder / "theirs.key"
    shutil.copy2(route["certificate"]["key"], key)
    shutil.chown(key, "nobody")
    route["certificate"]["key"] = str(key)
    outcome = symbolon.refused("key_file_exposed", "run", "--config", symbolon.configure([route]))
    assert str(key) in outcome.stderr and "chown" in outcome.stderr


@pytest.mark.needs_root
def test_a_file_system_that_became_read_only(symbolon, tmp_path):
    """As after an error of the disk: the ledger is said to be read-only, not its lock to be missing."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=True)
    try:
        symbolon.state = folder / "state"
        symbolon.env["SYMBOLON_STATE"] = str(symbolon.state)
        symbolon.init()
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        outcome = symbolon.refused("ledger_read_only", "issue", "client", "bob")
        assert outcome.status == 4 and str(symbolon.state) in outcome.stderr, outcome
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
