"""T, D, S, A: the text part, the message, sizes, readers."""

from newsletter_cli.digest.check.circumstances import Audience
from tests.digest.planted import DIGEST, SETTINGS, TEXT, Change, Planted


def setting(old: str, new: str) -> tuple[Change, ...]:
    return (Change(SETTINGS, old, new),)


FROM = "<news@akhbar-alhaql.org>"
PUBLIC = 'public_url = "https://news.akhbar-alhaql.org"'
WAYS_OUT = '{{ t("digest.unsubscribe") }}\n[[ unsubscribe ]]\n'

PLANTED = (
    Planted(code="T402", changes=(Change(TEXT, "{{ rule }}", "| أ | ب |\n{{ rule }}"),), file=TEXT, level="warning"),
    Planted(
        code="T403",
        changes=setting(PUBLIC, PUBLIC.replace('.org"', f'.org/{"n" * 1000}"')),
        file=SETTINGS,
        at="public_url",
    ),
    Planted(code="D502", known={"signed": False}, file="2026-w42"),
    Planted(code="D502", known={"signed": False, "local_servers": True}, file="2026-w42", level="note"),
    Planted(code="D503", changes=setting("desk@", "no-reply@"), file=SETTINGS, at="reply_to", level="warning"),
    Planted(
        code="D504", known={"audience": Audience(readers=9, unreachable=2)}, file=DIGEST, at="list:", level="warning"
    ),
    Planted(
        code="D505",
        changes=setting('title = "النشرة', 'list_id = "weekly.foreign.net"\ntitle = "النشرة'),
        file=SETTINGS,
        at="list_id",
    ),
    Planted(code="D506", changes=setting(PUBLIC, PUBLIC.replace("https", "http")), file=SETTINGS, at="public_url"),
    Planted(
        code="D507",
        changes=setting('postal   = "ص.ب 1234، دمشق"', 'postal = ""'),
        file=SETTINGS,
        at="postal",
        level="warning",
    ),
    Planted(
        code="D508",
        changes=(Change(DIGEST, "حصاد الأسبوع: القمح والمدارس", "حصاد\\u0007 الأسبوع"),),
        file=DIGEST,
        at="subject:",
    ),
    Planted(code="D509", changes=setting(FROM, "<akhbar@gmail.com>"), file=SETTINGS, at="from"),
    Planted(code="A701", known={"audience": Audience(readers=0)}, file=DIGEST, at="list:", level="warning"),
    Planted(
        code="A702", known={"audience": Audience(readers=9, change=-0.4)}, file=DIGEST, at="list:", level="warning"
    ),
    Planted(
        code="A703",
        known={"audience": Audience(readers=9, today=("2026-w41",))},
        file=DIGEST,
        at="list:",
        level="warning",
    ),
    Planted(
        code="A704",
        known={"audience": Audience(readers=9, without_consent=4)},
        file=DIGEST,
        at="list:",
        level="warning",
    ),
    Planted(code="S601", known={"size_warning": 9_000}, file="2026-w42", level="warning"),
    Planted(code="S601", known={"size_warning": 9_000, "size_error": 9_000}, file="2026-w42"),
)
