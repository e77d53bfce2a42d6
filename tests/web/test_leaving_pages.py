"""The page for people: one button, the way back, the question why; with templates and without."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from newsletter_cli.language import LANGUAGES
from newsletter_cli.mail.tokens import Kind
from newsletter_cli.settings import Settings
from newsletter_cli.storage.acts import acts
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import subscription
from newsletter_cli.web.leaving import clean_reason
from newsletter_cli.web.sheet import Html, address, isolated, words
from newsletter_cli.web.theme import Theme
from tests.conftest import WEDNESDAY, Clock
from tests.web.conftest import RING, Pages, Seeded, Serve, seed


def said(answer: httpx.Response) -> str:
    """The words of a page's main part, tags taken out."""
    main = re.search(r"<main>(.*)</main>", answer.text, re.S)
    assert main is not None
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main[1])).split())


def hidden(answer: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.text))


def test_the_page_asks_with_one_button(pages: Pages, seeded: Seeded) -> None:
    answer = pages.get(f"/u/{seeded.token()}")
    assert answer.status_code == 200
    assert said(answer) == (
        "إلغاء الاشتراك هل ينتهي اشتراك r…1@example.org في « النشرة الأسبوعية »؟ "
        "بعد الضغط على الزر لا تصل أي رسالة أخرى من هذه القائمة. إلغاء الاشتراك"
    )
    assert '<html lang="ar" dir="rtl">' in answer.text
    assert '<bdi dir="ltr">r…1@example.org</bdi>' in answer.text
    assert re.findall(r'<form method="post" action="([^"]*)">', answer.text) == [f"/u/{seeded.token()}/page"]
    assert answer.text.count("<button") == 1
    assert "reader1@" not in answer.text


def test_a_list_in_another_language_has_its_page(pages: Pages, seeded: Seeded) -> None:
    answer = pages.get(f"/u/{seeded.token(seeded.english)}")
    assert '<html lang="en" dir="ltr">' in answer.text
    assert "End the subscription of r…1@example.org to “ Weekly & more ”?" in said(answer)
    assert "<bdi>Weekly &amp; more</bdi>" in answer.text


def test_the_button_ends_it_and_the_undo_brings_it_back(
    pages: Pages, seeded: Seeded, status_of: Callable[[int], str]
) -> None:
    path = f"/u/{seeded.token()}/page"
    left = pages.post(path, action="leave")
    assert (left.status_code, status_of(seeded.reader), status_of(seeded.english)) == (200, "unsubscribed", "active")
    assert said(left).startswith("انتهى الاشتراك انتهى اشتراك r…1@example.org في « النشرة الأسبوعية ».")
    back = pages.post(path, action="undo", **hidden(left))
    assert said(back).startswith("عاد الاشتراك")
    assert status_of(seeded.reader) == "active"


def test_who_has_left_is_told_so(pages: Pages, seeded: Seeded) -> None:
    pages.post(f"/u/{seeded.token()}")
    answer = pages.get(f"/u/{seeded.token()}")
    assert (said(answer), "<button" in answer.text) == (
        "انتهى الاشتراك هذا الاشتراك منتهٍ من قبل. لا حاجة إلى شيء آخر.",
        False,
    )


@pytest.mark.parametrize("trick", ["no seal", "another's seal", "later", "a later time", "a word for a time"])
def test_an_undo_needs_its_own_seal_and_ten_minutes(
    trick: str, pages: Pages, seeded: Seeded, clock: Clock, status_of: Callable[[int], str]
) -> None:
    path = f"/u/{seeded.token()}/page"
    fields = hidden(pages.post(path, action="leave"))
    if trick == "no seal":
        fields = {}
    elif trick == "another's seal":
        fields = hidden(pages.post(f"/u/{seeded.token(seeded.other)}/page", action="leave"))
    elif trick == "later":
        clock.advance(minutes=10, seconds=1)
    else:
        fields["until"] = str(int(fields["until"]) + 60) if trick == "a later time" else "²"
    answer = pages.post(path, action="undo", **fields)
    assert status_of(seeded.reader) == "unsubscribed"
    assert said(answer) == "انتهى الاشتراك انتهت مهلة التراجع. الاشتراك من جديد ممكن من موقعنا."


def test_whom_an_editor_removed_gets_no_undo(pages: Pages, seeded: Seeded, storage: Storage) -> None:
    with storage.write() as connection:
        connection.execute(
            update(subscription)
            .where(subscription.c.id == seeded.reader)
            .values(status="unsubscribed", left=WEDNESDAY, left_reason="removed by editor")
        )
    answer = pages.post(f"/u/{seeded.token()}/page", action="leave")
    assert (answer.status_code, "<form" in answer.text) == (200, False)


def test_a_reason_is_kept_once_and_without_addresses(pages: Pages, seeded: Seeded, storage: Storage) -> None:
    path = f"/u/{seeded.token()}/page"
    fields = hidden(pages.post(path, action="leave"))
    thanks = pages.post(
        path, action="reason", reason="كثيرة  جدًا\r\nاكتبوا إلى reader1@example.org " + "ا" * 300, **fields
    )
    again = pages.post(path, action="reason", reason="مرة أخرى", **fields)
    assert said(thanks) == said(again) == "انتهى الاشتراك شكرًا، وصل السبب."
    with storage.read() as connection:
        found = [(act.what, act.by, act.list, act.details) for act in acts(connection)]
    assert found[1:] == [("gave a reason", "reader", "weekly", ("كثيرة جدًا اكتبوا إلى … " + "ا" * 300)[:200])]


def test_a_reason_without_leaving_is_not_kept(pages: Pages, seeded: Seeded, storage: Storage) -> None:
    path = f"/u/{seeded.token()}/page"
    fields = hidden(pages.post(path, action="leave"))
    pages.post(path, action="undo", **fields)
    pages.post(path, action="reason", reason="سبب", **fields)
    pages.post(path, action="reason", reason="سبب")
    with storage.read() as connection:
        assert [act.what for act in acts(connection)] == ["unsubscribed", "came back"]


@pytest.mark.parametrize(("text", "kept"), [("", ""), (" \n ", ""), ("a@b", "…"), ("\u202eلا\x1b[31m", "لا [31m")])
def test_a_reason_is_one_harmless_line(text: str, kept: str) -> None:
    assert clean_reason(text) == kept


@pytest.mark.parametrize("action", ["leave", "undo", "reason", ""])
def test_links_of_nobody_show_their_page_and_change_nothing(
    action: str, pages: Pages, seeded: Seeded, dump: Callable[[], object]
) -> None:
    before = dump()
    page = pages.get(f"/u/{seeded.token(0)}")
    answer = pages.post(f"/u/{seeded.token(0)}/page", action=action)
    assert (said(page), page.text.count("<button")) == (
        "إلغاء الاشتراك هذا رابط رسالة تجريبية: لا يغيّر شيئًا. إلغاء الاشتراك",
        1,
    )
    assert (answer.status_code, dump()) == (200, before)


@pytest.mark.parametrize("token", ["x", "a" * 26, RING.make(Kind.UNSUBSCRIBE, 99_999, 1), "%D9%82"])
def test_a_link_that_cannot_be_read_says_so(token: str, pages: Pages) -> None:
    for answer in (pages.get(f"/u/{token}"), pages.post(f"/u/{token}/page", action="leave")):
        assert answer.status_code == 404
        assert answer.text.count("<main>") == 1


# --- every page ------------------------------------------------------------------------------------------------


def test_pages_ask_nothing_of_others_and_keep_nothing(pages: Pages, seeded: Seeded) -> None:
    token = seeded.token()
    for answer in (pages.get(f"/u/{token}"), pages.post(f"/u/{token}/page", action="leave"), pages.get("/nothing")):
        assert len(answer.content) < 30 * 1024
        assert not re.search(r"""(?:src|href)=|url\(|@import|https?://|<script""", answer.text)
        assert re.sub("sha256-[^']+", "HASH", answer.headers["Content-Security-Policy"]) == (
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'HASH'; form-action 'self'"
        )
        assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert not {"set-cookie", "server", "location"} & set(answer.headers)


@pytest.mark.parametrize("broken", ["{% if %}", "{{ nothing.at.all }}", "{{ 1 // 0 }}", "{{ page.title + 1 }}"])
def test_a_broken_template_shows_the_built_in_page(
    broken: str, pages: Pages, seeded: Seeded, newsroom_folder: Path, status_of: Callable[[int], str]
) -> None:
    folder = newsroom_folder / "templates" / "pages"
    folder.mkdir()
    for name in ("unsubscribe", "left"):
        (folder / f"{name}.html").write_text(broken, encoding="utf-8")
    page = pages.get(f"/u/{seeded.token()}")
    assert "هل ينتهي اشتراك r…1@example.org" in said(page)
    left = pages.post(f"/u/{seeded.token()}/page", action="leave")
    assert (left.status_code, status_of(seeded.reader)) == (200, "unsubscribed")
    assert pages.post(f"/u/{seeded.token()}/page", action="undo", **hidden(left)).status_code == 200
    assert status_of(seeded.reader) == "active"
    assert pages.warnings[0].startswith("the built-in page is shown: templates/pages/unsubscribe.html")


def test_a_newsrooms_own_template_is_used(pages: Pages, seeded: Seeded, newsroom_folder: Path) -> None:
    folder = newsroom_folder / "templates" / "pages"
    folder.mkdir()
    (folder / "unsubscribe.html").write_text("<main>{{ page.title|ready }}: {{ '<b>' }}</main>", encoding="utf-8")
    assert pages.get(f"/u/{seeded.token()}").text == "<main>إلغاء الاشتراك: &lt;b&gt;</main>"


def test_without_any_template_engine_pages_are_complete(serve: Serve, sqlite_storage: Storage) -> None:
    def no_jinja2() -> Theme:
        raise ImportError("No module named 'jinja2'")

    seeded, pages = seed(sqlite_storage), serve(sqlite_storage, load_theme=no_jinja2)
    answer = pages.get(f"/u/{seeded.token()}")
    assert said(answer).endswith("لا تصل أي رسالة أخرى من هذه القائمة. إلغاء الاشتراك")
    assert said(pages.post(f"/u/{seeded.token()}/page", action="leave")).startswith("انتهى الاشتراك")


# --- words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence_of_the_pages(language: str) -> None:
    values = {"email": address("reader1@example.org"), "list": isolated("<نشرة>")}
    for key in ("question", "done", "undone"):
        text = words(f"page.unsubscribe.{key}", language, values)
        assert '<bdi dir="ltr">r…1@example.org</bdi>' in text
        assert "<bdi>&lt;نشرة&gt;</bdi>" in text


def test_a_short_address_shows_nothing_of_itself() -> None:
    assert address("a@example.org") == Html('<bdi dir="ltr">…@example.org</bdi>')


def test_the_settings_name_who_asks(pages: Pages, seeded: Seeded, settings: Settings) -> None:
    assert f"<header>{settings.newsroom.name}</header>" in pages.get(f"/u/{seeded.token()}").text


def test_ten_minutes_are_counted_from_the_leaving(pages: Pages, seeded: Seeded, clock: Clock) -> None:
    pages.post(f"/u/{seeded.token()}")  # one-click, perhaps a slip
    clock.now += timedelta(minutes=4)
    left = pages.post(f"/u/{seeded.token()}/page", action="leave")
    assert int(hidden(left)["until"]) == int((WEDNESDAY + timedelta(minutes=10)).timestamp())
    clock.now += timedelta(minutes=7)
    assert "<form" not in pages.post(f"/u/{seeded.token()}/page", action="leave").text
