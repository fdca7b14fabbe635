"""`symbolon prove` against our own gateway: every case is run, and every one is passed, with session tickets switched on."""

import json
import xml.etree.ElementTree

import pytest

from harness.process import PORTS, run
from harness.proving import make_kit, prove, revocation_of, verdicts
from harness.symbolon import static_route
from harness.telling_service import TellingService, client_of_proxy_protocol


@pytest.fixture
def kit(symbolon, foreign, tmp_path):
    return make_kit(symbolon, foreign, tmp_path / "kit", "--name", "client.example")


@pytest.fixture
def started(symbolon, foreign, tmp_path):
    """started(**changes of the route) -> a gateway with the foreign CA's CRL, before a service that believes the PROXY protocol alone."""
    running = []
    crl = tmp_path / "clients.crl"
    crl.write_text(foreign.crl().read_text())

    def start(**changes):
        listen = PORTS.take()
        service = TellingService(client_of_proxy_protocol)
        route = static_route(listen, service.address, foreign.server(), [foreign.cert], proxy_protocol="v2", **changes)
        gateway = {"routes": [route], "crls": [{"from": str(crl), "issuers": str(foreign.cert)}]}
        gateway = symbolon.run(symbolon.configure(gateway), listen)
        running.extend([gateway, service])
        gateway.port, gateway.crl = listen, crl
        return gateway

    yield start
    for one in running:
        one.stop() if hasattr(one, "stop") else one.__exit__()


def everything(symbolon, gateway, kit, *arguments):
    return prove(symbolon, gateway.port, kit, "--ca", kit.ca.cert, "--ca-key", kit.ca.key, "--life", "8s", "--echo-path", "/",
                 "--revoke-command", revocation_of(kit.ca, gateway.crl), *arguments)


def test_with_tickets_every_case_is_run_and_passed(symbolon, started, kit, tmp_path):
    gateway = started(session_tickets=True, alpn=["h2", "http/1.1"])
    junit = tmp_path / "prove.xml"
    report = everything(symbolon, gateway, kit, "--junit", junit)
    assert set(verdicts(report).values()) == {"pass"}, json.dumps(report, indent=1)
    assert report["passed"] == report["run"] == len(json.loads(symbolon.do("--json", "prove", "--list")))
    words = {case["id"]: case["words"] for case in report["cases"]}
    for session in ("expired", "revoked"):  # they were kept, and came back
        for kind in ("tls12_ticket", "tls13"):
            assert f"certificate_{session}" in words[f"resume_{session}_{kind}"], words
    assert run(["xmllint", "--noout", junit]).status == 0
    suite = xml.etree.ElementTree.parse(junit).getroot().find("testsuite")
    assert int(suite.get("tests")) == report["run"] + 1 and suite.get("failures") == suite.get("errors") == suite.get("skipped") == "0"


def test_without_tickets_too(symbolon, started, kit):
    report = prove(symbolon, started().port, kit, "--ca-key", kit.ca.key, "--life", "4s")
    assert set(verdicts(report).values()) == {"pass", "not_run"}, json.dumps(report, indent=1)
    assert report["exit"] == 0 and report["passed"] == report["run"] >= 20


def test_what_reaches_a_service_that_shows_its_headers_is_said(symbolon, gateway_of, foreign, kit):
    """The gateway relays octets: it is for the service not to believe headers, and that it does is not seen."""
    with TellingService(lambda head: head) as service:
        gateway = gateway_of(to=service.address)
        report = prove(symbolon, gateway.port, kit, "--echo-path", "/", "--only", "forged_headers")
        assert verdicts(report) == {"forged_headers": "unclear"} and report["exit"] == 1
        report = prove(symbolon, gateway.port, kit, "--echo-path", "/", "--only", "forged_headers", "--identity-header", "X-Own")
        assert verdicts(report) == {"forged_headers": "fail"}


def test_a_gateway_that_lets_the_kit_not_in_proves_nothing(symbolon, gateway_of, kit):
    gateway = gateway_of(clients={"allow": [{"dns": "somebody.else.example"}]})
    report = prove(symbolon, gateway.port, kit)
    assert report["control"]["verdict"] == "fail" and report["cases"] == [] and report["exit"] == 1
