"""Files and folders: which reader a file gets, and that a bad file stops nobody else."""

from pathlib import Path

import pytest

from newsletter_cli.articles import read_article, read_folder, read_source
from newsletter_cli.articles.checking import remarks_on
from newsletter_cli.articles.reading import LIMIT, read_bytes
from newsletter_cli.errors import ConfigError, RefusedError

GOOD = "---\ntitle: عنوان\ndate: 2026-10-12\n---\n\nنص.\n"


def write(folder: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def refusal(function, *arguments, **named) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        function(*arguments, **named)
    return refused.value


@pytest.mark.parametrize(
    ("data", "suffix", "code", "says"),
    [
        (b"", ".txt", "UNREADABLE", "is empty"),
        (b"\x00\x01\x02", ".md", "UNREADABLE", "looks like binary data"),
        (b"<!DOCTYPE html><p>x", ".txt", "UNREADABLE", "not plain text but HTML"),
        (b"just words", ".html", "UNREADABLE", "is not HTML"),
        (b"%PDF-1.4", ".pdf", "UNREADABLE", "files of the kind .pdf are not read"),
        (b"PK\x03\x04", ".docx", "UNREADABLE", "it is no .docx file"),
        (b"x" * (LIMIT + 1), ".txt", "UNREADABLE", "larger than 2 MB"),
        ("فقرة تنتهي بنقطة ولا عنوان فوقها في هذا الملف.".encode(), ".txt", "NO-TITLE", "has no title"),
        ("---\nkicker: x\n---\nنص".encode(), ".md", "NO-TITLE", "has no title"),
        ("---\ntitle: عنوان\n---\n".encode(), ".md", "NO-BODY", "has a title but no text"),
        ("---\ntitle: عنوان\n---\n\n***\n\n> ***\n".encode(), ".md", "NO-BODY", "has a title but no text"),
        ("مزارعو الساحل يبدؤون القطاف\n\nالوضع المظلم\n".encode(), ".txt", "NO-BODY", "has a title but no text"),
    ],
)
def test_a_file_that_is_no_article_is_refused_with_its_reason(data, suffix, code, says):
    error = refusal(read_source, data, name="the.file", suffix=suffix)
    assert error.code == code
    assert says in error.message
    assert error.message.startswith("the.file")
    assert error.fix


def test_files_that_cannot_be_opened_are_refused(tmp_path):
    assert "There is no file" in refusal(read_bytes, tmp_path / "none.txt", "none.txt").message
    assert "is a folder" in refusal(read_bytes, tmp_path, "room").message


def test_the_text_decides_where_no_name_does():
    kinds = {
        GOOD: "markdown",
        "<!doctype html><h1>عنوان المقال</h1><p>نص المقال هنا.": "html",
        "مزارعو الساحل يبدؤون القطاف\n\nبدأ القطاف اليوم في الساحل كله.": "text",
    }
    assert {text: read_source(text.encode(), name="-", suffix=None).kind for text in kinds} == kinds


def test_a_text_file_with_front_matter_is_markdown():
    assert read_source(GOOD.encode(), name="x.txt", suffix=".txt").kind == "markdown"


def test_an_article_is_named_by_its_file(tmp_path):
    root = write(tmp_path, **{"articles__2026__wheat.md": GOOD, "articles__قمح.md": GOOD})
    assert read_article(root / "articles/2026/wheat.md", root=root).slug == "wheat"
    other = read_article(root / "articles/قمح.md", root=root)
    assert other.slug == "anwan"
    assert "Rename the file to anwan.md" in other.warnings[-1]


def test_a_folder_gives_its_articles_and_names_what_it_cannot_read(tmp_path):
    root = write(
        tmp_path,
        **{
            "articles__b.md": GOOD, "articles__a__c.md": GOOD, "articles__bad.md": "---\na: 1\na: 2\n---\n",
            "articles__z__b.md": GOOD, "articles__.hidden.md": "x", "articles__a.png": b"\x89PNG",
            "articles__empty.md": "",
        },
    )  # fmt: skip
    reading = read_folder(root, "articles/**/*")
    assert [article.slug for article in reading.articles] == ["c", "b"]
    assert [(failure.shown, failure.code) for failure in reading.failures] == [
        ("articles/bad.md", "UNREADABLE"),
        ("articles/empty.md", "UNREADABLE"),
        ("articles/z/b.md", "UNREADABLE"),
    ]
    assert reading.failures[2].message == "articles/z/b.md has the same name as articles/b.md."


@pytest.mark.parametrize("pattern", ["../x/*.md", "/etc/*.md", ""])
def test_a_pattern_may_not_leave_the_newsroom(tmp_path, pattern):
    with pytest.raises(ConfigError) as refused:
        read_folder(tmp_path, pattern)
    assert refused.value.code == "CONFIG-VALUE"


def test_a_draft_may_be_empty():
    article = read_source("---\ntitle: عنوان\ndraft: yes\n---\n".encode(), name="x", suffix=".md").article
    assert (article.draft, article.warnings) == (True, ("A draft without text yet.",))


def test_a_long_title_and_a_full_stop_are_remarked():
    long = read_source(f"---\ntitle: {'ا' * 200}\n---\nx".encode(), name="x", suffix=".md").article
    assert long.warnings == ("The title has 200 characters; 20 to 140 are expected.",)
    stop = read_source("---\ntitle: عنوان.\n---\nx".encode(), name="x", suffix=".md").article
    assert stop.warnings == ("The title ends with a full stop.",)


def test_remarks_name_file_line_and_code(tmp_path):
    body = "---\ntitle: عنوان\nimage: a.png\nautor: x\n---\n\nنص.\n\n![](b.png)\n\n[bank.com](https://thief.example/)\n"
    root = write(tmp_path, **{"articles__w.md": body, "articles__a.png": b"x"})
    remarks = remarks_on(read_article(root / "articles/w.md", root=root), root)
    assert [(one.code, one.level, one.file, one.line) for one in remarks] == [
        ("I101", "error", "articles/w.md", 3),
        ("I107", "error", "articles/w.md", 3),
        ("I101", "error", "articles/w.md", 9),
        ("L308", "error", "articles/w.md", 11),
        ("READ", "warning", "articles/w.md", 0),
        ("READ", "warning", "articles/w.md", 4),
    ]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no endless device")
def test_a_file_that_never_ends_is_too_large() -> None:
    with pytest.raises(RefusedError, match="larger than") as caught:
        read_bytes(Path("/dev/zero"), "zero")
    assert caught.value.code == "UNREADABLE"
