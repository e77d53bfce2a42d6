"""Which articles a digest gets, in which order, from where on."""

import datetime

import pytest

from newsletter_cli.digest.choose import LeftOut, Since, added, named, ordered, pick
from newsletter_cli.digest.compose import Order, correction_id, correction_subject, default_id, new_file, since_last
from newsletter_cli.digest.model import Choice, Size
from newsletter_cli.errors import ConfigError, UsageError

DAY = datetime.date(2026, 10, 12)
ORDER = ("weight", "-date")


def day(n: int) -> datetime.date:
    return datetime.date(2026, 10, n)


def slugs(articles) -> list[str]:
    return [article.slug for article in articles]


def test_the_newest_come_first_and_what_is_left_out_says_why(room):
    articles = [
        room.article("old", date=day(1)),
        room.article("first", date=day(10)),
        room.article("second", date=day(11)),
        room.article("draft", draft=True),
        room.article("undated", date=None),
        room.article("seen", date=day(7)),
    ]
    picked = pick(articles, Since(day(7), "2026-w41", frozenset({"seen"})), limit=1, order=ORDER)
    assert slugs(picked.articles) == ["second"]
    assert set(picked.left_out) == {
        LeftOut("old", "older"), LeftOut("draft", "draft"), LeftOut("undated", "no date"),
        LeftOut("seen", "in 2026-w41"), LeftOut("first", "limit"),
    }  # fmt: skip


def test_weights_come_before_dates_and_no_weight_after_them(room):
    articles = [
        room.article("plain", date=day(12)),
        room.article("two", weight=2, date=day(1)),
        room.article("one", weight=1, date=day(1)),
        room.article("top", weight=-1, date=day(1)),
        room.article("older", date=day(11)),
    ]
    assert slugs(ordered(articles, ORDER)) == ["top", "one", "two", "plain", "older"]
    assert slugs(ordered(articles, ("slug",))) == ["older", "one", "plain", "top", "two"]
    with pytest.raises(ConfigError, match="“-size” is none of"):
        ordered(articles, ("-size",))


def test_named_articles_keep_their_order_and_may_be_undated(room):
    articles = [room.article("b", date=None), room.article("a"), room.article("c-1", date=day(1)), room.article("c-2")]
    assert slugs(named(articles, ("b", "a"), ORDER).articles) == ["b", "a"]
    assert slugs(named(articles, ("b", "c-*", "c-1"), ORDER).articles) == ["b", "c-2", "c-1"]
    with pytest.raises(UsageError, match=r"no article “c-3”\. Did you mean “c-[12]”"):
        named(articles, ("c-3",), ORDER)
    with pytest.raises(UsageError, match="no article “z"):
        named(articles, ("z*",), ORDER)


def test_a_draft_stays_out_even_when_it_is_named(room):
    picked = named([room.article("a", draft=True), room.article("b")], ("a", "b"), ORDER)
    assert (slugs(picked.articles), picked.left_out) == (["b"], (LeftOut("a", "draft"),))


def test_new_articles_are_added_at_the_end(room):
    file = room.file(Choice("a", Size.LINE), "b")
    assert added(file, [room.article("b"), room.article("c")]).articles == (
        Choice("a", Size.LINE), Choice("b"), Choice("c"),
    )  # fmt: skip


def test_the_last_issue_is_the_last_that_was_sent_or_the_last_composed_while_none_was(room):
    files = [
        room.file("a", id="i1", date=day(1)),
        room.file("b", id="i2", date=day(5)),
        room.file("c", id="i4", date=day(9)),
    ]
    assert since_last(files, (), "i4") == Since(day(5), "i2", frozenset({"b"}))
    assert since_last(files, [("i3", day(8), frozenset({"x"}))], "i4") == Since(day(8), "i3", frozenset({"x"}))
    assert since_last((), (), "i1") == Since()


def test_what_was_written_between_composing_and_sending_is_new(room):
    files = [room.file("b", id="i2", date=day(5))]
    sent = [("i2", day(7), frozenset({"b"})), ("i1", day(1), frozenset({"a", "x"}))]
    assert since_last(files, sent, "i3") == Since(day(5), "i2", frozenset({"b"}), {"a": "i1", "x": "i1"})


def test_a_correction_ends_nothing(room):
    files = [room.file("b", id="i2", date=day(5)), room.file(id="i2-correction", date=day(8))]
    assert since_last(files, (), "i3") == Since(day(5), "i2", frozenset({"b"}))
    sent = [("i2-correction", day(8), frozenset()), ("i2", day(5), frozenset({"b"}))]
    assert since_last(files, sent, "i3") == Since(day(5), "i2", frozenset({"b"}))


def test_what_an_earlier_issue_had_is_left_out_with_its_name(room):
    since = Since(day(5), "i2", frozenset({"b"}), {"a": "i1"})
    picked = pick([room.article("a", date=day(9)), room.article("c", date=day(9))], since, limit=9, order=ORDER)
    assert (slugs(picked.articles), picked.left_out) == (["c"], (LeftOut("a", "in i1"),))


def test_a_file_may_be_named_by_its_path(room):
    articles = [room.article("b", date=None), room.article("a")]
    for name in ("articles/a.md", "./articles/a.md", "a.md", "articles/a*", str(room.root / "articles" / "a.md")):
        assert slugs(named(articles, (name,), ORDER, room.root).articles) == ["a"]
    with pytest.raises(UsageError, match="no article"):
        named(articles, ("articles/c.md",), ORDER, room.root)


def test_a_correction_gets_an_id_of_its_own():
    assert correction_id("i1", ["i1"]) == "i1-correction"
    assert correction_id("i1", ["i1", "i1-correction", "i1-correction-2"]) == "i1-correction-3"
    assert len(correction_id("i" * 64, [])) <= 64


def test_the_id_is_that_of_the_iso_week(room):
    assert default_id(room.settings, datetime.date(2027, 1, 2), "weekly") == "2026-w53"
    daily = room.set(compose={"id": "{list}-{year}{month:02}{day:02}"})
    assert default_id(daily.settings, DAY, "weekly") == "weekly-20261012"
    with pytest.raises(ConfigError, match=r"compose\.id can hold"):
        default_id(room.set(compose={"id": "{secret}"}).settings, DAY, "weekly")


def test_a_new_file_takes_its_subject_and_preheader_from_the_lead(room):
    lead = room.article("wheat", "نص " * 60, title="القمح [[ email ]] {lead.title}")
    file = new_file(Order(id="i1", list="weekly", day=DAY), [lead, room.article("b")], room.settings, room.newsroom)
    assert file.subject == "القمح [[ '[' ]][ email ]] {lead.title}"
    assert 30 <= len(file.preheader) <= 110
    assert [choice.slug for choice in file.articles] == ["wheat", "b"]
    assert (file.date, file.where, file.shown) == (DAY, "", "digests/i1.md")


def test_the_subject_may_be_put_together_or_given(room):
    room = room.set(compose={"subject": "{newsroom.name} · {lead.title}"})
    order = Order(id="i1", list="weekly", day=DAY)
    assert new_file(order, [room.article("a", title="ب")], room.settings, room.newsroom).subject == "أخبار الاختبار · ب"
    given = Order(id="i1", list="weekly", day=DAY, subject="إلى [[ name ]]", where="received:i0")
    file = new_file(given, [], room.settings, room.newsroom)
    assert (file.subject, file.where, file.articles) == ("إلى [[ name ]]", "received:i0", ())
    wrong = room.set(compose={"subject": "{lead.__class__}"}).settings
    with pytest.raises(ConfigError, match=r"compose\.subject"):
        new_file(order, [room.article("a")], wrong, room.newsroom)


def test_a_correction_says_so_in_the_readers_language():
    assert correction_subject("حصاد الأسبوع", "ar") == "تصحيح: حصاد الأسبوع"
