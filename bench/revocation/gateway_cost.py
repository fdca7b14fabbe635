"""What a million revoked certificates cost a gateway: each handshake, its start, its memory."""

import contextlib
import re
import statistics
import subprocess
import time

from harness.process import wait_until
from harness.symbolon import BINARY
from measure import Cost, memory, processes, processor
from state import running, service

ROUNDS = 6
SECONDS = 5  # of handshakes, each round and state
STARTS = 3
START = 120  # seconds that one may take


def handshakes(gateway, credential, seconds):
    """Full mutual TLS 1.3 handshakes, one after another; how many."""
    done = subprocess.run(
        ["openssl", "s_time", "-connect", f"127.0.0.1:{gateway.port}", "-new", "-tls1_3", "-time", str(seconds),
         "-CAfile", gateway.ca, "-cert", credential.chain, "-key", credential.key],
        capture_output=True, text=True,
    )  # fmt: skip
    match = re.search(r"(\d+) connections in \d+ real seconds", done.stdout)
    if not match or int(match[1]) == 0:
        raise RuntimeError(done.stdout + done.stderr)
    return int(match[1])


def run_handshake(states, say):
    """Both gateways run all the while; the rounds alternate, so that whatever else the machine does meets both."""
    with service() as backend, contextlib.ExitStack() as stack:
        sides = {}
        for name, symbolon in (("none", states.none), ("million", states.million)):
            client = symbolon.issue("client", "handshakes")
            gateway = stack.enter_context(running(symbolon, backend))
            handshakes(gateway, client, 1)
            sides[name] = (gateway, client, [], [])
        for number in range(ROUNDS):
            for name in list(sides) if number % 2 else reversed(list(sides)):
                gateway, client, gateways_alone, whole = sides[name]
                cost = Cost(gateway)
                count = handshakes(gateway, client, SECONDS)
                spent = cost()
                gateways_alone.append(round(spent["gateway"] / count * 1e6, 1))
                whole.append(round(sum(spent.values()) / count * 1e6, 1))
            say(f"round {number + 1} of {ROUNDS}")
    out = {name: {"gateway_us": alone, "all_us": whole} for name, (_, _, alone, whole) in sides.items()}
    ratios = [million / none for million, none in zip(out["million"]["all_us"], out["none"]["all_us"])]
    out["ratio_of_medians"] = round(statistics.median(out["million"]["all_us"]) / statistics.median(out["none"]["all_us"]), 3)
    out["median_of_ratios"] = round(statistics.median(ratios), 3)
    for name in ("none", "million"):
        print(f"{name:8} revoked: server CPU a mutual handshake, us: {out[name]['all_us']} (gateway alone: {out[name]['gateway_us']})")
    print(f"ratio: {out['ratio_of_medians']} of the medians, {out['median_of_ratios']} the median of each round's")
    return out


# -- start and memory


@contextlib.contextmanager
def gateway_alone(symbolon, config, listen):
    """`symbolon run --only gateway` beside an authority that runs; yields it and the seconds until it listens."""
    begin = time.monotonic()
    with symbolon.run(config, program=(BINARY, "run", "--only", "gateway", "--config")) as process:
        process.wait_listening(listen, deadline=START)
        yield process, time.monotonic() - begin


def settled(pid):
    """When its memory has not changed for a second, or after twenty."""
    seen, since, begin = None, time.monotonic(), time.monotonic()
    while time.monotonic() - since < 1 and time.monotonic() - begin < 20:
        now = memory(pid)["resident"]
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(0.05)
    return memory(pid)


def whole_start(symbolon, backend):
    """All roles: seconds until the gateway listens, and its memory."""
    begin = time.monotonic()
    with running(symbolon, backend, await_roles=False) as process:
        seconds = time.monotonic() - begin
        pid = wait_until(lambda: processes(process).get("gateway"), "the gateway runs")
        return seconds, process.config, process.port, settled(pid), round(processor(pid), 2)


def run_start(states, say):
    out = {}
    with service() as backend:
        for name, symbolon in (("none", states.none), ("million", states.million)):
            journal = symbolon.state / "gateway" / "revocations.journal"
            journal.unlink(missing_ok=True)
            say(f"{name} revoked: first start of all roles, then again")
            first, config, listen, first_memory, first_processor = whole_start(symbolon, backend)
            again, config, listen, again_memory, again_processor = whole_start(symbolon, backend)
            beside = {"with_journal_s": [], "without_journal_s": [], "with_journal_processor_s": [], "without_journal_processor_s": []}
            with symbolon.run(config, program=(BINARY, "run", "--only", "authority", "--config")) as authority:
                authority.wait_socket(symbolon.state / "authority.sock")
                wait_until(lambda: symbolon("status").status == 0, "the authority answers", 60)
                for kind in ["with_journal"] * STARTS + ["without_journal"] * STARTS:
                    if kind == "without_journal":
                        journal.unlink()
                    say(f"the gateway alone, {kind.replace('_', ' ')}")
                    with gateway_alone(symbolon, config, listen) as (process, seconds):
                        pid = processes(process).get("gateway", process.child.pid)
                        beside[f"{kind}_s"].append(round(seconds, 3))
                        beside[f"{kind}_processor_s"].append(round(processor(pid), 2))
            out[name] = {
                "all_roles_first_s": round(first, 3),
                "all_roles_again_s": round(again, 3),
                "gateway_processor_first_s": first_processor,
                "gateway_processor_again_s": again_processor,
                "memory_first_mib": first_memory,
                "memory_again_mib": again_memory,
                "gateway_alone": beside,
                "journal_mib": round(journal.stat().st_size / 2**20, 1),
            }
            one = out[name]
            print(
                f"{name:8} revoked: all roles until the gateway listens {one['all_roles_first_s']} s (first, by the feed), {one['all_roles_again_s']} s (again);"
                f" the gateway alone {beside['with_journal_s']} s with its journal of {one['journal_mib']} MiB, {beside['without_journal_s']} s without"
                f" (its processor time: {beside['with_journal_processor_s']}, {beside['without_journal_processor_s']} s)"
            )
    for which in ("first", "again"):
        added = {key: round(out["million"][f"memory_{which}_mib"][key] - out["none"][f"memory_{which}_mib"][key], 1) for key in ("resident", "anonymous", "peak")}
        out[f"added_{which}_mib"] = added
        print(f"added memory of the gateway's process, {which} start: {added['resident']} MiB resident ({added['anonymous']} of its own), {added['peak']} at the peak")
    return out
