"""`symbolon check FILE...` names what is wrong with files that are empty, huge, damaged, cut or of another kind, in bounded time and memory."""

import hashlib
import json
import os
import time


from harness.file_material import codes, kinds, look, pki  # noqa: F401  fixtures
from harness.process import run
from harness.symbolon import BINARY


# -- bad files


def test_files_that_hold_nothing_are_named(pki, look):
    noise = hashlib.shake_128(b"noise").digest(100_000)
    cases = {"empty": (b"", "file_empty"), "blank": (b" \r\n\t\n", "file_empty"), "noise": (noise, "file_unrecognized"),
             "text": (b"hello\n", "file_unrecognized"), "zeros": (bytes(4096), "file_unrecognized"),
             "deep": (b"\x30\x84" * 50_000, "file_unrecognized")}
    for name, (content, code) in cases.items():
        report = look(pki.file(name, content))
        assert (codes(report), report["exit"]) == ([code], 1), (name, report)


def test_a_sparse_file_of_a_gibibyte_is_refused_at_once(pki, look):
    for head in (b"", b"-----BEGIN CERTIFICATE-----\n", b"\x30\x84\x3f\xff\xff\xf0\x30"):
        huge = pki.file("huge", head)
        with open(huge, "r+b") as file:
            file.truncate(1 << 30)
        began = time.monotonic()
        report = look(huge)
        assert codes(report) == ["file_too_large"], report
        assert time.monotonic() - began < 5
        os.truncate(huge, 100 << 20)
        assert codes(look(huge)) == ["file_too_large"]
    huge.unlink()


def test_what_cannot_be_opened_gives_status_2_and_the_rest_is_explained(pki, look, tmp_path):
    for name, path in {"file_missing": tmp_path / "missing.pem", "file_unreadable": tmp_path}.items():
        report = look(path, pki.server.cert)
        assert (codes(report), report["exit"], kinds(report)) == ([name], 2, ["certificate"]), report


def test_a_fifo_that_nobody_writes_to_does_not_hang(look, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    began = time.monotonic()
    assert codes(look(tmp_path / "fifo")) == ["file_unreadable"]
    assert time.monotonic() - began < 30


def test_a_pipe_is_read(pki, symbolon):
    done = run(["bash", "-c", f"{BINARY} check <(cat {pki.server.cert}) --json"], env=symbolon.env)
    assert done.status == 0 and json.loads(done.stdout)["objects"][0]["fingerprint"] == pki.server.fingerprint, done


def test_a_file_that_is_cut_is_never_taken_for_whole(pki, look):
    sources = {"crt": pki.made("cut.crt", "x509", "-in", pki.server.cert, "-outform", "DER"),
               "pem": pki.server.cert, "key": pki.server.key, "p12": pki.p12("cut.p12"),
               "crl": pki.made("cut.crl", "crl", "-in", pki.issuing.crl(), "-outform", "DER"),
               "csr": pki.made("cut.csr", "req", "-new", "-key", pki.client.key, "-subj", "/CN=cut", "-outform", "DER")}
    files, expected = [], []
    for kind, source in sources.items():
        content = source.read_bytes()
        for size in range(37, len(content) - 2, 37):
            files.append(pki.file(f"cut-{size}.{kind}", content[:size]))
            expected.append(kind)
    report = look(*files, "--passphrase-file", pki.passphrase)
    blamed = {finding["where"].partition(":")[0] for finding in report["findings"]}
    assert blamed >= {str(file) for file in files}, sorted({str(file) for file in files} - blamed)
    assert all("problem" in one for one in report["objects"]), report


def test_damaged_pem_has_its_line_and_what_is_whole_is_explained(pki, look):
    cert = pki.server.cert.read_bytes()
    lines = cert.splitlines(keepends=True)
    cases = {
        "NUL inside": (lines[0] + lines[1][:9] + b"\0" + lines[1][10:] + b"".join(lines[2:]) + cert, 2),
        "NUL outside": (b"a\0b\n" + cert, 1),
        "no END": (b"".join(lines[:-1]) + cert, 1),
        "no end at all": (cert + b"".join(lines[:-1]), len(lines) + 1),
        "wrong END": (b"".join(lines[:-1]) + b"-----END X509 CRL-----\n" + cert, len(lines)),
        "not base64": (lines[0] + b"!" + b"".join(lines[1:]) + cert, 2),
        "BOM": (b"\xef\xbb\xbf" + cert, 1),
    }
    for name, (content, line) in cases.items():
        file = pki.file("damaged.pem", content)
        report = look(file)
        assert (codes(report), report["findings"][0]["where"]) == (["pem_malformed"], f"{file}:{line}"), (name, report)
        assert [one["fingerprint"] for one in report["objects"]] == [pki.server.fingerprint], name
    assert look(pki.file("crlf.pem", cert.replace(b"\n", b"\r\n")))["findings"] == []


def test_remedies_for_text_of_other_systems_can_be_typed(pki, look):
    cert = pki.server.cert.read_text()
    for name, content in {"bom.pem": b"\xef\xbb\xbf" + cert.encode(), "wide.pem": cert.encode("utf-16"), "lost.pem": cert.replace("\n", "\\n").encode()}.items():
        file = pki.file(name, content)
        report = look(file)
        assert report["exit"] == 1, report
        (pki.folder / "new.pem").unlink(missing_ok=True)
        assert run(["bash", "-c", report["findings"][0]["remedy"]], cwd=pki.folder).status == 0, report
        mended = pki.folder / "new.pem" if (pki.folder / "new.pem").exists() else file
        assert look(mended)["objects"][0]["fingerprint"] == pki.server.fingerprint, name


def test_a_label_that_promises_something_else(pki, look):
    text = pki.server.cert.read_text().replace("CERTIFICATE", "CERTIFICATE REQUEST")
    file = pki.file("label.pem", text)
    report = look(file)
    assert (codes(report), kinds(report)) == (["pem_malformed"], ["certificate"]), report
    assert run(["sh", "-c", report["findings"][0]["remedy"]]).status == 0
    assert look(file)["exit"] == 0


def test_other_formats_are_named_with_the_command_that_converts_them(pki, look, tmp_path):
    made = {}
    made["p7b"] = pki.made("bag.p7b", "crl2pkcs7", "-nocrl", "-certfile", pki.server.chain)
    made["p7b in DER"] = pki.made("bag.p7c", "crl2pkcs7", "-nocrl", "-certfile", pki.server.chain, "-outform", "DER")
    made["ssh"] = tmp_path / "id"
    assert run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", made["ssh"]]).status == 0
    made["jks"] = tmp_path / "store.jks"
    done = run(["keytool", "-genkeypair", "-alias", "a", "-keyalg", "EC", "-dname", "CN=a", "-keystore", made["jks"], "-storetype", "JKS",
                "-storepass", "changeit", "-keypass", "changeit"])
    assert done.status == 0, done
    for name, file in made.items():
        report = look(file)
        assert (codes(report), report["exit"]) == (["file_unrecognized"], 1), (name, report)
        assert str(file) in report["findings"][0]["remedy"], (name, report)
    command = look(made["p7b in DER"])["findings"][0]["remedy"]
    assert run(["sh", "-c", command], cwd=pki.folder).status == 0
    assert kinds(look(pki.folder / "certificates.pem")) == ["certificate", "certificate"]


# -- the command line


def test_files_and_endpoints_are_told_apart(pki, symbolon, look):
    symbolon.refused("usage", "check", pki.server.cert, "web.example:443")
    symbolon.refused("usage", "check", "a.example", "b.example")
    symbolon.refused("usage", "check", pki.server.cert, "--http")
    both = symbolon.folder / "web.example:443"
    both.write_text(pki.server.cert.read_text())
    outcome = symbolon("check", "web.example:443")
    assert outcome.status == 0 and "is a file here" in outcome.stderr, outcome
    assert symbolon("check", f"unix:{pki.server.cert}").status in (3, 4), "an endpoint, whatever lies there"


def test_names_cannot_drive_the_terminal_or_the_shell(pki, symbolon):
    file = symbolon.folder / "a\x1b[31m'; touch pwned; '.pem"
    file.write_bytes(b"\xef\xbb\xbf" + pki.server.cert.read_bytes())
    outcome = symbolon("check", file.name)
    assert outcome.status == 1 and "\x1b" not in outcome.output, outcome
    remedy = next(line for line in outcome.stdout.splitlines() if "-> " in line).partition("-> ")[2]
    run(["sh", "-c", remedy], cwd=symbolon.folder)
    assert not (symbolon.folder / "pwned").exists(), remedy


def test_the_text_shows_what_a_person_needs(pki, symbolon):
    outcome = symbolon("check", pki.server.chain, pki.server.key, "--ca", pki.root.cert)
    assert outcome.status == 0, outcome
    for words in ("certificate CN=web", "dns:web.example", "days left", "P-256", "serverAuth", pki.server.serial, pki.server.fingerprint,
                  "belongs to", "CN=web <- CN=Issuing,O=Issuing <- CN=Root,O=Root", "trusted", "sound"):
        assert words in outcome.stdout, (words, outcome)
    assert pki.server.key.read_text().splitlines()[1] not in outcome.output
