"""The line of every key."""

import tomllib

from hypothesis import given
from hypothesis.strategies import dictionaries, from_regex, integers, lists, one_of, recursive, text

from newsletter_cli.settings.layers import leaves
from newsletter_cli.settings.lines import find_lines
from newsletter_cli.settings.shapes import Path, dotted, split_key

TEXT = '''\
version = 1            # [not.a.header]
[smtp]
host = "a # b [c]"
retry = [
  "1m",  # first = 1
  "5m",
]
password = { command = "x = {y}", more = { deep = 1 } }
dkim.domain = "example.org"
[ lists . "a b" ]
title = """
[smtp]
port = 25
"""
public = false
[[smtp.servers]]
name = 'a'
[[smtp.servers]]
name = "b"
"quoted key" = 1
'''


def test_every_key_has_the_line_it_stands_on() -> None:
    tomllib.loads(TEXT)
    assert find_lines(TEXT) == {
        ("version",): 1,
        ("smtp",): 2,
        ("smtp", "host"): 3,
        ("smtp", "retry"): 4,
        ("smtp", "password"): 8,
        ("smtp", "password", "command"): 8,
        ("smtp", "password", "more"): 8,
        ("smtp", "password", "more", "deep"): 8,
        ("smtp", "dkim", "domain"): 9,
        ("lists", "a b"): 10,
        ("lists", "a b", "title"): 11,
        ("lists", "a b", "public"): 15,
        ("smtp", "servers"): 16,
        ("smtp", "servers", "name"): 17,
        ("smtp", "servers", "quoted key"): 20,
    }


keys = from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True)
values = one_of(integers(0, 99), lists(integers(0, 9), max_size=3), from_regex(r"[ -!#-\[\]-~]{0,9}", fullmatch=True))
tables = recursive(dictionaries(keys, values, max_size=4), lambda inner: dictionaries(keys, one_of(values, inner)))


@given(tables)
def test_the_line_of_a_key_holds_that_key(table: dict[str, object]) -> None:
    lines = [f"{dotted(path)} = {_spelled(_at(table, path))}" for path in leaves(table)]
    written = "\n".join(lines) + "\n"
    tomllib.loads(written)
    found = find_lines(written)
    for number, path in enumerate(leaves(table), 1):
        assert found[path] == number


def _at(table: dict[str, object], path: Path) -> object:
    found: object = table
    for word in path:
        assert isinstance(found, dict)
        found = found[word]
    return found


def _spelled(value: object) -> str:
    if isinstance(value, dict):
        return "{}"
    return f'"{value}"' if isinstance(value, str) else str(value)


@given(lists(text(min_size=1).filter(lambda word: '"' not in word), min_size=1, max_size=4))
def test_a_dotted_key_comes_back_as_it_went(words: list[str]) -> None:
    assert split_key(dotted(tuple(words))) == tuple(words)


def test_what_is_no_key_has_no_path() -> None:
    assert [split_key(key) for key in ("", ".", "a..b", "a b", "a.b ", " smtp . port")] == [
        (), (), (), (), ("a", "b"), ("smtp", "port"),
    ]  # fmt: skip
