"""Links that may reach a reader, and names that an editor can type."""

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.articles import check_url, slug_for
from newsletter_cli.articles.model import Link, Strong, Text
from newsletter_cli.articles.slugs import free_slug
from newsletter_cli.articles.urls import WEB, a_label, disguised_host
from newsletter_cli.newsroom import is_slug


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://news.example/مقال/1?q=ا#x", "https://news.example/%D9%85%D9%82%D8%A7%D9%84/1?q=%D8%A7#x"),
        ("HTTPS://News.Example/A%2fb%zz", "https://news.example/A%2fb%25zz"),
        ("https://مثال.إختبار/", "https://xn--mgbh0fb.xn--kgbechtv/"),
        ("https://münchen.example:8443/a b", "https://xn--mnchen-3ya.example:8443/a%20b"),
        ("mailto:desk@news.example?subject=Hi&bcc=x@y.z&body=b", "mailto:desk@news.example?subject=Hi"),
        ("tel:+963 11 (22) 33", "tel:+963112233"),
        ("https://news.example/{{x}}[[y]]", "https://news.example/%7B%7Bx%7D%7D%5B%5By%5D%5D"),
    ],
)
def test_a_good_link_comes_back_in_one_form(url, checked):
    assert check_url(url).url == checked
    assert check_url(checked).url == checked


@pytest.mark.parametrize(
    "url",
    [
        "", "#top", "/relative", "//host.example/x", "page.html", "javascript:alert(1)", "data:text/html,x",
        "file:///etc/passwd", "ftp://a.example/", "https://user:pass@a.example/", "https://127.0.0.1/",
        "https://2130706433/", "https://0x7f.1/", "https://[::1]/", "https://localhost/", "https://printer/",
        "https://nas.local/", "https://db.internal/", "https://a.example:99999/", "https://a b.example/",
        "https://a.example:x/", "mailto:nobody", "mailto:a@b.example,c@d.example", "tel:call-me", "https://",
        "https://" + "a" * 3000 + ".example/", "java\nscript:alert(1)",
    ],
)  # fmt: skip
def test_a_link_that_may_not_reach_a_reader_is_refused_with_a_reason(url):
    checked = check_url(url)
    assert checked.url == ""
    assert checked.problem


def test_relative_links_are_resolved_against_the_articles_address_only():
    base = "https://news.example/2026/a.html"
    assert check_url("b.html", base=base).url == "https://news.example/2026/b.html"
    assert check_url("//other.example/x", base=base).url == "https://other.example/x"
    assert check_url("javascript:x", base=base).url == ""
    assert check_url("mailto:a@b.example", schemes=WEB).url == ""


@given(st.text(max_size=60))
def test_any_text_is_judged_and_checking_twice_is_once(text):
    found = check_url("https://" + text)
    assert found.url == "" or (found.url.isascii() and check_url(found.url).url == found.url)


@pytest.mark.parametrize("host", ["مثال.إختبار", "bücher.example", "שלום.example", "نامه‌ای.example", "example.org"])
def test_host_names_are_written_as_idna_does(host):
    assert a_label(host) == idna.encode(host, uts46=True).decode()


@pytest.mark.parametrize(
    ("words", "url", "hosts"),
    [
        ("bank.com", "https://thief.example/", ("bank.com", "thief.example")),
        ("https://bank.example/login", "https://thief.example/", ("bank.example", "thief.example")),
        ("انظر www.bank.example/x هنا", "https://thief.example/", ("www.bank.example", "thief.example")),
        ("www.bank.example/x", "https://bank.example/x", None),
        ("Node.js", "https://nodejs.example/", None),
        ("اقرأ المزيد", "https://news.example/", None),
        ("desk@bank.com", "mailto:desk@bank.com", None),
    ],
)
def test_a_text_that_names_another_host_than_its_link_is_seen(words, url, hosts):
    assert disguised_host(Link(url, (Strong((Text(words),)),))) == hosts


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("ما الذي تغيّر في أسعار القمح؟", "ma-al-dhi-tghyyr-fi-asaar-al-qmh"),
        ("سوق الخميس يعود إلى ساحته القديمة", "suq-al-khmis-yaud-ila-sahth-al-qdima"),
        ("پاکستان میں گندم", "pakstan-min-gndm"),
        ("שוק העבודה", "shok-habodh"),
        ("L’été à Paris", "l-ete-a-paris"),
        ("حصاد ٢٠٢٦", "hsad-2026"),
        ("٢٠٢٦", "article-2026"),
        ("؟!", "article"),
    ],
)
def test_a_title_becomes_a_name_by_its_sound(title, slug):
    assert slug_for(title) == slug


@given(st.text(max_size=120))
def test_every_title_gives_a_slug(title):
    assert is_slug(slug_for(title))


@given(st.text(alphabet="abc-", max_size=64).filter(is_slug), st.integers(0, 12))
def test_a_taken_slug_gets_the_next_number(slug, taken):
    names: set[str] = set()
    for _ in range(taken):
        names.add(free_slug(slug, names))
    free = free_slug(slug, names)
    assert free not in names
    assert is_slug(free)


def test_numbers_begin_at_two():
    assert free_slug("wheat", {"wheat"}) == "wheat-2"
    assert free_slug("wheat", {"wheat", "wheat-2"}) == "wheat-3"
    assert free_slug("x" * 64, {"x" * 64}) == "x" * 62 + "-2"
