"""Backends that vanish, refuse, stall, reset or answer by half: the client's connection ends, the record says why, and nobody else
notices."""

import pytest

from harness import peers
from harness.attack import BadService, answer_half, reset, stall, vanish
from harness.symbolon import port, static_route


@pytest.fixture
def beside(symbolon, foreign, backend):
    """beside(address of a bad service): a gateway with the routes `bad` and `good`."""
    started = []

    def begin(bad, **changes):
        listen, good = port(), port()
        server = foreign.server()
        config = symbolon.configure(
            [
                static_route(listen, bad, server, [foreign.cert], name="bad", **changes),
                static_route(good, backend.address, server, [foreign.cert], name="good"),
            ]
        )
        running = symbolon.run(config, listen, good)
        started.append(running)
        running.port, running.good = listen, good
        return running

    yield begin
    for running in started:
        running.stop()


def asks(running, foreign, alice):
    """What curl makes of the bad route; the good one answers meanwhile and afterwards."""
    outcome = peers.curl(running.port, foreign.cert, alice)
    assert peers.curl(running.good, foreign.cert, alice).status == 0
    return outcome


@pytest.mark.parametrize(
    "behave, reasons",
    # Of half an answer curl 8 has had enough: it hangs up without close_notify.
    [(vanish, ["connection_ended"]), (reset, ["backend_unreachable"]), (answer_half, ["connection_ended", "truncated"])],
    ids=["vanish", "reset", "answer half"],
)
def test_one_that_ends_early(beside, foreign, alice, behave, reasons):
    with BadService(behave) as service:
        running = beside(service.address)
        for _ in range(3):
            since = running.mark()
            assert asks(running, foreign, alice).status != 0
            assert running.wait_record("closed", since=since, route="bad")["reason"] in reasons


def test_one_that_refuses(beside, foreign, alice):
    running = beside(f"127.0.0.1:{port()}")
    assert asks(running, foreign, alice).status != 0
    assert running.wait_record("closed", route="bad")["reason"] == "backend_unreachable"


def test_one_that_stalls_after_it_accepted(beside, foreign, alice):
    with BadService(stall) as service:
        running = beside(service.address, idle_timeout="1s")
        assert asks(running, foreign, alice).status != 0
        assert running.wait_record("closed", route="bad")["reason"] == "connection_idle"


def test_one_that_never_accepts(beside, foreign, alice, tmp_path):
    """Its backlog is full: connecting takes no end."""
    import socket

    path = tmp_path / "full.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        waiting = []
        try:
            while True:
                one = socket.socket(socket.AF_UNIX)
                one.setblocking(False)
                waiting.append(one)
                one.connect(str(path))
        except BlockingIOError:
            pass
        running = beside(f"unix:{path}", connect_timeout="1s")
        assert asks(running, foreign, alice).status != 0
        assert running.wait_record("closed", route="bad")["reason"] in ("backend_timeout", "backend_unreachable")
        for one in waiting:
            one.close()


def test_one_that_comes_back_is_used_again(beside, foreign, alice):
    from harness.backend import Backend

    address = port()
    running = beside(f"127.0.0.1:{address}")
    assert asks(running, foreign, alice).status != 0
    with Backend(greeting="back again", port=address):
        assert asks(running, foreign, alice).stdout == "back again\n"
    assert asks(running, foreign, alice).status != 0
