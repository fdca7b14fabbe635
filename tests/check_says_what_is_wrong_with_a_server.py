"""`symbolon check HOST:PORT` says what is wrong with a server: its certificate, that it asks for none, that it is no TLS."""

import contextlib
import dataclasses
import datetime
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from harness.backend import Backend
from harness.pki import ForeignCA, make_request, openssl
from harness.process import PORTS, Process, run


@contextlib.contextmanager
def s_server(server, ca=None, arguments=()):
    """openssl s_server; with `ca` it demands client certificates of that CA."""
    port = PORTS.take()
    demand = ["-Verify", "5", "-verify_return_error", "-CAfile", ca] if ca else []
    command = ["openssl", "s_server", "-accept", port, "-cert", server.cert, "-cert_chain", server.chain]
    with Process([*command, "-key", server.key, "-www", *demand, *arguments]) as running:
        running.wait_listening(port)
        yield port


def check(symbolon, port, ca, client=None, arguments=(), status=1):
    identity = ["--cert", client.chain, "--key", client.key] if client else []
    outcome = symbolon("check", f"localhost:{port}", "--ca", ca, *identity, "--json", *arguments)
    assert outcome.status == status, outcome
    report = json.loads(outcome.stdout)
    assert report["exit"] == status
    return report


def codes(report):
    return [finding["code"] for finding in report["findings"]]


def test_a_server_that_asks_for_nothing_is_not_mutual(symbolon, foreign, alice):
    with s_server(foreign.server()) as port:
        report = check(symbolon, port, foreign.cert, alice)
    assert report["outcome"] == "open"
    assert "client_certificate_not_requested" in codes(report)


SERVERS = {
    "expired": (lambda ca: ca.server(days=(-9, -1)), "server_certificate_expired"),
    "another name": (lambda ca: ca.server(names="DNS:other.example"), "server_certificate_name_mismatch"),
    "a client's": (lambda ca: ca.issue("x", names="DNS:localhost"), "server_certificate_wrong_extended_key_usage"),
    "another CA's": (
        lambda ca: ForeignCA(ca.folder / "o", "Other").server(),
        "server_certificate_untrusted_issuer",
    ),
}


@pytest.mark.parametrize("kind", SERVERS)
def test_the_servers_own_certificate(symbolon, foreign, alice, kind):
    make, code = SERVERS[kind]
    with s_server(make(foreign), foreign.cert) as port:
        report = check(symbolon, port, foreign.cert, alice)
    assert code in codes(report), report["findings"]
    assert not report["server_verification"]["valid"]


def test_what_is_not_tls(symbolon, foreign, tmp_path):
    port = PORTS.take()
    with Process(["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", port], cwd=tmp_path) as running:
        running.wait_listening(port)
        report = check(symbolon, port, foreign.cert)
    assert codes(report)[0] == "plain_http" and report["outcome"] == "not_tls"


def test_what_the_user_gave_is_no_fault_of_the_server(symbolon, foreign, alice, tmp_path):
    """2: it cannot be used; the server is not even asked."""
    page = tmp_path / "nowhere" / "x.html"
    for arguments in (["localhost"] * 2, ["localhost", "--tls", "1.1"], ["localhost", "--cert", tmp_path / "none"], ["a:b"],
                      ["localhost", "--server-name", "a b"], ["localhost", "--html", page]):
        outcome = symbolon("check", *arguments)
        assert outcome.status == 2 and not outcome.stdout, outcome


def test_a_credential_that_lacks_something_says_what(symbolon, alice, tmp_path):
    request = make_request(alice.key, tmp_path / "alice.csr")
    locked = tmp_path / "locked.key"
    openssl("pkcs8", "-topk8", "-in", alice.key, "-out", locked, "-passout", "pass:secret")
    locked.chmod(0o600)
    for arguments, words in ((["--cert", alice.cert], "--key FILE"), (["--cert", request], "certificate request"),
                             (["--cert", alice.cert, "--key", locked], "--passphrase-file FILE")):
        outcome = symbolon("check", "localhost:1", *arguments)
        assert outcome.status == 2 and words in outcome.stderr and "route" not in outcome.stderr, outcome


def test_a_key_of_another_certificate_is_a_finding(symbolon, foreign, alice):
    stranger = dataclasses.replace(alice, key=foreign.issue("bob").key)
    with s_server(foreign.server(), foreign.cert) as port:
        report = check(symbolon, port, foreign.cert, stranger, ["--http"])
    assert codes(report) == ["key_mismatch"] and report["findings"][0]["certainty"] == "proven"


def test_an_application_protocol_that_the_server_has_not(symbolon, foreign, alice):
    with s_server(foreign.server(), foreign.cert, ["-alpn", "http/1.1"]) as port:
        report = check(symbolon, port, foreign.cert, alice, ["--alpn", "h2"])
        assert codes(report)[0] == "no_application_protocol"
        report = check(symbolon, port, foreign.cert, alice, ["--alpn", "h2,http/1.1", "--http"], status=0)
    assert report["tls"]["application_protocol"] == "http/1.1"


def test_a_server_name_that_the_server_has_not(symbolon, foreign, alice):
    """s_server -servername_fatal: unrecognized_name, unless it is asked for no name."""
    other = foreign.server("other", names="DNS:other.example")
    names = ["-servername", "other.example", "-servername_fatal", "-cert2", other.cert, "-key2", other.key]
    with s_server(foreign.server(), foreign.cert, names) as port:
        report = check(symbolon, port, foreign.cert, alice)
    assert codes(report)[0] == "unrecognized_name", report["findings"]


def test_old_versions_are_found_beside_the_new_ones(symbolon, foreign, alice):
    old = ["-cipher", "ALL:@SECLEVEL=0", "-min_protocol", "TLSv1"]
    with s_server(foreign.server(), foreign.cert, old) as port:
        report = check(symbolon, port, foreign.cert, alice, ["--http"])
    assert codes(report) == ["old_protocol_version"] and report["outcome"] == "accepted"
    assert "old_versions" in [attempt["kind"] for attempt in report["attempts"]]


def test_a_server_of_old_versions_alone_is_found_whatever_it_answers_with(symbolon, foreign):
    """OpenSSL refuses TLS 1.3's ClientHello by an alert, and answers that of TLS 1.2 with TLS 1.0; GnuTLS answers both with TLS 1.1."""
    server, port = foreign.server(key_type="rsa2048"), PORTS.take()
    with s_server(server, arguments=["-tls1", "-cipher", "ALL:@SECLEVEL=0"]) as openssl_port:
        refused = check(symbolon, openssl_port, foreign.cert)
    gnutls = ["gnutls-serv", "--port", port, "--http", "--x509certfile", server.chain, "--x509keyfile", server.key]
    with Process([*gnutls, "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.1"]) as running:
        running.wait_listening(port)
        answered = check(symbolon, port, foreign.cert)
    for report in (refused, answered):
        assert codes(report)[0] == "protocol_version" and report["findings"][0]["certainty"] == "proven", report["findings"]
    assert refused["attempts"][0]["kind"] == "tls12" and refused["attempts"][0]["version"] == "TLSv1", refused["attempts"]
    assert refused["attempts"][-1]["kind"] == "old_versions" and refused["attempts"][-1]["cipher"], refused["attempts"]
    assert answered["tls"]["version"] == "TLSv1.1" and answered["attempts"] == [], answered["tls"]
    assert {"ServerHello": "TLSv1.1"}.items() <= {rung["name"]: rung["detail"] for rung in answered["tls"]["ladder"]}.items()


def test_a_certificate_that_is_optional_is_worth_knowing(symbolon, foreign, alice):
    with s_server(foreign.server(), arguments=["-verify", "3", "-CAfile", foreign.cert]) as port:
        report = check(symbolon, port, foreign.cert, alice, ["--http"], status=0)
    assert codes(report) == ["client_certificate_optional"] and report["findings"][0]["severity"] == "info"


def test_a_server_name_may_be_needed(symbolon, foreign, alice):
    right, other = foreign.server(), foreign.server("other", names="DNS:other.example")
    with s_server(other, foreign.cert, ["-servername", "localhost", "-cert2", right.cert, "-key2", right.key]) as port:
        report = check(symbolon, port, foreign.cert, alice, ["--http"], status=0)
    assert codes(report) == ["server_name_needed"], report["findings"]


def staple(ca, server, end, status=ocsp.OCSPCertStatus.GOOD):
    """An OCSP response of the CA itself that ends in so many hours."""
    issuer, cert = (x509.load_pem_x509_certificate(path.read_bytes()) for path in (ca.cert, server.cert))
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    times = now - datetime.timedelta(hours=48), now + datetime.timedelta(hours=end)
    revoked = times[0] if status is ocsp.OCSPCertStatus.REVOKED else None
    one = ocsp.OCSPResponseBuilder().add_response(
        cert, issuer, hashes.SHA256(), status, *times, revocation_time=revoked, revocation_reason=None
    )
    key = serialization.load_pem_private_key(ca.key.read_bytes(), None)
    response = one.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer).sign(key, hashes.SHA256())
    path = ca.folder / f"staple-{end}-{status.name}.der"
    path.write_bytes(response.public_bytes(serialization.Encoding.DER))
    return path


def test_a_staple_is_judged(symbolon, foreign, alice):
    server = foreign.server(ocsp=f"http://127.0.0.1:{PORTS.take()}/")  # nobody answers there
    with s_server(server, foreign.cert, ["-status_file", staple(foreign, server, 24)]) as port:
        fresh = check(symbolon, port, foreign.cert, alice, ["--http"])
    with s_server(server, foreign.cert, ["-status_file", staple(foreign, server, -24)]) as port:
        stale = check(symbolon, port, foreign.cert, alice, ["--http"])
    assert codes(fresh) == ["issuer_unreachable"], fresh["findings"]
    assert codes(stale)[0] == "ocsp_stale", stale["findings"]


@pytest.mark.parametrize(
    "status, code",
    [
        (ocsp.OCSPCertStatus.REVOKED, "server_certificate_revoked"),
        (ocsp.OCSPCertStatus.UNKNOWN, "server_certificate_revocation_unknown"),
    ],
)
def test_a_staple_says_that_the_certificate_is_revoked_or_not_known(symbolon, foreign, alice, status, code):
    server = foreign.server()
    with s_server(server, foreign.cert, ["-status_file", staple(foreign, server, 24, status)]) as port:
        report = check(symbolon, port, foreign.cert, alice, ["--http"])
    assert codes(report) == [code] and report["findings"][0]["certainty"] == "proven", report["findings"]


def test_key_usage_of_the_server_and_of_its_issuer(symbolon, foreign, alice):
    usual = ["basicConstraints = CA:FALSE", "extendedKeyUsage = serverAuth", "subjectAltName = DNS:localhost"]
    with s_server(foreign.issue("agrees", extensions=[*usual, "keyUsage = keyAgreement"]), foreign.cert) as port:
        report = check(symbolon, port, foreign.cert, alice, ["--http"])
    assert codes(report)[0] == "server_certificate_wrong_key_usage", report["findings"]
    with s_server(may_not_sign(foreign).server(), foreign.cert) as port:
        report = check(symbolon, port, foreign.cert, alice, ["--http"])
    assert codes(report)[0] == "server_certificate_issuer_key_usage", report["findings"]


def test_key_usage_of_the_clients_issuer(symbolon, foreign):
    with s_server(foreign.server(), foreign.cert) as port:
        report = check(symbolon, port, foreign.cert, may_not_sign(foreign).issue("carol"), ["--http"])
    assert report["outcome"] == "refused" and codes(report)[0] == "client_certificate_issuer_key_usage", report["findings"]


@pytest.mark.parametrize("usage", ["digitalSignature", "digitalSignature, keyEncipherment"])
def test_key_usage_that_nss_wants(symbolon, foreign, tmp_path, usage):
    """NSS wants keyEncipherment of every RSA key of a server, whatever the key exchange."""
    usual = ["basicConstraints = CA:FALSE", "extendedKeyUsage = serverAuth", "subjectAltName = DNS:localhost"]
    server = foreign.issue("rsa", key_type="rsa2048", extensions=[*usual, f"keyUsage = {usage}"])
    database = f"sql:{tmp_path}"
    for arguments in (["-N", "--empty-password"], ["-A", "-n", "root", "-t", "C,,", "-i", foreign.cert]):
        assert run(["certutil", "-d", database, *arguments]).status == 0
    with s_server(server) as port:
        report = check(symbolon, port, foreign.cert)
        nss = run(["tstclnt", "-h", "localhost", "-p", port, "-d", database, "-V", "tls1.3:tls1.3", "-Q"])
    found = {finding["code"]: finding["severity"] for finding in report["findings"]}
    assert found["client_certificate_not_requested"] == "warning", found
    assert "INADEQUATE_KEY_USAGE" in nss.output or "keyEncipherment" in usage, nss
    with s_server(server, foreign.cert) as port:
        report = check(symbolon, port, foreign.cert, foreign.issue("alice"), ["--http"], status=0)
    found = {finding["code"]: finding["severity"] for finding in report["findings"]}
    assert found.get("server_key_usage_for_nss", "none") == ("none" if "keyEncipherment" in usage else "info"), found


def may_not_sign(issuer):
    """A CA without keyCertSign that signs all the same."""
    identifiers = ["subjectKeyIdentifier = hash", "authorityKeyIdentifier = keyid"]
    usage = ["basicConstraints = critical, CA:TRUE", "keyUsage = critical, cRLSign", *identifiers]
    return ForeignCA(issuer.folder / "below", "No signer", issuer=issuer, extensions=usage)


def test_a_staple_that_the_certificate_demands(symbolon, foreign, alice):
    usual = ["basicConstraints = CA:FALSE", "extendedKeyUsage = serverAuth", "subjectAltName = DNS:localhost"]
    server = foreign.issue("must", extensions=[*usual, "tlsfeature = status_request"])
    with s_server(server, foreign.cert) as port:
        report = check(symbolon, port, foreign.cert, alice, ["--http"])
    assert codes(report)[0] == "staple_required", report["findings"]


def test_what_certificates_name_is_fetched(symbolon, foreign, alice):
    usual = ["basicConstraints = CA:FALSE", "extendedKeyUsage = serverAuth", "subjectAltName = DNS:localhost"]
    with Backend() as there:
        reachable = foreign.issue("there", extensions=[*usual, f"crlDistributionPoints = URI:http://{there.address}/crl"])
        with s_server(reachable, foreign.cert) as port:
            report = check(symbolon, port, foreign.cert, alice, ["--http"], status=0)
        assert codes(report) == [] and there.received.startswith(b"GET /crl "), report["findings"]
    nowhere = f"crlDistributionPoints = URI:http://127.0.0.1:{PORTS.take()}/crl"
    with s_server(foreign.issue("gone", extensions=[*usual, nowhere]), foreign.cert) as port:
        report = check(symbolon, port, foreign.cert, alice, ["--http"])
    assert codes(report) == ["crl_unreachable"] and report["findings"][0]["severity"] == "warning"
