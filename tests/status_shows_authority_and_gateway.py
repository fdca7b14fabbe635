"""`symbolon status`: authority and gateway at a glance, as JSON, and live in a terminal that is left as it was."""

import json
import os
import pty
import select
import signal
import subprocess
import termios
import time

import pytest

from harness import peers
from harness.process import Process, run, wait_until
from harness.symbolon import BINARY, port, static_route


@pytest.fixture
def running(symbolon, foreign, backend):
    symbolon.init()
    listen = port()
    route = static_route(listen, backend.address, foreign.server(), [foreign.cert])
    symbolon.env["SYMBOLON_CONFIG"] = str(symbolon.configure([route], authority={"name": "ca.example"}))
    with symbolon.run(symbolon.env["SYMBOLON_CONFIG"], listen) as process:
        process.port = listen
        yield process


def test_both_with_routes_and_refusals(symbolon, running, foreign):
    assert peers.curl(running.port, foreign.cert, foreign.issue("alice")).status == 0
    peers.curl(running.port, foreign.cert)
    running.wait_record("refused")
    running.wait_record("closed")
    found = symbolon.json("status")
    assert found["name"] == "ca.example" and found["issued"] == 2 and found["ledger"]["entries"] > 3
    gateway = found["gateway"]
    assert gateway["phase"] == "serving" and gateway["threads_silent"] == 0
    (route,) = gateway["routes"]
    assert route["name"] == "web" and route["admitted"] == 1 and route["open"] == 0
    assert route["listen"] == f"127.0.0.1:{running.port}"
    assert route["refused"] == [{"code": "client_certificate_missing", "count": 1}]
    assert route["soonest"]["subject"] == "CN=alice"
    words = symbolon.do("status")
    for part in ("ca.example", "serving", "web", f"127.0.0.1:{running.port}", "client_certificate_missing"):
        assert part in words, words


def test_a_gateway_without_an_authority(symbolon, foreign, backend):
    listen = port()
    config = symbolon.configure([static_route(listen, backend.address, foreign.server(), [foreign.cert])])
    symbolon.env["SYMBOLON_CONFIG"] = str(config)
    with symbolon.run(config, listen):
        assert set(symbolon.json("status")) == {"gateway"}
        assert "authority" not in symbolon.do("status")
    symbolon.refused("state_missing", "status")


def test_an_authority_without_a_gateway(symbolon):
    symbolon.init()
    assert "gateway" not in symbolon.json("status")


class Terminal:
    """A pseudo-terminal with the live view in it."""

    def __init__(self, symbolon):
        self.ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (30, 100))
        self.theirs = theirs
        self.before = termios.tcgetattr(theirs)
        self.seen = b""
        env = {**symbolon.env, "TERM": "xterm"}
        self.child = subprocess.Popen(
            [BINARY, "status", "--watch"], cwd=symbolon.folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )

    def wait(self, part, deadline=20):
        end = time.monotonic() + deadline
        while part not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.ours], [], [], 0.1)[0]:
                self.seen += os.read(self.ours, 65536)

    def ends(self):
        """Its exit status; the terminal is as it was before."""
        end = time.monotonic() + 20
        while self.child.poll() is None:
            assert time.monotonic() < end, "it does not end"
            if select.select([self.ours], [], [], 0.05)[0]:
                self.seen += os.read(self.ours, 65536)
        while select.select([self.ours], [], [], 0)[0]:
            self.seen += os.read(self.ours, 65536)
        assert termios.tcgetattr(self.theirs) == self.before
        assert self.seen.endswith(b"\x1b[?25h\x1b[?1049l"), self.seen[-100:]
        return self.child.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.mark.parametrize("key", [b"q", b"\x03"])
def test_live_until_a_key(symbolon, running, foreign, key):
    with Terminal(symbolon) as terminal:
        terminal.wait(b"serving")
        assert terminal.seen.startswith(b"\x1b[?1049h")
        assert peers.curl(running.port, foreign.cert).status != 0
        terminal.wait(b"client_certificate_missing")  # drawn anew by itself
        os.write(terminal.ours, key)
        assert terminal.ends() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_live_until_a_signal(symbolon, running, number):
    with Terminal(symbolon) as terminal:
        terminal.wait(b"serving")
        terminal.child.send_signal(number)
        assert terminal.ends() == 0


def test_live_goes_on_when_the_gateway_comes_and_goes(symbolon, running):
    with Terminal(symbolon) as terminal:
        terminal.wait(b"serving")
        running.stop()
        terminal.wait(b"neither an authority nor a gateway answers")
        with symbolon.run(symbolon.env["SYMBOLON_CONFIG"], running.port):
            terminal.seen = b""
            terminal.wait(b"serving")
        os.write(terminal.ours, b"q")
        assert terminal.ends() == 0


def test_live_fits_the_window_of_tmux(symbolon, running):
    """A terminal of another make: no line wraps in 60 columns, and the shell's screen is back after q."""
    socket = symbolon.folder / "tmux"

    def tmux(*arguments):
        return run(["tmux", "-S", socket, "-f", "/dev/null", *arguments], env={**symbolon.env, "TERM": "xterm"})

    assert tmux("new-session", "-d", "-x", "60", "-y", "20", "cat").status == 0
    try:
        tmux("set-option", "-g", "remain-on-exit", "on")
        tmux("respawn-pane", "-k", f"echo before; {BINARY} status --watch; echo after; cat")

        def screen():
            return tmux("capture-pane", "-p").stdout

        wait_until(lambda: "serving" in screen(), "the view")
        lines = screen().splitlines()
        assert lines[0].startswith("authority") and any(line.startswith("ROUTE") for line in lines), lines
        assert "before" not in screen()
        tmux("send-keys", "q")
        wait_until(lambda: "before" in screen() and "after" in screen(), "the shell's screen")
        assert "serving" not in screen()
    finally:
        tmux("kill-server")


def test_plain_lines_where_there_is_no_terminal(symbolon, running):
    with Process([BINARY, "status", "--watch"], cwd=symbolon.folder, env=symbolon.env) as view:
        first, _ = view.wait_line(lambda line: "serving" in line, "a picture")
        view.wait_line(lambda line: "serving" in line, "the next one", since=first + 1)
        assert "\x1b" not in view.output
        view.child.terminate()
        assert view.wait() == 0
    with Process([BINARY, "--json", "status", "--watch"], cwd=symbolon.folder, env=symbolon.env) as view:
        _, line = view.wait_line(lambda line: line if line.startswith("{") else None, "an object")
        assert json.loads(line)["gateway"]["phase"] == "serving"
        view.child.terminate()
        assert view.wait() == 0


def test_live_ends_when_nobody_reads(symbolon, running):
    outcome = run(["sh", "-c", f"{BINARY} status --watch | head -n 1"], cwd=symbolon.folder, env=symbolon.env)
    assert outcome.status == 0 and outcome.stdout.count("\n") == 1
