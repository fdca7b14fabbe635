"""Mixed load with faults, for a while: ./dev soak [--minutes N]. Ends with 0 only if nobody wrong got in, nothing leaked and nothing hung.

Good clients come in all lengths, wrong ones in all kinds, attackers with noise and half handshakes; clients are issued, used and
revoked; services vanish, stall and reset; the configuration is read anew; whoever watches scrapes. What must hold is checked all
the while and, when the load has ended, of what is left: no connection, no descriptor, no memory beyond what a warm process has.
"""

import argparse
import collections
import contextlib
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.dont_write_bytecode = True

from harness import peers  # noqa: E402
from harness.attack import BadService, Usage, answer_half, connections, ends, raise_descriptor_limit, reset, stall, vanish  # noqa: E402
from harness.backend import Backend  # noqa: E402
from harness.metrics import Watched  # noqa: E402
from harness.pki import ForeignCA  # noqa: E402
from harness.process import wait_until  # noqa: E402
from harness.symbolon import Symbolon, port, static_route  # noqa: E402

IDLE = 3  # seconds of idle_timeout
SETTLE = 60  # seconds in which everything must have ended when the load has
MEMORY_SLACK = 24 << 20  # caches that fill late, and the allocator's own ways
REMEMBERED = 4096 * (os.cpu_count() or 1)  # verified chains: so many a thread
CHAIN = 10 << 10  # octets, of one that is remembered


class Soak:
    def __init__(self, folder, seed):
        self.folder = folder
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.done = collections.Counter()
        self.clients_when_warm = 0
        self.failures = []
        self.symbolon = Symbolon(folder / "s").init()
        self.stranger = ForeignCA(folder / "stranger", "Stranger")
        self.foreign = ForeignCA(folder / "pki")
        self.alice = self.foreign.issue("alice")
        self.wrong = {
            "none": None,
            "stranger": self.stranger.issue("mallory"),
            "expired": self.foreign.issue("expired", days=(-9, -2)),
            "a server's": self.foreign.server("server"),
        }

    def fail(self, words):
        self.failures.append(words)
        self.stopping.set()

    # -- what runs

    def start(self, stack):
        self.http, self.echo = stack.enter_context(Backend()), stack.enter_context(Backend("echo"))
        bad = [stack.enter_context(BadService(b)) for b in (vanish, reset, stall, answer_half)]
        self.port, metrics = port(), port()
        trust = [self.foreign.cert, "authority"]
        services = [("http", self.http.address), ("echo", self.echo.address)]
        services += [(f"bad{n}", service.address) for n, service in enumerate(bad)]
        self.bad = [name for name, _ in services[2:]]
        names = ",".join(f"DNS:{name}.example" for name, _ in services)
        server = self.foreign.server("soak", names=names)
        routes = [
            static_route(
                self.port,
                address,
                server,
                trust,
                name=name,
                names=[f"{name}.example"],
                idle_timeout=f"{IDLE}s",
                handshake_timeout="5s",
                connect_timeout="2s",
            )
            for name, address in services
        ]
        self.config = self.symbolon.configure(
            {"routes": routes, "records": str(self.folder / "records.ndjson")},
            authority={},
            metrics={"listen": f"127.0.0.1:{metrics}"},
        )
        self.symbolon.env["SYMBOLON_CONFIG"] = str(self.config)
        self.process = stack.enter_context(self.symbolon.run(self.config, self.port, metrics))
        self.watched = Watched(metrics)
        self.contexts = {name: peers.python_context(self.foreign.cert, who) for name, who in self.wrong.items()}
        self.good = peers.python_context(self.foreign.cert, self.alice)

    # -- the load: each is called again and again by a thread of its own

    def client(self, route, context):
        return peers.python_client(self.port, self.foreign.cert, host=f"{route}.example", context=context)

    def good_requests(self):
        with self.client("http", self.good) as secure:
            for _ in range(self.random.randrange(1, 5)):
                assert peers.http_over(secure) == self.http.greeting
        self.done["good requests"] += 1

    def good_transfer(self):
        data = self.random.randbytes(self.random.choice([1, 1000, 20_000, 400_000]))
        with self.client("echo", self.good) as secure:
            assert peers.exchange(secure, data) == data
        self.done["good transfers"] += 1

    def good_idler(self):
        with self.client("echo", self.good) as secure:
            self.stopping.wait(self.random.uniform(0, 2 * IDLE))
            with contextlib.suppress(OSError):
                secure.sendall(b"x")
                secure.recv(1)
        self.done["idle connections"] += 1

    def good_client_of_a_bad_service(self):
        with contextlib.suppress(OSError):
            with self.client(self.random.choice(self.bad), self.good) as secure:
                secure.sendall(peers.HTTP_REQUEST)
                while secure.recv(65536):
                    pass
        self.done["bad services"] += 1

    def wrong_client(self):
        kind = self.random.choice(list(self.wrong))
        with contextlib.suppress(OSError):
            with self.client("http", self.contexts[kind]) as secure:
                secure.sendall(peers.HTTP_REQUEST)
                if secure.recv(1):
                    self.fail(f"{kind} got in")
        self.done["wrong clients"] += 1

    def attacker(self):
        noise = self.random.choice([b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", self.random.randbytes(3000)])
        with contextlib.suppress(OSError), connections(self.port, 5, noise) as opened:
            if self.random.random() < 0.5:
                for one in opened:
                    ends(one)
        self.done["attacks"] += 5

    def revocations(self):
        """Issued, admitted, revoked, and from the answer on refused."""
        number = self.done["revocations"]
        client = self.symbolon.issue("client", f"c{number}", options=["--no-p12"])
        context = peers.python_context(self.foreign.cert, client)
        with self.client("http", context) as secure:
            assert peers.http_over(secure) == self.http.greeting
        self.symbolon.do("revoke", f"c{number}")
        with contextlib.suppress(OSError):
            with self.client("http", context) as secure:
                secure.sendall(peers.HTTP_REQUEST)
                if secure.recv(1):
                    self.fail(f"c{number} got in after it was revoked")
        for file in (client.cert, client.key):
            file.unlink()
        self.done["revocations"] += 1

    def reload(self):
        self.config.touch()
        self.process.child.send_signal(signal.SIGHUP)
        self.done["reloads"] += 1
        self.stopping.wait(2)

    def watcher(self):
        assert self.watched.value("symbolon_gateway_threads_silent") == 0
        assert self.watched.get("/readyz")[0] == 200
        self.symbolon.do("status")
        self.symbolon.do("list", "--seen", "--limit", "5")
        self.done["scrapes"] += 1
        self.stopping.wait(1)

    LOAD = (
        [good_requests] * 2
        + [good_transfer] * 2
        + [good_idler] * 4
        + [good_client_of_a_bad_service] * 3
        + [wrong_client] * 2
        + [attacker, revocations, reload, watcher]
    )

    def again_and_again(self, work):
        while not self.stopping.is_set():
            try:
                work(self)
            except Exception as problem:  # whatever it is, it is the end of this soak
                if self.process.child.poll() is not None:
                    return self.fail(f"the process ended with {self.process.child.returncode}:\n{self.process.output[-4000:]}")
                return self.fail(f"{work.__name__}: {type(problem).__name__}: {problem}")

    # -- what must hold

    def settle(self):
        """Everything has ended, soon after the load has."""
        wait_until(
            lambda: self.watched.value("symbolon_gateway_connections") == 0,
            "every connection has ended",
            deadline=SETTLE,
        )
        return Usage(self.process)

    def run_load(self, seconds):
        self.stopping.clear()
        threads = [threading.Thread(target=self.again_and_again, args=(work,)) for work in self.LOAD]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.stopping.wait(min(30, max(0.1, end - time.monotonic()))):
            usage = Usage(self.process)
            print(
                f"soak: {max(0, end - time.monotonic()):4.0f} s left, {usage.resident >> 20} MiB, {usage.descriptors} descriptors, "
                + ", ".join(f"{count} {what}" for what, count in sorted(self.done.items())),
                flush=True,
            )
        self.stopping.set()
        for thread in threads:
            thread.join()

    def compare(self, warm, after):
        if after.descriptors > warm.descriptors + 4:
            self.failures.append(f"descriptors leak: {warm.descriptors} when warm, {after.descriptors} at the end")
        # Each client of the load comes with a certificate of its own, of which a thread remembers the last 4,096.
        room = max(0, REMEMBERED - self.clients_when_warm)
        remembered = min(self.done["revocations"] - self.clients_when_warm, room) * CHAIN
        if after.resident > warm.resident * 1.1 + remembered + MEMORY_SLACK:
            self.failures.append(f"memory leaks: {warm.resident >> 20} MiB when warm, {after.resident >> 20} MiB at the end")
        print(
            f"soak: warm {warm.resident >> 20} MiB and {warm.descriptors} descriptors, "
            f"at the end {after.resident >> 20} MiB and {after.descriptors}"
        )


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--minutes", type=float, default=30)
    arguments.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    options = arguments.parse_args()
    raise_descriptor_limit(4096)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="symbolon-soak-"))
    print(f"soak: {options.minutes:g} minutes, --seed {options.seed}", flush=True)
    soak = Soak(folder, options.seed)
    with contextlib.ExitStack() as stack:
        soak.start(stack)
        try:
            soak.run_load(options.minutes * 60 / 4)  # caches are filled, threads have come
            if not soak.failures:
                warm, soak.clients_when_warm = soak.settle(), soak.done["revocations"]
                soak.run_load(options.minutes * 60 * 3 / 4)
            if not soak.failures:
                soak.compare(warm, soak.settle())
                soak.symbolon.do("ledger", "verify")
        except TimeoutError as late:
            soak.failures.append(f"stuck: {late}")
        soak.process.child.terminate()
        if not soak.failures and soak.process.wait(SETTLE) != 0:
            soak.failures.append(f"it ended with {soak.process.child.returncode}:\n{soak.process.output[-4000:]}")
    for failure in soak.failures:
        print(f"FAILED {failure}")
    if soak.failures:
        print(f"soak: what it left lies in {folder}")
        return 1
    shutil.rmtree(folder)
    print("soak: nobody wrong got in, nothing leaked, nothing hung: " + ", ".join(f"{n} {w}" for w, n in sorted(soak.done.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
