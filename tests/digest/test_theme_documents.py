"""docs/themes.md names every variable that a template sees, and nothing that is not there."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from newsletter_cli.digest.text import ArticleText
from newsletter_cli.digest.views import (
    ArticleView,
    BlockView,
    IssueView,
    LogoView,
    NewsroomView,
    PictureView,
    RelatedView,
    Way,
)

PAGE = (Path(__file__).parents[2] / "docs" / "themes.md").read_text(encoding="utf-8")


def section(begin: str, end: str) -> set[str]:
    """The words in code quotes between two marks of the page."""
    text = PAGE[PAGE.index(begin) : PAGE.index(end, PAGE.index(begin))]
    return {word for quoted in re.findall(r"`([^`]*)`", text) for word in re.split(r"[\s.]+", quoted)}


@pytest.mark.parametrize(
    ("begin", "end", "records"),
    [
        ("**`issue`**", "**`newsroom`**", [IssueView]),
        ("**`newsroom`**", "**An article**", [NewsroomView, LogoView]),
        ("**An article**", "**A block**", [ArticleView, PictureView, RelatedView]),
        ("**A block** has", "**Also**", [BlockView]),
        ("## What the text part sees", "## The stylesheet", [ArticleText]),
    ],
)
def test_every_field_is_named_where_its_record_is_described(begin, end, records):
    wanted = {field.name for record in records for field in fields(record)}
    assert wanted - section(begin, end) == set()


def test_the_directions_are_named_once_for_the_issue_and_once_for_an_article():
    names = " ".join(field.name for field in fields(Way))
    assert names == "lang dir start end arrow font digits"
    assert PAGE.count(f"`{names}`") == 2


def test_every_kind_of_block_is_described():
    (kinds,) = re.findall(
        r"kind: str  # ([^\n]*)", (Path(__file__).parents[2] / "newsletter_cli/digest/views.py").read_text()
    )
    assert set(re.findall(r"\w+", kinds)) <= section("| kind | fields |", "**Also**")
