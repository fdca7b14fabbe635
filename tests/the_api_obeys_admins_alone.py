"""The authority's API over mutual TLS: an admin certificate issues and revokes; a certificate of another profile, of another
CA, a revoked one, or none does nothing."""

import json
import re

import pytest

from harness import peers
from harness.pki import Credential, make_key, make_request, openssl


@pytest.fixture
def admin(symbolon):
    cert = symbolon.state / "admin.crt"
    return Credential(cert, symbolon.state / "admin.key", cert)


def call(symbolon, listening, credential, path, body=None):
    """(HTTP status, the answer), or None when the TLS handshake was refused."""
    data = ["-H", "Content-Type: application/json", "-d", json.dumps(body)] if body else []
    answer = peers.curl(listening.port, symbolon.ca, credential, path=path, arguments=["-w", "\n%{http_code}", *data])
    if answer.status:
        return None
    text, _, status = answer.stdout.rpartition("\n")
    return int(status), json.loads(text)


def test_an_admin_issues_and_revokes(symbolon, listening, admin, tmp_path):
    csr = make_request(make_key(tmp_path / "k"), tmp_path / "r.csr").read_text()
    request = {"profile": "client", "csr": csr, "common_name": "from-afar"}
    status, issued = call(symbolon, listening, admin, "/v1/certificates", request)
    assert status == 201 and "BEGIN CERTIFICATE" in issued["certificate"]
    serial = symbolon.json("show", "from-afar")["summary"]["serial"]
    status, answer = call(symbolon, listening, admin, "/v1/revocations", {"what": serial, "reason": "superseded"})
    assert status in (200, 201) and answer["certificate"]["state"] == "revoked"


def test_who_is_no_admin_is_forbidden(symbolon, listening):
    client = symbolon.issue("client", "alice")
    status, problem = call(symbolon, listening, client, "/v1/status")
    assert status == 403 and problem["code"] == "forbidden"
    assert problem["remedy"]


def test_a_revoked_admin_is_no_admin(symbolon, listening, admin):
    assert call(symbolon, listening, admin, "/v1/status")[0] == 200
    symbolon.do("revoke", symbolon.json("list", "profile:admin")["certificates"][0]["serial"])
    answer = call(symbolon, listening, admin, "/v1/status")
    assert answer is None or answer[0] == 403


def test_an_admin_certificate_that_the_ledger_does_not_know_is_no_admin(symbolon, listening, tmp_path):
    """Whoever holds an imported issuing CA's key elsewhere, or held it before, makes no admins."""
    key = make_key(tmp_path / "forged.key")
    request, extensions = make_request(key, tmp_path / "forged.csr", "/CN=admin"), tmp_path / "forged.ext"
    profile = openssl("x509", "-in", symbolon.state / "admin.crt", "-noout", "-text")
    oid = re.search(r"1\.2\.840\.113556\.[\d.]+", profile).group()
    extensions.write_text(
        "keyUsage = critical, digitalSignature\nextendedKeyUsage = clientAuth\n"
        "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
        f"{oid} = ASN1:UTF8String:admin\n"
    )
    cert, issuing = tmp_path / "forged.crt", symbolon.state / "issuing"
    ca = ["-CA", f"{issuing}.crt", "-CAkey", f"{issuing}.key", "-CAcreateserial", "-CAserial", tmp_path / "serial"]
    openssl("x509", "-req", "-in", request, *ca, "-days", 10, "-extfile", extensions, "-out", cert)
    chain = tmp_path / "forged.pem"
    chain.write_text(cert.read_text() + (symbolon.state / "issuing.crt").read_text())
    status, problem = call(symbolon, listening, Credential(chain, key, chain), "/v1/status")
    assert status == 403 and problem["code"] == "forbidden"


def test_a_stranger_and_the_anonymous_do_not_even_finish_the_handshake(symbolon, listening, foreign):
    assert call(symbolon, listening, foreign.issue("admin"), "/v1/status") is None
    assert call(symbolon, listening, None, "/v1/status") is None


def test_a_call_that_makes_no_sense_is_a_problem_document(symbolon, listening, admin):
    status, problem = call(symbolon, listening, admin, "/v1/certificates", {"profile": "client", "colour": "red"})
    assert status == 400 and problem["code"] == "bad_request" and problem["status"] == 400
    assert call(symbolon, listening, admin, "/v1/nothing")[0] == 404
