"""Unless a route says `session_tickets: true`, resumption is off in every form: session ids and tickets of TLS 1.2, stateful and stateless tickets of TLS 1.3. Every
connection of a client is a full handshake, so that nothing old outlives a judgement."""

import re
import ssl
import subprocess

import pytest

from harness import peers
from harness.process import PORTS, Process, wait_until


def handshake(gateway, foreign, alice, arguments):
    seen = peers.s_client(gateway.port, foreign.cert, alice, arguments, peers.HTTP_REQUEST)
    assert "hello from the backend" in seen.stdout, seen
    return seen


@pytest.mark.parametrize(
    "version", [["-tls1_2"], ["-tls1_2", "-no_ticket"], ["-tls1_3"], ["-tls1_3", "-no_ticket"]], ids=" ".join
)
def test_openssl(gateway_of, foreign, alice, tmp_path, version):
    gateway, session = gateway_of(), tmp_path / "session.pem"
    first = handshake(gateway, foreign, alice, [*version, "-sess_out", session, "-msg"])
    assert "NewSessionTicket" not in first.stdout
    assert not re.search(r"TLS session ticket:", first.stdout)
    if not session.exists():
        return  # no session was offered at all
    second = handshake(gateway, foreign, alice, [*version, "-sess_in", session])
    assert re.search(r"^New, TLSv1", second.stdout, re.M) and "Reused" not in second.stdout, second


def test_no_session_id_is_given_out_in_tls_1_2(gateway_of, foreign, alice):
    seen = handshake(gateway_of(), foreign, alice, ["-tls1_2", "-no_ticket"])
    assert re.search(r"Session-ID: *$", seen.stdout, re.M), seen


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_python(gateway_of, foreign, alice, version):
    gateway, context = gateway_of(), peers.python_context(foreign.cert, alice, version)
    with peers.python_client(gateway.port, foreign.cert, context=context) as first:
        peers.http_over(first)
        session = first.session
    with peers.python_client(gateway.port, foreign.cert, context=context, session=session) as second:
        peers.http_over(second)
        assert not second.session_reused
        assert not second.session.has_ticket


@pytest.mark.parametrize("priority", ["NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"])
def test_gnutls(gateway_of, foreign, alice, priority):
    """gnutls-cli --resume connects, connects again with the session, and says whether it was taken."""
    seen = peers.gnutls(gateway_of().port, foreign.cert, alice, priority=priority, arguments=["--resume"])
    assert "hello from the backend" in seen.stdout, seen
    assert "This is a resumed session" not in seen.output, seen


def test_a_session_that_openssl_made_with_another_server_is_declined(gateway_of, foreign, alice, tmp_path):
    """A stateless ticket and a session id that are not ours must lead to a full handshake, not to an error."""
    server, port, session = foreign.server(), PORTS.take(), tmp_path / "session.pem"
    for version in ("-tls1_2", "-tls1_3"):
        with Process(
            ["openssl", "s_server", "-accept", port, "-cert", server.cert, "-key", server.key, "-www"]
        ) as other:
            other.wait_listening(port)
            peers.s_client(port, foreign.cert, arguments=[version, "-sess_out", session], send=peers.HTTP_REQUEST)
        assert session.exists()
        second = handshake(gateway_of(), foreign, alice, [version, "-sess_in", session])
        assert "Reused" not in second.stdout


def test_early_data_is_not_offered(gateway_of, foreign, alice, tmp_path):
    seen = handshake(gateway_of(), foreign, alice, ["-tls1_3"])
    assert "Early data was not sent" in seen.stdout
    assert not re.search(r"Max Early Data: [1-9]", seen.stdout)


def test_early_data_that_comes_all_the_same_is_skipped(gateway_of, foreign, alice, backend, tmp_path):
    """RFC 8446 §4.2.10: a server that takes none ignores it; the handshake goes on, and nothing of it reaches the service.
    The session with early data comes from another server."""
    server, port, session, early = foreign.server(), PORTS.take(), tmp_path / "session.pem", tmp_path / "early"
    early.write_bytes(b"GET /early HTTP/1.1\r\nHost: localhost\r\n\r\n")
    listening = ["openssl", "s_server", "-accept", port, "-cert", server.cert, "-key", server.key, "-early_data"]
    dialling = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", foreign.cert, "-tls1_3"]
    with Process(listening, stdin=subprocess.PIPE) as other:
        other.wait_listening(port)
        with Process([*dialling, "-sess_out", session], stdin=subprocess.PIPE):
            wait_until(lambda: session.exists() and "END SSL" in session.read_text(), "a session that allows early data")
    seen = handshake(gateway_of(), foreign, alice, ["-tls1_3", "-sess_in", session, "-early_data", early])
    assert "Early data was rejected" in seen.stdout and "Reused" not in seen.stdout, seen
    assert b"/early" not in backend.received


def test_renegotiation_is_refused(gateway_of, foreign, alice, echo):
    """TLS 1.2: s_client sends a new ClientHello when "R" is typed; the request must be declined or end the connection."""
    gateway = gateway_of(to=echo.address)
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.port}", "-CAfile", foreign.cert, "-tls1_2"]
    identity = ["-cert", alice.cert, "-key", alice.key, "-servername", "localhost"]
    with Process([*command, *identity], stdin=subprocess.PIPE) as client:
        client.wait_line(lambda line: "Verify return code" in line, "the end of the handshake")
        client.child.stdin.write(b"R\n")
        client.child.stdin.flush()
        client.wait_line(lambda line: "RENEGOTIATING" in line, "the request")
        declined = client.wait_line(
            lambda line: re.search("no renegotiation|handshake failure|closed|errno", line), "an end"
        )
        assert declined


def test_a_pre_shared_key_opens_nothing(gateway_of, foreign, alice, backend):
    """TLS 1.3: whoever offers one gets a full handshake, and must present a certificate; TLS 1.2: there is no such suite."""
    key = ["-psk", "0123456789abcdef0123456789abcdef", "-psk_identity", "alice"]
    gateway = gateway_of()
    seen = handshake(gateway, foreign, alice, ["-tls1_3", *key])
    assert re.search(r"^New, TLSv1", seen.stdout, re.M) and "Reused" not in seen.stdout, seen
    served = backend.connections
    since = gateway.mark()
    peers.s_client(gateway.port, foreign.cert, None, ["-tls1_3", *key], peers.HTTP_REQUEST)
    gateway.wait_record("refused", "client_certificate_missing", since)
    since = gateway.mark()
    peers.s_client(gateway.port, foreign.cert, None, ["-tls1_2", "-cipher", "PSK", *key], peers.HTTP_REQUEST)
    gateway.wait_record("refused", "no_shared_cipher", since)
    assert backend.connections == served


@pytest.mark.parametrize("verify", ["require", "optional"])
def test_no_certificate_is_asked_for_after_the_handshake(gateway_of, foreign, alice, verify):
    """A client that would take part in post-handshake authentication is asked inside the handshake or never."""
    gateway = gateway_of(clients={"verify": verify})
    seen = handshake(gateway, foreign, alice, ["-tls1_3", "-enable_pha", "-msg"])
    assert len(re.findall(r"<<< TLS 1.3, Handshake \[length \w+\], CertificateRequest", seen.stdout)) == 1, seen
