"""`symbolon check` shows every handshake message in order, as the standards and `openssl s_client -msg` have it, in 80 columns."""

import contextlib
import json
import re
import shlex
import socket
import struct
import threading

import pytest

from harness.peers import HTTP_REQUEST, s_client
from harness.pki import ForeignCA
from harness.process import PORTS, Process
from harness.symbolon import BINARY

RETRY = "cf 21 ad 74 e5 9a 61 11"  # RFC 8446 §4.1.3: how the random of a HelloRetryRequest begins

# RFC 8446 §2, Figure 1, mutual, with the ChangeCipherSpec of Appendix D.4; RFC 5246 §7.3, Figure 1.
TLS13 = """> ClientHello
< ServerHello
< ChangeCipherSpec
< EncryptedExtensions
< CertificateRequest
< Certificate
< CertificateVerify
< Finished
> ChangeCipherSpec
> Certificate
> CertificateVerify
> Finished""".splitlines()
# The client answers the retry before it reads the ChangeCipherSpec that follows it.
RETRIED = TLS13[:1] + ["< HelloRetryRequest", "> ChangeCipherSpec", "> ClientHello", "< ChangeCipherSpec", "< ServerHello"] + [
    each for each in TLS13[3:] if each != "> ChangeCipherSpec"
]
TLS12 = """> ClientHello
< ServerHello
< Certificate
< ServerKeyExchange
< CertificateRequest
< ServerHelloDone
> Certificate
> ClientKeyExchange
> CertificateVerify
> ChangeCipherSpec
> Finished""".splitlines()
TLS12_ACCEPTED = TLS12 + ["< NewSessionTicket", "< ChangeCipherSpec", "< Finished"]
TLS12_ONE_WAY = [each for each in TLS12_ACCEPTED if each not in ("< CertificateRequest", "> Certificate", "> CertificateVerify")]


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    ca = ForeignCA(tmp_path_factory.mktemp("pki"), "Root")
    ca.web, ca.good = ca.server(), ca.issue("good")
    ca.stranger = ForeignCA(ca.folder, "Stranger").issue("stranger")
    return ca


def openssl(*arguments, mutual=True):
    def start(pki, port):
        demand = ["-Verify", 3, "-verify_return_error", "-CAfile", pki.cert] if mutual else []
        identity = ["-cert", pki.web.cert, "-key", pki.web.key]
        return Process(["openssl", "s_server", "-accept", port, "-www", *identity, *demand, *arguments])

    return start


def gnutls(version):
    def start(pki, port):
        identity = ["--x509certfile", pki.web.cert, "--x509keyfile", pki.web.key, "--x509cafile", pki.cert]
        demand = ["--require-client-cert", "--verify-client-cert", "--priority", f"NORMAL:-VERS-ALL:+VERS-{version}"]
        return Process(["gnutls-serv", "--port", port, "--http", *identity, *demand])

    return start


SERVERS = {
    "openssl 1.2": (openssl("-tls1_2"), TLS12_ACCEPTED),
    "openssl 1.2, one-way": (openssl("-tls1_2", mutual=False), TLS12_ONE_WAY),
    "openssl 1.3": (openssl("-tls1_3"), TLS13),
    "openssl 1.3, retried": (openssl("-tls1_3", "-groups", "P-384"), RETRIED),
    "gnutls 1.2": (gnutls("TLS1.2"), TLS12_ACCEPTED),
    "gnutls 1.3": (gnutls("TLS1.3"), None),  # where it sends ChangeCipherSpec is its own choice
}


@contextlib.contextmanager
def serving(start, pki):
    port = PORTS.take()
    with start(pki, port) as running:
        running.wait_listening(port)
        yield port


def what_openssl_saw(port, pki, client):
    """(direction and name, octets) of every message, by `openssl s_client -msg`; farewells left out."""
    output = s_client(port, pki.cert, client, arguments=["-msg"], send=HTTP_REQUEST).output
    seen = []
    message = r"^(<<<|>>>) [^,\n]*, (RecordHeader|Handshake|ChangeCipherSpec|Alert) \[length ([0-9a-f]+)\](?:, ([^\n]*))?\n +([^\n]*)"
    for direction, kind, length, name, octets in re.findall(message, output, re.M):
        # libssl tells of a ChangeCipherSpec that comes by the header of its record only (type 20 is 0x14).
        if kind == "RecordHeader":
            if direction == "<<<" and octets.startswith("14"):
                seen.append(("< ChangeCipherSpec", 1))
        elif kind == "ChangeCipherSpec" and direction == ">>>":
            seen.append(("> ChangeCipherSpec", 1))
        elif kind == "Handshake":
            seen.append((f"{direction[0]} {'HelloRetryRequest' if RETRY in octets else whole(name)}", int(length, 16)))
        elif kind == "Alert" and name.startswith("fatal"):
            seen.append((f"{direction[0]} alert {name.removeprefix('fatal ')}", 2))
    assert seen, output
    return seen


def whole(name):
    """A client on OpenSSL 3.5 compresses its certificate where the server asks for it (RFC 8879), as s_server 3.5 does."""
    return name.replace("CompressedCertificate", "Certificate")


def look(symbolon, port, pki, client, *arguments):
    command = ["check", f"localhost:{port}", "--ca", pki.cert, "--cert", client.chain, "--key", client.key, *arguments]
    return json.loads(symbolon(*command, "--json").stdout), symbolon(*command).stdout


def crossed(report):
    """(direction and name, octets) of what check saw, farewells left out."""
    rungs = [each for each in report["tls"]["ladder"] if each["kind"] in ("message", "alert") and each["detail"] != "warning"]
    return [(f"{'>' if each['from'] == 'client' else '<'} {whole(re.sub(' [(].*', '', each['name']))}", each["octets"]) for each in rungs]


def names(seen):
    return [name for name, _ in seen]


def sized(seen):
    """Those whose size is the same each time, and for both programs (s_client sends what is in its file for the chain)."""
    same = ("Finished", "Certificate", "EncryptedExtensions", "ServerHello", "alert")
    return [each for each in seen if each[0].split()[1] in same and each[0] != "> Certificate"]


def shows_whole(text, report):
    """Every rung stands in the text, in order, and no line is wider than a terminal."""
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    begin = lines.index("handshake") + 1
    lines, at = lines[begin : lines.index("", begin)], 0
    for rung in report["tls"]["ladder"]:
        at = next((i + 1 for i in range(at, len(lines)) if rung["name"] in lines[i]), None)
        assert at, f"{rung['name']} is not where it belongs:\n{text}"
        if rung["kind"] in ("message", "alert"):
            assert re.search(r"--? .* -*>\||==? .* =*>\|" if rung["from"] == "client" else r"\|<[-=]+ .* [-=]+\|", lines[at - 1]), lines[at - 1]


@pytest.mark.parametrize("kind", SERVERS)
def test_the_order_is_the_standards_and_openssls(symbolon, pki, kind):
    start, standard = SERVERS[kind]
    with serving(start, pki) as port:
        report, text = look(symbolon, port, pki, pki.good, "--http")
        openssl_saw = what_openssl_saw(port, pki, pki.good)
    seen = crossed(report)
    if standard is not None:
        assert names(seen)[: len(standard)] == standard, text
        assert set(names(seen)[len(standard) :]) <= {"< NewSessionTicket"}, text
    assert names(seen) == names(openssl_saw), f"{text}\n{openssl_saw}"
    assert sized(seen) == sized(openssl_saw), f"{text}\n{openssl_saw}"
    times = [each["microseconds"] for each in report["tls"]["ladder"] if each.get("microseconds") is not None]
    assert times == sorted(times) and times[0] < times[-1]
    assert all(each["microseconds"] for each in report["tls"]["ladder"] if each["kind"] == "data"), text
    shows_whole(text, report)


@pytest.mark.parametrize("version, before", [("-tls1_2", TLS12), ("-tls1_3", TLS13)])
def test_an_alert_stands_where_it_fell(symbolon, pki, version, before):
    with serving(openssl(version), pki) as port:
        report, text = look(symbolon, port, pki, pki.stranger)
        openssl_saw = what_openssl_saw(port, pki, pki.stranger)
    assert names(crossed(report)) == before + ["< alert unknown_ca"] == names(openssl_saw), f"{text}\n{openssl_saw}"
    last, end = report["tls"]["ladder"][-2:]
    assert (last["kind"], last["name"], last["detail"]) == ("alert", "alert unknown_ca (48)", "fatal")
    assert (end["kind"], end["name"]) == ("end", "the server ended it by its alert")
    shows_whole(text, report)


def test_both_chains_and_what_was_asked_for_stand_below(symbolon, pki):
    with serving(openssl("-tls1_2"), pki) as port:
        _, text = look(symbolon, port, pki, pki.stranger)
    for part in ("server's chain", "dns:localhost", "digitalSignature; for serverAuth", "the server asks for a client certificate",
                 "CN=Root,O=Root", "types", "ecdsa_sign", "signatures", "NOT among the CAs", "can sign as the server asks for",
                 "client's chain", "for clientAuth", "days left"):
        assert part in text, f"{part}:\n{text}"
    lines = text.splitlines()
    verdict = next(i for i, line in enumerate(lines) if line.startswith("refused: "))
    assert verdict < 5 and "-->" not in "\n".join(lines[:verdict]), text
    assert lines[-1].startswith("next: ") or lines[-2].startswith("next: "), text


@contextlib.contextmanager
def answering(answer, reset=False):
    """A server that is none: it reads once, sends this, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    peer.recv(65536)
                    peer.sendall(answer)
                    if reset:
                        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    peer.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


ODD = {
    "reset": (b"", True, "the connection was reset"),
    "cut": (b"", False, "the connection ended without close_notify"),
    "HTTP": (b"HTTP/1.1 400 Bad Request\r\n\r\n\x1b[2J", False, "what came is no TLS"),
    "a message of type 77": (b"\x16\x03\x03\x00\x05\x4d\x00\x00\x01\x00", False, "this side gave up"),
    "two warnings": (b"\x15\x03\x03\x00\x02\x01\x70\x15\x03\x03\x00\x02\x01\x00", False, "the server closed the connection in order"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_handshake_has_its_end(symbolon, pki, kind):
    answer, reset, end = ODD[kind]
    with answering(answer, reset) as port:
        report, text = look(symbolon, port, pki, pki.good)
    rungs = report["tls"]["ladder"]
    assert rungs[0]["name"] == "ClientHello" and rungs[-1]["kind"] == "end", text
    assert rungs[-1]["name"] == end, text
    if kind == "HTTP":
        assert rungs[-1]["detail"] == '"HTTP/1.1 400 Bad Request"...'
    if kind == "two warnings":
        assert [each["name"] for each in rungs if each["kind"] == "alert"][:2] == ["alert unrecognized_name (112)", "alert close_notify (0)"]
    shows_whole(text, report)


def test_colours_are_for_terminals_alone(symbolon, pki):
    with serving(openssl("-tls1_3"), pki) as port:
        command = ["check", f"localhost:{port}", "--ca", pki.cert]
        assert "\x1b" not in symbolon(*command).output
        line = shlex.join(map(str, [BINARY, *command]))
        with Process(["script", "-qec", line, "/dev/null"], env={**symbolon.env, "TERM": "xterm"}) as terminal:
            terminal.wait()
    painted = terminal.output
    assert "\x1b[31mrefused" in painted, painted
    bare = re.sub(r"\x1b\[[0-9;]*m", "", painted)
    assert max(len(each.rstrip("\r")) for each in bare.split("\n")) <= 80
