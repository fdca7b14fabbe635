"""Several routes on one port: the server name chooses certificate, trust and service, and a client of one route never gets
into another."""

import socketserver
import threading

import pytest

from harness import peers
from harness.backend import Backend
from harness.pki import ForeignCA
from harness.symbolon import port, static_route


@pytest.fixture
def two(symbolon, foreign, tmp_path):
    """Routes `a` and `b`, each with its own CA and service; clients without server name go to `a`."""
    other = ForeignCA(tmp_path / "b", "CA of B")
    with Backend(greeting="service a") as service_a, Backend(greeting="service b") as service_b:
        listen = port()
        server_a = foreign.server("a", names="DNS:a.example,DNS:x.wild.example,IP:127.0.0.1")
        server_b = foreign.server("b", names="DNS:b.example")
        routes = [
            static_route(
                listen, service_a.address, server_a, [foreign.cert], name="a", names=["a.example", "*.wild.example"]
            ),
            static_route(listen, service_b.address, server_b, [other.cert], name="b", names=["b.example"]),
        ]
        listeners = [{"listen": f"127.0.0.1:{listen}", "default_route": "a"}]
        config = symbolon.configure({"routes": routes, "listeners": listeners})
        with symbolon.run(config, listen) as running:
            running.port, running.a, running.b = listen, foreign.issue("alice"), other.issue("bob")
            yield running


def test_each_name_leads_to_its_service(two, foreign):
    assert peers.curl(two.port, foreign.cert, two.a, host="a.example").stdout == "service a\n"
    assert peers.curl(two.port, foreign.cert, two.b, host="b.example").stdout == "service b\n"
    assert peers.curl(two.port, foreign.cert, two.a, host="x.wild.example").stdout == "service a\n"
    assert {r["route"] for r in two.records if r["record"] == "opened"} == {"a", "b"}


def test_a_client_of_one_route_does_not_get_into_the_other(two, foreign):
    for client, host, route in ((two.a, "b.example", "b"), (two.b, "a.example", "a")):
        since = two.mark()
        assert peers.curl(two.port, foreign.cert, client, host=host).status != 0
        assert two.wait_record("refused", "client_certificate_untrusted_issuer", since)["route"] == route


def test_the_name_in_the_request_does_not_matter_once_the_route_is_chosen(two, foreign):
    """SNI says a, Host says b: it stays with a."""
    answer = peers.curl(two.port, foreign.cert, two.a, host="a.example", arguments=["-H", "Host: b.example"])
    assert answer.stdout == "service a\n"


def test_no_name_goes_to_the_default_route(two, foreign):
    answer = peers.s_client(two.port, foreign.cert, two.a, ["-quiet"], peers.HTTP_REQUEST, host=None)
    assert "service a" in answer.stdout


def test_an_unknown_name_is_told_so_and_names_have_no_case(two, foreign):
    assert peers.alert_of(peers.s_client(two.port, foreign.cert, two.a, host="c.example")) == 112
    two.wait_record("refused", "unrecognized_name")
    answer = peers.s_client(two.port, foreign.cert, two.a, ["-quiet"], peers.HTTP_REQUEST, host="A.Example")
    assert "service a" in answer.stdout


def test_no_name_without_a_default_route_is_refused(gateway_of, foreign):
    gateway = gateway_of(names=["localhost"])
    assert peers.alert_of(peers.s_client(gateway.port, foreign.cert, foreign.issue("alice"), host=None)) == 112
    gateway.wait_record("refused", "unrecognized_name")


def test_the_service_may_stand_behind_a_unix_socket(gateway_of, foreign, tmp_path):
    class Answer(socketserver.StreamRequestHandler):
        def handle(self):
            self.rfile.readline()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nunix\n")

    path = tmp_path / "app.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), Answer) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        gateway = gateway_of(to=f"unix:{path}")
        assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).stdout == "unix\n"
        service.shutdown()
