"""A conversation on any terms, letters for it, and a way to hear a stream."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pytest

from newsletter_cli.delivery.smtp.book import ReplyBook, load_book
from newsletter_cli.delivery.smtp.conversation import Conversation
from newsletter_cli.delivery.smtp.events import Event
from newsletter_cli.delivery.smtp.learned import Learned
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.opening import Terms, Tls

PLAIN = Terms(
    ehlo_name="news.example.org",
    tls=Tls.NEVER,
    encrypted=False,
    loopback=False,
    credentials=None,
    pipelining=True,
    chunking=True,
    command_seconds=60,
    data_seconds=600,
)


@dataclass(frozen=True)
class Note:
    """A letter of a few bytes."""

    recipient: str = "a@example.org"
    envelope_from: str = "news@example.org"
    segments: tuple[bytes, ...] = (b"Subject: x\r\n\r\n", b"text\r\n")
    smtputf8: bool = False
    token: str = ""

    @property
    def size(self) -> int:
        return sum(map(len, self.segments))


class Talk:
    """A conversation, and a driver that lets everything leave at once and permits everything."""

    def __init__(self, terms: Terms, book: ReplyBook, jobs: Iterable[Job]) -> None:
        self.machine = Conversation(terms, book, Learned(window=8))
        self.said = b""
        self.events: list[Event] = []
        self._jobs = list(jobs)
        self.go_on()

    def hear(self, data: bytes) -> "Talk":
        self.events += self.machine.receive(data)
        self.go_on()
        return self

    def go_on(self) -> None:
        """Say all that may be said."""
        while not self.machine.over:
            if self.machine.wants is not None:
                self.machine.allow()
            elif (writing := self.machine.unsent()) is not None:
                self.said += b"".join(writing.parts)
                if writing.ends is not None:
                    self.machine.left()
            elif self.machine.room and self._jobs:
                self.events += self.machine.begin(self._jobs.pop(0))
            else:
                return

    def take_said(self) -> bytes:
        """What was said since the last call."""
        said, self.said = self.said, b""
        return said


@pytest.fixture(scope="session")
def book() -> ReplyBook:
    return load_book()


@pytest.fixture(scope="session")
def make_talk(book: ReplyBook) -> Callable[..., Talk]:
    """make_talk(Note(…), …, tls=Tls.REQUIRED): letters are jobs 1, 2, …; the rest changes the terms."""

    def make(*letters: Note, **terms: object) -> Talk:
        jobs = [Job(number, letter) for number, letter in enumerate(letters, 1)]
        return Talk(replace(PLAIN, **terms), book, jobs)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def note() -> type[Note]:
    return Note
