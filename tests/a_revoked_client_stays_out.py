"""What the ledger calls revoked is refused: at once, in the same process, in TLS 1.2 and 1.3, and after a restart."""

import json

import pytest

from harness import peers
from harness.symbolon import port


@pytest.fixture
def running(symbolon, backend):
    """One process, authority and gateway, with a server certificate from the authority and one client."""
    symbolon.init()
    server = symbolon.issue("server", "localhost", "127.0.0.1")
    symbolon.client = symbolon.issue("client", "alice")
    listen = port()
    symbolon.config = symbolon.configure(
        authority={},
        routes=[
            {
                "name": "web",
                "listen": f"127.0.0.1:{listen}",
                "to": backend.address,
                "certificate": {"cert": str(server.cert), "key": str(server.key)},
                "clients": {"verify": "require", "trust": ["authority"], "allow": "any_verified"},
            }
        ],
    )
    gateway = symbolon.run(symbolon.config, listen)
    gateway.port = listen
    yield gateway
    gateway.stop()


def gets_in(symbolon, gateway, version):
    return peers.curl(gateway.port, symbolon.ca, symbolon.client, arguments=[version]).status == 0


@pytest.mark.parametrize("version", ["--tls-max=1.2", "--tlsv1.3"])
def test_at_once_in_the_same_process(symbolon, running, version):
    version = version.replace("=", " ").split()
    assert peers.curl(running.port, symbolon.ca, symbolon.client, arguments=version).status == 0
    symbolon.do("revoke", "alice", "--reason", "keyCompromise")
    since = running.mark()
    seen = peers.curl(running.port, symbolon.ca, symbolon.client, arguments=version)
    assert seen.status != 0 and "revoked" in seen.stderr, seen
    record = running.wait_record("refused", "client_certificate_revoked", since)
    assert record["route"] == "web"


def test_after_a_restart(symbolon, running):
    symbolon.do("revoke", "alice")
    running.stop()
    with symbolon.run(symbolon.config, running.port) as again:
        assert peers.curl(running.port, symbolon.ca, symbolon.client).status != 0
        again.wait_record("refused", "client_certificate_revoked")


def test_revoked_while_nothing_ran(symbolon, running):
    running.stop()
    symbolon.do("revoke", "alice")
    with symbolon.run(symbolon.config, running.port) as again:
        assert peers.curl(running.port, symbolon.ca, symbolon.client).status != 0
        again.wait_record("refused", "client_certificate_revoked")


def test_after_a_crash(symbolon, running):
    symbolon.do("revoke", "alice")
    running.kill()
    with symbolon.run(symbolon.config, running.port) as again:
        assert peers.curl(running.port, symbolon.ca, symbolon.client).status != 0
        again.wait_record("refused", "client_certificate_revoked")


def test_also_where_its_certificate_is_pinned(symbolon, running, backend):
    """A certificate that is trusted by itself is its own anchor; its issuer's word against it counts all the same."""
    running.stop()
    config = json.loads(symbolon.config.read_text())
    config["gateway"]["routes"][0]["clients"]["trust"].append(str(symbolon.client.cert))
    symbolon.config.write_text(json.dumps(config))
    with symbolon.run(symbolon.config, running.port) as again:
        assert peers.curl(running.port, symbolon.ca, symbolon.client).status == 0
        symbolon.do("revoke", "alice")
        assert peers.curl(running.port, symbolon.ca, symbolon.client).status != 0
        again.wait_record("refused", "client_certificate_revoked")


def test_a_gateway_that_would_not_learn_of_revocations_does_not_start(symbolon, running):
    running.stop()
    (symbolon.state / "gateway" / "revocations.journal").unlink()  # from which it could start
    symbolon.refused("authority_unreachable", "run", "--config", symbolon.config, "--only", "gateway")


def test_the_others_stay_in(symbolon, running):
    bob = symbolon.issue("client", "bob")
    symbolon.do("revoke", "alice")
    assert peers.curl(running.port, symbolon.ca, bob).status == 0


def test_revoking_twice_changes_nothing(symbolon, running):
    first = symbolon.json("revoke", "alice", "--reason", "superseded")
    second = symbolon.json("revoke", "alice", "--reason", "keyCompromise")
    assert second["certificate"]["revocation"] == first["certificate"]["revocation"]


def test_every_way_to_name_it(symbolon, running):
    """Name, serial, serial with colons, fingerprint: as any tool prints them."""
    for number, spell in enumerate(
        [
            lambda d: d["names"][0].partition(":")[2] if d["names"] else "c0",
            lambda d: d["serial"],
            lambda d: ":".join(d["serial"][i : i + 2] for i in range(0, len(d["serial"]), 2)).upper(),
            lambda d: d["fingerprint"],
            lambda d: "dec:" + str(int(d["serial"], 16)),
        ]
    ):
        client = symbolon.issue("client", f"c{number}")
        summary = symbolon.json("show", f"c{number}")["summary"]
        symbolon.do("revoke", spell(summary))
        since = running.mark()
        assert peers.curl(running.port, symbolon.ca, client).status != 0, spell(summary)
        running.wait_record("refused", "client_certificate_revoked", since)


def test_an_ambiguous_name_changes_nothing(symbolon, running):
    (symbolon.folder / "second").mkdir()
    symbolon.do("issue", "client", "alice", "--out", symbolon.folder / "second")
    refused = symbolon.refused("ambiguous", "revoke", "alice")
    for certificate in symbolon.json("list", "subject:alice")["certificates"]:
        assert certificate["state"] == "issued"
        assert certificate["serial"] in refused.stderr, "the candidates are listed"
    assert peers.curl(running.port, symbolon.ca, symbolon.client).status == 0
