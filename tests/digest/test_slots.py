"""Places filled per reader survive everything between the editor's file and the frozen document."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.digest.slots import (
    Marks,
    NonceTakenError,
    cut_html,
    cut_text,
    escape_delimiters,
    nonce_for,
    without_pieces,
)
from newsletter_cli.errors import RefusedError
from newsletter_cli.mail.content import Manner
from newsletter_cli.mail.document import BlockPiece, Document, Place, Slot, Static
from newsletter_cli.mail.pages import Page


def hidden(text: str) -> tuple[str, Marks]:
    marks = Marks("abcdef")
    return marks.hide(text, "t.html.j2"), marks


def html(text: str) -> Document:
    marked, marks = hidden(text)
    return cut_html(marks.tags_as_comments(marked), marks)


def refused(text: str) -> str:
    with pytest.raises(RefusedError) as caught:
        html(text)
    assert caught.value.code == "TEMPLATE"
    return caught.value.message


def test_a_marker_is_letters_and_digits_that_no_encoder_touches():
    assert hidden("<p>[[ name ]]</p>")[0] == "<p>nlabcdef000z</p>"


def test_the_place_of_a_slot_decides_its_escaper():
    document = html(
        '<a href="[[ view ]]?theme=dark" title="[[ name ]]">[[ city ]]</a><a href="https://a.org/?c=[[ city ]]">x</a>'
    )
    assert document == Document(
        (
            Static('<a href="'),
            Slot("view", Place.URL),
            Static('?theme=dark" title="'),
            Slot("name", Place.HTML),
            Static('">'),
            Slot("city", Place.HTML),
            Static('</a><a href="https://a.org/?c='),
            Slot("city", Place.URL_PART),
            Static('">x</a>'),
        )
    )


def test_a_block_keeps_its_html_and_its_foreign_brackets():
    marked, marks = hidden('<p>a</p>[% if city %]<p class="x">[[ city ]] HERE</p>[% else %]-[% endif %]<p>b</p>')
    document = cut_html(marks.tags_as_comments(marked.replace("HERE", "[[% [#")), marks)
    assert document.pieces[1] == BlockPiece(
        "[% if city %]<p class=\"x\">[[ city ]] [['[']][['[']]% [['[']]#</p>[% else %]-[% endif %]",
        Place.HTML,
    )
    filled = Page.of(document, "ar", Manner()).render({"city": "حلب"})
    assert filled == '<p>a</p><p class="x">حلب [[% [#</p><p>b</p>'


def test_a_constant_is_plain_text():
    assert html("<p>[[ '[[' ]] name ]]</p>") == Document((Static("<p>[[ name ]]</p>"),))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("<p>[[ name ]", None),  # not a piece: stays, and C111 asks
        ("\n<p>[[ name | upper ]]</p>", "t.html.j2:2"),
        ("<p>[[ ''.join(x) ]]</p>", "call"),
        ("<p>[[ name.__class__ ]]</p>", "getattr"),
        ("<p>[% for x in y %]</p>", "if, elif, else, endif"),
        ("<p>[% if city %]x</p>", "needs an [% endif %]"),
        ("<p>[% if city %]x</p><p>[% endif %]</p>", "<p> only half"),
        ('<a href="[[ website ]]">x</a>', "cannot be a whole address"),
        ('<a href="javascript:[[ x ]]" onclick="[[ y ]]">x</a>', "onclick"),
        ("<title>[[ name ]]</title>", "nothing can be filled in"),
        ("<style>.[[ name ]]{}</style>", "nothing can be filled in"),
        ("<!-- [[ name ]] -->", "nothing can be filled in"),
        ('<p class="[[ name ]]">x</p>', "class"),
        ("<p [% if city %]dir[% endif %]>x</p>", "inside a tag"),
        ('[% if city %]<a href="https://a.org/[[ city ]]">x</a>[% endif %]', "inside [% if %]"),
    ],
)
def test_what_cannot_be_filled_safely_is_refused_with_its_line(source, told):
    if told is None:
        assert html(source) == Document((Static(source),))
    else:
        assert told in refused(source)


def test_foreign_text_that_holds_the_markers_letters_asks_for_the_next_six():
    marks = Marks("abcdef")
    with pytest.raises(NonceTakenError):
        marks.refuse_in("some NLabcdef text")
    assert nonce_for(("a",), 0) != nonce_for(("a",), 1)
    assert nonce_for(("a",), 0) == nonce_for(("b",), 0), "a theme compiled for one digest serves the next"
    assert nonce_for(("a",), 1) != nonce_for(("b",), 1)
    assert nonce_for(("a",), 1) == nonce_for(("a",), 1)
    assert re.fullmatch("[a-z]{6}", nonce_for(("ب",), 3))


def test_a_subject_is_cut_for_the_header():
    marks = Marks("abcdef")
    assert cut_text(marks.hide('[[ name | default("قارئنا") ]]: مرحبا', "d"), marks, Place.HEADER) == Document(
        (Slot('name | default("قارئنا")', Place.HEADER), Static(": مرحبا"))
    )


@given(st.text(alphabet="[]%# nameاب'\"{}", max_size=40))
@example("[[ name ]]")
@example("[[[[%[")
@example("[%if%][[")
def test_words_taken_from_an_article_print_as_they_are_in_a_field_that_is_searched(text):
    marks = Marks("abcdef")
    document = cut_text(marks.hide(escape_delimiters(text), "d"), marks, Place.TEXT)
    assert Page.of(document, "ar", Manner()).render({}) == text


@given(st.text(alphabet="[]%# ab'\"<>&", max_size=60))
def test_text_between_two_tags_comes_out_of_a_block_as_it_went_in(text):
    marks = Marks("abcdef")
    marked = f"{marks.hide('[% if city %]', 'd')}{text}{marks.hide('[% endif %]', 'd')}"
    document = cut_text(marked, marks, Place.TEXT)
    assert Page.of(document, "ar", Manner()).render({"city": "x"}) == text


def test_what_is_no_piece_is_what_the_check_looks_at():
    assert without_pieces('أهلا [[ name | default("]]") ]] و [% if x %]y[% endif %] و [[ z') == "أهلا  و y و [[ z"
