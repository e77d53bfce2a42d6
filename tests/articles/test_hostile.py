"""Files that mean harm: they are refused or become words; nothing is opened, fetched or run because of them."""

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.articles import read_source, to_markdown
from newsletter_cli.articles.html_article import read_html
from newsletter_cli.articles.model import Paragraph, plain_text
from newsletter_cli.articles.reading import read_article
from newsletter_cli.errors import RefusedError
from tests.servers.documents import docx, paragraph

ROOT = Path(__file__).parent.parent.parent
TEXT = "وصلت الدفعة الأولى من كتب المدرسة إلى قرى الجبل صباح الأحد، بعد تأخر دام شهرا كاملا."
PAGE = (
    "<html><head><meta property='og:title' content='عنوان المقال'></head><body><nav>قائمة</nav>"
    f"<h1>عنوان المقال</h1><p>{TEXT}</p>"
)


def article_of(html, suffix=".html"):
    return read_source(html.encode(), name="a", suffix=suffix).article


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".docx"])
def test_a_file_of_50_mb_is_refused_before_it_is_read(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError, match=r"larger than \d+ MB"):
            read_article(path, root=tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "bomb",
    ["<div>" * 100_000, "<b>" * 100_000, "<table><tr><td>" * 30_000, "<form>" * 20_000,
     "<p title='" + "x" * 2_000_000 + "'>",
     "&amp;" * 50_000, "<ul><li>" * 40_000],
    ids=lambda bomb: bomb[:12],
)  # fmt: skip
def test_an_html_bomb_leaves_the_article(bomb):
    article = article_of(PAGE + bomb + "نص")
    assert (article.title, TEXT in to_markdown(article)) == ("عنوان المقال", True)


def test_a_page_of_too_many_tags_is_refused():
    with pytest.raises(RefusedError, match="more than 30,000 tags"):
        article_of(PAGE + "<p>نص" * 40_000)


def test_entities_of_a_document_type_are_not_expanded():
    lol = '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    assert "root:" not in to_markdown(article_of(lol + PAGE + "<p>&b; &c;</p>"))


HARM = """<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example">
<style>@import url(file:///etc/passwd);</style><link rel="stylesheet" href="file:///etc/passwd">
<svg onload="alert(1)"><text>x</text></svg><a href="vbscript:x">ا</a><a href="data:text/html,x">ب</a>
<a href="java&#10;script:alert(1)">ت</a><img src="file:///etc/passwd"><img src="//evil.example/pixel.gif">
<div style="background:url(javascript:x)" onclick="alert(1)">ث</div>
<p>{{ 7*7 }} {% include "x" %} [[ unsubscribe ]] %%x%% \u202eمقلوب\u202c</p>"""


def test_harm_becomes_words_and_markers_stay_as_written():
    markdown = to_markdown(article_of(PAGE + HARM)).replace("\\", "")
    for gone in ("evil", "import", "script:", "data:", "file:", "alert", "refresh", "\u202e", "background"):
        assert gone not in markdown
    for kept in ("{{ 7*7 }}", '{% include "x" %}', "[[ unsubscribe ]]", "%%x%%", "مقلوب"):
        assert kept in markdown


WATCHED = """
import json, sys
from newsletter_cli.articles import read_source, to_markdown
from newsletter_cli.articles.importing import How, Shelf, import_any
from newsletter_cli.newsroom import Newsroom
from pathlib import Path

desk, room = Path(sys.argv[1]), Path(sys.argv[2])
allowed = tuple(str(Path(each).resolve()) for each in (desk, room, sys.prefix, sys.base_prefix, sys.argv[3]))
seen = []

def watch(event, arguments):
    if event.startswith("socket.") or event in ("subprocess.Popen", "os.system", "os.exec"):
        seen.append([event, repr(arguments)])
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        path = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        if not str(Path(path).resolve()).startswith(allowed):
            seen.append([event, path])

sys.addaudithook(watch)
done = []
shelf = Shelf.of(Newsroom(room))
for path in sorted(desk.iterdir()):
    arrivals = import_any(path.read_bytes(), path.name, path.suffix, shelf, How(), folder=desk)
    done += [one.article.title for one in arrivals.done]
print(json.dumps({"seen": seen, "done": done}))
"""


def test_importing_local_files_opens_no_socket_and_no_file_outside(tmp_path):
    desk, room = tmp_path / "desk", tmp_path / "room"
    (room / "articles").mkdir(parents=True)
    desk.mkdir()
    (desk / "a.html").write_text(PAGE + HARM + "<p>" + TEXT * 3, encoding="utf-8")
    (desk / "b.docx").write_bytes(docx(paragraph("عنوان الوثيقة", "T") + paragraph(TEXT)))
    item = f"<item><title>عنوان الخبر</title><link>https://evil.example/1</link><description><![CDATA[{HARM}]]></description></item>"
    (desk / "c.xml").write_text(f"<rss version='2.0'><channel>{item}</channel></rss>", encoding="utf-8")
    (desk / "d.md").write_text(
        f"---\ntitle: عنوان آخر\n---\n{TEXT}\n\n![x](/etc/passwd) ![y](../../../etc/passwd)\n", encoding="utf-8"
    )
    command = [sys.executable, "-c", WATCHED, str(desk), str(room), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {"seen": [], "done": ["عنوان المقال", "عنوان الوثيقة", "عنوان الخبر", "عنوان آخر"]}


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("title: أ\ntags: &a [x]\nsource: *a", r"aliases \(\*name\) are not allowed here"),
        ("title: أ\ntitle: ب", "the key “title” stands here twice"),
        ("title: أ\nالعنوان: ب", "gives the title a second time"),
        ("x: " + "y" * 70_000, "longer than 64 KB"),
        ("title: أ\nx: " + "[" * 20 + "]" * 20, "nested too deep"),
    ],
)
def test_front_matter_that_cannot_be_meant_is_refused_with_its_line(head, says):
    with pytest.raises(RefusedError, match=says) as refused:
        article_of(f"---\n{head}\n---\n{TEXT}\n", ".md")
    assert refused.value.code == "UNREADABLE"


@pytest.mark.parametrize(
    ("head", "warning"),
    [
        ("titel: x", "Line 3: unknown key “titel”, did you mean “title”?"),
        ("weight: heavy", "Line 3: weight is a whole number; it was left out."),
        ("date: [2026, 10]", "Line 3: date is one text; the first of its values was taken."),
        ("draft: maybe", "Line 3: draft is yes or no; it was taken as yes, so that nothing goes out by accident."),
        ("url: javascript:x", "Line 3: The link “javascript:x” is left out: javascript: is not one of https, http."),
        ("image: ../../etc/passwd\nlanguage: 7", "Line 4: “7” is no language; write ar, fa, he, ur, en or fr."),
        ("title: عنوان المقال\nsource: {a: {b: c}}", None),
    ],
)
def test_front_matter_of_wrong_types_is_a_warning_with_its_line(head, warning):
    title = "" if head.startswith("title") else "title: عنوان المقال\n"
    article = article_of(f"---\n{title}{head}\n---\n{TEXT}\n", ".md")
    assert article.title == "عنوان المقال"
    assert warning is None or warning in article.warnings


@pytest.mark.parametrize("sign", ["&#7;", "&#x0;", "&#00011", "&#xFFFF;", "&#127;", "&#x1b;"])
def test_references_to_what_no_text_may_hold_are_gone(sign):
    html = f"<h1>عنوان القصة اليوم</h1><p>{sign}<style></style>&lt;b&gt; نص المقال الأول هنا، وهو فقرة كاملة.</p>"
    blocks = read_html(html).article.blocks
    assert [plain_text(one.inlines) for one in blocks if isinstance(one, Paragraph)] == [
        "<b> نص المقال الأول هنا، وهو فقرة كاملة."
    ]


@given(st.integers(0, 0x110000), st.sampled_from(["&#{};", "&#{}", "&#x{:x};", "&#x{:X}"]))
def test_any_reference_is_read_or_refused(number, form):
    html = f"<h1>عنوان القصة اليوم</h1><div>{form.format(number)}<style></style>نص</div><p>فقرة من المقال تكفي.</p>"
    assert "فقرة من المقال تكفي." in str(read_html(html).article)


def test_a_tag_of_a_hundred_thousand_attributes_is_refused_at_once():
    attributes = " ".join(f'a{n}="x"' for n in range(100_000))
    with pytest.raises(RefusedError, match="too many attributes"):
        read_html(f"<h1>عنوان القصة اليوم</h1><p {attributes}>نص</p>")
