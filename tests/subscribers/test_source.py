import pytest

from newsletter_cli.errors import NotConfirmedError, RefusedError, UsageError
from newsletter_cli.subscribers.columns import Column, columns_of
from newsletter_cli.subscribers.encoding import Encoding
from newsletter_cli.subscribers.lines import Line
from newsletter_cli.subscribers.source import open_source


@pytest.fixture
def file(tmp_path):
    def make(data: bytes | str):
        path = tmp_path / "readers.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return make


def fields(columns):
    return [(column.heading, column.field) for column in columns.all]


def rows(source):
    return [row for block in source.rows() for row in block]


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        ("email,name,city", ["email", "name", "city"]),
        ("E-Mail,Full Name,CITY", ["email", "name", "city"]),
        ("البريد الإلكتروني,الاسم,المدينة,ملاحظات", ["email", "name", "city", None]),
        ("الاسم الأول,الكنية,الايميل", ["first_name", "last_name", "email"]),
        ("البَرِيد_الإلكترونيّ,اسم", ["email", "name"]),
        ("Courriel,Prénom,Nom de famille,Ville", ["email", "first_name", "last_name", "city"]),
        ("adresse électronique,nom", ["email", "name"]),
        ("email,mail", ["email", None]),
        ("email,lists,status,الوسوم,تاريخ الاشتراك", ["email", None, "status", "tags", "joined"]),
    ],
)
def test_headings_are_known_in_three_languages(headings, expected):
    columns = columns_of(headings.split(","), {}, has_address=False)
    assert [column.field for column in columns.all] == expected


def test_custom_columns_of_our_own_export_are_fields():
    ours = "email,status,lists,tags,joined,confirmed,consent,city,name,profession"
    assert columns_of(ours.split(","), {}, has_address=False).place("profession") == 9
    assert columns_of(["email", "profession"], {}, has_address=False).place("profession") is None


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (["a@example.org"], ["email"]),
        (["a@example.org", "ليلى"], ["email", "name"]),
        (["a@example.org", "ليلى", "دمشق", "x"], ["email", "name", "city", None]),
        (["ليلى", "a@example.org"], [None, "email"]),
    ],
)
def test_a_file_without_headings_is_read_by_place(first, expected):
    columns = columns_of(first, {}, has_address=True)
    assert [column.field for column in columns.all] == expected
    assert columns.all[0].heading == "column 1"


def test_a_person_may_say_what_a_column_is():
    columns = columns_of(
        ["contact", "المهنة", "name"], {"contact": "email", "المهنة": "job", "3": ""}, has_address=False
    )
    assert columns.all == (Column(0, "contact", "email"), Column(1, "المهنة", "job"), Column(2, "name", None))


@pytest.mark.parametrize(
    ("headings", "mapping", "says"),
    [
        ("contact,name", {}, "No column of the file holds the address."),
        ("email,name", {"Phone": "phone"}, "The file has no column “Phone”."),
        ("email,name", {"3": "phone"}, "The file has no column “3”."),
        ("email,name", {"name": "Full Name"}, "A field cannot be called “Full Name”."),
        ("email,name", {"email": ""}, "No column of the file holds the address."),
    ],
)
def test_columns_that_cannot_be_are_refused(headings, mapping, says):
    with pytest.raises(UsageError) as refused:
        columns_of(headings.split(","), mapping, has_address=False)
    assert (refused.value.code, refused.value.message) == ("USAGE", says)
    assert refused.value.fix


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_counted_in_the_first_line(file, delimiter):
    text = f'email{delimiter}"name, and; more"{delimiter}city\na@example.org{delimiter}A{delimiter}B\n'
    source = open_source(file(text), mapping={"2": "name"})
    assert source.delimiter == delimiter
    assert rows(source) == [Line(2, ["a@example.org", "A", "B"])]


def test_a_file_of_one_column_needs_no_delimiter(file):
    source = open_source(file("a@example.org\nb@example.org\n"))
    assert source.delimiter == ","
    assert [row.cells for row in rows(source)] == [["a@example.org"], ["b@example.org"]]


def test_lines_before_the_headings_are_passed_over(file):
    source = open_source(file("\n\nsep=;\nemail;name\n\na@example.org;A\n"))
    assert (source.delimiter, source.first, source.header) == (";", 4, 4)
    assert rows(source) == [Line(6, ["a@example.org", "A"])]


@pytest.mark.parametrize(
    ("given", "delimiter"), [("tab", "\t"), ("\\t", "\t"), (";", ";"), ("|", "|"), ("semicolon", ";")]
)
def test_a_person_may_name_the_delimiter(file, given, delimiter):
    source = open_source(file(f"email{delimiter}name\na@example.org{delimiter}A, B\n"), delimiter=given)
    assert rows(source) == [Line(2, ["a@example.org", "A, B"])]


@pytest.mark.parametrize("given", ["", "ab", "a", "@", '"'])
def test_what_stands_in_addresses_is_no_delimiter(file, given):
    with pytest.raises(UsageError, match="cannot stand between columns"):
        open_source(file("email\n"), delimiter=given)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "readers.csv is empty."),
        (b" \r\n\r\n", "readers.csv is empty."),
        (b"\xef\xbb\xbf\n", "readers.csv is empty."),
        (b"PK\x03\x04rest", "readers.csv is an Excel workbook or a ZIP archive, not a text."),
        (b"%PDF-1.7", "readers.csv is a PDF, not a text."),
        (bytes(range(1, 32)) * 40, "readers.csv is no text."),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "readers.csv is no text."),
    ],
)
def test_what_is_no_list_is_unreadable(file, data, says):
    with pytest.raises(RefusedError) as refused:
        open_source(file(data))
    assert (refused.value.code, refused.value.message) == ("UNREADABLE", says)


def test_a_file_that_is_not_there_is_not_found(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UsageError) as refused:
            open_source(path)
        assert refused.value.code == "NOT-FOUND"


def test_an_encoding_nobody_knows_is_named_with_those_that_are(file):
    with pytest.raises(UsageError) as refused:
        open_source(file("email\n"), encoding="klingon")
    assert refused.value.code == "USAGE"
    assert "windows-1256" in refused.value.fix


AMBIGUOUS = "email,name\nreader1@example.org,رنا".encode("cp1256")


def test_two_encodings_as_likely_are_an_error_that_shows_both(file):
    with pytest.raises(NotConfirmedError) as refused:
        open_source(file(AMBIGUOUS))
    assert refused.value.code == "ENCODING-AMBIGUOUS"
    assert refused.value.details["readings"]["windows-1256"] == "reader1@example.org,رنا"
    assert len(refused.value.details["readings"]) == 2


def test_a_person_chooses_between_two_encodings(file):
    path = file(AMBIGUOUS)
    for wanted in (Encoding.WINDOWS_1256, Encoding.ISO_8859_6):
        source = open_source(path, choose=lambda best, other, wanted=wanted: best if best.encoding is wanted else other)
        assert source.reading.encoding is wanted
    assert rows(open_source(path, encoding="windows-1256")) == [Line(2, ["reader1@example.org", "رنا"])]
