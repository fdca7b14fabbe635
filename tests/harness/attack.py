"""What attackers and broken peers do to a gateway, and what its process costs meanwhile."""

import contextlib
import os
import pathlib
import resource
import socket
import threading

from harness import peers, roles
from harness.process import run

# A sanitizer keeps freed memory back, so that its amount says nothing there; leaks are what it finds by itself.
SANITIZED = "SYMBOLON_SANITIZED" in os.environ


def raise_descriptor_limit(wanted):
    """As many descriptors for this process as the system lets us have, `wanted` at most; how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = min(max(soft, wanted), hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit


def echoes(running, foreign, credential, text=b"are you there?"):
    """Whether a new client with this credential gets its octets back."""
    with contextlib.suppress(OSError):
        with peers.python_client(running.port, foreign.cert, credential) as secure:
            secure.sendall(text)
            return secure.recv(len(text)) == text
    return False


def gateway_of(running):
    """The process that serves: the gateway of a `symbolon run`, or a peer's own."""
    return roles.roles(running).get("gateway", running.child.pid)


def limit_process(process, **limits):
    """prlimit on a running process: limit_process(gateway, fsize=1024). The soft limit alone, which can be raised again."""
    options = [f"--{name}={value}:" for name, value in limits.items()]
    outcome = run(["prlimit", f"--pid={gateway_of(process)}", *options])
    assert outcome.status == 0, outcome


class Usage:
    """Resident memory, writable memory of its own, and descriptors of a process, now. Needs root: our roles hide theirs from
    other processes of their user."""

    def __init__(self, process):
        folder = pathlib.Path(f"/proc/{gateway_of(process)}")
        fields = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
        self.resident = int(fields["VmRSS"].split()[0]) << 10
        self.data = int(fields["VmData"].split()[0]) << 10
        self.descriptors = len(list((folder / "fd").iterdir()))


@contextlib.contextmanager
def connections(port, count, first_octets=b""):
    """That many TCP connections, each of which sends the octets and then nothing more."""
    raise_descriptor_limit(count + 256)
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(count):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            if first_octets:
                one.sendall(first_octets)
            opened.append(one)
        yield opened


def ends(connection, deadline=30):
    """Waits for the end of a connection; what came before it."""
    connection.settimeout(deadline)
    came = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            came += piece
    return came


class BadService:
    """A service of 127.0.0.1 that does to each connection what `behave(connection)` does; in a thread each."""

    def __init__(self, behave, backlog=128):
        self.behave = behave
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.stopping = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while not self.stopping.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        with contextlib.suppress(OSError):
            self.behave(connection, self.stopping)
        connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.listener.close()


def vanish(connection, _):
    """Ends the connection without a word."""
    connection.recv(65536)


def reset(connection, _):
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def stall(connection, stopping):
    """Never reads, never answers."""
    stopping.wait(600)


def answer_half(connection, _):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhalf of it")
