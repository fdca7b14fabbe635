"""The manual pages are made from the command table and the tables of the configuration; man and mandoc read them."""

import subprocess

import pytest


@pytest.fixture
def pages(symbolon):
    folder = symbolon.folder / "man"
    folder.mkdir()
    symbolon.do("manual", folder)
    return {page.name: page for page in folder.iterdir()}


def shown_commands(symbolon):
    lines = symbolon.do("--help").split("Commands:\n")[1].split("\n\n")[0].split("\n")
    return [line.split()[0] for line in lines]


def as_read(page):
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-P", "cat", "-l", page],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANROFFSEQ": "", "MAN_KEEP_FORMATTING": ""},
    )
    assert done.returncode == 0 and not done.stderr, f"{page.name}: {done.stderr}"
    return done.stdout


def test_every_command_has_a_page_that_man_reads_without_a_warning(symbolon, pages):
    commands = shown_commands(symbolon)
    assert set(pages) == {"symbolon.1", "symbolon.yaml.5"} | {f"symbolon-{name}.1" for name in commands}
    overview = "".join(as_read(pages["symbolon.1"]).split())  # names may be broken at a hyphen
    for name in commands:
        assert f"symbolon-{name}(1)" in overview
        text = as_read(pages[f"symbolon-{name}.1"])
        assert f"symbolon {name}" in text


def test_options_and_examples_can_be_copied(symbolon, pages):
    """A hyphen that is typed is a hyphen on the page too, not a typographer's one."""
    text = as_read(pages["symbolon-issue.1"])
    assert "--key-type TYPE" in text and "symbolon issue person ann@example.com --lifetime 30d" in text
    assert "symbolon ca new-issuer" in as_read(pages["symbolon-ca.1"])


def test_every_key_of_the_configuration_has_its_place(symbolon, pages):
    text = as_read(pages["symbolon.yaml.5"])
    for line in symbolon.do("config", "reference").split("\n"):
        if line.startswith("| `"):
            assert line.split("`")[1] in text


def test_another_formatter_finds_no_error(pages):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "error", *pages.values()], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
