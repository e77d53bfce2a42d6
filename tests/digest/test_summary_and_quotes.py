"""Summaries end at a word; quotation marks turn by what stands before them."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.articles.model import Article, CodeSpan, Emphasis, Paragraph, Text
from newsletter_cli.digest.quotes import turned, with_guillemets
from newsletter_cli.digest.summary import ELLIPSIS, cut, short
from newsletter_cli.mail.clusters import clusters


def test_a_summary_is_cut_at_a_word():
    assert cut("عاد نصف مليون طالب إلى مقاعدهم هذا الأسبوع", 20) == "عاد نصف مليون طالب" + ELLIPSIS
    assert cut("قصير", 20) == "قصير"


def test_a_summary_is_never_cut_inside_an_address_or_a_number():
    assert cut("للمزيد انظر https://example.org/a/very/long/path في الموقع", 24) == "للمزيد انظر" + ELLIPSIS
    assert cut("للتواصل مع الجمعية +963 21 555 0142 صباحا", 26) == "للتواصل مع الجمعية" + ELLIPSIS
    assert cut("بلغ العدد 12 480 000 نسمة", 16) == "بلغ العدد" + ELLIPSIS


def test_a_summary_that_begins_with_a_longer_address_shows_no_half_of_it():
    assert cut("https://example.org/a/very/long/path/to/a/page في الموقع", 20) == "…"


def test_an_isolate_is_left_whole_and_one_that_begins_the_text_is_closed():
    assert cut("قال \u2068John Smith Johnson\u2069 أمس", 12) == "قال" + ELLIPSIS
    assert cut("\u2068John Smith Johnson\u2069 أمس", 9) == "\u2068John\u2069" + ELLIPSIS


words = st.sampled_from(
    [
        "قمح",
        "عَامٌ",
        "،",
        "x",
        "12 480 000",
        "3.5",
        "\u2068Ann Lee\u2069",
        "https://a.example/b-c?d=1",
        "+963 21 555 0142",
    ]
)


@given(st.lists(words, max_size=14), st.integers(1, 60))
def test_a_summary_is_a_beginning_of_the_text_and_opens_no_number_address_or_isolate(parts, limit):
    line = " ".join(parts)
    made = cut(line, limit)
    if made == line:
        return
    beginning = made.removesuffix("…").rstrip("\u00a0")
    opened_first = line.startswith("\u2068") and beginning == line[: len(beginning) - 1] + "\u2069"
    assert line.startswith(beginning) or opened_first
    assert len(list(clusters(beginning))) <= limit + opened_first
    rest = line[len(beginning) :]
    for whole in ("https://a.example/b-c?d=1", "12 480 000", "+963 21 555 0142"):
        starts = [at for at in range(len(line)) if line.startswith(whole, at)]
        first = limit < len(whole) and line.startswith(whole)  # a word longer than the limit, and nothing before it
        assert first or not any(at < len(beginning) < at + len(whole) for at in starts), rest


@given(st.text(alphabet="اب\u064e\u200dcd 12.،\n", max_size=80), st.integers(1, 40))
def test_any_text_is_cut_within_its_limit(text, limit):
    line = " ".join(text.split())
    made = cut(text, limit)
    if made != line:
        beginning = made.removesuffix("…").rstrip("\u00a0")
        assert line.startswith(beginning)
        assert len(list(clusters(beginning))) <= limit


@given(st.text(alphabet="اب\u064e\u064fcd .،", max_size=120), st.integers(4, 60))
def test_what_is_short_counts_vowel_marks_too(text, most):
    assert len(short(text, most)) <= most


def test_quotes_turn_by_context_so_an_odd_one_harms_no_other():
    seed = 'في الأزمة السورية"، مشيراً إلى أنّ "من هؤلاء ضابط" و("هيئة تحرير الشام")'
    assert turned(seed) == "في الأزمة السورية»، مشيراً إلى أنّ «من هؤلاء ضابط» و(«هيئة تحرير الشام»)"


def article(language: str, direction: str, *inlines) -> Article:
    return Article(slug="a", title='"ب"', language=language, direction=direction, blocks=(Paragraph(inlines),))


def test_guillemets_reach_into_emphasis_and_leave_code_alone():
    before = article("ar", "rtl", Text('قال: "نعم '), Emphasis((Text('جدا"'),)), CodeSpan('x = "y"'))
    after = with_guillemets(before)
    assert after.title == "«ب»"
    assert after.blocks == (Paragraph((Text("قال: «نعم "), Emphasis((Text("جدا»"),)), CodeSpan('x = "y"'))),)


def test_hebrew_and_latin_texts_keep_their_quotes():
    for language, direction in (("he", "rtl"), ("en", "ltr")):
        same = article(language, direction, Text('צה"ל "x"'))
        assert with_guillemets(same) == same
