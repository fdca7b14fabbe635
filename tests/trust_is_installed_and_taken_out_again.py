"""`symbolon trust install` makes curl (the system's store), NSS and Java trust the root, and `remove` leaves each as it was."""

import pathlib
import re

import pytest

from harness.process import PORTS, Process, run

SYSTEM_BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")


@pytest.fixture
def authority(symbolon):
    return symbolon.init()


def succeed(command, **options):
    done = run(command, **options)
    assert done.status == 0, done
    return done.output


def trusted_by_the_system():
    """The certificates, in no order: `update-ca-certificates` has one for each locale."""
    return set(re.findall("-----BEGIN CERTIFICATE-----[^-]+", SYSTEM_BUNDLE.read_text()))


@pytest.mark.needs_root
def test_the_systems_store_with_curl(authority):
    """Changes this machine for the time of the test."""
    before = trusted_by_the_system()
    server = authority.issue("server", "localhost")
    port = PORTS.take()
    visit = ["curl", "-sS", "--noproxy", "*", "--resolve", f"localhost:{port}:127.0.0.1", f"https://localhost:{port}/"]
    with Process(
        [
            "openssl",
            "s_server",
            "-accept",
            port,
            "-cert",
            server.cert,
            "-cert_chain",
            server.chain,
            "-key",
            server.key,
            "-www",
        ]
    ) as running:
        running.wait_listening(port)
        assert run(visit).status == 60
        try:
            authority.do("trust", "install", "--system")
            authority.do("trust", "install", "--system")  # twice is no error
            succeed(visit)
            assert "symbolon-" in authority.do("trust", "list", "--system")
        finally:
            authority.do("trust", "remove", "--system")
        assert run(visit).status == 60
    assert trusted_by_the_system() == before


def test_nss(authority, tmp_path):
    database = tmp_path / "nss"
    authority.do("trust", "install", "--nss", database)
    name = re.search(r"(symbolon-\S+)", authority.do("trust", "list", "--nss", database))[1]
    listed = succeed(["certutil", "-L", "-d", f"sql:{database}"])
    assert re.search(rf"{name}\s+C", listed), listed
    server = authority.issue("server", "localhost")
    vouched = [
        "vfychain",
        "-d",
        f"sql:{database}",
        "-u",
        "1",
        "-pp",
        "-a",
        server.cert,
        "-a",
        authority.state / "issuing.crt",
    ]
    assert "Chain is good" in run(vouched).output
    authority.do("trust", "remove", "--nss", database)
    assert name not in succeed(["certutil", "-L", "-d", f"sql:{database}"])


def test_java(authority, tmp_path):
    store = tmp_path / "trust.p12"
    authority.do("trust", "install", "--java", store)
    listed = succeed(["keytool", "-list", "-keystore", store, "-storepass", "changeit"])
    assert "trustedCertEntry" in listed and "symbolon-" in listed, listed
    authority.do("trust", "remove", "--java", store)
    assert "symbolon-" not in run(["keytool", "-list", "-keystore", store, "-storepass", "changeit"]).output


def test_what_others_put_there_stays(authority, foreign, tmp_path):
    store = tmp_path / "trust.jks"
    succeed(
        [
            "keytool",
            "-importcert",
            "-noprompt",
            "-alias",
            "theirs",
            "-file",
            foreign.cert,
            "-keystore",
            store,
            "-storepass",
            "changeit",
        ]
    )
    authority.do("trust", "install", "--java", store)
    authority.do("trust", "remove", "--java", store)
    assert "theirs" in succeed(["keytool", "-list", "-keystore", store, "-storepass", "changeit"])


def test_the_instructions_for_machines_we_cannot_reach(authority):
    text = authority.do("trust", "install", "--print")
    assert "update-ca-certificates" in text and "keytool" in text and "certutil" in text
