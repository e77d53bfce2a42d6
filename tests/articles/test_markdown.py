"""Markdown: what a writer may write, and that writing an article and reading it is the identity."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter_cli.articles import markdown_blocks, to_markdown
from newsletter_cli.articles.inlines import flat, joined, trimmed, without_links
from newsletter_cli.articles.markdown_article import read_markdown
from newsletter_cli.articles.model import (
    Article,
    Calendar,
    CodeBlock,
    CodeSpan,
    Emphasis,
    Figure,
    Heading,
    LineBreak,
    Link,
    ListBlock,
    Note,
    Paragraph,
    Picture,
    Quote,
    Related,
    RelatedBlock,
    Rule,
    SourceLine,
    Span,
    Strong,
    Table,
    Text,
    plain_text,
)
from newsletter_cli.articles.readers.markdown import parse
from newsletter_cli.articles.writing import body_markdown


def paragraph(*inlines):
    return (Paragraph(tuple(Text(one) if isinstance(one, str) else one for one in inlines)),)


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("سطر أول\nسطر ثان", paragraph("سطر أول سطر ثان")),
        ("سطر أول\\\nسطر ثان", paragraph("سطر أول", LineBreak(), "سطر ثان")),
        ("**مهم** و*مائل*", paragraph(Strong((Text("مهم"),)), " و", Emphasis((Text("مائل"),)))),
        ("نص و`رمز`", paragraph("نص و", CodeSpan("رمز"))),
        ("[رابط](https://news.example/ا)", paragraph(Link("https://news.example/%D8%A7", (Text("رابط"),)))),
        ("<https://news.example/>", paragraph(Link("https://news.example/", (Text("https://news.example/"),)))),
        ("نص [CNN]{lang=en dir=ltr}", paragraph("نص ", Span("en", "ltr", (Text("CNN"),)))),
        ("~~قديم~~ جديد", paragraph("قديم جديد")),
        ("# أول\n##### خامس", (Heading(2, (Text("أول"),)), Heading(4, (Text("خامس"),)))),
        ("- أ\n- ب", (ListBlock(False, (paragraph("أ"), paragraph("ب"))),)),
        ("3. أ\n4. ب", (ListBlock(True, (paragraph("أ"), paragraph("ب")), 3),)),
        ("> قول", (Quote(paragraph("قول")),)),
        ("***", (Rule(),)),
        ("```\na  b\n```", (CodeBlock("a  b"),)),
        ("| أ | ب |\n|---|---|\n| 1 | 2 |", (Table(((Text("أ"),), (Text("ب"),)), (((Text("1"),), (Text("2"),)),)),)),
        ('![وصف](a.png "تعليق")', (Figure(Picture("a.png", "وصف", "تعليق")),)),
        ('![](<> "هتش")', (Figure(Picture("", None, "هتش")),)),
        ("![](a.png)", (Figure(Picture("a.png", None)),)),
        ("![ ](a.png)", (Figure(Picture("a.png", "")),)),
        ("![وصف](a%20b.png) (نور)", (Figure(Picture("a b.png", "وصف", "", "نور")),)),
        ("نص ![وصف](a.png) نص", (*paragraph("نص نص"), Figure(Picture("a.png", "وصف")))),
        ("> [!related] اقرأ المزيد\n> [عنوان](https://news.example/)", (RelatedBlock("اقرأ المزيد", Related("عنوان", "https://news.example/")),)),
        ("> [!related] عنوان وحيد", (RelatedBlock("", Related("عنوان وحيد")),)),
        ("> [!RELATED]\n> - أ\n> - ب", (RelatedBlock("", Related("أ")), RelatedBlock("", Related("ب")))),
        ("> [!source] وكالة\n> وأخرى", (SourceLine("وكالة وأخرى"),)),
        ("> [!note]\n> تنبيه\n>\n> ثان", (Note((*paragraph("تنبيه"), *paragraph("ثان"))),)),
        ("> \\[!note] نص", (Quote(paragraph("[!note] نص")),)),
        ("نص [[ name ]] و{{ x }} و<b>", paragraph("نص [[ name ]] و{{ x }} و<b>")),
    ],
)  # fmt: skip
def test_markdown_becomes_blocks(markdown, blocks):
    assert markdown_blocks(markdown) == blocks


@pytest.mark.parametrize(
    ("markdown", "words", "warning"),
    [
        ("[نص](javascript:alert(1))", "نص", "javascript: is not one of https, http, mailto, tel"),
        ("[نص](//host.example/x)", "نص", "it is relative, and the article's own address is not known"),
        ("[نص](https://127.0.0.1/)", "نص", "its host is an IP address"),
    ],
)
def test_a_link_that_may_not_be_used_leaves_its_words_and_a_warning(markdown, words, warning):
    parsed = parse("أول\n\n" + markdown, first_line=10)
    assert plain_text(parsed.blocks[1].inlines) == words
    assert parsed.warnings[0].startswith("Line 12: the link")
    assert warning in parsed.warnings[0]


@pytest.mark.parametrize(
    "source", ["data:image/png;base64,AAAA", "file:///etc/passwd", "/etc/passwd", "javascript:x", "~/x"]
)
def test_a_picture_from_a_forbidden_place_is_left_out(source):
    parsed = parse(f"![وصف]({source})")
    assert parsed.blocks == (Figure(Picture("", "وصف")),)
    assert len(parsed.warnings) == 1


def test_relative_links_are_resolved_against_the_articles_address():
    assert markdown_blocks("[ن](b.html)", base_url="https://news.example/a/c.html") == paragraph(
        Link("https://news.example/a/b.html", (Text("ن"),))
    )


def test_each_block_knows_its_line():
    article = read_markdown("---\ntitle: ع\n---\n\nأول\n\n- بند\n\n![](a.png)\n")
    assert {key: line for key, line in article.lines.items() if key.startswith("block")} == {
        "block:0": 5, "block:1": 7, "block:2": 9,
    }  # fmt: skip


def test_the_first_heading_is_the_title_when_no_key_gives_one():
    article = read_markdown("# عنوان المقال\n\nنص")
    assert (article.title, article.blocks, article.lines["title"]) == ("عنوان المقال", paragraph("نص"), 1)


def test_a_heading_that_repeats_the_title_is_not_said_twice():
    assert read_markdown("---\ntitle: عنوان\n---\n# عنوان\n\nنص").blocks == paragraph("نص")
    assert read_markdown("---\ntitle: عنوان\n---\n# آخر\n\nنص").blocks == (Heading(2, (Text("آخر"),)), *paragraph("نص"))


# --- writing and reading is the identity -----------------------------------------------------------------------

SIGNS = "ابتنة «»،؟.:!\"'()[]{}*_`~#<>&;|\\/=+-1290aZ\u00a0\u200cًé"
LINE = st.text(alphabet=SIGNS, min_size=1, max_size=12).map(lambda text: " ".join(text.split(" ")).strip()).filter(bool)
MAYBE = st.one_of(st.just(""), LINE)
URL = st.sampled_from(
    ["https://news.example/", "https://news.example/a_(b)?x=1&copy;=2", "mailto:a@b.example?subject=x"]
)
WORDS = st.text(alphabet=SIGNS, min_size=1, max_size=10).filter(lambda text: bool(text.strip()))
# Code that holds "]:" at the head of a paragraph would read as a definition of a link; nobody writes that.
CODE = st.text(alphabet=SIGNS, min_size=1, max_size=6).filter(lambda text: bool(text.strip()) and "]:" not in text)


def wrapped(children):
    kids = st.lists(children, min_size=1, max_size=3).map(joined).filter(bool)
    spans = st.sampled_from([("en", ""), ("", "ltr"), ("he", "rtl")])
    return st.one_of(
        kids.map(Strong),
        kids.map(Emphasis),
        st.builds(lambda url, kids: Link(url, without_links(kids)), URL, kids),
        st.builds(lambda span, kids: Span(*span, kids), spans, kids),
    )


INLINE = st.recursive(st.one_of(WORDS.map(Text), CODE.map(CodeSpan)), wrapped, max_leaves=5)
INLINES = st.lists(st.one_of(INLINE, st.just(LineBreak())), min_size=1, max_size=5).map(trimmed).filter(bool)
FLAT = INLINES.map(flat).filter(bool)
SOURCE = st.sampled_from(["", "a.png", "a b/%20(x).png", "https://news.example/a.png", "صورة.png"])
PICTURE = st.builds(Picture, SOURCE, st.one_of(st.none(), st.just(""), LINE), MAYBE, MAYBE)


def tables(width):
    cell = st.one_of(FLAT, st.just(()))
    row = st.lists(cell, min_size=width, max_size=width).map(tuple)
    return st.builds(Table, st.one_of(st.just(()), row.filter(any)), st.lists(row, min_size=1, max_size=2).map(tuple))


RELATED = st.builds(Related, LINE, st.sampled_from(["", "https://news.example/x"]))
SIMPLE = st.one_of(
    INLINES.map(Paragraph),
    st.builds(Heading, st.integers(2, 4), FLAT),
    PICTURE.map(Figure),
    st.builds(RelatedBlock, MAYBE, RELATED),
    LINE.map(SourceLine),
    st.integers(1, 3).flatmap(tables),
    st.text(alphabet="ab `~\n|#-", max_size=12).map(CodeBlock),
    st.just(Rule()),
)


def boxes(children):
    many = st.lists(children, min_size=1, max_size=3).map(tuple)
    items = st.lists(many, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        many.map(Quote),
        st.lists(children, max_size=2).map(tuple).map(Note),
        st.builds(ListBlock, st.just(False), items),
        st.builds(ListBlock, st.just(True), items, st.integers(0, 120)),
    )


BLOCKS = st.lists(st.recursive(SIMPLE, boxes, max_leaves=6), min_size=1, max_size=4).map(tuple)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(BLOCKS)
def test_blocks_written_and_read_are_the_same_blocks(blocks):
    assert parse(body_markdown(blocks)).blocks == blocks


ARTICLE = st.builds(
    Article,
    slug=st.just(""),
    title=LINE,
    language=st.sampled_from(["ar", "fa", "he", "ur", "en", "fr"]),
    direction=st.sampled_from(["rtl", "ltr"]),
    kicker=MAYBE,
    summary=MAYBE,
    author=MAYBE,
    sources=st.lists(LINE, max_size=3, unique=True).map(tuple),
    date=st.one_of(st.none(), st.dates(date(1600, 1, 1), date(2200, 1, 1))),
    calendar=st.sampled_from(Calendar),
    date_text=MAYBE,
    url=st.sampled_from(["", "https://news.example/a"]),
    image=st.one_of(st.none(), PICTURE.filter(lambda picture: picture.source or picture.caption or picture.credit)),
    related=st.lists(RELATED, max_size=2).map(tuple),
    tags=st.lists(LINE, max_size=3, unique=True).map(tuple),
    weight=st.integers(-9999, 9999),
    draft=st.booleans(),
    imported=st.sampled_from(["", "a" * 64]),
    blocks=BLOCKS,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ARTICLE)
def test_an_article_written_and_read_is_the_same_article(article):
    if article.date is None:
        article = replace(article, calendar=None)
    elif not article.date_text:
        article = replace(article, date_text=article.date.isoformat())
    read = read_markdown(to_markdown(article))
    assert replace(read, lines={}, warnings=()) == article


@given(st.text(max_size=200))
def test_any_text_is_markdown(text):
    parse(text)


def test_hidden_marks_do_not_come_back_as_entities_or_escapes():
    article = read_markdown('---\ntitle: "أ\\u202eب\\u0007"\n---\nن&#x202e;ص ![و&#x2066;صف](a.png "ت&#x202d;ع")\n')
    assert article.title == "أب"
    assert article.blocks == (*paragraph("نص"), Figure(Picture("a.png", "وصف", "تع")))
