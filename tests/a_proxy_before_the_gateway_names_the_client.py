"""`accept_proxy_from`: from these sources a PROXY protocol header is required, from others it is never read; whom it names
is the client for records and limits."""

import socket

import pytest

from harness import peers, proxies
from harness.process import wait_until
from harness.symbolon import port, static_route

HAPROXY_PROTOCOL = ["--haproxy-protocol"]  # curl's, version 1


@pytest.fixture
def behind(gateway_of):
    """behind([networks], ...) -> a gateway that accepts headers from them."""

    def start(networks, **more):
        return gateway_of(listener={"accept_proxy_from": networks}, **more)

    return start


def send(listen, octets):
    """What comes back when the connection begins with these octets, until its end."""
    with socket.create_connection(("127.0.0.1", listen), timeout=20) as plain:
        plain.sendall(octets)
        answer = b""
        while piece := plain.recv(65536):
            answer += piece
    return answer


def test_curl_names_itself_with_version_1(behind, foreign):
    gateway = behind(["127.0.0.0/8"])
    answer = peers.curl(gateway.port, foreign.cert, foreign.issue("alice"), arguments=HAPROXY_PROTOCOL)
    assert answer.stdout == "hello from the backend\n", answer
    opened = gateway.wait_record("opened")
    assert opened["peer"] == opened["proxy"]  # curl says its own address


@pytest.mark.parametrize("options", ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id"])
def test_haproxy_passes_the_client_on(behind, foreign, tmp_path, options):
    gateway = behind(["127.0.0.1"])
    front = proxies.free_port()
    backend = f"backend b\n  server s 127.0.0.1:{gateway.port} {options}"
    with proxies.haproxy(
        tmp_path / "h", front, "unique-id-format id-%rt\n  default_backend b", mode="tcp", backend=backend
    ):
        context = peers.python_context(foreign.cert, foreign.issue("alice"))
        with peers.python_client(front, foreign.cert, context=context) as secure:
            assert peers.http_over(secure) == "hello from the backend"
            client = "%s:%d" % secure.getsockname()[:2]
    opened = gateway.wait_record("opened")
    assert opened["peer"] == client and opened["proxy"] != client


def test_a_health_check_of_haproxy_is_borne(behind, foreign, tmp_path):
    """`check-send-proxy` sends LOCAL: HAProxy speaks for itself, then ends the connection."""
    gateway = behind(["127.0.0.1"])
    front = proxies.free_port()
    backend = f"backend b\n  server s 127.0.0.1:{gateway.port} send-proxy-v2 check check-send-proxy inter 100ms"
    with proxies.haproxy(tmp_path / "h", front, "default_backend b", mode="tcp", backend=backend):
        check = gateway.wait_record("refused")
        assert check["code"] in ("handshake_closed", "handshake_reset") and "proxy" not in check
        with peers.python_client(front, foreign.cert, foreign.issue("alice")) as secure:
            assert peers.http_over(secure) == "hello from the backend"


@pytest.mark.parametrize("source, text", [("203.0.113.7", "203.0.113.7:4711"), ("2001:db8::7", "[2001:db8::7]:4711")])
def test_records_name_both(behind, foreign, source, text):
    gateway = behind(["127.0.0.1"])
    family, other = ("TCP6", "2001:db8::1") if ":" in source else ("TCP4", "198.51.100.1")
    line = f"PROXY {family} {source} {other} 4711 443\r\n".encode()
    with peers.python_client(gateway.port, foreign.cert, foreign.issue("alice"), before=line) as secure:
        assert peers.http_over(secure) == "hello from the backend"
    opened = gateway.wait_record("opened")
    assert opened["peer"] == text and opened["proxy"].startswith("127.0.0.1:")
    since = gateway.mark()
    with peers.python_client(gateway.port, foreign.cert, foreign.issue("old", days=(-9, -2)), before=line) as secure:
        with pytest.raises(OSError):
            secure.recv(1)
    assert gateway.wait_record("refused", "client_certificate_expired", since)["peer"] == text


def test_whom_it_names_is_passed_on(behind, foreign):
    with proxies.Reader() as reader:
        gateway = behind(["127.0.0.1"], to=reader.address, proxy_protocol="v2")
        line = b"PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\n"
        with peers.python_client(gateway.port, foreign.cert, foreign.issue("alice"), before=line) as secure:
            secure.sendall(peers.HTTP_REQUEST)
            assert secure.recv(1)
        header, _ = proxies.parse_v2(reader.wait())
        assert header["source"] == "203.0.113.7:4711" and header["destination"] == "198.51.100.1:443"


def test_from_others_it_is_never_read(behind, foreign, backend):
    gateway = behind(["192.0.2.0/24", "2001:db8::/32"])
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).status == 0
    since = gateway.mark()
    answer = peers.curl(gateway.port, foreign.cert, foreign.issue("bob"), arguments=HAPROXY_PROTOCOL)
    assert answer.status != 0
    assert gateway.wait_record("refused", "not_tls", since)["peer"].startswith("127.0.0.1:")


def test_without_it_a_proxy_is_refused(behind, foreign, backend):
    gateway = behind(["127.0.0.1"])
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).status != 0
    gateway.wait_record("refused", "proxy_header_malformed")
    assert backend.connections == 0


@pytest.mark.parametrize(
    "octets",
    [
        b"PROXY TCP4 203.0.113.7 198.51.100.1 4711\r\n",
        b"PROXY TCP4 203.0.113.7 198.51.100.1 04711 443\r\n",
        b"PROXY " + b"x" * 101,
        b"\r\n\r\n\x00\r\nQUIT\n\x11\x11\x00\x00",
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0b" + bytes(11),
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x13" + bytes(12) + b"\x03\x00\x04\x00\x00\x00\x00",
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff" + bytes(100),
    ],
    ids=["word missing", "leading zero", "endless line", "version 1 in 2", "short", "checksum", "64 KiB"],
)
def test_a_malformed_one_is_refused(behind, octets, backend):
    gateway = behind(["127.0.0.1"])
    assert send(gateway.port, octets) == b""
    gateway.wait_record("refused", "proxy_header_malformed")
    assert backend.connections == 0


def test_a_late_one_is_refused(behind):
    gateway = behind(["127.0.0.1"], handshake_timeout="1s")
    assert send(gateway.port, b"PROXY TCP4 203.0.113.7") == b""
    gateway.wait_record("refused", "proxy_header_timeout")


def test_it_may_come_with_what_follows_or_octet_by_octet(behind, foreign):
    gateway, alice = behind(["127.0.0.1"]), foreign.issue("alice")
    binary = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x07\xc6\x33\x64\x01\x12\x67\x01\xbb"
    for header in (binary, b"PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\n"):
        with peers.python_client(gateway.port, foreign.cert, alice, before=header) as secure:
            assert peers.http_over(secure) == "hello from the backend"
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for octet in header:
                plain.send(bytes([octet]))
            with peers.python_context(foreign.cert, alice).wrap_socket(plain, server_hostname="localhost") as secure:
                assert peers.http_over(secure) == "hello from the backend"
    wait_until(lambda: sum(r.get("peer") == "203.0.113.7:4711" and r["record"] == "opened" for r in gateway.records) == 4, "4 records")


def test_limits_count_the_real_source(behind, foreign):
    gateway, alice = behind(["127.0.0.1"], limits={"connections_per_source": 1}), foreign.issue("alice")

    def client(source):
        line = f"PROXY TCP4 {source} 198.51.100.1 4711 443\r\n".encode()
        return peers.python_client(gateway.port, foreign.cert, alice, before=line)

    with client("203.0.113.7") as first, client("203.0.113.8") as second:
        assert peers.http_over(first) == peers.http_over(second) == "hello from the backend"
        with pytest.raises(OSError), client("203.0.113.7"):
            pass
        assert gateway.wait_record("refused", "source_connection_limit")["peer"] == "203.0.113.7:4711"


def test_who_believes_everybody_says_so(symbolon, foreign, backend):
    route = static_route(port(), backend.address, foreign.server(), [foreign.cert])

    def checked(networks):
        listeners = [{"listen": route["listen"], "accept_proxy_from": networks}]
        return symbolon("config", "check", "--config", symbolon.configure({"routes": [route], "listeners": listeners}))

    assert checked(["0.0.0.0/0"]).status == 3 and "insecure_anybody" in checked(["::/0"]).stderr
    assert checked(["192.0.2.1/24"]).status == 3  # bits beyond the prefix
    assert checked([]).status == 3
    allowed = checked(["insecure_anybody"])
    assert allowed.status == 0 and "insecure_anybody" in allowed.output
