"""Several sources, one table: each layer goes over the one before, and every value remembers where it came from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from .kinds import Kind
from .shapes import Path, shape_at
from .tree import ROOT

DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one value came from."""

    shown: str  # newsletter.toml:38 | profile staging | environment NEWSLETTER_SMTP__RATE | default
    where: str  # the place to go to and correct it


@dataclass(frozen=True, slots=True)
class Layer:
    """One source's values."""

    raw: Mapping[str, object]
    origins: Mapping[Path, Origin] = field(default_factory=dict)


def leaves(raw: Mapping[str, object], path: Path = ()) -> Iterator[Path]:
    """The paths of a table's values. A secret's form is one value, an empty table too."""
    for word, value in raw.items():
        here = (*path, word)
        if isinstance(value, dict) and value and not isinstance(shape_at(ROOT, here), Kind):
            yield from leaves(value, here)
        else:
            yield here


def merge(base: Mapping[str, object], over: Mapping[str, object], path: Path = ()) -> dict[str, object]:
    """The values of `over` on top of those of `base`, table by table; lists and secrets are replaced whole."""
    merged = dict(base)
    for word, value in over.items():
        below, here = merged.get(word), (*path, word)
        if isinstance(value, dict) and isinstance(below, dict) and not isinstance(shape_at(ROOT, here), Kind):
            merged[word] = merge(below, value, here)
        else:
            merged[word] = value
    return merged


def stack(*layers: Layer) -> Layer:
    """All layers as one; later ones win.

    A layer that names one server means that one: the several servers of the layers below are out. Else a profile for
    trying things out, with a host of its own, would send through the servers of the real one.
    """
    raw: dict[str, object] = {}
    origins: dict[Path, Origin] = {}
    for layer in layers:
        smtp = layer.raw.get("smtp")
        if isinstance(smtp, dict) and "host" in smtp and "servers" not in smtp:
            raw = _without_servers(raw)
            origins = {path: origin for path, origin in origins.items() if path[:2] != ("smtp", "servers")}
        raw = merge(raw, layer.raw)
        origins |= layer.origins
    return Layer(raw, origins)


def nest(path: Path, value: object) -> dict[str, object]:
    """A table that holds one value at a path."""
    for word in reversed(path):
        value = {word: value}
    return value if isinstance(value, dict) else {}


def origin_of(path: Path, origins: Mapping[Path, Origin], file: str) -> Origin:
    """The origin of a key, else of something inside it, else of the table that holds it, else the file as a whole."""
    if path in origins:
        return origins[path]
    inside = next((origin for key, origin in origins.items() if key[: len(path)] == path), None)
    if inside:
        return inside
    above = next((origins[path[:end]] for end in range(len(path) - 1, 0, -1) if path[:end] in origins), None)
    return above or Origin(DEFAULT, file)


def _without_servers(raw: dict[str, object]) -> dict[str, object]:
    smtp = raw.get("smtp")
    if not isinstance(smtp, dict) or "servers" not in smtp:
        return raw
    return raw | {"smtp": {word: value for word, value in smtp.items() if word != "servers"}}
