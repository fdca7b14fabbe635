"""Started by root over a state of another user, its roles become that user, who has no right of root's but, for authority and
gateway, that of low ports; Unix sockets and records are that user's."""

import pwd
import shutil

import pytest

from harness import peers, roles
from harness.process import wait_until
from harness.symbolon import port

pytestmark = pytest.mark.needs_root
OTHER = pwd.getpwnam("daemon")  # whose state `theirs` has
LOW_PORTS = 1 << 10  # CAP_NET_BIND_SERVICE


def test_it_serves_issues_and_revokes_as_them(theirs, backend):
    theirs.init()
    alice = theirs.issue("client", "alice")
    records = theirs.folder / "records"
    records.mkdir(mode=0o755)
    shutil.chown(records, OTHER.pw_uid, OTHER.pw_gid)
    sockets = theirs.folder / "sockets"
    sockets.mkdir(mode=0o755)
    shutil.chown(sockets, OTHER.pw_uid, OTHER.pw_gid)
    listen = port()
    route = {
        "name": "web",
        "listen": f"127.0.0.1:{listen}",
        "to": backend.address,
        "certificate": {"from": "authority", "names": ["localhost"]},
        "clients": {"trust": ["authority"], "allow": "any_verified"},
    }
    local = {**route, "name": "local", "listen": f"unix:{sockets}/web.sock"}
    config = theirs.configure({"routes": [route, local], "records": str(records / "r.jsonl")}, authority={})
    with theirs.run(config, listen) as running:
        for role, pid in roles.wait_roles(running, "signer", "authority", "gateway").items():
            assert roles.status_field(pid, "Uid").split() == [str(OTHER.pw_uid)] * 4, role
            kept = 0 if role == "signer" else LOW_PORTS
            for kind, wanted in {"CapEff": kept, "CapPrm": kept, "CapInh": 0, "CapAmb": 0}.items():
                assert int(roles.status_field(pid, kind), 16) == wanted, (role, kind)
            assert roles.status_field(pid, "NoNewPrivs") == "1", role  # so that what CapBnd has is out of reach
        assert peers.curl(listen, theirs.ca, alice).status == 0
        for made in (sockets / "web.sock", records / "r.jsonl", theirs.state / "ledger.db-wal", theirs.state / "authority.sock"):
            assert made.stat().st_uid == OTHER.pw_uid, made
        theirs.do("issue", "client", "bob", "--out", theirs.folder)
        enforced = theirs.json("revoke", "alice")["enforcement"]
        assert (enforced["gateways"], enforced["acknowledged"]) == (1, 1)
        assert peers.curl(listen, theirs.ca, alice).status != 0
    wait_until(lambda: not (sockets / "web.sock").exists(), "its socket is gone")
    theirs.do("issue", "client", "carol", "--out", theirs.folder)
    assert all(one.stat().st_uid == OTHER.pw_uid for one in theirs.state.rglob("*"))
