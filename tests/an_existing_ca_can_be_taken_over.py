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
    symbolon.do("ca", "import", chain, "--key", issuing.key, "--use")
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


CA = [
    "basicConstraints = critical, CA:TRUE",
    "keyUsage = critical, keyCertSign, cRLSign",
    "subjectKeyIdentifier = hash",
    "authorityKeyIdentifier = keyid",
]


def taken(symbolon, tmp_path, *cas):
    """The first is imported as issuing CA; those above it come along."""
    chain = tmp_path / "import.pem"
    chain.write_text("".join(ca.cert.read_text() for ca in cas))
    return symbolon("init", "Example Corp", "--import-issuing", chain, "--import-issuing-key", cas[0].key)


def test_purposes_of_a_ca_bind_what_is_issued(symbolon, corporate, tmp_path):
    servers = ForeignCA(
        tmp_path / "servers", "Servers", issuer=corporate, extensions=[*CA, "extendedKeyUsage = serverAuth, clientAuth"]
    )
    issuing = ForeignCA(
        tmp_path / "issuing", "Only Servers", issuer=servers, extensions=[*CA, "extendedKeyUsage = serverAuth"]
    )
    # The first admin would be a client, so it has to come beside a CA that may certify one.
    symbolon.init()
    chain = tmp_path / "chain.pem"
    chain.write_text("".join(ca.cert.read_text() for ca in (issuing, servers, corporate)))
    symbolon.do("ca", "import", chain, "--key", issuing.key, "--use")
    symbolon.refused("lint_outside_issuer_purposes", "issue", "client", "alice")
    server = symbolon.issue("server", "web.example")
    openssl("verify", "-purpose", "sslserver", "-CAfile", corporate.cert, "-untrusted", server.cert, server.cert)


def test_name_constraints_of_a_ca_further_up_bind_what_is_issued(symbolon, corporate, tmp_path):
    middle = ForeignCA(
        tmp_path / "middle",
        "Middle",
        issuer=corporate,
        extensions=[*CA, "nameConstraints = critical, permitted;DNS:example.com"],
    )
    issuing = ForeignCA(tmp_path / "issuing", "Issuing", issuer=middle, path_length=0)
    outcome = taken(symbolon, tmp_path, issuing, middle, corporate)
    assert outcome.status == 0, outcome
    symbolon.refused("lint_outside_issuer_constraints", "issue", "server", "web.example.org")
    server = symbolon.issue("server", "web.example.com")
    openssl("verify", "-CAfile", corporate.cert, "-untrusted", server.cert, server.cert)


def test_a_chain_that_does_not_belong(symbolon, corporate, tmp_path):
    issuing = ForeignCA(tmp_path / "issuing", "Issuing", issuer=corporate, path_length=0)
    namesake = ForeignCA(tmp_path / "namesake", "Corporate Root")
    for above in ([namesake], [corporate, namesake]):
        outcome = taken(symbolon, tmp_path, issuing, *above)
        assert outcome.status == 3 and "ca_chain_broken" in outcome.stderr, outcome
        assert not symbolon.state.exists(), "nothing is left behind"


def test_a_ca_of_the_future_waits(symbolon, tmp_path):
    symbolon.init()
    future = ForeignCA(tmp_path / "future", "Future", days=(10, 4000))
    outcome = symbolon("ca", "import", future.cert, "--key", future.key)
    assert outcome.status == 0 and "signs nothing before" in outcome.stderr, outcome
    symbolon.issue("client", "alice")
    symbolon.refused("ca_not_yet_valid", "ca", "use", "issuing-2")
    assert [issuer["name"] for issuer in symbolon.json("show", "issuers")["issuers"] if issuer["in_use"]] == ["issuing"]


def test_a_ca_is_in_use_when_that_is_said(symbolon, corporate, tmp_path):
    symbolon.init()
    passphrase = ["--passphrase-file", symbolon.folder / "passphrase"]
    symbolon.refused("lifetime_not_allowed", "ca", "new-issuer", *passphrase, "--lifetime", "0s")
    symbolon.do("ca", "new-issuer", *passphrase, "--lifetime", "365d", "--permit", "dns:example.com")
    symbolon.refused("lint_outside_issuer_constraints", "issue", "server", "web.example.org")
    symbolon.do("ca", "use", "issuing")
    symbolon.issue("server", "web.example.org")
    symbolon.do("ca", "import", corporate.cert, "--key", corporate.key)
    alice = symbolon.issue("client", "alice")
    openssl("verify", "-CAfile", symbolon.ca, "-untrusted", alice.cert, alice.cert)


def test_an_issuing_key_that_others_can_read_stops_everything(symbolon):
    symbolon.init()
    (symbolon.state / "issuing.key").chmod(0o644)
    assert symbolon.refused("key_file_exposed", "issue", "client", "alice").status == 3


def test_a_second_init_changes_nothing(symbolon):
    symbolon.init()
    before = {p.name: p.read_bytes() for p in symbolon.state.iterdir() if p.is_file()}
    symbolon.refused("already_exists", "init", "Another Corp", "--passphrase-file", symbolon.folder / "passphrase")
    assert {p.name: p.read_bytes() for p in symbolon.state.iterdir() if p.is_file()} == before
