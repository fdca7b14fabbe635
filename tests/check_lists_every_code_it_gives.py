"""docs/check-codes.md has every code that `symbolon check` gives, with its severity and whose it is to mend."""

import json
import re

from harness.check_codes import LISTED, unlisted
from harness.check_matrix import rows
from harness.pki import ForeignCA
from harness.process import PORTS, Process
from harness.symbolon import ROOT

# Of command lines, of the insides, and of `symbolon verify --batch`.
NO_FINDINGS = {"usage", "bad_request", "config_bad_value", "internal", "cancelled", "not_found", "trust_unusable"}


def test_the_source_gives_no_other():
    sources = [path for path in (ROOT / "src" / "check").glob("*.cc") if not path.stem.endswith("_test") and path.stem != "code_list"]
    named = {code for path in sources for code in re.findall(r"\bCode::(\w+)", path.read_text())}
    assert named - NO_FINDINGS - set(LISTED) == set()


def test_what_readers_of_other_modules_say_is_listed_too():
    """OCSP responses, CRLs, PKCS#12 and keys are read elsewhere: what their readers refuse becomes a finding."""
    elsewhere = {"revocation/ocsp_reader.cc": {"crypto_failed"}, "x509/pkcs12_bags.cc": set(), "crypto/key_file.cc": set(),
                 "net/dial.cc": {"cancelled"}, "net/tunnel.cc": {"cancelled", "internal"}, "revocation/crl_parser.cc": set()}
    for file, never in elsewhere.items():
        named = set(re.findall(r"\bCode::(\w+)", (ROOT / "src" / file).read_text()))
        assert named - never - set(LISTED) == set(), file


def test_the_matrix_expects_what_is_listed():
    for row in rows():
        for one_of in (row.first, row.further) if row.expressible else ():
            assert not one_of or set(one_of) & set(LISTED), row


def test_findings_are_as_listed(symbolon, tmp_path):
    root = ForeignCA(tmp_path, "Root")
    server, client = root.server(days=(-9, -1)), root.issue("alice", days=(-2, -1))
    port = PORTS.take()
    command = ["openssl", "s_server", "-accept", port, "-cert", server.cert, "-key", server.key, "-CAfile", root.cert,
               "-Verify", 3, "-verify_return_error", "-www", "-cipher", "ALL:@SECLEVEL=0", "-min_protocol", "TLSv1"]
    found = []
    with Process(command) as running:
        running.wait_listening(port)
        for identity in ([], ["--cert", client.chain, "--key", client.key]):
            found += json.loads(symbolon("check", f"localhost:{port}", "--ca", root.cert, "--http", "--json", *identity).stdout)["findings"]
    for endpoint in (f"127.0.0.1:{PORTS.take()}", "nowhere.invalid:443"):
        found += json.loads(symbolon("check", endpoint, "--json").stdout)["findings"]
    assert len({finding["code"] for finding in found}) >= 5, found
    assert unlisted(found) == []


def test_findings_in_files_are_as_listed(symbolon, tmp_path):
    root = ForeignCA(tmp_path, "Root")
    late, key = root.issue("late", days=(-9, -1)), tmp_path / "open.key"
    key.write_text(root.key.read_text())
    key.chmod(0o644)
    found = json.loads(symbolon("check", late.cert, root.cert, root.crl(hours=-1), key, tmp_path / "none", "--json").stdout)["findings"]
    assert len({finding["code"] for finding in found}) >= 4, found
    for finding in found:
        row = LISTED[finding["code"]]
        assert row.in_files and row.severity == finding["severity"], finding
