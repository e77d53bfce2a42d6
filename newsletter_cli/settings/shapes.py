"""How values nest: a section with fixed keys, one that may be absent, free names, several tables. Keys have a path."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final, TypeAlias

from .kinds import Kind

Path: TypeAlias = tuple[str, ...]
BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Section:
    """A table with fixed keys: the fields of a record."""

    record: type[Any]


@dataclass(frozen=True, slots=True)
class Perhaps:
    """A table with fixed keys; absent or empty, it is None."""

    record: type[Any]


@dataclass(frozen=True, slots=True)
class Named:
    """A table whose keys are free, of one sort of item each."""

    item: "Kind[Any] | Section"
    name: Kind[str]


@dataclass(frozen=True, slots=True)
class Several:
    """A list of tables; each inherits what it does not say from the section that holds it."""

    record: type[Any]


Shape: TypeAlias = Kind[Any] | Section | Perhaps | Named | Several


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section."""

    name: str  # as the file spells it
    field: str  # as Python spells it
    shape: Shape
    default: object


def keys_of(record: type[Any]) -> Mapping[str, Key]:
    """The keys of a section by their name in the file, in the order of the tree."""
    keys = {}
    for item in fields(record):
        if "shape" in item.metadata:
            name = item.metadata.get("key") or item.name
            default = item.default if item.default_factory is MISSING else item.default_factory()
            keys[name] = Key(name, item.name, item.metadata["shape"], default)
    return keys


def dotted(path: Path) -> str:
    """`smtp.per_domain."gmail.com"`: a path as TOML spells it."""
    return ".".join(word if BARE.fullmatch(word) else f'"{word}"' for word in path)


def split_key(key: str) -> Path:
    """The path of a dotted key; a quoted word may hold dots. () when it is not one."""
    found = re.findall(r'\s*(?:"([^"]*)"|([A-Za-z0-9_-]+))\s*(?:\.|$)', key)
    path = tuple(quoted or bare for quoted, bare in found)
    return path if dotted(path) == re.sub(r"\s*\.\s*", ".", key.strip()) or '"' in key else ()


def shape_at(root: Shape, path: Path) -> Shape | None:
    """The shape a path leads to, or None when there is no such key."""
    shape: Shape | None = root
    for word in path:
        shape = _below(shape, word)
    return shape


def _below(shape: Shape | None, word: str) -> Shape | None:
    match shape:
        case Section(record) | Perhaps(record):
            key = keys_of(record).get(word)
            return key.shape if key else None
        case Named(item):
            return item
        case _:
            return None
