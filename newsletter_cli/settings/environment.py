"""Settings from the environment: NEWSLETTER_<SECTION>__<KEY>, its `_FILE` form, and the names that are no settings."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path as File
from typing import Final

from .kinds import Kind, WrongValueError, toml_value
from .layers import Layer, Origin, leaves, merge, nest
from .reading import Problem, unknown_key, wrong
from .secrets import DOTS
from .shapes import Named, Path, Perhaps, Section, Several, Shape, dotted, keys_of
from .tree import ROOT, Settings

PREFIX: Final = "NEWSLETTER_"
# Read elsewhere: they say how the program runs, not what the newsroom is.
NO_SETTINGS: Final = frozenset(
    {
        "NEWSLETTER_PROJECT", "NEWSLETTER_CONFIG", "NEWSLETTER_PROFILE", "NEWSLETTER_USER", "NEWSLETTER_NO_INPUT",
        "NEWSLETTER_NO_SEND", "NEWSLETTER_LANG", "NEWSLETTER_LOG_FORMAT", "NEWSLETTER_LOG_LEVEL",
        "NEWSLETTER_ACCESSIBLE",
    }
)  # fmt: skip


def read_environment(env: Mapping[str, str], below: Mapping[str, object], root: File, problems: list[Problem]) -> Layer:
    """The layer of the environment.

    below: the values of the layers under it, so that `_` finds the list named `breaking-news`.
    root: where a relative path of a `_FILE` variable begins.
    """
    raw: dict[str, object] = {}
    origins: dict[Path, Origin] = {}
    for name in sorted(env):
        if not name.startswith(PREFIX) or name in NO_SETTINGS:
            continue
        found, origin = _find(name, below), Origin(f"environment {name}", f"environment {name}")
        if isinstance(found, Problem):
            problems.append(found)
            origins[found.path] = origin
        elif found is not None:
            path, shape, is_file = found
            if path in origins:
                problems.append(_twice(path, name, origins[path]))
            values = nest(path, _value(shape, env[name], path, problems, root if is_file else None))
            origins |= {path: origin} | dict.fromkeys(leaves(values), origin)
            raw = merge(raw, values)
    return Layer(raw, origins)


def _twice(path: Path, name: str, other: Origin) -> Problem:
    message = f"{dotted(path)} is given twice: by {name} and by {other.where}."
    return Problem(code="CONFIG-VALUE", path=path, message=message, fix="keep one of them")


def _find(name: str, below: Mapping[str, object]) -> tuple[Path, Shape, bool] | Problem | None:
    """The key a variable names and whether it names a file with the value; None for a name that is not ours."""
    words = name.removeprefix(PREFIX).lower().split("__")
    if len(words) == 1:
        return _slip(name)
    exact = _walk(words, below)
    if exact and _is_known(exact[0], exact[1], below):
        return *exact, False
    if words[-1].endswith("_file"):
        in_file = _walk([*words[:-1], words[-1].removesuffix("_file")], below)
        if in_file:
            return *in_file, True
    return (*exact, False) if exact else _unknown(name, words, below)


def _is_known(path: Path, shape: Shape, below: Mapping[str, object]) -> bool:
    """Whether a key is one of the tree, or a free name that is already in use."""
    parent: object = below
    for word in path[:-1]:
        parent = parent.get(word) if isinstance(parent, dict) else None
    in_use = isinstance(parent, dict) and path[-1] in parent
    return in_use or not isinstance(_walk_shape(path[:-1]), Named)


def _walk_shape(path: Path) -> Shape | None:
    found = _walk(list(path), {})
    return found[1] if found else None


def _walk(words: list[str], below: Mapping[str, object]) -> tuple[Path, Shape] | None:
    """The path and shape the words of a variable lead to."""
    shape: Shape = ROOT
    here: object = below
    path: Path = ()
    for word in words:
        match shape:
            case Section(record) | Perhaps(record):
                key = keys_of(record).get(word)
                if key is None:
                    return None
                path, shape = (*path, key.name), key.shape
            case Named(item):
                path, shape = (*path, _free_name(word, here)), item
            case _:
                return None
        here = here.get(path[-1]) if isinstance(here, dict) else None
    return path, shape


def _free_name(word: str, table: object) -> str:
    """The name in use that a variable's word means; a new one has dashes where the variable has `_`."""
    known = list(table) if isinstance(table, dict) else []
    return next((name for name in known if _as_variable(name) == word), word.replace("_", "-"))


def _as_variable(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


def _unknown(name: str, words: list[str], below: Mapping[str, object]) -> Problem:
    for end in range(1, len(words) + 1):
        found = _walk(words[: end - 1], below)
        if found and not _walk(words[:end], below):
            shape = found[1]
            keys = keys_of(shape.record) if isinstance(shape, Section | Perhaps | Several) else {}
            problem = unknown_key((*found[0], words[end - 1]), keys)
            near = get_close_matches(words[end - 1], list(keys), n=1)
            guess = PREFIX + "__".join([*words[: end - 1], *near, *words[end:]]).upper() if near else ""
            return _named(name, problem.path, guess)
    return _named(name, tuple(words), "")


def _named(name: str, path: Path, guess: str) -> Problem:
    question = f" Did you mean {guess}?" if guess else ""
    return Problem(
        code="CONFIG-KEY",
        path=path,
        message=f"This is no setting.{question}",
        fix=f"unset {name}",
    )


def _slip(name: str) -> Problem | None:
    """A likely slip in a name without `__`: one underscore for two, or a mistyped name of the program's own.

    Other names are left alone: container platforms make NEWSLETTER_PORT and NEWSLETTER_SERVICE_HOST by themselves.
    """
    word = name.removeprefix(PREFIX).lower()
    for section, key in keys_of(Settings).items():
        rest = word.removeprefix(section + "_")
        if rest != word and isinstance(key.shape, Section) and rest.removesuffix("_file") in keys_of(key.shape.record):
            return _named(name, (section, rest), f"{PREFIX}{section}__{rest}".upper())
    near = get_close_matches(name, NO_SETTINGS, n=1, cutoff=0.9)
    return _named(name, (word,), near[0]) if near else None


def _value(shape: Shape, text: str, path: Path, problems: list[Problem], root: File | None) -> object:
    """The TOML value a variable's text means; root: the text is a file's path."""
    secret = isinstance(shape, Kind) and shape.secret
    if root is not None:
        try:
            text = (root / text).read_text("utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a NUL in the path
            reason = f"The file cannot be read: {getattr(error, 'strerror', None) or error}."
            problems.append(wrong(path, text, "a file with the value", reason))
            return None
    try:
        return shape.from_text(text) if isinstance(shape, Kind) else toml_value(text)
    except WrongValueError as error:
        allowed = shape.allowed if isinstance(shape, Kind) else "a table as TOML text"
        problems.append(wrong(path, DOTS if secret else text, allowed, error.reason))
        return None
