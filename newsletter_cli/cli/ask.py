"""Questions. Asked only at a terminal; without one the missing answer is an error that names the flag.

Never typer's own prompts: without a terminal they exit 1 with one bare word. Answers may be typed in Latin,
Arabic-Indic or Persian digits, with or without separators, and yes and no in English or Arabic.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from newsletter_cli.cli.output import Out, number
from newsletter_cli.errors import NOTHING_SENT, NotConfirmedError

YES: Final = frozenset({"y", "yes", "نعم", "ن"})
NO: Final = frozenset({"n", "no", "لا", "ل"})
# Latin comma and point, apostrophe, spaces (also no-break and narrow), Arabic thousands separator and comma.
_SEPARATORS: Final = re.compile("[,.'\u2019\u00a0\u202f\u066c\u060c _]")
_HIDDEN: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TRIES: Final = 3


def read_number(text: str) -> int | None:
    """12480, 12,480, ١٢٬٤٨٠ or ۱۲۴۸۰ as 12480; None for anything else."""
    digits = _SEPARATORS.sub("", _HIDDEN.sub("", text).strip())
    return int(digits) if digits.isdecimal() else None


def read_yes(text: str) -> bool | None:
    """True, False, or None when the answer is neither."""
    word = _HIDDEN.sub("", text).strip().casefold()
    return True if word in YES else False if word in NO else None


class Asker:
    """Asks a person at a terminal, on stderr, and reads the answer from stdin."""

    def __init__(self, out: Out, readline: Callable[[], str], *, allowed: bool, sends: bool) -> None:
        """allowed: there is a terminal and nobody forbade questions.  sends: say what was sent in refusals."""
        self._out = out
        self._readline = readline
        self._allowed = allowed
        self._sent = NOTHING_SENT if sends else ""

    def yes(self, question: str, *, flag: str = "--yes", default: bool = False) -> bool:
        """A y/N question. Enter takes the default; three answers that are neither count as no."""
        hint = "[Y/n]" if default else "[y/N]"
        for _ in range(_TRIES):
            answer = self._answer(f"{question} {hint} ", question, flag)
            if not answer:
                return default
            read = read_yes(answer)
            if read is not None:
                return read
            self._out.event("question", self._out.words.gettext("Please answer y or n."))
        return False

    def number(self, expected: int, prompt: str, *, flag: str) -> None:
        """The person has to type `expected`; WRONG-COUNT for another number, NOT-CONFIRMED for Enter."""
        answer = self._answer(f"{prompt} › ", prompt, flag)
        if not answer:
            raise self.declined()
        if read_number(answer) != expected:
            raise self.wrong(number(expected))

    def name(self, expected: str, prompt: str, *, flag: str) -> None:
        """The person has to type the name `expected` (a slug, an address)."""
        answer = self._answer(f"{prompt} › ", prompt, flag)
        if not answer:
            raise self.declined()
        if answer.casefold() != expected.casefold():
            raise self.wrong(expected)

    def given(self, value: str, expected: str) -> None:
        """The same for what a script gave with --confirm: WRONG-COUNT unless it is `expected`."""
        if value.strip().casefold() != expected.casefold():
            raise self.wrong(expected)

    def choice(
        self, question: str, options: Sequence[tuple[str, str]], *, flag: str, default: str | None = None
    ) -> str:
        """One of (value, label), chosen by its number. Returns the value."""
        listed = "   ".join(f"[{place}] {label}" for place, (_, label) in enumerate(options, 1))
        for _ in range(_TRIES):
            self._need_terminal(question, flag)
            self._out.event("question", f"{question}   {listed}")
            answer = self._answer("› ", question, flag)
            if not answer and default is not None:
                return default
            chosen = read_number(answer)
            if chosen is not None and 1 <= chosen <= len(options):
                return options[chosen - 1][0]
        raise self.declined()

    def text(self, question: str, *, flag: str, default: str = "") -> str:
        """A line of text; Enter takes the default."""
        shown = f"{question} [{default}] › " if default else f"{question} › "
        return self._answer(shown, question, flag) or default

    def declined(self) -> NotConfirmedError:
        """The error for a person who said no."""
        return NotConfirmedError("NOT-CONFIRMED", self._out.words.gettext("Stopped: not confirmed."), sent=self._sent)

    def wrong(self, expected: str) -> NotConfirmedError:
        """The error for a wrong number or name."""
        message = self._out.words.gettext("That is not {expected}.").format(expected=expected)
        return NotConfirmedError("WRONG-COUNT", message, sent=self._sent, details={"expected": expected})

    def missing(self, question: str, flag: str) -> NotConfirmedError:
        """The error when there is nobody to ask. flag: what to add to the command, e.g. "--confirm weekly"."""
        message = self._out.words.gettext("This needs an answer, and there is no terminal to ask in.")
        return NotConfirmedError(
            "NOT-CONFIRMED",
            message,
            facts=(("question", question),),
            sent=self._sent,
            fix=f"add: {flag}",
            details={"flag": flag},
        )

    def _need_terminal(self, question: str, flag: str) -> None:
        if not self._allowed:
            raise self.missing(question, flag)

    def _answer(self, prompt: str, question: str, flag: str) -> str:
        self._need_terminal(question, flag)
        self._out.ask(prompt)
        line = self._readline()
        if not line:  # end of input: the person closed it, or the terminal is gone
            self._out.event("question", "")
            raise self.missing(question, flag)
        return line.strip()
