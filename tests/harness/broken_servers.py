"""Thirteen TLS servers, each broken in one way: what tests/check_matrix.tsv is about.

`SERVERS` starts each of them by a Setup; `BREAKAGES` says what differs from the setup in which everything is right."""

import contextlib
import dataclasses
import os
import pathlib
import signal

from harness.attack import BadService, gateway_of, reset
from harness.process import PORTS
from harness.server_kinds import SERVERS, Setup

VERSIONS = ["1.2", "1.3"]


@dataclasses.dataclass(frozen=True)
class Breakage:
    """What differs: the client's certificate, the server's, and changes of the Setup. `other_version`: the client speaks only the
    version that the server does not. `before`: what stands in the server's place, or becomes of it."""

    client: str = "good"
    server: str = "good"
    setup: dict = dataclasses.field(default_factory=dict)
    other_version: bool = False
    before: str = ""


BREAKAGES = {
    "no_client_certificate": Breakage(client="none"),
    "client_of_foreign_ca": Breakage(client="foreign"),
    "client_of_foreign_ca_of_same_name": Breakage(client="same name"),
    "client_expired": Breakage(client="expired"),
    "client_not_yet_valid": Breakage(client="not yet valid"),
    "client_with_server_auth_only": Breakage(client="serverAuth"),
    "client_without_intermediate": Breakage(client="incomplete"),
    "client_revoked": Breakage(client="revoked", setup={"crl": "fresh"}),
    "stale_crl_at_server": Breakage(setup={"crl": "stale"}),
    "client_key_mismatch": Breakage(client="other key"),
    "client_rsa_1024": Breakage(client="RSA-1024"),
    "client_sha1": Breakage(client="SHA-1"),
    "ca_names_exclude_client": Breakage(setup={"names": "other"}),
    "client_refused_by_rule": Breakage(setup={"rule": "bob"}),  # every client of ours is alice
    "server_expired": Breakage(server="expired"),
    "server_name_mismatch": Breakage(server="other name"),
    "server_chain_incomplete": Breakage(server="incomplete"),
    "server_chain_in_wrong_order": Breakage(server="wrong order"),
    "server_self_signed": Breakage(server="self-signed"),
    "server_without_server_auth": Breakage(server="clientAuth"),
    "server_rsa_1024": Breakage(server="RSA-1024", setup={"weak": True}),
    "server_sha1": Breakage(server="SHA-1", setup={"weak": True}),
    "no_version_in_common": Breakage(other_version=True),
    # TLS 1.2: an RSA certificate and suites for ECDSA alone. TLS 1.3: a suite that clients do not offer of themselves.
    "no_cipher_in_common": Breakage(server="RSA", setup={"no_cipher": True}),
    "plain_http": Breakage(setup={"plain": True}),
    "port_resets": Breakage(before="reset"),
    "port_stalls": Breakage(before="stall"),
}
GOOD = Breakage()


@dataclasses.dataclass(frozen=True)
class Cell:
    """A server that runs, and what a client of it is to be given."""

    port: int
    client: object  # a Credential or None
    client_version: str  # the only one that the client speaks
    trust: pathlib.Path
    process: object  # None where the port is not the server's own


@contextlib.contextmanager
def broken(pki, folder, server, version, breakage=GOOD):
    """Starts the server; the Cell, when it listens."""
    folder.mkdir(parents=True, exist_ok=True)
    client = pki.client(breakage.client)
    speaks = {"1.2": "1.3", "1.3": "1.2"}[version] if breakage.other_version else version
    if breakage.before == "reset":  # a device on the way; the server is not reached
        with BadService(reset) as device:
            yield Cell(int(device.address.partition(":")[2]), client, speaks, pki.trust, None)
        return
    changes = dict(breakage.setup)
    if "crl" in changes:
        changes["crl"] = pki.crl(changes["crl"])
    if "names" in changes:
        changes["names"] = pki.other.cert
    setup = Setup(folder, PORTS.take(), version, pki.server(breakage.server), pki.trust, **changes)
    with contextlib.ExitStack() as stack:
        process = SERVERS[server](setup, stack)
        stack.callback(process.stop)
        process.wait_listening(setup.port)
        if breakage.before == "stall":  # the kernel still accepts, nobody answers
            _signal(process, signal.SIGSTOP)
            stack.callback(_signal, process, signal.SIGCONT)
        yield Cell(setup.port, client, speaks, pki.trust, process)


def _signal(process, number):
    """To all of it: our gateway is in no group with who started it."""
    process.signal_group(number)
    os.kill(gateway_of(process), number)
