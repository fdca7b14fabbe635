"""`symbolon run` is one process a role. The key of the issuing CA, as that of heads, is in the signer's memory and nowhere else: not in the gateway's,
not in the authority's, not in the supervisor's; and no other process of its user may look into any of them."""

import os
import resource
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization

from harness import peers, roles

as_root = os.geteuid() == 0


@pytest.fixture
def running(every_role):
    return every_role


def secret_forms(key_file):
    """The private number as it can lie in memory: in the order of the file and in that of the machine's words."""
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    number = key.private_numbers().private_value
    return number.to_bytes(32, "big"), number.to_bytes(32, "little")


def holds(pid, forms):
    content = roles.memory(pid)
    return any(form in content for form in forms)


def test_the_key_is_in_no_other_process(symbolon, running):
    # Everything has been used once: the gateway served, the authority issued through the signer.
    assert peers.curl(running.port, symbolon.ca, symbolon.client).status == 0
    symbolon.issue("client", "bob")
    pids = roles.wait_roles(running, "signer", "authority", "gateway")
    for role, pid in {**pids, "supervisor": running.child.pid}.items():
        leads = roles.open_files(pid) if as_root else []
        assert not any(key in lead for lead in leads for key in ("issuing.key", "heads.key")), (role, leads)
    if not as_root:
        for role, pid in pids.items():
            with pytest.raises(PermissionError):  # not even its own user may look
                roles.memory(pid)
        return
    symbolon.do("ledger", "head")
    for key in ("issuing.key", "heads.key"):
        forms = secret_forms(symbolon.state / key)
        assert holds(pids["signer"], forms), "the search finds what is there"
        assert not holds(pids["authority"], forms)
        assert not holds(pids["gateway"], forms)
        assert not holds(running.child.pid, forms)


def test_the_key_is_never_swapped_out(running):
    least = 256 * 1024  # OpenSSL's heap for keys: src/crypto/locked_memory.cc
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    if not as_root and limit != resource.RLIM_INFINITY and limit < least:
        running.wait_line(lambda line: "may be swapped out" in line, "the warning")
        return
    pid = roles.wait_roles(running, "signer")["signer"]
    assert int(roles.status_field(pid, "VmLck").split()[0]) * 1024 >= least


def test_nobody_of_the_same_user_may_trace_them_and_nothing_is_dumped(symbolon, running):
    pids = roles.wait_roles(running, "signer", "authority", "gateway")
    for role, pid in pids.items():
        limits = open(f"/proc/{pid}/limits").read()
        core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"], core
        assert roles.status_field(pid, "NoNewPrivs") == "1", role
    if any("sanitized build" in (line or "") for line in running.lines):
        return  # such a build stays readable to its user, and says so at its start
    if not as_root:
        return  # shown above
    # The same user without root's capabilities: what a process that somebody broke into is.
    probe = (
        "import ctypes,sys\n"
        "libc=ctypes.CDLL(None,use_errno=True)\n"
        "ok=libc.ptrace(16,int(sys.argv[1]),0,0)==0\n"  # PTRACE_ATTACH
        "sys.exit(0 if ok else ctypes.get_errno())\n"
    )
    for role, pid in pids.items():
        done = subprocess.run(
            ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-c", probe, str(pid)]
        )
        assert done.returncode == 1, f"{role}: EPERM was expected, not {done.returncode}"
