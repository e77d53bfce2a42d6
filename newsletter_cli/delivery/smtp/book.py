"""The reply book: what an answer means, looked up in a table. One book for SMTP replies and for reports."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from newsletter_cli.delivery.smtp.reply import Reply
from newsletter_cli.delivery.smtp.verdict import Asked, Category, Effect, Verdict

BOOK: Final = Path(__file__).with_name("replies.toml")
WORDS: Final = frozenset(
    {"id", "provider", "stage", "code", "enhanced", "text", "regex", "category", "permanent", "effect", "confidence"}
)
STAGES: Final = (Asked.MAIL, Asked.RCPT, Asked.DATA, Asked.DOT, Asked.DSN)
PASSING: Final = frozenset({Category.THROTTLE, Category.TRANSIENT, Category.AUTH, Category.LOGIN})
PAUSING: Final = frozenset({Effect.PAUSE_LOGIN, Effect.PAUSE_SENDER, Effect.ACCOUNT_BLOCKED})
EFFECTS: Final[Mapping[Category, Effect]] = {
    Category.THROTTLE: Effect.SLOW,
    Category.POLICY: Effect.PAUSE_LANE,
    Category.AUTH: Effect.PAUSE_SENDER,
    Category.LOGIN: Effect.PAUSE_LOGIN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row, compiled. An empty set or None leaves that side open."""

    id: str
    provider: str
    stages: frozenset[Asked]
    code: re.Pattern[str] | None
    enhanced: re.Pattern[str] | None
    phrases: tuple[str, ...]
    regex: re.Pattern[str] | None
    category: Category
    permanent: bool | None
    effect: Effect | None
    sure: bool

    def fits(self, asked: Asked, code: str, enhanced: str, folded: str, provider: str) -> bool:
        return (
            asked in self.stages
            and (self.code is None or self.code.fullmatch(code) is not None)
            and (self.enhanced is None or self.enhanced.fullmatch(enhanced) is not None)
            and self._fits_provider(provider)
            and self._fits_text(folded)
        )

    def _fits_provider(self, provider: str) -> bool:
        # Where nobody knows the provider, only its own phrases may speak for it, not a bare code.
        if not self.provider or provider == self.provider:
            return True
        return not provider and bool(self.phrases or self.regex)

    def _fits_text(self, folded: str) -> bool:
        if not self.phrases and self.regex is None:
            return True
        if any(phrase in folded for phrase in self.phrases):
            return True
        return self.regex is not None and self.regex.search(folded) is not None

    def verdict(self, never: bool) -> Verdict:
        """never: the answer's class is 5xx."""
        effect = self.effect or EFFECTS.get(self.category, Effect.NONE)
        if effect is Effect.PAUSE_LANE and not never:
            effect = Effect.SLOW
        passing = self.category in PASSING or effect in PAUSING
        permanent = never and (not passing if self.permanent is None else self.permanent)
        return Verdict(rule=self.id, category=self.category, permanent=permanent, effect=effect, sure=self.sure)


class ReplyBook:
    """Judges answers. Made once by `load_book` and handed down; holds no state of any send."""

    def __init__(self, rules: Iterable[Rule], provider: str = "") -> None:
        """provider: whose servers are judged: google, microsoft, yahoo, apple, or "" when nobody knows."""
        self.rules = tuple(rules)
        self.provider = provider

    def at(self, provider: str) -> "ReplyBook":
        """The same book for the servers of one provider."""
        return ReplyBook(self.rules, provider)

    def judge(self, asked: Asked, reply: Reply, provider: str = "") -> Verdict:
        """What a 4xx or 5xx answer means. provider: another than the book's own.

        No row: `unknown`, for good with 5xx, and temporary in every other case.
        """
        return self.look_up(asked, reply.code, reply.enhanced, reply.text, provider or self.provider)

    def look_up(self, asked: Asked, code: int, enhanced: str, text: str, provider: str = "") -> Verdict:
        """The same for a report, whose code may be missing (0): then the enhanced code's class speaks."""
        never = enhanced.startswith("5") if not code else 500 <= code <= 599
        shown = str(code) if code else f"{enhanced[:1] or '4'}xx"
        folded = " ".join(text.casefold().split())
        for rule in self.rules:
            if rule.fits(asked, shown, enhanced, folded, provider):
                return rule.verdict(never)
        return Verdict(rule="", category=Category.UNKNOWN, permanent=never)


def load_book(path: Path = BOOK) -> ReplyBook:
    """Read a reply book. Raises ValueError with the row's id when a row cannot be understood."""
    rows = tomllib.loads(path.read_text("utf-8"))["rules"]
    return ReplyBook(_rule(row) for row in rows)


def _rule(row: Mapping[str, Any]) -> Rule:
    try:
        if unknown := row.keys() - WORDS:
            raise ValueError(f"unknown {', '.join(sorted(unknown))}")
        return Rule(
            id=row["id"],
            provider=row.get("provider", ""),
            stages=frozenset(Asked(stage) for stage in row.get("stage", STAGES)),
            code=_pattern(row.get("code"), _code),
            enhanced=_pattern(row.get("enhanced"), _enhanced),
            phrases=tuple(row.get("text", ())),
            regex=re.compile(row["regex"]) if "regex" in row else None,
            category=Category(row["category"]),
            permanent=row.get("permanent"),
            effect=Effect(row["effect"]) if "effect" in row else None,
            sure=row.get("confidence", "low") == "high",
        )
    except (KeyError, ValueError, re.error) as error:
        raise ValueError(f"reply book, row {row.get('id', '?')}: {error}") from error


def _pattern(value: str | list[str] | None, one: Callable[[str], str]) -> re.Pattern[str] | None:
    if value is None:
        return None
    return re.compile("|".join(one(part) for part in ([value] if isinstance(value, str) else value)))


def _code(text: str) -> str:
    """550, 55x or 5xx. A report without a code is looked up as 5xx and fits any of that class."""
    if not re.fullmatch("[2-5][0-9x][0-9x]", text):
        raise ValueError(f"no code: {text}")
    return f"{text.replace('x', '[0-9x]')}|{text[0]}xx"


def _enhanced(text: str) -> str:
    """5.1.1, x.2.2, 5.7.x, 5.7.20-27, or "" for an answer without one."""
    if not text:
        return ""
    kind, subject, detail = text.split(".")
    low, _, high = detail.partition("-")
    last = _number(low) if not high else "(?:" + "|".join(map(str, range(int(low), int(high) + 1))) + ")"
    return rf"{'[245]' if kind == 'x' else int(kind)}\.{_number(subject)}\.{last}"


def _number(text: str) -> str:
    return "[0-9]+" if text == "x" else str(int(text))
