"""The configuration, certificates, trust and rules change under open connections: those that would still be admitted go on,
the others are closed with their reason, and what is broken changes nothing."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import ssl
import threading

import pytest

from harness import peers, roles
from harness.attack import SANITIZED
from harness.backend import Backend
from harness.metrics import Watched
from harness.process import is_listening, wait_until
from harness.symbolon import port, static_route

# More of them where time allows: 1000 take some minutes.
RELOADS = int(os.environ.get("SYMBOLON_RELOADS", "30"))


def replace(path, text):
    """As editors and configuration management do: written beside it, renamed over it."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    beside.rename(path)


class Site:
    """A gateway with one route in front of an echoing service; `rules(...)` changes it."""

    def __init__(self, symbolon, foreign, echo):
        self.symbolon, self.foreign, self.echo = symbolon, foreign, echo
        self.port, self.server = port(), foreign.server()
        self.alice, self.bob = foreign.issue("alice"), foreign.issue("bob")
        metrics = port()
        self.watched, self.more = Watched(metrics), {"metrics": {"listen": f"127.0.0.1:{metrics}"}}
        self.config = symbolon.configure(self.routes(), **self.more)
        symbolon.env["SYMBOLON_CONFIG"] = str(self.config)
        self.running = symbolon.run(self.config, self.port, metrics)

    def routes(self, allow="any_verified", more=(), **changes):
        route = static_route(
            self.port, self.echo.address, self.server, [self.foreign.cert], clients={"allow": allow, **changes}
        )
        return [route, *more]

    def reload(self, wanted="reloaded", **changes):
        """Writes the configuration anew, and waits until it is in use."""
        since = self.running.mark()
        kept = self.config.read_text()
        self.symbolon.configure(self.routes(**changes), file="next.yaml", **self.more)
        replace(self.config, (self.symbolon.folder / "next.yaml").read_text())
        assert self.config.read_text() != kept
        self.running.wait_line(lambda line: f"reloading: {self.config} changed" in line, "why it reloads", since)
        self.running.wait_line(lambda line: wanted in line, wanted, since)

    def reloads(self):
        """(whether the last one was successful, how many failed, the generation in force), as the metrics say."""
        names = ("last_reload_successful", "reload_failures_total", "generation")
        return tuple(self.watched.value(f"symbolon_config_{name}") for name in names)

    def connect(self, credential, **options):
        return peers.python_client(self.port, self.foreign.cert, credential, **options)


def echoes(secure, text=b"still here"):
    secure.sendall(text)
    got = b""
    while len(got) < len(text):
        if not (piece := secure.recv(4096)):
            return False
        got += piece
    return got == text


def ended(secure):
    try:
        return secure.recv(4096) == b""
    except (ConnectionError, ssl.SSLError):
        return True


@pytest.fixture
def site(symbolon, foreign, echo):
    site = Site(symbolon, foreign, echo)
    with site.running:
        yield site


def test_changed_rules_close_exactly_those_who_are_no_longer_admitted(site):
    with site.connect(site.alice) as alice, site.connect(site.bob) as bob:
        assert echoes(alice) and echoes(bob)
        site.reload(allow=[{"cn": "bob"}])
        assert ended(alice)
        closed = site.running.wait_record("closed")
        assert closed["reason"] == "not_allowed_by_policy" and closed["serial"] == site.alice.serial
        assert echoes(bob)
        site.reload(allow=[{"cn": "bob"}, {"cn": "carol"}])
        assert echoes(bob)
    with site.connect(site.foreign.issue("carol")) as carol:
        assert echoes(carol)


def test_a_certificate_that_is_exchanged_by_a_link_is_shown_from_then_on(site, tmp_path):
    """As Kubernetes exchanges the files of a volume."""
    volume = tmp_path / "volume"
    for version in ("..1", "..2"):
        server = site.foreign.server(f"server{version}")
        (volume / version).mkdir(parents=True)
        shutil.copy(server.chain, volume / version / "tls.crt")
        shutil.copy(server.key, volume / version / "tls.key")
    (volume / "..data").symlink_to("..1")
    for name in ("tls.crt", "tls.key"):
        (volume / name).symlink_to(f"..data/{name}")

    class Linked:
        chain, key = volume / "tls.crt", volume / "tls.key"

    def shown():
        with site.connect(site.alice) as secure:
            return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True))

    site.server = Linked
    site.reload()
    first = shown()
    with site.connect(site.alice) as alice:
        since = site.running.mark()
        (volume / "..data_tmp").symlink_to("..2")
        (volume / "..data_tmp").rename(volume / "..data")
        site.running.wait_line(lambda line: "reloaded" in line, "reloaded", since)
        assert echoes(alice)
    assert shown() != first
    assert shown() in (volume / "..2" / "tls.crt").read_text()


def test_a_broken_file_changes_nothing_and_is_named(site):
    with site.connect(site.alice) as alice:
        good = site.config.read_text()
        _, _, generation = site.reloads()
        assert site.reloads() == (1, 0, generation) and "not loaded" not in site.symbolon.do("status")
        since = site.running.mark()
        replace(site.config, good.replace('"routes"', '"roots"'))
        line = site.running.wait_line(lambda line: "config_unknown_key" in line, "the error", since)[1]
        assert line
        site.running.wait_line(lambda line: "stays as it was" in line, "what becomes of it", since)
        assert echoes(alice)
        with site.connect(site.bob) as bob:
            assert echoes(bob)
        wait_until(lambda: site.reloads() == (0, 1, generation), "the metrics say that it failed")
        (told,) = [line for line in site.symbolon.do("status").splitlines() if "not loaded" in line]
        assert f"{site.config}:" in told and "'routes' is missing" in told, told
        since = site.running.mark()
        replace(site.config, good)
        site.running.wait_line(lambda line: "reloaded" in line, "reloaded", since)
        wait_until(lambda: site.reloads() == (1, 1, generation + 1), "the metrics say that it succeeded")
        assert "not loaded" not in site.symbolon.do("status")
        assert echoes(alice)


def test_a_key_that_others_can_read_keeps_the_old_one_until_it_is_private(site):
    with site.connect(site.alice) as alice:
        since = site.running.mark()
        site.server.key.chmod(0o644)
        site.running.wait_line(lambda line: "key_file_exposed" in line, "the error", since)
        wait_until(lambda: site.reloads()[:2] == (0, 1), "the metrics say that it failed")
        (told,) = [line for line in site.symbolon.do("status").splitlines() if "not loaded" in line]
        assert str(site.server.key) in told, told
        assert echoes(alice)
        since = site.running.mark()
        site.server.key.chmod(0o600)
        site.running.wait_line(lambda line: "reloaded" in line, "reloaded", since)
        wait_until(lambda: site.reloads()[:2] == (1, 1), "the metrics say that it succeeded")
        assert "not loaded" not in site.symbolon.do("status")
        assert echoes(alice)


def test_sighup_reloads_what_nobody_touched(site):
    with site.connect(site.alice) as alice:
        since = site.running.mark()
        site.running.child.send_signal(signal.SIGHUP)
        site.running.wait_line(lambda line: "reloaded" in line, "reloaded", since)
        assert echoes(alice)


def test_listeners_come_and_go(site):
    second = port()
    with site.connect(site.alice) as alice:
        more = static_route(second, site.echo.address, site.server, [site.foreign.cert], name="second")
        site.reload(more=[more])
        with peers.python_client(second, site.foreign.cert, site.bob) as bob:
            assert echoes(bob) and echoes(alice)
            site.reload()
            assert ended(bob)
            site.running.wait_record("closed", serial=site.bob.serial, reason="route_removed")
        wait_until(lambda: not is_listening(second), "the second address is closed")
        assert echoes(alice)


def test_what_had_no_name_when_the_gateway_was_confined_is_reached(site):
    """Another port of a service, and a Unix socket to listen on: the supervisor lends a hand."""
    path = site.symbolon.folder / "in.sock"
    with Backend("echo") as other, site.connect(site.alice) as alice:
        second = port()
        by_port = static_route(second, other.address, site.server, [site.foreign.cert], name="by_port")
        by_file = static_route(second, site.echo.address, site.server, [site.foreign.cert], name="by_file")
        site.reload(more=[by_port, {**by_file, "listen": f"unix:{path}"}])
        with peers.python_client(second, site.foreign.cert, site.bob) as bob:
            assert echoes(bob) and echoes(alice), site.running.output
        with socket.socket(socket.AF_UNIX) as local:
            local.connect(str(path))
            with peers.python_context(site.foreign.cert, site.bob).wrap_socket(local, server_hostname="localhost") as bob:
                assert echoes(bob)
        assert path.stat().st_mode & 0o777 == 0o600
        site.reload()
        wait_until(lambda: not path.exists(), "the socket is gone with its route")


def test_an_address_that_is_taken_changes_nothing(site, backend):
    taken = static_route(backend.port, site.echo.address, site.server, [site.foreign.cert], name="taken")
    with site.connect(site.alice) as alice:
        site.reload(wanted="listen_in_use", more=[taken], allow=[{"cn": "bob"}])
        assert echoes(alice)


def test_records_go_on_in_a_new_file_after_the_old_one_was_renamed(symbolon, foreign, echo):
    """As logrotate does it: rename, then SIGHUP."""
    listen, records = port(), symbolon.folder / "records"
    route = static_route(listen, echo.address, foreign.server(), [foreign.cert])
    config = symbolon.configure({"routes": [route], "records": str(records)})
    with symbolon.run(config, listen) as running:
        with peers.python_client(listen, foreign.cert, foreign.issue("alice")) as alice:
            assert echoes(alice)
            records.rename(records.with_name("records.1"))
            since = running.mark()
            running.child.send_signal(signal.SIGHUP)
            running.wait_line(lambda line: "reloaded" in line, "reloaded", since)
            wait_until(records.exists, "the new file")
        wait_until(lambda: "closed" in records.read_text(), "the record in the new file")
        assert "opened" in records.with_name("records.1").read_text()


def test_a_revoked_client_is_cut_off_from_its_open_connection(symbolon, echo):
    symbolon.init()
    listen = port()
    route = {
        "name": "web",
        "listen": f"127.0.0.1:{listen}",
        "to": echo.address,
        "certificate": {"from": "authority", "names": ["localhost"]},
        "clients": {"trust": ["authority"], "allow": "any_verified"},
    }
    alice, bob = symbolon.issue("client", "alice"), symbolon.issue("client", "bob")
    with symbolon.run(symbolon.configure([route]), listen) as running:
        with peers.python_client(listen, symbolon.ca, alice) as a, peers.python_client(listen, symbolon.ca, bob) as b:
            assert echoes(a) and echoes(b)
            symbolon.do("revoke", "alice")
            assert ended(a)
            running.wait_record("closed", reason="client_certificate_revoked")
            assert echoes(b)


@pytest.mark.needs_root  # to count the descriptors of a process that hides from its own user
def test_many_reloads_under_load_leak_nothing(site):
    process = pathlib.Path("/proc") / str(roles.wait_roles(site.running, "gateway")["gateway"])

    def descriptors():
        return sorted(os.readlink(one) for one in (process / "fd").iterdir())

    def no_more_than(before):
        with contextlib.suppress(FileNotFoundError):  # closed while we looked
            return len(descriptors()) <= before

    def memory():
        """KiB that are this process's own."""
        for line in (process / "smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1])
        raise AssertionError("no Private_Dirty")

    stop, failures, visits = threading.Event(), [], [0]

    def visit():
        while not stop.is_set():
            try:
                with site.connect(site.bob) as secure:
                    assert echoes(secure)
                visits[0] += 1
            except Exception as problem:  # whatever it is, the test must name it
                failures.append(problem)

    def reload():
        since = site.running.mark()
        site.running.child.send_signal(signal.SIGHUP)
        site.running.wait_line(lambda line: "reloaded" in line, "reloaded", since)

    with site.connect(site.alice) as alice:
        assert echoes(alice)
        reload()
        resting = descriptors()
        visitor = threading.Thread(target=visit)
        visitor.start()
        try:
            for _ in range(10):  # caches and pools fill
                reload()
            before, visited = memory(), visits[0]
            for _ in range(RELOADS):
                reload()
                assert echoes(alice)
            wait_until(lambda: visits[0] > visited, "a visit among the reloads")
        finally:
            stop.set()
            visitor.join()
        assert not failures, failures[:3]
        grown = memory() - before
        assert SANITIZED or grown < 1024 + RELOADS * 4, f"{grown} KiB more after {RELOADS} reloads"
        try:
            wait_until(lambda: no_more_than(len(resting)), "no descriptor more")
        except TimeoutError:
            raise AssertionError(f"{set(descriptors()) - set(resting)} are left") from None
        assert echoes(alice)
