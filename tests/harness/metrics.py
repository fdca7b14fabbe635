"""/metrics, /healthz and /readyz: asked by curl, judged by promtool, read sample by sample."""

import re

from harness.process import run, wait_until

SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Watched:
    """The plain HTTP port of one process."""

    def __init__(self, port):
        self.port = port

    def get(self, path):
        """(status, body)"""
        answer = run(
            ["curl", "-sS", "--max-time", "20", "--noproxy", "*", "-w", "\n%{http_code}", f"http://127.0.0.1:{self.port}{path}"]
        )
        assert answer.status == 0, answer
        body, _, status = answer.stdout.rpartition("\n")
        return int(status), body

    def text(self):
        status, body = self.get("/metrics")
        assert status == 200, body
        return body

    def samples(self):
        """[(name, {label: value}, value)]"""
        found = []
        for line in self.text().splitlines():
            if line.startswith("#") or not line:
                continue
            match = SAMPLE.match(line)
            assert match, f"not the text format: {line!r}"
            found.append((match["name"], dict(LABEL.findall(match["labels"] or "")), float(match["value"])))
        return found

    def value(self, name, **labels):
        """The sum of the samples that have these labels; None if there is none."""
        values = [v for n, have, v in self.samples() if n == name and labels.items() <= have.items()]
        return sum(values) if values else None

    def wait(self, wanted, name, **labels):
        """Until the value is the wanted one: counts follow records by a moment."""
        return wait_until(lambda: self.value(name, **labels) == wanted, f"{name} {labels} is {wanted}")


def promtool(*arguments, **options):
    outcome = run(["promtool", *arguments], **options)
    assert outcome.status == 0 and not outcome.output.count("FAILED"), outcome
    return outcome
