"""/healthz and /readyz: ready only when somebody can be admitted; else the reason stands there."""

import socket

from harness import peers
from harness.process import wait_until


def test_a_gateway_that_serves_is_healthy_and_ready(start):
    running = start()
    wait_until(lambda: running.watched.get("/readyz")[0] == 200, "it is ready")
    assert running.watched.get("/readyz") == (200, "ready\n")
    assert running.watched.get("/healthz") == (200, "ok\n")
    assert running.watched.get("/nothing")[0] == 404


def test_an_expired_certificate_of_its_own_makes_it_unready(start, foreign):
    running = start(server=foreign.server("old", days=(-9, -2)))
    wait_until(lambda: "starting" not in running.watched.get("/readyz")[1], "it has started")
    status, words = running.watched.get("/readyz")
    assert status == 503 and "server_certificate_expired" in words, words
    assert running.watched.get("/healthz")[0] == 200, "a restart would not mend it"
    assert running.watched.value("symbolon_route_ready", route="web") == 0


def test_no_room_for_another_connection_makes_it_unready(start, foreign):
    running = start(gateway={"limits": {"connections": 2, "handshakes": 2}})
    alice = foreign.issue("alice")
    with peers.python_client(running.port, foreign.cert, alice), peers.python_client(running.port, foreign.cert, alice):
        wait_until(lambda: running.watched.get("/readyz")[0] == 503, "both connections are counted")
        assert "connection_limit" in running.watched.get("/readyz")[1]
    wait_until(lambda: running.watched.get("/readyz")[0] == 200, "room again")


def test_a_gateway_that_ends_is_unready_while_connections_are_open(start, foreign):
    running = start()
    with peers.python_client(running.port, foreign.cert, foreign.issue("alice")) as secure:
        running.wait_record("opened")
        running.child.terminate()
        # The connection is told to end; as long as we do not read, it stays, and the port says so.
        status, words = wait_until(
            lambda: next((a for a in [asked(running)] if a and a[0] == 503), None), "the end is said"
        )
        assert "draining" in words
        secure.close()
    running.wait()


def asked(running):
    """What /readyz says; None: it is gone already."""
    try:
        return running.watched.get("/readyz")
    except AssertionError:
        return None


def test_garbage_on_the_port_does_no_harm(start, foreign):
    running = start()
    for noise in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n" * 5000, b"\r\n\r\n", b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", running.watched.port), timeout=20) as plain:
            try:
                plain.sendall(noise)
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(65536):
                    pass
            except ConnectionError:
                pass
    assert running.watched.get("/healthz")[0] == 200
