"""Front matter: the lines between two `---`, YAML read as text only (PyYAML's one door).

BaseLoader turns nothing into numbers, dates or booleans: `no`, `12:30` and `007` stay what was written. Aliases are
refused (they grow without limit), so are deep nesting and more than 64 KB.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

import yaml

from newsletter_cli.errors import RefusedError

LIMIT: Final = 64 * 1024  # bytes
_DEPTH: Final = 8  # levels; ours need three
_CLOSING: Final = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_KEY_LINE: Final = re.compile(r"([^\s:#'\"\[{&*!|>%@`-][^:\n]*?)[ \t]*:(?:[ \t]|$)")
_PLAIN_VALUE: Final = re.compile(r"([^\s:#'\"\[{&*!|>%@`-][^:\n]*?[ \t]*:[ \t]+)(?!['\"|>])(\S.*?)[ \t]*")
_HASHTAG: Final = re.compile(r"[ \t]#[^\W\d_]")

Value = str | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The values at the head of a file, and what follows them."""

    values: Mapping[str, Value]  # in the order of the file; keys as written
    body: str  # a suffix of the text
    lines: Mapping[str, int]  # key → its line in the text, from 1
    body_line: int = 1  # line on which the body begins, from 1
    notes: tuple[str, ...] = ()  # what was read otherwise than YAML would, one sentence each


def split_front_matter(text: str, name: str = "the file") -> FrontMatter:
    """The front matter and the body of a text with \\n line ends; without front matter the body is the text.

    name: how messages call the file.  Raises RefusedError UNREADABLE with the line: not YAML, a key twice, an alias,
    too long, too deep, or not closed although it begins like one.
    """
    if not re.match(r"---[ \t]*\n", text):
        return FrontMatter({}, text, {})
    start = text.index("\n") + 1
    closing = _CLOSING.search(text, start)
    if closing is None:
        if _KEY_LINE.match(text, start):
            _refuse(name, 1, "the front matter is not closed; put --- on a line of its own after it")
        return FrontMatter({}, text, {})
    source = text[start : closing.start()]
    if len(source.encode()) > LIMIT:
        _refuse(name, 1, f"the front matter is longer than {LIMIT // 1024} KB")
    values, lines, notes = _Yaml(source, name).read()
    end = closing.end() + 1 if text[closing.end() : closing.end() + 1] == "\n" else closing.end()
    return FrontMatter(values, text[end:], lines, 1 + text.count("\n", 0, end), tuple(notes))


def yaml_lines(values: Mapping[str, object]) -> str:
    """Values as the lines between `---`: text, whole numbers, true, dates, lists and tables of text; no line folding.

    What another program would take for a number or `no` is quoted, so that the file means the same everywhere.
    """
    return yaml.dump(dict(values), Dumper=_Plain, allow_unicode=True, sort_keys=False, width=1 << 20)


class _Plain(yaml.SafeDumper):
    """Never writes aliases: they are refused on the way back."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _refuse(name: str, line: int, problem: str, cause: Exception | None = None) -> NoReturn:
    raise RefusedError(
        "UNREADABLE", f"{name}:{line}: {problem}.", facts=[("file", f"{name}:{line}")], fix="correct that line"
    ) from cause


def _line_of(event: yaml.Event) -> int:
    """The line of the file in which an event begins."""
    return event.start_mark.line + 2 if event.start_mark else 2


# libyaml's parser where PyYAML was built with it: ten times as fast.
_QUICK: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(slots=True)
class _Yaml:
    """One piece of YAML; line 1 of it is line 2 of the file."""

    source: str
    name: str

    def read(self) -> tuple[dict[str, Value], dict[str, int], list[str]]:
        node, notes = self._node()
        if node is None:
            return {}, {}, notes
        if not isinstance(node, yaml.MappingNode):
            _refuse(self.name, 2, "the front matter must be lines of “key: value”")
        value = self._mapping(node)
        lines = {str(key.value): key.start_mark.line + 2 for key, _ in node.value}
        return value, lines, [*notes, *self._hashtags(value, lines)]

    def _node(self) -> tuple[yaml.Node | None, list[str]]:
        """The tree. A line of plain text that YAML cannot read (most often a colon in a title) is quoted and noted."""
        notes: list[str] = []
        while True:
            try:
                self._guard()
                return yaml.compose(self.source, Loader=yaml.BaseLoader), notes
            except yaml.YAMLError as error:
                line = self._quoted(error)
                if line is None:
                    mark = getattr(error, "problem_mark", None)
                    problem = getattr(error, "problem", None) or "this is not YAML"
                    _refuse(self.name, (mark.line if mark else 0) + 2, str(problem), error)
                notes.append(f"Line {line + 2} was read as plain text; put its value between quotation marks.")

    def _guard(self) -> None:
        """Raises YAMLError only where the parser of `_node` does: the words for it are that one's."""
        try:
            self._look_through(_QUICK)
        except yaml.YAMLError:
            self._look_through(yaml.BaseLoader)

    def _look_through(self, loader: type[yaml.BaseLoader]) -> None:
        depth = 0
        for event in yaml.parse(self.source, Loader=loader):
            if isinstance(event, yaml.AliasEvent):
                _refuse(self.name, _line_of(event), "aliases (*name) are not allowed here")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _DEPTH:
                _refuse(self.name, _line_of(event), "the values are nested too deep")

    def _quoted(self, error: yaml.YAMLError) -> int | None:
        """Quote the plain value of the line that stopped the reader; its number from 0, None when it cannot be that."""
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        rows = self.source.split("\n")
        if mark is None or mark.line >= len(rows):
            return None
        match = _PLAIN_VALUE.fullmatch(rows[mark.line])
        if match is None:
            return None
        rows[mark.line] = match[1] + "'" + match[2].replace("'", "''") + "'"
        self.source = "\n".join(rows)
        return int(mark.line)

    def _value(self, node: yaml.Node) -> Value:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item) for item in node.value]
        return str(node.value)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for key, value in node.value:
            line = key.start_mark.line + 2
            if not isinstance(key, yaml.ScalarNode):
                _refuse(self.name, line, "a key must be one word or phrase")
            if key.value in found:
                _refuse(self.name, line, f"the key “{key.value}” stands here twice")
            found[str(key.value)] = self._value(value)
        return found

    def _hashtags(self, values: Mapping[str, Value], lines: Mapping[str, int]) -> Iterator[str]:
        rows = self.source.split("\n")
        for key, line in lines.items():
            row = rows[line - 2]
            if isinstance(values[key], str) and _HASHTAG.search(row) and "#" not in values[key]:
                yield f"Line {line}: the words from “#” on were taken for a remark; put the value in quotation marks."
