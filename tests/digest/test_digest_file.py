"""The editor's file: read strictly, written for people, never reformatted."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.digest.file import (
    digest_ids,
    digest_path,
    digest_text,
    find_digest,
    read_digest_file,
    with_articles,
    write_digest_file,
)
from newsletter_cli.digest.model import Choice, DigestFile, Size
from newsletter_cli.errors import ConfigError, RefusedError, UsageError

WHOLE = """\
---
id: 2026-w42
date: 2026-10-12   # in the masthead
list: weekly
subject: "حصاد الأسبوع: ما الذي تغيّر؟"
preheader: "ثلاث قصص"
template: digest
articles: [wheat, school-year, { id: interview-fao, size: line }]    # size: full | card | line
where: "received:2026-w41"
checks: { ignore: [C106, C112] }
---
صباح الخير.

هذا الأسبوع…
"""


def read(room, text, name="2026-w42"):
    path = room.root / "digests" / f"{name}.md"
    path.write_bytes(text.encode())
    return read_digest_file(path, root=room.root)


def test_every_key_is_read_with_its_line(room):
    file = read(room, WHOLE)
    assert (file.id, file.list, file.template, file.where) == ("2026-w42", "weekly", "digest", "received:2026-w41")
    assert file.date == datetime.date(2026, 10, 12)
    assert file.subject == "حصاد الأسبوع: ما الذي تغيّر؟"
    assert file.articles == (
        Choice("wheat", None, 8),
        Choice("school-year", None, 8),
        Choice("interview-fao", Size.LINE, 8),
    )
    assert file.ignore == {"C106", "C112"}
    assert file.intro == "صباح الخير.\n\nهذا الأسبوع…\n"
    assert (file.line("subject"), file.line("intro"), file.line("article:wheat"), file.shown) == (
        5, 12, 8, "digests/2026-w42.md",
    )  # fmt: skip


def test_articles_may_stand_one_to_a_line(room):
    file = read(room, "---\nlist: weekly\narticles:\n  - wheat\n  - id: school\n    size: card\n---\n")
    assert file.articles == (Choice("wheat", None, 4), Choice("school", Size.CARD, 5))
    assert file.id == "2026-w42"


def test_windows_line_ends_and_a_byte_order_mark_are_no_trouble(room):
    assert read(room, "\ufeff" + WHOLE.replace("\n", "\r\n")).articles == read(room, WHOLE).articles


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("subjct: x", "digests/2026-w42.md:3 unknown key “subjct”, did you mean “subject”?"),
        ("articles: [{ id: a, sise: line }]", "digests/2026-w42.md:3 unknown key “sise”, did you mean “size”?"),
        ("articles: [{ id: a, size: big }]", "the size “big” of a is none of: full, card, line"),
        ("articles: [a, b, a]", "stands in the list twice"),
        ("articles: [A_B!]", "cannot be the name of an article"),
        ("articles: { a: b }", "articles must be a list"),
        ("date: yesterday", "“yesterday” is no date"),
        ("id: 2026-w43", "id is “2026-w43”, but the file is named 2026-w42.md"),
        ("template: ../evil", "cannot name a template"),
        ("checks: { ignore: [all] }", "“all” is no code of a check"),
        ("checks: { skip: [C101] }", "unknown key “skip”"),
        ("checks: C101", "checks must look like"),
        ("subject: [a, b]", "subject must be a text"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(room, line, told):
    with pytest.raises(ConfigError) as caught:
        read(room, f"---\nlist: weekly\n{line}\n---\n")
    assert told in caught.value.message
    assert caught.value.message.startswith("digests/2026-w42.md:")
    assert caught.value.exit == 4


def test_a_file_without_a_list_or_of_other_bytes_is_refused(room):
    with pytest.raises(ConfigError, match="no list is named"):
        read(room, "---\nid: 2026-w42\n---\n")
    path = room.root / "digests" / "x1.md"
    path.write_bytes(b"---\nlist: \xff\xfe\n---\n")
    with pytest.raises(RefusedError, match="not UTF-8"):
        read_digest_file(path, root=room.root)


def test_an_unknown_digest_is_named_with_the_likeliest_one(room):
    read(room, WHOLE)
    assert digest_ids(room.newsroom) == ("2026-w42",)
    with pytest.raises(UsageError, match="Did you mean “2026-w42”"):
        find_digest(room.newsroom, "2026-w24")
    for id_ in ("../x", "UPPER", "123", ""):
        with pytest.raises(UsageError) as caught:
            digest_path(room.newsroom, id_)
        assert caught.value.exit == 2


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=60)


@given(subject=texts, preheader=texts, where=texts)
def test_what_is_written_is_what_is_read(tmp_path_factory, subject, preheader, where):
    folder = tmp_path_factory.mktemp("d")
    file = DigestFile(
        id="i1", path=folder / "i1.md", shown="i1.md", list="weekly", date=datetime.date(2026, 10, 12),
        subject=subject.strip(), preheader=preheader.strip(), where=where.strip(),
        articles=(Choice("a"), Choice("b", Size.LINE)), intro="مرحبا\n",
    )  # fmt: skip
    write_digest_file(file)
    again = read_digest_file(file.path, root=folder)
    assert (again.subject, again.preheader, again.where) == (file.subject, file.preheader, file.where)
    assert [(one.slug, one.size) for one in again.articles] == [("a", None), ("b", Size.LINE)]
    assert (again.date, again.intro) == (file.date, file.intro)


@pytest.mark.parametrize(
    ("articles", "longer"),
    [
        ("articles: [wheat]    # mine\n", "articles: [wheat, new]    # mine\n"),
        ("articles: []\n", "articles: [new]\n"),
        ("articles: [wheat,]\n", "articles: [wheat, new]\n"),
        (
            "articles:\n  - wheat   # lead\n\n  # next\n  - b\n",
            "articles:\n  - wheat   # lead\n\n  # next\n  - b\n  - new\n",
        ),
        ("articles:\n- wheat\n- id: b\n  size: card\n", "articles:\n- wheat\n- id: b\n  size: card\n- new\n"),
        ("articles: [\n  wheat,  # a\n  b\n  ]\n", "articles: [\n  wheat,  # a\n  b,\n  new\n  ]\n"),
        ("articles: wheat, b\n", "articles: [wheat, b, new]\n"),
    ],
)
def test_a_longer_list_of_articles_leaves_every_other_line_as_it_was(room, articles, longer):
    before = f"---\nlist: weekly   # comment\n{articles}subject: 'س'\n# a remark\n---\nنص  \n"
    file = read(room, before)
    after = with_articles(before, (*file.articles, Choice("new")), file.lines)
    assert after == before.replace(articles, longer)
    assert [one.slug for one in read(room, after).articles] == [*(c.slug for c in file.articles), "new"]
    windows = before.replace("\n", "\r\n")
    assert with_articles(windows, (*file.articles, Choice("new")), file.lines) == after.replace("\n", "\r\n")


def test_a_file_without_a_list_of_articles_gets_one(room):
    before = "---\nlist: weekly\n---\nنص\n"
    file = read(room, before)
    assert with_articles(before, [Choice("new")], file.lines) == "---\nlist: weekly\narticles: [new]\n---\nنص\n"


def test_a_digest_file_of_another_size_is_not_read(room):
    path = room.root / "digests" / "x1.md"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    with pytest.raises(RefusedError, match="larger than 2 MB"):
        read_digest_file(path, root=room.root)


def test_a_new_file_has_a_line_for_everything_an_editor_may_touch(room):
    text = digest_text(room.file("wheat", "school"))
    assert text == (
        '---\nid: 2026-w42\ndate: 2026-10-12\nlist: weekly\nsubject: "حصاد الأسبوع"\n'
        'preheader: "ثلاث قصص من الحسكة ودرعا ورسم بياني واحد"\ntemplate: digest\narticles: [wheat, school]\n'
        'where: ""\n---\n'
    )
