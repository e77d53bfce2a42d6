"""Settings: newsletter.toml + profile + environment → one frozen Settings, read once and passed down.

tree.py     every key, its kind, its default           load.py     reading all layers, origins, problems
kinds.py    what one value may be                      secrets.py  where secrets come from; the redactor
safety.py   what is stricter                           edit.py     changing newsletter.toml, comments kept
"""

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .edit import (
        Change,
        ListChange,
        add_list,
        as_text,
        edit_list,
        go_live,
        is_secret,
        known_key,
        reason_against,
        remove_list,
        secret_account,
        set_own_language,
        set_secret_form,
        set_value,
    )
    from .kinds import Hours, Rate
    from .load import CONFIG_NAME, Entry, Loaded, check_text, find_problems, load_settings
    from .opening import LOCALES, Opening, list_title, opening_text
    from .safety import is_allowed
    from .schema import json_schema
    from .secrets import DOTS, Redactor, SecretForm, SecretSource, keep_in_keyring, resolve_secret
    from .tree import (
        CheckSettings,
        ComposeSettings,
        ListSettings,
        NewsroomSettings,
        SafetySettings,
        SenderSettings,
        ServerSettings,
        Settings,
        SmtpSettings,
        StorageSettings,
        TeamSettings,
        WebSettings,
    )
    from .words import is_local_host

__all__ = [
    "CONFIG_NAME",
    "DOTS",
    "LOCALES",
    "Change",
    "CheckSettings",
    "ComposeSettings",
    "Entry",
    "Hours",
    "ListChange",
    "ListSettings",
    "Loaded",
    "NewsroomSettings",
    "Opening",
    "Rate",
    "Redactor",
    "SafetySettings",
    "SecretForm",
    "SecretSource",
    "SenderSettings",
    "ServerSettings",
    "Settings",
    "SmtpSettings",
    "StorageSettings",
    "TeamSettings",
    "WebSettings",
    "add_list",
    "as_text",
    "check_text",
    "edit_list",
    "find_problems",
    "go_live",
    "is_allowed",
    "is_local_host",
    "is_secret",
    "json_schema",
    "keep_in_keyring",
    "known_key",
    "list_title",
    "load_settings",
    "opening_text",
    "reason_against",
    "remove_list",
    "resolve_secret",
    "secret_account",
    "set_own_language",
    "set_secret_form",
    "set_value",
]

# Where each name lives; a file is loaded when a name of it is first asked for: all read, one changes.
_HOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "edit": (
        "Change",
        "ListChange",
        "add_list",
        "as_text",
        "edit_list",
        "go_live",
        "is_secret",
        "known_key",
        "reason_against",
        "remove_list",
        "secret_account",
        "set_own_language",
        "set_secret_form",
        "set_value",
    ),
    "kinds": ("Hours", "Rate"),
    "load": ("CONFIG_NAME", "Entry", "Loaded", "check_text", "find_problems", "load_settings"),
    "opening": ("LOCALES", "Opening", "list_title", "opening_text"),
    "safety": ("is_allowed",),
    "schema": ("json_schema",),
    "secrets": ("DOTS", "Redactor", "SecretForm", "SecretSource", "keep_in_keyring", "resolve_secret"),
    "tree": (
        "CheckSettings",
        "ComposeSettings",
        "ListSettings",
        "NewsroomSettings",
        "SafetySettings",
        "SenderSettings",
        "ServerSettings",
        "Settings",
        "SmtpSettings",
        "StorageSettings",
        "TeamSettings",
        "WebSettings",
    ),
    "words": ("is_local_host",),
}


def __getattr__(name: str) -> object:
    """A public name, from its file."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
