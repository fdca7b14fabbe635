"""tests/check_matrix.tsv, read: what `symbolon check` is expected to say of each server, TLS version and breakage."""

import dataclasses
import fnmatch
import pathlib
import re

from harness.symbolon import ROOT

TABLE = ROOT / "tests" / "check_matrix.tsv"
COLUMNS = ["server", "version", "breakage", "code", "certainty", "reason"]


@dataclasses.dataclass(frozen=True)
class Row:
    server: str
    version: str
    breakage: str
    code: str  # "a|b + c|d", or "-"
    certainty: str  # "proven", "likely", or "-"
    reason: str

    @property
    def expressible(self):
        return self.code != "-"

    @property
    def first(self):
        """The codes of which one must stand first."""
        return self.code.partition(" + ")[0].split("|")

    @property
    def further(self):
        """The codes of which one must stand behind; may be empty."""
        return [code for code in self.code.partition(" + ")[2].split("|") if code]


def rows(path=TABLE):
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0].split("\t") == COLUMNS, lines[0]
    return [Row(*line.split("\t")) for line in lines[1:]]


def also_true(row, path=TABLE):
    """Codes that a finding may call proven there besides those of the row."""
    found = re.findall(r"^# also true: (.*) \| (.*)$", path.read_text(), re.M)
    return {code for places, codes in found if any(fnmatch.fnmatch(row.breakage, p) for p in places.split()) for code in codes.split()}


def mistakes(row, findings, path=TABLE):
    """What is wrong with what check found in this cell: dictionaries with `code` and `certainty`, the first one first. Empty: right."""
    codes = [finding["code"] for finding in findings]
    proven = [finding["code"] for finding in findings if finding["certainty"] == "proven"]
    first = codes[0] if codes else "nothing"
    known = {*row.first, *also_true(row, path)}
    wrong = [f"{first} comes first"] if first not in row.first else []
    wrong += [f"none of {', '.join(row.further)} follows"] if row.further and not set(row.further) & set(codes[1:]) else []
    wrong += [f"{code} is called proven" for code in proven if code not in known]
    wrong += [f"{first} can only be likely"] if first in row.first and row.certainty == "likely" and proven[:1] == [first] else []
    return wrong


def held_back(path=TABLE):
    """The servers that are not looked at until the rest is right."""
    return re.search(r"^# held back: (.*)$", path.read_text(), re.M)[1].split(", ")


def known_codes(path: pathlib.Path = ROOT / "src" / "base" / "codes.inc"):
    text = path.read_text()
    certificate = re.findall(r"^CERTIFICATE\((\w+)", text, re.M)
    both = [f"{side}_certificate_{problem}" for problem in certificate for side in ("client", "server")]
    return {*re.findall(r"^CODE\((\w+)", text, re.M), *both}
