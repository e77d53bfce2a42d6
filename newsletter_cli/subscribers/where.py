"""The words after --where: which readers. Text in, a frozen expression out; no database here.

    tag:sport -tag:vip (list:weekly or domain:gmail.com) received:2026-w42

A space means and; `or` binds less than a space; `-` before a term or a parenthesis means not; values that hold a space,
a parenthesis or a quote stand in double quotes. `expression` gives the same text back in its plainest form.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from newsletter_cli.errors import UsageError
from newsletter_cli.mail.address import ascii_host
from newsletter_cli.mail.problems import AddressProblem


class Field(StrEnum):
    """What a term can ask about."""

    TAG = "tag"
    LIST = "list"  # on that list and not left
    STATUS = "status"
    DOMAIN = "domain"
    RECEIVED = "received"  # accepted or uncertain
    FAILED = "failed"


STATUSES: Final = (
    "active", "pending", "unsubscribed", "paused", "suspended", "complained", "forgotten",
)  # fmt: skip

EXAMPLES: Final = {
    Field.TAG: "tag:sport",
    Field.LIST: "list:weekly",
    Field.STATUS: "status:active",
    Field.DOMAIN: "domain:gmail.com",
    Field.RECEIVED: "received:2026-w42",
    Field.FAILED: "failed:2026-w42",
}

DEEPEST: Final = 40  # parentheses and signs inside each other: more is no question of a person, and SQL has a limit
MOST: Final = 200  # terms


@dataclass(frozen=True, slots=True)
class Term:
    """One question, such as tag:sport."""

    field: Field
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    part: "Expr"


@dataclass(frozen=True, slots=True)
class And:
    """All of `parts`; none at all is everybody."""

    parts: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of `parts`, of which there are two or more."""

    parts: tuple["Expr", ...]


Expr = Term | Not | And | Or

EVERYBODY: Final = And(())


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "(" ")" "-" "and" "or" "term" "end"
    at: int  # characters before it
    text: str
    value: str = ""


# A value in quotes, plain or as a word processor makes them; else up to the next space, parenthesis or quote.
_QUOTED: Final = r'"(?P<q1>(?:[^"\\]|\\.)*)"|“(?P<q2>[^”]*)”|«(?P<q3>[^»]*)»'
_TERM: Final = re.compile(
    rf'(?P<field>[^\s():"“«<>=-][^\s():"“«<>=]*)(?P<sign>[:<>=])(?:{_QUOTED}|(?P<bare>[^\s()"“«]*))'
)
_WORD: Final = re.compile(r'[^\s()"“«]+|["“«].*', re.DOTALL)
_SPACE: Final = re.compile(r"\s*")
_PLAIN: Final = re.compile(r'[^\s()"“«\\]+')


def parse_where(text: str) -> Expr:
    """The expression that `text` writes; text of nothing but spaces is EVERYBODY.

    UsageError USAGE: says what is wrong, at which character, and what can be asked.
    """
    return _Parser(text).whole()


def expression(expr: Expr) -> str:
    """The text of an expression; `parse_where` of it gives the same expression again."""
    match expr:
        case Term(field, value):
            return f"{field}:{_quoted(value)}"
        case Not(part):
            return f"-{_inside(part, (And, Or, Not))}"
        case And(parts):
            return " ".join(_inside(part, (And, Or)) for part in parts)
        case Or(parts):
            return " or ".join(_inside(part, (Or,)) for part in parts)


def terms(expr: Expr) -> Iterator[Term]:
    """Every term in it, from left to right."""
    match expr:
        case Term():
            yield expr
        case Not(part):
            yield from terms(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms(part)


def _inside(part: Expr, needs: tuple[type[Expr], ...]) -> str:
    text = expression(part)
    return f"({text})" if isinstance(part, needs) else text


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Parser:
    """Recursive descent over the grammar of the file's head; every refusal knows its place in the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._scan())
        self._next = 0
        self._depth = 0
        if sum(token.kind == "term" for token in self._tokens) > MOST:
            raise self._refusal(0, f"It asks more than {MOST} questions.")

    def whole(self) -> Expr:
        if self._peek().kind == "end":
            return EVERYBODY
        expr = self._either()
        token = self._peek()
        if token.kind != "end":
            raise self._refusal(token.at, "This parenthesis closes nothing.")
        return expr

    def _either(self) -> Expr:
        parts = [self._all()]
        while self._peek().kind == "or":
            self._take()
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Expr:
        parts = [self._one()]
        while self._peek().kind in {"term", "(", "-", "and"}:
            if self._peek().kind == "and":
                self._take()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self) -> Expr:
        token = self._take()
        match token.kind:
            case "term":
                return self._term(token)
            case "-":
                return Not(self._deeper(token, self._one))
            case "(":
                return self._deeper(token, lambda: self._parenthesis(token))
        raise self._refusal(token.at, "A term such as tag:sport belongs here.")

    def _parenthesis(self, opened: _Token) -> Expr:
        expr = self._either()
        if self._take().kind != ")":
            raise self._refusal(opened.at, "This parenthesis is never closed.")
        return expr

    def _deeper(self, token: _Token, read: Callable[[], Expr]) -> Expr:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refusal(token.at, f"More than {DEEPEST} parentheses and signs inside each other.")
        expr = read()
        self._depth -= 1
        return expr

    def _term(self, token: _Token) -> Term:
        field = self._field(token)
        if not token.value:
            raise self._refusal(token.at, f"“{field}:” needs a value, such as {EXAMPLES[field]}.")
        value = self._normal(field, token)
        if field is Field.STATUS and value not in STATUSES:
            raise self._refusal(token.at, f"There is no status “{token.value}”.", f"Known: {', '.join(STATUSES)}.")
        return Term(field, value)

    def _normal(self, field: Field, token: _Token) -> str:
        """The value as the database spells it."""
        if field is not Field.DOMAIN:
            return unicodedata.normalize("NFC", token.value.casefold())
        try:
            return ascii_host(token.value.removeprefix("@"))
        except AddressProblem as problem:
            raise self._refusal(token.at, problem.sentence) from problem

    def _field(self, token: _Token) -> Field:
        name = token.text.casefold()
        if name not in set(Field):
            near = get_close_matches(name, list(Field), n=1)
            guess = f" Did you mean “{near[0]}:”?" if near else ""
            raise self._refusal(token.at, f"“{token.text}” is nothing that can be asked here.{guess}")
        return Field(name)

    def _scan(self) -> Iterator[_Token]:
        at = 0
        while (at := self._skip(at)) < len(self._text):
            token, at = self._token(at)
            yield token
        yield _Token("end", at, "")

    def _skip(self, at: int) -> int:
        space = _SPACE.match(self._text, at)
        return space.end() if space else at

    def _token(self, at: int) -> tuple[_Token, int]:
        first = self._text[at]
        if first in "()-":
            return _Token(first, at, first), at + 1
        found = _TERM.match(self._text, at)
        if found is None:
            return self._keyword(at)
        if found["sign"] != ":":
            raise self._refusal(
                at, f"“{found['field']}{found['sign']}” cannot be asked here: write a field, a colon and a value."
            )
        end = found.end()
        if end < len(self._text) and self._text[end] in '"“«':
            raise self._refusal(end, "This quotation mark has no partner.")
        return _Token("term", at, found["field"], _value(found)), end

    def _keyword(self, at: int) -> tuple[_Token, int]:
        found = _WORD.match(self._text, at)
        word = found[0] if found else self._text[at]
        kind = word.casefold()
        if kind in {"and", "or"}:
            return _Token(kind, at, word), at + len(word)
        if kind == "not":
            return _Token("-", at, word), at + len(word)
        if word[0] in '"“«':
            raise self._refusal(at, "A value in quotation marks needs a field before it, such as tag:")
        raise self._refusal(at, f"“{word}” has no field. Did you mean “tag:{word}”?")

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _refusal(self, at: int, sentence: str, known: str = "") -> UsageError:
        return UsageError(
            "USAGE",
            f"The filter cannot be read. {sentence}",
            facts=[("filter", self._text), ("place", f"character {at + 1}")],
            fix=known or f"It can ask {', '.join(EXAMPLES.values())}; a space means and, also: or, -, ( ).",
            details={"position": at + 1, "fields": list(Field)},
        )


def _value(found: re.Match[str]) -> str:
    if found["q1"] is not None:
        return re.sub(r"\\(.)", r"\1", found["q1"], flags=re.DOTALL)
    return found["q2"] or found["q3"] or found["bare"] or ""
