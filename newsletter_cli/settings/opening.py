"""The first text of newsletter.toml: what `init` was told, and below it the other settings as commented defaults.

The defaults are printed from the tree, so they cannot disagree with it. A setting whose feature is not there yet is not
offered.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .kinds import Kind
from .shapes import Path, dotted, shape_at
from .tree import ROOT, Settings

WEEKLY_TITLE: Final[Mapping[str, str]] = {
    "ar": "النشرة الأسبوعية",
    "en": "The weekly newsletter",
    "fa": "خبرنامهٔ هفتگی",
    "he": "העלון השבועי",
    "ur": "ہفتہ وار خبرنامہ",
    "fr": "La lettre de la semaine",
}
# The locale that goes with a language until somebody says otherwise.
LOCALES: Final[Mapping[str, str]] = {
    "ar": "ar-SY", "en": "en-GB", "fa": "fa-IR", "he": "he-IL", "ur": "ur-PK", "fr": "fr-FR",
}  # fmt: skip

# fmt: off
OFFERED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "newsroom": (
        ("direction", "auto (rtl for ar fa he ur) | rtl | ltr"),
        ("months", "single | dual (نيسان/أبريل)"),
        ("digits", "auto (by locale) | latn 2026 | arab ٢٠٢٦ | arabext ۲۰۲۶"),
        ("calendar", "gregory | islamic | persian | both"),
        ("website", 'such as "https://example.org"'),
        ("logo", "opaque PNG or JPEG in this folder; without one the name is set as text"),
    ),
    "sender": (
        ("reply_to", "without one answers go to the address above"),
        ("postal", "address in the footer"),
        ("list_id", "List-Id; without one {list}.DOMAIN; never change it later"),
    ),
    "safety": (
        ("require_check", "off | error | warning: what blocks a send"),
        ("require_test", "this exact version must have been test-sent"),
        ("undo_seconds", "countdown before the first message leaves"),
        ("max_change", "± against the last 4 issues: ask again"),
        ("max_recipients", "ceiling, whatever the filter says; 0 = none"),
        ("only_to", 'such as ["*@example.org"]: all others are skipped'),
    ),
    "team": (
        ("test_to", 'who gets test sends, at most 10: ["editor@example.org", "desk@example.org"]'),
    ),
    "smtp": (
        ("host", "the mail server"),
        ("port", ""),
        ("security", "starttls | tls | none (this computer or single-label host names only)"),
        ("username", "without one no login"),
        ("rate", 'also "500/hour", a list of both, or "off"'),
        ("connections", ""),
        ("pipelining", "auto | off"),
        ("messages_per_connection", ""),
        ("timeout", "connect and each command"),
        ("data_timeout", "final answer to a message"),
        ("retry", "waits after temporary answers; the last repeats"),
        ("give_up", "then failed"),
        ("wait", "how long a send stays for retries"),
        ("relay_signs", "the mail server adds DKIM"),
    ),
    "web": (
        ("public_url", "used in every link; https when live"),
        ("listen", ""),
        ("trust_proxy", ""),
    ),
    "compose": (
        ("articles", ""),
        ("id", ""),
        ("template", ""),
        ("cards", "lead full, so many cards, the rest one line each"),
        ("subject", ""),
        ("quotes", "keep | guillemets"),
    ),
    "storage": (
        ("database", "SQLite file, or postgresql://user@host/name"),
    ),
    "log": (
        ("format", "text | json"),
        ("addresses", "short (r…1@example.org) | full"),
    ),
    "ui": (
        ("language", "auto | en | ar"),
        ("bidi", "auto | none | isolate"),
    ),
}
# fmt: on
TAIL: Final[Mapping[str, str]] = {
    "smtp": "# password:  newsletter config set-secret smtp.password\n"
    '#   or by hand { command = "…" }, { file = "…" }, { env = "…" }; never the word itself: this file is in git',
    "compose": '# pick = { since = "last", limit = 12, order = ["weight", "-date"] }',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What `init` was told."""

    name: str  # shown to readers
    id: str  # slug
    language: str
    timezone: str
    sender: str  # address, or "Name <address>"
    lists: tuple[str, ...]  # slugs


def opening_text(opening: Opening) -> str:
    """The text of a new newsletter.toml: valid, holding only what `init` was told; the rest as comments."""
    told = [
        _section("newsroom", _newsroom(opening)),
        _section("sender", (("from", opening.sender),)),
        *(_list(slug, opening.language) for slug in opening.lists),
    ]
    later = [f"# [{name}]\n{_defaults(name)}" for name in OFFERED if name not in ("newsroom", "sender")]
    return (
        "\n\n".join(
            [
                "# Settings of this newsroom. A line with a # in front shows a default; take the # away to change it.\n"
                "# newsletter config show --origin  says what holds, and why.\nversion = 1",
                *told,
                "# --- defaults " + "-" * 100,
                *later,
            ]
        )
        + "\n"
    )


def listlist_title(slug: str, language: str) -> str:
    """The title of a new list: the weekly one in the newsroom's language, any other by its slug."""
    return WEEKLY_TITLE.get(language, slug) if slug == "weekly" else slug


def _list(slug: str, language: str) -> str:
    return _section(dotted(("lists", slug)), (("title", list_title(slug, language)),))


def list_title(slug: str, language: str) -> str:
    """The title of a new list: the weekly one in the newsroom's language, any other by its slug."""
    return WEEKLY_TITLE.get(language, slug) if slug == "weekly" else slug


def _newsroom(opening: Opening) -> Iterable[tuple[str, str]]:
    yield "name", opening.name
    yield "id", opening.id
    yield "language", opening.language
    yield "locale", LOCALES[opening.language]
    yield "timezone", opening.timezone


def _section(name: str, told: Iterable[tuple[str, str]]) -> str:
    lines = [f"[{name}]", *(f"{key} = {_text(value)}" for key, value in told)]
    return "\n".join(lines + ([_defaults(name)] if name in OFFERED else []))


def _defaults(section: str) -> str:
    settings = getattr(Settings(), section)
    lines = [_default((section, key), getattr(settings, key), remark) for key, remark in OFFERED[section]]
    return "\n".join(lines + ([TAIL[section]] if section in TAIL else []))


def _default(path: Path, value: object, remark: str) -> str:
    shape = shape_at(ROOT, path)
    if not isinstance(shape, Kind):
        raise TypeError(f"{dotted(path)} has no default of one line")
    line = f"# {path[-1]} = {_text(shape.plain(value))}"
    return f"{line:<40}  # {remark}" if remark else line


def _text(value: object) -> str:
    """A plain value as TOML; JSON spells texts, numbers, truth and flat lists alike."""
    return json.dumps(value, ensure_ascii=False)
