"""`--authority https://...`: every verb works from a folder that holds nothing but the root and an admin certificate, and
what stands in the way is named."""

import shutil

import pytest

from harness import peers
from harness.pki import make_key, make_request
from harness.process import run
from harness.symbolon import Symbolon, port


class Afar(Symbolon):
    """Another machine: a folder of its own with the root and somebody's certificate and key."""

    def __init__(self, folder, listen, ca, cert, key):
        super().__init__(folder)
        del self.env["SYMBOLON_STATE"]
        own = self.folder / "symbolon"
        own.mkdir(exist_ok=True)
        for source, name in ((ca, "root.crt"), (cert, "admin.crt"), (key, "admin.key")):
            shutil.copy(source, own / name)
        self.env["SYMBOLON_AUTHORITY"] = f"https://localhost:{listen}"


@pytest.fixture
def afar(symbolon, listening, tmp_path):
    return Afar(tmp_path / "afar", listening.port, symbolon.ca, symbolon.state / "admin.crt", symbolon.state / "admin.key")


def test_every_verb_works_from_another_folder(symbolon, afar, tmp_path):
    afar.do("issue", "server", "web.example")
    assert (afar.folder / "web.example.key").stat().st_mode & 0o777 == 0o600
    verified = run(["openssl", "verify", "-CAfile", symbolon.ca, "-untrusted", "web.example.crt", "web.example.crt"], cwd=afar.folder)
    assert verified.status == 0, verified
    csr = make_request(make_key(tmp_path / "k"), tmp_path / "r.csr")
    afar.do("sign", csr, "--profile", "client", "--name", "cn:signed-afar", "--out", "signed.crt")
    names = [c["subject"] for c in afar.json("list")["certificates"]]
    assert any("web.example" in n for n in names) and any("signed-afar" in n for n in names)
    assert afar.json("show", "web.example")["summary"]["state"] == "issued"
    assert afar.json("revoke", "signed-afar", "--reason", "superseded")["outcome"] == "revoked"
    assert symbolon.json("show", "signed-afar")["summary"]["revocation"]["by"].startswith("certificate CN=")
    assert afar.json("status")["name"] == "localhost"
    assert any(p["name"] == "server" for p in afar.json("profiles")["profiles"])
    assert any(i["in_use"] for i in afar.json("show", "issuers")["issuers"])
    assert afar.json("ledger", "verify")["entries"] > 5
    copy = tmp_path / "copy.db"
    afar.do("ledger", "backup", copy)
    assert copy.stat().st_size > 0
    afar.refused("usage", "ledger", "backup", "relative.db")


def test_options_win_over_the_environment_and_the_folder(symbolon, listening, tmp_path):
    elsewhere = Symbolon(tmp_path / "elsewhere")
    elsewhere.env["SYMBOLON_AUTHORITY"] = "https://localhost:1"
    named = ["--authority", f"https://localhost:{listening.port}", "--authority-ca", symbolon.ca]
    elsewhere.refused("file_missing", *named, "status")
    named += ["--authority-cert", symbolon.state / "admin.crt"]  # its key lies beside it
    assert elsewhere.json(*named, "status")["name"] == "localhost"
    variables = {"CA": symbolon.ca, "CERT": symbolon.state / "admin.crt", "KEY": symbolon.state / "admin.key"}
    elsewhere.env.update({f"SYMBOLON_AUTHORITY_{k}": str(v) for k, v in variables.items()})
    elsewhere.env["SYMBOLON_AUTHORITY"] = f"https://localhost:{listening.port}"
    assert elsewhere.json("status")["name"] == "localhost"
    elsewhere.env["SYMBOLON_AUTHORITY"] = f"unix:{symbolon.state}/authority.sock"
    assert elsewhere.json("status")["name"] == "localhost"


def test_what_stands_in_the_way_is_named(symbolon, listening, afar, foreign, tmp_path):
    at = ["--authority", f"https://localhost:{listening.port}"]
    unreachable = afar.refused("authority_unreachable", "--authority", f"https://localhost:{port()}", "status")
    assert unreachable.status == 4
    afar.refused("bad_request", "--authority", f"http://localhost:{listening.port}", "status")
    afar.refused("server_certificate_name_mismatch", "--authority", f"https://127.0.0.1:{listening.port}", "status")
    afar.refused("server_certificate_untrusted_issuer", *at, "--authority-ca", foreign.cert, "status")
    stranger = foreign.issue("admin")
    afar.refused("alert_received", *at, "--authority-cert", stranger.cert, "--authority-key", stranger.key, "status")
    alice = symbolon.issue("client", "alice")
    afar.refused("forbidden", *at, "--authority-cert", alice.cert, "status")
    (afar.folder / "symbolon" / "admin.key").chmod(0o644)
    afar.refused("key_file_exposed", *at, "status")


def test_a_refused_handshake_is_recorded_as_a_gateway_would(symbolon, listening, afar, foreign):
    since = listening.mark()
    stranger = foreign.issue("mallory")
    assert peers.curl(listening.port, symbolon.ca, stranger, path="/v1/status").status != 0
    record = listening.wait_record("refused", "client_certificate_untrusted_issuer", since, route="authority")
    assert record["possession"] == "unproven" and record["alert_sent"]["number"] == 48 and "mallory" in str(record)
    since = listening.mark()
    assert peers.curl(listening.port, symbolon.ca, None, path="/v1/status").status != 0
    listening.wait_record("refused", "client_certificate_missing", since, route="authority")
    since = listening.mark()
    symbolon.do("revoke", symbolon.json("list", "profile:admin")["certificates"][0]["serial"])
    afar.refused("alert_received", "status")
    listening.wait_record("refused", "client_certificate_revoked", since, route="authority")
