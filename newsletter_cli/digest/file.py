"""digests/ID.md, the editor's file: front matter and the intro in Markdown.

Read strictly: an unknown key or a size that does not exist is an error with file and line, since what a digest file
says is sent. Written so that people can go on by hand; what they wrote is never reformatted.
"""

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from newsletter_cli.articles.readers.front_matter import FrontMatter, split_front_matter
from newsletter_cli.digest.model import Choice, DigestFile, Size
from newsletter_cli.errors import ConfigError, NewsletterError, RefusedError, UsageError
from newsletter_cli.language import read_date
from newsletter_cli.newsroom import Newsroom, atomic_write, is_slug

_KEYS: Final = ("id", "date", "list", "subject", "preheader", "template", "articles", "where", "checks")
_LIMIT: Final = 2 * 1024 * 1024  # bytes
_CODE: Final = re.compile(r"[A-Z]\d{3}")
# What PyYAML would read as something else than a letter inside double quotes.
_UNSAFE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")


def digest_path(newsroom: Newsroom, id_: str) -> Path:
    """Where the file of a digest lies.  Raises UsageError USAGE for an id that cannot name one."""
    if not is_slug(id_):
        raise UsageError(
            "USAGE",
            f"“{id_}” cannot be a digest's id: small Latin letters, digits and . _ -, at least one letter.",
            fix="newsletter digests list",
        )
    return newsroom.digests / f"{id_}.md"


def digest_ids(newsroom: Newsroom) -> tuple[str, ...]:
    """Ids of all digest files, in order of their names."""
    return tuple(sorted(path.stem for path in newsroom.digests.glob("*.md") if is_slug(path.stem)))


def find_digest(newsroom: Newsroom, id_: str) -> DigestFile:
    """The digest file of an id.  Raises UsageError NOT-FOUND with the likeliest id."""
    path = digest_path(newsroom, id_)
    if not path.is_file():
        guess = difflib.get_close_matches(id_, digest_ids(newsroom), n=1)
        raise UsageError(
            "NOT-FOUND",
            f"There is no digest “{id_}”." + (f" Did you mean “{guess[0]}”?" if guess else ""),
            fix="newsletter digests list",
        )
    return read_digest_file(path, root=newsroom.root)


def read_digest_file(path: Path, *, root: Path) -> DigestFile:
    """One digest file.

    root: the newsroom's folder; paths are shown from there.
    Raises ConfigError CONFIG-KEY and CONFIG-VALUE with file and line, RefusedError UNREADABLE.
    """
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    try:
        if path.stat().st_size > _LIMIT:
            raise RefusedError("UNREADABLE", f"{shown} is larger than 2 MB; an intro is shorter.", fix="shorten it")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError("UNREADABLE", f"{shown} is not UTF-8 text.", fix="save it as UTF-8") from error
    except OSError as error:
        raise RefusedError("UNREADABLE", f"{shown} cannot be read: {error.strerror}.") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _Reader(path, shown, split_front_matter(text, shown), text).file()


@dataclass(frozen=True, slots=True)
class _Reader:
    """One file being read: its values, and the lines to name when one is wrong."""

    path: Path
    shown: str
    front: FrontMatter
    text: str

    def file(self) -> DigestFile:
        """The whole file."""
        for key in self.front.values:
            if key not in _KEYS:
                raise self._unknown(key, _KEYS)
        id_ = self._text("id") or self.path.stem
        if id_ != self.path.stem:
            raise self._wrong("id", f"id is “{id_}”, but the file is named {self.path.name}")
        if not self._text("list"):
            raise self._wrong("list", "no list is named; add “list: SLUG”")
        choices = self._articles()
        lines = {key: self.front.lines[key] for key in self.front.values if key in self.front.lines}
        lines["intro"] = self.front.body_line
        lines.update({f"article:{choice.slug}": choice.line for choice in choices})
        return DigestFile(
            id=id_,
            path=self.path,
            shown=self.shown,
            list=self._text("list"),
            date=self._date(),
            subject=self._text("subject"),
            preheader=self._text("preheader"),
            template=self._template(),
            articles=choices,
            where=self._text("where"),
            ignore=self._ignored(),
            intro=self.front.body,
            lines=lines,
        )

    def _text(self, key: str) -> str:
        value = self.front.values.get(key, "")
        if not isinstance(value, str):
            raise self._wrong(key, f"{key} must be a text")
        return value.strip()

    def _date(self) -> date | None:
        text = self._text("date")
        if not text:
            return None
        read = read_date(text)
        if read is None or read.date is None:
            raise self._wrong("date", f"“{text}” is no date; write 2026-10-12")
        return read.date

    def _template(self) -> str:
        name = self._text("template") or "digest"
        if not is_slug(name):
            raise self._wrong("template", f"“{name}” cannot name a template")
        return name

    def _articles(self) -> tuple[Choice, ...]:
        value = self.front.values.get("articles", [])
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list):
            raise self._wrong("articles", "articles must be a list, such as [wheat, school-year]")
        choices = tuple(self._choice(item) for item in value)
        seen: set[str] = set()
        for choice in choices:
            if choice.slug in seen:
                raise self._wrong("articles", f"the article “{choice.slug}” stands in the list twice", choice.line)
            seen.add(choice.slug)
        return choices

    def _choice(self, item: object) -> Choice:
        if isinstance(item, Mapping):
            for key in item:
                if key not in {"id", "size"}:
                    raise self._unknown(str(key), ("id", "size"), "articles")
            slug, size = str(item.get("id", "")).strip(), str(item.get("size", "")).strip()
        else:
            slug, size = str(item).strip(), ""
        line = self._line_of(slug)
        if not is_slug(slug):
            raise self._wrong("articles", f"“{slug}” cannot be the name of an article", line)
        if size and size not in set(Size):
            raise self._wrong("articles", f"the size “{size}” of {slug} is none of: {', '.join(Size)}", line)
        return Choice(slug, Size(size) if size else None, line)

    def _ignored(self) -> frozenset[str]:
        value = self.front.values.get("checks", {})
        if value in ("", {}):
            return frozenset()
        if not isinstance(value, Mapping):
            raise self._wrong("checks", "checks must look like { ignore: [R208] }")
        for key in value:
            if key != "ignore":
                raise self._unknown(str(key), ("ignore",), "checks")
        codes = value.get("ignore", [])
        listed = codes if isinstance(codes, list) else [codes]
        for code in listed:
            if not _CODE.fullmatch(str(code)):
                raise self._wrong("checks", f"“{code}” is no code of a check; they look like R208")
        return frozenset(str(code) for code in listed)

    def _line_of(self, slug: str) -> int:
        """The line of `articles` in which a slug stands."""
        first = self.front.lines.get("articles", 1)
        last = min((line for line in self.front.lines.values() if line > first), default=first + 200)
        lines = self.text.split("\n")
        for number in range(first, min(last, len(lines) + 1)):
            if re.search(rf"(?<![\w.-]){re.escape(slug)}(?![\w.-])", lines[number - 1]):
                return number
        return first

    def _wrong(self, key: str, what: str, line: int = 0) -> ConfigError:
        where = f"{self.shown}:{line or self.front.lines.get(key, 1)}"
        return ConfigError("CONFIG-VALUE", f"{where} {what}.", facts=[("file", where)], fix="correct that line")

    def _unknown(self, key: str, known: Sequence[str], parent: str = "") -> ConfigError:
        where = f"{self.shown}:{self.front.lines.get(parent or key, 1)}"
        guess = difflib.get_close_matches(key, known, n=1)
        hint = f", did you mean “{guess[0]}”?" if guess else f"; known are {', '.join(known)}."
        return ConfigError(
            "CONFIG-KEY", f"{where} unknown key “{key}”{hint}", facts=[("file", where)], fix="correct that line"
        )


# --- writing ---------------------------------------------------------------------------------------------------


def digest_text(file: DigestFile, subjects: Sequence[str] = (), preheaders: Sequence[str] = ()) -> str:
    """A new digest file: every key that an editor may want to touch, in the order people read.

    subjects, preheaders: others that the editor may take instead, as remarks.
    """
    lines = [
        "---",
        f"id: {file.id}",
        *([f"date: {file.date.isoformat()}"] if file.date else []),
        f"list: {file.list}",
        f"subject: {_quoted(file.subject)}",
        *(f"# subject: {_quoted(other)}" for other in subjects),
        f"preheader: {_quoted(file.preheader)}",
        *(f"# preheader: {_quoted(other)}" for other in preheaders),
        f"template: {file.template}",
        f"articles: {_articles_text(file.articles)}",
        f"where: {_quoted(file.where)}",
        "---",
    ]
    intro = file.intro.strip("\n")
    return "\n".join(lines) + "\n" + (f"{intro}\n" if intro else "")


def write_digest_file(file: DigestFile) -> None:
    """Write a new digest file, whole or not at all."""
    file.path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(file.path, digest_text(file).encode())


def with_articles(text: str, articles: Sequence[Choice], lines: Mapping[str, int]) -> str:
    """The text of a digest file with another list of articles; every other character stays.

    lines: of the keys in that text, from 1.
    """
    rows = text.split("\n")
    ending = "\r" if rows[0].endswith("\r") else ""
    if "articles" not in lines:
        rows.insert(rows.index(f"---{ending}", 1), f"articles: {_articles_text(articles)}{ending}")
        return "\n".join(rows)
    first = lines["articles"] - 1
    last = end = first + 1
    # A list may go on below its key: indented, or as "- " items. Blank lines and remarks count only between those.
    while end < len(rows) and re.match(r"\s|- |#|\Z", rows[end]):
        end += 1
        if re.match(r"\s+[^\s#]|- ", rows[end - 1]):
            last = end
    before = [row.removesuffix("\r") for row in rows[first:last]]
    rows[first:last] = [row + ending for row in _longer(before, articles)]
    return "\n".join(rows)


def _longer(rows: list[str], articles: Sequence[Choice]) -> list[str]:
    """The lines of a list of articles with what is new at its end; remarks stay where they are, if that can be."""
    there = _choices_in(rows)
    if there is not None and list(there) == [(one.slug, one.size) for one in articles[: len(there)]]:
        new = articles[len(there) :]
        for longer in (_in_brackets(rows, new), _below(rows, new)):
            if longer and _choices_in(longer) == tuple((one.slug, one.size) for one in articles):
                return longer
    return [f"articles: {_articles_text(articles)}"]


def _choices_in(rows: Sequence[str]) -> tuple[tuple[str, Size | None], ...] | None:
    """What lines of front matter list, or None when they list nothing that can be read."""
    try:
        text = "\n".join(["---", *rows, "---", ""])
        front = split_front_matter(text)
        choices = _Reader(Path(), "", front, text)._articles()
    except NewsletterError:
        return None
    return tuple((one.slug, one.size) for one in choices)


def _in_brackets(rows: Sequence[str], new: Sequence[Choice]) -> list[str]:
    """[a, b]  # remark → [a, b, new]  # remark; a bracket on a line of its own keeps it."""
    words = _articles_text(new)[1:-1]
    for index in range(len(rows) - 1, -1, -1):
        at = rows[index].split(" #")[0].rfind("]")
        if at < 0:
            continue
        kept = rows[index][:at].rstrip()
        if kept or not index:
            return [*rows[:index], _with_comma(kept) + words + rows[index][at:], *rows[index + 1 :]]
        above = rows[index - 1]
        code = above.split(" #")[0].rstrip()
        indent = above[: len(above) - len(above.lstrip())]
        return [*rows[: index - 1], _with_comma(code).rstrip() + above[len(code) :], indent + words, *rows[index:]]
    return []


def _with_comma(text: str) -> str:
    return text if text.endswith("[") else f"{text} " if text.endswith(",") else f"{text}, "


def _below(rows: Sequence[str], new: Sequence[Choice]) -> list[str]:
    """One more "- " line for each that is new."""
    items = [match[0] for row in rows[1:] if (match := re.match(r"\s*- +", row))]
    return [*rows, *(f"{items[0]}{_item_text(one)}" for one in new)] if items else []


def _articles_text(articles: Sequence[Choice]) -> str:
    return f"[{', '.join(map(_item_text, articles))}]"


def _item_text(one: Choice) -> str:
    return f"{{ id: {one.slug}, size: {one.size} }}" if one.size else one.slug


def _quoted(text: str) -> str:
    """A text as a YAML scalar in double quotes: JSON's form, which YAML reads the same."""
    escape: Callable[[re.Match[str]], str] = lambda match: f"\\u{ord(match[0]):04x}"  # noqa: E731
    return _UNSAFE.sub(escape, json.dumps(text, ensure_ascii=False))
