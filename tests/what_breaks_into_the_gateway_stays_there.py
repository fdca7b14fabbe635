"""Code that runs in the gateway's process (played by tests/broken_gateway.cc, which enters the very same bounds) reads neither the
key of the CA nor the ledger nor the machine's files, reaches no other port, runs nothing, and looks into no other process. Nor does
the supervisor, which is the one way out, lend it anything that the configuration does not name, whatever it links to.
docs/threat-model.md says the same in words. Each test says which of Landlock and seccomp this kernel has; what rests on a part that
it lacks is checked for what is left."""

import contextlib
import errno
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess

import pytest

from harness import peers, roles
from harness.process import Process, run
from harness.symbolon import BINARY, port, static_route

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


class Intruder(Process):
    """`symbolon run` with code of somebody else in its gateway, which tries what it is told."""

    def __init__(self, symbolon, config):
        super().__init__([BROKEN, "run", "--config", config], symbolon.folder, symbolon.env, stdin=subprocess.PIPE)

    def try_all(self, *attempts):
        """{attempt: errno}, 0 where it worked."""
        seen, since = {}, len(self.lines)
        for attempt in attempts:
            self.child.stdin.write(f"{attempt}\n".encode())
            self.child.stdin.flush()
            answer = re.compile(re.escape(attempt) + r": (\d+)$")
            since, found = self.wait_line(answer.match, attempt, since)
            seen[attempt], since = int(found[1]), since + 1
        return seen


@contextlib.contextmanager
def listening_at(path):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as made:
        made.bind(str(path))
        made.listen()
        yield path


@pytest.fixture
def break_in(foreign, backend):
    """break_in(symbolon, records=PATH, trust=FILE, to=SOCKET): an Intruder; its state is there, .server has what it shows."""
    with contextlib.ExitStack() as running:

        def begin(symbolon, records=None, trust=None, to=None):
            server = foreign.server()
            web = static_route(port(), backend.address, server, [trust or foreign.cert])
            to = to or symbolon.folder / "service.sock"
            local = {**static_route(0, f"unix:{to}", server, [foreign.cert], name="local"), "listen": f"unix:{symbolon.folder}/web.sock"}
            gateway = {"routes": [web, local], "records": str(records or symbolon.folder / "records")}
            intruder = running.enter_context(Intruder(symbolon, symbolon.configure(gateway, authority={})))
            intruder.wait_line(lambda line: "all roles are ready" in line, "all roles are ready")
            intruder.server = server
            return intruder

        yield begin


def test_it_is_lent_what_the_configuration_names(symbolon, break_in, foreign, backend):
    symbolon.init()
    link = symbolon.folder / "trusted.crt"
    link.symlink_to(foreign.cert)  # whoever writes the configuration may
    intruder = break_in(symbolon, trust=link)
    files = (intruder.server.chain, intruder.server.key, link, symbolon.folder / "symbolon.yaml", symbolon.state / "anchors.crt")
    with listening_at(symbolon.folder / "service.sock") as service:
        named = [f"ask-read {file}" for file in files]
        named += [f"ask-append {symbolon.folder / 'records'}", f"ask-connect {backend.address.rpartition(':')[2]}"]
        named += [f"ask-connect-unix {one}" for one in (service, symbolon.state / "gateways.sock")]
        bind = [f"ask-bind {one}" for one in (symbolon.folder / "web.sock", symbolon.state / "gateway" / "gateway.sock")]
        seen = intruder.try_all(*named, *bind)
    assert set(seen.values()) == {0}, seen
    assert (symbolon.folder / "web.sock").is_socket()
    remove = f"ask-remove {symbolon.folder / 'web.sock'}"
    intruder.try_all(remove, named[0])  # what is asked is done in order
    assert not (symbolon.folder / "web.sock").exists()


def test_it_is_lent_nothing_else(symbolon, break_in):
    symbolon.init()
    intruder, state, folder = break_in(symbolon), symbolon.state, symbolon.folder
    secrets = [state / name for name in ("issuing.key", "root.key", "admin.key", "ledger.db")]
    around = f"{state}/gateway/../issuing.key"
    read = [f"ask-read {one}" for one in (*secrets, around, "/etc/shadow", "/proc/self/environ", state, state / "authority.sock")]
    others = (state / "ledger.db", state / "x", folder / "symbolon.yaml", intruder.server.key, f"{folder}/records2", "/etc/passwd")
    append = [f"ask-append {one}" for one in others]
    unbound = [folder / "web.sock", folder / "plain"]
    unbound[0].write_text("")
    unbound[1].write_text("")
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as tcp, listening_at(folder / "other.sock") as other:
        connect = [f"ask-connect {tcp.getsockname()[1]}", "ask-connect 22"]
        connect += [f"ask-connect-unix {one}" for one in (other, state / "authority.sock", folder / "web.sock")]
        bind = [f"ask-bind {one}" for one in (state / "x.sock", folder / "y.sock", folder / "service.sock", "/run/symbolon-x.sock")]
        before = sorted(folder.rglob("*"))
        kept = (other, state / "authority.sock", state / "ledger.db", *unbound)
        remove = [f"ask-remove {one}" for one in kept]
        refused = intruder.try_all(*read, *append, *connect, *bind)
        intruder.try_all(*remove, read[0])
        assert set(refused.values()) == {errno.EACCES}, refused
        assert set(before) <= set(folder.rglob("*")), "nothing was removed"
        assert not any(pathlib.Path(one.split()[1]).exists() for one in bind)


def test_a_link_of_its_own_leads_nowhere(symbolon, break_in):
    symbolon.init()
    own = symbolon.state / "gateway"
    names = {"records": own / "records", "trust": own / "trusted.crt", "to": own / "service.sock"}
    intruder = break_in(symbolon, **names)
    targets = {"records": "ledger.db", "trust": "issuing.key", "to": "authority.sock"}
    links = [f"link {symbolon.state / targets[key]} {names[key]}" for key in names]
    links.append(f"link {symbolon.state / 'ledger.db'} {own / 'gateway.sock'}")
    made = intruder.try_all(f"remove {names['records']}", *links)  # the authority made it
    assert set(made.values()) == {0}, made
    lent = intruder.try_all(f"ask-append {names['records']}", f"ask-read {names['trust']}", f"ask-connect-unix {names['to']}")
    assert set(lent.values()) == {errno.EACCES}, lent
    bind = f"ask-bind {own / 'gateway.sock'}"
    assert intruder.try_all(bind)[bind] == errno.EADDRINUSE
    assert (own / "gateway.sock").is_symlink() and (symbolon.state / "ledger.db").is_file()


@pytest.mark.needs_root
def test_who_writes_the_state_cannot_have_it_lent_what_is_not_theirs(theirs, break_in):
    """The authority may put anything at anchors.crt, the signer's key under another name included."""
    theirs.init()
    key, anchors, kept = (theirs.state / name for name in ("issuing.key", "anchors.crt", "kept.crt"))
    shutil.chown(key, pwd.getpwnam("bin").pw_uid)  # as it is where there is a user NAME-signer
    intruder = break_in(theirs, records=theirs.state / "records")
    ask = f"ask-read {anchors}"
    assert intruder.try_all(ask, f"ask-read {intruder.server.key}") == {ask: 0, f"ask-read {intruder.server.key}": 0}
    anchors.rename(kept)
    for secret in (key, pathlib.Path("/etc/shadow")):
        anchors.symlink_to(secret)
        assert intruder.try_all(ask)[ask] == errno.EACCES, secret
        anchors.unlink()
    key.rename(anchors)
    assert intruder.try_all(ask)[ask] == errno.EACCES
    anchors.rename(key)
    kept.rename(anchors)
    assert intruder.try_all(ask)[ask] == 0
