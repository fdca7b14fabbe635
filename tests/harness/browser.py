"""A real browser (Chromium, headless), spoken to over a pipe by the DevTools protocol: what a page looks like and complains of."""

import base64
import contextlib
import json
import os
import pathlib
import select
import subprocess
import tempfile
import time

from harness.process import DEADLINE

# Of every text that is shown: its contrast with what it stands on (WCAG 2.1, 1.4.3), the lowest first.
CONTRASTS = """
(() => {
  const numbers = text => { const found = text.match(/[\\d.]+/g).map(Number); return found.length > 3 && found[3] < 1 ? null : found; };
  const light = colour => colour.slice(0, 3).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = numbers(getComputedStyle(element).backgroundColor);
      if (colour) return colour;
    }
    return [255, 255, 255];
  };
  const out = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ["TITLE", "STYLE", "title", "desc"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const ink = numbers(element instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(element))].sort((x, y) => y - x);
    out.push([(a + 0.05) / (b + 0.05), element.className.baseVal ?? element.className, walker.currentNode.data.slice(0, 40)]);
  }
  return out.sort((x, y) => x[0] - y[0]);
})()"""


class Browser:
    """Started once; each `page` is opened afresh."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="browser-")
        their_in, self.to = os.pipe()
        self.from_, their_out = os.pipe()
        command = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--force-color-profile=srgb",
            "--remote-debugging-pipe", f"--user-data-dir={self.folder.name}/profile", "about:blank",
        ]  # fmt: skip
        pipes = f'exec 3<&{their_in} 4>&{their_out} {their_in}<&- {their_out}>&-; exec "$@"'
        self.log = open(pathlib.Path(self.folder.name) / "log", "wb")
        self.child = subprocess.Popen(
            ["bash", "-c", pipes, "bash", *command],
            pass_fds=(their_in, their_out),
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env={**os.environ, "HOME": self.folder.name},
        )
        os.close(their_in)
        os.close(their_out)
        self.rest, self.number, self.events = b"", 0, []

    def _message(self, end):
        """The next message, an answer or an event."""
        while b"\0" not in self.rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.from_], [], [], left)[0]:
                raise TimeoutError(f"the browser says nothing; it said {self.words()}")
            piece = os.read(self.from_, 1 << 20)
            if not piece:
                raise ConnectionError(f"the browser ended: {self.words()}")
            self.rest += piece
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def words(self):
        return (pathlib.Path(self.folder.name) / "log").read_text(errors="replace")[-2000:]

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self.to, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + DEADLINE
        while True:
            answer = self._message(end)
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def wait(self, method, session):
        end = time.monotonic() + DEADLINE
        while True:
            for event in self.events:
                if event["method"] == method and event.get("sessionId") == session:
                    return event
            self.events.append(self._message(end))

    @contextlib.contextmanager
    def page(self, path, width, scheme="light", height=900):
        """A file, shown this wide in this colour scheme ("light" or "dark")."""
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = BrowserPage(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        page.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        self.wait("Page.loadEventFired", session)
        yield page
        self.call("Target.closeTarget", targetId=target)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Exception):
            self.call("Browser.close")
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        os.close(self.to)
        os.close(self.from_)
        self.log.close()
        with contextlib.suppress(OSError):
            self.folder.cleanup()


class BrowserPage:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def complaints(self):
        """What stands on the console: errors, warnings, refusals by the policy."""
        self.evaluate("1")  # so that all that came before it is here
        told = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        return [event["params"] for event in self.browser.events if event["method"] in told]

    def requests(self):
        self.evaluate("1")
        return [event["params"]["request"]["url"] for event in self.browser.events if event["method"] == "Network.requestWillBeSent"]

    def screenshot(self, path):
        """The whole page, as high as it is."""
        png = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(png))

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False)["data"])
