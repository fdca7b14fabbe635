"""A ClientHello larger than a segment, as post-quantum clients send it, cut into records and segments of any size: the name in
it still chooses the route, and the handshake ends well."""

import socket
import ssl
import struct

import pytest

from harness import peers
from harness.backend import Backend
from harness.symbolon import port, static_route


@pytest.fixture
def routes(symbolon, foreign):
    """Two routes on one port, told apart by the server name."""
    listen = port()
    with Backend(greeting="a") as a, Backend(greeting="b") as b:
        made = [
            static_route(listen, one.address, foreign.server(name, names=f"DNS:{name}"), [foreign.cert], name=name,
                         names=[name], alpn=["http/1.1"])
            for one, name in ((a, "a.example"), (b, "b.example"))
        ]
        with symbolon.run(symbolon.configure(made), listen) as running:
            running.port = listen
            yield running


def in_records(octets, size):
    """The same handshake message, in records of this many octets."""
    kind, version, length = octets[0], octets[1:3], struct.unpack("!H", octets[3:5])[0]
    assert kind == 22 and length == len(octets) - 5
    body = octets[5:]
    pieces = [body[i : i + size] for i in range(0, length, size)]
    return b"".join(bytes([kind]) + version + struct.pack("!H", len(piece)) + piece for piece in pieces)


def send(connection, octets, segment):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for i in range(0, len(octets), segment):
        connection.sendall(octets[i : i + segment])


def request_in_pieces(gateway, foreign, client, host, record, segment, version):
    """Python's ssl over memory, whose first flight we cut; the answer to one request."""
    context = peers.python_context(foreign.cert, client, version)
    context.set_alpn_protocols([f"an-application-protocol-nobody-speaks/{i}" for i in range(100)] + ["http/1.1"])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = context.wrap_bio(incoming, outgoing, server_hostname=host)
    with pytest.raises(ssl.SSLWantReadError):
        secure.do_handshake()
    hello = outgoing.read()
    assert len(hello) > 4000
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        send(connection, in_records(hello, record), segment)

        def turn(action):
            while True:
                try:
                    return action()
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())
                    incoming.write(data) if (data := connection.recv(65536)) else incoming.write_eof()

        turn(secure.do_handshake)
        secure.write(peers.HTTP_REQUEST)
        answer = b""
        while not answer.endswith(b"\n") or b"\r\n\r\n" not in answer:
            answer += turn(lambda: secure.read(65536))
    return answer.partition(b"\r\n\r\n")[2].decode().strip()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("record, segment", [(16000, 100), (16000, 1), (1000, 1400), (100, 7), (1, 1400), (1, 1)])
def test_however_it_is_cut(routes, foreign, version, record, segment):
    client = foreign.issue("alice")
    for host in ("a.example", "b.example"):
        answer = request_in_pieces(routes, foreign, client, host, record, segment, version)
        assert answer == host[0]
    for host in ("a.example", "b.example"):
        routes.wait_record("opened", route=host)


def extension(number, body):
    return struct.pack("!HH", number, len(body)) + body


def vector(body, width):
    return len(body).to_bytes(width, "big") + body


def post_quantum_hello(name):
    """RFC 8446 §4.1.2 with key shares of X25519MLKEM768 (0x11ec: 1184 + 32 octets) and X25519."""
    # A zero is a valid coefficient of an ML-KEM key; 9 is the base point of X25519.
    x25519 = b"\x09" + bytes(31)
    shares = [(0x11EC, bytes(1184) + x25519), (0x001D, x25519)]
    extensions = [
        extension(0, vector(b"\0" + vector(name.encode(), 2), 2)),
        extension(10, vector(struct.pack("!HH", 0x11EC, 0x001D), 2)),
        extension(13, vector(struct.pack("!HH", 0x0403, 0x0804), 2)),
        extension(43, vector(b"\x03\x04", 1)),
        extension(51, vector(b"".join(struct.pack("!H", group) + vector(key, 2) for group, key in shares), 2)),
    ]
    body = b"\x03\x03" + bytes(range(32)) + vector(bytes(32), 1)
    body += vector(b"\x13\x01", 2) + vector(b"\0", 1) + vector(b"".join(extensions), 2)
    return b"\x16\x03\x01" + vector(b"\x01" + vector(body, 3), 2)


@pytest.mark.parametrize("record, segment", [(16000, 16000), (16000, 1), (517, 517), (3, 1400)])
def test_a_post_quantum_key_share(routes, record, segment):
    hello = post_quantum_hello("b.example")
    assert len(hello) > 1184, "the key share of X25519MLKEM768 alone is larger"
    with socket.create_connection(("127.0.0.1", routes.port), timeout=20) as connection:
        send(connection, in_records(hello, record), segment)
        answer = b""
        while len(answer) < 6 and (data := connection.recv(65536)):
            answer += data
    assert answer[0] == 22 and answer[5] == 2, answer[:16].hex()  # a handshake record with a ServerHello
