"""Feeds: one article for each entry, once, on the newsroom's day."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from newsletter_cli.articles.fetching import Fetched
from newsletter_cli.articles.importing import How, Shelf, import_any, import_url, override_values
from newsletter_cli.articles.model import Link, Paragraph, Picture, Text
from newsletter_cli.errors import RefusedError, UsageError
from newsletter_cli.newsroom import Newsroom

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>جريدة السهل</title><link>https://sahl.example/</link><language>ar</language>
<item><title>مخابز درعا تعود إلى العمل</title><link>https://sahl.example/bread</link><guid>id-1</guid>
<pubDate>Tue, 06 Oct 2026 22:30:00 +0000</pubDate><dc:creator>لمى الزعبي</dc:creator><category>محليات</category>
<enclosure url="https://sahl.example/oven.jpg" type="image/jpeg" length="9"/>
<content:encoded>
<![CDATA[<p>عاد أحد عشر مخبزا إلى <a href="/work">العمل</a>.</p><script>alert(1)</script>]]></content:encoded></item>
<item><title>أمطار على الساحل</title><link>https://sahl.example/rain</link>
<pubDate>Sun, 04 Oct 2026 08:00:00 +0300</pubDate><description>هطلت أمطار غزيرة على الساحل.</description></item>
<item><title>بلا نص</title><link>https://sahl.example/empty</link></item>
<item><link>https://sahl.example/untitled</link><description>نص بلا عنوان.</description></item>
</channel></rss>""".encode()
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="he"><title>המפרץ</title><entry><id>urn:1</id>
<title>השוק בעכו ייפתח בלילות</title><link href="https://mifratz.example/akko"/>
<updated>2026-09-30T07:45:00+03:00</updated>
<author><name>דנה לוי</name></author>
<content type="html">&lt;p&gt;השוק הטורקי ייפתח החל מדצמבר.&lt;/p&gt;</content></entry></feed>"""
HOW = How(zone=ZoneInfo("Asia/Damascus"))


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    (tmp_path / "room" / "articles").mkdir(parents=True)
    return Shelf.of(Newsroom(tmp_path / "room"))


def test_each_entry_is_an_article_and_what_has_no_text_is_named(shelf):
    arrivals = import_any(RSS, "feed.xml", ".xml", shelf, HOW)
    first, second = (one.article for one in arrivals.done)
    assert (first.title, first.date, first.author, first.kicker, first.url) == (
        "مخابز درعا تعود إلى العمل", date(2026, 10, 7), "لمى الزعبي", "محليات", "https://sahl.example/bread",
    )  # fmt: skip
    assert first.image == Picture("https://sahl.example/oven.jpg", None)
    assert first.blocks == (
        Paragraph((Text("عاد أحد عشر مخبزا إلى "), Link("https://sahl.example/work", (Text("العمل"),)), Text("."))),
    )
    assert (second.title, second.date) == ("أمطار على الساحل", date(2026, 10, 4))
    assert "The feed gives only a summary of this article." in second.warnings
    assert [(one.shown, one.code) for one in arrivals.failures] == [
        ("feed.xml: https://sahl.example/empty", "NO-BODY"), ("feed.xml: https://sahl.example/untitled", "NO-TITLE"),
    ]  # fmt: skip


def test_an_entry_makes_no_second_file_even_when_its_feed_has_changed(shelf):
    first = import_any(RSS, "feed.xml", ".xml", shelf, HOW).done
    again = import_any(
        RSS.replace("غزيرة".encode(), "قليلة".encode()), "feed.rss", ".rss", Shelf.of(shelf.newsroom), HOW
    )
    assert [one.already for one in again.done] == [True, True]
    assert [one.article.path for one in again.done] == [one.article.path for one in first]


def test_since_is_the_newsrooms_day(shelf):
    how = How(zone=HOW.zone, since=date(2026, 10, 7))
    arrivals = import_any(RSS, "feed.xml", ".xml", shelf, how)
    assert [one.article.title for one in arrivals.done] == ["مخابز درعا تعود إلى العمل"]
    assert arrivals.passed == 1


def test_an_atom_feed_in_another_language(shelf):
    article = import_any(ATOM.encode(), "x", None, shelf, HOW).done[0].article
    assert (article.title, article.date, article.author, article.language) == (
        "השוק בעכו ייפתח בלילות", date(2026, 9, 30), "דנה לוי", "he",
    )  # fmt: skip


def test_fields_of_one_article_are_refused_for_several(shelf):
    with pytest.raises(UsageError):
        import_any(RSS, "feed.xml", ".xml", shelf, How(overrides=override_values({"title": "س"}, ())))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'<!DOCTYPE r [<!ENTITY a "b">]><rss><channel><item><title>&a;</title></item></channel></rss>', "entities"),
        (b"<settings><a/></settings>", "files of the kind .xml are not read"),
    ],
)
def test_what_is_no_feed_or_a_dangerous_one_is_refused(shelf, data, says):
    with pytest.raises(RefusedError, match=says):
        import_any(data, "feed.xml", ".xml", shelf, HOW)


def test_a_feed_behind_an_address_is_a_feed_and_a_page_is_a_page(shelf):
    feed = import_url(
        "https://sahl.example/feed", shelf, HOW, fetch=lambda url: fetched(url, RSS, "application/rss+xml")
    )
    assert len(feed.done) == 2
    page = "<html><body><h1>عنوان المقال</h1><p>نص <a href='/b'>ب</a></p><img src='/a.png' alt='س'></body></html>"
    data = page.encode("windows-1256")
    article = import_url(
        "https://sahl.example/a", shelf, HOW, fetch=lambda url: fetched(url, data, "text/html", "windows-1256")
    ).done[0].article  # fmt: skip
    assert (article.title, article.url) == ("عنوان المقال", "https://sahl.example/a")
    assert article.blocks[0] == Paragraph((Text("نص "), Link("https://sahl.example/b", (Text("ب"),))))
    assert article.blocks[1].picture.source == "https://sahl.example/a.png"


def fetched(url, body, media_type, charset=""):
    return Fetched(body=body, media_type=media_type, charset=charset, url=url)
