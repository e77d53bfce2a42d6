"""What every theme has to keep, read off the sample issue: both themes, six languages."""

import re

import pytest

from newsletter_cli.digest.render import render_issue
from newsletter_cli.digest.specimen import LANGUAGES, specimen
from newsletter_cli.digest.style import part
from newsletter_cli.language import direction_of
from newsletter_cli.newsroom import Newsroom, templates_folder
from newsletter_cli.settings import load_settings
from tests.digest.making import filled
from tests.digest.test_structure import Elements

THEMES = ("digest", "plain")
SIDE = {"rtl": "right", "ltr": "left"}
FONTS = {"ar": "Segoe UI", "fa": "Segoe UI", "he": "Segoe UI", "ur": "Noto Nastaliq Urdu", "en": "Segoe UI"}
URL = re.compile(r"(?:https?://|mailto:)\S+")


@pytest.fixture(scope="module")
def issues(tmp_path_factory):
    """All twelve, rendered once."""
    root = tmp_path_factory.mktemp("themes")
    (root / "newsletter.toml").write_text('[newsroom]\nname = "x"\n[web]\npublic_url = "https://news.example.org"\n')
    settings, newsroom = load_settings(root, env={}).settings, Newsroom(root)
    made = {}
    for theme in THEMES:
        for language in LANGUAGES:
            one = specimen(language, theme, settings, newsroom)
            made[theme, language] = render_issue(one.file, one.articles, one.settings, newsroom)
    return made


@pytest.fixture(params=[(theme, language) for theme in THEMES for language in LANGUAGES], ids="-".join)
def issue(request, issues):
    return issues[request.param]


@pytest.fixture
def html(issue):
    return filled(issue.html)


@pytest.fixture
def elements(html):
    return Elements(html)


def test_wrapper_tables_headings_and_cells_say_their_direction_three_times(issue, elements):
    base = direction_of(issue.language)
    wrapper = next(one for one in elements.of("div") if one[1].get("role") == "article")
    assert wrapper[1]["dir"] == base
    for tag, values, style, _around in [wrapper, *elements.of("table", "h1", "h2", "h3", "h4", "ul", "ol")]:
        assert values.get("dir") == style.get("direction") in SIDE, (tag, values)
        assert style.get("text-align") == SIDE[style["direction"]], (tag, values)
    directed = [one for one in elements.of("td") if "dir" in one[1]]
    assert len(directed) > 30
    for _tag, values, style, _around in directed:
        assert values["dir"] == style["direction"]
        assert style["text-align"] in {"right", "left"}


def test_no_cell_has_a_direction_and_a_padding(elements):
    for _tag, values, style, _around in elements.of("td", "th"):
        padded = any(name.startswith("padding") and re.search(r"[1-9]", value) for name, value in style.items())
        assert not (padded and ("direction" in style or "dir" in values)), values


def test_both_directions_stand_in_one_issue_each_with_its_own_arrow(issue, html, elements):
    other = "ar" if direction_of(issue.language) == "ltr" else "en"
    own = [one for one in elements.of("table") if one[1]["dir"] == direction_of(other)]
    assert len(own) >= 2
    assert {style["text-align"] for _t, _v, style, _a in own} == {SIDE[direction_of(other)]}
    arrows = {"rtl": "←", "ltr": "→"}
    assert arrows[direction_of(issue.language)] in html
    assert arrows[direction_of(other)] not in html  # the other article has nothing that leads on


def test_layout_tables_are_presentation_with_bodies_and_ghosts_balance(html, elements):
    assert [one[1].get("role") for one in elements.of("table")].count(None) == 1
    for _tag, _values, _style, around in elements.of("tr"):
        assert around[-1] in {"tbody", "thead"}
    ghosts = re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", html, re.DOTALL)
    tables = "".join(one for one in ghosts if "<style" not in one)
    assert tables.count("<table") == tables.count("</table>") >= 1
    assert tables.count("<td") == tables.count("</td>")


def test_nothing_that_mail_programs_drop(html):
    body = html[html.index("<body") :]
    dropped = "flex grid position: float rem; var( rgb( inset margin-inline letter-spacing text-transform justify"
    for word in (*dropped.split(), "padding-inline", "text-align:start", "url(", "@import", "<script", "<form", "<bdi"):
        assert word not in body, word
    colours = re.findall(r"(?:color:|bgcolor=\")\s*([^;\"']+)", body)
    assert colours
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in colours)


def test_letters_leading_and_fonts_fit_the_script(issue, elements):
    least = 2.2 if issue.language == "ur" else 1.6
    sized = [one for one in elements.found if "line-height" in one[2] and "font-family" in one[2]]
    own = [one for one in sized if FONTS.get(issue.language, "Segoe UI") in one[2]["font-family"].split(",")[0]]
    assert len(own) > 15
    for tag, values, style, _around in own:
        size, leading = (float(style[name].removesuffix("px")) for name in ("font-size", "line-height"))
        assert size >= 13, (tag, values)
        assert round(leading / size, 2) >= (least if size < 24 or issue.language == "ur" else 1.5), (tag, style)


def test_buttons_are_padded_cells_of_one_colour_and_pictures_have_widths_and_words(elements):
    (link,) = [one for one in elements.of("a") if one[2].get("display") == "inline-block"]
    cells = [one for one in elements.of("td") if one[1].get("bgcolor") and one[2].get("border-radius")]
    assert len(cells) == 1
    assert link[2]["text-decoration"] == "none"
    for _tag, values, _style, _around in elements.of("img"):
        assert values["width"].isdecimal()
        assert values["alt"]
        assert "height" not in values


def test_the_preheader_comes_first_and_the_styles_are_small_enough(html):
    hidden = re.search(r'<div class="pre"[^>]*style="([^"]*)"[^>]*>(.*?)</div>', html, re.DOTALL)
    assert hidden is not None
    assert "display:none" in hidden[1].replace(" ", "")
    assert "mso-hide:all" in hidden[1].replace(" ", "")
    assert html.index(hidden[0]) < html.index("<table", html.index("<body"))
    assert hidden[2].count("\u034f") == 40
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    assert len(styles) == 3
    assert all(len(style.encode()) <= 16_384 for style in styles)


def test_what_is_not_inlined_stands_in_the_head_letter_for_letter(issue, html):
    name = "style.css" if issue.file.template == "digest" else "plain.css"
    style = part((templates_folder() / name).read_text(encoding="utf-8"), name)
    for kept in (style.phone, style.dark):
        assert f"\n{kept}\n" in html
    assert style.inlined not in html  # A leaves no rest
    assert "data-premailer" not in html


def test_the_text_part_has_the_same_links_and_most_of_the_words(issue, html):
    text = filled(issue.text)
    for line in text.split("\n"):
        if URL.search(line):
            assert URL.fullmatch(line), line
    # The newsroom's own site leads from the masthead of the page; the dark copy has its line in both.
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*)"', html)}
    assert links <= set(text.split("\n"))
    body = re.sub(r"<head>.*</head>|<!--.*?-->|<div class=\"pre\".*?</div>", "", html, flags=re.DOTALL)
    words = set(re.findall(r"\w{2,}", re.sub(r"<[^>]*>", " ", body)))
    found = set(re.findall(r"\w{2,}", text))
    assert len(words & found) / len(words) >= 0.6


def test_both_themes_and_the_readers_pages_use_one_palette():
    digest, plain, pages = (
        set(re.findall(r"#[0-9a-f]{6}", (templates_folder() / name).read_text(encoding="utf-8")))
        for name in ("style.css", "plain.css", "pages/style.css")
    )
    assert plain - digest <= {"#ffffff", "#0d1f1d"}  # its button is green
    assert pages - digest <= {"#ffffff", "#0d1f1d"}


@pytest.mark.parametrize("theme", THEMES)
def test_a_theme_writes_no_side_of_its_own(theme):
    for name in (f"{theme}.html.j2", "digest-blocks.html.j2"):
        text = (templates_folder() / name).read_text(encoding="utf-8")
        bare = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
        assert not re.findall(r"\b(?:left|right)\b", bare)
