"""Where secrets come from, and how they are kept out of what is written."""

import base64
import json
import sys
import time
from pathlib import Path
from urllib.parse import quote

import keyring
import pytest
from hypothesis import example, given
from hypothesis.strategies import binary, characters, text
from keyring.backend import KeyringBackend

from newsletter_cli.errors import ConfigError
from newsletter_cli.settings import DOTS, Redactor, SecretForm, SecretSource, keep_in_keyring, resolve_secret
from newsletter_cli.settings import secrets as room
from newsletter_cli.settings.secrets import SHORTEST
from tests.settings.conftest import Load


def source(form: str, what: str) -> SecretSource:
    return SecretSource(SecretForm(form), what, key="smtp.password", account="akhbar/smtp.password")


def python(code: str) -> str:
    return f"{sys.executable} -c '{code}'"


@pytest.mark.parametrize(
    ("written", "form", "what"),
    [
        ('{ command = "pass show mail/news" }', "command", "pass show mail/news"),
        ("{ keyring = true }", "keyring", "true"),
        ('{ file = "${DIR}/smtp" }', "file", "${DIR}/smtp"),
        ('{ env = "SMTP_PASSWORD" }', "env", "SMTP_PASSWORD"),
    ],
)
def test_the_forms_in_the_file_and_in_the_environment(load: Load, written: str, form: str, what: str) -> None:
    in_file = load(f"[smtp]\npassword = {written}").settings.smtp.password
    in_env = load("", env={"NEWSLETTER_SMTP__PASSWORD": written}).settings.smtp.password
    assert in_file == in_env == source(form, what)


@pytest.mark.parametrize(
    "written",
    [
        '"word"',
        "{ keyring = false }",
        '{ command = "" }',
        '{ file = "a", env = "b" }',
        "{ env = 1 }",
        '{ value = "x" }',
        "1",
    ],
)
def test_no_other_form_stands_in_the_file(load: Load, written: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(f"[smtp]\npassword = {written}")
    assert caught.value.code == "CONFIG-VALUE"


@given(text(characters(exclude_characters="\0", codec="utf-8"), min_size=1))
@example("{ not toml")
@example('{ other = "form" }')
def test_the_environment_may_hold_the_secret_itself(secret: str) -> None:
    read = room.SECRET.read(room.SECRET.from_text(secret))
    assert read is not None
    if read.form is SecretForm.VALUE:
        assert resolve_secret(read, Path("/"), {}) == secret


def test_an_empty_secret_is_none(load: Load) -> None:
    assert load('[smtp]\npassword = ""', env={"NEWSLETTER_SMTP__PASSWORD": ""}).settings.smtp.password is None


def test_a_command_gives_its_first_line_and_knows_no_shell(root: Path) -> None:
    command = python("import os, sys; print(sys.argv[1]); print(2)") + " '$HOME; *'"
    assert resolve_secret(source("command", command), root, {}) == "$HOME; *"


def test_a_command_runs_in_the_newsroom_with_the_environment_given(root: Path) -> None:
    command = python("import os; print(os.getcwd() + os.environ[chr(65)])")
    assert resolve_secret(source("command", command), root, {"A": "!"}) == f"{root}!"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (python("print(1); raise SystemExit(3)"), "ended with 3"),
        (python("pass"), "empty"),
        (python("import sys; sys.stdout.buffer.write(bytes([255]))"), "UTF-8"),
        ("no-such-command-anywhere", "cannot be started"),
        ("'", "cannot be read"),
        ("  ", "empty"),
    ],
)
def test_a_command_that_gives_nothing_is_told(root: Path, command: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_secret(source("command", command), root, {"PATH": "/usr/bin:/bin"})
    assert (caught.value.code, caught.value.exit) == ("SECRET", 4)
    assert reason in caught.value.message
    assert caught.value.fix == "newsletter config set-secret smtp.password"


def test_a_command_that_fails_does_not_show_what_it_printed(root: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_secret(source("command", python('print("hid" + "den"); raise SystemExit(1)')), root, {})
    assert "hidden" not in f"{caught.value.message}{caught.value.facts}"


def test_a_command_that_hangs_is_given_up_also_when_its_child_holds_the_pipe(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PATIENCE", 0.3)  # ten seconds are the users', not the tests'
    begun = time.monotonic()
    with pytest.raises(ConfigError) as caught:
        resolve_secret(source("command", "sh -c 'sleep 20 & wait'"), root, {"PATH": "/usr/bin:/bin"})
    assert "longer than" in caught.value.message
    assert time.monotonic() - begun < 10


def test_a_file_may_be_named_by_a_variable_or_from_the_newsroom(root: Path, tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text("from outside\r\nmore")
    (root / "smtp").write_text("from inside")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert resolve_secret(source("file", "${CREDENTIALS_DIRECTORY}/smtp"), root, env) == "from outside"
    assert resolve_secret(source("file", "smtp"), root, env) == "from inside"


@pytest.mark.parametrize("what", ["${NOT_SET}/smtp", "nowhere", "."])
def test_a_file_that_cannot_be_read_is_told(root: Path, what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_secret(source("file", what), root, {})
    assert caught.value.code == "SECRET"


def test_a_variable_holds_it_or_is_missed(root: Path) -> None:
    assert resolve_secret(source("env", "SMTP_PASSWORD"), root, {"SMTP_PASSWORD": "x y"}) == "x y"
    with pytest.raises(ConfigError) as caught:
        resolve_secret(source("env", "SMTP_PASSWORD"), root, {})
    assert "SMTP_PASSWORD is not set" in caught.value.message


class Memory(KeyringBackend):
    """A keyring that works."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))


@pytest.fixture
def memory() -> object:
    before, here = keyring.get_keyring(), Memory()
    keyring.set_keyring(here)
    yield here
    keyring.set_keyring(before)


def test_the_keyring_gives_back_what_it_keeps(memory: Memory, root: Path) -> None:
    assert keep_in_keyring("akhbar/smtp.password", "geheim")
    assert memory.kept == {("newsletter", "akhbar/smtp.password"): "geheim"}
    assert resolve_secret(source("keyring", "true"), root, {}) == "geheim"


def test_a_keyring_without_this_secret_is_told(memory: Memory, root: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_secret(source("keyring", "true"), root, {})
    assert (caught.value.code, memory.kept) == ("SECRET", {})


def test_a_keyring_that_does_not_work_keeps_nothing(root: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    try:
        assert not keep_in_keyring("akhbar/smtp.password", "geheim")
        with pytest.raises(ConfigError) as caught:
            resolve_secret(source("keyring", "true"), root, {})
        assert caught.value.code == "SECRET"
    finally:
        keyring.set_keyring(before)


def test_the_keyring_s_name_for_it_has_the_newsroom_in_it(load: Load) -> None:
    password = load('[newsroom]\nid = "other"\n[smtp]\npassword = { keyring = true }').settings.smtp.password
    assert password is not None
    assert (password.account, password.key) == ("other/smtp.password", "smtp.password")


# --- the redactor


secrets = text(characters(codec="utf-8"), min_size=SHORTEST, max_size=30)


@given(secrets, text(), text())
@example("pässwörd", "", "")
@example('a"b\\c', "", "")
def test_no_spelling_of_a_secret_comes_through(secret: str, before: str, after: str) -> None:
    redactor = Redactor([secret])
    for spelled in (secret, json.dumps(secret), json.dumps(secret, ensure_ascii=False), quote(secret, safe="")):
        hidden = redactor.redact(f"{before}\n{spelled}\n{after}")
        inner = spelled.strip('"') if spelled != secret else spelled
        assert inner not in hidden or inner in f"{before}\n\n{after}" or set(inner) <= set(DOTS)


@given(text("abcdefgh-_ 0123", min_size=6, max_size=20), binary(max_size=9), binary(max_size=9))
def test_base64_hides_no_secret_whatever_stands_around_it(secret: str, before: bytes, after: bytes) -> None:
    coded = base64.b64encode(before + secret.encode() + after).decode()
    assert DOTS in Redactor([secret]).redact(coded)


def test_the_conversation_of_a_login_shows_nothing() -> None:
    redactor = Redactor(["tr0ub4dor&3"])
    plain = base64.b64encode(b"\0news@example.org\0tr0ub4dor&3").decode()
    login = base64.b64encode(b"tr0ub4dor&3").decode()
    assert redactor.redact(f"AUTH PLAIN {plain}") == f"AUTH PLAIN {plain[: plain.index(_core(plain))]}{DOTS}"
    assert redactor.redact(login) == DOTS


def _core(coded: str) -> str:
    """The end of the base64 of a login, from the first letter that is the password's alone."""
    return coded[-(-len(b"\0news@example.org\0") * 8 // 6) :]


def test_short_words_are_not_hunted() -> None:
    assert Redactor(["abc", ""]).redact("abc def") == "abc def"


def test_what_is_learned_later_is_hidden_too() -> None:
    redactor = Redactor()
    assert redactor.redact("geheim") == "geheim"
    redactor.learn("geheim")
    assert redactor.redact("so geheim!") == f"so {DOTS}!"


def test_a_longer_secret_is_hidden_whole() -> None:
    assert Redactor(["geheim", "geheimnis"]).redact("geheimnis") == DOTS
