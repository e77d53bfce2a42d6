"""`newsletter help [TOPIC]`: pages about how things hang together, and one page per error code."""

from typing import Annotated

import typer

from newsletter_cli.cli.exits import EXITS
from newsletter_cli.cli.frame import Reply, Run, command


@command("help", examples=("newsletter help", "newsletter help exit-codes"), exits=(0, 2))
def show(
    run: Run,
    topic: Annotated[str | None, typer.Argument(metavar="TOPIC", help="A topic, or an error code.")] = None,
) -> Reply:
    """Without a topic, the list of topics."""
    rows = [(f"{row.code:>3} {row.code.label}", row.text) for row in EXITS]
    return Reply({"topic": topic}, human=lambda: run.out.fields(rows))
