"""What every system test gets: a folder of its own, a state, a foreign CA, a backend."""

import os
import pathlib
import pwd
import shutil
import sys
import tempfile
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True

from harness.backend import Backend  # noqa: E402
from harness.metrics import Watched  # noqa: E402
from harness.pki import ForeignCA  # noqa: E402
from harness.process import let_others_in  # noqa: E402
from harness.symbolon import BINARY, Symbolon, port, static_route  # noqa: E402

collect_ignore = ["conftest.py"]


def pytest_configure():
    if not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} does not exist: ./dev build makes it, or set SYMBOLON_BINARY")


def pytest_runtest_setup():
    """For runs that have to end: tools/run_tests.py --until counts what is left out, and says so."""
    if time.time() > float(os.environ.get("SYMBOLON_TESTS_UNTIL", "inf")):
        pytest.skip("no time was left")


def pytest_runtest_logreport(report):
    """A failure is told when it happens: a run that is stopped from outside has no summary."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        crash = getattr(report.longrepr, "reprcrash", None)
        print(f"\nFAILED {report.nodeid} ({report.when}): {crash.message[:600] if crash else report.longrepr}", flush=True)


@pytest.fixture(scope="session")
def first_state(tmp_path_factory):
    """What `symbolon init` makes: one for all tests, since each would cost a key derivation."""
    let_others_in(tmp_path_factory.getbasetemp())  # before any gateway watches it
    return Symbolon(tmp_path_factory.mktemp("first")).init().state


@pytest.fixture
def symbolon(tmp_path, first_state):
    """A folder without a state: `symbolon.init()` makes one, with the same authority in every test."""
    symbolon = Symbolon(tmp_path / "s")  # short: a Unix socket's path has 107 octets at most
    symbolon.alike = first_state
    return symbolon


@pytest.fixture
def theirs():
    """As `symbolon`, for root: the state is to be daemon's (of every Debian), as .owner says."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="s-"))
    folder.chmod(0o755)  # everybody may pass through: pytest's own folders are root's alone
    symbolon = Symbolon(folder)
    symbolon.owner = pwd.getpwnam("daemon")
    symbolon.state.mkdir(mode=0o700)
    shutil.chown(symbolon.state, symbolon.owner.pw_uid, symbolon.owner.pw_gid)
    yield symbolon
    shutil.rmtree(folder)


@pytest.fixture
def listening(symbolon, tmp_path):
    """A state and its authority, running, with the API at localhost:.port for admin certificates."""
    symbolon.init()
    listen = port()
    config = symbolon.configure(authority={"name": "localhost", "listen": f"127.0.0.1:{listen}", "backups": str(tmp_path)}, routes=None)
    with symbolon.run(config, listen) as authority:
        authority.port = listen
        yield authority


@pytest.fixture
def every_role(symbolon, backend):
    """Signer, authority and gateway, all ready, before the backend: Running with .port and .config; symbolon.client gets in."""
    symbolon.init()
    symbolon.client = symbolon.issue("client", "alice")
    listen = port()
    config = symbolon.configure(
        authority={},
        routes=[
            {
                "name": "web",
                "listen": f"127.0.0.1:{listen}",
                "to": backend.address,
                "certificate": {"from": "authority", "names": ["localhost"]},
                "clients": {"verify": "require", "trust": ["authority"], "allow": "any_verified"},
            }
        ],
    )
    with symbolon.run(config, listen) as service:
        service.wait_line(lambda line: "all roles are ready" in line, "all roles are ready")
        service.port, service.config = listen, config
        yield service


@pytest.fixture
def foreign(tmp_path):
    """A root CA that openssl made."""
    return ForeignCA(tmp_path / "pki")


@pytest.fixture
def backend():
    with Backend() as running:
        yield running


@pytest.fixture
def echo():
    with Backend("echo") as running:
        yield running


@pytest.fixture
def gateway_of(symbolon, foreign, backend):
    """Starts gateways in front of the backend that trust the foreign CA: gateway_of(clients={...}) -> Running with .port."""
    started = []

    def start(
        clients=None,
        to=None,
        server=None,
        trust=None,
        program=(BINARY, "run", "--config"),
        listener=None,
        limits=None,
        route_limits=None,
        server_side=None,
        **more,
    ):
        listen = port()
        more = {**more, "limits": route_limits, "server": server_side}
        more = {key: value for key, value in more.items() if value is not None}
        server = server or foreign.server()
        route = static_route(listen, to or backend.address, server, trust or [foreign.cert], clients=clients)
        gateway = {"routes": [{**route, **more}]}
        if listener:
            gateway["listeners"] = [{"listen": route["listen"], **listener}]
        if limits:
            gateway["limits"] = limits
        config = symbolon.configure(gateway, file=f"{listen}.yaml")  # its own: a running one follows changes
        running = symbolon.run(config, listen, program=program)
        running.port = listen
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def alice(foreign):
    return foreign.issue("alice")


@pytest.fixture
def start(symbolon, foreign, echo):
    """start(gateway={...}, env={...}, **changes of the route): a gateway before the echo; Running with .port, .config, .watched."""
    started = []

    def begin(gateway=(), env=(), **changes):
        listen, metrics = port(), port()
        to, server = changes.pop("to", echo.address), changes.pop("server", None) or foreign.server()
        route = static_route(listen, to, server, [foreign.cert], **changes)
        config = symbolon.configure({"routes": [route], **dict(gateway)}, metrics={"listen": f"127.0.0.1:{metrics}"})
        symbolon.env.update(dict(env))
        running = symbolon.run(config, listen, metrics)
        started.append(running)
        running.port, running.config, running.watched = listen, config, Watched(metrics)
        return running

    yield begin
    for running in started:
        running.stop()
