"""SIGTERM: nobody new is let in, who is there may end by themselves within `drain_timeout`, and a second signal ends at once."""

import signal
import socket
import time

import pytest

from harness import peers
from harness.process import is_listening, wait_until
from harness.symbolon import port, static_route


@pytest.fixture
def start(symbolon, foreign, echo):
    started = []

    def start(**gateway):
        listen = port()
        route = static_route(listen, echo.address, foreign.server(), [foreign.cert])
        running = symbolon.run(symbolon.configure({"routes": [route], **gateway}), listen)
        running.port = listen
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()


def echoes(secure):
    secure.sendall(b"x")
    return secure.recv(1) == b"x"


@pytest.mark.parametrize("asked_by", [signal.SIGTERM, signal.SIGINT])
def test_an_open_connection_goes_on_and_then_the_process_ends(start, foreign, asked_by):
    running = start()
    with peers.python_client(running.port, foreign.cert, foreign.issue("alice")) as alice:
        assert echoes(alice)
        running.child.send_signal(asked_by)
        wait_until(lambda: not is_listening(running.port), "nothing listens any more")
        assert running.child.poll() is None
        assert echoes(alice)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.port), timeout=20)
        alice.unwrap()
    assert running.wait() == 0
    assert running.records[-1]["reason"] == "connection_ended"


def test_what_is_left_at_the_bound_is_closed(start, foreign):
    running = start(drain_timeout="1s")
    with peers.python_client(running.port, foreign.cert, foreign.issue("alice")) as alice:
        assert echoes(alice)
        began = time.monotonic()
        running.child.send_signal(signal.SIGTERM)
        assert alice.recv(1) == b""
        assert time.monotonic() - began >= 0.9
    running.wait_record("closed", reason="draining")
    assert running.wait() == 0


def test_a_second_signal_ends_at_once(start, foreign):
    running = start(drain_timeout="1h")
    with peers.python_client(running.port, foreign.cert, foreign.issue("alice")) as alice:
        assert echoes(alice)
        running.child.send_signal(signal.SIGTERM)
        running.wait_line(lambda line: "stopping" in line, "stopping")
        running.child.send_signal(signal.SIGTERM)
        assert alice.recv(1) == b""
    running.wait_record("closed", reason="draining")
    assert running.wait() == 0


def test_who_waits_in_the_backlog_is_served(start, foreign):
    """A client whose connection stands when the signal comes, but who has said nothing yet."""
    running = start()
    context = peers.python_context(foreign.cert, foreign.issue("alice"))
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as plain:
        running.child.send_signal(signal.SIGTERM)
        running.wait_line(lambda line: "stopping" in line, "stopping")
        with context.wrap_socket(plain, server_hostname="localhost") as alice:
            assert echoes(alice)
    assert running.wait() == 0
