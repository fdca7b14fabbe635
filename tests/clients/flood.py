"""Comes again and again, and says how often it was turned away: `flood.py PORT`. It ends when it is ended."""

import contextlib
import socket
import sys

TURNED_AWAY = b"\x15\x03\x03\x00\x02\x02\x50"  # the alert internal_error, before any handshake


def visit(port):
    """Whether the alert came. Whoever is let in for a handshake gets no further: this is none."""
    came = b""
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while piece := plain.recv(100):
            came += piece
    return came == TURNED_AWAY


if __name__ == "__main__":
    count = 0
    while True:
        if visit(int(sys.argv[1])):
            count += 1
            print(f"turned away {count}", flush=True)
