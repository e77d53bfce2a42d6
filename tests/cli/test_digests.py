"""`newsletter digests`: the list of them, one of them, a copy as a reader gets it, and away with a draft."""

import email
import json
from email import policy
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli.cli.check import check
from newsletter_cli.cli.digests import export, list_, remove, show
from newsletter_cli.delivery.keys import load_keyring, make_first_key
from newsletter_cli.digest.versions import find_digest_row, latest_version
from newsletter_cli.mail.address import parse_address
from newsletter_cli.mail.tokens import Kind, Token
from newsletter_cli.storage.schema import list_ as list_table
from newsletter_cli.storage.schema import send
from newsletter_cli.subscribers.roster import NewReader, Roster
from tests.cli.conftest import Ran, Runner

DIGEST = """\
---
id: i1
date: 2026-10-12
list: weekly
subject: "أهلا [[ name | default('قارئنا') ]]"
preheader: "ثلاث قصص من الحسكة ودرعا ورسم بياني واحد"
articles: [wheat]
---
صباح الخير يا [[ name | default("قارئنا") ]].
"""


@pytest.fixture
def root(sqlite_place: Any, clock: Any) -> Path:
    folder = Path(sqlite_place.root)
    text = "---\ntitle: القمح يرتفع\ndate: 2026-10-12\n---\nفقرة أولى.\n\nفقرة ثانية.\n"
    (folder / "articles" / "wheat.md").write_text(text, encoding="utf-8")
    (folder / "digests" / "i1.md").write_text(DIGEST, encoding="utf-8")
    with sqlite_place.open() as storage:
        with storage.write() as connection:
            make_first_key(connection, clock())
        reader = NewReader(address=parse_address("reader1@example.org"), list="weekly", active=True, name="ليلى")
        Roster(storage, clock).add(reader, by="editor")
    return folder


@pytest.fixture
def run(root: Path, run_command: Runner) -> Any:
    def ran(made: Any, *words: str) -> Ran:
        return run_command(made, *words, cwd=root)

    return ran


def begin_send(place: Any, clock: Any, state: str = "sent") -> None:
    with place.open() as storage, storage.write() as connection:
        stored = latest_version(connection, "i1")
        number = connection.execute(list_table.select()).first()
        connection.execute(
            send.insert().values(
                digest_id=stored.digest_id, version=stored.hash, list_id=number.id, state=state, key_number=1,
                created=clock(), started=clock(),
            )
        )  # fmt: skip


def test_the_list_says_state_list_and_subject_and_subject_is_last(run: Any) -> None:
    ran = run(list_)
    assert ran.stdout.splitlines()[0].split() == ["Id", "State", "List", "Readers", "When", "Subject"]
    assert ran.stdout.splitlines()[1].startswith("i1  draft  weekly")
    document = json.loads(run(list_, "--json").stdout)
    assert document["digests"] == [
        {"id": "i1", "state": "draft", "list": "weekly", "readers": None, "when": None,
         "subject": "أهلا [[ name | default('قارئنا') ]]"},
    ]  # fmt: skip


def test_a_sent_digest_is_listed_when_its_file_is_gone(run: Any, root: Path, sqlite_place: Any, clock: Any) -> None:
    run(export, "i1")
    begin_send(sqlite_place, clock)
    (root / "digests" / "i1.md").unlink()
    (one,) = json.loads(run(list_, "--json").stdout)["digests"]
    assert (one["state"], one["when"], one["subject"]) == ("sent", "2026-10-14T04:00:00Z", "أهلا قارئنا")


def test_one_digest_with_its_articles_version_and_size(run: Any) -> None:
    document = json.loads(run(show, "i1", "--json").stdout)
    assert document["articles"] == [{"slug": "wheat", "size": "full", "title": "القمح يرتفع"}]
    assert (document["state"], document["tested"], document["list"]) == ("draft", None, "weekly")
    assert document["version"] == json.loads(run(check, "i1", "--json").stdout)["version"]
    assert 5_000 < document["bytes"] < 40_000
    assert "القمح يرتفع" in run(show, "i1").stdout
    assert run(show, "i2").exit == 2


@pytest.mark.parametrize(
    ("to", "start"), [("html", "<!DOCTYPE html>"), ("txt", "أخبار الاختبار\r\n"), ("eml", "Date: ")]
)
def test_a_copy_goes_to_stdout_or_to_a_file(run: Any, root: Path, to: str, start: str) -> None:
    ran = run(export, "i1", "--to", to)
    assert ran.stdout.startswith(start)
    written = run(export, "i1", "--to", to, "-o", f"out.{to}", "--json")
    document = json.loads(written.stdout)
    data = (root / f"out.{to}").read_bytes()
    assert (document["path"], document["bytes"], document["to"]) == (f"out.{to}", len(data), to)
    assert data.decode().startswith(start)


def test_a_reader_of_the_list_gets_their_name_and_their_own_way_out(
    run: Any, root: Path, sqlite_place: Any, clock: Any
) -> None:
    run(export, "i1", "--to", "eml", "--as", "reader1@example.org", "-o", "i1.eml")
    message = email.message_from_bytes((root / "i1.eml").read_bytes(), policy=policy.default)
    assert message["To"] == "reader1@example.org"
    assert str(message["Subject"]).strip("\u200f") == "أهلا ليلى"
    assert "صباح الخير يا \u2068ليلى\u2069." in message.get_body(("plain",)).get_content()
    token = str(message["List-Unsubscribe"]).split("/u/")[1].split(">")[0]
    with sqlite_place.open() as storage, storage.read() as connection:
        keyring = load_keyring(connection)
        reader = Roster(storage, clock).find("reader1@example.org")
        row = find_digest_row(connection, "i1")
    assert keyring.read(token, Kind.UNSUBSCRIBE) == Token(Kind.UNSUBSCRIBE, 1, reader.on("weekly").id, row.id)
    # The number of nobody: the copy is no delivery, so its web copy and its Message-ID name none.
    delivery = str(message["Message-ID"]).strip("<>").partition("@")[0]
    assert keyring.read(delivery, Kind.DELIVERY) == Token(Kind.DELIVERY, 1, 0, 0)


def test_an_unknown_address_gets_a_sample_whose_links_belong_to_nobody(run: Any, sqlite_place: Any) -> None:
    page = run(export, "i1", "--as", "stranger@example.net").stdout
    assert "stranger@example.net" in page
    assert "قارئة تجريبية" in page
    token = page.split("/u/")[1].split('"')[0]
    with sqlite_place.open() as storage, storage.read() as connection:
        assert load_keyring(connection).read(token, Kind.UNSUBSCRIBE) == Token(Kind.UNSUBSCRIBE, 1, 0, 0)


def test_what_is_exported_is_the_version_that_was_sent(run: Any, root: Path, sqlite_place: Any, clock: Any) -> None:
    first = json.loads(run(export, "i1", "-o", "a.html", "--json").stdout)
    begin_send(sqlite_place, clock)
    (root / "digests" / "i1.md").write_text(DIGEST + "\nسطر جديد\n", encoding="utf-8")
    second = json.loads(run(export, "i1", "-o", "b.html", "--json").stdout)
    assert first["version"] == second["version"]
    assert (root / "a.html").read_bytes() == (root / "b.html").read_bytes()


def test_a_field_without_fallback_stops_the_copy_with_a_sentence(run: Any, root: Path) -> None:
    (root / "digests" / "i1.md").write_text(DIGEST + "\nمن [[ city ]]\n", encoding="utf-8")
    ran = run(export, "i1", "--json")
    assert (ran.exit, json.loads(ran.stdout)["error"]["code"]) == (5, "CHECKS")


def test_a_wrong_form_or_address_is_usage(run: Any) -> None:
    assert run(export, "i1", "--to", "pdf").exit == 2
    assert run(export, "i1", "--as", "nobody").exit == 2
    assert run(export, "i9").exit == 2


def test_a_draft_goes_and_can_be_put_back(run: Any, root: Path) -> None:
    ran = run(remove, "i1")
    assert ran.exit == 0
    assert "mv data/removed-digests/i1.md digests/i1.md" in ran.stdout
    assert not (root / "digests" / "i1.md").exists()
    assert (root / "data" / "removed-digests" / "i1.md").read_text(encoding="utf-8") == DIGEST
    assert run(remove, "i1").exit == 2


def test_a_dry_run_removes_nothing(run: Any, root: Path) -> None:
    assert "Dry run: nothing was changed." in run(remove, "i1", "-n").stderr
    assert (root / "digests" / "i1.md").exists()


def test_what_was_sent_stays(run: Any, root: Path, sqlite_place: Any, clock: Any) -> None:
    run(export, "i1")
    begin_send(sqlite_place, clock)
    ran = run(remove, "i1", "--json")
    assert (ran.exit, json.loads(ran.stdout)["error"]["code"]) == (2, "USAGE")
    assert (root / "digests" / "i1.md").exists()
