"""Files become articles of the newsroom: once, in their month, with their pictures, and never at another's cost."""

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter_cli.articles import read_article
from newsletter_cli.articles.importing import How, Shelf, files_in, import_bytes, import_file, override_values
from newsletter_cli.errors import RefusedError, UsageError
from newsletter_cli.newsroom import Newsroom

PAGE = """السبت ٢٧ / أبريل / ٢٠٢٤
• مزارعو الساحل يبدؤون قطاف الزيتون
مزارعو الساحل يبدؤون قطاف الزيتون
زراعة

قالت مديرية الزراعة إن موسم القطاف بدأ في مواعيده المعتادة، وإن الإنتاج جيد هذا العام.
"""
SLUG = "mzaraw-al-sahl-ybdwwn-qtaf-al-zytun"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def newsroom(tmp_path) -> Newsroom:
    (tmp_path / "room" / "articles").mkdir(parents=True)
    return Newsroom(tmp_path / "room")


@pytest.fixture
def shelf(newsroom) -> Shelf:
    return Shelf.of(newsroom)


@pytest.fixture
def desk(tmp_path) -> Path:
    """A folder of files from elsewhere."""
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "page.txt").write_text(PAGE, encoding="utf-8")
    return tmp_path / "desk"


def files_of(newsroom: Newsroom) -> list[str]:
    return sorted(
        path.relative_to(newsroom.articles).as_posix() for path in newsroom.articles.rglob("*") if path.is_file()
    )


def test_an_article_goes_into_its_month_and_reads_back_as_it_was(newsroom, shelf, desk):
    imported = import_file(desk / "page.txt", shelf, How())
    assert files_of(newsroom) == [f"2024/04/{imported.article.slug}.md"]
    read = read_article(imported.article.path, root=newsroom.root)
    assert replace(read, lines={}, warnings=()) == replace(imported.article, lines={}, warnings=(), extras=())


def test_without_a_date_it_waits_among_the_undated(newsroom, shelf, desk):
    (desk / "page.txt").write_text(PAGE.split("\n", 1)[1], encoding="utf-8")
    imported = import_file(desk / "page.txt", shelf, How())
    assert files_of(newsroom) == [f"undated/{imported.article.slug}.md"]
    assert "No date was found; give one with --date." in imported.warnings


def test_a_dry_run_writes_nothing_and_answers_the_same(newsroom, shelf, desk):
    planned = import_file(desk / "page.txt", Shelf.of(newsroom), How(dry_run=True))
    assert files_of(newsroom) == []
    assert planned == import_file(desk / "page.txt", shelf, How())


def test_the_same_bytes_make_no_second_file(newsroom, shelf, desk):
    first = import_file(desk / "page.txt", shelf, How())
    for again in (
        import_file(desk / "page.txt", shelf, How()),
        import_file(desk / "page.txt", Shelf.of(newsroom), How()),
    ):
        assert again.already
        assert again.article.path == first.article.path
    assert len(files_of(newsroom)) == 1


def test_other_bytes_with_the_same_title_get_the_next_number(newsroom, shelf, desk):
    first = import_file(desk / "page.txt", shelf, How())
    second = import_bytes((PAGE + "\nالمصدر: آخر\n").encode(), "x", ".txt", shelf, How())
    assert second.article.slug == first.article.slug + "-2"


def test_flags_overrule_the_file_and_a_title_pushed_aside_is_said(newsroom, shelf, desk):
    overrides = override_values({"title": "عنوان آخر", "date": "2026-10-12"}, ("tags=أ، ب", "الكاتب=سلمى"))
    imported = import_file(desk / "page.txt", shelf, How(overrides=overrides, slug="olives"))
    article = imported.article
    assert (article.title, article.slug, article.tags, article.author) == ("عنوان آخر", "olives", ("أ", "ب"), "سلمى")
    assert files_of(newsroom) == ["2026/10/olives.md"]
    assert "The title given stands in place of “مزارعو الساحل يبدؤون قطاف الزيتون” (line 3)." in imported.warnings


def test_flags_on_a_second_import_change_the_article_and_keep_an_editors_work(newsroom, shelf, desk):
    path = import_file(desk / "page.txt", shelf, How()).article.path
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("title:", "mood: calm\ntitle:").replace("جيد هذا", "وفير هذا"), encoding="utf-8")
    again = import_file(desk / "page.txt", Shelf.of(newsroom), How(overrides=override_values({"kicker": "حقل"}, ())))
    written = path.read_text(encoding="utf-8")
    assert again.already
    assert "kicker: حقل" in written
    assert "وفير هذا" in written
    assert "mood: calm" in written


def test_a_date_given_later_moves_an_undated_article_into_its_month(newsroom, shelf, desk):
    (desk / "page.txt").write_text(PAGE.split("\n", 1)[1], encoding="utf-8")
    slug = import_file(desk / "page.txt", shelf, How()).article.slug
    import_file(desk / "page.txt", shelf, How(overrides=override_values({"date": "2026-10-12"}, ())))
    assert files_of(newsroom) == [f"2026/10/{slug}.md"]


@pytest.mark.parametrize("slug", ["UPPER", "قمح", "2026", "-a", "a" * 65, "a/b"])
def test_a_slug_that_cannot_name_an_article_is_refused(shelf, desk, slug):
    with pytest.raises(UsageError):
        import_file(desk / "page.txt", shelf, How(slug=slug))


def test_a_slug_that_is_taken_is_refused_and_nothing_is_written(newsroom, shelf, desk):
    import_file(desk / "page.txt", shelf, How(slug="olives"))
    with pytest.raises(UsageError, match=r"taken by articles/2024/04/olives\.md"):
        import_bytes((PAGE + "x.").encode(), "y", ".txt", shelf, How(slug="olives"))
    assert files_of(newsroom) == ["2024/04/olives.md"]


def test_pictures_are_copied_beside_the_article_under_its_name(newsroom, shelf, desk):
    (desk / "pics").mkdir()
    (desk / "pics" / "شجرة 1.png").write_bytes(PNG)
    (desk / "b.gif").write_bytes(b"GIF89a" + bytes(9))
    head = "---\ntitle: عنوان\ndate: 2026-10-12\nimage: pics/شجرة 1.png\n---\n"
    text = head + "نص\n\n![وصف](b.gif)\n\n![وصف](<pics/شجرة 1.png>)\n"
    (desk / "a.md").write_text(text, encoding="utf-8")
    article = import_file(desk / "a.md", shelf, How(slug="tree")).article
    assert files_of(newsroom) == ["2026/10/tree.gif", "2026/10/tree.md", "2026/10/tree.png"]
    assert article.image.source == "tree.png"
    assert [block.picture.source for block in article.blocks[1:]] == ["tree.gif", "tree.png"]


def test_a_picture_given_beside_the_file_may_lie_anywhere(newsroom, shelf, desk, tmp_path):
    (tmp_path / "photo.png").write_bytes(PNG)
    how = How(
        overrides=override_values({"image": "photo.png"}, ("image_alt=شجرة",)),
        image=tmp_path / "photo.png",
        slug="tree",
    )
    article = import_file(desk / "page.txt", shelf, how).article
    assert (article.image.source, article.image.alt) == ("tree.png", "شجرة")
    assert (newsroom.articles / "2024/04/tree.png").read_bytes() == PNG


@pytest.mark.parametrize("source", ["../secret.png", "none.png", "words.png"])
def test_a_picture_from_outside_the_files_folder_or_of_no_known_kind_is_not_copied(newsroom, shelf, desk, source):
    (desk.parent / "secret.png").write_bytes(PNG)
    (desk / "words.png").write_text("words", encoding="utf-8")
    (desk / "a.md").write_text(f"---\ntitle: عنوان\n---\nنص\n\n![وصف]({source})\n", encoding="utf-8")
    imported = import_file(desk / "a.md", shelf, How(slug="tree"))
    assert files_of(newsroom) == ["undated/tree.md"]
    assert any(source in warning for warning in imported.warnings)


def test_a_file_that_is_refused_leaves_nothing_behind(newsroom, shelf, desk):
    (desk / "bad.txt").write_text("فقرة تنتهي بنقطة ولا عنوان فوقها في هذا الملف.", encoding="utf-8")
    with pytest.raises(RefusedError):
        import_file(desk / "bad.txt", shelf, How())
    assert files_of(newsroom) == []


def test_an_article_of_the_newsroom_is_not_imported_a_second_time(newsroom, shelf, desk):
    path = import_file(desk / "page.txt", shelf, How()).article.path
    again = import_file(path, shelf, How())
    assert (again.already, len(files_of(newsroom))) == (True, 1)


def test_misread_letters_are_repaired_when_a_person_says_so(newsroom, shelf):
    garbled = PAGE.encode().decode("cp1256").encode()
    offered = import_bytes(
        garbled, "x", ".txt", Shelf.of(newsroom), How(dry_run=True, overrides=override_values({"title": "ع"}, ()))
    )
    assert offered.repair == PAGE
    repaired = import_bytes(garbled, "x", ".txt", shelf, How(repair=True))
    assert repaired.article.title == "مزارعو الساحل يبدؤون قطاف الزيتون"


@pytest.mark.parametrize("text", ["nothing", "unknown=x", "=x"])
def test_an_unknown_field_is_a_usage_error(text):
    with pytest.raises(UsageError):
        override_values({}, (text,))


def test_a_folder_gives_its_article_files_and_other_documents_in_order(desk):
    for name in ("b.md", "a.html", "c.docx", "d.png", ".hidden.md"):
        (desk / name).write_bytes(b"x")
    assert [path.name for path in files_in(desk)] == ["a.html", "b.md", "c.docx", "page.txt"]
    (desk / "empty").mkdir()
    with pytest.raises(RefusedError, match="no article file"):
        list(files_in(desk / "empty"))
