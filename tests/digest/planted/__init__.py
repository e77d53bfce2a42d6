"""One planted mistake for each check: data, so that every letter has its own file.

A newsroom in which nothing is wrong is changed in one place; then exactly that check speaks, and names that place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from newsletter_cli.digest.check.circumstances import Audience, Circumstances, circumstances_of
from newsletter_cli.digest.check.finding import Finding
from newsletter_cli.digest.check.judge import check
from newsletter_cli.digest.check.sources import read_sources
from newsletter_cli.digest.loading import load_issue
from newsletter_cli.newsroom import Newsroom, templates_folder
from newsletter_cli.settings import load_settings

SETTINGS = "newsletter.toml"
DIGEST = "digests/2026-w42.md"
LEAD = "articles/wheat.md"
CARD = "articles/school.md"
PAGE = "templates/digest.html.j2"
TEXT = "templates/digest.txt.j2"
STYLE = "templates/style.css"

GOOD: Mapping[str, str] = {
    SETTINGS: """\
version = 1
[newsroom]
id       = "akhbar"
name     = "أخبار الحقل"
language = "ar"
locale   = "ar-SY"
timezone = "Asia/Damascus"
website  = "https://www.akhbar-alhaql.org"
[sender]
from     = "أخبار الحقل <news@akhbar-alhaql.org>"
reply_to = "desk@akhbar-alhaql.org"
postal   = "ص.ب 1234، دمشق"
[smtp]
host = "smtp.akhbar-alhaql.org"
[web]
public_url = "https://news.akhbar-alhaql.org"
[lists.weekly]
title = "النشرة الأسبوعية"
""",
    DIGEST: """\
---
id: 2026-w42
date: 2026-10-12
list: weekly
subject: "حصاد الأسبوع: القمح والمدارس"
preheader: "قصتان من الحسكة ودرعا، وما تغيّر منذ الأسبوع الماضي"
template: digest
articles: [wheat, school]
where: ""
---
صباح الخير. هذا عدد الأسبوع من القمح والمدارس.

نقرأ كل رد يصلنا.
""",
    LEAD: """\
---
title: ما الذي تغيّر في أسعار القمح هذا الأسبوع
kicker: اقتصاد
summary: ارتفع سعر القمح للأسبوع الرابع، وبقي سعر الخبز على حاله.
source: أخبار الحقل
date: 2026-10-12
language: ar
---

ارتفع سعر القمح القاسي في أسواق الجزيرة للأسبوع الرابع على التوالي، فيما بقي سعر الطحين في الأفران على حاله.

قال تاجر في سوق الحبوب: «الموسم كان قصيرًا، والنقل صار أغلى». وأضاف أن الفرق يذهب إلى النقل والتخزين.

## ماذا بعد؟

ينتظر المزارعون المطر الأول، وتنتظر الأفران قرار الأسبوع القادم. ويقول مهندسون إن الموسم القادم قد يكون أفضل.
""",
    CARD: """\
---
title: عام دراسي بلا كتب في ريف درعا
kicker: تعليم
summary: بدأ الدوام قبل ثلاثة أسابيع، والكتب لم تصل بعد.
date: 2026-10-11
url: https://www.akhbar-alhaql.org/school
language: ar
---

يكتب المعلم الدرس كله على السبورة، ثم ينتظر حتى ينقله التلاميذ إلى دفاترهم.
""",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one file; a file of the theme is taken from the packaged one first."""

    file: str
    old: str  # the first such words; "" = at the end
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A mistake and where it must be found."""

    code: str
    changes: tuple[Change, ...] = ()
    file: str  # as the finding names it
    at: str = ""  # words of the line it must name; "" = it names none
    level: str = "error"
    known: Mapping[str, Any] = field(default_factory=dict)  # of the circumstances
    fixable: bool = False

    def __str__(self) -> str:
        return f"{self.code} {self.level}"


def make_room(root: Path) -> None:
    """The newsroom in which nothing is wrong."""
    for name, text in GOOD.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def plant(root: Path, changes: tuple[Change, ...]) -> None:
    """Make the changes; each must find the words it replaces."""
    for change in changes:
        path = root / change.file
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((templates_folder() / change.file.removeprefix("templates/")).read_bytes())
        text = path.read_text(encoding="utf-8")
        assert change.old in text, f"{change.file} does not hold {change.old!r}"
        new = text.replace(change.old, change.new, 1) if change.old else text + change.new
        path.write_text(new, encoding="utf-8")


def look(root: Path, known: Mapping[str, Any] | None = None) -> tuple[tuple[Finding, ...], Circumstances]:
    """What the offline checks find in the newsroom's digest."""
    settings = load_settings(root, env={}).settings
    newsroom = Newsroom(root)
    issue = load_issue("2026-w42", settings, newsroom)
    facts = circumstances_of(settings, audience=Audience(readers=12), sources=read_sources(issue, newsroom))
    facts = replace(facts, **(known or {}))
    return check(issue, facts), facts


def line_of(root: Path, planted: Planted) -> int | None:
    """The number of the line that must be named."""
    if not planted.at:
        return None
    path = root / planted.file
    text = (path if path.exists() else templates_folder() / path.name).read_text(encoding="utf-8")
    return 1 + text[: text.index(planted.at)].count("\n")
