"""D510: what a spam checker of this computer thinks of a message. Nothing is asked outside."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Final

from newsletter_cli.digest.check.finding import Hit, Level
from newsletter_cli.errors import ConfigError

WARNING: Final = 3.0
ERROR: Final = 5.0
_SECONDS: Final = 120.0  # SpamAssassin compiles its rules anew each time; on a small machine that takes a while

_ASSASSIN: Final = re.compile(r"\((-?\d+(?:\.\d+)?) points, -?[\d.]+ required\)")
_ASSASSIN_RULE: Final = re.compile(r"^\s*\*?\s*(-?\d+\.\d+)\s+([A-Z][A-Z0-9_]+)\b", re.MULTILINE)
_RSPAMD: Final = re.compile(r"^Score: (-?\d+(?:\.\d+)?)", re.MULTILINE)
_RSPAMD_RULE: Final = re.compile(r"^Symbol: ([A-Z][A-Z0-9_]+)(?:\([^)]*\))? ?\((-?\d+\.\d+)\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Score:
    """A verdict in points."""

    points: float
    rules: tuple[str, ...]  # those that count against it, the heaviest first: "HTML_FONT_LOW_CONTRAST 0.7"
    checker: str  # spamassassin | rspamc


def score(message: bytes) -> Score:
    """The score of a whole message, by SpamAssassin, else by rspamd.

    Raises ConfigError EXTRA when neither is installed, or the one that is gives no score.
    """
    assassin = shutil.which("spamassassin")
    if assassin:
        return read_assassin(_run([assassin, "-L", "-t", "-x"], message))
    rspamc = shutil.which("rspamc")
    if rspamc:
        return read_rspamd(_run([rspamc, "symbols"], message))
    raise ConfigError(
        "EXTRA",
        "No spam checker is installed; --spam asks SpamAssassin or rspamd of this computer.",
        sent="",
        fix="apt-get install spamassassin (or rspamd)",
    )


def hits_of_spam(found: Score, file: str) -> tuple[Hit, ...]:
    """D510 from 3 points on."""
    if found.points < WARNING:
        return ()
    level = Level.ERROR if found.points >= ERROR else Level.WARNING
    values = {"score": f"{found.points:.1f}", "rules": ", ".join(found.rules[:4]) or "-"}
    return (Hit(code="D510", file=file, level=level, values=values),)


def read_assassin(report: str) -> Score:
    """The report of `spamassassin -t`."""
    return _read(report, _ASSASSIN, [(name, points) for points, name in _ASSASSIN_RULE.findall(report)], "spamassassin")


def read_rspamd(report: str) -> Score:
    """The report of `rspamc symbols`."""
    return _read(report, _RSPAMD, _RSPAMD_RULE.findall(report), "rspamc")


def _read(report: str, whole: re.Pattern[str], rules: list[tuple[str, str]], checker: str) -> Score:
    points = whole.findall(report)
    if not points:
        facts = [("answer", report.strip()[-300:] or "nothing")]
        raise ConfigError("EXTRA", f"{checker} is installed and gave no score.", facts=facts, sent="", fix=checker)
    against = sorted(((float(value), name) for name, value in rules if float(value) > 0), reverse=True)
    # The message itself comes first in the report, and may quote another one.
    return Score(float(points[-1]), tuple(f"{name} {value:.1f}" for value, name in against), checker)


def _run(command: list[str], message: bytes) -> str:
    with tempfile.TemporaryDirectory() as home:  # what it learns or notes goes nowhere
        environment = {"PATH": os.defpath, "LC_ALL": "C", "HOME": home}
        try:
            done = subprocess.run(
                command, input=message, capture_output=True, timeout=_SECONDS, env=environment, check=False
            )
        except subprocess.TimeoutExpired:
            return ""
    return (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")
