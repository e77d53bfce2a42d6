"""Subjects and lines under them that an editor may take: the articles' own words, short enough for a phone."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.articles.model import Article
from newsletter_cli.digest.suggestions import PREHEADER_MOST, SUBJECT, preheader_of, preheaders, subjects


def test_a_long_title_is_offered_short_and_then_other_words(room):
    title = "أمطار مبكرة تنعش المراعي في بادية حماة وتؤخر البذار أيامًا"
    articles = [
        room.article("a", title=title, summary="هطلت الأمطار ليلة السبت، ففاض الوادي ثم هدأ في الصباح التالي"),
        room.article("b", title="عام دراسي بلا كتب"),
    ]
    assert subjects(articles, title) == (
        "أمطار مبكرة تنعش المراعي في بادية حماة وتؤخر\u00a0…",
        "هطلت الأمطار ليلة السبت",
        "عام دراسي بلا كتب",
    )
    assert subjects([], "س") == ()


def test_a_subject_is_not_offered_again(room):
    articles = [room.article("a", title="القمح يرتفع", summary="القمح يرتفع.")]
    assert subjects(articles, "القمح يرتفع") == ()


def test_a_question_keeps_its_mark(room):
    title = "ما الذي تغيّر في أسعار القمح؟ جولة في ثلاث أسواق من دمشق إلى القامشلي"
    assert subjects([room.article("a", title=title)], title)[0] == "ما الذي تغيّر في أسعار القمح؟"


def test_the_preheader_is_the_leads_summary_or_goes_on_with_the_next(room):
    long = "هطلت أمطار مبكرة على بادية حماة وأطراف السلمية ليلة السبت"
    first = room.article("a", title="القمح", summary="القمح.")
    second = room.article("b", summary="قصير")
    third = room.article("c", summary=long)
    assert preheader_of([third, second], "القمح") == long
    assert preheader_of([first, second, third], "القمح") == f"قصير · {long}"
    assert preheader_of([], "القمح") == ""


def test_the_other_preheader_names_what_follows(room):
    articles = [room.article(slug, title=f"عنوان طويل بعض الشيء {slug}") for slug in "abc"]
    assert preheaders(articles, "س", "ش") == ("عنوان طويل بعض الشيء b · عنوان طويل بعض الشيء c",)
    assert preheaders(articles[:1], "س", "ش") == ()


texts = st.text(alphabet="اب\u064eتd ،.:؟12", min_size=1, max_size=120)


@given(st.lists(texts, min_size=1, max_size=4), texts)
def test_nothing_offered_is_too_long_or_the_subject(titles, summary):
    articles = [
        Article(slug=f"a{n}", title=title, summary=summary, language="ar", direction="rtl")
        for n, title in enumerate(titles)
    ]
    offered = subjects(articles, titles[0])
    assert len(offered) <= 3
    assert all(len(one) <= SUBJECT and one != titles[0] for one in offered)
    assert len(preheader_of(articles, titles[0])) <= PREHEADER_MOST
