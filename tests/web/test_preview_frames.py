"""What the preview makes of a page: aids change what they say and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.web.preview_frame import Aids, framed, links_of, marked_source, remote_pictures
from newsletter_cli.web.preview_view import cut
from newsletter_cli.web.preview_words import FIELDS, WORDS
from tests.web.conftest import CONTENT

BASE = "https://news.example.org"
HASH = "ab" * 32
PAGE = (
    '<html><head><meta name="color-scheme" content="light dark"><style>a { color: #000 }\r\n'
    "@media (prefers-color-scheme: dark) { a { color: #fff } }</style></head>"
    f'<body><a href="{BASE}/v/x" style="color:#000; margin:0">نسخة</a><img src="https://elsewhere.example/x.png"></body></html>'
)


def test_without_an_aid_only_the_query_of_its_palette_is_decided() -> None:
    expected = PAGE.replace("@media (prefers-color-scheme: dark)", "@media not all").replace("light dark", "light")
    assert framed(PAGE, CONTENT, BASE, "/p/k", Aids()) == expected


def test_dark_is_the_pages_own_dark_css() -> None:
    expected = PAGE.replace("@media (prefers-color-scheme: dark)", "@media all").replace("light dark", "dark")
    assert framed(PAGE, CONTENT, BASE, "/p/k", Aids("dark")) == expected


def test_without_style_every_style_element_is_gone_and_attributes_stay() -> None:
    shown = framed(PAGE, CONTENT, BASE, "/p/k", Aids(styled=False))
    assert ("<style" in shown, 'style="color:#000; margin:0"' in shown) == (False, True)


def test_pictures_elsewhere_are_named_and_ours_are_not() -> None:
    page = PAGE + f'<img src="{BASE}/a/{HASH}">'
    assert remote_pictures(page, BASE) == ("https://elsewhere.example/x.png",)


def test_links_come_once_with_their_words() -> None:
    assert links_of(PAGE + '<a href="https://a.example"><b>x</b> y</a>' + PAGE) == (
        (f"{BASE}/v/x", "نسخة"), ("https://a.example", "x y"),
    )  # fmt: skip


def test_what_the_stylesheet_says_is_marked_in_the_source() -> None:
    marked = [text for text, mark in marked_source(PAGE, "a { color: #000 }") if mark]
    assert marked == ["color:#000;"]


@given(st.text(alphabet='<a style="color:#1;">\r\n x:;', max_size=200))
def test_the_marked_pieces_together_are_the_source(html: str) -> None:
    assert "".join(text for text, _ in marked_source(html, "a { color: #1 }")) == html


@given(st.text(max_size=80), st.integers(2, 60))
def test_a_cut_subject_is_its_beginning(subject: str, letters: int) -> None:
    shown = cut(subject, letters)
    assert shown == subject or (shown.endswith("…") and subject.startswith(shown[:-1]))


def test_a_cut_never_parts_a_letter_from_its_marks() -> None:
    assert cut("بُ" * 40, 35) == "بُ" * 34 + "…"


@pytest.mark.parametrize("table", [WORDS, FIELDS], ids=["words", "fields"])
def test_both_languages_say_the_same_things(table: dict[str, dict[str, str]]) -> None:
    assert table["ar"].keys() == table["en"].keys()
