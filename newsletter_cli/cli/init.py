"""newsletter init: a new newsroom, asked for at a terminal or by flags alone."""

import csv
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import typer

from newsletter_cli.articles.slugs import slug_for
from newsletter_cli.cli.failure import state_folder
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.words import Words
from newsletter_cli.delivery.keys import make_first_key
from newsletter_cli.digest.versions import ensure_digest
from newsletter_cli.errors import NotConfirmedError, UsageError
from newsletter_cli.mail.address import parse_address
from newsletter_cli.newsroom import (
    CONFIG_NAME,
    Made,
    create_newsroom,
    example_file,
    is_slug,
    planned_files,
    refuse_folder_in_use,
    slug_of,
    write_private,
)
from newsletter_cli.settings import (
    Loaded,
    Opening,
    check_text,
    load_settings,
    opening_text,
    reason_against,
    set_own_language,
)
from newsletter_cli.storage.engine import open_storage
from newsletter_cli.storage.migrate import migrate
from newsletter_cli.subscribers.lists import list_id
from newsletter_cli.subscribers.roster import NewReader, Roster

SENDER: Final = "news@example.org"
LIST: Final = "weekly"
ZONE: Final = "Asia/Damascus"
SAMPLE_READERS: Final = 2
TRIES: Final = 3
TRIAL_LINE: Final = "مرحبا بالعالم، هذا سطر للتجربة"
JOINED, APART, SKIPPED = "joined", "apart", "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line says; None where it is silent."""

    name: str | None
    sender: str | None
    language: str | None
    lists: tuple[str, ...]
    zone: str | None
    sample: bool | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made."""

    root: Path
    opening: Opening
    sample: bool


@command(
    "init",
    examples=("newsletter init akhbar", "newsletter init akhbar --no-sample --no-input --from news@example.org"),
    exits=(0, 2, 3, 4, 7, 8),
    changes=True,
)
def init(
    run: Run,
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Folder of the newsroom; none: the current one.")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Name your readers will see.")] = None,
    sender: Annotated[str | None, typer.Option("--from", metavar="ADDRESS", help="Address it comes from.")] = None,
    language: Annotated[
        str | None, typer.Option(metavar="LANGUAGE", help="Language of the digests: ar, en, fa, he, ur or fr.")
    ] = None,
    lists: Annotated[list[str] | None, typer.Option("--list", metavar="LIST", help="Slug of the first list.")] = None,
    zone: Annotated[str | None, typer.Option("--tz", metavar="ZONE", help="Time zone of the newsroom.")] = None,
    sample: Annotated[
        bool | None, typer.Option("--sample/--no-sample", help="With a sample issue to play with, or without.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Add what is missing to a folder that is not empty.")] = False,
) -> Reply:
    """Asks a few questions at a terminal; with --no-input the folder's name, news@example.org, the list weekly, Arabic
    and no sample are taken. Nothing can be sent before config go-live."""
    root = run.around.cwd / (folder or run.globals.project or Path())
    refuse_folder_in_use(root, planned_files(sample=bool(sample)), force=force)
    wishes = Wishes(
        name=name, sender=sender, language=language, lists=tuple(lists or (LIST,)), zone=zone, sample=sample
    )
    _refuse_what_cannot_be(wishes)
    plan, eye = _asked(run, root, wishes) if run.can_ask else (_plan(root, wishes), "")
    text = opening_text(plan.opening)
    if not (root / CONFIG_NAME).exists():
        check_text(root, text, profile="", env=run.env)
    if run.globals.dry_run:
        return _planned(run, plan)
    made = create_newsroom(root, text, sample=plan.sample, list_slug=plan.opening.lists[0], force=force)
    loaded = load_settings(made.newsroom.root, profile="", env=run.env)
    readers = _fill_database(run, made, loaded, plan)
    if eye:
        keep_eye(run, eye)
    return _reply(run, plan, made, loaded, readers, eye)


def _refuse_what_cannot_be(wishes: Wishes) -> None:
    """Wrong flags are told before anything is asked or written."""
    given = {
        "--name": ("newsroom.name", wishes.name),
        "--from": ("sender.from", wishes.sender),
        "--language": ("newsroom.language", wishes.language),
        "--tz": ("newsroom.timezone", wishes.zone),
    }
    for flag, (key, value) in given.items():
        reason = reason_against(key, value) if value is not None else ""
        if reason:
            raise UsageError("USAGE", f"{flag} “{value}” cannot be. {reason}", sent="", fix="newsletter init --help")
    for slug in wishes.lists:
        if not is_slug(slug):
            reason = "A list is named with small Latin letters, digits, dot and dash, such as weekly."
            raise UsageError("USAGE", f"--list “{slug}” cannot be. {reason}", sent="", fix="newsletter init --help")


def _plan(root: Path, wishes: Wishes) -> Plan:
    """What the flags say, and the defaults where they are silent."""
    folder = root.resolve().name
    return Plan(
        root,
        Opening(
            name=wishes.name or folder or "newsroom",
            id=id_of(folder),
            language=wishes.language or "ar",
            timezone=wishes.zone or ZONE,
            sender=wishes.sender or SENDER,
            lists=tuple(dict.fromkeys(wishes.lists)),
        ),
        bool(wishes.sample),
    )


def id_of(folder: str) -> str:
    """A newsroom's id out of its folder's name: as it is, in Latin letters, or spelled out from Arabic."""
    plain = slug_of(folder, otherwise="")
    spelled = slug_for(folder)
    return plain or ("newsroom" if spelled.startswith("article") else spelled)


# --- the wizard -----------------------------------------------------------------------------------------------------


def _asked(run: Run, root: Path, wishes: Wishes) -> tuple[Plan, str]:
    """The same with the answers of a person, and what the eye test said."""
    if run.globals.lang is None:
        languages = (("en", "English"), ("ar", "العربية"))
        run.out.words = Words(run.ask_choice("Language of this tool:", languages, "--lang", default="en"))
    given = Wishes(
        name=wishes.name or _text(run, run._("Name your readers will see"), "newsroom.name", "--name"),
        sender=wishes.sender or _text(run, run._("Address it comes from"), "sender.from", "--from", default=SENDER),
        language=wishes.language,
        lists=wishes.lists,
        zone=wishes.zone or _text(run, run._("Time zone"), "newsroom.timezone", "--tz", default=ZONE),
        sample=wishes.sample,
    )
    if given.sample is None:
        question = run._("Put in a sample issue to play with?")
        given = replace(given, sample=run.ask_yes(question, "--sample or --no-sample", default=True))
    return _plan(root, given), _eye_test(run)


def _text(run: Run, question: str, key: str, flag: str, *, default: str = "") -> str:
    """A line that can be this setting; three that cannot are enough."""
    reason = ""
    for _ in range(TRIES):
        answer = run.ask_text(question, flag, default=default)
        reason = reason_against(key, answer)
        if not reason:
            return answer
        run.out.warn(reason)
    raise NotConfirmedError("NOT-CONFIRMED", f"{flag} is still not answered. {reason}", sent="", fix=f"add: {flag}")


def _eye_test(run: Run) -> str:
    """Whether this terminal draws Arabic: only a person can see that."""
    run.out.event("question", run._("Does the next line read from right to left, letters joined?"))
    run.out.event("question", f"        {TRIAL_LINE}")
    options = ((JOINED, run._("yes")), (APART, run._("apart or reversed")), (SKIPPED, run._("skip")))
    return run.ask_choice("", options, "--no-input", default=SKIPPED)


def keep_eye(run: Run, eye: str) -> None:
    """Remember for this person what the terminal does to Arabic, and the language of the tool that follows from it."""
    if eye != SKIPPED:
        write_private(state_folder(run.env).parent / "terminal", f"{eye}\n".encode())
    if eye == APART:
        # Where letters stand apart, Arabic messages cannot be read: English ones can
        run.out.words = Words("en")
    set_own_language(run.env, run.out.words.language)


# --- making ---------------------------------------------------------------------------------------------------------


def _planned(run: Run, plan: Plan) -> Reply:
    files = planned_files(sample=plan.sample)
    return Reply(
        {
            "dir": str(plan.root), "newsroom": plan.opening.id, "lists": list(plan.opening.lists),
            "articles": 0, "digest": None, "live": False, "files": list(files),
        },
        human=lambda: run.out.fields([("folder", plan.root), *(("file", name) for name in files)]),
    )  # fmt: skip


def _fill_database(run: Run, made: Made, loaded: Loaded, plan: Plan) -> int:
    """The tables, the first signing key, a row per list, and the readers of the sample; how many those are."""
    root, database = made.newsroom.root, loaded.settings.storage.database
    migrate(database, root)
    with open_storage(database, root) as storage:
        now = run.clock()
        with storage.write() as connection:
            make_first_key(connection, now)
            for slug in loaded.settings.lists:
                list_id(connection, slug, create=now)
            if made.digest:  # whoever made the newsroom composed its sample, so another person has to approve it
                ensure_digest(storage, connection, made.digest, _list_of(loaded, plan), by=run.user, now=now)
        roster = Roster(storage, run.clock)
        readers = sample_readers(_list_of(loaded, plan)) if plan.sample else ()
        for reader in readers:
            roster.add(reader, by=run.user)
    return len(readers)


def _list_of(loaded: Loaded, plan: Plan) -> str:
    """The list to begin with; a newsletter.toml that was there already may have other lists."""
    wanted = plan.opening.lists[0]
    return wanted if wanted in loaded.settings.lists else next(iter(loaded.settings.lists), wanted)


def sample_readers(slug: str) -> tuple[NewReader, ...]:
    """The first readers of the example file, on a list, active."""
    with example_file().open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))[:SAMPLE_READERS]
    return tuple(
        NewReader(
            address=parse_address(row["email"]), list=slug, active=True, name=row["name"],
            fields={"city": row["city"]}, consent="sample", source="init",
        )
        for row in rows
    )  # fmt: skip


def _reply(run: Run, plan: Plan, made: Made, loaded: Loaded, readers: int, eye: str) -> Reply:
    settings, digest = loaded.settings, made.digest
    steps = [] if made.newsroom.root.resolve() == run.around.cwd.resolve() else [f"cd {shlex.quote(_shown(run, made))}"]
    if digest:
        steps += [f"newsletter check {digest}", f"newsletter test {digest} --to you@example.org"]
    else:
        into = f"newsletter subscribers import FILE --list {_list_of(loaded, plan)}"
        steps += ["newsletter articles import FILE", into]
    return Reply(
        {
            "dir": str(made.newsroom.root), "newsroom": settings.newsroom.id, "lists": list(settings.lists),
            "articles": made.articles, "digest": digest, "live": settings.safety.live,
        },
        human=lambda: _tell(run, plan, made, loaded, readers, eye),
        next=tuple(steps),
    )  # fmt: skip


def _shown(run: Run, made: Made) -> str:
    """The folder as it is typed from here."""
    root, cwd = made.newsroom.root, run.around.cwd
    return str(root.relative_to(cwd)) if root.is_relative_to(cwd) else str(root)


def _tell(run: Run, plan: Plan, made: Made, loaded: Loaded, readers: int, eye: str) -> None:
    out, lists = run.out, ", ".join(loaded.settings.lists)
    parts = [CONFIG_NAME, f"articles/ ({made.articles})"]
    parts += [f"digests/{made.digest}.md"] if made.digest else []
    parts += [f"list {lists}" + (f" ({readers} sample readers)" if readers else "")]
    out.result(f"{run._('Created')} {out.cell(_shown(run, made))}/   {'  '.join(parts)}")
    if not loaded.settings.safety.live:
        out.result(f"  {run._('Sending is OFF: nothing leaves this computer until')}")
        out.result(f"    newsletter config go-live --confirm {loaded.settings.newsroom.id}")
    if eye == APART:
        out.result(f"  {run._('This terminal breaks Arabic, so messages are English. Read issues in the browser:')}")
        out.result(f"    newsletter digests export {made.digest or 'ID'} --to html -o issue.html")
