"""Front matter: English or Arabic keys, text only, nothing guessed, mistakes named with their line."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.articles import split_front_matter
from newsletter_cli.articles.keys import FIELDS, field_of, nearest
from newsletter_cli.articles.markdown_article import read_markdown
from newsletter_cli.articles.model import Calendar, Picture, Related
from newsletter_cli.articles.readers.front_matter import LIMIT, yaml_lines
from newsletter_cli.errors import RefusedError


def test_values_stay_what_was_written():
    front = split_front_matter("---\ntitle: no\na: 12:30\nb: 007\nc: [x, {d: e}]\nf:\n---\nbody\n")
    assert front.values == {"title": "no", "a": "12:30", "b": "007", "c": ["x", {"d": "e"}], "f": ""}
    assert (front.body, front.body_line, front.lines["c"]) == ("body\n", 8, 5)


def test_a_text_without_front_matter_is_all_body():
    for text in ("نص\n", "", "---\n\nنص بعد خط\n", "--- نص"):
        front = split_front_matter(text)
        assert (front.values, front.body, front.body_line) == ({}, text, 1)


@pytest.mark.parametrize(
    ("source", "line", "problem"),
    [
        ("a: 1\na: 2\n---\n", 3, "the key “a” stands here twice"),
        ("a: &x 1\nb: *x\n---\n", 3, "aliases (*name) are not allowed here"),
        ("a: " + "[" * 40 + "\n---\n", 2, "the values are nested too deep"),
        ("- a\n---\n", 2, "the front matter must be lines of “key: value”"),
        ("a: 'open\n---\n", None, None),
        ("title: x\n", 1, "the front matter is not closed"),
        ("[a]: b\n---\n", 2, "a key must be one word or phrase"),
        ("a: " + "x" * LIMIT + "\n---\n", 1, "the front matter is longer than 64 KB"),
    ],
)
def test_a_mistake_is_refused_with_file_and_line(source, line, problem):
    with pytest.raises(RefusedError) as refused:
        split_front_matter("---\n" + source, "wheat.md")
    assert refused.value.code == "UNREADABLE"
    if line:
        assert refused.value.message.startswith(f"wheat.md:{line}: {problem}")


def test_a_colon_in_a_title_is_read_as_text_and_said():
    front = split_front_matter("---\ntitle: مركز أبحاث: نشاط جديد\nsubject: [[ name ]] أهلا\n---\n")
    assert front.values == {"title": "مركز أبحاث: نشاط جديد", "subject": "[[ name ]] أهلا"}
    assert front.notes == tuple(
        f"Line {line} was read as plain text; put its value between quotation marks." for line in (2, 3)
    )


def test_a_hashtag_that_yaml_swallows_is_said():
    front = split_front_matter("---\ntitle: أسعار #القمح\ndate: 2026-10-12   # a remark\n---\n")
    assert front.values["title"] == "أسعار"
    assert len(front.notes) == 1
    assert front.notes[0].startswith("Line 2")


KEYS = {
    "العنوان": "title", "الكاتب": "author", "بقلم": "author", "التاريخ": "date", "الوسم": "kicker", "التصنيف": "kicker",
    "الخلاصة": "summary", "الملخص": "summary", "الصورة": "image", "وصف الصورة": "image_alt", "تعليق الصورة": "caption",
    "تصوير": "credit", "المصدر": "source", "الرابط": "url", "اقرأ أيضا": "related", "ذات صلة": "related",
    "الوسوم": "tags", "اللغة": "language", "الترتيب": "weight", "مسودة": "draft",
}  # fmt: skip


def test_arabic_keys_mean_the_fields_in_any_spelling():
    assert {key: field_of(key) for key in KEYS} == KEYS
    for key in (
        "وصف_الصورة",
        "وصف-الصورة",
        "إقرأ أيضاً",
        "الـعـنـوان",
        "العُنوان",
        "مسوّدة",
        "صوره",
        "Title",
        "IMAGE-ALT",
    ):
        assert field_of(key), key
    assert all(field_of(field) == field for field in FIELDS)


def test_both_languages_may_be_mixed_in_one_file():
    article = read_markdown(
        "---\nالعنوان: قطاف الزيتون\nauthor: سلمى\nالتاريخ: ٢٧ نيسان ٢٠٢٤\nالمصدر: [أ, ب]\nالوسوم: زيتون، أسواق\n"
        "الصورة: a.png\nوصف الصورة: شجرة\nتعليق الصورة: حقل\nتصوير: نور\nاقرأ أيضا:\n- عنوان\n- {العنوان: آخر, الرابط: https://news.example/}\n"
        "الترتيب: ٢\nمسودة: نعم\n---\nنص\n"
    )
    assert (article.title, article.author, article.date, article.date_text) == (
        "قطاف الزيتون",
        "سلمى",
        date(2024, 4, 27),
        "٢٧ نيسان ٢٠٢٤",
    )
    assert (article.sources, article.tags, article.weight, article.draft) == (("أ", "ب"), ("زيتون", "أسواق"), 2, True)
    assert article.image == Picture("a.png", "شجرة", "حقل", "نور")
    assert article.related == (Related("عنوان"), Related("آخر", "https://news.example/"))
    assert article.warnings == ()


def test_one_field_under_two_names_is_an_error():
    with pytest.raises(RefusedError, match=r"gives the title a second time"):
        read_markdown("---\ntitle: أ\nالعنوان: ب\n---\nنص")


@pytest.mark.parametrize(
    ("key", "meant"), [("titel", "title"), ("العنونا", "العنوان"), ("autor", "author"), ("zzz", "")]
)
def test_an_unknown_key_is_a_warning_with_what_was_probably_meant(key, meant):
    assert nearest(key) == meant
    warning = read_markdown(f"---\ntitle: أ\n{key}: ب\n---\nنص").warnings
    assert warning == (f"Line 3: unknown key “{key}”" + (f", did you mean “{meant}”?" if meant else "."),)


@pytest.mark.parametrize(
    ("line", "field", "value", "warns"),
    [
        ("date: 27/4/24", "date", None, True),
        ("date: 18 شوال 1445", "calendar", Calendar.ISLAMIC, False),
        ("weight: many", "weight", 0, True),
        ("draft: maybe", "draft", True, True),
        ("draft: no", "draft", False, False),
        ("language: klingonese!", "language", "ar", True),
        ("language: he", "direction", "rtl", False),
        ("language: en", "direction", "ltr", False),
        ("direction: up", "direction", "rtl", True),
        ("url: javascript:x", "url", "", True),
        ("imported: x", "imported", "", False),
        ("image: /etc/passwd", "image", None, True),
        ("title: [أ, ب]", "title", "أ", True),
        ("image_alt: ''", "image", None, False),
    ],
)
def test_a_value_that_cannot_be_used_is_left_out_with_a_warning(line, field, value, warns):
    article = read_markdown(f"---\n{line}\n---\nنص")
    assert getattr(article, field) == value
    assert bool(article.warnings) == warns


def test_an_empty_description_says_that_the_picture_is_decoration():
    assert read_markdown("---\nimage: a.png\n---\nx").image == Picture("a.png", None)
    assert read_markdown("---\nimage: a.png\nimage_alt:\n---\nx").image == Picture("a.png", "")


def test_a_title_of_more_than_300_characters_is_refused():
    with pytest.raises(RefusedError) as refused:
        read_markdown(f"---\ntitle: {'ا' * 301}\n---\nx")
    assert refused.value.code == "NO-TITLE"


SCALAR = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff\u2028\u2029")
KEY = st.text("abcد", min_size=1, max_size=5)
VALUE = st.recursive(
    st.text(SCALAR, max_size=30),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEY, inner, max_size=2)),
    max_leaves=4,
)


@given(st.dictionaries(st.text("abcdأب", min_size=1, max_size=6), VALUE, max_size=4))
def test_values_written_and_read_are_the_same_values(values):
    assert dict(split_front_matter(f"---\n{yaml_lines(values)}---\n").values) == values


@given(st.text(max_size=100))
def test_any_front_matter_is_read_or_refused_by_name(text):
    try:
        split_front_matter(f"---\n{text}\n---\n")
    except RefusedError as error:
        if error.code != "UNREADABLE":
            raise
