"""newsletter.toml + profile + environment → one frozen Settings, read once and passed down.

default < user file ([ui] only) < newsletter.toml < profile < environment          (flags: the commands themselves)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path as File
from typing import Any, Final

from ..errors import ConfigError
from .environment import read_environment
from .kinds import Kind
from .layers import DEFAULT, Layer, leaves, origin_of, stack
from .lines import find_lines
from .reading import Problem, Reading, plain_tree, read_tree
from .rules import broken_rules, default_id, wrong_version
from .safety import looser_keys, strictest
from .secrets import DOTS
from .shapes import Path, dotted, shape_at, split_key
from .sources import file_layer, newsroom_id, parse_toml, profile_layer, read_config, user_config, user_layer
from .tree import ROOT, ListSettings, SafetySettings, Settings

CONFIG_NAME: Final = "newsletter.toml"
PASSWORD_IN_URL: Final = re.compile(r"(://[^:/@\s]*:)[^@\s]*@")


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting as `config show` prints it."""

    key: str
    value: object  # JSON-safe; secrets are dots
    origin: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and where each value came from."""

    settings: Settings
    origins: Mapping[str, str]  # dotted key → newsletter.toml:38 | profile staging | environment NAME | default
    config: File

    def entries(self) -> tuple[Entry, ...]:
        """Every setting in the order of the tree. A list's safety shows only what that list says itself."""
        plain = plain_tree(self.settings)
        return tuple(
            self._entry(path, _value_at(plain, path)) for path in leaves(plain) if not self._is_the_newsrooms(path)
        )

    def entry(self, key: str) -> Entry | None:
        """One setting, or a whole table of them; None when there is none of that name."""
        found = [entry for entry in self.entries() if entry.key == key or entry.key.startswith(key + ".")]
        if not found or found[0].key == key:
            return found[0] if found else None
        origins = dict.fromkeys(entry.origin for entry in found)
        return Entry(key, without_secrets(_value_at(plain_tree(self.settings), split_key(key))), ", ".join(origins))

    def _is_the_newsrooms(self, path: Path) -> bool:
        return path[0] == "lists" and path[2:3] == ("safety",) and dotted(path) not in self.origins

    def _entry(self, path: Path, value: object) -> Entry:
        shape = shape_at(ROOT, path)
        shown = without_secrets(value)
        if isinstance(shape, Kind) and shape.secret:
            shown = DOTS if value else ""
        return Entry(dotted(path), shown, self.origins.get(dotted(path), DEFAULT))


def _value_at(table: Mapping[str, Any], path: Path) -> object:
    for word in path[:-1]:
        table = table[word]
    return table[path[-1]]


def without_secrets(value: object) -> object:
    """A plain value with the passwords of servers and of database addresses as dots."""
    if isinstance(value, dict):
        return {
            word: DOTS if word in ("password", "oauth2") and item else without_secrets(item)
            for word, item in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return PASSWORD_IN_URL.sub(rf"\1{DOTS}@", value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Located:
    """A problem and the place to go to."""

    problem: Problem
    where: str  # newsletter.toml:38 | environment NAME | newsletter.toml:70 (profile staging) | "" of a text not kept


def load_settings(
    root: File,
    *,
    profile: str | None = None,
    env: Mapping[str, str],
    user_file: File | None = None,
    config: File | None = None,
) -> Loaded:
    """The settings of a newsroom and the origin of each.

    root: its folder.  profile: None = NEWSLETTER_PROFILE, "" = none.  env: the whole environment.
    user_file: None = the person's own, found through `env`.  config: None = newsletter.toml in the folder.
    Raises ConfigError NO-PROJECT, CONFIG-KEY, CONFIG-VALUE, SAFETY-LOOSER: the first problem, with file and line.
    Fetches no secret.
    """
    config = config or root / CONFIG_NAME
    loaded, problems = read_layers(root, read_config(config), config, profile=profile, env=env, user_file=user_file)
    if problems:
        raise as_error(problems[0], len(problems) - 1)
    return loaded


def check_text(root: File, text: str, *, profile: str | None = None, env: Mapping[str, str]) -> Loaded:
    """The settings that a newsletter.toml of this text would give in this folder; raises as load_settings."""
    loaded, problems = read_layers(root, text, root / CONFIG_NAME, profile=profile, env=env)
    if problems:
        raise as_error(problems[0], len(problems) - 1)
    return loaded


def find_problems(
    root: File, *, profile: str | None = None, env: Mapping[str, str], config: File | None = None
) -> tuple[ConfigError, ...]:
    """All problems of the settings, each as the error that `load_settings` would raise for it."""
    config = config or root / CONFIG_NAME
    _, problems = read_layers(root, read_config(config), config, profile=profile, env=env)
    return tuple(as_error(problem) for problem in problems)


def as_error(located: Located, others: int = 0) -> ConfigError:
    """A problem as the error a person sees. others: how many more there are."""
    problem = located.problem
    facts = [(label, text) for label, text in (("value", problem.value), ("allowed", problem.allowed)) if text]
    if others:
        facts.append(("also", f"{others} more; newsletter config check lists all"))
    return ConfigError(
        problem.code,
        f"{located.where}: {problem.message}" if located.where else problem.message,
        facts=facts,
        fix=problem.fix or (f"correct {located.where}" if located.where else ""),
        details={"where": located.where, "key": dotted(problem.path)},
    )


def read_layers(
    root: File,
    text: str,
    config: File,
    *,
    profile: str | None = None,
    env: Mapping[str, str],
    user_file: File | None = None,
) -> tuple[Loaded, tuple[Located, ...]]:
    """The settings a text of newsletter.toml gives, and all that is wrong with them; for the rest see load_settings."""
    raw, lines, name = parse_toml(text, config.name), find_lines(text), config.name
    chosen = env.get("NEWSLETTER_PROFILE", "") if profile is None else profile
    problems = list(wrong_version(raw))
    base = stack(
        Layer({"newsroom": {"id": default_id(root.resolve().name)}}),
        user_layer(user_file or user_config(env)),
        file_layer(raw, lines, name),
    )
    below = stack(base, profile_layer(raw, lines, name, chosen, problems))
    above = read_environment(env, below.raw, root, problems)
    whole = stack(below, above)
    settings = _read_checked(newsroom_id(whole.raw, root), below, above, whole, problems)
    located = [Located(problem, origin_of(problem.path, whole.origins, name).where) for problem in problems]
    for other in _other_profiles(raw, chosen):
        located += _problems_of_profile(base, profile_layer(raw, lines, name, other, []), name, located)
    origins = {dotted(path): origin.shown for path, origin in whole.origins.items()}
    return Loaded(replace(settings, profile=chosen), origins, config), tuple(located)


def _read_checked(newsroom: str, below: Layer, above: Layer, whole: Layer, problems: list[Problem]) -> Settings:
    """The settings; rules between them are looked at only when each by itself is right."""
    reading = Reading(newsroom, problems)
    settings = read_tree(Settings, whole.raw, reading)
    if not problems:
        settings = _with_safety(settings, below, above, reading)
    if not problems:
        problems.extend(broken_rules(settings))
    return settings


def _with_safety(settings: Settings, below: Layer, above: Layer, reading: Reading) -> Settings:
    """The settings with the whole rules of each list; what is looser than it may be becomes a problem."""
    held = read_tree(SafetySettings, _table(below.raw, "safety"), reading, ("safety",))
    reading.problems.extend(looser_keys(settings.safety, held, _table(above.raw, "safety"), ("safety",)))
    lists: dict[str, ListSettings] = {}
    for slug, own in settings.lists.items():
        path = ("lists", slug, "safety")
        said, forced = _table(below.raw, *path), _table(above.raw, *path)
        before = read_tree(SafetySettings, said, reading, path)
        reading.problems.extend(looser_keys(before, held, said, path))
        reading.problems.extend(looser_keys(own.safety, strictest(held, before, said), forced, path))
        lists[slug] = replace(own, safety=strictest(settings.safety, own.safety, said.keys() | forced.keys()))
    return replace(settings, lists=lists)


def _table(raw: Mapping[str, object], *path: str) -> Mapping[str, object]:
    found: object = raw
    for word in path:
        found = found.get(word, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}


def _other_profiles(raw: Mapping[str, object], chosen: str) -> tuple[str, ...]:
    return tuple(name for name in _table(raw, "profiles") if name != chosen)


def _problems_of_profile(base: Layer, overlay: Layer, name: str, known: list[Located]) -> list[Located]:
    """What is wrong in a profile that is not in use: a slip in it must not wait for the day it is needed."""
    whole, seen = stack(base, overlay), {located.problem for located in known}
    reading = Reading("")
    read_tree(Settings, whole.raw, reading)
    return [
        Located(problem, origin_of(problem.path, whole.origins, name).where)
        for problem in reading.problems
        if problem not in seen
    ]
