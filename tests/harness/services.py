"""TLS servers behind the gateway, and proxies on the way to them; none of them is ours."""

import contextlib
import pathlib
import queue
import socket
import ssl
import threading

from harness import peers
from harness.process import PORTS, Process, run


class TlsService:
    """Python's ssl on a port of 127.0.0.1. Echoes until the client's close_notify, says "done" then and ends in order;
    `cuts=True`: closes without close_notify after the first echo. Notes whom it saw, so that tests can say that nobody came."""

    def __init__(self, credential, clients=None, alpn=(), cuts=False, host="127.0.0.1"):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.set_ciphers("DEFAULT:@SECLEVEL=0")  # a weak key is what some tests are about
        self.context.load_cert_chain(str(credential.chain), str(credential.key))
        if clients:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(str(clients))
        if alpn:
            self.context.set_alpn_protocols(list(alpn))
        self.context.sni_callback = lambda _, name, __: self.names.append(name)
        self.cuts = cuts
        self.names, self.peers, self.received = [], [], b""
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]
        self.address = f"{host}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(plain,), daemon=True).start()

    def _talk(self, plain):
        with contextlib.suppress(OSError), plain:
            with self.context.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False) as secure:
                self.peers.append((secure.getpeercert(), secure.selected_alpn_protocol()))
                while data := secure.recv(65536):
                    self.received += data
                    secure.sendall(data)
                    if self.cuts:
                        return
                secure.sendall(b"done")
                secure.unwrap()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class PlainService:
    """Echoes in plain, on a port of 127.0.0.1 or a Unix socket; `endings` tells how each connection ended for it: "end", at which
    it ends its own half too, or "reset"."""

    def __init__(self, path=None):
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.listener.bind(str(path) if path else ("127.0.0.1", 0))
        self.listener.listen()
        self.address = f"unix:{path}" if path else f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.endings = queue.Queue()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._talk, args=(self.listener.accept()[0],), daemon=True).start()

    def _talk(self, plain):
        with plain:
            try:
                while data := plain.recv(65536):
                    plain.sendall(data)
                self.endings.put("end")
            except OSError:
                self.endings.put("reset")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def s_server(credential, clients, arguments=()):
    """openssl s_server that demands a certificate of `clients` and answers HTTP with what it knows of the connection."""
    port = PORTS.take()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", credential.cert, "-key", credential.key]
    command += ["-cert_chain", credential.chain, "-CAfile", clients, "-Verify", "3", "-verify_return_error", "-www"]
    server = Process([*command, *arguments]).wait_listening(port)
    server.port = port
    return server


def nginx_with(folder, credential, lines, listen="ssl"):
    """nginx with these lines in its server block."""
    folder, port = pathlib.Path(folder) / "nginx", PORTS.take()
    folder.mkdir(parents=True)
    user = "user root;" if pathlib.Path("/proc/self").owner() == "root" else ""
    temporary = "".join(f"{what}_temp_path {folder}; " for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = folder / "nginx.conf"
    config.write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary}\nserver {{ listen 127.0.0.1:{port} {listen};\n"
        f"ssl_certificate {credential.chain}; ssl_certificate_key {credential.key};\n{lines} }} }}\n"
    )
    server = Process(["/usr/sbin/nginx", "-c", config, "-p", folder]).wait_listening(port)
    server.port = port
    return server


NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {chain}; ssl_certificate_key {key};
    ssl_client_certificate {clients}; ssl_verify_client on;
    location / {{ return 200 "nginx saw $ssl_client_s_dn\\n"; }}
  }}
}}
"""


def nginx(folder, credential, clients):
    """nginx as an HTTPS server that demands a certificate of `clients`."""
    folder, port = pathlib.Path(folder), PORTS.take()
    folder.mkdir(parents=True)
    user = "user root;" if pathlib.Path("/proc/self").owner() == "root" else ""
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(folder=folder, port=port, chain=credential.chain, key=credential.key, clients=clients, user=user)
    )
    checked = run(["/usr/sbin/nginx", "-t", "-q", "-c", config, "-p", folder])
    assert checked.status == 0, checked
    server = Process(["/usr/sbin/nginx", "-c", config, "-p", folder]).wait_listening(port)
    server.port = port
    return server


def tinyproxy(folder, credentials=None, allowed=()):
    """An HTTP proxy that takes CONNECT to the allowed ports (none said: to all)."""
    folder, port = pathlib.Path(folder), PORTS.take()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "tinyproxy.conf"
    lines = [f"Port {port}", "Listen 127.0.0.1", "Timeout 60", "MaxClients 20", "LogLevel Connect"]
    lines += [f"BasicAuth {credentials[0]} {credentials[1]}"] if credentials else []
    lines += [f"ConnectPort {one}" for one in allowed]
    config.write_text("\n".join(lines) + "\n")
    server = Process(["/usr/bin/tinyproxy", "-d", "-c", config]).wait_listening(port)
    server.port = port
    return server


def microsocks(credentials=None):
    """A SOCKS 5 proxy. It tries one address of a name: that of its own end's family, so that `localhost` is 127.0.0.1."""
    port = PORTS.take()
    identity = ["-u", credentials[0], "-P", credentials[1]] if credentials else []
    server = Process(["/usr/bin/microsocks", "-i", "127.0.0.1", "-b", "127.0.0.1", "-p", port, *identity]).wait_listening(port)
    server.port = port
    return server


def plain_talk(address, send, shut=True):
    """A plain client (of TCP, or of a Unix socket where `address` is a path): what came until the end, and whether that
    was a reset."""
    family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(20)
        answer = b""
        try:
            client.connect(("127.0.0.1", address) if isinstance(address, int) else str(address))
            client.sendall(send)
            if shut:
                client.shutdown(socket.SHUT_WR)
            while data := client.recv(65536):
                answer += data
        except ConnectionRefusedError:
            raise
        except ConnectionError:  # as early as in connect(), where the gateway was quicker than we
            return answer, "reset"
        return answer, "end"


@contextlib.contextmanager
def nginx_asking(symbolon, folder, directives):
    """nginx that demands a certificate of the authority and asks by `directives` whether it is revoked; yields what a client is
    answered (its HTTP status) and the error log."""
    listen, log = PORTS.take(), folder / "error.log"
    user = "user root;" if folder.owner() == "root" else ""
    temporary = "".join(f"{what}_temp_path {folder}; " for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    server, config = symbolon.server, folder / "nginx.conf"
    config.write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {log} info; events {{}}\n"
        f"http {{ access_log off; {temporary}\n"
        f"server {{ listen 127.0.0.1:{listen} ssl; ssl_certificate {server.chain}; ssl_certificate_key {server.key};\n"
        f"  ssl_client_certificate {symbolon.ca}; ssl_verify_client on; ssl_verify_depth 3; {directives}\n"
        '  location / { return 200 "ok\\n"; } } }\n'
    )

    def answer(issued):
        return peers.curl(listen, symbolon.ca, issued, arguments=["-o", "/dev/null", "-w", "%{http_code}"]).stdout

    with Process(["nginx", "-c", config]) as nginx:
        nginx.wait_listening(listen)
        yield answer, log
