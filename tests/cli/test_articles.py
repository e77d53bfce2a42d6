"""newsletter articles, as a person and a script see it."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter_cli.cli import articles
from tests.servers.documents import docx, paragraph, picture

SEED = Path(__file__).parent.parent / "golden" / "articles" / "01-seed.txt"
UNTITLED = "فقرة تنتهي بنقطة ولا عنوان فوقها في هذا الملف.\n"
SLUG = "mrkz-abhath-rusi-nshat-lilastkhbarat-al"


@pytest.fixture
def room(tmp_path) -> Path:
    config = '[newsroom]\nname = "أخبار الحقل"\nlanguage = "ar"\n[sender]\nfrom = "x <news@example.org>"\n'
    (tmp_path / "newsletter.toml").write_text(config, encoding="utf-8")
    (tmp_path / "page.txt").write_bytes(SEED.read_bytes())
    return tmp_path


@pytest.fixture
def newsletter(run_command, room) -> Callable:
    by_name = {"import": articles.import_, "list": articles.list_}

    def run(verb, *argv, **how):
        return run_command(by_name.get(verb) or getattr(articles, verb), *argv, cwd=room, **how)

    return run


@pytest.fixture
def document(newsletter) -> Callable:
    def run(verb, *argv, exit=0, **how):
        ran = newsletter(verb, *argv, "--json", **how)
        assert ran.exit == exit, ran.stdout + ran.stderr
        return json.loads(ran.stdout)

    return run


# --- import ----------------------------------------------------------------------------------------------------


def test_the_seed_page_is_imported_with_all_that_is_in_it(document, room):
    told = document("import", "page.txt")
    assert told["schema"] == "newsletter.articles.import/1"
    assert (told["failed"], told["exit"]) == ([], 0)
    (article,) = told["articles"]
    assert {key: article[key] for key in ("slug", "path", "date", "calendar", "kicker", "author", "paragraphs")} == {
        "slug": SLUG,
        "path": f"articles/2024/04/{SLUG}.md",
        "date": "2024-04-27",
        "calendar": "gregory",
        "kicker": "استخبارات أذرية",
        "author": None,
        "paragraphs": 6,
    }
    assert article["captions"] == ["هتش"]
    assert article["related"] == [
        {"title": "ضمن سلسلة انتهاكاته.. قضاء هتش يعتقل ناشطاً إعلامياً ويحكم بسجنه 9 أشهر", "url": None}
    ]
    assert (article["source"], article["language"], article["direction"]) == ("ليفانت- العربية نت", "ar", "rtl")
    assert (len(article["dropped"]), article["warnings"]) == (4, [])
    assert (room / article["path"]).is_file()


def test_the_same_file_again_makes_no_second_article(document, room):
    first, second = document("import", "page.txt"), document("import", "page.txt")
    assert second["articles"][0]["path"] == first["articles"][0]["path"]
    assert second["articles"][0]["already"] is True
    assert len(list((room / "articles").rglob("*.md"))) == 1


def test_a_dry_run_shows_every_line_with_its_role_and_writes_nothing(newsletter, document, room):
    ran = newsletter("import", "-n", "page.txt")
    rows = [line.split() for line in ran.stdout.splitlines()]
    assert ["kicker", "7", "0.60", "?", "استخبارات", "أذرية"] in rows
    assert ["source", "33", "0.60", "?", "ليفانت-", "العربية", "نت"] in rows
    assert ran.stderr.endswith("Dry run: nothing was changed.\n")
    told = document("import", "--dry-run", "page.txt")
    assert [(one["line"], one["role"]) for one in told["articles"][0]["roles"]][:4] == [
        (1, "dark-mode"), (2, "date"), (3, "logo"), (4, "headline"),
    ]  # fmt: skip
    assert not (room / "articles").exists()


def test_one_bad_file_is_named_and_the_others_go_in(document, newsletter, room):
    (room / "empty.txt").write_text("")
    (room / "untitled.txt").write_text(UNTITLED, encoding="utf-8")
    (room / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00")
    told = document("import", "empty.txt", "page.txt", "untitled.txt", "picture.txt", "none.txt", exit=5)
    assert [(one["file"], one["code"]) for one in told["failed"]] == [
        ("empty.txt", "UNREADABLE"),
        ("untitled.txt", "NO-TITLE"),
        ("picture.txt", "UNREADABLE"),
        ("none.txt", "UNREADABLE"),
    ]
    assert [one["slug"] for one in told["articles"]] == [SLUG]
    ran = newsletter("import", "empty.txt", "page.txt")
    assert ran.exit == 5
    assert "✗ empty.txt   UNREADABLE   empty.txt is empty." in ran.stderr


def test_when_nothing_goes_in_it_is_an_error(document, newsletter, room):
    (room / "untitled.txt").write_text(UNTITLED, encoding="utf-8")
    told = document("import", "untitled.txt", exit=5)
    assert told["schema"] == "newsletter.error/1"
    assert (told["error"]["code"], told["error"]["fix"]) == ("NO-TITLE", "give one with --title")
    assert "Nothing was sent." in newsletter("import", "untitled.txt").stderr
    assert not (room / "articles").exists()


def test_flags_overrule_what_was_read(document, room):
    (room / "untitled.txt").write_text(UNTITLED, encoding="utf-8")
    told = document(
        "import", "untitled.txt", "--title", "عنوان المقال", "--date", "٢٧ نيسان ٢٠٢٤", "--kicker", "وسم",
        "--author", "سلمى", "--source", "وكالة", "--url", "https://news.example/a",
        "--set", "tags=أ، ب", "--slug", "mine",
    )  # fmt: skip
    (article,) = told["articles"]
    assert article["path"] == "articles/2024/04/mine.md"
    shown = [article[key] for key in ("title", "date", "kicker", "author", "source", "url", "tags", "warnings")]
    assert shown == ["عنوان المقال", "2024-04-27", "وسم", "سلمى", "وكالة", "https://news.example/a", ["أ", "ب"], []]


@pytest.mark.parametrize(
    "argv",
    [
        ("page.txt", "page.txt", "--title", "x"),
        (".", "--title", "x"),
        ("page.txt", "--date", "27/4/24"),
        ("page.txt", "--url", "javascript:x"),
        ("page.txt", "--title", " "),
        ("page.txt", "--set", "mood=calm"),
        ("page.txt", "--image", "none.png"),
        ("page.txt", "--slug", "قمح"),
        (),
    ],
)
def test_a_command_that_cannot_be_meant_is_a_usage_error(document, argv, room):
    assert document("import", *argv, exit=2)["error"]["exit"] == 2
    assert not (room / "articles").exists()


def test_what_cannot_be_read_says_what_can(document, room):
    (room / "a.docx").write_bytes(b"PK\x03\x04")
    (room / "a.odt").write_bytes(b"PK\x03\x04")
    words = ("a.docx", "a.odt", "http://news.example/a", "https://127.0.0.1/a")
    told = document("import", *words, exit=5)
    messages = [(one["file"], one["message"]) for one in told["error"]["details"]["failed"]]
    assert messages == [
        ("a.docx", "a.docx cannot be read: it is no .docx file."),
        ("a.odt", "a.odt: files of the kind .odt are not read; .md, .txt, .html and .docx are."),
        (
            "http://news.example/a",
            "http://news.example/a was not fetched: only https is fetched, for http can be changed on its way.",
        ),
        ("https://127.0.0.1/a", "https://127.0.0.1/a was not fetched: its host is an IP address."),
    ]


def test_a_feed_gives_its_new_entries_and_the_others_are_counted(newsletter, document, room):
    entry = "<item><title>عنوان {n}</title><guid>{n}</guid><pubDate>{n} Oct 2026 08:00:00 GMT</pubDate>{text}</item>"
    text = "<description>نص المقال كله هنا.</description>"
    items = entry.format(n="10", text=text) + entry.format(n="12", text=text) + entry.format(n="13", text="")
    (room / "feed.xml").write_text(f"<rss version='2.0'><channel>{items}</channel></rss>", encoding="utf-8")
    told = document("import", "feed.xml", "--since", "2026-10-12", exit=5)
    assert [(one["title"], one["date"]) for one in told["articles"]] == [("عنوان 12", "2026-10-12")]
    assert [(one["file"], one["code"]) for one in told["failed"]] == [("feed.xml: عنوان 13", "NO-BODY")]
    assert document("import", "feed.xml", "--since", "2026-10-14")["articles"] == []
    assert document("import", "feed.xml", "--since", "soon", exit=2)["error"]["code"] == "USAGE"


def test_a_word_file_goes_in_with_its_picture(document, room):
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    data = docx(
        paragraph("كتب المدرسة تصل إلى الجبل", "T") + paragraph("نص المقال كله هنا.") + picture("p1", "صندوق"),
        {"word/media/a.png": b"\x89PNG\r\n\x1a\n"},
        f'<Relationship Id="p1" Type="{relation}" Target="media/a.png"/>',
    )
    (room / "a.docx").write_bytes(data)
    told = document("import", "a.docx", "--slug", "books", "--date", "2026-10-12")["articles"][0]
    assert (told["title"], told["path"]) == ("كتب المدرسة تصل إلى الجبل", "articles/2026/10/books.md")
    assert (room / "articles/2026/10/books.png").read_bytes().startswith(b"\x89PNG")
    assert document("import", "a.docx")["articles"][0]["already"]
    assert document("show", "a.docx", "--roles")["roles"][0]["role"] == "title"


def test_standard_input_and_folders_are_read(document, room):
    (room / "desk").mkdir()
    (room / "desk" / "a.txt").write_bytes(SEED.read_bytes() + "\nسطر أخير.\n".encode())
    assert document("import", "-", typed=SEED.read_text(encoding="utf-8"))["articles"][0]["file"] == "standard input"
    assert [one["file"] for one in document("import", "desk")["articles"]] == ["desk/a.txt"]


def test_an_encoding_in_doubt_is_asked_about_at_a_terminal_only(newsletter, document, room):
    page = "---\ntitle: x\n---\nمها"
    (room / "a.md").write_bytes(page.encode("cp1256"))
    told = document("import", "a.md", exit=3)
    assert told["error"]["code"] == "ENCODING-AMBIGUOUS"
    assert told["error"]["details"]["encodings"] == ["windows-1256", "iso-8859-6"]
    ran = newsletter("import", "a.md", terminal=True, typed="2\n")
    assert (ran.exit, "windows-1256  مها" in ran.stderr) == (0, True)
    assert "كما" in next((room / "articles").rglob("*.md")).read_text(encoding="utf-8")


def test_misread_letters_are_repaired_only_when_somebody_says_yes(newsletter, room):
    (room / "b.txt").write_bytes(SEED.read_text(encoding="utf-8").encode().decode("cp1256").encode())
    newsletter("import", "b.txt", terminal=True, typed="y\n")
    assert "مركز أبحاث روسي" in next((room / "articles").rglob("*.md")).read_text(encoding="utf-8")


def test_a_title_cannot_change_the_screen(newsletter, room):
    (room / "a.md").write_text('---\ntitle: "[red]x\\e[31m\\u202Ey"\ndate: 2026-10-12\n---\nنص', encoding="utf-8")
    ran = newsletter("import", "a.md")
    assert ran.exit == 0
    assert "\x1b" not in ran.stdout + ran.stderr
    assert "\u202e" not in ran.stdout + ran.stderr
    assert "[red]x[31my" in ran.stdout


# --- the others ------------------------------------------------------------------------------------------------


def test_a_new_article_is_a_draft_of_today(document, newsletter, room):
    told = document("new", "عام دراسي بلا كتب")
    assert (told["slug"], told["path"], told["date"]) == (
        "aam-drasi-bla-ktb", "articles/2026/10/aam-drasi-bla-ktb.md", "2026-10-14",
    )  # fmt: skip
    assert "draft: true" in (room / told["path"]).read_text(encoding="utf-8")
    assert document("new", "عام دراسي بلا كتب")["slug"] == "aam-drasi-bla-ktb-2"
    assert newsletter("new", " ").exit == 2
    assert newsletter("new", "x", "--slug", "aam-drasi-bla-ktb").exit == 2
    assert newsletter("new", "عنوان", "-n").exit == 0
    assert len(list((room / "articles").rglob("*.md"))) == 2


def test_articles_are_listed_newest_first_with_arabic_last(document, newsletter, room):
    assert document("list")["articles"] == []
    newsletter("import", "page.txt")
    newsletter("new", "مقال جديد")
    (room / "articles" / "bad.md").write_text("")
    told = document("list")
    assert [one["slug"] for one in told["articles"]] == ["mqal-jdid", SLUG]
    assert [one["code"] for one in told["failed"]] == ["UNREADABLE"]
    ran = newsletter("list")
    assert ran.stdout.splitlines()[2].split()[:4] == [SLUG, "2024-04-27", "293", "no"]
    assert ran.stdout.splitlines()[2].endswith("تركيا")
    assert "articles/bad.md" in ran.stderr
    assert newsletter("list", "--format", "csv").stdout.startswith("slug,date,words,image,draft,path,language,title\n")


def test_an_article_or_a_file_is_shown_with_the_roles_of_its_lines(document, newsletter, room):
    document("import", "page.txt", "--slug", "seed")
    assert document("show", "seed")["slug"] == "seed"
    told = document("show", "page.txt", "--roles")
    assert (told["slug"], len(told["roles"])) == (None, 17)
    found = Counter(one["role"] for one in document("show", "seed", "--roles")["roles"])
    assert found == {"front-matter": 10, "paragraph": 6, "caption": 1, "related": 2}
    assert "title   مركز أبحاث روسي" in newsletter("show", "seed").stdout
    near = document("show", "sede", exit=2)
    assert near["error"]["message"] == "There is no article “sede”. Did you mean “seed”?"


def test_a_check_names_file_line_and_code(document, newsletter, room):
    document("import", "page.txt", "--slug", "seed")
    assert document("check")["counts"] == {"error": 0, "warning": 0}
    (room / "articles" / "w.md").write_text("---\ntitle: عنوان\nautor: x\n---\nنص\n\n![](https://news.example/a.png)\n")
    (room / "articles" / "bad.md").write_text("---\na: 1\na: 2\n---\n")
    told = document("check", exit=5)
    assert [(one["code"], one["file"], one["line"]) for one in told["results"]] == [
        ("UNREADABLE", "articles/bad.md", None),
        ("I101", "articles/w.md", 7),
        ("READ", "articles/w.md", None),
        ("READ", "articles/w.md", 3),
    ]
    assert document("check", "seed")["articles"] == ["seed"]
    assert document("check", "bad", exit=5)["counts"]["error"] == 1
    assert newsletter("check", "nothing").exit == 2
    ran = newsletter("check", "w")
    assert ran.stdout.splitlines()[0].startswith("articles/w.md:7   error   I101   Image has no description.")
    assert ran.stdout.splitlines()[-1] == "1 error, 2 warnings"
