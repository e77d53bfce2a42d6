"""HTML from anywhere: what the page says about itself is read, its text becomes blocks, nothing harmful passes."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.articles import read_source, to_markdown
from newsletter_cli.articles.html_article import read_html
from newsletter_cli.articles.importing import related_of
from newsletter_cli.articles.model import (
    Calendar,
    CodeBlock,
    CodeSpan,
    Emphasis,
    Figure,
    Heading,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Picture,
    Quote,
    Related,
    RelatedBlock,
    Rule,
    Span,
    Strong,
    Table,
    Text,
    plain_text,
)
from newsletter_cli.articles.readers.html import parse_html
from newsletter_cli.articles.readers.sanitise import ATTRIBUTES, TAGS, clean
from newsletter_cli.errors import RefusedError

PAGE = """<!DOCTYPE html>
<html lang="ar-SY" dir="rtl"><head>
<title>مكتبة متنقلة تصل إلى ست قرى | صحيفة الحقل</title>
<meta property="og:title" content="مكتبة متنقلة تصل إلى ست قرى - صحيفة الحقل">
<meta property="og:description" content="حافلة صارت مكتبة.">
<meta property="og:image" content="https://news.example/p/bus.jpg?w=1200">
<meta property="article:published_time" content="2026-10-09T08:00:00+03:00">
<meta property="article:section" content="ثقافة">
<link rel="canonical" href="https://news.example/library">
<script type="application/ld+json">{"@graph":[{"@type":"WebSite"},{"@type":["NewsArticle"],"headline":"غيره",
"author":[{"@type":"Person","name":"رنا حيدر"}]}]}</script>
<style>p{color:red}</style></head>
<body><nav><a href="/">الرئيسية</a></nav><header><div>صحيفة الحقل</div></header>
<article><header><h1>مكتبة متنقلة تصل إلى ست قرى</h1>
<time datetime="2026-10-09">الجمعة ٩ تشرين الأول ٢٠٢٦</time></header>
<figure><img src="/p/bus.jpg" alt="حافلة بيضاء"><figcaption>الحافلة في الساحة</figcaption></figure>
<div class="share">شارك</div>
<div><p onclick="x()">تقف <b>حافلة</b> في <a href="/sq">الساحة</a>.</p></div>
<p>سطر<br>ثان<br><br>فقرة ثانية مع <span lang="en" dir="ltr">CNN</span>.</p>
<p>اقرأ أيضا: <a href="other">قصة أخرى</a></p>
<h4>مواضيع ذات صلة</h4><ul><li><a href="https://news.example/a">أ</a></li><li>ب</li></ul>
<p>المصدر: وكالة</p><script>alert(1)</script></article>
<aside>الأكثر قراءة</aside><footer>جميع الحقوق محفوظة</footer></body></html>"""


def test_a_page_is_read_with_what_it_says_about_itself():
    page = read_html(PAGE)
    article = page.article
    assert article.title == "مكتبة متنقلة تصل إلى ست قرى"
    assert (article.kicker, article.author, article.summary) == ("ثقافة", "رنا حيدر", "حافلة صارت مكتبة.")
    assert (article.date, article.calendar, article.date_text) == (
        date(2026, 10, 9), Calendar.GREGORY, "الجمعة ٩ تشرين الأول ٢٠٢٦",
    )  # fmt: skip
    assert (article.url, article.language, article.direction) == ("https://news.example/library", "ar-SY", "rtl")
    assert article.image == Picture("https://news.example/p/bus.jpg?w=1200", "حافلة بيضاء", "الحافلة في الساحة")
    assert article.sources == ("وكالة",)
    assert article.blocks == (
        Paragraph((
            Text("تقف "), Strong((Text("حافلة"),)), Text(" في "),
            Link("https://news.example/sq", (Text("الساحة"),)), Text("."),
        )),
        Paragraph((Text("سطر"), LineBreak(), Text("ثان"))),
        Paragraph((Text("فقرة ثانية مع "), Span("en", "", (Text("CNN"),)), Text("."))),
        RelatedBlock("اقرأ أيضا", Related("قصة أخرى", "https://news.example/other")),
        RelatedBlock("مواضيع ذات صلة", Related("أ", "https://news.example/a")),
        RelatedBlock("مواضيع ذات صلة", Related("ب")),
    )  # fmt: skip
    assert len(related_of(article)) == 3
    assert page.dropped == ("الرئيسية", "صحيفة الحقل", "الأكثر قراءة", "جميع الحقوق محفوظة", "شارك")


def test_an_article_from_html_is_the_same_after_it_was_written():
    article = read_html(PAGE).article
    written = to_markdown(article)
    again = read_source(written.encode(), name="x", suffix=".md").article
    assert (again.blocks, again.image, again.title, again.date_text) == (
        article.blocks, article.image, article.title, article.date_text,
    )  # fmt: skip


def blocks(html, **how):
    return parse_html(html, **how).blocks


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<i>ب</i> <code>ج</code>", (Paragraph((Emphasis((Text("ب"),)), Text(" "), CodeSpan("ج"))),)),
        ("نص بلا وسم", (Paragraph((Text("نص بلا وسم"),)),)),
        ("<p>  كثير \n من   الفراغ </p>", (Paragraph((Text("كثير من الفراغ"),)),)),
        ("<h2>أ<br>ب</h2>", (Heading(2, (Text("أ ب"),)),)),
        ("<ol start=4><li>أ</ol>", (ListBlock(True, ((Paragraph((Text("أ"),)),),), 4),)),
        ("<blockquote>أ</blockquote>", (Quote((Paragraph((Text("أ"),)),)),)),
        ("<pre>a\n  b</pre><hr>", (CodeBlock("a\n  b"), Rule())),
        ("<p><img src='a.png'></p>", (Figure(Picture("a.png", None)),)),
        ("أ<img src='a.png' alt=''>", (Paragraph((Text("أ"),)), Figure(Picture("a.png", "")))),
        ("<p>أ&#x202e;ب&#7;</p>", (Paragraph((Text("أب"),)),)),
        ("<table><tr><td>وحيد</td></tr></table>", (Paragraph((Text("وحيد"),)),)),
        ("<p dir=ltr>English</p>", (Paragraph((Text("English"),)),)),
        ("<q>قول</q>", (Paragraph((Text("“قول”"),)),)),
        ("<p></p><p> </p><ul></ul>", ()),
    ],
)  # fmt: skip
def test_tags_become_blocks(html, expected):
    assert blocks(html) == expected


def test_a_table_of_data_is_a_table_and_short_rows_are_filled():
    html = "<table><tr><th>أ<th>ب<tr><td>1<td>2<tr><td>3</table>"
    assert blocks(html) == (Table(((Text("أ"),), (Text("ب"),)), (((Text("1"),), (Text("2"),)), ((Text("3"),), ()))),)


def test_words_of_layout_blocks_do_not_run_together():
    article = read_html(
        "<body><h1>عنوان المقال</h1><div>أول</div><section>ثان<div>ثالث</div>رابع</section></body>"
    ).article
    assert [plain_text(block.inlines) for block in article.blocks] == ["أول", "ثان", "ثالث", "رابع"]


def test_a_date_line_in_the_text_gives_the_day_when_the_page_says_none():
    article = read_html("<h1>عنوان المقال</h1><p>الجمعة ٩ تشرين الأول ٢٠٢٦</p><p>نص المقال هنا.</p>").article
    assert (article.date, article.date_text) == (date(2026, 10, 9), "الجمعة ٩ تشرين الأول ٢٠٢٦")
    assert len(article.blocks) == 1


def test_a_page_without_date_says_so():
    article = read_html("<h1>عنوان المقال</h1><p>نص المقال هنا.</p>").article
    assert (article.date, article.warnings) == (None, ("No date was found; give one with --date.",))


HOSTILE = """<h1>عنوان المقال</h1><script>alert(1)</script><p onclick="x" style="x" class="y" id="z">نص
<a href="javascript:alert(1)">أ</a><a href="//evil.example/">ب</a><a href="https://127.0.0.1/">ج</a>
<a href="mailto:a@b.example?bcc=c@d.example&subject=s">د</a><img src="data:image/png;base64,AA" alt="هـ">
<img src=x onerror=alert(1) alt="و"><iframe src="https://evil.example"></iframe><svg><script>1</script></svg>
<form action="https://evil.example"><input><button>ز</button></form><style>@import "https://evil.example"</style>
<object data="x"></object><math><mi>ح</mi></math>[[ name ]] {{ 7*7 }} {% x %}</p>"""


def test_a_hostile_page_gives_words_only():
    article = read_html(HOSTILE).article
    links = [part for block in article.blocks for part in getattr(block, "inlines", ()) if isinstance(part, Link)]
    assert [link.url for link in links] == ["mailto:a@b.example?subject=s"]
    pictures = [block.picture for block in article.blocks if isinstance(block, Figure)]
    assert [(picture.source, picture.alt) for picture in pictures] == [("x", "و")]
    words = " ".join(plain_text(block.inlines) for block in article.blocks if isinstance(block, Paragraph))
    for gone in ("alert", "evil", "import", "onclick"):
        assert gone not in words
    assert "[[ name ]] {{ 7*7 }} {% x %}" in words


FRAGMENTS = st.lists(
    st.one_of(
        st.sampled_from(
            ["<p>", "</p>", "<a href='javascript:x'>", "<a href=//x>", "</a>", "<img src=x onerror=y>", "<script>",
             "</script>", "<b lang=en dir=ltr style=x>", "</b>", "<div>", "<table><tr><td>", "<!--", "-->",
             "<svg/onload=x>", "<math><mtext>", "<style>", "</style>", "<q>", "<ul><li>",
             "&lt;b&gt;", "&#x3c;script&#x3e;", "[[ x ]]",
             "<br><br>", "&#7;", "&#x202e;"]
        ),
        st.text(max_size=8),
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(FRAGMENTS)
def test_nothing_outside_the_lists_passes_the_first_wall(html):
    passed = clean(html)
    for tag, attributes in re.findall(r"<([a-z0-9]+)((?:\s[^<>]*)?)>", passed):
        assert tag in TAGS
        for name in re.findall(r'\s([a-z-]+)="', attributes):
            assert name in ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set())
        assert "javascript:" not in re.findall(r'href="([^"]*)', attributes)


@given(FRAGMENTS)
def test_any_html_becomes_blocks_that_can_be_written_and_read(html):
    found = blocks(html)
    markdown = to_markdown(read_html("<h1>عنوان المقال</h1>" + html).article)
    assert "<script" not in re.sub(r"\\<", "", markdown)
    assert isinstance(found, tuple)


@pytest.mark.parametrize("html", ["", "   ", "<!-- only a remark -->"])
def test_a_page_of_nothing_is_unreadable(html):
    with pytest.raises(RefusedError) as refused:
        read_source(html.encode(), name="page.html", suffix=".html")
    assert refused.value.code in ("UNREADABLE", "NO-TITLE")


@pytest.mark.parametrize("tag", ["blockquote", "b", "span lang=en", "ul><li", "div", "table><tr><td"])
def test_deep_nesting_costs_neither_the_stack_nor_the_day(tag):
    html = "<h1>عنوان المقال</h1><p>أول</p>" + f"<{tag}>" * 200 + "نص"
    article = read_html(html).article
    assert article.blocks[0] == Paragraph((Text("أول"),))


def test_a_table_inside_a_cell_is_read_once():
    html = "<table><tr><td><table><tr><td>نص</td></tr></table></td></tr></table>"
    assert blocks(html) == (Paragraph((Text("نص"),)),)


SITE = st.lists(
    st.sampled_from(
        [
            "<nav>",
            "</nav>",
            "<article>",
            "</article>",
            "<main>",
            "</main>",
            "<h1>عنوان المقال الطويل</h1>",
            "<h1>",
            "</h1>",
            "<div class='related'>",
            "<div class=share>",
            "<div>",
            "</div>",
            "<p>",
            "</p>",
            "<form>",
            "</form>",
            "<table><tr><td>",
            "</table>",
            "<a href='/x'>رابط إلى خبر</a>",
            "<h3>مواضيع ذات صلة</h3>",
            "<ul><li>",
            "</ul>",
            "<img src=a.png>",
            "<figure>",
            "<figcaption>تعليق</figcaption></figure>",
            "<time datetime='2026-10-12'>",
            "<span class=author>بقلم سلمى</span>",
            "<div itemprop=articleBody>",
            "<header>",
            "</header>",
            "<footer>",
            "<p class=caption>تعليق</p>",
            "<br>",
            "<a href='#x'>تخطى إلى</a>",
            "<div class=source>وكالات",
            "<aside>",
            "<body>",
            "<html lang=en>",
            "<!-- x -->",
            "12 تشرين الأول 2026",
            "12 أكتوبر 2026 | كتب: سلمى",
            "نص يصلح أن يكون فقرة كاملة في مقال عن القمح والمطر والخبز والناس.",
            "قصير",
            "<script>",
            "</script>",
            "<dl><dd class=category>",
        ]
    ),
    max_size=40,
).map("".join)


@given(SITE)
def test_any_soup_of_a_site_gives_an_article_or_a_reason(html):
    head = "<html><head><meta property='og:title' content='عنوان المقال الطويل'></head>"
    try:
        article = read_source((head + html).encode(), name="x", suffix=".html").article
    except RefusedError:
        return  # with one of its codes: no other error comes out
    assert article.title
    assert "\n" not in article.title


def test_paragraphs_in_inline_tags_do_not_run_into_each_other() -> None:
    parsed = parse_html("<span><p>One.</p></span><span>Three <p>Two.</p></span>")
    assert parsed.blocks == (
        Paragraph((Text("One."),)),
        Paragraph((Text("Three"),)),
        Paragraph((Text("Two."),)),
    )


def test_a_link_around_a_heading_and_a_paragraph_is_a_link_in_each() -> None:
    parsed = parse_html('<a href="https://news.example/"><h3>Head</h3><p>Words.</p></a>')
    assert parsed.blocks == (
        Heading(3, (Link("https://news.example/", (Text("Head"),)),)),
        Paragraph((Link("https://news.example/", (Text("Words."),)),)),
    )
