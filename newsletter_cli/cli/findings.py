"""What a look at the newsroom found: one thing a record, with how much it matters and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    FINE = "ok"
    WARNING = "warning"
    PROBLEM = "problem"

    @property
    def mark(self) -> str:
        """The sign in front of a line."""
        return {"ok": "✓", "warning": "!", "problem": "✗"}[self.value]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    part: str  # project | smtp | web | database | templates
    level: Level
    text: str
    fix: str = ""
    code: str = ""  # the error it would be, for a problem

    def document(self) -> dict[str, object]:
        """As JSON has it."""
        return {"part": self.part, "level": self.level.value, "text": self.text, "fix": self.fix}
