"""docs/check-codes.md, read: every code that `symbolon check` gives."""

import dataclasses
import re

from harness.symbolon import ROOT

PAGE = ROOT / "docs" / "check-codes.md"
ROW = re.compile(r"\| `(\w+)` \| (\w+) \| ([\w, ]+|-) \| (yes|-) \| .+ \|")


@dataclasses.dataclass(frozen=True)
class Listed:
    severity: str
    sides: frozenset  # of findings at endpoints; empty: only files have it
    in_files: bool


def listed_codes():
    rows = [ROW.fullmatch(line) for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert all(rows) and len({row[1] for row in rows}) == len(rows) > 100
    return {row[1]: Listed(row[2], frozenset() if row[3] == "-" else frozenset(row[3].split(", ")), row[4] == "yes") for row in rows}


LISTED = listed_codes()


def unlisted(findings):
    """Those at an endpoint that are not as the page has them."""
    return [one for one in findings if one["code"] not in LISTED or not _fits(one, LISTED[one["code"]])]


def _fits(finding, row):
    """One finding may be told as less than its code; never as more."""
    weights = ["error", "warning", "info"]
    return finding["side"] in row.sides and weights.index(finding["severity"]) >= weights.index(row.severity)
