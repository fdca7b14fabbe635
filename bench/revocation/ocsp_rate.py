"""OCSP: answers a second of the server's processor, from the cache (GET, keep-alive, many serials) and signed for whoever asks."""

import base64
import json
import os
import pathlib
import re
import subprocess
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from harness.symbolon import BINARY, port
from measure import Api, Cost

SCRIPT = pathlib.Path(__file__).with_name("ocsp.lua")
CERTIFICATES = 10_000  # asked about: so many that are good, and as many revoked ones
CONNECTIONS = 16
SECONDS = 8


def request_for(certificate, issuer, nonce=None):
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(serialization.Encoding.DER)


class Requests:
    """Requests made from one that the library wrote, by another serial and nonce of the same lengths."""

    NONCE = bytes(range(1, 33))

    def __init__(self, symbolon):
        client = symbolon.issue("client", "template")
        first = x509.load_pem_x509_certificate(client.cert.read_bytes())
        issuer = x509.load_pem_x509_certificate((symbolon.state / "issuing.crt").read_bytes())
        self.serial = first.serial_number.to_bytes(16, "big")
        self.plain = request_for(first, issuer)
        self.with_nonce = request_for(first, issuer, self.NONCE)

    def get(self, serial):
        data = self.plain.replace(self.serial, bytes.fromhex(serial))
        return "/" + urllib.parse.quote(base64.b64encode(data).decode(), safe="")

    def post(self, serial):
        data = self.with_nonce.replace(self.serial, bytes.fromhex(serial))
        return data.replace(self.NONCE, os.urandom(len(self.NONCE))).hex()


def serials(symbolon, query, count):
    found, after = [], ""
    with Api(symbolon) as api:
        while len(found) < count:
            page = api("GET", f"/v1/certificates?limit=1000&query={urllib.parse.quote(query)}&after={urllib.parse.quote(after)}")
            found += [one["serial"] for one in page["certificates"] if len(one["serial"]) == 32]
            after = page.get("next", "")
            if not after:
                break
    if len(found) < count:
        raise RuntimeError(f"{query}: {len(found)} of {count} certificates")
    return found[:count]


def ask(authority, listen, file, method, how, seconds):
    """wrk's count and the processor seconds of every process of ours meanwhile."""
    cost = Cost(authority)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", SCRIPT, f"http://127.0.0.1:{listen}", "--", file, method, how]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=seconds + 60)
    match = re.search(r'^\{"answers".*\}$', done.stdout, re.M)
    if not match:
        raise RuntimeError(done.stdout + done.stderr)
    out = json.loads(match[0])
    if out["short"] or out["failed"]:
        raise RuntimeError(f"answers that say nothing: {out}")
    spent = cost()
    total = sum(spent.values())
    return {
        **out,
        "processor_s": spent,
        "answers_a_processor_second": round(out["answers"] / total),
        "us_each": round(total / out["answers"] * 1e6, 1),
        "answers_a_second": round(out["answers"] / out["seconds"]),
    }


def run_ocsp(states, say):
    symbolon, listen = states.million, port()
    config = symbolon.configure(None, authority={"ocsp": {"listen": f"127.0.0.1:{listen}"}}, file="ocsp.yaml")
    out = {}
    with symbolon.run(config, listen, program=(BINARY, "run", "--only", "authority", "--config")) as authority:
        authority.wait_line(lambda line: "all roles are ready" in line, "all roles are ready", deadline=120)
        requests = Requests(symbolon)
        known = serials(symbolon, "state:valid profile:server", CERTIFICATES) + serials(symbolon, "state:revoked", CERTIFICATES)
        gets, posts = symbolon.folder / "get.txt", symbolon.folder / "post.txt"
        gets.write_text("".join(requests.get(serial) + "\n" for serial in known))
        posts.write_text("".join(requests.post(serial) + "\n" for serial in known))
        for name, file, method, how, seconds in (
            ("signed_first_asked", gets, "get", "once", 15),
            ("cached", gets, "get", "again", SECONDS),
            ("cached_again", gets, "get", "again", SECONDS),
            ("signed_nonce", posts, "post", "again", SECONDS),
        ):
            say(name)
            out[name] = one = ask(authority, listen, file, method, how, seconds)
            print(
                f"{name}: {one['answers']} answers in {one['seconds']} s; {one['answers_a_processor_second']} a second of the processor"
                f" ({one['us_each']} us each: {one['processor_s']} s)"
            )
    return out
