import csv
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter_cli.subscribers.candidates import RowReader
from newsletter_cli.subscribers.columns import columns_of
from newsletter_cli.subscribers.exporting import COLUMNS, Format, write_rows
from newsletter_cli.subscribers.lines import Line
from newsletter_cli.subscribers.listing import rows
from newsletter_cli.subscribers.records import Row
from newsletter_cli.subscribers.values import clean_value
from tests.conftest import WEDNESDAY


def row(**more):
    return Row(
        **{
            "address": "reader1@example.org", "status": "active", "lists": ("weekly", "daily"), "tags": ("a", "b"),
            "joined": WEDNESDAY, "confirmed": None, "consent": "stand", "name": "ليلى", "fields": {"city": "دمشق"},
        }
        | more
    )  # fmt: skip


def written(found, fields=("city",), kind=Format.CSV, **how):
    return "".join(write_rows(found, fields, kind, **how))


def test_a_csv_has_the_promised_columns_and_other_fields_behind_them():
    text = written([row(fields={"city": "دمشق", "job": "x"})], fields=("job", "city"))
    assert text == (
        "email,status,lists,tags,joined,confirmed,consent,city,name,job\n"
        "reader1@example.org,active,weekly;daily,a;b,2026-10-14T04:00:00Z,,stand,دمشق,ليلى,x\n"
    )


def test_a_spreadsheet_gets_a_mark_and_nothing_that_could_run():
    text = written([row(name="=1+1", fields={"city": "＠x"}, consent="-", address="+a@example.org")], excel=True)
    assert text.startswith("\ufeffemail,")
    assert text.endswith("'+a@example.org,active,weekly;daily,a;b,2026-10-14T04:00:00Z,,'-,'＠x,'=1+1\r\n")


def test_other_kinds_hold_the_same():
    assert written([row()], kind=Format.TSV).splitlines()[0] == "\t".join(COLUMNS)
    document = json.loads(written([row()], kind=Format.JSONL))
    assert document == {
        "email": "reader1@example.org", "status": "active", "lists": ["weekly", "daily"], "tags": ["a", "b"],
        "joined": "2026-10-14T04:00:00Z", "confirmed": None, "consent": "stand", "name": "ليلى",
        "fields": {"city": "دمشق"},
    }  # fmt: skip


VALUES = (st.text(max_size=20) | st.text(alphabet="'=+-@\t\r\n\",;＝ا", max_size=8)).map(clean_value)


@given(name=VALUES, city=VALUES, excel=st.booleans())
def test_what_was_exported_is_read_as_it_was(name, city, excel):
    fields = {"city": city} if city else {}
    text = written([row(name=name, fields=fields)], excel=excel)
    header, cells = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    candidate = RowReader(columns_of(header, {}, has_address=False), WEDNESDAY.tzinfo).read(Line(2, cells))
    assert (candidate.name, json.loads(candidate.fields)) == (name, fields)


@pytest.mark.parametrize("excel", [True, False])
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(VALUES, min_size=1, max_size=4))
def test_export_import_export_is_the_identity(desk, excel, names):
    """A list moves to another one, whole, through either kind of file."""
    here = f"from{len(list(rows(desk.storage, WEDNESDAY)))}"
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["email", "name", "city", "tags", "joined", "consent"])
    for n, name in enumerate(names):
        writer.writerow([f"{here}-{n}@example.org", name, name[::-1], "x;y", "2025-01-02T03:04:05Z", name])
    desk.read_in(buffer.getvalue(), to=here)
    exported = desk.export(slug=here, excel=excel)
    desk.read_in(exported, to=f"{here}-copy", consent="other")
    copied = desk.export(slug=f"{here}-copy", excel=excel)
    assert copied.replace(f"{here};{here}-copy", here) == exported
