"""When the certificate of an open connection ends, of its client or of the server that we dialled, the connection ends within a second
or so: cut, so that nothing looks whole, and with a record. Others go on, and with `on_expiry: insecure_keep` so does it."""

import socket
import ssl

import pytest

from harness import peers
from harness.services import TlsService
from harness.symbolon import client_route, port, static_route

SOON = 4 / 86_400  # days


def is_alive(secure, text=b"still here"):
    secure.sendall(text)
    return secure.recv(100) == text


def strict_client(running, foreign, credential):
    """Python's ssl, which tells a close_notify from a cut."""
    plain = socket.create_connection(("127.0.0.1", running.port), timeout=20)
    context = peers.python_context(foreign.cert, credential)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_is_cut_off_and_stays_out(start, foreign, alice, version):
    running = start()
    short = foreign.issue("short", days=(-1, SOON))
    with peers.python_client(running.port, foreign.cert, alice) as other, strict_client(running, foreign, short) as secure:
        assert is_alive(secure) and is_alive(other)
        with pytest.raises((ssl.SSLError, ConnectionResetError)):  # no close_notify
            secure.recv(100)
        closed = running.wait_record("closed")
        assert closed["reason"] == "client_certificate_expired" and closed["serial"] == short.serial
        assert is_alive(other)
    with pytest.raises(OSError):
        with peers.python_client(running.port, foreign.cert, short, version=version) as secure:
            is_alive(secure)
    running.wait_record("refused", "client_certificate_expired")
    assert running.watched.value("symbolon_connections_closed_total", reason="client_certificate_expired") == 1


def test_it_is_kept_where_the_route_says_so(start, gateway_of, echo, foreign):
    running = start(on_expiry="insecure_keep")
    running.wait_line(lambda line: "insecure_keep" in line, "the warning")
    short = foreign.issue("short", days=(-1, SOON))
    beside = foreign.issue("beside", days=(-1, SOON))
    strict = gateway_of(to=echo.address)  # says when the time is over
    with strict_client(running, foreign, short) as secure, strict_client(strict, foreign, beside) as witness:
        assert is_alive(secure) and is_alive(witness)
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            witness.recv(100)
        assert is_alive(secure)


def test_a_server_whose_certificate_ends_is_left(symbolon, foreign):
    with TlsService(foreign.server(days=(-1, SOON))) as server:
        listen = port()
        route = client_route(listen, f"localhost:{server.port}", [foreign.cert], foreign.issue("gateway"))
        with symbolon.run(symbolon.configure([route]), listen) as running:
            with socket.create_connection(("127.0.0.1", listen), timeout=20) as client:
                assert is_alive(client)
                with pytest.raises(ConnectionResetError):
                    client.recv(100)
            running.wait_record("closed", reason="server_certificate_expired")


def test_a_reload_may_switch_it_off_and_on(start, foreign):
    running = start(on_expiry="insecure_keep")
    short = foreign.issue("short", days=(-1, SOON))
    with strict_client(running, foreign, short) as secure:
        assert is_alive(secure)
        since = running.mark()
        running.config.write_text(running.config.read_text().replace("insecure_keep", "close"))
        running.wait_line(lambda line: "reloaded" in line, "reloaded", since)
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            secure.recv(100)
        running.wait_record("closed", reason="client_certificate_expired")
