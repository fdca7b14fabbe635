"""What a shell offers behind `symbolon` comes from the command table, in bash, zsh and fish alike."""

import os
import pty
import select
import subprocess
import time

import pytest

from harness.symbolon import BINARY


@pytest.fixture
def folder(symbolon):
    """With `symbolon` on the PATH, the scripts of all shells, and something to complete."""
    (symbolon.folder / "bin").mkdir()
    (symbolon.folder / "bin" / "symbolon").symlink_to(BINARY)
    for shell in ("bash", "zsh", "fish"):
        (symbolon.folder / f"completion.{shell}").write_text(symbolon.do("completions", shell))
    (symbolon.folder / "request.csr").touch()
    (symbolon.folder / "results").mkdir()
    return symbolon.folder


def environment(folder):
    return {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "dumb"}


def in_bash(folder, *words):
    """What readline is given for the last word."""
    script = 'source completion.bash; COMP_WORDS=(symbolon "$@"); COMP_CWORD=$#; _symbolon; printf "%s\\n" "${COMPREPLY[@]}"'
    # compopt works inside a real completion only; all it does is to mark folders
    script = "compopt() { :; }; " + script
    return ask(folder, ["bash", "--norc", "-c", script, "bash", *words])


def in_fish(folder, *words):
    line = " ".join(("symbolon", *words))
    out = ask(folder, ["fish", "--no-config", "-c", f"source completion.fish; complete -C '{line}'"])
    return [word.split("\t")[0].rstrip("/") for word in out]


def ask(folder, command):
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize("shell", [in_bash, in_fish])
def test_commands_options_and_values(folder, shell):
    assert shell(folder, "rev") == ["revoke"]
    assert shell(folder, "ca", "new") == ["new-issuer"]
    assert "--lifetime" in shell(folder, "issue", "server", "web", "--")
    assert "--authority" in shell(folder, "issue", "--aut"), "those of every command too"
    assert shell(folder, "issue", "--key-type", "p3") == ["p384"]
    assert shell(folder, "issue", "wor") == ["workload"]
    assert shell(folder, "completions", "f") == ["fish"]
    assert "docs" not in shell(folder, "d"), "hidden commands are not offered"
    assert set(shell(folder, "--json", "--config", "x.yaml", "pro")) == {"profiles", "prove", "prove-kit", "proxy"}


@pytest.mark.parametrize("shell", [in_bash, in_fish])
def test_files_and_folders(folder, shell):
    assert set(shell(folder, "sign", "re")) == {"request.csr", "results"}
    assert shell(folder, "issue", "--out", "re") == ["results"]


def test_a_line_that_is_typed_in_zsh(folder):
    """A real line editor on a terminal: TAB completes what is unambiguous."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-f", "-i"], environment(folder))
    try:
        type_and_await(terminal, "autoload -U compinit && compinit -u -D; source completion.zsh; PS1='rea''dy> '\n", "ready> ")
        type_and_await(terminal, "symbolon rev\t", "symbolon revoke ")
        type_and_await(terminal, "\x15symbolon issue --key-type p3\t", "p384")
        type_and_await(terminal, "\x15symbolon issue --out resu\t", "results/")
        type_and_await(terminal, "\x15exit\n", None)
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def type_and_await(terminal, keys, wanted, seconds=60):
    os.write(terminal, keys.encode())
    seen, deadline = "", time.monotonic() + seconds
    while wanted is None or wanted not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"{wanted!r} did not come: {seen!r}"
        try:
            part = os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # the shell ended
            part = ""
        if not part:
            assert wanted is None, seen
            return
        seen += part


def test_an_unknown_shell(symbolon):
    assert "bash, zsh, fish" in symbolon.refused("usage", "completions", "tcsh").stderr
