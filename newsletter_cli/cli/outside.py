"""What `newsletter check` alone asks for: whether links answer, what DNS says of us, what a spam checker thinks."""

from collections.abc import Iterator
from typing import Final

from newsletter_cli.cli.frame import Run
from newsletter_cli.cli.issue import circumstances_for
from newsletter_cli.delivery.dns import text_lookup
from newsletter_cli.delivery.keys import load_keyring
from newsletter_cli.delivery.outlets import press_for
from newsletter_cli.delivery.records import Wrong, ask_records
from newsletter_cli.digest.check.finding import Hit, Phrase
from newsletter_cli.digest.check.online import hits_of_links
from newsletter_cli.digest.check.spam import hits_of_spam, score
from newsletter_cli.digest.freeze import freeze
from newsletter_cli.digest.model import Issue
from newsletter_cli.errors import RefusedError
from newsletter_cli.language import message
from newsletter_cli.mail.problems import MailProblem
from newsletter_cli.mail.reader import Reader

WHAT: Final = {
    Wrong.MISSING: Phrase(Wrong.MISSING.value, "لا سجل فيه"),
    Wrong.SEVERAL: Phrase(Wrong.SEVERAL.value, "فيه أكثر من سجل فلا يؤخذ بأي منها"),
    Wrong.NOBODY: Phrase(Wrong.NOBODY.value, "لا يسمّي أي خادم"),
    Wrong.UNALIGNED: Phrase(Wrong.UNALIGNED.value, "من نطاق غير نطاق المرسل فلا يعتدّ به DMARC"),
    Wrong.NO_KEY: Phrase(Wrong.NO_KEY.value, "لا مفتاح فيه"),
    Wrong.OTHER_KEY: Phrase(Wrong.OTHER_KEY.value, "فيه مفتاح غير الذي نوقّع به"),
}


def outside_hits(run: Run, issue: Issue, *, links: bool, spam: bool) -> tuple[Hit, ...]:
    """What was seen outside of the offline rules; `judge.check` gives it levels and words.

    links: ask them, and DNS, over the network.  spam: score a whole message on this computer.
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
        found += (*asked.hits, *_records(run, issue))
    if spam:
        found += hits_of_spam(score(sample_message(run, issue)), issue.file.shown)
    return found


def _records(run: Run, issue: Issue) -> Iterator[Hit]:
    """D501. Nothing is asked for a server of this computer or network: what leaves it has other records."""
    circumstances = circumstances_for(run, issue)
    servers = run.settings.smtp.servers or (run.settings.smtp,)
    if circumstances.local_servers or not all(server.host for server in servers):
        return
    asked = ask_records(run.settings, run.newsroom.root, issue.sender.address, text_lookup())
    if asked.silent:
        names = ", ".join(asked.silent)
        run.out.warn(run._("DNS did not answer for {names}.").format(names=run.out.cell(names)))
    for one in asked.problems:
        place = circumstances.sources.setting(one.setting)
        values = {"record": one.record, "name": one.name, "what": WHAT[one.what]}
        yield Hit(code="D501", file=place.file, line=place.line, values=values, fix=one.fix)


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
