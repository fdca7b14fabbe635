"""How long it takes until a revocation is enforced, and what revoking costs the authority."""

import contextlib
import selectors
import ssl
import statistics
import time

from clients import TLS_13, Client
from harness.attack import raise_descriptor_limit
from harness.symbolon import port
from measure import Api, Cost, spread
from state import running, service

REVOCATIONS = 100
EACH = 4  # open connections of each client that is revoked
OTHERS, OTHER_CLIENTS = 1_000, 20
CLI_CALLS = 20
DEADLINE = 30


def milliseconds(seconds):
    return seconds * 1000


def end_of(connection):
    """Whether what can be read is the end; what a handshake left unread is passed over."""
    try:
        return connection.secure.recv(65536) == b""
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    except OSError:
        return True


def revoke_and_watch(api, serial, connections):
    """When the answer came and when the last connection ended, in seconds after the question."""
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
        for connection in connections:
            connection.secure.setblocking(False)
            selector.register(connection.secure, selectors.EVENT_READ, stack.enter_context(connection))
        selector.register(api.socket, selectors.EVENT_READ)
        begin = time.monotonic()
        api.ask("POST", "/v1/revocations", {"what": serial})
        answered, ended, left = None, begin, len(connections)
        while left or answered is None:
            ready = selector.select(max(0.0, begin + DEADLINE - time.monotonic()))
            if not ready:
                raise TimeoutError(f"{left} connections of a revoked client were open {DEADLINE} s later")
            now = time.monotonic()
            for key, _ in ready:
                if key.fileobj is api.socket:
                    enforcement = api.answer().get("enforcement", {})
                    if enforcement.get("missing") or not enforcement.get("acknowledged"):
                        raise RuntimeError(f"not enforced: {enforcement}")
                    answered = now
                    selector.unregister(api.socket)
                elif end_of(key.data):
                    ended, left = now, left - 1
                    selector.unregister(key.fileobj)
        return answered - begin, ended - begin


def close_beside(symbolon, say):
    """One state's figures."""
    raise_descriptor_limit(OTHERS * 2 + 1024)
    with service() as backend, running(symbolon, backend) as gateway, contextlib.ExitStack() as stack:
        others = [Client(gateway.port, gateway.ca, symbolon.issue("client", f"other{i}")) for i in range(OTHER_CLIENTS)]
        held = [stack.enter_context(others[i % OTHER_CLIENTS].connect(TLS_13)) for i in range(OTHERS)]
        say(f"{len(held)} other connections are open")
        answers, ends, after = [], [], []
        api = stack.enter_context(Api(symbolon))
        for i in range(REVOCATIONS):
            issued = symbolon.issue("client", f"victim{i}")
            client = Client(gateway.port, gateway.ca, issued)
            answered, ended = revoke_and_watch(api, symbolon.json("show", f"victim{i}")["summary"]["serial"], [client.connect(TLS_13) for _ in range(EACH)])
            answers.append(milliseconds(answered))
            ends.append(milliseconds(ended))
            after.append(milliseconds(max(0.0, ended - answered)))
        still = sum(one.is_open() for one in held)
        if still != OTHERS:
            raise RuntimeError(f"{OTHERS - still} connections of others were closed")
        return {
            "after_answer_ms": spread(after),
            "after_question_ms": spread(ends),
            "answer_ms": spread(answers),
            "ended_before_answer": sum(end <= answer for end, answer in zip(ends, answers)),
        }


def run_close(states, say):
    out = {}
    for name, symbolon in (("none", states.none), ("million", states.million)):
        say(f"{REVOCATIONS} clients, {EACH} connections each, beside {name} revoked")
        out[name] = one = close_beside(symbolon, say)
        print(
            f"{name:8} revoked, {OTHERS} other connections: the last connection ends after the answer to `revoke` by"
            f" p50 {one['after_answer_ms']['p50']} ms, p99 {one['after_answer_ms']['p99']} ms"
            f" (before it: {one['ended_before_answer']} of {REVOCATIONS}); after the question by"
            f" p50 {one['after_question_ms']['p50']}, p99 {one['after_question_ms']['p99']} ms;"
            f" the answer itself p50 {one['answer_ms']['p50']}, p99 {one['answer_ms']['p99']} ms"
        )
    return out


def run_revoke(states, say):
    """Beside a million: with the gateway alone to tell, and with CRLs published and OCSP answered, too."""
    out, symbolon, first = {}, states.million, states.count
    for name, authority in (("feed", {}), ("feed_crl_ocsp", {"crl": {"next_update": "7d"}, "ocsp": {"listen": f"127.0.0.1:{port()}"}})):
        out[name] = revoke_with(symbolon, authority, first, say)
        first += 10_000
        one = out[name]
        print(
            f"{name}: one revocation over the API: median {one['api_ms']['p50']} ms, p99 {one['api_ms']['p99']} (of {one['api_ms']['count']});"
            f" by the command line, its start included: median {one['command_ms']['p50']} ms; processor ms each: {one['processor_ms_each']};"
            f" 1,000 in one call: {', '.join(str(s) for s in one['thousand_s'])} s; processor s: {one['thousand_processor_s']}"
        )
    return out


def revoke_with(symbolon, authority, first, say):
    with service() as backend, running(symbolon, backend, authority) as process, Api(symbolon) as api:
        names = [f"device-{first + i:07}.fleet{(first + i) % 100}.example.com" for i in range(9_000)]
        await_search(symbolon, names[-1])
        say("one after the other")
        serials = [symbolon.json("show", name)["summary"]["serial"] for name in names[5_000 : 5_000 + REVOCATIONS]]
        cost, times = Cost(process), []
        for serial in serials:
            begin = time.monotonic()
            answer = api("POST", "/v1/revocations", {"what": serial})
            times.append(milliseconds(time.monotonic() - begin))
            enforcement = answer.get("enforcement", {})
            if answer["outcome"] != "revoked" or enforcement.get("missing") or not enforcement.get("acknowledged"):
                raise RuntimeError(f"not revoked and enforced: {answer}")
        each = {role: round(seconds * 1000 / len(serials), 2) for role, seconds in cost().items()}
        commands = []
        for name in names[6_000 : 6_000 + CLI_CALLS]:
            begin = time.monotonic()
            symbolon.do("revoke", name)
            commands.append(milliseconds(time.monotonic() - begin))
        say("a thousand in one call")
        cost, thousands = Cost(process), []
        for thousand in range(first // 1000, first // 1000 + 3):
            begin = time.monotonic()
            said = symbolon.do("revoke", "--all", f"san:dns:device-{thousand:04}*", deadline=300)
            thousands.append(round(time.monotonic() - begin, 2))
            if "revoked: 1000" not in said:
                raise RuntimeError(said[-200:])
        total = {role: round(seconds / len(thousands), 2) for role, seconds in cost().items()}
        return {
            "api_ms": spread(times),
            "command_ms": spread(commands),
            "processor_ms_each": each,
            "thousand_s": sorted(thousands),
            "thousand_median_s": statistics.median(thousands),
            "thousand_processor_s": total,
        }


def await_search(symbolon, name):
    """The search index is built after the start; until then it finds less."""
    end = time.monotonic() + 120
    while symbolon("show", name).status:
        if time.monotonic() > end:
            raise TimeoutError(f"{name} is not found")
        time.sleep(0.1)
