"""A701–A704, D504: the readers a digest would go to, as the caller counted them."""

from collections.abc import Iterator

from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.finding import Hit
from newsletter_cli.digest.model import Issue


def readers(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """Nothing when nobody has counted them."""
    audience = circumstances.audience
    if audience is None:
        return
    file = issue.file
    line = file.line("where" if file.where else "list")

    def hit(code: str, **values: object) -> Hit:
        return Hit(code=code, file=file.shown, line=line, values=values)

    if not audience.readers:
        yield hit("A701")
        return
    if audience.change is not None and abs(audience.change) > circumstances.max_change:
        yield hit("A702", change=f"{audience.change:+.1%}")
    for digest in audience.today:
        yield hit("A703", list=file.list, digest=digest)
    if audience.without_consent:
        yield hit("A704", n=audience.without_consent)
    if audience.unreachable:
        yield hit("D504", n=audience.unreachable)
