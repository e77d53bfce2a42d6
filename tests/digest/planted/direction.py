"""R: right-to-left text."""

from tests.digest.planted import DIGEST, LEAD, PAGE, SETTINGS, STYLE, Change, Planted
from tests.digest.planted.content import in_lead, subject

CELL = 'class="band side" style="padding:30px 36px 26px"'

PLANTED = (
    Planted(
        code="R201",
        changes=(Change(PAGE, '<html lang="{{ issue.lang }}" dir="{{ issue.dir }}"', '<html lang="{{ issue.lang }}"'),),
        file=PAGE,
        at="<html",
    ),
    Planted(
        code="R202",
        changes=(Change(STYLE, ".lead { ", ".lead { margin-inline-start: 4px; "),),
        file=STYLE,
        at="margin-inline-start",
    ),
    Planted(
        code="R203",
        changes=(Change(STYLE, ".lead { ", ".lead { text-align: start; "),),
        file=STYLE,
        at="text-align: start",
        level="warning",
    ),
    Planted(
        code="R204",
        changes=(Change(DIGEST, "نقرأ كل رد", "الهاتف +963 11 333 4444، ونقرأ كل رد"),),
        file=DIGEST,
        at="+963",
        level="warning",
        fixable=True,
    ),
    Planted(
        code="R204",
        changes=(Change(SETTINGS, "1234، دمشق", "1234، هاتف +963 11 333 4444"),),
        file=SETTINGS,
        at="postal",
        level="warning",
    ),
    Planted(
        code="R205",
        changes=(Change(PAGE, CELL, f'dir="{{{{ issue.dir }}}}" {CELL}'),),
        file=PAGE,
        at=CELL,
        level="warning",
    ),
    Planted(
        code="R206",
        changes=(Change(STYLE, ".lead { ", ".lead { letter-spacing: 1px; "),),
        file=STYLE,
        at="letter-spacing",
        level="warning",
    ),
    Planted(
        code="R207",
        changes=in_lead("ينتظر \ufe8d\ufedf\ufee4\ufeb0\ufe8d\ufead\ufecb\ufeee\ufee5 المطر الأول"),
        file=LEAD,
        at="\ufe8d",
        level="warning",
        fixable=True,
    ),
    Planted(code="R208", changes=in_lead("ينتظر 1200 مزارع و٣٠٠ فرن المطر الأول"), file="2026-w42", level="note"),
    Planted(code="R209", changes=in_lead("ينتظر المزارعون \u202eالمطر\u202c الأول"), file=LEAD, at="\u202e"),
    Planted(
        code="R210",
        changes=(
            Change(SETTINGS, 'language = "ar"', 'language = "en"'),
            Change(DIGEST, "نقرأ كل رد يصلنا.", "We read every answer."),
            Change(DIGEST, "صباح الخير. هذا عدد الأسبوع من القمح والمدارس.", "Good morning."),
            Change(DIGEST, "حصاد الأسبوع: القمح والمدارس", "Wheat and schools this week"),
            Change(
                DIGEST,
                "قصتان من الحسكة ودرعا، وما تغيّر منذ الأسبوع الماضي",
                "Two stories from Hasakah and Daraa this week",
            ),
            Change(DIGEST, "[wheat, school]", "[wheat]"),
        ),
        file=LEAD,
        at="title:",
        level="note",
    ),
    Planted(
        code="R211",
        changes=in_lead("ینتظر المزارعون. وینتظر الخباز، وينتظر المطر الأول في الحقل ثم ينتظر"),
        file=LEAD,
        at="ینتظر",
        level="warning",
    ),
    Planted(
        code="R212",
        changes=in_lead("هل ينتظر المزارعون? نعم"),
        file=LEAD,
        at="المزارعون?",
        level="warning",
        fixable=True,
    ),
    Planted(
        code="R213",
        changes=(Change(STYLE, '.ar { font-family: "Segoe UI"', '.ar { font-family: "Cairo", "Segoe UI"'),),
        file=STYLE,
        at='"Cairo"',
        level="note",
    ),
    Planted(
        code="R214",
        changes=(
            Change(STYLE, ".ink { font-size: 17px; line-height: 31px", ".ink { font-size: 17px; line-height: 23px"),
        ),
        file=STYLE,
        at="line-height: 23px",
        level="warning",
    ),
    Planted(
        code="R215",
        changes=(Change(DIGEST, "نقرأ كل رد", "نقرأ \u2067كل رد"),),
        file=DIGEST,
        at="\u2067",
        level="warning",
    ),
    Planted(code="R216", changes=subject("UNESCO تحذر من نقص الكتب"), file=DIGEST, at="subject:", level="note"),
)
