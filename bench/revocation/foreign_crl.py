"""A CRL of another CA with a million entries: what it costs to read it, to start with it, and each handshake beside it."""

import contextlib
import datetime
import json
import random
import statistics
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway_cost import ROUNDS, SECONDS, handshakes, settled
from harness.pki import ForeignCA
from harness.process import wait_until
from harness.symbolon import Symbolon, port, static_route
from measure import Cost, processes, processor
from state import ROOT, service

READER = ROOT / "build" / "bench" / "crl_bench"
READINGS = 5
STARTS = 5


# -- the list


def length(size):
    if size < 128:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tlv(tag, content):
    return bytes([tag]) + length(len(content)) + content


def inside(der):
    """The content of the element that der begins with, and what follows it."""
    size, begin = der[1], 2
    if size & 0x80:
        begin += size & 0x7F
        size = int.from_bytes(der[2:begin], "big")
    return der[begin : begin + size], der[begin + size :]


def elements(content):
    out = []
    while content:
        _, rest = inside(content)
        out.append(content[: len(content) - len(rest)])
        content = rest
    return out


def crl(ca, count, octets=16, number=1):
    """DER: python3-cryptography makes the list and signs it; the entries, with a reason each, are written here, since it would need
    hours for a million. Their serials are random, in no order, as CAs list them by date."""
    certificate = x509.load_pem_x509_certificate(ca.cert.read_bytes())
    key = serialization.load_pem_private_key(ca.key.read_bytes(), None)
    now = datetime.datetime.utcnow()
    begin, end = now - datetime.timedelta(minutes=1), now + datetime.timedelta(days=7)
    made = x509.CertificateRevocationListBuilder(certificate.subject, begin, end).add_extension(x509.CRLNumber(number), False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False)
    empty = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    body, algorithm, _ = elements(inside(empty)[0])
    reason = tlv(0x30, tlv(0x30, b"\x06\x03\x55\x1d\x15" + tlv(0x04, b"\x0a\x01\x01")))
    behind = tlv(0x17, b"250101000000Z") + reason
    numbers = random.Random(7)
    entry = lambda: b"\x02" + bytes([octets]) + b"\x7f" + numbers.randbytes(octets - 1) + behind  # noqa: E731
    size = length(len(entry()))
    entries = b"".join(b"\x30" + size + entry() for _ in range(count))
    parts = elements(inside(body)[0])
    signed = tlv(0x30, b"".join([*parts[:5], tlv(0x30, entries) if count else b"", *parts[5:]]))
    return tlv(0x30, signed + algorithm + tlv(0x03, b"\x00" + key.sign(signed, ec.ECDSA(hashes.SHA256()))))


def write_both(der, folder, name):
    """In DER and, by the openssl command line, in PEM."""
    binary, text = folder / f"{name}.crl", folder / f"{name}.pem"
    binary.write_bytes(der)
    subprocess.run(["openssl", "crl", "-inform", "DER", "-in", binary, "-out", text], check=True)
    return {"DER": binary, "PEM": text}


# -- reading it


def read(file, ca):
    done = subprocess.run([READER, file, ca.cert], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def readings(files, ca, say):
    out = {}
    for name, file in files.items():
        say(f"reading {file.name}, {file.stat().st_size / 2**20:.0f} MiB")
        seen = [read(file, ca) for _ in range(READINGS)]
        middle = {key: statistics.median(one[key] for one in seen) for key in seen[0]}
        out[name] = {**middle, "file_mib": round(file.stat().st_size / 2**20, 1), "all_read_s": [one["read_s"] for one in seen]}
        one = out[name]
        print(
            f"{name:16} {one['file_mib']:6} MiB: read in {one['read_s']} s; {one['table_mib']} MiB held, {one['added_mib']} resident beyond before,"
            f" at the most {one['peak_above_mib']} above that while it was read; a lookup {one['listed_ns']:.0f} ns (listed), {one['not_listed_ns']:.0f} ns"
        )
    return out


# -- a gateway with it


@contextlib.contextmanager
def gateway(folder, backend, ca, client_ca, file):
    """`symbolon run` of a gateway that judges by this list: the process, with .port, .ca, and the seconds until it listened."""
    symbolon, listen = Symbolon(folder / f"g{port()}"), port()
    route = static_route(listen, f"127.0.0.1:{backend}", ca.server(), [client_ca.cert])
    crls = {"from": str(file), "issuers": str(client_ca.cert)} if file else None
    config = symbolon.configure({"routes": [route], **({"crls": [crls]} if crls else {})})
    begin = time.monotonic()
    with symbolon.run(config) as process:
        process.wait_listening(listen, deadline=60)
        process.seconds = time.monotonic() - begin
        process.port, process.ca = listen, ca.cert
        yield process


def gateway_pid(process):
    return wait_until(lambda: processes(process).get("gateway"), "the gateway runs")


def starts(folder, backend, ca, client_ca, files, say):
    out = {}
    for name, file in files.items():
        seconds, spent = [], []
        for _ in range(STARTS):
            with gateway(folder, backend, ca, client_ca, file) as process:
                seconds.append(round(process.seconds, 3))
                spent.append(round(processor(gateway_pid(process)), 2))
        with gateway(folder, backend, ca, client_ca, file) as process:
            memory = settled(gateway_pid(process))
        out[name] = {"listens_s": seconds, "processor_s": spent, "memory_mib": memory}
        say(f"{STARTS} starts: {name}")
        print(f"{name:16} the gateway listens after {statistics.median(seconds)} s {seconds}; memory, MiB: {memory}")
    return out


def costs(folder, backend, ca, client_ca, files, say):
    """Both run all the while; the rounds alternate, so that whatever else the machine does meets both."""
    client = client_ca.issue("handshakes")
    with contextlib.ExitStack() as stack:
        sides = {}
        for name, file in files.items():
            process = stack.enter_context(gateway(folder, backend, ca, client_ca, file))
            handshakes(process, client, 1)
            sides[name] = (process, [])
        for number in range(ROUNDS):
            for name in list(sides) if number % 2 else reversed(list(sides)):
                process, each = sides[name]
                cost = Cost(process)
                count = handshakes(process, client, SECONDS)
                each.append(round(sum(cost().values()) / count * 1e6, 1))
            say(f"round {number + 1} of {ROUNDS}")
    return {name: each for name, (_, each) in sides.items()}


def run_crl(states, say):
    folder = states.folder / "foreign"
    folder.mkdir()
    ca, client_ca = ForeignCA(folder, "Server CA"), ForeignCA(folder, "Client CA")
    say(f"making lists of {states.count} entries")
    many = {octets: write_both(crl(client_ca, states.count, octets), folder, f"{octets}-octets") for octets in (16, 20)}
    none = write_both(crl(client_ca, 0), folder, "empty")["DER"]
    out = {"readings": readings({f"{kind}, {octets} octets": many[octets][kind] for octets in (16, 20) for kind in ("DER", "PEM")}, client_ca, say)}
    with service() as backend:
        out["starts"] = starts(
            folder, backend, ca, client_ca, {"no CRL": None, "an empty one": none, "DER": many[16]["DER"], "PEM": many[16]["PEM"]}, say
        )
        each = costs(folder, backend, ca, client_ca, {"none": none, "million": many[16]["DER"]}, say)
    ratios = [million / nobody for million, nobody in zip(each["million"], each["none"])]
    out["handshake"] = {
        **{f"{name}_us": values for name, values in each.items()},
        "ratio_of_medians": round(statistics.median(each["million"]) / statistics.median(each["none"]), 3),
        "median_of_ratios": round(statistics.median(ratios), 3),
    }
    memory = {name: one["memory_mib"] for name, one in out["starts"].items()}
    out["added_mib"] = {kind: {key: round(memory[kind][key] - memory["an empty one"][key], 1) for key in memory[kind]} for kind in ("DER", "PEM")}
    print(f"added memory of the gateway's process, MiB: {out['added_mib']}")
    print(f"server CPU a mutual handshake, us: {each}; ratio: {out['handshake']['ratio_of_medians']} of the medians, {out['handshake']['median_of_ratios']} the median of each round's")
    return out
