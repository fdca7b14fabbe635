"""Client certificates that must be refused, each wrong in one way: made by openssl, with the code and the alert of it."""

import ssl

from harness.pki import Credential, ForeignCA, make_key, openssl

LEAF = [
    "basicConstraints = critical, CA:FALSE",
    "keyUsage = critical, digitalSignature",
    "extendedKeyUsage = clientAuth",
]
CA = [
    "basicConstraints = critical, CA:TRUE",
    "keyUsage = critical, keyCertSign, cRLSign",
    "subjectKeyIdentifier = hash",
]


def below(root, folder, name="Intermediate", **options):
    return ForeignCA(folder / name, name, issuer=root, **options)


def untrusted(root, folder):
    return ForeignCA(folder / "x", "Another Root").issue("mallory")


def same_name_other_key(root, folder):
    return ForeignCA(folder / "x", root.name).issue("mallory")


def self_signed(root, folder):
    key, cert = make_key(folder / "self.key"), folder / "self.crt"
    openssl("req", "-x509", "-key", key, "-subj", "/CN=self", "-days", "2", "-out", cert)
    return Credential(cert, key, cert)


def intermediate_not_sent(root, folder):
    client = below(root, folder).issue("alice")
    return Credential(client.cert, client.key, client.cert)


def tampered(root, folder):
    """The last octet of the signature is another one."""
    client = root.issue("alice")
    der = bytearray(ssl.PEM_cert_to_DER_cert(client.cert.read_text()))
    der[-1] ^= 1
    for file in (client.cert, client.chain):
        file.write_text(ssl.DER_cert_to_PEM_cert(bytes(der)))
    return client


def expired_issuer(root, folder):
    return below(root, folder, days=(-30, -1)).issue("alice", days=(-20, 20))


def path_too_long(root, folder):
    limited = below(root, folder, "Limited", path_length=0)
    return below(limited, folder, "Below Limited").issue("alice")


def issuer_is_no_ca(root, folder):
    return below(
        root,
        folder,
        extensions=[
            "basicConstraints = critical, CA:FALSE",
            "keyUsage = critical, keyCertSign",
            "subjectKeyIdentifier = hash",
        ],
    ).issue("alice")


def issuer_may_not_sign(root, folder):
    return below(
        root,
        folder,
        extensions=[
            "basicConstraints = critical, CA:TRUE",
            "keyUsage = critical, digitalSignature",
            "subjectKeyIdentifier = hash",
        ],
    ).issue("alice")


def outside_name_constraints(root, folder):
    return below(root, folder, extensions=[*CA, "nameConstraints = critical, permitted;DNS:example.com"]).issue(
        "alice", names="DNS:alice.example.org"
    )


def four_deep(root, folder):
    issuer = root
    for level in range(4):
        issuer = below(issuer, folder, f"Level {level}")
    return issuer.issue("alice")


# how it is made, its code, its alert, and the index of the certificate to blame (None: no certificate)
CASES = {
    "none": (lambda root, folder: None, "client_certificate_missing", 116, None),
    "untrusted": (untrusted, "client_certificate_untrusted_issuer", 48, 0),
    "same name, other key": (
        same_name_other_key,
        "client_certificate_untrusted_issuer|client_certificate_bad_signature",
        0,
        0,
    ),
    "self-signed": (self_signed, "client_certificate_self_signed", 48, 0),
    "intermediate not sent": (
        intermediate_not_sent,
        "client_certificate_incomplete_chain|client_certificate_untrusted_issuer",
        48,
        0,
    ),
    "expired": (lambda root, folder: root.issue("alice", days=(-9, -2)), "client_certificate_expired", 45, 0),
    "not yet valid": (lambda root, folder: root.issue("alice", days=(2, 9)), "client_certificate_not_yet_valid", 42, 0),
    "a server's": (lambda root, folder: root.server("alice"), "client_certificate_wrong_extended_key_usage", 43, 0),
    "cannot sign": (
        lambda root, folder: root.issue("alice", extensions=[LEAF[0], "keyUsage = critical, keyEncipherment", LEAF[2]]),
        "client_certificate_wrong_key_usage",
        43,
        0,
    ),
    "a CA's own": (
        lambda root, folder: Credential(*(lambda ca: (ca.cert, ca.key, ca.cert))(below(root, folder))),
        "client_certificate_is_ca",
        43,
        0,
    ),
    "four deep": (four_deep, "client_certificate_depth_exceeded", 48, None),
    "expired issuer": (expired_issuer, "client_certificate_issuer_expired", 48, 1),
    "path too long": (path_too_long, "client_certificate_path_length_exceeded", 48, None),
    "issuer is no CA": (issuer_is_no_ca, "client_certificate_issuer_not_ca", 48, 1),
    "issuer may not sign": (issuer_may_not_sign, "client_certificate_issuer_key_usage", 48, 1),
    "tampered": (tampered, "client_certificate_bad_signature", 51, 0),
    "outside name constraints": (outside_name_constraints, "client_certificate_name_constraint", 46, None),
    "critical extension": (
        lambda root, folder: root.issue("alice", extensions=[*LEAF, "1.2.3.4 = critical, ASN1:UTF8String:x"]),
        "client_certificate_unknown_critical_extension",
        46,
        0,
    ),
    "SHA-1": (lambda root, folder: root.issue("alice", digest="sha1"), "client_certificate_weak_signature", 42, 0),
    "RSA 1024": (lambda root, folder: root.issue("alice", key_type="rsa1024"), "client_certificate_weak_key", 42, 0),
}
