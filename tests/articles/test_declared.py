"""What a page says about its encoding is believed where its bytes allow it."""

import pytest

from newsletter_cli.articles.declared import declared_encoding, with_declared

WORDS = "وصلت الدفعة الأولى من كتب المدرسة إلى قرى الجبل صباح الأحد، بعد تأخر دام شهرا كاملا. " * 5


def page(charset):
    return f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}"></head>{WORDS}'


@pytest.mark.parametrize(
    ("data", "encoding", "note"),
    [
        (page("windows-1256").encode("cp1256"), "windows-1256", ""),
        (page("iso-8859-1").encode(), "", ""),
        (page("windows-1256").encode(), "", ""),
        (page("utf-8").encode("cp1256"), "", ""),
        (page("nonsense").encode("cp1256"), "", ""),
        (page("utf-8").encode("utf-16"), "", ""),
    ],
)
def test_the_bytes_decide_and_the_page_helps(data, encoding, note):
    assert with_declared(data) == (data, encoding, note)


def test_the_server_is_believed_before_the_page():
    data = page("utf-8").encode("cp1256")
    assert with_declared(data, "windows-1256") == (data, "windows-1256", "")
    assert declared_encoding(data, "Windows-1256") == "cp1256"


def test_an_encoding_that_is_not_guessed_is_taken_when_the_page_names_it():
    text = '<meta charset="windows-1255"><p>ספרייה עירונית חדשה נפתחה השבוע במעלות</p>'
    made = with_declared(text.encode("cp1255"))
    assert made == (text.encode(), "utf-8", "The page was read as cp1255, as it says.")


def test_one_broken_byte_does_not_turn_a_page_of_utf_8_into_rubbish():
    data = page("utf-8").encode()
    broken = data[:-1] + b"\xd9" + data[-1:]
    made, encoding, _ = with_declared(broken)
    assert (encoding, made.decode().count("\ufffd")) == ("utf-8", 1)
