"""Changes to newsletter.toml that keep its comments, its order and everything a person wrote.

A change is made in the gentlest way that gives the wanted table: in place, by taking the mark off a commented default,
under the section's header, by opening a commented section, and only then at the end. Each try is read back and compared
with what was wanted, so a way that does not fit this file is dropped instead of harming it. The result is checked as
`load_settings` would, then takes the file's place in one step.
"""

import errno
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any, Final

from ..errors import ConfigError, TryAgainError, UsageError
from .kinds import SLUG, Kind, WrongValueError, toml_value
from .layers import nest
from .load import CONFIG_NAME, Located, as_error, read_layers, without_secrets
from .reading import plain_value, spelled, unknown_key
from .secrets import Given, SecretSource
from .shapes import Path, Perhaps, Section, dotted, keys_of, shape_at, split_key
from .sources import account_of, parse_toml, read_config, user_config
from .toml import spelled_as_toml, with_value, without_table
from .tree import ROOT, ListSettings

LIVE: Final = ("safety", "live")


@dataclass(frozen=True, slots=True)
class Change:
    """What `config set` did."""

    key: str
    before: object  # the plain value in the file, None when it held none; secrets are dots
    after: object
    default: object  # what holds when nothing says otherwise


def set_value(root: File, key: str, text: str, *, config: File | None = None, write: bool = True) -> Change:
    """Write one setting into newsletter.toml, comments kept.

    key: dotted, such as smtp.port.  text: as in the environment; lists and tables as TOML text.
    write: False only checks.
    Raises ConfigError CONFIG-KEY, CONFIG-VALUE (nothing is written then); safety.live and plain secrets are refused.
    """
    path = _known_path(key)
    if path == LIVE:
        raise ConfigError(
            "CONFIG-VALUE",
            "safety.live is not set by hand.",
            sent="",
            fix="newsletter config go-live --confirm ID",
        )
    file = config or root / CONFIG_NAME
    value = _plain_from(path, text)
    if path[0] == "lists" and path[1] not in _table(_read(file), ("lists",)):
        raise _no_list(path[1])
    before = _value(_read(file), path)
    _rewrite(root, file, lambda old: with_value(old, path, value), write=write)
    return Change(dotted(path), _shown(path, before), _shown(path, value), _shown(path, _default(path)))


def set_secret_form(root: File, key: str, form: SecretSource, *, config: File | None = None) -> None:
    """Write where a secret is fetched, such as { keyring = true }; the secret itself is stored elsewhere."""
    path = _known_path(key)
    shape = shape_at(ROOT, path)
    if not isinstance(shape, Kind) or not shape.secret:
        raise ConfigError("CONFIG-KEY", f"{key} is no secret.", sent="", fix="newsletter config set")
    _rewrite(root, config or root / CONFIG_NAME, lambda old: with_value(old, path, shape.plain(form)))


def secret_account(root: File, key: str, *, config: File | None = None) -> str:
    """The name that a secret of this newsroom has in a keyring; asks nothing of the other settings."""
    raw = tomllib.loads(read_config(config or root / CONFIG_NAME))
    return account_of(raw, root, key)


def is_secret(key: str) -> bool:
    """Whether a dotted key holds a secret; ConfigError CONFIG-KEY when there is no such key."""
    shape = shape_at(ROOT, _known_path(key))
    return isinstance(shape, Kind) and shape.secret


def go_live(root: File, *, config: File | None = None) -> None:
    """Write live = true."""
    _rewrite(root, config or root / CONFIG_NAME, lambda old: with_value(old, LIVE, True))


def set_own_language(env: Mapping[str, str], language: str) -> None:
    """Write [ui] language (en | ar) into the person's own file; does nothing for an environment that names no home."""
    file = user_config(env)
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    old = read_config(file) if file.is_file() else ""
    parse_toml(old, str(file))
    _replace(file, with_value(old, ("ui", "language"), language).encode("utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """What a list is to be; None leaves a key as it is."""

    title: str | None = None
    opt_in: str | None = None  # double | single
    public: bool | None = None
    description: str | None = None
    language: str | None = None
    from_: str | None = None
    reply_to: str | None = None

    def values(self) -> Mapping[str, object]:
        """The keys that are given, as the file spells them."""
        return {
            key.name: getattr(self, key.field)
            for key in keys_of(ListSettings).values()
            if getattr(self, key.field, None) is not None
        }


def add_list(root: File, slug: str, change: ListChange, *, config: File | None = None) -> None:
    """Write [lists.SLUG]. UsageError when the slug cannot be or is taken; ConfigError for a value it cannot have."""
    file = config or root / CONFIG_NAME
    if not SLUG.fullmatch(slug):
        raise UsageError("USAGE", f"“{slug}” cannot name a list: small Latin letters, digits, dot, dash.", sent="")
    if slug in _table(_read(file), ("lists",)):
        raise UsageError("USAGE", f"There is already a list “{slug}”.", sent="", fix=f"newsletter lists edit {slug}")
    values = {"title": slug, **change.values()}

    def with_list(text: str) -> str:
        for key, value in values.items():
            text = with_value(text, ("lists", slug, key), value)
        return text

    _rewrite(root, file, with_list)


def edit_list(root: File, slug: str, change: ListChange, *, config: File | None = None) -> None:
    """Change keys of [lists.SLUG]. UsageError NOT-FOUND when there is no such list."""
    file = config or root / CONFIG_NAME
    if slug not in _table(_read(file), ("lists",)):
        raise _no_list(slug)

    def with_changes(text: str) -> str:
        for key, value in change.values().items():
            text = with_value(text, ("lists", slug, key), value)
        return text

    _rewrite(root, file, with_changes)


def remove_list(root: File, slug: str, *, config: File | None = None) -> None:
    """Take [lists.SLUG] out; who was on it stands in the database and stays there."""
    file = config or root / CONFIG_NAME
    if slug not in _table(_read(file), ("lists",)):
        raise _no_list(slug)
    _rewrite(root, file, lambda old: without_table(old, ("lists", slug)))


def _no_list(slug: str) -> UsageError:
    return UsageError("NOT-FOUND", f"There is no list “{slug}”.", sent="", fix="newsletter lists list")


def _known_path(key: str) -> Path:
    """The path of a key that the tree has, or has room for."""
    path = split_key(key)
    for end in range(1, len(path) + 1):
        if shape_at(ROOT, path[:end]) is None:
            parent = shape_at(ROOT, path[: end - 1])
            keys = keys_of(parent.record) if isinstance(parent, Section | Perhaps) else {}
            problem = unknown_key(path[:end], keys)
            raise ConfigError("CONFIG-KEY", problem.message, sent="", fix=problem.fix or "newsletter config show")
    if not path:
        raise ConfigError("CONFIG-KEY", f"“{key}” is no setting.", sent="", fix="newsletter config show")
    return path


def _plain_from(path: Path, text: str) -> object:
    shape = shape_at(ROOT, path)
    if isinstance(shape, Section):
        message = f"{dotted(path)} is a table; set one of its keys."
        raise ConfigError("CONFIG-VALUE", message, sent="", fix="one of " + ", ".join(keys_of(shape.record)))
    kind = shape if isinstance(shape, Kind) else None
    try:
        value = kind.from_text(text) if kind else toml_value(text)
        if isinstance(value, Given):
            # Before the kind is asked: nothing on the way may keep or show the secret.
            raise ConfigError(
                "CONFIG-VALUE",
                f"{dotted(path)} is a secret and does not stand in newsletter.toml: it is in git.",
                sent="",
                fix=f"newsletter config set-secret {dotted(path)}",
            )
        if kind:
            kind.read(value)
    except WrongValueError as error:
        allowed = kind.allowed if kind else "a table or list as TOML text"
        raise ConfigError(
            "CONFIG-VALUE",
            f"{dotted(path)} has a value it cannot have. {error.reason}".rstrip(),
            facts=(("value", spelled(text)), ("allowed", allowed)),
            sent="",
        ) from error
    return value


def known_key(key: str) -> None:
    """ConfigError CONFIG-KEY, with the likeliest one, unless the tree has this key or section."""
    _known_path(key)


def _default(path: Path) -> object:
    """The plain value of a key that nobody set; None for one with a free name."""
    parent, keys = shape_at(ROOT, path[:-1]), {}
    if isinstance(parent, Section | Perhaps):
        keys = dict(keys_of(parent.record))
    key = keys.get(path[-1])
    return None if key is None else plain_value(key.shape, key.default)


def reason_against(key: str, text: str) -> str:
    """Why a setting cannot have this value, in a sentence; "" when it can. For questions that are asked again."""
    kind = shape_at(ROOT, _known_path(key))
    if not isinstance(kind, Kind):
        raise ValueError(f"{key} is not one value")
    try:
        kind.read(kind.from_text(text))
    except WrongValueError as error:
        return error.reason or f"It has to be {kind.allowed}."
    return ""


def as_text(value: object) -> str:
    """A plain value as it is typed behind `config set KEY`: a text as it is, all else as TOML."""
    return value if isinstance(value, str) else spelled_as_toml(value)


def _shown(path: Path, value: object) -> object:
    shape = shape_at(ROOT, path)
    hidden = nest(path[-1:], value) if isinstance(shape, Kind) and shape.secret else {}
    return without_secrets(hidden)[path[-1]] if hidden else without_secrets(value)  # type: ignore[index]


def _read(file: File) -> Mapping[str, Any]:
    return tomllib.loads(read_config(file))


def _table(raw: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    found = _value(raw, path)
    return found if isinstance(found, dict) else {}


def _value(raw: Mapping[str, Any], path: Path) -> Any:
    found: Any = raw
    for word in path:
        found = found.get(word) if isinstance(found, dict) else None
    return found


def _rewrite(root: File, file: File, change: Callable[[str], str], *, write: bool = True) -> None:
    """Change the text, check the settings it gives, and put it in the file's place.

    A slip that was in the file before does not stop a change: this change may be the one that corrects another.
    """
    old = read_config(file)
    new = change(old)
    _, known = read_layers(root, old, file, profile="", env={})
    _, problems = read_layers(root, new, file, profile="", env={})
    before = {located.problem for located in known}
    fresh = [located.problem for located in problems if located.problem not in before]
    if fresh:
        # Told without a line: the text that has that line is thrown away
        raise as_error(Located(fresh[0], ""), len(fresh) - 1)
    if write and new != old:
        ends = "\r\n" if b"\r\n" in file.read_bytes() else "\n"
        _replace(file.resolve(), new.replace("\n", ends).encode("utf-8"))


def _replace(file: File, data: bytes) -> None:
    """Put data in a file's place in one step; whoever reads it sees the old text or the new one."""
    # By hand and not by tempfile: that is ten milliseconds of imports for every command that reads settings
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as output:
            output.write(data)
            output.flush()
            os.fsync(output.fileno())
        part.chmod(file.stat().st_mode & 0o7777 if file.exists() else 0o644)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise TryAgainError("DISK-FULL", f"There is no room to write {file}.", sent="") from error
        raise ConfigError("CONFIG-VALUE", f"{file} cannot be written: {error.strerror}.", sent="") from error
