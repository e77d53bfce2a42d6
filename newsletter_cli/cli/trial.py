"""newsletter test: send a digest to yourself. There is no code path from here to a list."""

import asyncio
import secrets
from typing import Annotated, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit, worst
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.issue import Ready, ready
from newsletter_cli.cli.sending import conditions_of, demand_no_stop, demand_server
from newsletter_cli.delivery import pace
from newsletter_cli.delivery.connection import ConnectProblem, Result, carry, open_connection, tls_for
from newsletter_cli.delivery.keys import load_keyring
from newsletter_cli.delivery.outlets import outlets_of, press_for, server_of
from newsletter_cli.delivery.run import Conditions
from newsletter_cli.delivery.smtp.book import load_book
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome
from newsletter_cli.digest.versions import find_digest_row, record_trial
from newsletter_cli.errors import UsageError
from newsletter_cli.language import message
from newsletter_cli.mail.address import Address, parse_address
from newsletter_cli.mail.message import Message
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.mail.reader import Reader
from newsletter_cli.newsroom import write_private
from newsletter_cli.storage.acts import note
from newsletter_cli.subscribers.reading import find

MOST: Final = 10  # addresses


@command(
    "test",
    examples=("newsletter test 2026-w42", "newsletter test 2026-w42 --to editor@example.org --as reader1@example.org"),
    exits=(0, 2, 4, 5, 6, 7),
    changes=True,
    sends=True,
)
def send_test(
    run: Run,
    digest: Annotated[str, typer.Argument(metavar="ID", help="Digest.", autocompletion=completion.digests)],
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="EMAIL", help="Where to; default: team.test_to.")
    ] = None,
    as_: Annotated[str | None, typer.Option("--as", metavar="EMAIL", help="As it would reach this reader.")] = None,
) -> Reply:
    """The same bytes that a send would deliver, with a mark in the subject. Its unsubscribe link does nothing, and
    nothing is counted. While the newsroom is not live, files are written instead of mail."""
    addresses = _addresses(run, to or [])
    if as_ is not None:
        _parsed(as_, "--as reader1@example.org")
    live = run.settings.safety.live
    if live and not run.globals.dry_run:
        demand_no_stop(run)
        demand_server(run)
    issue = ready(run, digest)
    letters = [_letter(run, issue, address, as_) for address in addresses]
    if run.globals.dry_run:
        return _reply(run, issue, [(address, False, "not sent: dry run") for address in addresses], live=live)
    if not live:
        return _reply(run, issue, _write(run, issue, addresses, letters), live=False)
    return _reply(run, issue, _send(run, issue, addresses, letters), live=True)


def _addresses(run: Run, given: list[str]) -> list[str]:
    """At most ten addresses; a list's name is refused by name."""
    words = [word for text in given for word in text.replace(",", " ").split()] or list(run.settings.team.test_to)
    if not words:
        raise UsageError("TEST-ADDRESS", "No address to test with.",
                         fix="--to editor@example.org, or team.test_to in newsletter.toml")  # fmt: skip
    if len(words) > MOST:
        raise UsageError("TEST-ADDRESS", f"{len(words)} addresses; a test goes to at most {MOST}.",
                         fix="a send goes to a list: newsletter send ID")  # fmt: skip
    found = []
    for word in words:
        if word in run.settings.lists:
            raise UsageError("TEST-ADDRESS", f"“{word}” is a list; a test goes to addresses only.",
                             fix="--to editor@example.org", details={"list": word})  # fmt: skip
        found.append(_parsed(word, "--to editor@example.org").given)
    return list(dict.fromkeys(found))


def _parsed(word: str, fix: str) -> Address:
    try:
        return parse_address(word)
    except AddressProblem as problem:
        raise UsageError("TEST-ADDRESS", f"“{word}” is not an address: {problem}",
                         fix=fix, details={"address": word}) from problem  # fmt: skip


def _letter(run: Run, issue: Ready, address: str, as_: str | None) -> Message:
    """The message as it would reach a reader, addressed to the tester; its links are those of nobody.

    Each has a delivery number of its own, by chance: two tests with one Message-ID would be shown as one.
    """
    now = run.clock()
    with run.storage.read() as connection:
        keyring = load_keyring(connection)
        known = find(connection, parse_address(as_ or address).key, now)
    language = issue.content.language
    press = press_for(
        issue.content, run.settings, run.newsroom.root, keyring, now,
        subject_prefix=f"{message('mail.test_mark', language)} ",
    )  # fmt: skip
    reader = Reader(
        email=address,
        name=known.name if known else "",
        fields=known.fields if known else {},
    )
    return press.message(reader, message_number=secrets.randbits(55) | 1 << 55)


def _write(run: Run, issue: Ready, addresses: list[str], letters: list[Message]) -> list[tuple[str, bool, str]]:
    """Not live: files instead of mail; does not count as tested."""
    folder = run.newsroom.outbox / issue.digest / "test"
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for address, letter in zip(addresses, letters, strict=True):
        path = folder / f"{address.replace('/', '_')}.eml"
        write_private(path, letter.joined())
        told.append((address, False, f"written to {path.relative_to(run.newsroom.root).as_posix()}"))
    return told


def _send(run: Run, issue: Ready, addresses: list[str], letters: list[Message]) -> list[tuple[str, bool, str]]:
    conditions = conditions_of(run)
    results = asyncio.run(_carry(run, conditions, letters))
    told = [
        (address, result.outcome is Outcome.ACCEPTED, _answer(result))
        for address, result in zip(addresses, results, strict=True)
    ]
    accepted = sum(taken for _, taken, _ in told)
    if accepted:
        now = run.clock()
        outlet = outlets_of(run.settings)[0]
        with run.storage.write() as connection:
            # Tests count for the rate that sends share: the server does not know one from the other.
            pace.spend(connection, run.storage, f"server {outlet.name}", outlet.settings.rate, accepted, now)
            row = find_digest_row(connection, issue.digest)
            if row is not None:
                record_trial(connection, row.id, issue.hash, addresses=accepted, by=run.user, at=now)
            note(connection, at=now, by=run.user, what="tested", digest=issue.digest, list=issue.list,
                 details=f"to {accepted} address{'es' if accepted > 1 else ''} ({issue.hash[:8]})")  # fmt: skip
    return told


async def _carry(run: Run, conditions: Conditions, letters: list[Message]) -> tuple[Result, ...]:
    outlet = outlets_of(run.settings)[0]
    server = server_of(outlet, conditions.ehlo_name)
    secret = conditions.secrets[outlet.name]()
    try:
        connection = await open_connection(server, tls=tls_for((server,)), secret=secret, number=1, book=load_book())
    except ConnectProblem as problem:
        raise problem.as_error(server, sent="Nothing was sent.") from problem
    return await carry(connection, tuple(Job(number, letter) for number, letter in enumerate(letters, 1)))


def _answer(result: Result) -> str:
    if result.reply is None:
        return "no answer"
    reply = result.reply
    return " ".join(part for part in (str(reply.code), reply.enhanced, reply.text) if part)


def _reply(run: Run, issue: Ready, told: list[tuple[str, bool, str]], *, live: bool) -> Reply:
    document = {
        "digest": issue.digest,
        "version": issue.hash[:8],
        "sent": [{"email": email, "accepted": taken, "answer": answer} for email, taken, answer in told],
        "live": live,
    }
    refused = live and not run.globals.dry_run and not all(taken for _, taken, _ in told)
    code = worst([Exit.OK, *([Exit.PARTIAL] if refused else [])])

    def tell() -> None:
        run.out.result(f"Test of {issue.digest} (version {issue.hash[:8]})")
        for email, taken, answer in told:
            run.out.result(f" {'✓' if taken else '✗' if live else '!'} {run.out.cell(email)}   {run.out.cell(answer)}")
        if live:
            run.out.result("Unsubscribe in a test does nothing; nothing is counted. The subject is marked.")
        else:
            run.out.result("This newsroom is not live: no mail was sent, and this does not count as tested.")

    steps = (
        (f"newsletter send {issue.digest}",)
        if live
        else (f"newsletter config go-live --confirm {run.settings.newsroom.id}",)
    )
    return Reply(document, code, human=tell, next=steps)
