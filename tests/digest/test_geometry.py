"""The digest in a real browser: no overflow, right to left everywhere, the mirror image of its left-to-right twin."""

import re

import pytest

from newsletter_cli.articles.model import (
    CodeBlock,
    Figure,
    ListBlock,
    Picture,
    Quote,
    Related,
    RelatedBlock,
    Table,
    Text,
)
from tests.digest.making import filled, paragraph

LONG = "كلمة طويلة جدا https://example.invalid/" + "a" * 120
NO_PICTURE_IS_LOADED = re.compile(r'src="http[^"]*"')
PIXEL = 'src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"'

COVERED = """
(() => {
  const all = [...document.querySelectorAll('td,th,h1,h2,h3,p,li,a,img,blockquote,pre')];
  const shown = all.filter(e => e.getClientRects().length && getComputedStyle(e).display !== 'none');
  return shown.map(e => {
    const r = e.getBoundingClientRect();
    return [e.tagName, Math.round(r.left), Math.round(r.right), Math.round(r.top), Math.round(r.bottom)];
  });
})()
"""
# Boxes whose width does not depend on the words in them.
LAYOUT = """
[...document.querySelectorAll('h1,h2,img,blockquote,td[width],td[bgcolor],div.col')]
  .filter(e => e.getClientRects().length)
  .map(e => [e.tagName, Math.round(e.getBoundingClientRect().left), Math.round(e.getBoundingClientRect().right)])
"""
DIRECTIONS = """
[...document.querySelectorAll('p,h1,h2,h3,li,td')]
  .filter(e => e.textContent.trim() && !e.closest('[dir=ltr]') && !e.matches('[align=center]'))
  .map(e => [getComputedStyle(e).direction, getComputedStyle(e).textAlign])
"""
CONTRASTS = """
(() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] !== 0) return c; }
    return [255, 255, 255];
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.getClientRects().length || e.closest('.pre')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    found.push([Math.round((a + .05) / (b + .05) * 100) / 100, walk.currentNode.data.trim().slice(0, 30)]);
  }
  return found;
})()
"""


def whole(room, picture):
    """An issue with every piece of the theme in it."""
    article = room.article(
        "a",
        kicker="وسم",
        author="سلمى",
        url="https://a.org/a",
        image=picture(room.picture("w.png"), caption="تعليق"),
        blocks=(
            paragraph("مقدمة المقال وهي أطول من غيرها قليلا."),
            paragraph(LONG),
            ListBlock(True, ((paragraph("أولا"),), (paragraph("ثانيا"),))),
            Quote((paragraph("قول مأثور"),)),
            Figure(Picture("", None, "تعليق وحده")),
            RelatedBlock("اقرأ المزيد", Related("مقال قريب", "https://a.org/b")),
            Table(((Text("السنة"),), (Text("الطن"),)), (((Text("2025"),), (Text("210"),)),)),
            CodeBlock("SELECT a FROM b WHERE c = 'd' AND e = 'f' AND g = 'h' AND i = 'j' AND k = 'l'"),
        ),
    )
    cards = [room.article(slug, url=f"https://a.org/{slug}", image=picture(room.picture("c.png"))) for slug in "bc"]
    lines = [room.article(slug, url=f"https://a.org/{slug}") for slug in "defgh"]
    return room.set(newsroom={"website": "https://a.org"}).issue(article, *cards, *lines, intro="صباح الخير.")


@pytest.fixture
def page(room, picture, tmp_path):
    path = tmp_path / "digest.html"
    path.write_text(NO_PICTURE_IS_LOADED.sub(PIXEL, filled(whole(room, picture).html)), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [320, 375, 640, 1200])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_the_screen(browser, page, width, dark):
    opened = browser.open(page, width=width, dark=dark)
    assert opened.evaluate("document.documentElement.scrollWidth") == width
    outside = [box for box in opened.evaluate(COVERED) if box[1] < 0 or box[2] > width]
    assert outside == []


def test_the_column_is_600_wide_in_the_middle_of_a_wide_window(browser, page):
    boxes = browser.open(page, width=1200).evaluate(COVERED)
    assert (min(left for tag, left, *_ in boxes if tag == "H1"), max(box[2] for box in boxes if box[0] == "H1")) == (
        336, 864,
    )  # fmt: skip


def test_every_text_runs_right_to_left_and_begins_at_the_right(browser, page):
    found = browser.open(page, width=640).evaluate(DIRECTIONS)
    assert len(found) > 30
    assert {direction for direction, _ in found} == {"rtl"}
    assert {align for _, align in found} <= {"right", "-webkit-right", "left"}  # left: the dark-mode link


def test_without_dir_attributes_the_page_looks_the_same(browser, page, tmp_path):
    bare = tmp_path / "bare.html"
    html = page.read_text(encoding="utf-8")
    bare.write_text(
        re.sub(r'<(table|td|h\d|div|body|html|blockquote|ul|ol)([^>]*?) dir="rtl"', r"<\1\2", html), encoding="utf-8"
    )
    assert browser.open(bare, width=640).evaluate(COVERED) == browser.open(page, width=640).evaluate(COVERED)


def test_without_any_style_element_it_is_still_one_readable_column(browser, page, tmp_path):
    bare = tmp_path / "bare.html"
    html = re.sub(r"<style.*?</style>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    bare.write_text(html, encoding="utf-8")
    opened = browser.open(bare, width=640)
    assert opened.evaluate("document.documentElement.scrollWidth") == 640
    assert opened.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") == "30px"
    assert {direction for direction, _ in opened.evaluate(DIRECTIONS)} == {"rtl"}


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_has_a_contrast_of_at_least_four_and_a_half(browser, page, dark):
    found = browser.open(page, width=640, dark=dark).evaluate(CONTRASTS)
    assert len(found) > 40
    assert [one for one in found if one[0] < 4.5] == []


def test_dark_colours_are_really_dark(browser, page):
    opened = browser.open(page, width=375, dark=True)
    colour = "getComputedStyle(document.querySelector({!r})).{}"
    assert opened.evaluate(colour.format("td.sheet", "backgroundColor")) == "rgb(27, 33, 36)"
    assert opened.evaluate(colour.format("h1", "color")) == "rgb(244, 241, 234)"
    assert opened.evaluate(colour.format("p", "color")) == "rgb(217, 222, 224)"


def test_on_a_phone_a_cards_picture_fills_the_column_and_the_title_grows_smaller(browser, page):
    phone, desk = browser.open(page, width=375), browser.open(page, width=640)
    width = "document.querySelector('img.thumb').getBoundingClientRect().width"
    assert (phone.evaluate(width), desk.evaluate(width)) == (335, 160)
    size = "getComputedStyle(document.querySelector('h1')).fontSize"
    assert (phone.evaluate(size), desk.evaluate(size)) == ("25px", "30px")


def test_left_to_right_is_the_mirror_image(browser, room, picture, tmp_path):
    def boxes(language: str, words: str):
        article = room.article(
            "a", words, language=language, title=words, url="https://a.org/a",
            image=picture(room.picture("w.png"), caption=words),
            blocks=(paragraph(words), Quote((paragraph(words),)), RelatedBlock(words, Related(words, "https://a.org/b"))),
        )  # fmt: skip
        card = room.article("b", words, language=language, title=words, url="https://a.org/b", image=picture("w.png"))
        there = room.set(newsroom={"language": language, "name": "x", "digits": "latn"})
        issue = there.issue(article, card, subject="x", date=None)
        path = tmp_path / f"{language}.html"
        path.write_text(NO_PICTURE_IS_LOADED.sub(PIXEL, filled(issue.html)), encoding="utf-8")
        return browser.open(path, width=640).evaluate(LAYOUT)

    right, left = boxes("he", "x"), boxes("en", "x")
    assert len(right) > 15
    assert [[tag, 640 - b, 640 - a] for tag, a, b in right] == left
