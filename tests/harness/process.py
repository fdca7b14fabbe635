"""Processes and ports: started, awaited by events, and always ended."""

import contextlib
import fcntl
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

# Seconds that any one event may take; generous, because sanitizers and busy machines are slow.
DEADLINE = 90.0 if "SYMBOLON_SANITIZED" in os.environ else 40.0


def wait_until(condition, what, deadline=DEADLINE):
    """Awaits an event that only polling shows; returns what the condition returned."""
    end = time.monotonic() + deadline
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline} s")
        time.sleep(0.01)
    return value


def let_others_in(folder, bits=0o055):
    """Other users may look into the folder, and take the way to it below /tmp. What is open already stays untouched: a
    gateway of another test, whose files lie further down, reloads when a folder on the way to them changes."""
    for one in [folder, *folder.parents][:-2]:
        mode = one.stat().st_mode
        if mode & bits != bits:
            one.chmod(mode | bits)


class Ports:
    """Ports of 127.0.0.1 below the kernel's ephemeral range. A lock on a file is held for each as long as this process
    lives: no two tests meet, whatever else runs on this machine."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.gettempdir()) / "symbolon-test-ports"
        self.folder.mkdir(exist_ok=True)
        with contextlib.suppress(PermissionError):
            self.folder.chmod(0o777)  # other users' tests run here too
        self.held = []

    def take(self):
        for _ in range(1000):
            port = random.randrange(20000, 32000)
            lock = open(self.folder / str(port), opener=lambda path, _: os.open(path, os.O_RDONLY | os.O_CREAT, 0o644))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            except OSError:
                lock.close()
                continue
            self.held.append(lock)
            return port
        raise RuntimeError("no free port")


PORTS = Ports()


def is_listening(port):
    """Asks the kernel, not the port: a connection would show up in the records of what is tested."""
    wanted = f":{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError), open(table) as lines:
            for line in lines:
                fields = line.split()
                if fields[1].endswith(wanted) and fields[3] == "0A":
                    return True
    return False


class Process:
    """A child whose output is read line by line as it comes. A context manager: at its end the child is ended."""

    def __init__(self, command, cwd=None, env=None, stdin=subprocess.DEVNULL):
        self.command = [str(word) for word in command]
        self.lines = []
        self._changed = threading.Condition()
        self.child = subprocess.Popen(
            self.command,
            cwd=cwd,
            env=env,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.child.stdout:
            with self._changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self.lines.append(None)  # the end
            self._changed.notify_all()

    @property
    def output(self):
        return "\n".join(line for line in self.lines if line is not None)

    def wait_line(self, matches, what="a line", since=0, deadline=DEADLINE):
        """The first (index, value) from line `since` on for which `matches` returns something true."""
        end, index = time.monotonic() + deadline, since
        with self._changed:
            while True:
                while index < len(self.lines):
                    if self.lines[index] is None:
                        raise AssertionError(f"{self.command[0]} ended before {what} came:\n{self.output}")
                    if value := matches(self.lines[index]):
                        return index, value
                    index += 1
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{what}: not within {deadline} s:\n{self.output}")
                self._changed.wait(left)

    def wait_listening(self, *ports, deadline=DEADLINE):
        def ready():
            if self.child.poll() is not None:
                self._reader.join()
                raise AssertionError(f"{' '.join(self.command)}: ended with {self.child.returncode}\n{self.output}")
            return all(is_listening(port) for port in ports)

        wait_until(ready, f"{pathlib.Path(self.command[0]).name} listens on {ports}", deadline)
        return self

    def wait(self, deadline=DEADLINE):
        status = self.child.wait(deadline)
        self._reader.join(deadline)
        return status

    def signal_group(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, number)

    def stop(self):
        """Asks politely, then not; what was printed remains readable."""
        for patience in (1, 5):  # ours waits for its connections unless it is asked twice
            if self.child.poll() is None:
                self.child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.child.wait(patience)
        self.signal_group(signal.SIGKILL)
        self.child.wait()
        self._reader.join(5)

    def kill(self):
        """kill -9 of the whole group, as a crash of the machine would."""
        self.signal_group(signal.SIGKILL)
        self.child.wait()
        self._reader.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Outcome:
    """What a command that ended by itself left behind."""

    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr

    @property
    def output(self):
        return self.stdout + self.stderr

    def __repr__(self):
        return f"status {self.status}\n{self.stdout}\n{self.stderr}"


# A child of the tests' own process would begin with all of its memory, and be measured with it.
MEASURE = """
import pathlib, resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10))
sys.exit(status if status >= 0 else 128 - status)
"""


def run_measured(command, **options):
    """As `run`; .peak is the most memory that it had, in octets."""
    with tempfile.NamedTemporaryFile() as peak:
        outcome = run([sys.executable, "-c", MEASURE, peak.name, *command], **options)
        outcome.peak = int(pathlib.Path(peak.name).read_text())
    return outcome


def run(command, deadline=60, input=b"", **options):
    """Runs a command that ends by itself."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, timeout=deadline, input=input, **options
    )
    return Outcome(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
