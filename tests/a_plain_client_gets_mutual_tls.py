"""A route that listens in plain and dials TLS: it shows its certificate, admits the right server and no other, and says why."""


import pytest

from harness import peers
from harness.pki import ForeignCA
from harness.process import run
from harness.services import TlsService, nginx, plain_talk, s_server
from harness.symbolon import client_route, port, static_route


@pytest.fixture
def dialling(symbolon, foreign):
    """dialling(to, **options of client_route) -> Running with .port; it holds a client certificate of the foreign CA."""
    started = []

    def start(to, trust=None, certificate=None, **more):
        listen = port()
        certificate = certificate or foreign.issue("gateway", names="DNS:gateway.example")
        route = client_route(listen, to, trust or [foreign.cert], certificate, **more)
        config = symbolon.configure([route], file=f"{listen}.yaml")  # its own: a running one follows changes
        running = symbolon.run(config, listen)
        running.port = listen
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()


def curl(port):
    return run(["curl", "-sS", "--max-time", "20", "--noproxy", "*", f"http://127.0.0.1:{port}/"])


def test_openssl_sees_our_certificate(dialling, foreign):
    with s_server(foreign.server(), foreign.cert) as server:
        gateway = dialling(f"localhost:{server.port}")
        answer = curl(gateway.port)
        assert answer.status == 0 and "Verify return code: 0 (ok)" in answer.stdout, answer
        reached = gateway.wait_record("reached")
        assert reached["server_name"] == "localhost" and reached["version"] == "TLSv1.3"
        assert reached["service"].startswith(f"localhost:{server.port} at ")


def test_nginx_sees_our_certificate(dialling, foreign, tmp_path):
    with nginx(tmp_path / "nginx", foreign.server(), foreign.cert) as server:
        gateway = dialling(f"127.0.0.1:{server.port}")
        assert curl(gateway.port).stdout == "nginx saw CN=gateway\n"
        gateway.wait_record("reached", identity="localhost")


def test_tls_1_2_is_spoken_too(dialling, foreign):
    with s_server(foreign.server(), foreign.cert, ["-tls1_2"]) as server:
        gateway = dialling(f"localhost:{server.port}")
        assert "Verify return code: 0 (ok)" in curl(gateway.port).stdout
        gateway.wait_record("reached", version="TLSv1.2")


def test_a_unix_socket_and_a_fixed_name(symbolon, foreign, tmp_path):
    path = tmp_path / "out.sock"
    with TlsService(foreign.server(names="DNS:db.example"), clients=foreign.cert) as service:
        route = client_route(0, service.address, [foreign.cert], foreign.issue("gateway"), server={"name": "db.example"})
        route["listen"] = f"unix:{path}"
        with symbolon.run(symbolon.configure([route])) as gateway:
            gateway.wait_socket(path)
            assert plain_talk(path, b"hello") == (b"hellodone", "end")
            assert set(service.names) == {"db.example"}


def test_half_close_passes_both_ways(dialling, foreign):
    """The client ends its half; the server sees close_notify, answers, ends; the client gets all of it and then the end."""
    with TlsService(foreign.server(), clients=foreign.cert) as service:
        gateway = dialling(f"localhost:{service.port}")
        sent = bytes(range(256)) * 8192
        answer, how = plain_talk(gateway.port, sent)
        assert (answer, how) == (sent + b"done", "end")
        closed = gateway.wait_record("closed", reason="connection_ended")
        assert (closed["received"], closed["sent"]) == (len(sent), len(sent) + 4)


def test_what_was_cut_off_does_not_look_whole(dialling, foreign):
    """A server that ends without close_notify: the plain client has what came, and then a reset instead of an end."""
    with TlsService(foreign.server(), cuts=True) as service:
        gateway = dialling(f"localhost:{service.port}")
        assert plain_talk(gateway.port, b"hello", shut=False) == (b"hello", "reset")
        gateway.wait_record("closed", reason="truncated")


WRONG = {
    "server_certificate_expired": lambda ca: ca.server("expired", days=(-20, -1)),
    "server_certificate_not_yet_valid": lambda ca: ca.server("future", days=(1, 20)),
    "server_certificate_wrong_extended_key_usage": lambda ca: ca.issue("client", names="DNS:localhost"),
    "server_certificate_weak_key": lambda ca: ca.server("weak", key_type="rsa1024"),
}


@pytest.mark.parametrize("code", WRONG)
def test_a_wrong_server_is_refused_with_its_reason(dialling, foreign, code):
    credential = WRONG[code](foreign)
    refused_with_its_reason(dialling, foreign, credential, code)


def refused_with_its_reason(dialling, foreign, credential, code, **options):
    with TlsService(credential) as service:
        gateway = dialling(f"localhost:{service.port}", **options)
        assert plain_talk(gateway.port, b"secret", shut=False) == (b"", "end")
        refused = gateway.wait_record("refused", code)
        serial = run(["openssl", "x509", "-in", credential.cert, "-noout", "-serial"]).stdout.strip().partition("=")[2]
        assert refused["certificate"]["serial"] == serial.lower() and refused["service"].startswith("localhost:")
        gateway.wait_record("closed", reason=code)
        assert service.received == b"" and service.peers == []


def test_a_server_of_another_ca(dialling, foreign, tmp_path):
    other = ForeignCA(tmp_path / "other", "Other Root")
    refused_with_its_reason(dialling, foreign, other.server(), "server_certificate_untrusted_issuer")


# RFC 9525 §6: only subjectAltName counts; a wildcard is the whole leftmost label.
@pytest.mark.parametrize(
    "names, expected, admitted",
    [
        ("DNS:db.example", "db.example", True),
        ("DNS:DB.Example", "db.example", True),
        ("DNS:*.db.example", "a.db.example", True),
        ("DNS:*.db.example", "b.a.db.example", False),
        ("DNS:a*.db.example", "aa.db.example", False),
        ("DNS:*", "db", False),
        ("DNS:other.example", "db.example", False),
        ("", "localhost", False),  # the common name holds it
        ("IP:127.0.0.1", "127.0.0.1", True),
        ("DNS:127.0.0.1", "127.0.0.1", False),
        ("IP:127.0.0.2", "127.0.0.1", False),
        ("URI:https://db.example", "db.example", False),
    ],
)
def test_the_name_must_be_in_the_certificate(dialling, foreign, names, expected, admitted):
    credential = foreign.server("localhost", names=names)
    if not admitted:
        return refused_with_its_reason(
            dialling, foreign, credential, "server_certificate_name_mismatch", server={"name": expected}
        )
    with TlsService(credential) as service:
        gateway = dialling(service.address, server={"name": expected})
        assert plain_talk(gateway.port, b"hello") == (b"hellodone", "end")


def test_rules_decide_about_the_server_too(dialling, foreign):
    with TlsService(foreign.server()) as service:
        for section, admitted in (
            ({"allow": [{"cn": "localhost"}]}, True),
            ({"allow": [{"cn": "elsewhere"}]}, False),
            ({"deny": [{"cn": "localhost"}]}, False),
        ):
            gateway = dialling(f"localhost:{service.port}", server=section)
            answer, _ = plain_talk(gateway.port, b"hello")
            assert answer == (b"hellodone" if admitted else b"")
            if not admitted:
                gateway.wait_record("refused", "not_allowed_by_policy")


def test_a_server_that_refuses_us_is_quoted(dialling, foreign, tmp_path):
    """In TLS 1.3 its alert comes after our handshake is over, in TLS 1.2 within it."""
    other = ForeignCA(tmp_path / "other", "Other Root")
    for version in ("-tls1_3", "-tls1_2"):
        with s_server(foreign.server(), foreign.cert, [version]) as server:
            gateway = dialling(f"localhost:{server.port}", certificate=other.issue("stranger"))
            assert plain_talk(gateway.port, peers.HTTP_REQUEST, shut=False)[0] == b""
            assert "unknown_ca" in gateway.wait_record("closed", reason="alert_received")["detail"]


def test_tls_in_and_tls_out(symbolon, foreign, tmp_path):
    inner = ForeignCA(tmp_path / "inner", "Inner Root")
    with TlsService(inner.server(), clients=inner.cert) as service:
        listen = port()
        identity = inner.issue("gateway")
        section = {
            "trust": [str(inner.cert)],
            "certificate": {"cert": str(identity.chain), "key": str(identity.key)},
        }
        to = f"localhost:{service.port}"
        route = {**static_route(listen, to, foreign.server(), [foreign.cert]), "server": section}
        with symbolon.run(symbolon.configure([route]), listen):
            with peers.python_client(listen, foreign.cert, foreign.issue("alice")) as client:
                client.sendall(b"hello")
                assert client.recv(100) == b"hello"
            assert service.peers[0][0]["subject"] == ((("commonName", "gateway"),),)


def test_the_authority_gives_the_certificate(symbolon, foreign):
    """`from: authority` with the profile for clients, and `trust: [authority]` for the server."""
    symbolon.init()
    server = symbolon.issue("server", "localhost")
    with TlsService(server, clients=symbolon.ca) as service:
        listen = port()
        section = {"trust": ["authority"], "certificate": {"from": "authority", "names": ["gateway"]}}
        route = {"name": "out", "listen": f"127.0.0.1:{listen}", "to": f"localhost:{service.port}", "server": section}
        with symbolon.run(symbolon.configure([route], authority={}), listen) as gateway:
            assert plain_talk(listen, b"hello") == (b"hellodone", "end")
            gateway.wait_record("reached")
            symbolon.do("revoke", "localhost")
            assert plain_talk(listen, b"hello", shut=False) == (b"", "end")
            gateway.wait_record("refused", "server_certificate_revoked")


def plain_route(foreign, **more):
    return {**client_route(port(), "localhost:1", [foreign.cert]), **more}


def test_plain_listening_is_for_this_machine_unless_said_otherwise(symbolon, foreign):
    listen = port()
    wide = plain_route(foreign, listen=f"0.0.0.0:{listen}")
    symbolon.refused("config_bad_value", "config", "check", "--config", symbolon.configure([wide]))
    with symbolon.run(symbolon.configure([{**wide, "insecure_listen": True}]), listen) as gateway:
        gateway.wait_line(lambda line: "insecure_listen" in line, "the warning")


@pytest.mark.parametrize(
    "code, change",
    [
        ("config_missing_key", {"server": None}),  # plain on both sides
        ("config_missing_key", {"clients": {"trust": ["authority"], "allow": "any_verified"}}),  # without certificate
        ("config_bad_value", {"names": ["a.example"]}),
        ("config_bad_value", {"to": "unix:/run/app.sock"}),  # under which name?
        ("config_bad_value", {"to": "my_db:5432"}),
        ("config_missing_key", {"server": {"name": "a.example"}}),  # trusts nobody
        ("config_bad_value", {"server": {"trust": ["authority"], "name": "*.example"}}),
        ("config_bad_value", {"to": "unix:/run/app.sock", "via": {"socks5": "127.0.0.1:1080"}}),
    ],
)
def test_what_makes_no_sense_does_not_start(symbolon, foreign, code, change):
    route = {key: value for key, value in plain_route(foreign, **change).items() if value is not None}
    symbolon.refused(code, "config", "check", "--config", symbolon.configure([route]))
