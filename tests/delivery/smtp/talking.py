"""Two ends of a conversation without a network: letters, a machine that is ready, and a server that keeps count."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from newsletter_cli.delivery.smtp.auth import Credentials
from newsletter_cli.delivery.smtp.book import ReplyBook, load_book
from newsletter_cli.delivery.smtp.conversation import Conversation
from newsletter_cli.delivery.smtp.events import Answered, Broken, Event, GivenBack, NotSent, Uncertain
from newsletter_cli.delivery.smtp.learned import Learned
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.opening import Terms, Tls
from newsletter_cli.delivery.smtp.outcome import Outcome

BOOK: ReplyBook = load_book()
GREETING = b"220 mx.test ESMTP\r\n"
PIPELINING = b"250-mx.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
CHUNKING = b"250-mx.test\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 8BITMIME\r\n"
PLAIN = b"250 mx.test\r\n"

TERMS = Terms(
    ehlo_name="client.test",
    tls=Tls.NEVER,
    encrypted=False,
    loopback=True,
    credentials=None,
    pipelining=True,
    chunking=True,
    command_seconds=30.0,
    data_seconds=600.0,
)
EDITOR = Credentials(username="news", secret="pass word")


@dataclass(frozen=True)
class Text:
    """A letter of a few bytes."""

    recipient: str
    envelope_from: str = "news@example.org"
    segments: tuple[bytes, ...] = (b"Subject: hi\r\n", b"\r\nbody\r\n")
    smtputf8: bool = False
    token: str = ""
    announced: int | None = None  # a size that is not that of the segments

    @property
    def size(self) -> int:
        return self.announced if self.announced is not None else sum(map(len, self.segments))


def job(number: int) -> Job:
    """The job of that id, to r1@example.org and so on, with a body that names it."""
    return Job(number, Text(f"r{number}@example.org", segments=(b"Subject: hi\r\n\r\n", b"body %d\r\n" % number)))


def envelope(number: int) -> bytes:
    """The four commands of `job(number)` as they are pipelined."""
    return (
        b"RSET\r\nMAIL FROM:<news@example.org>\r\nRCPT TO:<r%d@example.org>\r\nDATA\r\n" % number
    )  # no SIZE: it was not offered


def data(number: int) -> bytes:
    return b"Subject: hi\r\n\r\nbody %d\r\n.\r\n" % number


def chunk(number: int) -> bytes:
    """The whole transaction of `job(number)` as it goes into a window."""
    body = data(number).removesuffix(b".\r\n")
    start = b"RSET\r\nMAIL FROM:<news@example.org>\r\nRCPT TO:<r%d@example.org>\r\n" % number
    return start + b"BDAT %d LAST\r\n" % len(body) + body


TAKEN = b"250 reset\r\n250 sender\r\n250 recipient\r\n250 2.0.0 taken\r\n"


def windowed(talk: Conversation, *numbers: int) -> bytes:
    """Begin these transactions, each as a write of its own that leaves at once; what was said."""
    whole = b""
    for number in numbers:
        talk.begin(job(number))
        talk.allow()
        whole += said(talk)
    return whole


def said(talk: Conversation) -> bytes:
    """All it has to say now. What is written has left at once."""
    whole = b""
    while (writing := talk.unsent()) is not None:
        whole += b"".join(writing.parts)
        talk.left()
    return whole


def ready(offer: bytes = PIPELINING, terms: Terms = TERMS, learned: Learned | None = None) -> Conversation:
    """A machine that has been greeted and may begin."""
    talk = Conversation(terms, BOOK, learned or Learned(window=8))
    talk.receive(GREETING)
    said(talk)
    talk.receive(offer)
    said(talk)
    assert talk.ready
    return talk


def chained(talk: Conversation, first: int = 1, second: int | None = 2) -> None:
    """Bring a pipelining machine to where the data of `first` is out, and the envelope of `second` behind it."""
    talk.begin(job(first))
    said(talk)
    talk.receive(b"250 reset\r\n250 sender\r\n250 recipient\r\n354 go\r\n")
    talk.allow()
    if second is not None:
        talk.begin(job(second))
    said(talk)


def outcomes(events: Iterable[Event]) -> dict[int, Outcome]:
    """What each message became, as the driver takes it: what was heard in one breath with a broken step is in doubt."""
    events = list(events)
    doubted = bool(events) and isinstance(events[-1], Broken) and events[-1].out_of_step
    found: dict[int, Outcome] = {}
    for event in events:
        match event:
            case Answered(id=number, outcome=outcome, written=written):
                doubt = Outcome.UNCERTAIN if written else Outcome.NOT_SENT
                found[number] = doubt if doubted else outcome
            case GivenBack(id=number) | NotSent(id=number):
                found[number] = Outcome.NOT_SENT
            case Uncertain(id=number):
                found[number] = Outcome.UNCERTAIN
            case _:
                pass
    return found


@dataclass
class Mx:
    """The other end: reads commands, answers as `answer` says, and keeps what it has taken.

    answer: from the command ("MAIL", …, "." for the end of the data) and the number of the MAIL it belongs to, from 1,
    to a reply without CRLF, or to "" for the honest one. What the protocol refuses stays refused.
    """

    answer: Callable[[str, int], str] = lambda command, number: ""
    taken: list[str] = field(default_factory=list)  # recipients, one for each copy
    mails: int = 0
    sender: bool = False
    recipient: str = ""
    in_data: bool = False
    _asked: str = ""
    _rest: bytes = b""

    def hear(self, sent: bytes) -> list[bytes]:
        """One reply for each command that is whole now."""
        self._rest += sent
        replies = []
        while (command := self._command()) is not None:
            self.mails += command == "MAIL"
            honest = self._honest(command)
            chosen = self.answer(command, self.mails) if honest[0] in "23" else ""
            replies.append((chosen or honest).encode() + b"\r\n")
            self._do(command, replies[-1][:1] in b"23")
        return replies

    def _command(self) -> str | None:
        if self._rest.startswith(b"BDAT") and not self.in_data:
            return self._chunk()
        end = b"\r\n.\r\n" if self.in_data and not self._rest.startswith(b".\r\n") else b"\r\n"
        line, found, rest = self._rest.partition(end)
        if not found:
            return None
        self._rest = rest
        if self.in_data:
            return "."
        if line.startswith(b"RCPT"):
            self._asked = line.decode().partition("<")[2].removesuffix(">")
        return line.split(b" ")[0].decode()

    def _chunk(self) -> str | None:
        line, found, rest = self._rest.partition(b"\r\n")
        size = int(line.split()[1]) if found else 0
        if not found or len(rest) < size:
            return None
        self._rest = rest[size:]
        return "BDAT"

    def _honest(self, command: str) -> str:
        if command == "RCPT" and not self.sender:
            return "503 5.5.1 no sender"
        if command == "DATA":
            return "354 go" if self.recipient else "503 5.5.1 no recipient"
        if command in (".", "BDAT"):
            return "250 2.0.0 taken" if self.recipient else "554 5.5.1 no recipient"
        return "250 ok"

    def _do(self, command: str, good: bool) -> None:
        if command == "RSET":
            self.sender, self.recipient = False, ""
        elif command == "MAIL":
            self.sender = good
        elif command == "RCPT" and good:
            self.recipient = self._asked
        elif command == "DATA":
            self.in_data = good
        elif command in (".", "BDAT"):
            if good and self.recipient:
                self.taken.append(self.recipient)
            self.in_data, self.sender, self.recipient = False, False, ""
