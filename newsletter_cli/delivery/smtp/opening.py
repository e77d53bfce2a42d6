"""From the greeting to the first transaction: EHLO or HELO, STARTTLS, AUTH (RFC 5321 §3.1, RFC 3207, RFC 4954)."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from newsletter_cli.delivery.smtp import commands
from newsletter_cli.delivery.smtp.auth import Credentials, Script, scripts
from newsletter_cli.delivery.smtp.book import ReplyBook
from newsletter_cli.delivery.smtp.capabilities import Capabilities, read_capabilities
from newsletter_cli.delivery.smtp.events import Event, Ready, Secure, Unusable
from newsletter_cli.delivery.smtp.line import Line
from newsletter_cli.delivery.smtp.reply import PeerError, Said, read_reply
from newsletter_cli.delivery.smtp.steps import ASKED, Command, Step
from newsletter_cli.delivery.smtp.verdict import Effect

NEXT_MECHANISM: Final = 504  # "not this one" (RFC 4954 §4); any other refusal speaks of the login


class Tls(StrEnum):
    """What to do about STARTTLS."""

    REQUIRED = "required"
    IF_OFFERED = "if-offered"  # loopback only: the driver knows
    NEVER = "never"  # the line is encrypted already, or need not be


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How to behave on this connection."""

    ehlo_name: str  # one ASCII word
    tls: Tls
    encrypted: bool  # from the first byte
    loopback: bool  # the other end is this machine: the only place where a password may go in clear
    credentials: Credentials | None  # None: do not log in
    pipelining: bool  # use it when it is offered
    chunking: bool  # the same
    command_seconds: float  # patience for each command
    data_seconds: float  # patience for the answer to a message


class Opening:
    """The first part of a conversation. `answer` moves it; `capabilities` are those of the last EHLO."""

    def __init__(self, line: Line, terms: Terms, book: ReplyBook) -> None:
        self.capabilities = Capabilities()
        self.securing = False
        self.encrypted = terms.encrypted
        self._line = line
        self._terms = terms
        self._book = book
        self._ways: deque[Script] = deque()
        self._rest: deque[bytes] = deque()  # of the script being played
        self._do = {
            Step.GREET: self._greet,
            Step.LEARN: self._learn,
            Step.FALL_BACK: self._fall_back,
            Step.SECURE: self._secure,
            Step.NO_TLS: self._no_tls,
            Step.RESPOND: self._respond,
            Step.LOGGED_IN: self._logged_in,
            Step.NEXT_WAY: self._next_way,
            Step.UNUSABLE: self._unusable,
        }
        line.open.append((Command.GREETING, None))

    def answer(self, step: Step, command: Command, said: Said) -> Event | None:
        return self._do[step](command, said)

    def secured(self) -> None:
        """The handshake is done. What was learned in clear is forgotten (RFC 3207 §4.2)."""
        if not self.securing:
            raise RuntimeError("nobody asked for a handshake")
        self.securing = False
        self.encrypted = True
        self.capabilities = Capabilities()
        self._hello()

    def _hello(self) -> None:
        self._line.ask(Command.EHLO, commands.hello("EHLO", self._terms.ehlo_name))

    def _greet(self, command: Command, said: Said) -> Event | None:
        self._hello()
        return None

    def _fall_back(self, command: Command, said: Said) -> Event | None:
        self._line.ask(Command.HELO, commands.hello("HELO", self._terms.ehlo_name))
        return None

    def _learn(self, command: Command, said: Said) -> Event | None:
        self.capabilities = read_capabilities(read_reply(said)) if command is Command.EHLO else Capabilities()
        if self.encrypted or self._terms.tls is Tls.NEVER:
            return self._log_in()
        if self.capabilities.starttls:
            self._line.ask(Command.STARTTLS, commands.STARTTLS)
            return None
        if self._terms.tls is Tls.REQUIRED:
            return Unusable(code="SMTP-TLS", reason="The server does not offer STARTTLS.", temporary=False)
        return self._log_in()

    def _secure(self, command: Command, said: Said) -> Event | None:
        self.securing = True
        return Secure()

    def _no_tls(self, command: Command, said: Said) -> Event | None:
        later = 400 <= said[0] <= 499
        return self._refused(
            command, said, "SMTP-CONNECT" if later else "SMTP-TLS", "The server refused STARTTLS.", temporary=later
        )

    def _log_in(self) -> Event | None:
        who = self._terms.credentials
        if who is None:
            return self._ready()
        if not (self.encrypted or self._terms.loopback):
            reason = "The line is not encrypted, and a password never goes over it in clear."
            return Unusable(code="SMTP-AUTH", reason=reason, temporary=False)
        self._ways = deque(scripts(self.capabilities.auth, who))
        if not self._ways:
            return Unusable(code="SMTP-AUTH", reason=self._no_way(), temporary=False)
        return self._play()

    def _no_way(self) -> str:
        offered = " ".join(self.capabilities.auth)
        if not offered:
            return "The server offers no login here."
        return f"The server offers no way to log in that this program knows ({offered[:200]})."

    def _play(self) -> Event | None:
        self._rest = deque(self._ways.popleft().lines)
        self._next_line()
        return None

    def _next_line(self) -> None:
        # "*" gives up (RFC 4954 §4): more was asked than this mechanism has to say.
        line = self._rest.popleft() if self._rest else b"*"
        self._line.ask(Command.AUTH, line + b"\r\n", secret=True)

    def _respond(self, command: Command, said: Said) -> Event | None:
        if said[0] != 334:
            raise PeerError(f"{said[0]} is no answer to AUTH")
        self._next_line()
        return None

    def _next_way(self, command: Command, said: Said) -> Event | None:
        if said[0] == NEXT_MECHANISM and self._ways:
            return self._play()
        return self._unusable(command, said)

    def _logged_in(self, command: Command, said: Said) -> Event | None:
        return self._ready()

    def _ready(self) -> Event:
        return Ready(self.capabilities)

    def _unusable(self, command: Command, said: Said) -> Event | None:
        if command is Command.AUTH:
            code, reason = "SMTP-AUTH", "The server refused the login."
        else:
            code, reason = "SMTP-CONNECT", "The server does not want to talk to us now."
        return self._refused(command, said, code, reason, temporary=code == "SMTP-CONNECT")

    def _refused(self, command: Command, said: Said, code: str, reason: str, *, temporary: bool) -> Unusable:
        reply = read_reply(said)
        verdict = self._book.judge(ASKED[command], reply)
        if command is Command.AUTH and verdict.effect is not Effect.PAUSE_LOGIN:
            # 454 "try again later" and quotas are no word about the password.
            code, temporary = "SMTP-CONNECT", True
        return Unusable(code=code, reason=reason, temporary=temporary, reply=reply, verdict=verdict)
