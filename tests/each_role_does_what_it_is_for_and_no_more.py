"""Rights by role, default deny: a certificate does what `rights` gives it, nothing else; what is denied is in the audit chain;
no certificate breeds a role that its requester lacks; the socket serves root and its owner alone."""

import json
import pwd
import re
import sqlite3
import stat

import pytest

from harness import peers
from harness.pki import make_key, make_request
from harness.process import let_others_in, run, wait_until
from harness.symbolon import ROOT, port

RIGHTS = {
    "issuer": [{"cn": "build-*"}],
    "revoker": [{"profile": "person", "email": "*@ops.example"}],
    "approver": [{"cn": "approver"}],
    "auditor": [{"cn": "auditor"}, {"cn": "build-and-read"}],
}
READS = [("GET", "/v1/feed/seen"), ("GET", "/v1/gateways"), ("GET", "/v1/certificates"), ("GET", "/v1/certificates/{serial}"), ("GET", "/v1/profiles"), ("GET", "/v1/issuers"), ("GET", "/v1/status"), ("GET", "/v1/openapi.json"), ("GET", "/v1/crls/{serial}"), ("GET", "/v1/heads")]
ISSUE, VERIFY = ("POST", "/v1/certificates"), ("POST", "/v1/ledger/verify")
REVOKES = [("POST", "/v1/revocations"), ("POST", "/v1/revocations/matching"), ("POST", "/v1/releases")]
CHANGES, APPROVE = ("GET", "/v1/changes"), ("POST", "/v1/changes/{serial}/approval")
RECORDS = [("GET", "/v1/gateway/records/{serial}"), ("GET", "/v1/gateway/own-records")]
FEED = [("GET", "/v1/feed"), ("POST", "/v1/feed/hand-back"), ("POST", "/v1/feed/seen")]
FOR_GATEWAYS = [("POST", "/v1/ticket-keys")]  # alone
FOR_ADMINS = [
    ("POST", "/v1/ledger/backup"),
    ("POST", "/v1/ledger/accept-clock"),
    ("POST", "/v1/ledger/accept-rollback"),
    ("POST", "/v1/crls/{serial}"),
    ("POST", "/v1/crls/{serial}/signature"),
    ("POST", "/v1/issuers"),
    ("POST", "/v1/issuers/{serial}/signature"),
    ("POST", "/v1/issuers/{serial}/use"),
    ("POST", "/v1/gateways/{serial}/forget"),
]
FOR_NOBODY = [("POST", "/v1/issuers/import")]  # over a network
CALLS = [*READS, ISSUE, *REVOKES, VERIFY, CHANGES, APPROVE, *RECORDS, *FEED, *FOR_GATEWAYS, *FOR_ADMINS, *FOR_NOBODY]


class Api:
    def __init__(self, symbolon, listen, csr):
        self.symbolon, self.listen, self.csr = symbolon, listen, csr

    def __call__(self, credential, method, path, body=None):
        data = ["-H", "Content-Type: application/json", "-d", json.dumps(body)] if body is not None else []
        answer = peers.curl(
            self.listen, self.symbolon.ca, credential, path=path, arguments=["-X", method, "-w", "\n%{http_code}", *data]
        )
        assert answer.status == 0, answer
        text, _, status = answer.stdout.rpartition("\n")
        return int(status), text

    def issue(self, credential, profile, name, *names):
        request = {"profile": profile, "csr": self.csr, "names": [name, *names]}
        status, text = self(credential, "POST", "/v1/certificates", request)
        return status, json.loads(text)

    def may(self, credential, method, path):
        """Whether the call is allowed; that it then makes no sense is another matter."""
        body = {} if method == "POST" else None
        status, text = self(credential, method, path.format(serial="00"), body)
        if status == 403:
            problem = json.loads(text)
            assert problem["code"] == "forbidden" and problem["remedy"]
            return False
        assert status in (200, 202, 400, 404), text
        return True


@pytest.fixture
def api(symbolon, tmp_path):
    symbolon.init()
    listen = port()
    config = symbolon.configure(
        authority={"name": "localhost", "listen": f"127.0.0.1:{listen}", "rights": RIGHTS}, routes=None
    )
    csr = make_request(make_key(tmp_path / "k"), tmp_path / "r.csr").read_text()
    with symbolon.run(config, listen):
        yield Api(symbolon, listen, csr)


@pytest.mark.parametrize(
    "who, allowed",
    [
        (("admin", "second"), [call for call in CALLS if call not in FOR_GATEWAYS + FOR_NOBODY]),
        (("client", "build-7"), [*READS, ISSUE]),
        (("person", "Olga", "olga@ops.example"), [*READS, *REVOKES]),
        (("client", "approver"), [*READS, CHANGES, APPROVE]),
        (("client", "auditor"), [*READS, VERIFY, CHANGES, *RECORDS]),
        (("client", "build-and-read"), [*READS, ISSUE, VERIFY, CHANGES, *RECORDS]),
        (("gateway", "gw.example"), [*READS[3:], *FEED, *FOR_GATEWAYS]),
        (("client", "laptop"), []),
        (("person", "Olaf", "olaf@other.example"), []),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) and isinstance(value[0], str) else "",
)
def test_each_certificate_does_what_its_role_is_for(symbolon, api, who, allowed):
    credential = symbolon.issue(*who)
    done = [call for call in CALLS if api.may(credential, *call)]
    assert done == [call for call in CALLS if call in allowed]
    assert api.may(credential, "GET", "/v1/nothing") == bool(allowed)  # not even what is there, to who has no role


def test_no_certificate_breeds_a_role_that_its_requester_lacks(symbolon, api):
    builder = symbolon.issue("client", "build-7")
    assert api.issue(builder, "client", "alice")[0] == 201
    assert api.issue(builder, "client", "build-8")[0] == 201
    for profile, *names in (
        ("admin", "mallory"),
        ("gateway", "gw.example"),
        ("client", "auditor"),
        ("client", "build-and-read"),
        ("person", "Olga", "olga@ops.example"),
    ):
        status, problem = api.issue(builder, profile, *names)
        assert status == 403 and problem["code"] == "forbidden", problem
    assert not symbolon.json("list", "mallory")["certificates"]
    both = symbolon.issue("client", "build-and-read")
    assert api.issue(both, "client", "auditor")[0] == 201


def test_every_call_of_the_description_is_tried_above():
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    described = {(method.upper(), path.replace("{what}", "{serial}")) for path, methods in paths.items() for method in methods}
    assert described == set(CALLS)


def test_what_was_denied_stands_in_the_audit_chain(symbolon, api):
    laptop = symbolon.issue("client", "laptop")
    assert not api.may(laptop, "POST", "/v1/revocations")
    builder = symbolon.issue("client", "build-7")
    status, problem = api(builder, "POST", "/v1/revocations", {"what": "laptop"})
    assert status == 403
    second = symbolon.issue("admin", "second")
    status, of_admin = api(second, "POST", "/v1/ticket-keys", {"domains": ["ab" * 32]})
    assert status == 403 and "'ticket_keys' needs the role gateway" in of_admin
    assert "'revoke' needs the role admin or revoker" in problem and "has: issuer" in problem
    assert api.issue(builder, "admin", "mallory")[0] == 403  # the call is allowed, what it asks for is not
    serial = symbolon.json("show", "laptop")["summary"]["serial"]
    ledger = sqlite3.connect(f"file:{symbolon.state}/ledger.db?mode=ro", uri=True)

    def denied(who, call):
        rows = ledger.execute("SELECT actor, details FROM audit WHERE action = 'refuse'").fetchall()
        found = [json.loads(details) for actor, details in rows if who in actor]
        return any(d["call"] == call and d["code"] == "forbidden" for d in found)

    wait_until(lambda: denied(serial, "POST /v1/revocations"), "the laptop's call is recorded")
    wait_until(lambda: denied("build-7", "POST /v1/revocations"), "the builder's call is recorded")
    wait_until(lambda: denied("second", "POST /v1/ticket-keys"), "and the admin's")
    wait_until(lambda: denied("build-7", "POST /v1/certificates"), "what was asked for in vain is recorded")
    symbolon.do("ledger", "verify")


@pytest.mark.needs_root
def test_the_socket_serves_root_and_its_owner_alone(symbolon, api):
    socket = symbolon.state / "authority.sock"
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    nobody = pwd.getpwnam("nobody")
    call = ["curl", "-sS", "--max-time", "20", "--unix-socket", socket, "http://authority/v1/status"]
    become = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    assert run(call).status == 0
    let_others_in(symbolon.state, 0o011)  # the way to it is open; the file is not
    assert run([*become, *call]).status != 0
    socket.chmod(0o666)  # somebody opens it by mistake: who asks is asked all the same
    answer = run([*become, *call])
    assert json.loads(answer.stdout)["code"] == "forbidden", answer
    assert "only root and uid" in answer.stdout


def test_the_documents_say_the_roles_of_the_table(symbolon):
    """docs/api.md names for each call what --help and the refusals name."""
    page = (ROOT / "docs" / "api.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `(GET|POST) (\S+?)` \| (.+?) \|", page, re.M)
    assert len(rows) >= 9
    shown = {name: roles for name, _, _, roles in rows}
    for command, call in (("issue", "issue"), ("sign", "issue"), ("list", "list"), ("revoke", "revoke"), ("release", "release"), ("status", "status")):
        assert f"Role: {shown[call]} (" in symbolon.do(command, "--help")
