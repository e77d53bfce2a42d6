"""`newsletter check`: what is found, where, and with which exit code."""

import json
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli.cli.check import check
from newsletter_cli.mail.address import parse_address
from newsletter_cli.subscribers.roster import NewReader, Roster
from tests.cli.conftest import Ran, Runner

GOOD = """\
---
id: i1
date: 2026-10-12
list: weekly
subject: "حصاد الأسبوع"
preheader: "ثلاث قصص من الحسكة ودرعا ورسم بياني واحد"
articles: [wheat]
---
صباح الخير.
"""


@pytest.fixture
def root(sqlite_place: Any, clock: Any) -> Path:
    folder = Path(sqlite_place.root)
    config = folder / "newsletter.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("http://127.0.0.1:8400", "https://news.example.org"), encoding="utf-8")
    with sqlite_place.open() as storage:
        known = NewReader(
            address=parse_address("reader9@example.org"),
            list="weekly",
            active=True,
            fields={"city": "حلب"},
            consent="stand",
        )
        Roster(storage, clock).add(known, by="editor")
    text = "---\ntitle: القمح يرتفع\ndate: 2026-10-12\n---\nفقرة أولى.\n\nفقرة ثانية.\n"
    (folder / "articles" / "wheat.md").write_text(text, encoding="utf-8")
    (folder / "digests" / "i1.md").write_text(GOOD, encoding="utf-8")
    return folder


@pytest.fixture
def run(root: Path, run_command: Runner) -> Any:
    def checked(*words: str) -> Ran:
        return run_command(check, *words, cwd=root)

    return checked


def spoil(root: Path) -> None:
    """An error in the intro, a warning in an article, a note in the subject."""
    (root / "digests" / "i1.md").write_text(GOOD.replace("حصاد الأسبوع", "ح" * 60) + "\nTODO\n", encoding="utf-8")
    article = root / "articles" / "wheat.md"
    article.write_text(article.read_text(encoding="utf-8") + '\nقال "نعم.\n', encoding="utf-8")


def test_a_good_digest_has_nothing_and_leads_on(run: Any) -> None:
    ran = run("i1", "--offline")
    assert ran.exit == 0
    assert ran.stdout.startswith("✓ Nothing found in version ")
    assert "newsletter test i1" in ran.stderr


def test_findings_stand_with_file_line_level_and_code_errors_first(run: Any, root: Path) -> None:
    spoil(root)
    ran = run("i1")
    assert ran.exit == 5
    lines = ran.stdout.splitlines()
    assert lines[0] == "digests/i1.md:11      error    C105  Placeholder text was left in."
    assert lines[1] == "articles/wheat.md:9   warning  C112  A quotation mark has no partner."
    assert lines[2] == "digests/i1.md:5       note     C102  Subject has 60 characters; phones show 35 to 50."
    assert lines[3:] == ["1 error, 1 warning, 1 note"]


def test_the_document_holds_version_results_and_counts(run: Any, root: Path) -> None:
    spoil(root)
    ran = run("i1", "--offline", "--json")
    document = json.loads(ran.stdout)
    assert (ran.exit, document["exit"], document["schema"]) == (5, 5, "newsletter.check/1")
    assert document["counts"] == {"error": 1, "warning": 1, "note": 1}
    assert document["results"][0] == {
        "code": "C105",
        "level": "error",
        "file": "digests/i1.md",
        "line": 11,
        "text": "Placeholder text was left in.",
        "fixable": False,
    }
    assert len(document["version"]) == 8


def test_only_skip_and_fail_on(run: Any, root: Path) -> None:
    spoil(root)
    assert run("i1", "--skip", "C105").exit == 0
    assert run("i1", "--skip", "C105", "--fail-on", "warning").exit == 5
    assert run("i1", "--only", "C102,C112").stdout.splitlines()[-1] == "1 warning, 1 note"
    assert run("i1", "--only", "C9").exit == 2
    assert run("i1", "--fail-on", "note").exit == 2


def test_several_digests_have_a_document_each(run: Any, root: Path) -> None:
    (root / "digests" / "i2.md").write_text(GOOD.replace("id: i1", "id: i2"), encoding="utf-8")
    document = json.loads(run("i1", "i2", "--json").stdout)
    assert [one["digest"] for one in document["digests"]] == ["i1", "i2"]
    assert json.loads(run("--json").stdout)["digests"] == document["digests"]


def test_annotations_for_github(run: Any, root: Path) -> None:
    spoil(root)
    lines = run("i1", "--format", "github").stdout.splitlines()
    assert lines[0] == "::error file=digests/i1.md,line=11,title=C105::Placeholder text was left in."
    assert lines[2].startswith("::notice file=digests/i1.md,line=5,title=C102::")


def test_text_is_the_form_for_people(run: Any, root: Path) -> None:
    spoil(root)
    assert run("i1", "--format", "text").stdout == run("i1").stdout


def test_a_check_explains_itself_in_both_languages(run: Any) -> None:
    english = run("--explain", "c105").stdout
    assert english.startswith("C105   error   when lorem ipsum")
    assert "must not reach readers" in english
    assert "كلام مؤقت" in run("--explain", "C105", "--lang", "ar").stdout
    assert json.loads(run("--explain", "L305", "--json").stdout)["levels"] == ["error"]
    assert run("--explain", "C999").exit == 2


def test_findings_speak_the_language_of_the_run(run: Any, root: Path) -> None:
    spoil(root)
    assert "بقي في النص كلام مؤقت." in run("i1", "--lang", "ar").stdout


def test_a_field_that_some_readers_lack_is_counted(run: Any, root: Path, sqlite_place: Any, clock: Any) -> None:
    with sqlite_place.open() as storage:
        for number, city in enumerate(("حلب", "", "")):
            reader = NewReader(
                address=parse_address(f"reader{number}@example.org"),
                list="weekly",
                active=True,
                fields={"city": city} if city else {},
            )
            Roster(storage, clock).add(reader, by="editor")
    (root / "digests" / "i1.md").write_text(GOOD + "\nمن [[ city ]]\n", encoding="utf-8")
    assert "C104  “city” is empty for 2 readers." in run("i1").stdout


def test_an_unknown_digest_is_usage_and_says_that_nothing_happened(run: Any) -> None:
    assert run("i2").exit == 2


# --- repairs ---------------------------------------------------------------------------------------------------

CALL = "للتواصل: +963 11 333 4444، هل وصلتكم؟ نعم `a, b?`."
CALL_SPOILT = CALL.replace("؟", "?")
CALL_MENDED = CALL.replace("+963 11 333 4444", "\u200e+963 11 333 4444\u200e")


def spoil_lightly(root: Path) -> Path:
    """A telephone number and a Latin question mark in the intro, behind a remark that must stay."""
    file = root / "digests" / "i1.md"
    text = GOOD.replace("list: weekly", "list: weekly  # the list, of course?") + f"\n{CALL_SPOILT}\n"
    file.write_bytes(text.replace("\n", "\r\n").encode())
    return file


def test_what_can_be_repaired_says_so(run: Any, root: Path) -> None:
    spoil_lightly(root)
    lines = run("i1").stdout.splitlines()
    assert lines == [
        "digests/i1.md:11   warning  R204  "
        "Telephone number inside Arabic text is not isolated; its groups will be reversed. Fixable.",
        "digests/i1.md:11   warning  R212  Arabic marks are ؟ ، ؛ (here: ?). Fixable.",
        "2 warnings (2 fixable with --fix)",
    ]


def test_a_repair_changes_its_words_and_no_other_byte(run: Any, root: Path) -> None:
    file = spoil_lightly(root)
    before = file.read_bytes()
    ran = run("i1", "--fix", "--json")
    assert file.read_bytes() == before.replace(CALL_SPOILT.encode(), CALL_MENDED.encode())
    document = json.loads(ran.stdout)
    place = {"file": "digests/i1.md", "line": 11, "before": CALL_SPOILT, "after": CALL_MENDED}
    assert document["fixed"] == [{"code": "R204", **place}, {"code": "R212", **place}]
    assert (document["results"], ran.exit) == ([], 0)
    again = json.loads(run("i1", "--fix", "--json").stdout)
    assert (again["fixed"], again["version"]) == ([], document["version"])


def test_a_dry_run_shows_the_repair_and_leaves_the_file(run: Any, root: Path) -> None:
    file = spoil_lightly(root)
    before = file.read_bytes()
    ran = run("i1", "--fix", "-n")
    assert ran.stdout.splitlines()[:3] == [
        "digests/i1.md:11   would fix  R204 R212",
        f"  - {CALL_SPOILT}",
        f"  + {CALL_MENDED.replace(chr(0x200E), '[LRM]')}",
    ]
    assert ran.stderr.endswith("Dry run: nothing was changed.\n")
    assert file.read_bytes() == before


def test_only_the_checks_asked_for_are_repaired(run: Any, root: Path) -> None:
    file = spoil_lightly(root)
    run("i1", "--fix", "--only", "R212")
    assert CALL in file.read_text(encoding="utf-8")


def test_nobody_on_the_list_and_nobody_who_agreed(run: Any, sqlite_place: Any, clock: Any) -> None:
    with sqlite_place.open() as storage:
        Roster(storage, clock).add(
            NewReader(address=parse_address("reader1@example.org"), list="weekly", active=True), by="editor"
        )
    assert "digests/i1.md:4   warning  A704  1 readers have no consent record." in run("i1").stdout


def _found(run_command: Runner, root: Path, code: str) -> list[tuple[str, str, int | None]]:
    ran = run_command(check, "i1", "--offline", "--json", "--only", code, cwd=root)
    return [(one["level"], one["file"], one["line"]) for one in json.loads(ran.stdout)["results"]]


@pytest.mark.parametrize(
    ("code", "level", "line", "text"),
    [
        # Markdown takes the stars for emphasis: readers would see |FNAME|.
        ("C111", "warning", 7, "مرحبا *|FNAME|* وأهلا."),
        # Markdown makes no heading of it; its file still knows.
        ("C113", "warning", 7, "##"),
        ("I107", "error", 7, "![حقل](data:image/png;base64,AAAA)"),
    ],
)
def test_what_the_reading_of_an_article_takes_away_is_found_all_the_same(
    run_command: Runner, root: Path, code: str, level: str, line: int, text: str
) -> None:
    path = root / "articles" / "wheat.md"
    path.write_text(
        f"---\ntitle: القمح يرتفع\ndate: 2026-10-12\n---\nفقرة أولى.\n\n{text}\n\nفقرة.\n", encoding="utf-8"
    )
    assert _found(run_command, root, code) == [(level, "articles/wheat.md", line)]


@pytest.mark.parametrize(
    ("code", "level", "field"),
    [
        ("C113", "warning", "url: https://example.com/a"),
        ("I107", "error", "image: data:image/png;base64,AAAA"),
    ],
)
def test_a_mistake_in_the_front_matter_has_the_line_of_its_field(
    run_command: Runner, root: Path, code: str, level: str, field: str
) -> None:
    path = root / "articles" / "wheat.md"
    path.write_text(f"---\ntitle: القمح يرتفع\ndate: 2026-10-12\n{field}\n---\nفقرة أولى.\n", encoding="utf-8")
    assert _found(run_command, root, code) == [(level, "articles/wheat.md", 4)]


def test_an_empty_heading_that_is_code_is_none(run_command: Runner, root: Path) -> None:
    path = root / "articles" / "wheat.md"
    path.write_text("---\ntitle: القمح\ndate: 2026-10-12\n---\nفقرة.\n\n```\n##\n```\n", encoding="utf-8")
    assert _found(run_command, root, "C113") == []


def test_garbled_letters_are_not_called_letters_of_another_keyboard(run_command: Runner, root: Path) -> None:
    path = root / "articles" / "wheat.md"
    words = "ظ‚ط§ظ„ ط§ظ„ظ…ط¹ظ„ظ… ط¥ظ† ط§ظ„ط¯ط±ط³ ط§ظ†طھظ‡ظ‰"
    path.write_text(f"---\ntitle: القمح\ndate: 2026-10-12\n---\n{words}\n", encoding="utf-8")
    assert _found(run_command, root, "C108") == [("warning", "articles/wheat.md", 5)]
    assert _found(run_command, root, "R211") == []


def test_a_logo_that_is_missing_is_told_at_its_line(run_command: Runner, root: Path) -> None:
    config = root / "newsletter.toml"
    text = config.read_text(encoding="utf-8").replace("[newsroom]", '[newsroom]\nlogo = "logo.png"', 1)
    config.write_text(text, encoding="utf-8")
    line = text[: text.index("logo =")].count("\n") + 1
    assert _found(run_command, root, "I107") == [("error", "newsletter.toml", line)]
