"""newsletter subscribers tag: +sport puts a tag on, -vip takes one off."""

import shlex
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.readers import filter_meant, known_list
from newsletter_cli.errors import UsageError
from newsletter_cli.subscribers.records import Tagged
from newsletter_cli.subscribers.roster import Roster
from newsletter_cli.subscribers.tagging import count_chosen
from newsletter_cli.subscribers.values import clean_tag
from newsletter_cli.subscribers.where import EVERYBODY, Expr, Field, expression, terms

FLAGS: Final = frozenset("qvnyh")  # short options that take no value
WITH_VALUE: Final = frozenset(
    {"--where", "--list", "--project", "-C", "--profile", "--format", "--color", "--lang", "--log-format"}
)


def tags_last(words: list[str]) -> list[str]:
    """The words with every tag behind "--", where no parser reads -vip as the options v, i and p.

    A word of one dash whose letters are all known flags (-vv, -qn) is an option; behind "--" every word is a tag.
    """
    options, tags = [], []
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            tags += words[at + 1 :]
            break
        if word in WITH_VALUE:
            options += words[at : at + 2]
            at += 2
            continue
        is_option = word.startswith(("--", "-C")) or (word.startswith("-") and len(word) > 1 and set(word[1:]) <= FLAGS)
        (options if is_option else tags).append(word)
        at += 1
    return [*options, "--", *tags] if tags else options


@command(
    "subscribers tag",
    examples=(
        "newsletter subscribers tag --where domain:example.org +sport -vip",
        "newsletter subscribers tag --list weekly +founder",
    ),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.BUSY),
    changes=True,
    prepare=tags_last,
)
def tag(
    run: Run,
    words: Annotated[list[str], typer.Argument(metavar="+TAG|-TAG", help="Tags to put on, and to take off.")],
    where: Annotated[
        str | None, typer.Option("--where", metavar="EXPR", help="These readers, such as status:active.")
    ] = None,
    slug: Annotated[str | None, typer.Option("--list", metavar="LIST", help="Readers of this list.")] = None,
) -> Reply:
    """Asks nothing: it can be taken back with the signs turned round. Behind “--” every word is a tag."""
    if where is None and slug is None:
        raise UsageError(
            "USAGE", "Say which readers.", sent="", fix=f"add: --where EXPR or --list LIST, then {' '.join(words)}"
        )
    put, off = _signed(words)
    chosen = None if slug is None else known_list(run, slug)
    expr = filter_meant(run, where)
    if run.globals.dry_run:
        with run.storage.read() as connection:
            n = count_chosen(connection, run.clock(), expr, slug=chosen)
        done = Tagged(readers=n, added=dict.fromkeys(put, 0), removed=dict.fromkeys(off, 0))
    else:
        done = Roster(run.storage, run.clock).tag(expr, add=put, remove=off, slug=chosen, by=run.user)
    return Reply(
        {"readers": done.readers, "added": dict(done.added), "removed": dict(done.removed)},
        human=lambda: _tell(run, done, expr, chosen),
    )


def _signed(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags to put on and those to take off, each once."""
    put, off = dict[str, None](), dict[str, None]()
    for word in words:
        name = clean_tag(word[1:])
        if word[:1] not in "+-" or not word[:1] or name is None:
            raise UsageError(
                "USAGE",
                f"“{word}” is no tag to put on or take off.",
                sent="",
                fix=f"+{word} puts it on, -{word} takes it off" if clean_tag(word) else "+sport or -sport",
            )
        (put if word[0] == "+" else off)[name] = None
    both = put.keys() & off.keys()
    if both:
        raise UsageError("USAGE", f"“{min(both)}” cannot be put on and taken off at once.", sent="", fix="choose one")
    return tuple(put), tuple(off)


def _tell(run: Run, done: Tagged, expr: Expr, slug: str | None) -> None:
    signs = [
        *(f"+{word} {n:,}" for word, n in done.added.items()),
        *(f"-{word} {n:,}" for word, n in done.removed.items()),
    ]
    said = run.count("{n} reader", "{n} readers", done.readers)
    run.out.done(f"{said}   {run.out.cell('  '.join(signs))}")
    if not run.globals.dry_run and _is_reversible(done, expr):
        run.out.say(f"{run._('Undo')}   {_reverse(done, expr, slug)}")


def _is_reversible(done: Tagged, expr: Expr) -> bool:
    """Whether the same command with the signs turned round gives back what was: nobody had or lacked a tag before."""
    counts = [*done.added.values(), *done.removed.values()]
    asked = {term.value for term in terms(expr) if term.field is Field.TAG}
    return done.readers > 0 and all(n == done.readers for n in counts) and not asked & {*done.added, *done.removed}


def _reverse(done: Tagged, expr: Expr, slug: str | None) -> str:
    words = ["newsletter", "subscribers", "tag"]
    words += ["--where", expression(expr)] if expr != EVERYBODY else []
    words += ["--list", slug] if slug else []
    words += ["--where", ""] if expr == EVERYBODY and slug is None else []
    return shlex.join([*words, "--", *(f"-{word}" for word in done.added), *(f"+{word}" for word in done.removed)])
