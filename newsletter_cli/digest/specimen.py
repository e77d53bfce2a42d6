"""A sample issue in one language, with every piece that a theme has to draw: for trying themes, never for readers."""

import datetime
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from newsletter_cli.articles.model import (
    Article,
    Block,
    CodeBlock,
    CodeSpan,
    Emphasis,
    Figure,
    Heading,
    Link,
    ListBlock,
    Note,
    Paragraph,
    Picture,
    Quote,
    Related,
    RelatedBlock,
    Rule,
    SourceLine,
    Strong,
    Table,
    Text,
)
from newsletter_cli.digest.model import Choice, DigestFile, Size
from newsletter_cli.language import direction_of
from newsletter_cli.newsroom import Newsroom
from newsletter_cli.settings import ListSettings, Settings

LANGUAGES: Final = ("ar", "fa", "he", "ur", "en", "fr")
_DAY: Final = datetime.date(2026, 10, 12)
_SITE: Final = "https://news.example.org"
_LOCALES: Final = {"ar": "ar-SY", "fa": "fa-IR", "he": "he-IL", "ur": "ur-PK", "en": "en-GB", "fr": "fr-FR"}


@dataclass(frozen=True, slots=True)
class Specimen:
    """What render_issue needs, but for the newsroom."""

    file: DigestFile
    articles: tuple[Article, ...]
    settings: Settings


def specimen(language: str, template: str, settings: Settings, newsroom: Newsroom) -> Specimen:
    """The sample issue of a language, drawn by this template.

    settings: the newsroom's; its name, logo, website and address stay where it has them.
    """
    words = _words()[language]
    articles = (_whole(language, words), _foreign(language), *_cards(language, words), *_lines(language, words))
    sizes = (Size.FULL, Size.FULL, Size.CARD, Size.CARD, Size.LINE, Size.LINE)
    file = DigestFile(
        id="sample",
        path=newsroom.digests / "sample.md",
        shown="digests/sample.md",
        list="sample",
        date=_DAY,
        subject=words["subject"],
        preheader=words["preheader"],
        template=template,
        articles=tuple(Choice(article.slug, size) for article, size in zip(articles, sizes, strict=True)),
        intro=f"{words['intro']}\n\n[% if name %]\n\n[[ name ]]\n\n[% endif %]\n\n[{words['title']}]({_SITE}/a)\n",
    )
    return Specimen(file, articles, _settings(language, words, settings))


def _settings(language: str, words: dict[str, Any], settings: Settings) -> Settings:
    own = settings.newsroom
    newsroom = replace(
        own,
        language=language,
        locale=own.locale if language == own.language else _LOCALES[language],
        direction="auto",
        name=own.name or words["name"],
        website=own.website or _SITE,
    )
    sender = replace(settings.sender, from_=settings.sender.from_ or "news@example.org")
    return replace(settings, newsroom=newsroom, sender=sender, lists={"sample": ListSettings(title=words["name"])})


def _whole(language: str, words: dict[str, Any]) -> Article:
    return Article(
        slug="whole",
        title=words["title"],
        language=language,
        direction=direction_of(language),
        kicker=words["kicker"],
        author=words["author"],
        sources=(words["source"],),
        date=_DAY,
        url=f"{_SITE}/whole",
        image=Picture(f"{_SITE}/whole.png", words["alt"], words["caption"], words["credit"]),
        related=(Related(words["card"], f"{_SITE}/card"),),
        blocks=_blocks(words),
    )


def _blocks(words: dict[str, Any]) -> tuple[Block, ...]:
    first, second = words["items"]
    return (
        _paragraph(words["lead"]),
        Paragraph(
            (
                Text(f"{words['paragraph']} "),
                Strong((Text(first),)),
                Text(" "),
                Emphasis((Text(second),)),
                Text(" "),
                Link(f"{_SITE}/link", (Text(words["related"]),)),
                Text(" "),
                CodeSpan("a = b[0]"),
            )
        ),
        Heading(2, (Text(words["heading"]),)),
        ListBlock(False, ((_paragraph(first),), (_paragraph(second),))),
        Heading(3, (Text(words["heading"]),)),
        ListBlock(True, ((_paragraph(first), _paragraph(second)), (_paragraph(second),)), 3),
        Quote((_paragraph(words["quote"]), _paragraph(words["lead"]))),
        Note((_paragraph(words["note"]),)),
        Figure(Picture(f"{_SITE}/figure.png", words["alt"])),
        Figure(Picture("", None, words["caption"])),
        RelatedBlock("", Related(words["related"], f"{_SITE}/related")),
        RelatedBlock("", Related(words["line"])),
        Table(
            tuple((Text(name),) for name in words["head"]),
            (((Text("2025"),), (Text("210"),)), ((Text("2026"),), (Text("184"),))),
        ),
        CodeBlock("SELECT year, tonnes FROM harvest\nWHERE year > 2024;"),
        Rule(),
        SourceLine(words["source"]),
    )


def _foreign(language: str) -> Article:
    """An article that runs against the issue."""
    other = "en" if direction_of(language) == "rtl" else "ar"
    words = _words()[other]
    return Article(
        slug="foreign",
        title=words["title"],
        language=other,
        direction=direction_of(other),
        kicker=words["kicker"],
        author=words["author"],
        date=_DAY,
        blocks=(_paragraph(words["lead"]), Quote((_paragraph(words["quote"]),)), _paragraph(words["paragraph"])),
    )


def _cards(language: str, words: dict[str, Any]) -> tuple[Article, ...]:
    def card(slug: str, title: str, **fields: Any) -> Article:
        return Article(
            slug=slug, title=title, language=language, direction=direction_of(language), kicker=words["kicker"],
            summary=words["summary"], date=_DAY, **fields,
        )  # fmt: skip

    return (
        card("card", words["card"], url=f"{_SITE}/card", image=Picture(f"{_SITE}/card.png", words["alt"])),
        card("bare", words["related"]),
    )


def _lines(language: str, words: dict[str, Any]) -> tuple[Article, ...]:
    def line(slug: str, title: str, url: str) -> Article:
        return Article(slug=slug, title=title, language=language, direction=direction_of(language), date=_DAY, url=url)

    return (line("line", words["line"], f"{_SITE}/line"), line("last", words["heading"], ""))


def _paragraph(text: str) -> Paragraph:
    return Paragraph((Text(text),))


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
