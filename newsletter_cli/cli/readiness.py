"""Is this newsroom in order? What can be seen without opening a connection, one finding a line."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from newsletter_cli.articles.model import Article
from newsletter_cli.cli.findings import Finding, Level
from newsletter_cli.cli.frame import Run
from newsletter_cli.digest.model import Choice, DigestFile
from newsletter_cli.errors import ConfigError, NewsletterError, UsageError
from newsletter_cli.language import direction_of
from newsletter_cli.mail.address import parse_address, parse_mailbox
from newsletter_cli.mail.dkim import signers_of
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.settings import ServerSettings, Settings, find_problems, is_local_host
from newsletter_cli.storage.check import check as examine

OUTSIDE: Final = frozenset({"smtp", "web"})  # parts that others may still be busy with: they do not stop going live


def settings_findings(run: Run) -> tuple[Finding, ...]:
    """Everything wrong with the settings, or worth a word."""
    newsroom = run.newsroom
    errors = find_problems(newsroom.root, profile=run.globals.profile, env=run.env, config=newsroom.config)
    if errors:
        return tuple(_problem("project", error) for error in errors)
    settings = run.settings
    return (
        *_addresses(settings),
        *_logo(run),
        *_lists(settings),
        *_smtp(run),
        *_keys(run),
        *_web(settings),
        *_database_url(run),
    )


def live_findings(run: Run) -> tuple[Finding, ...]:
    """The same before going live, and the database and the templates; what lies outside this house only warns."""
    settings = run.settings  # an error of the settings ends it here, with file and line
    found = settings_findings(run)
    outside = (replace(one, level=Level.WARNING) if one.part in OUTSIDE else one for one in found)
    return (*outside, *_database(run), *_templates(run, settings))


def _problem(part: str, error: NewsletterError) -> Finding:
    facts = "".join(f" ({label}: {value})" for label, value in error.facts)
    return Finding(part, Level.PROBLEM, f"{error.message}{facts}", error.fix, error.code)


def _addresses(settings: Settings) -> Iterator[Finding]:
    """Addresses as mail itself reads them: the settings have looked only at their shape."""
    if not settings.sender.from_:
        yield Finding(
            "project", Level.PROBLEM, "sender.from is empty: nobody to send as.",
            "newsletter config set sender.from news@example.org", "CONFIG-VALUE",
        )  # fmt: skip
    mailboxes = {"sender.from": settings.sender.from_, "sender.reply_to": settings.sender.reply_to}
    for slug, list_ in settings.lists.items():
        mailboxes |= {f"lists.{slug}.from": list_.from_, f"lists.{slug}.reply_to": list_.reply_to}
    for key, text in mailboxes.items():
        if text:
            yield from _address(key, text, mailbox=True)
    for text in settings.team.test_to:
        yield from _address("team.test_to", text, mailbox=False)


def _address(key: str, text: str, *, mailbox: bool) -> Iterator[Finding]:
    try:
        parse_mailbox(text) if mailbox else parse_address(text)
    except AddressProblem as error:
        fix = f"newsletter config set {key} …"
        yield Finding("project", Level.PROBLEM, f"{key} “{text}”: {error.sentence}", fix, "CONFIG-VALUE")


def _logo(run: Run) -> Iterator[Finding]:
    logo, root = run.settings.newsroom.logo, run.newsroom.root
    if logo and not (root / logo).is_file():
        yield Finding("project", Level.WARNING, f"newsroom.logo: there is no file {logo}.", f"put it into {root}")


def _lists(settings: Settings) -> Iterator[Finding]:
    if not settings.lists:
        yield Finding("project", Level.WARNING, "There is no list yet.", "newsletter lists create weekly --title TITLE")


def _smtp(run: Run) -> Iterator[Finding]:
    servers = run.settings.smtp.servers or (run.settings.smtp,)
    if not all(server.host for server in servers):
        fix = "newsletter config set smtp.host smtp.example.org"
        yield Finding("smtp", Level.WARNING, "smtp.host is empty: no mail server is named.", fix)
    told: list[Finding] = []
    for server in servers:
        told += [one for one in _login(run, server) if one not in told]  # servers have it from [smtp]
    yield from told


def _login(run: Run, smtp: ServerSettings) -> Iterator[Finding]:
    if smtp.username and smtp.password is None and smtp.oauth2 is None:
        yield Finding(
            "smtp", Level.PROBLEM, f"smtp.username is {smtp.username}, but there is no password.",
            "newsletter config set-secret smtp.password", "SECRET",
        )  # fmt: skip
    elif smtp.username and (source := smtp.oauth2 or smtp.password) is not None:
        try:
            run.secret(source)
        except ConfigError as error:
            yield _problem("smtp", error)


def _keys(run: Run) -> Iterator[Finding]:
    """Signing keys that are not there, or that others may read: with one of them no message can be made."""
    told: set[str] = set()
    for server in run.settings.smtp.servers or (run.settings.smtp,):
        try:
            signers_of(server, run.newsroom.root)
        except ConfigError as error:
            if error.message not in told:  # servers have it from [smtp]
                told.add(error.message)
                yield _problem("project", error)


def _web(settings: Settings) -> Iterator[Finding]:
    url = settings.web.public_url
    host = url.partition("://")[2].partition("/")[0]
    host = host if host.endswith("]") else host.rpartition(":")[0] or host
    if is_local_host(host):
        text = f"web.public_url is {url}: readers elsewhere cannot open their unsubscribe link."
    elif url.startswith("http:"):
        text = f"web.public_url is {url}: one-click unsubscribe needs https."
    else:
        return
    yield Finding("web", Level.WARNING, text, "newsletter config set web.public_url https://HOST")


def _database_url(run: Run) -> Iterator[Finding]:
    """A password in the address of a database, written where git sees it."""
    url, origin = run.settings.storage.database, run.loaded.origins.get("storage.database", "")
    account = url.partition("://")[2].rpartition("@")[0]
    if ":" in account and not origin.startswith("environment "):
        yield Finding(
            "project", Level.WARNING, f"storage.database holds a password, and {origin} is in git.",
            "give it as NEWSLETTER_STORAGE__DATABASE_FILE, or use ~/.pgpass",
        )  # fmt: skip


def _database(run: Run) -> Iterator[Finding]:
    try:
        problems = examine(run.storage)
    except NewsletterError as error:
        yield _problem("database", error)
        return
    for problem in problems:
        text = f"{problem.where}: {problem.text}" if problem.where else problem.text
        yield Finding("database", Level.PROBLEM, text, "newsletter db check", "CONFIG-VALUE")


def _templates(run: Run, settings: Settings) -> Iterator[Finding]:
    """A whole digest of one short article, drawn by the newsroom's own templates where it has some."""
    from newsletter_cli.digest.render import render_issue  # lazy: jinja2 and premailer, for this one question

    for slug in settings.lists:
        language = settings.lists[slug].language or settings.newsroom.language
        article = Article(
            slug="check", title=settings.newsroom.name or "check", language=language, direction=direction_of(language)
        )
        file = DigestFile(
            id="check", path=run.newsroom.digests / "check.md", shown="digests/check.md", list=slug,
            template=settings.compose.template, subject="check", articles=(Choice("check"),),
        )  # fmt: skip
        try:
            render_issue(file, (article,), settings, run.newsroom)
        except UsageError as error:
            yield _problem("templates", error)
        except NewsletterError as error:
            yield _problem("templates", error)
            return
