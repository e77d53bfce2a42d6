"""The files settings come from, each as a layer whose values know their lines."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path as File
from typing import Final

import platformdirs

from ..errors import ConfigError
from .layers import Layer, Origin, leaves
from .lines import find_lines
from .reading import Problem, unknown_key
from .rules import default_id
from .shapes import Path

UI: Final = "ui"  # the one section a person's own file may have
APART: Final = ("version", "profiles")  # keys of the file that are no settings of the newsroom


def read_config(config: File) -> str:
    """The text of newsletter.toml, UTF-8 with or without a byte order mark. ConfigError when it cannot be had."""
    try:
        return config.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError as error:
        raise ConfigError(
            "NO-PROJECT", f"There is no {config.name} in {config.parent}.", fix="newsletter init, or -C FOLDER"
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _unreadable(f"{config.name}:{line}", "The file is not UTF-8 text.") from error
    except OSError as error:
        raise _unreadable(str(config), f"It cannot be read: {error.strerror or error}.") from error


def parse_toml(text: str, name: str) -> Mapping[str, object]:
    """The tables of a TOML text. name: how its file is called in errors. ConfigError CONFIG-VALUE with the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", str(error), re.DOTALL)
        line = int(found[2]) if found else max(1, len(text.splitlines()))
        reason = found[1] if found else str(error).removesuffix(" (at end of document)")
        raise _unreadable(f"{name}:{line}", f"This is not TOML: {reason}.") from error


def newsroom_id(raw: Mapping[str, object], root: File) -> str:
    """The newsroom's id, from a table that nobody has checked yet; else the folder's name where that can be one."""
    section = raw.get("newsroom")
    given = section.get("id") if isinstance(section, dict) else None
    return given if isinstance(given, str) else default_id(root.resolve().name)


def account_of(raw: Mapping[str, object], root: File, key: str) -> str:
    """The name of a secret in a keyring: a keyring serves all newsrooms of one person."""
    return f"{newsroom_id(raw, root)}/{key}"


def _unreadable(where: str, message: str) -> ConfigError:
    return ConfigError("CONFIG-VALUE", f"{where}: {message}", fix=f"correct {where}", details={"where": where})


def file_layer(raw: Mapping[str, object], lines: Mapping[Path, int], name: str) -> Layer:
    """What newsletter.toml says without any profile."""
    own = {word: value for word, value in raw.items() if word not in APART}
    origins = {path: Origin(f"{name}:{line}", f"{name}:{line}") for path, line in lines.items() if path[0] != APART[1]}
    return Layer(own, origins)


def profile_layer(
    raw: Mapping[str, object], lines: Mapping[Path, int], name: str, profile: str, problems: list[Problem]
) -> Layer:
    """What [profiles.NAME] says on top; an empty layer for the name ""."""
    profiles = raw.get("profiles", {})
    if not isinstance(profiles, dict):
        problems.append(Problem(code="CONFIG-VALUE", path=("profiles",), message="[profiles] holds tables."))
        return Layer({})
    if not profile:
        return Layer({})
    overlay = profiles.get(profile)
    if not isinstance(overlay, dict):
        problems.append(_no_profile(profile, profiles))
        return Layer({})
    here = ("profiles", profile)
    # A key inside an array of tables may have no line of its own: then the profile's
    first = next((line for path, line in lines.items() if path[:2] == here), 1)
    own = {path[2:]: line for path, line in lines.items() if path[:2] == here and len(path) > 2}
    own = dict.fromkeys(leaves(overlay), first) | own
    origins = {path: Origin(f"profile {profile}", f"{name}:{line} (profile {profile})") for path, line in own.items()}
    return Layer(overlay, origins)


def _no_profile(profile: str, profiles: Mapping[str, object]) -> Problem:
    near = unknown_key(("profiles", profile), profiles)
    known = ", ".join(profiles) or "none"
    question = near.message.partition(". ")[2].replace("profiles.", "")
    return Problem(
        code="CONFIG-KEY",
        path=("profiles", profile),
        message=f"There is no profile “{profile}”. {question}".rstrip(),
        value=profile,
        allowed=f"the profiles of this newsroom: {known}",
    )


def user_config(env: Mapping[str, str]) -> File | None:
    """A person's own file (XDG config folder), found by the environment given; None when that names no home."""
    folder = env.get("XDG_CONFIG_HOME", "")
    if File(folder).is_absolute():
        return File(folder) / "newsletter" / "config.toml"
    return platformdirs.user_config_path("newsletter", appauthor=False) / "config.toml" if "HOME" in env else None


def user_layer(path: File | None) -> Layer:
    """[ui] of a person's own file; anything else in it is refused (ConfigError CONFIG-KEY)."""
    if path is None or not path.is_file():
        return Layer({})
    text, name = read_config(path), str(path)
    raw, lines = parse_toml(text, name), find_lines(text)
    stray = next((word for word in raw if word != UI), None)
    if stray:
        where = f"{name}:{lines.get((stray,), 1)}"
        raise ConfigError(
            "CONFIG-KEY",
            f"{where}: A person's own file holds [ui] only, not “{stray}”.",
            fix="move it to newsletter.toml",
            details={"where": where, "key": stray},
        )
    return Layer(raw, {path: Origin(f"{name}:{line}", f"{name}:{line}") for path, line in lines.items()})
