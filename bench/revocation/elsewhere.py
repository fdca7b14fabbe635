"""The terminators of the table, each from Debian's package, started on a port of 127.0.0.1 in front of the same service.

A way to run one is a `Way`: what stands in its configuration beside the CRL, and how its manual says that a new CRL is taken up.
"""

import base64
import contextlib
import dataclasses
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from harness.apache import apache
from harness.pki import ForeignCA
from harness.process import Process
from harness.proxies import started
from harness.symbolon import Symbolon, port, static_route


class Setting:
    """What one terminator stands in: a folder, a CA that openssl made, its CRL in force, the service."""

    def __init__(self, folder, backend):
        self.folder, self.backend = folder, backend
        folder.mkdir()
        self.ca = ForeignCA(folder / "pki")
        self.server = self.ca.server()
        self.pair = folder / "server.pem"
        self.pair.write_text(self.server.chain.read_text() + self.server.key.read_text())
        self.pair.chmod(0o600)
        self.crl = folder / "live.crl.pem"
        self.publish()
        self.ticket_key = folder / "ticket.key"  # nginx: 48 or 80 octets, Apache: 48
        self.ticket_key.write_bytes(os.urandom(48))
        self.ticket_key.chmod(0o600)
        self.ticket_keys = folder / "ticket.keys"  # HAProxy: three lines
        self.ticket_keys.write_text("".join(base64.b64encode(os.urandom(48)).decode() + "\n" for _ in range(3)))
        self.port = port()
        self.to = f"127.0.0.1:{backend.port}"

    def publish(self):
        """A new CRL over the old one, in one step, as whoever fetches it would."""
        fresh = self.crl.with_suffix(".new")
        shutil.copyfile(self.ca.crl(), fresh)
        fresh.rename(self.crl)


def symbolon(setting, way):
    """Gateway, authority and signer; the route trusts the authority and the CA that the others have, too. `lines`: what is on."""
    program = Symbolon(setting.folder / "s").init()
    setting.symbolon = program
    trust, switched = ["authority", setting.ca.cert], dict.fromkeys(way.lines, True)
    route = static_route(setting.port, setting.to, setting.server, trust, **switched)
    running = program.run(program.configure([route], authority={}), setting.port)
    running.wait_line(lambda line: "all roles are ready" in line, "all roles are ready")
    return running


NGINX_COMMON = """
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {server.chain};
    ssl_certificate_key {server.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_client_certificate {ca.cert};
    ssl_verify_client on;
    ssl_crl {crl};
"""


def nginx(setting, head, section, service, way):
    lines = NGINX_COMMON.format(**vars(setting)) + "".join(f"    {line}\n" for line in way.directives(setting))
    config = setting.folder / "nginx.conf"
    user = "user root;\n" if setting.folder.owner() == "root" else ""
    config.write_text(
        f"{head}{user}daemon off;\nworker_processes 1;\npid {setting.folder}/nginx.pid;\n"
        f"error_log {setting.folder}/error.log;\nevents {{}}\n{section} {{\n  server {{{lines}    {service}\n  }}\n}}\n"
    )
    return started(["nginx", "-e", setting.folder / "error.log", "-c", config], setting.port)


def nginx_stream(setting, way):
    module = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
    return nginx(setting, module, "stream", f"proxy_pass {setting.to};", way)


def nginx_http(setting, way):
    folders = " ".join(f"{what}_temp_path {setting.folder}/{what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    service = f"access_log off; {folders} location / {{ proxy_pass http://{setting.to}; }}"
    return nginx(setting, "", "http", service, way)


HAPROXY = """
global
  stats socket {folder}/haproxy.sock mode 600 level admin
defaults
  mode {mode}
  timeout connect 10s
  timeout client 120s
  timeout server 120s
frontend f
  bind 127.0.0.1:{port} ssl crt {pair} ca-file {ca.cert} verify required crl-file {crl} {more}
  default_backend b
backend b
  server s {to}
"""


def haproxy(setting, way, mode="tcp"):
    config = setting.folder / "haproxy.cfg"
    config.write_text(HAPROXY.format(**vars(setting), mode=mode, more=" ".join(way.directives(setting))))
    return started(["haproxy", "-W", "-db", "-f", config], setting.port)


def haproxy_http(setting, way):
    return haproxy(setting, way, "http")


def stunnel(setting, way):
    config = setting.folder / "stunnel.conf"
    more = "".join(f"{line}\n" for line in way.directives(setting))
    config.write_text(
        f"foreground = yes\npid = {setting.folder}/stunnel.pid\noutput = {setting.folder}/stunnel.log\n[s]\n"
        f"accept = 127.0.0.1:{setting.port}\nconnect = {setting.to}\ncert = {setting.server.chain}\nkey = {setting.server.key}\n"
        f"CAfile = {setting.ca.cert}\nCRLfile = {setting.crl}\nverifyChain = yes\nrequireCert = yes\n{more}"
    )
    return started(["stunnel4", config], setting.port)


def apache_httpd(setting, way):
    more = "\n".join(way.directives(setting))
    return apache(
        setting.folder,
        setting.port,
        f"""
Listen 127.0.0.1:{setting.port}
StartServers 1
KeepAliveTimeout 120
SSLSessionCache shmcb:{setting.folder}/sessions(512000)
SSLEngine on
SSLCertificateFile {setting.server.chain}
SSLCertificateKeyFile {setting.server.key}
SSLCACertificateFile {setting.ca.cert}
SSLVerifyClient require
SSLVerifyDepth 3
SSLCARevocationFile {setting.crl}
SSLCARevocationCheck chain
ProxyPass / http://{setting.to}/
{more}
""",
    )


# -- how a new CRL is taken up


def signalled(number):
    return lambda setting, process: process.child.send_signal(number)


def over_the_socket(setting, process):
    """HAProxy's runtime API: a transaction of `set` and `commit`."""
    for command in (f"set ssl crl-file {setting.crl} <<\n{setting.crl.read_text().strip()}\n", f"commit ssl crl-file {setting.crl}"):
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(20)
            admin.connect(str(setting.folder / "haproxy.sock"))
            admin.sendall(command.encode() + b"\n")
            answer = b""
            with contextlib.suppress(ConnectionError):
                while piece := admin.recv(4096):
                    answer += piece
        if not any(word in answer for word in (b"created", b"updated", b"Success")):
            raise RuntimeError(f"haproxy: {command.split(' <<')[0]}: {answer.decode()}")


@dataclasses.dataclass(frozen=True)
class Way:
    name: str  # of the program, as the table says it
    how: str  # what of its configuration decides
    start: object
    reload_words: str = ""
    reload: object = None  # none: there is nothing to reload
    lines: tuple = ()
    packages: tuple = ()

    def directives(self, setting):
        return [line.format(**vars(setting), hex=os.urandom(32).hex(), hex2=os.urandom(32).hex()) for line in self.lines]


NGINX = {"reload_words": "`kill -HUP`", "reload": signalled(signal.SIGHUP)}
HAPROXY_RELOAD = {"reload_words": "`kill -USR2`", "reload": signalled(signal.SIGUSR2), "packages": ("haproxy",)}
STUNNEL = {"reload_words": "`kill -HUP`", "reload": signalled(signal.SIGHUP), "packages": ("stunnel4",)}
APACHE = {"reload_words": "`kill -USR1` (graceful)", "reload": signalled(signal.SIGUSR1), "packages": ("apache2-bin",)}
STREAM = {**NGINX, "packages": ("nginx-light", "libnginx-mod-stream")}
HTTP = {**NGINX, "packages": ("nginx-light",)}
SHARED = "ssl_session_cache shared:s:1m;"
KEY_FILE = "ssl_session_ticket_key {ticket_key};"

WAYS = [
    Way("symbolon", "the defaults", symbolon),
    Way("symbolon", "session_tickets", symbolon, lines=("session_tickets",)),
    Way("nginx, stream", "shared cache", nginx_stream, lines=(SHARED,), **STREAM),
    Way("nginx, stream", "shared cache, tickets off", nginx_stream, lines=(SHARED, "ssl_session_tickets off;"), **STREAM),
    Way("nginx, http", "shared cache", nginx_http, lines=(SHARED,), **HTTP),
    Way("nginx, http", "shared cache, ticket key in a file", nginx_http, lines=(SHARED, KEY_FILE), **HTTP),
    Way("HAProxy, tcp", "the defaults", haproxy, **HAPROXY_RELOAD),
    Way("HAProxy, tcp", "ticket keys in a file", haproxy, lines=("tls-ticket-keys {ticket_keys}",), **HAPROXY_RELOAD),
    Way("HAProxy, tcp", "CRL by its socket", haproxy, "`set`, `commit ssl crl-file`", over_the_socket, packages=("haproxy",)),
    Way("HAProxy, http", "the defaults", haproxy_http, **HAPROXY_RELOAD),
    Way("stunnel", "the defaults", stunnel, **STUNNEL),
    Way("stunnel", "ticket keys given", stunnel, lines=("ticketKeySecret = {hex}", "ticketMacSecret = {hex2}"), **STUNNEL),
    Way("Apache", "shared cache (shmcb)", apache_httpd, **APACHE),
    Way("Apache", "ticket key in a file", apache_httpd, lines=("SSLSessionTicketKeyFile {ticket_key}",), **APACHE),
]


def versions(ways):
    """Of the packages that were measured, as dpkg says, and of what they all stand on."""
    wanted = sorted({package for way in ways for package in way.packages} | {"libssl3", "libssl3t64"})
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Abbrev}|${Package}|${Version}\n", *wanted], capture_output=True, text=True
    )
    lines = [line.split("|") for line in done.stdout.splitlines()]
    return {package: version for state, package, version in lines if state.startswith("ii")}
