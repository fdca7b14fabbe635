"""`revoke --all QUERY`: everything that a query matches goes, what does not match stays; --dry-run and --at-most first."""

import pytest

from harness import peers

@pytest.fixture
def fleet(symbolon):
    """Three devices of one team, and one of another."""
    symbolon.init()
    for name in ("sensor-1.a.example", "sensor-2.a.example", "sensor-3.a.example", "sensor.b.example"):
        symbolon.issue("device", name)
    return symbolon


def states(symbolon, query):
    listed = symbolon.json("list", query)["certificates"]
    return {one["names"][0]: one["state"] for one in listed}


def test_what_matches_goes_and_the_rest_stays(fleet):
    said = fleet.do("revoke", "--all", "profile:device", "san:*.a.example", "--reason", "superseded")
    assert "revoked: 3 (superseded)" in said
    found = states(fleet, "profile:device")
    assert [found[f"dns:sensor-{i}.a.example"] for i in (1, 2, 3)] == ["revoked"] * 3
    assert found["dns:sensor.b.example"] == "issued"
    again = fleet.json("revoke", "--all", "profile:device san:*.a.example")
    assert again["matched"] == 0 and again["certificates"] == []
    assert fleet.do("ledger", "verify").startswith("whole")


def test_a_dry_run_changes_nothing(fleet):
    said = fleet("revoke", "--all", "profile:device", "--dry-run")
    assert said.status == 0 and "would be revoked: 4; nothing was changed" in said.stderr, said
    assert "sensor.b.example" in said.stdout
    one = fleet.json("revoke", "sensor.b.example", "--dry-run")
    assert one["matched"] == 1 and one["certificates"][0]["state"] == "issued"
    assert set(states(fleet, "profile:device").values()) == {"issued"}
    fleet.do("revoke", "sensor.b.example")
    again = fleet("revoke", "sensor.b.example", "--dry-run")
    assert again.status == 0 and again.output.strip() == "would be revoked: 0; nothing was changed", again


def test_more_than_were_expected_means_none(fleet):
    refusal = fleet.refused("ambiguous", "revoke", "--all", "profile:device", "--at-most", "3")
    assert "more than 3 certificates match" in refusal.stderr
    assert set(states(fleet, "profile:device").values()) == {"issued"}
    assert "revoked: 4" in fleet.do("revoke", "--all", "profile:device", "--at-most", "4")


@pytest.mark.parametrize("query", ["  ", "sort:newest"])
def test_a_query_that_says_nothing_is_no_query(fleet, query):
    assert fleet("revoke", "--all", query).status == 2
    assert set(states(fleet, "profile:device").values()) == {"issued"}


def test_a_file_means_the_certificate_in_it(fleet):
    file = fleet.folder / "sensor.b.example.crt"
    fleet.do("revoke", file, "--reason", "keyCompromise", "--invalid-since", "2026-01-02T03:04:05Z")
    assert states(fleet, "sensor.b.example")["dns:sensor.b.example"] == "revoked"
    fleet.refused("file_missing", "revoke", fleet.folder / "nothing.pem")


def test_the_dry_run_says_where_they_were_seen(symbolon, every_role):
    assert "web 20" not in symbolon.do("revoke", "alice", "--dry-run")
    assert peers.curl(every_role.port, symbolon.ca, symbolon.client).status == 0
    every_role.wait_record("closed")
    assert "web 20" in symbolon.do("revoke", "alice", "--dry-run"), "the route and when"
    (place,) = symbolon.json("revoke", "alice", "--dry-run")["certificates"][0]["seen"]
    assert (place["route"], place["times"]) == ("web", 1)


def test_every_gateway_refuses_them(symbolon, every_role):
    symbolon.issue("client", "bob")
    assert peers.curl(every_role.port, symbolon.ca, symbolon.client).status == 0
    said = symbolon.do("revoke", "--all", "profile:client", "--wait")
    assert "revoked: 2" in said and "enforced by 1 of 1 gateways" in said
    assert peers.curl(every_role.port, symbolon.ca, symbolon.client).status != 0
