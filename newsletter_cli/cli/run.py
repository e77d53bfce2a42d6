"""What one invocation works with: newsroom, settings, storage, clock, user, streams, questions.

Everything that costs or can fail is opened when it is first asked for, and closed at the end of the command.
"""

import getpass
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar
from zoneinfo import ZoneInfo

from newsletter_cli.cli import failure
from newsletter_cli.cli.ask import Asker
from newsletter_cli.cli.options import Globals, LogFormat
from newsletter_cli.cli.output import Out
from newsletter_cli.cli.words import Words, language_of

if TYPE_CHECKING:
    from newsletter_cli.digest.inlined import InlinedPages
    from newsletter_cli.newsroom import Newsroom
    from newsletter_cli.settings import Loaded, Redactor, SecretSource, Settings
    from newsletter_cli.storage.engine import Storage

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The process as the command sees it; made once, in main()."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    stdin: TextIO | None  # None when it was closed
    stdout: TextIO
    stderr: TextIO
    cwd: Path
    clock: Callable[[], datetime]  # aware, UTC


class Run:
    """One invocation of one command."""

    def __init__(self, words: str, options: Globals, around: Surroundings, *, sends: bool = False) -> None:
        """words: the command, "articles import".  sends: it can send mail, so its refusals say what was sent."""
        self.words = words
        self.globals = options
        self.around = around
        self.env = around.env
        self.clock = around.clock
        self.out = make_out(options, around)
        self.ask = Asker(self.out, self._readline, allowed=self.can_ask, sends=sends)
        self._resources = ExitStack()

    # --- the newsroom and what lies in it

    @cached_property
    def newsroom(self) -> "Newsroom":
        """The newsroom of -C, NEWSLETTER_PROJECT or the nearest parent; NO-PROJECT when there is none."""
        from newsletter_cli.newsroom import find_newsroom  # lazy: `help` and `--help` need no newsroom

        found = find_newsroom(self.around.cwd, self.env, self.globals.project)
        if found.root.resolve() != self.around.cwd.resolve():
            self.out.say(f"Newsroom   {self.out.cell(found.root)}")
        return found

    @property
    def found_newsroom(self) -> "Newsroom | None":
        """The newsroom if this run has found one already; looks for none."""
        return self.__dict__.get("newsroom")

    @cached_property
    def loaded(self) -> "Loaded":
        """Settings with the origin of each value."""
        from newsletter_cli.settings import load_settings  # lazy: see newsroom

        room = self.newsroom
        loaded = load_settings(room.root, profile=self.globals.profile, env=self.env, config=room.config)
        self._follow(loaded.settings)
        return loaded

    @property
    def settings(self) -> "Settings":
        """newsletter.toml, profile and environment as one record."""
        return self.loaded.settings

    @cached_property
    def storage(self) -> "Storage":
        """The newsroom's database, open until the command ends."""
        from newsletter_cli.storage.engine import open_storage  # lazy: the database layer costs more than most commands

        storage = open_storage(self.settings.storage.database, self.newsroom.root)
        self._resources.callback(storage.close)
        return storage

    @cached_property
    def inlined(self) -> "InlinedPages":
        """Pages that earlier commands have inlined; a dry run adds none."""
        from newsletter_cli.digest.inlined import InlinedPages  # lazy: most commands render nothing

        return InlinedPages(self.newsroom.cache / "inlined", keeps=not self.globals.dry_run)

    @cached_property
    def redactor(self) -> "Redactor":
        """Knows the secrets of this run and takes them out of all that is written."""
        from newsletter_cli.settings import Redactor  # lazy: see newsroom

        redactor = Redactor()
        self.out.redact = redactor.redact
        return redactor

    def secret(self, source: "SecretSource") -> str:
        """The secret, fetched now; from here on no output shows it. ConfigError SECRET when it cannot be had."""
        from newsletter_cli.settings import resolve_secret  # lazy: see newsroom

        value = resolve_secret(source, self.newsroom.root, self.env)
        self.redactor.learn(value)
        return value

    def keep(self, resource: T, close: Callable[[T], object]) -> T:
        """Have `resource` closed when the command ends."""
        self._resources.callback(close, resource)
        return resource

    def close(self) -> None:
        """Close what was opened, last first."""
        self._resources.close()

    # --- who and whether

    @cached_property
    def user(self) -> str:
        """The name in the log: NEWSLETTER_USER or the login name."""
        return self.env.get("NEWSLETTER_USER") or login_name(self.env)

    @property
    def no_send(self) -> bool:
        """NEWSLETTER_NO_SEND=1: this process opens no SMTP connection."""
        return self.env.get("NEWSLETTER_NO_SEND", "").strip().lower() not in ("", "0", "no", "false", "off")

    @property
    def can_ask(self) -> bool:
        """Whether there is a person to ask."""
        stdin = self.around.stdin
        return not (self.globals.no_input or self.globals.json) and stdin is not None and stdin.isatty()

    # --- words and questions

    def _(self, text: str) -> str:
        """text in the language of this run."""
        return self.out.words.gettext(text)

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """The plural form for `number`, with {n} and the other values filled in."""
        return self.out.words.ngettext(one, many, number).format(n=f"{number:,}", **values)

    def ask_yes(self, question: str, flag: str = "--yes", *, default: bool = False) -> bool:
        """A y/N question, answered by --yes where that is the flag. NOT-CONFIRMED when there is nobody to ask."""
        if self.globals.yes and flag.startswith("--yes"):
            return True
        return self.ask.yes(question, flag=flag, default=default)

    def confirm(self, question: str, flag: str = "--yes") -> None:
        """The same, but no is NOT-CONFIRMED, exit 3."""
        if not self.ask_yes(question, flag):
            raise self.ask.declined()

    def ask_number(self, expected: int, prompt: str, flag: str) -> None:
        """The person types the number; WRONG-COUNT, or NOT-CONFIRMED for Enter or without a terminal."""
        self.ask.number(expected, prompt, flag=flag)

    def ask_name(self, expected: str, prompt: str, flag: str, *, given: str | None = None) -> None:
        """The person types the name, or the script gave it with its flag (`given`); a wrong one is WRONG-COUNT."""
        if given is not None:
            self.ask.given(given, expected)
        else:
            self.ask.name(expected, prompt, flag=flag)

    def ask_choice(
        self, question: str, options: tuple[tuple[str, str], ...], flag: str, *, default: str | None = None
    ) -> str:
        """One of (value, label) by its number; returns the value."""
        return self.ask.choice(question, options, flag=flag, default=default)

    def ask_text(self, question: str, flag: str, *, default: str = "") -> str:
        """A line of text; Enter takes the default."""
        return self.ask.text(question, flag=flag, default=default)

    def _readline(self) -> str:
        return self.around.stdin.readline() if self.around.stdin is not None else ""

    def _follow(self, settings: "Settings") -> None:
        """From now on speak as the settings say, where flags and environment are silent."""
        self.out.bidi = settings.ui.bidi
        self.out.zone = ZoneInfo(settings.newsroom.timezone)
        for name, value in self.env.items():
            if failure.sounds_secret(name):  # the environment may hold a secret itself
                self.redactor.learn(value)
        if self.globals.lang is None:
            self.out.words = Words(language_of(self.env, settings.ui.language))
        if self.globals.log_format is None:
            self.out.log_format = LogFormat(settings.log.format)


def make_out(options: Globals, around: Surroundings) -> Out:
    """The streams of a run; also for errors that come before there is a run."""
    return Out(
        stdout=around.stdout,
        stderr=around.stderr,
        options=options,
        env=around.env,
        words=Words(options.lang or language_of(around.env)),
        clock=around.clock,
    )


def login_name(env: Mapping[str, str]) -> str:
    """The name of the account; its number where it has no name (containers)."""
    named = env.get("LOGNAME") or env.get("USER") or env.get("USERNAME")
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"
