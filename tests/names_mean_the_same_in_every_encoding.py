"""A name in a client's certificate may be written in any string type of ASN.1: rules see its characters. One that holds NUL,
or is cut short by whoever reads C strings, is never taken for the name before the NUL."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness import peers
from harness.pki import Credential, make_key

TYPES = ["UTF8String", "PrintableString", "T61String", "IA5String", "BMPString", "UniversalString"]


def certify(ca, folder, common_name, string_type="UTF8String", names=()):
    """A client's certificate of the foreign CA, with what the openssl command line would encode otherwise."""
    key = serialization.load_pem_private_key(make_key(folder / "named.key").read_bytes(), None)
    issuer = x509.load_pem_x509_certificate(ca.cert.read_bytes())
    now = datetime.datetime.now(datetime.timezone.utc)
    attribute = x509.NameAttribute(
        NameOID.COMMON_NAME, common_name, _type=getattr(_ASN1Type, string_type), _validate=False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([attribute]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    ca_key = serialization.load_pem_private_key(ca.key.read_bytes(), None)
    cert = folder / "named.crt"
    cert.write_bytes(builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return Credential(cert, folder / "named.key", cert)


@pytest.mark.parametrize("string_type", TYPES)
def test_rules_see_characters_not_encodings(gateway_of, foreign, tmp_path, string_type):
    gateway = gateway_of(clients={"allow": [{"cn": "alice"}]})
    assert peers.curl(gateway.port, foreign.cert, certify(foreign, tmp_path, "alice", string_type)).status == 0
    assert gateway.wait_record("opened")["subject"] == "CN=alice"


@pytest.mark.parametrize("string_type", ["UTF8String", "BMPString", "UniversalString"])
def test_beyond_ascii_too(gateway_of, foreign, tmp_path, string_type):
    gateway = gateway_of(clients={"allow": [{"cn": "Jörg Żak"}]})
    assert peers.curl(gateway.port, foreign.cert, certify(foreign, tmp_path, "Jörg Żak", string_type)).status == 0


@pytest.mark.parametrize("string_type", TYPES)
def test_nul_ends_no_common_name(gateway_of, foreign, backend, tmp_path, string_type):
    gateway = gateway_of(clients={"allow": [{"cn": "alice"}]})
    mallory = certify(foreign, tmp_path, "alice\0.mallory", string_type)
    assert peers.curl(gateway.port, foreign.cert, mallory).status != 0
    record = gateway.wait_record("refused")
    assert record["code"] in ("not_allowed_by_policy", "client_certificate_malformed"), record
    assert backend.connections == 0


@pytest.mark.parametrize(
    "rule, name",
    [
        ({"dns": "alice.example.org"}, x509.DNSName("alice.example.org\0.mallory.example")),
        ({"dns": "*.example.org"}, x509.DNSName("alice\0.example.org")),
        ({"email": "alice@example.org"}, x509.RFC822Name._init_without_validation("alice@example.org\0.mallory.example")),
        ({"uri": "spiffe://example.org/**"}, x509.UniformResourceIdentifier("spiffe://example.org/alice\0/x")),
        ({"uri": "spiffe://example.org/alice"}, x509.UniformResourceIdentifier("spiffe://example.org/alice\0")),
    ],
    ids=str,
)
def test_nul_ends_no_alternative_name(gateway_of, foreign, backend, tmp_path, rule, name):
    gateway = gateway_of(clients={"allow": [rule]})
    assert peers.curl(gateway.port, foreign.cert, certify(foreign, tmp_path, "alice", names=[name])).status != 0
    record = gateway.wait_record("refused")
    assert record["code"] in ("not_allowed_by_policy", "client_certificate_malformed"), record
    assert backend.connections == 0
