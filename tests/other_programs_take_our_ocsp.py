"""Whoever asks by OCSP (RFC 6960) learns what the ledger says, from the next answer on: OpenSSL, curl, GnuTLS, NSS, nginx and
Apache ask; garbage, many certificates at once and a signer that dies harm nobody."""

import base64
import os
import re
import signal
import subprocess
import urllib.parse

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from harness.apache import apache_asking
from harness.process import run, wait_until
from harness.revocation import certificate, entry_of, fetch, serial_of
from harness.roles import roles, wait_roles
from harness.services import nginx_asking
from harness.symbolon import BINARY, port

TYPE = {"Content-Type": "application/ocsp-request"}
GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
SUCCESSFUL = ocsp.OCSPResponseStatus.SUCCESSFUL
MALFORMED = ocsp.OCSPResponseStatus.MALFORMED_REQUEST
UNAUTHORIZED = ocsp.OCSPResponseStatus.UNAUTHORIZED


@pytest.fixture
def answering(symbolon):
    """An authority in its processes that serves CRLs and OCSP at one address; alice, bob and a server have certificates."""
    symbolon.init()
    listen = port()
    symbolon.place = f"http://127.0.0.1:{listen}"
    symbolon.url = f"{symbolon.place}/ocsp"
    crl = {"listen": f"127.0.0.1:{listen}", "url": symbolon.place}
    config = symbolon.configure(authority={"crl": crl, "ocsp": {"url": symbolon.url}}, routes=None)
    with symbolon.run(config, listen) as authority:
        authority.config, authority.listen = config, listen
        symbolon.alice, symbolon.bob = symbolon.issue("client", "alice"), symbolon.issue("client", "bob")
        symbolon.server = symbolon.issue("server", "localhost", "127.0.0.1")
        yield authority


def issuing(symbolon):
    return symbolon.state / "issuing.crt"


def request_for(symbolon, issued, algorithm=None, nonce=None):
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate(issued.cert), certificate(issuing(symbolon)), algorithm or hashes.SHA1()
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(serialization.Encoding.DER)


def post(symbolon, data):
    status, _, body = fetch(symbolon.url, data, TYPE)
    assert status == 200
    return ocsp.load_der_ocsp_response(body)


def get_url(symbolon, data):
    return f"{symbolon.url}/{urllib.parse.quote(base64.b64encode(data).decode(), safe='')}"


def status_of(symbolon, issued):
    response = post(symbolon, request_for(symbolon, issued))
    return response.certificate_status if response.response_status == SUCCESSFUL else None


def openssl_ocsp(symbolon, *arguments):
    return run(
        ["openssl", "ocsp", "-issuer", issuing(symbolon), "-CAfile", symbolon.ca, "-url", symbolon.url, *arguments]
    )


# -- what is answered


def test_a_revocation_is_in_the_next_answer(symbolon, answering):
    for issued in (symbolon.alice, symbolon.bob, symbolon.server):
        by_get = get_url(symbolon, request_for(symbolon, issued))
        fresh = lambda: post(symbolon, request_for(symbolon, issued, nonce=b"n" * 16)).certificate_status  # noqa: B023, E731
        assert status_of(symbolon, issued) == fresh() == GOOD
        symbolon.do("revoke", issued.cert.stem, "--reason", "keyCompromise")
        assert ocsp.load_der_ocsp_response(fetch(by_get)[2]).certificate_status == REVOKED
        assert status_of(symbolon, issued) == fresh() == REVOKED
    response = post(symbolon, request_for(symbolon, symbolon.bob))
    assert response.revocation_reason == x509.ReasonFlags.key_compromise
    said = symbolon.json("show", "bob")["summary"]["revocation"]
    assert response.revocation_time.strftime("%Y-%m-%dT%H:%M:%SZ") == said["at"]


def test_a_restored_backup_says_good_of_nobody(symbolon, answering):
    def crl_lists_alice():
        crl = x509.load_der_x509_crl(fetch(f"{symbolon.place}/issuing.crl")[2])
        return entry_of(crl, symbolon.alice)

    backup = symbolon.state / "before.db"
    symbolon.do("ledger", "backup", backup)
    symbolon.do("revoke", "alice")
    wait_until(crl_lists_alice, "the CRL lists her")
    assert status_of(symbolon, symbolon.alice) == REVOKED
    answering.stop()
    symbolon.restore(backup)
    with symbolon.run(answering.config, answering.listen):
        for issued in (symbolon.alice, symbolon.bob):
            response = post(symbolon, request_for(symbolon, issued))
            assert response.response_status == ocsp.OCSPResponseStatus.TRY_LATER
        symbolon.do("revoke", "alice")  # what the ledger had forgotten
        wait_until(lambda: status_of(symbolon, symbolon.bob) == GOOD, "the ledger is believed again", deadline=60)
        assert status_of(symbolon, symbolon.alice) == REVOKED


def test_a_new_certificate_is_known_at_once(symbolon, answering):
    for i in range(3):
        assert status_of(symbolon, symbolon.issue("client", f"new{i}")) == GOOD


def test_its_responder_is_short_lived_and_in_the_ledger(symbolon, answering):
    response = post(symbolon, request_for(symbolon, symbolon.bob))
    responder, ca = response.certificates  # the CA, too: Apache, where it has the root alone, looks nowhere else
    assert ca == certificate(issuing(symbolon))
    usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.ExtendedKeyUsageOID.OCSP_SIGNING]
    assert responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
    assert (responder.not_valid_after - responder.not_valid_before).days <= 7
    assert symbolon.json("show", f"{responder.serial_number:x}")["summary"]["profile"] == "ocsp"
    assert (response.next_update - response.this_update).total_seconds() == 4 * 3600
    assert symbolon.json("status")["warnings"] == []


def test_a_root_that_is_not_here_is_not_answered_for(symbolon, answering):
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate(issuing(symbolon)), certificate(symbolon.ca), hashes.SHA1())
    response = post(symbolon, builder.build().public_bytes(serialization.Encoding.DER))
    assert response.response_status == UNAUTHORIZED


def test_nonces(symbolon, answering):
    for size in (1, 16, 32, 128):
        nonce = os.urandom(size)
        response = post(symbolon, request_for(symbolon, symbolon.bob, nonce=nonce))
        assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce
    assert post(symbolon, request_for(symbolon, symbolon.bob, nonce=b"n" * 129)).response_status == MALFORMED
    assert not list(post(symbolon, request_for(symbolon, symbolon.bob)).extensions)


def test_a_hundred_certificates_at_once(symbolon, answering):
    serials = [serial_of(symbolon.bob), *range(1, 100)]
    asked = [word for serial in serials for word in ("-serial", str(serial))]
    answered = openssl_ocsp(symbolon, *asked)
    assert "Response verify OK" in answered.output, answered
    assert (answered.output.count(": good"), answered.output.count(": unknown")) == (1, 99)
    assert "malformedrequest" in openssl_ocsp(symbolon, *asked, "-serial", "100").output


def test_garbage_harms_nobody(symbolon, answering):
    whole = request_for(symbolon, symbolon.bob)
    for data in (b"", b"x", b"\0" * 32768, b"0\x80", os.urandom(500), whole + b"\0", *(whole[:i] for i in range(len(whole)))):
        assert post(symbolon, data).response_status == MALFORMED
    for path in ("MA", "MA==", "%", "%zz", "*", "A" * 8000, "=", "a/b/c", urllib.parse.quote(base64.b64encode(whole[:-1]))):
        status, _, body = fetch(f"{symbolon.url}/{path}")
        assert (status, ocsp.load_der_ocsp_response(body).response_status) == (200, MALFORMED), path
    assert fetch(symbolon.url, b"\0" * 32769, TYPE)[0] == 413
    assert fetch(symbolon.url, whole, {"Content-Type": "text/plain"})[0] == 415
    assert fetch(symbolon.url)[0] == 400
    assert fetch(symbolon.url, method="DELETE")[0] == 405
    assert status_of(symbolon, symbolon.bob) == GOOD


def test_a_signer_that_dies_leaves_answers(symbolon, answering):
    kept = fetch(get_url(symbolon, request_for(symbolon, symbolon.bob)))[2]
    before = post(symbolon, request_for(symbolon, symbolon.bob, nonce=b"1")).certificates[0]
    pid = roles(answering)["signer"]
    os.kill(pid, signal.SIGKILL)
    assert fetch(get_url(symbolon, request_for(symbolon, symbolon.bob)))[2] == kept, "from memory, whoever is there"
    wait_roles(answering, "signer", other_than=(pid,))
    symbolon.do("revoke", "alice")
    wait_until(lambda: status_of(symbolon, symbolon.alice) == REVOKED, "a new signer answers")
    after = post(symbolon, request_for(symbolon, symbolon.bob, nonce=b"1")).certificates[0]
    assert after.public_key() != before.public_key()
    assert openssl_ocsp(symbolon, "-cert", symbolon.alice.cert).output.count("revoked") == 1


def test_kill_9_of_everything_leaves_what_was_revoked_revoked(symbolon, answering):
    assert status_of(symbolon, symbolon.alice) == GOOD
    symbolon.do("revoke", "alice")
    pids = roles(answering)
    answering.kill()
    for pid in pids.values():
        subprocess.run(["kill", "-9", str(pid)], stderr=subprocess.DEVNULL)
    with symbolon.run(answering.config, answering.listen):
        first = wait_until(lambda: status_of(symbolon, symbolon.alice), "an answer after try_later")
        assert first == REVOKED
        assert status_of(symbolon, symbolon.bob) == GOOD


# -- where


def test_certificates_name_it(symbolon, answering):
    access = certificate(symbolon.alice.cert).extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    named = [one.access_location.value for one in access if one.access_method == x509.AuthorityInformationAccessOID.OCSP]
    assert named == [symbolon.url]


def test_crls_stand_beside_it(symbolon, answering):
    wait_until(lambda: fetch(f"{symbolon.place}/issuing.crl")[0] == 200, "a CRL is served")
    assert fetch(f"{symbolon.place}/ocsp2")[0] == 404
    assert answering.wait_line(lambda line: symbolon.url in line and "OCSP" in line)


@pytest.mark.parametrize("mode", [[], ["--insecure-one-process"]])
def test_at_an_address_of_its_own(symbolon, mode):
    symbolon.init()
    listen = port()
    symbolon.url = f"http://127.0.0.1:{listen}"  # without a path
    config = symbolon.configure(authority={"ocsp": {"listen": f"127.0.0.1:{listen}"}}, routes=None)
    with symbolon.run(config, listen, program=(BINARY, "run", *mode, "--config")):
        alice = symbolon.issue("client", "alice")
        assert status_of(symbolon, alice) == GOOD
        assert ocsp.load_der_ocsp_response(fetch(get_url(symbolon, request_for(symbolon, alice)))[2]).certificate_status == GOOD
        assert fetch(f"{symbolon.url}/issuing.crl")[0] == 404
        symbolon.do("revoke", "alice")
        assert status_of(symbolon, alice) == REVOKED


@pytest.mark.parametrize("url", ["https://ocsp.example", "ocsp.example", "http://", "http://a.example/?x"])
def test_a_place_that_nobody_could_ask_stops_the_start(symbolon, url):
    symbolon.init()
    config = symbolon.configure(authority={"ocsp": {"listen": "127.0.0.1:1", "url": url}}, routes=None)
    symbolon.refused("config_bad_value", "config", "check", "--config", config)


@pytest.mark.parametrize("next_update", ["4m", "31d"])
def test_answers_count_neither_too_short_nor_too_long(symbolon, next_update):
    symbolon.init()
    config = symbolon.configure(authority={"ocsp": {"listen": "127.0.0.1:1", "next_update": next_update}}, routes=None)
    symbolon.refused("config_bad_value", "config", "check", "--config", config)


def test_without_an_address_nobody_would_answer(symbolon):
    symbolon.init()
    config = symbolon.configure(authority={"ocsp": {"url": "http://ocsp.example"}}, routes=None)
    symbolon.refused("config_bad_value", "config", "check", "--config", config)


# -- by GET, through caches


def test_curl_and_caches(symbolon, answering, tmp_path):
    url = get_url(symbolon, request_for(symbolon, symbolon.alice))
    body, tag = tmp_path / "body", tmp_path / "tag"

    def curl(*arguments):
        outcome = run(["curl", "-sS", "--noproxy", "*", "-o", body, "-D", "-", *arguments, url])
        assert outcome.status == 0, outcome
        head = outcome.stdout.replace("\r", "")
        return int(head.split()[1]), dict(line.lower().split(": ", 1) for line in head.splitlines() if ": " in line)

    status, head = curl("--etag-save", tag)
    assert (status, head["content-type"]) == (200, "application/ocsp-response")
    response = ocsp.load_der_ocsp_response(body.read_bytes())
    date = lambda at: at.strftime("%a, %d %b %Y %H:%M:%S GMT").lower()  # noqa: E731
    assert head["last-modified"] == date(response.this_update)
    assert head["expires"] == date(response.next_update)
    assert re.fullmatch(r"max-age=\d+, public, no-transform, must-revalidate", head["cache-control"])
    assert int(head["content-length"]) == len(body.read_bytes())
    assert curl("--etag-compare", tag)[0] == 304
    assert curl("-z", head["last-modified"])[0] == 200, "by its date alone a revoked one could be taken for a good one"
    assert curl("-I")[1]["content-length"] == head["content-length"]
    symbolon.do("revoke", "alice")
    assert curl("--etag-compare", tag)[0] == 200
    assert ocsp.load_der_ocsp_response(body.read_bytes()).certificate_status == REVOKED


# -- other programs


def test_openssl(symbolon, answering):
    symbolon.do("revoke", "alice", "--reason", "superseded")
    for hashed in ("-sha1", "-sha256"):
        for nonce in ("-nonce", "-no_nonce"):
            asked = [nonce, hashed, "-cert", symbolon.alice.cert, hashed, "-cert", symbolon.bob.cert]
            answered = openssl_ocsp(symbolon, *asked, "-serial", "0x0a1b")
            assert "Response verify OK" in answered.output and "WARNING" not in answered.output, answered
            assert f"{symbolon.alice.cert}: revoked" in answered.output and "Reason: superseded" in answered.output
            assert f"{symbolon.bob.cert}: good" in answered.output
            assert "0x0a1b: unknown" in answered.output
    assert "unauthorized" in openssl_ocsp(symbolon, "-sha384", "-cert", symbolon.bob.cert).output.lower()


def test_gnutls(symbolon, answering):
    symbolon.do("revoke", "alice")

    def ask(issued, *more):
        where = ["ocsptool", f"--ask={symbolon.url}", "--load-issuer", issuing(symbolon), "--load-trust", issuing(symbolon)]
        return run([*where, "--load-cert", issued.cert, *more])

    for more in ([], ["--nonce"]):
        good, bad = ask(symbolon.bob, *more), ask(symbolon.alice, *more)
        assert good.status == 0 and "Certificate Status: good" in good.output and "Success" in good.output, good
        assert "Certificate Status: revoked" in bad.output and "Success" in bad.output, bad


def test_nss(symbolon, answering, tmp_path):
    symbolon.do("revoke", "alice")
    (tmp_path / "nss").mkdir()
    database = f"sql:{tmp_path / 'nss'}"
    for arguments in (
        ["-N", "--empty-password"],
        ["-A", "-n", "root", "-t", "CT,C,C", "-i", symbolon.ca],
        ["-A", "-n", "issuing", "-t", ",,", "-i", issuing(symbolon)],
        ["-A", "-n", "alice", "-t", ",,", "-i", symbolon.alice.cert],
        ["-A", "-n", "bob", "-t", ",,", "-i", symbolon.bob.cert],
    ):
        assert run(["certutil", *arguments, "-d", database]).status == 0

    def judge(name):  # asks where the certificate says
        return run(["ocspclnt", "-S", name, "-d", database])

    assert "succeeded" in judge("bob").output, judge("bob")
    assert "revoked" in judge("alice").output.lower(), judge("alice")


def test_nginx(symbolon, answering, tmp_path):
    symbolon.do("revoke", "alice")
    # `leaf`: the root's key is nowhere, so nobody answers about the issuing CA.
    with nginx_asking(symbolon, tmp_path, "ssl_ocsp leaf;") as (answer, log):
        assert answer(symbolon.bob) == "200", log.read_text()
        assert answer(symbolon.alice) == "400", "nginx lets the handshake end, and refuses the request"
        assert "revoked" in log.read_text()


@pytest.mark.parametrize("nonce", ["on", "off"])
def test_apache(symbolon, answering, tmp_path, nonce):
    symbolon.do("revoke", "alice")
    with apache_asking(symbolon, tmp_path, f"SSLOCSPEnable leaf\nSSLOCSPUseRequestNonce {nonce}") as (admits, log):
        assert admits(symbolon.bob), log.read_text()
        assert not admits(symbolon.alice)
        assert "revoked" in log.read_text()
