"""`symbolon prove` and its kit, of a CA that openssl made."""

import json
import shlex
import types

from harness.pki import Credential


def make_kit(symbolon, ca, folder, *arguments):
    """The folder of a new kit, below the CA; its good client is in `.good`, the one to be revoked in `.revoked`."""
    symbolon.do("prove-kit", "--ca-cert", ca.cert, "--ca-key", ca.key, "--out", folder, *arguments)
    of = lambda name: Credential(folder / f"{name}.crt", folder / f"{name}.key", folder / f"{name}.crt")  # noqa: E731
    return types.SimpleNamespace(folder=folder, ca=ca, good=of("good"), revoked=of("revoked"))


def prove(symbolon, port, kit, *arguments, host="localhost"):
    """The report; its status is what the command ended with."""
    outcome = symbolon("--json", "prove", f"{host}:{port}", "--kit", kit.folder, *arguments, deadline=180)
    assert outcome.stdout, outcome
    report = json.loads(outcome.stdout)
    assert outcome.status == report["exit"], outcome
    return report


def verdicts(report):
    return {case["id"]: case["verdict"] for case in report["cases"]}


def revocation_of(ca, crl):
    """What one types to revoke `$CERTIFICATE` and to put a new list in place of `crl`, after which a command may follow."""
    ca.crl()  # writes the configuration of `openssl ca`
    base = shlex.join(map(str, ["openssl", "ca", "-config", ca.folder / "crl.cnf", "-cert", ca.cert, "-keyfile", ca.key]))
    new = shlex.quote(f"{crl}.new")
    return f'{base} -revoke "$CERTIFICATE" && {base} -gencrl -crlhours 24 -out {new} && mv {new} {shlex.quote(str(crl))}'
