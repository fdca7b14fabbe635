"""The authority's CRL (RFC 5280) reaches programs that do not follow it: new soon after each revocation, whatever ends the
processes in between, and taken by OpenSSL, Apache, nginx, HAProxy, GnuTLS, NSS and our own reader."""

import datetime
import json
import os
import re
import signal
import socket
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from harness import peers
from harness.apache import apache_asking
from harness.process import run, wait_until
from harness.proxies import haproxy
from harness.revocation import REVOKED, certificate, entry_of, number_of, openssl_verify
from harness.revocation import fetch as get
from harness.roles import roles
from harness.services import nginx_asking
from harness.symbolon import BINARY, port


@pytest.fixture
def publishing(symbolon):
    """A state and its authority, running in its processes, with CRLs at .url; alice, bob and a server have certificates."""
    symbolon.init()
    listen = port()
    symbolon.crl_url = f"http://127.0.0.1:{listen}"
    config = symbolon.configure(authority={"crl": {"listen": f"127.0.0.1:{listen}", "url": symbolon.crl_url}}, routes=None)
    with symbolon.run(config, listen) as authority:
        authority.config, authority.listen = config, listen
        symbolon.alice, symbolon.bob = symbolon.issue("client", "alice"), symbolon.issue("client", "bob")
        symbolon.server = symbolon.issue("server", "localhost", "127.0.0.1")
        yield authority


def fetch(symbolon, path="/issuing.crl", method="GET", headers=()):
    return get(symbolon.crl_url + path, method=method, headers=headers)


def served(symbolon):
    """The CRL that is served, as python3-cryptography reads it; None before the first."""
    status, _, body = fetch(symbolon)
    return x509.load_der_x509_crl(body) if status == 200 else None


def lists(crl, issued):
    return entry_of(crl, issued) is not None


def wait_served(symbolon):
    wait_until(lambda: fetch(symbolon)[0] == 200, "a CRL is served")
    return served(symbolon)


def wait_listed(symbolon, issued):
    return wait_until(lambda: lists(served(symbolon), issued) and served(symbolon), "it is in the CRL that is served", 60)


def root_crl(symbolon):
    """An empty CRL of the root, whose key the authority does not have: for programs that check the whole chain."""
    key = serialization.load_pem_private_key((symbolon.state / "root.key").read_bytes(), b"correct horse battery staple")
    root = certificate(symbolon.state / "root.crt")
    now = datetime.datetime.utcnow()
    made = x509.CertificateRevocationListBuilder(root.subject, now, now + datetime.timedelta(days=30)).sign(
        key, hashes.SHA256()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def crl(symbolon, publishing):
    """alice is revoked: the file that `symbolon crl` writes."""
    symbolon.do("revoke", "alice", "--reason", "keyCompromise")
    file = symbolon.folder / "issuing.pem"
    symbolon.do("crl", "--pem", "--out", file)
    return file


# -- published, and soon


def test_a_revocation_is_served_soon(symbolon, publishing):
    wait_served(symbolon)
    for issued in (symbolon.alice, symbolon.bob):
        before = served(symbolon)
        begin = time.monotonic()
        symbolon.do("revoke", issued.cert.stem)
        now = wait_listed(symbolon, issued)
        print(f"served {time.monotonic() - begin:.2f} s after `revoke` was called")
        assert number_of(now) > number_of(before)
    assert (symbolon.state / "crl" / "issuing.crl").read_bytes() == fetch(symbolon)[2]
    assert (symbolon.state / "crl" / "issuing.crl").stat().st_mode & 0o777 == 0o644


def test_one_process_publishes_too(symbolon, publishing):
    publishing.stop()
    with symbolon.run(publishing.config, publishing.listen, program=(BINARY, "run", "--insecure-one-process", "--config")):
        symbolon.do("revoke", "alice")
        wait_listed(symbolon, symbolon.alice)


def test_the_command_has_it_at_once(symbolon, publishing):
    symbolon.do("revoke", "alice", "--reason", "superseded")
    crl = x509.load_pem_x509_crl(symbolon.do("crl").encode())
    entry = entry_of(crl, symbolon.alice)
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.superseded
    said = symbolon.json("show", "alice")["summary"]["revocation"]
    assert entry.revocation_date.strftime("%Y-%m-%dT%H:%M:%SZ") == said["at"]
    info = symbolon.json("crl", "issuing", "--out", symbolon.folder / "x.crl")
    assert (info["number"], info["entries"]) == (number_of(crl), 1)
    assert x509.load_der_x509_crl((symbolon.folder / "x.crl").read_bytes()) == crl
    symbolon.refused("issuer_unknown", "crl", "nobody")
    symbolon.refused("issuer_unknown", "crl", "root")  # its key is not at hand


def test_it_is_a_whole_crl_and_nothing_more(symbolon, publishing):
    crl = wait_served(symbolon)
    issuer = certificate(symbolon.state / "issuing.crt")
    assert crl.is_signature_valid(issuer.public_key())
    assert crl.issuer == issuer.subject
    assert {(e.oid.dotted_string, e.critical) for e in crl.extensions} == {("2.5.29.35", False), ("2.5.29.20", False)}
    authority = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert authority.key_identifier == own.digest
    assert crl.next_update - crl.last_update == datetime.timedelta(days=7)
    assert b"\x30\x00" not in fetch(symbolon)[2][:200], "an absent list, not an empty one"


def test_status_says_number_and_age(symbolon, publishing):
    crl = wait_served(symbolon)
    (info,) = symbolon.json("status")["crls"]
    assert (info["issuer"], info["number"], info["entries"]) == ("issuing", number_of(crl), 0)
    assert re.search(rf"^CRL +issuing: number {info['number']}, 0 entries, made .* ago", symbolon.do("status"), re.M)


def test_kill_9_between_revocation_and_publication(symbolon, publishing):
    publishing.stop()
    for issued in (symbolon.alice, symbolon.bob, symbolon.server):  # on a busy machine it may be quicker than we
        with symbolon.run(publishing.config, publishing.listen) as running:
            before = wait_served(symbolon)
            pids = roles(running)
            symbolon.do("revoke", issued.cert.stem)
            for pid in pids.values():
                os.kill(pid, signal.SIGKILL)
            running.kill()
        left = x509.load_der_x509_crl((symbolon.state / "crl" / "issuing.crl").read_bytes())
        with symbolon.run(publishing.config, publishing.listen):
            now = wait_listed(symbolon, issued)
            assert number_of(now) > number_of(before)
        if not lists(left, issued):
            return
    pytest.fail("it was published each time before the process could be killed")


def test_a_signer_that_dies_is_waited_for(symbolon, publishing):
    wait_served(symbolon)
    run(["kill", "-9", str(roles(publishing)["signer"])])
    symbolon.do("revoke", "alice")
    wait_listed(symbolon, symbolon.alice)


def test_a_restart_takes_up_what_was_published(symbolon, publishing):
    symbolon.do("revoke", "alice")
    before = wait_listed(symbolon, symbolon.alice)
    publishing.stop()
    with symbolon.run(publishing.config, publishing.listen):
        assert wait_served(symbolon) == before


def test_a_command_that_revokes_while_nothing_runs_publishes(symbolon, publishing):
    before = wait_served(symbolon)
    publishing.stop()
    symbolon.do("--config", publishing.config, "revoke", "alice")
    left = x509.load_der_x509_crl((symbolon.state / "crl" / "issuing.crl").read_bytes())
    assert lists(left, symbolon.alice) and number_of(left) > number_of(before)
    first = symbolon.do("--config", publishing.config, "crl")
    assert symbolon.do("--config", publishing.config, "crl") == first, "one that is new is not made again"


def test_a_restored_backup_takes_nothing_back(symbolon, publishing):
    wait_served(symbolon)
    backup = symbolon.state / "before.db"
    symbolon.do("ledger", "backup", backup)
    symbolon.do("revoke", "alice")
    wait_listed(symbolon, symbolon.alice)
    publishing.stop()
    symbolon.restore(backup)

    def says_so():
        return any(warning["code"] == "crl_ahead_of_ledger" for warning in symbolon.json("status")["warnings"])

    # A command that revokes does so, and says that nobody learns of it from the CRL.
    symbolon.refused("crl_ahead_of_ledger", "--config", publishing.config, "revoke", "bob")
    assert symbolon.json("show", "bob")["summary"]["revocation"]
    file = symbolon.state / "crl" / "issuing.crl"
    with symbolon.run(publishing.config, publishing.listen):
        wait_until(says_so, "status says so")
        assert lists(served(symbolon), symbolon.alice)
        symbolon.refused("crl_ahead_of_ledger", "crl")
        symbolon.do("revoke", "alice")
        now = wait_listed(symbolon, symbolon.bob)
        assert lists(now, symbolon.alice), "the ledger has it again"
        assert not says_so() and file.exists()


def test_two_within_one_second_have_two_dates(symbolon, publishing):
    wait_served(symbolon)
    seen = []
    for issued in (symbolon.alice, symbolon.bob, symbolon.server):
        symbolon.do("revoke", issued.cert.stem)
        seen.append(x509.load_pem_x509_crl(symbolon.do("crl").encode()))
    dates = [crl.last_update for crl in seen]
    assert dates == sorted(set(dates)) and lists(seen[-1], symbolon.server)


def test_a_ca_whose_key_is_gone_keeps_its_crl(symbolon, publishing):
    before = wait_served(symbolon)
    publishing.stop()
    (symbolon.state / "issuing.key").rename(symbolon.folder / "issuing.key")
    with symbolon.run(publishing.config, publishing.listen):
        assert wait_served(symbolon) == before
        assert [crl["issuer"] for crl in symbolon.json("status")["crls"]] == ["issuing"]
        (symbolon.state / "crl" / "issuing.crl").unlink()
        codes = lambda: [warning["code"] for warning in symbolon.json("status")["warnings"]]  # noqa: E731
        wait_until(lambda: "crl_lapses" in codes(), "status says that it is missing", 60)


@pytest.mark.parametrize("mode", [[], ["--insecure-one-process"]])
def test_without_crl_in_the_configuration_nothing_is_published(symbolon, mode):
    symbolon.init()
    config = symbolon.configure(authority={}, routes=None)
    program = (BINARY, "run", *mode, "--config")
    with symbolon.run(config, program=program) as running:
        running.wait_socket(symbolon.state / "authority.sock")
        alice = symbolon.issue("client", "alice")
        symbolon.do("revoke", "alice")
        crl = x509.load_pem_x509_crl(symbolon.do("crl").encode())
        assert lists(crl, alice)
        assert not (symbolon.state / "crl" / "issuing.crl").exists()
        assert symbolon.json("status")["crls"] == []
    with pytest.raises(x509.ExtensionNotFound):
        certificate(alice.cert).extensions.get_extension_for_class(x509.CRLDistributionPoints)
    later = x509.load_pem_x509_crl(symbolon.do("crl").encode())
    assert lists(later, alice) and number_of(later) > number_of(crl), "offline, too"


# -- over HTTP


def test_http(symbolon, publishing):
    crl = wait_served(symbolon)
    status, headers, body = fetch(symbolon)
    assert (status, headers["Content-Type"]) == (200, "application/pkix-crl")
    assert headers["ETag"] == f'"{number_of(crl)}"'
    assert headers["Last-Modified"] == crl.last_update.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert int(re.search(r"max-age=(\d+)", headers["Cache-Control"])[1]) <= 60
    status, head, nothing = fetch(symbolon, method="HEAD")
    assert (status, head["Content-Length"], nothing) == (200, str(len(body)), b"")
    for condition in (
        {"If-None-Match": headers["ETag"]},
        {"If-None-Match": f'"x", W/{headers["ETag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": headers["Last-Modified"]},
    ):
        assert fetch(symbolon, headers=condition)[0] == 304, condition
    for condition in (
        {"If-None-Match": '"1"'},
        {"If-Modified-Since": "Sat, 21 Nov 2020 10:08:38 GMT"},
        {"If-None-Match": '"1"', "If-Modified-Since": headers["Last-Modified"]},
    ):
        assert fetch(symbolon, headers=condition)[2] == body, condition
    for path in ("/", "/root.crl", "/issuing.crt", "/../ledger.db", "/%2e%2e%2fissuing.crl", "/issuing.crl/x", "/v1/status"):
        assert fetch(symbolon, path)[0] in (400, 404), path
    assert fetch(symbolon, method="POST")[0] in (405, 411, 413)
    assert fetch(symbolon, method="DELETE")[0] == 405
    symbolon.do("revoke", "alice")
    wait_listed(symbolon, symbolon.alice)
    assert fetch(symbolon, headers={"If-None-Match": headers["ETag"]})[0] == 200


def test_one_host_does_not_shut_it(symbolon, publishing):
    wait_served(symbolon)
    idle = [socket.create_connection(("127.0.0.1", publishing.listen)) for _ in range(64)]
    try:
        with socket.create_connection(("127.0.0.1", publishing.listen), 20, ("127.0.0.2", 0)) as other:
            other.sendall(b"GET /issuing.crl HTTP/1.1\r\nHost: h\r\n\r\n")
            assert other.recv(12) == b"HTTP/1.1 200"
    finally:
        for one in idle:
            one.close()


def test_one_address_for_two_listeners_is_refused(symbolon):
    symbolon.init()
    address = f"127.0.0.1:{port()}"
    config = symbolon.configure(authority={"listen": address, "crl": {"listen": address}}, routes=None)
    symbolon.refused("config_bad_value", "config", "check", "--config", config)


# -- the place in certificates


def test_certificates_name_its_place(symbolon, publishing):
    extension = certificate(symbolon.alice.cert).extensions.get_extension_for_class(x509.CRLDistributionPoints)
    (point,) = extension.value
    assert [name.value for name in point.full_name] == [f"{symbolon.crl_url}/issuing.crl"]
    assert (point.reasons, point.crl_issuer, extension.critical) == (None, None, False)


def test_openssl_finds_it_there(symbolon, publishing):
    wait_served(symbolon)

    def judge(issued):
        return openssl_verify(symbolon, issued, options=("-crl_check", "-crl_download"))

    assert judge(symbolon.alice).status == 0, judge(symbolon.alice)
    symbolon.do("revoke", "alice")
    wait_listed(symbolon, symbolon.alice)
    assert REVOKED in judge(symbolon.alice).output
    assert judge(symbolon.bob).status == 0


def test_a_profile_can_do_without(symbolon):
    symbolon.init()
    profiles = {"client": {"crl": False}, "quiet": {"base": "client", "no_rev_avail": True}}
    config = symbolon.configure(authority={"crl": {"url": "http://crl.example/"}, "profiles": profiles}, routes=None)
    for profile, expected in (("client", None), ("quiet", None), ("person", "http://crl.example/issuing.crl")):
        symbolon.do("--config", config, "issue", profile, f"{profile}@example.com", "--out", symbolon.folder)
        extensions = certificate(symbolon.folder / f"{profile}@example.com.crt").extensions
        if expected is None:
            with pytest.raises(x509.ExtensionNotFound):
                extensions.get_extension_for_class(x509.CRLDistributionPoints)
        else:
            (point,) = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
            assert point.full_name[0].value == expected


@pytest.mark.parametrize("url", ["https://crl.example", "crl.example", "http://", "http://a.example/?x", "ldap://a.example/"])
def test_a_place_that_nobody_could_fetch_from_stops_the_start(symbolon, url):
    symbolon.init()
    config = symbolon.configure(authority={"crl": {"url": url}}, routes=None)
    symbolon.refused("config_bad_value", "config", "check", "--config", config)


# -- other programs


def gets_in(symbolon, listen, issued):
    return peers.curl(listen, symbolon.ca, issued).status == 0


def test_openssl(symbolon, crl):
    assert "verify OK" in run(["openssl", "crl", "-in", crl, "-noout", "-CAfile", symbolon.state / "issuing.crt"]).output
    strict = ("-crl_check", "-x509_strict")
    assert openssl_verify(symbolon, symbolon.bob, crl, options=strict).status == 0
    assert REVOKED in openssl_verify(symbolon, symbolon.alice, crl, options=strict).output


def test_apache(symbolon, crl, tmp_path):
    with apache_asking(symbolon, tmp_path, f"SSLCARevocationFile {crl}\nSSLCARevocationCheck leaf") as (admits, log):
        assert admits(symbolon.bob), log.read_text()
        assert not admits(symbolon.alice)


def whole_chain(symbolon, crl):
    both = symbolon.folder / "both.pem"
    both.write_text(crl.read_text() + root_crl(symbolon))
    return both


def test_nginx(symbolon, crl, tmp_path):
    with nginx_asking(symbolon, tmp_path, f"ssl_crl {whole_chain(symbolon, crl)};") as (answer, log):
        assert answer(symbolon.bob) == "200", log.read_text()
        assert answer(symbolon.alice) == "400", "nginx lets the handshake end, and refuses the request"
        assert "revoked" in log.read_text()


def test_haproxy(symbolon, crl, tmp_path):
    listen = port()
    pair = tmp_path / "server.pem"
    pair.write_text(symbolon.server.chain.read_text() + symbolon.server.key.read_text())
    bind = f"ssl crt {pair} ca-file {symbolon.ca} verify required crl-file {whole_chain(symbolon, crl)}"
    with haproxy(tmp_path / "haproxy", listen, "http-request return status 200", bind):
        assert gets_in(symbolon, listen, symbolon.bob)
        assert not gets_in(symbolon, listen, symbolon.alice)


def test_gnutls(symbolon, crl, tmp_path):
    issuing = symbolon.state / "issuing.crt"
    verified = run(["certtool", "--verify-crl", "--load-ca-certificate", issuing, "--infile", crl])
    assert verified.status == 0 and "Verified" in verified.output, verified
    text = run(["certtool", "--crl-info", "--infile", crl]).output
    assert "Revoked certificates (1)" in text and "error" not in text.lower(), text

    def judge(issued):
        trust = ["--load-ca-certificate", symbolon.ca, "--load-crl", crl]
        return run(["certtool", "--verify", *trust, "--infile", issued.chain])

    assert judge(symbolon.bob).status == 0, judge(symbolon.bob)
    refused = judge(symbolon.alice)
    assert refused.status != 0 and "revoked" in refused.output, refused


def test_nss(symbolon, crl, tmp_path):
    database = f"sql:{tmp_path / 'nss'}"
    (tmp_path / "nss").mkdir()
    der = tmp_path / "issuing.der"
    der.write_bytes(x509.load_pem_x509_crl(crl.read_bytes()).public_bytes(serialization.Encoding.DER))

    def tool(*arguments):
        outcome = run([*arguments, "-d", database])
        assert outcome.status == 0, outcome
        return outcome.output

    tool("certutil", "-N", "--empty-password")
    tool("certutil", "-A", "-n", "root", "-t", "CT,C,C", "-i", symbolon.ca)
    tool("certutil", "-A", "-n", "issuing", "-t", ",,", "-i", symbolon.state / "issuing.crt")
    for name in ("alice", "bob"):
        tool("certutil", "-A", "-n", name, "-t", ",,", "-i", symbolon.folder / f"{name}.crt")
    tool("crlutil", "-I", "-i", der)
    assert "issuing" in tool("crlutil", "-L")
    assert "is valid" in tool("certutil", "-V", "-n", "bob", "-u", "C", "-e")
    refused = run(["certutil", "-V", "-n", "alice", "-u", "C", "-e", "-d", database])
    assert refused.status != 0 and "revoked" in refused.output.lower(), refused


def test_our_own_reader(symbolon, crl):
    verify = ["verify", "--ca", symbolon.ca, "--crl", crl]
    assert symbolon.json(*verify, symbolon.bob.cert)["valid"]
    outcome = symbolon("--json", *verify, symbolon.alice.cert)
    assert json.loads(outcome.stdout)["code"] == "client_certificate_revoked"
