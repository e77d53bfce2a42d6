import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.storage.schema import EPOCH, MICROSECOND
from newsletter_cli.subscribers.candidates import Candidate, Reason, Rejected, RowReader
from newsletter_cli.subscribers.columns import columns_of
from newsletter_cli.subscribers.lines import Broken, Fault, Line

DAMASCUS = ZoneInfo("Asia/Damascus")


def reader(headings="email,name,city"):
    return RowReader(columns_of(headings.split(","), {}, has_address=False), DAMASCUS)


def candidate(cells, headings="email,name,city"):
    found = reader(headings).read(Line(2, cells))
    assert isinstance(found, Candidate), found
    return found


def test_a_row_is_cleaned_and_normalised():
    found = candidate(["\u200fReader1@EXAMPLE.org\u00a0", " ليلى\x1b حداد ", "دمشق\u202e"])
    assert (found.key, found.address, found.domain) == ("reader1@example.org", "Reader1@example.org", "example.org")
    assert (found.name, json.loads(found.fields)) == ("ليلى حداد", {"city": "دمشق"})


def test_what_was_put_right_is_counted():
    rows = reader()
    for cells in (["\u200fa@example.org", "x\x00y".replace("\x00", "\x07"), "z\u202e"], ["b@example.org", "ok", "ok"]):
        rows.read(Line(2, cells))
    assert (rows.remarks.address_ends, rows.remarks.cleaned) == (1, 2)


@pytest.mark.parametrize(
    ("cells", "reason", "says"),
    [
        (["", "ليلى", ""], Reason.EMPTY, "The address is empty."),
        (["reader.example.org", "", ""], Reason.NO_AT, "“reader.example.org” has no @ sign."),
        (["reader@@example.org", "", ""], Reason.NOT_AN_ADDRESS, "“reader@@example.org” has two @ signs."),
        (["a b@example.org", "", ""], Reason.INVISIBLE, "The address has a space inside."),
        (
            ["a@localhost.test", "", ""],
            Reason.RESERVED,
            "“localhost.test” is a reserved name that cannot receive mail.",
        ),
        (["a@gmial.com", "", ""], Reason.MISTYPED, "“gmial.com” is probably mistyped: did you mean a@gmail.com?"),
        (["a@example.org", "", "", "x"], Reason.COLUMNS, "It has 4 columns, and the file has 3."),
        (["a@example.org", "x" * 201, ""], Reason.TOO_LONG, f"A value has more than 200 characters: “{'x' * 40}…”."),
    ],
)
def test_a_row_that_cannot_be_used_says_why(cells, reason, says):
    rows = reader()
    assert rows.read(Line(41, cells)) == Rejected(41, tuple(cells), reason, says)
    assert rows.rejected == {reason: 1}


@pytest.mark.parametrize("fault", Fault)
def test_every_broken_row_has_its_sentence(fault):
    found = reader().read(Broken(7, "raw", fault))
    assert (found.number, found.cells) == (7, ("raw",))
    assert found.sentence


def test_short_rows_and_empty_cells_behind_the_last_column_are_fine():
    assert candidate(["a@example.org"]).name == ""
    assert candidate(["a@example.org", "A", "", "", " "]).name == "A"


def test_first_and_last_name_become_one_and_a_whole_name_wins():
    assert candidate(["a@example.org", "ليلى", "حداد"], "email,first name,last name").name == "ليلى حداد"
    assert candidate(["a@example.org", "", "حداد"], "email,first name,last name").name == "حداد"
    assert candidate(["a@example.org", "L", "H", "ليلى"], "email,first name,last name,name").name == "ليلى"


@pytest.mark.parametrize(
    ("word", "status"),
    [("", ""), ("Active", ""), ("مشترك", ""), ("Unsubscribed", "unsubscribed"), ("désabonné", "unsubscribed"),
     ("bounced", "suspended"), ("SPAM", "complained"), ("en attente", "pending")],
)  # fmt: skip
def test_the_files_own_status_is_understood(word, status):
    assert candidate(["a@example.org", word], "email,status").status == status


def test_a_status_nobody_knows_is_no_guess():
    found = reader("email,status").read(Line(2, ["a@example.org", "Opted away"]))
    assert (found.reason, found.sentence) == (Reason.STATUS, "The status “Opted away” is not known.")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-12T08:00:00Z", datetime(2026, 10, 12, 8, tzinfo=UTC)),
        ("2026-10-12", datetime(2026, 10, 11, 21, tzinfo=UTC)),  # midnight in Damascus
        ("٢٠٢٦-١٠-١٢ ١١:٠٠", datetime(2026, 10, 12, 8, tzinfo=UTC)),
        ("12/10/2026", datetime(2026, 10, 11, 21, tzinfo=UTC)),
        ("12 تشرين الأول 2026", datetime(2026, 10, 11, 21, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_the_newsrooms_zone(text, moment):
    assert candidate(["a@example.org", text], "email,joined").joined == (moment - EPOCH) // MICROSECOND


def test_a_date_nobody_understands_is_counted_and_left_empty():
    rows = reader("email,joined")
    assert rows.read(Line(2, ["a@example.org", "last spring"])).joined is None
    assert rows.remarks.dates == 1


def test_the_apostrophe_of_a_spreadsheet_export_is_taken_off():
    found = candidate(["'+tag@example.org", "'=1+1", "'-"])
    assert (found.address, found.name, json.loads(found.fields)) == ("+tag@example.org", "=1+1", {"city": "-"})


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_cells_are_a_candidate_or_a_reason(cells):
    found = reader("email,name,city,tags,joined").read(Line(3, cells))
    assert isinstance(found, Candidate | Rejected)
    assert found.line == 3 if isinstance(found, Candidate) else found.number == 3
