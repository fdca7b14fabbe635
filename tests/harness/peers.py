"""Foreign clients. Each returns what it saw; none of them is ours."""

import collections
import concurrent.futures
import contextlib
import pathlib
import re
import select
import socket
import ssl
import subprocess
import time

from harness.process import Process, run

CLIENTS = pathlib.Path(__file__).resolve().parent.parent / "clients"


def curl(port, ca, credential=None, host="localhost", path="/", arguments=()):
    """curl over TLS; the outcome's stdout is the body."""
    identity = ["--cert", credential.chain, "--key", credential.key] if credential else []
    return run(
        [
            "curl",
            "-sS",
            "--max-time",
            "20",
            "--noproxy",
            "*",
            "--resolve",
            f"{host}:{port}:127.0.0.1",
            "--cacert",
            ca,
            *identity,
            *arguments,
            f"https://{host}:{port}{path}",
        ]
    )


def s_client(port, ca, credential=None, arguments=(), send=b"", host="localhost"):
    """openssl s_client, which ends when the server closes: what is sent should ask for that."""
    identity = ["-cert", credential.cert, "-key", credential.key, "-cert_chain", credential.chain] if credential else []
    name = ["-servername", host] if host else ["-noservername"]
    return run(
        [
            "openssl",
            "s_client",
            "-connect",
            f"127.0.0.1:{port}",
            "-CAfile",
            ca,
            "-ign_eof",
            *name,
            *identity,
            *arguments,
        ],
        input=send,
    )


def alert_of(outcome):
    """The number of the alert that openssl (or something built on it) reports, or None."""
    match = re.search(r"alert number (\d+)", outcome.output)
    return int(match[1]) if match else None


HTTP_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def python_context(ca, credential=None, version=None):
    context = ssl.create_default_context(cafile=str(ca))
    if version:
        context.minimum_version = context.maximum_version = version
    if credential:
        context.load_cert_chain(str(credential.chain), str(credential.key))
    return context


@contextlib.contextmanager
def python_client(port, ca, credential=None, version=None, host="localhost", session=None, context=None, before=b""):
    """Python's ssl: yields the connected socket. `before` is sent in plain, in one segment with the ClientHello."""
    context = context or python_context(ca, credential, version)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        if before:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)  # the kernel waits 200 ms at most
            plain.sendall(before)
        with context.wrap_socket(plain, server_hostname=host, session=session) as secure:
            yield secure


def http_over(secure):
    """One request over an open connection; the answer's body."""
    secure.sendall(HTTP_REQUEST.replace(b"Connection: close\r\n", b""))
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"\n"):
        if not (data := secure.recv(65536)):
            raise ConnectionError(f"the connection ended after {answer!r}")
        answer += data
    return answer.partition(b"\r\n\r\n")[2].decode().strip()


def gnutls(port, ca, credential=None, host="localhost", priority="NORMAL", send=HTTP_REQUEST, arguments=()):
    identity = ["--x509certfile", credential.chain, "--x509keyfile", credential.key] if credential else []
    return run(
        [
            "gnutls-cli",
            "--priority",
            priority,
            "--x509cafile",
            ca,
            "--sni-hostname",
            host,
            "--verify-hostname",
            host,
            *identity,
            *arguments,
            "-p",
            port,
            "127.0.0.1",
        ],
        input=send,
    )


def node(port, ca, credential=None, host="localhost"):
    identity = [credential.chain, credential.key] if credential else []
    return run(["node", CLIENTS / "client.js", port, host, ca, *identity])


def build_go(folder, source=CLIENTS / "client.go"):
    """Compiles the Go client, or another program, into the folder."""
    binary = pathlib.Path(folder) / f"go-{source.stem}"
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "GOCACHE": str(go_cache()),
        "GOTOOLCHAIN": "local",
        "GO111MODULE": "off",
        "CGO_ENABLED": "0",
    }
    done = run(["go", "build", "-o", binary, source], deadline=300, env=environment)
    assert done.status == 0, done
    return [str(binary)]


def go_cache():
    """Go's own compiler cache, where it would be: it makes the second build take a second."""
    path = pathlib.Path.home() / ".cache" / "go-build"
    path.mkdir(parents=True, exist_ok=True)
    return path


def build_java(folder, source=CLIENTS / "Client.java"):
    done = run(["javac", "-d", folder, source], deadline=300)
    assert done.status == 0, done
    return ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", str(folder), source.stem]


def many(client, port, ca, credential, version, count, size=256 * 1024, deadline=300, more=()):
    """The Go or Java client: `count` connections that write `size` bytes right after their Finished and only then read.
    Returns {what it saw: how often}; what it saw is an alert's name in that library's words, `reset`, `end`, `data`."""
    outcome = run(
        [*client, port, "localhost", ca, credential.chain, credential.key, version, count, size, *more], deadline=deadline
    )
    assert outcome.status == 0, outcome
    seen = {}
    for line in outcome.stdout.splitlines():
        number, _, what = line.partition(" ")
        seen[what] = int(number)
    return seen


def many_python(port, ca, credential, version, count, size=256 * 1024, parallel=8):
    """The same on OpenSSL, by Python's ssl."""
    context = python_context(ca, credential, {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version])
    payload = bytes(size)

    def one(_):
        try:
            with python_client(port, ca, context=context) as secure:
                with contextlib.suppress(
                    OSError
                ):  # a failed write says nothing yet: what the server sent is read below
                    secure.sendall(payload)
                return "data" if secure.recv(1) else "end"
        except ssl.SSLError as problem:
            match = re.search(r"alert ([a-z ]+)", str(problem).replace("_", " ").lower())
            return f"alert: {match[1].strip()}" if match else f"other: {problem}"
        except ConnectionError:
            return "reset"

    with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
        return dict(collections.Counter(pool.map(one, range(count))))


def exchange(secure, data, deadline=60):
    """Sends while receiving, until as much came back. On one thread: Python 3.11 lets two threads into one SSL object, and
    OpenSSL does not."""
    end = time.monotonic() + deadline
    unsent, returned = memoryview(data), bytearray()
    secure.setblocking(False)
    while len(returned) < len(data):
        waits = []
        if unsent:
            with _noting(waits):
                unsent = unsent[secure.send(unsent[:65536]) :]
        with _noting(waits):
            if not (piece := secure.recv(65536)):
                raise ConnectionError(f"the connection ended after {len(returned)} of {len(data)} octets")
            returned += piece
        if len(waits) == (2 if unsent else 1):  # neither direction could go on
            readable, writable, _ = select.select([secure], [secure] if "write" in waits else [], [], max(0, end - time.monotonic()))
            if not readable and not writable:
                raise TimeoutError(f"{len(returned)} of {len(data)} octets came back in {deadline} s")
    secure.settimeout(20)
    return bytes(returned)


@contextlib.contextmanager
def _noting(waits):
    """Notes what a non-blocking call on a TLS socket would have waited for."""
    try:
        yield
    except ssl.SSLWantReadError:
        waits.append("read")
    except ssl.SSLWantWriteError:
        waits.append("write")


def nss_database(folder, ca, credential):
    """An NSS database that trusts the CA and holds the credential as "me"."""
    folder.mkdir()
    (folder / "pin").write_text("nss-password\n")
    p12 = folder / "me.p12"
    for command in (
        ["certutil", "-N", "-d", f"sql:{folder}", "-f", folder / "pin"],
        ["certutil", "-A", "-d", f"sql:{folder}", "-f", folder / "pin", "-n", "ca", "-t", "CT,C,", "-i", ca],
        [
            "openssl",
            "pkcs12",
            "-export",
            "-in",
            credential.chain,
            "-inkey",
            credential.key,
            "-name",
            "me",
            "-out",
            p12,
            "-passout",
            "pass:x",
        ],
        ["pk12util", "-i", p12, "-d", f"sql:{folder}", "-k", folder / "pin", "-W", "x"],
    ):
        done = run(command)
        assert done.status == 0, done
    return folder


def nss(port, database, host="localhost", send=HTTP_REQUEST):
    """tstclnt, NSS's own TLS client: runs until it is stopped (it spins once its input has ended)."""
    where = ["tstclnt", "-h", host, "-p", port, "-4", "-d", f"sql:{database}", "-w", "nss-password"]
    client = Process([*where, "-n", "me", "-O"], stdin=subprocess.PIPE)
    client.child.stdin.write(send)
    client.child.stdin.flush()
    return client
