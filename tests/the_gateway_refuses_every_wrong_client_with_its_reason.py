"""Every wrong certificate is refused inside the handshake with the alert and the code of its cause, nothing of it reaches
the service, and one record says which certificate was to blame."""

import pytest

from harness import peers
from harness.pki import Credential
from harness.wrong_clients import CASES

# Without a certificate OpenSSL's server can only say handshake_failure in TLS 1.2, which has no certificate_required.
ALERT_IN_TLS_1_2 = {116: 40}


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("case", CASES)
def test_refused(gateway_of, foreign, backend, tmp_path, case, version):
    make, code, alert, blamed = CASES[case]
    client = make(foreign, tmp_path)
    gateway = gateway_of()
    # s_client itself must be willing to use weak keys and digests, else it would never come to us.
    seen = peers.s_client(
        gateway.port, foreign.cert, client, [version, "-cipher", "DEFAULT@SECLEVEL=0"], peers.HTTP_REQUEST
    )
    record = gateway.wait_record("refused")
    assert record["code"] in code.split("|"), record
    assert record["route"] == "web"
    assert record["peer"].startswith("127.0.0.1:")
    assert record["remedy"] and record["id"]
    if alert:
        expected = ALERT_IN_TLS_1_2.get(alert, alert) if version == "-tls1_2" else alert
        assert peers.alert_of(seen) == expected, seen
        assert record["alert_sent"]["number"] == expected
    if client:
        assert record["possession"] == "unproven"
        assert client.serial in (record.get("leaf") or record["certificate"])["serial"]
        if blamed is not None:
            assert record["certificate_index"] == blamed, record
    assert backend.connections == 0


def test_expiry_says_by_how_much(gateway_of, foreign):
    gateway = gateway_of()
    peers.curl(gateway.port, foreign.cert, foreign.issue("alice", days=(-9, -2)))
    record = gateway.wait_record("refused", "client_certificate_expired")
    assert record["by"].startswith("2 d"), record
    assert record["limit"] < record["time"]


def test_a_copied_certificate_without_its_key_proves_nothing(gateway_of, foreign, tmp_path):
    """Go's client signs with whatever key it is given."""
    alice, other = foreign.issue("alice"), foreign.issue("other")
    gateway = gateway_of()
    seen = peers.many(
        peers.build_go(tmp_path),
        gateway.port,
        foreign.cert,
        Credential(alice.cert, other.key, alice.cert),
        "1.3",
        1,
        size=0,
    )
    assert seen == {"alert: error decrypting message": 1}  # decrypt_error(51)
    record = gateway.wait_record("refused", "possession_unproven")
    assert record["possession"] == "unproven"


DENIED = [
    {"allow": [{"cn": "bob"}]},
    {"allow": "any_verified", "deny": [{"cn": "alice"}]},
    {"allow": [{"uri": "spiffe://example.com/*"}]},  # one segment
    {"allow": [{"cn": "alice", "email": "bob@example.com"}]},  # all of a rule must match
    {"allow": [{"dns": "*.example.com"}], "deny": []},
]
ALLOWED = [
    {"allow": "any_verified"},
    {"allow": [{"cn": "alice"}]},
    {"allow": [{"o": "Example Corp", "ou": "Billing"}]},
    {"allow": [{"uri": "spiffe://example.com/**"}]},
    {"allow": [{"email": "*@example.com"}]},
    {"allow": [{"ip": "10.0.0.0/8"}]},
    {"allow": [{"cn": "bob"}, {"dns": "alice.example.org"}], "deny": [{"cn": "mallory"}]},
]


@pytest.fixture
def alice(foreign):
    return foreign.issue(
        "alice",
        subject="/O=Example Corp/OU=Billing/CN=alice",
        names=("DNS:alice.example.org,email:alice@example.com,URI:spiffe://example.com/billing/api,IP:10.1.2.3"),
    )


@pytest.mark.parametrize("rules", DENIED, ids=str)
def test_who_is_not_allowed_is_told_so(gateway_of, foreign, alice, backend, rules):
    gateway = gateway_of(clients=rules)
    seen = peers.s_client(gateway.port, foreign.cert, alice, send=peers.HTTP_REQUEST)
    assert peers.alert_of(seen) == 46, seen
    record = gateway.wait_record("refused", "not_allowed_by_policy")
    assert record["rule"]
    assert backend.connections == 0


@pytest.mark.parametrize("rules", ALLOWED, ids=str)
def test_who_is_allowed_gets_in(gateway_of, foreign, alice, rules):
    gateway = gateway_of(clients=rules)
    assert peers.curl(gateway.port, foreign.cert, alice).status == 0
    assert gateway.wait_record("opened")["rule"]


@pytest.mark.parametrize("key", ["serial", "fingerprint", "spki"])
def test_one_certificate_can_be_pinned(gateway_of, foreign, alice, key):
    import hashlib
    import subprocess

    public = subprocess.run(
        ["openssl", "x509", "-in", alice.cert, "-noout", "-pubkey"], capture_output=True, check=True
    ).stdout
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, capture_output=True, check=True
    ).stdout
    pin = {"serial": alice.serial, "fingerprint": alice.fingerprint, "spki": hashlib.sha256(der).hexdigest()}[key]
    gateway = gateway_of(clients={"allow": [{key: pin}]})
    assert peers.curl(gateway.port, foreign.cert, alice).status == 0
    since = gateway.mark()
    assert peers.curl(gateway.port, foreign.cert, foreign.issue("bob")).status != 0
    gateway.wait_record("refused", "not_allowed_by_policy", since)
