"""Gateways on other machines follow the authority over mutual TLS: what is revoked is refused by all of them when `revoke --wait` ends."""

import concurrent.futures
import os
import shutil
import signal
import time

import pytest

from harness import peers
from harness.process import wait_until
from harness.revocation import serial_of
from harness.roles import roles
from harness.symbolon import Issued, Symbolon, port


class Edge(Symbolon):
    """Another machine: a folder of its own with the authority's CAs, a certificate of the profile `gateway`, one to serve with."""

    def __init__(self, folder, authority, listening, backend, name):
        super().__init__(folder)
        self.state.mkdir()
        shutil.copy(authority.state / "anchors.crt", self.folder)
        for certificate in (("gateway", name), ("server", "localhost", "127.0.0.1")):
            authority.do("issue", *certificate, "--out", self.folder)
        self.known_by, self.served = (Issued(self.folder, one) for one in (name, "localhost"))
        self.port = port()
        self.config = self.configure(
            {
                "authority": {
                    "url": f"https://localhost:{listening.port}",
                    "cert": str(self.known_by.cert),
                    "key": str(self.known_by.key),
                    "anchors": str(self.folder / "anchors.crt"),
                },
                "routes": [
                    {
                        "name": "web",
                        "listen": f"127.0.0.1:{self.port}",
                        "to": backend.address,
                        "certificate": {"cert": str(self.served.cert), "key": str(self.served.key)},
                        "clients": {"verify": "require", "trust": ["authority"], "allow": "any_verified"},
                    }
                ],
            }
        )

    def start(self):
        return self.run(self.config, self.port)


@pytest.fixture
def edges(symbolon, listening, backend, tmp_path):
    """Three machines with a gateway each, which run."""
    symbolon.client = symbolon.issue("client", "alice")
    out = [Edge(tmp_path / f"e{i}", symbolon, listening, backend, f"edge-{i}.example") for i in range(3)]
    running = [edge.start() for edge in out]
    for edge, gateway in zip(out, running):
        edge.running = gateway
    yield out
    for edge in out:
        edge.running.stop()


def gets_in(symbolon, edge):
    return peers.curl(edge.port, symbolon.ca, symbolon.client).status == 0


def test_enforced_by_all(symbolon, edges):
    assert all(gets_in(symbolon, edge) for edge in edges)
    said = symbolon.do("revoke", "alice", "--wait")
    assert "enforced by 3 of 3 gateways, slowest" in said
    assert not any(gets_in(symbolon, edge) for edge in edges)
    for edge in edges:
        edge.running.wait_record("refused", "client_certificate_revoked")
    known = symbolon.json("gateways")["gateways"]
    assert [gateway["name"] for gateway in known] == [f"edge-{i}.example" for i in range(3)]
    assert all(gateway["follows"] and gateway["enforced"] == 1 for gateway in known)


def test_one_that_is_down_is_named_and_knows_it_before_it_serves_again(symbolon, edges):
    edges[1].running.stop()
    refusal = symbolon.refused("revocation_not_enforced", "revoke", "alice", "--wait", "--timeout", "1s")
    assert "enforced by 2 of 3 gateways" in refusal.stderr and "not by edge-1.example" in refusal.stderr
    edges[1].running = edges[1].start()
    assert not gets_in(symbolon, edges[1])
    assert "enforced by 3 of 3 gateways" in symbolon.do("revoke", "alice", "--wait")


def test_nobody_speaks_for_another(symbolon, listening, edges):
    """The certificate says who asks, whatever the question says."""
    symbolon.do("revoke", "alice", "--wait")
    forged = peers.curl(listening.port, symbolon.ca, edges[0].known_by, path="/v1/feed?gateway=edge-9.example&after=0&wait=0")
    assert forged.status == 0
    names = [gateway["name"] for gateway in symbolon.json("gateways")["gateways"]]
    assert names == [f"edge-{i}.example" for i in range(3)]


def test_a_revoked_gateway_learns_nothing_more(symbolon, edges):
    """It refuses everybody once what it knows is too old: `stale_after`."""
    symbolon.do("revoke", "edge-2.example")
    edges[2].running.wait_line(lambda line: "revocations do not arrive" in line, "it is told no")
    assert wait_until(lambda: not {g["name"]: g for g in symbolon.json("gateways")["gateways"]}["edge-2.example"]["follows"], "it is silent", 30)


def test_one_that_was_never_told_does_not_start(symbolon, listening, backend, tmp_path):
    edge = Edge(tmp_path / "e", symbolon, listening, backend, "edge.example")
    listening.stop()
    began = time.monotonic()
    refused = edge("run", "--config", edge.config, deadline=60)
    assert refused.status != 0 and "authority_unreachable" in refused.stderr, refused
    assert time.monotonic() - began < 50


def journal(edge):
    return edge.state / "gateway" / "revocations.journal"


def test_it_starts_from_its_journal_while_the_authority_is_away(symbolon, listening, edges):
    symbolon.bob = symbolon.issue("client", "bob")
    symbolon.do("revoke", "alice", "--wait")
    edge = edges[0]
    assert journal(edge).stat().st_mode & 0o777 == 0o600
    edge.running.stop()
    listening.stop()
    with journal(edge).open("ab") as file:
        file.write(b"\0\0\0\x30half a rec")  # as a crash would leave it
    edge.running = edge.start()
    edge.running.wait_line(lambda line: "octets at its end cannot be read" in line, "it says what was lost")
    edge.running.wait_line(lambda line: "revocations do not arrive" in line, "and that nothing new comes")
    assert not gets_in(symbolon, edge)
    edge.running.wait_record("refused", "client_certificate_revoked")
    assert peers.curl(edge.port, symbolon.ca, symbolon.bob).status == 0
    with symbolon.run(symbolon.folder / "symbolon.yaml", listening.port):
        edge.running.wait_line(lambda line: "revocations arrive again" in line, "it follows again")
        assert "not by" not in symbolon.do("revoke", "bob", "--wait")
        assert peers.curl(edge.port, symbolon.ca, symbolon.bob).status != 0


def test_what_it_knows_must_be_fresh_enough(symbolon, listening, edges):
    edge = edges[0]
    edge.running.stop()
    edge.config.write_text(edge.config.read_text().replace('"routes"', '"stale_after": "10s", "routes"', 1))
    edge.running = edge.start()
    edge.running.stop()
    listening.stop()
    time.sleep(11)  # the bound itself
    refused = edge("run", "--config", edge.config, deadline=60)
    assert refused.status != 0 and "what it said last is" in refused.stderr and "stale_after" in refused.stderr, refused
    edges[1].running.stop()
    edges[1].running = edges[1].start()


def test_killed_while_revoking_it_misses_nothing(symbolon, edges):
    """Again and again: whatever was answered as enforced is refused after the start."""
    edge = edges[0]
    for name in ("one", "two", "three"):
        client = symbolon.issue("client", name)
        symbolon.do("revoke", name, "--wait")
        edge.running.kill()
        edge.running = edge.start()
        assert peers.curl(edge.port, symbolon.ca, client).status != 0


def test_an_authority_killed_while_revoking_loses_nothing_that_it_answered(symbolon, listening, edges):
    """Gateways that had heard of an entry, and those that had not, enforce it once the authority is back."""
    clients = {name: symbolon.issue("client", name) for name in (f"c{i}" for i in range(9))}
    answered = []

    def revoke_all():
        for name in clients:
            if symbolon("revoke", name).status == 0:
                answered.append(name)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        revoking = pool.submit(revoke_all)
        for count in (2, 4):
            wait_until(lambda: len(answered) >= count or revoking.done(), "some are revoked")
            pid = wait_until(lambda: roles(listening).get("authority"), "the authority runs")
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: roles(listening).get("authority", pid) != pid, "it is started again", 30)
        revoking.result()
    wait_until(lambda: symbolon("status").status == 0, "the authority answers", 60)
    assert len(answered) >= 4
    assert "enforced by 3 of 3 gateways" in symbolon.do("revoke", "alice", "--wait")
    for name in answered:
        assert symbolon.json("list", f"subject:{name}")["certificates"][0]["state"] == "revoked"
        assert not any(peers.curl(edge.port, symbolon.ca, clients[name]).status == 0 for edge in edges), name


def test_one_authority_counts(symbolon, listening, backend, tmp_path):
    edge = Edge(tmp_path / "e", symbolon, listening, backend, "edge.example")
    text = edge.config.read_text().replace('"gateway": {', '"authority": {}, "gateway": {', 1)
    edge.config.write_text(text)
    refused = edge.refused("config_bad_value", "config", "check", "--config", edge.config)
    assert "gateway.authority" in refused.stderr


def test_a_certificate_that_the_ledger_forgot_is_listed_at_the_authority_and_barred(symbolon, listening, edges, tmp_path):
    """bob's was issued after the backup that is restored. Gateways have seen him before and after; a stranger's is none of its business."""
    copy = tmp_path / "copy.db"
    symbolon.do("ledger", "backup", copy)
    bob = symbolon.issue("client", "bob")
    assert all(peers.curl(edge.port, symbolon.ca, bob).status == 0 for edge in edges[:2])
    assert gets_in(symbolon, edges[0])
    listening.stop()
    symbolon.restore(copy)
    with symbolon.run(symbolon.folder / "symbolon.yaml", listening.port):
        unknown = lambda: symbolon.json("list", "--seen", "--unknown")["certificates"]  # noqa: E731
        (one,) = wait_until(unknown, "a gateway has told of it", 60)
        assert one["serial"] == f"{serial_of(bob):x}" and one["route"] in ("edge-0.example: web", "edge-1.example: web")
        assert "certificate_not_in_ledger" in symbolon("list", "--seen", "--unknown").stderr
        assert symbolon.json("list", "--seen", "--unknown", "nobody")["certificates"] == []
        said = symbolon.do("revoke", one["serial"], "--unknown", "--reason", "keyCompromise", "--wait")
        assert f"serial {one['serial']}" in said
        assert all(peers.curl(edge.port, symbolon.ca, bob).status != 0 for edge in edges)
        assert all(gets_in(symbolon, edge) for edge in edges)
        assert unknown() == [], "it is barred"
