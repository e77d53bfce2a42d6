"""Web copies: a reader's own, the public archive without any reader in it, and the pictures of both."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import insert, update

from newsletter_cli.mail.content import Content, InlinePicture
from newsletter_cli.mail.document import Document, Place, Slot
from newsletter_cli.mail.tokens import Kind
from newsletter_cli.settings import Settings
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import delivery, digest, list_, send, subscriber, version
from newsletter_cli.web.palette import Palette, in_palette
from tests.conftest import WEDNESDAY
from tests.web.conftest import CONTENT, PICTURE, PICTURE_HASH, RING, Pages, Seeded, Serve


def replace_content(storage: Storage, content: Content, seeded: Seeded) -> None:
    """The digest was sent with this content instead."""
    with storage.write() as connection:
        row = insert(version).values(
            hash=content.digest_hex(), digest_id=seeded.digest, content=content.to_json(), subject="x", articles=[],
            created=WEDNESDAY,
        )  # fmt: skip
        connection.execute(row)
        connection.execute(update(send).values(version=content.digest_hex()))


def test_a_readers_copy_is_his_message(pages: Pages, seeded: Seeded) -> None:
    answer = pages.get(f"/v/{seeded.view()}")
    assert answer.status_code == 200
    assert "<b>ليلى &lt;حداد&gt;</b>" in answer.text
    assert f'<a href="http://127.0.0.1:8400/u/{seeded.token()}">' in answer.text
    assert f'<a href="http://127.0.0.1:8400/v/{seeded.view()}">' in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'unsafe-inline'; "
        "img-src 'self' https: data: http://127.0.0.1:8400; form-action 'none'"
    )


@pytest.mark.parametrize("token", ["x", RING.make(Kind.VIEW, 99_999), RING.make(Kind.UNSUBSCRIBE, 1, 1)])
def test_a_copy_of_nobodys_is_not_there(token: str, pages: Pages) -> None:
    assert pages.get(f"/v/{token}").status_code == 404


def test_a_forgotten_reader_has_no_copy_any_more(pages: Pages, seeded: Seeded, storage: Storage) -> None:
    with storage.write() as connection:
        connection.execute(update(subscriber).values(status="forgotten", address="", name=""))
    assert pages.get(f"/v/{seeded.view()}").status_code == 404
    with storage.write() as connection:
        connection.execute(update(subscriber).values(status="ok"))
        connection.execute(update(delivery).values(address=""))
    assert pages.get(f"/v/{seeded.view()}").status_code == 404


def test_a_field_emptied_since_shows_everybodys_copy(pages: Pages, seeded: Seeded, storage: Storage) -> None:
    replace_content(
        storage, replace(CONTENT, html=Document((*CONTENT.html.pieces, Slot("street", Place.HTML)))), seeded
    )
    answer = pages.get(f"/v/{seeded.view()}")
    assert (answer.status_code, "<b>قارئنا</b>" in answer.text) == (200, True)


def test_the_public_copy_knows_no_reader(pages: Pages, seeded: Seeded) -> None:
    answer = pages.get("/archive/2026-w42")
    assert answer.status_code == 200
    assert "<b>قارئنا</b><a>إلغاء الاشتراك</a>" in answer.text
    assert '<a href="http://127.0.0.1:8400/archive/2026-w42">نسخة الويب</a>' in answer.text
    assert not {seeded.token(), seeded.view(), "ليلى", "reader1"} & set(answer.text.replace("/", " ").split())
    assert "X-Robots-Tag" not in answer.headers


@pytest.mark.parametrize("state", ["scheduled", "arming", "armed", "sending", "paused", "cancelled"])
def test_only_what_was_sent_is_public(state: str, pages: Pages, storage: Storage) -> None:
    with storage.write() as connection:
        connection.execute(update(send).values(state=state))
    assert pages.get("/archive/2026-w42").status_code == 404
    assert "2026-w42" not in pages.get("/archive/").text


def test_a_list_that_is_not_public_stays_so(pages: Pages, seeded: Seeded, storage: Storage) -> None:
    with storage.write() as connection:
        connection.execute(update(digest).values(list="hidden"))
        hidden = connection.execute(list_.select().where(list_.c.slug == "hidden")).one().id
        connection.execute(update(send).values(list_id=hidden))
    replace_content(storage, replace(CONTENT, list="hidden"), seeded)
    assert pages.get("/archive/2026-w42").status_code == 404
    assert "2026-w42" not in pages.get("/archive").text
    assert pages.get(f"/v/{seeded.view()}").status_code == 200


def test_no_archive_when_the_newsroom_wants_none(
    serve: Serve, storage: Storage, seeded: Seeded, settings: Settings
) -> None:
    pages = serve(storage, settings=replace(settings, web=replace(settings.web, archive=False)))
    assert [pages.get(path).status_code for path in ("/archive/", "/archive/2026-w42", f"/v/{seeded.view()}")] == [
        404, 404, 200,
    ]  # fmt: skip


def test_the_archive_lists_what_was_sent(pages: Pages) -> None:
    answer = pages.get("/archive/")
    assert '<a href="/archive/2026-w42"><bdi>أسعار القمح</bdi></a>' in answer.text
    assert "الثلاثاء، ١٣\u00a0تشرين\u00a0الأول\u00a0٢٠٢٦ · <bdi>النشرة الأسبوعية</bdi>" in answer.text
    assert "noindex" not in answer.text


def test_an_empty_archive_says_so(serve: Serve, sqlite_storage: Storage) -> None:
    assert "لا أعداد منشورة بعد." in serve(sqlite_storage).get("/archive/").text


def test_a_picture_is_served_by_its_hash_for_ever(pages: Pages) -> None:
    answer = pages.get(f"/a/{PICTURE_HASH}")
    assert (answer.content, answer.headers["Content-Type"]) == (PICTURE, "image/png")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert [pages.get(f"/a/{name}").status_code for name in ("cd" * 32, "x", PICTURE_HASH.upper())] == [404, 404, 404]


def test_pictures_of_the_message_stand_in_its_copies(pages: Pages, seeded: Seeded, storage: Storage) -> None:
    inside = InlinePicture("p1@example.org", "image/gif", b"GIF89a")
    html = Document.of('<img src="cid:p1@example.org" alt="">')
    replace_content(storage, replace(CONTENT, html=html, pictures=(inside,)), seeded)
    for path in (f"/v/{seeded.view()}", "/archive/2026-w42"):
        assert pages.get(path).text == '<img src="data:image/gif;base64,R0lGODlh" alt="">'


# --- palettes --------------------------------------------------------------------------------------------------

PAGE = (
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
    "<style>:root { color-scheme: light dark; supported-color-schemes: light dark }"
    "@media (prefers-color-scheme: dark) { p { color: #fff } }</style><p>light dark color-scheme: light dark</p>"
)


def test_a_palette_is_always_on_or_never_and_words_are_left_alone() -> None:
    assert in_palette(PAGE, Palette.DARK) == (
        '<meta name="color-scheme" content="dark"><meta name="supported-color-schemes" content="dark">'
        "<style>:root { color-scheme: dark; supported-color-schemes: dark }"
        "@media all { p { color: #fff } }</style><p>light dark color-scheme: light dark</p>"
    )
    assert "@media not all { p" in in_palette(PAGE, Palette.LIGHT)
    assert in_palette(PAGE, None) == PAGE


@pytest.mark.parametrize(
    ("query", "media"),
    [("", "(prefers-color-scheme: dark)"), ("?theme=dark", "all"), ("?theme=light", "not all"),
     ("?theme=%3Cscript%3E", "(prefers-color-scheme: dark)"), ("?theme=dark&theme=light", "not all")],
)  # fmt: skip
def test_a_copy_is_shown_in_the_palette_asked_for(query: str, media: str, pages: Pages, seeded: Seeded) -> None:
    for path in (f"/v/{seeded.view()}", "/archive/2026-w42"):
        assert f"@media {media} {{ p" in pages.get(path + query).text


def test_looking_at_copies_changes_nothing(pages: Pages, seeded: Seeded, dump: Callable[[], object]) -> None:
    before = dump()
    for path in (f"/v/{seeded.view()}?theme=dark", "/archive/", "/archive/2026-w42", f"/a/{PICTURE_HASH}"):
        pages.get(path)
    assert dump() == before
