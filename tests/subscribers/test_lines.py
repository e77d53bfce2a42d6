import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.subscribers.lines import (
    LONGEST_LINE,
    Broken,
    Fault,
    Line,
    line_blocks,
    read_rows,
    text_blocks,
)


def read(data: bytes, *, delimiter=",", codec="utf-8", cut=1 << 20):
    pieces = [data[at : at + cut] for at in range(0, len(data), cut)]
    return [row for block in read_rows(line_blocks(text_blocks(pieces, codec)), delimiter) for row in block]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_every_kind_of_line_end_is_one(end, last):
    data = end.join(["a,b", "", "c,d", "  "]) + (end if last else "")
    assert read(data.encode()) == [Line(1, ["a", "b"]), Line(3, ["c", "d"])]


def test_a_value_in_quotes_may_hold_everything():
    data = b'a,"b,""c""\nd"\ne,f\n'
    assert read(data) == [Line(1, ["a", 'b,"c"\nd']), Line(3, ["e", "f"])]


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (b'b@example.org,"never closed', Fault.QUOTES),
        (b'b@example.org,"closed" and more', Fault.QUOTES),
        (b"b@example.org,nul\x00inside", Fault.NUL),
        (b"b@example.org,\xe1\xe2", Fault.BYTES),
        (b"b@example.org," + b"x" * LONGEST_LINE, Fault.TOO_LONG),
    ],
)
@pytest.mark.parametrize("cut", [1 << 20, 7])
def test_a_broken_row_costs_itself_and_no_other(bad, fault, cut):
    data = b"a@example.org,A\n" + bad + b'\nc@example.org,"C"\nd@example.org,D\n'
    rows = read(data, cut=cut)
    assert [row.number for row in rows] == [1, 2, 3, 4]
    assert [row.fault for row in rows if isinstance(row, Broken)] == [fault]
    assert rows[2:] == [Line(3, ["c@example.org", "C"]), Line(4, ["d@example.org", "D"])]


def test_an_open_quote_in_the_last_row_is_found_at_the_end():
    assert read(b'a,"b\nc,d')[0] == Broken(1, 'a,"b', Fault.QUOTES)


def test_an_open_quote_far_above_does_not_swallow_the_file():
    rows = read(b'a,"b\n' + b"c,d\n" * 100 + b'e,"f"\n')
    assert isinstance(rows[0], Broken)
    assert len(rows) == 102


def test_an_endless_line_is_cut():
    rows = read(b"x" * 5_000_000 + b"\na,b\n", cut=1000)
    assert [type(row) for row in rows] == [Broken, Line]
    assert len(rows[0].text) == LONGEST_LINE


def test_a_quote_inside_a_plain_value_is_a_letter():
    assert read(b'a,5" tv\nb,c\n') == [Line(1, ["a", '5" tv']), Line(2, ["b", "c"])]


CELLS = st.text(
    alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufffd"), max_size=8
) | st.text(alphabet='a",;\t\n\r \u00a0', max_size=6)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=12)


@given(table=TABLES, delimiter=st.sampled_from([",", ";", "\t"]), cut=st.integers(1, 40))
@example(table=[["", '"\n"'], ["a", "\r"]], delimiter=",", cut=1)
def test_what_a_program_wrote_is_read_as_it_was(table, delimiter, cut):
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    rows = read(buffer.getvalue().encode(), delimiter=delimiter, cut=cut)
    # Line breaks inside values are all read as LF.
    wanted = [[cell.replace("\r\n", "\n").replace("\r", "\n") for cell in cells] for cells in table]
    assert [row.cells for row in rows] == wanted


@given(
    data=st.binary(max_size=200) | st.text(alphabet='a,"\n\r\0é', max_size=60).map(str.encode), cut=st.integers(1, 30)
)
def test_the_cuts_of_the_file_do_not_matter(data, cut):
    assert read(data, cut=cut) == read(data)


@given(data=st.binary(max_size=200), codec=st.sampled_from(["utf-8", "cp1256", "iso8859_6", "utf-16-le"]))
def test_any_bytes_give_rows_or_broken_rows_in_order(data, codec):
    numbers = [row.number for row in read(data, codec=codec)]
    assert numbers == sorted(set(numbers))
