"""A wire knows to the byte what has not left."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from newsletter_cli.delivery.wire import MOST_PARTS, Wire
from tests.delivery.linking import until

MESSAGE = b"m" * 1_000_000 + b".\r\n"
BEHIND = b"RSET\r\nMAIL\r\n"


@dataclass
class Ear:
    """Keeps what it is told."""

    data: bytearray = field(default_factory=bytearray)
    ends: list[OSError | None] = field(default_factory=list)
    moves: int = 0

    def heard(self, data: bytes) -> None:
        self.data += data

    def moved(self) -> None:
        self.moves += 1

    def secured(self, problem: Exception | None) -> None:
        raise AssertionError("nobody asked for TLS")

    def gone(self, error: OSError | None) -> None:
        self.ends.append(error)


@asynccontextmanager
async def wired() -> AsyncIterator[tuple[Wire, Ear, socket.socket]]:
    """A wire, who listens to it, and the socket at its other end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    ear = Ear()
    wire = Wire(asyncio.get_running_loop(), ours, ear)
    try:
        yield wire, ear, theirs
    finally:
        wire.abort()
        theirs.close()


def test_what_the_other_end_does_not_take_is_kept_and_follows_in_its_order() -> None:
    async def go() -> None:
        async with wired() as (wire, ear, theirs):
            wire.write((MESSAGE, BEHIND))
            assert wire.kept > 0
            with pytest.raises(RuntimeError):
                wire.write((b"more",))
            got = bytearray()

            def read() -> bool:
                with suppress(BlockingIOError):
                    got.extend(theirs.recv(1 << 20))
                return wire.kept == 0 and len(got) == len(MESSAGE + BEHIND)

            await until(read, "all of it")
            assert got == MESSAGE + BEHIND
            assert ear.moves > 0
            wire.write((b"more",))
            assert theirs.recv(10) == b"more"

    asyncio.run(go())


def test_a_message_has_left_once_only_what_is_behind_it_is_kept() -> None:
    async def go() -> set[tuple[bool, bool]]:
        seen = set()
        async with wired() as (wire, _, theirs):
            wire.write((MESSAGE, BEHIND))

            def read() -> bool:
                with suppress(BlockingIOError):
                    theirs.recv(7)
                left = len(MESSAGE + BEHIND) - wire.kept
                seen.add((left >= len(MESSAGE), wire.keeps(len(BEHIND))))
                return wire.kept == 0

            for _ in range(2):
                while not read() and wire.kept > 5000:
                    theirs.recv(4096)
                    await asyncio.sleep(0)
            await until(read, "the rest")
        return seen

    # Kept exactly as long as the end of the message is ours, whatever of the commands behind it is.
    assert asyncio.run(go()) <= {(False, True), (True, False)}


def test_many_small_parts_are_one_writing() -> None:
    async def go() -> bytes:
        async with wired() as (wire, _, theirs):
            wire.write((b"x",) * (MOST_PARTS * 3))
            assert wire.kept == 0
            return theirs.recv(10_000)

    assert asyncio.run(go()) == b"x" * (MOST_PARTS * 3)


def test_what_arrived_is_heard_before_the_end_is_told() -> None:
    async def go() -> Ear:
        async with wired() as (wire, ear, theirs):
            theirs.send(b"250 taken\r\n")
            theirs.close()
            await until(lambda: bool(ear.ends), "the end")
            assert not wire.closed
            return ear

    ear = asyncio.run(go())
    assert (ear.data, ear.ends) == (b"250 taken\r\n", [None])


def test_a_write_that_fails_tells_the_end_once_and_behind_what_arrived() -> None:
    async def go() -> tuple[Ear, int]:
        async with wired() as (wire, ear, theirs):
            theirs.send(b"250 taken\r\n")
            theirs.close()
            wire.write((MESSAGE,))
            kept = wire.kept
            assert not ear.ends
            await until(lambda: bool(ear.ends), "the end")
            return ear, kept

    ear, kept = asyncio.run(go())
    assert (ear.data, len(ear.ends), kept) == (b"250 taken\r\n", 1, len(MESSAGE))


def test_what_is_kept_never_leaves_after_an_abort() -> None:
    async def go() -> bool:
        async with wired() as (wire, _, theirs):
            wire.write((MESSAGE,))
            left = len(MESSAGE) - wire.kept
            wire.abort()
            got = 0
            while data := theirs.recv(1 << 20):
                got += len(data)
            assert got <= left
            return wire.closed

    assert asyncio.run(go())


def test_what_was_read_can_be_acknowledged_at_once_also_when_the_line_is_gone() -> None:
    async def go() -> None:
        async with wired() as (wire, _, theirs):  # no TCP: asked in vain
            wire.acknowledge()
            theirs.close()
            wire.acknowledge()
            wire.abort()
            wire.acknowledge()

    asyncio.run(go())
