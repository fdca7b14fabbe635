"""Plain HTTP, noise, cut-off handshakes, old versions, foreign ciphers and names on the TLS port: each is refused, named, and
the gateway serves the next client."""

import contextlib
import random
import socket

import pytest

from harness import peers


def talk(port, data, wait_for_answer=True):
    """Sends the octets, says that it is done, and reads until the end."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, contextlib.suppress(ConnectionError):
        plain.sendall(data)
        plain.shutdown(socket.SHUT_WR)
        while wait_for_answer and (piece := plain.recv(65536)):
            answer += piece
    return answer


def serves(gateway, foreign, alice):
    return peers.curl(gateway.port, foreign.cert, alice).status == 0


def test_plain_http(gateway_of, foreign, alice):
    gateway = gateway_of()
    talk(gateway.port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    gateway.wait_record("refused", "plain_http")
    assert serves(gateway, foreign, alice)


def test_random_octets(gateway_of, foreign, alice):
    gateway = gateway_of()
    noise = random.Random(1)
    for length in (1, 5, 100, 4096, 65536):
        since = gateway.mark()
        first = bytes([noise.choice([n for n in range(256) if n != 22 and not chr(n).isalpha()])])
        talk(gateway.port, first + noise.randbytes(length - 1))
        record = gateway.wait_record("refused", since=since)
        assert record["code"] in ("not_tls", "handshake_closed", "handshake_reset"), record
        if length >= 100:
            assert record["code"] == "not_tls", record
    assert serves(gateway, foreign, alice)


def client_hello(*arguments):
    """A real ClientHello, from openssl against a socket of ours."""
    from harness.process import Process

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with Process(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", *arguments]):
            connection, _ = server.accept()
            with connection:
                return connection.recv(65536)


def test_a_client_hello_cut_off_anywhere(gateway_of, foreign, alice):
    hello = client_hello()
    gateway = gateway_of()
    cuts = [1, 4, 5, 6, 9, 10, 40, len(hello) // 2, len(hello) - 1]
    for cut in cuts:
        since = gateway.mark()
        talk(gateway.port, hello[:cut])
        record = gateway.wait_record("refused", since=since)
        assert record["code"] in ("handshake_closed", "handshake_reset", "not_tls"), (cut, record)
    assert serves(gateway, foreign, alice)


def test_a_client_hello_with_any_octet_changed(gateway_of, foreign, alice):
    """Nothing but a refusal or a handshake that hangs on our next message may follow; never the end of the gateway."""
    hello = client_hello()
    gateway = gateway_of()
    noise = random.Random(2)
    for _ in range(150):
        changed = bytearray(hello)
        changed[noise.randrange(len(hello))] ^= 1 << noise.randrange(8)
        talk(gateway.port, bytes(changed))
    assert serves(gateway, foreign, alice)
    assert len([r for r in gateway.records if r["record"] == "refused"]) >= 150


def test_a_silent_client_is_let_go(gateway_of, foreign, alice):
    gateway = gateway_of(handshake_timeout="1s")
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as plain:
        with contextlib.suppress(ConnectionError):
            assert plain.recv(1) == b""
    gateway.wait_record("refused", "handshake_timeout")
    assert serves(gateway, foreign, alice)


def test_a_client_that_drips_its_hello_is_let_go(gateway_of, foreign, alice):
    hello = client_hello()
    gateway = gateway_of(handshake_timeout="1s")
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as plain:
        plain.sendall(hello[:20])
        plain.settimeout(0.1)
        for octet in hello[20:]:
            try:
                plain.sendall(bytes([octet]))
                if plain.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
    gateway.wait_record("refused", "handshake_timeout")
    assert serves(gateway, foreign, alice)


@pytest.mark.parametrize(
    "arguments, code, alert",
    [
        (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], "protocol_version", 70),
        (["-tls1_2", "-cipher", "AES128-SHA256"], "no_shared_cipher", 40),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "no_shared_cipher", 40),
        (["-tls1_3", "-groups", "ffdhe2048"], "no_shared_group", 40),
        (["-tls1_3", "-sigalgs", "rsa_pkcs1_sha256"], "no_shared_signature_algorithm", 40),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_nothing_in_common(gateway_of, foreign, alice, arguments, code, alert):
    gateway = gateway_of()
    seen = peers.s_client(gateway.port, foreign.cert, alice, arguments)
    assert peers.alert_of(seen) == alert, seen
    gateway.wait_record("refused", code)


@pytest.mark.parametrize("version, code", [("-tls1_3", "no_shared_group"), ("-tls1_2", "no_shared_cipher")])
def test_groups_that_nobody_knows(gateway_of, foreign, alice, version, code):
    """Of those for private use (RFC 8446 §4.2.7). In TLS 1.2 the groups of ECDHE decide about its suites, and we have no others."""
    hello = client_hello(version, "-groups", "P-256")
    listed = b"\x00\x0a\x00\x04\x00\x02\x00\x17"  # supported_groups: secp256r1
    share = b"\x00\x17\x00\x41\x04"  # and the key share of it, a point
    assert hello.count(listed) == 1 and hello.count(share) == (version == "-tls1_3")
    hello = hello.replace(listed, listed[:-2] + b"\xfe\x01").replace(share, b"\xfe\x01" + share[2:])
    gateway = gateway_of()
    assert talk(gateway.port, hello) == b"\x15\x03\x03\x00\x02\x02\x28"  # the alert handshake_failure (40), and nothing else
    record = gateway.wait_record("refused", code)
    assert record["alert_sent"]["number"] == 40 and "group" not in record, record
    assert serves(gateway, foreign, alice)


def test_an_unknown_server_name_is_refused(gateway_of, foreign, alice):
    gateway = gateway_of(names=["localhost"])
    seen = peers.s_client(gateway.port, foreign.cert, alice, host="other.example")
    assert peers.alert_of(seen) == 112, seen
    gateway.wait_record("refused", "unrecognized_name")


def test_a_client_that_distrusts_us_leaves_its_alert(gateway_of, foreign, alice, tmp_path):
    from harness.pki import ForeignCA

    gateway = gateway_of()
    peers.curl(gateway.port, ForeignCA(tmp_path / "o", "Other").cert, alice)
    record = gateway.wait_record("refused", "alert_received")
    assert record["alert_received"] == {"number": 48, "name": "unknown_ca"}


def test_a_dead_service_is_named(gateway_of, foreign, alice):
    from harness.symbolon import port

    gateway = gateway_of(to=f"127.0.0.1:{port()}")
    assert peers.curl(gateway.port, foreign.cert, alice).status != 0
    assert gateway.wait_record("closed")["reason"] == "backend_unreachable"
