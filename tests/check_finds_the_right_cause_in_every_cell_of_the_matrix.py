"""`symbolon check` says the right thing of thirteen TLS servers, each broken in 27 ways: tests/check_matrix.tsv says what that is."""

import collections
import concurrent.futures
import dataclasses
import json

import pytest

from harness.attack import SANITIZED
from harness.broken_pki import BrokenPki
from harness.broken_servers import BREAKAGES, SERVERS, broken
from harness.check_codes import unlisted
from harness.check_matrix import held_back, mistakes, rows
from harness.symbolon import Symbolon

SHARE = 0.95  # of the cells that a server can express
AT_ONCE = 4  # servers; most of the time each waits for something

OTHER = {"1.2": "1.3", "1.3": "1.2"}


@dataclasses.dataclass(frozen=True)
class Verdict:
    row: object
    wrong: list
    found: str  # what check said, shortly

    def __str__(self):
        return f"{self.row.version} {self.row.breakage:<34} {'; '.join(self.wrong)}\n      {self.found}"


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """With everything made, so that threads only read it."""
    pki = BrokenPki(tmp_path_factory.mktemp("pki"))
    for breakage in BREAKAGES.values():
        pki.client(breakage.client)
        pki.server(breakage.server)
    for name in ("fresh", "stale"):
        pki.crl(name)
    return pki


def setups_of(server):
    """The cells that one running server serves, by what it runs with."""
    groups = collections.defaultdict(list)
    for row in rows():
        if row.server == server and row.expressible:
            breakage = BREAKAGES[row.breakage]
            version = "both" if server == "symbolon" else row.version
            key = (version, breakage.server, breakage.before, *sorted(breakage.setup.items()))
            groups[key].append(row)
    setups = list(groups.values())
    return setups[::5] if SANITIZED else setups  # under sanitizers it is about the code, not about the cells


def look(symbolon, cell, client, row):
    identity = ["--cert", client.chain, "--key", client.key] if client else []
    version = []
    if row.breakage == "no_version_in_common":
        version = ["--tls", OTHER[row.version]]
    elif row.server == "symbolon":
        version = ["--tls", row.version]
    outcome = symbolon("check", f"localhost:{cell.port}", "--http", "--ca", cell.trust, *identity, *version, "--json")
    assert outcome.stdout.startswith("{"), outcome
    report = json.loads(outcome.stdout)
    assert outcome.status == report["exit"] == 1, outcome  # in each cell there is something to mend
    assert unlisted(report["findings"]) == []
    return report


def judged(symbolon, cell, client, row):
    report = look(symbolon, cell, client, row)
    found = ", ".join(f"{finding['code']} ({finding['certainty']})" for finding in report["findings"]) or "nothing"
    return Verdict(row, mistakes(row, report["findings"]), f"{report['outcome']}: {found}: {report['summary']}")


def look_at_setup(symbolon, pki, folder, server, group):
    breakage = dataclasses.replace(BREAKAGES[group[0].breakage], client="good", other_version=False)
    with broken(pki, folder, server, group[0].version, breakage) as cell:
        return [judged(symbolon, cell, pki.client(BREAKAGES[row.breakage].client), row) for row in group]


def look_at_server(pki, folder, server):
    symbolon = Symbolon(folder / "check")
    first, *rest = setups_of(server)
    verdicts = look_at_setup(symbolon, pki, folder / "0", server, first)  # alone: what is compiled is compiled once
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        running = [
            pool.submit(look_at_setup, symbolon, pki, folder / str(number), server, group)
            for number, group in enumerate(rest, 1)
        ]
        for one in running:
            verdicts += one.result()
    return verdicts


def hold_to_the_table(pki, folder, server):
    verdicts = look_at_server(pki, folder, server)
    expressible = [row for row in rows() if row.server == server and row.expressible]
    assert SANITIZED or len(verdicts) == len(expressible)
    wrong = [verdict for verdict in verdicts if verdict.wrong]
    right = len(verdicts) - len(wrong)
    table = "\n".join([f"{server}: {right} of {len(verdicts)} cells are right", *map(str, wrong)])
    print(table)
    falsely_proven = [text for verdict in wrong for text in verdict.wrong if "proven" in text or "only be likely" in text]
    assert not falsely_proven, table
    assert right >= SHARE * len(verdicts), table


@pytest.mark.parametrize("server", sorted(SERVERS.keys() - set(held_back())))
def test_the_right_cause_comes_first_and_nothing_wrong_is_called_proven(pki, tmp_path, server):
    hold_to_the_table(pki, tmp_path, server)


@pytest.mark.parametrize("server", held_back())
def test_so_it_is_with_servers_that_were_not_looked_at_before(pki, tmp_path, server):
    hold_to_the_table(pki, tmp_path, server)
