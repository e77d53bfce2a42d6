"""An editor at the preview: what is shown is what leaves; a save is seen at once; only a test can leave."""

import email
import email.policy
import json
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.journeys.conftest import Room
from tests.servers import wait_until
from tests.servers.axe import violations
from tests.servers.chromium import Browser, Page
from tests.servers.smtp import smtp_server

TOKEN = re.compile(rb"/[upv]/[a-z2-7]{26}")
DARK = "@media (prefers-color-scheme: dark)"
ID = "2026-w42"
READER = "reader1@example.org"
GREETING = '\nمرحبًا [[ name | default("بك") ]]\n'


@dataclass
class Preview:
    """A running preview."""

    url: str
    document: dict[str, object]
    process: "subprocess.Popen[str]"

    @property
    def base(self) -> str:
        return "http://" + urlsplit(self.url).netloc

    @property
    def key(self) -> str:
        return parse_qs(urlsplit(self.url).query)["k"][0]

    def at(self, path: str, **more: str) -> str:
        return f"{self.base}{path}?" + str(httpx.QueryParams({"k": self.key, **more}))

    def look(self, **more: str) -> dict[str, object]:
        found = httpx.get(self.at("/look", **more), timeout=60).json()
        assert isinstance(found, dict)
        return found


@contextmanager
def previewed(room: Room, *words: str) -> Iterator[Preview]:
    """The command until Ctrl-C, which ends it with 0."""
    process = room.start("preview", *words, "--no-open", "--json", "--port", "0")
    try:
        assert process.stdout is not None
        document = json.loads(process.stdout.readline() or "{}")
        assert document, process.communicate()[1]
        yield Preview(str(document["url"]), document, process)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
        assert (process.returncode, "Traceback" in stderr) == (0, False), stderr
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """The sample newsroom with a tester and a greeting by name; not live. Tests that change it take a copy."""
    folder = tmp_path_factory.mktemp("seen")
    room = Room(folder / "room", {"HOME": str(folder), "LANG": "C.UTF-8", "NEWSLETTER_USER": "editor"})
    room.run("init", "room", "--sample", "--no-input", cwd=folder)
    room.setting('[team]\ntest_to = ["editor@example.org"]\n[smtp]\nhost = "127.0.0.1"\nsecurity = "none"')
    digest = room.folder / "digests" / f"{ID}.md"
    digest.write_text(digest.read_text(encoding="utf-8") + GREETING, encoding="utf-8")
    return room


@pytest.fixture(scope="module")
def preview(seen: Room) -> Iterator[Preview]:
    """A preview of it that no test changes anything under."""
    with previewed(seen) as running:
        yield running


@pytest.fixture
def room(seen: Room, tmp_path: Path) -> Room:
    """A copy to change."""
    return Room(Path(shutil.copytree(seen.folder, tmp_path / "room")), dict(seen.env))


def parts(message: bytes) -> dict[str, bytes]:
    """Type → decoded bytes."""
    whole = email.message_from_bytes(message, policy=email.policy.default)
    return {part.get_content_type(): bytes(part.get_payload(decode=True)) for part in whole.walk()
            if not part.is_multipart()}  # fmt: skip


def alike(message: bytes) -> dict[str, bytes]:
    """The same with the reader's tokens taken out: those of a preview and a test are nobody's."""
    return {kind: TOKEN.sub(b"/TOKEN", data) for kind, data in parts(message).items()}


def test_what_is_shown_is_what_is_exported_and_tested(room: Room) -> None:
    room.run("digests", "export", ID, "--to", "eml", "--as", READER, "-o", "exported.eml")
    exported = alike((room.folder / "exported.eml").read_bytes())
    room.run("test", ID, "--to", READER)
    assert alike((room.folder / "outbox" / ID / "test" / f"{READER}.eml").read_bytes()) == exported
    room.run("preview", "--as", READER, "--export", "shown")
    assert alike((room.folder / "shown" / "message.eml").read_bytes()) == exported
    shown = parts((room.folder / "shown" / "message.eml").read_bytes())
    files = {"text/html": "message.html", "text/plain": "message.txt"}
    assert {kind: (room.folder / "shown" / name).read_bytes() for kind, name in files.items()} == shown
    with previewed(room) as preview:
        assert alike(httpx.get(preview.at("/message.eml", **{"as": READER}), timeout=60).content) == exported
        assert room.run("check", ID, "--json").json["version"] == preview.document["version"]


def test_the_frame_differs_from_the_message_by_its_pictures_and_palette_only(preview: Preview) -> None:
    sent = parts(httpx.get(preview.at("/message.eml"), timeout=60).content)["text/html"].decode()
    frame = httpx.get(preview.at("/frame"), timeout=60).text
    back = re.sub(r"/p/[0-9a-f]{24}/", "http://127.0.0.1:8400/a/", frame).replace("@media not all", DARK)
    back = back.replace('"color-scheme" content="light"', '"color-scheme" content="light dark"')
    back = back.replace('color-schemes" content="light"', 'color-schemes" content="light dark"')
    back = re.sub(r'(supported-color-scheme[s]?)" content="light"', r'\1" content="light dark"', back)
    back = re.sub(r"((?:supported-)?color-schemes?: )light(?! dark)", r"\1light dark", back)
    assert back == sent


def test_only_its_own_page_with_its_key_is_answered(seen: Room, preview: Preview) -> None:
    paths = [f"/{ID}", "/look", "/frame", "/web", "/message.eml", "/events", "/page.js"]
    assert [httpx.get(preview.base + path).status_code for path in paths] == [403] * len(paths)
    assert httpx.get(preview.base + f"/{ID}?k=" + "0" * 32).status_code == 403
    assert httpx.get(preview.url, headers={"Host": "evil.example:80"}).status_code == 421
    assert httpx.get(preview.base + "/p/x/" + "0" * 64).status_code == 403
    for origin in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert httpx.post(preview.at("/test"), headers=origin).status_code == 403
    assert httpx.get(preview.at("/test")).status_code == 405
    answer = httpx.get(preview.at("/frame"), timeout=60)
    policy = set(answer.headers["Content-Security-Policy"].split("; "))
    assert policy >= {"default-src 'none'", "img-src 'self' data:", "form-action 'none'"}
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert preview.key not in answer.text
    assert not (seen.folder / "outbox" / ID).exists()


def test_only_files_that_the_page_names_are_opened_in_an_editor(room: Room, tmp_path: Path) -> None:
    told, editor = tmp_path / "told", tmp_path / "edit"
    editor.write_text(f'#!/bin/sh\necho "$@" > {told}.part && mv {told}.part {told}\n', encoding="utf-8")
    editor.chmod(0o755)
    room.env["VISUAL"] = str(editor)
    digest = room.folder / "digests" / f"{ID}.md"
    digest.write_text(digest.read_text(encoding="utf-8") + "\nTODO\n", encoding="utf-8")
    with previewed(room) as preview:
        (found,) = (one for one in preview.look()["problems"] if one["code"] == "C105")  # type: ignore[attr-defined]
        origin = {"Origin": preview.base}

        def opened(file: str) -> bool:
            return bool(httpx.post(preview.at("/open", file=file, line=found["line"]), headers=origin).json()["opened"])

        assert [opened("subscribers.csv.example"), opened("../outside"), opened(found["file"])] == [False, False, True]
        wait_until(told.exists, seconds=10, what="the editor")
        assert httpx.post(preview.at("/open", file=found["file"])).status_code == 403
    assert told.read_text(encoding="utf-8").split() == [f"+{found['line']}", str(digest)]


def test_the_pictures_of_the_digest_are_there_and_others_are_not(preview: Preview) -> None:
    (path,) = set(re.findall(r"/p/[0-9a-f]+/[0-9a-f]{64}", httpx.get(preview.at("/frame"), timeout=60).text))
    found = httpx.get(preview.base + path, timeout=60)
    assert (found.headers["Content-Type"], found.content[:4]) == ("image/png", b"\x89PNG")
    assert httpx.get(preview.base + path[:-64] + "0" * 64, timeout=60).status_code == 404


def test_as_hard_readers_nothing_becomes_markup(preview: Preview) -> None:
    page = httpx.get(preview.at("/frame", **{"as": "script"}), timeout=60).text
    assert ("<script" in page, "&lt;script&gt;" in page) == (False, True)
    cast = ("long", "empty", "latin", "diacritics", "sixty", READER)
    assert [name for name in cast if "fault" in preview.look(**{"as": name})] == []
    assert "fault" in preview.look(**{"as": "no@such@address"})


def test_a_test_as_what_is_no_address_is_refused(room: Room) -> None:
    assert room.run("test", ID, "--as", "bad@@", "--json", expect=2).json["error"]["code"] == "TEST-ADDRESS"
    with previewed(room) as preview:
        told = httpx.post(preview.at("/test", **{"as": "bad@@"}), headers={"Origin": preview.base}, timeout=60).json()
    assert (told["ok"], "bad@@" in told["problem"]) == (False, True)
    assert not (room.folder / "outbox" / ID).exists()


def test_a_taken_port_leads_to_the_next_one(seen: Room) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        process = seen.start("preview", "--no-open", "--json", "--port", str(number))
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert (process.returncode, number < (urlsplit(url).port or 0) <= number + 50) == (0, True)


def test_an_article_alone_is_shown_and_cannot_be_tested(seen: Room) -> None:
    with previewed(seen, "wheat") as preview:
        assert "أسعار القمح" in str(preview.look()["text"])
        told = httpx.post(preview.at("/test"), headers={"Origin": preview.base}).json()
    assert (told["ok"], (seen.folder / "outbox" / "wheat").exists()) == (False, False)


def test_other_devices_are_let_in_only_when_a_person_says_so(seen: Room) -> None:
    assert "NOT-CONFIRMED" in seen.run("preview", "--lan", "--no-open", expect=3).stderr


def test_a_broken_template_stops_what_is_not_served(room: Room) -> None:
    (room.folder / "templates" / "digest.txt.j2").write_text("a\n{{ nothing }}\n", encoding="utf-8")
    assert "templates/digest.txt.j2:2" in room.run("preview", "--text", expect=5).stderr


# --- in the browser ----------------------------------------------------------------------------------------------


def until(page: Page, condition: str) -> None:
    """Until a JavaScript condition holds; while a frame is being loaded there is nothing to ask."""

    def holds() -> bool:
        try:
            return bool(page.evaluate(condition))
        except RuntimeError:
            return False

    wait_until(holds, what=condition, seconds=30)


PROBLEMS = "[...document.querySelectorAll('#problems .level')].map(one => one.textContent.split(' ').pop())"
DRAWN = "Boolean(document.body.dataset.drawn) && document.getElementById('frame').height > 400"
FRAME = "(document.getElementById('frame').contentDocument.body?.textContent ?? '')"


def test_a_save_is_seen_and_the_test_button_sends_one(room: Room, browser: Browser) -> None:
    article = next((room.folder / "articles").rglob("wheat.md"))
    right = article.read_text(encoding="utf-8")
    with smtp_server() as server:
        room.env |= {"NEWSLETTER_SMTP__PORT": str(server.port), "NEWSLETTER_SMTP__RATE": "off"}
        room.run("config", "go-live", "--confirm", "room")
        with previewed(room) as preview:
            page = browser.open(preview.url, width=1200)
            until(page, DRAWN)
            assert "C105" not in page.evaluate(PROBLEMS)
            page.evaluate("scrollTo(0, 300)")
            article.write_text(right + "\nفقرة أخيرة TODO تنتظر مصدرًا.\n", encoding="utf-8")
            until(page, PROBLEMS + ".includes('C105')")
            until(page, FRAME + ".includes('فقرة أخيرة')")
            until(page, "scrollY === 300")
            page.evaluate("document.querySelector('#problems li button').click()")
            lit = "document.getElementById('frame').contentDocument.querySelector('[data-lit]').textContent"
            assert "TODO" in page.evaluate(lit)
            article.write_text(right, encoding="utf-8")
            until(page, "!" + PROBLEMS + ".includes('C105')")
            _break_and_repair(room, page)
            page.evaluate("document.getElementById('test').click()")
            until(page, "document.getElementById('told').textContent.includes('editor@example.org')")
            until(page, "!document.getElementById('test').disabled")
        assert server.copies() == {"editor@example.org": 1}
        (sent,) = server.received
    assert "فقرة أخيرة" not in parts(sent.data)["text/html"].decode()


def _break_and_repair(room: Room, page: Page) -> None:
    template = room.folder / "templates" / "digest.html.j2"
    template.parent.mkdir(exist_ok=True)
    template.write_text("one\ntwo\n{{ isue.id }}\nfour\nfive\nsix\n", encoding="utf-8")
    until(page, "!document.getElementById('fault').hidden")
    shown = page.evaluate("document.getElementById('fault').textContent")
    assert all(words in shown for words in ("templates/digest.html.j2:3", "one", "{{ isue.id }}", "five"))
    assert "six" not in shown
    template.unlink()
    until(page, "document.getElementById('fault').hidden && " + DRAWN)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_everybody_can_use_the_page(language: str, seen: Room, browser: Browser) -> None:
    with previewed(seen, "--lang", language) as preview:
        for dark in (False, True):
            page = browser.open(preview.url, width=375, height=800, dark=dark)
            until(page, DRAWN)
            assert page.evaluate("[document.documentElement.dir, document.documentElement.scrollWidth]") == [
                "rtl" if language == "ar" else "ltr", 375,
            ]  # fmt: skip
            for tab in ("html", "text", "headers", "source", "web"):
                page.evaluate(f"document.querySelector('[data-tab={tab}]').click()")
                assert (tab, violations(page)) == (tab, [])


def test_each_width_and_colour_shows_the_frame_so(preview: Preview, browser: Browser) -> None:
    frame = "document.getElementById('frame').contentDocument"
    # Between two pages of the frame there is no body to ask.
    ground = f"({frame}.body ? getComputedStyle({frame}.body).backgroundColor : '')"
    page = browser.open(preview.url, width=1400)
    until(page, DRAWN)
    for width in (320, 375, 600, 800):
        page.evaluate(f"document.querySelector('[data-width=\"{width}\"]').click()")
        until(page, f"{frame}.defaultView?.innerWidth === {width}")
        until(page, f"{frame}.documentElement?.scrollWidth <= {width}")
    until(page, f"{ground} === 'rgb(243, 239, 231)'")
    page.evaluate("document.querySelector('[data-scheme=dark]').click()")
    until(page, f"{ground} === 'rgb(17, 21, 23)'")
    page.evaluate("document.getElementById('pictures').click()")
    until(page, f"[...{frame}.images].every(one => one.complete && !one.naturalWidth)")
