"""Whoever presents a good certificate gets through to the service, whatever TLS library it uses, and is recorded."""

import ssl

import pytest

from harness import peers

GREETING = "hello from the backend"


@pytest.fixture
def alice(foreign):
    return foreign.issue("alice", names="email:alice@example.com,URI:spiffe://example.com/alice")


def test_curl(gateway_of, foreign, alice):
    answer = peers.curl(gateway_of().port, foreign.cert, alice)
    assert answer.stdout.strip() == GREETING, answer


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl(gateway_of, foreign, alice, version):
    answer = peers.s_client(gateway_of().port, foreign.cert, alice, [version, "-quiet"], send=peers.HTTP_REQUEST)
    assert GREETING in answer.stdout, answer


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_python(gateway_of, foreign, alice, version):
    with peers.python_client(gateway_of().port, foreign.cert, alice, version) as secure:
        assert peers.http_over(secure) == GREETING
        assert peers.http_over(secure) == GREETING


def test_node(gateway_of, foreign, alice):
    answer = peers.node(gateway_of().port, foreign.cert, alice)
    assert answer.stdout.strip() == GREETING, answer


@pytest.mark.parametrize("priority", ["NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"])
def test_gnutls(gateway_of, foreign, alice, priority):
    answer = peers.gnutls(gateway_of().port, foreign.cert, alice, priority=priority)
    assert GREETING in answer.stdout, answer


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_go(gateway_of, foreign, alice, tmp_path, version):
    seen = peers.many(peers.build_go(tmp_path), gateway_of().port, foreign.cert, alice, version, 3, size=0)
    assert seen == {f"data: {GREETING}": 3}


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_java(gateway_of, foreign, alice, tmp_path, version):
    seen = peers.many(peers.build_java(tmp_path), gateway_of().port, foreign.cert, alice, version, 3, size=0)
    assert seen == {f"data: {GREETING}": 3}


def test_nss(gateway_of, foreign, alice, tmp_path):
    """NSS's own client, tstclnt, with a database that pk12util filled."""
    database = peers.nss_database(tmp_path / "nss", foreign.cert, alice)
    with peers.nss(gateway_of().port, database) as client:
        client.wait_line(lambda line: GREETING in line, "the answer")


def test_megabytes_pass_unchanged_in_both_directions(gateway_of, foreign, alice, echo):
    gateway = gateway_of(to=echo.address)
    sent = bytes(range(256)) * 16384  # 4 MiB
    with peers.python_client(gateway.port, foreign.cert, alice) as secure:
        returned = peers.exchange(secure, sent)
    assert returned == sent
    closed = gateway.wait_record("closed")
    assert closed["received"] == closed["sent"] == len(sent)


def test_records_say_who_came_and_by_which_rule(gateway_of, foreign, alice):
    gateway = gateway_of(clients={"allow": [{"email": "nobody@example.com"}, {"uri": "spiffe://example.com/*"}]})
    assert peers.curl(gateway.port, foreign.cert, alice).status == 0
    opened = gateway.wait_record("opened")
    assert opened["route"] == "web"
    assert opened["serial"] == alice.serial
    assert "spiffe://example.com/alice" in str(opened)
    assert "spiffe://example.com/*" in opened["rule"]
    closed = gateway.wait_record("closed")
    assert closed["serial"] == opened["serial"] and closed["rule"] == opened["rule"]


def test_a_ca_made_by_a_bare_openssl_req_works(gateway_of, tmp_path):
    """It has no keyUsage; strict path checking would refuse it."""
    from harness.pki import ForeignCA, openssl

    bare = ForeignCA(tmp_path / "bare", "Bare", extensions=["basicConstraints = CA:TRUE"])
    openssl("req", "-x509", "-key", bare.key, "-subj", "/O=Bare/CN=Bare", "-days", "30", "-out", bare.cert)
    gateway = gateway_of(trust=[bare.cert], server=bare.server())
    assert peers.curl(gateway.port, bare.cert, bare.issue("alice")).status == 0


def test_a_rotated_ca_does_not_lock_anybody_out(gateway_of, foreign, tmp_path):
    """Two anchors of one name, the first of them with another key: the path that is valid wins."""
    from harness.pki import ForeignCA

    older = ForeignCA(tmp_path / "older", foreign.name)
    gateway = gateway_of(trust=[older.cert, foreign.cert])
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("new")).status == 0
    assert peers.curl(gateway.port, foreign.cert, older.issue("old")).status == 0


def test_a_trusted_leaf_vouches_for_nobody_but_itself(gateway_of, foreign, alice):
    gateway = gateway_of(trust=[alice.cert])
    assert peers.curl(gateway.port, foreign.cert, alice).status == 0
    since = gateway.mark()
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("bob")).status != 0
    gateway.wait_record("refused", "client_certificate_untrusted_issuer", since)


def test_the_chain_may_come_in_any_order_with_surplus(gateway_of, foreign, tmp_path):
    from harness.pki import Credential, ForeignCA

    middle = ForeignCA(tmp_path / "middle", "Middle", issuer=foreign)
    lower = ForeignCA(tmp_path / "lower", "Lower", issuer=middle)
    surplus = ForeignCA(tmp_path / "surplus", "Surplus")
    client = lower.issue("alice")
    client.chain.write_text("".join(p.read_text() for p in (client.cert, surplus.cert, middle.cert, lower.cert)))
    shuffled = Credential(client.cert, client.key, client.chain)
    assert peers.curl(gateway_of().port, foreign.cert, shuffled).status == 0


def test_optional_lets_the_anonymous_in_but_never_an_invalid_certificate(gateway_of, foreign, alice, tmp_path):
    from harness.pki import ForeignCA

    gateway = gateway_of(clients={"verify": "optional"})
    assert peers.curl(gateway.port, foreign.cert).status == 0
    assert peers.curl(gateway.port, foreign.cert, alice).status == 0
    since = gateway.mark()
    stranger = ForeignCA(tmp_path / "other", "Other").issue("mallory")
    assert peers.curl(gateway.port, foreign.cert, stranger).status != 0
    gateway.wait_record("refused", "client_certificate_untrusted_issuer", since)
