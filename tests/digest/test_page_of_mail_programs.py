"""What the drawn page is judged by: mail programs, contrast, dark mode; ordinary digests are left in peace."""

import io

import pytest

from newsletter_cli.articles.readers.markdown import markdown_blocks
from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.clients import named_without, support_of, weights_of
from newsletter_cli.digest.check.colours import contrast, read_colour
from newsletter_cli.digest.check.css import declarations, matches, rules
from newsletter_cli.digest.check.ink import Ink, ink_of
from newsletter_cli.digest.check.judge import check
from newsletter_cli.digest.check.tree import read_page
from tests.digest.making import png

CALM = Circumstances(public_url="https://news.akhbar-alhaql.org")
WHITE = (255.0, 255.0, 255.0)


# --- mail programs


def test_the_built_in_theme_loses_nothing_anywhere(room):
    page = read_page(room.issue(room.article()))
    for domains in ({}, {"gmail.com": 5}, {"outlook.com": 5}, {"web.de": 1, "orange.fr": 1}):
        assert support_of(page, domains).score == 100


@pytest.mark.parametrize(
    ("domains", "first"),
    [
        ({"gmail.com": 3}, "gmail/android"),
        ({"hotmail.co.uk": 3}, "outlook/outlook-com"),
        ({"yahoo.fr": 3}, "yahoo/desktop-webmail"),
        ({"icloud.com": 3, "me.com": 1}, "apple-mail/ios"),
        ({"akhbar-alhaql.org": 3}, "apple-mail/ios"),
        ({}, "apple-mail/ios"),
        ({"gmail.com": 9, "akhbar-alhaql.org": 1}, "gmail/android"),
    ],
)
def test_programs_are_weighed_by_where_readers_read(domains, first):
    weights = weights_of(domains)
    assert max(weights, key=weights.__getitem__) == first
    assert sum(weights.values()) == pytest.approx(sum(domains.values()) or 1)


def test_the_score_is_that_of_the_readers(room):
    room.template("digest.html.j2", "{# whole articles #}", '<tr><td style="transform:rotate(3deg)">كلمة</td></tr>')
    page = read_page(room.issue(room.article()))
    at_gmail, at_apple = support_of(page, {"gmail.com": 1}), support_of(page, {"icloud.com": 1})
    assert (at_gmail.score, at_gmail.worst, at_gmail.lacking) == (0, "Gmail for Android", ("css-transform",))
    assert (at_apple.score, at_apple.worst) == (100, "")


def test_what_stands_in_a_media_query_is_an_addition(room):
    room.template("style.css", "  .col {", "  .ink { transform: none }\n  .col {")
    assert support_of(read_page(room.issue(room.article())), {"gmail.com": 1}).score == 100


def test_programs_without_a_feature_are_named():
    assert named_without("css-display-flex") == "Outlook"
    assert named_without("image-webp") == "Outlook"
    assert named_without("css-variables") == "Gmail, Outlook, Yahoo"


# --- colours and CSS


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#fff", WHITE),
        ("#FFFFFF", WHITE),
        ("white", WHITE),
        ("rgb(0, 0, 0)", (0.0, 0.0, 0.0)),
        ("rgba(0,0,0,.5)", (127.5, 127.5, 127.5)),
        ("#00000080", pytest.approx((127.0, 127.0, 127.0), abs=0.5)),
        ("inherit", None),
        ("var(--x)", None),
        ("", None),
    ],
)
def test_colours_are_read_over_white(text, colour):
    assert read_colour(text, WHITE) == colour


def test_contrast_is_that_of_wcag():
    assert contrast(WHITE, (0.0, 0.0, 0.0)) == pytest.approx(21)
    assert contrast((118.0, 118.0, 118.0), WHITE) == pytest.approx(4.54, abs=0.01)  # #767676: the grey that just passes


def test_declarations_keep_what_stands_in_quotes_and_parentheses():
    text = 'font-family: "a;b", x; COLOR: #FFF !important; background: url(data:a;b) /* ; */; broken'
    assert [(one.name, one.value, one.important) for one in declarations(text)] == [
        ("font-family", '"a;b", x', False),
        ("color", "#FFF", True),
        ("background", "url(data:a;b)", False),
    ]


def test_rules_know_the_media_around_them():
    found = list(rules("a { x: 1 } @media (a) { .b, td.c { y: 2 } } .d { .e { z: 3 } }"))
    assert [(one.within, one.selectors, one.nested) for one in found] == [
        ("", ("a",), False),
        ("@media (a)", (".b", "td.c"), False),
        ("", (".d",), True),
    ]


@pytest.mark.parametrize(
    ("selector", "means"),
    [("td", True), (".ink", True), ("td.ink.big", True), (".box .ink", True), ("table td", True), (".ink td", False),
     ("p", False), (".other", False), ("[data-ogsc] .ink", False), ("td:hover", False), ("table > td", False)],
)  # fmt: skip
def test_selectors_of_tags_and_classes_are_understood(selector, means):
    chain = (("table", frozenset({"box"})), ("tr", frozenset()), ("td", frozenset({"ink", "big"})))
    assert matches(selector, chain) is means


@pytest.mark.parametrize("text", ["{", "}", "@media {", "a{b:c", "a{{}}", "", ";;", "/*", "@import 'x';a{}"])
def test_broken_css_raises_nothing(text):
    assert list(rules(text)) is not None
    assert declarations(text) is not None


# --- the logo in dark mode


def drawn(mode: str, ink: tuple[int, ...], ground: tuple[int, ...]) -> bytes:
    Image = pytest.importorskip("PIL.Image")
    picture = Image.new(mode, (120, 40), ground)
    picture.paste(ink, (20, 10, 100, 30))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "ink"),
    [
        (lambda: drawn("RGBA", (255, 255, 255, 255), (0, 0, 0, 0)), Ink.LIGHT),
        (lambda: drawn("RGBA", (10, 20, 30, 255), (0, 0, 0, 0)), Ink.DARK),
        (lambda: drawn("RGBA", (200, 90, 30, 255), (0, 0, 0, 0)), Ink.MIDDLE),
        (lambda: drawn("RGBA", (255, 255, 255, 255), (10, 20, 30, 255)), Ink.OPAQUE),
        (lambda: drawn("RGB", (255, 255, 255), (10, 20, 30)), Ink.OPAQUE),
        (lambda: png(8, 8), Ink.OPAQUE),
        (lambda: b"\xff\xd8 no PNG", Ink.OPAQUE),
    ],
)
def test_the_ink_of_a_transparent_picture(data, ink):
    assert ink_of(data()) is ink


def test_h309_a_logo_that_vanishes(room):
    (room.root / "logo.png").write_bytes(drawn("RGBA", (10, 20, 30, 255), (0, 0, 0, 0)))
    (found,) = check(room.set(newsroom={"logo": "logo.png"}).issue(room.article()), CALM, only=("H309",))
    assert (found.level.value, found.file) == ("warning", "newsletter.toml")
    assert found.text == "The logo is transparent with dark ink and vanishes in dark mode."


# --- pictures and words


@pytest.mark.parametrize(("letters", "level"), [(50, "error"), (300, "warning"), (600, None)])
def test_i104_hardly_a_word_beside_the_pictures(room, picture, letters, level):
    article = room.article("a", "ح" * letters, image=picture(room.picture("w.png")))
    found = check(room.issue(article), CALM, only=("I104",))
    assert [one.level.value for one in found] == ([level] if level else [])
    assert check(room.issue(room.article("a", "ح")), CALM, only=("I104",)) == ()


# --- ordinary digests

EVERYTHING = """\
{p} [{words}](https://www.akhbar-alhaql.org/r).

> {p}

- {p}
- [{words}](https://www.akhbar-alhaql.org/s)

1. {p}

## {words}

| {words} | {words} |
|---|---|
| 1 | {p} |

`code --flag`

```
print("x")
```

---

{p} **{words}** *{words}* [desk@akhbar-alhaql.org](mailto:desk@akhbar-alhaql.org)
"""
WORDS = {
    "ar": ("تقرير الموسم", "ارتفع سعر القمح القاسي في أسواق الجزيرة للأسبوع الرابع على التوالي."),
    "fa": ("گزارش فصل", "بهای گندم در بازارها برای چهارمین هفته پیاپی بالا رفت."),
    "he": ("דוח העונה", "מחיר החיטה עלה בשווקים זה השבוע הרביעי ברציפות."),
    "ur": ("موسم کی رپورٹ", "منڈیوں میں گندم کی قیمت مسلسل چوتھے ہفتے بڑھ گئی۔"),
    "en": ("the report of the season", "The price of wheat rose in the markets for the fourth week in a row."),
    "fr": ("le rapport de la saison", "Le prix du blé a monté sur les marchés pour la quatrième semaine."),
}


@pytest.mark.parametrize("language", list(WORDS))
def test_nothing_is_said_about_an_ordinary_digest(room, picture, language):
    words, sentence = WORDS[language]
    blocks = markdown_blocks(EVERYTHING.format(words=words, p=sentence))
    image = picture(room.picture("w.png"), alt=sentence)
    whole = room.article("a", language=language, blocks=blocks * 2, image=image, url="https://www.akhbar-alhaql.org/a")
    card = room.article("b", sentence, language=language, url="https://www.akhbar-alhaql.org/b", image=image)
    rest = room.article("c", sentence, language="en")
    there = room.set(newsroom={"language": language, "website": "https://www.akhbar-alhaql.org"})
    found = check(there.issue(whole, card, rest, intro=sentence), CALM, only=("H", "L", "I"))
    assert found == ()
