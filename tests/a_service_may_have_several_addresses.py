"""`to` as a list: addresses are tried in their order, a failure moves on to the next, the record names them all, and the time
for all of it is bounded."""

import socket
import time

import pytest

from harness import peers
from harness.backend import Backend
from harness.pki import ForeignCA
from harness.process import PORTS
from harness.services import TlsService, plain_talk
from harness.symbolon import client_route, port, static_route


@pytest.fixture
def silent():
    """Addresses that neither answer nor refuse: listeners whose queue is full."""
    held = []

    def make():
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        held.append(listener)
        for _ in range(3):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            held.append(client)
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield make
    for one in held:
        one.close()


def nobody():
    return f"127.0.0.1:{PORTS.take()}"


def test_the_first_that_answers_serves(gateway_of, foreign):
    with Backend(greeting="one") as one, Backend(greeting="two") as two:
        gateway = gateway_of(to=[one.address, two.address])
        assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).stdout == "one\n"
        gateway = gateway_of(to=[nobody(), two.address, one.address])
        assert peers.curl(gateway.port, foreign.cert, foreign.issue("bob")).stdout == "two\n"
        reached = gateway.wait_record("reached")
        assert reached["service"] == two.address and "Connection refused" in reached["failed"]


def test_an_address_is_not_avoided_for_what_one_client_wants(symbolon, foreign):
    """The first service does not speak the protocol of one client; the next client is its own again."""
    with TlsService(foreign.server(), alpn=["two"]) as first, TlsService(foreign.server(), alpn=["one", "two"]) as second:
        listen = port()
        plain = static_route(listen, [f"localhost:{s.port}" for s in (first, second)], foreign.server(), [foreign.cert])
        route = {**plain, "alpn": ["one", "two"], "server": {"trust": [str(foreign.cert)]}}
        with symbolon.run(symbolon.configure({"threads": 1, "routes": [route]}), listen):
            for spoken, service in (("one", second), ("two", first)):
                context = peers.python_context(foreign.cert, foreign.issue("alice"))
                context.set_alpn_protocols([spoken])
                before = service.received
                with peers.python_client(listen, foreign.cert, context=context) as client:
                    client.sendall(b"hello")
                    assert client.recv(100) == b"hello"
                assert service.received == before + b"hello"


def test_a_silent_address_takes_only_its_share_of_the_time(gateway_of, foreign, silent):
    with Backend(greeting="two") as two:
        gateway = gateway_of(to=[silent(), two.address], connect_timeout="4s")
        begin = time.monotonic()
        assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).stdout == "two\n"
        assert time.monotonic() - begin > 1.5


def test_every_address_of_a_name_is_tried(gateway_of, foreign):
    """localhost is ::1 and 127.0.0.1 here, and the service listens on one of them."""
    with Backend(greeting="v4") as service:
        gateway = gateway_of(to=f"localhost:{service.port}")
        assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).stdout == "v4\n"


def test_all_failures_are_named_when_none_answers(gateway_of, foreign, silent):
    refusing, quiet = nobody(), silent()
    gateway = gateway_of(to=[refusing, quiet, "unix:/nowhere"], connect_timeout="2s")
    begin = time.monotonic()
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).status != 0
    assert time.monotonic() - begin < 15
    detail = gateway.wait_record("closed", reason="backend_unreachable")["detail"]
    for address in (refusing, quiet, "unix:/nowhere"):
        assert address in detail
    gateway = gateway_of(to=silent(), connect_timeout="1s")
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("bob")).status != 0
    gateway.wait_record("closed", reason="backend_timeout")


def test_a_server_that_is_not_the_right_one_is_passed_over(symbolon, foreign, tmp_path):
    other = ForeignCA(tmp_path / "other", "Other Root")
    with TlsService(other.server()) as wrong, TlsService(foreign.server()) as right:
        listen = port()
        route = client_route(listen, [f"localhost:{wrong.port}", f"localhost:{right.port}"], [foreign.cert])
        with symbolon.run(symbolon.configure([route]), listen) as gateway:
            assert plain_talk(listen, b"hello") == (b"hellodone", "end")
            gateway.wait_record("refused", "server_certificate_untrusted_issuer")
            assert gateway.wait_record("reached")["service"].startswith(f"localhost:{right.port}")
            assert wrong.received == b""


def test_a_list_is_not_empty(symbolon, foreign):
    route = static_route(port(), [], foreign.server(), [foreign.cert])
    symbolon.refused("config_bad_value", "config", "check", "--config", symbolon.configure([route]))
