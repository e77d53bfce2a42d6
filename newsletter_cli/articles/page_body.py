"""The text of a page as blocks: what of it is date, byline, caption, label or furniture, and what is the article."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.furniture import Furniture, Label
from newsletter_cli.articles.model import (
    Article,
    Block,
    Calendar,
    Figure,
    Heading,
    Link,
    ListBlock,
    Paragraph,
    Picture,
    Related,
    RelatedBlock,
    plain_text,
)
from newsletter_cli.articles.readers.markdown import lowered
from newsletter_cli.language import fold, fold_digits, read_date

_SENTENCE: Final = 60  # letters; a longer line under a headline is a sentence


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says beside its text."""

    description: str
    site: str
    author: str  # of a byline


@dataclass(slots=True)
class Body:
    """The blocks, and what of them belongs into the article's fields."""

    blocks: list[Block]
    article: Article
    dropped: list[str]
    newsroom: str
    related_label: str = ""  # of a heading such as «مواضيع ذات صلة», until the list under it
    signing_up: bool = False

    def read(self, before: list[Block], opening: list[Block], closing: list[Block], told: Told) -> None:
        opened = list(self.opened(opening, told))
        if self.article.date is None:
            for block in reversed(before):
                if self.takes_loose_date(words_of_block(block)):
                    break
        if not self.article.author and told.author:
            self.article = replace(self.article, author=told.author)
        kept: list[Block] = []
        for block in [*opened, *self.blocks]:
            kept += self.placed(block, first=not kept)
        self.related_label = ""
        self.closed(closing)
        kept = self.with_image(kept, [block for block in opened if isinstance(block, Figure)])
        self.article = replace(self.article, blocks=tuple(lowered(block) for block in kept))

    def opened(self, blocks: list[Block], told: Told) -> Iterator[Block]:
        """What stands between headline and text: date, byline and pictures are taken, loose words left out."""
        lead: Figure | None = None  # waits for the caption that may follow it
        for block in blocks:
            if lead and not isinstance(block, Figure) and self.is_caption(lead, words_of_block(block)):
                lead = Figure(replace(lead.picture, caption=words_of_block(block)))
                continue
            if lead:
                yield lead
            lead = block if isinstance(block, Figure) else None
            if isinstance(block, ListBlock):
                yield from self.opened([inner for item in block.items for inner in item], told)
            elif isinstance(block, Paragraph | Heading):
                yield from self.head_line(block, words_of_block(block), told)
            elif not lead:
                yield block
        if lead:
            yield lead

    def head_line(self, block: Paragraph | Heading, words: str, told: Told) -> Iterator[Block]:
        if shapes.key(words) in (shapes.key(self.article.title), shapes.key(told.site), ""):
            return
        if self.takes_loose_date(words) or self.takes_byline(words, told):
            return
        if _label(words, self.article.language) or len(words) >= _SENTENCE or shapes.ends_sentence(words):
            yield from self.standfirst(block, words, told)
        else:
            self.dropped.append(words)

    def is_caption(self, lead: Figure, words: str) -> bool:
        """A short line right under the lead picture that is nothing else."""
        if lead.picture.caption or not 2 < len(words) <= shapes.LONG or read_date(words, self.article.language):
            return False
        return not _label(words, self.article.language) and not shapes.furniture_of(words) and not _YEAR.search(words)

    def standfirst(self, block: Block, words: str, told: Told) -> Iterator[Block]:
        """The sentence under a headline: the summary when the page's head gives the same or a shorter one."""
        if shapes.key(words) == shapes.key(told.description) or isinstance(block, Heading):
            self.article = replace(self.article, summary=words)
        else:
            yield block

    def takes_loose_date(self, words: str) -> bool:
        """A line of the head that is a date, or holds one among a name and a clock."""
        if not words or len(words) > 200:
            return False
        if self.article.date and _tells_change(words):
            return True
        for piece in (words, *_windows(words)):
            read = read_date(piece, self.article.language)
            if read is None or read.date is None:
                continue
            known = self.article.date
            if known is None or abs((known - read.date).days) <= 1:
                self.article = replace(
                    self.article, date=read.date, calendar=Calendar(read.calendar), date_text=read.text
                )
            rest = words.replace(piece, " ") if piece != words else ""
            for part in _AROUND.split(rest):
                self.takes_byline(_HALF_DAY.sub("", part.strip(" ،,.:")), Told("", "", ""))
            return True
        return False

    def takes_byline(self, words: str, told: Told) -> bool:
        found = _label(words, self.article.language)
        if found and found[0] is Label.AUTHOR and found[2]:
            if not self.article.author:
                self.article = replace(self.article, author=found[2])
            return True
        name = told.author or self.article.author
        return bool(name) and shapes.key(name) in shapes.key(words) and len(words) <= len(name) + 40

    def closed(self, blocks: list[Block]) -> None:
        """What follows the text: labels are read, all else belongs to the page."""
        for block in blocks:
            words = words_of_block(block)
            if not words or not isinstance(block, Paragraph | Heading):
                self.dropped += [words] if words else []
                continue
            left = self.labelled(block, words)
            related = [one.related for one in left if isinstance(one, RelatedBlock)]
            self.article = replace(self.article, related=(*self.article.related, *related))
            if left and not related and not self.takes_loose_date(words):
                self.dropped.append(words)

    def placed(self, block: Block, *, first: bool) -> list[Block]:
        label, self.related_label = self.related_label, ""
        if isinstance(block, ListBlock) and label:
            return [RelatedBlock(label, related) for item in block.items if (related := _headline(item))]
        if not isinstance(block, Paragraph | Heading):
            return [block]
        words = plain_text(block.inlines).strip()
        if shapes.key(words) == shapes.key(self.article.title):
            return []
        if self.is_furniture(words):
            self.dropped.append(words)
            return []
        if self.takes_date(words):
            return []
        return self.labelled(block, words)

    def is_furniture(self, words: str) -> bool:
        found = shapes.furniture_of(words) or bool(_END.fullmatch(words))
        invited = self.signing_up and len(words) <= 200
        self.signing_up = found is Furniture.SIGN_UP
        return bool(found) or invited or bool(self.newsroom and fold(words) == self.newsroom)

    def takes_date(self, words: str) -> bool:
        """A line that is a date, when it gives the day or is the page's way to write it."""
        read = read_date(words, self.article.language) if len(words) <= 130 else None
        known = self.article.date
        if read is None or read.date is None or (known and abs((known - read.date).days) > 1):
            return False
        if known and _tells_change(words):
            return True
        self.article = replace(self.article, date=read.date, calendar=Calendar(read.calendar), date_text=read.text)
        return True

    def labelled(self, block: Paragraph | Heading, words: str) -> list[Block]:
        found = _label(words, self.article.language)
        if not found:
            return [block]
        kind, label, value = found
        if kind is Label.RELATED and value:
            return [RelatedBlock(label, Related(value, _first_link(block)))]
        if kind is Label.RELATED:
            self.related_label = label
            return []
        if kind is Label.SOURCE and value:
            self.article = replace(self.article, sources=tuple(dict.fromkeys((*self.article.sources, value))))
            return []
        if kind is Label.AUTHOR and value and self.article.author in ("", value):
            self.article = replace(self.article, author=value)
            return []
        return [block]

    def with_image(self, blocks: list[Block], opened: list[Figure]) -> list[Block]:
        """The lead picture once: the one above the text, with the words it has there, or the one of the page's head."""
        image = self.article.image
        lead = opened[0] if opened else blocks[0] if blocks else None
        same = isinstance(lead, Figure) and image is not None and _file(image.source) == _file(lead.picture.source)
        if not isinstance(lead, Figure) or not (opened or same or image is None):
            return blocks
        picture = lead.picture
        if not picture.source and image and not same:
            return blocks
        alt = picture.alt if picture.alt is not None else image.alt if image else None
        source = image.source if image and same else picture.source
        self.article = replace(self.article, image=Picture(source, alt, picture.caption, picture.credit))
        place = next(number for number, block in enumerate(blocks) if block is lead)
        return blocks[:place] + blocks[place + 1 :]


def words_of_block(block: Block) -> str:
    if isinstance(block, Paragraph | Heading):
        return plain_text(block.inlines).strip()
    if isinstance(block, ListBlock):
        return " ".join(words_of_block(inner) for item in block.items for inner in item)
    return ""


def _tells_change(words: str) -> bool:
    """«آخر تحديث: …»: the day of a change is not that of the article."""
    return any(fold(word.strip(":،,.")) in _CHANGED for word in words.split()[:3])


def _windows(words: str) -> Iterator[str]:
    """Runs of words around a year, longest first, for a date that shares its line with a name or a clock.

    Where there are two years, first the runs that hold both: a day in two calendars.
    """
    parts = words.split()
    years = [place for place, part in enumerate(parts) if _YEAR.search(fold_digits(part))][:2]
    for first, last in dict.fromkeys([(years[0], years[-1]), *((year, year) for year in years)] if years else []):
        for start in range(max(0, first - 6), first + 1):
            if start and fold(parts[start - 1].strip(":،,")) in _CHANGED:
                continue
            for end in (last + 3, last + 2, last + 1):
                yield " ".join(parts[start:end]).strip(" ،,.|:-–—")


def _label(words: str, language: str) -> tuple[Label, str, str] | None:
    """A label and what follows it; also bylines with an object: «كتبتها: سلمى»."""
    written = _WRITTEN.match(words)
    if written and len(words.split()) <= 7 and not shapes.ends_sentence(words):
        return Label.AUTHOR, written[0].rstrip(" :،"), words[written.end() :].strip()
    return shapes.label_of(words, language)


_WRITTEN: Final = re.compile(r"(?:كتب(?:ها|ته|تها|ه)|أعد(?:ها|ه|ته|تها)|حرر(?:ها|ه|ته|تها)|بواسطة)\s*:?\s+(?=\S)")
# What agencies set under the last line.
_END: Final = re.compile(r"\W*(?:انتهى|انتهت|انتهي|انتهای پیام|پایان پیام|###|-\s?30\s?-|\*{3,})\W*|[/#*]+")
_YEAR: Final = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
_CHANGED: Final = frozenset(
    map(fold, ("تحديث", "التحديث", "updated", "update", "jour", "עודכן", "به‌روزرسانی", "اپڈیٹ"))
)
_HALF_DAY: Final = re.compile(r"^(?:م|ص|صباحا|صباحًا|مساء|مساءً|am|pm)\s+(?=\S)", re.IGNORECASE)
_AROUND: Final = re.compile(r"[|•·–—]|\.\s|،\s|\s-\s")


def _file(source: str) -> str:
    return source.split("?", 1)[0].rsplit("/", 1)[-1]


def _headline(item: tuple[Block, ...]) -> Related | None:
    block = next((block for block in item if isinstance(block, Paragraph | Heading)), None)
    title = plain_text(block.inlines).strip() if block else ""
    return Related(title, _first_link(block)) if block and title else None


def _first_link(block: Paragraph | Heading) -> str:
    pending = list(block.inlines)
    while pending:
        inline = pending.pop(0)
        if isinstance(inline, Link):
            return inline.url
        pending = [*getattr(inline, "children", ()), *pending]
    return ""
