"""`list` and `show` find a certificate by whatever one knows of it: subject, name, serial, fingerprint, profile, requester, time;
page by page, and the same while the authority runs."""

import json

import pytest

from harness.pki import openssl


@pytest.fixture
def authority(symbolon):
    symbolon.init()
    symbolon.issue("server", "web.example", "www.web.example", "192.0.2.7")
    symbolon.issue("client", "alice", options=["--lifetime", "1d"])
    symbolon.issue("person", "ann@example.com")
    symbolon.do("issue", "workload", "spiffe://example.com/billing", "--no-p12")
    symbolon.issue("client", "bob")
    symbolon.do("revoke", "bob")
    return symbolon


def found(authority, *query):
    certificates = authority.json("list", *query)["certificates"]
    return {(c["names"] or [c["subject"]])[0] for c in certificates if c["profile"] != "admin"}


@pytest.mark.parametrize(
    "query, expected",
    [
        (["web"], {"dns:web.example"}),
        (["www.web.example"], {"dns:web.example"}),
        (["192.0.2.7"], {"dns:web.example"}),
        (["san:dns:*.web.example"], {"dns:web.example"}),
        (["profile:workload"], {"uri:spiffe://example.com/billing"}),
        (["ann@example.com"], {"email:ann@example.com"}),
        (["example -profile:server profile:person"], {"email:ann@example.com"}),
        (["nobody"], set()),
    ],
    ids=str,
)
def test_by_words(authority, query, expected):
    assert found(authority, *query) == expected


def test_by_what_openssl_prints_of_it(authority):
    file = authority.folder / "web.example.crt"
    for option in (["-serial"], ["-fingerprint", "-sha256"]):
        value = openssl("x509", "-in", file, "-noout", *option).strip().partition("=")[2]
        shown = authority.json("show", value)
        assert shown["summary"]["names"][0] == "dns:web.example", value
        assert shown["certificate"].strip() in file.read_text()


def test_by_state_and_time(authority):
    assert len(authority.json("list", "state:revoked")["certificates"]) == 1
    soon = authority.json("list", "state:valid", "expires<2d")["certificates"]
    assert {c["profile"] for c in soon} == {"client", "workload"} and any("alice" in c["subject"] for c in soon)
    assert found(authority, "issued<1d", "profile:server") == {"dns:web.example"}
    assert found(authority, "issued>1d") == set()
    assert found(authority, "expires<2000-01-01") == set()


def test_page_by_page(authority):
    everything = authority.json("list")["certificates"]
    pages, after = [], []
    while True:
        page = authority.json("list", "--limit", "2", *after)
        pages += page["certificates"]
        assert len(page["certificates"]) <= 2
        if not page.get("next"):
            break
        after = ["--after", page["next"]]
    assert pages == everything
    in_one_go = authority.do("list", "--limit", "2", "--all", "--json").splitlines()
    assert [c for line in in_one_go for c in json.loads(line)["certificates"]] == everything


def test_a_query_that_cannot_be_understood(authority):
    assert authority.refused("query_malformed", "list", "colour:red").status == 2
    assert authority.refused("query_malformed", "list", "expires<soon").status == 2


def test_what_is_not_there(authority):
    assert authority.refused("not_found", "show", "nobody").status == 6
    assert authority.refused("not_found", "revoke", "nobody").status == 6


def test_the_same_while_the_authority_runs(authority):
    before = authority.json("list")
    config = authority.configure(authority={}, routes=None)
    with authority.run(config) as running:
        running.wait_socket(authority.state / "authority.sock")
        assert authority.json("list") == before
        assert authority.json("status")["issued"] >= 5
        verified = authority.json("ledger", "verify")
    assert authority.json("ledger", "verify") == verified


def test_profiles_say_when_to_use_which(authority):
    profiles = {p["name"]: p for p in authority.json("profiles")["profiles"]}
    assert {"server", "client", "person", "device", "workload", "gateway", "admin", "ocsp"} <= profiles.keys()
    assert all(p["summary"] for p in profiles.values())


def test_the_roots_key_is_not_needed_to_issue(authority):
    (authority.state / "root.key").unlink()
    authority.issue("client", "zoe")
    authority.refused("file_missing", "ca", "new-issuer", "--passphrase-file", authority.folder / "passphrase")


def test_a_new_issuing_ca_takes_over_and_the_old_certificates_stay_good(authority):
    authority.do("ca", "new-issuer", "--passphrase-file", authority.folder / "passphrase")
    authority.issue("client", "yves")
    new, old = authority.folder / "yves.crt", authority.folder / "alice.crt"
    issuers = {openssl("x509", "-in", file, "-noout", "-ext", "authorityKeyIdentifier") for file in (new, old)}
    assert len(issuers) == 2
    for file in (new, old):
        openssl("verify", "-x509_strict", "-CAfile", authority.ca, "-untrusted", file, file)


def test_a_wrong_passphrase_makes_nothing(authority):
    wrong = authority.folder / "wrong"
    wrong.write_text("not this one\n")
    wrong.chmod(0o600)
    assert authority.refused("passphrase_wrong", "ca", "new-issuer", "--passphrase-file", wrong).status == 3
