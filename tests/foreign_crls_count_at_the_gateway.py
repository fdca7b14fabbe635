"""CRLs of other CAs (`gateway.crls`), from files and from nginx, end what their CA revoked: at the next handshake and on open
connections. What is wrong, older than what was there, or too old lets nobody in and takes nothing back."""

import datetime
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ObjectIdentifier

from harness import peers
from harness.metrics import Watched
from harness.pki import ForeignCA, openssl
from harness.process import Process, wait_until
from harness.symbolon import BINARY, port, static_route

NOW = "client_certificate_revoked"
UNKNOWN = "client_certificate_revocation_unknown"


def crl(ca, *revoked, number=1, begin=-60, end=3600, key=None, extensions=(), pem=True, scope=None, base=None, reasons=None, date=None):
    """A CRL that python3-cryptography makes: `begin` and `end` are seconds from now. `base`: a delta to that number. `reasons`: of the
    credentials in `revoked`; `date`: of all, in seconds from now."""
    now = datetime.datetime.utcnow()
    at = lambda seconds: now + datetime.timedelta(seconds=seconds)  # noqa: E731
    subject = x509.load_pem_x509_certificate(ca.cert.read_bytes()).subject
    made = x509.CertificateRevocationListBuilder(subject, at(begin), at(end))
    for one in revoked:
        entry = x509.RevokedCertificateBuilder(int(one.serial, 16), at(-120 if date is None else date))
        if reasons:
            entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags(reasons[one])), False)
        made = made.add_revoked_certificate(entry.build())
    if number is not None:
        made = made.add_extension(x509.CRLNumber(number), False)
    if scope is not None:
        made = made.add_extension(scope, True)
    if base is not None:
        made = made.add_extension(x509.DeltaCRLIndicator(base), True)
    for oid in extensions:
        made = made.add_extension(x509.UnrecognizedExtension(ObjectIdentifier(oid), b"\x05\x00"), True)
    signer = serialization.load_pem_private_key((key or ca).key.read_bytes(), None)
    encoding = serialization.Encoding.PEM if pem else serialization.Encoding.DER
    return made.sign(signer, hashes.SHA256()).public_bytes(encoding)


def put(path, content):
    """Whole or not at all, as whoever publishes a list should write it."""
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.rename(path)
    return path


@pytest.fixture
def site(symbolon, backend, foreign, tmp_path):
    """A gateway that trusts a foreign CA with alice and bob, and a file for its list. site.run(entry) starts it."""

    class Site:
        def __init__(self):
            self.ca, self.file = foreign, tmp_path / "foreign.crl"
            self.alice, self.bob, self.server = foreign.issue("alice"), foreign.issue("bob"), foreign.server()
            self.listen, self.metrics = port(), port()
            self.symbolon = symbolon

        def configure(self, *entries, **more):
            gateway = {"routes": [static_route(self.listen, backend.address, self.server, [foreign.cert])], "crls": list(entries)}
            self.config = symbolon.configure(gateway, metrics={"listen": f"127.0.0.1:{self.metrics}"}, **more)
            return self.config

        def run(self, *entries, **more):
            self.running = symbolon.run(self.configure(*entries, **more), self.listen, self.metrics)
            return self.running

        def entry(self, **more):
            return {"from": str(self.file), **more}

        def put(self, *revoked, **options):
            return put(self.file, crl(foreign, *revoked, **options))

        def admits(self, client):
            return peers.curl(self.listen, foreign.cert, client).stdout.startswith("hello")

        def refused(self, client, code):
            since = self.running.mark()
            assert not self.admits(client)
            return self.running.wait_record("refused", code, since)

        def wait_refused(self, client, code):
            wait_until(lambda: not self.admits(client), "the client is refused")
            return self.refused(client, code)

        def wait_says(self, words, since=0):
            self.running.wait_line(lambda line: words in line, words, since)

        def status(self):
            return symbolon.do("status")

    return Site()


class Nginx(Process):
    """Serves the folder; what it answered stands in .log."""

    def __init__(self, folder, listen):
        self.log, config = folder / "access.log", folder / "nginx.conf"
        user = "user root;" if folder.owner() == "root" else ""
        temporary = "".join(f"{what}_temp_path {folder}; " for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config.write_text(
            f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
            f"http {{ log_format brief '$uri $status'; access_log {self.log} brief; {temporary}\n"
            f"server {{ listen 127.0.0.1:{listen}; root {folder}/www; }} }}\n"
        )
        super().__init__(["nginx", "-c", config])
        self.wait_listening(listen)

    def wait_answered(self, line, times=1):
        wait_until(lambda: self.log.read_text().splitlines().count(line) >= times, f"nginx answered {line}, {times} times")


@pytest.fixture
def web(tmp_path, site):
    """nginx, started by web.start(); web.put() publishes a list, web.entry() is the configuration's."""

    class Web:
        def __init__(self):
            self.folder, self.port = tmp_path / "web", port()
            (self.folder / "www").mkdir(parents=True)
            self.url = f"http://127.0.0.1:{self.port}/ca.crl"

        def start(self):
            return Nginx(self.folder, self.port)

        def put(self, *revoked, **options):
            put(self.folder / "www" / "ca.crl", crl(site.ca, *revoked, **options))

        def entry(self, **more):
            return {"from": self.url, "issuers": str(site.ca.cert), "refresh": "1s", **more}

    return Web()


# -- files


def test_what_openssl_revoked_is_refused_and_a_new_list_is_noticed(site, symbolon):
    site.ca.revoke(site.alice)
    put(site.file, site.ca.crl().read_bytes())
    with site.run(site.entry()):
        assert site.admits(site.bob)
        site.refused(site.alice, NOW)
        with peers.python_client(site.listen, site.ca.cert, site.bob) as open_one:
            assert peers.http_over(open_one) == "hello from the backend"
            site.ca.revoke(site.bob)
            since = site.running.mark()
            put(site.file, site.ca.crl().read_bytes())
            site.running.wait_record("closed", since=since, reason=NOW)
        site.refused(site.bob, NOW)
        # openssl's own view of the same list
        assert openssl("crl", "-in", site.file, "-noout", "-text").count("Serial Number") == 2


@pytest.mark.parametrize("pem", [True, False])
def test_both_encodings_and_the_figures(site, pem):
    site.put(site.alice, pem=pem)
    with site.run(site.entry()):
        site.refused(site.alice, NOW)
        figures = Watched(site.metrics)
        assert figures.value("symbolon_crl_entries", source=str(site.file)) == 1
        assert 3400 < figures.value("symbolon_crl_next_update_seconds", source=str(site.file)) <= 3600
        assert figures.value("symbolon_crl_refresh_failures_total", source=str(site.file)) == 0


def test_a_shard_is_good_for_what_it_covers_alone(site):
    """One that is about CAs only says nothing about alice."""
    scope = x509.IssuingDistributionPoint(None, None, False, True, None, False, False)
    site.put(scope=scope)
    with site.run(site.entry()):
        assert "no CRL of its issuer covers it" in str(site.refused(site.alice, UNKNOWN))


@pytest.mark.parametrize(
    "code, make",
    [
        ("file_missing", None),
        ("crl_malformed", lambda site: crl(site.ca, pem=False)[:-3]),
        ("pem_malformed", lambda site: site.ca.cert.read_bytes()),
        ("crl_bad_signature", lambda site: crl(site.ca, key=site.other)),
        ("crl_wrong_issuer", lambda site: crl(site.stranger)),
        ("crl_unknown_critical_extension", lambda site: crl(site.ca, extensions=["1.2.3.4"])),
        ("crl_unknown_critical_extension", lambda site: crl(site.ca, extensions=["1.2.3.4"], pem=False)),
        ("crl_indirect", lambda site: crl(site.ca, scope=x509.IssuingDistributionPoint(None, None, False, False, None, True, False))),
        ("crl_malformed", lambda site: crl(site.ca, number=2, extensions=["2.5.29.27"])),  # a delta that names no base
        ("crl_base_missing", lambda site: crl(site.ca, number=2, base=1)),
        ("crl_base_missing", lambda site: crl(site.ca, number=1) + crl(site.ca, number=3, base=2)),
        ("crl_malformed", lambda site: bytes(range(256)) * 40),
        ("crl_malformed", lambda site: b""),
        ("crl_malformed", lambda site: crl(site.ca, pem=False) + b"\0"),
        ("pem_malformed", lambda site: crl(site.ca)[:-30]),
        ("crl_not_yet_valid", lambda site: crl(site.ca, begin=600)),
    ],
)
def test_a_start_fails_at_what_is_wrong(site, symbolon, tmp_path, code, make):
    site.other = ForeignCA(tmp_path / "twin", site.ca.name)  # the same name, another key
    site.stranger = ForeignCA(tmp_path / "stranger", "Stranger")
    if make:
        put(site.file, make(site))
    config = site.configure(site.entry())
    for command in (("config", "check"), ("run",)):
        outcome = symbolon.refused(code, "--config", config, *command)
        assert re.search(r"symbolon\.yaml:\d+:\d+", outcome.stderr), outcome


def test_a_list_that_is_wrong_or_older_changes_nothing(site, tmp_path):
    site.put(site.alice, number=7)
    with site.run(site.entry()):
        site.refused(site.alice, NOW)
        twin = ForeignCA(tmp_path / "twin", site.ca.name)
        for code, content in [
            ("crl_number_went_back", crl(site.ca, number=6, begin=-30)),
            ("crl_number_went_back", crl(site.ca, number=7, begin=-90)),
            ("crl_number_went_back", crl(site.ca, number=None, begin=-90)),
            ("crl_bad_signature", crl(site.ca, number=8, key=twin)),
            ("crl_not_yet_valid", crl(site.ca, number=8, begin=600)),
            ("crl_base_missing", crl(site.ca, number=9, base=8)),
        ]:
            since = site.running.mark()
            put(site.file, content)
            site.wait_says(code, since)
            site.refused(site.alice, NOW)
            assert site.admits(site.bob)
            wait_until(lambda: "cannot be refreshed" in site.status(), "status says it")
        assert Watched(site.metrics).value("symbolon_crl_refresh_failures_total", source=str(site.file)) == 6
        # Nor does a list of another scope, however new, open the way for an older one.
        only_cas = x509.IssuingDistributionPoint(None, None, False, True, None, False, False)
        put(site.file, crl(site.ca, number=9, scope=only_cas))
        wait_until(lambda: not site.admits(site.bob), "no list says anything of him")
        since = site.running.mark()
        put(site.file, crl(site.ca, number=6, begin=-30))
        site.wait_says("crl_number_went_back", since)
        site.put(number=8)
        wait_until(lambda: site.admits(site.alice), "the newer list took alice out")


def test_a_clock_that_differs_by_minutes_is_taken(site):
    site.put(site.alice, begin=240, date=240)
    with site.run(site.entry()):
        site.refused(site.alice, NOW)
        assert site.admits(site.bob)


def test_a_list_that_is_wrong_does_not_hold_up_a_renewal(site, backend):
    """Beside it a reload brings another server certificate."""
    site.put(site.alice, number=7)
    with site.run(site.entry()):
        site.refused(site.alice, NOW)
        since = site.running.mark()
        put(site.file, b"garbage")
        site.wait_says("crl_malformed", since)
        site.server.chain.write_text(site.ca.issue("renewed", eku="serverAuth", names="DNS:localhost,IP:127.0.0.1", key=site.server.key).chain.read_text())
        shown = lambda: peers.s_client(site.listen, site.ca.cert, site.bob, send=peers.HTTP_REQUEST).stdout.replace(" ", "")
        wait_until(lambda: "CN=renewed" in shown(), "the renewed certificate is shown")
        site.refused(site.alice, NOW)
        assert site.admits(site.bob)
        assert "cannot be refreshed" in site.status()
        site.put(number=8)
        wait_until(lambda: site.admits(site.alice), "the next list counts")
        wait_until(lambda: "cannot be refreshed" not in site.status(), "nothing is wrong any more")


def test_two_cas_of_one_name_have_each_their_list(site, tmp_path):
    """A list of the other one, with the same name, says nothing of alice, whatever serials it has."""
    twin = ForeignCA(tmp_path / "twin", site.ca.name)
    put(site.file, crl(twin, site.alice) + crl(site.ca, site.bob))
    issuers = tmp_path / "both.pem"
    issuers.write_text(twin.cert.read_text() + site.ca.cert.read_text())
    with site.run(site.entry(issuers=str(issuers))):
        assert site.admits(site.alice)
        site.refused(site.bob, NOW)
        put(site.file, crl(twin, site.alice))
        wait_until(lambda: not site.admits(site.alice), "no list of its CA is there")
        site.refused(site.alice, UNKNOWN)


def test_a_pinned_certificate_is_refused_as_others_are(site, symbolon, backend, web):
    """It stands in the trust file itself; its CA is trusted by no route."""
    clients = {"verify": "require", "trust": [str(site.alice.cert)], "allow": "any_verified"}
    gateway = {"routes": [static_route(site.listen, backend.address, site.server, [], clients=clients)], "crls": [web.entry()]}
    config = symbolon.configure(gateway)
    with symbolon.run(config, site.listen) as site.running:
        assert web.url in str(site.refused(site.alice, UNKNOWN))
        web.put(end=8)
        with web.start():
            wait_until(lambda: site.admits(site.alice), "the list came", 60)
            web.put(site.alice, number=2)
            wait_until(lambda: not site.admits(site.alice), "it was revoked")
            site.refused(site.alice, NOW)


# -- deltas


@pytest.fixture
def delta(site, tmp_path):
    """A file for deltas beside the site's: delta.put() writes it, delta.entry() is the configuration's."""

    class Delta:
        file = tmp_path / "delta.crl"

        def put(self, *revoked, **options):
            return put(self.file, crl(site.ca, *revoked, **options))

        def entry(self, **more):
            return {"from": str(self.file), **more}

    return Delta()


def test_a_delta_adds_and_takes_out_what_was_on_hold(site, delta):
    site.put(site.alice, number=5, reasons={site.alice: "certificateHold"})
    delta.put(site.bob, number=6, base=5)
    with site.run(site.entry(), delta.entry()):
        site.refused(site.alice, NOW)
        site.refused(site.bob, NOW)
        # alice is released, and bob is not in this one: the newest delta counts alone
        delta.put(site.alice, number=7, base=5, reasons={site.alice: "removeFromCRL"})
        wait_until(lambda: site.admits(site.alice) and site.admits(site.bob), "the delta counts")
        with peers.python_client(site.listen, site.ca.cert, site.alice) as open_one:
            assert peers.http_over(open_one) == "hello from the backend"
            since = site.running.mark()
            delta.put(site.alice, number=8, base=5, reasons={site.alice: "keyCompromise"})
            site.running.wait_record("closed", since=since, reason=NOW)
        # in a full list for good: no delta takes it out
        site.put(site.alice, number=9, reasons={site.alice: "keyCompromise"})
        delta.put(site.alice, number=10, base=9, reasons={site.alice: "removeFromCRL"})
        wait_until(lambda: "builds on" not in site.status(), "the base is here")
        site.refused(site.alice, NOW)


def test_a_delta_of_openssl(site, delta):
    put(site.file, site.ca.numbered_crl(16))
    site.ca.revoke(site.alice)
    put(delta.file, site.ca.numbered_crl(17, base=16))
    assert "Delta CRL Indicator: critical" in openssl("crl", "-in", delta.file, "-noout", "-text")
    with site.run(site.entry(), delta.entry()):
        site.refused(site.alice, NOW)
        assert site.admits(site.bob)


def test_a_delta_that_is_too_old_makes_its_base_too_old(site, delta):
    site.put(number=5, end=7200)
    delta.put(site.alice, number=6, base=5, begin=-7200, end=-3600)
    with site.run(site.entry(), delta.entry(on_stale="refuse")):
        site.refused(site.alice, NOW)
        assert "delta CRL" in str(site.refused(site.bob, UNKNOWN))
        assert "delta CRL" in site.status()
        site.put(number=6)
        wait_until(lambda: site.admits(site.bob) and site.admits(site.alice), "a full list as new needs no delta")


def test_a_delta_may_be_fetched(site, web):
    """The full list lies in a file, and has ended; its deltas come from a server."""
    site.put(number=5, begin=-7200, end=-3600)
    with site.run(site.entry(on_stale="refuse"), web.entry()):
        site.refused(site.bob, UNKNOWN)
        web.put(site.alice, number=6, base=5)
        with web.start():
            wait_until(lambda: site.admits(site.bob), "the delta came", 60)
            site.refused(site.alice, NOW)
            left = Watched(site.metrics).value("symbolon_crl_next_update_seconds", source=str(site.file))
            assert left > 0, "it is as fresh as the delta"
            since = site.running.mark()
            web.put(number=9, base=8)
            site.wait_says("crl_base_missing", since)
            wait_until(lambda: not site.admits(site.bob), "the full list alone is too old")
            site.put(number=8, begin=-30)
            wait_until(lambda: site.admits(site.bob), "the base is here")


@pytest.mark.parametrize(
    "on_stale, code", [("refuse", UNKNOWN), ("grace 30m", UNKNOWN), ("grace 24h", None), (None, None), ("insecure_last_known", None)]
)
def test_a_list_that_is_too_old(site, on_stale, code):
    site.put(site.alice, begin=-7200, end=-3600)
    with site.run(site.entry(**({"on_stale": on_stale} if on_stale else {}))):
        site.refused(site.alice, NOW)  # what is revoked stays revoked
        if code:
            words = str(site.refused(site.bob, code))
            assert "should have been renewed by" in words and site.ca.name in words and str(site.file) in words, words
        else:
            assert site.admits(site.bob)
        assert "should have been renewed by" in site.status()
        site.wait_says("crl_stale")
        if on_stale == "insecure_last_known":
            assert "insecure_last_known" in site.running.output
        site.put(number=2)
        wait_until(lambda: site.admits(site.bob) and site.admits(site.alice), "the new list counts")


def test_becoming_too_old_while_it_runs(site):
    site.put(end=10, begin=-60)
    with site.run(site.entry(on_stale="refuse")):
        assert site.admits(site.bob)
        site.wait_refused(site.bob, UNKNOWN)
        assert "ends in" in site.running.output or "should have been renewed" in site.status()


def test_what_would_do_nothing_is_refused(site, symbolon):
    site.put()
    for code, entry in [
        ("config_missing_key", {"from": "http://127.0.0.1:1/ca.crl"}),
        ("config_bad_value", {"from": "https://ca.example/ca.crl", "issuers": str(site.ca.cert)}),
        ("config_bad_value", {"from": "ldap://ca.example/ca.crl", "issuers": str(site.ca.cert)}),
        ("config_bad_value", site.entry(refresh="1h")),
        ("config_bad_value", site.entry(on_stale="sometimes")),
    ]:
        symbolon.refused(code, "--config", site.configure(entry), "config", "check")
    symbolon.do("--config", site.configure({"from": f"file://{site.file}"}), "config", "check")


# -- URLs


def test_a_server_that_is_away_at_the_start_lets_nobody_in(site, web):
    web.put(site.alice)
    with site.run(web.entry()):
        record = site.refused(site.bob, UNKNOWN)
        assert web.url in str(record), record
        assert "was not fetched yet" in site.status()
        assert Watched(site.metrics).value("symbolon_crl_refresh_failures_total", source=web.url) >= 1
        with web.start():
            wait_until(lambda: site.admits(site.bob), "the list came", 60)
            site.refused(site.alice, NOW)
            assert "was not fetched yet" not in site.status()


def test_a_new_list_is_fetched_and_ends_open_connections(site, web):
    """In the sandboxed processes of `symbolon run`, on the port that the configuration names."""
    web.put()
    with web.start() as nginx, site.run(web.entry()):
        wait_until(lambda: site.admits(site.alice), "the list came")
        nginx.wait_answered("/ca.crl 304")
        assert nginx.log.read_text().splitlines().count("/ca.crl 200") == 1, "what it has is not sent again"
        with peers.python_client(site.listen, site.ca.cert, site.alice) as open_one:
            assert peers.http_over(open_one) == "hello from the backend"
            since = site.running.mark()
            web.put(site.alice, number=2)
            site.running.wait_record("closed", since=since, reason=NOW)
        site.refused(site.alice, NOW)
        assert site.admits(site.bob)


def test_a_url_that_gives_an_older_or_wrong_list_changes_nothing(site, web, tmp_path):
    web.put(site.alice, number=7)
    with web.start(), site.run(web.entry()):
        wait_until(lambda: site.admits(site.bob), "the list came")
        twin = ForeignCA(tmp_path / "twin", site.ca.name)
        for code, options in [("crl_number_went_back", {"number": 6}), ("crl_bad_signature", {"number": 8, "key": twin})]:
            web.put(**options)
            site.wait_says(code)
            site.refused(site.alice, NOW)
            assert site.admits(site.bob)
        assert "cannot be refreshed" in site.status()


def test_a_server_that_goes_away_is_waited_for(site, web):
    web.put(site.alice)
    nginx = web.start()
    with site.run(web.entry()):
        wait_until(lambda: site.admits(site.bob), "the list came")
        nginx.stop()
        site.wait_says("connection_refused")
        assert site.admits(site.bob)
        site.refused(site.alice, NOW)
        wait_until(lambda: "cannot be refreshed" in site.status(), "a warning")


def test_a_restart_goes_on_with_the_list_that_was_kept(site, web):
    web.put(site.alice, number=7)
    with web.start(), site.run(web.entry()):
        wait_until(lambda: site.admits(site.bob), "the list came")
        kept = site.symbolon.state / "gateway" / "crls"
        copy = wait_until(lambda: list(kept.glob("*.crl")) if kept.exists() else None, "the copy")[0]
    assert copy.stat().st_mode & 0o777 == 0o600
    with site.run(web.entry()):
        assert site.admits(site.bob)
        site.refused(site.alice, NOW)
        web.put(number=6)
        since = site.running.mark()
        with web.start():
            site.wait_says("crl_number_went_back", since)
            site.refused(site.alice, NOW)
    copy.write_bytes(crl(site.ca, number=8)[:-40])  # judged anew: a damaged one is none
    with site.run(web.entry()):
        site.refused(site.bob, UNKNOWN)


def test_a_reload_brings_another_server(site, web):
    """On a port that the running gateway may not connect to by itself."""
    site.put()
    web.put(site.alice)
    with web.start(), site.run(site.entry()):
        assert site.admits(site.alice)
        site.configure(web.entry())
        wait_until(lambda: not site.admits(site.alice), "the reload")  # nobody is admitted until the list came
        wait_until(lambda: site.admits(site.bob), "the list came")
        site.refused(site.alice, NOW)


def test_the_authority_and_another_ca_each_revoke_their_own(symbolon, backend, foreign, tmp_path):
    symbolon.init()
    server = symbolon.issue("server", "localhost", "127.0.0.1")
    ours, theirs, listen = symbolon.issue("client", "carol"), foreign.issue("dave"), port()
    file = put(tmp_path / "foreign.crl", crl(foreign))
    clients = {"verify": "require", "trust": ["authority", str(foreign.cert)], "allow": "any_verified"}
    route = static_route(listen, backend.address, server, [], clients=clients)
    config = symbolon.configure({"routes": [route], "crls": [{"from": str(file)}]}, authority={})
    admits = lambda client: peers.curl(listen, symbolon.ca, client).status == 0  # noqa: E731
    with symbolon.run(config, listen, program=(BINARY, "run", "--config")) as running:
        assert admits(ours) and admits(theirs)
        symbolon.do("revoke", "carol")
        wait_until(lambda: not admits(ours), "ours is refused")
        assert admits(theirs)
        put(file, crl(foreign, theirs, number=2))
        wait_until(lambda: not admits(theirs), "theirs is refused")
        running.wait_record("refused", NOW)
