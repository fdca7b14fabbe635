"""`symbolon verify` is the verification of the gateway: the same certificates of foreign CAs, the same codes."""

import json

import pytest

from harness.wrong_clients import CASES


def verify(symbolon, client, ca, *arguments):
    outcome = symbolon("verify", client.chain, "--ca", ca.cert, "--json", *arguments)
    verdict = json.loads(outcome.stdout)
    assert outcome.status == (0 if verdict["valid"] else 5), outcome
    return verdict


@pytest.mark.parametrize("case", [name for name in CASES if name != "none"])
def test_what_the_gateway_refuses(symbolon, foreign, tmp_path, case):
    make, code, _, blamed = CASES[case]
    verdict = verify(symbolon, make(foreign, tmp_path), foreign)
    assert verdict["code"] in code.split("|"), verdict
    if blamed is not None:
        assert verdict["index"] == blamed, verdict


def test_what_it_admits(symbolon, foreign):
    assert verify(symbolon, foreign.issue("alice"), foreign)["valid"]
    assert verify(symbolon, foreign.server(), foreign, "--purpose", "server", "--name", "localhost")["valid"]


def test_a_server_under_another_name(symbolon, foreign):
    verdict = verify(symbolon, foreign.server(), foreign, "--purpose", "server", "--name", "other.example")
    assert verdict["code"] == "server_certificate_name_mismatch"


def test_at_another_time(symbolon, foreign):
    verdict = verify(symbolon, foreign.issue("alice", days=(-1, 10)), foreign, "--time", "2040-01-01T00:00:00Z")
    assert verdict["code"] in ("client_certificate_expired", "client_certificate_issuer_expired")


def test_crls(symbolon, foreign):
    alice, bob = foreign.issue("alice"), foreign.issue("bob")
    foreign.revoke(bob)
    crl = foreign.crl()
    assert verify(symbolon, alice, foreign, "--crl", crl)["valid"]
    assert verify(symbolon, bob, foreign, "--crl", crl)["code"] == "client_certificate_revoked"
    assert verify(symbolon, alice, foreign, "--crl", foreign.crl(hours=-1))["code"] == "crl_stale"


@pytest.mark.parametrize("digest, taken", [("sha256", True), ("sha512", True), ("sha1", False)])
def test_a_crl_with_rsassa_pss(symbolon, tmp_path, digest, taken):
    from harness.pki import ForeignCA

    ca = ForeignCA(tmp_path / "rsa", "RSA CA", key_type="rsa2048")
    alice, bob = ca.issue("alice"), ca.issue("bob")
    ca.revoke(bob)
    crl = ca.crl(options=["-md", digest, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"])
    seen = [verify(symbolon, client, ca, "--crl", crl) for client in (alice, bob)]
    if taken:
        assert seen[0]["valid"] and seen[1]["code"] == "client_certificate_revoked"
    else:
        assert [verdict["code"] for verdict in seen] == ["crl_bad_signature"] * 2


def test_a_crl_of_somebody_else(symbolon, foreign, tmp_path):
    from harness.pki import ForeignCA

    crl = ForeignCA(tmp_path / "impostor", foreign.name).crl()
    verdict = verify(symbolon, foreign.issue("alice"), foreign, "--crl", crl)
    assert verdict["code"] in ("crl_bad_signature", "crl_wrong_issuer")
