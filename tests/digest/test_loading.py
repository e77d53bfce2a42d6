"""A digest reads the articles it names, and only those."""

import pytest

from newsletter_cli.digest.loading import all_articles, load_issue
from newsletter_cli.errors import RefusedError, UsageError


def write(room, path: str, title: str, more: str = "") -> None:
    file = room.root / "articles" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"---\ntitle: {title}\ndate: 2026-10-12\n{more}---\nنص المقال.\n", encoding="utf-8")


def digest(room, articles: str) -> None:
    text = f"---\nlist: weekly\nsubject: س\narticles: [{articles}]\n---\n"
    (room.root / "digests" / "i1.md").write_text(text, encoding="utf-8")


def load(room):
    return load_issue("i1", room.settings, room.newsroom)


def test_other_articles_may_be_broken(room):
    write(room, "2026/10/wheat.md", "القمح")
    (room.root / "articles" / "broken.md").write_bytes(b"\x00\x01" * 50)
    digest(room, "wheat")
    assert load(room).slugs == ("wheat",)
    reading = all_articles(room.settings, room.newsroom)
    assert ([one.slug for one in reading.articles], [one.path.stem for one in reading.failures]) == (
        ["wheat"], ["broken"],
    )  # fmt: skip


def test_an_article_that_is_named_and_cannot_be_read_says_why(room):
    (room.root / "articles" / "wheat.md").write_text("---\ntitle: القمح\n---\n", encoding="utf-8")
    digest(room, "wheat")
    with pytest.raises(RefusedError, match="no text") as caught:
        load(room)
    assert caught.value.code == "NO-BODY"


def test_a_file_whose_name_is_no_slug_is_found_by_the_name_it_got(room):
    write(room, "أسعار القمح.md", "أسعار القمح")
    digest(room, "asaar-al-qmh")
    assert load(room).slugs == ("asaar-al-qmh",)


def test_an_article_without_a_language_is_in_that_of_the_newsroom(room):
    write(room, "wheat.md", "Wheat prices rise")
    digest(room, "wheat")
    english = room.set(newsroom={"language": "en"})
    assert [entry.article.direction for entry in load(english).entries] == ["ltr"]


def test_what_is_nowhere_is_not_found(room):
    write(room, "wheat.md", "القمح")
    digest(room, "wheat, weat")
    with pytest.raises(UsageError, match="Did you mean “wheat”"):
        load(room)
