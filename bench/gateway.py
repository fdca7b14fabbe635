#!/usr/bin/python3
"""How long a gateway of 1,000 routes takes to start, what its memory does over 100,000 connections, and how long an
established connection waits while others are turned away at the limits.

usage: gateway.py [--connections N] [--routes N] [--rounds N]   (called by bench/run; SYMBOLON_BINARY: which program)
The clients are `openssl s_time`: a full mutual TLS 1.3 handshake each, one after another.
"""

import argparse
import contextlib
import os
import pathlib
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from harness.attack import gateway_of  # noqa: E402
from harness.backend import Backend  # noqa: E402
from harness.metrics import Watched  # noqa: E402
from harness.peers import python_client  # noqa: E402
from harness.pki import ForeignCA  # noqa: E402
from harness.symbolon import Symbolon, port, static_route  # noqa: E402


def gateway(folder, routes):
    return {"records": str(folder / "records.jsonl"), "routes": routes}


def start_with_routes(symbolon, ca, service, count):
    """Names on one address, each with rules, a certificate and trust of its own files' content."""
    server = ca.server()
    listen = port()
    routes = [
        static_route(listen, service, server, [ca.cert], name=f"r{i}", names=[f"s{i}.example"], clients={"allow": [{"cn": f"c{i}"}]})
        for i in range(count)
    ]
    config = symbolon.configure(gateway(symbolon.folder, routes))
    begin = time.monotonic()
    with symbolon.run(config, listen) as process:
        return time.monotonic() - begin, processor_time(process)


def processor_time(process):
    """Of the gateway and of who started it."""
    ticks = 0
    for pid in {process.child.pid, gateway_of(process)}:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(process):
    """Proportional set size, KiB."""
    rollup = pathlib.Path(f"/proc/{gateway_of(process)}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", rollup, re.M).group(1))


def handshakes(listen, ca, client, seconds):
    done = subprocess.run(
        ["openssl", "s_time", "-connect", f"127.0.0.1:{listen}", "-new", "-tls1_3", "-time", str(seconds),
         "-CAfile", ca.cert, "-cert", client.chain, "-key", client.key],
        capture_output=True, text=True,
    )  # fmt: skip
    return int(re.search(r"(\d+) connections in \d+ real seconds", done.stdout).group(1))


def memory_over_connections(symbolon, ca, service, wanted):
    listen = port()
    config = symbolon.configure(gateway(symbolon.folder, [static_route(listen, service, ca.server(), [ca.cert])]))
    client = ca.issue("client")
    with symbolon.run(config, listen) as process:
        done, table = 0, [(0, memory(process))]
        while done < wanted:
            done += handshakes(listen, ca, client, 10)
            table.append((done, memory(process)))
            if sys.stderr.isatty():
                print(f"\r{done} connections", end="", file=sys.stderr)
        return table


FLOOD = """
import os, socket, sys
os.nice(5)
hello = bytes.fromhex(sys.argv[2])
while True:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as client:
        client.sendall(hello)
        try:
            client.recv(4096)  # the server's part of a handshake, or the end
        except ConnectionError:
            pass
"""


def client_hello():
    """As OpenSSL's client sends it first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def echoes(secure, seconds):
    """How long each of many echoes of 64 octets took, us."""
    waits, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        begin = time.perf_counter()
        secure.sendall(b"x" * 64)
        got = 0
        while got < 64:
            got += len(secure.recv(64))
        waits.append((time.perf_counter() - begin) * 1e6)
    return sorted(waits)


def latency_at_the_limits(symbolon, ca, rounds):
    """An established connection's echoes alone, and while a client on another core begins handshakes without pause, of
    which 20 a second are let in."""
    listen, watched = port(), port()
    with Backend(kind="echo") as service:
        route = static_route(listen, service.address, ca.server(), [ca.cert])
        limits = {"handshake_rate": 20, "handshake_rate_per_source": 20}
        metrics = {"listen": f"127.0.0.1:{watched}"}
        config = symbolon.configure({**gateway(symbolon.folder, [route]), "limits": limits}, metrics=metrics)
        table = []
        with symbolon.run(config, listen, watched), python_client(listen, ca.cert, ca.issue("established")) as secure:
            for _ in range(rounds):
                alone = echoes(secure, 3)
                before = turned_away(watched)
                flood = subprocess.Popen([sys.executable, "-c", FLOOD, str(listen), client_hello().hex()])
                try:
                    begin = time.monotonic()
                    beside = echoes(secure, 3)
                    rate = (turned_away(watched) - before) / (time.monotonic() - begin)
                finally:
                    flood.kill()
                    flood.wait()
                table.append((*figures(alone), *figures(beside), rate))
        return [statistics.median(column) for column in zip(*table, strict=True)]


def turned_away(watched):
    return Watched(watched).value("symbolon_connections_refused_total") or 0


def figures(waits):
    return waits[len(waits) // 2], waits[len(waits) * 99 // 100]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--connections", type=int, default=100_000)
    options.add_argument("--routes", type=int, default=1_000)
    options.add_argument("--rounds", type=int, default=5)
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, Backend() as backend:
        symbolon = Symbolon(pathlib.Path(folder) / "s")
        ca = ForeignCA(pathlib.Path(folder) / "pki")
        seconds, busy = start_with_routes(symbolon, ca, backend.address, options.routes)
        print(f"{options.routes} routes: listening after {seconds:.2f} s, {busy:.2f} s of the processor")
        p50, p99, p50_beside, p99_beside, rate = latency_at_the_limits(symbolon, ca, options.rounds)
        print(f"echo of 64 octets, p50 / p99: alone {p50:.0f} / {p99:.0f} us; at the limits {p50_beside:.0f} / {p99_beside:.0f} us")
        print(f"({rate:.0f} connections a second turned away)")
        table = memory_over_connections(symbolon, ca, backend.address, options.connections)
        for done, pss in table[:: max(1, len(table) // 10)] + table[-1:]:
            print(f"{done:7} connections: {pss} KiB")
        warm = next(pss for done, pss in table if done >= options.connections / 10)
        print(f"growth after the first tenth: {table[-1][1] - warm} KiB")


if __name__ == "__main__":
    main()
