"""Whatever clients do, and however many they are: those that are good get in meanwhile, and what the others held is given back."""

import contextlib
import os
import random
import socket
import ssl
import subprocess
import threading

import pytest

from harness import peers
from harness.attack import SANITIZED, Usage, connections, echoes, ends, raise_descriptor_limit
from harness.pki import ForeignCA
from harness.process import Process, wait_until
from what_does_not_speak_our_tls_is_named import client_hello

# Fewer where a sanitizer makes each cost ten times as much (tools/ci.sh), or where the system lends fewer descriptors: here
# one a connection and one of the service behind it, in the gateway two.
DESCRIPTORS = raise_descriptor_limit(24_000)
IDLE = min(int(os.environ.get("SYMBOLON_IDLE_CONNECTIONS", "10000")), DESCRIPTORS // 2 - 1000)
HALF_OPEN = min(int(os.environ.get("SYMBOLON_HALF_OPEN", "1000")), DESCRIPTORS // 8)


def all_gone(running):
    return wait_until(
        lambda: running.watched.value("symbolon_gateway_connections") == 0, "every connection is given back", deadline=60
    )


@pytest.mark.needs_root  # Usage
@pytest.mark.parametrize("first", ["nothing", "half a hello", "a hello"])
def test_a_thousand_handshakes_that_never_end(start, foreign, alice, first):
    hello = client_hello()
    octets = {"nothing": b"", "half a hello": hello[: len(hello) // 2], "a hello": hello}[first]
    running = start(handshake_timeout="5s")
    assert echoes(running, foreign, alice)
    before = Usage(running)
    with connections(running.port, HALF_OPEN, octets) as opened:
        assert echoes(running, foreign, alice), "a good client gets in meanwhile"
        for one in opened:
            ends(one)  # each is let go: nobody waits for ever
    all_gone(running)
    assert echoes(running, foreign, alice)
    all_gone(running)
    assert wait_until(lambda: Usage(running).descriptors <= before.descriptors + 4, "the descriptors are given back")
    refused = running.watched.value("symbolon_handshakes_total", outcome="handshake_timeout")
    assert refused == HALF_OPEN, "every one is counted, however few are recorded"


@pytest.mark.needs_root  # Usage
def test_many_idle_connections_cost_little_each_and_nothing_afterwards(start, foreign, alice):
    """After its handshake an idle connection holds no buffer of ours."""
    idle = IDLE
    running = start(idle_timeout="1h")
    assert echoes(running, foreign, alice)
    before = Usage(running)
    context = peers.python_context(foreign.cert, alice)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(peers.python_client(running.port, foreign.cert, context=context)) for _ in range(idle)]
        wait_until(lambda: running.watched.value("symbolon_connections_open", route="web") == idle, "all are open")
        during = Usage(running)
        each = (during.resident - before.resident) / idle
        print(f"{idle} idle connections: {each / 1024:.1f} KiB each")
        assert SANITIZED or each < 192 << 10  # about 40 KiB
        for one in (clients[0], clients[idle // 2], clients[-1]):
            one.sendall(b"still here")
            assert one.recv(10) == b"still here"
        assert echoes(running, foreign, alice)
    all_gone(running)
    assert wait_until(lambda: Usage(running).descriptors <= before.descriptors + 4, "the descriptors are given back")


def test_renegotiation_is_refused_and_harms_nobody(start, foreign, alice):
    running = start()
    with peers.python_client(running.port, foreign.cert, alice) as other:
        identity = ["-cert", alice.cert, "-key", alice.key]
        client = ["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{running.port}", "-CAfile", foreign.cert, *identity]
        with Process(client, stdin=subprocess.PIPE) as attacker:
            running.wait_record("opened")
            attacker.child.stdin.write(b"hello\n")
            attacker.child.stdin.flush()
            attacker.wait_line(lambda line: line == "hello", "the echo")
            attacker.child.stdin.write(b"R\n")
            attacker.child.stdin.flush()
            attacker.wait_line(lambda line: "no renegotiation" in line, "the refusal")
        other.sendall(b"undisturbed")
        assert other.recv(11) == b"undisturbed"
    assert running.watched.value("symbolon_handshakes_total", outcome="admitted") == 2


def test_a_byte_at_a_time_is_served_as_well(start, foreign, alice):
    """A client that writes its handshake and its data octet by octet, through a socket pair that holds nothing back."""
    running = start(handshake_timeout="30s")
    context = peers.python_context(foreign.cert, alice)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = context.wrap_bio(incoming, outgoing, server_hostname="localhost")

    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def flush():
            for octet in outgoing.read():
                plain.sendall(bytes([octet]))

        def step(call):
            while True:
                try:
                    result = call()
                    flush()
                    return result
                except ssl.SSLWantReadError:
                    flush()
                    incoming.write(plain.recv(1))

        step(secure.do_handshake)
        step(lambda: secure.write(b"slowly"))
        answer = b""
        while len(answer) < 6:
            answer += step(lambda: secure.read(6))
        assert answer == b"slowly"


@pytest.mark.needs_root  # Usage
def test_a_client_that_never_reads_holds_its_own_connection_up_alone(start, foreign, alice):
    """What it does not take is not taken from the service either: our memory stays."""
    running = start()
    before = Usage(running)
    chunk = bytes(65536)
    with peers.python_client(running.port, foreign.cert, alice) as greedy:
        greedy.setblocking(False)
        sent = 0
        with contextlib.suppress(ssl.SSLWantWriteError, BlockingIOError):
            while sent < 64 << 20:
                sent += greedy.send(chunk)
        assert sent < 64 << 20, "it was held up"
        assert echoes(running, foreign, alice)
        assert Usage(running).resident < before.resident + (48 << 20)


def test_random_octets(start, foreign, alice):
    """Noise, noise behind a record's header, and a ClientHello with octets changed: each is refused, counted, and forgotten."""
    running = start(handshake_timeout="5s")
    noise, hello, count = random.Random(1), client_hello(), 200
    for number in range(count):
        octets = bytearray(noise.randbytes(noise.randrange(1, 2000)))
        if number % 3 == 1:
            octets[:5] = b"\x16\x03\x01" + len(octets).to_bytes(2, "big")
        if number % 3 == 2:
            octets = bytearray(hello)
            for _ in range(noise.randrange(1, 6)):
                octets[noise.randrange(len(octets))] = noise.randrange(256)
        with socket.create_connection(("127.0.0.1", running.port), timeout=30) as plain:
            plain.sendall(octets)
            with contextlib.suppress(OSError):
                plain.shutdown(socket.SHUT_WR)
            ends(plain)
    assert echoes(running, foreign, alice)
    wait_until(lambda: running.watched.value("symbolon_handshakes_total") == count + 1, "all are counted")
    assert running.watched.value("symbolon_handshakes_total", outcome="admitted") == 1
    all_gone(running)


def test_a_storm_of_wrong_clients_is_refused_to_the_last(start, foreign, alice, tmp_path):
    running = start()
    stranger = ForeignCA(tmp_path / "other", "Other").issue("mallory")
    context = peers.python_context(foreign.cert, stranger)
    storm, admitted = 40, []

    def one():
        with contextlib.suppress(OSError):
            with peers.python_client(running.port, foreign.cert, context=context) as secure:
                secure.sendall(b"x")
                if secure.recv(1):
                    admitted.append(1)

    def many():
        for _ in range(storm):
            one()

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert echoes(running, foreign, alice)
    for thread in threads:
        thread.join()
    assert not admitted
    labels = {"outcome": "client_certificate_untrusted_issuer", "route": "web"}
    wait_until(lambda: running.watched.value("symbolon_handshakes_total", **labels) == 4 * storm, "all are counted")
    all_gone(running)
