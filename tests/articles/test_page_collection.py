"""Pages of many sites' habits, saved as text: what each became, in a table, beside what it should be.

The pages and what is expected of them lie in tests/golden/pages.
"""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli.articles import read_source, to_markdown
from newsletter_cli.articles.importing import captions_of, paragraph_count, related_of

PAGES = Path(__file__).parent.parent / "golden" / "pages"
COLUMNS = ("title", "date", "paragraphs", "captions", "related", "source", "author", "kicker", "language")


@dataclass(frozen=True)
class Row:
    """One page: what it gave and what it should have given, column by column."""

    name: str
    found: dict[str, Any]
    wanted: dict[str, Any]

    @property
    def wrong(self) -> dict[str, tuple[Any, Any]]:
        return {
            name: (self.found[name], self.wanted[name]) for name in COLUMNS if self.found[name] != self.wanted[name]
        }


def expected() -> dict[str, dict[str, Any]]:
    return tomllib.loads((PAGES / "expected.toml").read_text(encoding="utf-8"))


def row(name: str, wanted: dict[str, Any]) -> Row:
    file = PAGES / wanted.get("file", f"{name}.txt")
    article = read_source(file.read_bytes(), name=file.name, suffix=".txt").article
    day = wanted.get("date", "")
    return Row(
        name,
        {
            "title": article.title,
            "date": f"{article.date} {article.calendar}" if article.date else "",
            "paragraphs": paragraph_count(article),
            "captions": list(captions_of(article)),
            "related": [related.title for related in related_of(article)],
            "source": " | ".join(article.sources),
            "author": article.author,
            "kicker": article.kicker,
            "language": f"{article.language} {article.direction}",
        },
        {
            "title": wanted["title"],
            "date": f"{day} {wanted.get('calendar', 'gregory')}" if day else "",
            "paragraphs": wanted["paragraphs"],
            "captions": wanted.get("captions", []),
            "related": wanted.get("related", []),
            "source": wanted.get("source", ""),
            "author": wanted.get("author", ""),
            "kicker": wanted.get("kicker", ""),
            "language": f"{wanted.get('language', 'ar')} {wanted.get('direction', 'rtl')}",
        },
    )


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return [row(name, wanted) for name, wanted in expected().items()]


def test_every_page_becomes_the_article_it_should(rows, capsys):
    right = [sum(name not in one.wrong for one in rows) for name in COLUMNS]
    table = [
        f"{'page':40}" + " ".join(f"{name:10}" for name in COLUMNS),
        *(f"{one.name:40}" + " ".join(f"{'WRONG' if c in one.wrong else 'right':10}" for c in COLUMNS) for one in rows),
        f"{'right of ' + str(len(rows)):40}" + " ".join(f"{count:<10}" for count in right),
    ]
    with capsys.disabled():
        print("\n" + "\n".join(line.rstrip() for line in table))  # noqa: T201  the table is there to be read
    assert {one.name: one.wrong for one in rows if one.wrong} == {}


def test_every_stored_page_is_in_the_table():
    stored = {page.stem for page in PAGES.glob("*.txt")}
    assert stored == {name for name, wanted in expected().items() if "file" not in wanted}
    assert len(stored) >= 50


@pytest.mark.parametrize("name", sorted(expected()))
def test_no_line_of_a_page_is_without_a_role(name):
    file = PAGES / expected()[name].get("file", f"{name}.txt")
    source = read_source(file.read_bytes(), name=name, suffix=".txt")
    lines = [number for number, line in enumerate(source.decoded.text.split("\n"), 1) if line.strip()]
    assert [role.line for role in source.roles] == lines
    assert all(role.reason and 0 < role.confidence <= 1 for role in source.roles)


@pytest.mark.parametrize("name", sorted(expected()))
def test_an_article_written_as_markdown_reads_back_as_it_was(name):
    file = PAGES / expected()[name].get("file", f"{name}.txt")
    article = read_source(file.read_bytes(), name=name, suffix=".txt").article
    again = read_source(to_markdown(article).encode(), name=name, suffix=".md").article
    assert replace(again, lines={}, warnings=()) == replace(article, lines={}, warnings=(), extras=())
