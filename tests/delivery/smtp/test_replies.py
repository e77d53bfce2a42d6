"""How replies are read."""

import pytest
from hypothesis import given
from hypothesis.strategies import binary, lists

from newsletter_cli.delivery.smtp.reply import LONGEST_TEXT, PeerError, Reply, ReplyReader, read_reply


def test_an_answer_of_many_lines_becomes_one():
    (said,) = ReplyReader().feed(b"550-5.1.1 no such\r\n550 5.1.1 user\n")
    assert read_reply(said) == Reply(550, "5.1.1", ("5.1.1 no such", "5.1.1 user"), "no such user")


@pytest.mark.parametrize("line", [b"25 ok\n", b"250x\n", b"650 ok\n", b"150 ok\n", b"\r\n", b"250-a\n251 b\n"])
def test_what_is_no_answer_is_said(line):
    with pytest.raises(PeerError):
        list(ReplyReader().feed(line))


@given(data=lists(binary(max_size=700), min_size=1, max_size=3))
def test_a_cleaned_answer_is_short_and_shows_no_control(data):
    reply = read_reply((250, tuple(data)))
    assert len(reply.text) <= LONGEST_TEXT
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in "".join((reply.text, *reply.lines)))


def test_an_endless_answer_is_cut_off():
    lines = b"250-%b\r\n" % (b"x" * 60) * 2000
    with pytest.raises(PeerError, match="64 KiB"):
        list(ReplyReader().feed(lines))
