"""`proxy_protocol`: before the first octet the service is told who the client is, in a form that HAProxy, nginx, Apache and
Varnish read; what cannot be told ends the connection."""

import hashlib
import re
import socket
import ssl

import pytest

from harness import peers, proxies
from harness.process import run
from harness.symbolon import static_route


@pytest.fixture
def reader():
    with proxies.Reader() as running:
        yield running


def headers_of(answer):
    """`curl -i`: {name: value}."""
    lines = answer.stdout.splitlines()
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:]) if value}


def port_of(text):
    return int(text.rpartition(":")[2])


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_service_gets_it_all_before_the_first_octet(gateway_of, foreign, reader, version):
    alice = foreign.issue("alice", names="URI:spiffe://example.com/alice")
    gateway = gateway_of(to=reader.address, proxy_protocol="v2")
    answer = peers.curl(gateway.port, foreign.cert, alice, arguments=["--tlsv" + version, "--tls-max", version])
    assert answer.stdout == "ok", answer
    header, rest = proxies.parse_v2(reader.wait())
    opened = gateway.wait_record("opened")
    assert rest.startswith(b"GET / HTTP/1.1\r\n")
    assert header["source"] == opened["peer"] and header["destination"] == f"127.0.0.1:{gateway.port}"
    assert header["command"] == 0x21 and header["client"] == 0x07 and header["verify"] == 0
    assert header["version"] == b"TLSv" + version.encode() and header["cipher"] == opened["cipher"].encode()
    assert header["cn"] == b"alice" and header["authority"] == b"localhost"
    assert hashlib.sha256(header["certificate"]).hexdigest() == alice.fingerprint
    seen = run(["openssl", "x509", "-inform", "DER", "-noout", "-ext", "subjectAltName"], input=header["certificate"])
    assert "URI:spiffe://example.com/alice" in seen.stdout
    assert "crc32c" not in header and "group" not in header  # on request only


def test_an_anonymous_client_is_told_apart(gateway_of, foreign, reader):
    gateway = gateway_of(to=reader.address, proxy_protocol="v2", clients={"verify": "optional"})
    assert peers.curl(gateway.port, foreign.cert).stdout == "ok"
    header, _ = proxies.parse_v2(reader.wait())
    assert header["client"] == 0x01 and header["verify"] == 1
    assert "cn" not in header and "certificate" not in header


def test_fields_are_chosen(gateway_of, foreign, reader):
    send = ["group", "signature_algorithm", "key_algorithm", "unique_id", "crc32c"]
    gateway = gateway_of(to=reader.address, proxy_protocol={"send": send})
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).stdout == "ok"
    header, _ = proxies.parse_v2(reader.wait())
    opened = gateway.wait_record("opened")
    assert header["signature_algorithm"] == b"ecdsa-with-SHA256" and header["key_algorithm"] == b"EC256"
    assert header["group"] == opened["group"].encode() and header["unique_id"] == opened["id"].encode()
    assert header["client"] == 0x07 and len(header["crc32c"]) == 4
    assert not {"cn", "certificate", "authority", "cipher"} & header.keys()


def test_version_1_tells_the_addresses(gateway_of, foreign, reader):
    gateway = gateway_of(to=reader.address, proxy_protocol="v1")
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).stdout == "ok"
    line, _, rest = reader.wait().partition(b"\r\n")
    source = port_of(gateway.wait_record("opened")["peer"])
    assert line == f"PROXY TCP4 127.0.0.1 127.0.0.1 {source} {gateway.port}".encode()
    assert rest.startswith(b"GET / ")


@pytest.mark.parametrize(
    "protocol", ["v1", "v2", {"send": ["ssl", "cn", "certificate", "authority", "unique_id", "crc32c"]}], ids=str
)
def test_haproxy_reads_it(gateway_of, foreign, tmp_path, protocol):
    port = proxies.free_port()
    rules = (
        "http-request return status 200 content-type text/plain"
        ' lf-string "%[src]:%[src_port] %[fc_pp_authority] %[fc_pp_unique_id]"'
    )
    with proxies.haproxy(tmp_path / "h", port, rules, bind="accept-proxy"):
        gateway = gateway_of(to=f"127.0.0.1:{port}", proxy_protocol=protocol)
        answer = peers.curl(gateway.port, foreign.cert, foreign.issue("alice"))
        opened = gateway.wait_record("opened")
        authority = "" if protocol == "v1" else "localhost"
        unique = opened["id"] if isinstance(protocol, dict) else ""
        assert answer.stdout.split(" ") == [opened["peer"], authority, unique], answer


@pytest.mark.parametrize("protocol", ["v1", {"send": ["ssl", "cn"]}], ids=str)
def test_nginx_reads_it(gateway_of, foreign, tmp_path, protocol):
    port = proxies.free_port()
    with proxies.nginx(tmp_path / "n", port):
        gateway = gateway_of(to=f"127.0.0.1:{port}", proxy_protocol=protocol)
        answer = peers.curl(gateway.port, foreign.cert, foreign.issue("alice"))
        assert answer.stdout == gateway.wait_record("opened")["peer"] + "\n", answer


@pytest.mark.parametrize("protocol", ["v1", {"send": ["ssl", "cn", "cipher"]}], ids=str)
def test_apache_reads_it(gateway_of, foreign, tmp_path, protocol):
    """Of a client that came through a proxy, so that the address is not the gateway's own."""
    port = proxies.free_port()
    with proxies.apache_remoteip(tmp_path / "a", port):
        listener = {"accept_proxy_from": ["127.0.0.1"]}
        gateway = gateway_of(to=f"127.0.0.1:{port}", proxy_protocol=protocol, listener=listener)
        line = b"PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\n"
        with peers.python_client(gateway.port, foreign.cert, foreign.issue("alice"), before=line) as secure:
            secure.sendall(peers.HTTP_REQUEST)
            answer = b""
            while piece := secure.recv(65536):
                answer += piece
        assert b"X-Seen: 203.0.113.7\r\n" in answer, answer


def test_varnish_reads_every_field(gateway_of, foreign, tmp_path):
    port = proxies.free_port()
    with proxies.varnish(tmp_path / "v", port):
        everything = ["ssl", "cn", "cipher", "certificate", "group", "signature_algorithm", "key_algorithm"]
        gateway = gateway_of(
            to=f"127.0.0.1:{port}",
            proxy_protocol={"send": [*everything, "alpn", "authority", "unique_id", "crc32c"]},
            alpn=["http/1.1"],
        )
        answer = peers.curl(gateway.port, foreign.cert, foreign.issue("alice"), arguments=["-iv"])
        seen, opened = headers_of(answer), gateway.wait_record("opened")
        accepted = re.search(r"ALPN[,:] server accepted (?:to use )?(\S+)", answer.stderr)
        assert accepted and seen["x-alpn"] == opened["alpn"] == accepted[1] == "http/1.1", answer
        assert seen["x-source"] == "127.0.0.1" and seen["x-authority"] == "localhost", answer
        assert [seen[name] for name in ("x-ssl", "x-conn", "x-sess")] == ["true"] * 3 and seen["x-verify"] == "0"
        assert seen["x-version"] == "TLSv1.3" and seen["x-cn"] == "alice" and seen["x-cipher"] == opened["cipher"]
        assert seen["x-sign"] == "ecdsa-with-SHA256" and seen["x-key"] == "EC256"


def test_what_does_not_fit_is_not_forwarded(gateway_of, foreign, reader):
    """A certificate that fits into a handshake (64 KiB) and, with the rest, just not into a header (65,535 octets)."""

    def with_octets(count):
        extensions = ["basicConstraints = critical, CA:FALSE", "keyUsage = critical, digitalSignature"]
        extensions += ["extendedKeyUsage = clientAuth", "1.2.3.4 = ASN1:UTF8String:" + "x" * count]
        return foreign.issue(f"big-{count}", extensions=extensions)

    fits = with_octets(60000)
    size = len(ssl.PEM_cert_to_DER_cert(fits.cert.read_text()))
    gateway = gateway_of(to=reader.address, proxy_protocol="v2")
    assert peers.curl(gateway.port, foreign.cert, fits).stdout == "ok"
    too_large = with_octets(60000 + 65500 - size)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without CAs: it would add the root to what it presents
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(str(too_large.cert), str(too_large.key))
    since = gateway.mark()
    with peers.python_client(gateway.port, foreign.cert, context=context) as secure:
        assert secure.recv(1) == b""
    opened = gateway.wait_record("opened", since=since)
    assert gateway.wait_record("closed", since=since, id=opened["id"])["reason"] == "identity_not_forwarded"
    assert len(reader.seen) == 1
    assert peers.curl(gateway.port, foreign.cert, fits).stdout == "ok"


def test_the_service_behind_a_unix_socket_gets_it_too(gateway_of, foreign, tmp_path):
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        gateway = gateway_of(to=f"unix:{path}", proxy_protocol="v2")
        with peers.python_client(gateway.port, foreign.cert, foreign.issue("alice")) as secure:
            secure.sendall(b"x")
            connection, _ = server.accept()
            with connection:
                connection.settimeout(20)
                data = b""
                while not data.endswith(b"x"):
                    data += connection.recv(65536)
        header, rest = proxies.parse_v2(data)
        assert rest == b"x" and header["cn"] == b"alice" and header["family"] == 0x11


def test_it_goes_before_tls_to_a_service_that_speaks_tls(gateway_of, foreign, tmp_path):
    """HAProxy with `accept-proxy ssl` reads the header first, then TLS, and judges the gateway's certificate itself."""
    port, server = proxies.free_port(), foreign.server("service", names="DNS:service.example")
    pem = tmp_path / "service.pem"
    pem.write_text(server.chain.read_text() + server.key.read_text())
    rules = 'http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[ssl_c_s_dn(cn)]"'
    bind = f"accept-proxy ssl crt {pem} ca-file {foreign.cert} verify required"
    with proxies.haproxy(tmp_path / "h", port, rules, bind=bind):
        shown = foreign.issue("gateway")
        service = {
            "certificate": {"cert": str(shown.chain), "key": str(shown.key)},
            "trust": [str(foreign.cert)],
            "name": "service.example",
        }
        gateway = gateway_of(to=f"127.0.0.1:{port}", server_side=service, proxy_protocol="v2")
        answer = peers.curl(gateway.port, foreign.cert, foreign.issue("alice"))
        assert answer.stdout.split(" ") == [gateway.wait_record("opened")["peer"], "gateway"], answer


def test_a_service_that_reads_no_header_is_not_sent_one(gateway_of, foreign, reader):
    gateway = gateway_of(to=reader.address)
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("alice")).stdout == "ok"
    assert reader.wait().startswith(b"GET / ")


def test_a_misspelt_field_stops_the_start(symbolon, foreign, reader):
    route = static_route(proxies.free_port(), reader.address, foreign.server(), [foreign.cert])
    for wrong in ("v3", {"send": ["cert"]}, {"version": "v2"}):
        config = symbolon.configure([{**route, "proxy_protocol": wrong}])
        assert symbolon("config", "check", "--config", config).status == 3
