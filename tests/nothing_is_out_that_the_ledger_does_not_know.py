"""`symbolon run` is killed (-9) under issuing load, again and again: every certificate that anybody received stands in the ledger
that opens afterwards, no serial is used twice, and what was just being signed can be revoked."""

import concurrent.futures
import contextlib
import http.client
import json
import random
import socket
import threading

import pytest

from harness.pki import make_key, make_request, openssl


class OverUnixSocket(http.client.HTTPConnection):
    """The authority's API, by Python's own HTTP client."""

    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


@pytest.fixture
def authority(symbolon):
    return symbolon.init()


@pytest.fixture
def request_body(tmp_path):
    csr = make_request(make_key(tmp_path / "k"), tmp_path / "r.csr", "/CN=load").read_text()
    return lambda name: json.dumps({"profile": "client", "csr": csr, "common_name": name})


def load(authority, request_body, enough, names, stop):
    """Issues until the authority dies; returns the certificates that came."""
    received = []
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = OverUnixSocket(authority.state / "authority.sock")
        while not stop.is_set():
            connection.request(
                "POST", "/v1/certificates", request_body(next(names)), {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 201, body
            received.append(json.loads(body)["certificate"])
            if enough:
                enough.release()
    return received


def serial_of(pem):
    return openssl("x509", "-noout", "-serial", input=pem.encode()).strip().partition("=")[2].lower()


@pytest.mark.parametrize("round_number", range(5))
def test_killed_under_load(authority, request_body, round_number):
    config = authority.configure(authority={}, routes=None)
    running = authority.run(config)
    running.wait_socket(authority.state / "authority.sock")
    names, lock = iter(range(10**9)), threading.Lock()

    class Names:
        def __next__(self):
            with lock:
                return f"client-{next(names)}"

    enough, stop, chance = threading.Semaphore(0), threading.Event(), random.Random(round_number)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(load, authority, request_body, enough, Names(), stop) for _ in range(16)]
        for _ in range(chance.randrange(20, 400)):  # so many answers, then the end, in the middle of others
            assert enough.acquire(timeout=30)
        running.kill()
        stop.set()
        received = [pem for job in jobs for pem in job.result()]

    authority.do("ledger", "verify")
    known = {}
    for line in authority.do("list", "--all", "--limit", "1000", "--json").splitlines():
        known.update({c["serial"].lower(): c for c in json.loads(line)["certificates"]})
    serials = [serial_of(pem).lstrip("0") for pem in received]
    assert len(set(serials)) == len(serials), "a serial was used twice"
    by_number = {serial.lstrip("0"): c for serial, c in known.items()}
    missing = [s for s in serials if s not in by_number or by_number[s]["state"] != "issued"]
    assert not missing, f"{len(missing)} of {len(serials)} certificates are out and not in the ledger"
    for certificate in known.values():
        if certificate["state"] == "reserved":
            authority.do("revoke", certificate["serial"])
    authority.issue("client", "after")


def test_killed_while_the_command_line_issues(authority):
    """The same where no authority runs: the command itself is killed."""
    import subprocess

    from harness.symbolon import BINARY

    chance = random.Random(7)
    for number in range(12):
        child = subprocess.Popen(
            [BINARY, "issue", "client", f"c{number}", "--no-p12"],
            cwd=authority.folder,
            env=authority.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(chance.random() * 0.05)
        child.kill()
        child.wait()
        file = authority.folder / f"c{number}.crt"
        if file.exists():
            serial = serial_of(file.read_text())
            assert authority.json("show", serial)["summary"]["state"] == "issued"
    authority.do("ledger", "verify")
