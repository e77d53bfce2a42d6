"""The translations of this tool's messages: from .po, which people edit, to .mo, which gettext reads.

    python -m newsletter_cli.cli.catalogue        compiles locale/*/LC_MESSAGES/newsletter.po, lists what is missing

Not msgfmt itself: that is a program of its own that most machines lack, and our files use little of the format:
comments, msgid, msgid_plural, msgstr, msgstr[n] and continued strings. Format of .mo: GNU gettext manual, §10.3.
"""

import ast
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from newsletter_cli.cli.words import DOMAIN, LOCALE

Entries = dict[str, str]  # msgid, or "one\0many" → msgstr, or forms joined by \0
MAGIC: Final = 0x950412DE
HEADER: Final = 28  # bytes before the two tables
ONE: Final = frozenset({"_", "gettext", "text"})  # functions whose first argument is a message
MANY: Final = frozenset({"count", "ngettext"})  # … and whose first two are its English forms


def read_po(text: str) -> Entries:
    """The messages of a .po file; those without a translation are left out."""
    entries: Entries = {}
    for block in text.split("\n\n"):
        fields = _fields(block)
        if "msgid" not in fields:
            continue
        key = fields["msgid"] + ("\0" + fields["msgid_plural"] if "msgid_plural" in fields else "")
        forms = [fields[name] for name in sorted(fields) if name.startswith("msgstr")]
        if all(forms):
            entries[key] = "\0".join(forms)
    return entries


def _fields(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith('"'):
            name, _, line = line.partition(" ")
        fields[name] = fields.get(name, "") + str(ast.literal_eval(line.strip()))
    return fields


def mo_bytes(entries: Entries) -> bytes:
    """The same messages as gettext reads them: two tables of (length, offset), then the strings, sorted by key."""
    pairs = [(key.encode(), value.encode()) for key, value in sorted(entries.items())]
    start = HEADER + 16 * len(pairs)
    keys, values = _table([key for key, _ in pairs], start)
    values_table, strings = _table([value for _, value in pairs], start + len(values))
    head = struct.pack("<7I", MAGIC, 0, len(pairs), HEADER, HEADER + 8 * len(pairs), 0, 0)
    return head + keys + values_table + values + strings


def _table(strings: Sequence[bytes], start: int) -> tuple[bytes, bytes]:
    table, data = b"", b""
    for string in strings:
        table += struct.pack("<2I", len(string), start + len(data))
        data += string + b"\0"
    return table, data


def messages(source: str) -> Iterator[str]:
    """Every message in a Python file: `_("…")`, `.gettext("…")`, `.count("one", "many", n)`, as keys of Entries."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if name in ONE and len(texts) == len(node.args) == 1:
            yield texts[0]
        elif name in MANY and len(texts) >= 2:
            yield "\0".join(texts[:2])


def missing(entries: Entries, folder: Path) -> tuple[str, ...]:
    """Messages of the Python files under `folder` that have no translation."""
    found = {message for path in folder.rglob("*.py") for message in messages(path.read_text(encoding="utf-8"))}
    return tuple(sorted(found - set(entries)))


def catalogues() -> tuple[Path, ...]:
    """The .po files."""
    return tuple(sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po")))


def main() -> int:
    """Compile every catalogue; 1 when one lacks a message."""
    left = 0
    for path in catalogues():
        entries = read_po(path.read_text(encoding="utf-8"))
        path.with_suffix(".mo").write_bytes(mo_bytes(entries))
        for message in missing(entries, Path(__file__).parent):
            sys.stderr.write(f"{path}: not translated: {message!r}\n")
            left = 1
    return left


if __name__ == "__main__":
    sys.exit(main())
