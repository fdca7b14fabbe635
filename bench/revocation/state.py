"""States of an authority, one with a million revoked and one with none, and `symbolon run` on them."""

import contextlib
import multiprocessing
import pathlib
import subprocess
import sys

from harness.backend import Backend
from harness.symbolon import Symbolon, port, static_route
from harness.pki import ForeignCA

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILLER = ROOT / "build" / "bench" / "ledger_bench"
MILLION = 1_000_000
SPARE = 25_000  # that nobody has revoked: device-1000000... are there to be revoked and asked about


def make(folder, revoked, spare=SPARE):
    """A state whose ledger has that many revoked certificates of the issuing CA, and others."""
    symbolon = Symbolon(folder).init()
    fill = [FILLER, "fill", symbolon.state / "ledger.db", revoked + spare, revoked]
    done = subprocess.run([str(word) for word in fill], stdout=sys.stderr)
    if done.returncode:
        raise RuntimeError(f"{FILLER.name} fill: status {done.returncode}")
    return symbolon


class States:
    """Made when they are first asked for, once a run."""

    def __init__(self, folder, million):
        self.folder, self.count, self.made = folder, million, {}

    def _get(self, name, revoked):
        if name not in self.made:
            print(f"   filling a ledger: {revoked} revoked", file=sys.stderr, flush=True)
            self.made[name] = make(self.folder / name, revoked)
        return self.made[name]

    @property
    def million(self):
        return self._get("m", self.count)

    @property
    def none(self):
        return self._get("n", 0)


def serve(pipe):
    with Backend() as backend:
        pipe.send(backend.port)
        with contextlib.suppress(EOFError, KeyboardInterrupt):
            pipe.recv()


@contextlib.contextmanager
def service():
    """The HTTP service behind the gateway, in a process of its own: its port."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


@contextlib.contextmanager
def running(symbolon, backend, authority=(), only=(), await_roles=True):
    """`symbolon run` before the service: Running with .port, and .ca, which signed its server certificate."""
    pki = symbolon.folder / "pki"
    ca = ForeignCA(pki, f"Server CA {port()}")
    listen = port()
    route = static_route(listen, f"127.0.0.1:{backend}", ca.server(), ["authority"])
    config = symbolon.configure([route], authority=dict(authority), file=f"{listen}.yaml")
    with symbolon.run(config) as process:
        process.wait_listening(listen, deadline=120)
        process.port, process.ca, process.config = listen, ca.cert, config
        if await_roles:
            process.wait_line(lambda line: "all roles are ready" in line, "all roles are ready", deadline=120)
        yield process
