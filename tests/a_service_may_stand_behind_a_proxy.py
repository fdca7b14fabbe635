"""HTTP CONNECT and SOCKS 5 on the way to the service: real proxies, plain services and TLS servers."""

import contextlib
import socket
import threading

import pytest

from harness import peers
from harness.pki import ForeignCA
from harness.process import PORTS
from harness.services import TlsService, microsocks, plain_talk, s_server, tinyproxy
from harness.symbolon import client_route, port, static_route

PAIR = ("gate", "open sesame:1")


@pytest.fixture(params=["http_connect", "socks5"])
def proxy_of(request, tmp_path):
    """proxy_of(credentials) -> a running proxy; .via is its section of the configuration."""
    started = []

    def start(credentials=None):
        folder = tmp_path / f"proxy{len(started)}"
        proxy = tinyproxy(folder, credentials) if request.param == "http_connect" else microsocks(credentials)
        started.append(proxy)
        proxy.kind = request.param
        proxy.via = {request.param: f"127.0.0.1:{proxy.port}"}
        if credentials:
            proxy.via["credentials"] = str(secret(tmp_path / f"credentials{len(started)}", credentials))
        return proxy

    yield start
    for proxy in started:
        proxy.stop()


def secret(path, credentials):
    path.write_text(":".join(credentials) + "\n")
    path.chmod(0o600)
    return path


def test_a_plain_service(proxy_of, gateway_of, backend, foreign):
    proxy = proxy_of()
    gateway = gateway_of(to=f"localhost:{backend.port}", via=proxy.via)
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).stdout == "hello from the backend\n"
    assert gateway.wait_record("opened")
    proxy.wait_line(lambda line: "localhost" in line or str(backend.port) in line, "the proxy's log")  # it has the name


@pytest.mark.parametrize("pair", [None, PAIR[:1] + ("secret",)])
def test_a_tls_server(proxy_of, symbolon, foreign, pair):
    proxy = proxy_of(pair)
    with s_server(foreign.server(), foreign.cert) as server:
        listen = port()
        identity = foreign.issue("gateway")
        route = client_route(listen, f"localhost:{server.port}", [foreign.cert], identity, via=proxy.via)
        with symbolon.run(symbolon.configure([route]), listen) as gateway:
            answer, _ = plain_talk(listen, peers.HTTP_REQUEST, shut=False)
            assert b"Verify return code: 0 (ok)" in answer
            reached = gateway.wait_record("reached")
            assert reached["service"] == f"localhost:{server.port} via 127.0.0.1:{proxy.port}"


def test_the_server_is_judged_all_the_same(proxy_of, symbolon, foreign, tmp_path):
    other = ForeignCA(tmp_path / "other", "Other Root")
    with TlsService(other.server()) as service:
        listen = port()
        route = client_route(listen, f"localhost:{service.port}", [foreign.cert], via=proxy_of().via)
        with symbolon.run(symbolon.configure([route]), listen) as gateway:
            assert plain_talk(listen, b"secret", shut=False) == (b"", "end")
            gateway.wait_record("refused", "server_certificate_untrusted_issuer")
            assert service.received == b""


def test_wrong_credentials(proxy_of, gateway_of, foreign, backend, tmp_path):
    proxy = proxy_of(("gate", "right"))
    for via in ({**proxy.via, "credentials": str(secret(tmp_path / "wrong", ("gate", "wrong")))},
                {proxy.kind: proxy.via[proxy.kind]}):
        gateway = gateway_of(to=backend.address, via=via)
        assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).status != 0
        gateway.wait_record("closed", reason="proxy_authentication")
        assert backend.connections == 0


def test_a_service_that_the_proxy_cannot_reach(proxy_of, gateway_of, foreign):
    gateway = gateway_of(to=f"127.0.0.1:{PORTS.take()}", via=proxy_of().via)
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).status != 0
    gateway.wait_record("closed", reason="proxy_refused")


def test_a_proxy_that_is_not_there(gateway_of, foreign, backend):
    gateway = gateway_of(to=backend.address, via={"socks5": f"127.0.0.1:{PORTS.take()}"})
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).status != 0
    gateway.wait_record("closed", reason="backend_unreachable")


@contextlib.contextmanager
def answering(octets):
    """Something that says this to whoever connects, and then nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held = []

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    held.append(listener.accept()[0])
                    held[-1].sendall(octets)

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        for one in held:
            one.close()


@pytest.mark.parametrize(
    "kind, octets, reason",
    [
        ("http_connect", b"SSH-2.0-OpenSSH_9.2\r\n", "proxy_malformed"),
        ("http_connect", b"HTTP/1.1 100 x\r\n\r\n" * 2000, "proxy_malformed"),
        ("http_connect", b"HTTP/1.1 200 OK\r\n", "backend_timeout"),
        ("socks5", b"HTTP/1.1 400 Bad Request\r\n", "proxy_malformed"),
        ("socks5", b"\x05", "backend_timeout"),
    ],
)
def test_what_is_no_proxy(gateway_of, foreign, backend, kind, octets, reason):
    with answering(octets) as port_of_it:
        gateway = gateway_of(to=backend.address, via={kind: f"127.0.0.1:{port_of_it}"}, connect_timeout="1s")
        assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).status != 0
        gateway.wait_record("closed", reason=reason)


def test_a_service_that_speaks_first_loses_nothing(gateway_of, foreign):
    """What comes in one segment with the proxy's answer belongs to the service."""
    with answering(b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n220 ready\r\n") as proxy:
        gateway = gateway_of(to="mail.example:25", via={"http_connect": f"127.0.0.1:{proxy}"})
        with peers.python_client(gateway.port, foreign.cert, foreign.issue("alice")) as client:
            assert client.recv(100) == b"220 ready\r\n"


def test_credentials_that_others_can_read_stop_the_start(symbolon, foreign, tmp_path):
    file = secret(tmp_path / "open", PAIR)
    file.chmod(0o644)
    via = {"socks5": "127.0.0.1:1080", "credentials": str(file)}
    route = static_route(port(), "127.0.0.1:1", foreign.server(), [foreign.cert], via=via)
    symbolon.refused("key_file_exposed", "run", "--config", symbolon.configure([route]))
    file.chmod(0o600)
    file.write_text("without a colon\n")
    symbolon.refused("config_bad_value", "run", "--config", symbolon.configure([route]))
