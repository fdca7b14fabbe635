"""`symbolon prove` and `prove-kit`: wrong command lines, kits and endpoints end with their status and in time."""

import json
import stat

import pytest

from harness import attack
from harness.backend import Backend
from harness.pki import ForeignCA, openssl
from harness.process import PORTS, Process
from harness.proving import make_kit, prove, verdicts
from harness.symbolon import BINARY
from harness.terminal import on_a_terminal


@pytest.fixture
def kit(symbolon, foreign, tmp_path):
    return make_kit(symbolon, foreign, tmp_path / "kit")


def test_the_kit_is_private_and_replaced_only_when_asked(symbolon, foreign, kit):
    names = {path.name for path in kit.folder.iterdir()}
    listed = json.loads((kit.folder / "kit.json").read_text())["certificates"]
    assert names == {"kit.json", "ca.crt"} | {file for one in listed for file in (one["certificate"], one["key"])}
    for path in kit.folder.glob("*.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = kit.good.cert.read_text()
    symbolon.refused("file_exists", "prove-kit", "--ca-cert", foreign.cert, "--ca-key", foreign.key, "--out", kit.folder)
    assert kit.good.cert.read_text() == before
    symbolon.do("prove-kit", "--ca-cert", foreign.cert, "--ca-key", foreign.key, "--out", kit.folder, "--force")
    assert kit.good.cert.read_text() != before


def test_an_encrypted_key_is_opened_by_a_passphrase_from_a_file(symbolon, foreign, tmp_path):
    key, passphrase = tmp_path / "encrypted.key", tmp_path / "passphrase"
    openssl("pkcs8", "-topk8", "-in", foreign.key, "-out", key, "-v2", "aes256", "-passout", "pass:correct horse")
    key.chmod(0o600)
    command = ["prove-kit", "--ca-cert", foreign.cert, "--ca-key", key, "--out", tmp_path / "kit"]
    symbolon.refused("passphrase_needed", *command)
    passphrase.write_text("wrong\n")
    passphrase.chmod(0o600)
    symbolon.refused("passphrase_wrong", *command, "--passphrase-file", passphrase)
    passphrase.write_text("correct horse\n")
    symbolon.do(*command, "--passphrase-file", passphrase)


def test_what_is_no_ca_makes_no_kit(symbolon, foreign, alice, tmp_path):
    other = ForeignCA(tmp_path / "other", "Other")
    for code, cert, key in (("bad_request", alice.cert, alice.key), ("key_mismatch", foreign.cert, other.key),
                            ("file_missing", tmp_path / "none.crt", foreign.key), ("file_missing", foreign.cert, tmp_path / "none.key")):
        symbolon.refused(code, "prove-kit", "--ca-cert", cert, "--ca-key", key, "--out", tmp_path / "kit")
    assert not (tmp_path / "kit").exists()
    symbolon.refused("usage", "prove-kit", "--ca-cert", foreign.cert)
    symbolon.refused("name_malformed", "prove-kit", "--ca-cert", foreign.cert, "--ca-key", foreign.key, "--name", "a b")


def test_an_endpoint_elsewhere_is_not_touched_unasked(symbolon, kit):
    outcome = symbolon.refused("usage", "prove", "192.0.2.1:443", "--kit", kit.folder)  # RFC 5737: nobody's
    assert outcome.status == 2 and "--i-own-this" in outcome.stderr and outcome.stdout == ""


@pytest.mark.parametrize("arguments", [[], ["localhost:1"], ["localhost:0", "--kit", "KIT"], ["localhost:1", "--kit", "/nowhere"],
                                       ["localhost:1", "--kit", "KIT", "--only", "no_such_case"], ["localhost:1", "--kit", "KIT", "--path", "x"],
                                       ["localhost:1", "--kit", "KIT", "--life", "1s"], ["localhost:1", "--kit", "KIT", "--nonsense"],
                                       ["localhost:1", "--kit", "KIT", "--ca-key", "/nowhere"]], ids=" ".join)
def test_what_cannot_begin_ends_with_2(symbolon, kit, arguments):
    outcome = symbolon("prove", *[kit.folder if word == "KIT" else word for word in arguments])
    assert outcome.status == 2 and outcome.stdout == "" and "error:" in outcome.stderr, outcome


def test_nobody_there_ends_with_3(symbolon, kit):
    report = prove(symbolon, PORTS.take(), kit)
    assert (report["exit"], report["reachable"], report["cases"]) == (3, False, [])


def test_the_cases_are_listed(symbolon):
    listed = symbolon.json("prove", "--list")
    assert len({case["id"] for case in listed}) == len(listed) >= 25
    text = symbolon.do("prove", "--list")
    assert all(case["id"] in text for case in listed)


def random_octets(connection, _):
    connection.recv(65536)
    connection.sendall(bytes(range(256)) * 4096)


def drip(connection, stopping):
    connection.recv(65536)
    while not stopping.wait(0.5):
        connection.sendall(b"\x16")


@pytest.mark.parametrize("behave", [random_octets, attack.vanish, attack.reset, drip], ids=["random", "vanish", "reset", "drip"])
def test_no_tls_server_ends_with_1(symbolon, kit, behave):
    with attack.BadService(behave) as service:
        report = prove(symbolon, service.address.rpartition(":")[2], kit)
    assert report["exit"] == 1 and report["control"]["verdict"] == "fail" and report["cases"] == []


def test_plain_http_ends_with_1(symbolon, kit):
    with Backend() as service:
        assert prove(symbolon, service.port, kit)["exit"] == 1


def test_another_server_is_not_proved(symbolon, foreign, kit, gateway_of, tmp_path):
    """With --ca the server must be the right one before anything is shown to it."""
    gateway = gateway_of()
    stranger = ForeignCA(tmp_path / "stranger", "Stranger")
    report = prove(symbolon, gateway.port, kit, "--ca", stranger.cert)
    assert report["control"]["verdict"] == "fail" and report["cases"] == [] and report["exit"] == 1
    assert prove(symbolon, gateway.port, kit, "--ca", foreign.cert, "--only", "no_certificate")["exit"] == 0


def test_the_text_names_the_score_and_what_mends(symbolon, kit, foreign, gateway_of):
    gateway = gateway_of(clients={"verify": "optional"})
    outcome = symbolon("prove", f"localhost:{gateway.port}", "--kit", kit.folder, "--only", "no_certificate", "--only", "foreign_ca",
                       "--only", "revoked")
    assert outcome.status == 1
    assert "1 of 2, 1 not run" in outcome.stdout and "not_mutual" in outcome.stdout and "RFC 8446" in outcome.stdout, outcome


ONLY_OF_12 = ["tls12_fallback", "secure_renegotiation", "client_renegotiation", "resume_expired_tls12_ticket", "resume_expired_tls12_id"]


def test_what_needs_a_version_that_is_not_spoken_is_not_run(symbolon, foreign, kit):
    server, port = foreign.server(), PORTS.take()
    command = ["openssl", "s_server", "-accept", port, "-cert", server.cert, "-key", server.key, "-CAfile", foreign.cert, "-Verify", 3,
               "-verify_return_error", "-www", "-tls1_3"]
    only = [word for case in ONLY_OF_12 for word in ("--only", case)]
    with Process(command) as running:
        running.wait_listening(port)
        report = prove(symbolon, port, kit, "--ca-key", foreign.key, "--life", "10s", *only)
    assert verdicts(report) == dict.fromkeys(ONLY_OF_12, "not_run"), report
    assert all("spoken" in case["words"] for case in report["cases"]) and (report["passed"], report["run"]) == (0, 0), report


@pytest.mark.parametrize(("typed", "status"), [(b"yes\n", 3), (b"y\n", 2), (b"\x04", 2)], ids=["yes", "another answer", "end of input"])
def test_on_a_terminal_it_asks_whose_the_endpoint_is(symbolon, kit, typed, status):
    """192.0.2.1 is nobody's (RFC 5737): after a yes it is not reached, after all else nothing is sent there."""
    command = [BINARY, "prove", "192.0.2.1:1", "--kit", kit.folder, "--only", "no_certificate"]
    ended, said = on_a_terminal(command, "Type yes:", typed, symbolon.env)
    assert ended == status and ("nothing was done" in said) == (status == 2), said
