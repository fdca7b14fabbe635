#!/usr/bin/python3
"""Makes certificates and CRLs for tests: one JSON object a line in, one line with hexadecimal DER (or "error: ...") out.

Nothing of the code under test is used. Keys live as long as the process; certificates refer to each other by `id`.
"""
import datetime
import ipaddress
import json
import random
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID, ObjectIdentifier

HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384()}
# The library's builders refuse these (its newer versions do), its keys do not: such certificates are signed a second time.
WEAK_HASHES = {"sha1": hashes.SHA1(), "md5": hashes.MD5()}
WEAK_ALGORITHMS = {("rsa", "sha1"): "300d06092a864886f70d0101050500", ("rsa", "md5"): "300d06092a864886f70d0101040500",
                   ("ec", "sha1"): "300906072a8648ce3d0401"}  # RFC 3279 §2.2
NAME_TYPES = {"CN": NameOID.COMMON_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
              "C": NameOID.COUNTRY_NAME, "emailAddress": NameOID.EMAIL_ADDRESS}
USAGES = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
          "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
keys = {}
names = {}
identifiers = {}


def moment(seconds):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)


def make_key(kind):
    if kind.startswith("rsa"):
        bits, _, exponent = kind[3:].partition(":")
        return rsa.generate_private_key(int(exponent or 65537), int(bits))
    if kind == "dsa":
        return dsa.generate_private_key(2048)
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p192": ec.SECP192R1()}[kind])


def make_name(attributes):
    out = []
    for attribute in attributes:
        kind, value = attribute[0], attribute[1]
        encoding = getattr(_ASN1Type, attribute[2]) if len(attribute) > 2 else None
        out.append(x509.NameAttribute(NAME_TYPES[kind], value, encoding))
    return x509.Name(out)


def general_name(text):
    kind, _, value = text.partition(":")
    if kind == "dns":
        return x509.DNSName(value)
    if kind == "email":
        return x509.RFC822Name._init_without_validation(value)
    if kind == "uri":
        return x509.UniformResourceIdentifier(value)
    if kind == "ip":
        return x509.IPAddress(ipaddress.ip_network(value) if "/" in value else ipaddress.ip_address(value))
    if kind == "dir":
        return x509.DirectoryName(make_name([part.split("=") for part in value.split(",")]))
    if kind == "rid":
        return x509.RegisteredID(ObjectIdentifier(value))
    raise ValueError(text)


def length(size):
    if size < 128:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tlv(tag, content):
    return bytes([tag]) + length(len(content)) + content


def elements(content):
    """The elements of a constructed value, each whole."""
    out = []
    while content:
        size, header = content[1], 2
        if size & 0x80:
            header += size & 0x7F
            size = int.from_bytes(content[2:header], "big")
        out.append(content[:header + size])
        content = content[header + size:]
    return out


def inside(whole):
    header = 2 + (whole[1] & 0x7F if whole[1] & 0x80 else 0)
    return whole[header:]


class AnyNameConstraints(x509.NameConstraints):
    """Also those that the library holds to be wrong."""

    def _validate_dns_name(self, tree):
        pass


def digest_for(key, spec):
    """What the builder signs with."""
    name = spec.get("hash", "sha256")
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else HASHES["sha256" if name in WEAK_HASHES else name]


def sign(key, digest, data):
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), digest)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(digest))
    return key.sign(data)


def resigned(whole, to_be_signed, key, digest):
    algorithm = elements(inside(whole))[1]
    return tlv(0x30, to_be_signed + algorithm + tlv(0x03, b"\0" + sign(key, digest, to_be_signed)))


def weakened(der, key, name):
    """The same certificate or CRL, signed with a hash of yesterday."""
    old = elements(inside(der))[1]
    new = bytes.fromhex(WEAK_ALGORITHMS["rsa" if isinstance(key, rsa.RSAPrivateKey) else "ec", name])
    parts = [new if part == old else part for part in elements(inside(elements(inside(der))[0]))]
    to_be_signed = tlv(0x30, b"".join(parts))
    return tlv(0x30, to_be_signed + new + tlv(0x03, b"\0" + sign(key, WEAK_HASHES[name], to_be_signed)))


def edited(der, edit, key, digest):
    """What the library would not make."""
    parts = elements(inside(elements(inside(der))[0]))
    if edit == "version1":
        parts = [p for p in parts if p[0] not in (0xA0, 0xA3)]
    elif edit == "extension_twice":
        listed = elements(inside(inside(parts[-1])))
        parts[-1] = tlv(0xA3, tlv(0x30, b"".join(listed + listed[:1])))
    elif edit == "zero_serial":
        parts[1] = tlv(0x02, b"\0")
    elif edit == "negative_serial":
        parts[1] = tlv(0x02, b"\xff\x01")
    elif edit == "nul_in_san":  # every "@" of a name becomes NUL
        parts[-1] = parts[-1].replace(b"@", b"\0")
    return resigned(der, tlv(0x30, b"".join(parts)), key, digest)


def certificate(spec):
    key = keys[spec["key_of"]] if "key_of" in spec else make_key(spec.get("key", "p256"))
    issuer = spec.get("issuer") or spec["id"]
    keys[spec["id"]] = key
    names[spec["id"]] = make_name(spec["subject"])
    public = key.public_key()
    identifiers[spec["id"]] = x509.SubjectKeyIdentifier.from_public_key(public)
    signer = keys[spec.get("signed_by") or issuer]
    builder = (x509.CertificateBuilder().subject_name(names[spec["id"]]).issuer_name(names[issuer]).public_key(public)
               .serial_number(int(spec["serial"], 16) if "serial" in spec else x509.random_serial_number())
               .not_valid_before(moment(spec["not_before"])).not_valid_after(moment(spec["not_after"])))

    def add(extension, critical=False):
        nonlocal builder
        builder = builder.add_extension(extension, critical)

    if "basic" in spec:
        add(x509.BasicConstraints(spec["basic"]["ca"], spec["basic"].get("path")), spec["basic"].get("critical", True))
    if "usage" in spec:
        add(x509.KeyUsage(**{name: name in spec["usage"] for name in USAGES}), True)
    if "eku" in spec:
        add(x509.ExtendedKeyUsage([ObjectIdentifier(oid) for oid in spec["eku"]]))
    if "names" in spec:
        add(x509.SubjectAlternativeName([general_name(name) for name in spec["names"]]))
    if spec.get("ski", True):
        add(identifiers[spec["id"]])
    if spec.get("aki", True) and issuer != spec["id"]:
        named = identifiers[spec.get("aki_of") or issuer]
        add(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(named))
    if "permitted" in spec or "excluded" in spec:
        trees = [[general_name(n) for n in spec[side]] if side in spec else None for side in ("permitted", "excluded")]
        add(AnyNameConstraints(*trees), True)
    for extra in spec.get("extensions", []):
        add(x509.UnrecognizedExtension(ObjectIdentifier(extra["oid"]), bytes.fromhex(extra["value"])), extra["critical"])
    digest = digest_for(signer, spec)
    der = builder.sign(signer, digest).public_bytes(serialization.Encoding.DER)
    if spec.get("hash") in WEAK_HASHES:
        return weakened(der, signer, spec["hash"])
    return edited(der, spec["edit"], signer, digest) if "edit" in spec else der


def crl(spec):
    issuer = spec["issuer"]
    builder = (x509.CertificateRevocationListBuilder().issuer_name(names[issuer])
               .last_update(moment(spec["this_update"])).next_update(moment(spec["next_update"])))
    for entry in spec.get("revoked", []):
        one = (x509.RevokedCertificateBuilder().serial_number(int(entry["serial"], 16))
               .revocation_date(moment(entry["at"])))
        if "reason" in entry:
            one = one.add_extension(x509.CRLReason(x509.ReasonFlags(entry["reason"])), False)
        for extra in entry.get("extensions", []):
            one = one.add_extension(
                x509.UnrecognizedExtension(ObjectIdentifier(extra["oid"]), bytes.fromhex(extra["value"])),
                extra["critical"])
        builder = builder.add_revoked_certificate(one.build())
    if spec.get("aki", True):
        named = identifiers[issuer]
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(named), False)
    if "number" in spec:
        builder = builder.add_extension(x509.CRLNumber(spec["number"]), False)
    for extra in spec.get("extensions", []):
        builder = builder.add_extension(
            x509.UnrecognizedExtension(ObjectIdentifier(extra["oid"]), bytes.fromhex(extra["value"])),
            extra["critical"])
    signer = keys[spec.get("signed_by") or issuer]
    digest = digest_for(signer, spec)
    der = builder.sign(signer, digest).public_bytes(serialization.Encoding.DER)
    if spec.get("hash") in WEAK_HASHES:
        return weakened(der, signer, spec["hash"])
    if "bulk" not in spec:
        return der
    # As many entries as wished, with random serials of 16 octets; the library would need hours for a million.
    parts = elements(inside(elements(inside(der))[0]))
    date = tlv(0x17, b"230101000000Z")
    numbers = random.Random(spec["bulk"])
    entries = b"".join(tlv(0x30, tlv(0x02, b"\x7f" + numbers.randbytes(15)) + date) for _ in range(spec["bulk"]))
    return resigned(der, tlv(0x30, b"".join(parts[:5] + [tlv(0x30, entries)] + parts[5:])), signer, digest)


def private_key(spec):
    """The key of a certificate that was made before, in PEM."""
    return keys[spec["private_key"]].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                   serialization.NoEncryption())


for line in sys.stdin:
    try:
        request = json.loads(line)
        make = crl if request.get("crl") else private_key if "private_key" in request else certificate
        print(make(request).hex(), flush=True)
    except Exception as error:  # told to the test, which fails with it
        print("error:", type(error).__name__, str(error).replace("\n", " "), flush=True)
