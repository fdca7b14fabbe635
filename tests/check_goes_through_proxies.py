"""`symbolon check` through HTTP and SOCKS 5 proxies, with a PROXY protocol header, to Unix sockets and over IPv6."""

import json

import pytest

from harness import proxies
from harness.pki import ForeignCA
from harness.process import PORTS, Process
from harness.services import microsocks, s_server, tinyproxy
from harness.symbolon import Symbolon

PAIR = ("gate", "sesame1")


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return ForeignCA(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def alice(ca):
    return ca.issue("alice")


@pytest.fixture(scope="module")
def server(ca):
    """openssl s_server that demands a client certificate."""
    with s_server(ca.server(), ca.cert) as running:
        yield running


@pytest.fixture
def check(tmp_path, ca, alice):
    """check(endpoint, arguments...) -> the report, with alice's certificate"""
    symbolon = Symbolon(tmp_path / "s")

    def look(endpoint, *arguments):
        told = ["--ca", ca.cert, "--cert", alice.chain, "--key", alice.key, "--json", "--http"]
        outcome = symbolon("check", endpoint, *told, *arguments)
        assert outcome.stdout.startswith("{"), outcome
        return json.loads(outcome.stdout)

    look.symbolon = symbolon
    return look


def codes(report):
    return [finding["code"] for finding in report["findings"]]


@pytest.fixture(params=["http", "socks5"])
def proxy_of(request, tmp_path):
    """proxy_of(credentials) -> a running proxy; .url is what --proxy takes."""
    started = []

    def start(credentials=None):
        proxy = tinyproxy(tmp_path / "proxy", credentials) if request.param == "http" else microsocks(credentials)
        proxy.url = f"{request.param}://127.0.0.1:{proxy.port}"
        started.append(proxy)
        return proxy

    yield start
    for proxy in started:
        proxy.stop()


def secret(path, credentials):
    path.write_text(":".join(credentials) + "\n")
    path.chmod(0o600)
    return path


def test_through_a_proxy(check, proxy_of, server):
    proxy = proxy_of()
    report = check(f"localhost:{server.port}", "--proxy", proxy.url)
    assert report["outcome"] == "accepted" and report["server_verification"]["valid"], report
    assert report["way"]["proxy"] == proxy.url and report["address"] == ""


def test_with_credentials_that_nobody_sees(check, proxy_of, server, tmp_path):
    proxy, endpoint = proxy_of(PAIR), f"localhost:{server.port}"
    file = secret(tmp_path / "pair", PAIR)
    assert check(endpoint, "--proxy", proxy.url, "--proxy-credentials", file)["outcome"] == "accepted"
    for arguments in ([], ["--proxy-credentials", secret(tmp_path / "wrong", ("gate", "wrong"))]):
        report = check(endpoint, "--proxy", proxy.url, *arguments)
        assert codes(report) == ["proxy_authentication"] and report["outcome"] == "unreachable"
    file.chmod(0o644)
    check.symbolon.refused("key_file_exposed", "check", endpoint, "--proxy", proxy.url, "--proxy-credentials", file)
    shown = check.symbolon.refused("usage", "check", endpoint, "--proxy", proxy.url.replace("//", "//gate:sesame@"))
    assert "sesame" not in shown.output


def test_what_a_proxy_cannot_reach(check, proxy_of):
    report = check(f"127.0.0.1:{PORTS.take()}", "--proxy", proxy_of().url)
    assert codes(report) == ["proxy_refused"] and report["outcome"] == "unreachable"


@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_what_is_no_proxy(check, server, kind):
    nobody = check("mail.example:25", "--proxy", f"{kind}://127.0.0.1:{PORTS.take()}")
    assert codes(nobody) == ["connection_refused"] and "--proxy" in nobody["findings"][0]["remedy"]
    if kind == "http":  # of the three octets of SOCKS 5 that server awaits more
        other = check("mail.example:25", "--proxy", f"{kind}://127.0.0.1:{server.port}")
        assert codes(other)[0] in ("proxy_malformed", "proxy_refused") and other["outcome"] == "unreachable"


@pytest.fixture(scope="module")
def haproxy(ca, tmp_path_factory):
    """It demands a PROXY protocol header and a client certificate, and answers with whom the header named."""
    folder, port = tmp_path_factory.mktemp("haproxy"), PORTS.take()
    server = ca.server()
    pair = folder / "pair.pem"
    pair.write_text(server.chain.read_text() + server.key.read_text())
    bind = f"accept-proxy ssl crt {pair} ca-file {ca.cert} verify required"
    rules = 'http-request return status 200 content-type text/plain lf-string "%[src] to %[dst]:%[dst_port]\\n"'
    with proxies.haproxy(folder, port, rules, bind=bind) as running:
        running.port = port
        yield running


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_proxy_protocol_header_goes_first(check, haproxy, version):
    report = check(f"localhost:{haproxy.port}", "--proxy-protocol", version)
    assert report["outcome"] == "accepted" and report["way"]["proxy_protocol"] == version, report


def test_without_the_header_that_server_is_not_reached(check, haproxy):
    report = check(f"localhost:{haproxy.port}")
    assert report["outcome"] not in ("accepted", "likely_accepted"), report


def test_unix_sockets(check, ca, tmp_path):
    """Another proxy that demands a client certificate, on a port and a Unix socket."""
    path, port, server = tmp_path / "s.sock", PORTS.take(), ca.server()
    pair = tmp_path / "pair.pem"
    pair.write_text(server.chain.read_text() + server.key.read_text())
    bind = f"ssl crt {pair} ca-file {ca.cert} verify required"
    with proxies.haproxy(tmp_path / "haproxy", port, "http-request return status 200", bind=f"{bind}\n  bind unix@{path} {bind}"):
        report = check(f"unix:{path}", "--server-name", "localhost")
        assert report["outcome"] == "accepted" and report["server_verification"]["valid"], report
        check.symbolon.refused("usage", "check", f"unix:{path}", "--proxy", "http://127.0.0.1:3128")


def test_ipv6(check, ca):
    port, server = PORTS.take(), ca.server(names="IP:::1")
    command = ["openssl", "s_server", "-accept", f"[::1]:{port}", "-cert", server.cert, "-key", server.key, "-www"]
    with Process([*command, "-CAfile", ca.cert, "-Verify", "3", "-verify_return_error"]) as running:
        running.wait_listening(port)
        report = check(f"[::1]:{port}")
        assert report["outcome"] == "accepted" and report["server_verification"]["valid"], report
        assert report["address"] == f"[::1]:{port}"
