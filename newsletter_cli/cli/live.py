"""Drawing while something goes on: four times a second from counters, in one thread, on stderr.

    with SendView(out, header, read=counting.snapshot, footer=…) as view:
        …                                  the send; the view reads its counters, nobody calls back
        view.note("yahoo.com asks us to slow down")       stands above the view and stays
    view.finish(read(), exit_code)

A terminal that can be animated gets the live view; anything else, and --log-format json, gets the lines of a log;
--quiet gets neither.
Nothing that goes wrong with the terminal reaches the send.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from newsletter_cli.cli.options import LogFormat
from newsletter_cli.cli.output import Out
from newsletter_cli.cli.progress import Header, Milestones, Snapshot, Speed, time_left
from newsletter_cli.cli.terminal import can_animate, clean_lines, clip
from newsletter_cli.cli.view import view_lines

TICK: Final = 0.25  # seconds between two looks

Lines = Callable[[int, int], tuple[str, ...]]  # columns, rows → no more lines, and none wider


def animates(out: Out) -> bool:
    """Whether a live view may be drawn here."""
    options = out.options
    if out.log_format is LogFormat.JSON:  # whoever reads JSON wants nothing else between the lines
        return False
    utf8 = str(getattr(out.stderr, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
    return utf8 and can_animate(out.stderr, out.env, plain=options.plain, quiet=options.quiet)


class Ticker:
    """Calls a function every quarter of a second, in a thread of its own, until it is left."""

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _go(self) -> None:
        while not self._over.wait(TICK):
            self._tick()


class LiveLines:
    """Some lines at the foot of the terminal that are drawn again and again; what is said meanwhile stands above."""

    def __init__(self, out: Out, lines: Lines, *, passing: bool = False) -> None:
        """passing: nothing of them is left at the end."""
        self._out = out
        self._lines = lines
        self._passing = passing
        self._live: Live | None = None

    def __enter__(self) -> Self:
        console = Console(
            file=self._out.stderr,  # type: ignore[arg-type]  # rich asks for IO[str] and uses write, flush, isatty
            no_color=not self._out.coloured(self._out.stderr),
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        self._live = Live(
            console=console, auto_refresh=False, transient=self._passing, redirect_stdout=False, redirect_stderr=False
        )
        with contextlib.suppress(OSError, ValueError):
            self._live.start()
        self._out.above = self._above
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.above = None
        self.draw()
        if self._live is not None:
            with contextlib.suppress(OSError, ValueError):
                self._live.stop()

    def draw(self) -> None:
        """Draw the lines of this moment. A terminal that has gone away is no error."""
        if self._live is None:
            return
        width, height = self._live.console.size
        # One row is left free: a view as high as the terminal would scroll with each drawing.
        text = "\n".join(clean_lines(line) for line in self._lines(width, height - 1))
        with contextlib.suppress(OSError, ValueError):
            self._live.update(Text(text, no_wrap=True, overflow="crop"), refresh=True)

    def _above(self, text: str) -> None:
        if self._live is not None:
            with contextlib.suppress(OSError, ValueError):
                self._live.console.print(Text.from_ansi(text.rstrip("\n")), soft_wrap=True)


class SendView:
    """What a person or a log sees of one send while it runs."""

    def __init__(
        self, out: Out, header: Header, read: Callable[[], Snapshot], *, footer: Callable[[Snapshot], str]
    ) -> None:
        """read: the counters now; called from the drawing thread.  footer: what Ctrl-C and closing the window do."""
        self._out = out
        self._header = header
        self._read = read
        self._footer = footer
        self._speed = Speed()
        self._milestones = Milestones(header)
        self._running = True
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        if self._out.options.quiet:
            return self
        if animates(self._out):
            drawn = self._open.enter_context(LiveLines(self._out, self._lines))
            self._open.enter_context(Ticker(drawn.draw))
        else:
            self._say_first()
            self._open.enter_context(Ticker(self._log))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running = False
        self._open.close()

    def note(self, sentence: str) -> None:
        """A line that stays: a server asks us to slow down, a connection was lost. Any thread may call."""
        at = f"{self._out.clock().astimezone(self._header.zone):%H:%M:%S}"
        self._out.event("send.note", f"{at} {sentence}", level="warning", digest=self._header.digest, text=sentence)

    def finish(self, snapshot: Snapshot, exit_code: int) -> None:
        """The last line of a log; the summary for people is the command's reply."""
        if self._out.options.quiet or animates(self._out):
            return
        self._out.event(
            "send.done",
            self._milestones.last(snapshot, exit_code),
            digest=self._header.digest,
            total=self._header.total,
            accepted=snapshot.accepted,
            failed=snapshot.failed,
            uncertain=snapshot.uncertain,
            skipped=snapshot.skipped,
            retry=snapshot.retry,
            exit=exit_code,
        )

    def _lines(self, width: int, height: int) -> tuple[str, ...]:
        snapshot = self._read()
        speed = self._speed.at(snapshot)
        if self._running:
            footer = self._footer(snapshot)
        else:  # the last drawing stays on the screen: it must not say that something still goes on
            snapshot, footer = replace(snapshot, state="", standing=()), ""
        return view_lines(self._header, snapshot, speed, width=width, height=height, footer=footer)

    def _say_first(self) -> None:
        header, snapshot = self._header, self._read()
        self._speed.at(snapshot)
        line = self._milestones.first(snapshot)
        self._out.event(
            "send.started",
            line,
            digest=header.digest,
            list=header.list,
            total=header.total,
            version=header.version,
            rate=header.rate,
        )

    def _log(self) -> None:
        snapshot = self._read()
        speed = self._speed.at(snapshot)
        if self._milestones.due(snapshot):
            self._progress(snapshot, speed)

    def _progress(self, snapshot: Snapshot, speed: float) -> None:
        left = time_left(self._header, snapshot, speed)
        self._out.event(
            "send.progress",
            self._milestones.line(snapshot, speed),
            digest=self._header.digest,
            done=snapshot.done,
            total=self._header.total,
            rate=round(speed, 1),
            eta_s=round(left.total_seconds()) if left is not None else None,
            failed=snapshot.failed,
            retry=snapshot.retry,
        )


class Countdown:
    """The undo window: how many seconds are left in which nothing leaves."""

    def __init__(self, out: Out, seconds: int, left: Callable[[], float]) -> None:
        """seconds: its length.  left: seconds that are left now, by the clock that decides."""
        self._out = out
        self._seconds = seconds
        self._left = left
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        if animates(self._out):
            drawn = self._open.enter_context(LiveLines(self._out, self._lines, passing=True))
            self._open.enter_context(Ticker(drawn.draw))
        else:
            self._out.event("send.countdown", self._sentence(), seconds=self._seconds)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _sentence(self) -> str:
        text = self._out.words.gettext("Starting in {seconds} s. Ctrl-C now and nothing leaves.")
        return text.format(seconds=self._seconds)

    def _lines(self, width: int, height: int) -> tuple[str, ...]:
        left = max(0, round(self._left()))
        cells = 16 * left // self._seconds if self._seconds else 0
        blocks = f"{'█' * cells}{'░' * (16 - cells)}  {left:>3}"
        # Arabic comes last in a line with Latin facts: else the two would change places.
        order = (blocks, self._sentence()) if self._out.words.language == "ar" else (self._sentence(), blocks)
        return (clip("  ".join(order), width),)
