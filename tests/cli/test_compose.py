"""`newsletter compose`: which articles, which file, and what is said about both."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli.cli.compose import compose, several_names
from newsletter_cli.storage.acts import acts
from tests.cli.conftest import Ran, Runner
from tests.digest.making import png

ARTICLES = {
    "wheat": ("القمح يرتفع", "2026-10-12", ""),
    "school": ("عام دراسي بلا كتب", "2026-10-11", "url: https://news.example.net/school\n"),
    "river": ("النهر", "2026-09-01", ""),
    "draft-one": ("مسودة", "2026-10-12", "draft: true\n"),
    "notes": ("ملاحظات", "", ""),
}


@pytest.fixture
def root(sqlite_place: Any) -> Path:
    folder = sqlite_place.root
    for slug, (title, day, more) in ARTICLES.items():
        date = f"date: {day}\n" if day else ""
        text = f"---\ntitle: {title}\n{date}{more}---\nفقرة أولى من {title} تقول شيئا.\n\nفقرة ثانية.\n"
        (folder / "articles" / f"{slug}.md").write_text(text, encoding="utf-8")
    return Path(folder)


@pytest.fixture
def run(root: Path, run_command: Runner) -> Any:
    def composed(*words: str) -> Ran:
        return run_command(compose, *words, cwd=root)

    return composed


def document(ran: Ran) -> dict[str, Any]:
    return dict(json.loads(ran.stdout))


def error(ran: Ran) -> dict[str, Any]:
    return dict(json.loads(ran.stdout)["error"])


def test_the_first_digest_takes_every_dated_article_and_says_what_it_left_out(run: Any, root: Path) -> None:
    ran = run()
    assert ran.exit == 0, ran.stderr
    assert ran.stdout.startswith("2026-w42 for weekly, 3 articles\n")
    assert " left out  draft: draft-one · no date: notes (add “date:”)" in ran.stdout
    assert "Wrote digests/2026-w42.md" in ran.stdout
    assert "newsletter check 2026-w42" in ran.stderr
    assert (root / "digests" / "2026-w42.md").read_text(encoding="utf-8") == (
        '---\nid: 2026-w42\ndate: 2026-10-14\nlist: weekly\nsubject: "القمح يرتفع"\n'
        '# subject: "فقرة أولى من القمح يرتفع تقول شيئا."\n# subject: "عام دراسي بلا كتب"\n'
        'preheader: "فقرة أولى من القمح يرتفع تقول شيئا."\ntemplate: digest\narticles: [wheat, school, river]\n'
        'where: ""\n---\n'
    )


def test_the_document_names_digest_path_list_articles_left_out_and_subject(run: Any) -> None:
    assert document(run("i1", "--list", "weekly", "--articles", "school", "wheat", "--json")) == {
        "schema": "newsletter.compose/1",
        "digest": "i1",
        "path": "digests/i1.md",
        "list": "weekly",
        "articles": ["school", "wheat"],
        "left_out": [],
        "subject": "عام دراسي بلا كتب",
        "exit": 0,
    }


def test_the_next_digest_begins_where_the_last_one_ended(run: Any, root: Path) -> None:
    run("2026-w41", "--articles", "school")
    text = (root / "digests" / "2026-w41.md").read_text(encoding="utf-8")
    (root / "digests" / "2026-w41.md").write_text(text.replace("2026-10-14", "2026-10-11"), encoding="utf-8")
    ran = run("--json")
    assert document(ran)["articles"] == ["wheat"]
    assert {(one["slug"], one["reason"]) for one in document(ran)["left_out"]} == {
        ("school", "in 2026-w41"), ("river", "older"), ("draft-one", "draft"), ("notes", "no date"),
    }  # fmt: skip


def test_since_a_date_and_at_most_so_many(run: Any) -> None:
    assert document(run("i1", "--since", "2026-10-01", "--limit", "1", "--json"))["articles"] == ["wheat"]
    ran = run("i2", "--since", "2026-13-01", "--json")
    assert (ran.exit, error(ran)["code"]) == (2, "USAGE")


@pytest.mark.parametrize(
    "words",
    [
        ("--articles", "notes", "wheat"),
        ("--articles", "notes,wheat"),
        ("--articles", "notes", "--articles", "wheat"),
        ("notes", "wheat"),
        ("--articles", "note*", "w*"),
    ],
)
def test_named_articles_keep_their_order_and_may_be_undated(run: Any, words: tuple[str, ...]) -> None:
    assert document(run("i1", *words, "--json"))["articles"] == ["notes", "wheat"]


def test_words_after_articles_belong_to_it_up_to_the_next_option() -> None:
    assert several_names(["i1", "--articles", "a", "b", "--list", "weekly", "c"]) == [
        "i1", "--articles", "a", "--articles", "b", "--list", "weekly", "c",
    ]  # fmt: skip


def test_an_article_may_be_named_by_its_file(run: Any) -> None:
    ran = run("i1", "--articles", "articles/notes.md", "articles/w*.md", "--json")
    assert document(ran)["articles"] == ["notes", "wheat"]
    for nothing in ("", " , "):
        ran = run("i2", "--articles", nothing, "--json")
        assert (ran.exit, error(ran)["code"]) == (2, "USAGE")


def test_a_file_that_is_there_is_never_overwritten(run: Any, root: Path) -> None:
    run("i1", "--articles", "wheat")
    before = (root / "digests" / "i1.md").read_bytes()
    ran = run("i1", "--articles", "school", "--json")
    assert (ran.exit, error(ran)["code"], error(ran)["sent"]) == (5, "DIGEST-EXISTS", 0)
    assert (root / "digests" / "i1.md").read_bytes() == before


def test_an_update_adds_at_the_end_and_keeps_everything_else(run: Any, root: Path) -> None:
    run("i1", "--articles", "school")
    path = root / "digests" / "i1.md"
    edited = path.read_text(encoding="utf-8").replace('subject: "عام', "# mine\nsubject: 'عنواني")
    edited = edited.replace(' دراسي بلا كتب"', "'").replace("[school]", "[{ id: school, size: card }]")
    path.write_text(edited + "صباح الخير.\n", encoding="utf-8")
    ran = run("i1", "--update", "--articles", "wheat", "school", "--json")
    assert document(ran)["articles"] == ["school", "wheat"]
    assert path.read_text(encoding="utf-8") == (
        edited.replace("[{ id: school, size: card }]", "[{ id: school, size: card }, wheat]") + "صباح الخير.\n"
    )
    ran = run("i9", "--update")
    assert ran.exit == 2


def test_an_update_counts_what_is_there_for_its_limit(run: Any, root: Path) -> None:
    run("i1", "--articles", "school", "wheat")
    ran = run("i1", "--update", "--since", "2026-01-01", "--limit", "2", "--json")
    assert document(ran)["articles"] == ["school", "wheat"]
    assert {"slug": "river", "reason": "limit"} in document(ran)["left_out"]
    ran = run("i1", "--update", "--since", "2026-01-01", "--limit", "3", "--json")
    assert document(ran)["articles"] == ["school", "wheat", "river"]


def test_an_update_that_finds_nothing_leaves_the_file_alone(run: Any, root: Path) -> None:
    run("i1", "--articles", "wheat")
    before = (root / "digests" / "i1.md").stat().st_mtime_ns
    ran = run("i1", "--update", "--articles", "wheat")
    assert (ran.exit, "Nothing new; digests/i1.md stays as it is." in ran.stdout) == (0, True)
    assert (root / "digests" / "i1.md").stat().st_mtime_ns == before


@pytest.mark.parametrize("flag", ["--subject", "--where", "--correction-of"])
def test_an_update_refuses_what_it_would_not_change(run: Any, flag: str) -> None:
    run("i1", "--articles", "wheat")
    ran = run("i1", "--update", flag, "tag:sport", "--articles", "school", "--json")
    assert (ran.exit, error(ran)["code"]) == (2, "USAGE")


def test_a_correction_needs_no_id_of_its_own(run: Any) -> None:
    run("2026-w42", "--articles", "wheat")
    assert document(run("--correction-of", "2026-w42", "--json"))["digest"] == "2026-w42-correction"
    ran = run("--correction-of", "2026-w42")
    assert ran.stdout == "2026-w42-correction-2 for weekly, 0 articles\nWrote digests/2026-w42-correction-2.md\n"


def test_printing_and_dry_run_write_nothing(run: Any, root: Path) -> None:
    ran = run("i1", "--articles", "wheat", "--stdout")
    assert ran.stdout.startswith("---\nid: i1\n")
    ran = run("i1", "--articles", "wheat", "-n")
    assert "Dry run: nothing was changed." in ran.stderr
    assert list((root / "digests").iterdir()) == []


def test_a_correction_is_for_those_who_got_the_issue_and_says_so(run: Any) -> None:
    run("i1", "--articles", "wheat")
    ran = run("i2", "--correction-of", "i1", "--json")
    assert document(ran)["articles"] == []
    assert document(ran)["subject"] == "تصحيح: القمح يرتفع"
    printed = run("i3", "--correction-of", "i1", "--where", "tag:sport", "--stdout").stdout
    assert 'where: "received:i1 tag:sport"' in printed
    assert run("i4", "--correction-of", "nothing").exit == 2


def test_what_does_not_exist_is_named_with_the_likeliest(run: Any) -> None:
    ran = run("i1", "--articles", "weat", "--json")
    assert (ran.exit, error(ran)["code"]) == (2, "NOT-FOUND")
    assert "Did you mean “wheat”?" in error(ran)["message"]
    assert run("i1", "--list", "nothing").exit == 2
    assert run("I1!").exit == 2
    assert run("i1", "--where", "city:(").exit == 2


def test_nothing_new_is_an_error_that_says_why(run: Any) -> None:
    ran = run("i1", "--since", "2027-01-01", "--json")
    assert (ran.exit, error(ran)["code"]) == (2, "NOT-FOUND")
    assert {"slug": "wheat", "reason": "older"} in error(ran)["details"]["left_out"]


def test_a_broken_template_stops_it_before_anything_is_written(run: Any, root: Path) -> None:
    (root / "templates" / "digest.html.j2").write_text("\n\n{% set article = 1 %}{{ artcle.title }}", encoding="utf-8")
    ran = run("i1", "--articles", "wheat", "--json")
    assert (ran.exit, error(ran)["code"]) == (5, "TEMPLATE")
    assert error(ran)["message"] == ("templates/digest.html.j2:3 unknown variable “artcle”, did you mean “article”?")
    assert not (root / "digests" / "i1.md").exists()


def test_an_article_that_cannot_be_read_is_named_and_the_others_go_on(run: Any, root: Path) -> None:
    (root / "articles" / "broken.md").write_bytes(b"\x00\x01\x02" * 100)
    left_out = {one["slug"]: one["reason"] for one in document(run("i1", "--json"))["left_out"]}
    assert left_out["broken"].startswith("unreadable: ")


def test_an_article_that_is_named_and_cannot_be_read_says_why(run: Any, root: Path) -> None:
    (root / "articles" / "broken.md").write_text("---\ntitle: [a\n---\nنص\n", encoding="utf-8")
    ran = run("i1", "--articles", "wheat", "broken", "--json")
    assert (ran.exit, error(ran)["code"]) == (5, "UNREADABLE")
    assert error(ran)["message"].startswith("articles/broken.md:")


def test_an_article_of_fifty_megabytes_is_named_and_not_read(run: Any, root: Path) -> None:
    with (root / "articles" / "huge.md").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    left_out = {one["slug"]: one["reason"] for one in document(run("i1", "--json"))["left_out"]}
    assert left_out["huge"] == "unreadable: articles/huge.md is larger than 2 MB; text files are smaller."


def test_a_broken_digest_file_stops_no_other_digest(run: Any, root: Path) -> None:
    (root / "digests" / "old.md").write_text("---\nlist: weekly\nsubjct: x\n---\n", encoding="utf-8")
    ran = run("i1")
    assert (ran.exit, ran.stderr.count("digests/old.md:3 unknown key")) == (0, 1)


def test_what_another_issue_has_too_and_what_is_of_tomorrow_is_told(run: Any, root: Path) -> None:
    (root / "articles" / "later.md").write_text("---\ntitle: غدا\ndate: 2026-10-20\n---\nنص.\n", encoding="utf-8")
    run("i1", "--articles", "wheat")
    ran = run("i2", "--articles", "wheat", "later")
    assert "i1: wheat: also there; some would read it twice" in ran.stderr
    assert "later: dated after today (2026-10-20)" in ran.stderr


def test_a_picture_that_nobody_described_is_seen_in_the_table(run: Any, root: Path) -> None:
    (root / "articles" / "p.png").write_bytes(png(40, 30))
    for slug, more in (("none", ""), ("mute", "image: p.png\n"), ("told", "image: p.png\nimage_alt: حقل\n")):
        text = f"---\ntitle: {slug}\ndate: 2026-10-12\n{more}---\nنص قصير هنا.\n"
        (root / "articles" / f"{slug}.md").write_text(text, encoding="utf-8")
    lines = run("i1", "--articles", "none", "mute", "told").stdout.splitlines()
    assert [re.split(" {2,}", line.strip())[4] for line in lines[2:5]] == ["no", "no alt", "yes"]


def test_a_page_over_the_warning_names_the_story_to_shorten(run: Any, root: Path) -> None:
    words = "\n\n".join("كلمة أخرى في نص طويل جدا لا ينتهي أبدا " * 20 for _ in range(100))
    (root / "articles" / "long.md").write_text(f"---\ntitle: طويل\ndate: 2026-10-12\n---\n{words}\n", encoding="utf-8")
    ran = run("i1", "--articles", "long", "wheat")
    assert "Gmail cuts it near 100.0 KB" in ran.stderr
    assert "{ id: long, size: card }" in ran.stderr


def test_pictures_that_cannot_be_shown_are_told_at_once(run: Any, root: Path) -> None:
    (root / "articles" / "p.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    text = "---\ntitle: رسم\ndate: 2026-10-12\nimage: p.svg\nimage_alt: رسم\n---\nنص قصير هنا.\n"
    (root / "articles" / "drawn.md").write_text(text, encoding="utf-8")
    assert "drawn: p.svg is a drawing (SVG)" in run("i1", "--articles", "drawn").stderr


def test_a_short_form_that_leads_nowhere_is_told(run: Any) -> None:
    ran = run("i1", "--articles", "wheat", "river", "school")
    assert "river: shown in short and without a url" in ran.stderr


def test_the_composer_and_the_act_are_on_record(run: Any, sqlite_place: Any) -> None:
    run("i1", "--articles", "wheat")
    with sqlite_place.open() as storage, storage.read() as connection:
        (act,) = acts(connection, digest="i1")
    assert (act.by, act.what, act.list, act.details) == ("editor", "composed", "weekly", "1 article")


def test_titles_cannot_change_the_screen(run: Any, root: Path) -> None:
    text = '---\ntitle: "قمح [red]\\x1b[31m\\u202e"\ndate: 2026-10-12\n---\nنص طويل بما يكفي.\n'
    (root / "articles" / "evil.md").write_text(text, encoding="utf-8")
    ran = run("i1", "--articles", "evil")
    assert "\x1b" not in ran.stdout
    assert "\u202e" not in ran.stdout
