"""Tokens come back as they went, and nothing else comes back."""

import base64
import hmac

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.errors import ConfigError
from newsletter_cli.mail.links import Links
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.tokens import DELIVERIES, Keyring, Kind, Mac, Token

RING = Keyring({0: bytes(range(32)), 3: bytes(range(100, 132))}, current=3)
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"

numbers = st.one_of(
    st.tuples(st.sampled_from(sorted(DELIVERIES)), st.integers(0, 2**56 - 1), st.just(0)),
    st.tuples(st.sampled_from(sorted(set(Kind) - DELIVERIES)), st.integers(0, 2**32 - 1), st.integers(0, 2**24 - 1)),
)


@given(numbers, st.sampled_from([0, 3]))
@example((Kind.DELIVERY, 2**56 - 1, 0), 0)
@example((Kind.UNSUBSCRIBE, 2**32 - 1, 2**24 - 1), 3)
@example((Kind.UNSUBSCRIBE, 0, 0), 0)
def test_a_token_comes_back_as_it_went_also_upper_cased(what: tuple[Kind, int, int], key: int) -> None:
    kind, number, second = what
    token = RING.make(kind, number, second, key_number=key)
    assert (len(token), set(token) <= set(ALPHABET), token[-1] in "aeimquy4") == (26, True, True)
    expected = Token(kind, key, number, second)
    assert (RING.read(token, kind), RING.read(token.upper(), kind)) == (expected, expected)


@given(st.binary(max_size=64), st.binary(max_size=200))
def test_the_mac_is_hmac_sha256(key: bytes, data: bytes) -> None:
    mac = Mac(key)
    assert [mac.digest(data), mac.digest(data)] == [hmac.digest(key, data, "sha256")] * 2


@given(numbers)
def test_a_token_is_base32_of_its_payload_and_half_its_mac(what: tuple[Kind, int, int]) -> None:
    raw = base64.b32decode(RING.make(*what).upper() + "======")
    assert raw[8:] == hmac.digest(RING.keys[3], raw[:8], "sha256")[:8]
    assert RING.mint(what[0]).make(*what[1:]) == RING.make(*what)


@given(numbers, st.integers(0, 25), st.sampled_from(ALPHABET))
def test_any_changed_letter_is_refused(what: tuple[Kind, int, int], at: int, letter: str) -> None:
    token = RING.make(*what)
    changed = token[:at] + letter + token[at + 1 :]
    assert (RING.read(changed, what[0]) is None) == (changed != token)


@given(numbers)
def test_a_token_of_another_kind_is_refused(what: tuple[Kind, int, int]) -> None:
    token = RING.make(*what)
    assert [kind for kind in Kind if RING.read(token, kind)] == [what[0]]


@given(st.one_of(st.text(max_size=40), st.text(ALPHABET, min_size=26, max_size=26)))
@example("\u212a" * 26)  # the Kelvin sign becomes k in lower case
@example("")
def test_any_other_text_is_no_token(text: str) -> None:
    assert [RING.read(text, kind) for kind in Kind] == [None] * len(Kind)


def test_a_key_that_is_not_on_the_ring_is_refused() -> None:
    token = RING.make(Kind.DELIVERY, 7, key_number=0)
    assert Keyring({3: RING.keys[3]}, current=3).read(token, Kind.DELIVERY) is None
    assert Keyring({0: RING.keys[3]}, current=0).read(token, Kind.DELIVERY) is None


def test_old_keys_keep_verifying_after_a_new_one_signs() -> None:
    before = Keyring({0: RING.keys[0]}, current=0).make(Kind.UNSUBSCRIBE, 501, 42)
    assert RING.read(before, Kind.UNSUBSCRIBE) == Token(Kind.UNSUBSCRIBE, 0, 501, 42)


def test_tokens_are_the_same_on_every_machine() -> None:
    assert RING.make(Kind.DELIVERY, 70_001) == RING.make(Kind.DELIVERY, 70_001, key_number=3)
    assert RING.make(Kind.UNSUBSCRIBE, 501, 42, key_number=0) == "eaaaaapvaaacvwh6w4st6qyzqa"


@pytest.mark.parametrize(
    ("kind", "number", "second"),
    [
        (Kind.DELIVERY, 2**56, 0), (Kind.DELIVERY, -1, 0), (Kind.VIEW, 1, 1), (Kind.UNSUBSCRIBE, 2**32, 0),
        (Kind.UNSUBSCRIBE, 1, 2**24),
    ],
)  # fmt: skip
def test_numbers_that_do_not_fit_are_a_mistake(kind: Kind, number: int, second: int) -> None:
    with pytest.raises(ValueError, match="token holds"):
        RING.make(kind, number, second)


@pytest.mark.parametrize("keys", [{}, {16: bytes(32)}, {0: b"short"}])
def test_a_ring_needs_whole_keys(keys: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match="key"):
        Keyring(keys, current=min(keys, default=0))


# --- links -----------------------------------------------------------------------------------------------------

READER = Reader(email="reader1@example.org", name="", fields={}, delivery=7, subscription=501, digest=42)


def test_a_readers_links_hold_his_tokens() -> None:
    links = Links("https://news.example.org/", RING, key_number=0)
    assert links.unsubscribe(READER) == "https://news.example.org/u/" + RING.make(
        Kind.UNSUBSCRIBE, 501, 42, key_number=0
    )
    assert links.view(READER) == "https://news.example.org/v/" + RING.make(Kind.VIEW, 7, key_number=0)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://127.0.0.1:8400", "http://127.0.0.1:8400"),
        ("http://[::1]:8400/", "http://[::1]:8400"),
        ("https://News.Example.org/mail/", "https://news.example.org/mail"),
        ("https://أخبار.example.org/نشرة", "https://xn--igbicxr.example.org/%D9%86%D8%B4%D8%B1%D8%A9"),
    ],
)
def test_links_are_plain_ascii(url: str, base: str) -> None:
    assert Links(url, RING).base == base


@pytest.mark.parametrize(
    "url",
    ["", "news.example.org", "ftp://example.org", "https://", "https://a@example.org", "https://example.org/?a=1",
     "https://example.org/#x", "https://exa mple.org", "javascript:alert(1)", "https://example.org:port"],
)  # fmt: skip
def test_links_are_never_built_from_half_an_address(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Links(url, RING)
    assert caught.value.code == "CONFIG-VALUE"
