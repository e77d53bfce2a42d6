"""Word files: headings, lists, tables, links, pictures; the newest text; nothing that grows, nothing from outside."""

import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest

from newsletter_cli.articles import read_source
from newsletter_cli.articles.importing import How, Shelf, import_file
from newsletter_cli.articles.model import (
    Figure,
    Heading,
    Link,
    ListBlock,
    Paragraph,
    Picture,
    Table,
    Text,
    plain_text,
)
from newsletter_cli.errors import ConfigError, RefusedError
from newsletter_cli.newsroom import Newsroom
from tests.servers.documents import docx, paragraph, picture

PNG = b"\x89PNG\r\n\x1a\n" + bytes(30)
TEXT = "وصلت الدفعة الأولى من كتب المدرسة إلى قرى الجبل صباح الأحد، بعد تأخر دام شهرا كاملا."
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PICTURE = f'<Relationship Id="p1" Type="{OFFICE}/image" Target="media/a.png"/>'
LINK = f'<Relationship Id="l1" Type="{OFFICE}/hyperlink" Target="https://news.example/a" TargetMode="External"/>'


def read(data, **how):
    return read_source(data, name="a.docx", suffix=".docx", **how).article


def refusal(data):
    with pytest.raises(RefusedError) as refused:
        read(data)
    assert refused.value.code == "UNREADABLE"
    return refused.value.message


def test_a_document_becomes_an_article():
    table = (
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>القرية</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>الكتب</w:t></w:r></w:p>"
        "</w:tc></w:tr><w:tr><w:tc><w:p><w:r><w:t>عرنة</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>120</w:t></w:r></w:p>"
        "</w:tc></w:tr></w:tbl>"
    )
    link = '<w:hyperlink r:id="l1"><w:r><w:t>التفاصيل</w:t></w:r></w:hyperlink>'
    body = (
        paragraph("كتب المدرسة تصل إلى قرى الجبل", "T") + paragraph("الأحد ٤ تشرين الأول ٢٠٢٦") + paragraph(TEXT)
        + paragraph("ما الذي بقي", "H2") + paragraph("نص آخر ", extra=link) + table + picture("p1", "صندوق كتب")
        + paragraph("المصدر: مديرية التربية")
    )  # fmt: skip
    article = read(docx(body, {"word/media/a.png": PNG}, PICTURE + LINK))
    assert (article.title, article.date, article.direction) == (
        "كتب المدرسة تصل إلى قرى الجبل", date(2026, 10, 4), "rtl",
    )  # fmt: skip
    assert article.sources == ("مديرية التربية",)
    assert article.blocks == (
        Paragraph((Text(TEXT),)),
        Heading(2, (Text("ما الذي بقي"),)),
        Paragraph((Text("نص آخر "), Link("https://news.example/a", (Text("التفاصيل"),)))),
        Table((), (((Text("القرية"),), (Text("الكتب"),)), ((Text("عرنة"),), (Text("120"),)))),
        Figure(Picture("picture-1.png", "صندوق كتب")),
    )


def test_the_newest_text_of_tracked_changes_is_taken_and_comments_are_counted():
    changed = (
        '<w:del w:id="1" w:author="a"><w:r><w:delText>قديم</w:delText></w:r></w:del>'
        '<w:ins w:id="2" w:author="a"><w:r><w:t>جديد.</w:t></w:r></w:ins><w:r><w:commentReference w:id="0"/></w:r>'
    )
    comments = b'<w:comments xmlns:w="x"><w:comment w:id="0"><w:p/></w:comment><w:comment w:id="1"/></w:comments>'
    data = docx(paragraph("عنوان المقال", "T") + paragraph("نص ", extra=changed), {"word/comments.xml": comments})
    article = read(data)
    assert [plain_text(block.inlines) for block in article.blocks] == ["نص جديد."]
    assert "2 comments of the document left out." in article.warnings


def test_a_headline_without_a_style_is_the_first_line_and_that_is_said():
    article = read(docx(paragraph("٤ تشرين الأول ٢٠٢٦") + paragraph("كتب المدرسة تصل إلى الجبل") + paragraph(TEXT)))
    assert (article.title, article.date) == ("كتب المدرسة تصل إلى الجبل", date(2026, 10, 4))
    assert any("first line was taken as the title" in warning for warning in article.warnings)


def test_lists_are_lists():
    numbers = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    item = f"<w:p><w:pPr>{numbers}</w:pPr><w:r><w:t>بند</w:t></w:r></w:p>"
    numbering = (
        b'<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:abstractNum '
        b'w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum><w:num w:numId="1">'
        b'<w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )
    relation = f'<Relationship Id="n" Type="{OFFICE}/numbering" Target="numbering.xml"/>'
    data = docx(paragraph("عنوان المقال", "T") + item + item, {"word/numbering.xml": numbering}, relation)
    assert read(data).blocks == (ListBlock(False, ((Paragraph((Text("بند"),)),),) * 2),)


def test_pictures_are_saved_beside_the_article(tmp_path):
    (tmp_path / "room" / "articles").mkdir(parents=True)
    newsroom = Newsroom(tmp_path / "room")
    body = paragraph("عنوان المقال", "T") + paragraph(TEXT) + picture("p1", "صندوق كتب")
    (tmp_path / "a.docx").write_bytes(docx(body, {"word/media/a.png": PNG}, PICTURE))
    article = import_file(tmp_path / "a.docx", Shelf.of(newsroom), How(slug="books")).article
    assert article.blocks[-1] == Figure(Picture("books.png", "صندوق كتب"))
    assert (newsroom.articles / "undated/books.png").read_bytes() == PNG


def test_pictures_of_other_kinds_or_from_outside_are_left_out_and_that_is_said():
    outside = f'<Relationship Id="p1" Type="{OFFICE}/image" Target="file:///etc/passwd" TargetMode="External"/>'
    drawing = picture("p1", "س").replace("r:embed", "r:link")
    article = read(docx(paragraph("عنوان المقال", "T") + paragraph(TEXT) + drawing, None, outside))
    assert [type(block) for block in article.blocks] == [Paragraph]
    data = docx(paragraph("عنوان المقال", "T") + paragraph(TEXT) + picture("p1", "س"),
                {"word/media/a.png": b"EMF"}, PICTURE)  # fmt: skip
    assert "A picture of the document is left out: it is image/png, not PNG, JPEG or GIF." in read(data).warnings


def test_what_is_no_document_is_refused(tmp_path):
    assert "it is no .docx file" in refusal(b"PK\x03\x04 and nothing else")
    assert "it is no .docx file" in refusal("كلام".encode())
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    assert "there is no document in it" in refusal((tmp_path / "a.zip").read_bytes())
    assert "it is damaged" in refusal(docx("<w:p><w:r>"))
    assert "larger than 20 MB" in refusal(bytes(20 * 1024 * 1024 + 1))


@pytest.mark.parametrize("entity", ['<!DOCTYPE x [<!ENTITY a "b">]>', '<!DOCTYPE x SYSTEM "file:///etc/passwd">'])
def test_xml_with_a_document_type_is_refused(entity):
    data = docx(paragraph("عنوان المقال", "T"), {"word/footnotes.xml": entity.encode("utf-16")})
    assert "its XML declares entities" in refusal(data)


def test_a_bomb_is_refused_before_it_is_unpacked():
    assert "it would grow too large" in refusal(docx("", {"word/media/a.png": bytes(30_000_000)}))


def test_deep_nesting_is_refused_without_a_traceback():
    deep = "<w:tbl><w:tr><w:tc>" * 400 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 400
    assert "it is damaged" in refusal(docx(deep))


def test_without_the_extra_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mammoth", None)
    with pytest.raises(ConfigError) as error:
        read(docx(paragraph("عنوان", "T")))
    assert (error.value.code, error.value.fix) == ("EXTRA", 'pip install "newsletter-cli[docx]"')


@pytest.mark.parametrize("suffix", [".doc", ".odt", ".rtf"])
def test_other_documents_are_refused_with_the_way_out(suffix):
    with pytest.raises(RefusedError) as refused:
        read_source(b"x", name=f"a{suffix}", suffix=suffix)
    assert (refused.value.code, refused.value.fix) == ("UNREADABLE", "save it as .docx")


def test_the_fixtures_need_no_file():
    assert Path("a.docx").exists() is False
