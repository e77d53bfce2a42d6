'''The frame around every command: read → call → print. Copy this:

    from typing import Annotated
    import typer
    from newsletter_cli.cli.frame import LISTING, Reply, Run, command
    from newsletter_cli.cli.table import Column, Listing

    @command(
        "lists show",                                     # the words; tree.py has its row: module, usage, one sentence
        examples=("newsletter lists show weekly", "newsletter lists show weekly --json"),
        exits=(0, 2, 4),                                  # shown on the help page
        changes=False,                                    # True: `-n` ends with "Dry run: nothing was changed."
        sends=False,                                      # True: refusals say "Nothing was sent."
        formats=LISTING,                                  # only for commands that answer with a Listing
    )
    def show(
        run: Run,
        slug: Annotated[str, typer.Argument(metavar="LIST", help="Slug of the list.")],
        all_: Annotated[bool, typer.Option("--all", help="Also those who left.")] = False,
    ) -> Reply:
        """What the page says under the sentence; may be empty."""
        found = Roster(run.storage, run.clock).list(slug)        # raise newsletter_cli.errors.* for what cannot be
        return Reply(
            {"slug": found.slug, "title": found.title},          # --json; `schema` and `exit` are added
            human=lambda: run.out.fields([("slug", found.slug), ("title", found.title)]),
            next=("newsletter lists count weekly",),             # for people
        )

A command returns its Reply and prints nothing to stdout itself, except through run.out inside `human`. With a
`listing` and no `human` the frame draws the table. Progress and warnings (run.out.say, .warn, .event) may come at any
time: they go to stderr. Options follow typer's Annotated style; give every option a metavar in words; an option with
rich_help_panel="More" stands in the second part of the help page. The module is imported only when its command is
called; premailer, jinja2, email-validator and rich.live are imported inside the function that needs them. The ten
global options are `run.globals`; `--yes` and questions are run.ask_yes, run.confirm, run.ask_number, run.ask_name.
'''

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import typer
from typer.core import TyperCommand

from newsletter_cli.cli import failure, options, pages
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.logs import logging_to
from newsletter_cli.cli.options import Globals
from newsletter_cli.cli.output import NobodyReadsError
from newsletter_cli.cli.run import Run, Surroundings
from newsletter_cli.cli.table import Listing
from newsletter_cli.cli.terminal import silence
from newsletter_cli.cli.verbatim import sparing
from newsletter_cli.errors import UsageError

__all__ = ["DOCUMENT", "LISTING", "Command", "Edge", "Reply", "Run", "command"]

DOCUMENT: Final = ("table", "json")
LISTING: Final = ("table", "json", "jsonl", "csv", "tsv")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command found or did."""

    document: Mapping[str, object] = field(default_factory=dict)  # --json, without `schema` and `exit`
    exit: int = 0
    human: Callable[[], None] | None = None  # prints the answer for people through run.out
    listing: Listing | None = None  # rows for --format; drawn for people when there is no `human`
    next: tuple[str, ...] = ()  # commands that come next, for people
    schema: str | None = None  # when the document is another command's, e.g. "send" for resume


Body: TypeAlias = Callable[..., Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: its words, its function, and what its help page says."""

    words: str
    function: Body
    examples: tuple[str, ...]
    exits: tuple[int, ...]
    changes: bool
    sends: bool
    formats: tuple[str, ...]
    prepare: Callable[[list[str]], list[str]] | None  # reorders the raw words before the parser sees them

    @property
    def schema(self) -> str:
        """newsletter.subscribers.import/1 without the first and the last part."""
        return self.words.replace(" ", ".")


def command(
    words: str,
    *,
    examples: tuple[str, ...],
    exits: tuple[int, ...] = (0,),
    changes: bool = False,
    sends: bool = False,
    formats: tuple[str, ...] = DOCUMENT,
    prepare: Callable[[list[str]], list[str]] | None = None,
) -> Callable[[Body], Command]:
    """Make a function a command; see the top of this file."""

    def made(function: Body) -> Command:
        return Command(
            words=words,
            function=function,
            examples=examples,
            exits=exits,
            changes=changes,
            sends=sends,
            formats=formats,
            prepare=prepare,
        )

    return made


@dataclass(slots=True)
class Edge:
    """What the edge of the program knows about this invocation, for whoever has to show an error."""

    around: Surroundings
    run: Run | None = None
    exit: int = Exit.ERROR  # if the pipe breaks now: the reply's own code once there is a reply


class Leaf(TyperCommand):
    """A command at the end of a branch: reorders its words where it asks for that, and shows our help page."""

    made: Command
    summary: str

    def get_params(self, ctx: Any) -> list[Any]:
        return sparing(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self.made.prepare(list(args)) if self.made.prepare else args)

    def get_help(self, ctx: Any) -> str:
        return self.page(self.get_params(ctx))

    def page(self, params: Iterable[Any] | None = None) -> str:
        """The command's help page.  params: with typer's own --help among them, where there is a context."""
        return pages.command_page(
            self.made.words,
            self.summary,
            text=self.made.function.__doc__ or "",
            examples=self.made.examples,
            exits=self.made.exits,
            params=self.params if params is None else params,
        )


def build(made: Command, summary: str) -> Leaf:
    """The command as typer sees it, with the global options added."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    name = made.words.split()[-1]
    app.command(name, cls=Leaf, help=summary)(_callback(made))
    leaf = typer.main.get_command(app)
    if not isinstance(leaf, Leaf):
        raise RuntimeError(f"typer built {type(leaf).__name__} for {made.words}")
    leaf.made = made
    leaf.summary = summary
    return leaf


def _callback(made: Command) -> Callable[..., int]:
    """The function that typer calls."""
    own = list(inspect.signature(made.function, eval_str=True).parameters.values())[1:]

    def called(*, ctx: typer.Context, **given: Any) -> int:
        own_given = {name: value for name, value in given.items() if not name.startswith(options.PREFIX)}
        return invoke(made, _edge(ctx), _merged(ctx, made), own_given)

    return options.with_signature(called, own)


def _edge(ctx: typer.Context) -> Edge:
    edge = ctx.find_root().obj
    if not isinstance(edge, Edge):
        raise RuntimeError("a command was called outside main()")
    return edge


def _merged(ctx: typer.Context, made: Command) -> Globals:
    """The global options given at root, group and leaf, in that order, and the environment."""
    levels: list[Mapping[str, Any]] = []
    at: Any = ctx
    while at is not None:
        levels.insert(0, at.params)
        at = at.parent
    merged = options.with_environment(options.merge(levels), _edge(ctx).around.env)
    if merged.format not in made.formats:
        raise UsageError(
            "USAGE",
            f"--format {merged.format} is not one of: {', '.join(made.formats)}.",
            sent="",
            fix=f"newsletter {made.words} --help",
        )
    return merged


def invoke(made: Command, edge: Edge, merged: Globals, given: Mapping[str, Any]) -> int:
    """Call the command, print what it answers, and give its exit code."""
    edge.run = run = Run(made.words, merged, edge.around, sends=made.sends)
    try:
        with logging_to(run.out):
            reply = made.function(run, **given)
        edge.exit = reply.exit
        show(reply, made, run)
    except NobodyReadsError:
        silence(edge.around.stdout)
        return edge.exit
    except BrokenPipeError as error:  # of a connection, not of stdout: typer would end it with 1 and no word
        raise RuntimeError("a connection broke where nobody expected it") from error
    except KeyboardInterrupt:  # a send handles its own; typer would end the others without a word
        return failure.interrupted(run.out)
    finally:
        run.close()
    return int(edge.exit)


def show(reply: Reply, made: Command, run: Run) -> None:
    """Print a reply: one document with --json, else for people."""
    if run.globals.json:
        schema = f"newsletter.{reply.schema or made.schema}/1"
        run.out.document({"schema": schema, **reply.document, "exit": reply.exit})
        return
    if reply.listing is not None and (reply.human is None or run.globals.format != "table"):
        run.out.table(reply.listing)
    elif reply.human is not None:
        reply.human()
    if made.changes and run.globals.dry_run:
        run.out.dry_run_note()
    elif reply.exit in (Exit.OK, Exit.PARTIAL, Exit.UNCERTAIN, Exit.TRY_AGAIN, Exit.INTERRUPTED):
        run.out.next_steps(*reply.next)
