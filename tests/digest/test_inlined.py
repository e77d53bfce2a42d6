"""Pages that an earlier command has inlined: the same bytes, and never those of another page."""

from pathlib import Path

import pytest

from newsletter_cli.digest import inlined
from newsletter_cli.digest.freeze import freeze
from newsletter_cli.digest.inline import inline
from newsletter_cli.digest.inlined import KEPT, InlinedPages
from newsletter_cli.digest.render import render_issue
from tests.digest.making import Room

PAGE = "<html><head><style>p{color:#112233}</style></head><body><p>nlabcdef000z ليلى</p></body></html>"


@pytest.fixture
def pages(tmp_path: Path) -> InlinedPages:
    return InlinedPages(tmp_path / "data" / "cache")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every page that the inliner is really given."""
    given: list[str] = []

    def counting(html: str, inliner: str) -> str:
        given.append(html)
        return inline(html, inliner)

    monkeypatch.setattr(inlined, "inline", counting)
    return given


def test_a_page_is_inlined_once_and_comes_back_as_it_was(pages: InlinedPages, counted: list[str]) -> None:
    assert pages.page(PAGE, "premailer", "abcdef") == pages.page(PAGE, "premailer", "abcdef") == inline(PAGE)
    assert counted == [PAGE]


def test_the_same_page_under_another_nonce_is_the_same_page(pages: InlinedPages, counted: list[str]) -> None:
    pages.page(PAGE, "premailer", "abcdef")
    other = PAGE.replace("nlabcdef", "nlzzzzzz")
    assert pages.page(other, "premailer", "zzzzzz") == inline(other)
    assert counted == [PAGE]


@pytest.mark.parametrize(
    "other", [PAGE.replace("112233", "112234"), PAGE.replace("ليلى", "ليلا"), PAGE.replace("000z", "001z")]
)
def test_another_page_is_another_page(other: str, pages: InlinedPages, counted: list[str]) -> None:
    pages.page(PAGE, "premailer", "abcdef")
    assert pages.page(other, "premailer", "abcdef") == inline(other)
    assert counted == [PAGE, other]


def test_another_inliner_or_another_edition_of_it_is_asked_again(
    pages: InlinedPages, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.page(PAGE, "premailer", "abcdef")
    pages.page(PAGE, "css-inline", "abcdef")
    monkeypatch.setattr(inlined, "_edition", lambda name: f"{name} 99")
    pages.page(PAGE, "premailer", "abcdef")
    assert counted == [PAGE] * 3


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-5], lambda data: data.replace(b"112233", b"445566"), lambda _: b""]
)
def test_a_damaged_copy_is_made_anew(damage: object, pages: InlinedPages, counted: list[str]) -> None:
    pages.page(PAGE, "premailer", "abcdef")
    (file,) = pages.folder.iterdir()
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]  # one of the three above
    assert pages.page(PAGE, "premailer", "abcdef") == inline(PAGE)
    assert counted == [PAGE] * 2


def test_a_dry_run_looks_but_keeps_nothing(pages: InlinedPages, counted: list[str]) -> None:
    InlinedPages(pages.folder, keeps=False).page(PAGE, "premailer", "abcdef")
    assert not pages.folder.exists()
    pages.page(PAGE, "premailer", "abcdef")
    InlinedPages(pages.folder, keeps=False).page(PAGE, "premailer", "abcdef")
    assert counted == [PAGE] * 2


def test_where_nothing_can_be_kept_the_page_is_inlined_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert InlinedPages(tmp_path / "cache").page(PAGE, "premailer", "abcdef") == inline(PAGE)


def test_only_the_newest_pages_are_kept_and_only_for_their_owner(pages: InlinedPages) -> None:
    for number in range(KEPT + 5):
        pages.page(PAGE.replace("000z", f"{number:03}z"), "premailer", "abcdef")
    files = list(pages.folder.iterdir())
    assert len(files) == KEPT
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_an_issue_is_the_same_version_with_and_without_kept_pages(room: Room, pages: InlinedPages) -> None:
    article, file = room.article(), room.file()
    hashes = {
        freeze(render_issue(file, (article,), room.settings, room.newsroom, inlined=how)).digest_hex()
        for how in (None, pages, pages)
    }
    assert len(hashes) == 1
