"""What a spam checker says is read right, and the real one likes the sample."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.judge import check
from newsletter_cli.digest.check.spam import Score, hits_of_spam, read_assassin, read_rspamd, score
from newsletter_cli.errors import ConfigError
from tests.servers import Missing

ASSASSIN = """\
Subject: (9.9 points, 5.0 required) in a subject is not the verdict

Content analysis details:   (5.4 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
-0.0 NO_RELAYS              Informational: message was not relayed via SMTP
 0.7 HTML_FONT_LOW_CONTRAST BODY: HTML font color similar or identical to
                            background
 4.7 SUBJ_ALL_CAPS          Subject is all capitals
"""
RSPAMD = """\
Results for file: stdin (0.045 seconds)
[Metric: default]
Action: add header
Spam: false
Score: 6.30 / 15.00
Symbol: MISSING_DATE (1.00)[]
Symbol: R_DKIM_NA (0.00)
Symbol: SUBJ_ALL_CAPS (5.30)[x]
Symbol: ARC_NA(0.00)
"""


def test_the_report_of_spamassassin():
    rules = ("SUBJ_ALL_CAPS 4.7", "HTML_FONT_LOW_CONTRAST 0.7")
    assert read_assassin(ASSASSIN) == Score(5.4, rules, "spamassassin")


def test_the_report_of_rspamd():
    assert read_rspamd(RSPAMD) == Score(6.3, ("SUBJ_ALL_CAPS 5.3", "MISSING_DATE 1.0"), "rspamc")


def test_a_checker_without_a_verdict_is_an_error():
    with pytest.raises(ConfigError, match="gave no score"):
        read_rspamd("cannot connect to localhost")


@pytest.mark.parametrize(
    ("points", "level"), [(-0.3, None), (2.9, None), (3.0, "warning"), (4.9, "warning"), (5.0, "error")]
)
def test_d510_from_three_points_on(room, points, level):
    issue = room.issue(room.article())
    hits = hits_of_spam(Score(points, ("A 1.0",), "spamassassin"), issue.file.shown)
    found = check(issue, Circumstances(), only=("D510",), extra=hits)
    text = f"Spam score {points:.1f}: A 1.0."
    assert [(one.level.value, one.file, one.text) for one in found] == (
        [(level, "digests/2026-w42.md", text)] if level else []
    )


def test_spamassassin_likes_the_sample(tmp_path: Path):
    if shutil.which("spamassassin") is None:
        raise Missing("SpamAssassin", "spamassassin")
    for words in (
        "init room --sample --name أخبار --from news@akhbar-alhaql.org",
        "digests export 2026-w42 --to eml -o i.eml",
    ):
        folder = tmp_path / "room" if words.startswith("digests") else tmp_path
        command = [sys.executable, "-m", "newsletter_cli", *words.split()]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    assert score((tmp_path / "room" / "i.eml").read_bytes()).points <= 0.5
