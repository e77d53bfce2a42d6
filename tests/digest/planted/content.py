"""C: what the words are checked for."""

from tests.digest.planted import DIGEST, LEAD, Change, Planted

SUBJECT = 'subject: "حصاد الأسبوع: القمح والمدارس"'
PREHEADER = 'preheader: "قصتان من الحسكة ودرعا، وما تغيّر منذ الأسبوع الماضي"'


def in_lead(new: str, old: str = "ينتظر المزارعون المطر الأول") -> tuple[Change, ...]:
    return (Change(LEAD, old, new),)


def subject(words: str) -> tuple[Change, ...]:
    return (Change(DIGEST, SUBJECT, f'subject: "{words}"'),)


GARBLED = "ط§ظ„ظ…ظˆط³ظ… ط§ظ„ظ‚ط§ط¯ظ… ظ‚ط¯ ظٹظƒظˆظ†"

PLANTED = (
    Planted(code="C101", changes=subject(""), file=DIGEST, at="subject:"),
    Planted(
        code="C102",
        changes=subject("حصاد الأسبوع من القمح والمدارس والطقس والمكتبات والأسواق"),
        file=DIGEST,
        at="subject:",
        level="note",
    ),
    Planted(
        code="C102",
        changes=subject("حصاد الأسبوع من القمح والمدارس والطقس والمكتبات والأسواق القديمة في ريف درعا"),
        file=DIGEST,
        at="subject:",
        level="warning",
    ),
    Planted(
        code="C103",
        changes=(Change(DIGEST, PREHEADER, 'preheader: "قصتان"'),),
        file=DIGEST,
        at="preheader:",
        level="warning",
    ),
    Planted(
        code="C104",
        changes=(Change(DIGEST, "نقرأ كل رد", "إلى قرائنا في [[ city ]]: نقرأ كل رد"),),
        file=DIGEST,
        at="[[ city ]]",
        known={"empty_fields": {"city": 3}},
    ),
    Planted(code="C105", changes=in_lead("TODO ينتظر المزارعون المطر الأول"), file=LEAD, at="TODO"),
    Planted(
        code="C106",
        file=DIGEST,
        at="articles:",
        level="warning",
        known={"recent": (("2026-w41", frozenset({"wheat"})),)},
    ),
    Planted(
        code="C107",
        changes=in_lead("السبت ٢٧ نيسان ٢٠٢٤\n\nينتظر المزارعون المطر الأول"),
        file=LEAD,
        at="السبت",
        level="warning",
    ),
    Planted(code="C108", changes=in_lead(f"{GARBLED}\n\nينتظر المزارعون"), file=LEAD, at=GARBLED, level="warning"),
    Planted(code="C109", changes=in_lead("ينتظر المزار\ufffdون المطر الأول"), file=LEAD, at="\ufffd"),
    Planted(code="C110", changes=subject("حصاد الأسبوع من القمح!!!"), file=DIGEST, at="subject:", level="warning"),
    Planted(
        code="C111", changes=(Change(DIGEST, "صباح الخير.", "صباح الخير يا %%name%%."),), file=DIGEST, at="%%name%%"
    ),
    Planted(code="C111", changes=in_lead("ينتظر {{ name }} المطر الأول"), file=LEAD, at="{{ name }}", level="warning"),
    Planted(
        code="C112",
        changes=in_lead("«الموسم كان قصيرًا، والنقل صار أغلى.", "«الموسم كان قصيرًا، والنقل صار أغلى»."),
        file=LEAD,
        at="قال تاجر",
        level="warning",
    ),
    Planted(
        code="C113", changes=in_lead("انظر example.com قبل المطر الأول"), file=LEAD, at="example.com", level="warning"
    ),
)
