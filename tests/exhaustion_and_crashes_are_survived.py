"""Descriptors used up, a disk without room, a clock that jumps, kill -9 under load: nobody wrong gets in, what is
open goes on where it can, and service is back when the trouble is over."""

import contextlib
import threading

import pytest

from harness import peers
from harness.attack import Usage, connections, echoes, gateway_of, limit_process
from harness.process import wait_until


@pytest.mark.needs_root  # Usage
def test_descriptors_used_up(start, foreign, alice):
    """Established connections go on; those that find no descriptor are closed, not left hanging; then service is back."""
    running = start(gateway={"limits": {"connections": 10_000}}, handshake_timeout="60s")
    with peers.python_client(running.port, foreign.cert, alice) as early:
        early.sendall(b"first")  # whoever is answered has its service
        assert early.recv(5) == b"first"
        limit_process(running, nofile=Usage(running).descriptors + 20)
        with connections(running.port, 60):
            running.wait_line(lambda line: "out_of_descriptors" in line, "the log says so")
            early.sendall(b"undisturbed")
            assert early.recv(11) == b"undisturbed"
            assert not echoes(running, foreign, alice)
        wait_until(lambda: echoes(running, foreign, alice), "service is back", deadline=60)
    assert running.watched.value("symbolon_connections_refused_total", code="out_of_descriptors") >= 1


@pytest.mark.needs_root  # Usage
def test_memory_at_its_end(start, foreign, alice):
    """Connections that would need more than there is are ended, one by one; the gateway stays and serves again."""
    running = start()
    assert echoes(running, foreign, alice)
    pid = gateway_of(running)
    limit_process(running, data=Usage(running).data + (6 << 20))
    context = peers.python_context(foreign.cert, alice)
    ended = served = 0
    with contextlib.ExitStack() as stack:
        while ended < 10 and served < 3_000:
            try:
                client = stack.enter_context(peers.python_client(running.port, foreign.cert, context=context))
                client.sendall(b"x")
                served, ended = (served + 1, ended) if client.recv(1) == b"x" else (served, ended + 1)
            except OSError:
                ended += 1
            assert gateway_of(running) == pid, running.output
    assert ended == 10, f"the memory was never at its end: {served} connections were served"
    limit_process(running, data="unlimited")
    wait_until(lambda: echoes(running, foreign, alice), "service is back", deadline=60)
    assert gateway_of(running) == pid
    wait_until(lambda: running.watched.get("/healthz")[0] == 200, "every thread answers")


def test_no_room_for_records(start, symbolon, foreign, alice, tmp_path):
    """Service goes on, what is lost is counted, and the first record after it says how many."""
    records = symbolon.folder / "records.ndjson"
    running = start(gateway={"records": str(records)})
    assert echoes(running, foreign, alice)
    wait_until(lambda: records.exists() and '"closed"' in records.read_text(), "the first records")
    limit_process(running, fsize=records.stat().st_size)  # EFBIG to every write, as ENOSPC would be
    for _ in range(5):
        assert echoes(running, foreign, alice)
    wait_until(lambda: (running.watched.value("symbolon_records_lost_total") or 0) >= 5, "the losses are counted")
    limit_process(running, fsize="unlimited")
    assert echoes(running, foreign, alice)
    wait_until(lambda: '"lost":' in records.read_text(), "the first record after it")
    assert not echoes(running, foreign, None), "nobody wrong got in"


def test_a_device_without_room_for_records(start, foreign, alice):
    running = start(gateway={"records": "/dev/full"})
    for _ in range(3):
        assert echoes(running, foreign, alice)
    wait_until(lambda: (running.watched.value("symbolon_records_lost_total") or 0) >= 3, "the losses are counted")


FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


def test_a_clock_that_jumps_both_ways(start, symbolon, foreign, alice):
    """A month ahead the client's certificate has ended, a month back its CA has not begun; what is open goes on, and once the clock is
    right again everybody gets in."""
    clock = symbolon.state / "gateway" / "clock"  # where the confined process may read it
    clock.parent.mkdir(mode=0o700, parents=True)
    clock.write_text("+0\n")
    running = start(
        env={
            "LD_PRELOAD": FAKETIME,
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        },
        handshake_timeout="20s",
    )
    with peers.python_client(running.port, foreign.cert, alice) as early:
        early.sendall(b"before")
        assert early.recv(6) == b"before"
        for offset, code in (("+40d", "client_certificate_expired"), ("-40d", "client_certificate_issuer_not_yet_valid")):
            clock.write_text(offset + "\n")
            since = running.mark()
            assert not echoes(running, foreign, alice)
            running.wait_record("refused", code, since)
            early.sendall(b"undisturbed")
            assert early.recv(11) == b"undisturbed"
        clock.write_text("+0\n")
        assert echoes(running, foreign, alice)
    assert running.watched.get("/readyz")[0] == 200


def test_kill_9_under_load_and_start_again(start, symbolon, foreign, alice, tmp_path):
    """At once on the same port; nobody wrong ever gets in; what was kept is whole."""
    from harness.pki import ForeignCA

    running = start()
    listen, config = running.port, running.config
    mallory = ForeignCA(tmp_path / "other", "Other").issue("mallory")
    good, bad = (peers.python_context(foreign.cert, who) for who in (alice, mallory))
    stopping, wrong, right = threading.Event(), [], []

    def load(context, answers):
        while not stopping.is_set():
            with contextlib.suppress(OSError):
                with peers.python_client(listen, foreign.cert, context=context) as secure:
                    secure.sendall(b"x")
                    if secure.recv(1):
                        answers.append(1)
                    continue
            stopping.wait(0.01)  # nobody listens: not in a busy loop

    threads = [threading.Thread(target=load, args=a) for a in ((good, right), (good, right), (bad, wrong))]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            so_far = len(right)
            wait_until(lambda: len(right) > so_far + 3, "the load gets through", deadline=60)
            running.kill()
            running = symbolon.run(config, listen)
        seen = symbolon.state / "gateway" / "seen.ndjson"
        wait_until(seen.exists, "whom it admitted is kept", deadline=60)
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
        running.stop()
    assert not wrong
    for line in seen.read_text().splitlines():
        assert '"CN=alice"' in line
