"""How each of thirteen TLS servers is told the same: its certificate, whom it trusts, what it speaks, and whom it refuses."""

import dataclasses
import os
import pathlib
import tempfile

from harness import peers
from harness.apache import apache as start_apache
from harness.apache import document_root
from harness.backend import Backend
from harness.pki import Credential
from harness.process import PORTS, Process, run
from harness.symbolon import Symbolon, client_route, static_route

PROGRAMS = pathlib.Path(__file__).resolve().parent.parent / "servers"
SUITE_1_3 = "TLS_AES_128_CCM_8_SHA256"


@dataclasses.dataclass(frozen=True)
class Setup:
    folder: pathlib.Path
    port: int
    version: str  # the only one it speaks: "1.2" or "1.3"
    server: Credential
    trust: pathlib.Path
    names: pathlib.Path | None = None  # the CAs it names to clients, where they are not those it trusts
    crl: pathlib.Path | None = None
    rule: str | None = None  # the only common name that may pass
    weak: bool = False  # its own certificate is too weak for the library's defaults
    no_cipher: bool = False
    plain: bool = False  # HTTP without TLS

    @property
    def ciphers(self):
        """OpenSSL's cipher list, or None for the server's default."""
        if self.no_cipher and self.version == "1.2":
            return "ECDHE-ECDSA-AES128-GCM-SHA256"
        return "DEFAULT:@SECLEVEL=0" if self.weak else None

    @property
    def suites(self):
        """OpenSSL's list of TLS 1.3 suites, or None."""
        return SUITE_1_3 if self.no_cipher and self.version == "1.3" else None

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    @property
    def above(self):
        """A file with what the server sends behind its leaf; None where that is nothing."""
        text = self.server.chain.read_text().removeprefix(self.server.cert.read_text())
        return self.write("above.pem", text) if text else None

    @property
    def pair(self):
        """The chain and the key in one file."""
        return self.write("pair.pem", self.server.chain.read_text() + self.server.key.read_text())


def openssl(setup, stack):
    """-www answers a request with what the connection is."""
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{setup.port}", "-cert", setup.server.cert, "-key", setup.server.key]
    command += ["-cert_chain", setup.above] if setup.above else []
    command += ["-CAfile", setup.names, "-verifyCAfile", setup.trust] if setup.names else ["-CAfile", setup.trust]
    command += ["-CRL", setup.crl, "-crl_check"] if setup.crl else []
    command += ["-verify_hostname", setup.rule] if setup.rule else []  # its only rule: a name, and our clients have none
    command += ["-cipher", setup.ciphers] if setup.ciphers else []
    command += ["-ciphersuites", setup.suites] if setup.suites else []
    return Process([*command, "-Verify", 3, "-verify_return_error", "-www", "-tls" + setup.version.replace(".", "_")])


def gnutls(setup, stack):
    priority = f"NORMAL:-VERS-ALL:+VERS-TLS{setup.version}"
    if setup.no_cipher:
        priority += ":-CIPHER-ALL:+AES-128-CCM-8" if setup.version == "1.3" else ":-KX-ALL:+ECDHE-ECDSA"
    command = ["gnutls-serv", "--port", setup.port, "--http", "--x509certfile", setup.server.chain, "--x509keyfile", setup.server.key]
    command += ["--x509crlfile", setup.crl] if setup.crl else []
    return Process([*command, "--x509cafile", setup.trust, "--require-client-cert", "--verify-client-cert", "--priority", priority])


NGINX = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; {http} }}
{stream}
"""


def _nginx(setup, **blocks):
    user = "user root;" if os.geteuid() == 0 else ""
    text = NGINX.format(folder=setup.folder, user=user, **{"http": "", "stream": "", **blocks})
    return Process(["/usr/sbin/nginx", "-c", setup.write("nginx.conf", text), "-e", setup.folder / "error.log"])


def _nginx_tls(setup):
    if setup.plain:
        return f"listen 127.0.0.1:{setup.port};"
    lines = [
        f"listen 127.0.0.1:{setup.port} ssl; ssl_protocols TLSv{setup.version};",
        f"ssl_certificate {setup.server.chain}; ssl_certificate_key {setup.server.key}; ssl_verify_client on; ssl_verify_depth 3;",
        f"ssl_client_certificate {setup.names}; ssl_trusted_certificate {setup.trust};"
        if setup.names
        else f"ssl_client_certificate {setup.trust};",
    ]
    lines += [f"ssl_crl {setup.crl};"] if setup.crl else []
    lines += [f"ssl_ciphers {setup.ciphers};"] if setup.ciphers else []
    lines += [f"ssl_conf_command Ciphersuites {setup.suites};"] if setup.suites else []
    return "\n".join(lines)


def nginx_http(setup, stack):
    rule = f'if ($ssl_client_s_dn != "CN={setup.rule}") {{ return 403; }}' if setup.rule else ""
    return _nginx(setup, http=f"server {{ {_nginx_tls(setup)} {rule} location / {{ return 200 hello; }} }}")


def nginx_stream(setup, stack):
    """Before a service that speaks HTTP; whom the rule does not know gets no service."""
    to, rules = stack.enter_context(Backend()).address, ""
    if setup.rule:
        to, rules = "$service", f'map $ssl_client_s_dn $service {{ "CN={setup.rule}" {to}; default ""; }}'
    return _nginx(setup, stream=f"stream {{ {rules} server {{ {_nginx_tls(setup)} proxy_pass {to}; }} }}")


def haproxy(setup, stack):
    tls = f"ssl crt {setup.pair} verify required ssl-min-ver TLSv{setup.version} ssl-max-ver TLSv{setup.version}"
    tls += f" ca-file {setup.names} ca-verify-file {setup.trust}" if setup.names else f" ca-file {setup.trust}"
    tls += f" crl-file {setup.crl}" if setup.crl else ""
    tls += f" ciphers {setup.ciphers}" if setup.ciphers else ""
    tls += f" ciphersuites {setup.suites}" if setup.suites else ""
    rule = f"http-request deny unless {{ ssl_c_s_dn(cn) {setup.rule} }}" if setup.rule else ""
    config = f"""
defaults
  mode http
  timeout client 20s
  timeout server 20s
  timeout connect 20s
frontend f
  bind 127.0.0.1:{setup.port} {"" if setup.plain else tls}
  {rule}
  http-request return status 200
"""
    return Process(["haproxy", "-db", "-f", setup.write("haproxy.cfg", config)], env=_lenient(setup) if setup.weak else None)


def _lenient(setup):
    """HAProxy loads its certificate before it reads `ciphers`: OpenSSL's own configuration has to let a weak one through."""
    text = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = DEFAULT:@SECLEVEL=0\n"
    return {**os.environ, "OPENSSL_CONF": str(setup.write("openssl.cnf", text))}


def apache(setup, stack):
    tls = [
        f"SSLEngine on\nSSLProtocol -all +TLSv{setup.version}\nSSLVerifyClient require\nSSLVerifyDepth 3",
        f"SSLCertificateFile {setup.server.chain}\nSSLCertificateKeyFile {setup.server.key}\nSSLCACertificateFile {setup.trust}",
    ]
    tls += [f"SSLCADNRequestFile {setup.names}"] if setup.names else []
    tls += [f"SSLCARevocationFile {setup.crl}\nSSLCARevocationCheck chain"] if setup.crl else []
    tls += [f"SSLCipherSuite {setup.ciphers}"] if setup.ciphers else []
    tls += [f"SSLCipherSuite TLSv1.3 {setup.suites}"] if setup.suites else []
    rule = f"""<Location />\nRequire expr %{{SSL_CLIENT_S_DN_CN}} == '{setup.rule}'\n</Location>""" if setup.rule else ""
    inside = "" if setup.plain else "\n".join(tls)
    site = f"""
Listen 127.0.0.1:{setup.port}
<VirtualHost *:{setup.port}>
{inside}
DocumentRoot {document_root(setup.folder)}
{rule}
</VirtualHost>"""
    return start_apache(setup.folder, setup.port, site)


def stunnel(setup, stack):
    lines = [f"foreground = yes\npid =\n[s]\naccept = 127.0.0.1:{setup.port}"]
    if setup.plain:  # its other direction, taken by mistake: plain in, TLS out
        return _plain_end(setup, stack, lambda to: _stunnel(setup, [*lines, f"client = yes\nconnect = {to}"]))
    lines += [f"connect = {stack.enter_context(Backend()).address}\ncert = {setup.server.chain}\nkey = {setup.server.key}"]
    lines += [f"sslVersion = TLSv{setup.version}\nverifyChain = yes\nrequireCert = yes"]
    late = setup.folder / "trusted"
    lines += [f"CAfile = {setup.names}\nCApath = {late}"] if setup.names else [f"CAfile = {setup.trust}"]
    lines += [f"CRLfile = {setup.crl}"] if setup.crl else []
    lines += [f"checkHost = {setup.rule}"] if setup.rule else []
    lines += ["securityLevel = 0"] if setup.weak else []
    lines += [f"ciphers = {setup.ciphers}"] if setup.no_cipher and setup.ciphers else []
    lines += [f"ciphersuites = {setup.suites}"] if setup.suites else []
    late.mkdir()
    process = _stunnel(setup, lines)
    if setup.names:  # what comes into CApath after the start is trusted at once and named after the next
        stack.callback(process.stop)
        process.wait_listening(setup.port)
        _trust_in(late, setup.trust)
    return process


def _stunnel(setup, lines):
    return Process(["/usr/bin/stunnel4", setup.write("stunnel.conf", "\n".join([*lines, ""]))])


def _trust_in(folder, ca):
    """A folder in which OpenSSL finds the CA by its name's hash."""
    (folder / "root.pem").write_text(ca.read_text())
    done = run(["openssl", "rehash", folder])
    assert done.status == 0, done


def _plain_end(setup, stack, start):
    """What listens in plain before a TLS server with HTTP: `start(its address)`."""
    behind = dataclasses.replace(setup, folder=setup.folder / "behind", port=PORTS.take(), plain=False)
    behind.folder.mkdir()
    server = _nginx(behind, http=f"server {{ {_nginx_tls(behind).replace('ssl_verify_client on;', '')} location / {{ return 200 hello; }} }}")
    stack.callback(server.stop)
    server.wait_listening(behind.port)
    return start(f"127.0.0.1:{behind.port}")


def hitch(setup, stack):
    host, _, port = stack.enter_context(Backend()).address.partition(":")
    lines = [
        f'frontend = "[127.0.0.1]:{setup.port}"\nbackend = "[{host}]:{port}"\npem-file = "{setup.pair}"\nworkers = 1\ndaemon = off',
        f'tls-protos = TLSv{setup.version}\nclient-verify = required\nclient-verify-ca = "{setup.trust}"',
    ]
    lines += ['user = "_hitch"\ngroup = "_hitch"'] if os.geteuid() == 0 else []
    lines += [f'ciphers = "{setup.ciphers}"'] if setup.ciphers else []
    lines += [f'ciphersuites = "{setup.suites}"'] if setup.suites else []
    return Process(["/usr/sbin/hitch", f"--config={setup.write('hitch.conf', chr(10).join([*lines, '']))}"])


def caddy(setup, stack):
    rule = f'@other not vars {{http.request.tls.client.subject}} "CN={setup.rule}"\nrespond @other 403' if setup.rule else ""
    ciphers = "ciphers TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" if setup.no_cipher else ""
    tls = f"""
  tls {setup.server.chain} {setup.server.key} {{
    protocols tls{setup.version} tls{setup.version}
    {ciphers}
    client_auth {{
      mode require_and_verify
      trusted_ca_cert_file {setup.trust}
    }}
  }}"""
    config = f"""
{{
  admin off
  auto_https disable_redirects
  skip_install_trust
}}
{"http" if setup.plain else "https"}://localhost:{setup.port} {{
  bind 127.0.0.1
  {"" if setup.plain else tls}
  {rule}
  respond hello
}}
"""
    environment = {**os.environ, "HOME": str(setup.folder), "XDG_CONFIG_HOME": str(setup.folder), "XDG_DATA_HOME": str(setup.folder)}
    return Process(["caddy", "run", "--adapter", "caddyfile", "--config", setup.write("Caddyfile", config)], env=environment)


def _arguments(setup, suite):
    """What the programs of tests/servers are told."""
    told = {"port": setup.port, "chain": setup.server.chain, "key": setup.server.key, "trust": setup.trust, "version": setup.version}
    told |= {"names": setup.names, "crl": setup.crl, "rule": setup.rule, "plain": setup.plain or None, **suite}
    return [f"{key}={value}" for key, value in told.items() if value is not None]


def node(setup, stack):
    return Process(["node", PROGRAMS / "server.js", *_arguments(setup, {"ciphers": setup.suites or setup.ciphers})])


_built = {}


def _once(build, source):
    """Compiles at the first call of a run, into a folder that lasts as long."""
    if source not in _built:
        folder = tempfile.TemporaryDirectory(prefix="symbolon-servers-")
        _built[source] = folder, build(folder.name, PROGRAMS / source)
    return _built[source][1]


def java(setup, stack):
    suite = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" if setup.no_cipher else None
    return Process([*_once(peers.build_java, "Server.java"), *_arguments(setup, {"suite": suite})])


def go(setup, stack):
    suite = "0xc02b" if setup.no_cipher else None  # TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    return Process([*_once(peers.build_go, "server.go"), *_arguments(setup, {"suite": suite})])


def gateway(setup, stack):
    """Ours, which always speaks both versions: its client chooses."""
    symbolon = Symbolon(setup.folder)
    if setup.plain:
        return _plain_end(
            setup,
            stack,
            lambda to: symbolon.run(
                symbolon.configure([client_route(setup.port, to, [setup.trust], server={"name": "localhost"})]), setup.port
            ),
        )
    clients = {"allow": [{"cn": setup.rule}]} if setup.rule else {}
    route = static_route(setup.port, stack.enter_context(Backend()).address, setup.server, [setup.trust], clients=clients)
    crls = {"crls": [{"from": f"file:{setup.crl}", "issuers": _issuers(setup), "on_stale": "refuse"}]} if setup.crl else {}
    return symbolon.run(symbolon.configure({"routes": [route], **crls}), setup.port)


def _issuers(setup):
    return str(setup.write("issuers.pem", setup.above.read_text() + setup.trust.read_text()))


SERVERS = {
    "openssl": openssl,
    "gnutls": gnutls,
    "nginx_http": nginx_http,
    "nginx_stream": nginx_stream,
    "haproxy": haproxy,
    "apache": apache,
    "stunnel": stunnel,
    "hitch": hitch,
    "caddy": caddy,
    "node": node,
    "java": java,
    "go": go,
    "symbolon": gateway,
}
