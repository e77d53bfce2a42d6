"""TOML tables → records of the tree. Collects every problem with its path; knows neither files nor lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, TypeVar, cast

from .kinds import Kind, WrongValueError
from .secrets import DOTS, SecretSource
from .shapes import Key, Named, Path, Perhaps, Section, Several, Shape, dotted, keys_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with the settings."""

    code: str  # CONFIG-KEY | CONFIG-VALUE | SAFETY-LOOSER
    path: Path  # the key
    message: str  # one sentence or two
    value: str = ""  # as written; dots for a secret
    allowed: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the tree: what was found wrong so far, and whose secrets these are."""

    newsroom: str  # its id: the secrets in a keyring are named after it
    problems: list[Problem] = field(default_factory=list)


def read_tree(record: type[T], raw: Mapping[str, object], reading: Reading, path: Path = ()) -> T:
    """A record from a TOML table. What is wrong is added to `reading` and its default stands in its place."""
    keys = keys_of(cast(Any, record))
    reading.problems.extend(unknown_key((*path, word), keys) for word in raw if word not in keys)
    values = {
        key.field: _read(key.shape, raw[name], (*path, name), reading, key, raw)
        for name, key in keys.items()
        if name in raw
    }
    return record(**values)


def _read(shape: Shape, value: object, path: Path, reading: Reading, key: Key, parent: Mapping[str, object]) -> object:
    match shape:
        case Kind():
            return read_value(shape, value, path, reading, key.default)
        case Several(record):
            return _several(record, value, path, reading, parent)
    if not isinstance(value, dict):
        reading.problems.append(wrong(path, value, "a table", "It is one value, not a table."))
        return key.default
    match shape:
        case Section(record):
            return read_tree(record, value, reading, path)
        case Perhaps(record):
            return _filled(record, value, path, reading) if value else None
        case Named(item, name):
            return {word: _item(item, name, word, value[word], path, reading) for word in value}


def _item(item: Kind[Any] | Section, name: Kind[str], word: str, value: object, path: Path, reading: Reading) -> object:
    here = (*path, word)
    try:
        name.read(word)
    except WrongValueError as error:
        reason = f"{dotted(here)} has a name that cannot be. {error.reason}".rstrip()
        reading.problems.append(Problem(code="CONFIG-KEY", path=here, message=reason, value=word, allowed=name.allowed))
    key = Key(word, word, item, None if isinstance(item, Kind) else item.record())
    return _read(item, value, here, reading, key, {})


def _filled(record: type[Any], value: Mapping[str, object], path: Path, reading: Reading) -> object:
    """A table that is there must say what it cannot do without: its keys whose default is an empty text."""
    for key in keys_of(record).values():
        if key.default == "" and key.name not in value:
            message = f"{dotted(path)} needs “{key.name}”."
            reading.problems.append(Problem(code="CONFIG-VALUE", path=path, message=message))
    return read_tree(record, value, reading, path)


def _several(
    record: type[Any], value: object, path: Path, reading: Reading, parent: Mapping[str, object]
) -> tuple[object, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        reading.problems.append(wrong(path, value, "a list of tables", ""))
        return ()
    keys = keys_of(record)
    # Read apart, at the place where they stand: what is wrong with an inherited key is told there, and once
    above = {word: parent[word] for word in parent if word in keys}
    inherited = read_tree(record, above, Reading(reading.newsroom), path[:-1])
    return tuple(
        replace(
            read_tree(record, item, reading, path),
            **{keys[word].field: getattr(inherited, keys[word].field) for word in above.keys() - item},
        )
        for item in value
    )


def read_value(kind: Kind[Any], value: object, path: Path, reading: Reading, default: object) -> object:
    """One value, or its default and a problem."""
    try:
        read = kind.read(value)
    except WrongValueError as error:
        reading.problems.append(wrong(path, DOTS if kind.secret else value, kind.allowed, error.reason))
        return default
    if isinstance(read, SecretSource):
        return replace(read, key=dotted(path), account=f"{reading.newsroom}/{dotted(path)}")
    return read


def wrong(path: Path, value: object, allowed: str, reason: str) -> Problem:
    """A value that its kind refuses."""
    message = f"{dotted(path)} has a value it cannot have. {reason}".rstrip()
    return Problem(code="CONFIG-VALUE", path=path, message=message, value=spelled(value), allowed=allowed)


def spelled(value: object) -> str:
    """A value as TOML would show it, cut to a line."""
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def unknown_key(path: Path, keys: Iterable[str]) -> Problem:
    """A key the tree does not have, with the likeliest one it has."""
    *above, word = path
    is_section = not above
    near = get_close_matches(word.lower().replace("-", "_"), list(keys), n=1, cutoff=0.6)
    guess = (*above, near[0]) if near else None
    sentence = f"[{word}] is no section." if is_section else f"{dotted(path)} is no setting."
    if guess:
        sentence += f" Did you mean {'[' + near[0] + ']' if is_section else dotted(guess)}?"
    return Problem(code="CONFIG-KEY", path=path, message=sentence, fix=f"write {dotted(guess)}" if guess else "")


def plain_tree(record: object) -> dict[str, object]:
    """A record as the TOML table that would give it; absent optional tables are empty."""
    keys = keys_of(cast(Any, type(record)))
    return {key.name: plain_value(key.shape, getattr(record, key.field)) for key in keys.values()}


def plain_value(shape: Shape, value: Any) -> object:
    """One value of the tree as TOML knows it."""
    match shape:
        case Kind():
            return shape.plain(value)
        case Several():
            return [plain_tree(item) for item in value]
        case Named(item):
            return {word: plain_value(item, value[word]) for word in value}
        case _:
            return plain_tree(value) if value is not None else {}
