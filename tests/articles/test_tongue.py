"""The language of a page, by its letters and its small words."""

import pytest

from newsletter_cli.articles.tongue import language_of

PERSIAN = "مدیر کتابخانه گفت که تالار مطالعه برای دانشجویان رایگان است و این طرح از شنبه آغاز شد."
ARABIC = "قال مدير المكتبة إن القاعة مفتوحة للطلاب من السبت إلى الخميس، وإن الإعارة في هذا الموسم مجانية."
URDU = "محکمے کے ترجمان نے بتایا کہ اس سال ہدف چالیس لاکھ ٹن ہے اور باردانہ سب کسانوں کو برابر دیا جائے گا۔"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ARABIC, "ar"),
        (PERSIAN, "fa"),
        (URDU, "ur"),
        (PERSIAN.replace("ی", "ي").replace("ک", "ك"), "fa"),  # typed with an Arabic keyboard
        (ARABIC.replace("ي", "ی").replace("ك", "ک"), "ar"),  # typed with a Persian one
        (URDU.replace("ی", "ي").replace("ک", "ك"), "ur"),
        (f"Share\nTweet\nSubscribe to our newsletter\n{ARABIC}", "ar"),
        ('ראש העירייה אמר כי "הסוחרים הם הלב של השכונה".', "he"),
        ("The city library opened its doors again on Saturday.", "en"),
        ("La bibliothèque de la ville est ouverte aux lecteurs.", "fr"),
        ("123", "ar"),
    ],
)
@pytest.mark.parametrize("default", ["ar", "ar-SY"])
def test_letters_and_small_words_tell_the_language(text, language, default):
    assert language_of(text, default).split("-")[0] == language


def test_an_arabic_page_in_a_persian_newsroom_is_arabic():
    assert language_of(ARABIC, "fa") == "ar"
    assert language_of(PERSIAN, "fa-IR") == "fa-IR"
