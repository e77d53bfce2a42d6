"""The page on which readers choose what still comes: by hand in a browser, with templates and without."""

import re
from collections.abc import Callable
from html import unescape

import httpx
import pytest
from sqlalchemy import update

from newsletter_cli.language import LANGUAGES
from newsletter_cli.language.catalogue import CATALOGUE
from newsletter_cli.mail.tokens import Kind
from newsletter_cli.storage.acts import acts
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import subscription
from tests.conftest import Clock
from tests.servers.axe import violations
from tests.servers.chromium import Browser
from tests.web.conftest import RING, Pages, Seeded, Serve, seed, status_in


def path_of(seeded: Seeded, number: int | None = None) -> str:
    return f"/p/{seeded.preferences(number)}"


def said(answer: httpx.Response) -> str:
    """The words of a page's main part, tags taken out."""
    main = re.search(r"<main>(.*)</main>", answer.text, re.S)
    assert main is not None
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main[1])).split())


def chosen(answer: httpx.Response) -> dict[str, str]:
    """Field → the answer that is set."""
    return dict(re.findall(r'name="([^"]+)" value="([^"]+)" ?checked', answer.text))


def test_the_page_shows_what_comes(pages: Pages, seeded: Seeded) -> None:
    answer = pages.get(path_of(seeded))
    assert answer.status_code == 200
    assert chosen(answer) == {"list.english": "receive", "list.weekly": "receive"}
    one = "تصل الرسائل إيقاف مؤقت مدة ثلاثين يومًا إلغاء الاشتراك"
    assert said(answer) == (
        f"تفضيلات الاشتراك الرسائل التي تصل إلى r…1@example.org : Weekly & more {one} النشرة الأسبوعية {one} "
        "حفظ إلغاء كل الاشتراكات"
    )
    assert '<html lang="ar" dir="rtl">' in answer.text
    assert "reader1@" not in answer.text


def test_a_choice_is_saved_and_shown(
    pages: Pages, seeded: Seeded, status_of: Callable[[int], str], storage: Storage
) -> None:
    answer = pages.post(path_of(seeded), **{"action": "save", "list.weekly": "pause", "list.english": "leave"})
    assert (status_of(seeded.reader), status_of(seeded.english), status_of(seeded.other)) == (
        "paused",
        "unsubscribed",
        "active",
    )
    assert chosen(answer) == {"list.english": "leave", "list.weekly": "pause"}
    assert '<p class="status" role="status">حُفظت التغييرات.</p>' in answer.text
    assert "متوقفة حتى" in said(answer)
    assert "انتهى الاشتراك. التراجع ممكن خلال عشر دقائق." in said(answer)
    assert chosen(pages.get(path_of(seeded))) == chosen(answer)
    with storage.read() as connection:
        assert [act.what for act in acts(connection)] == ["unsubscribed", "paused for 30 days"]


def test_both_are_taken_back(pages: Pages, seeded: Seeded, status_of: Callable[[int], str]) -> None:
    pages.post(path_of(seeded), **{"list.weekly": "pause", "list.english": "leave"})
    answer = pages.post(path_of(seeded), **{"list.weekly": "receive", "list.english": "receive"})
    assert (status_of(seeded.reader), status_of(seeded.english)) == ("active", "active")
    assert chosen(answer) == {"list.english": "receive", "list.weekly": "receive"}


def test_one_button_ends_everything(pages: Pages, seeded: Seeded, status_of: Callable[[int], str]) -> None:
    pages.post(path_of(seeded), **{"action": "leave-all", "list.weekly": "receive"})
    assert [status_of(number) for number in (seeded.reader, seeded.english, seeded.other)] == [
        "unsubscribed",
        "unsubscribed",
        "active",
    ]


def test_a_leave_here_is_on_the_disk_like_any_other(pages: Pages, seeded: Seeded, storage: Storage) -> None:
    pages.post(path_of(seeded), **{"list.weekly": "leave"})
    log = (storage.root / "data" / "leaves.log").read_text(encoding="ascii")
    assert log.count(f'"subscription":{seeded.reader}') == 1


@pytest.mark.parametrize(
    "form",
    [{}, {"action": "save"}, {"list.weekly": "everything"}, {"list.hidden": "leave"}, {"list.weekly": ""}],
    ids=lambda form: str(sorted(form)),
)
def test_what_the_form_does_not_say_stays(
    form: dict[str, str], pages: Pages, seeded: Seeded, dump: Callable[[], object]
) -> None:
    before = dump()
    assert pages.post(path_of(seeded), **form).status_code == 200
    assert dump() == before


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", ""),
        (b'{"list.weekly": "leave"}', "application/json"),
        (b'--q\r\nContent-Disposition: form-data; name="action"\r\n\r\nleave-all\r\n--q--\r\n',
         "multipart/form-data; boundary=q"),
    ],
    ids=["empty", "json", "multipart"],
)  # fmt: skip
def test_a_body_that_is_not_the_form_is_not_called_saved(
    body: bytes, kind: str, pages: Pages, seeded: Seeded, dump: Callable[[], object]
) -> None:
    before = dump()
    answer = pages.client.post(pages.url + path_of(seeded), content=body, headers={"Content-Type": kind})
    assert (answer.status_code, 'role="status"' in answer.text) == (200, False)
    assert dump() == before


def test_looking_changes_nothing(pages: Pages, seeded: Seeded, dump: Callable[[], object]) -> None:
    before = dump()
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = pages.client.request(method, pages.url + path_of(seeded))
        assert (answer.status_code, answer.headers.get("set-cookie")) == (204 if method == "OPTIONS" else 200, None)
    assert dump() == before


def test_a_list_left_long_ago_is_gone_and_the_last_one_leaves_a_sentence(
    pages: Pages, seeded: Seeded, clock: Clock
) -> None:
    pages.post(path_of(seeded), action="leave-all")
    clock.advance(minutes=11)
    assert said(pages.get(path_of(seeded))) == "تفضيلات الاشتراك لا اشتراكات لهذا العنوان الآن."


def test_who_never_confirmed_has_nothing_to_pause(
    pages: Pages, seeded: Seeded, storage: Storage, status_of: Callable[[int], str]
) -> None:
    with storage.write() as connection:
        connection.execute(update(subscription).where(subscription.c.id == seeded.reader).values(status="pending"))
    answer = pages.get(path_of(seeded))
    assert answer.text.count('name="list.weekly"') == 2
    assert "بانتظار تأكيد الاشتراك" in said(answer)
    pages.post(path_of(seeded), **{"list.weekly": "pause"})
    assert status_of(seeded.reader) == "pending"


@pytest.mark.parametrize("kind", [Kind.UNSUBSCRIBE, Kind.VIEW, Kind.DATA])
def test_a_token_of_another_page_opens_nothing(
    kind: Kind, pages: Pages, seeded: Seeded, dump: Callable[[], object]
) -> None:
    before = dump()
    path = f"/p/{RING.make(kind, seeded.reader)}"
    assert pages.get(path).status_code == 404
    assert pages.post(path, action="leave-all").status_code == 404
    assert dump() == before


def test_the_link_of_a_test_shows_a_page_and_does_nothing(
    pages: Pages, seeded: Seeded, dump: Callable[[], object]
) -> None:
    before = dump()
    for answer in (pages.get(path_of(seeded, 0)), pages.post(path_of(seeded, 0), action="leave-all")):
        assert said(answer) == "تفضيلات الاشتراك هذا رابط رسالة تجريبية: لا يغيّر شيئًا."
    assert dump() == before


def test_the_page_works_without_any_template(
    serve: Serve, storage: Storage, seeded: Seeded, status_of: Callable[[int], str]
) -> None:
    pages = serve(storage, load_theme=None)
    assert chosen(pages.get(path_of(seeded))) == {"list.english": "receive", "list.weekly": "receive"}
    answer = pages.post(path_of(seeded), **{"list.weekly": "leave"})
    assert 'role="status"' in answer.text
    assert status_of(seeded.reader) == "unsubscribed"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_browser_saves_it_on_a_phone_without_script(
    dark: bool, serve: Serve, sqlite_storage: Storage, browser: Browser
) -> None:
    seeded, pages = seed(sqlite_storage), serve(sqlite_storage)
    page = browser.open(pages.url + path_of(seeded), width=375, dark=dark)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    heights = page.evaluate(
        "[...document.querySelectorAll('label, button')].map(e => e.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44
    page.evaluate("document.querySelector('[name=\"list.weekly\"][value=pause]').click()")
    page.evaluate("document.querySelector('button').click()")
    page.await_that("document.querySelector('[role=status]') !== null")
    assert status_in(sqlite_storage, seeded.reader) == "paused"
    assert violations(page) == []


def test_every_language_says_it(pages: Pages, seeded: Seeded) -> None:
    keys = {key for key in CATALOGUE["ar"] if key.startswith("page.preferences.")}
    assert len(keys) == 11
    assert all(keys <= set(CATALOGUE[language]) for language in LANGUAGES)
