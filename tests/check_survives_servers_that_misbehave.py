"""`symbolon check` ends in bounded time and memory with a finding, whatever a server sends."""

import concurrent.futures
import json
import random
import select
import socket
import ssl
import time

import pytest

from harness.attack import SANITIZED, BadService, stall
from harness.process import PORTS, Process, run_measured
from harness.symbolon import BINARY

SECONDS = 40 if not SANITIZED else 90  # of the slowest; nothing waits longer than its deadlines, 10 s and a few of 3
OCTETS = 128 << 20  # resident; the program alone takes a quarter of it

RANDOM = random.Random(1)


def record(content, kind=22):
    return bytes([kind, 3, 3]) + len(content).to_bytes(2, "big") + content


def message(kind, body, length=None):
    return bytes([kind]) + (len(body) if length is None else length).to_bytes(3, "big") + body


# TLS 1.2 with TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (RFC 5246 §7.4.1.3).
HELLO = record(message(2, b"\x03\x03" + bytes(32) + b"\x00" + b"\xc0\x2b" + b"\x00"))


def in_records(content):
    return b"".join(record(content[at : at + 16384]) for at in range(0, len(content), 16384))


def certificates(*ders):
    entries = b"".join(len(der).to_bytes(3, "big") + der for der in ders)
    return message(11, len(entries).to_bytes(3, "big") + entries)


def says(*octets):
    """Sends this in answer to the ClientHello, and waits for the end."""

    def behave(connection, _):
        connection.recv(65536)
        for piece in octets:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    return behave


def repeats(first, again):
    """Sends `again` for as long as the other side takes it."""

    def behave(connection, stopping):
        connection.recv(65536)
        connection.sendall(first)
        while not stopping.is_set():
            connection.sendall(again)

    return behave


def drips(octets):
    """An octet each second."""

    def behave(connection, stopping):
        for octet in octets:
            connection.sendall(bytes([octet]))
            if stopping.wait(1):
                return

    return behave


BAD = {
    "random octets": (says(b"\x80" + RANDOM.randbytes(4096)), "not_tls"),
    "random records": (says(record(RANDOM.randbytes(2000)) * 3), "handshake_malformed"),
    "endless plain text": (repeats(b"HTTP/1.1 200 OK\r\n", b"a" * 65536), "plain_http"),
    "an endless certificate": (repeats(HELLO + record(message(11, b"", 0xFFFFFF)), record(bytes(16384))), "peer_sends_too_much"),
    "a certificate of 10 MiB": (says(HELLO, in_records(certificates(bytes(10 << 20)))), "peer_sends_too_much"),
    "a certificate that is none": (says(HELLO, in_records(certificates(RANDOM.randbytes(500)))), "server_certificate_malformed"),
    "records of length 0": (repeats(HELLO, record(b"") * 1000), "handshake_malformed"),
    "warnings without end": (repeats(HELLO, record(b"\x01\x5a", 21) * 1000), "handshake_malformed|handshake_failed"),
    "hellos without end": (repeats(HELLO, HELLO * 100), "handshake_malformed"),
    "an end in the hello": (says(HELLO[:40]), "handshake_closed"),
    "an end behind the hello": (says(HELLO), "handshake_closed"),
    "a record that is too long": (says(b"\x16\x03\x03\xff\xff" + bytes(65535)), "handshake_malformed|handshake_failed"),
}
SLOW = {
    "nothing": (stall, "handshake_timeout"),
    "an octet each second": (drips(HELLO), "handshake_timeout"),
    "half a hello, then nothing": (repeats(HELLO[:40], b""), "handshake_timeout"),
}


def check(port, *arguments):
    """The report, and what the process took: seconds, octets."""
    begin = time.monotonic()
    done = run_measured([BINARY, "check", f"127.0.0.1:{port}", "--json", *arguments], deadline=SECONDS + 60)
    assert done.status in (0, 1), done
    return json.loads(done.stdout), time.monotonic() - begin, done.peak


def survives(behave, expected):
    with BadService(behave) as server:
        report, seconds, octets = check(server.address.partition(":")[2])
    assert report["findings"][0]["code"] in expected.split("|"), report["findings"]
    assert report["exit"] == 1
    assert seconds < SECONDS, seconds
    assert octets < OCTETS or SANITIZED, octets
    return report


@pytest.mark.parametrize("kind", BAD)
def test_what_is_bad_is_found(kind):
    survives(*BAD[kind])


def test_what_takes_forever_is_given_up():
    with concurrent.futures.ThreadPoolExecutor(len(SLOW)) as pool:
        for one in [pool.submit(survives, *SLOW[kind]) for kind in SLOW]:
            one.result()


def test_two_hundred_certificates(foreign):
    """Each is read, and together they are too many for a path."""
    der = ssl.PEM_cert_to_DER_cert(foreign.server().cert.read_text())
    chain = in_records(certificates(*[der] * 200))
    with BadService(says(HELLO, chain)) as server:
        report, seconds, octets = check(server.address.partition(":")[2], "--ca", foreign.cert)
    codes = [finding["code"] for finding in report["findings"]]
    assert codes[0] == "handshake_closed" and "server_certificate_path_too_complex" in codes, codes
    assert len(report["server_chain"]) == 200 and seconds < SECONDS and (octets < OCTETS or SANITIZED)


def test_an_answer_without_end(foreign, alice):
    """No more is read than a look takes; and who speaks unasked has accepted nobody."""
    server = foreign.server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.chain, server.key)
    context.load_verify_locations(foreign.cert)
    context.verify_mode = ssl.CERT_REQUIRED

    def behave(connection, stopping):
        with context.wrap_socket(connection, server_side=True) as secure:
            while not stopping.is_set():
                secure.sendall(b"a" * 65536)

    identity = ["--server-name", "localhost", "--ca", foreign.cert, "--cert", alice.chain, "--key", alice.key]
    with BadService(behave) as service:
        report, seconds, octets = check(service.address.partition(":")[2], *identity)
    assert report["outcome"] == "likely_accepted" and seconds < SECONDS and (octets < OCTETS or SANITIZED), report


DONE = record(message(14, b""))  # ServerHelloDone, which OpenSSL puts into a record of its own


def in_single_octets(octets):
    """Handshake records in the clear, each with one octet of what they held; from ChangeCipherSpec on as they are."""
    out, at = b"", 0
    while at + 5 <= len(octets):
        end = at + 5 + int.from_bytes(octets[at + 3 : at + 5], "big")
        if octets[at] != 22:
            break
        out += b"".join(record(octets[i : i + 1]) for i in range(at + 5, min(end, len(octets))))
        at = end
    return out + octets[at:]


def test_a_handshake_in_records_of_one_octet_is_a_handshake(foreign, alice):
    server, port = foreign.server(), PORTS.take()
    command = ["openssl", "s_server", "-accept", port, "-cert", server.cert, "-key", server.key, "-CAfile", foreign.cert]

    def behave(connection, _):
        with socket.create_connection(("127.0.0.1", port)) as behind:
            behind.sendall(connection.recv(65536))
            first = b""
            while not first.endswith(DONE) and not first.startswith(b"\x15") and (piece := behind.recv(65536)):
                first += piece
            connection.sendall(in_single_octets(first))
            other = {connection: behind, behind: connection}
            while True:
                for end in select.select(list(other), [], [])[0]:
                    if not (octets := end.recv(65536)):
                        return
                    other[end].sendall(octets)

    with Process([*command, "-Verify", 3, "-verify_return_error", "-tls1_2", "-www"]) as running, BadService(behave) as service:
        running.wait_listening(port)
        identity = ["--server-name", "localhost", "--ca", foreign.cert, "--cert", alice.chain, "--key", alice.key, "--http"]
        report, _, _ = check(service.address.partition(":")[2], *identity)
    assert report["outcome"] == "accepted" and report["tls"]["finished"], report
