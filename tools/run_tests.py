"""Runs the tests of one build folder, or of two, and ends with exactly one line: `N passed, N failed`.

Three kinds, in this order: the unit tests (FOLDER_test, GoogleTest), the replays of the fuzz corpora (PARSER_fuzzer), the
system tests (tests/NAME.py, pytest, against BUILD/symbolon). A test that skips itself did not pass: it counts as failed.
Names choose: a folder of src, a parser of fuzz, a file of tests/ without .py, or a part of such a name with `*`.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
KINDS = ("unit", "replay", "system")
NO_TIME = "no time was left"  # conftest's word for what --until left out
SYMBOLIZER = "external_symbolizer_path=/usr/bin/addr2line"  # clang's own is in no package that clang's brings
SANITIZERS = {  # what their runtimes are told, where the caller says nothing else
    "ASAN_OPTIONS": f"detect_stack_use_after_return=1:{SYMBOLIZER}",
    "UBSAN_OPTIONS": f"print_stacktrace=1:halt_on_error=1:{SYMBOLIZER}",
    "TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:{SYMBOLIZER}",
}
NO_TESTS = 5  # pytest's status where none of the files holds a test that was asked for


class Tally:
    """What passed and what failed, with the words of the failures for the end of the run."""

    def __init__(self):
        self.passed = 0
        self.failures = []

    def add(self, name, passed, failures, seconds, words=""):
        self.passed += passed
        self.failures += failures
        verdict = "ok" if not failures else f"{len(failures)} FAILED"
        print(f"{name}: {passed} passed, {verdict} ({seconds:.1f} s)", flush=True)
        if failures:
            print(words, flush=True)


def run_unit(program, timeout):
    """One GoogleTest program. Its report names each test, so that a crash is told apart from an empty run."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.json")
        # A folder of its own: tests that make files never meet those of another program.
        words, status = run([program, f"--gtest_output=json:{report}", "--gtest_color=no"], folder, timeout)
        name = program.name.removesuffix("_test")
        if not report.exists():
            return 0, [f"{name}: ended with status {status} before its report"], tail(words)
        passed, failures, told = 0, [], []
        for suite in json.loads(report.read_text())["testsuites"]:
            for test in suite["testsuite"]:
                outcome = test.get("result", "") if test["status"] == "RUN" else "DISABLED"
                if outcome == "COMPLETED" and not test.get("failures"):
                    passed += 1
                    continue
                failures.append(f"{name}: {suite['name']}.{test['name']} ({outcome.lower()})")
                told += [failures[-1], *(failure["failure"] for failure in test.get("failures", []))]
        if status and not failures:
            failures.append(f"{name}: every test passed, but the program ended with status {status}")
        if not passed and not failures:
            failures.append(f"{name}: holds no test")
        return passed, failures, tail("\n".join(told) if told else words)


def run_replay(program, timeout):
    """A fuzz target over its committed corpus, one test."""
    parser = program.name.removesuffix("_fuzzer")
    corpus = sorted((ROOT / "fuzz" / "corpus" / parser).glob("*"))
    if not corpus:
        return 0, [f"replay of {parser}: its corpus is empty"], ""
    words, status = run([program, *corpus], ROOT, timeout)
    return (1, [], "") if status == 0 else (0, [f"replay of {parser}: status {status}"], tail(words))


def run(command, folder, timeout):
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"SYMBOLON_SOURCE_DIR": str(ROOT)},
        )
        return (done.stdout + done.stderr).decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace"), f"none: killed after {timeout} s"


def tail(words, lines=60):
    return "\n".join("    " + line for line in words.splitlines()[-lines:])


def sudo(environment):
    """What stands before a command that is to run as root in this environment; none where sudo would ask or is not there."""
    kept = ("CI", "LANG", "LC_ALL", "PATH", "TMPDIR")
    variables = [
        f"{name}={value}"
        for name, value in environment.items()
        if name in kept or name.startswith(("SYMBOLON_", "PYTHON")) or name.endswith("SAN_OPTIONS")
    ]
    with contextlib.suppress(OSError):
        if subprocess.run(["sudo", "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0:
            return ["sudo", "-n", "env", *variables]
    return None


@dataclasses.dataclass
class Outcome:
    passed: int = 0
    failures: list = dataclasses.field(default_factory=list)
    left_out: int = 0

    def __add__(self, other):
        return Outcome(self.passed + other.passed, self.failures + other.failures, self.left_out + other.left_out)


def run_system(files, binary, jobs, timeout, deselect, until):
    """pytest; those marked `needs_root` through sudo where we are not root ourselves."""
    print(f"system tests: {len(files)} files, {jobs} at a time", flush=True)
    environment = os.environ | {"SYMBOLON_BINARY": str(binary), "PYTHONDONTWRITEBYTECODE": "1"}
    if until is not None:
        environment["SYMBOLON_TESTS_UNTIL"] = str(until)
    if os.geteuid() == 0:
        return run_pytest(files, jobs, timeout, deselect, environment)
    outcome = run_pytest(files, jobs, timeout, deselect, environment, ["-m", "not needs_root"])
    if as_root := sudo(environment):
        print("as root, through sudo: tests marked needs_root", flush=True)
        outcome += run_pytest(files, jobs, timeout, deselect, environment, ["-m", "needs_root"], as_root)
    else:
        print("without root: tests marked needs_root are left out (CI runs them)", flush=True)
    return outcome


def run_pytest(files, jobs, timeout, deselect, environment, only=(), as_root=()):
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.xml")
        command = [
            *as_root,
            "/usr/bin/python3",
            "-m",
            "pytest",
            "-q",
            "-n",
            str(jobs),
            "--dist",
            "load",
            f"--junitxml={report}",
            f"--basetemp={folder}/t",
            f"--timeout={timeout}",
            "--durations=8",
            "-rfE",
            *(f"--deselect={test}" for test in deselect),
            *only,
            *files,
        ]
        status = subprocess.run(command, cwd=ROOT / "tests", env=environment, stdin=subprocess.DEVNULL).returncode
        if as_root:  # what root made there, only root can remove
            subprocess.run([*as_root, "rm", "-rf", "--one-file-system", f"{folder}/t"], stdin=subprocess.DEVNULL)
        if not report.exists():
            return Outcome(failures=[f"system tests: pytest ended with status {status} before its report"])
        outcome = Outcome()
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            bad = next((e for e in case if e.tag in ("failure", "error", "skipped")), None)
            if bad is None:
                outcome.passed += 1
            elif bad.tag == "skipped" and bad.get("message") == NO_TIME:
                outcome.left_out += 1
            else:
                outcome.failures.append(f"{case.get('classname')}: {case.get('name')} ({bad.tag})")
        if only and status == NO_TESTS:
            status = 0
        if status and not outcome.failures:
            outcome.failures.append(f"system tests: pytest ended with status {status}")
        return outcome


def chosen(names, candidates, plain):
    """The candidates whose plain name a name matches; all of them when no name is given."""
    return sorted(c for c in candidates if not names or any(fnmatch.fnmatch(plain(c), n) for n in names))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    arguments.add_argument("--unit-build", type=pathlib.Path, help="where unit tests and fuzz targets are, if not there")
    arguments.add_argument("--kinds", default=",".join(KINDS), help="which of unit,replay,system to run")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    arguments.add_argument("--timeout", type=int, default=600, help="seconds for one program or one system test")
    arguments.add_argument("--until", type=float, help="time (seconds since 1970) from when on no system test begins")
    arguments.add_argument("--deselect", action="append", default=[], help="a system test to leave out: FILE.py::TEST")
    arguments.add_argument("names", nargs="*")
    options = arguments.parse_args()
    os.environ.update(SANITIZERS | os.environ)
    build, kinds = options.build.resolve(), options.kinds.split(",")
    unit_build = (options.unit_build or build).resolve()
    names = [re.sub(r"^(tests|src|fuzz)/|(_test|_fuzzer)?(\.py|\.cc)?$|/$", "", n) for n in options.names]

    unit = chosen(names, unit_build.glob("*_test"), lambda p: p.name.removesuffix("_test")) if "unit" in kinds else []
    replay = (
        chosen(names, unit_build.glob("fuzz/*_fuzzer"), lambda p: p.name.removesuffix("_fuzzer"))
        if "replay" in kinds
        else []
    )
    system = []
    if "system" in kinds:
        system = chosen(names, [p for p in (ROOT / "tests").glob("*.py") if p.name != "conftest.py"], lambda p: p.stem)

    tally, begin = Tally(), time.monotonic()
    for name in names:
        if not any(fnmatch.fnmatch(re.sub("_(test|fuzzer)$", "", p.stem), name) for p in [*unit, *replay, *system]):
            tally.add(name, 0, [f"{name}: there is no such test"], 0)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:

        def timed(job, program):
            start = time.monotonic()
            return program.name, *job(program, options.timeout), time.monotonic() - start

        waiting = [pool.submit(timed, run_unit, p) for p in unit] + [pool.submit(timed, run_replay, p) for p in replay]
        for future in concurrent.futures.as_completed(waiting):
            name, passed, failures, words, seconds = future.result()
            tally.add(name, passed, failures, seconds, words)

    left_out = 0
    if system:
        start = time.monotonic()
        jobs = options.jobs + options.jobs // 2  # they wait much
        outcome = run_system(system, build / "symbolon", jobs, options.timeout, options.deselect, options.until)
        tally.add("system tests", outcome.passed, outcome.failures, time.monotonic() - start)
        left_out = outcome.left_out
        if left_out:
            print(f"LEFT OUT: {left_out} system tests, no time was left")

    for failure in tally.failures:
        print(f"FAILED {failure}")
    print(f"tests took {time.monotonic() - begin:.0f} s")
    print(f"{tally.passed} passed, {len(tally.failures)} failed")
    return 1 if tally.failures or not (tally.passed or left_out) else 0


if __name__ == "__main__":
    sys.exit(main())
