"""`symbolon run` keeps its processes running: each of them is killed (-9), the others go on serving, and it comes back. What the dead
signer was asked is signed by the next one. When the supervisor itself is killed, nobody stays behind."""

import os
import signal

import pytest

from harness import peers, roles
from harness.process import wait_until


@pytest.fixture
def running(every_role):
    every_role.pids = roles.wait_roles(every_role, "signer", "authority", "gateway")
    return every_role


def gets_in(symbolon, running):
    return peers.curl(running.port, symbolon.ca, symbolon.client).status == 0


def test_the_gateway_comes_back(symbolon, running):
    os.kill(running.pids["gateway"], signal.SIGKILL)
    symbolon.do("issue", "client", "bob", "--out", symbolon.folder)  # the authority did not notice
    roles.wait_roles(running, "gateway", other_than=[running.pids["gateway"]])
    wait_until(lambda: gets_in(symbolon, running), "the gateway serves again")
    assert roles.roles(running)["authority"] == running.pids["authority"]


def test_the_gateway_serves_while_the_authority_is_gone_and_learns_of_revocations_after(symbolon, running):
    since = running.mark()
    os.kill(running.pids["authority"], signal.SIGKILL)
    assert gets_in(symbolon, running)
    roles.wait_roles(running, "authority", other_than=[running.pids["authority"]])
    running.wait_line(lambda line: "revocations arrive again" in line, "the feed goes on", since)
    outcome = symbolon.json("revoke", "alice")
    assert (outcome["enforcement"]["gateways"], outcome["enforcement"]["acknowledged"]) == (1, 1), outcome
    assert not gets_in(symbolon, running)
    assert roles.roles(running)["gateway"] == running.pids["gateway"]


def test_the_signer_comes_back_and_issuing_goes_on(symbolon, running):
    os.kill(running.pids["signer"], signal.SIGKILL)
    symbolon.do("issue", "client", "bob", "--out", symbolon.folder)  # waits for the next signer
    now = roles.roles(running)
    assert now["signer"] != running.pids["signer"] and now["authority"] == running.pids["authority"]


def test_a_death_is_logged_with_the_role(symbolon, running):
    since = running.mark()
    os.kill(running.pids["gateway"], signal.SIGABRT)
    line = running.wait_line(lambda line: "role gateway" in line and line, "the log says it", since)[1]
    assert "signal 6" in line, line
    wait_until(lambda: gets_in(symbolon, running), "the gateway serves again")


def test_nobody_outlives_the_supervisor(running):
    os.kill(running.child.pid, signal.SIGKILL)
    running.child.wait()
    for role, pid in running.pids.items():
        wait_until(lambda pid=pid: not os.path.exists(f"/proc/{pid}"), f"{role} is gone")


def test_all_end_in_order(running):
    running.child.send_signal(signal.SIGTERM)
    assert running.wait() == 0, running.output
    for pid in running.pids.values():
        assert not os.path.exists(f"/proc/{pid}")
