"""Beside the full CRL of a CA stand, where that is asked for, a delta CRL (RFC 5280 §5.2.4) and CRLs of distribution points
(shards, §5.2.5), and OpenSSL and python3-cryptography take them."""

import contextlib
import http.server
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness.process import run, wait_until
from harness.revocation import REVOKED, certificate, entry_of, number_of, openssl_verify
from harness.revocation import fetch as get
from harness.roles import roles
from harness.symbolon import port

DELTA = "/issuing/delta.crl"
HOLD = ("--reason", "certificateHold")
OTHER_SCOPE = "error 44"  # X509_V_ERR_DIFFERENT_CRL_SCOPE


def fetch(symbolon, path):
    status, _, body = get(symbolon.crl_url + path)
    return body if status == 200 else None


def crl(symbolon, path="/issuing.crl"):
    der = fetch(symbolon, path)
    return x509.load_der_x509_crl(der) if der else None


def reason_of(listing, issued):
    entry = entry_of(listing, issued)
    return entry and entry.extensions.get_extension_for_class(x509.CRLReason).value.reason


def base_of(listing):
    extension = listing.extensions.get_extension_for_class(x509.DeltaCRLIndicator)
    assert extension.critical
    return extension.value.crl_number


def write(symbolon, name, listing):
    file = symbolon.folder / name
    file.write_bytes(listing.public_bytes(serialization.Encoding.PEM))
    return file


def verify(symbolon, issued, *crls, options=()):
    return openssl_verify(symbolon, issued, *crls, options=("-crl_check", *options))


def start(symbolon, crl_more, **more):
    symbolon.init()
    listen = port()
    symbolon.crl_url = f"http://127.0.0.1:{listen}"
    section = {"listen": f"127.0.0.1:{listen}", "url": symbolon.crl_url, **crl_more}
    symbolon.listen = listen
    symbolon.config = symbolon.configure(authority={"crl": section, **more}, routes=None)
    return symbolon.run(symbolon.config, listen)


# -- delta CRLs


@pytest.fixture
def deltas(symbolon):
    with start(symbolon, {"delta": "6h"}) as running:
        wait_until(lambda: fetch(symbolon, DELTA), "a delta CRL is served", 60)
        symbolon.alice, symbolon.bob = symbolon.issue("client", "alice"), symbolon.issue("client", "bob")
        yield running


USE_DELTAS = ("-use_deltas", "-extended_crl")


def test_a_delta_crl_brings_an_older_full_one_up_to_date(symbolon, deltas):
    full = crl(symbolon)
    older = write(symbolon, "older.pem", full)
    assert verify(symbolon, symbolon.alice, older, options=USE_DELTAS).status == 0
    symbolon.do("revoke", "alice", "--reason", "keyCompromise")
    delta = wait_until(lambda: entry_of(crl(symbolon, DELTA), symbolon.alice) and crl(symbolon, DELTA), "it is there", 60)
    newer = wait_until(lambda: entry_of(crl(symbolon), symbolon.alice) and crl(symbolon), "it is in the full one", 60)
    assert number_of(delta) == number_of(newer) > number_of(full) >= base_of(delta)
    assert (delta.last_update, delta.issuer) == (newer.last_update, newer.issuer)
    assert delta.next_update < newer.next_update
    assert reason_of(delta, symbolon.alice) == x509.ReasonFlags.key_compromise
    file = write(symbolon, "delta.pem", delta)
    assert verify(symbolon, symbolon.alice, older).status == 0, "the older one alone does not know it"
    assert REVOKED in verify(symbolon, symbolon.alice, older, file, options=USE_DELTAS).output
    assert verify(symbolon, symbolon.bob, older, file, options=USE_DELTAS).status == 0
    text = run(["openssl", "crl", "-noout", "-text", "-in", file]).output
    assert "X509v3 Delta CRL Indicator: critical" in text
    assert "verify OK" in run(["openssl", "crl", "-noout", "-in", file, "-CAfile", symbolon.state / "issuing.crt"]).output


def test_full_ones_name_its_place(symbolon, deltas):
    extension = crl(symbolon).extensions.get_extension_for_class(x509.FreshestCRL)
    (point,) = extension.value
    assert [name.value for name in point.full_name] == [symbolon.crl_url + DELTA] and not extension.critical
    with pytest.raises(x509.ExtensionNotFound):
        crl(symbolon).extensions.get_extension_for_class(x509.IssuingDistributionPoint)


def test_certificates_name_its_place(symbolon, deltas):
    extension = certificate(symbolon.alice.cert).extensions.get_extension_for_class(x509.FreshestCRL)
    (point,) = extension.value
    assert [name.value for name in point.full_name] == [symbolon.crl_url + DELTA] and not extension.critical
    assert place_of(symbolon.alice) == f"{symbolon.crl_url}/issuing.crl"
    text = run(["openssl", "x509", "-noout", "-text", "-in", symbolon.alice.cert]).output
    assert "X509v3 Freshest CRL: \n" in text and f"URI:{symbolon.crl_url}{DELTA}" in text


@contextlib.contextmanager
def cache(symbolon, listen, kept):
    """Serves over HTTP what it has kept, and fetches the rest."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            body = kept.get(self.path) or fetch(symbolon, self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", listen), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_openssl_fetches_it_from_where_the_certificate_says(symbolon):
    """A cache has an old full one: the delta CRL brings it up to date."""
    listen = port()
    with start(symbolon, {"delta": "6h", "url": f"http://127.0.0.1:{listen}"}):
        wait_until(lambda: fetch(symbolon, DELTA), "a delta CRL is served", 60)
        symbolon.alice, symbolon.bob = symbolon.issue("client", "alice"), symbolon.issue("client", "bob")
        with cache(symbolon, listen, {"/issuing.crl": fetch(symbolon, "/issuing.crl")}):
            symbolon.do("revoke", "alice")
            wait_until(lambda: entry_of(crl(symbolon, DELTA), symbolon.alice), "it is there", 60)
            download = ("-crl_download",)
            assert verify(symbolon, symbolon.alice, options=download).status == 0, "the old one alone does not know it"
            assert REVOKED in verify(symbolon, symbolon.alice, options=(*download, *USE_DELTAS)).output
            assert verify(symbolon, symbolon.bob, options=(*download, *USE_DELTAS)).status == 0


def test_what_was_released_leaves_an_older_full_one(symbolon, deltas):
    symbolon.do("revoke", "bob", *HOLD)
    full = wait_until(lambda: entry_of(crl(symbolon), symbolon.bob) and crl(symbolon), "it is there", 60)
    held = write(symbolon, "held.pem", full)
    assert REVOKED in verify(symbolon, symbolon.bob, held, options=USE_DELTAS).output
    symbolon.do("release", "bob")
    remove = x509.ReasonFlags.remove_from_crl
    wait_until(lambda: reason_of(crl(symbolon, DELTA), symbolon.bob) == remove, "the delta CRL says so", 60)
    assert entry_of(crl(symbolon), symbolon.bob) is None
    delta = write(symbolon, "delta.pem", crl(symbolon, DELTA))
    assert verify(symbolon, symbolon.bob, held, delta, options=USE_DELTAS).status == 0
    symbolon.do("revoke", "bob", "--reason", "superseded")
    superseded = x509.ReasonFlags.superseded
    wait_until(lambda: reason_of(crl(symbolon, DELTA), symbolon.bob) == superseded, "for good", 60)
    delta = write(symbolon, "delta.pem", crl(symbolon, DELTA))
    assert REVOKED in verify(symbolon, symbolon.bob, held, delta, options=USE_DELTAS).output


def test_a_signer_that_is_started_anew_signs_them_still(symbolon, deltas):
    older = write(symbolon, "older.pem", crl(symbolon))
    before = roles(deltas)["signer"]
    run(["kill", "-9", str(before)])
    wait_until(lambda: roles(deltas).get("signer") not in (None, before), "another one runs", 60)
    symbolon.do("revoke", "alice")

    def covers():
        full, delta = crl(symbolon), crl(symbolon, DELTA)
        return entry_of(full, symbolon.alice) and number_of(full) == number_of(delta)

    wait_until(covers, "both are new", 60)
    fresh = crl(symbolon)
    delta = write(symbolon, "delta.pem", crl(symbolon, DELTA))
    assert base_of(crl(symbolon, DELTA)) > number_of(x509.load_pem_x509_crl(older.read_bytes()))
    assert verify(symbolon, symbolon.alice, older, delta, options=USE_DELTAS).status == 0, "that base is too old for it"
    assert REVOKED in verify(symbolon, symbolon.alice, write(symbolon, "fresh.pem", fresh), options=USE_DELTAS).output


def test_a_delta_crl_needs_a_place(symbolon):
    symbolon.init()
    config = symbolon.configure(authority={"crl": {"delta": "6h"}}, routes=None)
    symbolon.refused("config_bad_value", "config", "check", "--config", config)
    config = symbolon.configure(authority={"crl": {"url": "http://a.example", "delta": "8d"}}, routes=None)
    symbolon.refused("config_bad_value", "config", "check", "--config", config)


# -- shards


@pytest.fixture
def sharded(symbolon):
    with start(symbolon, {}, profiles={"client": {"crl_shards": 4}}) as running:
        wait_until(lambda: all(fetch(symbolon, f"/issuing/4-{i}.crl") for i in range(4)), "all are served", 60)
        wait_until(lambda: fetch(symbolon, "/issuing.crl"), "the full one, too", 60)
        symbolon.clients = [symbolon.issue("client", f"client-{i}") for i in range(6)]
        symbolon.server = symbolon.issue("server", "localhost")
        yield running


def place_of(issued):
    (point,) = certificate(issued.cert).extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    return point.full_name[0].value


def test_certificates_of_a_shard_name_no_delta_crl(symbolon):
    with start(symbolon, {"delta": "6h"}, profiles={"client": {"crl_shards": 4}}):
        issued = symbolon.issue("client", "alice")
        assert place_of(issued).startswith(f"{symbolon.crl_url}/issuing/4-")
        with pytest.raises(x509.ExtensionNotFound):
            certificate(issued.cert).extensions.get_extension_for_class(x509.FreshestCRL)
        certificate(symbolon.issue("server", "localhost").cert).extensions.get_extension_for_class(x509.FreshestCRL)


def shard_of(symbolon, issued):
    path = f"/issuing/4-{(certificate(issued.cert).serial_number & 0xFF) * 4 // 256}.crl"
    assert place_of(issued) == symbolon.crl_url + path, "what anybody can say who knows the serial"
    return path


def test_each_certificate_names_its_shard_and_each_shard_itself(symbolon, sharded):
    assert place_of(symbolon.server) == f"{symbolon.crl_url}/issuing.crl", "its profile says nothing of shards"
    for issued in symbolon.clients:
        shard_of(symbolon, issued)
    for i in range(4):
        extension = crl(symbolon, f"/issuing/4-{i}.crl").extensions.get_extension_for_class(x509.IssuingDistributionPoint)
        assert extension.critical and extension.value.full_name[0].value == f"{symbolon.crl_url}/issuing/4-{i}.crl"
        assert not extension.value.indirect_crl and extension.value.only_some_reasons is None


def test_a_revocation_is_in_its_shard_within_five_seconds_and_in_the_full_one(symbolon, sharded):
    for issued in symbolon.clients[:3]:
        path = shard_of(symbolon, issued)
        others = {i: fetch(symbolon, f"/issuing/4-{i}.crl") for i in range(4) if f"4-{i}" not in path}
        begin = time.monotonic()
        symbolon.do("revoke", issued.cert.stem, "--reason", "keyCompromise")
        wait_until(lambda: entry_of(crl(symbolon, path), issued), "it is there", 60)  # noqa: B023
        print(f"in its shard {time.monotonic() - begin:.2f} s after `revoke` was called")
        wait_until(lambda: entry_of(crl(symbolon), issued), "in the full one, too", 60)  # noqa: B023
        assert others == {i: fetch(symbolon, f"/issuing/4-{i}.crl") for i in others}, "the others stay as they are"


def test_openssl_takes_the_shard_for_its_certificates_alone(symbolon, sharded):
    first = symbolon.clients[0]
    other = next(one for one in symbolon.clients if shard_of(symbolon, one) != shard_of(symbolon, first))
    symbolon.do("revoke", first.cert.stem)
    own = shard_of(symbolon, first)
    wait_until(lambda: entry_of(crl(symbolon, own), first), "it is there", 60)
    full = wait_until(lambda: entry_of(crl(symbolon), first) and crl(symbolon), "in the full one, too", 60)
    shard = write(symbolon, "shard.pem", crl(symbolon, own))
    assert REVOKED in verify(symbolon, first, shard).output
    assert OTHER_SCOPE in verify(symbolon, other, shard).output, "that one is not about it"
    theirs = write(symbolon, "other.pem", crl(symbolon, shard_of(symbolon, other)))
    assert verify(symbolon, other, theirs).status == 0
    assert verify(symbolon, other, theirs, options=("-extended_crl", "-x509_strict")).status == 0
    whole = write(symbolon, "full.pem", full)
    assert REVOKED in verify(symbolon, first, whole).output and verify(symbolon, other, whole).status == 0
    download = ("-crl_download",)
    assert REVOKED in verify(symbolon, first, options=download).output
    assert verify(symbolon, other, options=download).status == 0


def test_what_is_released_leaves_its_shard(symbolon, sharded):
    issued = symbolon.clients[0]
    path = shard_of(symbolon, issued)
    symbolon.do("revoke", issued.cert.stem, *HOLD)
    hold = x509.ReasonFlags.certificate_hold
    wait_until(lambda: reason_of(crl(symbolon, path), issued) == hold, "it is there", 60)
    symbolon.do("release", issued.cert.stem)
    wait_until(lambda: entry_of(crl(symbolon, path), issued) is None, "it is gone", 60)


def test_other_numbers_of_shards_leave_the_old_ones_as_certificates_name_them(symbolon, sharded):
    issued = symbolon.clients[0]
    path = shard_of(symbolon, issued)
    sharded.stop()
    section = {"listen": f"127.0.0.1:{symbolon.listen}", "url": symbolon.crl_url}
    config = symbolon.configure(authority={"crl": section, "profiles": {"client": {"crl_shards": 2}}}, routes=None)
    with symbolon.run(config, symbolon.listen):
        wait_until(lambda: fetch(symbolon, "/issuing/2-0.crl") and fetch(symbolon, "/issuing/2-1.crl"), "the new ones", 60)
        symbolon.do("revoke", issued.cert.stem)
        wait_until(lambda: entry_of(crl(symbolon, path), issued), "its shard lists it", 60)
        later = symbolon.issue("client", "later")
        assert place_of(later).startswith(f"{symbolon.crl_url}/issuing/2-")


def test_a_restart_and_kill_9_lose_nothing(symbolon, sharded):
    for issued in symbolon.clients[:2]:
        symbolon.do("revoke", issued.cert.stem)
    for pid in roles(sharded).values():
        run(["kill", "-9", str(pid)])
    sharded.kill()
    with symbolon.run(symbolon.config, symbolon.listen):
        for issued in symbolon.clients[:2]:
            wait_until(lambda: entry_of(crl(symbolon, shard_of(symbolon, issued)), issued), "it is there", 60)  # noqa: B023


def test_a_number_that_is_no_power_of_two_is_refused(symbolon):
    symbolon.init()
    for count in (1, 3, 12, 512):
        config = symbolon.configure(authority={"profiles": {"client": {"crl_shards": count}}}, routes=None)
        symbolon.refused("config_bad_value", "config", "check", "--config", config)
