"""What `symbolon sign` must not sign it refuses with its code, records nothing as issued, and goes on; what it signs has the
requester's key and nothing of the request that the profile does not take."""

import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from harness.pki import make_key, make_request, openssl


@pytest.fixture
def authority(symbolon):
    return symbolon.init()


def python_request(folder, common_name="pump", names=(), string_type=_ASN1Type.UTF8String, extensions=()):
    """A request with what the openssl command line refuses to write."""
    key = ec.generate_private_key(ec.SECP256R1())
    attribute = x509.NameAttribute(NameOID.COMMON_NAME, common_name, _type=string_type, _validate=False)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([attribute]))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    path = folder / "request.csr"
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def issued(authority):
    return [c for c in authority.json("list")["certificates"] if c["profile"] == "device"]


def test_a_good_one_is_signed_for_its_key(authority, tmp_path, foreign):
    key = make_key(tmp_path / "pump.key")
    request = make_request(key, tmp_path / "pump.csr", "/CN=pump-17")
    authority.do("sign", request, "--profile", "device", "--out", tmp_path / "pump.crt")
    assert openssl("pkey", "-in", key, "-pubout") == openssl("x509", "-in", tmp_path / "pump.crt", "-noout", "-pubkey")
    openssl(
        "verify",
        "-x509_strict",
        "-purpose",
        "sslclient",
        "-CAfile",
        authority.ca,
        "-untrusted",
        tmp_path / "pump.crt",
        tmp_path / "pump.crt",
    )


@pytest.mark.parametrize("name", ["ad\u202enim", "\u2066admin\u2069", " admin ", "admin\u00a0", "ad\u200bmin"])
def test_a_name_that_looks_like_another(authority, tmp_path, name):
    """Direction marks, invisible characters and blanks at the ends: whoever reads `admin` in a list must have `admin`."""
    request = python_request(tmp_path, name)
    outcome = authority.refused("lint_name_characters", "sign", request, "--profile", "device")
    assert not {*outcome.stderr} & {*"\u202e\u2066\u2069\u200b"}, "and nobody's terminal is turned around"
    assert not issued(authority)


def test_what_was_not_taken_is_said(authority, tmp_path):
    request = make_request(make_key(tmp_path / "pump.key"), tmp_path / "pump.csr", "/O=Elsewhere/CN=pump-17")
    answer = authority.json("sign", request, "--profile", "device")
    assert answer["notes"] and "Elsewhere" not in openssl("x509", "-noout", "-subject", input=answer["certificate"].encode())
    assert "note: " in authority("sign", request, "--profile", "device").stderr
    assert not authority.json("issue", "client", "alice")["notes"]


def test_a_signature_that_does_not_match(authority, tmp_path):
    request = make_request(make_key(tmp_path / "k"), tmp_path / "r.der", "/CN=pump")
    der = bytearray(openssl_der(request))
    der[-1] ^= 1
    (tmp_path / "r.der").write_bytes(der)
    authority.refused("request_bad_signature", "sign", tmp_path / "r.der", "--profile", "device")
    assert not issued(authority)


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_a_signature_that_proves_nothing_any_more(authority, tmp_path, digest):
    request = make_request(make_key(tmp_path / "k", "rsa2048"), tmp_path / "r.csr", "/CN=pump", digest=digest)
    authority.refused("request_weak_signature", "sign", request, "--profile", "device")
    assert not issued(authority)


def openssl_der(request):
    import base64

    return base64.b64decode(re.sub(r"-----[^-]*-----", "", request.read_text()))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"noise",
        b"-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n",
        b"\x30\x82\xff\xff",
        b"\x30" * 5000,
    ],
)
def test_what_is_no_request(authority, tmp_path, content):
    (tmp_path / "r.csr").write_bytes(content)
    outcome = authority("sign", tmp_path / "r.csr", "--profile", "device")
    assert outcome.status == 5, outcome
    assert re.search(r"request_malformed|pem_malformed", outcome.stderr), outcome


def test_cut_off_anywhere(authority, tmp_path):
    der = openssl_der(make_request(make_key(tmp_path / "k"), tmp_path / "r.csr", "/CN=pump"))
    for length in range(0, len(der), 11):
        (tmp_path / "cut.der").write_bytes(der[:length])
        assert authority("sign", tmp_path / "cut.der", "--profile", "device").status == 5
    assert not issued(authority)


def test_a_weak_key(authority, tmp_path):
    request = make_request(make_key(tmp_path / "k", "rsa1024"), tmp_path / "r.csr", "/CN=pump")
    authority.refused("key_weak", "sign", request, "--profile", "device")


@pytest.mark.parametrize(
    "profile, names",
    [
        ("workload", "DNS:a.example"),
        ("server", "URI:spiffe://a/b"),
        ("workload", "URI:spiffe://a/b,URI:spiffe://a/c"),
        ("server", "email:a@example.com"),
    ],
)
def test_names_that_the_profile_does_not_know(authority, tmp_path, profile, names):
    request = make_request(make_key(tmp_path / "k"), tmp_path / "r.csr", "/CN=x", names)
    outcome = authority("sign", request, "--profile", profile)
    assert outcome.status == 5 and re.search(r"name_not_allowed|name_missing|name_malformed", outcome.stderr), outcome


@pytest.mark.parametrize(
    "names",
    [
        [x509.DNSName("a.example\x00.evil.example")],
        [x509.RFC822Name("a@example.com\x00b")],
        [x509.UniformResourceIdentifier("spiffe://a/b\x00c")],
        [x509.DNSName("")],
        [x509.DNSName("a..example")],
        [x509.DNSName("a b.example")],
    ],
    ids=repr,
)
def test_names_with_nul_and_other_nonsense(authority, tmp_path, names):
    for profile in ("server", "device", "workload", "person"):
        outcome = authority("sign", python_request(tmp_path, "x", names), "--profile", profile)
        assert outcome.status == 5, (profile, outcome)


@pytest.mark.parametrize(
    "string_type",
    [
        _ASN1Type.UTF8String,
        _ASN1Type.PrintableString,
        _ASN1Type.T61String,
        _ASN1Type.IA5String,
        _ASN1Type.BMPString,
        _ASN1Type.UniversalString,
        _ASN1Type.NumericString,
        _ASN1Type.VisibleString,
    ],
    ids=lambda kind: kind.name,
)
@pytest.mark.parametrize("name", ["pump", "pump\x00.example", "pump\x1b[31m"], ids=["plain", "NUL", "escape"])
def test_a_common_name_in_every_string_type(authority, tmp_path, string_type, name):
    """Either refused, or issued as UTF8String or PrintableString with exactly this name; a control character never passes."""
    outcome = authority(
        "sign",
        python_request(tmp_path, name, string_type=string_type),
        "--profile",
        "device",
        "--out",
        tmp_path / "c.crt",
    )
    assert outcome.status in (0, 5), outcome
    assert "\x1b" not in outcome.stderr
    if name != "pump":
        assert outcome.status == 5 or "pump" not in openssl("x509", "-in", tmp_path / "c.crt", "-noout", "-subject")
    elif outcome.status == 0:
        made = x509.load_pem_x509_certificate((tmp_path / "c.crt").read_bytes())
        (attribute,) = made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert attribute.value == "pump" and attribute._type in (_ASN1Type.UTF8String, _ASN1Type.PrintableString)


@pytest.mark.parametrize(
    "extension",
    [
        x509.BasicConstraints(ca=True, path_length=None),
        x509.KeyUsage(False, False, False, False, False, True, True, False, False),
        x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
    ],
    ids=repr,
)
def test_nothing_unlisted_is_taken_from_a_request(authority, tmp_path, extension):
    outcome = authority(
        "sign", python_request(tmp_path, extensions=[extension]), "--profile", "device", "--out", tmp_path / "c.crt"
    )
    if outcome.status == 0:
        made = x509.load_pem_x509_certificate((tmp_path / "c.crt").read_bytes())
        assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert not made.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
        assert list(made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
            x509.ExtendedKeyUsageOID.CLIENT_AUTH
        ]
    else:
        assert "extension_not_allowed" in outcome.stderr, outcome


def test_a_lifetime_beyond_the_profile(authority, tmp_path):
    request = make_request(make_key(tmp_path / "k"), tmp_path / "r.csr", "/CN=pump")
    authority.refused("lifetime_not_allowed", "sign", request, "--profile", "device", "--lifetime", "20y")


def test_an_unknown_profile(authority, tmp_path):
    request = make_request(make_key(tmp_path / "k"), tmp_path / "r.csr", "/CN=pump")
    assert authority.refused("profile_unknown", "sign", request, "--profile", "toaster").status == 6


@pytest.mark.parametrize("key_type", ["p256", "p384", "ed25519", "rsa2048", "rsa4096"])
def test_every_key_type_of_ours_verifies_at_openssl(authority, tmp_path, key_type):
    authority.do("issue", "client", "alice", "--key-type", key_type, "--no-p12")
    openssl(
        "verify",
        "-x509_strict",
        "-purpose",
        "sslclient",
        "-CAfile",
        authority.ca,
        "-untrusted",
        authority.folder / "alice.crt",
        authority.folder / "alice.crt",
    )


@pytest.mark.parametrize(
    "profile, name, purpose",
    [
        ("server", "web.example", "sslserver"),
        ("client", "alice", "sslclient"),
        ("person", "ann@example.com", "sslclient"),
        ("device", "pump", "sslclient"),
        ("workload", "spiffe://example.com/billing", "sslclient"),
        ("gateway", "gw.example", "sslserver"),
        ("admin", "root-of-all", "sslclient"),
        ("ocsp", "ocsp.example", "ocsphelper"),
    ],
)
def test_every_profile_verifies_at_openssl(authority, profile, name, purpose):
    printed = authority.json("issue", profile, name, "--no-p12", "--out", authority.folder)
    openssl(
        "verify",
        "-x509_strict",
        "-purpose",
        purpose,
        "-CAfile",
        authority.ca,
        "-untrusted",
        printed["certificate_file"],
        printed["certificate_file"],
    )
