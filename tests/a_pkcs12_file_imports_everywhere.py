"""NAME.p12 opens in NSS (pk12util), Java (keytool), GnuTLS (certtool) and OpenSSL, with key and whole chain, and only with its
password; with --legacy too."""

import re

import pytest

from harness.process import run

PASSWORD = "correct-horse"


@pytest.fixture(params=[(), ("--legacy",)], ids=["modern", "legacy"])
def issued(symbolon, request):
    symbolon.init()
    password = symbolon.folder / "p12-password"
    password.write_text(PASSWORD + "\n")
    password.chmod(0o600)
    return symbolon.issue("person", "ann@example.com", options=["--p12-password-file", password, *request.param])


def succeed(command, **options):
    done = run(command, **options)
    assert done.status == 0, done
    return done.output


def test_openssl(issued):
    legacy = (
        ["-legacy"]
        if "3DES"
        in run(
            ["openssl", "pkcs12", "-in", issued.p12, "-passin", f"pass:{PASSWORD}", "-info", "-noout", "-legacy"]
        ).output
        else []
    )
    text = succeed(["openssl", "pkcs12", "-in", issued.p12, "-passin", f"pass:{PASSWORD}", "-nodes", *legacy])
    assert text.count("BEGIN CERTIFICATE") == 3  # leaf, issuing CA, root
    assert "BEGIN PRIVATE KEY" in text
    assert run(["openssl", "pkcs12", "-in", issued.p12, "-passin", "pass:wrong", "-nodes", *legacy]).status != 0


def test_nss(issued, tmp_path):
    database, pin = f"sql:{tmp_path}", tmp_path / "pin"
    pin.write_text("nss\n")
    succeed(["certutil", "-N", "-d", database, "-f", pin])
    succeed(["pk12util", "-i", issued.p12, "-d", database, "-k", pin, "-W", PASSWORD])
    keys = succeed(["certutil", "-K", "-d", database, "-f", pin])
    nickname = re.search(r"(?m)^<\s*0> \S+\s+\S+\s+(.*)$", keys)[1]
    succeed(["certutil", "-L", "-d", database, "-n", nickname.split(":")[-1]])
    chain = succeed(["certutil", "-O", "-d", database, "-n", nickname.split(":")[-1]])
    assert len(re.findall(r'^\s*"', chain, re.M)) == 3, chain


def test_java(issued, tmp_path):
    listed = succeed(
        ["keytool", "-list", "-v", "-keystore", issued.p12, "-storetype", "PKCS12", "-storepass", PASSWORD]
    )
    assert "PrivateKeyEntry" in listed and "Certificate chain length: 3" in listed, listed
    succeed(
        [
            "keytool",
            "-importkeystore",
            "-noprompt",
            "-srckeystore",
            issued.p12,
            "-srcstoretype",
            "PKCS12",
            "-srcstorepass",
            PASSWORD,
            "-destkeystore",
            tmp_path / "store.jks",
            "-deststorepass",
            "changeit",
        ]
    )
    assert run(["keytool", "-list", "-keystore", issued.p12, "-storepass", "wrong-password"]).status != 0


def test_gnutls(issued):
    text = succeed(["certtool", "--p12-info", "--inder", "--infile", issued.p12, "--password", PASSWORD])
    assert text.count("BEGIN CERTIFICATE") == 3, text
    key = re.search(r"-----BEGIN ENCRYPTED PRIVATE KEY-----.*?-----END ENCRYPTED PRIVATE KEY-----\n", text, re.S)[0]
    opened = succeed(["certtool", "--key-info", "--pkcs8", "--password", PASSWORD], input=key.encode())
    assert "EC/ECDSA" in opened and "BEGIN" in opened, opened
    assert run(["certtool", "--p12-info", "--inder", "--infile", issued.p12, "--password", "wrong"]).status != 0


def test_the_password_is_shown_once_when_none_is_given(symbolon):
    symbolon.init()
    printed = symbolon.json("issue", "person", "bob@example.com")
    succeed(
        [
            "openssl",
            "pkcs12",
            "-in",
            symbolon.folder / "bob@example.com.p12",
            "-passin",
            f"pass:{printed['p12_password']}",
            "-nodes",
        ]
    )


def test_the_files_are_for_their_owner_only_and_never_replaced_unasked(symbolon):
    symbolon.init()
    issued = symbolon.issue("client", "alice")
    assert issued.key.stat().st_mode & 0o777 == 0o600 and issued.p12.stat().st_mode & 0o777 == 0o600
    before = issued.key.read_bytes()
    symbolon.refused("file_exists", "issue", "client", "alice")
    assert issued.key.read_bytes() == before
    assert len(symbolon.json("list", "subject:alice")["certificates"]) == 1, "nothing was issued in vain"
    symbolon.do("issue", "client", "alice", "--force")
    assert issued.key.read_bytes() != before
