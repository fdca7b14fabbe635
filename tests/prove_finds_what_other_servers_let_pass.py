"""`symbolon prove` against foreign servers that are configured as people do: what each lets pass is found, and nothing else is."""

import json
import os
import socket
import ssl
import threading

import pytest

from harness.apache import apache, document_root
from harness.pki import ForeignCA
from harness.process import PORTS, Process, run
from harness.proving import make_kit, prove, revocation_of, verdicts
from harness.symbolon import Symbolon
from harness.telling_service import TellingService, headers

WRONG = ["no_certificate", "foreign_ca", "self_signed", "expired", "not_yet_valid", "wrong_eku", "ca_as_leaf", "path_length", "name_constraints"]
RESUMED = ["resume_expired_tls12_ticket", "resume_expired_tls12_id", "resume_expired_tls13", "ticket_chaining"]
AFTER_REVOCATION = ["revoked", "resume_revoked_tls12_ticket", "resume_revoked_tls12_id", "resume_revoked_tls13"]


class Site:
    """A CA with its CRL, a server certificate, and a kit of the CA; servers of it get a folder and a port each."""

    def __init__(self, folder):
        self.folder = folder
        self.symbolon = Symbolon(folder / "s")
        self.ca = ForeignCA(folder / "pki")
        self.server = self.ca.server(names="DNS:localhost,DNS:public.localhost,IP:127.0.0.1")
        self.kit = make_kit(self.symbolon, self.ca, folder / "kit")
        self.crl = self.ca.crl()
        self.pair = folder / "pair.pem"
        self.pair.write_text(self.server.chain.read_text() + self.server.key.read_text())


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return Site(tmp_path_factory.mktemp("site"))


NGINX = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; {http} }}
{stream}
"""


def start_nginx(folder, port, http="", stream=""):
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(NGINX.format(folder=folder, user=user, http=http, stream=stream))
    return Process(["/usr/sbin/nginx", "-c", config, "-e", folder / "error.log"]).wait_listening(port)


def tls_of(site, port):
    return f"listen 127.0.0.1:{port} ssl; ssl_certificate {site.server.chain}; ssl_certificate_key {site.server.key}; ssl_verify_depth 3; "


def nginx(directives):
    """One server that says hello, with these directives of TLS."""

    def start(site, folder, port):
        more = directives.format(ca=site.ca.cert, crl=site.crl)
        return start_nginx(folder, port, f"server {{ {tls_of(site, port)} {more} location / {{ return 200 hello; }} }}")

    return start


def nginx_stream(site, folder, port):
    """Closes the connections of whom it refuses, without an alert."""
    service = TellingService(headers)
    verify = f"ssl_verify_client on; ssl_client_certificate {site.ca.cert};"
    return start_nginx(folder, port, stream=f"stream {{ server {{ {tls_of(site, port)} {verify} proxy_pass {service.address}; }} }}")


def openssl(*options):
    def start(site, folder, port):
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", site.server.cert, "-key", site.server.key]
        return Process([*command, "-CAfile", site.ca.cert, "-www", *options]).wait_listening(port)

    return start


def gnutls(site, folder, port):
    command = ["gnutls-serv", "--port", port, "--http", "--x509certfile", site.server.chain, "--x509keyfile", site.server.key]
    command += ["--x509cafile", site.ca.cert, "--require-client-cert", "--verify-client-cert"]
    return Process([*command, "--priority", "NORMAL:%DISABLE_SAFE_RENEGOTIATION"]).wait_listening(port)


def haproxy(bind, *rules):
    """Before a service that shows the headers it gets."""

    def start(site, folder, port):
        service = TellingService(headers)
        config = folder / "haproxy.cfg"
        config.write_text(f"""
defaults
  mode http
  timeout client 20s
  timeout server 20s
  timeout connect 20s
frontend f
  bind 127.0.0.1:{port} ssl crt {site.pair} ca-file {site.ca.cert} {bind}
  {chr(10).join("  " + rule for rule in rules)}
  default_backend b
backend b
  server s {service.address}
""")
        return Process(["haproxy", "-db", "-f", config]).wait_listening(port)

    return start


def httpd(site, folder, port):
    """Whoever forgets `SSLVerifyClient require` on the virtual host and has it in a <Location>."""
    return apache(folder, port, f"""
Listen 127.0.0.1:{port}
<VirtualHost *:{port}>
    SSLEngine on
    SSLProtocol all -TLSv1.3
    SSLCertificateFile {site.server.chain}
    SSLCertificateKeyFile {site.server.key}
    SSLCACertificateFile {site.ca.cert}
    SSLVerifyDepth 3
    DocumentRoot {document_root(folder)}
    <Location /admin>
        SSLVerifyClient require
    </Location>
</VirtualHost>""")


class AskingLater:
    """Python's ssl: HTTP/2 in name, and a certificate that is asked for after the handshake."""

    def __init__(self, site, folder, port):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(site.server.chain, site.server.key)
        self.context.load_verify_locations(site.ca.cert)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.post_handshake_auth = True
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(plain,), daemon=True).start()

    def _answer(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as secure:
                secure.settimeout(10)
                secure.recv(65536)
                if secure.selected_alpn_protocol() == "h2":
                    secure.verify_client_post_handshake()
                    secure.recv(65536)
                else:
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


ON = "ssl_verify_client on; ssl_client_certificate {ca};"
SET = "http-request set-header X-SSL-Client-CN %[ssl_c_s_dn(cn)]"
CACHE = "ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:sessions:1m;"
ADD = "http-request add-header X-SSL-Client-CN %[ssl_c_s_dn(cn)]"

# Server, what is looked at, and what of it must fail; all else of it must pass.
FOUND = {
    "nginx asks and does not insist": (nginx("ssl_verify_client optional; ssl_client_certificate {ca};"),
                                       [*WRONG, "no_sni", "tls12_fallback"], ["no_certificate", "no_sni", "tls12_fallback"]),
    "nginx leaves it to others": (nginx("ssl_verify_client optional_no_ca; ssl_client_certificate {ca};"),
                                  WRONG, ["no_certificate", "foreign_ca", "self_signed"]),
    "nginx is right about certificates": (nginx(ON), [*WRONG, "no_sni", "tls12_fallback", "tls10_tls11", "client_renegotiation", "secure_renegotiation", "refusal_alerts"], []),
    "nginx speaks old versions": (nginx(ON + "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers DEFAULT:@SECLEVEL=0;"),
                                  ["tls10_tls11", "tls12_fallback"], ["tls10_tls11"]),
    "nginx cuts without a word": (nginx_stream, ["no_certificate", "foreign_ca", "refusal_alerts"], ["refusal_alerts"]),
    "openssl asks and does not insist": (openssl("-verify", 3), ["no_certificate", "foreign_ca", "expired", "revoked"],
                                         ["no_certificate", "foreign_ca", "expired", "revoked"]),
    "openssl insists and goes on after errors": (openssl("-Verify", 3), ["no_certificate", "foreign_ca", "expired"], ["foreign_ca", "expired"]),
    "openssl renegotiates": (openssl("-Verify", 3, "-verify_return_error", "-client_renegotiation"),
                             ["no_certificate", "client_renegotiation", "secure_renegotiation"], ["client_renegotiation"]),
    "gnutls without RFC 5746, which does not look at usages": (gnutls, ["no_certificate", "expired", "secure_renegotiation", "wrong_eku"],
                                                               ["secure_renegotiation", "wrong_eku"]),
    "HAProxy ignores what is wrong": (haproxy("verify required crt-ignore-err all ca-ignore-err all"), ["no_certificate", "expired", "wrong_eku"],
                                      ["expired", "wrong_eku"]),
    "HAProxy looks at names": (haproxy("verify optional", "http-request deny if { ssl_fc_sni localhost } !{ ssl_c_used }"),
                               ["no_certificate", "other_sni"], ["other_sni"]),
    "HAProxy adds a header": (haproxy("verify required", ADD), ["forged_headers"], ["forged_headers"]),
    "HAProxy sets a header and forgets underscores": (haproxy("verify required", SET), ["forged_headers"], ["forged_headers"]),
    "Apache demands it elsewhere": (httpd, ["no_certificate", "foreign_ca", "tls12_fallback"], ["no_certificate", "foreign_ca", "tls12_fallback"]),
    "Python asks after the handshake": (AskingLater, ["no_certificate", "post_handshake_auth_h2"], ["no_certificate", "post_handshake_auth_h2"]),
}


@pytest.mark.parametrize("name", FOUND)
def test_it_is_found(site, tmp_path, name):
    start, looked_at, wrong = FOUND[name]
    port = PORTS.take()
    only = [word for case in looked_at for word in ("--only", case)]
    if "forged_headers" in looked_at:
        only += ["--echo-path", "/"]
    if "revoked" in looked_at:
        only += ["--revoked"]
    with start(site, tmp_path, port):
        report = prove(site.symbolon, port, site.kit, *only)
    expected = {case: "fail" if case in wrong else "pass" for case in looked_at}
    assert verdicts(report) == expected, json.dumps(report, indent=1)
    assert report["exit"] == (1 if wrong else 0)
    assert all(case["code"] == ("not_mutual" if case["id"] in wrong else None) for case in report["cases"])


def test_nginx_resumes_who_has_ended(site, tmp_path):
    port = PORTS.take()
    with nginx(ON + CACHE)(site, tmp_path, port):
        only = [word for case in [*RESUMED, "expired"] for word in ("--only", case)]
        report = prove(site.symbolon, port, site.kit, "--ca-key", site.ca.key, "--life", "4s", *only)
    assert verdicts(report) == {**dict.fromkeys(RESUMED, "fail"), "expired": "pass"}, json.dumps(report, indent=1)


def test_nginx_resumes_who_was_revoked(symbolon, site, tmp_path):
    """docs/revocation-elsewhere.md: after a reload, what is in the shared cache and what a key in a file opens."""
    port, key = PORTS.take(), tmp_path / "ticket.key"
    key.write_bytes(os.urandom(80))
    kit = make_kit(symbolon, site.ca, tmp_path / "kit")
    tls = ON + "ssl_crl {crl};" + CACHE + "ssl_session_ticket_key " + f"{key};"
    with nginx(tls)(site, tmp_path, port) as running:
        revoke = f"{revocation_of(site.ca, site.crl)} && kill -HUP {running.child.pid}"
        only = [word for case in AFTER_REVOCATION for word in ("--only", case)]
        report = prove(symbolon, port, kit, "--revoke-command", revoke, *only)
    assert verdicts(report) == {**dict.fromkeys(AFTER_REVOCATION, "fail"), "revoked": "pass"}, json.dumps(report, indent=1)


def test_a_missing_list_lets_the_revoked_in(symbolon, site, tmp_path):
    port = PORTS.take()
    kit = make_kit(symbolon, site.ca, tmp_path / "kit")
    site.ca.revoke(kit.revoked)
    with nginx(ON)(site, tmp_path, port):
        assert verdicts(prove(symbolon, port, kit, "--revoked", "--only", "revoked")) == {"revoked": "fail"}
    site.ca.crl()
    listed = tmp_path / "listed"
    listed.mkdir()
    port = PORTS.take()
    with nginx(ON + "ssl_crl {crl};")(site, listed, port):
        assert verdicts(prove(symbolon, port, kit, "--revoked", "--only", "revoked")) == {"revoked": "pass"}


def test_one_session_cache_for_two_names(site, tmp_path):
    """In TLS 1.2 a session is resumed under whatever name."""
    port = PORTS.take()
    with nginx(ON + CACHE)(site, tmp_path, port):
        report = prove(site.symbolon, port, site.kit, "--only", "resume_other_sni")
    assert verdicts(report) == {"resume_other_sni": "fail"}, json.dumps(report, indent=1)


def test_other_protocols_are_asked_in_their_own_words(site, tmp_path):
    """A service that is not of HTTP, behind nginx stream; who is let in is answered, who is not is not."""
    port = PORTS.take()
    with socket.create_server(("127.0.0.1", 0)) as pong:

        def serve():
            while True:
                try:
                    connection, _ = pong.accept()
                except OSError:
                    return
                if connection.recv(64) == b"PING\r\n":
                    connection.sendall(b"PONG\r\n")
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        to = f"127.0.0.1:{pong.getsockname()[1]}"
        verify = f"ssl_verify_client optional; ssl_client_certificate {site.ca.cert};"
        with start_nginx(tmp_path, port, stream=f"stream {{ server {{ {tls_of(site, port)} {verify} proxy_pass {to}; }} }}"):
            report = prove(site.symbolon, port, site.kit, "--send", "PING\\r\\n", "--only", "no_certificate", "--only", "foreign_ca",
                           "--only", "other_host")
    assert verdicts(report) == {"no_certificate": "fail", "foreign_ca": "pass", "other_host": "not_run"}, json.dumps(report, indent=1)
