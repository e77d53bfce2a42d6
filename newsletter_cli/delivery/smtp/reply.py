"""Replies of a server, read with limits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a server, cleaned: valid UTF-8, no control characters."""

    code: int  # 200 to 599
    enhanced: str  # "5.1.1" (RFC 3463), "" when the server gave none
    lines: tuple[str, ...]  # without code; the enhanced code stands in them as sent
    text: str  # the lines in one, without the enhanced code, at most 500 characters
