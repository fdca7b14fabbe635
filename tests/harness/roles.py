"""The processes that `symbolon run` consists of, seen from outside through /proc."""

import contextlib
import os
import pathlib

from harness.process import wait_until


def children(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended meanwhile
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def roles(running):
    """{"signer": pid, "authority": pid, "gateway": pid} of those that run now."""
    found = {}
    for pid in children(running.child.pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended while we looked
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"role" in words:
                found[words[words.index(b"role") + 1].decode()] = pid
    return found


def wait_roles(running, *names, other_than=()):
    """When these roles run, by processes other than those named: their pids."""

    def all_there():
        now = roles(running)
        return now if all(name in now and now[name] not in other_than for name in names) else None

    return wait_until(all_there, f"the roles {names} run")


def memory(pid):
    """Everything that is mapped and can be read: only root may, and only of what it may trace."""
    pieces = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            fields = line.split()
            begin, end = (int(part, 16) for part in fields[0].split("-"))
            if not fields[1].startswith("r") or (len(fields) > 5 and fields[5] in ("[vvar]", "[vsyscall]")):
                continue
            try:
                mem.seek(begin)
                pieces.append(mem.read(end - begin))
            except (OSError, ValueError, OverflowError):
                continue
    return b"\0".join(piece or b"" for piece in pieces)


def open_files(pid):
    """Where its descriptors lead."""
    out = []
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            out.append(os.readlink(entry))
        except FileNotFoundError:
            continue
    return out


def status_field(pid, name):
    """A field of /proc/PID/status."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    return None
