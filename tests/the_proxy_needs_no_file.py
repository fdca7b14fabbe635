"""`symbolon proxy --listen --to` makes CA and identities, and prints a curl line that works as it stands."""

import re
import shlex

from harness import peers
from harness.process import run
from harness.symbolon import BINARY, Running, port


def start(symbolon, backend, listen, *arguments):
    proxy = [BINARY, "proxy", "--listen", f"127.0.0.1:{listen}", "--to", backend.address, *arguments]
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
