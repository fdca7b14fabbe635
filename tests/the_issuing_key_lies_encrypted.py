"""The key of the issuing CA lies encrypted, or comes from a systemd credential; what signs gets the passphrase from a file or a
credential, and without it nothing starts. openssl opens what we wrote."""

import subprocess

import pytest

from harness import roles
from harness.process import run

PASSPHRASE = "a passphrase for the issuing key"


def secret(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def encrypted(symbolon):
    file = secret(symbolon.folder / "issuing.passphrase", PASSPHRASE)
    symbolon.init("Example Corp", "--encrypt-issuing-key", "--issuing-passphrase-file", file)
    return symbolon


def opens(key, passphrase):
    opened = subprocess.run(["openssl", "pkey", "-in", key, "-passin", f"pass:{passphrase}", "-noout"], capture_output=True)
    return opened.returncode == 0


def test_openssl_opens_it_with_the_passphrase_alone(encrypted):
    for key in (encrypted.state / "issuing.key", encrypted.state / "heads.key"):
        assert "BEGIN ENCRYPTED PRIVATE KEY" in key.read_text()
        assert opens(key, PASSPHRASE) and not opens(key, "another")


def test_the_configuration_names_the_file_of_the_passphrase(encrypted):
    config = encrypted.configure(routes=None, authority={"key_passphrase_file": str(encrypted.folder / "issuing.passphrase")})
    encrypted.do("--config", config, "issue", "client", "offline", "--out", encrypted.folder)
    with encrypted.run(config) as running:
        running.wait_socket(encrypted.state / "authority.sock")
        encrypted.do("issue", "client", "online", "--out", encrypted.folder)
        encrypted.do("ledger", "head")
        # The new key must not lie plain beside the encrypted one, and the process that writes it has no passphrase.
        root = encrypted.folder / "passphrase"
        encrypted.refused("passphrase_needed", "ca", "new-issuer", "--passphrase-file", root)
    encrypted.do("--config", config, "ledger", "head")
    encrypted.do("--config", config, "ca", "new-issuer", "--passphrase-file", encrypted.folder / "passphrase")
    keys = {key.name for key in encrypted.state.glob("*.key")} - {"root.key", "issuing.key", "admin.key", "heads.key"}
    assert len(keys) == 1
    assert opens(encrypted.state / keys.pop(), PASSPHRASE)


def test_a_systemd_credential_has_the_passphrase(encrypted):
    config = encrypted.configure(routes=None, authority={})
    secret(encrypted.folder / "credentials" / "issuing.passphrase", PASSPHRASE)
    encrypted.env["CREDENTIALS_DIRECTORY"] = str(encrypted.folder / "credentials")
    with encrypted.run(config) as running:
        running.wait_socket(encrypted.state / "authority.sock")
        encrypted.do("issue", "client", "alice", "--out", encrypted.folder)


def test_a_systemd_credential_is_the_key(symbolon):
    symbolon.init()
    credentials = symbolon.folder / "credentials"
    credentials.mkdir()
    (symbolon.state / "issuing.key").rename(credentials / "issuing.key")
    symbolon.env["CREDENTIALS_DIRECTORY"] = str(credentials)
    with symbolon.run(symbolon.configure(routes=None, authority={})) as running:
        running.wait_socket(symbolon.state / "authority.sock")
        roles.wait_roles(running, "signer", "authority")
        symbolon.do("issue", "client", "alice", "--out", symbolon.folder)
    verified = run(["openssl", "verify", "-CAfile", symbolon.ca, "-untrusted", symbolon.folder / "alice.crt", symbolon.folder / "alice.crt"])
    assert verified.status == 0, verified


def test_without_the_right_passphrase_nothing_starts(encrypted):
    wrong = secret(encrypted.folder / "wrong", "another")
    config = encrypted.configure(routes=None, authority={"key_passphrase_file": str(wrong)})
    encrypted.refused("passphrase_wrong", "run", "--config", config)
    config = encrypted.configure(routes=None, authority={})
    encrypted.refused("passphrase_needed", "run", "--config", config)
    assert not (encrypted.state / "authority.sock").exists()
