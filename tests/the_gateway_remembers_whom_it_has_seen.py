"""`symbolon list --seen`: which client certificates came, where and when last, soonest ending first; only with possession proven,
also after kill -9, and without a gateway that runs."""

import json
import os

import pytest

from harness import peers
from harness.process import let_others_in, run, wait_until
from harness.symbolon import port, static_route


@pytest.fixture
def gateway(symbolon, foreign, backend):
    listen = port()
    symbolon.config = symbolon.configure([static_route(listen, backend.address, foreign.server(), [foreign.cert])])
    symbolon.env["SYMBOLON_CONFIG"] = str(symbolon.config)
    with symbolon.run(symbolon.config, listen) as running:
        running.port = listen
        yield running


def seen(symbolon, *arguments):
    return symbolon.json("list", "--seen", *arguments)["certificates"]


def visit(gateway, foreign, name, days):
    client = foreign.issue(name, days=(-1, days))
    assert peers.curl(gateway.port, foreign.cert, client).status == 0
    return client


def test_soonest_ending_first_with_place_and_time(symbolon, gateway, foreign):
    for name, days in (("late", 20), ("soon", 2), ("middle", 9)):
        visit(gateway, foreign, name, days)
    client = visit(gateway, foreign, "twice", 5)
    peers.curl(gateway.port, foreign.cert, client)
    found = seen(symbolon)
    assert [one["subject"] for one in found] == ["CN=soon", "CN=twice", "CN=middle", "CN=late"]
    assert found[1]["times"] == 2 and found[1]["serial"] == client.serial
    assert all(one["route"] == "web" and one["address"] == "127.0.0.1" for one in found)
    assert all(one["first_seen"] <= one["last_seen"] for one in found)
    table = symbolon.do("list", "--seen")
    assert table.index("soon") < table.index("middle") and client.serial in table


def test_page_by_page_and_by_words(symbolon, gateway, foreign):
    for n in range(5):
        visit(gateway, foreign, f"c{n}", n + 1)
    collected, after = [], []
    for _ in range(9):
        page = symbolon.json("list", "--seen", "--limit", "2", *after)
        collected += [one["subject"] for one in page["certificates"]]
        if "next" not in page:
            break
        after = ["--after", page["next"]]
    assert collected == [f"CN=c{n}" for n in range(5)]
    assert [one["subject"] for one in seen(symbolon, "cn=C3", "web")] == ["CN=c3"]
    assert seen(symbolon, "nobody") == []
    symbolon.refused("bad_request", "list", "--seen", "--after", "nonsense")
    symbolon.refused("usage", "list", "--seen", "--limit", "0")


def test_who_was_refused_was_not_seen(symbolon, gateway, foreign, tmp_path):
    """Refused before CertificateVerify: anybody may have copied that certificate."""
    from harness.pki import ForeignCA

    peers.curl(gateway.port, foreign.cert, ForeignCA(tmp_path / "o", "Other").issue("stranger"))
    peers.curl(gateway.port, foreign.cert, foreign.issue("expired", days=(-9, -2)))
    gateway.wait_record("refused", "client_certificate_untrusted_issuer")
    peers.curl(gateway.port, foreign.cert)
    assert seen(symbolon) == []
    visit(gateway, foreign, "alice", 9)
    assert [one["subject"] for one in seen(symbolon)] == ["CN=alice"]


def test_after_a_restart_and_while_none_runs(symbolon, gateway, foreign):
    visit(gateway, foreign, "alice", 9)
    gateway.child.terminate()
    gateway.wait()
    assert [one["subject"] for one in seen(symbolon)] == ["CN=alice"]
    with symbolon.run(symbolon.config, gateway.port) as again:
        again.port = gateway.port
        visit(again, foreign, "bob", 5)
        assert [one["subject"] for one in seen(symbolon)] == ["CN=bob", "CN=alice"]


def test_after_kill_9_what_was_kept_is_there(symbolon, gateway, foreign):
    visit(gateway, foreign, "alice", 9)
    file = symbolon.state / "gateway" / "seen.ndjson"
    wait_until(lambda: file.exists() and "CN=alice" in file.read_text(), "it is kept", deadline=60)
    gateway.kill()
    assert file.stat().st_mode & 0o777 == 0o600
    with open(file, "ab") as torn:
        torn.write(b'{"fingerprint":"')  # as if the machine had stopped in the middle of a line
    with symbolon.run(symbolon.config, gateway.port) as again:
        again.port = gateway.port
        visit(again, foreign, "bob", 5)
        assert [one["subject"] for one in seen(symbolon)] == ["CN=bob", "CN=alice"]
        again.wait_line(lambda line: "1 lines cannot be read" in line, "the warning")
    for line in file.read_text().splitlines():
        assert line == '{"fingerprint":"' or json.loads(line)["route"] == "web"


def test_a_second_gateway_on_the_same_state_serves_without_a_memory(symbolon, gateway, foreign, backend):
    listen = port()
    second = symbolon.configure([static_route(listen, backend.address, foreign.server(), [foreign.cert])], file="second.yaml")
    with symbolon.run(second, listen) as other:
        other.wait_line(lambda line: "a `state` of its own" in line, "the warning")
        other.port = listen
        visit(other, foreign, "alice", 9)
        assert seen(symbolon) == [], "the first one answers"


def test_an_authority_moves_in_beside_a_gateway_that_runs(symbolon, gateway, foreign):
    visit(gateway, foreign, "alice", 9)
    symbolon.env.pop("SYMBOLON_CONFIG")
    symbolon.init()
    found = symbolon.json("status")
    assert found["issued"] == 2 and found["gateway"]["phase"] == "serving"
    assert [one["subject"] for one in seen(symbolon)] == ["CN=alice"]


def test_a_name_cannot_drive_the_terminal(symbolon, gateway, foreign):
    """The gateway admits no such name; the file may hold one all the same."""
    visit(gateway, foreign, "evil", 3)
    gateway.child.terminate()
    gateway.wait()
    file = symbolon.state / "gateway" / "seen.ndjson"
    line = json.loads(file.read_text())
    file.write_text(json.dumps({**line, "subject": "CN=evil\x1b[31m", "identity": "evil\x1b[31m"}) + "\n")
    table = symbolon.do("list", "--seen")
    assert "evil" in table and "\x1b" not in table


def test_the_socket_serves_root_and_its_own_user_alone(symbolon, gateway):
    path = symbolon.state / "gateway" / "gateway.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    ask = ["curl", "-sS", "--max-time", "20", "--unix-socket", path, "-w", "%{http_code}", "http://gateway/v1/gateway/status"]
    assert run(ask).stdout.endswith("200")
    if os.geteuid() == 0:
        # Whoever gets past the file's mode is asked who it is all the same.
        let_others_in(path.parent, 0o011)
        path.chmod(0o666)
        answer = run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *ask])
        assert answer.stdout.endswith("403") and '"code":"forbidden"' in answer.stdout, answer
