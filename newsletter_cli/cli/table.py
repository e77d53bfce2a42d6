"""Rows and how they are drawn: no boxes, no wrapping, Latin first and Arabic last, so that columns stay columns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from newsletter_cli.cli.terminal import clip, padded

GAP: Final = "  "
LEAST: Final = 12  # cells that the last column keeps on a narrow terminal


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a listing."""

    name: str  # key in jsonl, header in csv
    title: str = ""  # header for people; "" = name with a capital
    right: bool = False  # numbers stand at the right
    arabic: bool = False  # may hold Arabic: only the last column of a table may
    shown: bool = True  # False: in jsonl and csv only


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows that `--format` can show in five ways. rows may be a generator: it is walked once."""

    columns: tuple[Column, ...]
    rows: Iterable[Sequence[object]]
    empty: str = ""  # what to say when there is none

    def __post_init__(self) -> None:
        shown = [column for column in self.columns if column.shown]
        if any(column.arabic for column in shown[:-1]):
            raise ValueError("only the last column may hold Arabic: terminals swap columns around it")


def lines(listing: Listing, cell: Callable[[object], str], width: int | None) -> tuple[str, ...]:
    """Header and rows, or nothing when there are no rows.

    cell: makes a value harmless text.  width: cells of the terminal, to which the last column is cut; None: uncut.
    """
    places = [place for place, column in enumerate(listing.columns) if column.shown]
    columns = [listing.columns[place] for place in places]
    rows = [[cell(row[place]) for place in places] for row in listing.rows]
    if not rows:
        return ()
    heads = [column.title or column.name.replace("_", " ").capitalize() for column in columns]
    widths = [max(map(cell_len, cells)) for cells in zip(heads, *rows, strict=True)]
    room = None if width is None else max(LEAST, width - sum(widths[:-1]) - len(GAP) * (len(widths) - 1))
    return tuple(_line(cells, columns, widths, room) for cells in (heads, *rows))


def _line(cells: list[str], columns: list[Column], widths: list[int], room: int | None) -> str:
    drawn = [
        padded(text, width, right=column.right) for text, width, column in zip(cells, widths, columns, strict=True)
    ]
    last = drawn[-1] if columns[-1].right else cells[-1]
    return GAP.join([*drawn[:-1], last if room is None else clip(last, room)]).rstrip()
