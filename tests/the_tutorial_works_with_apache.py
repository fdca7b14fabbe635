"""The tutorial that everybody follows by hand (CA, server certificate into Apache, client certificate,
`SSLVerifyClient require`, `SSLVerifyDepth`, trust on both sides, test the connection) is three commands and an export."""

import re

import pytest

from harness import peers
from harness.apache import apache, document_root
from harness.pki import ForeignCA
from harness.symbolon import port, static_route


@pytest.fixture
def tutorial(symbolon, tmp_path):
    """init, issue server, issue client, export apache, and Apache on exactly what was printed."""
    symbolon.init()
    symbolon.issue("server", "localhost")
    client = symbolon.issue("client", "alice")
    listen, folder = port(), tmp_path / "apache"
    printed = symbolon.do(
        "export", "apache", "localhost", "--listen", f"127.0.0.1:{listen}", "--document-root", document_root(folder)
    )
    with apache(folder, listen, printed) as running:
        running.port, running.printed, running.client = listen, printed, client
        yield running


def test_the_export_says_what_the_tutorial_says(symbolon, tutorial):
    directives = dict(re.findall(r"(?m)^\s*(SSL\w+)\s+\"?(.+?)\"?\s*$", tutorial.printed))
    assert directives["SSLEngine"].lower() == "on"
    assert directives["SSLVerifyClient"] == "require"
    assert int(directives["SSLVerifyDepth"]) >= 2  # the issuing CA and the root
    assert directives["SSLCertificateFile"] == str(symbolon.folder / "localhost.crt")
    assert directives["SSLCertificateKeyFile"] == str(symbolon.folder / "localhost.key")
    assert directives["SSLCACertificateFile"] == str(symbolon.ca)


def test_a_client_with_our_certificate_gets_in(symbolon, tutorial):
    answer = peers.curl(tutorial.port, symbolon.ca, tutorial.client)
    assert answer.stdout == "hello from apache\n", answer


def test_a_client_without_certificate_is_refused(symbolon, tutorial):
    answer = peers.curl(tutorial.port, symbolon.ca)
    assert answer.status != 0 and answer.stdout == "", answer


def test_a_client_of_another_ca_is_refused(symbolon, tutorial, foreign):
    answer = peers.curl(tutorial.port, symbolon.ca, foreign.issue("alice"))
    assert answer.status != 0 and answer.stdout == "", answer


def test_a_client_of_a_ca_that_only_bears_our_name_is_refused(symbolon, tutorial, tmp_path):
    impostor = ForeignCA(tmp_path / "impostor", "Example Corp")
    answer = peers.curl(tutorial.port, symbolon.ca, impostor.issue("alice"))
    assert answer.status != 0 and answer.stdout == "", answer


def test_the_client_refuses_a_server_it_does_not_trust(tutorial, foreign):
    answer = peers.curl(tutorial.port, foreign.cert, tutorial.client)
    assert answer.status == 60, answer  # CURLE_PEER_FAILED_VERIFICATION


@pytest.fixture
def chains(foreign, tmp_path):
    """A client certificate below 0, 1, 2 and 3 intermediates of one root."""
    issuers = [foreign]
    for level in range(1, 4):
        issuers.append(ForeignCA(tmp_path / f"level{level}", f"Intermediate {level}", issuer=issuers[-1]))
    return [issuer.issue(f"client-below-{below}") for below, issuer in enumerate(issuers)]


@pytest.mark.parametrize("depth", [1, 2])
def test_depth_means_the_same_to_apache_and_to_our_gateway(symbolon, foreign, chains, backend, tmp_path, depth):
    """Our `depth` counts intermediates; Apache's SSLVerifyDepth is one more. Both at n-1, n, n+1."""
    server, ours, theirs = foreign.server(), port(), port()
    route = static_route(ours, backend.address, server, [foreign.cert], clients={"depth": depth})
    printed = symbolon.do(
        "export",
        "apache",
        "localhost",
        "--cert",
        server.chain,
        "--key",
        server.key,
        "--client-ca",
        foreign.cert,
        "--depth",
        str(depth),
        "--listen",
        f"127.0.0.1:{theirs}",
        "--document-root",
        document_root(tmp_path / "apache"),
    )
    assert re.search(r"SSLVerifyDepth\s+(\d+)", printed)[1] == str(depth + 1), printed
    with symbolon.run(symbolon.configure([route]), ours) as gateway, apache(tmp_path / "apache", theirs, printed):
        for below in (depth - 1, depth, depth + 1):
            since = gateway.mark()
            at_ours = peers.curl(ours, foreign.cert, chains[below])
            at_theirs = peers.curl(theirs, foreign.cert, chains[below])
            assert (at_theirs.status == 0) == (below <= depth), at_theirs
            assert (at_ours.status == 0) == (below <= depth), at_ours
            if below > depth:
                gateway.wait_record("refused", "client_certificate_depth_exceeded", since)
