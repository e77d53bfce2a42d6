"""What the client must know of a message, and the job of carrying one."""

from dataclasses import dataclass
from typing import Protocol


class Letter(Protocol):
    """A message ready for the wire; `mail.Message` is one."""

    @property
    def envelope_from(self) -> str: ...  # "" = the null sender
    @property
    def recipient(self) -> str: ...
    @property
    def segments(self) -> tuple[bytes, ...]: ...  # with CRLF line ends
    @property
    def size(self) -> int: ...  # sum of the segments, bytes
    @property
    def smtputf8(self) -> bool: ...  # a local part is not ASCII
    @property
    def token(self) -> str: ...  # names the delivery in reports about it (ENVID, RFC 3461 §4.4); "" = none


@dataclass(frozen=True, slots=True)
class Job:
    """One message to one recipient."""

    id: int  # delivery row: the name it has in every event and result
    letter: Letter
    # True when a line may begin with a dot: then the data is copied once and stuffed (RFC 5321 §4.5.2). What
    # `mail` compiles never needs it: base64 has no dot and folded header lines begin with a space.
    dots: bool = False
