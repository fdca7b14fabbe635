"""One client of a terminator, by Python's ssl: what becomes of its handshakes, sessions and open connections.

"In" means that application data was answered: a handshake that ended proves nothing in TLS 1.3, nor before nginx's http module.
"""

import contextlib
import dataclasses
import select
import socket
import ssl

from harness.peers import python_context

GREETING = b"hello from the backend"
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
PATIENCE = 20  # seconds that one answer may take


@dataclasses.dataclass(frozen=True)
class Kind:
    """How a session is kept: by its server under an id, or by the client in a ticket."""

    name: str
    version: ssl.TLSVersion
    tickets: bool = True


ID_12 = Kind("TLS 1.2, session id", ssl.TLSVersion.TLSv1_2, tickets=False)
TICKET_12 = Kind("TLS 1.2, ticket", ssl.TLSVersion.TLSv1_2)
TLS_13 = Kind("TLS 1.3", ssl.TLSVersion.TLSv1_3)
KINDS = (ID_12, TICKET_12, TLS_13)


class Refused(Exception):
    pass


def refusal(problem):
    """In few words; the alert's name where there was one."""
    if isinstance(problem, ssl.SSLError) and "ALERT_" in (reason := problem.reason or ""):
        return f"alert {reason.rpartition('ALERT_')[2].lower()}"
    if isinstance(problem, TimeoutError):
        return "no answer"
    return "closed"


class Connection:
    """Open, and let in: its first request was answered."""

    def __init__(self, port, context, session=None):
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.secure = context.wrap_socket(plain, server_hostname="localhost", session=session)
        except BaseException:
            plain.close()
            raise
        try:
            self.ask()
        except BaseException:
            self.secure.close()
            raise

    def ask(self):
        """Another request over it. Raises Refused where something else than the service answers."""
        self.secure.sendall(REQUEST)
        answer = b""
        while b"\r\n\r\n" not in answer or len(answer.partition(b"\r\n\r\n")[2]) < _length(answer):
            if not (data := self.secure.recv(65536)):
                raise ConnectionError("it ended")
            answer += data
        if GREETING not in answer:
            raise Refused(f"HTTP {answer.split()[1].decode()}")

    @property
    def resumed(self):
        return self.secure.session_reused

    @property
    def session(self):
        return self.secure.session

    def is_open(self):
        """Whether another request is answered."""
        with contextlib.suppress(OSError, Refused):
            self.ask()
            return True
        return False

    def ended(self, seconds):
        """Whether its end comes within that time, unasked."""
        readable, _, _ = select.select([self.secure], [], [], seconds)
        if not readable:
            return False
        try:
            return not self.secure.recv(1)
        except OSError:
            return True

    def close(self):
        self.secure.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _length(answer):
    for line in answer.partition(b"\r\n\r\n")[0].lower().splitlines():
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 1


class Client:
    """A certificate in front of one port."""

    def __init__(self, port, ca, credential):
        self.port, self.credential = port, credential
        self.contexts = {kind: self._context(ca, kind) for kind in KINDS}
        self.sessions = {}

    def _context(self, ca, kind):
        context = python_context(ca, self.credential, kind.version)
        if not kind.tickets:
            context.options |= ssl.OP_NO_TICKET
        return context

    def connect(self, kind, session=None):
        return Connection(self.port, self.contexts[kind], session)

    def attempt(self, kind, session=None):
        """("in", resumed or not, the next session) or ("refused", why, None)."""
        try:
            with self.connect(kind, session) as connection:
                return "in", connection.resumed, connection.session
        except (OSError, Refused) as problem:
            return "refused", str(problem) if isinstance(problem, Refused) else refusal(problem), None

    def is_refused(self, kind=TLS_13):
        return self.attempt(kind)[0] == "refused"

    def keep_sessions(self, *names):
        """A session of a full handshake of its own for each of the names: one that a server refused is of no further use to OpenSSL,
        one that a server keeps may be used once."""
        for name in names:
            for kind in KINDS:
                with self.connect(kind) as connection:
                    self.sessions[name, kind] = connection.session

    def resume(self, name, kind):
        """What becomes of the session: in (resumed), in (full handshake), or why not."""
        outcome, detail, following = self.attempt(kind, self.sessions[name, kind])
        if outcome == "refused":
            return Resumption("refused", detail)
        return Resumption("resumed" if detail else "full", "", following)


@dataclasses.dataclass
class Resumption:
    outcome: str  # resumed, full (not resumed, and let in by its certificate), refused
    why: str = ""
    following: ssl.SSLSession = None
