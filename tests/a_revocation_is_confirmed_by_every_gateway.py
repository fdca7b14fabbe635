"""`revoke --wait` ends when every gateway refuses the certificate, or names those that did not say so in time."""

import concurrent.futures
import os
import signal
import time

import pytest

from harness import peers
from harness.attack import gateway_of
from harness.process import wait_until


@pytest.fixture
def stopped(every_role):
    """The gateway's process, which does nothing until it is told to go on."""
    pid = gateway_of(every_role)
    os.kill(pid, signal.SIGSTOP)
    yield pid
    os.kill(pid, signal.SIGCONT)


def gateways(symbolon):
    return {gateway["name"]: gateway for gateway in symbolon.json("gateways")["gateways"]}


def test_it_says_how_many_and_how_fast(symbolon, every_role):
    said = symbolon.do("revoke", "alice", "--wait")
    assert "enforced by 1 of 1 gateways, slowest" in said
    assert peers.curl(every_role.port, symbolon.ca, symbolon.client).status != 0
    known = gateways(symbolon)["local"]
    assert known["follows"] and known["enforced"] == 1 and known["behind"] == 0 and known["processes"] == 1
    assert known["version"] in symbolon.do("--version")
    again = symbolon.json("revoke", "alice", "--wait")
    assert again["outcome"] == "was_revoked_already"
    assert (again["enforcement"]["acknowledged"], again["enforcement"]["missing"]) == (1, [])
    assert "local: heard of just now, enforces entry 1" in symbolon.do("status")


def test_one_that_does_not_answer_is_named_and_the_revocation_holds(symbolon, every_role, stopped):
    began = time.monotonic()
    refusal = symbolon.refused("revocation_not_enforced", "revoke", "alice", "--wait", "--timeout", "1s")
    assert "enforced by 0 of 1 gateways; not by local" in refusal.stderr
    assert "symbolon gateways forget" in refusal.stderr
    assert time.monotonic() - began < 20
    every_role.wait_line(lambda line: "not confirmed by 1 of 1 gateways: local" in line, "the alarm")
    assert gateways(symbolon)["local"]["behind"] == 1
    os.kill(stopped, signal.SIGCONT)
    assert "enforced by 1 of 1" in symbolon.do("revoke", "alice", "--wait")


def test_it_waits_for_one_that_comes_back(symbolon, every_role, stopped):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(symbolon.do, "revoke", "alice", "--wait", "--timeout", "60s")
        every_role.wait_line(lambda line: "not confirmed" in line, "the two seconds are over")
        os.kill(stopped, signal.SIGCONT)
        assert "enforced by 1 of 1 gateways" in waiting.result()


def test_one_that_is_gone_counts_until_it_is_forgotten(symbolon, every_role):
    wait_until(lambda: "local" in gateways(symbolon), "it has asked")
    every_role.stop()
    assert gateways(symbolon)["local"]["follows"] is False, "offline, too"
    symbolon.refused("revocation_not_enforced", "revoke", "alice", "--wait", "--timeout", "0s")
    assert "not heard of since the start" in symbolon.do("status")
    symbolon.refused("not_found", "gateways", "forget", "nobody")
    assert "forgotten: local" in symbolon.do("gateways", "forget", "local")
    assert gateways(symbolon) == {}
    assert "nobody to wait for" in symbolon("revoke", "alice", "--wait").stderr
    assert symbolon.do("ledger", "verify").startswith("whole")
