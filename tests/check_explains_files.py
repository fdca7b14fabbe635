"""`symbolon check FILE...` says what files of foreign programs hold, what is wrong with them and what mends it, without a network."""

import hashlib
import json
import subprocess
import time

import pytest

from harness.attack import SANITIZED
from harness.file_material import ENCRYPTED, P12, PASSWORD, codes, kinds, look, pki  # noqa: F401  fixtures
from harness.pki import ForeignCA, make_request, openssl
from harness.process import PORTS, Process, run, run_measured
from harness.symbolon import BINARY
from harness.terminal import on_a_terminal

# -- every kind, in every form


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_a_certificate_is_shown_as_openssl_shows_it(pki, look, form):
    file = pki.made(f"shown.{form}", "x509", "-in", pki.server.cert, "-outform", form)
    report = look(file)
    assert (report["exit"], report["findings"]) == (0, []), report
    (shown,) = report["objects"]
    assert report["files"][0]["form"] == form
    assert (shown["kind"], shown["subject"], shown["issuer"]) == ("certificate", "CN=web", "CN=Issuing,O=Issuing")
    assert (shown["serial"], shown["fingerprint"]) == (pki.server.serial, pki.server.fingerprint)
    assert shown["names"] == ["dns:web.example", "ip:192.0.2.7"]
    assert (shown["key"], shown["signature"], shown["ca"]) == ("P-256", "ecdsa-with-SHA256", False)
    assert (shown["key_usage"], shown["extended_key_usage"]) == (["digitalSignature"], ["serverAuth"])
    assert 29 * 86400 < shown["seconds_left"] < 31 * 86400


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_a_request_is_shown_and_its_signature_checked(pki, look, form):
    request = make_request(pki.client.key, pki.folder / "ask.csr", "/CN=ask", "DNS:ask.example,URI:spiffe://td/a")
    file = pki.made(f"ask.{form}", "req", "-in", request, "-outform", form)
    report = look(file, pki.client.key)
    assert report["exit"] == 0, report
    shown = report["objects"][0]
    assert (shown["kind"], shown["subject"], shown["signature_verifies"]) == ("request", "CN=ask", True)
    assert shown["names"] == ["dns:ask.example", "uri:spiffe://td/a"]
    assert report["pairs"] == [{"key": 1, "holder": 0}], "the key made it"

    octets = bytearray(pki.made("ask.der", "req", "-in", request, "-outform", "DER").read_bytes())
    octets[octets.index(b"ask.example")] ^= 1
    report = look(pki.file("forged.der", bytes(octets)))
    assert (codes(report), report["exit"]) == (["request_bad_signature"], 1), report
    assert report["objects"][0]["subject"] == "CN=ask"


KEYS = {
    "PKCS8": ("pkcs8", "-topk8", "-nocrypt"),
    "traditional": ("pkey", "-traditional"),
}


@pytest.mark.parametrize("key_type", ["p256", "rsa2048", "ed25519"])
def test_keys_of_every_form_are_known_and_belong_to_their_certificate(pki, look, key_type):
    credential = pki.issuing.issue(f"key-{key_type}", key_type=key_type)
    forms = [(name, form) for name in KEYS for form in ("PEM", "DER") if not (key_type == "ed25519" and name == "traditional")]
    public = openssl("pkey", "-in", credential.key, "-pubout").encode()
    pin = hashlib.sha256(subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, capture_output=True, check=True).stdout)
    for name, form in forms:
        key = pki.made(f"{key_type}.{name}.{form}", *KEYS[name], "-in", credential.key, "-outform", form)
        report = look(key, credential.cert)
        assert (report["exit"], report["findings"]) == (0, []), (name, form, report)
        assert kinds(report) == ["private_key", "certificate"]
        assert report["pairs"] == [{"key": 0, "holder": 1}]
        assert report["objects"][0]["public_key_sha256"] == pin.hexdigest()
    public = pki.file(f"{key_type}.pub", public)
    assert kinds(look(public)) == ["public_key"]


@pytest.mark.parametrize("way", ENCRYPTED)
@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_an_encrypted_key_is_a_finding_until_its_passphrase_comes(pki, look, way, form):
    if (way, form) == ("traditional", "DER"):
        return  # RFC 1421 has no such form
    credential = pki.issuing.issue("locked", key_type="rsa2048")
    key = pki.made(f"locked.{way}.{form}", *ENCRYPTED[way], "-in", credential.key, "-passout", f"pass:{PASSWORD}", "-outform", form)
    closed = look(key, credential.cert)
    assert (codes(closed), closed["exit"]) == (["passphrase_needed"], 1), closed
    assert "--passphrase-file" in closed["findings"][0]["remedy"]
    assert kinds(closed) == ["encrypted_key", "certificate"], "the rest is explained all the same"
    assert codes(look(key, credential.cert, "--passphrase-file", pki.wrong)) == ["passphrase_wrong"]
    opened = look(key, credential.cert, "--passphrase-file", pki.passphrase)
    assert (opened["exit"], opened["findings"]) == (0, []), opened
    assert opened["pairs"] == [{"key": 0, "holder": 1}]


def test_a_passphrase_is_asked_for_on_a_terminal(pki, symbolon):
    key = pki.made("asked.key", *ENCRYPTED["PBES2"], "-in", pki.client.key, "-passout", f"pass:{PASSWORD}")
    status, said = on_a_terminal([BINARY, "check", key, pki.client.cert], "passphrase", PASSWORD.encode() + b"\n", symbolon.env)
    assert status == 0 and "belongs to" in said, said
    assert PASSWORD not in said


@pytest.mark.parametrize("way", P12)
def test_pkcs12_is_opened_whatever_it_is_encrypted_with(pki, look, way):
    file = pki.p12(f"{way}.p12", *P12[way])
    closed = look(file)
    assert (codes(closed), kinds(closed)) == (["passphrase_needed"], ["pkcs12"]), closed
    assert codes(look(file, "--passphrase-file", pki.wrong)) == ["passphrase_wrong"]
    report = look(file, "--passphrase-file", pki.passphrase, "--ca", pki.root.cert)
    assert (report["exit"], report["findings"]) == (0, []), report
    assert kinds(report) == ["private_key", "certificate", "certificate"]
    assert (report["files"][0]["form"], report["objects"][0]["friendly_name"]) == ("PKCS#12", "ann")
    assert report["chains"][0]["end"] == "trusted"
    assert report["chains"][0]["certificates"][0] == pki.client.fingerprint
    assert any("-legacy" in note for note in report["notes"]) == (way == "RC2 of old Windows")


def test_pkcs12_of_other_programs(pki, look, tmp_path):
    p12 = pki.p12("import.p12")
    store = f"sql:{tmp_path}"
    pin = pki.file("pin", "nss\n")
    made = {}
    for command in (["certutil", "-N", "-d", store, "-f", pin], ["pk12util", "-i", p12, "-d", store, "-k", pin, "-W", PASSWORD],
                    ["pk12util", "-o", tmp_path / "nss.p12", "-n", "ann", "-d", store, "-k", pin, "-W", PASSWORD]):
        done = run(command)
        assert done.status == 0, done
    made["NSS"] = tmp_path / "nss.p12"
    made["Java"] = tmp_path / "java.p12"
    done = run(["keytool", "-importkeystore", "-noprompt", "-srckeystore", p12, "-srcstorepass", PASSWORD, "-destkeystore", made["Java"],
                "-deststoretype", "PKCS12", "-deststorepass", PASSWORD])
    assert done.status == 0, done
    made["GnuTLS"] = tmp_path / "gnutls.p12"
    done = run(["certtool", "--to-p12", "--load-privkey", pki.client.key, "--load-certificate", pki.client.chain, "--p12-name", "ann",
                "--password", PASSWORD, "--outder", "--outfile", made["GnuTLS"]])
    assert done.status == 0, done
    for program, file in made.items():
        report = look(file, "--passphrase-file", pki.passphrase)
        assert report["exit"] == 0, (program, report)
        assert kinds(report).count("private_key") == 1, program
        assert {one["fingerprint"] for one in report["objects"] if "fingerprint" in one} >= {pki.client.fingerprint}, program
        assert len(report["pairs"]) == 1, program


def test_requests_and_keys_of_certtool_are_known(pki, look, tmp_path):
    template = pki.file("template", 'cn = "tool"\ndns_name = "tool.example"\ntls_www_client\n')
    for command in (["certtool", "--generate-privkey", "--key-type", "ecdsa", "--outfile", tmp_path / "key"],
                    ["certtool", "--generate-request", "--load-privkey", tmp_path / "key", "--template", template, "--outfile", tmp_path / "csr"]):
        assert run(command).status == 0
    report = look(tmp_path / "csr", tmp_path / "key")
    assert report["exit"] == 0 and kinds(report) == ["request", "private_key"], report
    assert report["objects"][0]["names"] == ["dns:tool.example"]


def test_one_file_may_hold_everything_and_openssls_trusted_certificate(pki, look):
    trusted = openssl("x509", "-in", pki.root.cert, "-trustout", "-addtrust", "clientAuth")
    assert "TRUSTED CERTIFICATE" in trusted
    parameters = openssl("ecparam", "-name", "prime256v1")
    text = "Bag Attributes\n" + pki.client.key.read_text() + parameters + pki.client.chain.read_text() + trusted
    report = look(pki.file("all.pem", text))
    assert (report["exit"], report["findings"]) == (0, []), report
    assert kinds(report) == ["private_key", "certificate", "certificate", "certificate"]
    assert report["objects"][0]["line"] == 2
    assert [chain["end"] for chain in report["chains"]] == ["self_signed"]


# -- together


def test_a_key_of_another_certificate_is_a_mismatch(pki, look):
    report = look(pki.server.cert, pki.client.key)
    assert (codes(report), report["exit"]) == (["key_mismatch"], 1), report
    assert report["findings"][0]["certainty"] == "proven" and report["pairs"] == []
    both = pki.file("two.pem", pki.client.key.read_text() + pki.server.key.read_text() + pki.server.cert.read_text())
    report = look(both)
    assert codes(report) == ["key_mismatch"], report
    command = report["findings"][0]["remedy"].partition(": ")[2]
    assert run(["sh", "-c", command]).status == 0
    assert look(both)["exit"] == 0, "the remedy mends it"


def test_the_order_of_a_chain_is_judged_and_mended(pki, look):
    wrong = pki.file("order.pem", pki.issuing.cert.read_text() + pki.root.cert.read_text() + pki.server.cert.read_text())
    report = look(wrong)
    assert codes(report) == ["server_certificate_chain_order"], report
    assert run(["sh", "-c", report["findings"][0]["remedy"]], cwd=pki.folder).status == 0
    assert look(pki.folder / "chain.pem")["findings"] == []


def test_an_incomplete_chain_is_named(pki, look):
    report = look(pki.server.cert, "--ca", pki.root.cert)
    assert report["findings"][0]["code"] in ("server_certificate_incomplete_chain", "server_certificate_untrusted_issuer"), report
    assert report["chains"][0]["end"] == "refused"
    gap = pki.file("gap.pem", pki.server.cert.read_text() + pki.root.cert.read_text())
    assert codes(look(gap)) == ["server_certificate_incomplete_chain"]
    alone = look(pki.server.cert)
    assert alone["exit"] == 0 and "issued by CN=Issuing" in alone["notes"][0], alone
    assert look(pki.server.cert, pki.issuing.cert, "--ca", pki.root.cert)["chains"][0]["end"] == "trusted"


def test_a_foreign_ca_and_one_of_the_same_name_are_told_apart(pki, look, tmp_path):
    other = ForeignCA(tmp_path, "Other")
    report = look(pki.server.chain, "--ca", other.cert)
    assert codes(report)[0] in ("server_certificate_untrusted_issuer", "server_certificate_incomplete_chain"), report
    same = ForeignCA(tmp_path / "same", "Issuing", issuer=ForeignCA(tmp_path / "same", "Root"))
    report = look(pki.server.cert, same.cert)
    assert codes(report) == ["server_certificate_bad_signature"], report


def test_what_is_wrong_with_a_certificate_has_its_code(pki, look):
    def found(**options):
        return codes(look(pki.issuing.issue("wrong", **options).cert))

    assert found(days=(-9, -2)) == ["client_certificate_expired"]
    assert found(days=(2, 9)) == ["client_certificate_not_yet_valid"]
    assert found(days=(-90, 5)) == ["client_certificate_expires_soon"]
    assert found(key_type="rsa1024") == ["client_certificate_weak_key"]
    assert found(digest="sha1") == ["client_certificate_weak_signature"]
    assert found(eku="codeSigning") == ["client_certificate_wrong_extended_key_usage"]
    assert found(eku="serverAuth") == ["lint_san_missing"]
    assert found(extensions=["keyUsage = critical, keyEncipherment"]) == ["client_certificate_wrong_key_usage"]
    own = pki.folder / "own.crt"
    openssl("req", "-x509", "-key", pki.client.key, "-subj", "/CN=own", "-addext", "basicConstraints=critical,CA:FALSE", "-days", "90", "-out", own)
    assert codes(look(own)) == ["client_certificate_self_signed"]
    assert look(own, "--ca", own)["chains"][0]["end"] == "trusted"


def test_a_key_that_others_may_read_is_said(pki, look):
    key = pki.file("open.key", pki.client.key.read_text())
    key.chmod(0o644)
    report = look(key, pki.client.cert)
    assert (codes(report), report["findings"][0]["severity"]) == (["key_file_exposed"], "warning"), report
    assert run(["sh", "-c", report["findings"][0]["remedy"]]).status == 0
    assert look(key, pki.client.cert)["exit"] == 0


# -- CRLs


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_a_crl_is_shown_and_what_it_revokes(pki, look, form):
    crl = pki.made(f"crl.{form}", "crl", "-in", pki.issuing.crl(options=["-crlexts", "crl_version_2"]), "-outform", form)
    report = look(crl, pki.gone.cert, pki.issuing.cert)
    assert (codes(report), report["exit"]) == (["client_certificate_revoked"], 1), report
    assert report["findings"][0]["certainty"] == "proven"
    shown = report["objects"][0]
    assert (shown["kind"], shown["entries"], shown["signature"], shown["base_number"]) == ("crl", 1, "verified", None)
    assert shown["issuer"] == "CN=Issuing,O=Issuing"
    report = look(crl, pki.client.cert, "--ca", pki.issuing.cert)
    assert report["exit"] == 0 and any("none of the 1" in note for note in report["notes"]), report
    without = look(crl, pki.gone.cert)
    assert without["findings"][0]["certainty"] == "likely", "who signed it is not known"
    assert without["objects"][0]["signature"] == "issuer_missing"


def test_a_stale_crl_and_one_that_another_key_signed(pki, look, tmp_path):
    stale = pki.file("stale.pem", pki.issuing.crl(-1).read_text())
    report = look(stale, pki.issuing.cert)
    assert (codes(report), report["exit"]) == (["crl_stale"], 1), report
    same = ForeignCA(tmp_path, "Issuing")
    forged = pki.file("forged.pem", same.crl().read_text())
    report = look(forged, pki.issuing.cert, pki.gone.cert)
    assert codes(report) == ["crl_bad_signature"], report


def test_a_delta_counts_beside_the_full_list_that_it_builds_on(pki, look, tmp_path):
    ca = ForeignCA(tmp_path / "deltas", "Of deltas")
    laptop = ca.issue("laptop")
    old, full = (pki.file(f"full{number}.pem", ca.numbered_crl(number)) for number in (1, 2))
    ca.revoke(laptop)
    delta = pki.file("delta.pem", ca.numbered_crl(3, base=2))
    report = look(full, delta, laptop.cert, ca.cert)
    assert (codes(report), report["exit"]) == (["client_certificate_revoked"], 1), report
    assert report["findings"][0]["certainty"] == "proven" and "delta.pem" in report["findings"][0]["words"]
    assert [one["base_number"] for one in report["objects"] if one["kind"] == "crl"] == [None, "2"]
    assert not any("it is a delta" in note for note in report["notes"]), report
    for before in ([], [old]):
        lonely = look(*before, delta, ca.cert)
        assert any("it is a delta" in note and "number 2" in note for note in lonely["notes"]), lonely


def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = bytes([size]) if size < 128 else bytes([0x80 | len(octets)]) + octets
    return bytes([tag]) + length + content


@pytest.mark.parametrize("form", ["DER", "PEM"])
def test_a_million_entries_stream_through(pki, symbolon, form):
    """Assembled here, signed by openssl: `openssl ca` would take minutes for it."""
    certificate = pki.made("issuing.der", "x509", "-in", pki.issuing.cert, "-outform", "DER").read_bytes()
    name = der(0x30, der(0x31, der(0x30, b"\x06\x03\x55\x04\x0a", der(0x0c, b"Issuing"))), der(0x31, der(0x30, b"\x06\x03\x55\x04\x03", der(0x0c, b"Issuing"))))
    assert certificate.count(name) == 1, "its subject, as openssl encodes it"
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    date = der(0x17, b"260101000000Z")
    serial = int(pki.client.serial, 16)
    ours = der(0x30, der(0x02, serial.to_bytes((serial.bit_length() + 8) // 8, "big")), date)
    entries = b"".join(b"\x30\x16\x02\x05\x01" + i.to_bytes(4, "big") + date for i in range(1_000_000))
    now, later = (time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() + s)).encode() for s in (-60, 86400))
    signed = der(0x30, b"\x02\x01\x01", algorithm, name, der(0x17, now), der(0x17, later), der(0x30, entries, ours))
    tbs = pki.file("tbs", signed)
    openssl("dgst", "-sha256", "-sign", pki.issuing.key, "-out", pki.folder / "signature", tbs)
    whole = der(0x30, signed, algorithm, der(0x03, b"\x00", (pki.folder / "signature").read_bytes()))
    file = pki.file("million", whole)
    if form == "PEM":
        file = pki.folder / "million.pem"
        openssl("base64", "-in", pki.folder / "million", "-out", file)
        file.write_text(f"-----BEGIN X509 CRL-----\n{file.read_text()}-----END X509 CRL-----\n")
    measured = run_measured([BINARY, "check", "--json", file, pki.client.cert, pki.issuing.cert], env=symbolon.env)
    report = json.loads(measured.stdout)
    assert codes(report) == ["client_certificate_revoked"], report
    shown = next(one for one in report["objects"] if one["kind"] == "crl")
    assert (shown["entries"], shown["signature"]) == (1_000_001, "verified")
    assert SANITIZED or measured.peak < 64 << 20, f"{measured.peak} octets: it is not held"


# -- PKCS#12 as the client's certificate


@pytest.fixture(scope="module")
def server(pki, tmp_path_factory):
    """A mutual openssl s_server that answers HTTP."""
    credential = pki.issuing.server()
    port = PORTS.take()
    command = ["openssl", "s_server", "-accept", port, "-cert", credential.cert, "-cert_chain", credential.chain, "-key", credential.key,
               "-CAfile", pki.root.cert, "-Verify", 3, "-verify_return_error", "-www"]
    with Process(command) as running:
        running.wait_listening(port)
        yield f"localhost:{port}"


@pytest.mark.parametrize("way", P12)
def test_a_client_out_of_pkcs12_gets_in(pki, symbolon, server, way):
    file = pki.p12("client.p12", *P12[way])
    outcome = symbolon("check", server, "--cert", file, "--passphrase-file", pki.passphrase, "--ca", pki.root.cert, "--http", "--json")
    report = json.loads(outcome.stdout)
    assert report["outcome"] == "accepted", report
    assert [one["subject"] for one in report["client_chain"]] == ["CN=ann", "CN=Issuing,O=Issuing"], "its chain goes with it"


def test_another_key_beside_pkcs12_is_a_finding(pki, symbolon, server):
    given = ["--cert", pki.p12("mismatch.p12"), "--passphrase-file", pki.passphrase, "--key", pki.server.key, "--ca", pki.root.cert]
    outcome = symbolon("check", server, *given, "--json")
    report = json.loads(outcome.stdout)
    assert outcome.status == 1 and "key_mismatch" in codes(report), report
    assert report["client_chain"][0]["subject"] == "CN=ann", report


def test_an_encrypted_key_goes_with_its_certificate_too(pki, symbolon, server):
    key = pki.made("client.key", *ENCRYPTED["PBES2"], "-in", pki.client.key, "-passout", f"pass:{PASSWORD}")
    given = ["--cert", pki.client.chain, "--key", key, "--ca", pki.root.cert, "--http", "--json"]
    outcome = symbolon("check", server, *given, "--passphrase-file", pki.passphrase)
    assert json.loads(outcome.stdout)["outcome"] == "accepted", outcome
    symbolon.refused("passphrase_needed", "check", server, *given)


def test_a_pkcs12_that_does_not_open_is_an_error(pki, symbolon, server):
    file = pki.p12("closed.p12")
    symbolon.refused("passphrase_needed", "check", server, "--cert", file)
    symbolon.refused("passphrase_wrong", "check", server, "--cert", file, "--passphrase-file", pki.wrong)
    keyless = pki.made("keyless.p12", "pkcs12", "-export", "-nokeys", "-in", pki.client.cert, "-passout", f"pass:{PASSWORD}")
    symbolon.refused("key_unreadable", "check", server, "--cert", keyless, "--passphrase-file", pki.passphrase)
    file.chmod(0o644)
    symbolon.refused("key_file_exposed", "check", server, "--cert", file, "--passphrase-file", pki.passphrase)


def test_what_is_named_beside_the_files_and_cannot_be_used_ends_with_2(pki, symbolon):
    open_to_all = pki.file("open.pass", b"secret\n")
    open_to_all.chmod(0o644)
    request = make_request(pki.client.key, pki.folder / "no-ca.csr", "/CN=x")
    for arguments in (["--ca", "/nowhere"], ["--ca", request], ["--passphrase-file", "/nowhere"], ["--passphrase-file", open_to_all]):
        outcome = symbolon("check", pki.client.cert, *arguments)
        assert outcome.status == 2 and not outcome.stdout and "error:" in outcome.stderr, outcome


def test_no_line_of_the_text_is_too_long_for_a_terminal(pki, symbolon):
    stranger = ForeignCA(pki.folder / "long", "A CA with a name that alone takes a good part of a line")
    leaf = stranger.issue("leaf", names=",".join(f"DNS:{'x' * 40}.{n}.example" for n in range(9)))
    text = symbolon("check", leaf.cert, pki.client.key, pki.server.cert, "--ca", pki.server.cert).stdout
    assert max(map(len, text.splitlines())) <= 78, text
    fingerprint = next(line for line in text.splitlines() if "SHA-256" in line)
    assert leaf.fingerprint in fingerprint, text


def test_a_ca_that_was_revoked_and_one_that_may_not_sign_crls(pki, look):
    below = ForeignCA(pki.folder / "below", "Below", issuer=pki.root)
    pki.root.revoke(below)
    report = look(below.cert, pki.root.cert, pki.root.crl())
    assert codes(report) == ["ca_revoked"] and report["exit"] == 1, report
    mute = ForeignCA(pki.folder / "mute", "Mute", extensions=["basicConstraints = critical, CA:TRUE", "keyUsage = critical, keyCertSign"])
    report = look(mute.cert, mute.crl())
    assert codes(report) == ["crl_issuer_may_not_sign"] and report["exit"] == 1, report


def test_a_pkcs12_that_breaks_off_is_told_from_a_wrong_passphrase(pki, look):
    broken = pki.file("broken.p12", pki.p12("whole.p12").read_bytes()[:-40])
    report = look(broken, "--passphrase-file", pki.passphrase)
    assert codes(report) == ["pkcs12_malformed"] and report["exit"] == 1, report
