"""A refused client learns why, even when it writes 256 KiB right after its Finished and only then reads: in TLS 1.3 its
handshake is over before our verdict, and a reset would destroy the alert on its way.

SYMBOLON_ALERTS sets how many connections each test makes (default 1000)."""

import os

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


def test_without_the_draining_close_alerts_are_lost(gateway_of, foreign, stranger, tmp_path):
    """The tests above can fail: with the draining switched off they do."""
    gateway = gateway_of(program=(UNDRAINED,))
    seen = peers.many(peers.build_java(tmp_path), gateway.port, foreign.cert, stranger, "1.3", COUNT)
    assert sum(seen.values()) == COUNT
    assert seen.get("alert: unknown_ca", 0) < COUNT, "no alert was lost: the draining close proves nothing"
