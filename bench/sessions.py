#!/usr/bin/python3
"""What session tickets cost and save: processor time of the gateway for a mutual TLS connection (handshake, one small echo, close) without
tickets, with one after a full handshake, and resumed.

usage: sessions.py [--connections N] [--rounds N]   (called by bench/run; SYMBOLON_BINARY: which program)
The clients are Python's ssl, one connection after another; rounds of all ways alternate, and the best of each is the figure.
"""

import argparse
import os
import pathlib
import ssl
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from harness import peers  # noqa: E402
from harness.attack import gateway_of  # noqa: E402
from harness.backend import Backend  # noqa: E402
from harness.pki import ForeignCA  # noqa: E402
from harness.symbolon import Symbolon, port, static_route  # noqa: E402

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
WAYS = {"no tickets": (False, False), "full, with a ticket": (True, False), "resumed": (True, True)}


def processor(pid):
    """Seconds, of all its threads."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def one(context, listen, session, resumes):
    with peers.python_client(listen, None, context=context, session=session) as secure:
        assert peers.exchange(secure, b"x" * 64) == b"x" * 64
        assert secure.session_reused is (resumes and session is not None)
        return secure.session


def sample(listen, ca, client, version, resumes, connections, pid):
    context = peers.python_context(ca.cert, client, version)
    session = one(context, listen, None, resumes) if resumes else None
    begin = processor(pid)
    for _ in range(connections):
        session = one(context, listen, session if resumes else None, resumes)
    return (processor(pid) - begin) / connections * 1e6


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--connections", type=int, default=400)
    options.add_argument("--rounds", type=int, default=5)
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, Backend("echo") as backend:
        symbolon = Symbolon(pathlib.Path(folder) / "s")
        root = ForeignCA(pathlib.Path(folder) / "pki")
        client = ForeignCA(pathlib.Path(folder) / "pki", "Issuing", issuer=root).issue("client")
        ports = {tickets: port() for tickets in (False, True)}
        routes = [
            static_route(listen, backend.address, root.server(), [root.cert], name=str(tickets).lower(), session_tickets=tickets)
            for tickets, listen in ports.items()
        ]
        config = symbolon.configure({"threads": 1, "records": os.devnull, "routes": routes})
        with symbolon.run(config, *ports.values()) as running:
            pid, best = gateway_of(running), {}
            for _ in range(options.rounds):
                for name, version in VERSIONS.items():
                    for way, (tickets, resumes) in WAYS.items():
                        seen = sample(ports[tickets], root, client, version, resumes, options.connections, pid)
                        best[name, way] = min(seen, best.get((name, way), seen))
        for name in VERSIONS:
            print(f"TLS {name}: " + ", ".join(f"{way} {best[name, way]:.0f} us" for way in WAYS))


if __name__ == "__main__":
    main()
