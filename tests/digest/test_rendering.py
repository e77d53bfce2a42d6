"""One rendering serves all: what stands in it, and what can never get into it."""

import re
from html import unescape

import pytest

from newsletter_cli.articles.model import (
    CodeBlock,
    CodeSpan,
    Emphasis,
    Figure,
    Heading,
    Link,
    ListBlock,
    Note,
    Picture,
    Quote,
    Related,
    RelatedBlock,
    Rule,
    SourceLine,
    Span,
    Strong,
    Table,
    Text,
)
from newsletter_cli.digest.freeze import freeze
from newsletter_cli.digest.model import Choice, Size
from newsletter_cli.digest.slots import nonce_for
from newsletter_cli.digest.standalone import with_pictures_inside
from newsletter_cli.errors import RefusedError, UsageError
from newsletter_cli.mail.document import Place, Slot
from newsletter_cli.settings import load_settings
from tests.digest.making import filled, paragraph, shown


def words(html: str) -> str:
    """The page's words, tags and head taken out."""
    body = re.sub(r"<head>.*</head>|<!--.*?-->", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("\u00a0", " ").split())


def slots(document) -> list[Slot]:
    return [piece for piece in document.pieces if isinstance(piece, Slot)]


def test_equal_inputs_give_the_same_version_and_a_changed_word_another(room):
    first = freeze(room.issue(room.article(), intro="مرحبا [[ name | default('قارئنا') ]]"))
    again = freeze(room.issue(room.article(), intro="مرحبا [[ name | default('قارئنا') ]]"))
    other = freeze(room.issue(room.article(), intro="أهلا [[ name | default('قارئنا') ]]"))
    assert first == again
    assert first.digest_hex() == again.digest_hex() != other.digest_hex()


def test_every_part_of_the_message_has_its_way_out_and_its_web_copy(room):
    issue = room.issue(room.article())
    assert Slot("unsubscribe", Place.URL) in slots(issue.html)
    assert Slot("view", Place.URL) in slots(issue.html)
    lines = filled(issue.text).split("\n")
    for url in (
        "https://news.example.org/u/token",
        "https://news.example.org/v/token",
        "https://news.example.org/v/token?theme=dark",
    ):
        assert url in lines  # alone on its line, no mark beside it


def test_brackets_and_braces_of_an_article_print_literally(room):
    marker = f"nl{nonce_for((), 0)}000z"  # what hides the first piece of a digest
    hostile = f"{{{{ 7*7 }}}} {{% raw %}} [[ email ]] [% if x %] <script>alert(1)</script> {marker}"
    issue = room.issue(room.article("a", hostile, title=hostile))
    html = filled(issue.html)
    assert unescape(re.sub(r"</?span[^>]*>", "", html)).count(hostile) >= 3  # contents, title, paragraph
    assert "<script" not in html
    assert hostile in filled(issue.text).replace("\u200e", "")


def test_a_subject_taken_from_a_title_is_no_code(room):
    issue = room.issue(room.article(), subject="عن [[ '[' ]][ email ]]")
    assert filled(issue.subject) == "عن [[ email ]]"


def test_the_subject_gets_a_mark_only_when_it_begins_latin(room):
    assert shown(room.issue(room.article(), subject="Google تطلق خريطة").subject) == "\u200fGoogle تطلق خريطة"
    assert shown(room.issue(room.article(), subject="أسعار Google").subject) == "أسعار Google"
    assert shown(room.issue(room.article(), subject="[[ name | default('قارئنا') ]]، مرحبا").subject) == (
        "[[name | default('قارئنا')]]، مرحبا"
    )


def test_the_intro_is_markdown_with_slots_blocks_and_links_of_the_reader(room):
    intro = (
        "أهلا **[[ name | default('قارئنا') ]]**، [نسختك]([[ view ]]).\n\n[% if city %]\nمن [[ city ]].\n[% endif %]\n"
    )
    issue = room.issue(room.article(), intro=intro)
    html = filled(issue.html, city="حلب")
    assert '<strong><span dir="auto">ليلى</span></strong>' in html
    assert '<a href="https://news.example.org/v/token" class="link"' in html
    assert "من <span" in html
    assert "من <span" not in filled(issue.html)
    assert "من \u2068حلب\u2069." in filled(issue.text, city="حلب")
    assert "[%" not in html + filled(issue.text)


def test_a_readers_value_is_escaped_wherever_it_stands(room):
    issue = room.issue(room.article(), subject="إلى [[ name ]]", intro="أهلا [[ name ]]")
    name = "<b>\"x\"&'y'\r\nBcc: z@example.org"
    assert "<b>" not in filled(issue.html, name=name)
    assert "\n" not in filled(issue.subject, name=name)


def test_every_block_and_inline_has_its_place_in_both_parts(room, picture):
    blocks = (
        paragraph("المقدمة."),
        Heading(2, (Text("عنوان فرعي"),)),
        ListBlock(True, ((paragraph("أولا"),), (paragraph("ثانيا"), paragraph("تتمة"))), start=3),
        ListBlock(False, ((paragraph("نقطة"), ListBlock(False, ((paragraph("فرعية"),),))),)),
        Quote((paragraph("قول مأثور"),)),
        Figure(picture(room.picture("in.png"), caption="تعليق الصورة", credit="سمير")),
        RelatedBlock("اقرأ المزيد:\u00a0", Related("مقال قريب", "https://a.org/near")),
        Note((paragraph("ملاحظة المحرر"),)),
        Table(((Text("السنة"),), (Text("الطن"),)), (((Text("2025"),), (Text("210"),)),)),
        CodeBlock("a = 1\n  b = 2\n"),
        Rule(),
        SourceLine("وكالة الأنباء"),
        paragraph_of(
            Strong((Text("قوي"),)),
            Emphasis((Text("مائل"),)),
            Link("https://a.org/x?y=1&z=2", (Text("رابط"),)),
            CodeSpan("x < y"),
            Span("en", "", (Text("Hello"),)),
            Text(" هاتف +963 11 555 0199 تمام"),
        ),
    )
    issue = room.issue(room.article("a", kicker="وسم", author="سلمى", blocks=blocks))
    html, text = filled(issue.html), filled(issue.text)
    said_once = "وسم|بقلم|سلمى|عنوان فرعي|أولا|تتمة|فرعية|قول مأثور|تعليق الصورة|تصوير: سمير|اقرأ المزيد:|مقال قريب"
    said_too = "ملاحظة المحرر|السنة|210|a = 1|المصدر: وكالة الأنباء|قوي|مائل|رابط|Hello"
    for said in (said_once + "|" + said_too).split("|"):
        assert said in words(html), said
        assert said in text, said
    assert '<span dir="ltr">+963 11 555 0199</span>' in html
    assert "\u200e+963 11 555 0199\u200e" in text
    assert 'lang="en" dir="ltr"' in html
    assert "x &lt; y" in html
    assert 'start="3"' in html
    assert "list-style-type:arabic-indic" in html
    assert "٣. أولا" in text
    assert "\nhttps://a.org/x?y=1&z=2\n" in text
    assert "\nhttps://a.org/near\n" in text
    assert "a = 1\n  b = 2\n" in text
    assert "[صورة: تعليق الصورة · تصوير: سمير]" in text


def paragraph_of(*inlines):
    return paragraph("").__class__(inlines)


def test_html_and_text_name_the_same_links_in_the_same_order(room):
    room = room.set(newsroom={"website": "https://a.org/home"})
    body = paragraph_of(
        Text("انظر "), Link("https://a.org/1", (Text("هنا"),)), Link("https://a.org/2", (Text("وهنا"),))
    )
    articles = [
        room.article("a", url="https://a.org/a", blocks=(body,), related=(Related("قريب", "https://a.org/3"),)),
        room.article("b", url="https://a.org/b"),
    ]
    issue = room.issue(*articles)
    html = re.findall(r'href="(https://a\.org/[^"]*)"', filled(issue.html))
    text = re.findall(r"^https://a\.org/\S*$", filled(issue.text), re.MULTILINE)
    contents = ["https://a.org/home", "https://a.org/a", "https://a.org/b"]
    assert list(dict.fromkeys(html[3:])) == list(dict.fromkeys(text))
    assert html[:3] == contents


def test_sizes_follow_the_order_unless_the_file_says_otherwise(room):
    articles = [room.article(slug, f"نص {slug}.", "بقية النص الطويل.") for slug in "abcdefg"]
    issue = room.issue(*articles, choices=["a", "b", "c", "d", "e", Choice("f", Size.FULL), "g"])
    assert [entry.size for entry in issue.entries] == ["full", "card", "card", "card", "card", "full", "line"]
    html = words(filled(issue.html))
    assert html.count("بقية النص الطويل.") == 2
    assert "نص e." in html
    assert "نص g." not in html


def test_a_card_says_no_more_than_its_summary(room):
    long = " ".join(["كلمة"] * 200)
    issue = room.issue(room.article("a"), room.article("b", long))
    card = re.search(r"(?:كلمة )+كلمة\u00a0…", filled(issue.html))
    assert card is not None
    assert len(card[0]) <= 222


def test_an_article_in_another_language_has_its_own_direction(room):
    issue = room.issue(room.article("a"), room.article("b", "An English text.", language="en", url="https://a.org/b"))
    html = filled(issue.html)
    english = html[html.index('<div lang="en" dir="ltr"') :]
    assert english.startswith('<div lang="en" dir="ltr" style="direction:ltr;text-align:left">')
    assert "Read more</a> <span" in english
    assert "→" in english
    assert "An English text." in filled(issue.text).split("\n")  # no right-to-left mark before it


def test_a_caption_that_repeats_the_kicker_is_shown_once(room):
    figure = Figure(Picture("", None, "استخبارات أذرية"))
    issue = room.issue(room.article("a", kicker="استخبارات أذرية", blocks=(paragraph("نص."), figure)))
    assert words(filled(issue.html)).count("استخبارات أذرية") == 1
    assert "[صورة" not in filled(issue.text)


def test_a_description_that_repeats_the_caption_is_not_read_twice(room, picture):
    image = picture(room.picture("w.png"), alt="حقل القمح", caption="حقل القمح")
    assert 'alt=""' in filled(room.issue(room.article("a", image=image)).html)


def test_a_picture_is_published_by_its_hash_and_keeps_its_real_width(room, picture):
    small = room.article("a", image=picture(room.picture("small.png", 300, 200)))
    wide = room.article("b", image=picture(room.picture("wide.png", 1056, 600)))
    issue = room.issue(small, wide, choices=["a", Choice("b", Size.FULL)])
    assert len(issue.pictures) == 2
    for stored, width in zip(issue.pictures, ("300", "528"), strict=True):
        assert f'<img src="http://127.0.0.1:8400/a/{stored.hash}" width="{width}"' in filled(issue.html)
    assert "height=" not in re.search(r"<img[^>]*>", filled(issue.html))[0]
    assert freeze(issue).online_pictures == tuple(stored.hash for stored in issue.pictures)


def test_a_picture_can_travel_inside_the_message(room, picture):
    room = room.set(compose={"images": "cid"})
    issue = room.issue(room.article("a", image=picture(room.picture("w.png"))))
    (inside,) = freeze(issue).pictures
    assert inside.media_type == "image/png"
    assert f'src="cid:{inside.content_id}"' in filled(issue.html)
    assert inside.content_id.endswith("@example.org")
    assert issue.pictures == ()


def test_a_lost_picture_leaves_its_caption_and_a_word(room, picture):
    issue = room.issue(room.article("a", image=picture("missing.png", caption="تعليق")))
    assert "<img" not in filled(issue.html)
    assert "تعليق" in words(filled(issue.html))
    assert [(one.slug, one.key, one.why) for one in issue.lost_pictures] == [
        ("a", "image", "there is no file missing.png")
    ]


def test_the_logo_carries_the_newsrooms_name(room):
    (room.root / "logo.png").write_bytes((room.root / "articles" / room.picture("x.png", 480, 96)).read_bytes())
    issue = room.set(newsroom={"logo": "logo.png"}).issue(room.article())
    logo = re.search(r'<img[^>]*alt="أخبار الاختبار"[^>]*>', filled(issue.html))
    assert logo is not None
    assert 'width="240"' in logo[0]


def test_the_date_is_in_the_newsrooms_digits_and_months(room):
    issue = room.issue(room.article("a"), room.article("b"))
    assert "الاثنين، ١٢\u00a0تشرين\u00a0الأول\u00a0٢٠٢٦" in filled(issue.html)
    egypt = room.set(newsroom={"locale": "ar-EG", "digits": "latn"}).issue(room.article("a"), room.article("b"))
    assert "الاثنين، 12\u00a0أكتوبر\u00a02026" in filled(egypt.html)


def test_without_a_date_of_its_own_the_issue_has_that_of_its_newest_article(room):
    issue = room.issue(room.article("a"), room.article("b"), date=None)
    assert "١٢\u00a0تشرين\u00a0الأول\u00a0٢٠٢٦" in filled(issue.text)


def test_the_sign_up_button_leads_to_the_website_and_without_one_there_is_an_address(room):
    website = filled(room.set(newsroom={"website": "https://a.org"}).issue(room.article()).html)
    assert re.search(r'<a href="https://a\.org"[^>]*>الاشتراك في النشرة</a>', website)
    without = filled(room.issue(room.article()).html)
    assert "الاشتراك في النشرة" not in without
    assert '<a href="mailto:news@example.org"' in without
    assert "اشترك في قائمتنا البريدية" in without


def test_a_list_may_speak_another_language_under_another_name(room):
    (room.root / "newsletter.toml").write_text(
        (room.root / "newsletter.toml").read_text(encoding="utf-8")
        + '\n[lists.english]\ntitle = "Weekly"\nlanguage = "en"\n'
        + 'from = "Desk <desk@example.com>"\nreply_to = "a@example.com"\n',
        encoding="utf-8",
    )
    settings = load_settings(room.root, env={}).settings
    room = type(room)(room.newsroom, settings)
    content = freeze(room.issue(room.article("a", language="en", title="Wheat"), list="english", subject="Wheat"))
    assert content.language == "en"
    assert content.sender.address == "desk@example.com"
    assert content.reply_to.address == "a@example.com"
    assert content.list_id == "english.example.com"
    assert 'lang="en" dir="ltr"' in shown(content.html)
    assert "Unsubscribe" in shown(content.text)


def test_a_second_way_out_stands_at_the_top_only_when_gmail_might_cut_the_end_off(room):
    small = room.issue(room.article())
    large = room.issue(room.article("a", *["كلمة " * 400] * 45))
    assert [slot.expression for slot in slots(small.html)].count("unsubscribe") == 1
    assert [slot.expression for slot in slots(large.html)].count("unsubscribe") == 2
    assert "nl" + "large" not in shown(large.html)


def test_an_unknown_article_or_list_is_named_with_file_and_line(room):
    with pytest.raises(UsageError) as caught:
        room.issue(room.article("wheat"), choices=[Choice("weat", line=7)])
    assert caught.value.message == "There is no article “weat”. Did you mean “wheat”?"
    assert ("file", "digests/2026-w42.md:7") in caught.value.facts
    with pytest.raises(UsageError, match="Did you mean “weekly”"):
        room.issue(room.article(), list="weakly")


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("digest.html.j2", "{{ byline(article) }}", "{{ byline(artcle) }}", "did you mean “article”"),
        ("digest.html.j2", "{{ article.kicker }}", "{{ article.kiker }}", "did you mean “kicker”"),
        ("digest.txt.j2", "{{ issue.date }}", "{{ issue.dat }}", "unknown variable “dat”, did you mean “date”"),
        ("digest.html.j2", "{{ issue.date }}", "{% for %}", "templates/digest.html.j2:"),
        ("digest.html.j2", "{{ issue.date }}", '{{ t("digest.nothing") }}', "digest.nothing"),
        ("digest.html.j2", "{{ issue.date }}", "{% include '../secret' %}", "no file of the theme"),
        ("digest.html.j2", "{{ issue.date }}", "{{ issue.__class__.__mro__ }}", "templates/digest.html.j2:"),
        ("digest.html.j2", "{{ issue.date }}", "{% for i in [0] * 99999 %}{{ 'x' * 99 }}{% endfor %}", "2 MiB"),
        ("digest.html.j2", "{{ issue.date }}", "{{ 1 / 0 }}", "templates/digest.html.j2:"),
        ("digest.html.j2", "{{ issue.date }}", "[[ name | upper ]]", "templates/digest.html.j2:"),
        ("style.css", ".paper {", "@import 'x';\n.paper {", "templates/style.css:"),
    ],
)
def test_a_fault_in_a_template_is_told_with_its_line_and_a_guess(room, name, old, new, told):
    room.template(name, old, new)
    with pytest.raises(RefusedError) as caught:
        room.issue(room.article("a", kicker="وسم"), room.article("b", kicker="وسم"))
    assert caught.value.code == "TEMPLATE"
    assert caught.value.exit == 5
    assert told in caught.value.message
    if "2 MiB" not in told:
        assert re.match(rf"templates/{re.escape(name)}:\d+ ", caught.value.message), caught.value.message


def test_a_theme_cannot_be_a_file_outside_of_its_folders(room):
    (room.root / "secret.html.j2").write_text("secret", encoding="utf-8")
    (room.root / "templates" / "evil.html.j2").symlink_to(room.root / "secret.html.j2")
    with pytest.raises(RefusedError, match="no template “evil"):
        room.issue(room.article(), template="evil")


def test_guillemets_come_only_when_asked_for(room):
    article = room.article("a", 'قال "نعم" وذهب.')
    assert 'قال "نعم"' in filled(room.issue(article).text)
    assert "قال «نعم»" in filled(room.set(compose={"quotes": "guillemets"}).issue(article).text)


@pytest.mark.parametrize("images", ["link", "cid"])
def test_a_page_can_carry_its_own_pictures_for_a_look_without_a_server(room, picture, images):
    room = room.set(compose={"images": images})
    issue = room.issue(room.article("a", image=picture(room.picture("w.png"))))
    page = with_pictures_inside(filled(issue.html), "http://127.0.0.1:8400", issue.pictures, issue.inline_pictures)
    assert 'src="data:image/png;base64,iVBOR' in page
    assert "cid:" not in page
    assert "/a/" not in page
