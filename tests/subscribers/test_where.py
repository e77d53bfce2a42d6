import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.errors import UsageError
from newsletter_cli.subscribers.where import (
    EVERYBODY,
    MOST,
    STATUSES,
    And,
    Expr,
    Field,
    Not,
    Or,
    Term,
    expression,
    parse_where,
    terms,
)

SPORT, VIP, WEEKLY = Term(Field.TAG, "sport"), Term(Field.TAG, "vip"), Term(Field.LIST, "weekly")


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        ("", EVERYBODY),
        ("  \t\n ", EVERYBODY),
        ("tag:sport", SPORT),
        ("TAG:Sport", SPORT),
        ("-tag:sport", Not(SPORT)),
        ("not tag:sport", Not(SPORT)),
        ("tag:sport tag:vip", And((SPORT, VIP))),
        ("tag:sport and tag:vip", And((SPORT, VIP))),
        ("tag:sport or tag:vip", Or((SPORT, VIP))),
        ("tag:sport OR tag:vip list:weekly", Or((SPORT, And((VIP, WEEKLY))))),
        ("(tag:sport or tag:vip) list:weekly", And((Or((SPORT, VIP)), WEEKLY))),
        ("(tag:sport or tag:vip)list:weekly", And((Or((SPORT, VIP)), WEEKLY))),
        ("-(tag:sport or tag:vip)", Not(Or((SPORT, VIP)))),
        ("((tag:sport))", SPORT),
        ("tag:or", Term(Field.TAG, "or")),
        ('tag:"كأس العالم"', Term(Field.TAG, "كأس العالم")),
        ("tag:«كأس العالم»", Term(Field.TAG, "كأس العالم")),
        ("tag:“كأس العالم”", Term(Field.TAG, "كأس العالم")),
        (r'tag:"a \"b\" \\ c"', Term(Field.TAG, r'a "b" \ c')),
        ("domain:مثال.إختبار", Term(Field.DOMAIN, "xn--mgbh0fb.xn--kgbechtv")),
        ("domain:@GMail.com", Term(Field.DOMAIN, "gmail.com")),
        (
            "received:2026-w42 -failed:2026-w41",
            And((Term(Field.RECEIVED, "2026-w42"), Not(Term(Field.FAILED, "2026-w41")))),
        ),
    ],
)
def test_a_filter_reads_as_it_is_written(text, expr):
    assert parse_where(text) == expr


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("sport", 1, "“sport” has no field. Did you mean “tag:sport”?"),
        ("tag:", 1, "“tag:” needs a value, such as tag:sport."),
        ("tgo:x", 1, "Did you mean “tag:”?"),
        ("tag:a city:دمشق", 7, "“city” is nothing that can be asked here."),
        ("tag:a joined>2026-01-01", 7, "“joined>” cannot be asked here"),
        ("status:aktive", 1, "There is no status “aktive”."),
        ("(tag:a", 1, "This parenthesis is never closed."),
        ("tag:a )", 7, "This parenthesis closes nothing."),
        ("()", 2, "A term such as tag:sport belongs here."),
        ("tag:a or", 9, "A term such as tag:sport belongs here."),
        ("or tag:a", 1, "A term such as tag:sport belongs here."),
        ("-", 2, "A term such as tag:sport belongs here."),
        ('tag:"sport', 5, "This quotation mark has no partner."),
        ('"sport"', 1, "A value in quotation marks needs a field before it"),
        ("domain:ex_ample.عربي", 1, "is not a host name"),
        ("(" * 60 + "tag:a" + ")" * 60, 41, "More than 40 parentheses"),
    ],
)
def test_a_refusal_names_the_place_and_what_is_known(text, place, says):
    with pytest.raises(UsageError) as refused:
        parse_where(text)
    assert (refused.value.code, refused.value.details["position"]) == ("USAGE", place)
    assert says.replace("is not a host name", "not a host name") in refused.value.message
    assert ("place", f"character {place}") in refused.value.facts


def test_a_refusal_lists_every_field_that_can_be_asked():
    with pytest.raises(UsageError) as refused:
        parse_where("city:x")
    assert all(f"{field}:" in refused.value.fix for field in Field)


def test_a_list_of_a_thousand_questions_is_refused():
    with pytest.raises(UsageError, match=f"more than {MOST} questions"):
        parse_where(" ".join(f"tag:t{n}" for n in range(MOST + 1)))


def exprs() -> st.SearchStrategy[Expr]:
    words = st.text(min_size=1, max_size=12).map(normal).filter(lambda text: text and normal(text) == text)
    tags = st.builds(Term, st.just(Field.TAG), words)
    statuses = st.builds(Term, st.just(Field.STATUS), st.sampled_from(STATUSES))
    return st.recursive(
        st.one_of(tags, statuses),
        lambda part: st.one_of(
            st.builds(Not, part),
            st.builds(And, st.lists(part, min_size=2, max_size=3).map(tuple)),
            st.builds(Or, st.lists(part, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=8,
    )


def normal(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())


@given(exprs())
@example(Not(Not(Term(Field.TAG, 'a"b\\'))))
@example(And((And((SPORT, VIP)), Or((SPORT, Not(Or((VIP, WEEKLY))))))))
def test_an_expression_comes_back_as_it_went(expr):
    assert parse_where(expression(expr)) == expr


@given(st.text(max_size=60) | st.text(alphabet='tag:-()" or«»“”\\x>', max_size=40))
def test_any_text_is_an_expression_or_a_refusal_with_a_place(text):
    try:
        expr = parse_where(text)
    except UsageError as error:
        refused = error
    else:
        assert all(isinstance(term, Term) for term in terms(expr))
        return
    assert 1 <= refused.details["position"] <= len(text) + 1
