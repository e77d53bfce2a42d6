"""Addresses: the fast path says what email-validator says, and says it in a sentence."""

import subprocess
import sys
import unicodedata

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter_cli.mail.address import Address, AddressReader, ascii_host, parse_address, parse_mailbox
from newsletter_cli.mail.content import Mailbox
from newsletter_cli.mail.faults import EDGES, RESERVED, TATWEEL
from newsletter_cli.mail.problems import AddressFault, AddressProblem

LOCALS = [
    "reader1", "Info", "a.b", "a..b", ".a", "a.", "قارئ", "قا.رئ", "é", "e\u0301", "a b", '"a b"', "a+b", "x" * 64,
    "x" * 65, "ا" * 64, "", "a\u200eb", "ｒｅａｄｅｒ", "a'b", "o'neil", "a@b", "ß", "İ", "-", "_", "ﬁ",
]  # fmt: skip
DOMAINS = [
    "example.org", "EXAMPLE.ORG", "mail.example.co.uk", "مثال.إختبار", "xn--mgbh0fb.com", "bücher.example", "b",
    "a.b", "x.test", "localhost", "my.local", "a-b.org", "-a.org", "a-.org", "a..org", ".org", "org.", "1.2.3.4",
    "[1.2.3.4]", "example.123", "ab--cd.org", "xn--a.org", "x" * 63 + ".org", "x" * 64 + ".org", "a_b.org", "",
    ".".join(["x" * 60] * 4) + ".org", "ｅxample.org", "example。org", "a b.org", "exa\u200dmple.org", "é.org",
]  # fmt: skip

# Half the time the whole alphabet of Unicode, half the time what addresses are made of.
local_parts = st.one_of(st.sampled_from(LOCALS), st.text(max_size=12), st.from_regex(r"[A-Za-z0-9._+'-]{1,70}"))
domain_parts = st.one_of(
    st.sampled_from(DOMAINS), st.text(max_size=12), st.from_regex(r"[A-Za-z0-9.-]{1,40}\.[a-z0-9]{1,5}", fullmatch=True)
)


def by_the_validator(text: str) -> tuple[str, str] | None:
    """(normal form, domain in A-labels), or None when it refuses."""
    try:
        found = validate_email(text, check_deliverability=False, strict=True, allow_smtputf8=True)
    except EmailNotValidError:
        return None
    return found.normalized, found.ascii_domain


def by_us(reader: AddressReader, text: str) -> tuple[str, str] | None:
    try:
        found = reader.read(text)
    except AddressProblem:
        return None
    return f"{found.local}@{found.unicode_domain}", found.domain


@settings(max_examples=600)
@given(local_parts, domain_parts)
@example("reader", "example.org\n")
@example("reader\n", "example.org")
@example("x" * 64, ".".join(["x" * 60] * 3) + ".org")
def test_verdicts_are_those_of_email_validator(local: str, domain: str) -> None:
    text = f"{local}@{domain}".strip(EDGES)
    if TATWEEL in local:
        return  # the one place where we are stricter; see below
    expected, reader = by_the_validator(text), AddressReader()
    assert by_us(reader, text) == by_us(reader, text)  # remembered domains change nothing
    found = by_us(reader, text)
    if expected is not None and found is not None:
        # It lower-cases names such as Info; delivery uses the spelling given.
        assert (found[0].casefold(), found[1]) == (expected[0].casefold(), expected[1])
    else:
        assert found == expected


def test_every_pair_of_hard_cases_has_the_validators_verdict() -> None:
    reader = AddressReader()
    different = [
        text
        for text in (f"{local}@{domain}" for local in LOCALS for domain in DOMAINS)
        if (by_us(reader, text) is None) != (by_the_validator(text.strip(EDGES)) is None)
    ]
    assert different == []


def test_reserved_names_are_those_of_the_validator() -> None:
    assert set(RESERVED) == set(SPECIAL_USE_DOMAIN_NAMES)


def test_an_address_in_all_its_forms() -> None:
    assert parse_address("\u200f Reader1@Example.ORG\u00a0") == Address(
        given="\u200f Reader1@Example.ORG\u00a0",
        local="Reader1",
        domain="example.org",
        unicode_domain="example.org",
        key="reader1@example.org",
        smtputf8=False,
        removed=("U+200F", "U+0020", "U+00A0"),
    )
    assert parse_address("قارئ@مثال.إختبار") == Address(
        given="قارئ@مثال.إختبار",
        local="قارئ",
        domain="xn--mgbh0fb.xn--kgbechtv",
        unicode_domain="مثال.إختبار",
        key="قارئ@xn--mgbh0fb.xn--kgbechtv",
        smtputf8=True,
    )


def test_a_domain_in_arabic_needs_no_smtputf8() -> None:
    found = parse_address("reader@مثال.إختبار")
    assert (found.smtputf8, found.spelling) == (False, "reader@xn--mgbh0fb.xn--kgbechtv")


@given(
    st.from_regex(r"[a-zA-Zéا-غف-ي]{1,12}", fullmatch=True),
    st.sampled_from(["مثال.إختبار", "bücher.example", "example.org"]),
)
def test_the_key_is_the_same_for_every_spelling(local: str, domain: str) -> None:
    ascii_domain = ascii_host(domain)
    spellings = [
        f"{local}@{domain}",
        f"{local.upper()}@{ascii_domain.upper()}",
        f"{unicodedata.normalize('NFD', local)}@{domain.upper()}",
    ]
    assert len({parse_address(spelling).key for spelling in spellings}) == 1


@given(st.text(EDGES, max_size=6), st.text(EDGES, max_size=6))
def test_invisible_characters_at_the_ends_are_taken_off_and_reported(before: str, after: str) -> None:
    found = parse_address(f"{before}reader1@example.org{after}")
    assert found.spelling == "reader1@example.org"
    assert found.removed == tuple(f"U+{ord(character):04X}" for character in before + after)


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("", AddressFault.EMPTY, "The address is empty."),
        (" \u200f ", AddressFault.EMPTY, "The address is empty."),
        ("reader.example.org", AddressFault.NO_AT, "“reader.example.org” has no @ sign."),
        ("reader@@example.org", AddressFault.TWO_AT, "“reader@@example.org” has two @ signs."),
        ("@example.org", AddressFault.NO_LOCAL, "“@example.org” has nothing before the @ sign."),
        ("reader@", AddressFault.NO_DOMAIN, "“reader@” has nothing after the @ sign."),
        ("rea der@example.org", AddressFault.INVISIBLE, "The address has a space inside."),
        (
            "rea\u200eder@example.org",
            AddressFault.INVISIBLE,
            "The address has an invisible character inside: U+200E (left-to-right mark).",
        ),
        (
            f"قـارئ{TATWEEL}ة@example.org",
            AddressFault.INVISIBLE,
            "The address has an invisible character inside: U+0640 (arabic tatweel).",
        ),
        (
            "a..b@example.org",
            AddressFault.LOCAL,
            "“a..b@example.org” is not an address: the part before the @ sign is not valid.",
        ),
        ("reader@example", AddressFault.DOMAIN, "“example” is not a domain that mail can go to."),
        ("reader@x.test", AddressFault.RESERVED, "“x.test” is a reserved name that cannot receive mail."),
        (
            "x" * 65 + "@example.org",
            AddressFault.TOO_LONG,
            "The address is too long: mail allows 64 characters before the @ sign and 254 bytes in all.",
        ),
        (
            "Reader <reader@example.org>",
            AddressFault.NAME,
            "“Reader <reader@example.org>” is more than an address: write only what stands between the angle brackets.",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(text: str, code: AddressFault, sentence: str) -> None:
    with pytest.raises(AddressProblem) as caught:
        parse_address(text)
    assert (caught.value.code, caught.value.sentence) == (code, sentence)


@given(st.text(max_size=30).filter(lambda text: by_us(AddressReader(), text) is None))
def test_every_refusal_is_a_sentence_without_controls(text: str) -> None:
    with pytest.raises(AddressProblem) as caught:
        parse_address(text)
    sentence = caught.value.sentence
    assert sentence.endswith(".")
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in sentence)


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("قارئ@example.org", ()),
        ("reader@ｅxample.org", ("full-width",)),
        ("аdmin@example.org", ("mixed-script",)),  # the first letter is Cyrillic
        ("山田taro@example.org", ()),
    ],
)
def test_letters_that_look_like_others_are_worth_a_look(text: str, warnings: tuple[str, ...]) -> None:
    assert parse_address(text).warnings == warnings


def test_only_so_many_domains_are_remembered() -> None:
    reader = AddressReader(limit=2)
    for number in range(5):
        assert reader.read(f"a@d{number}.example.org").domain == f"d{number}.example.org"
    assert len(reader._domains) == 2


# --- senders ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("أخبار الحقل <news@example.org>", Mailbox("أخبار الحقل", "news@example.org")),
        ('"Field, News" <news@example.org>', Mailbox("Field, News", "news@example.org")),
        ('"The \\"News\\"" <news@example.org>', Mailbox('The "News"', "news@example.org")),
        ("<news@example.org>", Mailbox("", "news@example.org")),
        ("news@example.org", Mailbox("", "news@example.org")),
        ("أخبار <news@مثال.إختبار>", Mailbox("أخبار", "news@xn--mgbh0fb.xn--kgbechtv")),
    ],
)
def test_a_sender_is_a_name_and_an_address(text: str, mailbox: Mailbox) -> None:
    assert parse_mailbox(text) == mailbox


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("News <news@example.org", AddressFault.NAME),
        ("News <a@example.org> <b@example.org>", AddressFault.NAME),
        ("News\r\nBcc: x@example.net <news@example.org>", AddressFault.NAME),
        ("News\x1b[31m <news@example.org>", AddressFault.NAME),
        ("News <news>", AddressFault.NO_AT),
        ("News <>", AddressFault.EMPTY),
        ("", AddressFault.EMPTY),
    ],
)
def test_a_sender_that_mail_cannot_carry_is_refused(text: str, code: AddressFault) -> None:
    with pytest.raises(AddressProblem) as caught:
        parse_mailbox(text)
    assert caught.value.code == code


def test_plain_addresses_load_no_validator() -> None:
    script = (
        "import sys; from newsletter_cli.mail.address import parse_address, parse_mailbox;"
        "parse_address(' Reader1@Example.org'); parse_mailbox('أخبار <news@example.org>');"
        "sys.exit('email_validator' in sys.modules or 'idna' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
