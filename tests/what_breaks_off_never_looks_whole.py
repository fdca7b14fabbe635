"""Only whoever ended its stream is passed on as ended. What breaks off - cut by the client, idle for too long, at a stop - reaches a
plain service as a reset and a TLS client without close_notify."""

import signal
import socket
import ssl
import struct

import pytest

from harness import peers
from harness.services import PlainService


@pytest.fixture
def service():
    with PlainService() as service:
        yield service


@pytest.fixture
def connect(gateway_of, foreign, service):
    """connect(options of the route) -> the client's TLS socket, whose first octets have been echoed."""
    opened = []

    def connect(to=None, **route):
        gateway = gateway_of(to=to or service.address, **route)
        plain = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
        context = peers.python_context(foreign.cert, foreign.issue("alice"))
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        client = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
        client.gateway = gateway
        opened.append(client)
        client.sendall(b"hello")
        assert client.recv(5) == b"hello"
        return client

    yield connect
    for client in opened:
        client.close()


def how_it_ended(service):
    return service.endings.get(timeout=20)


def broken_off(client):
    """For the client: no close_notify came."""
    with pytest.raises(ssl.SSLError) as raised:
        client.recv(1)
    return "EOF" in raised.value.reason


def test_a_client_that_ends_in_order_is_an_end(connect, service):
    client = connect()
    client.unwrap()  # close_notify, and the service's in answer
    assert how_it_ended(service) == "end"
    client.gateway.wait_record("closed", reason="connection_ended")


def test_a_client_that_is_gone_without_close_notify(connect, service):
    client = connect()
    client.close()
    assert how_it_ended(service) == "reset"
    client.gateway.wait_record("closed", reason="truncated")


def test_a_client_that_resets(connect, service):
    client = connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    assert how_it_ended(service) == "reset"
    client.gateway.wait_record("closed", reason="connection_reset")


def test_a_connection_that_was_idle_for_too_long(connect, service):
    client = connect(idle_timeout="1s")
    assert broken_off(client)
    assert how_it_ended(service) == "reset"
    client.gateway.wait_record("closed", reason="connection_idle")


def test_a_gateway_that_stops(connect, service):
    client = connect()
    for _ in range(2):  # the second signal ends what is open at once
        client.gateway.child.send_signal(signal.SIGTERM)
        client.gateway.wait_line(lambda line: "stopping" in line, "stopping")
    assert broken_off(client)
    assert how_it_ended(service) == "reset"


def test_a_unix_socket_can_only_show_an_end(connect, tmp_path):
    with PlainService(tmp_path / "service.sock") as service:
        connect(to=service.address).close()
        assert how_it_ended(service) == "end"
