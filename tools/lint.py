"""The rules of the house that a compiler does not know. `./dev lint [CHECK...]` runs them all, or those named.

Each check yields findings, "place: what is wrong"; one finding fails the run. Notes are shown and fail nothing.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
GENERATED = ROOT / "tools" / "generated_docs.py"

# docs/architecture.md, lowest floor first. A folder may include only folders of the floors below its own.
FLOORS = [
    ["base"],
    ["config", "crypto", "contain"],
    ["x509"],
    ["policy", "revocation", "net"],
    ["tls"],
    ["http"],
    ["acme", "est", "feed", "api", "signer"],
    ["ledger", "enroll"],
    ["authority", "gateway", "agent", "check", "prove", "watch"],
    ["cli"],
]
FLOOR_OF = {folder: number for number, floor in enumerate(FLOORS) for folder in floor}

# Where a library may be seen at all: header pattern, folders, and what it is called.
LIBRARIES = [
    (r"openssl/", {"crypto", "x509", "revocation", "tls"}, "OpenSSL"),
    (r"yaml-cpp/", {"config"}, "yaml-cpp"),
    (r"(sqlite3\.h|SQLiteCpp/)", {"ledger"}, "SQLite"),
    (r"boost/beast", {"http"}, "Beast"),
    (r"CLI/", {"cli"}, "CLI11"),
    (r"prometheus/", {"base", "gateway"}, "prometheus-cpp"),
    (r"seccomp\.h", {"contain"}, "libseccomp"),
]

CARD_LINES = 40
LONG_FILE, FORBIDDEN_FILE = 400, 600

notes = []


def folders():
    return sorted(p for p in SRC.iterdir() if p.is_dir() and sources(p))


def sources(folder):
    return sorted([*folder.glob("*.h"), *folder.glob("*.cc"), *folder.glob("*.inc")])


def place(path, line=None):
    return f"{path.relative_to(ROOT)}" + (f":{line}" if line else "")


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if match := re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line):
            yield number, match[1], match[2]


def check_layers():
    """Includes point downward only, and a library's headers are seen only where they may be."""
    if (cli11 := [p for p in SRC.rglob("*.cc") if any(name.startswith("CLI/") for _, _, name in includes(p))])[1:]:
        yield f"{', '.join(place(p) for p in cli11)}: CLI11 belongs into one unit"
    for folder in folders():
        if folder.name not in FLOOR_OF:
            yield f"{place(folder)}: stands on no floor; add it to FLOORS in tools/lint.py and to docs/architecture.md"
            continue
        for path in sources(folder):
            for line, quote, name in includes(path):
                target = name.split("/")[0]
                if quote == '"' and "/" not in name:
                    yield f'{place(path, line)}: "{name}" is not rooted at src'
                elif quote == '"' and target != folder.name and FLOOR_OF.get(target, 99) >= FLOOR_OF[folder.name]:
                    yield f"{place(path, line)}: {folder.name} must not include {target}, which is not below it"
                for pattern, allowed, library in LIBRARIES:
                    test = path.stem.endswith("_test")  # which may play the foreign peer
                    if quote == "<" and re.match(pattern, name) and folder.name not in allowed and not test:
                        yield f"{place(path, line)}: headers of {library} belong into {', '.join(sorted(allowed))}"


def check_cards():
    """Every folder has a short README whose `may include:` line covers what its files really include."""
    for folder in folders():
        card = folder / "README.md"
        if not card.exists():
            yield f"{place(folder)}: has no README.md"
            continue
        text = card.read_text()
        if (length := len(text.splitlines())) > CARD_LINES:
            yield f"{place(card)}: {length} lines; {CARD_LINES} are enough for a card"
        match = re.search(r"^.*may include:`?\**\s*(.*)$", text, re.M)
        if not match:
            yield f"{place(card)}: lacks the line `may include: ...`"
            continue
        allowed = set(re.findall(r"[a-z0-9]+", match[1])) - {"nothing", "and", "none"}
        for unknown in sorted(allowed - FLOOR_OF.keys()):
            yield f"{place(card)}: may include {unknown}, which is no folder"
        for upward in sorted(f for f in allowed & FLOOR_OF.keys() if FLOOR_OF[f] >= FLOOR_OF.get(folder.name, 99)):
            yield f"{place(card)}: may include {upward}, which is not below {folder.name}"
        used = {name.split("/")[0]: path for path in sources(folder) for _, q, name in includes(path) if q == '"'}
        for target, path in sorted(used.items()):
            if target not in allowed | {folder.name}:
                yield f"{place(path)}: includes {target}, which the card of {folder.name} does not list"


def check_lengths():
    """A file is one concept: above 400 lines a note, above 600 a finding."""
    counted = []
    for path in [*SRC.rglob("*.cc"), *SRC.rglob("*.h"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").iterdir()]:
        if path.is_file():
            counted.append((len(path.read_text(errors="replace").splitlines()), path))
    counted.sort(key=lambda entry: entry[0])
    if counted:
        notes.append(f"lengths: {len(counted)} files, median {counted[len(counted) // 2][0]} lines")
    for length, path in counted:
        if length > FORBIDDEN_FILE:
            yield f"{place(path)}: {length} lines; split it"
        elif length > LONG_FILE:
            notes.append(f"{place(path)}: {length} lines; what wants to leave?")


def check_format():
    """clang-format-19 would change nothing."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.cc", "*.h"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    files = [f for f in listed if (ROOT / f).exists()]
    if not files:
        return
    run = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *files], cwd=ROOT, capture_output=True, text=True)
    for bad in sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", run.stderr, re.M))):
        yield f"{bad}: is not formatted; ./dev fmt mends it"
    if run.returncode and "error" not in run.stderr:
        yield f"clang-format-19: {run.stderr.strip()}"


def anchors(path):
    """The anchors that GitHub makes of a document's headings."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.S | re.M)
    for heading in re.findall(r"^#+\s+(.*?)\s*#*$", text, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        yield re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
    yield from re.findall(r'<a (?:id|name)="([^"]+)"', text)


def check_links():
    """Links between the documents lead somewhere."""
    for path in [p for p in ROOT.rglob("*.md") if not re.match(r"(build|\.git|\.cache)", place(p))]:
        text = re.sub(r"^```.*?^```", lambda m: "\n" * m[0].count("\n"), path.read_text(), flags=re.S | re.M)
        for number, line in enumerate(text.splitlines(), 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
                if re.match(r"[a-z]+:", target):
                    continue
                file, _, anchor = target.partition("#")
                goal = (path.parent / file).resolve() if file else path
                if not goal.exists():
                    yield f"{place(path, number)}: {target} leads nowhere"
                elif anchor and goal.suffix == ".md" and anchor not in anchors(goal):
                    yield f"{place(path, number)}: {target}: there is no such heading"


def code_names():
    for line in (SRC / "base" / "codes.inc").read_text().splitlines():
        if match := re.match(r"CODE\((\w+),", line):
            yield match[1], [match[1]]
        elif match := re.match(r"CERTIFICATE\((\w+),", line):
            yield match[1], [f"client_certificate_{match[1]}", f"server_certificate_{match[1]}"]


def check_codes():
    """Every code is documented; codes that nothing uses are a note."""
    document = ROOT / "docs" / "rejections.md"
    documented = set(re.findall(r"\w+", document.read_text())) if document.exists() else set()
    if not document.exists():
        yield f"{place(document)}: is missing; ./dev docs makes it"
    used = set()
    for path in [*SRC.rglob("*.cc"), *SRC.rglob("*.h")]:
        if path.name not in ("codes.cc", "codes.h") and not path.name.endswith("_test.cc"):
            used |= set(re.findall(r"\w+", path.read_text()))
    unused = []
    for row, names in code_names():
        if document.exists():
            yield from (f"{place(document)}: lacks {name}" for name in names if name not in documented)
        if not used & {row, *names}:
            unused.append(row)
    if unused:
        notes.append(f"src/base/codes.inc: nothing uses {', '.join(unused)}")


def check_docs():
    """The generated documents are what the binary says today."""
    binary = ROOT / "build" / "symbolon"
    if not GENERATED.exists() or not binary.exists():
        notes.append("docs: build/symbolon is not built, the generated documents were not compared")
        return
    run = subprocess.run([sys.executable, GENERATED, "--check", binary], capture_output=True, text=True)
    yield from run.stdout.splitlines()
    if run.returncode and not run.stdout:
        yield f"tools/generated_docs.py: {run.stderr.strip()}"


CHECKS = {name.removeprefix("check_"): value for name, value in list(globals().items()) if name.startswith("check_")}


def main(names):
    if unknown := [name for name in names if name not in CHECKS]:
        print(f"no check {unknown[0]}; there are: {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    findings = [(name, finding) for name in names or CHECKS for finding in CHECKS[name]()]
    for note in notes:
        print(f"note: {note}")
    for name, finding in findings:
        print(f"{name}: {finding}")
    print(f"lint: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
