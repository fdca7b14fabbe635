"""What is unreadable, empty, contradictory or misspelt stops the start with its code and its place; nothing fails open."""

import json
import os

import pytest

from harness import peers
from harness.pki import ForeignCA
from harness.symbolon import port, static_route


@pytest.fixture
def route(foreign, backend):
    return static_route(port(), backend.address, foreign.server(), [foreign.cert])


def refused(symbolon, code, config, *words, commands=(["config", "check"], ["run"])):
    """`config check` and `run` both refuse, with the same code."""
    for command in commands:
        outcome = symbolon.refused(code, *command, "--config", config)
        assert outcome.status == 3, outcome
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
    "empty": (b"", "trust_empty"),
    "text": (b"this is no certificate\n", "certificate_malformed"),
    "missing": (None, "file_missing"),
    "cut": (b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "certificate_malformed"),
    "no end": (b"-----BEGIN CERTIFICATE-----\nMIIB\n", "pem_malformed"),
}


@pytest.mark.parametrize("kind", CA_FILES)
def test_a_ca_file_that_holds_no_ca(symbolon, route, kind):
    content, code = CA_FILES[kind]
    bundle = symbolon.folder / "trust.pem"
    if content is not None:
        bundle.write_bytes(content)
    route["clients"]["trust"] = [str(bundle)]
    outcome = symbolon("run", "--config", symbolon.configure([route]))
    assert outcome.status in (3, 4, 5), outcome
    assert code in outcome.stderr, outcome


def test_a_ca_file_that_may_not_be_read(symbolon, route, foreign):
    bundle = symbolon.folder / "trust.pem"
    bundle.mkdir()  # root may read every file; nobody reads a folder as one
    route["clients"]["trust"] = [str(bundle)]
    symbolon.refused("file_unreadable", "run", "--config", symbolon.configure([route]))


def test_an_expired_ca(symbolon, route, tmp_path):
    old = ForeignCA(tmp_path / "old", "Old", days=(-30, -1))
    route["clients"]["trust"] = [str(old.cert)]
    outcome = symbolon("run", "--config", symbolon.configure([route]))
    assert outcome.status == 3 and ("ca_expired" in outcome.stderr or "trust_unusable" in outcome.stderr), outcome


def test_a_key_that_does_not_belong_to_its_certificate(symbolon, route, foreign):
    route["certificate"]["key"] = str(foreign.server("other").key)
    symbolon.refused("key_mismatch", "run", "--config", symbolon.configure([route]))


def test_a_key_that_others_can_read(symbolon, route):
    os.chmod(route["certificate"]["key"], 0o644)
    symbolon.refused("key_file_exposed", "run", "--config", symbolon.configure([route]))


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
