"""`limits`: who goes beyond them is turned away at once, with an alert, an orderly end and a record, and without a handshake;
others, and whoever is inside, go on."""

import contextlib
import secrets
import socket
import ssl
import sys
import time

import pytest

from harness import peers
from harness.process import Process, wait_until
from harness.services import TlsService
from harness.symbolon import client_route, port


def turned_away(gateway, foreign, code, since=0, **fields):
    """A further client sees the alert internal_error (80) and no reset, and the record says why."""
    outcome = peers.s_client(gateway.port, foreign.cert)
    assert peers.alert_of(outcome) == 80, outcome
    assert "errno=104" not in outcome.output, outcome
    record = gateway.wait_record("refused", code, since, **fields)
    assert record["alert_sent"]["number"] == 80 and record["peer"].startswith("127.0.0.1:")


@contextlib.contextmanager
def silent(gateway, count):
    """Connections that never begin their handshake."""
    with contextlib.ExitStack() as held:
        yield [held.enter_context(socket.create_connection(("127.0.0.1", gateway.port), timeout=20)) for _ in range(count)]


@pytest.mark.parametrize(
    "limits, code",
    [({"connections": 2}, "connection_limit"), ({"connections_per_source": 2}, "source_connection_limit")],
    ids=lambda value: str(value),
)
def test_connections(gateway_of, foreign, limits, code):
    gateway, alice = gateway_of(limits={**limits, "handshakes": 2}), foreign.issue("alice")
    with peers.python_client(gateway.port, foreign.cert, alice) as first:
        with peers.python_client(gateway.port, foreign.cert, alice) as second:
            assert peers.http_over(first) == peers.http_over(second) == "hello from the backend"
            turned_away(gateway, foreign, code)
            assert peers.http_over(first) == "hello from the backend"
        gateway.wait_record("closed")
        assert wait_until(lambda: peers.curl(gateway.port, foreign.cert, alice).status == 0, "there is a place again")
        assert peers.http_over(first) == "hello from the backend"


@pytest.mark.parametrize(
    "limits, code",
    [({"handshakes": 3}, "handshake_limit"), ({"handshakes_per_source": 3}, "source_handshake_limit")],
    ids=lambda value: str(value),
)
def test_handshakes_at_a_time(gateway_of, foreign, limits, code):
    """Those who never finish theirs take no place from those who are inside, and give theirs back at the deadline."""
    gateway, alice = gateway_of(limits=limits, handshake_timeout="5s"), foreign.issue("alice")
    with peers.python_client(gateway.port, foreign.cert, alice) as inside:
        assert peers.http_over(inside) == "hello from the backend"  # its handshake is over for the gateway, too
        with silent(gateway, 3):
            turned_away(gateway, foreign, code)
            assert peers.http_over(inside) == "hello from the backend"
            wait_until(lambda: sum(r.get("code") == "handshake_timeout" for r in gateway.records) == 3, "three deadlines")
            assert peers.curl(gateway.port, foreign.cert, alice).status == 0
            assert peers.http_over(inside) == "hello from the backend"


@pytest.mark.parametrize(
    "limits, code",
    [({"handshake_rate": 3}, "handshake_rate_limit"), ({"handshake_rate_per_source": 3}, "source_handshake_rate_limit")],
    ids=lambda value: str(value),
)
def test_handshakes_a_second(gateway_of, foreign, limits, code):
    gateway, alice = gateway_of(limits=limits), foreign.issue("alice")
    context = peers.python_context(foreign.cert, alice)
    alerts = 0
    for _ in range(20):
        try:
            with peers.python_client(gateway.port, foreign.cert, context=context):
                pass
        except ssl.SSLError as problem:
            assert "internal error" in str(problem).lower().replace("_", " "), problem
            alerts += 1
    assert alerts > 0
    gateway.wait_record("refused", code)
    assert wait_until(lambda: peers.curl(gateway.port, foreign.cert, alice).status == 0, "the rate lets one in again")


def test_connections_of_a_route(gateway_of, foreign):
    """Which route it is shows in the handshake: this refusal comes after it, as an orderly end."""
    gateway, alice = gateway_of(route_limits={"connections": 1}), foreign.issue("alice")
    with peers.python_client(gateway.port, foreign.cert, alice) as first:
        assert peers.http_over(first) == "hello from the backend"
        with peers.python_client(gateway.port, foreign.cert, alice) as second:
            assert second.recv(1) == b""
        assert gateway.wait_record("refused", "route_connection_limit")["route"] == "web"
        assert peers.http_over(first) == "hello from the backend"
    gateway.wait_record("closed")
    assert peers.curl(gateway.port, foreign.cert, alice).status == 0


def test_a_plain_client_sees_an_orderly_end(symbolon, foreign):
    """On a route that listens in plain there is no alert to send."""
    with TlsService(foreign.server(), clients=foreign.cert) as service:
        listen = port()
        route = client_route(listen, service.address, [foreign.cert], foreign.issue("gateway"))
        config = symbolon.configure({"routes": [route], "limits": {"connections_per_source": 1}})
        with symbolon.run(config, listen) as gateway, socket.create_connection(("127.0.0.1", listen), timeout=20):
            gateway.wait_record("opened")
            with socket.create_connection(("127.0.0.1", listen), timeout=20) as second:
                assert second.recv(1) == b""
            assert "alert_sent" not in gateway.wait_record("refused", "source_connection_limit")


def test_what_goes_beyond_causes_few_records(gateway_of, foreign):
    """20 a second after the first 200; the next one says how many were left out."""
    gateway = gateway_of(limits={"connections": 1})
    with peers.python_client(gateway.port, foreign.cert, foreign.issue("alice")) as inside:
        assert peers.http_over(inside) == "hello from the backend"
        for _ in range(500):
            with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as plain:
                assert plain.recv(100) == b"\x15\x03\x03\x00\x02\x02\x50"
                assert plain.recv(1) == b""
        wait_until(lambda: turned_away_quietly(gateway), "a record with what was suppressed")
        refused = [r for r in gateway.records if r.get("code") == "connection_limit"]
        assert len(refused) < 450 and sum(r.get("suppressed", 0) for r in refused) > 0


def turned_away_quietly(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as plain:
        plain.recv(100)
    return any("suppressed" in r for r in gateway.records)


def echo_time(secure):
    """Seconds until 100 octets are back; whatever else happens fails the test."""
    begin, sent, got = time.perf_counter(), secrets.token_bytes(100), b""
    secure.sendall(sent)
    while len(got) < len(sent):
        piece = secure.recv(4096)
        assert piece, "the connection was closed"
        got += piece
    assert got == sent
    return time.perf_counter() - begin


def p99(times):
    return f"{sorted(times)[len(times) * 99 // 100] * 1000:.2f} ms"


@pytest.mark.parametrize(
    "limits, code",
    [({"handshake_rate": 10}, "handshake_rate_limit"), ({"connections": 3}, "connection_limit")],
    ids=lambda value: str(value),
)
def test_who_is_inside_goes_on_under_a_flood(gateway_of, foreign, echo, limits, code):
    """300 echoes at rest, and 300 or more while others are turned away: none fails. How long they take is printed, not judged."""
    gateway, alice = gateway_of(to=echo.address, limits=limits), foreign.issue("alice")
    with contextlib.ExitStack() as held:
        inside = []
        for _ in range(3):
            inside.append(held.enter_context(peers.python_client(gateway.port, foreign.cert, alice)))
            echo_time(inside[-1])  # its handshake is over for the gateway, too: few may run at a time
        rest = [echo_time(inside[n % 3]) for n in range(300)]
        opened = {record["id"] for record in gateway.records if record["record"] == "opened"}
        assert len(opened) == 3
        with Process([sys.executable, peers.CLIENTS / "flood.py", gateway.port]) as flood:
            flood.wait_line(lambda line: line == "turned away 1", "the first that is turned away")
            busy = []
            while len(busy) < 300 or not any(line == "turned away 300" for line in flood.lines):
                assert flood.child.poll() is None, flood.output
                busy.append(echo_time(inside[len(busy) % 3]))
            turned_away = len(flood.lines)
        print(f"{limits}: p99 of {len(rest)} echoes at rest {p99(rest)}, of {len(busy)} while {turned_away} were turned away {p99(busy)}")
        wait_until(lambda: any(record.get("code") == code for record in gateway.records), f"a record of {code}")
        assert all(echo_time(secure) for secure in inside)
        assert not [record for record in gateway.records if record["record"] == "closed"]
