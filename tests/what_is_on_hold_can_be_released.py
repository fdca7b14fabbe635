"""A certificate that was revoked with the reason certificateHold is refused everywhere until it is released, and counts again
then: at gateways, in CRLs and by OCSP. Nothing else is ever taken back."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from harness import peers
from harness.attack import gateway_of
from harness.process import run, wait_until
from harness.revocation import REVOKED, certificate, entry_of, openssl_verify
from harness.roles import roles
from harness.symbolon import BINARY, port

HOLD = ("--reason", "certificateHold")


def gets_in(symbolon, service):
    return peers.curl(service.port, symbolon.ca, symbolon.client).status == 0


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_gateway_refuses_it_until_then(symbolon, every_role, version):
    def curl():
        return peers.curl(every_role.port, symbolon.ca, symbolon.client, arguments=["--tls-max", version])

    assert curl().status == 0
    assert "enforced by 1 of 1" in symbolon.do("revoke", "alice", *HOLD, "--wait")
    since = every_role.mark()
    assert curl().status != 0
    every_role.wait_record("refused", "client_certificate_revoked", since)
    said = symbolon.json("show", "alice")["summary"]
    assert (said["state"], said["revocation"]["reason"]) == ("revoked", "certificate_hold")
    assert "enforced by 1 of 1" in symbolon.do("release", "alice", "--wait")
    assert curl().status == 0
    said = symbolon.json("show", "alice")["summary"]
    assert said["state"] == "issued" and "revocation" not in said
    assert symbolon.json("release", "alice")["outcome"] == "was_released_already"
    assert "enforced by 1 of 1" in symbolon.do("revoke", "alice", *HOLD, "--wait")
    assert curl().status != 0
    symbolon.do("ledger", "verify")


def test_one_process_does_the_same(symbolon, every_role):
    every_role.stop()
    program = (BINARY, "run", "--insecure-one-process", "--config")
    with symbolon.run(every_role.config, every_role.port, program=program) as service:
        service.port = every_role.port
        assert gets_in(symbolon, service)
        symbolon.do("revoke", "alice", *HOLD)
        assert not gets_in(symbolon, service)
        symbolon.do("release", "alice")
        assert gets_in(symbolon, service)


def test_what_is_revoked_for_good_stays_so(symbolon, every_role):
    symbolon.refused("not_on_hold", "release", "alice")
    assert gets_in(symbolon, every_role)
    symbolon.do("revoke", "alice", *HOLD)
    symbolon.do("revoke", "alice", "--reason", "keyCompromise", "--wait")
    symbolon.refused("not_on_hold", "release", "alice")
    again = symbolon.json("revoke", "alice", *HOLD)
    assert again["outcome"] == "was_revoked_already"
    assert again["certificate"]["revocation"]["reason"] == "key_compromise"
    assert not gets_in(symbolon, every_role)
    symbolon.refused("not_found", "release", "nobody")
    symbolon.refused("usage", "revoke", "alice", "--reason", "removeFromCRL")


def test_gateways_know_it_after_a_restart(symbolon, every_role):
    """From its journal, and from the feed: a release that came while it was down, too."""
    symbolon.do("revoke", "alice", *HOLD, "--wait")
    for words, admitted in ((None, False), (("release", "alice"), True), (("revoke", "alice", *HOLD), False)):
        every_role.stop()
        if words:
            symbolon.do(*words)
        with symbolon.run(every_role.config, every_role.port) as service:
            service.wait_line(lambda line: "all roles are ready" in line, "all roles are ready")
            service.port = every_role.port
            assert gets_in(symbolon, service) == admitted, words


def test_a_gateway_that_is_killed_has_it_in_its_journal(symbolon, every_role):
    for words, admitted in ((("revoke", "alice", *HOLD), False), (("release", "alice"), True)):
        symbolon.do(*words, "--wait")
        before = gateway_of(every_role)
        run(["kill", "-9", str(before)])
        wait_until(lambda: roles(every_role).get("gateway") not in (None, before), "another one runs", 60)  # noqa: B023
        wait_until(lambda: peers.curl(every_role.port, symbolon.ca, symbolon.client).status != 7, "it listens", 60)
        assert gets_in(symbolon, every_role) == admitted


def test_crls_and_ocsp_say_so(symbolon):
    symbolon.init()
    listen = port()
    place = f"http://127.0.0.1:{listen}"
    authority = {"crl": {"listen": f"127.0.0.1:{listen}", "url": place}, "ocsp": {"url": f"{place}/ocsp"}}
    config = symbolon.configure(authority=authority, routes=None)
    issuing = symbolon.state / "issuing.crt"
    with symbolon.run(config, listen):
        alice, bob = symbolon.issue("client", "alice"), symbolon.issue("client", "bob")
        file = symbolon.folder / "issuing.pem"

        def entry():
            symbolon.do("crl", "--pem", "--out", file)
            return entry_of(x509.load_pem_x509_crl(file.read_bytes()), alice)

        def answer():
            request = ocsp.OCSPRequestBuilder().add_certificate(certificate(alice.cert), certificate(issuing), hashes.SHA1())
            data = symbolon.folder / "request.der"
            data.write_bytes(request.build().public_bytes(serialization.Encoding.DER))
            out = symbolon.folder / "response.der"
            header = ["-H", "Content-Type: application/ocsp-request", "--data-binary", f"@{data}"]
            assert run(["curl", "-sS", "-o", out, *header, f"{place}/ocsp"]).status == 0
            response = ocsp.load_der_ocsp_response(out.read_bytes())
            return response.certificate_status, response.revocation_reason

        hold = (ocsp.OCSPCertStatus.REVOKED, x509.ReasonFlags.certificate_hold)
        assert entry() is None and answer()[0] == ocsp.OCSPCertStatus.GOOD
        symbolon.do("revoke", "alice", *HOLD)
        reason = entry().extensions.get_extension_for_class(x509.CRLReason).value.reason
        assert reason == x509.ReasonFlags.certificate_hold and answer() == hold
        assert REVOKED in openssl_verify(symbolon, alice, file).output and openssl_verify(symbolon, bob, file).status == 0
        since = entry().revocation_date
        symbolon.do("release", "alice")
        assert entry() is None and answer()[0] == ocsp.OCSPCertStatus.GOOD
        assert openssl_verify(symbolon, alice, file).status == 0
        symbolon.do("revoke", "alice", *HOLD)
        assert entry().revocation_date >= since and answer() == hold
        symbolon.do("revoke", "alice", "--reason", "keyCompromise")
        reason = entry().extensions.get_extension_for_class(x509.CRLReason).value.reason
        assert reason == x509.ReasonFlags.key_compromise
        assert answer() == (ocsp.OCSPCertStatus.REVOKED, x509.ReasonFlags.key_compromise)
