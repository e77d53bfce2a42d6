import csv
import io
import stat
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import func, select

from newsletter_cli.storage.acts import acts
from newsletter_cli.storage.schema import import_batch, import_change, subscriber, subscription
from newsletter_cli.subscribers import importing
from newsletter_cli.subscribers.candidates import Reason
from newsletter_cli.subscribers.encoding import Encoding
from newsletter_cli.subscribers.importing import Counts, Wish
from newsletter_cli.subscribers.source import open_source
from newsletter_cli.subscribers.states import ON_LIST, ListEvent, SubscriptionStatus
from tests.conftest import WEDNESDAY

WISH = Wish(list="weekly", status=SubscriptionStatus.ACTIVE, by="editor", consent="stand")
NAMES = ("قارئة الأولى", "عمر الخطيب", "سارة منصور", "يوسف العبد الله")
FRENCH = ("Hélène Dubois", "François Çelik", "Zoé Étienne")
ENCODINGS = {
    "utf-8": ("utf-8", b"", Encoding.UTF_8),
    "utf-8 BOM": ("utf-8", b"\xef\xbb\xbf", Encoding.UTF_8),
    "utf-16-le": ("utf-16-le", b"", Encoding.UTF_16),
    "utf-16-le BOM": ("utf-16-le", b"\xff\xfe", Encoding.UTF_16),
    "utf-16-be": ("utf-16-be", b"", Encoding.UTF_16),
    "utf-16-be BOM": ("utf-16-be", b"\xfe\xff", Encoding.UTF_16),
    "windows-1256": ("cp1256", b"", Encoding.WINDOWS_1256),
    "iso-8859-6": ("iso8859_6", b"", Encoding.ISO_8859_6),
    "mac-arabic": ("mac_arabic", b"", Encoding.MAC_ARABIC),
    "windows-1252": ("cp1252", b"", Encoding.WINDOWS_1252),
}


@pytest.mark.parametrize(("encoding", "delimiter", "number"), list(product(ENCODINGS, [",", ";", "\t"], [1, 3, 1000])))
def test_each_encoding_delimiter_and_length_is_imported_whole(desk, encoding, delimiter, number):
    """Every encoding, delimiter and size is read alike."""
    codec, mark, expected = ENCODINGS[encoding]
    names = FRENCH if codec == "cp1252" else NAMES
    people = [(f"reader{n}@example.org", names[n % len(names)]) for n in range(number)]
    text = "\r\n".join(delimiter.join(cells) for cells in [("email", "name"), *people])
    data = mark + text.encode(codec)
    source = open_source(desk.file(data))
    assert (source.reading.encoding, source.delimiter) == (expected, delimiter)
    imported = desk.read_in(data)
    assert imported.counts == Counts(added=number)
    assert imported.rejects_file is None
    stored = [(row["email"], row["name"]) for row in csv.DictReader(io.StringIO(desk.export()))]
    assert stored == people


FIRST = """email;name;city;tags
reader1@example.org;قارئة;بيروت;sport,vip
reader2@example.org;;;
"""


def test_a_new_reader_has_everything_the_file_says(desk, clock):
    desk.read_in(FIRST)
    found = desk.reader("reader1@example.org")
    assert (found.address, found.name, found.fields) == ("reader1@example.org", "قارئة", {"city": "بيروت"})
    assert (found.status, found.lists, found.tags) == ("active", ("weekly",), ("sport", "vip"))
    member = found.on("weekly")
    assert (member.joined, member.confirmed, member.consent, member.source) == (
        WEDNESDAY, None, "stand", "import readers.csv",
    )  # fmt: skip


def test_the_numbers_of_an_import_add_up(desk, people):
    people.reader("here@example.org", on={"weekly": "active"})
    people.reader("left@example.org", on={"weekly": "unsubscribed"})
    people.reader("bounced@example.org", address_status="suspended")
    people.reader("elsewhere@example.org", on={"daily": "active"})
    people.suppress("never@example.org")
    people.suppress("@blocked.example.org")
    text = """email,name
new@example.org,A
NEW@example.org,again
here@example.org,H
left@example.org,L
bounced@example.org,B
elsewhere@example.org,E
never@example.org,N
colleague@blocked.example.org,C
no address,x
,y
"two@example.org,broken
three@gmial.com,slip
"""
    imported = desk.read_in(text)
    assert imported.counts == Counts(added=2, already=2, unsubscribed=1, suppressed=3, rejected=4)
    assert imported.counts.rows == 12
    with desk.storage.read() as connection:
        batch = connection.execute(select(import_batch)).mappings().one()
        log = acts(connection, list="weekly")
    assert batch["counts"] == {
        "rows": 12, "added": 2, "already": 2, "unsubscribed": 1, "suppressed": 3, "rejected": 4,
    }  # fmt: skip
    assert (batch["file"], batch["consent"], batch["by"]) == ("readers.csv", "stand", "editor")
    assert [(act.what, act.details) for act in log] == [("imported", f"2 of 12 rows of readers.csv ({imported.batch})")]


@pytest.mark.parametrize("status", SubscriptionStatus)
@pytest.mark.parametrize("asked", ["pending", "active"])
def test_an_import_moves_a_reader_as_the_table_says(desk, people, status, asked):
    people.reader("reader1@example.org", on={"weekly": status}, paused_until=WEDNESDAY + timedelta(days=9))
    desk.read_in("email\nreader1@example.org\n", status=asked)
    event = ListEvent.IMPORT if asked == "pending" else ListEvent.IMPORT_WITH_CONSENT
    assert desk.reader("reader1@example.org").on("weekly").status is ON_LIST[status, event]


@pytest.mark.parametrize("asked", ["pending", "active"])
def test_a_new_reader_becomes_what_the_table_says(desk, asked):
    desk.read_in("email\nreader1@example.org\n", status=asked)
    event = ListEvent.IMPORT if asked == "pending" else ListEvent.IMPORT_WITH_CONSENT
    assert desk.reader("reader1@example.org").on("weekly").status is ON_LIST[None, event]


@pytest.mark.parametrize(
    "how",
    [
        {"on": {"weekly": "unsubscribed"}},
        {"on": {"weekly": "active"}, "address_status": "suspended"},
        {"on": {"weekly": "unsubscribed"}, "address_status": "complained"},
        {"on": {"weekly": "unsubscribed"}, "address_status": "forgotten"},
    ],
)
def test_an_import_changes_nothing_of_those_who_left_or_bounced(desk, people, how):
    """What a reader or an editor decided stands."""
    people.reader("reader1@example.org", **how)
    before = desk.reader("reader1@example.org")
    imported = desk.read_in("email,name,city,tags\nReader1@example.org,New,دمشق,sport\n", overwrite=["name", "city"])
    assert desk.reader("reader1@example.org") == before
    counted = imported.counts.unsubscribed + imported.counts.suppressed
    assert (counted, imported.counts.rows, imported.filled) == (1, 1, 0)


def test_filled_values_stay_and_empty_ones_are_filled(desk, people):
    """What a reader or an editor decided stands."""
    people.reader("reader1@example.org", on={"weekly": "active"}, name="قارئة", fields={"city": "بيروت"})
    people.reader("reader2@example.org", on={"weekly": "active"})
    imported = desk.read_in("email,name,city\nreader1@example.org,X,Y\nreader2@example.org,عمر,حلب\n")
    assert (imported.counts, imported.filled) == (Counts(already=2), 1)
    one, two = desk.reader("reader1@example.org"), desk.reader("reader2@example.org")
    assert (one.name, one.fields) == ("قارئة", {"city": "بيروت"})
    assert (two.name, two.fields) == ("عمر", {"city": "حلب"})


def test_only_named_fields_are_overwritten_and_never_by_nothing(desk, people):
    people.reader("reader1@example.org", on={"weekly": "active"}, name="قارئة", fields={"city": "بيروت", "x": "1"})
    imported = desk.read_in("email,name,city\nreader1@example.org,ليلى,دمشق\n", overwrite=["city"])
    found = desk.reader("reader1@example.org")
    assert (found.name, found.fields, imported.filled) == ("قارئة", {"city": "دمشق", "x": "1"}, 1)
    desk.read_in("email,name,city\nreader1@example.org,,\n", overwrite=["name", "city"])
    assert desk.reader("reader1@example.org") == found


def test_what_another_newsroom_knew_of_a_reader_is_kept(desk):
    text = """email,status,joined,confirmed,consent
left@example.org,unsubscribed,2025-01-01T00:00:00Z,,
bounced@example.org,suspended,,,
angry@example.org,complained,,,
waiting@example.org,pending,,,
here@example.org,active,2025-01-02T00:00:00Z,2025-01-03T00:00:00Z,form
"""
    imported = desk.read_in(text)
    assert imported.counts == Counts(added=2, unsubscribed=1, suppressed=2)
    found = {key: desk.reader(f"{key}@example.org") for key in ("left", "bounced", "angry", "waiting", "here")}
    assert {key: one.status for key, one in found.items()} == {
        "left": "unsubscribed", "bounced": "suspended", "angry": "complained", "waiting": "pending", "here": "active",
    }  # fmt: skip
    member = found["here"].on("weekly")
    assert (member.joined.isoformat(), member.confirmed.isoformat(), member.consent) == (
        "2025-01-02T00:00:00+00:00", "2025-01-03T00:00:00+00:00", "form",
    )  # fmt: skip
    assert found["left"].on("weekly").left_reason == "import"
    # And a second file cannot bring them back.
    again = desk.read_in("email\nleft@example.org\nbounced@example.org\nangry@example.org\n")
    assert again.counts == Counts(unsubscribed=1, suppressed=2)


def test_a_bad_word_about_a_reader_who_is_known_changes_nothing(desk, people):
    people.reader("reader1@example.org", on={"daily": "active"})
    imported = desk.read_in("email,status\nreader1@example.org,complained\n")
    assert imported.counts == Counts(suppressed=1)
    assert desk.reader("reader1@example.org").lists == ("daily",)


def test_rejected_rows_lie_in_a_private_file_that_can_be_corrected_and_imported(desk):
    text = 'email;name;notes\nreader1@example.org;A;1\nreader2.example.org;=ب;2\n"broken;c;3\n;D;4;5\n'
    imported = desk.read_in(text)
    assert imported.counts == Counts(added=1, rejected=3)
    path = imported.rejects_file
    assert path == desk.folder / "imports" / f"2026-10-14-{imported.batch}-rejects.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert rows == [
        ["email", "name", "notes", "line", "reason", "row"],
        ["reader2.example.org", "'=ب", "2", "3", "“reader2.example.org” has no @ sign.", ""],
        [
            "",
            "",
            "",
            "4",
            "A quotation mark is never closed, or something stands behind the closing one.",
            '"broken;c;3',
        ],
        ["", "", "", "5", "It has 4 columns, and the file has 3.", ",D,4,5"],
    ]
    corrected = path.read_bytes().replace(b"reader2.example.org,", b"reader2@example.org,")
    assert desk.read_in(corrected).counts == Counts(added=1, rejected=2)
    assert desk.reader("reader2@example.org").name == "=ب"


def test_a_row_of_bytes_that_are_no_text_lies_there_as_it_was(desk):
    imported = desk.read_in(b"email,name\na@example.org,\xd8\xa7\nb@example.org,\xff\xfe\n")
    assert imported.counts == Counts(added=1, rejected=1)
    assert b"b@example.org,\xff\xfe" in imported.rejects_file.read_bytes()


def test_who_declines_leaves_nothing_behind(desk, storage):
    with desk.job("email\na@example.org\nbad\n", WISH) as job:
        preview = job.preview()
        assert preview.rejects_file.exists()
    assert not preview.rejects_file.exists()
    with storage.read() as connection:
        for table in (subscriber, subscription, import_batch, import_change):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
        assert acts(connection) == ()


def test_the_preview_shows_the_first_rows_and_counts_the_reasons(desk):
    text = "email,name,city\n" + "".join(f"reader{n}@example.org,N{n},C\n" for n in range(7)) + "a\nb\n,\n"
    with desk.job(text, WISH) as job:
        preview = job.preview()
    assert preview.counts == Counts(added=7, rejected=3)
    assert preview.reasons == {Reason.NO_AT: 2, Reason.EMPTY: 1}
    assert [(one.line, one.address, one.name, one.fields) for one in preview.samples] == [
        (n + 2, f"reader{n}@example.org", f"N{n}", {"city": "C"}) for n in range(5)
    ]
    assert preview.changes == 7


def test_a_reader_who_leaves_while_the_editor_thinks_stays_away(desk, people, storage):
    people.reader("reader1@example.org")
    with desk.job("email\nreader1@example.org\nreader2@example.org\n", WISH) as job:
        assert job.preview().counts == Counts(added=2)
        people.suppress("reader1@example.org")
        assert job.run().counts == Counts(added=1, suppressed=1)
    assert desk.reader("reader1@example.org").lists == ()


def test_an_import_over_many_slices_is_one_import(desk, monkeypatch):
    monkeypatch.setattr(importing, "SLICE", 7)
    monkeypatch.setattr(importing, "LOOK", 3)
    text = "email,tags\n" + "".join(f"reader{n % 50}@example.org,t{n % 3}\n" for n in range(60))
    seen = []
    with desk.job(text, WISH) as job:
        assert job.run(lambda what, rows: seen.append((what, rows))).counts == Counts(added=50, already=10)
    assert seen[-1] == ("stored", 50)
    with desk.storage.read() as connection:
        assert connection.execute(select(func.count()).select_from(import_change)).scalar_one() == 50


def test_two_imports_have_two_names(desk):
    names = {desk.read_in(f"email\nreader{n}@example.org\n").batch for n in range(4)}
    assert len(names) == 4
    assert all(name.startswith("imp-") and len(name) == 8 for name in names)
