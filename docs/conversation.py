"""Writes docs/smtp.md, the conversation with a server as a picture, from its table; with --check it only compares.

The tests compare too, so the picture cannot show anything else than newsletter_cli/delivery/smtp/steps.py.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from newsletter_cli.delivery.smtp.outcome import OUTCOMES, Heard, Stage
from newsletter_cli.delivery.smtp.steps import ROW, SORTS, TABLE, Command, Sort, Step

PAGE: Final = Path(__file__).parent / "smtp.md"
INTRODUCTION: Final = """\
# The conversation with a mail server

Made by `make docs` from the tables that the program runs on: `newsletter_cli/delivery/smtp/steps.py` and `outcome.py`.

Each box is an open question; each arrow is a kind of answer, and the step that it leads to. Two codes mean more than
their class: 421 closes the connection whatever was asked, and 503 ("not now"), behind an accepted command, shows that
the two ends count differently. What the table calls `break` is left out of the picture: from every box it ends the
conversation, and nothing that is open is taken for accepted.
"""
WAYS: Final = """\
## Three ways to ask

The picture shows what is asked, in which order. How much is asked before an answer is waited for depends on what the
server offers (`newsletter_cli/delivery/smtp/ways.py`; ▷ waits for an answer):

```
lock-step  RSET ▷ MAIL ▷ RCPT ▷ DATA ▷ message ▷
chain      RSET MAIL RCPT DATA ▷ message RSET MAIL RCPT DATA ▷ message       PIPELINING
window     RSET MAIL RCPT BDAT message  RSET MAIL RCPT BDAT message …        PIPELINING and CHUNKING
```

A window starts at one message and doubles with each that is accepted, up to `smtp.depth`. A connection that ends with
answers missing halves it for the rest of the run; a server that loses step, or stalls, is asked one command at a time
from then on; one that offers CHUNKING and refuses BDAT gets DATA; one that closes after so many messages gets so many.
"""

# Where a step leads. None: to the end of the conversation.
READY: Final = "ready"
NEXT: Final[Mapping[Step, str | None]] = {
    Step.GREET: Command.EHLO,
    Step.LEARN: READY,
    Step.FALL_BACK: Command.HELO,
    Step.SECURE: Command.EHLO,
    Step.NO_TLS: None,
    Step.RESPOND: Command.AUTH,
    Step.LOGGED_IN: READY,
    Step.NEXT_WAY: Command.AUTH,
    Step.UNUSABLE: None,
    Step.CLEARED: Command.MAIL,
    Step.NOT_CLEARED: Command.MAIL,
    Step.GO_ON: Command.RCPT,
    Step.GO_AHEAD: Command.DOT,
    Step.REFUSE: READY,
    Step.SEQUENCE: READY,
    Step.ACCEPT: READY,
    Step.SETTLE: READY,
    Step.CLOSE: None,
    Step.PROBED: READY,
    Step.BYE: None,
}
# Where more than the answer decides: what was offered, what is wanted, whether the recipient stands.
BRANCHES: Final[Mapping[tuple[Command, Step], tuple[tuple[str, str], ...]]] = {
    (Command.EHLO, Step.LEARN): (
        ("in clear", Command.STARTTLS),
        ("encrypted, with a login", Command.AUTH),
        ("without a login", READY),
    ),
    (Command.RCPT, Step.GO_ON): (("", Command.DATA), ("in a window", Command.BDAT)),
    (Command.DATA, Step.GO_AHEAD): (("", Command.DOT), ("recipient refused", Command.EMPTY)),
}  # fmt: skip
NAMES: Final[Mapping[str, str]] = {
    Command.GREETING: "greeting",
    Command.DOT: "message, dot",
    Command.BDAT: "BDAT LAST, message",
    Command.EMPTY: "lone dot",
    READY: "ready",
}


def page() -> str:
    """The whole file."""
    return "\n".join([INTRODUCTION, *_picture(), WAYS, *_steps(), *_outcomes()]) + "\n"


def arrows() -> Iterator[tuple[str, str, str]]:
    """From, to ("[*]" = the end) and label of each arrow; those of one kind of step in one."""
    yield "[*]", Command.GREETING, "connected"
    for begins in (Command.RSET, Command.NOOP, Command.QUIT):
        yield READY, begins, {Command.RSET: "a message", Command.NOOP: "a probe", Command.QUIT: "no more"}[begins]
    for command, row in TABLE.items():
        for step in dict.fromkeys(row):
            if step is Step.BREAK:
                continue
            answers = " ".join(sort for sort, other in zip(ROW, row, strict=True) if other is step)
            for why, where in BRANCHES.get((command, step), (("", NEXT[step] or "[*]"),)):
                yield command, where, f"{answers} {step}" + (f" ({why})" if why else "")


def _picture() -> Iterator[str]:
    yield "```mermaid\nstateDiagram-v2"
    for box in (*Command, READY):
        yield f'    state "{NAMES.get(box, box.upper())}" as {box}'
    for start, end, label in arrows():
        yield f"    {start} --> {end}: {label}"
    yield "```\n"


def _steps() -> Iterator[str]:
    yield "## Every question, every kind of answer\n"
    kinds = {sort: str(sort) for sort in ROW}
    yield f"| asked | {' | '.join(kinds.values())} |"
    yield "|---" * (len(kinds) + 1) + "|"
    for command, row in TABLE.items():
        yield f"| {NAMES.get(command, command.upper())} | {' | '.join(row)} |"
    odd = sorted(code for code, sort in SORTS.items() if sort in (Sort.CLOSING, Sort.SEQUENCE))
    yield f"\nA code from 200 to 599 is of its class, except {' and '.join(map(str, odd))}; all else is no answer.\n"


def _outcomes() -> Iterator[str]:
    yield "## What an answer makes of a message\n"
    yield f"| its data | {' | '.join(Heard)} |"
    yield "|---" * (len(Heard) + 1) + "|"
    for stage in Stage:
        yield f"| {stage} | {' | '.join(OUTCOMES[stage, heard] for heard in Heard)} |"


def main(arguments: list[str]) -> int:
    text = page()
    if arguments != ["--check"]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{PAGE} is not what the program does: make docs writes it anew\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
