"""What the rooms log, on stderr: by -v, -vv or NEWSLETTER_LOG_LEVEL, without secrets, as text or JSON."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from newsletter_cli.cli.options import Globals
from newsletter_cli.cli.output import Out

ROOT: Final = "newsletter_cli"
LEVELS: Final = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error", "critical")}


def level_of(options: Globals, env: Mapping[str, str]) -> int:
    """The least level that is shown. -vv is debug: it adds the SMTP conversation. -q leaves errors."""
    if options.verbose:
        return logging.DEBUG if options.verbose > 1 else logging.INFO
    if options.quiet:
        return logging.ERROR
    return int(LEVELS.get(env.get("NEWSLETTER_LOG_LEVEL", "").strip().lower(), logging.WARNING))


class Bridge(logging.Handler):
    """Hands log records to the one place that writes to stderr: it knows secrets, formats and the live view."""

    def __init__(self, out: Out) -> None:
        super().__init__()
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        mark = "! " if record.levelno >= logging.WARNING else ""
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text} ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        room = record.name.removeprefix(f"{ROOT}.")
        self._out.event("log", mark + text, level=record.levelname.lower(), room=room, text=text)


@contextmanager
def logging_to(out: Out) -> Iterator[None]:
    """For the length of one command the rooms' log goes to `out`."""
    logger = logging.getLogger(ROOT)
    before, bridge = logger.level, Bridge(out)
    logger.setLevel(level_of(out.options, out.env))
    logger.addHandler(bridge)
    try:
        yield
    finally:
        logger.removeHandler(bridge)
        logger.setLevel(before)
