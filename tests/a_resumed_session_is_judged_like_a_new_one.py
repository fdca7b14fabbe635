"""With `session_tickets: true` clients resume their sessions, and each is judged as a new handshake would be: one of a client that
was revoked, has ended, or is admitted no more is declined, and the full handshake that follows is refused with its alert."""

import datetime
import re
import ssl
import time

import pytest
from cryptography import x509

from harness import peers, proxies
from harness.attack import gateway_of
from harness.metrics import Watched
from harness.pki import ForeignCA
from harness.process import run, wait_until
from harness.roles import status_field
from harness.symbolon import port, static_route

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
REVOKED = "client_certificate_revoked"
SOON = 4 / 86_400  # days


class Client:
    """Python's ssl, which comes back with the newest session that it got."""

    def __init__(self, site, credential, version, host="localhost"):
        self.site, self.version, self.host = site, version, host
        self.context = peers.python_context(site.ca.cert, credential, version)
        self.session = None

    def connect(self, host=None):
        return peers.python_client(self.site.port, None, context=self.context, session=self.session, host=host or self.host)

    def visit(self, host=None):
        """Whether it was resumed; raises where it was refused."""
        with self.connect(host) as secure:
            peers.http_over(secure)  # in TLS 1.3 the refusal, and the ticket, come after the handshake
            self.session = secure.session
            return secure.session_reused


class Site:
    """A gateway whose one route has tickets, an intermediate CA that issued its clients, and the CRL by which they are judged."""

    def __init__(self, symbolon, root, backend, folder):
        self.symbolon, self.root, self.ca, self.backend = symbolon, root, root, backend
        self.issuing = ForeignCA(folder / "issuing", "Issuing", issuer=root)
        self.server = root.server(names="DNS:localhost,DNS:otherhost,IP:127.0.0.1")
        self.port, self.metrics = port(), port()
        self.list, self.issuer = folder / "issuing.crl", folder / "issuers.pem"
        self.issuer.write_text(self.issuing.cert.read_text())
        self.list.write_text(self.issuing.crl().read_text())
        self.watched = Watched(self.metrics)
        self.running = None

    def configuration(self, file, clients=None, trust=None, **more):
        trusted = [self.root.cert] if trust is None else trust
        route = static_route(self.port, more.pop("to", self.backend.address), self.server, trusted, clients=clients)
        crls = [{"from": str(self.list), "issuers": str(self.issuer)}]
        more = {key: value for key, value in {"session_tickets": True, **more}.items() if value is not None}
        gateway = {"routes": [{**route, **more}], "crls": crls}
        return self.symbolon.configure(gateway, file=file, metrics={"listen": f"127.0.0.1:{self.metrics}"})

    def run(self, **options):
        self.config = self.configuration("symbolon.yaml", **options)
        self.running = self.symbolon.run(self.config, self.port, self.metrics)
        return self

    def reload(self, **options):
        since = self.running.mark()
        self.configuration("next.yaml", **options).rename(self.config)
        self.running.wait_line(lambda line: "reloaded" in line, "reloaded", since)

    def revoke(self, credential):
        self.issuing.revoke(credential)
        fresh = self.list.with_suffix(".new")
        fresh.write_text(self.issuing.crl().read_text())
        fresh.rename(self.list)
        wait_until(lambda: self.watched.value("symbolon_crl_entries"), "the list counts")

    def declined(self, reason):
        return self.watched.value("symbolon_sessions_declined_total", reason=reason) or 0

    def refuses(self, client, code):
        """Its session was declined for this, and so was the client."""
        since, before = self.running.mark(), self.declined(code)
        with pytest.raises(OSError):
            client.visit()
        record = self.running.wait_record("refused", code, since)
        assert record["session_declined"] == code and "alert_sent" in record
        wait_until(lambda: self.declined(code) == before + 1, "it is counted")


@pytest.fixture
def site(symbolon, foreign, backend, tmp_path):
    site = Site(symbolon, foreign, backend, tmp_path)
    yield site
    if site.running:
        site.running.stop()


@pytest.fixture
def alice(site):
    return site.issuing.issue("alice")


def session_of(outcome):
    """Of `openssl s_client`: Reused or New."""
    return re.search(r"^(New|Reused), TLSv1", outcome.stdout, re.M)[1]


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_resumes_and_is_refused_once_it_is_revoked(site, alice, tmp_path, version):
    running, session, chained = site.run().running, tmp_path / "session.pem", tmp_path / "chained.pem"
    came = lambda *options: peers.s_client(site.port, site.ca.cert, alice, [version, *options], peers.HTTP_REQUEST)  # noqa: E731
    first = came("-sess_out", session)
    assert session_of(first) == "New" and "hello from the backend" in first.stdout, first
    again = came("-sess_in", session, "-sess_out", chained)
    assert session_of(again) == "Reused" and "hello from the backend" in again.stdout, again
    resumed = running.wait_record("opened", resumed=True)
    full = running.wait_record("opened")
    assert "resumed" not in full
    for key in ("identity", "serial", "fingerprint", "issuer", "not_after", "rule", "server_name", "possession"):
        assert resumed[key] == full[key]
    if version == "-tls1_2":  # the ticket may be used again, and no other one is given
        chained = session
    assert session_of(came("-sess_in", chained)) == "Reused"
    handshakes = {
        kind: site.watched.value("symbolon_handshakes_total", session=kind, outcome="admitted") for kind in ("full", "resumed")
    }
    assert handshakes == {"full": 1, "resumed": 2}
    site.revoke(alice)
    for offered in (session, chained):
        since = running.mark()
        refused = came("-sess_in", offered)
        assert "hello from the backend" not in refused.stdout and peers.alert_of(refused) == 44, refused
        assert running.wait_record("refused", REVOKED, since)["session_declined"] == REVOKED


def go_has_extended_master_secret():
    return tuple(map(int, re.search(r"go(\d+)\.(\d+)", run(["go", "version"]).stdout).groups())) >= (1, 21)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_go_resumes_where_it_has_an_extended_master_secret(site, alice, tmp_path, version):
    """RFC 7627: in TLS 1.2 nothing is resumed without it."""
    site.run()
    seen = peers.many(peers.build_go(tmp_path), site.port, site.ca.cert, alice, version, 4, size=0, more=["resume"])
    if version == "1.2" and not go_has_extended_master_secret():
        assert seen == {"data: hello from the backend": 4}
    else:
        assert seen == {"data: hello from the backend": 1, "resumed, data: hello from the backend": 3}


@pytest.mark.parametrize("priority", ["NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"])
def test_gnutls_resumes(site, alice, priority):
    site.run()
    seen = peers.gnutls(site.port, site.ca.cert, alice, priority=priority, arguments=["--resume", "--waitresumption"])
    assert "This is a resumed session" in seen.output and "hello from the backend" in seen.stdout, seen


@pytest.mark.parametrize("version", VERSIONS)
def test_an_open_connection_that_was_resumed_closes_with_its_certificate(site, echo, version):
    site.run(to=echo.address)
    short = site.issuing.issue("short", days=(-1, 30))
    client = Client(site, short, version)
    with client.connect() as secure:
        assert peers.exchange(secure, b"x") == b"x"
        client.session = secure.session
    with client.connect() as secure:
        assert secure.session_reused and peers.exchange(secure, b"x") == b"x"
        site.revoke(short)
        closed = site.running.wait_record("closed", reason=REVOKED)
        assert closed["serial"] == short.serial
        with pytest.raises(OSError):
            if secure.recv(1) == b"":
                raise ConnectionError


@pytest.mark.parametrize("version", VERSIONS)
def test_after_its_certificate_it_is_refused(site, version):
    """Resumed as long as it lasts, again and again: chaining makes nothing younger."""
    site.run()
    short = site.issuing.issue("short", days=(-1, 2 * SOON))
    end = x509.load_pem_x509_certificate(short.cert.read_bytes()).not_valid_after.replace(tzinfo=datetime.UTC).timestamp()
    client = Client(site, short, version)
    assert client.visit() is False
    assert client.visit() is True

    def over():
        try:
            # A ticket counts its life in whole seconds, so that in the last one the certificate may outlive it.
            assert client.visit() or time.time() > end - 1.5
            return False
        except OSError:
            return True

    wait_until(over, "its end")
    with pytest.raises(OSError):  # the one before may have been cut off by the end
        client.visit()
    record = site.running.wait_record("refused", "client_certificate_expired")
    # A client may know better than to offer a session that is over.
    assert record.get("session_declined", "client_certificate_expired") in ("client_certificate_expired", "ticket_too_old")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_ends_its_lifetime_after_its_full_handshake(site, alice, version):
    site.run(ticket_lifetime="3s")
    client = Client(site, alice, version)
    assert client.visit() is False
    resumed = 0
    while client.visit():  # chained each time, without a pause: it must come to its end
        resumed += 1
    assert resumed > 0
    assert client.visit() is True  # the full handshake has begun another one


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_of_one_server_name_is_none_of_another(site, alice, version):
    site.run()
    client = Client(site, alice, version)
    assert client.visit() is False
    kept = client.session
    assert client.visit("otherhost") is False
    assert site.declined("ticket_of_another_context") == 1
    client.session = kept
    assert client.visit() is True


@pytest.mark.parametrize("version", VERSIONS)
def test_a_reload_that_trusts_others_or_admits_others_counts(site, alice, tmp_path, version):
    site.run()
    client = Client(site, alice, version)
    assert client.visit() is False
    kept = client.session
    site.reload(clients={"allow": [{"cn": "alice"}]})  # another rule admits her: the same session
    assert client.visit() is True
    other = ForeignCA(tmp_path / "other", "Other")
    site.reload(trust=[site.root.cert, other.cert])  # another trust: other keys
    client.session = kept
    assert client.visit() is False
    assert site.declined("ticket_unknown") == 1
    assert client.visit() is True
    site.reload(trust=[site.root.cert, other.cert], clients={"allow": "any_verified", "deny": [{"cn": "alice"}]})
    site.refuses(client, "not_allowed_by_policy")
    site.reload(session_tickets=False)
    assert client.visit() is False


def test_without_extended_master_secret_nothing_is_resumed(site, alice, tmp_path):
    """RFC 7627, in TLS 1.2; GnuTLS can leave it out."""
    site.run()
    priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH"
    seen = peers.gnutls(site.port, site.ca.cert, alice, priority=priority, arguments=["--resume"])
    assert "hello from the backend" in seen.stdout and "This is a resumed session" not in seen.output, seen


def test_no_session_id_is_resumed(site, alice):
    """Of TLS 1.2 without tickets: there is no session cache."""
    site.run()
    client = Client(site, alice, ssl.TLSVersion.TLSv1_2)
    client.context.options |= ssl.OP_NO_TICKET
    assert [client.visit(), client.visit()] == [False, False]
    assert client.session.id == b""


def test_the_service_is_told_that_the_certificate_is_of_the_session(site, alice):
    with proxies.Reader() as reader:
        site.run(to=reader.address, proxy_protocol="v2")
        client = Client(site, alice, ssl.TLSVersion.TLSv1_3)
        for count, (reused, flags) in enumerate([(False, 0x07), (True, 0x05)], 1):
            with client.connect() as secure:
                secure.sendall(peers.HTTP_REQUEST)
                while secure.recv(4096):
                    pass
                assert secure.session_reused is reused
                client.session = secure.session
            header, _ = proxies.parse_v2(reader.wait(count))
            assert header["client"] == flags and header["verify"] == 0 and header["cn"] == b"alice"


def test_it_is_off_unless_it_is_asked_for(site, alice):
    site.run(session_tickets=None)
    client = Client(site, alice, ssl.TLSVersion.TLSv1_3)
    assert [client.visit(), client.visit()] == [False, False]
    assert not client.session.has_ticket


@pytest.mark.parametrize("on", [True, False])
def test_the_keys_lie_in_locked_memory(site, alice, on):
    """Of the gateway in its sandbox, which locks nothing else."""
    site.run(session_tickets=on)
    assert Client(site, alice, ssl.TLSVersion.TLSv1_3).visit() is False
    assert status_field(gateway_of(site.running), "VmLck") == ("4 kB" if on else "0 kB")  # a page
