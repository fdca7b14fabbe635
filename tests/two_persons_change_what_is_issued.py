"""`two_persons: true`: a changed profile, a further CA and a certificate of a second person need one who asks and another
who approves; all of it is in the audit chain."""

import hashlib
import json
import sqlite3

import pytest

from harness.pki import ForeignCA, make_key, make_request, openssl
from harness.process import wait_until
from harness.symbolon import Symbolon, port

PROFILES = {"partner": {"base": "client", "lifetime": "30d"}}
RIGHTS = {"approver": [{"cn": "approver-*"}], "issuer": [{"cn": "builder"}]}


@pytest.fixture
def start(symbolon):
    symbolon.init()
    listen, running = port(), []

    def go(profiles=PROFILES, two_persons=True):
        while running:
            running.pop().stop()
        authority = {"name": "localhost", "listen": f"127.0.0.1:{listen}", "rights": RIGHTS, "profiles": profiles}
        running.append(symbolon.run(symbolon.configure(authority={**authority, "two_persons": two_persons}, routes=None), listen))
        return running[-1]

    yield go
    for one in running:
        one.stop()


def at(symbolon, cert):
    """Somebody with a certificate, over mutual TLS."""
    other = Symbolon(symbolon.folder)
    listen = json.loads((symbolon.folder / "symbolon.yaml").read_text())["authority"]["listen"].rpartition(":")[2]
    key = str(cert).removesuffix(".crt") + ".key"
    other.env.update(
        SYMBOLON_AUTHORITY=f"https://localhost:{listen}",
        SYMBOLON_AUTHORITY_CA=str(symbolon.ca),
        SYMBOLON_AUTHORITY_CERT=str(cert),
        SYMBOLON_AUTHORITY_KEY=key,
    )
    return other


def waiting(symbolon, kind):
    return [c for c in symbolon.json("approve")["changes"] if c["kind"] == kind and "used_at" not in c]


def refusals(symbolon):
    ledger = sqlite3.connect(f"file:{symbolon.state}/ledger.db?mode=ro", uri=True)
    return {json.loads(details)["code"] for (details,) in ledger.execute("SELECT details FROM audit WHERE action = 'refuse'")}


def test_a_changed_profile_issues_nothing_until_another_approves_it(symbolon, start):
    start()
    admin = at(symbolon, symbolon.state / "admin.crt")
    symbolon.refused("approval_needed", "issue", "partner", "acme")
    symbolon.issue("client", "alice")  # as built in: nothing to approve
    (change,) = waiting(symbolon, "profile")
    symbolon.refused("same_person", "approve", change["id"])  # the owner of the configuration
    assert admin.json("approve", change["id"])["approved_by"].startswith("certificate CN=")
    symbolon.issue("partner", "acme")
    start()
    symbolon.issue("partner", "acme-2")  # the approval is durable
    start({"partner": {"base": "client", "lifetime": "31d"}, "server": {"lifetime": "10d"}}, two_persons=False)
    symbolon.issue("partner", "acme-3")
    start({"partner": {"base": "client", "lifetime": "31d"}})
    admin.refused("approval_needed", "issue", "partner", "acme-4")
    start()
    symbolon.issue("partner", "acme-5")  # what it was when it was approved
    symbolon.do("ledger", "verify")


def test_a_further_issuing_ca_needs_both(symbolon, start, tmp_path):
    start()
    admin = at(symbolon, symbolon.state / "admin.crt")
    make = ["ca", "new-issuer", "--passphrase-file", symbolon.folder / "passphrase", "--permit", "dns:example.com"]
    symbolon.refused("approval_needed", *make)
    symbolon.refused("approval_needed", *make)
    (change,) = waiting(symbolon, "new_issuer")
    for said in ("issuing-2", "p256", "1825d", "permit: dns:example.com;", "exclude: none"):
        assert said in change["what"], change
    symbolon.refused("same_person", "approve", change["id"])
    wait_until(lambda: "same_person" in refusals(symbolon), "the attempt is in the audit chain")
    admin.do("approve", change["id"])
    symbolon.refused("approval_needed", *make, "--permit", "dns:example.org")  # that is another one
    symbolon.do(*make)
    symbolon.refused("approval_needed", *make)  # once

    foreign = ForeignCA(tmp_path / "corporate", "Corporate")
    bring = ["ca", "import", foreign.cert, "--key", foreign.key]
    symbolon.refused("approval_needed", *bring)
    (change,) = waiting(symbolon, "import_issuer")
    admin.do("approve", change["id"])
    symbolon.do(*bring)
    assert len(symbolon.json("show", "issuers")["issuers"]) >= 4
    symbolon.do("ledger", "verify")


def test_another_ca_than_the_one_in_use_needs_both(symbolon, start, tmp_path):
    start(two_persons=False)
    foreign = ForeignCA(tmp_path / "corporate", "Corporate")
    symbolon.do("ca", "import", foreign.cert, "--key", foreign.key)
    start()
    csr = make_request(make_key(tmp_path / "key"), tmp_path / "r.csr")
    sign = ["sign", csr, "--profile", "client", "--name", "alice", "--out", symbolon.folder / "alice.crt"]
    symbolon.refused("approval_needed", *sign, "--issuer", "issuing-2")
    (change,) = waiting(symbolon, "certificate")
    assert "issuing-2" in change["what"]
    at(symbolon, symbolon.state / "admin.crt").do("approve", change["id"])
    symbolon.do(*sign, "--issuer", "issuing-2")
    symbolon.do(*sign, "--issuer", "issuing", "--force")  # that in use


def test_nobody_makes_the_second_person_alone(symbolon, start):
    start()
    admin = at(symbolon, symbolon.state / "admin.crt")
    for who in (symbolon, admin):
        for profile, name in (("admin", "eve"), ("client", "approver-eve")):
            refused = who.refused("approval_needed", "issue", profile, name, "--out", symbolon.folder)
            assert f"symbolon sign --profile {profile}" in refused.stderr
    assert not symbolon.json("list", "eve")["certificates"]


def test_a_second_person_comes_in_by_both(symbolon, start, tmp_path):
    """`issue` makes a new key each time, and so another request: the request is kept, and signed."""
    start()
    admin = at(symbolon, symbolon.state / "admin.crt")
    key = make_key(symbolon.folder / "bob.key")
    csr = make_request(key, tmp_path / "bob.csr")
    sign = ["sign", csr, "--profile", "client", "--name", "cn:approver-bob", "--out", symbolon.folder / "bob.crt"]
    symbolon.refused("approval_needed", *sign)
    (change,) = waiting(symbolon, "certificate")
    public_key = openssl("req", "-in", csr, "-noout", "-pubkey")
    (symbolon.folder / "bob.pub").write_text(public_key)
    openssl("pkey", "-pubin", "-in", symbolon.folder / "bob.pub", "-outform", "DER", "-out", symbolon.folder / "bob.spki")
    pin = hashlib.sha256((symbolon.folder / "bob.spki").read_bytes()).hexdigest()
    for said in (pin, "approver", "profile 'client'", "CN=approver-bob", "names: none", "the CA 'issuing'"):
        assert said in change["what"], change
    admin.do("approve", change["id"])
    symbolon.do(*sign)
    bob = at(symbolon, symbolon.folder / "bob.crt")
    symbolon.refused("approval_needed", "issue", "partner", "acme")
    (change,) = waiting(symbolon, "profile")
    assert bob.json("approve", change["id"])["approved_by"] == "certificate CN=approver-bob,O=Example Corp"
    bob.refused("forbidden", "issue", "client", "x", "--out", tmp_path)
    ledger = sqlite3.connect(f"file:{symbolon.state}/ledger.db?mode=ro", uri=True)
    actions = [a for (a,) in ledger.execute("SELECT action FROM audit WHERE action LIKE '%_change' ORDER BY sequence")]
    assert actions.count("approve_change") == 2 and actions.count("use_change") == 1
    symbolon.do("ledger", "verify")
