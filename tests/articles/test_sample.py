"""The sample newsroom: five Arabic articles that are read without a word of complaint, one of them from page text."""

import re
import struct
import zlib
from dataclasses import replace
from datetime import date

import pytest

from newsletter_cli.articles import read_folder, read_source, split_front_matter, to_markdown
from newsletter_cli.articles.checking import remarks_on
from newsletter_cli.articles.importing import How, Shelf, import_file
from newsletter_cli.newsroom import Newsroom, templates_folder

SAMPLE = templates_folder() / "sample"


@pytest.fixture(scope="module")
def articles():
    reading = read_folder(SAMPLE)
    assert reading.failures == ()
    return {article.slug: article for article in reading.articles}


def test_there_are_five_articles_of_october_2026(articles):
    assert sorted(articles) == ["library", "market", "school-year", "weather", "wheat"]
    for article in articles.values():
        assert (article.language, article.direction, article.draft) == ("ar", "rtl", False)
        assert date(2026, 10, 1) <= article.date <= date(2026, 10, 12)
        assert article.kicker
        assert article.sources
        words = len(re.findall(r"\w+", to_markdown(article).split("---\n", 2)[2]))
        assert 150 <= words <= 400, article.slug


def test_nothing_is_wrong_with_them(articles):
    assert [remark for article in articles.values() for remark in remarks_on(article, SAMPLE)] == []


def test_the_page_text_is_in_the_seeds_shape_and_becomes_the_fifth(articles, tmp_path):
    newsroom = Newsroom(tmp_path)
    imported = import_file(SAMPLE / "page.txt", Shelf.of(newsroom), How(slug="weather"))
    assert imported.warnings == ()
    assert len(imported.dropped) == 4
    assert {role.role.value for role in imported.roles} >= {
        "dark-mode", "date", "logo", "headline", "title", "kicker", "paragraph", "caption", "related", "source",
        "sign-up",
    }  # fmt: skip
    assert (tmp_path / "articles/2026/10/weather.md").read_bytes() == (
        SAMPLE / "articles/2026/10/weather.md"
    ).read_bytes()
    assert replace(imported.article, lines={}, path=None) == replace(articles["weather"], lines={}, path=None)


def test_its_page_makes_no_second_article_in_a_sample_newsroom(tmp_path):
    for path in SAMPLE.rglob("*"):
        if path.is_file():
            target = tmp_path / path.relative_to(SAMPLE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    assert import_file(tmp_path / "page.txt", Shelf.of(Newsroom(tmp_path)), How()).article.slug == "weather"


def test_the_picture_is_an_opaque_png_that_mail_can_carry(articles):
    image = articles["wheat"].image
    assert image.alt
    assert image.caption
    data = (SAMPLE / "articles/2026/10" / image.source).read_bytes()
    assert len(data) <= 60 * 1024
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert (width, depth, colour) == (1056, 8, 3)
    assert b"tRNS" not in data
    start = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[start - 4 : start])
    assert len(zlib.decompress(data[start + 4 : start + 4 + length])) == height * (width + 1)


def test_the_sample_issue_names_the_five(articles):
    front = split_front_matter((SAMPLE / "digests/2026-w42.md").read_text(encoding="utf-8"))
    assert sorted(front.values["articles"]) == sorted(articles)
    assert (front.values["id"], front.values["list"], front.values["date"]) == ("2026-w42", "weekly", "2026-10-12")
    assert len(front.values["subject"]) <= 50
    assert 30 <= len(front.values["preheader"]) <= 110
    assert front.body.strip()


def test_an_articles_file_says_the_same_after_it_was_written_again(articles):
    for article in articles.values():
        again = read_source(to_markdown(article).encode(), name=article.slug, suffix=".md").article
        assert replace(again, lines={}) == replace(article, lines={}, slug="", path=None)
