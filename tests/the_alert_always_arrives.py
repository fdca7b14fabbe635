"""A refused client learns why, even when it writes 256 KiB right after its Finished and only then reads: in TLS 1.3 its
handshake is over before our verdict, and a reset would destroy the alert on its way.

SYMBOLON_ALERTS sets how many connections each test makes (default 1000)."""

import os
import select
import ssl

import pytest

from harness import peers
from harness.symbolon import UNDRAINED

COUNT = int(os.environ.get("SYMBOLON_ALERTS", "1000"))


@pytest.fixture
def stranger(tmp_path):
    from harness.pki import ForeignCA

    return ForeignCA(tmp_path / "other", "Other").issue("mallory")


def assert_all(seen, alert, gateway):
    assert seen == {alert: COUNT}
    assert gateway.child.poll() is None


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_openssl(gateway_of, foreign, stranger, version):
    gateway = gateway_of()
    assert_all(peers.many_python(gateway.port, foreign.cert, stranger, version, COUNT), "alert: unknown ca", gateway)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_go(gateway_of, foreign, stranger, tmp_path, version):
    gateway, client = gateway_of(), peers.build_go(tmp_path)
    assert_all(
        peers.many(client, gateway.port, foreign.cert, stranger, version, COUNT),
        "alert: unknown certificate authority",
        gateway,
    )


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_java(gateway_of, foreign, stranger, tmp_path, version):
    gateway, client = gateway_of(), peers.build_java(tmp_path)
    assert_all(peers.many(client, gateway.port, foreign.cert, stranger, version, COUNT), "alert: unknown_ca", gateway)


def seen_by_one_that_writes_on(port, ca, credential, patience):
    """It writes after the server has closed, once more when the connection was reset for that (which it awaits for so many
    milliseconds), and takes a write that fails for the end, as many programs do."""
    with peers.python_client(port, ca, credential, ssl.TLSVersion.TLSv1_3) as secure:
        events = select.poll()
        events.register(secure, select.POLLRDHUP)
        assert events.poll(20_000), "the server does not close"
        try:
            secure.sendall(b"late")
            events.modify(secure, 0)
            events.poll(patience)  # for a reset
            secure.sendall(b"later")
        except OSError as lost:
            return type(lost).__name__
        try:
            return secure.recv(1)
        except ssl.SSLError as alert:
            return alert.reason


def test_without_the_draining_close_alerts_are_lost(gateway_of, foreign, stranger):
    """The tests above can fail: a close that does not wait for the client's octets resets the connection."""
    drained, undrained = gateway_of(), gateway_of(program=(UNDRAINED,))
    assert seen_by_one_that_writes_on(drained.port, foreign.cert, stranger, 300) == "TLSV1_ALERT_UNKNOWN_CA"
    lost = seen_by_one_that_writes_on(undrained.port, foreign.cert, stranger, 20_000)
    assert lost in ("BrokenPipeError", "ConnectionResetError", "SSLEOFError")
