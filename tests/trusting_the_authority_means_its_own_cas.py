"""`trust: [authority]` admits what this authority's CAs issued. Under an imported issuing CA that is not the whole
hierarchy above it: a client of another CA of that root stays out, whether the root came along or not."""

import pytest

from harness import peers
from harness.pki import ForeignCA, openssl
from harness.symbolon import port, static_route


@pytest.fixture
def corporate(tmp_path):
    return ForeignCA(tmp_path / "corporate", "Corporate Root")


@pytest.fixture
def issuing(tmp_path, corporate):
    return ForeignCA(tmp_path / "issuing", "Corporate Issuing", issuer=corporate, path_length=0)


@pytest.fixture
def stranger(tmp_path, corporate):
    """A client of a sister CA."""
    return ForeignCA(tmp_path / "sister", "Sister Issuing", issuer=corporate, path_length=0).issue("mallory")


def take_over(symbolon, issuing, *above):
    chain = symbolon.folder / "import.pem"
    chain.write_text("".join(ca.cert.read_text() for ca in (issuing, *above)))
    return symbolon.do("init", "Example Corp", "--import-issuing", chain, "--import-issuing-key", issuing.key)


def in_front_of(symbolon, backend):
    """A gateway with a certificate of the authority, which trusts the authority alone."""
    listen, server = port(), symbolon.issue("server", "localhost")
    route = static_route(listen, backend.address, server, ["authority"])
    config = symbolon.configure([route])
    gateway = symbolon.run(config, listen)
    gateway.port = listen
    return gateway


def judge(gateway, ca, ours, strangers):
    assert peers.curl(gateway.port, ca, ours).status == 0, gateway.output
    for stranger in strangers:
        since = gateway.mark()
        assert peers.curl(gateway.port, ca, stranger).status != 0
        gateway.wait_record("refused", since=since, code="client_certificate_untrusted_issuer")


def test_an_imported_issuing_ca_with_its_root(symbolon, backend, corporate, issuing, stranger):
    take_over(symbolon, issuing, corporate)
    alice = symbolon.issue("client", "alice")
    with in_front_of(symbolon, backend) as gateway:
        judge(gateway, corporate.cert, alice, [stranger, corporate.issue("eve")])


def test_an_imported_issuing_ca_without_its_root(symbolon, backend, corporate, issuing, stranger):
    printed = take_over(symbolon, issuing)
    trusted = symbolon.state / "issuing.crt"
    assert str(trusted) in printed and trusted.exists() and "root.crt" not in printed
    alice = symbolon.issue("client", "alice")
    openssl("verify", "-partial_chain", "-CAfile", trusted, alice.cert)
    with in_front_of(symbolon, backend) as gateway:
        judge(gateway, trusted, alice, [stranger])


def test_an_issuing_ca_that_comes_beside_ours(symbolon, backend, corporate, issuing, stranger):
    symbolon.init()
    chain = symbolon.folder / "import.pem"
    chain.write_text(issuing.cert.read_text() + corporate.cert.read_text())
    symbolon.do("ca", "import", chain, "--key", issuing.key)
    alice = symbolon.issue("client", "alice", options=["--issuer", "issuing"])
    bob = symbolon.issue("client", "bob", options=["--issuer", "issuing-2"])
    listen = port()
    server = symbolon.issue("server", "127.0.0.1", options=["--issuer", "issuing"])
    config = symbolon.configure([static_route(listen, backend.address, server, ["authority"])])
    with symbolon.run(config, listen) as gateway:
        gateway.port = listen
        for client in (alice, bob):
            assert peers.curl(listen, symbolon.ca, client, host="127.0.0.1").status == 0, gateway.output
        assert peers.curl(listen, symbolon.ca, stranger, host="127.0.0.1").status != 0
        gateway.wait_record("refused", code="client_certificate_untrusted_issuer")


def test_a_root_that_was_brought_with_its_key(symbolon, backend, corporate):
    symbolon.init("Example Corp", "--import-root", corporate.cert, "--import-root-key", corporate.key)
    alice = symbolon.issue("client", "alice")
    with in_front_of(symbolon, backend) as gateway:
        assert peers.curl(gateway.port, corporate.cert, alice).status == 0, gateway.output
