"""Idempotency keys: the same request under the same key has the same answer, across a kill -9 and lost answers; another request
under that key is refused."""

import json
import signal
import socket
import threading

import pytest

from harness.pki import make_key, make_request
from harness.process import run
from harness.symbolon import port


def issue(symbolon, csr, key=None, name="alice", **more):
    """curl over the Unix socket: (status, answer)."""
    request = {"profile": "client", "csr": csr, "names": [name], **more}
    header = ["-H", f'Idempotency-Key: "{key}"'] if key else []
    answer = run(
        ["curl", "-sS", "--max-time", "20", "--unix-socket", symbolon.state / "authority.sock", "-w", "\n%{http_code}"]
        + ["-H", "Content-Type: application/json", *header, "-d", json.dumps(request), "http://authority/v1/certificates"]
    )
    text, _, status = answer.stdout.rpartition("\n")
    return int(status), json.loads(text)


@pytest.fixture
def csr(tmp_path):
    return make_request(make_key(tmp_path / "k"), tmp_path / "r.csr").read_text()


@pytest.fixture
def start(symbolon):
    """Starts `symbolon run`, ready on its socket; may be called again after a kill."""
    symbolon.init()
    config = symbolon.configure(authority={"name": "localhost", "listen": f"127.0.0.1:{port()}"}, routes=None)
    running = []

    def go():
        running.append(symbolon.run(config).wait_socket(symbolon.state / "authority.sock"))
        return running[-1]

    yield go
    for one in running:
        one.stop()


def count(symbolon, query="alice"):
    return len(symbolon.json("list", query)["certificates"])


def test_the_same_request_has_the_same_answer_across_a_kill(symbolon, start, csr):
    running = start()
    status, first = issue(symbolon, csr, "k-1", lifetime="30d")
    assert status == 201
    assert issue(symbolon, csr, "k-1", lifetime="30d") == (201, first)
    running.signal_group(signal.SIGKILL)
    running.wait()
    start()
    assert issue(symbolon, csr, "k-1", lifetime="30d") == (201, first)
    assert count(symbolon) == 1
    symbolon.do("revoke", "alice")
    status, now = issue(symbolon, csr, "k-1", lifetime="30d")
    assert status == 201 and now["certificate"] == first["certificate"] and now["summary"]["state"] == "revoked"


def test_another_request_under_the_key_is_refused(symbolon, start, csr):
    start()
    assert issue(symbolon, csr, "k")[0] == 201
    for change in ({"name": "bob"}, {"lifetime": "1d"}, {"profile": "workload"}):
        status, problem = issue(symbolon, csr, "k", **change)
        assert status == 422 and problem["code"] == "idempotency_key_reused", problem
    assert count(symbolon) == 1 and count(symbolon, "bob") == 0
    assert issue(symbolon, csr, "other", "bob")[0] == 201
    assert issue(symbolon, csr, None)[0] == 201 and issue(symbolon, csr, None)[0] == 201
    assert count(symbolon) == 3
    symbolon.do("ledger", "verify")


class LosesAnswers:
    """A Unix socket before the authority's: the first `lost` answers are read to their end and thrown away."""

    def __init__(self, path, to, lost):
        self.to, self.left, self.requests = str(to), lost, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    @staticmethod
    def _message(sock):
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := sock.recv(65536)):
                return data
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(l.split(b":")[1]) for l in head.split(b"\r\n") if l.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            body += sock.recv(65536)
        return head + b"\r\n\r\n" + body

    def _relay(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self.to)
            while request := self._message(client):
                self.requests.append(request)
                server.sendall(request)
                answer = self._message(server)
                if self.left and request.startswith(b"POST /v1/certificates "):
                    self.left -= 1
                    return
                client.sendall(answer)


def test_a_lost_answer_is_asked_for_again(symbolon, start, tmp_path):
    start()
    lossy = LosesAnswers(symbolon.folder / "lossy.sock", symbolon.state / "authority.sock", lost=2)
    via = ["--authority", f"unix:{symbolon.folder}/lossy.sock"]
    symbolon.do(*via, "issue", "client", "alice", "--out", symbolon.folder)
    asked = [r for r in lossy.requests if r.startswith(b"POST")]
    assert len(asked) == 3 and len(set(asked)) == 1 and b"Idempotency-Key" in asked[0]
    assert count(symbolon) == 1
    text = run(["openssl", "x509", "-in", symbolon.folder / "alice.crt", "-noout", "-serial"]).stdout
    assert symbolon.json("show", "alice")["summary"]["serial"] in text.lower()

    csr = make_request(make_key(tmp_path / "carol.key"), tmp_path / "carol.csr")
    sign = ["sign", csr, "--profile", "client", "--name", "carol", "--idempotency-key", "mine"]
    lossy.left = 100
    symbolon.refused("authority_unreachable", *via, *sign)
    lossy.left = 0
    first = symbolon.json(*via, *sign)
    assert symbolon.json(*sign) == first  # by root on the socket, whichever way
    assert count(symbolon, "carol") == 1
