"""Replies are read whatever the network cuts, within limits, and cleaned before anybody sees them."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.delivery.smtp.reply import CONTROLS, LONGEST_REPLY, PeerError, Reply, ReplyReader, Said, read_reply

STREAM = (
    b"220 mx.test\r\n250-mx.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n354\r\n250 bare LF\n"
    b"550-5.1.1 The email account\r\n550-5.1.1 that you tried to reach\r\n550 5.1.1 does not exist\r\n"
)
HEARD = [
    (220, (b"mx.test",)),
    (250, (b"mx.test", b"PIPELINING", b"8BITMIME")),
    (354, (b"",)),
    (250, (b"bare LF",)),
    (550, (b"5.1.1 The email account", b"5.1.1 that you tried to reach", b"5.1.1 does not exist")),
]


def read(pieces: list[bytes]) -> list[Said]:
    reader = ReplyReader()
    return [said for piece in pieces for said in reader.feed(piece)]


def in_pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    return [stream[start:end] for start, end in pairwise(at)]


@given(cuts=st.lists(st.integers(0, len(STREAM))))
@example(cuts=list(range(len(STREAM))))
def test_the_cuts_of_the_network_do_not_matter(cuts: list[int]) -> None:
    assert read(in_pieces(STREAM, cuts)) == HEARD


@given(st.lists(st.binary(max_size=80), max_size=8))
@example([b"2" * 100 + b"\n"])
@example([b"250\xff\r\n"])
@example([b"\xb2\xb2\xb2 \r\n"])
def test_any_bytes_give_replies_or_the_peers_error(pieces: list[bytes]) -> None:
    try:
        heard = read(pieces)
    except PeerError:
        return
    for said in heard:
        reply = read_reply(said)
        assert 200 <= reply.code <= 599
        assert all(not CONTROLS.search(line) for line in reply.lines)


@pytest.mark.parametrize("line", [b"", b"25", b"abc ok", b"199 low", b"600 high", b"2500 long", b"250_odd", b"\x00"])
def test_what_is_no_answer_is_the_peers_error(line: bytes) -> None:
    with pytest.raises(PeerError):
        read([line + b"\r\n"])


def test_lines_of_one_reply_have_one_code() -> None:
    with pytest.raises(PeerError, match="two codes, 250 and 550"):
        read([b"250-yes\r\n550 no\r\n"])


def test_replies_before_the_fault_are_heard() -> None:
    replies = ReplyReader().feed(b"250 yes\r\nHTTP/1.1\r\n")
    assert next(replies) == (250, (b"yes",))
    with pytest.raises(PeerError):
        next(replies)


def test_a_reply_of_64_kib_is_read_and_a_longer_one_is_not() -> None:
    assert len(read([b"250 " + b"x" * (LONGEST_REPLY - 6) + b"\r\n"])) == 1
    with pytest.raises(PeerError, match="longer than 64 KiB"):
        read([b"250 " + b"x" * (LONGEST_REPLY + 1)])
    with pytest.raises(PeerError, match="longer than 64 KiB"):
        read([b"250-" + b"x" * 70 + b"\r\n"] * 1000)


def test_a_reply_is_cleaned() -> None:
    raw = (550, (b"5.7.1 no\x00thing \x1b[31mred\x07", b"5.7.1 caf\xe9 \xd9\x85\xc2\x85\xe2\x80\xa8end "))
    assert read_reply(raw) == Reply(
        550,
        "5.7.1",
        ("5.7.1 no thing  [31mred", "5.7.1 caf\N{REPLACEMENT CHARACTER} م end"),
        "no thing  [31mred caf\N{REPLACEMENT CHARACTER} م end",
    )


@pytest.mark.parametrize(
    ("line", "enhanced", "text"),
    [
        (b"2.1.5 Ok", "2.1.5", "Ok"),
        (b"5.7.650 x", "5.7.650", "x"),
        (b"2.0.0", "2.0.0", ""),
        (b"5.1.1.2 x", "", "5.1.1.2 x"),
        (b"1.2.3 x", "", "1.2.3 x"),
        (b"mailbox full", "", "mailbox full"),
    ],
)
def test_the_enhanced_code_is_taken_off_the_text(line: bytes, enhanced: str, text: str) -> None:
    reply = read_reply((250, (line,)))
    assert (reply.enhanced, reply.text) == (enhanced, text)


def test_a_text_keeps_500_characters() -> None:
    reply = read_reply((550, (b"x" * 600, b"y" * 600)))
    assert reply.text == "x" * 500


def test_a_reply_reads_as_the_server_said_it() -> None:
    assert str(read_reply((535, (b"5.7.8 Wrong", b"5.7.8 password")))) == "535 5.7.8 Wrong password"
