"""Rights, profiles and what else stands under `authority` change: authority and signer are started anew, the gateway goes on. What is
broken changes nothing."""

import contextlib
import signal

import pytest

from harness import peers, roles
from harness.process import wait_until
from harness.symbolon import port


class Site:
    def __init__(self, symbolon, echo):
        self.symbolon, self.echo = symbolon, echo
        self.port, self.api = port(), port()
        self.laptop = symbolon.issue("client", "laptop")
        self.running = symbolon.run(self.write(), self.port, self.api)
        self.running.wait_line(lambda line: "all roles are ready" in line, "all roles are ready")
        self.pids = roles.wait_roles(self.running, "signer", "authority", "gateway")

    def write(self, profile="server", **authority):
        route = {
            "name": "web",
            "listen": f"127.0.0.1:{self.port}",
            "to": self.echo.address,
            "certificate": {"from": "authority", "profile": profile, "names": ["localhost"]},
            "clients": {"trust": ["authority"], "allow": "any_verified"},
        }
        authority = {"name": "localhost", "listen": f"127.0.0.1:{self.api}", **authority}
        return self.symbolon.configure([route], authority=authority)

    def change(self, **authority):
        """And waits until both of the authority's processes are others, and serve."""
        self.write(**authority)
        before = [self.pids["signer"], self.pids["authority"]]
        now = roles.wait_roles(self.running, "signer", "authority", other_than=before)
        self.running.wait_socket(self.symbolon.state / "authority.sock")
        wait_until(lambda: self.status("/v1/status") is not None, "the API serves again")
        assert now["gateway"] == self.pids["gateway"]
        self.pids = now

    def status(self, path):
        """Of the API, to the laptop; None: nobody answers."""
        arguments = ["-o", "/dev/null", "-w", "%{http_code}"]
        answer = peers.curl(self.api, self.symbolon.ca, self.laptop, path=path, arguments=arguments)
        return int(answer.stdout) if answer.status == 0 else None


@pytest.fixture
def site(symbolon, echo):
    symbolon.init()
    site = Site(symbolon, echo)
    with site.running:
        yield site


@contextlib.contextmanager
def an_open_connection(site):
    with peers.python_client(site.port, site.symbolon.ca, site.laptop) as secure:
        yield
        secure.sendall(b"still here")
        assert secure.recv(100) == b"still here"


def test_rights_are_given_and_taken(site):
    with an_open_connection(site):
        assert site.status("/v1/certificates") == 403
        site.change(rights={"auditor": [{"cn": "laptop"}]})
        assert site.status("/v1/certificates") == 200
        site.change()
        assert site.status("/v1/certificates") == 403


def test_a_reload_by_signal_restarts_nobody_without_a_change(site):
    with an_open_connection(site):
        since = site.running.mark()
        site.running.child.send_signal(signal.SIGHUP)
        for role in ("authority", "gateway"):
            site.running.wait_line(lambda line, role=role: "reloaded" in line and role in line, f"{role} reloaded", since)
        assert roles.roles(site.running) == site.pids
        assert site.status("/v1/certificates") == 403


def test_an_address_that_is_taken_keeps_the_old_authority(site, backend):
    since = site.running.mark()
    site.write(listen=f"127.0.0.1:{backend.port}", rights={"auditor": [{"cn": "laptop"}]})
    site.running.wait_line(lambda line: "listen_in_use" in line, "the error", since)
    assert site.status("/v1/certificates") == 403
    assert roles.roles(site.running) == site.pids


def test_a_route_that_needs_the_new_profile_is_taken_up_with_it(site):
    """One change for both: the gateway asks until the new authority knows the profile."""
    with an_open_connection(site):
        since = site.running.mark()
        site.write(profile="edge", profiles={"edge": {"base": "server", "lifetime": "2d"}})
        line = lambda line: '"reloaded"' in line and '"gateway"' in line  # noqa: E731
        site.running.wait_line(line, "the gateway has reloaded", since)


def test_a_new_profile_is_known_to_who_issues_and_to_who_signs(site, tmp_path):
    with an_open_connection(site):
        site.symbolon.refused("profile_unknown", "issue", "partner", "shop.partner.example")
        site.change(profiles={"partner": {"base": "client", "lifetime": "2d"}})
        site.symbolon.do("issue", "partner", "shop.partner.example", "--out", tmp_path)


def test_a_broken_profile_changes_nothing(site):
    with an_open_connection(site):
        since = site.running.mark()
        site.write(rights={"auditor": [{"cn": "laptop"}]}, profiles={"partner": {"base": "nothing"}})
        site.running.wait_line(lambda line: "config_bad_value" in line and "partner" in line, "the error", since)
        site.running.wait_line(lambda line: "stays as it was" in line, "what becomes of it", since)
        assert site.status("/v1/certificates") == 403
        assert roles.roles(site.running) == site.pids
