"""`symbolon check` calls a client accepted where a request was answered, and refused where the answer says so in HTTP."""

import contextlib
import json
import ssl

import pytest

from harness.attack import BadService
from harness.pki import ForeignCA
from harness.process import PORTS
from harness.services import nginx_with


def look(symbolon, port, ca, client=None, *arguments):
    identity = ["--cert", client.chain, "--key", client.key] if client else []
    outcome = symbolon("check", f"localhost:{port}", "--ca", ca.cert, "--json", *identity, *arguments)
    report = json.loads(outcome.stdout)
    assert report["exit"] == outcome.status, outcome
    report["codes"] = [finding["code"] for finding in report["findings"] if finding["code"] != "no_post_quantum_group"]
    return report


@pytest.fixture
def mallory(foreign):
    return ForeignCA(foreign.folder.parent, "Other").issue("mallory")


def demanding(foreign, location, verify="on"):
    return f"ssl_client_certificate {foreign.cert}; ssl_verify_client {verify}; location / {{ {location} }}"


@pytest.mark.parametrize("arguments", [[], ["--http"]])
def test_the_settings_of_h2_are_said_to_everybody(symbolon, foreign, mallory, tmp_path, arguments):
    """curl --http2 is answered 400 there; the SETTINGS frame comes before that."""
    with nginx_with(tmp_path, foreign.server(), demanding(foreign, "return 200 hello;"), "ssl http2") as server:
        anonymous = look(symbolon, server.port, foreign, None, "--alpn", "h2", *arguments)
        wrong = look(symbolon, server.port, foreign, mallory, "--alpn", "h2", *arguments)
        plain = look(symbolon, server.port, foreign, mallory, "--alpn", "http/1.1", "--http")
    assert (anonymous["outcome"], anonymous["codes"]) == ("anonymous", []), anonymous
    assert wrong["outcome"] == "likely_accepted" and "client_certificate_optional" not in wrong["codes"], wrong
    assert plain["outcome"] == "refused" and plain["codes"][0] == "client_certificate_untrusted_issuer", plain


@pytest.mark.parametrize("arguments", [[], ["--http"]])
def test_who_greets_first_greets_everybody(symbolon, foreign, alice, mallory, arguments):
    server, context = foreign.server(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.chain, server.key)
    context.load_verify_locations(foreign.cert)
    context.verify_mode = ssl.CERT_OPTIONAL

    def greet(connection, _):
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            secure.sendall(b"* OK IMAP4rev1 ready\r\n")
            while secure.recv(4096):
                secure.sendall(b"* BAD what\r\n")

    with BadService(greet) as service:
        port = service.address.partition(":")[2]
        nobody = look(symbolon, port, foreign, None, *arguments)
        known = look(symbolon, port, foreign, alice, *arguments)
    assert (nobody["outcome"], nobody["codes"]) == ("anonymous", []), nobody
    assert (known["outcome"], known["codes"]) == ("likely_accepted", []), known


def test_an_answer_is_shown_with_its_status(symbolon, foreign, alice, tmp_path):
    away = f"proxy_pass http://127.0.0.1:{PORTS.take()};"
    with nginx_with(tmp_path, foreign.server(), demanding(foreign, away)) as server:
        report = look(symbolon, server.port, foreign, alice, "--http")
    assert report["outcome"] == "accepted" and "502 Bad Gateway" in report["summary"], report


REFUSALS = {
    "401 for everybody": ("on", "return 401;", "alice", "not_allowed_by_policy"),
    "403 for everybody": ("on", "return 403;", "alice", "not_allowed_by_policy"),
    "400 for whom nobody knows": ("optional_no_ca", "return 400 bad;", "mallory", "client_certificate_untrusted_issuer"),
    "403 for whom nobody knows": ("optional_no_ca", "return 403;", "mallory", "client_certificate_untrusted_issuer"),
    "401 for who has none": ("optional", "return 401;", None, "client_certificate_missing"),
    "400 for who has none": ("optional", "return 400 bad;", None, "client_certificate_missing"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_refusals_in_http(symbolon, foreign, alice, mallory, tmp_path, kind):
    verify, location, who, code = REFUSALS[kind]
    with nginx_with(tmp_path, foreign.server(), demanding(foreign, location, verify)) as server:
        report = look(symbolon, server.port, foreign, {"alice": alice, "mallory": mallory}.get(who), "--http")
    assert (report["outcome"], report["exit"], report["codes"][0]) == ("refused", 1, code), report
    assert report["findings"][0]["certainty"] == "likely", report
