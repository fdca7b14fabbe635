"""`symbolon check HOST:PORT` says what is wrong with a server: its certificate, that it asks for none, that it is no TLS."""

import contextlib
import json

import pytest

from harness.pki import ForeignCA
from harness.process import PORTS, Process


@contextlib.contextmanager
def s_server(server, ca=None, arguments=()):
    """openssl s_server; with `ca` it demands client certificates of that CA."""
    port = PORTS.take()
    demand = ["-Verify", "5", "-verify_return_error", "-CAfile", ca] if ca else []
    command = ["openssl", "s_server", "-accept", port, "-cert", server.cert, "-cert_chain", server.chain]
    with Process([*command, "-key", server.key, "-www", *demand, *arguments]) as running:
        running.wait_listening(port)
        yield port


def check(symbolon, port, ca, client=None, arguments=(), status=5):
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
    assert codes(report)[0] in ("not_tls", "plain_http") and report["outcome"] == "not_tls"
