"""The pages in a real browser: direction, sizes, contrast and nothing that overflows, light and dark."""

import contextlib
import json
import time
from collections.abc import Callable

import pytest

from newsletter_cli.storage.engine import Storage
from tests.servers.chromium import Browser, Page
from tests.web.conftest import Serve, seed, status_in

# What the browser has made of the page: each text's size, line, colours and contrast; each control's size.
MEASURE = """(() => {
  const parts = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = colour => { const [r, g, b] = parts(colour).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const behind = node => { for (let n = node; n; n = n.parentElement) { const c = getComputedStyle(n).backgroundColor;
    if (parts(c).length === 3) return c } return 'rgb(255,255,255)' };
  const texts = [...document.querySelectorAll('h1, p, label, button, a, header, .note')].filter(n => n.innerText);
  const of = node => { const s = getComputedStyle(node), a = light(s.color), b = light(behind(node));
    return { tag: node.tagName, size: parseFloat(s.fontSize), line: parseFloat(s.lineHeight) / parseFloat(s.fontSize),
      contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), spacing: s.letterSpacing, style: s.fontStyle,
      align: s.textAlign } };
  const controls = [...document.querySelectorAll('button, input:not([type=hidden]), li a')]
    .map(n => n.type === 'radio' ? n.labels[0] : n);  // who presses the words presses the circle
  return JSON.stringify({
    texts: texts.map(of), dir: getComputedStyle(document.body).direction,
    wide: document.documentElement.scrollWidth > innerWidth,
    targets: controls.map(n => n.getBoundingClientRect()).map(r => [Math.round(r.width), Math.round(r.height)]),
    labels: [...document.querySelectorAll('input:not([type=hidden])')].every(n => n.labels.length === 1),
    page: getComputedStyle(document.body).backgroundColor, requests: performance.getEntriesByType('resource').length })
})()"""


@pytest.fixture
def addresses(serve: Serve, sqlite_storage: Storage) -> Callable[[str], str]:
    """The URL of a page by its name; each page in the state it needs."""
    seeded, pages = seed(sqlite_storage), serve(sqlite_storage)
    pages.post(f"/u/{seeded.token(seeded.other)}")
    paths = {
        "question": f"/u/{seeded.token()}",
        "english": f"/u/{seeded.token(seeded.english)}",
        "already": f"/u/{seeded.token(seeded.other)}",
        "preferences": f"/p/{seeded.preferences()}",
        "broken": "/u/x",
        "archive": "/archive/",
    }
    return lambda name: pages.url + paths[name]


def is_dark(colour: str) -> bool:
    return sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(", "))) < 200


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 800])
def test_every_page_can_be_read_and_pressed(
    width: int, dark: bool, addresses: Callable[[str], str], browser: Browser
) -> None:
    for name in ("question", "english", "already", "preferences", "broken", "archive"):
        found = json.loads(browser.open(addresses(name), width=width, dark=dark).evaluate(MEASURE))
        assert (found["wide"], found["requests"], found["labels"]) == (False, 0, True), name
        assert (found["dir"], is_dark(found["page"])) == ("ltr" if name == "english" else "rtl", dark), name
        for text in found["texts"]:
            assert text["size"] >= 17, (name, text)
            assert text["line"] >= (1.59 if text["tag"] in ("H1", "HEADER") or name == "english" else 1.79), (
                name,
                text,
            )
            assert text["contrast"] >= 4.5, (name, text)
            assert (text["spacing"], text["style"]) == ("normal", "normal"), (name, text)
            assert text["align"] != "justify", (name, text)
        assert all(height >= 44 for _, height in found["targets"]), (name, found["targets"])


def test_leaving_and_coming_back_by_pressing_buttons(serve: Serve, sqlite_storage: Storage, browser: Browser) -> None:
    seeded, pages = seed(sqlite_storage), serve(sqlite_storage)
    page = browser.open(f"{pages.url}/u/{seeded.token()}", width=375)
    titles = [page.evaluate(TITLE)]
    for button in ("leave", "undo"):
        page.evaluate(f"document.querySelector('button[value={button}]').click()")
        titles.append(next_title(page, titles[-1]))
    assert titles == ["إلغاء الاشتراك", "انتهى الاشتراك", "عاد الاشتراك"]
    assert status_in(sqlite_storage, seeded.reader) == "active"


TITLE = "(document.querySelector('h1') || document.body).innerText"


def next_title(page: Page, before: str) -> str:
    """The title of the page that follows; between the two, questions fail."""
    deadline = time.monotonic() + 20
    found = before
    while found == before or not found:
        assert time.monotonic() < deadline, found
        with contextlib.suppress(RuntimeError):
            found = page.evaluate(TITLE)
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_built_in_page_can_be_read_too(dark: bool, serve: Serve, sqlite_storage: Storage, browser: Browser) -> None:
    seeded, pages = seed(sqlite_storage), serve(sqlite_storage, load_theme=None)
    found = json.loads(browser.open(f"{pages.url}/u/{seeded.token()}", width=320, dark=dark).evaluate(MEASURE))
    assert (found["wide"], found["dir"], found["requests"]) == (False, "rtl", 0)
    assert all(text["size"] >= 17 for text in found["texts"])
    assert all(height >= 44 for _, height in found["targets"])
