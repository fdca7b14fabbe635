"""docs/openapi.json against the real answers of every call, good and bad, by Python's jsonschema."""

import base64
import datetime
import json
import re

import jsonschema
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from harness import peers
from harness.pki import Credential, ForeignCA, make_key, make_request, openssl
from harness.symbolon import ROOT, port

DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def check(schema, value):
    """The formats too: times must be RFC 3339."""
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=FORMATS).validate(value)


FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time")
def is_time(text):
    return not isinstance(text, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text))


def root_signature(symbolon, to_be_signed, folder):
    """openssl holds the root's key."""
    (folder / "tbs").write_bytes(base64.b64decode(to_be_signed))
    passphrase = f"file:{symbolon.folder / 'passphrase'}"
    openssl("dgst", "-sha256", "-sign", symbolon.state / "root.key", "-passin", passphrase, "-out", folder / "sig", folder / "tbs")
    return base64.b64encode((folder / "sig").read_bytes()).decode()


def root_crl_signature(symbolon, asked):
    """python3-cryptography builds the same octets from what it was told, and signs them."""
    key = serialization.load_pem_private_key((symbolon.state / "root.key").read_bytes(), b"correct horse battery staple")
    root = x509.load_pem_x509_certificate((symbolon.state / "root.crt").read_bytes())
    identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    at = lambda text: datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")  # noqa: E731
    assert asked["entries"] == []
    crl = (
        x509.CertificateRevocationListBuilder(root.subject, at(asked["this_update"]), at(asked["next_update"]))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .add_extension(x509.CRLNumber(asked["number"]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(crl.signature).decode()


@pytest.fixture
def api(symbolon, tmp_path):
    symbolon.init()
    listen = port()
    authority = {"name": "localhost", "listen": f"127.0.0.1:{listen}", "two_persons": True, "backups": str(tmp_path)}
    config = symbolon.configure(authority=authority, routes=None)
    with symbolon.run(config, listen) as running:
        admin = Credential(symbolon.state / "admin.crt", symbolon.state / "admin.key", symbolon.state / "admin.crt")
        api = Api(symbolon, listen, admin)
        api.running = running
        yield api


class Api:
    def __init__(self, symbolon, listen, admin):
        self.symbolon, self.listen, self.admin = symbolon, listen, admin
        self.good, self.bad = set(), set()

    def __call__(self, name, body=None, credential=None, query="", headers=(), **path):
        """Makes the call, holds request and answer against the description, returns (status, answer)."""
        method, template, operation = OPERATIONS[name]
        if body is not None and not isinstance(body, (bytes, str)):
            data = json.dumps(body)
        else:
            data = body
        send = ["-X", method, "-w", "\n%{content_type}\n%{http_code}"]
        if data is not None:
            send += ["-H", "Content-Type: application/json", "-d", data]
        answer = peers.curl(
            self.listen, self.symbolon.ca, credential or self.admin, path=template.format(**path) + query, arguments=[*send, *headers]
        )
        assert answer.status == 0, answer
        text, kind, status = answer.stdout.rsplit("\n", 2)
        responses = operation["responses"]
        if status in responses:
            self.good.add(name)
            if body is not None:
                check(operation["requestBody"]["content"]["application/json"]["schema"], body)
            return int(status), self.check_good(responses[status], kind, text)
        self.bad.add(name)
        assert int(status) >= 400 and kind == "application/problem+json", answer
        problem = json.loads(text)
        check(responses["default"]["content"][kind]["schema"], problem)
        assert problem["status"] == int(status)
        return int(status), problem

    def by_both(self, name, *body, **path):
        """Asked for with the admin's certificate, approved on the authority's own machine."""
        assert self(name, *body, **path)[1]["code"] == "approval_needed"
        self.symbolon.do("approve", self("changes")[1]["changes"][0]["id"])
        return self(name, *body, **path)

    @staticmethod
    def check_good(response, kind, text):
        assert kind in response["content"]
        if kind == "application/x-ndjson":
            lines = [json.loads(line) for line in text.splitlines()]
            for line in lines:
                check(response["x-line"], line)
            assert "result" in lines[-1] or "problem" in lines[-1]
            return lines[-1]
        if kind == "application/pkix-crl":
            return text
        value = json.loads(text)
        check(response["content"][kind]["schema"], value)
        return value


def test_every_call_answers_what_the_description_says(symbolon, api, tmp_path):
    csr = make_request(make_key(tmp_path / "k"), tmp_path / "r.csr").read_text()
    wanted = {"profile": "client", "csr": csr, "names": ["alice", "uri:spiffe://example.com/a"], "lifetime": "1d12h"}
    assert api("issue", wanted, headers=["-H", 'Idempotency-Key: "k"'])[0] == 201
    _, issued = api("issue", {"profile": "server", "csr": csr, "names": ["web.example"], "issuer": "issuing", "lifetime": "825d"})
    api("list")
    _, page = api("list", query="?limit=1&query=state:valid")
    api("list", query=f"?limit=1&after={page['next']}")
    api("show", what="alice")
    api("revoke", {"what": "alice", "reason": "certificateHold"})
    assert api("release", {"what": "alice"})[1]["outcome"] == "released"
    assert api("release", {"what": "alice"})[1]["outcome"] == "was_released_already"
    api("revoke", {"what": "alice", "reason": "keyCompromise"})
    api("revoke", {"what": "alice"})
    assert api("release", {"what": "alice"})[1]["code"] == "not_on_hold"
    assert api("revoke_matching", {"query": "alice", "dry_run": True, "at_most": 9})[1]["result"]["matched"] == 0
    api("show", what="alice")
    for name in ("profiles", "issuers", "status"):
        api(name)
    assert api("crl", what="issuing")[0] == 200
    assert api("crl", what="nobody")[1]["code"] == "issuer_unknown"
    asked = api("new_crl", {"next_update": "30d"}, what="root")[1]
    assert api("sign_crl", {"number": asked["number"], "signature": "AAAA"}, what="root")[1]["code"] == "crypto_failed"
    signature = root_crl_signature(symbolon, asked)
    assert api("sign_crl", {"number": asked["number"], "signature": signature}, what="root")[1]["issuer"] == "root"
    assert api("changes")[1] == {"changes": []}
    _, asked = api.by_both("new_issuer", {"permit": ["dns:example.com"], "lifetime": "365d"})
    assert api("sign_issuer", {"signature": "AAAA"}, what=asked["serial"])[1]["code"] == "request_bad_signature"
    signature = root_signature(symbolon, asked["to_be_signed"], tmp_path)
    assert api("sign_issuer", {"signature": signature}, what=asked["serial"])[1]["in_use"]
    assert api.by_both("use_issuer", what="issuing")[1]["in_use"]
    symbolon.refused("approval_needed", "ca", "use", "issuing-2")
    waiting = api("changes")[1]["changes"][0]
    assert waiting["kind"] == "use_issuer" and "approved_by" not in waiting
    assert "approved_by" in api("approve", what=waiting["id"])[1]
    assert [change for change in api("changes")[1]["changes"] if "used_at" in change]
    key = (symbolon.state / "issuing.key").read_text()
    brought = {"certificates": (symbolon.state / "issuing.crt").read_text(), "key": key}
    assert api("import_issuer", brought)[1]["code"] == "forbidden"
    assert api("approve", what="77")[1]["code"] == "not_found"
    assert "result" in api("verify_ledger", {})[1]
    _, heads = api("heads")
    assert heads["key"].startswith("-----BEGIN PUBLIC KEY-----")
    assert "result" in api("verify_ledger", {"against": heads["audit"]})[1]
    mismatch = {**heads["audit"], "hash": "0" * 64}
    assert api("verify_ledger", {"against": mismatch})[1]["problem"]["code"] == "audit_head_mismatch"
    handed = {"head": heads["feed"], "before": heads["feed"]["hash"], "entries": []}
    assert api("hand_back", handed)[1]["outcome"] == "done", "it is the ledger's own past"
    handed["head"]["count"] += 1
    assert api("hand_back", handed)[1]["code"] == "feed_entry_not_ours"
    assert api("accept_rollback")[1]["outcome"] == "not_behind"
    assert "result" in api("backup_ledger", {"path": str(tmp_path / "copy.db")})[1]
    assert "problem" in api("backup_ledger", {"path": str(tmp_path / "copy.db")})[1]
    page = api("feed", query="?gateway=web-1&after=0&wait=0&head=0")[1]
    assert page["entries"] and page["feed_head"]["count"] == 3
    behind = api("feed", query=f"?gateway=web-1&after=7&digest={'0' * 64}&wait=0")[1]
    assert behind["behind"] and [mark["number"] for mark in behind["past"]] == [3, 2, 1, 0]
    assert page["ticket_keys"]
    keys = api("ticket_keys", {"domains": ["ab" * 32]})[1]
    assert keys["code"] == "forbidden", "they are for gateways alone"
    keys = api("ticket_keys", {"domains": ["ab" * 32]}, credential=symbolon.issue("gateway", "gw.example"))[1]
    assert keys["generation"] == page["ticket_keys"]
    assert [(d["name"], [len(base64.b64decode(k["key"])) for k in d["keys"]]) for d in keys["domains"]] == [("ab" * 32, [80])]
    unknown = api("revoke", {"what": "00badcafe0", "unknown": True, "issuer": "issuing"})[1]
    assert unknown["outcome"] == "revoked" and unknown["certificate"]["serial"] == "badcafe0"
    seen = {"fingerprint": "ab" * 32, "serial": "0bad", "subject": "CN=mallory", "identity": "CN=mallory", "route": "web"}
    seen |= {"issuer": symbolon.json("show", "issuers")["issuers"][0]["subject"], "address": "192.0.2.1", "times": 1}
    seen |= dict.fromkeys(("first_seen", "last_seen"), "2026-11-21T11:12:34Z") | {"not_after": "2096-11-21T11:12:34Z"}
    assert api("report_seen", {"certificates": [seen]})[1] == {"certificates": [seen]}
    assert [one["serial"] for one in api("seen_unknown")[1]["certificates"]] == ["0bad"]
    known = api("gateways")[1]
    assert len(known["gateways"]) == 1 and known["newest"] == 4, "the admin asked as a gateway would"
    assert api("forget_gateway", what=known["gateways"][0]["name"])[0] == 200
    assert api("forget_gateway", what="nobody")[1]["code"] == "not_found"
    assert api("accept_clock")[1]["outcome"] == "not_behind"
    peers.s_client(api.listen, symbolon.ca, ForeignCA(tmp_path / "other", "Another Root").issue("stranger"), [], peers.HTTP_REQUEST)
    refused = api.running.wait_record("refused", "client_certificate_untrusted_issuer")
    assert api("records", what=refused["id"])[1]["records"][0]["sentence"] == refused["sentence"]
    assert api("own_records")[1] == {"records": []}
    assert api("own_records", query=f"?id={refused['id']}")[1]["code"] == "record_missing"
    assert api("openapi")[1] == DOCUMENT
    assert issued["summary"]["names"] == ["dns:web.example"]
    assert api.good >= set(OPERATIONS) - OTHERS, set(OPERATIONS) - api.good


# A call whose good answer needs another transport; its schema is that of a call above.
OTHERS = {"import_issuer"}


def test_every_call_fails_as_the_description_says(symbolon, api):
    laptop = symbolon.issue("client", "laptop")
    gateway = symbolon.issue("gateway", "gw.example")
    for name, (method, path, operation) in OPERATIONS.items():
        allowed = None if "admin" in operation["x-roles"] else gateway
        parameters = {key: "nobody" for key in re.findall(r"{(\w+)}", path)}
        body = {} if "requestBody" in operation else None
        status, problem = api(name, body, credential=laptop, **parameters)
        assert (status, problem["code"]) == (403, "forbidden"), name
        if method == "GET":
            assert api(name, query="?colour=red", **parameters)[0] in (400, 404), name
        for nonsense in ('{"colour": "red"}', "[]", "{", "") if "requestBody" in operation else ():
            expected = 403 if "local sockets only" in operation["description"] else 400
            assert api(name, nonsense, credential=allowed, **parameters)[0] == expected, (name, nonsense)
    assert api("show", what="nobody")[1]["code"] == "not_found"
    assert api("revoke", {"what": "nobody"})[1]["code"] == "not_found"
    assert api("revoke", {"what": "laptop", "reason": "removeFromCRL"})[1]["code"] == "bad_request"
    assert api("release", {"what": "nobody"})[1]["code"] == "not_found"
    assert api("revoke_matching", {"query": "sort:newest"})[1]["problem"]["code"] == "query_malformed"
    assert api("revoke_matching", {"query": ""})[1]["code"] == "bad_request"
    assert api("issue", {"profile": "no-such", "csr": "x"})[1]["code"] == "profile_unknown"
    assert api.bad >= set(OPERATIONS)


def test_a_request_that_the_description_refuses_is_refused(symbolon, api, tmp_path):
    csr = make_request(make_key(tmp_path / "k"), tmp_path / "r.csr").read_text()
    good = {"profile": "client", "csr": csr, "names": ["alice"]}
    schema = OPERATIONS["issue"][2]["requestBody"]["content"]["application/json"]["schema"]
    check(schema, good)
    for change in (
        {"names": ["a"] * 1001},
        {"names": "alice"},
        {"profile": ""},
        {"profile": "x" * 257},
        {"lifetime": "90"},
        {"lifetime": 90},
        {"colour": "red"},
        {"common_name": "a\nb"},
        {"issuer": None},
    ):
        with pytest.raises(jsonschema.ValidationError):
            check(schema, {**good, **change})
        assert api("issue", {**good, **change})[0] == 400, change
    for missing in ("profile", "csr"):
        partial = {key: value for key, value in good.items() if key != missing}
        with pytest.raises(jsonschema.ValidationError):
            check(schema, partial)
        assert api("issue", partial)[0] == 400


def test_the_description_is_whole():
    jsonschema.Draft202012Validator.check_schema({"components": DOCUMENT["components"]})
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert DOCUMENT["openapi"].startswith("3.1.")
    for name, (_, path, operation) in OPERATIONS.items():
        assert operation["x-roles"][0] == "admin" or name == "ticket_keys" and operation["x-roles"] == ["gateway"]
        inside = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert inside == set(re.findall(r"{(\w+)}", path)), name
