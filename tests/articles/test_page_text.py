"""Page text: every line one role, nothing lost. Whole outputs lie in tests/golden/articles."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.articles import Role, read_page, read_source, to_markdown
from newsletter_cli.articles.importing import captions_of, paragraph_count, related_of
from newsletter_cli.articles.lines import label_of, without_bullet
from newsletter_cli.articles.model import (
    Article,
    Calendar,
    Figure,
    ListBlock,
    Note,
    Paragraph,
    Quote,
    RelatedBlock,
    SourceLine,
    plain_text,
)
from newsletter_cli.articles.roles import DROPPED
from newsletter_cli.language import fold

PAGES = sorted((Path(__file__).parent.parent / "golden" / "articles").glob("*.txt"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_gives_the_roles_and_the_article_it_should(page, golden):
    source = read_source(page.read_bytes(), name=page.name, suffix=".txt")
    article = source.article
    lines = [f"{role.line:>3} {role.role:<12} {role.confidence:.2f}  {role.text[:60]}" for role in source.roles]
    facts = [
        f"language  {article.language} {article.direction}",
        f"date      {article.date} {article.calendar}",
        f"author    {article.author}",
        f"captions  {' | '.join(captions_of(article))}",
        f"related   {' | '.join(related.title for related in related_of(article))}",
        f"sources   {' | '.join(article.sources)}",
        f"dropped   {' | '.join(source.dropped)}",
        *(f"warning   {warning}" for warning in article.warnings),
    ]
    golden(f"articles/{page.stem}.roles", "\n".join([*lines, "", *facts, ""]))
    golden(f"articles/{page.stem}.md", to_markdown(article))


# --- the seed, said in words -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seed():
    return read_source(PAGES[0].read_bytes(), name="seed", suffix=".txt")


def test_all_seventeen_lines_of_the_seed_have_their_role(seed):
    assert [(role.line, role.role) for role in seed.roles] == [
        (1, Role.DARK_MODE),
        (2, Role.DATE),
        (3, Role.LOGO),
        (4, Role.HEADLINE),
        (6, Role.TITLE),
        (7, Role.KICKER),
        (9, Role.PARAGRAPH),
        (12, Role.PARAGRAPH),
        (15, Role.CAPTION),
        (18, Role.PARAGRAPH),
        (21, Role.PARAGRAPH),
        (24, Role.RELATED),
        (27, Role.PARAGRAPH),
        (30, Role.PARAGRAPH),
        (33, Role.SOURCE),
        (35, Role.SIGN_UP),
        (37, Role.SIGN_UP),
    ]


def test_the_seed_becomes_this_article(seed):
    article = seed.article
    assert article.title == "مركز أبحاث روسي: نشاط للاستخبارات الأذرية في إدلب عن طريق تركيا"
    assert (article.kicker, article.sources) == ("استخبارات أذرية", ("ليفانت- العربية نت",))
    assert (article.date, article.calendar) == (date(2024, 4, 27), Calendar.GREGORY)
    assert article.date_text == "السبت ٢٧ / أبريل / ٢٠٢٤"
    assert (article.language, article.direction, article.url, article.image) == ("ar", "rtl", "", None)
    assert (captions_of(article), paragraph_count(article)) == (("هتش",), 6)
    related = related_of(article)
    assert [(one.title, one.url) for one in related] == [
        ("ضمن سلسلة انتهاكاته.. قضاء هتش يعتقل ناشطاً إعلامياً ويحكم بسجنه 9 أشهر", "")
    ]
    assert seed.dropped == (
        "الوضع المظلم",
        "Logo",
        "النشرة الإخبارية",
        "اشترك في قائمتنا البريدية للحصول على التحديثات الجديدة!",
    )
    assert (article.extras, article.warnings) == ((), ())


def test_quotes_and_digits_of_the_seed_stay_as_they_were(seed):
    text = PAGES[0].read_text(encoding="utf-8")
    written = to_markdown(seed.article)
    for sign in '"“”0123456789٠١٢٣٤٥٦٧٨٩':
        lost = {'"': 2, "4": 0}.get(sign, 0)  # two quotes more: those of the caption in ![](<> "هتش")
        front = len(re.findall(re.escape(sign), written.split("---\n")[1]))
        date_digits = len(re.findall(re.escape(sign), "السبت ٢٧ / أبريل / ٢٠٢٤"))
        assert written.count(sign) - front == text.count(sign) + lost - date_digits, sign


# --- rules, one by one -----------------------------------------------------------------------------------------

BODY = (
    "قالت مديرية الزراعة إن موسم القطاف بدأ في مواعيده المعتادة، وإن الإنتاج المتوقع هذا العام يزيد قليلًا على متوسط "
    "السنوات الخمس الماضية بفضل أمطار آذار ونيسان."
)


def roles(text, **how):
    return [role.role for role in read_page(text, **how).roles]


def test_a_repeated_line_after_the_text_is_not_the_title():
    caption = "صورة من موسم القطاف الماضي"
    text = f"مزارعو الساحل يبدؤون قطاف الزيتون\n\n{BODY}\n\n{caption}\n\n{BODY}\n\n{caption}\n"
    assert read_page(text).article.title == "مزارعو الساحل يبدؤون قطاف الزيتون"


def test_a_copy_of_the_title_with_the_sites_name_or_cut_short_is_a_headline():
    title = "مزارعو الساحل يبدؤون قطاف الزيتون قبل موعده"
    text = f"{title} | صحيفة الحقل\n• مزارعو الساحل يبدؤون قطاف...\n{title}\n\n{BODY}\n"
    assert roles(text) == [Role.HEADLINE, Role.HEADLINE, Role.TITLE, Role.PARAGRAPH]


def test_the_title_that_was_given_is_found_among_the_lines():
    text = f"مجلة تصدر كل شهر في دمشق منذ أعوام\nقطاف الزيتون\n\n{BODY}\n"
    page = read_page(text, title="قطاف الزيتون")
    assert (page.article.title, page.roles[1].confidence) == ("قطاف الزيتون", 1.0)


def test_the_newsrooms_name_at_the_top_is_its_logo():
    text = f"أخبار الحقل\nمزارعو الساحل يبدؤون قطاف الزيتون\n\n{BODY}\n"
    assert roles(text, newsroom="أخبار الحقل")[0] is Role.LOGO


def test_key_value_lines_at_the_top_are_front_matter():
    text = f"العنوان: قطاف الزيتون\ndate: 27 أبريل 2024\nالكاتب: سلمى الحاج\n\n{BODY}\n"
    page = read_page(text)
    assert [role.role for role in page.roles[:3]] == [Role.FRONT_MATTER] * 3
    assert (page.article.title, page.article.author, page.article.date) == (
        "قطاف الزيتون",
        "سلمى الحاج",
        date(2024, 4, 27),
    )


def test_one_such_line_is_not_front_matter():
    assert roles(f"عاجل: بدء قطاف الزيتون في الساحل\nتفاصيل\n\n{BODY}\n")[0] is Role.TITLE


def test_the_articles_own_date_wins_over_the_pages():
    text = f"السبت 27 أبريل 2024\nمزارعو الساحل يبدؤون قطاف الزيتون\n20 أبريل 2024\n\n{BODY}\n"
    article = read_page(text).article
    assert article.date == date(2024, 4, 20)
    assert article.warnings[-1] == "Line 1: this date is the page's, 7 days from the article's own."


def test_a_date_is_never_guessed():
    for line in ("27 أبريل", "منذ ساعتين", "27/4/24", "32 أبريل 2024"):
        article = read_page(f"{line}\nمزارعو الساحل يبدؤون قطاف الزيتون\n\n{BODY}\n").article
        assert (article.date, article.calendar, article.date_text) == (None, None, line)
        assert article.warnings[-1] == "No date was understood; give one with --date."


def test_a_page_without_date_says_so():
    article = read_page(f"مزارعو الساحل يبدؤون قطاف الزيتون\n\n{BODY}\n").article
    assert (article.date, article.warnings[-1]) == (None, "No date was found; give one with --date.")


def test_a_list_of_related_headlines_is_one_block_each():
    text = f"مزارعو الساحل يبدؤون قطاف الزيتون\n\n{BODY}\n\nمواضيع ذات صلة\n• معاصر الزيت تفتح أبوابها\n• أسعار الزيت\n"
    assert [one.title for one in related_of(read_page(text).article)] == ["معاصر الزيت تفتح أبوابها", "أسعار الزيت"]


def test_what_no_rule_places_stays_in_the_article_and_is_said():
    text = f"مزارعو الساحل يبدؤون قطاف الزيتون\n\n{BODY}\n\nسطر أول\nسطر ثان\n\nالمصدر: الحقل\n"
    page = read_page(text)
    assert [extra.text for extra in page.article.extras] == ["سطر أول", "سطر ثان"]
    assert isinstance(page.article.blocks[-1], Note)
    assert sum("no place was found" in warning for warning in page.article.warnings) == 2


def test_a_headline_that_begins_like_a_label_is_a_headline():
    for label in ("مصدر", "شاهد", "تقرير", "اقرأ"):
        title = f"{label}: مزارعو الساحل يبدؤون قطاف الزيتون قبل موعده"
        assert read_page(f"{title}\n\n{BODY}\n").article.title == title


# --- properties ------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "الوضع المظلم", "السبت ٢٧ / أبريل / ٢٠٢٤", "Logo", "  • مزارعو الساحل يبدؤون قطاف الزيتون", "", "",
        "مزارعو الساحل يبدؤون قطاف الزيتون", "زراعة", BODY, "صورة من الحقل", "اقرأ المزيد: خبر آخر", "المصدر: الحقل",
        "بقلم سلمى", "- بند أول", "- بند ثان", "النشرة الإخبارية", "سجّل بريدك", "title: x", "author: y", "اقرأ أيضا",
        "إعلان", "Tags: a, b", "تصوير: نور", "نهاية مفتوحة:", "١٢", "...", "«»", "قال: «نعم».", "https://example.org/a",
        "دمشق (سانا)–", "القاهرة - أ ش أ", "رامي خوري | 28 حزيران 2024 - 18:20 | آخر تحديث: 29 حزيران 2024", "أ ف ب",
        "نُشر: 12 مارس 2024 آخر تحديث: 13 مارس 2024", "عمان - عمر العبادي", "10:15 ص", "/انتهى/", "ر.م / س.ع",
        "التعليقات (2)", "رد", "منذ ساعة", "الأكثر قراءة", "الرئيسية › محافظات", "سياسة", "عاجل | خبر قصير الآن",
        "صدر الصورة، Getty Images", "متنزهون في غابات عجلون - أرشيفية", "بورصة / نور يلماز / الأناضول", "#وسم #آخر",
        "کد خبر: 1403020805123", "5 min read", "(רויטרס)", "الوسوم:", "المصدر", "خاص", "قراءات: 1204", "كتب سامر علي",
    ]
)  # fmt: skip
LINES = st.lists(st.one_of(PIECES, st.text(alphabet="ابتةى .؟:•-«»abc12\u00a0", max_size=30)), max_size=25)


def words_of(article: Article) -> str:
    def of(block) -> str:
        match block:
            case Figure(picture):
                return f"{picture.caption} {picture.credit}"
            case RelatedBlock(label, related):
                return f"{label} {related.title}"
            case Quote(blocks) | Note(blocks):
                return " ".join(map(of, blocks))
            case ListBlock(_, items):
                return " ".join(of(inner) for item in items for inner in item)
            case SourceLine(text):
                return text
            case Paragraph(inlines):
                return plain_text(inlines)
            case _:
                return ""

    head = (article.title, article.kicker, article.author, article.date_text, *article.sources, *article.tags)
    extras = (extra.text for extra in article.extras)
    return fold(" ".join([*head, *map(of, article.blocks), *extras]))


DRAWN_BY_THE_THEME = {Role.SOURCE, Role.AUTHOR, Role.TAGS, Role.CAPTION}  # their labels, that is


@given(LINES)
@example(["تصوير: نور"])
@example(["المصدر", "الحقل"])
def test_each_content_line_has_exactly_one_role_and_its_words_are_kept(lines):
    text = "\n".join(lines)
    page = read_page(text)
    assert [role.line for role in page.roles] == [n for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    kept = words_of(page.article)
    for role in page.roles:
        assert role.confidence > 0
        assert role.reason
        if role.role in DROPPED or role.role is Role.FRONT_MATTER:
            continue
        found = label_of(without_bullet(role.text)[0]) if role.role in DRAWN_BY_THE_THEME else None
        for word in re.findall(r"\w+", fold(found[2] if found else role.text)):
            # A copy of the title may part its letters otherwise: «b1» and «b 1».
            assert word in kept or word in kept.replace(" ", ""), (role, kept)


@given(st.text(max_size=300))
def test_any_text_becomes_a_page(text):
    page = read_page(text)
    assert len(page.roles) == sum(bool(line.strip()) for line in text.split("\n"))
