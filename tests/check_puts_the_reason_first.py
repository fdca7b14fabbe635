"""`symbolon check` puts the reason of a refusal before whatever else is wrong, and calls guesses what they are."""

import json

import pytest

from harness.pki import Credential, ForeignCA, openssl
from harness.process import PORTS, Process
from harness.services import nginx_with


def look(symbolon, port, ca, client=None, *arguments):
    identity = ["--cert", client.chain, "--key", client.key] if client else []
    outcome = symbolon("check", f"localhost:{port}", "--ca", ca, "--json", *identity, *arguments)
    report = json.loads(outcome.stdout)
    assert report["exit"] == outcome.status, outcome
    return report


def told(report):
    return [(finding["code"], finding["certainty"]) for finding in report["findings"]]


def s_server(server, *arguments):
    port = PORTS.take()
    command = ["openssl", "s_server", "-accept", port, "-cert", server.cert, "-cert_chain", server.chain, "-key", server.key]
    running = Process([*command, "-www", *arguments]).wait_listening(port)
    running.port = port
    return running


def demanding(clients):
    return ["-Verify", "3", "-verify_return_error", "-CAfile", clients]


@pytest.fixture
def self_signed(tmp_path):
    """As `openssl req -x509` makes one: a CA."""
    cert, key = tmp_path / "self.crt", tmp_path / "self.key"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", key, "-out", cert, "-subj", "/CN=self", "-days", "10")
    return Credential(cert, key, cert)


def test_a_self_signed_client_is_refused_for_its_issuer(symbolon, foreign, self_signed, tmp_path):
    lines = f"ssl_client_certificate {foreign.cert}; ssl_verify_client on; location / {{ return 200 hello; }}"
    with s_server(foreign.server(), *demanding(foreign.cert)) as server:
        by_alert = look(symbolon, server.port, foreign.cert, self_signed)
    with nginx_with(tmp_path, foreign.server(), lines) as server:
        in_http = look(symbolon, server.port, foreign.cert, self_signed, "--http")
    for report in (by_alert, in_http):
        first, *behind = told(report)
        assert first == ("client_certificate_self_signed", "proven"), report["findings"]
        assert ("client_certificate_is_ca", "proven") in behind, report["findings"]
        assert "client_certificate_outside_ca_names" not in dict(behind), report["findings"]


def test_an_intermediate_that_the_server_has_may_be_left_out(symbolon, foreign, tmp_path):
    issuing = ForeignCA(tmp_path, "Issuing", issuer=foreign)
    both, alice = tmp_path / "both.pem", issuing.issue("alice")
    both.write_text(foreign.cert.read_text() + issuing.cert.read_text())
    alone = Credential(alice.cert, alice.key, alice.cert)
    with s_server(issuing.server(), *demanding(both)) as server:
        report = look(symbolon, server.port, foreign.cert, alone, "--http")
    assert report["outcome"] == "accepted" and report["exit"] == 0, report
    assert [(one["code"], one["severity"]) for one in report["findings"]] == [("client_certificate_incomplete_chain", "info")]


def test_a_key_that_cannot_sign_as_the_server_asks(symbolon, foreign, alice):
    only_rsa = ["-client_sigalgs", "rsa_pss_rsae_sha256", *demanding(foreign.cert)]
    with s_server(foreign.server(), *only_rsa) as server:
        report = look(symbolon, server.port, foreign.cert, alice)
    assert told(report)[0] == ("no_shared_signature_algorithm", "proven"), report["findings"]
    assert not report["tls"]["certificate_request"]["certificate_sent"]


def test_candidates_are_worth_knowing_and_no_errors(symbolon, foreign, tmp_path):
    """nginx says of everything that the certificate does not verify."""
    alice = ForeignCA(tmp_path, "Issuing", issuer=foreign).issue("alice")
    lines = f"ssl_client_certificate {foreign.cert}; ssl_verify_client on; ssl_verify_depth 0; location / {{ return 200 x; }}"
    with nginx_with(tmp_path, foreign.server(), lines) as server:
        report = look(symbolon, server.port, foreign.cert, alice, "--http")
    first, *behind = report["findings"]
    assert (first["code"], first["severity"]) == ("client_certificate_refused", "error"), report["findings"]
    assert {(one["certainty"], one["severity"]) for one in behind} == {("possible", "info")}, behind
    codes = {one["code"] for one in behind}
    assert codes >= {"client_certificate_depth_exceeded", "client_certificate_untrusted_issuer", "crl_stale"}, behind


def test_a_name_that_makes_no_difference_is_not_said_to_be_needed(symbolon, foreign, tmp_path):
    with nginx_with(tmp_path, foreign.server(), "ssl_reject_handshake on;") as server:
        report = look(symbolon, server.port, foreign.cert)
    again = {one["kind"]: one["decided"] for one in report["attempts"]}
    assert told(report)[0][0] == "unrecognized_name" and again["without_server_name"] == "the name makes no difference", report


def test_the_versions_that_were_offered_are_said(symbolon, foreign):
    with s_server(foreign.server(), "-tls1_3") as server:
        report = look(symbolon, server.port, foreign.cert, None, "--tls", "1.2")
    assert told(report)[0][0] == "protocol_version", report
    assert "1.2 and 1.3" not in json.dumps(report), report


def test_a_port_that_wants_a_proxy_header(symbolon, foreign, tmp_path):
    with nginx_with(tmp_path, foreign.server(), "location / { return 200 hello; }", "ssl proxy_protocol") as server:
        without = look(symbolon, server.port, foreign.cert)
        told_so = look(symbolon, server.port, foreign.cert, None, "--proxy-protocol", "v1", "--http")
    assert told(without)[0][0] in ("handshake_reset", "handshake_closed"), without
    assert "--proxy-protocol" in without["findings"][0]["remedy"], without
    assert told_so["tls"]["finished"], told_so
