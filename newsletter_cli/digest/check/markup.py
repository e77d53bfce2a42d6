"""H301–H309 and what else is seen in the drawn page: it is read once for all of them."""

from collections.abc import Iterator

from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.clients import support
from newsletter_cli.digest.check.contrast import contrasts
from newsletter_cli.digest.check.dark import dark_mode
from newsletter_cli.digest.check.finding import Hit
from newsletter_cli.digest.check.links import links_of_page
from newsletter_cli.digest.check.shown_pictures import pictures_of_page
from newsletter_cli.digest.check.structure import structure
from newsletter_cli.digest.check.tree import read_page
from newsletter_cli.digest.model import Issue


def markup(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """Everything about the page itself; mistakes in it are mistakes of its theme, but for links and pictures."""
    page = read_page(issue)
    yield from support(page, issue, circumstances)
    yield from structure(page, issue)
    yield from contrasts(page, issue)
    yield from dark_mode(page, issue, circumstances)
    yield from links_of_page(page, issue, circumstances)
    yield from pictures_of_page(page, issue)
