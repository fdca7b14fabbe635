"""What a process costs, as the kernel counts it, and one connection to the API that can be awaited beside others."""

import json
import os
import pathlib
import socket
import statistics

from harness.roles import roles, status_field

TICK = os.sysconf("SC_CLK_TCK")


def processes(running):
    """{"supervisor": pid, "authority": pid, ...} of a `symbolon run`."""
    return {"supervisor": running.child.pid, **roles(running)}


def processor(pid):
    """Seconds of the processor, user and system, since it began."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Cost:
    """Processor seconds of each role from here on."""

    def __init__(self, running):
        self.pids = processes(running)
        self.before = self._now()

    def _now(self):
        return {role: processor(pid) for role, pid in self.pids.items()}

    def __call__(self):
        return {role: round(seconds - self.before[role], 2) for role, seconds in self._now().items()}


def memory(pid):
    """MiB: resident now, of its own (anonymous), and the most that ever was."""
    fields = {"resident": "VmRSS", "anonymous": "RssAnon", "peak": "VmHWM"}
    return {name: round(int(status_field(pid, field).split()[0]) / 1024, 1) for name, field in fields.items()}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * share // 100) - 1))]


def spread(milliseconds):
    """p50, p99 and the longest."""
    return {
        "p50": round(statistics.median(milliseconds), 2),
        "p99": round(percentile(milliseconds, 99), 2),
        "longest": round(max(milliseconds), 2),
        "count": len(milliseconds),
    }


class Api:
    """A keep-alive connection to the authority's Unix socket; the question and its answer are two steps."""

    def __init__(self, symbolon):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(120)
        self.socket.connect(str(symbolon.state / "authority.sock"))
        self.buffer = b""

    def ask(self, method, target, body=None):
        data = b"" if body is None else json.dumps(body).encode()
        kind = "Content-Type: application/json\r\n" if data else ""
        head = f"{method} {target} HTTP/1.1\r\nHost: authority\r\n{kind}Content-Length: {len(data)}\r\n\r\n"
        self.socket.sendall(head.encode() + data)

    def _more(self):
        if not (piece := self.socket.recv(1 << 20)):
            raise ConnectionError("the API closed the connection")
        self.buffer += piece

    def answer(self):
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        size = int(fields["content-length"])
        while len(self.buffer) < size:
            self._more()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        if not lines[0].split()[1].startswith("2"):
            raise RuntimeError(f"{lines[0]}: {body.decode()}")
        return json.loads(body)

    def __call__(self, method, target, body=None):
        self.ask(method, target, body)
        return self.answer()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
