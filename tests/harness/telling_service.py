"""Services behind a proxy that tell their caller what they know: the headers that came, or the client of a PROXY protocol header."""

import contextlib
import socket
import threading

from harness.proxies import parse_v2


class TellingService:
    """Answers each request with what `tell(head)` makes of all that came before its end. One request a connection."""

    def __init__(self, tell):
        self.tell = tell
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        head = b""
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            while b" HTTP/1.1\r\n" not in head or not head.endswith(b"\r\n\r\n"):
                if not (piece := connection.recv(65536)) or len(head) > 1 << 20:
                    return
                head += piece
            body = self.tell(head)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def headers(head):
    """All of them, whoever sent them."""
    return head


def client_of_proxy_protocol(head):
    """Who the client is, as the gateway's PROXY protocol header says; headers of HTTP are not believed."""
    header, _ = parse_v2(head)
    verified = header["client"] & 0x06 and header["verify"] == 0
    return b"client: " + (header.get("cn", b"") if verified else b"nobody") + b"\n"
