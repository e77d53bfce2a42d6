import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.subscribers.values import clean_tag, clean_value, escaped, has_harm, is_field, split_tags, unescaped

TEXTS = st.text(max_size=30) | st.text(alphabet="'=+-@ \t\r\n\u200e\u202eابة\ufe70\uff1d\x1b", max_size=12)


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("  ليلى   حداد ", "ليلى حداد"),
        ("قارئة\u202eمن\u2066 دمشق", "قارئةمن دمشق"),
        ("a\x1b[31mb\x00c\x9bd", "a[31mbcd"),
        ("two\nlines\tand\u00a0more", "two lines and more"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("[red]ليلى[/red]", "[red]ليلى[/red]"),
        ("\ufed3\ufe8e\ufee1", "فام"),
        ("ﷺ", "ﷺ"),
        ("e\u0301", "é"),
        ("'+963 11 000", "+963 11 000"),
        ("''=1+1", "=1+1"),
        ("'O", "'O"),
    ],
)
def test_a_value_is_one_clean_line(given_text, kept):
    assert clean_value(given_text) == kept


@given(TEXTS)
@example("'\u200e=x")
@example("x\ufe70")
def test_cleaning_twice_is_cleaning_once(text):
    once = clean_value(text)
    assert clean_value(once) == once
    assert not has_harm(once)
    assert unicodedata.is_normalized("NFC", once)
    assert "\n" not in once


@given(TEXTS.map(clean_value))
def test_a_kept_value_survives_both_exports(value):
    assert clean_value(value) == value
    assert unescaped(escaped(value)) == value
    assert escaped(value)[:1] not in set("=+-@\t\r\uff1d\uff0b\uff0d\uff20")


@pytest.mark.parametrize("text", ["sport", "كأس العالم", "2026-w42", "a:b"])
def test_a_word_can_be_a_tag(text):
    assert clean_tag(text) == text


@pytest.mark.parametrize("text", ["", " ", "a,b", "a;b", 'a"b', "(a)", "-a", "+a", "x" * 65, "\u200f"])
def test_what_a_filter_could_not_name_is_no_tag(text):
    assert clean_tag(text) is None


def test_tags_are_compared_without_capitals():
    assert split_tags("Sport; sport ،VIP|, ,(bad),") == ("sport", "vip")


@pytest.mark.parametrize(
    ("name", "can"), [("city", True), ("x2_y", True), ("Email", False), ("email", False), ("مدينة", False), ("", False)]
)
def test_a_field_is_small_latin_letters(name, can):
    assert is_field(name) is can
