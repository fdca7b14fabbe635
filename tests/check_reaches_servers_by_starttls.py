"""`symbolon check --starttls PROTOCOL` comes to the TLS of mail, directory, chat, database and file servers."""

import contextlib
import json
import socket
import threading

import pytest

from harness import starttls_servers
from harness.process import PORTS, Process
from harness.services import microsocks
from harness.symbolon import Symbolon


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with starttls_servers.house(tmp_path_factory.mktemp("pki")) as house:
        house.client = house.ca.issue("alice")
        house.mallory = house.other.issue("mallory")
        yield house


@pytest.fixture
def check(tmp_path, house):
    """check(protocol, port, client) -> the report"""
    symbolon = Symbolon(tmp_path)

    def look(protocol, port, client=None, *arguments):
        identity = ["--cert", client.chain, "--key", client.key] if client else []
        told = ["--starttls", protocol, "--ca", house.ca.cert, "--json", *identity, *arguments]
        outcome = symbolon("check", f"localhost:{port}", *told)
        assert outcome.stdout.startswith("{"), outcome
        return json.loads(outcome.stdout)

    return look


def codes(report):
    return [finding["code"] for finding in report["findings"]]


def reaches(report, protocol):
    """TLS was reached, and the server's chain is the right one."""
    assert report["tls"] and report["tls"]["version"], report
    assert report["server_chain"] and report["server_verification"]["valid"], report
    assert report["way"]["starttls"] == protocol
    assert report["way"]["dialogue"][-1]["text"]
    return True


def asks(report):
    return report["tls"]["certificate_request"] is not None


def gets_in_with_the_right_certificate_alone(check, house, protocol, port):
    """For servers that judge it in the handshake."""
    right = check(protocol, port, house.client)
    assert reaches(right, protocol) and asks(right)
    assert right["tls"]["certificate_request"]["certificate_sent"] and right["outcome"] == "likely_accepted", right
    wrong = check(protocol, port, house.mallory)
    assert reaches(wrong, protocol) and wrong["outcome"] == "refused", wrong
    assert any(code.startswith("client_certificate_") for code in codes(wrong)), wrong


def test_smtp(check, house):
    with starttls_servers.exim(house) as ports:
        report = check("smtp", ports["smtp"])
        assert reaches(report, "smtp") and asks(report)
        assert {"by": "us", "text": "STARTTLS"} in report["way"]["dialogue"]


def test_smtp_that_does_not_offer_it(check, house):
    with starttls_servers.exim(house, advertised="192.0.2.1") as ports:
        report = check("smtp", ports["smtp"])
        assert codes(report) == ["starttls_not_offered"] and report["outcome"] == "failed"
        assert report["tls"] is None


def test_imap_and_pop3(check, house):
    with starttls_servers.dovecot(house) as ports:
        for protocol, port in ports.items():  # dovecot judges the certificate at the login, not before
            report = check(protocol, port, house.client)
            assert reaches(report, protocol) and asks(report)
            assert report["tls"]["certificate_request"]["certificate_sent"] and report["outcome"] == "likely_accepted", report
        assert codes(check("smtp", ports["imap"])) == ["starttls_wrong_protocol"]


def test_ldap(check, house):
    with starttls_servers.slapd(house) as ports:
        gets_in_with_the_right_certificate_alone(check, house, "ldap", ports["ldap"])


def test_xmpp_of_clients_and_of_servers(check, house):
    with starttls_servers.prosody(house) as ports:
        for protocol, port in ports.items():
            assert reaches(check(protocol, port), protocol)
        unknown = check("xmpp", ports["xmpp"], None, "--server-name", "elsewhere.example")
        assert codes(unknown) == ["starttls_refused"]
        assert "host-unknown" in unknown["findings"][0]["words"]


def test_postgres_also_through_a_proxy(check, house):
    with starttls_servers.postgres(house) as ports, microsocks() as proxy:
        gets_in_with_the_right_certificate_alone(check, house, "postgres", ports["postgres"])
        behind = check("postgres", ports["postgres"], house.client, "--proxy", f"socks5://127.0.0.1:{proxy.port}")
        assert reaches(behind, "postgres") and behind["way"]["proxy"] == f"socks5://127.0.0.1:{proxy.port}"


def test_postgres_without_tls(check, house):
    with starttls_servers.postgres(house, ssl="off") as ports:
        assert codes(check("postgres", ports["postgres"])) == ["starttls_not_offered"]


def test_mysql(check, house):
    with starttls_servers.mariadb(house) as ports:
        report = check("mysql", ports["mysql"], house.client)
        assert reaches(report, "mysql") and asks(report)


def test_ftp(check, house):
    with starttls_servers.vsftpd(house) as ports:
        gets_in_with_the_right_certificate_alone(check, house, "ftp", ports["ftp"])


@contextlib.contextmanager
def saying(octets):
    """Says this to whoever connects, and then nothing."""
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
    "protocol, octets, code",
    [
        ("imap", b"220 mail.example ESMTP\r\n", "starttls_wrong_protocol"),
        ("ldap", b"HTTP/1.1 400 Bad Request\r\n\r\n", "starttls_wrong_protocol"),
        ("smtp", b"\x15\x03\x03\x00\x02\x02\x0a", "tls_at_once"),
        ("smtp", b"554 go away\r\n", "starttls_refused"),
        ("postgres", b"Sthis is not TLS", "peer_sends_too_much"),
        ("xmpp", b"<" * 100_000, "peer_sends_too_much"),
    ],
)
def test_whatever_else_answers_is_named(check, protocol, octets, code):
    with saying(octets) as port:
        report = check(protocol, port)
        assert codes(report) == [code] and report["tls"] is None, report


def test_a_port_that_speaks_tls_at_once_is_told_from_a_silent_one(check, house):
    port = PORTS.take()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", house.server.cert, "-key", house.server.key, "-www"]
    with Process(command) as server:
        server.wait_listening(port)
        assert codes(check("ldap", port)) == ["tls_at_once"]


def test_a_server_that_greets_says_which_protocol_is_wanted(tmp_path):
    with saying(b"* OK ready\r\n") as port:
        report = json.loads(Symbolon(tmp_path)("check", f"127.0.0.1:{port}", "--json").stdout)
        assert report["findings"][0]["remedy"] == "say --starttls imap"
