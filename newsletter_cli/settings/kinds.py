"""What one value of newsletter.toml may be: a table of kinds, each with its sentence.

A kind turns the TOML value into the value the program works with and back ("30s" ⇄ timedelta), reads the same value
from the text of an environment variable or of `config set`, and says in words what it allows. Kinds know nothing of
keys, files or lines: `reading.py` adds those.
"""

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final, Generic, TypeVar

T = TypeVar("T")
Schema = Mapping[str, object]

SLUG: Final = re.compile(r"(?=[^a-z]*[a-z])[a-z0-9][a-z0-9._-]{0,63}")  # the same words as newsroom.SLUG, by a test


class WrongValueError(Exception):
    """The value is not one its kind allows. `reason` is a sentence; "" when the kind's own sentence says enough."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One sort of value. `read` and `from_text` raise WrongValueError; `read(plain(x)) == x` for each x it gave."""

    allowed: str  # what may be written, in words
    read: Callable[[object], T]  # TOML value → ours
    plain: Callable[[T], object]  # ours → TOML value
    from_text: Callable[[str], object]  # text of the environment or of `config set` → TOML value
    schema: Schema
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` messages in any `seconds`."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the day in the newsroom's zone, from `start` up to `end`; it may pass midnight."""

    start: time
    end: time

    def contains(self, moment: time) -> bool:
        """Whether a local wall-clock time lies in the span."""
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


def toml_value(text: str) -> object:
    """The one TOML value a text holds, for example `["a", "b"]`; WrongValueError when it holds none or more."""
    try:
        table = tomllib.loads(f"value = {text}\n")
    except tomllib.TOMLDecodeError as error:
        raise WrongValueError("Lists and tables are written as TOML.") from error
    if set(table) != {"value"}:
        raise WrongValueError("It holds more than one value.")
    return table["value"]


def same(value: T) -> object:
    """The value as TOML knows it already."""
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise WrongValueError
    if any(ord(sign) < 32 and sign != "\t" for sign in value) or "\x7f" in value:
        raise WrongValueError("It holds a line break or a control character.")
    return value


def text(allowed: str = "a text", check: Callable[[str], str] | None = None) -> Kind[str]:
    """One line of text. check: gives the reason against a text, "" when there is none."""

    def read(value: object) -> str:
        line = _text(value)
        reason = check(line) if check else ""
        if reason:
            raise WrongValueError(reason)
        return line

    return Kind(allowed, read, same, str, {"type": "string", "description": allowed})


def choice(*words: str) -> Kind[str]:
    """One of a few words."""

    def read(value: object) -> str:
        if value not in words:
            raise WrongValueError
        return str(value)

    return Kind(" | ".join(words), read, same, str, {"enum": list(words)})


TRUE_WORDS: Final = dict.fromkeys(("true", "1", "yes", "on"), True) | dict.fromkeys(("false", "0", "no", "off"), False)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError
    return value


def _flag_from(line: str) -> object:
    return TRUE_WORDS.get(line.strip().lower(), line)


FLAG: Final[Kind[bool]] = Kind("true | false", _flag, same, _flag_from, {"type": "boolean"})


def whole(least: int, most: int | None = None, allowed: str = "") -> Kind[int]:
    """A whole number within bounds, both included."""

    def read(value: object) -> int:
        # bool is an int in Python; `port = true` is a slip
        if isinstance(value, bool) or not isinstance(value, int):
            raise WrongValueError
        if value < least or (most is not None and value > most):
            raise WrongValueError
        return value

    span = f"a whole number from {least}" + (f" to {most}" if most is not None else "")
    limits = {"minimum": least} | ({"maximum": most} if most is not None else {})
    return Kind(allowed or span, read, same, _number_from, {"type": "integer", **limits})


def share(least: float = 0.0, most: float = 1.0) -> Kind[float]:
    """A number with a fraction, within bounds, both included."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise WrongValueError
        if not least <= value <= most:
            raise WrongValueError
        return float(value)

    schema = {"type": "number", "minimum": least, "maximum": most}
    return Kind(f"a number from {least:g} to {most:g}", read, same, _number_from, schema)


def _number_from(line: str) -> object:
    if not re.fullmatch(r"\s*[+-]?[0-9][0-9_]*(\.[0-9]+)?\s*", line):
        return line
    return float(line) if "." in line else int(line)


# fmt: off
UNITS: Final[Mapping[str, timedelta]] = {
    "w":  timedelta(weeks=1),
    "d":  timedelta(days=1),
    "h":  timedelta(hours=1),
    "m":  timedelta(minutes=1),
    "s":  timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
# fmt: on
CENTURY: Final = timedelta(days=36_500)


def read_duration(value: object) -> timedelta:
    """ "90s", "10m" or "1h30m" as a timedelta, up to a century."""
    if not isinstance(value, str):
        raise WrongValueError
    parts = re.findall(r"([0-9]{1,12})(ms|[wdhms])", value.replace(" ", ""))
    if not parts or "".join(number + unit for number, unit in parts) != value.replace(" ", ""):
        raise WrongValueError
    try:
        length = sum((int(number) * UNITS[unit] for number, unit in parts), timedelta())
    except OverflowError as error:
        raise WrongValueError from error
    if length > CENTURY:
        raise WrongValueError
    return length


def plain_duration(value: timedelta) -> str:
    """The shortest spelling with one unit: 5400 s is "90m"."""
    for unit, length in UNITS.items():
        least = 2 if unit == "d" else 1  # "24h" is how people say it
        if unit != "w" and value % length == timedelta() and value >= least * length:
            return f"{value // length}{unit}"
    return "0s"


DURATION: Final[Kind[timedelta]] = Kind(
    'a time such as "30s", "10m", "1h" or "14d"',
    read_duration,
    plain_duration,
    str,
    {"type": "string", "pattern": r"^ *([0-9]+ *(ms|[wdhms]) *)+$"},
)


def _some_time(value: object) -> timedelta:
    length = read_duration(value)
    if not length:
        raise WrongValueError("It must be longer than nothing.")
    return length


SOME_TIME: Final[Kind[timedelta]] = Kind(DURATION.allowed, _some_time, plain_duration, str, DURATION.schema)

SIZES: Final[Mapping[str, int]] = {"MB": 1024 * 1024, "KB": 1024, "B": 1}


def read_size(value: object) -> int:
    """ "85 KB" as bytes; 1 KB is 1,024 bytes."""
    found = re.fullmatch(r" *([0-9]{1,12}) *(MB|KB|B) *", value, re.IGNORECASE) if isinstance(value, str) else None
    if not found:
        raise WrongValueError
    return int(found[1]) * SIZES[found[2].upper()]


def plain_size(value: int) -> str:
    """The largest unit that leaves a whole number."""
    unit = next((unit for unit, size in SIZES.items() if value and value % size == 0), "B")
    return f"{value // SIZES[unit]} {unit}"


SIZE: Final[Kind[int]] = Kind(
    'a size such as "85 KB" (1 KB = 1,024 bytes)',
    read_size,
    plain_size,
    str,
    {"type": "string", "pattern": "^ *[0-9]+ *([KkMm]?[Bb]) *$"},
)

# fmt: off
PER: Final[Mapping[str, int]] = {
    "s": 1, "sec": 1, "second": 1,
    "m": 60, "min": 60, "minute": 60,
    "h": 3600, "hour": 3600,
    "d": 86400, "day": 86400,
}
# fmt: on
SPELLED: Final[Mapping[int, str]] = {1: "s", 60: "minute", 3600: "hour", 86400: "day"}
_RATE = re.compile(rf" *([0-9]{{1,9}}) */ *([0-9]{{1,6}})? *({'|'.join(sorted(PER, key=len, reverse=True))}) *")


def _rate(value: object) -> Rate:
    found = _RATE.fullmatch(value) if isinstance(value, str) else None
    if not found or int(found[1]) < 1 or found[2] in ("0", "00"):
        raise WrongValueError
    seconds = int(found[2] or 1) * PER[found[3]]
    if not seconds:
        raise WrongValueError
    return Rate(int(found[1]), seconds)


def read_rates(value: object) -> tuple[Rate, ...]:
    """ "10/s", "500/hour", a list of such, or "off": no limit, an empty tuple."""
    if value == "off":
        return ()
    if isinstance(value, list):
        if not value:
            raise WrongValueError('For no limit write "off".')
        return tuple(_rate(item) for item in value)
    return (_rate(value),)


def _plain_rate(rate: Rate) -> str:
    return f"{rate.count}/{SPELLED.get(rate.seconds, f'{rate.seconds}s')}"


def plain_rates(value: tuple[Rate, ...]) -> object:
    """One rate as a text, several as a list, none as "off"."""
    spelled = [_plain_rate(rate) for rate in value]
    return spelled[0] if len(spelled) == 1 else spelled or "off"


def _list_or_text(line: str) -> object:
    return toml_value(line) if line.lstrip().startswith("[") else line


RATES: Final[Kind[tuple[Rate, ...]]] = Kind(
    'a rate such as "10/s" or "500/hour", a list of such, or "off"',
    read_rates,
    plain_rates,
    _list_or_text,
    {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]},
)


def many(item: Kind[T], allowed: str, most: int | None = None, least: int = 0) -> Kind[tuple[T, ...]]:
    """A list of values of one kind."""

    def read(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise WrongValueError
        if len(value) < least or (most is not None and len(value) > most):
            raise WrongValueError(f"The list has {len(value)} entries.")
        return tuple(item.read(entry) for entry in value)

    def plain(value: tuple[T, ...]) -> object:
        return [item.plain(entry) for entry in value]

    limits = ({"maxItems": most} if most is not None else {}) | ({"minItems": least} if least else {})
    return Kind(allowed, read, plain, toml_value, {"type": "array", "items": dict(item.schema), **limits})


def _hours(value: object) -> Hours | None:
    if value == "":
        return None
    clock = r"([01][0-9]|2[0-3]):([0-5][0-9])"
    found = re.fullmatch(rf" *{clock} *[-–] *{clock} *", value) if isinstance(value, str) else None
    if not found:
        raise WrongValueError
    start, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if start == end:
        raise WrongValueError("It begins and ends at the same time.")
    return Hours(start, end)


def _plain_hours(value: Hours | None) -> str:
    return f"{value.start:%H:%M}-{value.end:%H:%M}" if value else ""


HOURS: Final[Kind[Hours | None]] = Kind(
    'hours such as "22:00-06:00", or ""',
    _hours,
    _plain_hours,
    str,
    {"type": "string", "pattern": "^$|^ *[0-9]{2}:[0-9]{2} *[-–] *[0-9]{2}:[0-9]{2} *$"},
)
