import csv
import io
import json
import shlex
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter_cli.cli import subscribers
from newsletter_cli.cli.table import Listing
from newsletter_cli.cli.tags import tags_last

ARABIC = "البريد الإلكتروني;الاسم;المدينة;ملاحظات\nreader1@example.org;قارئة;بيروت;x\nreader2@example.org;عمر;;y\n"


@pytest.fixture
def room(sqlite_place) -> Path:
    return sqlite_place.root


@pytest.fixture
def newsletter(run_command, room) -> Callable:
    """newsletter("import", "r.csv", "--yes") runs one command of the group in the newsroom."""
    by_name = {"import": subscribers.import_, "list": subscribers.list_}

    def run(verb, *argv, **how):
        return run_command(by_name.get(verb) or getattr(subscribers, verb), *argv, cwd=room, **how)

    return run


@pytest.fixture
def document(newsletter) -> Callable:
    """The JSON document of a command that has to succeed."""

    def run(verb, *argv):
        ran = newsletter(verb, *argv, "--json")
        assert ran.exit == 0, ran.stdout
        found = json.loads(ran.stdout)
        assert (found["schema"], found["exit"]) == (f"newsletter.subscribers.{verb}/1", 0)
        return found

    return run


@pytest.fixture
def file(room) -> Callable:
    def make(data, name="readers.csv"):
        (room / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return name

    return make


def error(ran):
    return json.loads(ran.stdout)["error"]


# --- import ----------------------------------------------------------------------------------------------------


def test_an_import_shows_what_it_read_before_it_asks(newsletter, file):
    ran = newsletter("import", file((ARABIC + "bad;;;\n").encode("cp1256")), typed="y\n", terminal=True)
    assert ran.exit == 0
    lines = ran.stderr.splitlines()
    assert lines[0].startswith("Read as   windows-1256, separated by “;”, 3 rows")
    assert [line.split() for line in lines[1:5]] == [
        ["email", "البريد", "الإلكتروني"], ["name", "الاسم"], ["city", "المدينة"], ["not", "used", "ملاحظات"],
    ]  # fmt: skip
    assert "    2  reader1@example.org  قارئة · بيروت" in ran.stderr
    assert "      2 new                    wait for confirmation; this version does not send" in ran.stderr
    assert "      1 not usable             1 no @\n        → imports/2026-10-14-imp-" in ran.stderr
    assert "Backup made." in ran.stderr
    assert "Import 2? [y/N]" in ran.stderr
    assert ran.stdout.splitlines()[0] == "✓ 2 added as “waiting for confirmation”."
    assert "Undo   newsletter subscribers undo imp-" in ran.stdout


def test_the_document_of_an_import_adds_up(document, file, room):
    found = document(
        "import", file(ARABIC + "bad;;;\nreader1@example.org;;;\n"), "--list", "weekly", "--status", "active",
        "--consent", "stand", "--yes",
    )  # fmt: skip
    batch, rejects = found.pop("batch"), found.pop("rejects_file")
    assert found == {
        "schema": "newsletter.subscribers.import/1", "list": "weekly", "rows": 4, "added": 2, "already": 1,
        "unsubscribed": 0, "suppressed": 0, "rejected": 1, "filled": 0, "reasons": {"no @": 1}, "encoding": "utf-8",
        "delimiter": ";", "status": "active", "exit": 0,
    }  # fmt: skip
    assert rejects == f"imports/2026-10-14-{batch}-rejects.csv"
    assert (room / rejects).exists()
    assert len(list((room / "data/backups").glob("*-before-import.db"))) == 1


def test_the_number_of_active_readers_is_typed(newsletter, file, document):
    args = ("import", file(ARABIC), "--status", "active", "--consent", "stand")
    wrong = newsletter(*args, typed="3\n", terminal=True)
    assert (wrong.exit, "error[WRONG-COUNT]" in wrong.stderr) == (3, True)
    assert document("list")["subscribers"] == []
    right = newsletter(*args, typed="٢\n", terminal=True)
    assert (right.exit, right.stdout.splitlines()[0]) == (0, "✓ 2 added to weekly.")


def test_who_says_no_imports_nothing_and_leaves_no_file(newsletter, file, document, room):
    ran = newsletter("import", file(ARABIC + "bad\n"), typed="n\n", terminal=True)
    assert (ran.exit, "error[NOT-CONFIRMED]" in ran.stderr) == (3, True)
    assert document("list")["subscribers"] == []
    assert list((room / "imports").iterdir()) == []


def test_without_a_terminal_an_import_needs_yes(newsletter, file, room):
    ran = newsletter("import", file(ARABIC), "--json")
    assert (ran.exit, error(ran)["code"], error(ran)["fix"]) == (3, "NOT-CONFIRMED", "add: --yes")
    assert not (room / "data/backups").exists()


def test_a_dry_run_changes_nothing(newsletter, document, file, room):
    ran = newsletter("import", file(ARABIC + "bad\n"), "-n")
    assert ran.exit == 0
    assert ran.stderr.rstrip().endswith("Dry run: nothing was changed.")
    assert list((room / "imports").iterdir()) == []
    found = document("import", "readers.csv", "-n")
    assert (found["added"], found["rejected"], found["batch"], found["rejects_file"]) == (2, 1, None, None)
    assert document("list")["subscribers"] == []


def test_an_import_that_changes_nothing_asks_nothing(newsletter, file):
    newsletter("import", file(ARABIC), "--yes")
    again = newsletter("import", "readers.csv", terminal=True)
    assert (again.exit, again.stdout.splitlines()[0]) == (0, "✓ 0 added as “waiting for confirmation”.")
    assert "Import" not in again.stderr


@pytest.mark.parametrize(
    ("argv", "code", "exit_"),
    [
        (("import", "none.csv"), "NOT-FOUND", 2),
        (("import", "readers.csv", "--list", "wekly"), "NOT-FOUND", 2),
        (("import", "readers.csv", "--status", "active"), "USAGE", 2),
        (("import", "readers.csv", "--status", "paused"), "USAGE", 2),
        (("import", "readers.csv", "--encoding", "klingon"), "USAGE", 2),
        (("import", "readers.csv", "--delimiter", "::"), "USAGE", 2),
        (("import", "readers.csv", "--map", "x"), "USAGE", 2),
        (("import", "readers.csv", "--map", "Phone=phone"), "USAGE", 2),
        (("import", "readers.csv", "--overwrite", "Name!"), "USAGE", 2),
        (("import", "empty.csv"), "UNREADABLE", 5),
        (("import", "book.xlsx"), "UNREADABLE", 5),
        (("import", "two.csv", "--yes"), "ENCODING-AMBIGUOUS", 3),
        (("undo", "imp-zzzz"), "NOT-FOUND", 2),
        (("show", "nobody@example.org"), "NOT-FOUND", 2),
        (("show", "nobody"), "USAGE", 2),
        (("add", "a@@b"), "USAGE", 2),
        (("add", "a@example.org", "--status", "active"), "USAGE", 2),
        (("add", "a@example.org", "--set", "Stadt"), "USAGE", 2),
        (("add", "a@gmial.com"), "NOT-CONFIRMED", 3),
        (("remove", "nobody@example.org"), "NOT-FOUND", 2),
        (("suppress", "not an address"), "USAGE", 2),
        (("list", "--where", "city:x"), "USAGE", 2),
        (("list", "--where", "list:wekly"), "NOT-FOUND", 2),
        (("export", "--where", "received:nothing", "-o", "x.csv"), "NOT-FOUND", 2),
        (("export",), "USAGE", 2),
        (("tag", "+sport"), "USAGE", 2),
        (("tag", "--where", "", "sport"), "USAGE", 2),
        (("tag", "--where", "", "+sport", "-sport"), "USAGE", 2),
        (("tag", "--where", "", "+a,b"), "USAGE", 2),
    ],
)
def test_what_cannot_be_is_refused_with_its_code(newsletter, file, argv, code, exit_):
    file(ARABIC)
    file("", "empty.csv")
    file(b"PK\x03\x04", "book.xlsx")
    file("email,name\nreader1@example.org,رنا".encode("cp1256"), "two.csv")
    ran = newsletter(*argv, "--json")
    found = json.loads(ran.stdout)
    assert (ran.exit, found["exit"], found["error"]["code"]) == (exit_, exit_, code)
    assert found["error"]["message"]


def test_a_person_chooses_between_two_readings(newsletter, document, file):
    data = "email,name\nreader1@example.org,رنا".encode("cp1256")
    ran = newsletter("import", file(data), "--yes", typed="2\n", terminal=True)
    assert ran.exit == 0
    shown = [line for line in ran.stderr.splitlines() if line.startswith("[")]
    assert any("windows-1256" in line and "رنا" in line for line in shown)
    wanted = next(line.split()[1] for line in shown if line.startswith("[2]"))
    assert f"Read as   {wanted}" in ran.stderr


def test_names_that_could_change_the_screen_do_not(newsletter, file):
    evil = 'email,name\nreader1@example.org,"\x1b[31m[red]ليلى\u202e\nx\x9b2J"\n'
    ran = newsletter("import", file(evil), "--yes")
    shown = ran.stdout + ran.stderr + newsletter("list").stdout + newsletter("show", "reader1@example.org").stdout
    assert not set(shown) & {"\x1b", "\x9b", "\u202e"}
    assert "[31m[red]ليلى x2J" in shown
    assert "! 1 value held control or direction characters; they were taken out." in ran.stderr


def test_columns_are_mapped_and_fields_overwritten_by_name(newsletter, document, file):
    newsletter("add", "reader1@example.org", "--name", "قديمة", "--set", "city=حلب", "--yes")
    found = document(
        "import", file("contact,who,where\nreader1@example.org,جديدة,دمشق\n"), "--map", "contact=email", "--map",
        "2=name", "--map", "where=city", "--overwrite", "city", "--yes",
    )  # fmt: skip
    assert (found["already"], found["filled"]) == (1, 1)
    reader = document("show", "reader1@example.org")
    assert (reader["name"], reader["fields"]) == ("قديمة", {"city": "دمشق"})


def test_an_import_can_be_taken_back(newsletter, document, file):
    before = newsletter("export").stdout
    batch = document("import", file(ARABIC), "--yes")["batch"]
    assert newsletter("export").stdout != before
    planned = document("undo", batch, "-n")
    assert (planned["removed"], len(document("list")["subscribers"])) == (2, 2)
    done = newsletter("undo", batch)
    assert (done.exit, done.stdout) == (0, "✓ 2 readers are off weekly again.\n")
    assert newsletter("export").stdout == before
    assert "Nothing to do." in newsletter("undo", batch).stdout


def test_readers_who_moved_since_are_listed_by_an_undo(newsletter, document, file):
    batch = document("import", file(ARABIC), "--yes")["batch"]
    newsletter("remove", "reader2@example.org")
    ran = newsletter("undo", batch)
    assert ran.stdout.splitlines() == [
        "✓ 1 reader is off weekly again.", "1 kept, changed since:", "  reader2@example.org",
    ]  # fmt: skip


# --- one reader ------------------------------------------------------------------------------------------------


def test_a_reader_is_added_shown_and_removed(newsletter, document):
    added = newsletter("add", "Reader1@example.org", "--list", "weekly", "--name", "قارئة", "--tag", "sport")
    assert added.stdout.startswith("✓ Reader1@example.org → weekly: waits for confirmation; this version does not send")
    found = document("show", "reader1@EXAMPLE.org")
    history, subscriptions = found.pop("history"), found.pop("subscriptions")
    assert found == {
        "schema": "newsletter.subscribers.show/1", "email": "Reader1@example.org", "name": "قارئة", "status": "pending",
        "status_reason": "", "lists": ["weekly"], "tags": ["sport"], "fields": {},
        "created": "2026-10-14T04:00:00Z", "exit": 0,
    }  # fmt: skip
    assert [(one["list"], one["status"], one["source"]) for one in subscriptions] == [("weekly", "pending", "add")]
    assert [(one["kind"], one["what"], one["by"]) for one in history] == [("act", "added", "editor")]
    assert document("remove", "reader1@example.org", "--list", "weekly")["removed"] == ["reader1@example.org"]
    again = newsletter("add", "reader1@example.org", "--status", "active", "--consent", "x")
    assert (again.exit, "only the reader lifts that" in again.stdout) == (0, True)
    assert document("show", "reader1@example.org", "--list", "weekly")["status"] == "unsubscribed"


def test_the_page_of_a_reader_has_one_fact_a_line(newsletter):
    newsletter("add", "reader1@example.org", "--name", "قارئة", "--set", "city=دمشق", "--consent", "by phone")
    newsletter("suppress", "reader1@example.org", "--reason", "letter")
    ran = newsletter("show", "reader1@example.org")
    assert ran.stdout.splitlines() == [
        "email    reader1@example.org",
        "status   suspended",
        "because  letter",
        "name     قارئة",
        "city     دمشق",
        "since    2026-10-14 07:00",
        "weekly   pending · joined 2026-10-14 07:00 · add · by phone",
        "2026-10-14 07:00  weekly added by editor by phone",
        "2026-10-14 07:00  suppressed by editor letter",
    ]


def test_an_address_with_a_likely_slip_is_asked_about(newsletter):
    ran = newsletter("add", "a@gmial.com", typed="n\n", terminal=True)
    assert (ran.exit, "gmial.com is probably mistyped: gmail.com?" in ran.stderr) == (3, True)
    assert newsletter("add", "a@gmial.com", "--yes").exit == 0


def test_nobody_writes_to_a_suppressed_domain(newsletter, document, file):
    newsletter("add", "a@blocked.example.org")
    assert document("suppress", "@Blocked.example.org", "--reason", "closed")["readers"] == 1
    found = document("import", file("email\na@blocked.example.org\nb@blocked.example.org\n"), "--yes")
    assert (found["added"], found["suppressed"]) == (0, 2)
    ran = newsletter("show", "b@blocked.example.org", "--json")
    assert error(ran)["details"]["suppressed"] == "@blocked.example.org: closed"


def test_some_addresses_that_are_not_there_do_not_stop_the_others(newsletter):
    newsletter("add", "a@example.org")
    ran = newsletter("remove", "a@example.org", "b@example.org")
    assert (ran.exit, ran.stdout) == (0, "✓ 1 reader taken off weekly.\n")
    assert "! b@example.org is not on weekly." in ran.stderr


# --- many readers ----------------------------------------------------------------------------------------------


@pytest.fixture
def readers(newsletter, file):
    newsletter("import", file(ARABIC), "--status", "active", "--consent", "stand", "--yes")
    newsletter("tag", "--where", "domain:example.org", "+sport")


def test_readers_are_listed_with_arabic_last(newsletter, readers):
    assert newsletter("list", "--list", "weekly").stdout.splitlines() == [
        "Email                Status  Lists   Joined      Name and city",
        "reader1@example.org  active  weekly  2026-10-14  قارئة · بيروت",
        "reader2@example.org  active  weekly  2026-10-14  عمر",
    ]
    assert newsletter("list", "--where", "tag:none").stdout == ""


def test_programs_get_whole_columns(newsletter, document, readers):
    rows = list(csv.DictReader(io.StringIO(newsletter("list", "--format", "csv").stdout)))
    assert (rows[0]["email"], rows[0]["tags"], rows[0]["city"], rows[0]["name"]) == (
        "reader1@example.org", "sport", "بيروت", "قارئة",
    )  # fmt: skip
    found = document("list", "--where", "tag:sport", "--limit", "1")["subscribers"]
    assert [(one["email"], one["status"], one["lists"], one["fields"]) for one in found] == [
        ("reader1@example.org", "active", ["weekly"], {"city": "بيروت"})
    ]


@pytest.mark.parametrize(
    ("words", "sorted_"),
    [
        (["--where", "tag:a", "+sport", "-vip"], ["--where", "tag:a", "--", "+sport", "-vip"]),
        (["-vip", "+sport", "--where", "-tag:x"], ["--where", "-tag:x", "--", "-vip", "+sport"]),
        (["-vv", "-n", "-qn", "-x"], ["-vv", "-n", "-qn", "--", "-x"]),
        (["-C", "room", "-news"], ["-C", "room", "--", "-news"]),
        (["--where=x", "--json", "+a", "--", "-n", "-v"], ["--where=x", "--json", "--", "+a", "-n", "-v"]),
        (["--help"], ["--help"]),
        (["-h"], ["-h"]),
    ],
)
def test_a_word_of_one_dash_is_a_tag_unless_it_is_all_flags(words, sorted_):
    assert tags_last(words) == sorted_


def test_tags_go_on_and_off_and_can_be_turned_round(newsletter, document, readers):
    assert document("tag", "--where", "domain:example.org", "-sport", "+vip", "+news") == {
        "schema": "newsletter.subscribers.tag/1", "readers": 2, "added": {"vip": 2, "news": 2},
        "removed": {"sport": 2}, "exit": 0,
    }  # fmt: skip
    ran = newsletter("tag", "--list", "weekly", "+كأس العالم")
    undo = next(line for line in ran.stderr.splitlines() if line.startswith("Undo"))
    words = shlex.split(undo.removeprefix("Undo"))
    assert words == ["newsletter", "subscribers", "tag", "--list", "weekly", "--", "-كأس العالم"]
    newsletter("tag", *words[3:])
    assert document("show", "reader1@example.org")["tags"] == ["news", "vip"]


def test_a_dry_run_of_tags_counts_only(newsletter, document, readers):
    assert document("tag", "--list", "weekly", "+new", "-n")["readers"] == 2
    assert document("show", "reader1@example.org")["tags"] == ["sport"]


def test_the_numbers_of_the_roster(document, newsletter, readers):
    found = document("stats")
    assert (found["subscribers"], found["status"], found["tags"]) == (2, {"active": 2}, [{"tag": "sport", "count": 2}])
    assert "readers  2" in newsletter("stats").stdout


def test_an_export_is_private_and_says_whose_it_is(newsletter, document, readers, room):
    found = document("export", "--list", "weekly", "-o", "out.csv")
    assert (found["list"], found["rows"], found["path"]) == ("weekly", 2, "out.csv")
    assert stat.S_IMODE((room / "out.csv").stat().st_mode) == 0o600
    ran = newsletter("export", "--excel", "-o", "excel.csv")
    assert "! This file holds personal data of 2 people." in ran.stderr
    assert (room / "excel.csv").read_bytes().startswith(b"\xef\xbb\xbfemail,")
    assert newsletter("export", "--where", "status:active").stdout == (room / "out.csv").read_text()


def test_everything_about_one_person_is_one_document(newsletter, readers, room):
    newsletter("suppress", "reader1@example.org", "--reason", "letter")
    newsletter("export", "reader1@example.org", "-o", "person.json")
    person = json.loads((room / "person.json").read_text())
    assert (person["email"], person["fields"], person["status_reason"]) == (
        "reader1@example.org", {"city": "بيروت"}, "letter",
    )  # fmt: skip
    assert [one["what"] for one in person["history"]] == ["suppressed"]
    assert person["subscriptions"][0]["consent"] == "stand"
    assert json.loads(newsletter("export", "reader1@example.org").stdout) == person


def test_a_file_that_cannot_be_written_is_an_error_and_leaves_no_half(newsletter, readers, room):
    ran = newsletter("export", "-o", "no/such/folder.csv", "--json")
    assert (ran.exit, error(ran)["code"]) == (2, "USAGE")


def test_no_table_of_readers_has_arabic_before_its_last_column():
    Listing(subscribers.FOR_PEOPLE, [])  # raises where one has
    assert subscribers.FOR_PEOPLE[-1].arabic
