"""How a failure is told: what, where, what left the building, what to do next; as text, JSON or a crash file.

error[SMTP-AUTH] The mail server refused the password for news@example.org.
  server   smtp.example.org:587 (STARTTLS)
  sent     Nothing was sent.
  fix      newsletter config set-secret smtp.password
  more     newsletter help smtp-auth
"""

import os
import platform
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from newsletter_cli import __version__
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.output import Out
from newsletter_cli.cli.terminal import clean
from newsletter_cli.errors import NewsletterError

SCHEMA: Final = "newsletter.error/1"
_PASSWORD_IN_URL: Final = re.compile(r"(\w+://[^\s:/@]*):[^\s@]+@")
_SECRET_NAMES: Final = re.compile(r"(?i)(passw|secret|token|api_?key|credential)")
_SHORTEST_SECRET: Final = 4  # masking "1" everywhere would hide the whole report


def tell(error: NewsletterError, out: Out) -> int:
    """Show an error of the tree, and give its exit code."""
    facts = {label: str(value) for label, value in error.facts}
    if out.options.json:
        details = facts | error.details
        out.document(as_document(error.code, error.exit, error.message, error.sent_count, error.fix, details))
        return error.exit
    out.event(
        "error",
        "\n".join(as_lines(error, out)),
        level="error",
        code=error.code,
        exit=error.exit,
        message=clean(error.message),
        sent=error.sent_count,
        fix=error.fix,
        facts=facts,
    )
    return error.exit


def as_lines(error: NewsletterError, out: Out) -> list[str]:
    """The lines of the error shape.

    Sentences are translated; labels are not: Arabic before a Latin command would change places with it on screen.
    """
    _ = out.words.gettext
    rows = [(label, clean(value)) for label, value in error.facts]
    if error.sent:
        rows.append(("sent", clean(_(error.sent))))
    if error.fix:
        rows.append(("fix", clean(error.fix)))
    rows.append(("more", f"newsletter help {error.code.lower()}"))
    width = max(6, *(len(label) for label, value in rows))
    return [
        f"error[{error.code}] {clean(_(error.message))}",
        *(f"  {label:<{width}}   {value}" for label, value in rows),
    ]


def as_document(
    code: str, exit_code: int, message: str, sent: int, fix: str, details: Mapping[str, object]
) -> dict[str, object]:
    """newsletter.error/1"""
    error = {"code": code, "exit": exit_code, "message": message, "sent": sent, "fix": fix, "details": dict(details)}
    return {"schema": SCHEMA, "error": error, "exit": exit_code}


def interrupted(out: Out) -> int:
    """Ctrl-C in a command that does not handle it itself."""
    message = out.words.gettext("Interrupted.")
    if out.options.json:
        out.document(as_document("INTERRUPTED", Exit.INTERRUPTED, message, 0, "", {}))
    else:
        out.event("interrupted", message, level="warning")
    return Exit.INTERRUPTED


def tell_bug(error: BaseException, out: Out, *, argv: tuple[str, ...], folder: Path) -> int:
    """Two lines about a bug, and the crash file. folder: where crash files go. Gives exit code 1."""
    text = report(error, argv=argv, env=out.env, now=out.clock())
    path = save(out.redact(text), folder, out.clock())
    where = str(path) if path else "could not be written"
    said = out.words.gettext("This is a bug in newsletter, not in what you did: {kind}.").format(
        kind=type(error).__name__
    )
    if out.options.json:
        details = {"crash_file": str(path) if path else None, "kind": type(error).__name__}
        out.document(as_document("BUG", Exit.ERROR, said, 0, "", details))
    else:
        lines = f"error[BUG] {said}\n  crash file   {where}"
        out.event("bug", lines, level="error", code="BUG", exit=int(Exit.ERROR), crash_file=str(path) if path else None)
    out.detail(text, level=2)
    return Exit.ERROR


def report(error: BaseException, *, argv: tuple[str, ...], env: Mapping[str, str], now: datetime) -> str:
    """The crash file's text: when, what was called, on what, and the traceback without any variable's value."""
    lines = [
        f"newsletter {__version__}",
        f"at       {now.isoformat()}",
        f"python   {sys.version.split()[0]} on {platform.platform()}",
        f"command  newsletter {' '.join(argv)}",
        "",
        *(line.rstrip("\n") for line in traceback.format_exception(error)),
    ]
    return without_secrets("\n".join(lines), env)


def sounds_secret(name: str) -> bool:
    """Whether a variable of this name is likely to hold a secret. A name that ends with FILE holds a path."""
    return bool(_SECRET_NAMES.search(name)) and not name.upper().endswith(("_FILE", "_DIRECTORY", "_COMMAND"))


def without_secrets(text: str, env: Mapping[str, str]) -> str:
    """text without passwords in addresses, and without the values of variables that sound like secrets."""
    text = _PASSWORD_IN_URL.sub(r"\1:••••@", text)
    for name, value in env.items():
        if sounds_secret(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "••••")
    return text


def save(text: str, folder: Path, now: datetime) -> Path | None:
    """Write the crash file, readable by its owner only; None when that is not possible (a full disk, no folder)."""
    path = folder / f"{now:%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text + "\n")
    except OSError:
        return None
    return path


def state_folder(env: Mapping[str, str]) -> Path:
    """Where crash files go outside a newsroom: the XDG state folder."""
    base = env.get("XDG_STATE_HOME") or ""
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "state") / "newsletter" / "crash"
