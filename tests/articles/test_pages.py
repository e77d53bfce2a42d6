"""Pages of many kinds of sites, and what of them is understood; the table is printed (pytest -s)."""

import sys
from pathlib import Path

import pytest

from newsletter_cli.articles import read_source
from newsletter_cli.articles.html_article import WITHOUT_EXTRA
from newsletter_cli.articles.importing import captions_of, paragraph_count, related_of
from newsletter_cli.articles.model import Paragraph, plain_text

FOLDER = Path(__file__).parent.parent / "golden" / "pages"
PAGES = sorted(path.stem for path in FOLDER.glob("*.html"))
BEGINNINGS = ("first", "last")  # of the text: only how the paragraph begins is written down


def understood(name):
    """The facts of a page as the .expected files write them."""
    data = (FOLDER / f"{name}.html").read_bytes()
    article = read_source(data, name=f"{name}.html", suffix=".html").article
    texts = [plain_text(block.inlines) for block in article.blocks if isinstance(block, Paragraph)] or [""]
    return {
        "title": article.title,
        "date": f"{article.date} {article.calendar}",
        "kicker": article.kicker,
        "author": article.author,
        "image": article.image.source if article.image and article.image.source else "",
        "captions": " | ".join(captions_of(article)),
        "related": " | ".join(one.title for one in related_of(article)),
        "source": " | ".join(article.sources),
        "language": article.language,
        "paragraphs": str(paragraph_count(article)),
        "first": texts[0],
        "last": texts[-1],
    }


def expected(name):
    lines = (FOLDER / f"{name}.expected").read_text(encoding="utf-8").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def rows(name):
    found = understood(name)
    for key, value in expected(name).items():
        said = found[key][: len(value)] if key in BEGINNINGS else found[key]
        yield key, said == value, value, said


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_understood(name):
    table = list(rows(name))
    sys.stdout.write(f"\n{name}\n")
    for key, right, value, said in table:
        sys.stdout.write(f"  {'✓' if right else '✗'} {key:10} {said}" + ("\n" if right else f"   ≠ {value}\n"))
    assert [(key, said) for key, right, _, said in table if not right] == []


def test_without_the_extra_titles_dates_and_texts_are_still_right(monkeypatch):
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    wanted = ("title", "date", "first", "last")
    wrong = [(name, key) for name in PAGES for key, right, *_ in rows(name) if key in wanted and not right]
    assert wrong == []
    data = (FOLDER / "01-wordpress-levant.html").read_bytes()
    assert WITHOUT_EXTRA in read_source(data, name="x", suffix=".html").article.warnings
