"""Slips of the finger on well-known domains are seen; real domains are left alone."""

import pytest

from newsletter_cli.mail.mistyped import _PROVIDERS, _REAL, likely_mistyped


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"), ("gmai.com", "gmail.com"), ("gmaill.com", "gmail.com"), ("gnail.com", "gmail.com"),
        ("GMAIL.CON", "gmail.com"), ("gmail.co", "gmail.com"), ("gmail.comm", "gmail.com"), ("gmial.con", "gmail.com"),
        ("hotmial.com", "hotmail.com"), ("hotnail.com", "hotmail.com"), ("hotmai.fr", "hotmail.fr"),
        ("yahooo.com", "yahoo.com"), ("yhaoo.com", "yahoo.com"), ("outlok.com", "outlook.com"),
        ("outlook.con", "outlook.com"), ("icluod.com", "icloud.com"), ("iclould.com", None),
    ],
)  # fmt: skip
def test_a_slip_names_what_was_meant(typed: str, meant: str | None) -> None:
    assert likely_mistyped(typed) == meant


@pytest.mark.parametrize(
    "domain",
    ["example.org", "mail.com", "email.com", "ymail.com", "gmx.com", "fmail.com", "yahoo.gr", "hotmail.co", "mail.ru",
     "proton.me", "live.com", "مثال.إختبار", "com", "", "gmail", *_REAL,
     *(f"{name}.{ending}" for name, endings in _PROVIDERS.items() for ending in endings)],
)  # fmt: skip
def test_a_real_domain_is_left_alone(domain: str) -> None:
    assert likely_mistyped(domain) is None
