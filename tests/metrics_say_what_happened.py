"""Prometheus scrapes what happened on each route: handshakes by version and outcome, connections, octets, certificates; promtool
finds no fault in it, and the dashboard and alert rules of the package ask for nothing that is not there."""

import contextlib
import json
import re
import time

import pytest

from harness import peers
from harness.backend import Backend
from harness.metrics import Watched, promtool
from harness.pki import ForeignCA
from harness.process import run, wait_until
from harness.services import s_server
from harness.symbolon import ROOT, client_route, port, static_route


@pytest.fixture
def watched(symbolon, foreign, echo):
    """A gateway with a route `web` in front of an echo, and its metrics."""
    listen, metrics = port(), port()
    route = static_route(listen, echo.address, foreign.server(), [foreign.cert])
    config = symbolon.configure([route], metrics={"listen": f"127.0.0.1:{metrics}"})
    with symbolon.run(config, listen, metrics) as running:
        running.port, running.metrics = listen, Watched(metrics)
        yield running


def test_of_handshakes_connections_and_octets(watched, foreign):
    alice = foreign.issue("alice", days=(-1, 10))
    with peers.python_client(watched.port, foreign.cert, alice) as secure:
        assert peers.exchange(secure, b"x" * 1000) == b"x" * 1000
        watched.metrics.wait(1, "symbolon_connections_open", route="web")
        watched.metrics.wait(1000, "symbolon_received_bytes_total", route="web")
        watched.metrics.wait(1000, "symbolon_sent_bytes_total", route="web")
        assert watched.metrics.value("symbolon_handshakes_total", route="web", version="TLSv1.3", outcome="admitted") == 1
        assert watched.metrics.value("symbolon_first_byte_duration_seconds_count", route="web") == 1
        secure.unwrap()
    watched.metrics.wait(0, "symbolon_connections_open", route="web")
    assert watched.metrics.value("symbolon_connections_closed_total", route="web", reason="connection_ended") == 1
    left = watched.metrics.value("symbolon_client_certificate_remaining_seconds", route="web")
    assert 9 * 86400 < left < 10.1 * 86400
    assert 29 * 86400 < watched.metrics.value("symbolon_certificate_remaining_seconds", route="web") < 30.1 * 86400


def test_of_refusals_by_code_and_version(watched, foreign, tmp_path):
    stranger = ForeignCA(tmp_path / "other", "Other").issue("mallory")
    for version in ("-tls1_2", "-tls1_3"):
        peers.s_client(watched.port, foreign.cert, stranger, [version])
        name = {"-tls1_2": "TLSv1.2", "-tls1_3": "TLSv1.3"}[version]
        labels = {"route": "web", "version": name, "outcome": "client_certificate_untrusted_issuer"}
        watched.metrics.wait(1, "symbolon_handshakes_total", **labels)
    assert watched.metrics.value("symbolon_connections_open", route="web") in (None, 0)
    assert watched.metrics.value("symbolon_client_certificates_seen") == 0, "possession was never proven"


def knows_group(name):
    """Whether the openssl at hand has this group: it says so before it connects anywhere."""
    return "SSL_CONF_cmd" not in run(["openssl", "s_client", "-groups", name, "-connect", f"127.0.0.1:{port()}"]).output


# The hybrid wherever openssl has it (3.5); that nobody needs it shows beside what has nothing in common with us.
GROUPS = ["P-256", "X25519", *(["X25519MLKEM768"] if knows_group("X25519MLKEM768") else [])]


def negotiated_group(outcome):
    """As openssl names it: 3.0 only by the key that the server sent."""
    found = re.search(r"Negotiated TLS1.3 group: (\S+)", outcome.output) or re.search(
        r"(?:Server|Peer) Temp Key: (?:ECDH, )?([\w-]+)", outcome.output
    )
    assert found, outcome
    return found[1]


# One group has several names: those of NIST, of SEC 2, which TLS uses, and of X9.62.
TLS_NAMES = {"P-256": "secp256r1", "prime256v1": "secp256r1", "X25519": "x25519"}


@pytest.mark.parametrize("group", GROUPS)
def test_of_handshakes_by_group(watched, foreign, group):
    arguments = ["-tls1_3", "-groups", group, "-no_ign_eof"]  # an echo never ends by itself
    seen = peers.s_client(watched.port, foreign.cert, foreign.issue("alice"), arguments)
    negotiated = negotiated_group(seen)
    wanted = TLS_NAMES.get(negotiated, negotiated)
    assert wanted == TLS_NAMES.get(group, group), seen
    assert watched.wait_record("opened")["group"] == wanted
    watched.metrics.wait(1, "symbolon_handshakes_total", route="web", group=wanted, outcome="admitted")
    assert watched.metrics.value("symbolon_handshakes_total") == 1, "and under no other group"


def test_of_services_that_are_dialled(symbolon, foreign, tmp_path):
    """A plain client, TLS to the service: both certificates of ours count down, and a wrong service is counted by its code."""
    own, listen, wrong, metrics = foreign.issue("gateway", days=(-1, 5)), port(), port(), port()
    stranger = ForeignCA(tmp_path / "other", "Other").server()
    with s_server(foreign.server(), foreign.cert) as good, s_server(stranger, foreign.cert) as bad:
        routes = [
            client_route(listen, f"localhost:{good.port}", [foreign.cert], own, name="out"),
            client_route(wrong, f"localhost:{bad.port}", [foreign.cert], own, name="wrong"),
        ]
        with symbolon.run(symbolon.configure(routes, metrics={"listen": f"127.0.0.1:{metrics}"}), listen, wrong, metrics):
            seen = Watched(metrics)
            run(["curl", "-sS", "--max-time", "20", f"http://127.0.0.1:{listen}/"])
            run(["curl", "-sS", "--max-time", "20", f"http://127.0.0.1:{wrong}/"])
            kind = {"route": "out", "peer": "service", "version": "TLSv1.3", "outcome": "admitted"}
            seen.wait(1, "symbolon_handshakes_total", **kind)
            kind = {"route": "wrong", "peer": "service", "outcome": "server_certificate_untrusted_issuer"}
            seen.wait(1, "symbolon_handshakes_total", **kind)
            seen.wait(1, "symbolon_connections_opened_total", route="out")
            left = seen.value("symbolon_certificate_remaining_seconds", route="out", peer="service")
            assert 4 * 86400 < left < 5.1 * 86400
            assert seen.value("symbolon_certificate_remaining_seconds", peer="client") is None
            assert seen.value("symbolon_handshakes_total", peer="client") is None, "it speaks plain"


def test_of_limits_and_of_chains_that_failed_before(symbolon, foreign, echo, tmp_path):
    listen, metrics = port(), port()
    route = static_route(listen, echo.address, foreign.server(), [foreign.cert], limits={"connections": 1})
    gateway = {"routes": [route], "limits": {"connections": 90, "handshakes": 80}, "threads": 1}
    config = symbolon.configure(gateway, metrics={"listen": f"127.0.0.1:{metrics}"})
    with symbolon.run(config, listen, metrics):
        seen, alice = Watched(metrics), foreign.issue("alice")
        assert seen.value("symbolon_gateway_connections_limit") == 90
        assert seen.value("symbolon_gateway_handshakes_limit") == 80
        assert seen.value("symbolon_chain_cache_lookups_total") == 0
        with peers.python_client(listen, foreign.cert, alice) as secure:
            secure.sendall(b"x")
            assert secure.recv(1)
            assert seen.value("symbolon_gateway_connections") == 1
            with peers.python_client(listen, foreign.cert, alice) as one_too_many, contextlib.suppress(ConnectionError):
                assert one_too_many.recv(1) == b""
            seen.wait(1, "symbolon_connections_refused_total", route="web", code="route_connection_limit")
        stranger = ForeignCA(tmp_path / "other", "Other").issue("mallory")
        for _ in range(3):
            peers.s_client(listen, foreign.cert, stranger)
        seen.wait(3, "symbolon_handshakes_total", outcome="client_certificate_untrusted_issuer")
        assert seen.value("symbolon_chain_cache_lookups_total", result="failed") == 2
        # More where a reload has the open connection judged again meanwhile.
        assert seen.value("symbolon_chain_cache_lookups_total", result="verified") >= 1
        assert seen.value("symbolon_chain_cache_lookups_total", result="new") >= 2


def test_and_promtool_finds_no_fault(watched, foreign):
    with peers.python_client(watched.port, foreign.cert, foreign.issue("alice")) as secure:
        secure.sendall(b"x")
        assert secure.recv(1)
    peers.s_client(watched.port, foreign.cert)
    promtool("check", "metrics", input=watched.metrics.text().encode())
    promtool("check", "rules", ROOT / "packaging" / "prometheus" / "symbolon.rules.yml")


def names_in(expression):
    """Names of ours in a PromQL expression; a histogram's without its suffix."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\b(?:symbolon|process)_\w+", expression)}


def exposed_names(text):
    return set(re.findall(r"^# TYPE (\S+)", text, re.M))


@pytest.fixture
def everything(symbolon, foreign, backend):
    """Authority and gateway in one process, after one of everything has happened."""
    symbolon.init()
    symbolon.issue("client", "alice")
    listen, metrics = port(), port()
    route = static_route(listen, backend.address, foreign.server(ocsp=f"http://127.0.0.1:{port()}/"), [foreign.cert], session_tickets=True)
    gateway = {"routes": [route], "limits": {"connections": 1}, "crls": [{"from": str(foreign.crl())}]}
    config = symbolon.configure(gateway, authority={"crl": {}}, metrics={"listen": f"127.0.0.1:{metrics}"})
    with symbolon.run(config, listen, metrics) as running:
        seen = Watched(metrics)
        alice = foreign.issue("alice")
        context = peers.python_context(foreign.cert, alice)
        with peers.python_client(listen, foreign.cert, context=context) as secure:
            assert peers.http_over(secure)
            session = secure.session
            peers.s_client(listen, foreign.cert, alice)  # one too many
            wait_until(lambda: seen.value("symbolon_connections_refused_total", code="connection_limit"), "a refusal")
        seen.wait(0, "symbolon_connections_open", route="web")
        with peers.python_client(listen, foreign.cert, context=context, session=session, host="127.0.0.1") as secure:
            assert peers.http_over(secure) and not secure.session_reused  # a session for another name
        wait_until(lambda: seen.value("symbolon_authority_up") == 1, "the authority's figures")
        wait_until(lambda: seen.value("symbolon_authority_crl_number", issuer="issuing"), "the CRL's figures")
        yield seen


# These stand there only when something is wrong.
ONLY_IN_TROUBLE = {"symbolon_authority_warnings"}


def test_the_package_asks_for_nothing_that_is_not_served(everything):
    exposed = exposed_names(everything.text()) | ONLY_IN_TROUBLE
    dashboard = json.loads((ROOT / "packaging" / "grafana" / "symbolon.json").read_text())
    expressions = [t["expr"] for p in dashboard["panels"] for t in p["targets"]]
    expressions += [v["query"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
    rules = (ROOT / "packaging" / "prometheus" / "symbolon.rules.yml").read_text()
    expressions += re.findall(r"^\s+expr: (.*)$", rules, re.M)
    assert len(expressions) > 25
    asked = set().union(*map(names_in, expressions))
    assert asked and asked <= exposed, asked - exposed


def test_every_metric_is_documented_and_nothing_else(everything):
    documented = set(re.findall(r"`((?:symbolon|process)_\w+)`", (ROOT / "docs" / "metrics.md").read_text()))
    assert documented == exposed_names(everything.text()) | ONLY_IN_TROUBLE


def test_the_authority_counts_what_it_issues(symbolon):
    symbolon.init()
    metrics = port()
    config = symbolon.configure(None, authority={}, metrics={"listen": f"127.0.0.1:{metrics}"})
    with symbolon.run(config, metrics) as running:
        seen = Watched(metrics)
        running.wait_socket(symbolon.state / "authority.sock")
        before = seen.value("symbolon_authority_certificates_issued_total")
        commits = seen.value("symbolon_ledger_commits_total")
        symbolon.issue("client", "alice")
        symbolon.do("revoke", "alice")
        assert seen.value("symbolon_authority_certificates_issued_total") == before + 1
        assert seen.value("symbolon_authority_certificates_revoked_total") == 1
        assert seen.value("symbolon_ledger_commits_total") >= commits + 3  # reserved, completed, revoked
        assert seen.value("symbolon_ledger_size_bytes") > 4096


def test_an_address_that_others_reach_must_be_called_insecure(symbolon, foreign, backend):
    route = static_route(port(), backend.address, foreign.server(), [foreign.cert])
    for listen in (":9440", "0.0.0.0:9440", "192.0.2.1:9440", "localhost:9440"):
        config = symbolon.configure([route], metrics={"listen": listen})
        symbolon.refused("config_bad_value", "config", "check", "--config", config)
    config = symbolon.configure([route], metrics={"insecure_listen": f"0.0.0.0:{port()}"})
    assert "insecure_listen" in symbolon("config", "check", "--config", config).stderr


def test_a_unix_socket_serves_them_too(symbolon, foreign, backend):
    listen = port()
    route = static_route(listen, backend.address, foreign.server(), [foreign.cert])
    path = symbolon.folder / "m.sock"
    config = symbolon.configure([route], metrics={"listen": f"unix:{path}"})
    with symbolon.run(config, listen):
        answer = run(["curl", "-sS", "--unix-socket", path, "http://metrics/metrics"])
        assert "symbolon_build_info" in answer.stdout, answer
        assert path.stat().st_mode & 0o777 == 0o600


def test_what_happens_on_one_route_is_not_counted_on_another(symbolon, foreign):
    listen, metrics = port(), port()
    with Backend(greeting="a") as one, Backend(greeting="b") as two:
        server = foreign.server("ab", names="DNS:a.example,DNS:b.example")
        routes = [
            static_route(listen, one.address, server, [foreign.cert], name="a", names=["a.example"]),
            static_route(listen, two.address, server, [foreign.cert], name="b", names=["b.example"]),
        ]
        config = symbolon.configure(routes, metrics={"listen": f"127.0.0.1:{metrics}"})
        with symbolon.run(config, listen, metrics):
            seen = Watched(metrics)
            alice = foreign.issue("alice")
            assert peers.curl(listen, foreign.cert, alice, host="a.example").status == 0
            peers.s_client(listen, foreign.cert, alice, host="c.example")
            seen.wait(1, "symbolon_handshakes_total", route="a", outcome="admitted")
            seen.wait(1, "symbolon_handshakes_total", route="", outcome="unrecognized_name")
            assert seen.value("symbolon_handshakes_total", route="b") is None


def test_a_scrape_costs_little_with_many_routes(symbolon, foreign, backend):
    """500 routes: each scrape well below the second after which threads would be called silent."""
    listen, metrics = port(), port()
    server = foreign.server()
    routes = [
        static_route(listen, backend.address, server, [foreign.cert], name=f"r{n}", names=[f"r{n}.example"]) for n in range(500)
    ]
    config = symbolon.configure(routes, metrics={"listen": f"127.0.0.1:{metrics}"})
    with symbolon.run(config, listen, metrics):
        seen = Watched(metrics)

        def ready():
            return sum(1 for name, _, value in seen.samples() if name == "symbolon_route_ready" and value == 1)

        wait_until(lambda: ready() == 500, "every route is ready")
        begin = time.monotonic()
        assert ready() == 500
        assert seen.value("symbolon_gateway_threads_silent") == 0
        assert time.monotonic() - begin < 10
