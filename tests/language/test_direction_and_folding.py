"""Direction, folding, digits, plurals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.language import (
    CATEGORIES,
    LANGUAGE_CATEGORIES,
    digit_system,
    direction_of,
    first_strong,
    fold,
    number,
    plural,
    plural_category,
    to_digits,
)

TEXTS = st.text(alphabet=st.sampled_from('أإآابة هىيـَّكکیی \u200c\u200f\u00a0ABcé9٩۹«»"-_\nשלוםﷺﻻ'), max_size=40)


@pytest.mark.parametrize("language", ["ar", "fa", "he", "ur", "ckb", "ps", "sd", "ug", "yi", "ar-SY", "ar_EG", "AR"])
def test_a_right_to_left_language_is_known_with_and_without_its_region(language):
    assert direction_of(language) == "rtl"


@pytest.mark.parametrize("language", ["en", "fr", "de", "tr", "", "az", "ku"])
def test_every_other_language_runs_left_to_right(language):
    assert direction_of(language) == "ltr"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("140 مقاتلًا", "R"),
        ("Google تعلن", "L"),
        ("«Google»", "L"),
        ("2024", None),
        ("", None),
        ("\u2068Google\u2069 تعلن", "R"),  # what stands in an isolate does not decide
        ("\u2069Google", "L"),
        ("\u200fGoogle", "R"),
    ],
)
def test_the_first_strong_letter_outside_isolates_decides(text, answer):
    assert first_strong(text) == answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("الـعـنـوان", "العنوان"),
        ("إقرأ المَزِيد", "اقرا المزيد"),
        ("صورة", "صوره"),
        ("مستشفى", "مستشفي"),
        ("می‌خوانید", "ميخوانيد"),
        ("٢٧ / ۴", "27 / 4"),
        ("  شارك\u00a0\u00a0الخبر ", "شارك الخبر"),
        ("ﻻ", "لا"),
        ("READ Also", "read also"),
        ("שָׁלוֹם", "שלום"),
    ],
)
def test_two_spellings_of_one_word_fold_to_the_same(one, other):
    assert fold(one) == fold(other)


@given(TEXTS)
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("locale", "system"),
    [("ar", "latn"), *((f"ar-{r}", "latn") for r in "MA DZ TN LY AE".split())]  # noqa: SIM905
    + [(f"ar-{r}", "arab") for r in "EG SA SY LB JO PS IQ KW BH QA OM SD YE MR".split()],  # noqa: SIM905
)
def test_digits_follow_the_newspapers_of_the_country(locale, system):
    assert digit_system("ar", locale) == system


def test_digits_of_other_languages_and_of_a_fixed_setting():
    found = [digit_system(language, language) for language in ("fa", "en", "fr", "he", "ur")]
    assert found == ["arabext", "latn", "latn", "latn", "latn"]
    assert digit_system("ar", "ar-MA", "arab") == "arab"
    assert digit_system("he", "he-IL", "arabext") == "arabext"


def test_numbers_carry_the_separators_of_their_digits():
    assert number(12480, "arab") == "١٢٬٤٨٠"
    assert number(12480, "arabext") == "۱۲٬۴۸۰"
    assert number(12480, "latn") == "12,480"
    assert number(12480, "latn", "fr") == "12\u202f480"
    assert number(Decimal("1234.5"), "arab") == "١٬٢٣٤٫٥"
    assert number(Decimal("1234.5"), "latn", "fr") == "1\u202f234,5"
    assert to_digits("a1٢3", "arab") == "a١٢٣"


# CLDR plurals.xml, whole numbers only, as Python expressions over n.
CLDR = {
    "ar": {
        "zero": "n == 0",
        "one": "n == 1",
        "two": "n == 2",
        "few": "n % 100 in range(3, 11)",
        "many": "n % 100 in range(11, 100)",
    },
    "he": {"one": "n == 1", "two": "n == 2"},
    "fa": {"one": "n in (0, 1)"},
    "fr": {"one": "n in (0, 1)", "many": "n != 0 and n % 1000000 == 0"},
    "en": {"one": "n == 1"},
    "ur": {"one": "n == 1"},
}


@pytest.mark.parametrize("language", sorted(CLDR))
def test_plural_categories_are_those_of_cldr(language):
    for n in [*range(2001), 10**6, 2 * 10**6, 10**6 + 1]:
        expected = next(
            (name for name, rule in CLDR[language].items() if eval(rule, {"n": n, "range": range})), "other"
        )
        assert plural_category(n, language) == expected, n
    assert set(LANGUAGE_CATEGORIES[language]) == {*CLDR[language], "other"}
    assert set(LANGUAGE_CATEGORIES[language]) <= set(CATEGORIES)


def test_arabic_counts_articles_in_six_forms():
    found = [plural(n, "article", "ar", "arab") for n in (0, 1, 2, 3, 11, 100)]
    assert found == ["لا مقالات", "مقال واحد", "مقالان", "٣ مقالات", "١١ مقالًا", "١٠٠ مقال"]
