"""What becomes of a client that is revoked, and of one whose certificate ends: each way of each terminator, observed."""

import concurrent.futures
import contextlib
import dataclasses
import re
import ssl
import threading
import time

from clients import KINDS, TICKET_12, TLS_13, Client
from elsewhere import Setting
from harness.backend import Backend
from harness.pki import openssl

LIFE = 25  # seconds that a client's certificate has still to live: enough for its first connections on a busy machine
AFTERWARDS = 1.5  # seconds after its end
WATCHED = 5  # seconds for which an open connection is watched
CHAINED = 10  # seconds for which a client goes on from session to session
RELOAD = 20  # seconds that a reload may take
OBSERVED_AT_ONCE = 4


class Stopped(Exception):
    pass


@dataclasses.dataclass
class Observation:
    """What was let in. `new`: {"TLS 1.2": "in" or why not}; `resumed`: {kind: (outcome, why)}; `open`: answers, closed, closed_as_all_are."""

    new: dict
    resumed: dict
    open: str


class Observer:
    def __init__(self, way, folder, say, stopping):
        self.way, self.folder, self.say, self.stopping = way, folder, say, stopping
        self.following = {}

    def until(self, condition, seconds):
        """Whether it became true in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.stopping.is_set():
                raise Stopped
            if condition():
                return True
        return False

    def observe(self):
        with Backend(greeting="hello from the backend") as backend, contextlib.ExitStack() as stack:
            setting = self.setting = Setting(self.folder, backend)
            process = stack.enter_context(self.way.start(setting, self.way))
            bystander = Client(setting.port, setting.ca.cert, setting.ca.issue("bystander"))
            result = {"way": self.way.name, "how": self.way.how, "reload": self.way.reload_words}
            result["revoked"] = self.revoked(process, bystander)
            self.say(f"{self.way.name}, {self.way.how}: revoked")
            result["expired"] = self.expired(bystander)
            self.say(f"{self.way.name}, {self.way.how}: expired")
            return result

    # -- revoked

    def revoked(self, process, bystander):
        setting, ours = self.setting, not self.way.reload
        credential = setting.symbolon.issue("client", "victim") if ours else setting.ca.issue("victim")
        victim = Client(setting.port, setting.ca.cert, credential)
        victim.keep_sessions("before", "revoked", "reloaded")
        out = {"before": self.resumptions(victim, "before")}
        with victim.connect(TLS_13) as its, bystander.connect(TLS_13) as others:
            if ours:
                setting.symbolon.do("revoke", "victim")
            else:
                setting.ca.revoke(credential)
                setting.publish()
            out["revoked"] = self.now(victim, "revoked", its, others)
            if ours:
                return out
            began = time.monotonic()
            self.way.reload(setting, process)

            def refused():  # three times, because an old worker may accept beside the new one
                return all([victim.is_refused() for _ in range(3)])

            out["reload_effective"] = self.until(refused, RELOAD)
            out["reload_seconds"] = round(time.monotonic() - began, 2)
            out["reloaded"] = self.now(victim, "reloaded", its, others)
            return out

    def resumptions(self, client, name):
        out = {}
        self.following = {}
        for kind in KINDS:
            one = client.resume(name, kind)
            out[kind.name] = (one.outcome, one.why)
            if one.outcome == "resumed":
                self.following[kind] = one.following
        return out

    def now(self, client, name, its, others):
        """How it stands; the sessions of this name are used up, and those that followed kept for `chain`."""
        new = {}
        for kind in (TICKET_12, TLS_13):
            outcome, detail, _ = client.attempt(kind)
            new[kind.version.name.replace("TLSv1_", "TLS 1.")] = "in" if outcome == "in" else detail
        resumed = self.resumptions(client, name)
        return dataclasses.asdict(Observation(new, resumed, self.open_connection(its, others)))

    def open_connection(self, its, others):
        answers = its.is_open() and not self.until(lambda: its.ended(0.5), WATCHED) and its.is_open()
        if answers:
            return "answers"
        return "closed" if others.is_open() else "closed_as_all_are"

    # -- expired

    def expired(self, bystander):
        setting = self.setting
        credential = setting.ca.issue("short", days=(-1, LIFE / 86_400))
        end = ssl.cert_time_to_seconds(openssl("x509", "-in", credential.cert, "-noout", "-enddate").strip().partition("=")[2])
        short = Client(setting.port, setting.ca.cert, credential)
        short.keep_sessions("before", "expired")
        out = {"before": self.resumptions(short, "before")}
        with short.connect(TLS_13) as its, bystander.connect(TLS_13) as others:
            closed = self.until(lambda: its.ended(0.5), end + AFTERWARDS - time.time())
            out["closed_after_end"] = round(time.time() - end, 1) if closed else None
            self.until(lambda: self.stopping.wait(0.1), end + AFTERWARDS - time.time())
            out["expired"] = self.now(short, "expired", its, others)
            out["chained_seconds"] = self.chain(short, self.following, end)
            return out

    def chain(self, client, sessions, end):
        """From session to session, for as long as it is let in: seconds after the certificate's end, by kind."""
        reached = {}
        over = time.monotonic() + CHAINED
        while sessions and time.monotonic() < over:
            for kind in list(sessions):
                outcome, resumed, following = client.attempt(kind, sessions[kind])
                if outcome == "in" and resumed:
                    sessions[kind] = following
                    reached[kind.name] = round(time.time() - end, 1)
                else:
                    del sessions[kind]
            if self.stopping.wait(0.5):
                raise Stopped
        return reached


def measure(ways, folder, say):
    """One result for each way, in their order."""
    stopping = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(OBSERVED_AT_ONCE) as pool:
        folders = [folder / f"{number}-{re.sub(r'[^a-z]+', '-', way.name.lower())}" for number, way in enumerate(ways)]
        futures = [pool.submit(Observer(way, place, say, stopping).observe) for way, place in zip(ways, folders)]
        try:
            return [future.result() for future in futures]
        except BaseException:
            stopping.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
