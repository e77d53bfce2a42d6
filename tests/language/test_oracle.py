"""What CLDR says, through Babel: plural categories and the month names that it has too."""

import pytest
from babel import Locale

from newsletter_cli.language import LANGUAGE_CATEGORIES, LANGUAGES, plural_category
from newsletter_cli.language import months as names


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_categories_are_those_of_babel(language):
    form = Locale(language).plural_form
    counts = [*range(2001), 10**6]
    assert [plural_category(n, language) for n in counts] == [form(n) for n in counts]
    assert set(LANGUAGE_CATEGORIES[language]) == {*form.rules, "other"}


@pytest.mark.parametrize("language", ["he", "ur", "en", "fr"])
def test_gregorian_months_are_those_of_babel(language):
    months = Locale(language).months["format"]["wide"]
    assert names.GREGORIAN[language] == tuple(months[month] for month in range(1, 13))


@pytest.mark.parametrize(
    ("locale", "own"), [("ar_EG", names.ARABIC), ("ar_SY", names.LEVANT), ("ar_DZ", names.ALGERIA)]
)
def test_arabic_months_are_those_of_babel(locale, own):
    months = Locale.parse(locale).months["format"]["wide"]
    assert own == tuple(months[month] for month in range(1, 13))
