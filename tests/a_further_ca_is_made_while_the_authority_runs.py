"""`ca new-issuer` and `ca import` while the authority runs, here and from afar; the root's key never leaves whoever holds it,
and a private key crosses no network."""

import shutil


from harness import peers
from harness.pki import Credential, ForeignCA, openssl
from harness.process import wait_until
from harness.symbolon import Symbolon


def verified(symbolon, name, *options):
    issued = symbolon.issue("client", name, options=options)
    openssl("verify", "-x509_strict", "-CAfile", symbolon.ca, "-untrusted", issued.cert, issued.cert)
    return issued


def test_by_whoever_holds_the_root_key_elsewhere(symbolon, listening, tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    shutil.move(symbolon.state / "root.key", stick / "root.key")
    afar = Symbolon(tmp_path / "afar")
    afar.env.update(
        SYMBOLON_AUTHORITY=f"https://localhost:{listening.port}",
        SYMBOLON_AUTHORITY_CA=str(symbolon.ca),
        SYMBOLON_AUTHORITY_CERT=str(symbolon.state / "admin.crt"),
    )
    passphrase = ["--passphrase-file", symbolon.folder / "passphrase"]
    afar.refused("file_missing", "ca", "new-issuer", *passphrase)
    wrong = tmp_path / "wrong"
    wrong.write_text("not this one\n")
    wrong.chmod(0o600)
    make = ["ca", "new-issuer", "--root-key", stick / "root.key"]
    afar.refused("passphrase_wrong", *make, "--passphrase-file", wrong)
    assert afar.json("status")["unfinished"] == 0  # nothing was asked for
    made = afar.json(*make, *passphrase, "--permit", "dns:example.com")
    assert made["name"] == "issuing-2" and made["in_use"]
    issued = verified(symbolon, "web.example.com")
    assert "Issuing CA 2" in openssl("x509", "-in", issued.cert, "-noout", "-issuer")
    symbolon.refused("lint_outside_issuer_constraints", "issue", "server", "web.example.org")
    assert afar.json("ledger", "verify")["entries"] > 0
    # Who is certified by the new CA is admitted on the API's port at once: its root is the same.
    admin = Credential(*[symbolon.issue("admin", "second").cert, symbolon.folder / "second.key", symbolon.folder / "second.crt"])
    assert peers.curl(listening.port, symbolon.ca, admin, path="/v1/status").status == 0


def test_another_key_than_the_root_signs_nothing(symbolon, listening, foreign):
    symbolon.refused("key_mismatch", "ca", "new-issuer", "--root-key", foreign.key, "--passphrase-file", symbolon.folder / "passphrase")
    assert len(symbolon.json("show", "issuers")["issuers"]) == 2


def test_the_key_of_an_imported_ca_crosses_no_network(symbolon, listening, tmp_path):
    corporate = ForeignCA(tmp_path / "corporate", "Corporate Root")
    bring = ["ca", "import", corporate.cert, "--key", corporate.key]
    remote = ["--authority", f"https://localhost:{listening.port}", "--authority-ca", symbolon.ca]
    remote += ["--authority-cert", symbolon.state / "admin.crt"]
    symbolon.refused("forbidden", *remote, *bring)
    assert not symbolon.json(*bring)["in_use"]
    assert symbolon.json("ca", "use", "issuing-2")["in_use"]
    assert symbolon.json(*remote, "ca", "use", "issuing")["name"] == "issuing"
    symbolon.refused("already_exists", *bring)
    symbolon.refused("key_mismatch", "ca", "import", corporate.cert, "--key", symbolon.state / "issuing.key")


def test_what_the_new_root_certifies_is_soon_admitted(symbolon, listening, tmp_path):
    """The API's port trusts the roots as they are, without a restart."""
    corporate = ForeignCA(tmp_path / "corporate", "Corporate Root")
    symbolon.do("ca", "import", corporate.cert, "--key", corporate.key)
    admin = symbolon.issue("admin", "second", options=("--issuer", "issuing-2"))
    wait_until(lambda: peers.curl(listening.port, symbolon.ca, admin, path="/v1/status").status == 0, "the new root is trusted")


def test_without_a_running_authority_too(symbolon):
    symbolon.init()
    symbolon.do("ca", "new-issuer", "--passphrase-file", symbolon.folder / "passphrase", "--lifetime", "400d")
    verified(symbolon, "alice")
