"""The gateway sends the OCSP response about its own certificate with it (RFC 6066 §8), fetched from the responder that the
certificate names: `openssl ocsp`, and the authority's own. It never waits for one, and says where there is none."""

import re
import signal

import pytest
from cryptography import x509

from harness import peers
from harness.metrics import Watched
from harness.pki import ForeignCA
from harness.process import Process, wait_until
from harness.symbolon import port, static_route


class Responder(Process):
    """`openssl ocsp` for this CA, signed by the CA itself. It reads the CA's index when it starts: what that gains later, it
    knows from its second answer on."""

    def __init__(self, ca, listen, minutes=60):
        index = ["-index", ca.folder / "index.txt", "-CA", ca.cert, "-rsigner", ca.cert, "-rkey", ca.key]
        super().__init__(["openssl", "ocsp", "-port", listen, *index, "-nmin", minutes])
        self.wait_listening(listen)


def server_of(ca, responder, name="localhost"):
    """A certificate that names the responder on this port; a root stands behind it in its file, although the gateway does not send it."""
    credential = ca.server(name, names="DNS:localhost,IP:127.0.0.1", ocsp=f"http://127.0.0.1:{responder}/")
    if ca.issuer is None:
        credential.chain.write_text(credential.cert.read_text() + ca.cert.read_text())
    return credential


class Visit:
    """What `openssl s_client -status` saw."""

    def __init__(self, listen, ca, client, *arguments):
        outcome = peers.s_client(listen, ca, client, ["-status", *arguments], peers.HTTP_REQUEST)
        self.output = outcome.output
        self.served = "hello from the backend" in self.output
        found = re.search(r"Cert Status: (\w+)", self.output)
        self.status = found and found[1]
        found = re.search(r"Serial Number: ([0-9A-F]+)", self.output)
        self.serial = found and int(found[1], 16)
        _, _, rest = self.output.partition("Server certificate\n")  # the response, in front, may hold another one
        self.presented = x509.load_pem_x509_certificate(rest.partition("subject=")[0].encode()).serial_number
        assert self.status is None or self.serial == self.presented, self.output


@pytest.fixture
def site(symbolon, backend, tmp_path):
    """A root, a CA with a client, and what it takes to run a gateway: site.run(certificate) gives it with .visit() and .metrics."""

    class Site:
        def __init__(self):
            self.root = ForeignCA(tmp_path / "ca", "Root")
            self.ca = ForeignCA(tmp_path / "ca", "Issuing", issuer=self.root)
            self.client = self.ca.issue("alice")
            self.listen, self.metrics = port(), port()

        def configure(self, server, **more):
            route = static_route(self.listen, backend.address, server, [self.root.cert], **more)
            return symbolon.configure([route], metrics={"listen": f"127.0.0.1:{self.metrics}"})

        def run(self, server, **more):
            return symbolon.run(self.configure(server, **more), self.listen, self.metrics)

        def visit(self, *arguments):
            return Visit(self.listen, self.root.cert, self.client, *arguments)

        def wait_stapled(self, *arguments):
            return wait_until(lambda: (seen := self.visit(*arguments)).status and seen, "a staple")

        def wait_warning(self, words):
            wait_until(lambda: words in symbolon.do("status"), f"a warning: {words}")

    return Site()


def test_what_the_responder_says_to_clients_that_ask(site):
    where = port()
    server = server_of(site.ca, where)
    with Responder(site.ca, where):
        with site.run(server):
            site.wait_stapled()
            for version in ("-tls1_2", "-tls1_3"):
                seen = site.visit(version)
                assert seen.served and (seen.status, seen.serial) == ("good", int(server.serial, 16)), seen.output
            demanding = peers.curl(site.listen, site.root.cert, site.client, arguments=["--cert-status"])
            assert demanding.status == 0, demanding
            left = Watched(site.metrics).value("symbolon_staple_remaining_seconds", route="web")
            assert 3400 < left <= 3600


def test_nothing_about_a_revoked_certificate(site):
    where = port()
    server = server_of(site.ca, where)
    site.ca.revoke(server)
    with Responder(site.ca, where):
        with site.run(server):
            site.wait_warning("revoked since")
            seen = site.visit()
            assert seen.served and seen.status is None, seen.output
            demanding = peers.curl(site.listen, site.root.cert, site.client, arguments=["--cert-status"])
            assert demanding.status == 91 and "No OCSP response received" in demanding.output, demanding


def test_nothing_while_the_responder_is_away_and_soon_when_it_is_back(site):
    where = port()
    server = server_of(site.root, where)
    with site.run(server):
        site.wait_warning("route 'web' presents its certificate without a staple")
        seen = site.visit()
        assert seen.served and seen.status is None, seen.output
        assert Watched(site.metrics).value("symbolon_staple_remaining_seconds", route="web") == 0
        with Responder(site.root, where):
            assert site.wait_stapled().status == "good"


def test_nothing_where_the_route_says_so(site):
    where = port()
    server = server_of(site.ca, where)
    with Responder(site.ca, where):
        with site.run(server, staple=False):
            assert site.visit().status is None
            assert Watched(site.metrics).value("symbolon_staple_remaining_seconds", route="web") is None


def test_never_the_old_response_with_a_new_certificate(site):
    """The new one names a responder on another port, which the running gateway may not connect to by itself."""
    first, second = port(), port()
    old, new = server_of(site.ca, first), server_of(site.ca, second, "renewed")
    with Responder(site.ca, first), site.run(old) as running:
        assert site.wait_stapled().serial == int(old.serial, 16)
        site.configure(new)
        running.child.send_signal(signal.SIGHUP)

        def renewed():
            seen = site.visit()
            return seen if seen.presented == int(new.serial, 16) else None

        seen = wait_until(renewed, "the new certificate")
        assert seen.served and seen.status is None, "nobody can have said anything about the new one"
        with Responder(site.ca, second):
            seen = site.wait_stapled()
            assert (seen.presented, seen.serial) == (int(new.serial, 16), int(new.serial, 16))


@pytest.fixture
def answering(symbolon, backend):
    """Authority with OCSP and gateway, whose certificate it issued: it has .port."""
    symbolon.init()
    listen, ocsp = port(), port()
    authority = {"ocsp": {"listen": f"127.0.0.1:{ocsp}", "url": f"http://127.0.0.1:{ocsp}"}}
    route = {
        "name": "web",
        "listen": f"127.0.0.1:{listen}",
        "to": backend.address,
        "certificate": {"from": "authority", "names": ["localhost"]},
        "clients": {"trust": ["authority"], "allow": "any_verified"},
    }
    with symbolon.run(symbolon.configure([route], authority=authority), listen, ocsp) as running:
        running.port = listen
        yield running


def test_what_our_own_authority_says(symbolon, answering):
    alice = symbolon.issue("client", "alice")
    visit = lambda: Visit(answering.port, symbolon.ca, alice)  # noqa: E731
    seen = wait_until(lambda: (one := visit()).status and one, "a staple")
    assert seen.served and seen.status == "good", seen.output
    demanding = peers.curl(answering.port, symbolon.ca, alice, arguments=["--cert-status"])
    assert demanding.status == 0, demanding
