"""The program under test: its command line, and `symbolon run` as a process with its records."""

import json
import os
import pathlib
import shutil
import socket

from harness.process import PORTS, Process, run, wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("SYMBOLON_BINARY", ROOT / "build" / "symbolon"))
UNDRAINED = BINARY.parent / "tests" / "undrained_gateway"  # ours without the draining close


def is_sanitized():
    """Such a build enters no bounds and locks no memory: its runtime needs what they refuse."""
    content = BINARY.read_bytes()
    return any(word in content for word in (b"__asan_init", b"__tsan_init"))


class Symbolon:
    """A folder with a state of its own; commands run in it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state = self.folder / "state"
        self.alike = None  # a state to copy instead of making one
        self.env = {**os.environ, "SYMBOLON_STATE": str(self.state), "HOME": str(self.folder)}
        for variable in ("CONFIG", "AUTHORITY", "AUTHORITY_CA", "AUTHORITY_CERT", "AUTHORITY_KEY"):
            self.env.pop(f"SYMBOLON_{variable}", None)

    def __call__(self, *arguments, **options):
        """Any command, whatever its exit status."""
        return run([BINARY, *arguments], cwd=self.folder, env=self.env, **options)

    def do(self, *arguments, **options):
        """A command that must succeed; returns what it printed."""
        outcome = self(*arguments, **options)
        assert outcome.status == 0, f"symbolon {' '.join(map(str, arguments))}: {outcome}"
        return outcome.stdout

    def json(self, *arguments, **options):
        return json.loads(self.do("--json", *arguments, **options))

    def refused(self, code, *arguments, **options):
        """A command that must fail with this code of src/base/codes.inc, named in its words."""
        outcome = self(*arguments, **options)
        assert outcome.status not in (0, 70) and outcome.status > 0, f"expected {code}: {outcome}"
        assert code in outcome.stderr, f"expected {code}: {outcome}"
        return outcome

    def init(self, name="Example Corp", *arguments):
        """Makes the state; as a copy of another's where there is one that these arguments would have made."""
        passphrase = self.folder / "passphrase"
        passphrase.write_text("correct horse battery staple\n")
        passphrase.chmod(0o600)
        if self.alike and not self.state.exists() and (name, *arguments) == ("Example Corp",):
            shutil.copytree(self.alike, self.state)
        else:
            self.do("init", name, "--passphrase-file", passphrase, *arguments)
        return self

    def restore(self, copy):
        """The ledger as it was when `symbolon ledger backup` made this copy; nothing runs."""
        for rest in ("-wal", "-shm"):
            (self.state / f"ledger.db{rest}").unlink(missing_ok=True)
        shutil.copy(copy, self.state / "ledger.db")

    @property
    def ca(self):
        return self.state / "root.crt"

    def issue(self, profile, *names, file=None, options=()):
        """Issues into the folder: an Issued with the paths."""
        self.do("issue", profile, *names, "--out", self.folder, *options)
        return Issued(self.folder, file or names[0])

    def configure(self, routes, authority=None, file="symbolon.yaml", **more):
        """Writes the configuration (JSON is YAML) and returns its path."""
        path = self.folder / file
        document = {"state": str(self.state), **more}
        if authority is not None:
            document["authority"] = authority
        if routes is not None:
            document["gateway"] = {"routes": routes} if isinstance(routes, list) else routes
        path.write_text(json.dumps(document, indent=2))
        return path

    def run(self, config, *ports, program=(BINARY, "run", "--config")):
        """`symbolon run`, ready when it listens on the ports."""
        gateway = Running([*program, config], self.folder, self.env)
        try:
            gateway.wait_listening(*ports)
        except BaseException:
            gateway.stop()
            raise
        return gateway


class Issued:
    def __init__(self, folder, name):
        self.cert, self.key, self.p12 = (folder / f"{name}.{kind}" for kind in ("crt", "key", "p12"))
        self.chain = self.cert  # NAME.crt holds the leaf and what is needed up to the root


class Running(Process):
    """`symbolon run`: its standard output is one JSON record a line."""

    def __init__(self, command, cwd, env):
        super().__init__(command, cwd=cwd, env=env)

    def wait_socket(self, path):
        """Ready when somebody accepts on this Unix socket."""

        def accepts():
            assert self.child.poll() is None, self.output
            with socket.socket(socket.AF_UNIX) as probe:
                return probe.connect_ex(str(path)) == 0

        wait_until(accepts, f"{path} accepts")
        return self

    @staticmethod
    def _record(line):
        if line.startswith("{"):
            try:
                return json.loads(line)
            except ValueError:
                return None
        return None

    @property
    def records(self):
        return [r for line in list(self.lines) if line and (r := self._record(line)) and "record" in r]

    def mark(self):
        """A place in the output: records after it belong to what the test does next."""
        return len(self.lines)

    def wait_record(self, kind, code=None, since=0, **fields):
        """The next record of this kind; a refusal with another code fails the test at once, with that record shown."""

        def matches(line):
            record = self._record(line)
            if not record or record.get("record") != kind or any(record.get(k) != v for k, v in fields.items()):
                return None
            assert code is None or record.get("code") == code, f"expected {code}, got {json.dumps(record, indent=1)}"
            return record

        return self.wait_line(matches, f"a record {kind} {code or ''}", since)[1]


def static_route(listen, to, server, trust, name="web", clients=None, **more):
    """A route with certificate files; `clients` adds to or replaces `verify: require`, `allow: any_verified`."""
    judged = {"verify": "require", "trust": [str(t) for t in trust], "allow": "any_verified", **(clients or {})}
    return {
        "name": name,
        "listen": f"127.0.0.1:{listen}",
        "to": to,
        "clients": judged,
        "certificate": {"cert": str(server.chain), "key": str(server.key)},
        **more,
    }


def client_route(listen, to, trust, certificate=None, name="out", server=None, **more):
    """A route that listens in plain on 127.0.0.1 and dials TLS; `server` adds to its section of that name."""
    shown = {"certificate": {"cert": str(certificate.chain), "key": str(certificate.key)}} if certificate else {}
    judged = {"trust": [str(t) for t in trust], **shown, **(server or {})}
    return {"name": name, "listen": f"127.0.0.1:{listen}", "to": to, "server": judged, **more}


def port():
    return PORTS.take()
