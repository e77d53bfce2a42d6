"""One leave as data/leaves.log has it: a checksum, a blank, a JSON object, a line end. Ids, never an address.

5f1d0e92 {"at":1791950400000000,"by":"reader","kind":"left","reason":"one-click","subscription":4711}
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from newsletter_cli.storage.schema import EPOCH, MICROSECOND

LONGEST: Final = 100  # characters of a name


class LeaveKind(StrEnum):
    """What somebody did."""

    LEFT = "left"  # the reader, a list: one-click, page, mail
    BACK = "back"  # the reader, back within ten minutes
    REMOVED = "removed"  # an editor, a reader off a list
    SUPPRESSED = "suppressed"  # an editor, an address or a domain
    COMPLAINED = "complained"  # the reader, "this is spam": all lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Who left, when, how."""

    kind: LeaveKind
    at: datetime  # aware, UTC
    subscription: int | None = None  # of LEFT, BACK, REMOVED
    subscriber: int | None = None  # of COMPLAINED, and of SUPPRESSED when it is an address
    domain: str = ""  # "@example.org", of SUPPRESSED when it is a domain
    reason: str = ""  # of LEFT: one-click, page, mail
    by: str = "reader"


def line_of(values: Mapping[str, object]) -> bytes:
    """A line with its checksum and its end."""
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(text), text)


def read_line(line: bytes) -> dict[str, Any] | None:
    """What a whole line holds; None for one that was torn, or is none of ours."""
    checksum, _, text = line.partition(b" ")
    if not text.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text[:-1]):
        return None
    try:
        values = json.loads(text)
    except ValueError:  # nothing at all has a checksum, too
        return None
    return values if isinstance(values, dict) else None


def plain(leave: Leave) -> dict[str, object]:
    """A leave in JSON's types, without what it does not say."""
    said = {
        "kind": leave.kind.value,
        "at": (leave.at - EPOCH) // MICROSECOND,
        "subscription": leave.subscription,
        "subscriber": leave.subscriber,
        "domain": leave.domain,
        "reason": leave.reason,
        "by": leave.by[:LONGEST] if "@" not in leave.by else "",  # some are called by their address
    }
    return {name: value for name, value in said.items() if value not in (None, "")}


def leave_from(values: Mapping[str, Any]) -> Leave | None:
    """The leave that a line holds; None for the first line of a log, and for what a later version may write."""
    kind = values.get("kind")
    if kind not in set(LeaveKind):
        return None
    return Leave(
        kind=LeaveKind(kind),
        at=EPOCH + values["at"] * MICROSECOND,
        subscription=values.get("subscription"),
        subscriber=values.get("subscriber"),
        domain=values.get("domain", ""),
        reason=values.get("reason", ""),
        by=values.get("by", ""),
    )
