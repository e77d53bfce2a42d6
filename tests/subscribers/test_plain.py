"""The short way of ordinary rows and the long way of all others say the same of every row."""

import unicodedata
from datetime import UTC
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.mail.address import AddressReader
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.subscribers.candidates import Candidate, Rejected, RowReader
from newsletter_cli.subscribers.columns import columns_of
from newsletter_cli.subscribers.lines import Lines
from newsletter_cli.subscribers.plain import REMEMBERED, PlainReader

HEADINGS = ("email", "name", "city", "notes to nobody", "tags")
ADDRESSES = (
    "reader{n}@example.org",
    "Reader.{n}@Example.ORG",
    "r+{n}@gmail.com",
    "{n}@xn--mgbh0fb.example",
    "a{n}@gmial.com",
    "a..{n}@example.org",
    ".a{n}@example.org",
    "a{n}@localhost",
    "a{n}@host.test",
    "a{n}@-x.example",
    "a{n}.example.org",
    "",
    "'a{n}@example.org",
    "'=a{n}@example.org",
    " a{n}@example.org ",
    "\u200fa{n}@example.org",
    "قارئ{n}@example.org",
    "a{n}@مثال.example",
    "a{n}@ab--c.example",
    "a{n}@1.2.3.4",
    "a{n}@example.123",
    "a{n}@@example.org",
    "a {n}@example.org",
    "x" * 62 + "{n}@example.org",
    "a{n}@" + "b" * 64 + ".org",
    "a{n}@" + "c." * 120 + "org",
    "a{n}@example.org.",
    "A{n}@GMAIL.con",
    '"a {n}"@example.org',
    "a{n}@[1.2.3.4]",
    "a{n}@exa_mple.org",
    "a{n}@example..org",
)
VALUES = (
    "",
    "قارئة",
    "ليلى  حسن",
    " عمر",
    "O'Neil",
    "'tis",
    "'=1",
    "=1",
    "José",
    "Jose\u0301",
    "عمّان",
    "عمّ\u064eان",
    "آ\u0653",
    "\ufefeb",
    "a\u200fb",
    "a\tb",
    "x" * 201,
    "x" * 200,
    "می\u200cخواهم",
    "שלום",
    "a\u0085b",
    "a\u2028b",
    "\U0001f600",
    "ﷺ",
    '"quoted"',
    "a\u00a0b",
    "۱۲۳",
    "a\u0301",
    "\u0301a",
    "Ḍ\u0323",
    "\x1b[31m",
)


def long_way(columns, lines):
    reader = RowReader(columns, UTC)
    read = [reader.read(row) for row in lines.rows()]
    return sorted(read, key=where), reader.remarks, reader.rejected


def both_ways(columns, lines):
    reader = RowReader(columns, UTC)
    plain, candidates, rejected = reader.read_block(lines)
    whole = [Candidate(*row, "", "", None, None, "") for row in plain]
    return sorted([*whole, *candidates, *rejected], key=where), reader.remarks, reader.rejected, len(plain)


def where(read: Candidate | Rejected) -> int:
    return read.number if isinstance(read, Rejected) else read.line


def mixed_lines(rows: int, seed: int, delimiter: str) -> Lines:
    """Ordinary, odd and broken rows."""
    chance = Random(seed)

    def cells(n: int) -> list[str]:
        if chance.random() < 0.5:
            local, domain = (
                chance.choice(["ahmad", "Sara.m", "k_", "a-b+"]),
                f"company{chance.randrange(900)}.example.org",
            )
            return [f"{local}{n}@{domain}", chance.choice(VALUES[:9]), chance.choice(VALUES[:5]), "", ""]
        address = chance.choice(ADDRESSES).replace("{n}", str(n))
        more = [chance.choice(VALUES) if chance.random() < 0.4 else "" for _ in range(3)]
        return [address, *more, chance.choice(["", "", "", "sport", " "])][: chance.choice([1, 2, 4, 5, 5, 5, 5, 5])]

    texts = [delimiter.join(cells(n)) for n in range(rows)]
    return Lines(2, [text for text in texts if not is_broken(text)], delimiter)


def is_broken(text: str) -> bool:
    """A line that is no row by itself never gets here."""
    return text.count('"') % 2 == 1 or ('"' in text and '"a ' in text)


def compare(rows: int, seed: int, delimiter: str) -> int:
    lines = mixed_lines(rows, seed, delimiter)
    columns = columns_of(HEADINGS, {}, has_address=False)
    read, remarks, rejected = long_way(columns, lines)
    *short, plain = both_ways(columns, lines)
    assert short == [read, remarks, rejected]
    return plain


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_short_way_and_the_long_way_say_the_same_of_every_row(delimiter):
    plain = compare(2_000, 7, delimiter)
    assert plain > 250 if delimiter != "|" else plain == 0


@pytest.mark.soak
def test_they_say_the_same_of_three_hundred_thousand():
    assert compare(300_000, 20261014, ",") > 40_000


def verdict(validate, text: str) -> bool:
    try:
        validate(text)
    except (AddressProblem, ValueError):
        return False
    return True


def differing(addresses: list[str]) -> list[str]:
    """Addresses of whom email-validator and the reader with its short ways have two opinions."""
    from email_validator import validate_email

    reader, columns = AddressReader(), columns_of(("email",), {}, has_address=False)
    plain, odd = PlainReader(columns, ",", reader.ordinary_domain).read(0, addresses)
    read = {addresses[row[0]] for row in plain}
    read |= {addresses[place] for place in odd if verdict(reader.read, addresses[place])}
    theirs = {
        one
        for one in addresses
        if verdict(lambda text: validate_email(text, check_deliverability=False, strict=True, allow_smtputf8=True), one)
    }
    return sorted(read ^ theirs)


def some_addresses(rows: int, seed: int) -> list[str]:
    """Addresses as people type them and as machines break them, none with marks at its ends, which we take off."""
    chance = Random(seed)
    characters = "abcXYZ019._-+'!#$%&*/=?^`{|}~@@. \"(),:;<>[]\\éقü٣"
    made = []
    for n in range(rows):
        local = chance.choice(["ahmad", "Sara.m", "k_", "a-b+", "o'neil", "x" * chance.randint(50, 70)]) + str(n)
        domain = f"{chance.choice(['company', 'my-shop', 'X', 'xn--'])}{chance.randrange(500)}.{chance.choice(ENDINGS)}"
        text = list(f"{local}@{domain}")
        for _ in range(chance.choice([0, 0, 0, 1, 1, 2, 3])):
            at = chance.randrange(len(text) + 1)
            text[at : at + chance.randint(0, 1)] = [chance.choice(characters)]
        made.append("".join(text).strip(" "))
    return made


ENDINGS = (
    "example.org",
    "com",
    "co.uk",
    "c",
    "123",
    "invalid",
    "test",
    "io",
    "-x.org",
    "x-.org",
    "museum",
    "a1",
    "org.",
)


def test_the_verdicts_are_those_of_email_validator():
    assert differing(some_addresses(3_000, 7)) == []


@pytest.mark.soak
def test_the_verdicts_are_those_of_email_validator_three_hundred_thousand_times():
    assert differing(some_addresses(300_000, 20261014)) == []


@given(st.text(max_size=40))
@example("a@example.org")
@example("ا\u0651")
@example("ا\u0651\u064e")
def test_any_value_is_kept_as_the_long_way_keeps_it(text):
    line = Lines(1, [f"a@example.org,{text},x".replace("\n", " ").replace('"', "")], ",")
    columns = columns_of(("email", "name", "city"), {}, has_address=False)
    *short, _ = both_ways(columns, line)
    assert short == list(long_way(columns, line))


def test_what_is_remembered_has_a_limit():
    columns = columns_of(("email", "city"), {}, has_address=False)
    reader = PlainReader(columns, ",", str)
    reader.read(1, [f"a@example.org,city{n}" for n in range(REMEMBERED + 10)])
    assert len(reader._fields) == REMEMBERED
    plain, _ = reader.read(1, ["a@example.org,last"])
    assert plain == [(1, "a@example.org", "a@example.org", "example.org", "", '{"city": "last"}')]


def test_letters_that_are_kept_as_they_came_join_with_none_of_the_others():
    from newsletter_cli.subscribers.plain import _ASCII, _LETTERS, _VOWELS

    spans = [_LETTERS[at : at + 3] for at in range(0, len(_LETTERS), 3)]
    letters = [*_ASCII, *(chr(n) for a, _, b in spans for n in range(ord(a), ord(b) + 1))]
    vowels = [chr(n) for n in range(ord(_VOWELS[1]), ord(_VOWELS[3]) + 1)]
    joined = [a + b for a in letters for b in [*letters, *vowels]] + [v + a for v in vowels for a in letters]
    assert [text for text in joined if unicodedata.normalize("NFC", text) != text or not text.isprintable()] == []
