"""`symbolon check --html FILE`: one page that a real browser shows without a complaint, light and dark, narrow and wide."""

import re

import pytest

from harness.browser import CONTRASTS, Browser
from harness.pki import ForeignCA
from harness.process import PORTS, Process
from harness.symbolon import Symbolon

WIDTHS, SCHEMES = (360, 1400), ("light", "dark")
EVIL = "/O=<script>alert(1)<\\/script>/OU=\"'<img src=x onerror=alert(2)>/CN=" + "w" * 60


@pytest.fixture(scope="module")
def browser():
    with Browser() as running:
        yield running


def serve(ca, credential, *arguments):
    port = PORTS.take()
    identity = ["-cert", credential.cert, "-key", credential.key, "-cert_chain", credential.chain]
    demand = ["-Verify", 3, "-verify_return_error", "-CAfile", ca.cert]
    running = Process(["openssl", "s_server", "-accept", port, "-www", *identity, *demand, *arguments])
    running.wait_listening(port)
    return running, port


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Written by check: refused after a retry, accepted, a server with markup for names, and nobody there."""
    folder = tmp_path_factory.mktemp("pages")
    symbolon = Symbolon(folder / "s")
    root = ForeignCA(folder, "Root")
    ca = ForeignCA(folder, "Issuing", issuer=root)
    good, expired = ca.issue("alice", names="URI:spiffe://example.com/alice"), ca.issue("bob", days=(-90, -1))
    pages = {}

    def look(name, port, *arguments, sound=False):
        pages[name] = folder / f"{name}.html"
        outcome = symbolon("check", f"localhost:{port}", "--html", pages[name], *arguments)
        assert (outcome.status == 0) == sound, outcome
        assert str(pages[name]) in outcome.stderr and pages[name].stat().st_mode & 0o777 == 0o644, outcome

    running, port = serve(root, ca.server(), "-groups", "P-384")
    with running:
        look("refused", port, "--ca", root.cert, "--cert", expired.chain, "--key", expired.key)
        look("accepted", port, "--ca", root.cert, "--cert", good.chain, "--key", good.key, "--http", sound=True)
    many = ",".join(f"DNS:{'label-' * 9}{i}.{'sub.' * 20}example" for i in range(40))
    running, port = serve(root, ca.issue("evil", eku="serverAuth", subject=EVIL, names=many), "-tls1_2")
    with running:
        look("evil", port, "--ca", root.cert, "--cert", good.chain, "--key", good.key)
    look("nobody", PORTS.take())
    return pages


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["refused", "accepted", "evil", "nobody"])
def test_the_page_is_whole(browser, pages, name, width, scheme):
    with browser.page(pages[name], width, scheme) as page:
        assert page.evaluate("innerWidth") == width
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "it scrolls sideways"
        # What sticks out of the picture would be cut on paper.
        outside = f"[...document.querySelectorAll('svg text')].filter(t => t.getBoundingClientRect().right > {width} || t.getBoundingClientRect().left < 0).map(t => t.textContent)"
        assert page.evaluate(outside) == []
        assert page.evaluate("document.scripts.length + document.images.length") == 0
        lowest = page.evaluate(CONTRASTS)[0]
        assert lowest[0] >= 4.5, lowest
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] < 128")
        assert dark == (scheme == "dark"), "the colour scheme is not followed"
        assert page.complaints() == []
        assert page.requests() == [pages[name].as_uri()] or all(url.startswith("data:") for url in page.requests()[1:])


def test_names_do_not_overlap_the_measures_beside_them(browser, pages):
    overlap = """
    [...document.querySelectorAll('svg.ladder g')].filter(g => {
      const [name, measure] = ['.name', '.measure'].map(kind => g.querySelector(kind)?.getBoundingClientRect());
      return name && measure && name.left < measure.right && measure.left < name.right && name.top < measure.bottom && measure.top < name.bottom;
    }).map(g => g.textContent)"""
    for name in ("refused", "accepted", "evil"):
        with browser.page(pages[name], 360) as page:
            assert page.evaluate(overlap) == [], name


def test_the_page_says_what_the_terminal_says(browser, pages):
    with browser.page(pages["refused"], 1400) as page:
        text = page.evaluate("document.body.innerText") + page.evaluate("document.querySelector('svg.ladder').textContent")
        headings = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => +h.tagName[1])")
        label = page.evaluate("document.getElementById(document.querySelector('svg[role=img]').getAttribute('aria-labelledby').split(' ')[1]).textContent")
    for part in ("refused", "client_certificate_expired", "proven", "What mends it:", "HelloRetryRequest", "certificate_expired (45)",
                 "CN=localhost", "CN=bob", "serverAuth", "ecdsa_secp256r1_sha256", "CN=Root,O=Root"):
        assert part in text, f"{part}:\n{text}"
    assert headings[0] == 1 and all(b <= a + 1 for a, b in zip(headings, headings[1:])), headings
    assert re.match(r"The client sends ClientHello after .* The server sends HelloRetryRequest", label), label


def test_it_can_be_printed(browser, pages):
    with browser.page(pages["refused"], 1400, "dark") as page:
        pdf = page.pdf()
        page.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate(CONTRASTS)[0][0] >= 4.5
    assert pdf.startswith(b"%PDF-") and len(pdf) > 10_000


def test_only_a_page_is_replaced(symbolon, foreign, alice):
    key = alice.key.read_bytes()
    refused = symbolon("check", "127.0.0.1:9", "--html", alice.key)
    assert refused.status == 2 and alice.key.read_bytes() == key, refused
    page = symbolon.folder / "report.html"
    for _ in range(2):
        assert str(page) in symbolon("check", f"127.0.0.1:{PORTS.take()}", "--html", page).stderr
    assert page.read_text().startswith("<!DOCTYPE html>")
