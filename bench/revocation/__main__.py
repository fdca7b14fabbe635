"""Revocation, measured: ./dev bench revocation [PART...] (all of them where none is named; SYMBOLON_BINARY: which program).

  table      what happens to a revoked and to an expired client here, on nginx, HAProxy, stunnel and Apache (docs/revocation-elsewhere.md)
  close      from the answer to `revoke` to the end of the client's last open connection
  handshake  server CPU of a mutual handshake with a million revoked, and with none
  start      the start of a gateway with a million revoked; its memory
  ocsp       answers a second of server CPU, from the cache and signed
  revoke     one revocation, and a thousand in one call, beside a million
  crl        a CRL file of another CA with a million entries: reading it, a start with it, memory, handshakes

All but `table` and `crl` fill a ledger of a million revoked certificates first, and one of none beside it: about a minute, 2 GiB below TMPDIR.
"""

import argparse
import contextlib
import json
import pathlib
import shutil
import signal
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.dont_write_bytecode = True

import report  # noqa: E402
import table  # noqa: E402
from elsewhere import WAYS, versions  # noqa: E402
from enforcement import run_close, run_revoke  # noqa: E402
from foreign_crl import run_crl  # noqa: E402
from gateway_cost import run_handshake, run_start  # noqa: E402
from ocsp_rate import run_ocsp  # noqa: E402
from state import MILLION, States  # noqa: E402

DOCUMENT = ROOT / "docs" / "revocation-elsewhere.md"


def say(words):
    print(f"   {time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def run_table(options, folder, _):
    ways = [way for way in WAYS if options.only in way.name.lower()]
    (folder / "table").mkdir()
    seen = table.measure(ways, folder / "table", say)
    packages = versions(ways)
    print(report.on_terminal(seen))
    print(", ".join(f"{package} {version}" for package, version in packages.items()))
    if options.markdown:
        DOCUMENT.write_text(report.document(seen, packages, time.strftime("%Y-%m-%d"), table))
        say(f"wrote {DOCUMENT.relative_to(ROOT)}")
    return {"ways": seen, "packages": packages}


def figures(run):
    return lambda _options, _folder, states: run(states, say)


PARTS = {
    "table": run_table,
    "close": figures(run_close),
    "handshake": figures(run_handshake),
    "start": figures(run_start),
    "ocsp": figures(run_ocsp),
    "revoke": figures(run_revoke),
    "crl": figures(run_crl),
}


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench revocation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--only", default="", metavar="TEXT", help="of the table, the programs with this in their names")
    parser.add_argument("--markdown", action="store_true", help="write docs/revocation-elsewhere.md")
    parser.add_argument("--entries", type=int, default=MILLION, metavar="N", help="so many revoked instead of a million")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="all that was measured")
    return parser.parse_args()


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    results = {"machine": report.machine(), "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    print(f"{results['machine']}; load average before: {report.load()}")
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="s-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        states = States(folder, options.entries)
        for name in options.parts or PARTS:
            say(f"== {name}")
            before = report.load()
            results[name] = {**PARTS[name](options, folder, states), "load": [before, report.load()]}
            if options.json:  # after each part, so that a later one that fails loses nothing
                options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
