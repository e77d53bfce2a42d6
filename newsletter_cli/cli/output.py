"""What a command says: results to stdout, everything else to stderr, nothing that a stranger's text could break.

    out.result("2026-w42 → weekly")            stdout   the answer
    out.done("Scheduled.")                     stdout   ✓ and the answer
    out.fields([("email", address), …])        stdout   one fact per line
    out.table(listing)                         stdout   by --format: table, jsonl, csv, tsv
    out.say("Checking…")                       stderr   talk; silent with --quiet
    out.warn("No worker is running.")          stderr   ! and the sentence; never silent
    out.detail("read 3 files")                 stderr   only with --verbose
    out.next_steps("newsletter preview x")     stderr   the commands that come next
    out.event("send.progress", "…", done=5)    stderr   one log line; JSON with --log-format json

Names, subjects, SMTP answers and file names go through `cell`/`clean` before they are put into a sentence. A last
net in `_write` drops control and bidi characters from whatever was forgotten, and secrets that the redactor knows.
"""

import contextlib
import csv
import io
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum
from pathlib import Path
from typing import Final

from newsletter_cli.cli.options import Globals, LogFormat
from newsletter_cli.cli.table import Listing, lines
from newsletter_cli.cli.terminal import (
    HARMFUL,
    Stream,
    clean,
    clean_lines,
    is_right_to_left,
    plain_cell,
    wants_colour,
    wants_isolates,
)
from newsletter_cli.cli.words import Words

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t")
_COLOURS: Final = {"✓": "\x1b[32m✓\x1b[0m", "!": "\x1b[33m!\x1b[0m", "✗": "\x1b[31m✗\x1b[0m"}


class NobodyReadsError(Exception):
    """The reader of stdout has gone (`… | head -1`). The frame ends the command quietly."""


class Out:
    """The two streams of one invocation, and how to write to them."""

    def __init__(
        self,
        *,
        stdout: Stream,
        stderr: Stream,
        options: Globals,
        env: Mapping[str, str],
        words: Words,
        clock: Callable[[], datetime],
    ) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.options = options
        self.env = env
        self.words = words
        self.clock = clock
        self.bidi = "auto"  # ui.bidi once the settings are known
        self.log_format = options.log_format or LogFormat.TEXT
        self.zone: tzinfo = UTC  # newsroom.timezone once the settings are known
        self.above: Callable[[str], None] | None = None  # while a live view is drawn: how to write above it
        self.redact: Callable[[str], str] = lambda text: text

    # --- stdout

    def result(self, text: str = "") -> None:
        """One or more lines of the answer. With --json nothing: there the document is the answer."""
        if not self.options.json:
            self._write(self.stdout, text)

    def done(self, text: str) -> None:
        """The answer of a command that changed something."""
        self.result(f"✓ {text}")

    def fields(self, pairs: Iterable[tuple[str, object]], *, indent: int = 0) -> None:
        """One fact per line, Latin label first; values are strangers' and are cleaned."""
        known = [(label, value) for label, value in pairs if value is not None]
        width = max((len(label) for label, _ in known), default=0)
        for label, value in known:
            self.result(f"{'':{indent}}{label:<{width}}  {self.cell(value)}".rstrip())

    def table(self, listing: Listing) -> None:
        """The rows, as --format says."""
        if self.options.json:
            return
        if self.options.format in ("csv", "tsv"):
            self._delimited(listing, "," if self.options.format == "csv" else "\t")
        elif self.options.format == "jsonl":
            names = [column.name for column in listing.columns]
            for row in listing.rows:
                self._raw(self.stdout, dumps(dict(zip(names, row, strict=True)), ascii_only=self._ascii_only()) + "\n")
        else:
            self._for_people(listing)

    def document(self, document: Mapping[str, object]) -> None:
        """The one JSON document of --json."""
        self._raw(self.stdout, dumps(document, ascii_only=self._ascii_only()) + "\n")

    def payload(self, text: str) -> None:
        """Content that was asked for as it is (a digest, a schema): only secrets are taken out."""
        self._raw(self.stdout, text if text.endswith("\n") else text + "\n")

    # --- stderr

    def say(self, text: str = "") -> None:
        """Talk: what is being done, what it waits for."""
        if not self.options.quiet:
            self.event("message", text)

    def warn(self, text: str) -> None:
        """Something the reader should know although the command went on."""
        self.event("warning", f"! {text}", level="warning")

    def detail(self, text: str, *, level: int = 1) -> None:
        """Talk for --verbose; level 2 is -vv."""
        if self.options.verbose >= level:
            self.event("detail", text, level="debug")

    def next_steps(self, *commands: str) -> None:
        """The commands that come next, each ready to copy."""
        if commands and not self.options.quiet and not self.options.json:
            self.event("next", f"Next   {' · '.join(commands)}", commands=list(commands))

    def dry_run_note(self) -> None:
        """The last line of every --dry-run."""
        self.event("dry-run", self.words.gettext("Dry run: nothing was changed."))

    def event(self, event: str, text: str, /, *, level: str = "info", **facts: object) -> None:
        """One log line: `text` for people, or with --log-format json time, level, event and the facts."""
        if self.log_format is LogFormat.JSON:
            line = {"t": self.clock(), "level": level, "event": event, **(facts or {"text": text.strip()})}
            self._quietly(self.redact(dumps(line, ascii_only=False)) + "\n")
        else:
            self._quietly(self._dressed(self.stderr, text) + "\n")

    def ask(self, text: str) -> None:
        """A question, without the line break: the answer is typed behind it."""
        self._quietly(self._dressed(self.stderr, text))

    # --- pieces

    def plain(self, value: object) -> str:
        """A stranger's value as harmless text, in full and without marks."""
        return clean(self.when(value) if isinstance(value, datetime) else _shown(value))

    def cell(self, value: object, width: int | None = None) -> str:
        """A stranger's value, ready to stand in a line: cut to `width` cells, isolated where that helps."""
        shown = self.plain(value)
        return plain_cell(shown, width, isolate=wants_isolates(self.env, self.bidi) and is_right_to_left(shown))

    def when(self, moment: datetime) -> str:
        """2026-10-14 07:00, in the newsroom's zone: every time that people read is in it."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def coloured(self, stream: Stream) -> bool:
        """Whether that stream may hold colour."""
        return wants_colour(stream, self.env, choice=self.options.color, plain=self.options.plain)

    def _for_people(self, listing: Listing) -> None:
        if self.options.plain:
            self._one_by_one(listing)
            return
        drawn = lines(listing, self.plain, self._width(), isolates=wants_isolates(self.env, self.bidi))
        if not drawn:
            self.say(listing.empty or self.words.gettext("Nothing to list."))
        for line in drawn:
            self.result(line)

    def _one_by_one(self, listing: Listing) -> None:
        """--plain: one fact per line, rows apart, as a screen reader wants it."""
        rows = 0
        for row in listing.rows:
            if rows:
                self.result()
            rows += 1
            shown = [(column.head, value) for column, value in zip(listing.columns, row, strict=True) if column.shown]
            self.fields(shown)
        if not rows:
            self.say(listing.empty or self.words.gettext("Nothing to list."))

    def _delimited(self, listing: Listing, delimiter: str) -> None:
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
        writer.writerow([column.name for column in listing.columns])
        for row in listing.rows:
            writer.writerow([_for_spreadsheet(value) for value in row])
            if buffer.tell() > 65536:  # a list of a million readers is not held in memory
                self._raw(self.stdout, buffer.getvalue())
                buffer.seek(0)
                buffer.truncate()
        self._raw(self.stdout, buffer.getvalue())

    def _width(self) -> int | None:
        """Cells of the terminal; None for a pipe, where nothing is cut."""
        return shutil.get_terminal_size().columns if self.stdout.isatty() else None

    def _ascii_only(self) -> bool:
        encoding = str(getattr(self.stdout, "encoding", None) or "utf-8")
        return encoding.lower().replace("-", "").replace("_", "") != "utf8"

    def _dressed(self, stream: Stream, text: str) -> str:
        """The line as it may be written: harmless, without secrets, with colour on its mark where that is wanted."""
        safe = self.redact(clean_lines(text))
        lead = safe.lstrip(" ")
        if lead[:1] in _COLOURS and lead[1:2] in (" ", "") and self.coloured(stream):
            return safe[: len(safe) - len(lead)] + _COLOURS[lead[0]] + lead[1:]
        return safe

    def _write(self, stream: Stream, text: str) -> None:
        self._put(stream, "".join(self._dressed(stream, line) + "\n" for line in text.split("\n")))

    def _raw(self, stream: Stream, text: str) -> None:
        self._put(stream, self.redact(text))

    def _put(self, stream: Stream, text: str) -> None:
        try:
            stream.write(text)
        except BrokenPipeError as error:
            raise NobodyReadsError from error

    def _quietly(self, text: str) -> None:
        # A closed terminal or a reader that went away must not stop a send: talk is dropped, work goes on.
        if self.above is not None:
            self.above(text)
            return
        with contextlib.suppress(OSError, ValueError):
            self.stderr.write(text)
            self.stderr.flush()


def dumps(document: Mapping[str, object], *, ascii_only: bool) -> str:
    """JSON by our rules: times in UTC with Z, durations in seconds, dates ISO. ascii_only: the stream is not UTF-8."""
    text = json.dumps(document, ensure_ascii=ascii_only, default=_plain, separators=(",", ":"))
    # json escapes C0 only; C1 controls and bidi marks in a name would still act on a terminal.
    return HARMFUL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def instant(moment: datetime) -> str:
    """2026-10-14T04:00:00Z"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def number(value: int) -> str:
    """12480 as 12,480: Latin digits in both languages, as everything in a table."""
    return f"{value:,}"


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)


def _for_spreadsheet(value: object) -> object:
    """A text cell that a spreadsheet would run as a formula gets an apostrophe; numbers stay numbers."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = clean(_shown(value))
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
