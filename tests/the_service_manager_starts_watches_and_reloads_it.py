"""What systemd asks of a service: readiness, reload, stop, signs of life, sockets that it opened. systemd-socket-activate is
systemd's own; the manager that hears notifications does what sd_notify(3) documents."""

import contextlib
import ctypes
import fcntl
import os
import pathlib
import select
import signal
import socket
import subprocess
import time

import pytest

from harness import peers, roles
from harness.process import is_listening, wait_until
from harness.symbolon import BINARY, Running, port, static_route


class Manager:
    """Hears what a service notifies."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def hear(self, deadline=20):
        """The next message as a mapping, or None when none comes in time."""
        readable, _, _ = select.select([self.socket], [], [], deadline)
        if not readable:
            return None
        return dict(line.split("=", 1) for line in self.socket.recv(65536).decode().splitlines())

    def wait_for(self, key):
        """The next message with this key, others left out."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            message = self.hear()
            if message and key in message:
                return message
        raise TimeoutError(f"no {key} came")


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.socket.close()


@pytest.fixture
def site(symbolon, foreign, backend):
    site = type("Site", (), {})()
    site.port = port()
    site.config = symbolon.configure([static_route(site.port, backend.address, foreign.server(), [foreign.cert])])
    site.alice = foreign.issue("alice")
    return site


def start(symbolon, command, **variables):
    return Running(command, symbolon.folder, {**symbolon.env, **variables})


def run_command(site):
    return [BINARY, "run", "--config", site.config]


def test_it_says_when_it_is_ready_reloads_and_stops(symbolon, site, manager):
    with start(symbolon, run_command(site), NOTIFY_SOCKET=manager.path) as running:
        assert manager.hear()["READY"] == "1"
        assert is_listening(site.port)
        before = time.monotonic_ns() // 1000
        running.child.send_signal(signal.SIGHUP)
        reloading = manager.hear()
        assert reloading["RELOADING"] == "1" and before <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        assert manager.hear()["READY"] == "1"
        good = site.config.read_text()
        site.config.write_text("{")
        assert manager.hear()["RELOADING"] == "1"
        failed = manager.hear()
        assert failed["READY"] == "1" and "failed" in failed["STATUS"]
        site.config.write_text(good)
        assert manager.hear()["RELOADING"] == "1"
        assert manager.hear() == {"READY": "1", "STATUS": "ready"}
        running.child.send_signal(signal.SIGTERM)
        assert manager.hear()["STOPPING"] == "1"
        assert running.wait() == 0


@contextlib.contextmanager
def frozen(thread):
    """Stops one thread of a child, and no other, as a debugger does."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    attach, detach = 16, 17
    assert libc.ptrace(attach, thread, None, None) == 0, os.strerror(ctypes.get_errno())
    os.waitpid(thread, 0x40000000)  # __WALL
    try:
        yield
    finally:
        libc.ptrace(detach, thread, None, None)


def threads_named(pid, name):
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return [int(task.name) for task in tasks if (task / "comm").read_text().strip() == name]


def hears_no_watchdog(manager, seconds):
    """What else it is told, of a reload for example, is no sign of life."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        assert "WATCHDOG" not in (manager.hear(deadline=left) or {})


@pytest.mark.needs_root  # to stop a thread of a process that hides from its own user
def test_signs_of_life_come_only_while_every_thread_lives(symbolon, site, manager):
    with start(symbolon, run_command(site), NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="400000") as running:
        for _ in range(3):
            manager.wait_for("WATCHDOG")
        gateway = roles.wait_roles(running, "gateway")["gateway"]
        with frozen(wait_until(lambda: threads_named(gateway, "gateway"), "the gateway's threads")[0]):
            while manager.hear(deadline=1):  # one may have been under way
                pass
            hears_no_watchdog(manager, seconds=1)
        manager.wait_for("WATCHDOG")


def test_signs_of_life_meant_for_another_process_are_not_given(symbolon, site, manager):
    with start(
        symbolon, run_command(site), NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="100000", WATCHDOG_PID="1"
    ):
        assert manager.hear()["READY"] == "1"
        hears_no_watchdog(manager, seconds=1)  # twenty times what it would wait between two


def test_systemds_own_activation_starts_it_with_the_first_client(symbolon, site, foreign):
    command = ["systemd-socket-activate", "-l", f"127.0.0.1:{site.port}", "--fdname=web", *run_command(site)]
    with start(symbolon, command) as running:
        running.wait_listening(site.port)
        assert peers.curl(site.port, foreign.cert, site.alice).stdout.strip() == "hello from the backend"
        assert running.wait_record("opened")["route"] == "web"
        # What the manager owns stays open for it: only we stop to accept.
        running.child.send_signal(signal.SIGTERM)
        assert running.wait() == 0


@contextlib.contextmanager
def handed_over(symbolon, site, sockets):
    """Runs with these listening sockets as descriptors 3 and following."""
    # Copies beyond the numbers that they are moved to.
    copies = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 100) for s in sockets]
    moves = " ".join(f"{3 + i}<&{copy}" for i, copy in enumerate(copies))
    script = f'export LISTEN_PID=$$ LISTEN_FDS={len(sockets)}; exec "$@" {moves}'
    child = subprocess.Popen(
        ["bash", "-c", script, "bash", *map(str, run_command(site))],
        cwd=symbolon.folder,
        env=symbolon.env,
        pass_fds=copies,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    for copy in copies:
        os.close(copy)
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def listening(number, at):
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if number > 1:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", at))
    made.listen(128)
    return made


@pytest.mark.parametrize("number", [1, 2, 5])
def test_one_socket_or_several_for_one_address_serve_everybody(symbolon, site, foreign, number):
    sockets = [listening(number, site.port) for _ in range(number)]
    with handed_over(symbolon, site, sockets):
        for made in sockets:
            made.close()  # ours: all that listens now is theirs
        with contextlib.ExitStack() as open_ones:
            clients = [
                open_ones.enter_context(peers.python_client(site.port, foreign.cert, site.alice)) for _ in range(20)
            ]
            assert {peers.http_over(client) for client in clients} == {"hello from the backend"}


def test_a_socket_that_fits_no_route_is_named(symbolon, site):
    other = listening(1, port())
    with handed_over(symbolon, site, [other]) as child:
        for line in child.stdout:
            if str(other.getsockname()[1]).encode() in line:
                break
        else:
            raise AssertionError("it was not named")
        wait_until(lambda: is_listening(site.port), "the route listens by itself")


def test_what_does_not_listen_is_refused(symbolon, site):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        with handed_over(symbolon, site, [mute]) as child:
            words = child.stdout.read()
            assert child.wait(20) == 4 and b"activation_unusable" in words
