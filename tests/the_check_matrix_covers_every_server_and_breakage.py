"""tests/check_matrix.tsv says what is to be found in each cell, and the servers that it speaks of run and serve a good client."""

import itertools

import pytest

from harness import peers
from harness.broken_pki import BrokenPki
from harness.broken_servers import BREAKAGES, SERVERS, VERSIONS, broken
from harness.check_matrix import Row, also_true, held_back, known_codes, mistakes, rows


def test_every_cell_has_one_row():
    cells = [(row.server, row.version, row.breakage) for row in rows()]
    assert sorted(cells) == sorted(itertools.product(SERVERS, VERSIONS, BREAKAGES))


def test_every_code_exists():
    used = {code for row in rows() if row.expressible for code in [*row.first, *row.further]}
    assert used | {code for row in rows() for code in also_true(row)} <= known_codes()


def test_a_cell_has_a_certainty_or_a_reason():
    for row in rows():
        if row.expressible:
            assert row.certainty in ("proven", "likely") and not row.reason, row
        else:
            assert row.certainty == "-" and row.reason, row


def test_two_servers_are_held_back():
    assert len(set(held_back())) == 2 and set(held_back()) <= SERVERS.keys()


REFUSED = "client_certificate_refused"
REVOKED = Row("nginx_http", "1.3", "client_revoked", f"{REFUSED} + client_certificate_revoked", "proven", "")
RULE = Row("haproxy", "1.3", "client_refused_by_rule", "not_allowed_by_policy", "likely", "")


@pytest.mark.parametrize(
    ("row", "findings", "count"),
    [
        (REVOKED, [(REFUSED, "proven"), ("client_certificate_revoked", "possible")], 0),
        (REVOKED, [(REFUSED, "likely"), ("client_certificate_revoked", "possible")], 0),
        (REVOKED, [(REFUSED, "proven"), ("client_certificate_revoked", "proven")], 1),  # nobody can know that
        (REVOKED, [(REFUSED, "proven")], 1),
        (REVOKED, [("client_certificate_revoked", "likely")], 2),
        (REVOKED, [], 2),
        (RULE, [("not_allowed_by_policy", "likely"), (REFUSED, "proven")], 0),
        (RULE, [("not_allowed_by_policy", "proven")], 1),
        (RULE, [("not_allowed_by_policy", "likely"), ("client_certificate_expired", "proven")], 1),
        (RULE, [("client_certificate_expired", "proven"), ("not_allowed_by_policy", "likely")], 2),
    ],
)
def test_findings_are_judged_as_the_table_says(row, findings, count):
    given = [{"code": code, "certainty": certainty} for code, certainty in findings]
    assert len(mistakes(row, given)) == count, mistakes(row, given)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return BrokenPki(tmp_path_factory.mktemp("pki"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_good_client_is_served(pki, tmp_path, server, version):
    with broken(pki, tmp_path / "s", server, version) as cell:
        only = [f"--tlsv{version}", "--tls-max", version]
        answer = peers.curl(cell.port, cell.trust, cell.client, arguments=[*only, "-w", "%{http_code}"])
        assert answer.status == 0 and answer.stdout.endswith("200"), f"{answer}\n{cell.process.output}"
