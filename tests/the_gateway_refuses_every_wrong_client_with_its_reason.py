"""Every wrong certificate is refused inside the handshake with the alert and the code of its cause, nothing of it reaches
the service, and one record says which certificate was to blame."""

import hashlib
import subprocess

import pytest

from harness import peers
from harness.pki import Credential, ForeignCA, openssl
from harness.symbolon import port, static_route
from harness.wrong_clients import CA as CA_EXTENSIONS
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


SEEN = {  # how each library calls the alert unknown_ca
    "node": ("UNKNOWN_CA", lambda port, ca, client, folder: peers.node(port, ca, client).output),
    "gnutls": ("CA is unknown", lambda port, ca, client, folder: peers.gnutls(port, ca, client).output),
    "nss": ("SSL_ERROR_UNKNOWN_CA_ALERT", lambda port, ca, client, folder: nss_output(port, ca, client, folder)),
}


def nss_output(port, ca, client, folder):
    with peers.nss(port, peers.nss_database(folder / "nss", ca, client)) as running:
        running.wait_line(lambda line: "SSL_ERROR" in line, "the refusal")
        return running.output


@pytest.mark.parametrize("library", SEEN)
def test_every_library_is_told(gateway_of, foreign, backend, tmp_path, library):
    """The alert reaches clients that are not built on OpenSSL, too, and is shown by their own name for it."""
    words, visit = SEEN[library]
    stranger = ForeignCA(tmp_path / "x", "Another Root").issue("mallory")
    gateway = gateway_of()
    seen = visit(gateway.port, foreign.cert, stranger, tmp_path)
    assert words.lower() in seen.lower(), seen
    gateway.wait_record("refused", "client_certificate_untrusted_issuer")
    assert backend.connections == 0


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


@pytest.mark.parametrize("key", ["cn", "ou", "o", "dns", "uri", "email", "ip", "serial", "fingerprint", "spki", "issuer"])
def test_every_kind_of_rule_can_deny(gateway_of, foreign, alice, backend, key):
    """A deny rule outranks `any_verified`, and strikes nobody else."""
    spki = openssl("x509", "-in", alice.cert, "-noout", "-pubkey").encode()
    spki = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=spki, capture_output=True, check=True)
    pattern = {
        "cn": "alice",
        "ou": "Billing",
        "o": "Example Corp",
        "dns": "alice.example.org",
        "uri": "spiffe://example.com/**",
        "email": "alice@example.com",
        "ip": "10.1.0.0/16",
        "serial": alice.serial,
        "fingerprint": alice.fingerprint,
        "spki": hashlib.sha256(spki.stdout).hexdigest(),
        "issuer": openssl("x509", "-in", alice.cert, "-noout", "-issuer", "-nameopt", "RFC2253").partition("=")[2].strip(),
    }[key]
    gateway = gateway_of(clients={"allow": "any_verified", "deny": [{key: pattern}]})
    assert peers.curl(gateway.port, foreign.cert, alice).status != 0
    record = gateway.wait_record("refused", "not_allowed_by_policy")
    assert key in record["rule"]
    assert backend.connections == 0
    if key != "issuer":  # everybody here has that one
        bob = foreign.issue("bob", names="DNS:bob.example.org", subject="/O=Other/OU=Other/CN=bob")
        assert peers.curl(gateway.port, foreign.cert, bob).status == 0


def test_rules_by_issuer_tell_two_cas_of_one_root_apart(gateway_of, foreign, tmp_path):
    billing, guests = (ForeignCA(tmp_path / name, name, issuer=foreign) for name in ("Billing CA", "Guests CA"))
    gateway = gateway_of(clients={"allow": [{"issuer": "CN=Billing CA,O=Billing CA"}]})
    assert peers.curl(gateway.port, foreign.cert, billing.issue("alice")).status == 0
    assert peers.curl(gateway.port, foreign.cert, guests.issue("alice")).status != 0
    gateway.wait_record("refused", "not_allowed_by_policy")


def test_rules_by_profile_tell_our_certificates_apart(gateway_of, foreign, symbolon):
    """The profile stands in the certificate, signed: a device's is no client's, though both may connect by their purpose."""
    symbolon.init()
    client, device = symbolon.issue("client", "alice"), symbolon.issue("device", "pump")
    trust = [symbolon.ca]
    for rules, admitted, refused in (
        ({"allow": [{"profile": "client"}]}, client, device),
        ({"allow": "any_verified", "deny": [{"profile": "client"}]}, device, client),
    ):
        gateway = gateway_of(clients=rules, trust=trust)
        assert peers.curl(gateway.port, foreign.cert, admitted).status == 0
        assert peers.curl(gateway.port, foreign.cert, refused).status != 0
        gateway.wait_record("refused", "not_allowed_by_policy")
        gateway.stop()  # the next one needs the state


def test_a_strict_path_check_wants_a_whole_ca(gateway_of, foreign, tmp_path):
    """A CA by a bare `openssl req -x509` has no keyUsage: RFC 5280's algorithm lets it pass, `strict` does not."""
    folder = tmp_path / "bare"
    folder.mkdir()
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
            "-subj", "/CN=Bare", "-keyout", folder / "ca.key", "-out", folder / "ca.crt")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=alice",
            "-keyout", folder / "a.key", "-out", folder / "a.csr")
    openssl("x509", "-req", "-in", folder / "a.csr", "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-days", "9",
            "-out", folder / "a.crt")
    alice = Credential(folder / "a.crt", folder / "a.key", folder / "a.crt")
    lenient = gateway_of(trust=[folder / "ca.crt"], clients={"path_check": "rfc5280"})
    assert peers.curl(lenient.port, foreign.cert, alice).status == 0
    strict = gateway_of(trust=[folder / "ca.crt"], clients={"path_check": "strict"})
    assert peers.curl(strict.port, foreign.cert, alice).status != 0
    strict.wait_record("refused", "client_certificate_strict_violation")


def test_cross_signed_cas_are_judged_path_by_path(gateway_of, foreign, tmp_path):
    """One CA key, certified by two roots: whichever certificate comes first, the path to the trusted root is found."""
    other = ForeignCA(tmp_path / "other", "Other Root")
    shared = ForeignCA(tmp_path / "shared", "Shared CA", issuer=other)
    ours = tmp_path / "shared-by-foreign.crt"
    foreign._sign(shared.key, "/O=Shared CA/CN=Shared CA", ours, (-1, 90), CA_EXTENSIONS)
    alice = shared.issue("alice")
    leaf, theirs = alice.cert.read_text(), shared.cert.read_text()
    gateway = gateway_of()
    for number, chain in enumerate(([theirs, ours.read_text()], [ours.read_text(), theirs])):
        file = tmp_path / f"chain{number}.pem"
        file.write_text("".join([leaf, *chain]))
        assert peers.curl(gateway.port, foreign.cert, Credential(alice.cert, alice.key, file)).status == 0
    only_theirs = tmp_path / "theirs.pem"
    only_theirs.write_text(leaf + theirs)
    assert peers.curl(gateway.port, foreign.cert, Credential(alice.cert, alice.key, only_theirs)).status != 0
    gateway.wait_record("refused")


def test_a_revoked_issuing_ca_takes_its_clients_with_it(symbolon, foreign, backend):
    symbolon.init()
    alice, listen = symbolon.issue("client", "alice"), port()
    route = static_route(listen, backend.address, foreign.server(), ["authority"])
    with symbolon.run(symbolon.configure([route], authority={}), listen) as gateway:
        assert peers.curl(listen, foreign.cert, alice).status == 0
        issuing = next(i for i in symbolon.json("show", "issuers")["issuers"] if i["role"] == "issuing")
        symbolon.do("revoke", issuing["serial"], "--reason", "cACompromise")
        seen = peers.s_client(listen, foreign.cert, alice, send=peers.HTTP_REQUEST)
        assert peers.alert_of(seen) == 44, seen
        gateway.wait_record("refused", "client_certificate_issuer_revoked")


@pytest.mark.parametrize("key", ["serial", "fingerprint", "spki"])
def test_one_certificate_can_be_pinned(gateway_of, foreign, alice, key):
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
