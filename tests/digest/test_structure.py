"""The rules that mail programs impose on the page, each read off the finished HTML."""

import re
from html.parser import HTMLParser

import pytest

from newsletter_cli.digest.style import part
from newsletter_cli.newsroom import templates_folder
from tests.digest.making import filled, shown
from tests.digest.test_geometry import whole


class Elements(HTMLParser):
    """Every element with its attributes, its style as a table, and the names of the elements around it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str], dict[str, str], tuple[str, ...]]] = []
        self._stack: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        pairs = (
            declaration.partition(":") for declaration in values.get("style", "").split(";") if declaration.strip()
        )
        style = {name.strip(): value.strip() for name, _, value in pairs}
        self.found.append((tag, values, style, tuple(self._stack)))
        if tag not in {"meta", "img", "br", "hr", "col"}:
            self._stack.append(tag)

    def handle_endtag(self, tag):
        while self._stack and self._stack.pop() != tag:
            pass

    def of(self, *tags: str):
        return [one for one in self.found if one[0] in tags]


@pytest.fixture(params=["ar", "en"])
def html(request, room, picture) -> str:
    if request.param == "en":
        room = room.set(newsroom={"language": "en"})
    return filled(whole(room, picture).html)


@pytest.fixture
def elements(html) -> Elements:
    return Elements(html)


def test_no_cell_has_both_a_direction_and_a_padding(elements):
    for _tag, values, style, _around in elements.of("td", "th"):
        padded = any(name.startswith("padding") and re.search(r"[1-9]", value) for name, value in style.items())
        assert not (padded and ("direction" in style or "dir" in values)), values


def test_tables_headings_and_content_cells_say_their_direction_three_times(elements):
    for tag, values, style, _around in elements.of("table", "h1", "h2", "h3", "ul", "ol", "blockquote"):
        assert values.get("dir") == style.get("direction") in {"rtl", "ltr"}, (tag, values)
        assert style.get("text-align") == {"rtl": "right", "ltr": "left"}[style["direction"]], (tag, values)
    cells = [one for one in elements.of("td") if "font-size" in one[2] and one[2]["font-size"] not in {"0", "0px"}]
    assert len(cells) > 20
    for _tag, values, style, around in cells:
        if "dir" in values:
            assert values["dir"] == style["direction"]
            assert "text-align" in style
        else:  # a cell of a data table: it is padded, and its table says the direction
            assert "blockquote" not in around
            assert style["padding"] == "8px 6px"


def test_layout_tables_are_presentation_and_every_table_has_its_body(elements):
    tables = elements.of("table")
    assert [values.get("role") for _t, values, _s, _a in tables].count(None) == 1  # the article's own table of data
    for _tag, _values, _style, around in elements.of("tr"):
        assert around[-1] in {"tbody", "thead"}


def test_nothing_that_mail_programs_drop_or_run(elements, html):
    forbidden = {"script", "form", "iframe", "object", "embed", "video", "svg", "base", "link", "section", "bdi"}
    assert not forbidden & {tag for tag, *_ in elements.found}
    assert not [name for _t, values, _s, _a in elements.found for name in values if name.startswith("on")]
    body = html[html.index("<body") :]
    dropped = "flex grid position: float rem; var( rgb( inset margin-inline letter-spacing text-transform justify"
    for word in (*dropped.split(), "url(", "@import", "@font-face"):
        assert word not in body, word


def test_colours_have_six_digits(html):
    body = html[html.index("<body") :]
    colours = re.findall(r"(?:color:|bgcolor=\")\s*([^;\"']+)", body)
    assert colours
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in colours)


def test_pictures_have_a_width_no_height_and_a_description(elements):
    pictures = elements.of("img")
    assert len(pictures) == 3
    for _tag, values, style, _around in pictures:
        assert int(values["width"]) <= 528
        assert "height" not in values
        assert "alt" in values
        assert style["height"] == "auto"


def test_letters_are_large_and_lines_far_enough_apart(elements):
    for tag, values, style, _around in elements.found:
        if "line-height" in style and "font-size" in style and style["font-size"] not in {"0", "0px", "1px"}:
            size, leading = int(style["font-size"].removesuffix("px")), int(style["line-height"].removesuffix("px"))
            assert size >= 13, (tag, values)
            assert leading / size >= 1.5, (tag, values)
            if size < 24:
                assert leading / size >= 1.6, (tag, values)


def test_only_classes_that_the_head_names_are_left(html, elements):
    css = (templates_folder() / "style.css").read_text(encoding="utf-8")
    used = {name for _t, values, _s, _a in elements.found for name in values.get("class", "").split()}
    assert used
    assert used <= part(css, "style.css").kept_classes


def test_each_style_element_is_small_enough_for_gmail_and_all_are_in_the_head(html):
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html[: html.index("</head>")], re.DOTALL)
    assert len(styles) == 3  # for Outlook, for phones, for the dark
    assert all(len(style.encode()) <= 16_384 for style in styles)
    assert "<style" not in html[html.index("</head>") :]


def test_the_head_says_charset_width_colour_schemes_and_title(html):
    head = html[: html.index("</head>")]
    for needed in ('<meta charset="utf-8">', 'name="viewport"', 'name="x-apple-disable-message-reformatting"',
                   'name="format-detection"', 'name="color-scheme" content="light dark"',
                   'name="supported-color-schemes" content="light dark"', "<title>حصاد الأسبوع</title>"):  # fmt: skip
        assert needed in head, needed


def test_the_preheader_is_the_first_thing_and_padded_as_far_as_allowed(html):
    hidden = re.search(r'<div class="pre"[^>]*>(.*?)</div>', html, re.DOTALL)
    assert hidden is not None
    assert html.index(hidden[0]) < html.index("<table")
    assert hidden[1].startswith("ثلاث قصص")
    assert 30 < len(re.findall("\u034f", hidden[1])) <= 60


def test_attributes_keep_a_value_that_holds_both_quotes(room, picture):
    said = "قال \"نعم\" و'لا'"
    article = room.article("a", image=picture(room.picture("w.png"), alt=said))
    values = [one[1]["alt"] for one in Elements(filled(room.issue(article).html)).of("img")]
    assert values == [said]


def test_nothing_of_the_first_stage_is_left(room, picture):
    issue = whole(room, picture)
    for document in (issue.html, issue.text, issue.subject):
        text = shown(document)
        assert not re.search(r"nl[a-z]{6}(?:\d{3}z|large|end)|\{\{|\{%|data-premailer", text)
