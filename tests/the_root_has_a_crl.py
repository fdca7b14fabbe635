"""The root's key, which the authority never has, signs the root's CRL where it is: programs that check the whole chain learn
which issuing CAs are revoked, and the authority warns when that list lapses."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from harness.apache import apache_asking
from harness.process import run, wait_until
from harness.revocation import REVOKED, certificate, number_of, openssl_verify
from harness.services import nginx_asking
from harness.symbolon import port


@pytest.fixture
def publishing(symbolon):
    symbolon.init()
    listen = port()
    symbolon.crl_url = f"http://127.0.0.1:{listen}"
    config = symbolon.configure(authority={"crl": {"listen": f"127.0.0.1:{listen}", "url": symbolon.crl_url}}, routes=None)
    with symbolon.run(config, listen) as authority:
        authority.config, authority.listen = config, listen
        symbolon.alice, symbolon.bob = symbolon.issue("client", "alice"), symbolon.issue("client", "bob")
        symbolon.server = symbolon.issue("server", "localhost", "127.0.0.1")
        yield authority


def root_crl(symbolon, *arguments):
    return symbolon.do("crl", "--root", "--passphrase-file", symbolon.folder / "passphrase", *arguments)


def served(symbolon):
    answer = run(["curl", "-sS", "--noproxy", "*", "-f", "-o", symbolon.folder / "served.crl", f"{symbolon.crl_url}/root.crl"])
    return x509.load_der_x509_crl((symbolon.folder / "served.crl").read_bytes()) if answer.status == 0 else None


def lapses(symbolon):
    return [warning["words"] for warning in symbolon.json("status")["warnings"] if warning["code"] == "crl_lapses"]


@pytest.fixture
def both(symbolon, publishing):
    """alice is revoked: a file with the issuing CA's CRL and the root's."""
    symbolon.do("revoke", "alice", "--reason", "keyCompromise")
    issuing, root = symbolon.folder / "issuing.pem", symbolon.folder / "root.pem"
    symbolon.do("crl", "--pem", "--out", issuing)
    root_crl(symbolon, "--pem", "--out", root)
    file = symbolon.folder / "both.pem"
    file.write_text(issuing.read_text() + root.read_text())
    return file


def test_it_is_signed_by_the_root_and_published(symbolon, publishing):
    assert served(symbolon) is None and not lapses(symbolon)
    made = x509.load_pem_x509_crl(root_crl(symbolon).encode())
    root = certificate(symbolon.state / "root.crt")
    assert made.is_signature_valid(root.public_key()) and made.issuer == root.subject and len(made) == 0
    assert {(e.oid.dotted_string, e.critical) for e in made.extensions} == {("2.5.29.35", False), ("2.5.29.20", False)}
    assert (made.next_update - made.last_update).days == 180
    wait_until(lambda: served(symbolon) == made, "it is served", 60)
    later = x509.load_pem_x509_crl(root_crl(symbolon, "--next-update", "30d").encode())
    assert number_of(later) > number_of(made) and later.last_update > made.last_update
    assert (later.next_update - later.last_update).days == 30
    wait_until(lambda: served(symbolon) == later, "the newer one is served", 60)
    audit = [entry["issuer"] for entry in symbolon.json("status")["crls"]]
    assert "root" in audit
    symbolon.do("ledger", "verify")


def test_openssl_checks_the_whole_chain_by_it(symbolon, both):
    strict = ("-crl_check_all", "-x509_strict")
    assert openssl_verify(symbolon, symbolon.bob, both, options=strict).status == 0
    assert REVOKED in openssl_verify(symbolon, symbolon.alice, both, options=strict).output


def test_apache(symbolon, both, tmp_path):
    with apache_asking(symbolon, tmp_path, f"SSLCARevocationFile {both}\nSSLCARevocationCheck chain") as (admits, log):
        assert admits(symbolon.bob), log.read_text()
        assert not admits(symbolon.alice)


def test_nginx(symbolon, both, tmp_path):
    with nginx_asking(symbolon, tmp_path, f"ssl_crl {both};") as (answer, log):
        assert answer(symbolon.bob) == "200", log.read_text()
        assert answer(symbolon.alice) == "400", "nginx lets the handshake end, and refuses the request"


def test_a_revoked_issuing_ca_is_listed_once_the_root_has_signed(symbolon, publishing, tmp_path):
    root_crl(symbolon)
    wait_until(lambda: served(symbolon) is not None, "it is served", 60)
    serial = certificate(symbolon.state / "issuing.crt").serial_number
    written = serial.to_bytes((serial.bit_length() + 7) // 8, "big").hex()
    symbolon.do("revoke", written, "--reason", "cACompromise")
    wait_until(lambda: lapses(symbolon), "status says that it lacks that", 60)
    assert any("root" in words for words in lapses(symbolon))
    file = symbolon.folder / "root.pem"
    said = symbolon("crl", "--root", "--passphrase-file", symbolon.folder / "passphrase", "--pem", "--out", file)
    assert said.status == 0 and written in said.output and "ca_compromise" in said.output, said
    listed = x509.load_pem_x509_crl(file.read_bytes()).get_revoked_certificate_by_serial_number(serial)
    assert listed.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.ca_compromise
    wait_until(lambda: not lapses(symbolon), "the warning ends", 60)
    symbolon.do("crl", "issuing", "--pem", "--out", symbolon.folder / "issuing.pem")
    both = symbolon.folder / "both.pem"
    both.write_text(file.read_text() + (symbolon.folder / "issuing.pem").read_text())
    assert f"{REVOKED} at 1 depth" in openssl_verify(symbolon, symbolon.bob, both, options=("-crl_check_all",)).output
    with nginx_asking(symbolon, tmp_path, f"ssl_crl {both};") as (answer, log):
        assert answer(symbolon.bob) == "400", log.read_text()


def test_a_lapsing_one_is_warned_about(symbolon, publishing):
    """Made with another program where the key is, some time ago."""
    key = serialization.load_pem_private_key((symbolon.state / "root.key").read_bytes(), b"correct horse battery staple")
    root, now = certificate(symbolon.state / "root.crt"), datetime.datetime.utcnow()
    day = datetime.timedelta(days=1)
    old = x509.CertificateRevocationListBuilder(root.subject, now - 20 * day, now + 5 * day).sign(key, hashes.SHA256())
    (symbolon.state / "crl").mkdir(exist_ok=True)
    (symbolon.state / "crl" / "root.crl").write_bytes(old.public_bytes(serialization.Encoding.DER))
    wait_until(lambda: any("root" in words for words in lapses(symbolon)), "status says so", 90)
    assert served(symbolon) == old
    made = x509.load_pem_x509_crl(root_crl(symbolon).encode())
    wait_until(lambda: served(symbolon) == made and not lapses(symbolon), "the new one is served", 60)


def test_it_lasts_no_longer_than_a_year(symbolon, publishing):
    words = ("crl", "--root", "--passphrase-file", symbolon.folder / "passphrase", "--next-update")
    symbolon.refused("lifetime_not_allowed", *words, "2y")
    symbolon.refused("lifetime_not_allowed", *words, "1m")


def test_where_nothing_runs_it_is_made_too(symbolon, publishing):
    publishing.stop()
    made = x509.load_pem_x509_crl(
        symbolon.do("--config", publishing.config, "crl", "--root", "--passphrase-file", symbolon.folder / "passphrase").encode()
    )
    assert x509.load_der_x509_crl((symbolon.state / "crl" / "root.crl").read_bytes()) == made


def test_another_key_or_passphrase_signs_nothing(symbolon, publishing, foreign):
    symbolon.refused("key_mismatch", "crl", "--root", "--root-key", foreign.key, "--passphrase-file", symbolon.folder / "passphrase")
    wrong = symbolon.folder / "wrong"
    wrong.write_text("wrong\n")
    wrong.chmod(0o600)
    symbolon.refused("passphrase_wrong", "crl", "--root", "--passphrase-file", wrong)
    assert not (symbolon.state / "crl" / "root.crl").exists()
    symbolon.refused("usage", "crl", "--root", "issuing")
    symbolon.refused("usage", "crl", "--next-update", "30d")
