"""The tree as a JSON Schema, for editors that complete and check newsletter.toml."""

from typing import Any

from .kinds import Kind
from .rules import CONFIG_VERSION
from .shapes import Named, Perhaps, Section, Several, Shape, keys_of
from .tree import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, object]:
    """JSON Schema (2020-12) of newsletter.toml."""
    sections = _properties(Settings)
    return {
        "$schema": DIALECT,
        "title": "newsletter.toml",
        "type": "object",
        "properties": {
            "version": {"const": CONFIG_VERSION},
            **sections,
            "profiles": {"type": "object", "additionalProperties": {"$ref": "#/$defs/overlay"}},
        },
        "additionalProperties": False,
        "$defs": {"overlay": {"type": "object", "properties": sections, "additionalProperties": False}},
    }


def _properties(record: type[Any]) -> dict[str, object]:
    return {key.name: _with_default(key.shape, key.default) for key in keys_of(record).values()}


def _with_default(shape: Shape, default: object) -> dict[str, object]:
    schema = _schema(shape)
    if isinstance(shape, Kind) and not shape.secret:
        schema["default"] = shape.plain(default)
    return schema


def _schema(shape: Shape) -> dict[str, object]:
    match shape:
        case Kind():
            return dict(shape.schema)
        case Section(record) | Perhaps(record):
            return {"type": "object", "properties": _properties(record), "additionalProperties": False}
        case Several(record):
            item = {"type": "object", "properties": _properties(record), "additionalProperties": False}
            return {"type": "array", "items": item}
        case Named(item, name):
            return {"type": "object", "propertyNames": dict(name.schema), "additionalProperties": _schema(item)}
