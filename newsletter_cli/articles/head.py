"""Between front matter and the fields of an article, both ways."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from newsletter_cli.articles.decoding import spotless
from newsletter_cli.articles.keys import field_of, nearest
from newsletter_cli.articles.model import Article, Calendar, LeftOut, Picture, Related
from newsletter_cli.articles.readers.front_matter import FrontMatter, Value
from newsletter_cli.articles.urls import WEB, check_url
from newsletter_cli.errors import RefusedError
from newsletter_cli.language import direction_of, fold, fold_digits, read_date

TITLE_LIMIT: Final = 300  # characters
TITLE_EXPECTED: Final = range(20, 141)

_YES: Final = frozenset({"true", "yes", "on", "1", "نعم"})
_NO: Final = frozenset({"false", "no", "off", "0", "لا", ""})
_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True)
class _Head:
    """Values being turned into fields."""

    values: Mapping[str, Value]  # field → value
    line_of: Callable[[str], int]
    language: str
    warnings: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def warn(self, name: str, problem: str) -> None:
        line = self.line_of(name)
        self.warnings.append(f"Line {line}: {problem}" if line else problem)

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        if isinstance(value, str):
            return one_line(value)
        self.warn(name, f"{name} is one text; the first of its values was taken.")
        return next(iter(_texts(value)), "")

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(_texts(self.values.get(name, "")))


def one_line(text: str) -> str:
    """A text without line breaks, hidden marks and outer spaces; no-break spaces inside stay."""
    return re.sub(r"[ \t]*\n\s*", " ", spotless(text)).strip()


def _texts(value: Value) -> Iterable[str]:
    if isinstance(value, str):
        found = [value]
    elif isinstance(value, dict):
        found = [item for item in value.values() if isinstance(item, str)]
    else:
        found = [text for item in value for text in _texts(item)]
    return [one_line(text) for text in found if one_line(text)]


# --- one field each --------------------------------------------------------------------------------------------


def _title(head: _Head) -> dict[str, Any]:
    title = head.text("title")
    if len(title) > TITLE_LIMIT:
        raise RefusedError(
            "NO-TITLE", f"The title has {len(title)} characters; {TITLE_LIMIT} at most.", fix="give one with --title"
        )
    return {"title": title}


def _author(head: _Head) -> dict[str, Any]:
    return {
        "author": "، ".join(head.texts("author")) if isinstance(head.values["author"], list) else head.text("author")
    }


def _date(head: _Head) -> dict[str, Any]:
    words = head.text("date")
    if not words:
        return {"date": None, "calendar": None, "date_text": ""}
    found = read_date(words, head.language)
    if found is None or found.date is None:
        reason = found.warning if found else "it is not a date"
        head.warn("date", f"The date “{words}” was not understood: {reason}")
        return {"date": None, "calendar": None, "date_text": words}
    if found.warning:
        head.warn("date", found.warning)
    return {"date": found.date, "calendar": Calendar(found.calendar), "date_text": words}


def _calendar(head: _Head) -> dict[str, Any]:
    name = head.text("calendar")
    if name not in set(Calendar):
        head.warn("calendar", f"calendar is one of {', '.join(Calendar)}; “{name}” was left out.")
        return {}
    return {"calendar": Calendar(name)}


def _url(head: _Head) -> dict[str, Any]:
    given = head.text("url")
    checked = check_url(given, schemes=WEB)
    if given and not checked.url:
        head.warn("url", f"The link “{given}” is left out: {checked.problem}.")
        head.left_out.append(LeftOut(url=given, line=head.line_of("url"), key="url"))
    return {"url": checked.url}


def _language(head: _Head) -> dict[str, Any]:
    tag = head.text("language")
    if not _LANGUAGE_TAG.fullmatch(tag):
        head.warn("language", f"“{tag}” is no language; write ar, fa, he, ur, en or fr.")
        return {}
    return {"language": tag, "direction": direction_of(tag)}


def _direction(head: _Head) -> dict[str, Any]:
    direction = head.text("direction")
    if direction not in ("rtl", "ltr"):
        head.warn("direction", "direction is rtl or ltr.")
        return {}
    return {"direction": direction}


def _tags(head: _Head) -> dict[str, Any]:
    value = head.values["tags"]
    parts = re.split(r"[,،;؛]", value) if isinstance(value, str) else list(_texts(value))
    return {"tags": tuple(dict.fromkeys(one_line(part) for part in parts if one_line(part)))}


def _weight(head: _Head) -> dict[str, Any]:
    text = fold_digits(head.text("weight"))
    if not re.fullmatch(r"[+-]?\d{1,6}", text):
        head.warn("weight", "weight is a whole number; it was left out.")
        return {}
    return {"weight": int(text)}


def _draft(head: _Head) -> dict[str, Any]:
    word = fold(head.text("draft"))
    if word not in _YES | _NO:
        head.warn("draft", "draft is yes or no; it was taken as yes, so that nothing goes out by accident.")
    return {"draft": word not in _NO}


def _related(head: _Head) -> dict[str, Any]:
    value = head.values["related"]
    items = value if isinstance(value, list) else [value]
    return {"related": tuple(found for item in items if (found := _one_related(item, head)))}


def _one_related(item: Value, head: _Head) -> Related | None:
    """A title alone, a table of title and url, or a list of both in that order."""
    url = ""
    if isinstance(item, dict):
        fields = {field_of(key): value for key, value in item.items()}
        title, url = (
            one_line(text) if isinstance(text := fields.get(name, ""), str) else "" for name in ("title", "url")
        )
    else:
        texts = list(_texts(item))
        title, url = [*texts, "", ""][:2]
    checked = check_url(url, schemes=WEB)
    if url and not checked.url:
        head.warn("related", f"The link “{url}” is left out: {checked.problem}.")
        head.left_out.append(LeftOut(url=url, line=head.line_of("related"), key="related"))
    return Related(title, checked.url) if title else None


def _imported(head: _Head) -> dict[str, Any]:
    text = head.text("imported")
    return {"imported": text} if _SHA256.fullmatch(text) else {}


# In this order: language comes before direction, and date before calendar and date_text, which refine them.
_FIELDS: Final[Mapping[str, Callable[[_Head], dict[str, Any]]]] = {
    "title": _title,
    "kicker": lambda head: {"kicker": head.text("kicker")},
    "summary": lambda head: {"summary": head.text("summary")},
    "author": _author,
    "source": lambda head: {"sources": head.texts("source")},
    "date": _date,
    "calendar": _calendar,
    "date_text": lambda head: {"date_text": head.text("date_text")},
    "url": _url,
    "related": _related,
    "tags": _tags,
    "language": _language,
    "direction": _direction,
    "weight": _weight,
    "draft": _draft,
    "imported": _imported,
}
_PICTURE: Final = ("image", "image_alt", "caption", "credit")
_LINE_NAMES: Final = {"source": "sources"}


def with_values(article: Article, front: FrontMatter, name: str = "the file") -> Article:
    """The article with the fields that front matter gives; the others stay as they are.

    Warnings for unknown keys (with the key that was probably meant) and for values that cannot be used.
    Raises RefusedError UNREADABLE when two keys mean one field, NO-TITLE for a title that is too long.
    """
    values, lines, warnings = _by_field(front, name)
    language = values.get("language")
    head = _Head(values, lambda key: lines.get(key, 0), language if isinstance(language, str) else article.language)
    changed: dict[str, Any] = {}
    for key, read in _FIELDS.items():
        if key in values:
            changed.update(read(head))
    if changed.get("date", article.date) is None:
        changed["calendar"] = None
    if any(key in values for key in _PICTURE):
        changed["image"] = _picture(article.image, head)
    places = {_LINE_NAMES.get(key, key): line for key, line in lines.items()}
    return replace(
        article,
        **changed,
        warnings=(*article.warnings, *front.notes, *warnings, *head.warnings),
        left_out=(*article.left_out, *head.left_out),
        lines={**article.lines, **places},
    )


def _by_field(front: FrontMatter, name: str) -> tuple[dict[str, Value], dict[str, int], list[str]]:
    values: dict[str, Value] = {}
    lines: dict[str, int] = {}
    warnings: list[str] = []
    for key, value in front.values.items():
        meant, line = field_of(key), front.lines.get(key, 0)
        if meant is None:
            near = nearest(key)
            warnings.append(f"Line {line}: unknown key “{key}”" + (f", did you mean “{near}”?" if near else "."))
            continue
        if meant in values:
            raise RefusedError(
                "UNREADABLE",
                f"{name}:{line}: “{key}” gives the {meant} a second time.",
                facts=[("file", f"{name}:{line}")],
                fix="take one of the two lines out",
            )
        values[meant] = value
        if line:
            lines[meant] = line
    return values, lines, warnings


def _picture(before: Picture | None, head: _Head) -> Picture | None:
    """The lead picture: what is given replaces what was there, word by word."""
    old = before or Picture("", None)
    source = picture_source(head.text("image"), head) if "image" in head.values else old.source
    alt = head.text("image_alt") if "image_alt" in head.values else old.alt
    caption = head.text("caption") if "caption" in head.values else old.caption
    credit = head.text("credit") if "credit" in head.values else old.credit
    return Picture(source, alt, caption, credit) if source or caption or alt or credit else None


def picture_source(source: str, head: _Head) -> str:
    """A picture's file or URL, or "" with a warning."""
    found, problem = usable_picture(source)
    if problem:
        head.warn("image", f"The picture “{source[:60]}” is left out: {problem}.")
        head.left_out.append(LeftOut(url=source, line=head.line_of("image"), key="image", picture=problem))
    return found


def usable_picture(source: str, base: str = "") -> tuple[str, str]:
    """(source, "") of a picture that may be shown: a web URL or a path relative to the article; else ("", why not)."""
    if not source:
        return "", ""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", source) or base:
        checked = check_url(source, base=base, schemes=WEB)
        return checked.url, checked.problem
    if source.startswith(("/", "\\", "~")) or "\\" in source or "\0" in source:
        return "", "a picture's path begins at the article's own folder"
    return source, ""


# --- the other way ---------------------------------------------------------------------------------------------


def head_values(article: Article) -> dict[str, object]:
    """The fields as front matter writes them, empty ones left out; `with_values` of it gives the same fields."""
    iso = article.date.isoformat() if article.date else ""
    plain = article.calendar is Calendar.GREGORY
    picture = article.image
    values: dict[str, object] = {
        "title": article.title,
        "kicker": article.kicker,
        "summary": article.summary,
        "author": article.author,
        "source": _short(article.sources),
        "date": article.date,
        "calendar": "" if plain or not article.calendar else article.calendar.value,
        "date_text": "" if article.date_text == iso else article.date_text,
        "url": article.url,
        "image": picture.source if picture else "",
        "image_alt": picture.alt if picture else None,
        "caption": picture.caption if picture else "",
        "credit": picture.credit if picture else "",
        "related": [_related_value(related) for related in article.related],
        "tags": list(article.tags),
        "language": article.language,
        "direction": article.direction,
        "weight": article.weight,
        "draft": article.draft,
        "imported": article.imported,
    }
    # An empty description is a word of its own: the picture is decoration.
    return {key: value for key, value in values.items() if value or (key == "image_alt" and value == "")}


def _short(texts: tuple[str, ...]) -> object:
    return texts[0] if len(texts) == 1 else list(texts)


def _related_value(related: Related) -> object:
    return {"title": related.title, "url": related.url} if related.url else related.title
