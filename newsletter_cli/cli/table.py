"""Rows and how they are drawn: no boxes, no wrapping, Latin first and Arabic last, so that columns stay columns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from newsletter_cli.cli.terminal import is_right_to_left, padded, plain_cell

GAP: Final = "  "
MOVED: Final = "→"
LEAST: Final = 12  # cells that the last column keeps on a narrow terminal


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a listing."""

    name: str  # key in jsonl, header in csv
    title: str = ""  # header for people; "" = name with a capital
    right: bool = False  # numbers stand at the right
    arabic: bool = False  # may hold Arabic: only the last column of a table may
    shown: bool = True  # False: in jsonl and csv only

    @property
    def head(self) -> str:
        """The header for people."""
        return self.title or self.name.replace("_", " ").capitalize()


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


def lines(
    listing: Listing, plain: Callable[[object], str], width: int | None, *, isolates: bool = False
) -> tuple[str, ...]:
    """Header and rows, or nothing when there are no rows.

    plain: makes a value harmless text.  width: cells of the terminal, to which the last column is cut; None: uncut.
    isolates: put marks round Arabic, after it was cut: a mark that is cut off would turn the lines below.
    """
    places = [place for place, column in enumerate(listing.columns) if column.shown]
    columns = [listing.columns[place] for place in places]
    rows = [latin_first([plain(row[place]) for place in places]) for row in listing.rows]
    if not rows:
        return ()
    heads = [column.head for column in columns]
    widths = [max(map(cell_len, cells)) for cells in zip(heads, *rows, strict=True)]
    room = widths[-1] if width is None else max(LEAST, width - sum(widths[:-1]) - len(GAP) * (len(widths) - 1))
    return tuple(_line(cells, columns, [*widths[:-1], min(widths[-1], room)], isolates) for cells in (heads, *rows))


def latin_first(cells: list[str]) -> list[str]:
    """The cells of a row with right-to-left text moved into the last one, and an arrow where it was.

    Columns for ids and addresses hold Latin, but an address or a user's name may be Arabic; one such cell in the
    middle would swap the columns around it.
    """
    moved = [text for text in cells[:-1] if is_right_to_left(text)]
    kept = [MOVED if is_right_to_left(text) else text for text in cells[:-1]]
    return [*kept, " · ".join(text for text in (*moved, cells[-1]) if text)] if cells else []


def _line(cells: list[str], columns: list[Column], widths: list[int], isolates: bool) -> str:
    last = plain_cell(cells[-1], widths[-1], isolate=isolates and is_right_to_left(cells[-1]))
    texts = [*cells[:-1], last]
    drawn = [
        padded(text, width, right=column.right) for text, width, column in zip(texts, widths, columns, strict=True)
    ]
    return GAP.join(drawn).rstrip()
