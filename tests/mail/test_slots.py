"""A reader's values, poured into slots and blocks: escaped for their place, or refused by name."""

import html as stdlib_html
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.errors import RefusedError
from newsletter_cli.mail import escape
from newsletter_cli.mail.content import Content, Manner
from newsletter_cli.mail.document import BlockPiece, Document, Place, Slot, Static
from newsletter_cli.mail.expression import compile_piece
from newsletter_cli.mail.links import Links
from newsletter_cli.mail.problems import ValueProblem
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.rendering import public_subject, render_public, render_sample, required_fields
from newsletter_cli.mail.tokens import Keyring

SYRIA = Manner(locale="ar-SY")
MakeContent = Callable[..., Content]


def slot(expression: str, place: Place = Place.TEXT, **values: str) -> str:
    return compile_piece(Slot(expression, place), "ar", SYRIA)(values)


def block(source: str, place: Place = Place.TEXT, **values: str) -> str:
    return compile_piece(BlockPiece(source, place), "ar", SYRIA)(values)


# --- escaping --------------------------------------------------------------------------------------------------

anything = st.text(st.characters(), max_size=60)  # lone surrogates too


class Read(HTMLParser):
    """What a browser makes of a text and an attribute."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(anything, st.sampled_from("\"'"))
def test_no_value_leaves_its_place_in_html(value: str, quote: str) -> None:
    written = escape.html(value)
    read = Read(f"<p title={quote}{written}{quote}>{written}</p>")
    assert read.tags == [("p", [("title", escape.plain(value))])]
    assert read.text == escape.plain(value)


@given(anything)
def test_a_slot_and_a_block_write_a_value_alike(value: str) -> None:
    if not value:
        return
    assert block("[[ name ]]", Place.HTML, name=value) == slot("name", Place.HTML, name=value)
    assert block("[[ name ]]", Place.TEXT, name=value) == slot("name", Place.TEXT, name=value)


@given(anything)
def test_a_value_is_one_line_without_controls_and_with_whole_isolates(value: str) -> None:
    written = escape.plain(value)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in written)
    assert not re.search("[\u202a-\u202e]", written)
    depth = 0
    for character in written:
        depth += {"\u2066": 1, "\u2067": 1, "\u2068": 1, "\u2069": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    written.encode()


@given(anything)
def test_a_piece_of_a_url_comes_back_from_it(value: str) -> None:
    written = escape.url_part(value)
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]*", written)
    assert unquote(written) == escape.plain(value)


def test_all_five_signs_are_escaped() -> None:
    assert escape.html("""<a href="x" id='y'>&""") == "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;"
    assert stdlib_html.unescape(escape.html("""<"'>&""")) == """<"'>&"""


# --- slots -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "values", "written"),
    [
        ("name", {"name": "ليلى"}, "ليلى"),
        ('name | default("قارئنا")', {"name": "ليلى"}, "ليلى"),
        ('name | default("قارئنا")', {"name": ""}, "قارئنا"),
        ("name|default('قارئنا')", {}, "قارئنا"),
        ('name | default("قارئنا") | trim', {}, "قارئنا"),
        ("name if name else city", {"city": "دمشق"}, "دمشق"),
        ("name | trim", {"name": "  ليلى "}, "ليلى"),
        ('"[["', {}, "[["),
        ("copies | number", {"copies": "12480"}, "١٢٬٤٨٠"),
        ("copies | number", {"copies": "١٢"}, "١٢"),
        ("copies | plural('article')", {"copies": "3"}, "٣ مقالات"),
        ("joined | date", {"joined": "2024-04-27"}, "السبت، ٢٧\u00a0نيسان\u00a0٢٠٢٤"),
        ("city | truncate(6)", {"city": "مدينة حلب القديمة"}, "مدينة …"),
        ("city | truncate(3)", {"city": "قمّح ذهبي"}, "قمّح …"),
        ("city | truncate(40)", {"city": "حلب"}, "حلب"),
        ("city == 'حلب'", {}, "False"),
    ],
)
def test_an_expression_and_what_it_writes(expression: str, values: dict[str, str], written: str) -> None:
    assert slot(expression, **values) == written


@pytest.mark.parametrize("expression", ["name", "name | trim", "name ~ city", "copies | number", "joined | date"])
def test_a_missing_value_without_a_default_is_this_readers_problem(expression: str) -> None:
    with pytest.raises(ValueProblem):
        slot(expression, name="", city="حلب")


@pytest.mark.parametrize(
    ("expression", "value"),
    [("x | number", "كثير"), ("x | number", "1e999999999"), ("x | date", "غدا"), ("x | plural('article')", "2.5"),
     ("x > 3", "4"), ("x | truncate('a')", "abc"), ("x | number", "nan")],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_this_readers_problem(expression: str, value: str) -> None:
    with pytest.raises(ValueProblem):
        slot(expression, x=value)


def test_the_missing_name_is_told() -> None:
    for write in (lambda: slot("city"), lambda: block("[% if name %]x[% else %][[ city ]][% endif %]")):
        with pytest.raises(ValueProblem) as caught:
            write()
        assert caught.value.sentence == "“city” is empty for this reader and has no default."


@pytest.mark.parametrize(
    "expression", ["name |", "name | upper", "name.__class__ |", "[[", "name | default(", "1 +", "range(3) |"]
)
def test_what_cannot_be_read_is_refused_when_it_is_compiled(expression: str) -> None:
    with pytest.raises(RefusedError) as caught:
        compile_piece(Slot(expression, Place.HTML), "ar", SYRIA)
    assert caught.value.code == "TEMPLATE"


@pytest.mark.parametrize(
    "expression",
    ["name.__class__.__mro__", "name['__class__']", "''.__class__.__base__.__subclasses__()", "lipsum()", "range(9)",
     "self.__init__", "name.__init__.__globals__"],
)  # fmt: skip
def test_the_sandbox_gives_nothing_away(expression: str) -> None:
    with pytest.raises((ValueProblem, RefusedError)):
        slot(expression, name="ليلى")


# --- blocks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "values", "written"),
    [
        ("[% if city %]من [[ city ]][% endif %]", {"city": "حلب"}, "من حلب"),
        ("[% if city %]من [[ city ]][% endif %]", {}, ""),
        ("[% if city == 'حلب' %]أ[% else %]ب[% endif %]", {}, "ب"),
        ("[% if not name %]مرحبا[% endif %]\n", {}, "مرحبا\r\n"),
        ("[['[']][ x ]]", {}, "[[ x ]]"),
    ],
)
def test_a_block_and_what_it_writes(source: str, values: dict[str, str], written: str) -> None:
    assert block(source, **values) == written


def test_a_value_is_never_read_as_a_template() -> None:
    hostile = "[[ email ]][% if 1 %]{{ 7*7 }}"
    assert slot("name", name=hostile) == block("[[ name ]]", name=hostile) == hostile


# --- before a send ---------------------------------------------------------------------------------------------


def test_fields_that_every_reader_must_have(content: MakeContent) -> None:
    page = (
        Slot("name", Place.HTML), Slot('city | default("x")', Place.HTML), Slot("unsubscribe", Place.URL),
        Slot("email", Place.HTML), Slot("street | trim", Place.HTML), Slot('a if a else "x"', Place.HTML),
        BlockPiece("[% if phone %][[ phone ]][[ fax ]][% else %][[ phone ]][% endif %]", Place.HTML),
        BlockPiece("[% if b and c %][[ b ]][[ c ]][% elif d %][[ d ]][% endif %]", Place.HTML),
    )  # fmt: skip
    found = content(html=Document(page), subject=Document((Slot("title", Place.HEADER),)))
    assert required_fields(found) == {"name", "street", "phone", "fax", "title"}


def test_an_ordinary_version_needs_nothing(content: MakeContent) -> None:
    assert required_fields(content()) == frozenset()


# --- copies ----------------------------------------------------------------------------------------------------


def test_the_public_copy_has_defaults_and_neither_token_nor_value(content: MakeContent) -> None:
    page = render_public(content(), "https://news.example.org/archive/2026-w42")
    assert page == (
        '<!DOCTYPE html>\r\n<html lang="ar" dir="rtl"><body><p>مرحبًا قارئنا العزيز،</p>\r\n<p>ارتفعت أسعار القمح.</p>'
        '<a>إلغاء الاشتراك</a> <a href="https://news.example.org/archive/2026-w42?theme=dark">الوضع المظلم</a>'
        "</body></html>\r\n"
    )


def test_the_public_copy_leaves_out_what_only_readers_have(content: MakeContent) -> None:
    pieces = (
        Static("<p>"), Slot("name", Place.HTML), Slot("copies | number", Place.HTML),
        BlockPiece("[% if email %]<b>[[ email ]]</b>[% endif %][[ city ]]", Place.HTML), Static("</p>"),
    )  # fmt: skip
    found = content(
        html=Document(pieces), subject=Document((Static("إلى "), Slot('name | default("الجميع")', Place.HEADER)))
    )
    assert (render_public(found), public_subject(found)) == ("<p></p>", "إلى الجميع")


def test_a_sample_is_what_the_reader_gets(content: MakeContent, reader: Callable[..., Reader]) -> None:
    links = Links("https://news.example.org", Keyring({0: bytes(32)}, 0))
    found = render_sample(content(), reader(), links)
    assert found.subject == "حصاد الأسبوع: ما الذي تغيّر في أسعار القمح؟"
    assert found.text == (
        "مرحبًا ليلى حداد،\r\n\r\nارتفعت أسعار القمح.\r\n\r\nإلغاء الاشتراك\r\n" + links.unsubscribe(reader()) + "\r\n"
    )
    assert links.view(reader()) + "?theme=dark" in found.html


def test_names_and_defaults_load_no_jinja2() -> None:
    script = (
        "import sys; from newsletter_cli.mail.content import Manner;"
        "from newsletter_cli.mail.document import Place, Slot;"
        "from newsletter_cli.mail.expression import compile_piece; import newsletter_cli.mail.message;"
        "compile_piece(Slot('name | default(\"x\")', Place.HTML), 'ar', Manner())({});"
        "sys.exit('jinja2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
