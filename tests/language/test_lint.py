"""Mistakes of right-to-left text are found where they are, what is right is left alone, and mending ends them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.language import (
    LRM,
    digit_systems_in,
    direction_overrides,
    latin_marks,
    mark_text,
    mend,
    mixed_letters,
    presentation_forms,
    unbalanced_isolates,
    unisolated_runs,
)

TEXTS = st.text(alphabet=st.sampled_from('نصيیكکهة ﻣﺮﷺ?,;"»()aG+9٩۹-@./#\u200e\u2066\u2068\u2069\u202e\n'), max_size=40)


def seen(places, text):
    return [(text[place.start : place.end], place.what) for place in places]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("اتصل +963 11 223 4455 الآن", [("+963 11 223 4455", "phone")]),
        ("هاتف ٠١١-٢٢٣٤٤٥٥", [("٠١١-٢٢٣٤٤٥٥", "phone")]),
        ("راسلونا desk@example.org أو @desk", [("desk@example.org", "email"), ("@desk", "handle")]),
        ("في https://example.org/a نص", [("https://example.org/a", "url")]),
        ("وسم #Damascus ولغة C++ و v2.1.0", [("#Damascus", "tag"), ("C++", "code"), ("v2.1.0", "version")]),
        ("الملف /etc/hosts والدالة main()", [("/etc/hosts", "path"), ("main()", "code")]),
        (f"اتصل {LRM}+963 11 223 4455{LRM} الآن", []),
        ("اتصل \u2066+963 11 223 4455\u2069 الآن", []),
        ("العزيز \u2068C++ @me\u2069 نص", []),
        ("https://example.org/a", []),
        ("نص\n  https://example.org/a\nنص", []),
        ("بين 2020-2024 انتهت 3 - 1 في 27/4/2024 (CNN). وشركة Google و 140", []),
    ],
)
def test_an_island_that_nothing_isolates_is_found(text, found):
    assert seen(unisolated_runs(text, "rtl"), text) == found
    assert unisolated_runs(text, "ltr") == ()


@given(TEXTS)
def test_a_marked_text_has_no_island_left(text):
    assert unisolated_runs(mark_text(text, "rtl"), "rtl") == ()


@pytest.mark.parametrize(
    ("text", "mended"),
    [("كتب ﻣﺮﺣﺒﺎ", "كتب مرحبا"), ("ﻻ ﷺ ﷲ ﷼ ﷽ ﴾نص﴿", "لا ﷺ ﷲ ﷼ ﷽ ﴾نص﴿"), ("مرحبا", "مرحبا"), ("\ufeffنص", "\ufeffنص")],
)
def test_letters_from_a_pdf_become_letters(text, mended):
    assert mend(text, presentation_forms(text)) == mended


def test_overrides_are_found_one_by_one():
    assert [place.start for place in direction_overrides("a\u202eb\u202c")] == [1, 3]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\u2068نص\u2069", []),
        ("\u2068نص", [(0, "unclosed")]),
        ("نص\u2069", [(2, "unopened")]),
        ("\u2068نص\n\u2069", [(0, "unclosed"), (4, "unopened")]),
        ("\u2069\u2066\u2068a\u2069", [(0, "unopened"), (1, "unclosed")]),
    ],
)
def test_an_isolate_ends_on_its_line(text, found):
    assert [(place.start, place.what) for place in unbalanced_isolates(text)] == found


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ('ماذا قال? نعم, "هذا"; ثم', 'ماذا قال؟ نعم، "هذا"؛ ثم'),
        ("كيف ??", "كيف ؟؟"),
        ("مهمّ, ثم", "مهمّ، ثم"),
        ("قال ,ثم", "قال ،ثم"),
        ("قال,Google", "قال،Google"),
    ],
)
def test_latin_marks_beside_arabic_letters_become_arabic(text, mended):
    assert mend(text, latin_marks(text)) == mended


@pytest.mark.parametrize(
    "text", ["Google, ثم 1,200 ليرة", "في https://example.org/?a,b;c نص", "שלום, עולם?", "نعم؟ لا، ثم؛"]
)
def test_latin_marks_elsewhere_are_right(text):
    assert latin_marks(text) == ()


@pytest.mark.parametrize(
    ("text", "language", "mended"),
    [
        ("قال الرئیس في حي قديم إن بيتي هنا", "ar-SY", "قال الرئيس في حي قديم إن بيتي هنا"),
        ("عليکم", "ar", "عليكم"),
        ("وصل إلى المدينه. المدينة جميلة", "ar", "وصل إلى المدينة. المدينة جميلة"),
        ("این کتاب كوچک است", "fa", "این کتاب کوچک است"),
        ("یہ کتاب اچھي ہے کہ", "ur", "یہ کتاب اچھی ہے کہ"),
    ],
)
def test_letters_of_another_keyboard_are_found(text, language, mended):
    assert mend(text, mixed_letters(text, language)) == mended


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("قال علي في المدينة إنه رأى كتابه على الكرسي", "ar"),
        ("این کتاب کوچک است", "ar"),  # a Persian text
        ("كتاب «زندگی در ایران است» في كل مكان في بيتي ومدينتي", "ar"),  # a Persian title
        ("السياسي هادي چمران في طهران، وقال پیشین في بيتي", "ar"),
        ("الرئیس", "he"),
    ],
)
def test_another_language_is_no_slip(text, language):
    assert mixed_letters(text, language) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("في ٢٧ أبريل 2024", [("٢٧", "arab"), ("2024", "latn")]),
        ("في ٢٧ أبريل و +963 11 223 4455 و v2.1.0 و https://x.example/5", [("٢٧", "arab")]),
        ("۲۷ آوریل ٢٠٢٤", [("۲۷", "arabext"), ("٢٠٢٤", "arab")]),
        ("نص", []),
    ],
)
def test_digit_systems_of_the_prose_are_named(text, found):
    assert seen(digit_systems_in(text), text) == found


@given(TEXTS)
def test_mending_ends_the_finding_and_any_text_is_looked_at(text):
    assert presentation_forms(mend(text, presentation_forms(text))) == ()
    assert direction_overrides(mend(text, direction_overrides(text))) == ()
    assert unbalanced_isolates(mend(text, unbalanced_isolates(text))) == ()
    assert latin_marks(mend(text, latin_marks(text))) == ()
    mended = mend(text, presentation_forms(text))
    assert unicodedata.normalize("NFKC", mended) == unicodedata.normalize("NFKC", text)
    for language in ("ar", "fa", "ur"):
        for place in mixed_letters(text, language):
            assert place.better != text[place.start : place.end]
    assert len({place.what for place in digit_systems_in(text)}) == len(digit_systems_in(text))


@pytest.mark.timeout(10)
def test_one_endless_word_is_read_in_time():
    assert mixed_letters("ا" * 100_000, "ar") == ()
