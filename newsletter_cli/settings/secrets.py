"""Where a secret comes from, how it is fetched, and how it is kept out of everything that is written.

    password = { command = "pass show mail/news" }   no shell, 10 s, the first line it prints
    password = { keyring = true }                    the keyring of this computer (extra `keyring`)
    password = { file = "${CREDENTIALS_DIRECTORY}/smtp" }   its first line; relative to the newsroom
    password = { env = "SMTP_PASSWORD" }

The environment may hold the secret itself (NEWSLETTER_SMTP__PASSWORD); newsletter.toml may not: it lies in git.
"""

import base64
import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ..errors import ConfigError
from .kinds import Kind, WrongValueError, toml_value

PATIENCE: Final = 10.0  # seconds a command may take: a password manager that asks takes longer than any that answers
DOTS: Final = "••••••••"
SERVICE: Final = "newsletter"
INSTALL_KEYRING: Final = 'pip install "newsletter-cli[keyring]"'


class SecretForm(StrEnum):
    """The forms a secret can have."""

    COMMAND = "command"
    KEYRING = "keyring"
    FILE = "file"
    ENV = "env"
    VALUE = "value"  # given by the environment itself; never written anywhere


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where one secret is to be fetched; holds the secret itself only when the environment gave it."""

    form: SecretForm
    what: str = field(repr=False)  # command line, file, variable, or the value
    key: str = ""  # the setting, such as smtp.password
    account: str = ""  # its name in the keyring: newsroom id and key


class Given(str):
    """A secret in clear, as the environment or a person gave it. Its own class, so that a file can never hold one."""

    __slots__ = ()


def _read(value: object) -> SecretSource | None:
    if value in ("", {}):
        return None
    if isinstance(value, Given):
        return SecretSource(SecretForm.VALUE, str(value))
    if isinstance(value, str):
        raise WrongValueError("A secret does not stand in newsletter.toml: it is in git.")
    if not isinstance(value, dict) or len(value) != 1:
        raise WrongValueError
    form, what = next(iter(value.items()))
    if form == SecretForm.KEYRING and what is True:
        return SecretSource(SecretForm.KEYRING, "true")
    if form not in (SecretForm.COMMAND, SecretForm.FILE, SecretForm.ENV) or not isinstance(what, str) or not what:
        raise WrongValueError
    return SecretSource(SecretForm(form), what)


def _plain(source: SecretSource | None) -> object:
    if source is None:
        return ""
    if source.form is SecretForm.VALUE:
        return Given(source.what)
    return {source.form.value: True if source.form is SecretForm.KEYRING else source.what}


def _from_text(line: str) -> object:
    """A form where the text is one, else the secret itself."""
    if line.lstrip().startswith("{"):
        try:
            value = toml_value(line)
            _read(value)
        except WrongValueError:
            return Given(line)
        return value
    return Given(line) if line else ""


ALLOWED: Final = '{ command = "…" }, { keyring = true }, { file = "…" } or { env = "…" }'
SECRET: Final[Kind[SecretSource | None]] = Kind(
    ALLOWED,
    _read,
    _plain,
    _from_text,
    {
        "type": "object",
        "description": ALLOWED,
        "properties": {
            "command": {"type": "string"},
            "keyring": {"const": True},
            "file": {"type": "string"},
            "env": {"type": "string"},
        },
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    },
    secret=True,
)


def resolve_secret(source: SecretSource, root: Path, env: Mapping[str, str]) -> str:
    """The secret, fetched now. root: the newsroom folder, where commands run and relative files begin.

    Raises ConfigError SECRET when it cannot be had or is empty, EXTRA when the keyring extra is missing. The error
    never holds what a command printed on its output.
    """
    secret = FETCHERS[source.form](source, root, env)
    if not secret:
        raise _cannot(source, "It is empty." if source.form is not SecretForm.ENV else f"{source.what} is not set.")
    return secret


def _cannot(source: SecretSource, reason: str) -> ConfigError:
    where = source.form.value if source.form is SecretForm.VALUE else f"{source.form.value} {source.what}"
    return ConfigError(
        "SECRET",
        f"The secret {source.key or 'asked for'} cannot be read. {reason}",
        facts=(("from", where),),
        fix=f"newsletter config set-secret {source.key}".rstrip(),
    )


def _of_command(source: SecretSource, root: Path, env: Mapping[str, str]) -> str:
    try:
        words = shlex.split(source.what)
    except ValueError as error:
        raise _cannot(source, f"The command line cannot be read: {error}.") from error
    if not words:
        raise _cannot(source, "The command is empty.")
    try:
        process = subprocess.Popen(
            words, cwd=root, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except (OSError, ValueError) as error:
        raise _cannot(source, f"The command cannot be started: {error}.") from error
    with process.stdout or open(os.devnull, "rb") as output:  # stdout is there: PIPE was asked for
        try:
            printed, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            # Not waited for to the end of its output: a child it left behind may hold the pipe for ever.
            process.kill()
            process.wait()
            output.close()
            raise _cannot(source, f"The command took longer than {PATIENCE:g} s.") from error
    if process.returncode:
        raise _cannot(source, f"The command ended with {process.returncode}.")
    return _first_line(source, printed)


def _first_line(source: SecretSource, data: bytes) -> str:
    try:
        return data.partition(b"\n")[0].rstrip(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        raise _cannot(source, "It is not UTF-8 text.") from error


def _of_file(source: SecretSource, root: Path, env: Mapping[str, str]) -> str:
    def fill(found: re.Match[str]) -> str:
        if found[1] not in env:
            raise _cannot(source, f"{found[1]} is not set.")
        return env[found[1]]

    path = root / re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", fill, source.what)
    try:
        return _first_line(source, path.read_bytes())
    except OSError as error:
        raise _cannot(source, f"{path}: {error.strerror or error}.") from error


def _of_keyring(source: SecretSource, root: Path, env: Mapping[str, str]) -> str:
    try:
        import keyring  # lazy: an extra, and it looks through every backend on import
        from keyring.errors import KeyringError
    except ImportError as error:
        raise ConfigError(
            "EXTRA", f"{source.key} is in the keyring, but the extra `keyring` is not installed.", fix=INSTALL_KEYRING
        ) from error
    try:
        secret = keyring.get_password(SERVICE, source.account or source.key)
    except (KeyringError, OSError, RuntimeError) as error:
        raise _cannot(source, f"The keyring of this computer does not answer: {error}.") from error
    return secret or ""


def _of_env(source: SecretSource, root: Path, env: Mapping[str, str]) -> str:
    return env.get(source.what, "")


def _given(source: SecretSource, root: Path, env: Mapping[str, str]) -> str:
    return source.what


FETCHERS: Final[Mapping[SecretForm, Callable[[SecretSource, Path, Mapping[str, str]], str]]] = {
    SecretForm.COMMAND: _of_command,
    SecretForm.KEYRING: _of_keyring,
    SecretForm.FILE: _of_file,
    SecretForm.ENV: _of_env,
    SecretForm.VALUE: _given,
}


def keep_in_keyring(account: str, secret: str) -> bool:
    """Store a secret in this computer's keyring and read it back. False: no keyring that works, nothing is stored."""
    try:
        import keyring  # lazy: an extra, and it looks through every backend on import
        from keyring.errors import KeyringError
    except ImportError:
        return False
    try:
        keyring.set_password(SERVICE, account, secret)
        return bool(keyring.get_password(SERVICE, account) == secret)
    except (KeyringError, OSError, RuntimeError):
        return False


SHORTEST: Final = 4  # a shorter "secret" would black out half of every sentence and protect nobody


class Redactor:
    """Takes known secrets out of any text: as they are, quoted for JSON or a URL, and in base64 at any offset."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._spellings: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """From now on this one is hidden too. Secrets under four characters are not searched for."""
        if len(secret) < SHORTEST:
            return
        self._spellings |= spellings(secret)
        longest_first = sorted(self._spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(spelling) for spelling in longest_first))

    def redact(self, text: str) -> str:
        """The text with dots in place of every known secret."""
        return self._pattern.sub(DOTS, text) if self._pattern else text


def spellings(secret: str) -> frozenset[str]:
    """The forms in which a secret may turn up in a conversation, a log or a traceback."""
    found = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe="")}
    data = secret.encode("utf-8", "surrogateescape")
    for before in range(3):
        # Base64 takes three bytes at a time: inside a longer text (AUTH PLAIN: NUL user NUL password) the secret
        # begins at one of three offsets, and the letters it shares with its neighbours are not its own.
        coded = base64.b64encode(b"\0" * before + data)
        own = coded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6].decode("ascii")
        if len(own) >= SHORTEST:
            found |= {own, own.replace("+", "-").replace("/", "_")}
    found.add(base64.b64encode(data).decode("ascii"))
    return frozenset(found)
