"""Roots and issuing CAs that openssl made become ours, from PEM and from PKCS#12; what does not fit is refused and changes
nothing. Name constraints hold for what is issued."""

import pytest

from harness.pki import ForeignCA, openssl


def secret(folder, text="import passphrase"):
    file = folder / "secret"
    file.write_text(text + "\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def corporate(tmp_path):
    return ForeignCA(tmp_path / "corporate", "Corporate Root")


def verified(symbolon, root, name="alice"):
    issued = symbolon.issue("client", name)
    openssl("verify", "-purpose", "sslclient", "-CAfile", root, "-untrusted", issued.cert, issued.cert)


def test_a_root_in_pem(symbolon, corporate):
    symbolon.init("Example Corp", "--import-root", corporate.cert, "--import-root-key", corporate.key)
    assert symbolon.ca.read_text().strip() in corporate.cert.read_text()
    verified(symbolon, corporate.cert)


def test_a_root_in_pkcs12(symbolon, corporate, tmp_path):
    p12, password = tmp_path / "root.p12", secret(tmp_path)
    pair = ["-in", corporate.cert, "-inkey", corporate.key]
    openssl("pkcs12", "-export", *pair, "-out", p12, "-passout", f"file:{password}")
    symbolon.init("Example Corp", "--import-root", p12, "--import-passphrase-file", password)
    verified(symbolon, corporate.cert)


def test_an_issuing_ca_whose_root_never_comes_here(symbolon, corporate, tmp_path):
    issuing = ForeignCA(tmp_path / "issuing", "Corporate Issuing", issuer=corporate, path_length=0)
    chain = tmp_path / "chain.pem"
    chain.write_text(issuing.cert.read_text() + corporate.cert.read_text())
    symbolon.do("init", "Example Corp", "--import-issuing", chain, "--import-issuing-key", issuing.key)
    assert not (symbolon.state / "root.key").exists()
    verified(symbolon, corporate.cert)


def test_a_further_issuing_ca_beside_ours(symbolon, corporate, tmp_path):
    symbolon.init()
    issuing = ForeignCA(tmp_path / "issuing", "Corporate Issuing", issuer=corporate, path_length=0)
    chain = tmp_path / "chain.pem"
    chain.write_text(issuing.cert.read_text() + corporate.cert.read_text())
    symbolon.do("ca", "import", chain, "--key", issuing.key)
    verified(symbolon, corporate.cert)
    symbolon.do("issue", "client", "bob", "--issuer", "issuing", "--out", symbolon.folder)
    openssl("verify", "-CAfile", symbolon.ca, "-untrusted", symbolon.folder / "bob.crt", symbolon.folder / "bob.crt")


def refused(symbolon, codes, *arguments):
    passphrase = secret(symbolon.folder, "root passphrase")
    outcome = symbolon("init", "Example Corp", "--passphrase-file", passphrase, *arguments)
    assert outcome.status not in (0, 70) and any(code in outcome.stderr for code in codes), outcome
    assert not symbolon.state.exists(), "nothing is left behind"


def test_what_cannot_be_taken_over(symbolon, corporate, tmp_path):
    other, leaf = ForeignCA(tmp_path / "other", "Other"), corporate.issue("leaf")
    expired = ForeignCA(tmp_path / "expired", "Expired", days=(-30, -1))
    weak = ForeignCA(tmp_path / "weak", "Weak", key_type="rsa1024")
    cases = [
        (["key_mismatch"], corporate.cert, other.key),
        (["ca_expired"], expired.cert, expired.key),
        (["bad_request", "trust_unusable"], leaf.cert, leaf.key),
        (["key_weak", "lint_weak_key"], weak.cert, weak.key),
        (["file_missing"], tmp_path / "nowhere.crt", corporate.key),
    ]
    for codes, cert, key in cases:
        refused(symbolon, codes, "--import-root", cert, "--import-root-key", key)


def test_a_wrong_passphrase(symbolon, corporate, tmp_path):
    key, wrong = tmp_path / "encrypted.key", secret(tmp_path, "not this one")
    openssl("pkey", "-in", corporate.key, "-aes256", "-passout", "pass:the right one", "-out", key)
    key.chmod(0o600)
    imported = ["--import-root", corporate.cert, "--import-root-key", key]
    refused(symbolon, ["passphrase_wrong"], *imported, "--import-passphrase-file", wrong)
    refused(symbolon, ["passphrase_needed"], *imported)


def test_name_constraints_bind_what_is_issued(symbolon):
    symbolon.init("Example Corp", "--permit", "dns:example.com", "--exclude", "dns:secret.example.com")
    text = openssl("x509", "-in", symbolon.state / "issuing.crt", "-noout", "-ext", "nameConstraints")
    assert "DNS:example.com" in text and "DNS:secret.example.com" in text and "critical" in text
    server = symbolon.issue("server", "web.example.com")
    openssl("verify", "-x509_strict", "-CAfile", symbolon.ca, "-untrusted", server.cert, server.cert)
    for outside in ("web.example.org", "db.secret.example.com"):
        symbolon.refused("lint_outside_issuer_constraints", "issue", "server", outside)


def test_an_issuing_key_that_others_can_read_stops_everything(symbolon):
    symbolon.init()
    (symbolon.state / "issuing.key").chmod(0o644)
    assert symbolon.refused("key_file_exposed", "issue", "client", "alice").status == 3


def test_a_second_init_changes_nothing(symbolon):
    symbolon.init()
    before = {p.name: p.read_bytes() for p in symbolon.state.iterdir() if p.is_file()}
    symbolon.refused("already_exists", "init", "Another Corp", "--passphrase-file", symbolon.folder / "passphrase")
    assert {p.name: p.read_bytes() for p in symbolon.state.iterdir() if p.is_file()} == before
