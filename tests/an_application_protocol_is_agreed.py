"""ALPN (RFC 7301): a route's list is negotiated with the client, and what was agreed on is offered to a TLS service."""

import pytest

from harness import peers
from harness.services import TlsService, plain_talk
from harness.symbolon import client_route, port, static_route


def curl(gateway, foreign, *arguments):
    written = ["-o", "/dev/null", "-w", "%{http_version}", *arguments]
    return peers.curl(gateway.port, foreign.cert, foreign.issue("alice"), arguments=written)


def protocol_of(gateway, foreign, offered):
    context = peers.python_context(foreign.cert, foreign.issue("alice"))
    context.set_alpn_protocols(offered)
    with peers.python_client(gateway.port, foreign.cert, context=context) as client:
        client.sendall(peers.HTTP_REQUEST)
        assert client.recv(10)
        return client.selected_alpn_protocol()


def test_the_routes_preference_decides(gateway_of, foreign):
    gateway = gateway_of(alpn=["http/1.1", "http/1.0"])
    assert protocol_of(gateway, foreign, ["h2", "http/1.0", "http/1.1"]) == "http/1.1"
    gateway.wait_record("opened", alpn="http/1.1")
    assert curl(gateway, foreign).stdout == "1.1"  # curl offers h2, too


def test_without_a_list_the_offer_is_ignored(gateway_of, foreign):
    gateway = gateway_of()
    assert protocol_of(gateway, foreign, ["h2", "http/1.1"]) is None
    assert "alpn" not in gateway.wait_record("opened")


def test_nothing_in_common_is_told(gateway_of, foreign, backend):
    gateway = gateway_of(alpn=["http/1.1"])
    refused = peers.s_client(gateway.port, foreign.cert, foreign.issue("alice"), ["-alpn", "imap,pop3"])
    assert peers.alert_of(refused) == 120
    assert "'imap', 'pop3'" in gateway.wait_record("refused", "no_application_protocol")["detail"]
    assert backend.connections == 0


def test_what_was_agreed_on_is_offered_to_the_service(symbolon, foreign):
    with TlsService(foreign.server(), alpn=["two", "one"]) as service:
        listen = port()
        to = f"localhost:{service.port}"
        section = {"trust": [str(foreign.cert)]}
        plain = static_route(listen, to, foreign.server(), [foreign.cert], alpn=["one", "two"])
        route = {**plain, "server": section}
        with symbolon.run(symbolon.configure([route]), listen) as gateway:
            context = peers.python_context(foreign.cert, foreign.issue("alice"))
            context.set_alpn_protocols(["two", "one"])
            with peers.python_client(listen, foreign.cert, context=context) as client:
                client.sendall(b"hello")
                assert client.recv(100) == b"hello" and client.selected_alpn_protocol() == "one"
            assert service.peers[-1][1] == "one"
            gateway.wait_record("reached", alpn="one")


def test_a_plain_clients_route_offers_what_it_says(symbolon, foreign):
    with TlsService(foreign.server(), alpn=["postgresql"]) as service:
        for offered, agreed in (({"alpn": ["postgresql"]}, "postgresql"), ({}, None)):
            listen = port()
            route = client_route(listen, f"localhost:{service.port}", [foreign.cert], server=offered)
            with symbolon.run(symbolon.configure([route]), listen):
                assert plain_talk(listen, b"hello") == (b"hellodone", "end")
            assert service.peers[-1][1] == agreed


@pytest.mark.parametrize("spoken", [["two"], []])
def test_a_service_that_agrees_on_something_else_is_refused(symbolon, foreign, spoken):
    with TlsService(foreign.server(), alpn=spoken) as service:
        listen = port()
        plain = static_route(listen, f"localhost:{service.port}", foreign.server(), [foreign.cert], alpn=["one", "two"])
        route = {**plain, "server": {"trust": [str(foreign.cert)]}}
        with symbolon.run(symbolon.configure([route]), listen) as gateway:
            context = peers.python_context(foreign.cert, foreign.issue("alice"))
            context.set_alpn_protocols(["one"])
            with peers.python_client(listen, foreign.cert, context=context) as client:
                assert client.recv(100) == b""
            gateway.wait_record("refused", "no_application_protocol")
            gateway.wait_record("closed", reason="no_application_protocol")


def test_two_lists_do_not_start(symbolon, foreign):
    plain = static_route(port(), "localhost:1", foreign.server(), [foreign.cert], alpn=["one"])
    route = {**plain, "server": {"trust": [str(foreign.cert)], "alpn": ["one"]}}
    symbolon.refused("config_bad_value", "config", "check", "--config", symbolon.configure([route]))


@pytest.mark.parametrize("alpn", [[], [""], ["x" * 256], ["h 2"], "h2"])
def test_what_is_no_protocol_does_not_start(symbolon, foreign, alpn):
    route = static_route(port(), "127.0.0.1:1", foreign.server(), [foreign.cert], alpn=alpn)
    outcome = symbolon("config", "check", "--config", symbolon.configure([route]))
    assert outcome.status == 3, outcome
