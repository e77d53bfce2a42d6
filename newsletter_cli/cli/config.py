"""newsletter config: what holds and why, changing it, secrets, and going live."""

import getpass
import json
import shlex
from typing import Annotated, Final

import typer

from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.findings import Finding, Level
from newsletter_cli.cli.frame import LISTING, Reply, Run, command
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.errors import ConfigError, NotConfirmedError
from newsletter_cli.newsroom import write_private
from newsletter_cli.settings import (
    DOTS,
    Change,
    Entry,
    SecretForm,
    SecretSource,
    as_text,
    is_secret,
    json_schema,
    keep_in_keyring,
    known_key,
    load_settings,
    secret_account,
    set_secret_form,
    set_value,
)
from newsletter_cli.settings import go_live as write_live

KEY: Final = "Setting, such as smtp.port."


# --- looking ----------------------------------------------------------------------------------------------------------


@command(
    "config show",
    examples=("newsletter config show --origin", "newsletter config show smtp safety.undo_seconds"),
    exits=(0, 4),
    formats=LISTING,
)
def show(
    run: Run,
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY…]", help="Settings or sections; none: all.")] = None,
    origin: Annotated[bool, typer.Option("--origin", help="Also say where each value comes from.")] = False,
) -> Reply:
    """Every setting with the value that holds now: environment before profile before newsletter.toml before default.
    Secrets are dots."""
    entries = _chosen(run, tuple(keys or ()))
    columns = (Column("key"), Column("value"), Column("origin"))
    return Reply(
        {"settings": [{"key": entry.key, "value": entry.value, "origin": entry.origin} for entry in entries]},
        human=lambda: run.out.table(_for_people(entries, origin=origin)),
        listing=Listing(columns, [(entry.key, as_text(entry.value), entry.origin) for entry in entries]),
    )


def _chosen(run: Run, keys: tuple[str, ...]) -> tuple[Entry, ...]:
    entries = run.loaded.entries()
    for key in keys:
        known_key(key)
    if not keys:
        return entries
    return tuple(entry for entry in entries if any(entry.key == key or entry.key.startswith(f"{key}.") for key in keys))


def _for_people(entries: tuple[Entry, ...], *, origin: bool) -> Listing:
    """The value last: only the last column of a table may hold Arabic."""
    between = (Column("origin"),) if origin else ()
    rows = [(entry.key, *((entry.origin,) if origin else ()), as_text(entry.value)) for entry in entries]
    return Listing((Column("key"), *between, Column("value", arabic=True)), rows)


@command("config get", examples=("newsletter config get smtp.host", "newsletter config get web --json"), exits=(0, 4))
def get(run: Run, key: Annotated[str, typer.Argument(metavar="KEY", help=KEY)]) -> Reply:
    """The value that holds now, alone on a line; of a whole section as TOML. A secret is dots."""
    known_key(key)
    entry = run.loaded.entry(key) or Entry(key, None, "default")
    return Reply(
        {"key": entry.key, "value": entry.value, "origin": entry.origin},
        human=lambda: run.out.result(run.out.cell("" if entry.value is None else as_text(entry.value))),
    )


@command(
    "config schema",
    examples=("newsletter config schema", "newsletter config schema > newsletter.schema.json"),
    exits=(0,),
)
def schema(run: Run) -> Reply:
    """A JSON Schema of newsletter.toml, for editors that complete and check it."""
    found = json_schema()
    return Reply({"json_schema": found}, human=lambda: run.out.payload(json.dumps(found, ensure_ascii=False, indent=2)))


# --- changing ---------------------------------------------------------------------------------------------------------


@command(
    "config set",
    examples=("newsletter config set smtp.host smtp.example.org", "newsletter config set team.test_to '[\"a@b.org\"]'"),
    exits=(0, 2, 4, 7),
    changes=True,
)
def set_(
    run: Run,
    key: Annotated[str, typer.Argument(metavar="KEY", help=KEY)],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The value; lists and tables as TOML text.")],
) -> Reply:
    """Writes one setting into newsletter.toml; comments and order stay. A value that cannot be is refused and the file
    left as it is. safety.live is set by config go-live, passwords by config set-secret."""
    newsroom = run.newsroom
    change = set_value(newsroom.root, key, value, config=newsroom.config, write=not run.globals.dry_run)
    if not run.globals.dry_run:
        _warn_where_another_wins(run, change)
    return Reply(
        {"key": change.key, "value": change.after, "before": change.before},
        human=lambda: _tell_change(run, change),
    )


def _tell_change(run: Run, change: Change) -> None:
    before, after = _before(change), run.out.cell(as_text(change.after))
    if run.globals.dry_run:
        run.out.fields([("key", change.key), ("was", as_text(before)), ("would be", as_text(change.after))])
        return
    run.out.done(f"{change.key}   {after}")
    if before != change.after and before is not None and DOTS not in (before, change.after):
        undo = f"newsletter config set {change.key} {shlex.quote(as_text(before))}"
        run.out.say(f"Undo   {run.out.cell(undo)}")


def _before(change: Change) -> object:
    return change.default if change.before is None else change.before


def _warn_where_another_wins(run: Run, change: Change) -> None:
    """A profile or the environment may say something else than the file now does."""
    try:
        loaded = load_settings(run.newsroom.root, profile=run.globals.profile, env=run.env, config=run.newsroom.config)
    except ConfigError as error:
        run.out.warn(error.message)
        return
    entry = loaded.entry(change.key)
    if entry and entry.origin.startswith(("profile ", "environment ")):
        run.out.warn(f"{entry.origin} says {as_text(entry.value)}, and that holds here.")


@command(
    "config set-secret",
    examples=(
        "newsletter config set-secret smtp.password",
        "pass show mail/news | newsletter config set-secret smtp.password",
    ),
    exits=(0, 3, 4, 7),
    changes=True,
)
def set_secret(run: Run, key: Annotated[str, typer.Argument(metavar="KEY", help="Such as smtp.password.")]) -> Reply:
    """Asks for the secret without showing it, or reads the first line of stdin. It goes into the keyring of this
    computer where that works, else into data/secrets/, which is not in git; newsletter.toml says where it is."""
    newsroom = run.newsroom
    if not is_secret(key):
        raise ConfigError("CONFIG-KEY", f"{key} is no secret.", sent="", fix=f"newsletter config set {key} VALUE")
    if run.globals.dry_run:
        form = "keyring or file"
        return Reply({"key": key, "form": None}, human=lambda: run.out.fields([("key", key), ("goes to", form)]))
    secret = _read_secret(run, key)
    run.redactor.learn(secret)
    account = secret_account(newsroom.root, key, config=newsroom.config)
    source = SecretSource(SecretForm.KEYRING, "true", key=key, account=account)
    if not keep_in_keyring(account, secret):
        source = SecretSource(SecretForm.FILE, f"data/secrets/{key}", key=key)
        write_private(newsroom.root / source.what, f"{secret}\n".encode())
    set_secret_form(newsroom.root, key, source, config=newsroom.config)
    where = "the keyring of this computer" if source.form is SecretForm.KEYRING else source.what
    return Reply({"key": key, "form": source.form.value}, human=lambda: run.out.done(f"{key} is in {where}."))


def _read_secret(run: Run, key: str) -> str:
    stdin = run.around.stdin
    if stdin is not None and stdin.isatty():
        if not run.can_ask:
            raise run.ask.missing(key, f"the secret on stdin, as in: COMMAND | newsletter config set-secret {key}")
        secret = getpass.getpass(f"{key} › ", stream=run.around.stderr)
    else:
        secret = stdin.readline() if stdin is not None else ""
    secret = secret.rstrip("\r\n")
    if not secret:
        fix = f"COMMAND | newsletter config set-secret {key}"
        raise NotConfirmedError("NOT-CONFIRMED", f"No secret was given for {key}.", sent="", fix=fix)
    return secret


# --- checking and going live ------------------------------------------------------------------------------------------


@command("config check", examples=("newsletter config check", "newsletter config check --json"), exits=(0, 4))
def check(run: Run) -> Reply:
    """Everything wrong with newsletter.toml, its profiles and the environment, each with its line. Opens no
    connection."""
    from newsletter_cli.cli.readiness import settings_findings  # lazy: half a second that `config get` does not need

    return _reply_of(run, settings_findings(run))


def _reply_of(run: Run, findings: tuple[Finding, ...]) -> Reply:
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    warnings = sum(finding.level is Level.WARNING for finding in findings)
    return Reply(
        {"findings": [finding.document() for finding in findings], "problems": problems, "warnings": warnings},
        exit=Exit.CONFIG if problems else Exit.OK,
        human=lambda: _tell_findings(run, findings, problems, warnings),
    )


def _tell_findings(run: Run, findings: tuple[Finding, ...], problems: int, warnings: int) -> None:
    for finding in findings:
        run.out.result(f"{finding.level.mark} {finding.part:<9} {run.out.cell(finding.text)}")
        if finding.fix:
            run.out.result(f"            fix: {run.out.cell(finding.fix)}")
    if problems or warnings:
        run.out.result(f"{_many(problems, 'problem')}, {_many(warnings, 'warning')}. Nothing was sent.")
    else:
        run.out.done("The settings are in order.")


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@command(
    "config go-live",
    examples=("newsletter config go-live", "newsletter config go-live --confirm akhbar"),
    exits=(0, 3, 4, 7, 8),
    changes=True,
)
def go_live(
    run: Run,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="NEWSROOM", help="Id of the newsroom, instead of typing it.")
    ] = None,
) -> Reply:
    """From then on `send` and `test` reach real people. Shows who sends and through which server, and looks for what is
    wrong in project, database and templates first; the mail server itself is not tried here."""
    from newsletter_cli.cli.readiness import live_findings  # lazy: as in check

    findings = live_findings(run)
    _show_sender(run, findings)
    problems = [finding for finding in findings if finding.level is Level.PROBLEM]
    if problems:
        raise _not_ready(problems)
    settings, warnings = run.settings, [finding.text for finding in findings]
    if run.globals.dry_run:
        return _live_reply(run, live=settings.safety.live, warnings=warnings)
    if confirm is not None or not settings.safety.live:
        newsroom = settings.newsroom.id
        run.ask_name(newsroom, "Type the newsroom's id to go live", f"--confirm {newsroom}", given=confirm)
    if settings.safety.live:
        return _live_reply(run, live=True, warnings=warnings)
    _write_live(run)
    live = load_settings(
        run.newsroom.root, profile=run.globals.profile, env=run.env, config=run.newsroom.config
    ).settings.safety.live
    if not live:
        warnings.append("newsletter.toml says live = true, but the profile or the environment says false: that holds.")
        run.out.warn(warnings[-1])
    return _live_reply(run, live=live, warnings=warnings)


def _show_sender(run: Run, findings: tuple[Finding, ...]) -> None:
    settings, smtp = run.settings, run.settings.smtp
    server = f"{smtp.host}:{smtp.port} ({smtp.security})" if smtp.host else "none yet"
    facts = [
        ("newsroom", f"{settings.newsroom.id}   {settings.newsroom.name}"), ("from", settings.sender.from_),
        ("server", server + "; not tried here"), ("links", settings.web.public_url),
    ]  # fmt: skip
    for label, value in facts:
        run.out.say(f"  {label:<9} {run.out.cell(value)}")
    for finding in findings:
        if finding.level is Level.WARNING:
            run.out.warn(f"{finding.part}: {finding.text}")


def _not_ready(problems: list[Finding]) -> ConfigError:
    return ConfigError(
        problems[0].code if problems[0].code in ConfigError.codes else "CONFIG-VALUE",
        f"Not live: {_many(len(problems), 'problem')} to solve first. {problems[0].text}",
        facts=[(finding.part, finding.text) for finding in problems[1:]],
        fix=problems[0].fix,
        details={"problems": [finding.document() for finding in problems]},
    )


def _write_live(run: Run) -> None:
    """A backup first, then the file, then the log: what is logged has happened."""
    from newsletter_cli.storage.acts import note  # lazy: only going live opens the database
    from newsletter_cli.storage.backup import Backups, backup  # lazy: the same

    backups = run.settings.storage.backups
    backup(run.storage, Backups(run.newsroom.root / backups.dir, backups.keep), now=run.clock(), why="before-go-live")
    write_live(run.newsroom.root, config=run.newsroom.config)
    with run.storage.write() as connection:
        note(connection, at=run.clock(), by=run.user, what="went live")


def _live_reply(run: Run, *, live: bool, warnings: list[str]) -> Reply:
    newsroom = run.settings.newsroom.id
    already = run.settings.safety.live and not run.globals.dry_run
    sentence = f"{newsroom} is live" + (" already. Nothing to do." if already else ": mail can leave.")

    def tell() -> None:
        if not run.globals.dry_run:
            run.out.done(sentence if live else f"{newsroom} is live in newsletter.toml only.")

    return Reply({"newsroom": newsroom, "live": live, "warnings": warnings}, human=tell)
