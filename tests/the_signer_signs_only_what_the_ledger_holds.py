"""This test plays an authority that somebody broke into: it holds the socket to the signer process and asks for signatures. It gets
none for what the ledger does not hold as a reserved intent; there is no message that carries octets to be signed."""

import contextlib
import hashlib
import os
import re
import socket
import sqlite3
import struct
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness import roles
from harness.symbolon import BINARY, ROOT, is_sanitized

VERSION = int(re.search(r"kVersion = (\d+);", (ROOT / "src" / "signer" / "message.cc").read_text())[1])
HELLO, SIGN, KEYS, ANSWERS, SIGN_CRL = 1, 2, 3, 4, 5


class Signer:
    """`symbolon role signer`, with this test at the other end."""

    def __init__(self, symbolon):
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control, their_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        config = symbolon.configure(authority={}, routes=None)
        with theirs, their_control:
            ends = [their_control.fileno(), theirs.fileno()]
            self.child = subprocess.Popen(
                [BINARY, "role", "signer", "--config", config, "--state", symbolon.state]
                + ["--control", str(ends[0]), "--signing", str(ends[1])],
                pass_fds=ends,
                env=symbolon.env,
                cwd=symbolon.folder,
            )
        self.ours.settimeout(20)
        self.control.settimeout(20)
        assert self.control.recv(100) == b"R"

    def ask(self, packet):
        self.ours.send(packet)
        return self.ours.recv(1 << 18)

    def keys(self):
        answer = self.ask(bytes([VERSION, HELLO, 0, 0]))
        assert answer[1] == KEYS
        out, at = {}, 4
        for _ in range(struct.unpack_from(">H", answer, 2)[0]):
            issuer, encrypted, size = struct.unpack_from(">QBH", answer, at)
            assert encrypted == 0
            out[issuer] = answer[at + 11 : at + 11 + size]
            at += 11 + size
            for _ in ("algorithm", "request of the OCSP responder"):
                at += 2 + struct.unpack_from(">H", answer, at)[0]
        return out

    def sign(self, issuer, serial):
        """The signature, or the name of the code."""
        octets = serial.to_bytes((serial.bit_length() + 7) // 8, "big")
        answer = self.ask(bytes([VERSION, SIGN, 0, 1]) + struct.pack(">QQB", 7, issuer, len(octets)) + octets)
        assert answer[1] == ANSWERS
        number, outcome, size = struct.unpack_from(">QBH", answer, 4)
        field = answer[15 : 15 + size]
        assert number == 7
        return field if outcome == 0 else field.split(b"\n")[0].decode()

    def close(self):
        self.ours.close()
        self.control.close()
        self.child.wait(20)


@pytest.fixture
def signer(symbolon):
    symbolon.init()
    symbolon.client = symbolon.issue("client", "alice")
    with contextlib.closing(Signer(symbolon)) as running:
        yield running


@pytest.fixture
def issuer(symbolon, signer):
    """The ledger's number of the issuing CA."""
    (number,) = signer.keys()
    certificate = x509.load_pem_x509_certificate((symbolon.state / "issuing.crt").read_bytes())
    spki = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert signer.keys() == {number: spki}, "one key, and not the root's"
    return number


def insert_intent(symbolon, issuer, tbs, serial, profile):
    """Writes into the ledger's file past the program, as somebody who broke into the authority can."""
    octets = serial.to_bytes((serial.bit_length() + 7) // 8, "big")
    with contextlib.closing(sqlite3.connect(symbolon.state / "ledger.db")) as ledger, ledger:
        (last,) = ledger.execute("SELECT max(id) FROM certificates").fetchone()
        row = (last + 1, issuer, octets, 0, profile, "attacker", "CN=x", "", 0, 0, hashlib.sha256(tbs).digest())
        ledger.execute(
            "INSERT INTO certificates (id, issuer, serial, state, profile, requester, subject, names, not_before, not_after,"
            " spki_sha256, reserved_at, changed_at, fingerprint) VALUES (?,?,?,?,?,?,?,?,?,?,?,0,0,zeroblob(32))",
            row,
        )
        ledger.execute("INSERT INTO intents (id, tbs) VALUES (?, ?)", (last + 1, tbs))


def test_what_the_ledger_does_not_hold(signer, issuer):
    assert signer.sign(issuer, int.from_bytes(os.urandom(16), "big") | 1 << 120) == "intent_missing"


def test_what_was_issued_already(symbolon, signer, issuer):
    leaf = x509.load_pem_x509_certificate(symbolon.client.cert.read_bytes())
    assert signer.sign(issuer, leaf.serial_number) == "intent_missing"


def test_another_ca(signer, issuer):
    assert signer.sign(issuer + 1, 1 << 100) == "issuer_unknown"
    assert signer.sign(1 if issuer != 1 else 2, 1 << 100) == "issuer_unknown"  # the root: its key is not there


def test_a_ca_certificate_that_somebody_wrote_into_the_ledger(symbolon, signer, issuer):
    ca = x509.load_pem_x509_certificate((symbolon.state / "issuing.crt").read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    serial = int.from_bytes(os.urandom(16), "big") | 1 << 120
    wanted = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a CA of my own")]))
        .issuer_name(ca.subject)
        .serial_number(serial)
        .not_valid_before(ca.not_valid_before)
        .not_valid_after(ca.not_valid_after)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    for profile in ("client", "ca", "mine"):
        insert_intent(symbolon, issuer, wanted.tbs_certificate_bytes, serial, profile)
        answer = signer.sign(issuer, serial)
        assert isinstance(answer, str), "a CA was signed"
        assert answer == "intent_out_of_profile" or answer.startswith("lint_"), answer
        serial += 1


def test_what_it_cannot_read_changes_nothing(signer, issuer):
    for junk in (b"\x03", b"\x03\x02\x00\x01", os.urandom(2000), bytes([VERSION, 9, 0, 0])):
        signer.ours.send(junk)
    assert signer.sign(issuer, 1 << 100) == "intent_missing"


def test_it_has_no_network_and_runs_nothing(signer):
    """What the kernel says of the process: 2 is a filter of its calls."""
    pid = signer.child.pid
    assert roles.status_field(pid, "NoNewPrivs") == "1"
    of_this_kernel = roles.status_field("self", "Seccomp")
    print(f"Seccomp: {'this kernel has it' if of_this_kernel else 'this kernel has none'}")
    wanted = "2" if of_this_kernel and not is_sanitized() else of_this_kernel
    assert roles.status_field(pid, "Seccomp") == wanted
