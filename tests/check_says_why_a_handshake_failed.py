"""`symbolon check` against foreign servers, each refusing in its own way: the right code first, never a wrong "proven"."""

import json

import pytest

from harness.apache import apache, document_root
from harness.pki import ForeignCA
from harness.process import PORTS, Process

CLIENTS = ["good", "none", "foreign", "expired", "early", "server_only"]

# What each client's refusal is called, wherever it is refused.
EXPECTED = {"none": "client_certificate_missing", "foreign": "client_certificate_untrusted_issuer",
            "expired": "client_certificate_expired", "early": "client_certificate_not_yet_valid",
            "server_only": "client_certificate_wrong_extended_key_usage"}


class Pki:
    def __init__(self, folder):
        self.root = ForeignCA(folder, "Root")
        issuing = ForeignCA(folder, "Issuing", issuer=self.root, path_length=0)
        self.server = issuing.server()
        self.clients = {"good": issuing.issue("good"), "none": None, "foreign": ForeignCA(folder, "Other").issue("foreign"),
                        "expired": issuing.issue("expired", days=(-2, -1)), "early": issuing.issue("early", days=(1, 2)),
                        "server_only": issuing.issue("server-only", eku="serverAuth")}
        self.pair = folder / "pair.pem"
        self.pair.write_text(self.server.chain.read_text() + self.server.key.read_text())


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


def openssl(version):
    def start(pki, port, folder):
        return Process(["openssl", "s_server", "-accept", port, "-cert", pki.server.cert, "-cert_chain", pki.server.chain, "-key",
                        pki.server.key, "-CAfile", pki.root.cert, "-Verify", 3, "-verify_return_error", "-www", version])
    return start


def gnutls(version):
    def start(pki, port, folder):
        return Process(["gnutls-serv", "--port", port, "--http", "--x509certfile", pki.server.chain, "--x509keyfile",
                        pki.server.key, "--x509cafile", pki.root.cert, "--require-client-cert", "--verify-client-cert",
                        "--priority", f"NORMAL:-VERS-ALL:+VERS-{version}"])
    return start


def haproxy(pki, port, folder):
    config = folder / "haproxy.cfg"
    config.write_text(f"""
defaults
    mode http
    timeout client 20s
    timeout server 20s
    timeout connect 20s
frontend f
    bind 127.0.0.1:{port} ssl crt {pki.pair} ca-file {pki.root.cert} verify required
    http-request return status 200
""")
    return Process(["haproxy", "-db", "-f", config])


def nginx(pki, port, folder):
    config = folder / "nginx.conf"
    config.write_text(f"""
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {pki.server.chain};
ssl_certificate_key {pki.server.key}; ssl_client_certificate {pki.root.cert}; ssl_verify_client on; ssl_verify_depth 3;
location / {{ return 200 hello; }} }} }}""")
    return Process(["nginx", "-c", config])


def httpd(pki, port, folder):
    return apache(folder, port, f"""
Listen 127.0.0.1:{port}
<VirtualHost *:{port}>
    SSLEngine on
    SSLCertificateFile {pki.server.chain}
    SSLCertificateKeyFile {pki.server.key}
    SSLCACertificateFile {pki.root.cert}
    SSLVerifyClient require
    SSLVerifyDepth 3
    DocumentRoot {document_root(folder)}
</VirtualHost>""")


SERVERS = {"openssl-1.2": openssl("-tls1_2"), "openssl-1.3": openssl("-tls1_3"), "gnutls-1.2": gnutls("TLS1.2"),
           "gnutls-1.3": gnutls("TLS1.3"), "haproxy": haproxy, "nginx": nginx, "apache": httpd}


def look(symbolon, pki, port, client, *arguments):
    identity = ["--cert", client.chain, "--key", client.key] if client else []
    outcome = symbolon("check", f"localhost:{port}", "--ca", pki.root.cert, "--json", *identity, *arguments)
    report = json.loads(outcome.stdout)
    assert report["exit"] == outcome.status, outcome
    return report


@pytest.mark.parametrize("server", SERVERS)
def test_the_right_code_comes_first(symbolon, pki, tmp_path, server):
    port = PORTS.take()
    with SERVERS[server](pki, port, tmp_path) as running:
        running.wait_listening(port)
        for name in CLIENTS:
            report = look(symbolon, pki, port, pki.clients[name], "--http")
            seen = f"{server}, {name}: {json.dumps(report, indent=1)}"
            accepts_every_usage = server.startswith("gnutls") and name == "server_only"  # gnutls-serv does not look at it
            if name == "good":
                # Between OpenSSL 3.5, which offers X25519MLKEM768, and TLS 1.2 or GnuTLS.
                found = {finding["code"] for finding in report["findings"]} - {"no_post_quantum_group"}
                assert (report["outcome"], report["exit"], found) == ("accepted", 0, set()), seen
            else:
                assert report["outcome"] == ("accepted" if accepts_every_usage else "refused"), seen
                assert report["findings"][0]["code"] == EXPECTED[name], seen
                assert report["exit"] == 1, seen
            for finding in report["findings"]:
                known = EXPECTED.get(name, ""), "client_certificate_refused", "no_post_quantum_group"
                assert finding["certainty"] != "proven" or finding["code"] in known, seen
            assert report["server_verification"]["valid"], seen
            assert report["tls"]["certificate_request"]["ca_names"] == ["CN=Root,O=Root"], seen
            assert len(report["client_chain"]) == {"none": 0, "foreign": 1}.get(name, 2), seen


@pytest.mark.parametrize("server", ["openssl-1.2", "openssl-1.3", "gnutls-1.3", "haproxy", "apache"])
def test_without_a_request_the_late_alert_is_seen_and_acceptance_is_only_likely(symbolon, pki, tmp_path, server):
    port = PORTS.take()
    with SERVERS[server](pki, port, tmp_path) as running:
        running.wait_listening(port)
        refused = look(symbolon, pki, port, pki.clients["foreign"])
        assert refused["outcome"] == "refused" and refused["tls"]["alert_received"]["fatal"], refused
        accepted = look(symbolon, pki, port, pki.clients["good"])
        assert (accepted["outcome"], accepted["exit"]) == ("likely_accepted", 0), accepted


def test_our_gateway_and_our_check_use_the_same_codes(symbolon, foreign, gateway_of):
    gateway = gateway_of(clients={"allow": "any_verified"})
    stranger = ForeignCA(foreign.folder.parent, "Stranger").issue("stranger")
    for client, code in ((None, "client_certificate_missing"), (stranger, "client_certificate_untrusted_issuer"),
                         (foreign.issue("late", days=(-2, -1)), "client_certificate_expired")):
        since = gateway.mark()
        identity = ["--cert", client.chain, "--key", client.key] if client else []
        report = json.loads(symbolon("check", f"localhost:{gateway.port}", "--ca", foreign.cert, "--json", *identity).stdout)
        assert report["findings"][0]["code"] == code, report
        gateway.wait_record("refused", code, since)


def test_a_service_that_is_away_is_not_blamed_on_the_certificate_alone(symbolon, foreign, gateway_of):
    gateway = gateway_of(clients={"allow": "any_verified"}, to=f"127.0.0.1:{PORTS.take()}")
    alice = foreign.issue("alice")
    outcome = symbolon("check", f"localhost:{gateway.port}", "--ca", foreign.cert, "--json", "--cert", alice.chain, "--key", alice.key)
    found = {finding["code"]: finding["certainty"] for finding in json.loads(outcome.stdout)["findings"]}
    assert found["backend_unreachable"] == "possible" and "proven" not in found.values(), found


def test_the_text_shows_what_a_person_needs(symbolon, pki, tmp_path):
    port = PORTS.take()
    client = pki.clients["expired"]
    with openssl("-tls1_3")(pki, port, tmp_path) as running:
        running.wait_listening(port)
        outcome = symbolon("check", f"localhost:{port}", "--ca", pki.root.cert, "--cert", client.chain, "--key", client.key)
    assert outcome.status == 1
    for part in ("server's chain", "client's chain", "CN=Issuing", "dns:localhost", "certificate_expired (45)",
                 "client_certificate_expired (proven, client)", "-> renew it"):
        assert part in outcome.stdout, outcome


def test_what_cannot_be_reached_says_so(symbolon):
    port = PORTS.take()
    assert json.loads(symbolon("check", f"127.0.0.1:{port}", "--json").stdout)["findings"][0]["code"] == "connection_refused"
    unknown = symbolon("check", "nowhere.invalid:443", "--json")
    assert json.loads(unknown.stdout)["findings"][0]["code"] == "name_not_found"
    assert unknown.status == 3


def test_what_the_network_does_not_reach(symbolon):
    """No connection leads to a multicast address: Linux calls the network unreachable, on whatever machine."""
    report = json.loads(symbolon("check", "224.0.0.1:443", "--json").stdout)
    assert [finding["code"] for finding in report["findings"]] == ["network_unreachable"] and report["exit"] == 3, report


def test_a_name_without_a_port_may_have_been_meant_as_a_file(symbolon):
    outcome = symbolon("check", "client.invalid", "--json")
    report = json.loads(outcome.stdout)
    assert report["findings"][0]["code"] == "name_not_found" and any("client.invalid" in note for note in report["notes"]), report
