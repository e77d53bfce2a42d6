"""Every reader-facing text exists in every language, with the same places and all forms of its numbers."""

import re
from string import Formatter

import pytest

from newsletter_cli.language import LANGUAGE_CATEGORIES, direction_of, message, template
from newsletter_cli.language.catalogue import CATALOGUE, LANGUAGES

KEYS = sorted(set().union(*CATALOGUE.values()))


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_six_languages_are_served():
    assert set(LANGUAGES) == {"ar", "en", "fa", "he", "ur", "fr"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing(language):
    assert sorted(set(KEYS) - set(CATALOGUE[language])) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_counted_text_has_all_forms_of_its_language(language):
    for key, found in CATALOGUE[language].items():
        if not isinstance(found, str):
            assert set(found) == set(LANGUAGE_CATEGORIES[language]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_names_the_places_of_the_english_text(language):
    for key, found in CATALOGUE[language].items():
        english = CATALOGUE["en"][key]
        if isinstance(found, str):
            assert places(found) == places(str(english)), key
        else:
            assert not isinstance(english, str), key
            assert places(found["other"]) == {"n"}, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_clean_and_in_their_own_script(language):
    for key, found in CATALOGUE[language].items():
        for text in [found] if isinstance(found, str) else found.values():
            assert text.strip() == text != "", key
            assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069<>&]", text), key
            latin = re.search(r"[A-Za-z]", re.sub(r"\{\w+\}", "", text))
            assert bool(latin) == (direction_of(language) == "ltr"), (key, text)


def test_keys_say_where_they_are_shown():
    assert {key.split(".", 1)[0] for key in KEYS} == {"digest", "count", "mail", "page"}


def test_places_are_filled_and_numbers_printed_in_the_digits_asked_for():
    assert message("digest.author", "ar", name="سلمى") == "بقلم سلمى"
    assert message("count.reader", "ar", n=12480, digits="arab") == "١٢٬٤٨٠ قارئًا"
    assert message("count.article", "fr", n=2_000_000) == "2\u202f000\u202f000 d’articles"


def test_a_missing_value_or_key_is_an_error():
    with pytest.raises(KeyError):
        message("digest.author", "ar")
    with pytest.raises(KeyError):
        message("digest.nothing", "ar")
    with pytest.raises(TypeError):
        message("count.article", "ar", n="3")


def test_a_language_without_a_catalogue_is_served_by_its_direction():
    assert message("digest.contents", "ckb") == message("digest.contents", "ar-SY") == "في هذا العدد"
    assert message("digest.contents", "de") == "In this issue"
    assert template("digest.why", "en").count("{email}") == 1
