"""The configurations that the package brings as examples are read without a complaint."""

import shutil

import pytest

from harness.symbolon import ROOT

EXAMPLES = sorted((ROOT / "packaging" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example(symbolon, foreign, example):
    """With the files that it names in place."""
    billing = foreign.issue("billing")
    for source, name in ((foreign.cert, "database-root.crt"), (billing.cert, "billing.crt"), (billing.key, "billing.key")):
        shutil.copy2(source, symbolon.folder / name)
    config = symbolon.folder / example.name
    config.write_text(example.read_text().replace("/etc/symbolon", str(symbolon.folder)))
    outcome = symbolon("config", "check", "--config", config)
    assert outcome.status == 0 and not outcome.stderr, outcome


def test_there_are_examples():
    assert {example.name for example in EXAMPLES} == {"client-side.yaml", "gateway.yaml"}
