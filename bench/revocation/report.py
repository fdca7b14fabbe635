"""What the table says, on a terminal and as a document; nothing stands in it that was not observed in this run."""

import platform
import subprocess

from clients import KINDS
from harness.pki import openssl

WATCHED_WORDS = {
    "answers": "answers",
    "closed": "closed",
    "closed_as_all_are": "closed, as all are",
}


def machine():
    model = next((line.partition(":")[2].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    count = subprocess.run(["nproc"], capture_output=True, text=True).stdout.strip()
    return f"{count} x {model}, {platform.system()} {platform.release()}, {openssl('version').strip()}"


def load():
    """Of others, too: what a figure was taken beside."""
    return open("/proc/loadavg").read().split()[0]


def new_words(new):
    outcomes = sorted(set(new.values()))
    if outcomes == ["in"]:
        return "in"
    if "in" not in outcomes:
        return f"refused ({', '.join(outcomes)})"
    return ", ".join(f"{version[4:]}: {outcome}" for version, outcome in new.items())


def resumed_words(observed, before):
    outcome, why = observed
    if outcome == "resumed":
        return "in"
    if outcome == "full":
        return "in, by a full handshake"
    return "refused" if before[0] == "resumed" else "refused; none is resumed"


def cells(observed, before, strong):
    resumed = [resumed_words(observed["resumed"][kind.name], before[kind.name]) for kind in KINDS]
    out = [new_words(observed["new"]), *resumed, WATCHED_WORDS[observed["open"]]]
    return [f"**{cell}**" if strong and (cell == "answers" or cell.startswith("in")) else cell for cell in out]


HEAD = ["new handshake", "session id (1.2)", "ticket (1.2)", "session (1.3)", "open connection"]


def revoked_rows(results, strong=False):
    for one in results:
        seen = one["revoked"]
        name = [one["way"], one["how"]]
        if "reloaded" not in seen:
            yield [*name, "none is needed", *cells(seen["revoked"], seen["before"], strong)]
            continue
        yield [*name, "not yet", *cells(seen["revoked"], seen["before"], strong)]
        yield [*name, one["reload"], *cells(seen["reloaded"], seen["before"], strong)]


def expired_rows(results, strong=False):
    for one in results:
        seen = one["expired"]
        chained = seen["chained_seconds"].values()
        yield [one["way"], one["how"], *cells(seen["expired"], seen["before"], strong), f"{max(chained):.0f} s" if chained else "-"]


REVOKED_HEAD = ["program", "with", "reload", *HEAD]
EXPIRED_HEAD = ["program", "with", *HEAD, "went on"]


def text_table(head, rows):
    rows = [head, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def markdown_table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def on_terminal(results):
    return (
        f"a client that is revoked\n{text_table(REVOKED_HEAD, revoked_rows(results))}\n\n"
        f"a client whose certificate ends\n{text_table(EXPIRED_HEAD, expired_rows(results))}"
    )


DOCUMENT = """# What happens to a revoked and to an expired client, here and elsewhere

Made by `./dev bench revocation table --markdown`, which starts each program from Debian's package with certificates and a CRL of the openssl
command line, in front of one and the same HTTP service, and looks. Nothing else stands here. Measured {when} on {machine}.

The client shows its certificate in a full handshake, is let in, and keeps a session of each kind and an open connection. Then it is revoked, or its
certificate ends. "In" means that the service answered it; each session was offered once. What is let in although it should not be is **bold**.

## Revoked
Here: `symbolon revoke`. Elsewhere a CRL with the client's serial replaces the one that the configuration names, and the program is told as its manual says; the
last row of each is taken when three full handshakes in a row were refused (or after {reload} s). An open connection is asked at once, then watched for {watched} s, then asked
again; "as all are": that of a client that nobody revoked was closed, too.

{revoked}

## Expired
Taken {afterwards} s after the certificate's end, without a reload. "Went on": for how long after its end a client was let in that went from each session to the one that it
was given with it, in the {chained} s for which it tried.

{expired}

"None is resumed": a session of that kind was not taken up while the certificate was good either, so that each connection is a full handshake. "New handshake" is with TLS 1.2 and 1.3.

## Versions
{versions}
"""


def document(results, versions, when, table):
    return DOCUMENT.format(
        when=when,
        machine=machine(),
        reload=table.RELOAD,
        watched=table.WATCHED,
        afterwards=table.AFTERWARDS,
        chained=table.CHAINED,
        revoked=markdown_table(REVOKED_HEAD, revoked_rows(results, strong=True)),
        expired=markdown_table(EXPIRED_HEAD, expired_rows(results, strong=True)),
        versions=", ".join(f"{package} {version}" for package, version in versions.items()) + ".",
    )
