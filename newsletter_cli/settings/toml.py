"""One change to a TOML text, comments kept: the ways to make it, from the gentlest on, and the proof that one fits.

tomlkit replaces values where they stand. It knows nothing of defaults that stand in the file as comments, and puts what
is new behind all comments of a section; for those cases lines are moved here. Whatever way is taken, the new text must
read as the wanted table, else the next way is tried.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..errors import ConfigError
from .shapes import Path, dotted, split_key

HEADER: Final = re.compile(r"^\s*\[([^\[\]]+)\]\s*(#.*)?$")
ANY_HEADER: Final = re.compile(r"^\s*(#\s*)?\[\[?[^\[\]]+\]\]?\s*(#.*)?$")
COMMENTED: Final = re.compile(r"^#\s*\[([^\[\]]+)\]\s*(#.*)?$")


def with_value(text: str, path: Path, value: object) -> str:
    """The text with one value set. path: at least section and key. value: as tomllib would give it.

    ConfigError CONFIG-VALUE when the file has a single value where the path needs a table.
    """
    wanted = _set(tomllib.loads(text), path, value)
    return _first_that_gives(wanted, _ways_to_set(text, path, value))


def without_table(text: str, path: Path) -> str:
    """The text without one table and those inside it; comments that stand apart from it stay."""
    wanted = _without(tomllib.loads(text), path)
    return _first_that_gives(wanted, _ways_to_remove(text, path))


def _first_that_gives(wanted: Mapping[str, object], ways: Iterator[str]) -> str:
    for text in ways:
        try:
            if tomllib.loads(text) == wanted:
                return text
        except tomllib.TOMLDecodeError:
            continue
    raise RuntimeError("no way leads to the wanted table")


def _set(table: Mapping[str, Any], path: Path, value: object, above: Path = ()) -> dict[str, Any]:
    if len(path) == 1:
        return {**table, path[0]: value}
    below, here = table.get(path[0], {}), (*above, path[0])
    if not isinstance(below, dict):
        raise ConfigError("CONFIG-VALUE", f"{dotted(here)} is one value in this file, not a table.", sent="")
    return {**table, path[0]: _set(below, path[1:], value, here)}


def _without(table: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The table without a path; a parent that becomes empty goes too, as its header does."""
    if len(path) == 1:
        return {word: value for word, value in table.items() if word != path[0]}
    rest = _without(table[path[0]], path[1:])
    return {word: rest if word == path[0] else value for word, value in table.items() if word != path[0] or rest}


def _ways_to_set(text: str, path: Path, value: object) -> Iterator[str]:
    if _has(tomllib.loads(text), path):
        yield _by_tomlkit(text, path, value)
    lines = text.split("\n")
    yield from _under_header(lines, path, value)
    for at, line in enumerate(lines):
        if (found := COMMENTED.match(line)) and split_key(found[1]) == path[:-1]:
            opened = [*lines[:at], line[1:].lstrip(), *lines[at + 1 :]]
            yield from _under_header(opened, path, value)
    section = f"[{dotted(path[:-1])}]"
    if beside := _end_of_kin(lines, path[:-1]):
        yield "\n".join([*lines[:beside], "", section, _statement(path[-1], value), *lines[beside:]])
    yield f"{text.rstrip()}\n\n{section}\n{_statement(path[-1], value)}\n".lstrip("\n")
    yield _by_tomlkit(text, path, value)


def _has(table: Mapping[str, Any], path: Path) -> bool:
    found: Any = table
    for word in path:
        if not isinstance(found, dict) or word not in found:
            return False
        found = found[word]
    return True


def _header_at(line: str) -> Path:
    found = HEADER.match(line)
    return split_key(found[1]) if found else ()


def _under_header(lines: Sequence[str], path: Path, value: object) -> Iterator[str]:
    """In place of the commented default of the section, else behind the section's last key that stands on one line."""
    for at, line in enumerate(lines):
        if _header_at(line) != path[:-1]:
            continue
        end = next((n for n in range(at + 1, len(lines)) if _ends_section(lines[n])), len(lines))
        for here in range(at + 1, end):
            uncommented = _uncommented(lines[here], path[-1], value)
            if uncommented:
                yield "\n".join([*lines[:here], uncommented, *lines[here + 1 :]])
        last = max([at, *(n for n in range(at + 1, end) if lines[n].strip() and not lines[n].startswith("#"))])
        for here in (last + 1, at + 1):
            yield "\n".join([*lines[:here], _statement(path[-1], value), *lines[here:]])


def _ends_section(line: str) -> bool:
    """A header, of a table or an array of tables, or one that stands as a comment."""
    return bool(ANY_HEADER.match(line))


def _uncommented(line: str, key: str, value: object) -> str:
    """A commented default as a real line with this value, its own remark kept; "" when the line is none."""
    import tomlkit  # lazy: 30 ms, and only changes need it
    from tomlkit.exceptions import TOMLKitError

    found = re.match(r"^#\s*(\S+)\s*=", line)
    if not found or split_key(found[1]) != (key,):
        return ""
    try:
        statement = tomlkit.parse(line[1:].lstrip())
    except TOMLKitError:
        return ""
    statement[key] = _item(value)
    return tomlkit.dumps(statement)


def _end_of_kin(lines: Sequence[str], path: Path) -> int:
    """The line behind the block of the last sibling table: a new list stands under the other lists. 0: no sibling."""
    if len(path) < 2:
        return 0
    starts = [at for at, line in enumerate(lines) if _header_at(line)[: len(path) - 1] == path[:-1]]
    if not starts:
        return 0
    return next((n for n in range(starts[-1] + 1, len(lines)) if not lines[n].strip()), len(lines))


def spelled_as_toml(value: object) -> str:
    """A plain value as TOML text on one line."""
    return str(_item(value).as_string())


def _statement(key: str, value: object) -> str:
    return f"{dotted((key,))} = {spelled_as_toml(value)}"


def _item(value: object) -> Any:
    """A value as tomlkit writes it; tables inline, so that they stay on the line of their key."""
    import tomlkit  # lazy: 30 ms, and only changes need it

    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for word, item in value.items():
            table[word] = _item(item)
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        array.extend(_item(item) for item in value)
        return array
    return tomlkit.item(value)


def _by_tomlkit(text: str, path: Path, value: object) -> str:
    import tomlkit  # lazy: 30 ms, and only changes need it

    document = tomlkit.parse(text)
    table: Any = document
    for word in path[:-1]:
        if word not in table:
            table[word] = tomlkit.table()
        table = table[word]
    table[path[-1]] = _item(value)
    return tomlkit.dumps(document)


def _ways_to_remove(text: str, path: Path) -> Iterator[str]:
    import tomlkit  # lazy: 30 ms, and only changes need it

    lines = text.split("\n")
    yield "\n".join(_cut(lines, path, to_blank=True))
    yield "\n".join(_cut(lines, path, to_blank=False))
    document = tomlkit.parse(text)
    table: Any = document
    for word in path[:-1]:
        table = table[word]
    del table[path[-1]]
    yield tomlkit.dumps(document)
    if not table and len(path) > 1:
        yield from _ways_to_remove(text, path[:-1])


def _cut(lines: Sequence[str], path: Path, *, to_blank: bool) -> list[str]:
    """The lines without the blocks of a table: each up to the next blank line, or up to the next header."""
    kept: list[str] = []
    inside = False
    for line in lines:
        header = _header_at(line)
        if header:
            inside = header[: len(path)] == path
        elif inside and to_blank and not line.strip():
            inside = False
            if kept and not kept[-1].strip():  # one blank line stays where two would meet
                continue
        if not inside:
            kept.append(line)
    return kept
