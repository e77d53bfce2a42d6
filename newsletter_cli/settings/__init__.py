"""Settings: newsletter.toml + profile + environment → one frozen Settings, read once and passed down.

tree.py     every key, its kind, its default           load.py     reading all layers, origins, problems
kinds.py    what one value may be                      secrets.py  where secrets come from; the redactor
safety.py   what is stricter                           edit.py     changing newsletter.toml, comments kept
"""

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
