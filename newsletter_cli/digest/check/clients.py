"""H301: which mail programs show everything, from a table of caniemail.com (clients.json, docs/client_table.py).

Counted is what takes words or pictures away from readers when it is missing: a rounded corner or a dark palette does
not. What has a check of its own (flex, var(), WebP …) is not counted here a second time. Rules in @media are not
counted: there they are an addition.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.css import rules
from newsletter_cli.digest.check.finding import Hit
from newsletter_cli.digest.check.theme_lines import find_in_theme
from newsletter_cli.digest.check.tree import PageTree
from newsletter_cli.digest.model import Issue

LEAST: Final = 90  # per cent

# feature → how it is seen in "name: value" of a style
_STYLES: Final[Mapping[str, str]] = {
    "css-aspect-ratio": r"^aspect-ratio:",
    "css-background-image": r"^background(?:-image)?:.*url\(",
    "css-clip-path": r"^clip-path:",
    "css-column-count": r"^(?:column-count|columns):",
    "css-conic-gradient": r"conic-gradient\(",
    "css-filter": r"^filter:",
    "css-function-clamp": r"(?<![\w-])clamp\(",
    "css-function-max": r"(?<![\w-])max\(",
    "css-function-min": r"(?<![\w-])min\(",
    "css-linear-gradient": r"(?<![\w-])(?:repeating-)?linear-gradient\(",
    "css-mask-image": r"^(?:-webkit-)?mask(?:-image)?:",
    "css-mix-blend-mode": r"^mix-blend-mode:",
    "css-object-fit": r"^object-fit:",
    "css-radial-gradient": r"radial-gradient\(",
    "css-text-orientation": r"^text-orientation:",
    "css-transform": r"^transform:",
    "css-unit-calc": r"(?<![\w-])calc\(",
    "css-unit-ch": r"(?<![\w#.-])[\d.]*\dch\b",
    "css-unit-vh": r"(?<![\w#.-])[\d.]*\dvh\b",
    "css-unit-vmax": r"(?<![\w#.-])[\d.]*\dvmax\b",
    "css-unit-vmin": r"(?<![\w#.-])[\d.]*\dvmin\b",
    "css-unit-vw": r"(?<![\w#.-])[\d.]*\dvw\b",
    "css-writing-mode": r"^writing-mode:",
}
# feature → elements
_ELEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "html-dialog": ("dialog",),
    "html-image-maps": ("map", "area"),
    "html-meter": ("meter",),
    "html-picture": ("picture",),
    "html-progress": ("progress",),
    "html-ruby": ("ruby",),
    "html-select": ("select",),
    "html-textarea": ("textarea",),
}
# Named by other checks.
_NAMED: Final = frozenset(
    {
        "css-display-flex", "css-display-grid", "css-nesting", "css-position", "css-pseudo-class-has", "css-unit-rem",
        "css-variables", "image-avif", "image-svg", "image-webp",
    }
)  # fmt: skip
SEEN: Final = frozenset(_STYLES) | frozenset(_ELEMENTS) | _NAMED

# How the readers of one provider read, in parts of a hundred: our estimate, from what providers and analysts publish.
_MIXES: Final[Mapping[str, Mapping[str, float]]] = {
    "gmail": {"gmail/android": 50, "gmail/desktop-webmail": 27, "gmail/ios": 18, "gmail/mobile-webmail": 5},
    "outlook": {"outlook/outlook-com": 55, "outlook/android": 15, "outlook/ios": 15, "outlook/windows": 15},
    "yahoo": {"yahoo/desktop-webmail": 50, "yahoo/android": 30, "yahoo/ios": 20},
    "apple": {"apple-mail/ios": 80, "apple-mail/macos": 20},
    "aol": {"aol/desktop-webmail": 60, "aol/android": 20, "aol/ios": 20},
    "gmx": {"gmx/desktop-webmail": 50, "gmx/android": 30, "gmx/ios": 20},
    "web-de": {"web-de/desktop-webmail": 50, "web-de/android": 30, "web-de/ios": 20},
    "mail-ru": {"mail-ru/desktop-webmail": 100},
    "protonmail": {"protonmail/desktop-webmail": 50, "protonmail/android": 30, "protonmail/ios": 20},
    "orange": {"orange/desktop-webmail": 60, "orange/android": 20, "orange/ios": 20},
    "other": {
        "gmail/android": 17, "gmail/desktop-webmail": 9, "gmail/ios": 6, "gmail/mobile-webmail": 1,
        "apple-mail/ios": 30, "apple-mail/macos": 8, "outlook/windows": 8, "outlook/outlook-com": 5,
        "outlook/macos": 2, "outlook/ios": 2, "outlook/android": 2, "yahoo/desktop-webmail": 3, "yahoo/ios": 1,
        "yahoo/android": 1, "samsung-email/android": 3, "thunderbird/macos": 2,
    },
}  # fmt: skip
_PROVIDERS: Final = (
    ("gmail", r"gmail\.com|googlemail\.com"),
    ("outlook", r"(?:outlook|hotmail|live|msn)\.[a-z.]{2,6}"),
    ("yahoo", r"yahoo\.[a-z.]{2,6}|ymail\.com|rocketmail\.com"),
    ("apple", r"icloud\.com|me\.com|mac\.com"),
    ("aol", r"aol\.[a-z.]{2,6}"),
    ("gmx", r"gmx\.[a-z.]{2,6}"),
    ("web-de", r"web\.de"),
    ("mail-ru", r"(?:mail|bk|inbox|list)\.ru"),
    ("protonmail", r"proton(?:mail)?\.[a-z]{2,3}|pm\.me"),
    ("orange", r"orange\.fr|wanadoo\.fr"),
)
_FAMILIES: Final = {
    "apple-mail": "Apple Mail", "gmail": "Gmail", "outlook": "Outlook", "yahoo": "Yahoo", "aol": "AOL", "gmx": "GMX",
    "web-de": "WEB.DE", "mail-ru": "Mail.ru", "protonmail": "Proton Mail", "orange": "Orange",
    "samsung-email": "Samsung Email", "thunderbird": "Thunderbird",
}  # fmt: skip
_PLATFORMS: Final = {
    "desktop-webmail": "on the web", "mobile-webmail": "on the mobile web", "windows": "for Windows",
    "macos": "for macOS", "ios": "for iOS", "android": "for Android", "outlook-com": ".com",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Support:
    """What a page asks for, weighed by who reads it."""

    score: int  # per cent of the readers whose program shows everything
    worst: str  # the program that lacks the most; "" when none lacks anything
    lacking: tuple[str, ...]  # features that some program lacks, the most missed first


def support(page: PageTree, issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """H301 when too few readers' programs show all of the page."""
    found = support_of(page, circumstances.domains)
    if found.score < LEAST:
        feature = found.lacking[0]
        where = _STYLES[feature].lstrip("^") if feature in _STYLES else rf"<(?:{'|'.join(_ELEMENTS[feature])})\b"
        file, line = find_in_theme(issue, re.sub(r":$", r"\\s*:", where))
        yield Hit(
            code="H301", file=file, line=line, values={"score": found.score, "client": found.worst, "feature": feature}
        )


def support_of(page: PageTree, domains: Mapping[str, int]) -> Support:
    """How well the programs of these readers show a page.  domains: readers per domain; none: a usual mix."""
    used = tuple(_used(page))
    weights = weights_of(domains)
    total = sum(weights.values())
    lacks = {client: [one for one in used if _table()["features"][one].get(client) == "n"] for client in weights}
    good = sum(weight for client, weight in weights.items() if not lacks[client])
    missed = Counter[str]()
    for client, features in lacks.items():
        for feature in features:
            missed[feature] += round(1000 * weights[client] / total)
    worst = max(weights, key=lambda client: (len(lacks[client]), weights[client]))
    return Support(
        int(100 * good / total), shown(worst) if lacks[worst] else "", tuple(name for name, _ in missed.most_common())
    )


def weights_of(domains: Mapping[str, int]) -> dict[str, float]:
    """The share of each mail program among readers of these domains."""
    providers = Counter[str]()
    for domain, count in domains.items():
        providers[_provider(domain)] += count
    weights = Counter[str]()
    for provider, count in (providers or {"other": 1}).items():
        mix = _MIXES[provider]
        for client, part in mix.items():
            weights[client] += count * part / sum(mix.values())  # type: ignore[assignment]  # a Counter of floats
    return dict(weights)


def named_without(feature: str) -> str:
    """The well-known programs that lack a feature: "Gmail, Outlook"."""
    answers = _table()["features"][feature]
    families = [
        name
        for family, name in _FAMILIES.items()
        if any(letter == "n" and client.startswith(f"{family}/") for client, letter in answers.items())
    ]
    known = [name for name in ("Gmail", "Outlook", "Yahoo", "Apple Mail") if name in families]
    return ", ".join(known or families[:3])


def shown(client: str) -> str:
    """A program as people call it: Gmail for Android, Outlook.com."""
    family, _, platform = client.partition("/")
    place = _PLATFORMS.get(platform, platform)
    name = _FAMILIES.get(family, family)
    return name + place if place.startswith(".") else f"{name} {place}"


def _used(page: PageTree) -> Iterator[str]:
    said = {f"{one.name}: {one.value}" for element in page.all() for one in element.style()}
    said |= {f"{d.name}: {d.value}" for css in page.styles for r in rules(css) if not r.within for d in r.declarations}
    for feature, pattern in _STYLES.items():
        if any(re.search(pattern, text, re.IGNORECASE) for text in said):
            yield feature
    tags = {element.tag for element in page.all()}
    yield from (feature for feature, names in _ELEMENTS.items() if tags & set(names))


def _provider(domain: str) -> str:
    return next((name for name, pattern in _PROVIDERS if re.fullmatch(pattern, domain.lower())), "other")


@cache
def _table() -> dict[str, Any]:
    text = (files("newsletter_cli.digest.check") / "clients.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
