"""Repairs keep every byte that nobody asked to change, and a second run has nothing to do."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsletter_cli.digest.check.finding import Edit, Finding, Level
from newsletter_cli.digest.check.fixing import repaired, write_repaired
from newsletter_cli.digest.check.sources import Kind, SourceFile, Sources
from newsletter_cli.errors import RefusedError
from tests.digest.planted import LEAD, look, make_room

# What editors put together: words, telephones, names, marks, code, addresses, remarks.
PIECES = st.sampled_from(
    (
        "سوق", "القمح", "السوق?", "ثم,", "أو;", "+963 11 333 4444", "0991 234 567", "@akhbar", "#Syria", "C++",
        "2020-2024", "3 - 1", "`هاتف, +963 11 333 4444?`", "[دليل?](https://a.org/?q=سوق,x)", "<!-- سوق? -->",
        "https://a.org/سوق?x,",
        "\u200e@akhbar\u200e", "«سوق»", "\ufedf\ufee4", "ﷺ", "**نص?**", "1,200", "CNN?", "\\*", "a@b.org",
    )
)  # fmt: skip
LINES = st.lists(st.lists(PIECES, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=4)


def with_body(root: Path, lines: list[str]) -> bytes:
    make_room(root)
    path = root / LEAD
    path.write_text(path.read_text(encoding="utf-8") + "\n" + "\n\n".join(lines) + "\n", encoding="utf-8")
    return path.read_bytes()


def fix(root: Path) -> tuple[int, bytes]:
    found, facts = look(root)
    files = repaired(found, facts.sources)
    for file in files:
        write_repaired(file)
    return sum(len(file.repairs) for file in files), (root / LEAD).read_bytes()


def bare(data: bytes) -> str:
    """A text without what repairs add and replace."""
    text = data.decode().replace("\u200e", "").replace("\ufedf\ufee4", "\u0644\u0645")
    return text.translate(str.maketrans("؟،؛", "?,;"))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(["سوق? ``a ` سوق?`` سوق,", "    سوق?", "```", "سوق?", "```"])
@example(["+963 11 333 4444 \ufedf\ufee4"])
@example(["(+963 11 333 4444) @akhbar? السوق,القمح"])
@example(["نص `رمز?\nسوق?` ثم <!-- سوق?\nسوق?\n--> سوق?"])
@given(lines=LINES)
def test_a_second_run_repairs_nothing_and_only_marks_have_changed(tmp_path, lines):
    root = tmp_path / "akhbar"
    before = with_body(root, lines)
    _, after = fix(root)
    assert bare(after) == bare(before)
    for kept in ("`هاتف, +963 11 333 4444?`", "(https://a.org/?q=سوق,x)", "<!-- سوق? -->", "https://a.org/سوق?x"):
        assert after.decode().count(kept) == before.decode().count(kept)
    assert fix(root) == (0, after)


def test_code_and_remarks_that_go_over_lines_stay(tmp_path):
    root = tmp_path / "akhbar"
    with_body(root, ["نص `رمز?\nسوق?` ثم <!-- سوق?\nسوق?\n--> سوق?"])
    _, after = fix(root)
    assert "نص `رمز?\nسوق?` ثم <!-- سوق?\nسوق?\n--> سوق؟" in after.decode()


def test_the_front_matter_is_mended_in_its_words_and_not_in_its_remarks(tmp_path):
    root = tmp_path / "akhbar"
    make_room(root)
    head = (
        'summary: "ماذا بعد? #سوق? اتصل على +963 11 333 4444"  # أيهما أفضل? @desk',
        "source: من السوق?  # أيهما?",
        "# وهذا؟ بل هذا?",
        "related: [ماذا بعد, لماذا الآن?]",
        "url: https://www.akhbar-alhaql.org/سوق?x",
    )
    path = root / LEAD
    text = path.read_text(encoding="utf-8")
    old = "summary: ارتفع سعر القمح للأسبوع الرابع، وبقي سعر الخبز على حاله.\nsource: أخبار الحقل"
    path.write_text(text.replace(old, "\n".join(head)), encoding="utf-8")
    _, after = fix(root)
    assert after.decode().split("\n")[3:8] == [
        'summary: "ماذا بعد؟ #سوق؟ اتصل على \u200e+963 11 333 4444\u200e"  # أيهما أفضل? @desk',
        "source: من السوق؟  # أيهما?",
        "# وهذا؟ بل هذا?",
        "related: [ماذا بعد, لماذا الآن؟]",
        head[4],
    ]


def finding(*edits: Edit) -> Finding:
    return Finding(code="R212", level=Level.WARNING, file="a.md", line=1, text="", edits=edits)


def in_file(path: Path, text: str) -> Sources:
    path.write_text(text, encoding="utf-8")
    return Sources((SourceFile(Kind.ARTICLE, "a.md", path, text),))


def test_an_edit_whose_words_are_not_there_is_left_out(tmp_path):
    sources = in_file(tmp_path / "a.md", "abc\ndef")
    wrong = (Edit("a.md", 1, 0, "x", "y"), Edit("a.md", 9, 0, "a", "y"), Edit("b.md", 1, 0, "a", "y"))
    assert repaired([finding(*wrong)], sources) == ()
    (one,) = repaired([finding(*wrong, Edit("a.md", 2, 1, "e", "EE"), Edit("a.md", 2, 0, "d", "D"))], sources)
    assert one.text == "abc\nDEEf"


def test_of_two_edits_that_overlap_one_waits(tmp_path):
    sources = in_file(tmp_path / "a.md", "abcd")
    (one,) = repaired([finding(Edit("a.md", 1, 0, "abc", "x"), Edit("a.md", 1, 2, "cd", "y"))], sources)
    assert one.text == "xd"


def test_a_file_that_changed_meanwhile_stays_as_it_is(tmp_path):
    path = tmp_path / "a.md"
    (one,) = repaired([finding(Edit("a.md", 1, 0, "a", "b"))], in_file(path, "abc"))
    path.write_text("axc", encoding="utf-8")
    with pytest.raises(RefusedError, match="was changed while"):
        write_repaired(one)
    assert path.read_text(encoding="utf-8") == "axc"
