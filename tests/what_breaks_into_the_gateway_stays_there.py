"""Code that runs in the gateway's process (played by tests/broken_gateway.cc, which enters the very same bounds) reads neither the
key of the CA nor the ledger nor the machine's files, reaches no other port, runs nothing, and looks into no other process.
docs/threat-model.md says the same in words. Each test says which of Landlock and seccomp this kernel has; what rests on a part that
it lacks is checked for what is left."""

import contextlib
import errno
import os
import re
import socket

import pytest

from harness import peers, roles
from harness.process import run
from harness.symbolon import BINARY

BROKEN = BINARY.parent / "tests" / "broken_gateway"


class Bounds:
    def __init__(self, symbolon, config):
        self.symbolon, self.config = symbolon, config

    def try_all(self, *attempts):
        """{attempt: errno}, 0 where it worked."""
        outcome = run([BROKEN, self.config, self.symbolon.state, *attempts], cwd=self.symbolon.folder, env=self.symbolon.env)
        assert outcome.status == 0, outcome
        print(outcome.stdout.splitlines()[0])  # what the kernel has: shown where a test fails, and with -rP
        self.landlock = int((re.search(r"Landlock (\d+)", outcome.stdout) or [0, 0])[1])
        self.seccomp = "seccomp" in outcome.stdout.splitlines()[0]
        return {a: int(n) for a, n in re.findall(r"^(.+): (\d+)$", outcome.stdout, re.M)}


@pytest.fixture
def service(symbolon, every_role):
    every_role.bounds = Bounds(symbolon, every_role.config)
    return every_role


def test_it_reads_no_secret_and_no_file_of_the_machine(symbolon, service):
    state = symbolon.state
    secrets = [f"read {p}" for p in (state / "issuing.key", state / "root.key", state / "ledger.db", "/etc/passwd")]
    seen = service.bounds.try_all(*secrets, f"read {symbolon.folder / 'symbolon.yaml'}")
    if service.bounds.landlock:
        assert set(seen.values()) == {errno.EACCES}, seen


def test_it_writes_only_its_own(symbolon, service):
    state = symbolon.state
    inside = f"write {state / 'gateway' / 'x'}"
    (state / "own").mkdir(exist_ok=True)
    outside = [f"write {p}" for p in (state / "x", state / "own" / "x", state / "ledger.db", symbolon.folder / "x", "/tmp/symbolon-x")]
    seen = service.bounds.try_all(inside, *outside)
    assert seen[inside] == 0
    if service.bounds.landlock:
        assert {seen[one] for one in outside} == {errno.EACCES}, seen


def test_it_reaches_its_service_and_nothing_else(symbolon, service, backend):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        elsewhere = f"connect {other.getsockname()[1]}"
        its_own = f"connect {backend.address.rpartition(':')[2]}"
        the_api = f"connect-unix {symbolon.state / 'authority.sock'}"
        around = [f"{way} {other.getsockname()[1]}" for way in ("connect-mptcp", "connect-fast-open")]
        seen = service.bounds.try_all(its_own, elsewhere, *around, the_api, "raw")
    assert seen[its_own] == 0
    if service.bounds.landlock >= 4:
        assert seen[elsewhere] == errno.EACCES
    if service.bounds.seccomp:
        assert {seen["raw"], *(seen[way] for way in around)} == {errno.EPERM}
        assert seen[the_api] == errno.EPERM  # which would do whatever its user may ask for


def test_it_runs_nothing_and_looks_into_nobody(service):
    pids = roles.wait_roles(service, "signer", "authority")
    attempts = ["execute /bin/true", "fork", f"trace {pids['signer']}", f"trace {pids['authority']}"]
    seen = service.bounds.try_all("thread", *attempts)
    assert seen["thread"] == 0
    if service.bounds.seccomp:
        assert {seen[one] for one in attempts} == {errno.EPERM}, seen
    elif service.bounds.landlock:
        assert seen["execute /bin/true"] == errno.EACCES


def test_the_real_gateway_is_within_these_bounds_and_serves(symbolon, service):
    assert peers.curl(service.port, symbolon.ca, symbolon.client).status == 0
    service.bounds.try_all()
    pids = roles.wait_roles(service, "signer", "authority", "gateway")
    for role, pid in pids.items():
        assert roles.status_field(pid, "Seccomp") == ("2" if service.bounds.seccomp else "0"), role
    wanted = re.compile(r"sandbox: (?!none)") if service.bounds.seccomp else re.compile("sandbox: none")
    assert sum(bool(wanted.search(line or "")) for line in service.lines) == len(pids), service.output


def test_without_a_sandbox_it_says_so(symbolon, service):
    config = symbolon.configure(authority={}, routes=None, insecure_no_sandbox=True, file="open.yaml")
    service.stop()
    with symbolon.run(config) as running:
        running.wait_socket(symbolon.state / "authority.sock")
        running.wait_line(lambda line: "insecure_no_sandbox" in line, "the warning")
        pid = roles.wait_roles(running, "authority")["authority"]
        assert roles.status_field(pid, "Seccomp") in ("0", None)
    assert os.path.exists(config)
