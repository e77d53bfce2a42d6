"""What `newsletter check` alone asks for: whether links answer, and what a spam checker thinks of the message."""

from newsletter_cli.cli.frame import Run
from newsletter_cli.cli.issue import circumstances_for
from newsletter_cli.delivery.keys import load_keyring
from newsletter_cli.delivery.outlets import press_for
from newsletter_cli.digest.check.finding import Hit
from newsletter_cli.digest.check.online import hits_of_links
from newsletter_cli.digest.check.spam import hits_of_spam, score
from newsletter_cli.digest.freeze import freeze
from newsletter_cli.digest.model import Issue
from newsletter_cli.errors import RefusedError
from newsletter_cli.language import message
from newsletter_cli.mail.problems import MailProblem
from newsletter_cli.mail.reader import Reader


def outside_hits(run: Run, issue: Issue, *, links: bool, spam: bool) -> tuple[Hit, ...]:
    """What was seen outside of the offline rules; `judge.check` gives it levels and words.

    links: ask them over the network.  spam: score a whole message on this computer.
    Raises ConfigError EXTRA when there is no spam checker.
    """
    found: tuple[Hit, ...] = ()
    if links:
        how = run.settings.check.links
        asked = hits_of_links(
            issue, circumstances_for(run, issue), patience=how.timeout.total_seconds(), ignore=how.ignore
        )
        if asked.no_network:
            run.out.warn(run._("The links were not asked: no name can be looked up from here."))
        found += asked.hits
    if spam:
        found += hits_of_spam(score(sample_message(run, issue)), issue.file.shown)
    return found


def sample_message(run: Run, issue: Issue) -> bytes:
    """The message as a reader would get it who is on no list.  Raises RefusedError CHECKS when it cannot be built."""
    content = freeze(issue)
    reader = Reader(email="reader@example.org", name=message("mail.sample_reader", issue.language), fields={})
    with run.storage.read() as connection:
        press = press_for(content, run.settings, run.newsroom.root, load_keyring(connection), run.clock())
    try:
        return press.message(reader).joined()
    except MailProblem as problem:
        raise RefusedError("CHECKS", problem.sentence, sent="", fix=f"newsletter check {issue.file.id}") from problem
