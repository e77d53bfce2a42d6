"""Base64 in three phases gives back what went in, whatever the lengths."""

import base64
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.mail.content import Manner
from newsletter_cli.mail.document import Document, Place, Slot, Static
from newsletter_cli.mail.pages import EncodedPage, Page
from newsletter_cli.mail.segments import Part
from newsletter_cli.mail.segments import Static as Phases

values = st.lists(st.binary(max_size=500), max_size=6)


@st.composite
def parts(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """(statics, values): n + 1 around n, those between two groups at least two bytes long."""
    found = draw(values)
    inner = [draw(st.binary(min_size=2, max_size=300)) for _ in found[1:]]
    first = draw(st.binary(max_size=300))
    return ([first, *inner, draw(st.binary(max_size=300))] if found else [first]), found


@given(parts())
@example(([b"", b""], [b""]))
@example(([b"a", b"bc", b"d"], [b"", b""]))
@example(([b"abc", b"de", b""], [b"x" * 57, b"y" * 114]))
def test_the_lines_decode_to_the_page_each_alone_and_none_is_empty(what: tuple[list[bytes], list[bytes]]) -> None:
    statics, found = what
    whole = b"".join(piece for pair in zip(statics, [*found, b""], strict=True) for piece in pair)
    written = b"".join(Part(statics).fill(found))
    lines = written.decode("ascii").split("\r\n")
    assert lines.pop() == ""  # ends with CRLF, or there is nothing at all
    assert b"".join(base64.b64decode(line, validate=True) for line in lines) == whole
    assert all(0 < len(line) <= 76 and len(line) % 4 == 0 for line in lines)
    assert not any("=" in line for line in lines[:-1])
    assert not re.search(r"^\.|\n\.", written.decode("ascii"))


@given(st.integers(0, 2), st.binary(min_size=2, max_size=200))
def test_the_three_phases_of_a_stretch_hold_the_same_bytes(phase: int, raw: bytes) -> None:
    head, body, tail = Phases(raw).phases[phase]
    assert head + base64.b64decode(body) + tail == raw
    assert (len(head), len(tail) < 3) == (phase, True)


@pytest.mark.parametrize("raw", [b"", b"a"])
def test_a_stretch_too_short_for_phases_is_a_mistake(raw: bytes) -> None:
    with pytest.raises(ValueError, match="too short"):
        Phases(raw)


pieces = st.lists(
    st.one_of(
        st.text(st.sampled_from("ab قم\n<>&"), max_size=9).map(Static),
        st.sampled_from(["name", "city", "email"]).flatmap(
            lambda name: st.sampled_from([Place.HTML, Place.TEXT, Place.URL_PART]).map(lambda place: Slot(name, place))
        ),
    ),
    max_size=14,
)
readers = st.fixed_dictionaries({name: st.text(min_size=1, max_size=90) for name in ("name", "city", "email")})


@given(pieces, readers)
def test_the_fast_path_is_the_slow_one(found: list[Static | Slot], reader: dict[str, str]) -> None:
    page = Page.of(Document(tuple(found)), "ar", Manner())
    fast = base64.b64decode(b"".join(EncodedPage.of(page).fill(reader)))
    assert fast == page.render(reader).encode()
