#!/usr/bin/env python3
"""The documents that the binary prints. usage: generated_docs.py --write|--check BINARY"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = {
    "rejections": "docs/rejections.md",
    "check-codes": "docs/check-codes.md",
    "configuration": "docs/configuration.md",
    "schema": "docs/configuration.schema.json",
    "openapi": "docs/openapi.json",
}


def main() -> int:
    mode, binary = sys.argv[1:]
    stale = 0
    for name, path in DOCUMENTS.items():
        wanted = subprocess.run([binary, "docs", name], check=True, capture_output=True, text=True).stdout
        file = ROOT / path
        if file.exists() and file.read_text() == wanted:
            continue
        if mode == "--write":
            file.write_text(wanted)
            print(f"wrote {path}")
        else:
            print(f"{path}: not what the binary says today; run ./dev docs")
            stale += 1
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
