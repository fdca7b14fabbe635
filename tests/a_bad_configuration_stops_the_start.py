"""What is unreadable, empty, contradictory or misspelt stops the start with its code and its place; nothing fails open."""

import datetime
import json
import os
import re
import shutil

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness import peers
from harness.pki import ForeignCA
from harness.process import is_listening, let_others_in, run
from harness.symbolon import BINARY, port, static_route


@pytest.fixture
def route(foreign, backend):
    return static_route(port(), backend.address, foreign.server(), [foreign.cert])


def refused(symbolon, code, config, *words, status=3):
    """`config check` and `run` both refuse, with the same code."""
    for command in (["config", "check"], ["run"]):
        outcome = symbolon.refused(code, *command, "--config", config)
        assert outcome.status == status, outcome
        for word in words:
            assert word in outcome.stderr, outcome


def test_a_good_one_starts(symbolon, route, foreign):
    config = symbolon.configure([route])
    symbolon.do("config", "check", "--config", config)
    listen = int(route["listen"].rpartition(":")[2])
    with symbolon.run(config, listen):
        assert peers.curl(listen, foreign.cert, foreign.issue("alice")).status == 0


@pytest.mark.parametrize("spelt, meant", [("verfy", "verify"), ("trsut", "trust")])
def test_an_unknown_key_with_a_suggestion(symbolon, route, spelt, meant):
    route["clients"][spelt] = "require"
    refused(
        symbolon, "config_unknown_key", symbolon.configure([route]), spelt, f"did you mean '{meant}'", "symbolon.yaml:"
    )


def test_a_duplicate_key(symbolon, route):
    config = symbolon.configure([route])
    config.write_text(
        config.read_text().replace('"verify": "require"', '"verify": "require", "verify": "insecure_none"')
    )
    refused(symbolon, "config_duplicate_key", config, "verify")


@pytest.mark.parametrize("value", ['&x "web"', '!!str "web"', '!route "web"'])
def test_yaml_that_means_more_than_it_says(symbolon, route, value):
    config = symbolon.configure([route])
    config.write_text(config.read_text().replace('"name": "web"', '"name": ' + value))
    refused(symbolon, "config_unsupported_yaml", config, "symbolon.yaml:")


def test_a_second_document(symbolon, route):
    config = symbolon.configure([route])
    config.write_text(config.read_text() + "\n---\ngateway: {routes: []}\n")
    refused(symbolon, "config_unsupported_yaml", config)


@pytest.mark.parametrize("text", ["gateway: [", "\tgateway: 1", "\x00", "gateway: {routes: [}"])
def test_yaml_that_is_none(symbolon, text):
    config = symbolon.folder / "symbolon.yaml"
    config.write_text(text)
    refused(symbolon, "config_syntax", config, "symbolon.yaml:")


def test_no_access_rules(symbolon, route):
    del route["clients"]["allow"]
    refused(symbolon, "config_no_rules", symbolon.configure([route]))
    route["clients"]["allow"] = []
    refused(symbolon, "config_no_rules", symbolon.configure([route]))


@pytest.mark.parametrize(
    "where, value, code",
    [
        (("clients", "depth"), -1, "config_bad_value"),
        (("clients", "depth"), "two", "config_wrong_type"),
        (("clients", "verify"), "maybe", "config_bad_value"),
        (("clients", "allow"), [{"ip": "300.1.2.3"}], "config_bad_value"),
        (("clients", "allow"), [{}], "config_bad_value"),
        (("clients", "allow"), [{"colour": "red"}], "config_unknown_key"),
        (("listen",), "127.0.0.1:99999", "config_bad_value"),
        (("to",), "", "config_bad_value"),
    ],
    ids=str,
)
def test_values_that_cannot_be(symbolon, route, where, value, code):
    section = route
    for key in where[:-1]:
        section = section[key]
    section[where[-1]] = value
    refused(symbolon, code, symbolon.configure([route]), "symbolon.yaml:")


def test_a_missing_key(symbolon, route):
    del route["to"]
    refused(symbolon, "config_missing_key", symbolon.configure([route]), "to")


def test_no_configuration_at_all(symbolon):
    symbolon.refused("config_missing", "run", "--config", symbolon.folder / "none.yaml")


CA_FILES = {
    "empty": (b"", "trust_empty", 3),
    "text": (b"this is no certificate\n", "certificate_malformed", 5),
    "missing": (None, "file_missing", 4),
    "cut": (b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "certificate_malformed", 5),
    "no end": (b"-----BEGIN CERTIFICATE-----\nMIIB\n", "pem_malformed", 5),
}


@pytest.mark.parametrize("kind", CA_FILES)
def test_a_ca_file_that_holds_no_ca(symbolon, route, kind):
    content, code, status = CA_FILES[kind]
    bundle = symbolon.folder / "trust.pem"
    if content is not None:
        bundle.write_bytes(content)
    route["clients"]["trust"] = [str(bundle)]
    refused(symbolon, code, symbolon.configure([route]), str(bundle), status=status)


def test_a_ca_file_that_may_not_be_read(symbolon, route, foreign):
    bundle = symbolon.folder / "trust.pem"
    bundle.mkdir()  # root may read every file; nobody reads a folder as one
    route["clients"]["trust"] = [str(bundle)]
    refused(symbolon, "file_unreadable", symbolon.configure([route]), str(bundle), status=4)


@pytest.mark.needs_root
def test_a_ca_file_that_another_user_keeps_to_himself(symbolon, route, foreign):
    let_others_in(symbolon.folder)
    bundle = symbolon.folder / "trust.pem"
    bundle.write_bytes(foreign.cert.read_bytes())
    bundle.chmod(0o600)
    route["clients"]["trust"] = [str(bundle)]
    binary = symbolon.folder / "symbolon-binary"
    shutil.copy2(BINARY, binary)
    for file in (route["certificate"]["cert"], route["certificate"]["key"]):
        copy = shutil.copy2(file, symbolon.folder)
        shutil.chown(copy, "nobody")
        route["certificate"]["cert" if file.endswith("pem") or file.endswith("crt") else "key"] = str(copy)
    config = symbolon.configure([route])
    for command in (["config", "check"], ["run"]):
        as_nobody = ["setpriv", "--reuid=nobody", "--clear-groups", binary, *command, "--config", config]
        outcome = run(as_nobody, cwd=symbolon.folder, env=symbolon.env)
        assert outcome.status == 4 and "file_unreadable" in outcome.stderr and str(bundle) in outcome.stderr, outcome


def test_a_ca_file_that_never_ends_is_given_up(symbolon, route):
    """A pipe that nobody writes to: the start ends by itself, and says why."""
    bundle = symbolon.folder / "trust.pem"
    os.mkfifo(bundle)
    route["clients"]["trust"] = [str(bundle)]
    symbolon.refused("file_unreadable", "run", "--config", symbolon.configure([route]))


def test_a_certificate_that_is_not_there(symbolon, route):
    missing = route["certificate"]["cert"] = str(symbolon.folder / "none.crt")
    refused(symbolon, "file_missing", symbolon.configure([route]), missing, status=4)


def test_a_profile_without_a_base(symbolon):
    symbolon.init()
    config = symbolon.configure(None, authority={"profiles": {"camera": {"lifetime": "30d"}}})
    refused(symbolon, "config_missing_key", config, "camera")


def cas_with_long_names(folder, octets):
    """Self-signed CAs whose names take as many octets in a CertificateRequest (RFC 8446 §4.2.4: two more each), and their files."""
    made, size, key = [], 0, ec.generate_private_key(ec.SECP256R1())
    long = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"{n:064}") for n in range(20)]
    folder.mkdir()
    while size < octets:
        name = x509.Name([*long, x509.NameAttribute(NameOID.COMMON_NAME, f"CA {len(made)}")])
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(30))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        made.append(folder / f"{len(made)}.crt")
        made[-1].write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        size += len(name.public_bytes()) + 2
    return made


def test_many_names_of_cas_are_warned_of_and_too_many_refused(symbolon, route, foreign, tmp_path):
    """Above 16 KiB in each handshake common clients may fail; what is above 32 KiB does not start."""
    many = cas_with_long_names(tmp_path / "cas", 33 << 10)
    half = len(many) // 2 + 1
    listen, alice = int(route["listen"].rpartition(":")[2]), foreign.issue("alice")

    def trusting(cas):
        route["clients"]["trust"] = [str(foreign.cert), *map(str, cas)]
        return symbolon.configure([route])

    def warned(cas):
        """What the gateway says at its start; openssl is told every name, and whoever is trusted gets in."""
        with symbolon.run(trusting(cas), listen) as running:
            assert peers.curl(listen, foreign.cert, alice).status == 0
            told = peers.s_client(listen, foreign.cert, alice, ["-no_ign_eof"])
            told = told.stdout.partition("Acceptable client certificate CA names\n")[2]
            assert [int(n) for n in re.findall(r"CN ?= ?CA (\d+)", told)] == list(range(len(cas))), told
            status = symbolon.do("status", "--config", symbolon.folder / "symbolon.yaml")
            assert ("of each handshake" in running.output) == ("of each handshake" in status), running.output
            return "of each handshake" in running.output and f"trusts {len(cas) + 1} CAs" in running.output

    assert not warned(many[: half - 3])
    assert warned(many[:half])
    outcome = symbolon.refused("ca_names_too_long", "run", "--config", trusting(many))
    assert outcome.status == 3 and f"{len(many) + 1} CAs" in outcome.stderr and "32768" in outcome.stderr, outcome
    assert not is_listening(listen)


def test_an_expired_ca(symbolon, route, tmp_path):
    old = ForeignCA(tmp_path / "old", "Old", days=(-30, -1))
    route["clients"]["trust"] = [str(old.cert)]
    refused(symbolon, "ca_expired", symbolon.configure([route]), str(old.cert))


def test_a_key_that_does_not_belong_to_its_certificate(symbolon, route, foreign):
    route["certificate"]["key"] = str(foreign.server("other").key)
    refused(symbolon, "key_mismatch", symbolon.configure([route]))


def test_a_certificate_that_is_signed_with_sha_1(symbolon, route, foreign):
    weak = foreign.server("weak", digest="sha1")
    route["certificate"] = {"cert": str(weak.chain), "key": str(weak.key)}
    assert symbolon.refused("server_certificate_weak_signature", "run", "--config", symbolon.configure([route])).status == 5


def test_a_key_that_others_can_read(symbolon, route):
    os.chmod(route["certificate"]["key"], 0o644)
    refused(symbolon, "key_file_exposed", symbolon.configure([route]))


def test_a_port_that_is_taken(symbolon, route):
    import socket

    with socket.create_server(("127.0.0.1", int(route["listen"].rpartition(":")[2]))):
        outcome = symbolon.refused("listen_in_use", "run", "--config", symbolon.configure([route]))
        assert outcome.status == 4


def test_two_gateways_never_share_a_port_in_silence(symbolon, route):
    """SO_REUSEPORT would let a second process of the same user in."""
    config = symbolon.configure([route])
    with symbolon.run(config, int(route["listen"].rpartition(":")[2])):
        symbolon.refused("listen_in_use", "run", "--config", config)


def test_every_error_of_the_file_is_told(symbolon, route):
    route["clients"]["verfy"] = "require"
    route["clients"]["depth"] = "deep"
    outcome = symbolon("config", "check", "--config", symbolon.configure([route]))
    assert "config_unknown_key" in outcome.stderr or "verfy" in outcome.stderr
    assert "depth" in outcome.stderr, outcome


def test_explain_says_which_rule_decides(symbolon, route, foreign):
    route["clients"]["allow"] = [{"cn": "bob"}, {"cn": "alice"}]
    route["clients"]["deny"] = [{"cn": "mallory"}]
    config = symbolon.configure([route])
    for name, word in (("alice", "allow"), ("mallory", "deny"), ("zoe", "no rule matched")):
        explained = symbolon(
            "config", "explain", "--config", config, "--cert", foreign.issue(name).cert, "--route", "web"
        )
        assert word in explained.stdout, explained


def test_the_schema_knows_what_the_reader_knows(symbolon, route):
    schema = json.loads(symbolon.do("config", "schema"))
    assert "gateway" in json.dumps(schema)
