"""What `newsletter preview` prints; its pages are tried in tests/web and tests/journeys."""

import segno
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.cli.preview import scannable


@given(st.text(st.sampled_from("abcdefghijklmnop0123456789:/?&=.-"), min_size=1, max_size=120))
def test_a_phone_sees_every_square_of_the_code(url: str) -> None:
    halves = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
    seen = [[halves[sign][half] for sign in line] for line in scannable(url) for half in (0, 1)]
    meant = [[int(not dark) for dark in row] for row in segno.make(url, micro=False, error="m").matrix_iter(border=3)]
    assert seen[: len(meant)] == meant
    assert all(line[:3] == "███" == line[-3:] for line in scannable(url)[:-1])
