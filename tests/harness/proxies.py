"""Foreign readers and writers of the PROXY protocol: HAProxy, nginx, Apache, Varnish; and a reader that shows every octet."""

import contextlib
import socket
import struct
import threading

from harness.apache import LOADED, MODULES, SURROUNDINGS
from harness.process import PORTS, Process, run

NAMES = {0x01: "alpn", 0x02: "authority", 0x03: "crc32c", 0x05: "unique_id", 0x20: "ssl"}
SSL_NAMES = {
    0x21: "version",
    0x22: "cn",
    0x23: "cipher",
    0x24: "signature_algorithm",
    0x25: "key_algorithm",
    0x26: "group",
    0x28: "certificate",
}


def tlvs(data):
    while data:
        kind, length = struct.unpack_from("!BH", data)
        assert len(data) >= 3 + length, data
        yield kind, data[3 : 3 + length]
        data = data[3 + length :]


def parse_v2(data):
    """The header at the beginning of data as a dictionary, and what follows it. By the specification, not by our code."""
    assert data[:12] == b"\r\n\r\n\x00\r\nQUIT\n", data
    command, family, length = struct.unpack_from("!BBH", data, 12)
    body, rest = data[16 : 16 + length], data[16 + length :]
    assert len(body) == length, data
    header = {"command": command, "family": family}
    size = {0x00: 0, 0x11: 12, 0x21: 36}[family]
    if family == 0x11:
        header["source"] = f"{socket.inet_ntop(socket.AF_INET, body[:4])}:{struct.unpack_from('!H', body, 8)[0]}"
        header["destination"] = f"{socket.inet_ntop(socket.AF_INET, body[4:8])}:{struct.unpack_from('!H', body, 10)[0]}"
    if family == 0x21:
        header["source"] = f"[{socket.inet_ntop(socket.AF_INET6, body[:16])}]:{struct.unpack_from('!H', body, 32)[0]}"
    for kind, value in tlvs(body[size:]):
        if kind != 0x20:
            header[NAMES[kind]] = value
            continue
        header["client"], header["verify"] = struct.unpack_from("!BI", value)
        header.update({SSL_NAMES[kind]: inner for kind, inner in tlvs(value[5:])})
    return header, rest


class Reader:
    """A service that keeps what each connection begins with, answers "ok" and closes."""

    def __init__(self, family=socket.AF_INET):
        self.server = socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), family=family)
        self.port = self.server.getsockname()[1]
        self.seen, self._came = [], threading.Condition()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection):
        data = b""
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            while not data.endswith(b"\r\n\r\n") or len(data) < 20:  # the end of an HTTP request
                if not (piece := connection.recv(65536)):
                    break
                data += piece
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        with self._came:
            self.seen.append(data)
            self._came.notify_all()

    def wait(self, count=1):
        with self._came:
            assert self._came.wait_for(lambda: len(self.seen) >= count, 20), self.seen
            return self.seen[count - 1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()


def started(command, port, **options):
    process = Process(command, **options)
    try:
        return process.wait_listening(port)
    except BaseException:
        process.stop()
        raise


HAPROXY = """
global
  maxconn 100
defaults
  mode {mode}
  timeout connect 10s
  timeout client 20s
  timeout server 20s
frontend f
  bind {bind}
  {rules}
{backend}
"""


def haproxy(folder, port, rules, bind="", mode="http", backend=""):
    folder.mkdir(exist_ok=True)
    config = folder / "haproxy.cfg"
    config.write_text(HAPROXY.format(mode=mode, bind=f"127.0.0.1:{port} {bind}", rules=rules, backend=backend))
    return started(["haproxy", "-db", "-f", config], port)


def nginx(folder, port):
    """Answers with what it read."""
    folder.mkdir(exist_ok=True)
    user = "user root;" if folder.owner() == "root" else ""
    text = (
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};\n"
        f"uwsgi_temp_path {folder}; scgi_temp_path {folder};\n"
        f"server {{ listen 127.0.0.1:{port} proxy_protocol;\n"
        '  location / { return 200 "$proxy_protocol_addr:$proxy_protocol_port\\n"; } } }\n'
    )
    config = folder / "nginx.conf"
    config.write_text(text)
    return started(["nginx", "-c", config], port)


def apache_remoteip(folder, port):
    """Answers with the client's address, as mod_remoteip read it."""
    folder.mkdir(exist_ok=True)
    config = folder / "httpd.conf"
    user = ["User www-data", "Group www-data"] if folder.owner() == "root" else []
    loaded = [name for name in LOADED if name not in ("ssl", "socache_shmcb", "proxy", "proxy_http")] + ["remoteip", "rewrite"]
    site = f"""
Listen 127.0.0.1:{port}
RemoteIPProxyProtocol On
RewriteEngine On
RewriteRule ^ - [E=SEEN:%{{REMOTE_ADDR}}]
Header always set X-Seen "%{{SEEN}}e"
"""
    config.write_text(
        "\n".join(
            [
                *(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in loaded),
                *user,
                SURROUNDINGS.format(folder=folder),
                site,
            ]
        )
    )
    checked = run(["/usr/sbin/apache2", "-t", "-f", config])
    assert checked.status == 0, checked
    return started(["/usr/sbin/apache2", "-f", config, "-D", "FOREGROUND"], port)


VARNISH = """
vcl 4.1;
import proxy;
backend none none;
sub vcl_recv { return (synth(200)); }
sub vcl_synth {
  set resp.http.x-source = client.ip;
  set resp.http.x-alpn = proxy.alpn();
  set resp.http.x-authority = proxy.authority();
  set resp.http.x-ssl = proxy.is_ssl();
  set resp.http.x-conn = proxy.client_has_cert_conn();
  set resp.http.x-sess = proxy.client_has_cert_sess();
  set resp.http.x-verify = proxy.ssl_verify_result();
  set resp.http.x-version = proxy.ssl_version();
  set resp.http.x-cn = proxy.client_cert_cn();
  set resp.http.x-cipher = proxy.ssl_cipher();
  set resp.http.x-sign = proxy.cert_sign();
  set resp.http.x-key = proxy.cert_key();
  return (deliver);
}
"""


def varnish(folder, port):
    """Answers with what vmod_proxy read, a header each."""
    folder.mkdir(exist_ok=True)
    vcl = folder / "seen.vcl"
    vcl.write_text(VARNISH)
    command = ["varnishd", "-F", "-n", folder / "work", "-f", vcl, "-a", f"127.0.0.1:{port},PROXY", "-s", "malloc,10m"]
    command += ["-p", "workspace_session=8k"]  # where it keeps the header
    return started([*command, "-j", "none"], port)


def free_port():
    return PORTS.take()
