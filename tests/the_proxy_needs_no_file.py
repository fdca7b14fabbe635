"""`symbolon proxy --listen --to` makes CA and identities, and prints a curl line that works as it stands."""

import re
import shlex

import pytest

from harness import peers
from harness.process import run
from harness.symbolon import BINARY, Running, port


def start(symbolon, backend, listen, *arguments, at="127.0.0.1"):
    proxy = [BINARY, "proxy", "--listen", f"{at}:{listen}", "--to", backend.address, *arguments]
    return Running(proxy, symbolon.folder, symbolon.env).wait_listening(listen)


def curl_line(proxy):
    return shlex.split(proxy.wait_line(lambda line: re.search(r"curl --.*", line), "the curl line")[1][0])


def test_the_printed_line_works_and_without_certificate_nothing_does(symbolon, backend):
    with start(symbolon, backend, listen := port()) as proxy:
        line = curl_line(proxy)
        answer = run([*line, "-sS", "--noproxy", "*"], cwd=symbolon.folder)
        assert answer.stdout.strip() == "hello from the backend", answer
        assert peers.curl(listen, symbolon.ca).status != 0
        proxy.wait_record("refused", "client_certificate_missing")


def works(symbolon, proxy):
    answer = run([*curl_line(proxy), "-sS", "--noproxy", "*"], cwd=symbolon.folder)
    assert answer.stdout.strip() == "hello from the backend", answer


@pytest.mark.parametrize(
    "at, arguments",
    [
        ("", []),
        ("127.0.0.1", ["--name", "app.example"]),
        ("127.0.0.1", ["--name", "*.apps.example"]),
        ("127.0.0.1", ["--name", "192.0.2.1"]),
        ("127.0.0.3", []),
        ("[::1]", ["--name", "app.example"]),
        ("127.0.0.1", ["--allow", "cn:bob"]),
        ("127.0.0.1", ["--allow", "uri:spiffe://example.com/*", "--allow", "email:bob@example.com"]),
    ],
)
def test_the_printed_line_works_whatever_was_asked_for(symbolon, backend, at, arguments):
    with start(symbolon, backend, port(), *arguments, at=at) as proxy:
        works(symbolon, proxy)


def test_the_printed_line_works_over_a_unix_socket(symbolon, backend):
    socket = symbolon.folder / "proxy.sock"
    command = [BINARY, "proxy", "--listen", f"unix:{socket}", "--to", backend.address]
    with Running(command, symbolon.folder, symbolon.env).wait_socket(socket) as proxy:
        works(symbolon, proxy)


def test_a_client_that_no_longer_gets_in_is_made_anew(symbolon, backend):
    """Revoked, about to end, or not admitted by the rules of this start."""
    with start(symbolon, backend, port()) as proxy:
        works(symbolon, proxy)
    symbolon.do("revoke", "client")
    with start(symbolon, backend, port()) as proxy:
        works(symbolon, proxy)
    ending = symbolon.issue("client", "ending", options=["--lifetime", "1h", "--no-p12"])
    for made, kept in ((ending.cert, "client.crt"), (ending.key, "client.key")):
        (symbolon.state / kept).write_bytes(made.read_bytes())
    ending = (symbolon.state / "client.crt").read_bytes()
    with start(symbolon, backend, port()) as proxy:
        works(symbolon, proxy)
    assert (symbolon.state / "client.crt").read_bytes() != ending
    with start(symbolon, backend, port(), "--allow", "cn:bob") as proxy:
        works(symbolon, proxy)


def test_rules_that_name_nobody_are_said_to(symbolon, backend):
    with start(symbolon, backend, port(), "--allow", "cn:bob-*") as proxy:
        proxy.wait_line(lambda line: "symbolon issue client NAME" in line, "what to do")


def test_the_second_start_keeps_what_the_first_made(symbolon, backend):
    listen = port()
    with start(symbolon, backend, listen):
        root = symbolon.ca.read_bytes()
    with start(symbolon, backend, listen) as proxy:
        assert symbolon.ca.read_bytes() == root
        assert run([*curl_line(proxy), "-sS", "--noproxy", "*"], cwd=symbolon.folder).status == 0


def test_a_revoked_client_is_out_at_once(symbolon, backend):
    with start(symbolon, backend, port()) as proxy:
        line = [*curl_line(proxy), "-sS", "--noproxy", "*"]
        assert run(line, cwd=symbolon.folder).status == 0
        symbolon.do("revoke", "client")
        assert run(line, cwd=symbolon.folder).status != 0
        proxy.wait_record("refused", "client_certificate_revoked")


def test_keys_are_for_their_owner_only(symbolon, backend):
    with start(symbolon, backend, port()):
        exposed = [p.name for p in symbolon.state.glob("*.key") if p.stat().st_mode & 0o077]
        assert not exposed
        assert symbolon.state.stat().st_mode & 0o077 == 0
