"""newsletter.toml, profile, environment and a person's own file as one record, with origins and errors."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter_cli.errors import ConfigError
from newsletter_cli.settings import Rate, SecretForm, find_problems, load_settings
from tests.settings.conftest import Load

Refused = Callable[..., ConfigError]

PROFILES = """\
[smtp]
host = "smtp.example.org"
rate = ["10/s", "500/hour"]
password = { env = "SMTP_PASSWORD" }
[smtp.per_domain]
"gmail.com" = "5/s"
[lists.weekly]
title = "النشرة"

[profiles.staging.smtp]
host = "localhost"
security = "none"
password = { file = "secret" }
per_domain = { "yahoo.com" = "1/s" }
[profiles.staging.safety]
only_to = ["*@example.org"]
"""


def test_values_and_where_they_come_from(load: Load) -> None:
    loaded = load(PROFILES, profile="staging", env={"NEWSLETTER_SMTP__PORT": "2525"})
    settings, origins = loaded.settings, loaded.origins
    assert settings.profile == "staging"
    assert (settings.smtp.host, origins["smtp.host"]) == ("localhost", "profile staging")
    assert (settings.smtp.port, origins["smtp.port"]) == (2525, "environment NEWSLETTER_SMTP__PORT")
    assert settings.smtp.rate == (Rate(10, 1), Rate(500, 3600))
    assert origins["smtp.rate"] == "newsletter.toml:3"
    assert settings.safety.only_to == ("*@example.org",)
    assert "smtp.timeout" not in origins
    assert {entry.key: entry.origin for entry in loaded.entries()}["smtp.timeout"] == "default"


def test_a_profile_goes_over_the_file_table_by_table_but_a_secret_is_replaced_whole(load: Load) -> None:
    smtp = load(PROFILES, profile="staging").settings.smtp
    assert smtp.per_domain == {"gmail.com": (Rate(5, 1),), "yahoo.com": (Rate(1, 1),)}
    assert smtp.password is not None
    assert (smtp.password.form, smtp.password.what) == (SecretForm.FILE, "secret")


def test_without_a_profile_the_file_alone_holds(load: Load) -> None:
    settings = load(PROFILES).settings
    assert (settings.profile, settings.smtp.host, settings.safety.only_to) == ("", "smtp.example.org", ())


def test_the_environment_may_name_the_profile(load: Load) -> None:
    env = {"NEWSLETTER_PROFILE": "staging"}
    assert load(PROFILES, profile=None, env=env).settings.smtp.host == "localhost"
    assert load(PROFILES, profile="", env=env).settings.smtp.host == "smtp.example.org"


def test_an_unknown_profile_is_refused_with_the_likeliest(refused: Refused) -> None:
    error = refused(PROFILES, profile="stagin")
    assert error.code == "CONFIG-KEY"
    assert "stagin" in error.message
    assert "Did you mean staging?" in error.message


def test_a_file_without_anything_is_all_defaults(load: Load) -> None:
    settings = load("").settings
    assert (settings.newsroom.id, settings.smtp.timeout, settings.lists) == ("akhbar", timedelta(seconds=30), {})


def test_the_id_is_the_name_of_the_folder_where_that_is_a_slug(load: Load, tmp_path: Path) -> None:
    other = tmp_path / "أخبار"
    other.mkdir()
    (other / "newsletter.toml").write_text("")
    assert load_settings(other, env={}).settings.newsroom.id == "newsroom"
    assert load('[newsroom]\nid = "other"').settings.newsroom.id == "other"


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ('[smpt]\nhost = "x"', "newsletter.toml:1: [smpt] is no section. Did you mean [smtp]?", "write smtp"),
        ("[smtp]\n\nprot = 25", "newsletter.toml:3: smtp.prot is no setting. Did you mean smtp.port?",
         "write smtp.port"),
        ("[web.forms]\nhoneypt = true", "newsletter.toml:2: web.forms.honeypt is no setting. Did you mean"
         " web.forms.honeypot?", "write web.forms.honeypot"),
        ("[smtp]\nxyzzy = 1", "newsletter.toml:2: smtp.xyzzy is no setting.", "correct newsletter.toml:2"),
        ('[lists.weekly]\ntitel = "x"', "newsletter.toml:2: lists.weekly.titel is no setting. Did you mean"
         " lists.weekly.title?", "write lists.weekly.title"),
        ('[profiles.p.smtp]\nhots = "x"', "newsletter.toml:2 (profile p): smtp.hots is no setting. Did you mean"
         " smtp.host?", "write smtp.host"),
    ],
)  # fmt: skip
def test_a_mistyped_key_is_refused_with_its_line_and_a_suggestion(
    refused: Refused, text: str, message: str, fix: str
) -> None:
    error = refused(text)
    assert (error.code, error.exit, error.message, error.fix) == ("CONFIG-KEY", 4, message, fix)


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("[smtp]\nport = 0", "smtp.port", 2),
        ("[smtp]\nport = true", "smtp.port", 2),
        ('[smtp]\nport = "25"', "smtp.port", 2),
        ('[smtp]\ntimeout = "soon"', "smtp.timeout", 2),
        ('[smtp]\nsecurity = "ssl"', "smtp.security", 2),
        ('[smtp]\nhost = "smtp.example.org:25"', "smtp.host", 2),
        ('[smtp]\nhost = "smtp.example.org"\nsecurity = "none"', "smtp.security", 3),
        ('[smtp]\nverp = "bounce@example.org"', "smtp.verp", 2),
        ('[smtp]\nretry = []', "smtp.retry", 2),
        ('[smtp]\ndkim = { domain = "example.org" }', "smtp.dkim", 2),
        ('[[smtp.servers]]\nname = "a"\nport = 0', "smtp.servers.port", 3),
        ('[[smtp.servers]]\nname = "a"\n[[smtp.servers]]\nname = "a"', "smtp.servers", 1),
        ('[newsroom]\ntimezone = "Mars/Olympus"', "newsroom.timezone", 2),
        ('[newsroom]\ntimezone = "../../etc/passwd"', "newsroom.timezone", 2),
        ('[newsroom]\nid = "2026"', "newsroom.id", 2),
        ('[newsroom]\nname = "a\\nb"', "newsroom.name", 2),
        ('[sender]\nfrom = "news"', "sender.from", 2),
        ('[sender]\nfrom = "a@b@c"', "sender.from", 2),
        ('[team]\ntest_to = ["a@b.org", "not an address"]', "team.test_to", 2),
        (f"[team]\ntest_to = {['a@b.org'] * 11}", "team.test_to", 2),
        ('[safety]\nquiet_hours = "night"', "safety.quiet_hours", 2),
        ('[safety]\nonly_to = ["example.org"]', "safety.only_to", 2),
        ('[web]\npublic_url = "example.org"', "web.public_url", 2),
        ('[web]\nlisten = "8400"', "web.listen", 2),
        ('[web]\ntrust_proxy = ["localhost"]', "web.trust_proxy", 2),
        ('[check.size]\nwarn = "2 MB"', "check.size.warn", 2),
        ('[check.levels]\nR208 = "loud"', "check.levels.R208", 2),
        ('[schedules.weekly]\ncron = "0 7 * * WED"\nlist = "weekly"', "schedules.weekly.list", 3),
        ('[schedules.weekly]\ncron = "daily"\nlist = "weekly"', "schedules.weekly.cron", 2),
        ('[storage]\ndatabase = "mysql://x/y"', "storage.database", 2),
        ('smtp = "x"', "smtp", 1),
        ("version = 2", "version", 1),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_its_line(refused: Refused, text: str, key: str, line: int) -> None:
    error = refused(text)
    assert (error.code, error.exit, error.sent) == ("CONFIG-VALUE", 4, "Nothing was sent.")
    assert error.message.startswith(f"newsletter.toml:{line}: ")
    assert error.details == {"where": f"newsletter.toml:{line}", "key": key}


@pytest.mark.parametrize("name", ["Weekly", "1", "a b", "نشرة"])
def test_a_list_needs_a_slug(refused: Refused, name: str) -> None:
    assert refused(f'[lists."{name}"]\ntitle = "x"').code == "CONFIG-KEY"


def test_what_was_written_and_what_is_allowed_are_facts(refused: Refused) -> None:
    error = refused("[smtp]\nport = 70000\ndepth = 0")
    assert error.facts == (
        ("value", "70000"),
        ("allowed", "a whole number from 1 to 65535"),
        ("also", "1 more; newsletter config check lists all"),
    )


def test_all_problems_can_be_had_at_once(root: Path) -> None:
    (root / "newsletter.toml").write_text("[smtp]\nprot = 1\nport = 0\n[profiles.p.web]\nlisten = 3\n")
    found = find_problems(root, env={})
    assert [error.details["where"] for error in found] == [
        "newsletter.toml:2", "newsletter.toml:3", "newsletter.toml:5 (profile p)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "where"),
    [(b"[smtp]\nhost = \n", "newsletter.toml:2"), (b"a = 1\na = 2\n", "newsletter.toml:2"),
     (b"[smtp\n", "newsletter.toml:1"), (b'a = "\xff"', "newsletter.toml:1"), (b'[x]\na = """', "newsletter.toml:2")],
)  # fmt: skip
def test_what_is_not_toml_is_told_with_its_line(root: Path, data: bytes, where: str) -> None:
    (root / "newsletter.toml").write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load_settings(root, env={})
    assert (caught.value.code, caught.value.details["where"]) == ("CONFIG-VALUE", where)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(root: Path) -> None:
    (root / "newsletter.toml").write_bytes(b'\xef\xbb\xbf[smtp]\r\nhost = "localhost"\r\n')
    loaded = load_settings(root, env={})
    assert (loaded.settings.smtp.host, loaded.origins["smtp.host"]) == ("localhost", "newsletter.toml:2")


def test_a_folder_without_the_file_is_no_newsroom(root: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(root, env={})
    assert caught.value.code == "NO-PROJECT"


def test_another_file_may_hold_the_settings(root: Path) -> None:
    (root / "other.toml").write_text('[smtp]\nhost = "localhost"')
    loaded = load_settings(root, env={}, config=root / "other.toml")
    assert loaded.origins["smtp.host"] == "other.toml:2"


def test_a_person_s_own_file_sets_the_interface_and_nothing_else(load: Load, refused: Refused, tmp_path: Path) -> None:
    own = tmp_path / "newsletter" / "config.toml"
    own.parent.mkdir()
    own.write_text('[ui]\nlanguage = "ar"\nbidi = "none"\n')
    loaded = load('[ui]\nbidi = "isolate"', env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert (loaded.settings.ui.language, loaded.settings.ui.bidi) == ("ar", "isolate")
    assert (loaded.origins["ui.language"], loaded.origins["ui.bidi"]) == (f"{own}:2", "newsletter.toml:2")
    own.write_text("[ui]\n[safety]\nlive = true\n")
    error = refused("", user_file=own)
    assert (error.code, error.details["where"]) == ("CONFIG-KEY", f"{own}:2")


def test_servers_inherit_what_they_do_not_say(load: Load) -> None:
    text = """
[smtp]
port = 2525
password = { env = "A" }
connections = 2
[[smtp.servers]]
name = "a"
host = "smtp-a.example.org"
[[smtp.servers]]
name = "b"
port = 25
password = { env = "B" }
weight = 0
"""
    first, second = load(text).settings.smtp.servers
    assert (first.host, first.port, first.connections, first.weight) == ("smtp-a.example.org", 2525, 2, 1)
    assert (second.host, second.port, second.connections, second.weight) == ("", 25, 2, 0)
    assert first.password is not None
    assert (first.password.what, first.password.key) == ("A", "smtp.password")
    assert second.password is not None
    assert (second.password.what, second.password.key) == ("B", "smtp.servers.password")


def test_an_address_to_link_to_has_no_slash_at_its_end(load: Load) -> None:
    assert (
        load('[web]\npublic_url = "https://news.example.org/a/"').settings.web.public_url
        == "https://news.example.org/a"
    )


def test_a_whole_table_can_be_asked_for(load: Load) -> None:
    loaded = load('[lists.weekly]\ntitle = "النشرة"', env={"NEWSLETTER_WEB__LISTEN": "127.0.0.1:1"})
    entry = loaded.entry("web")
    assert entry is not None
    assert isinstance(entry.value, dict)
    assert (entry.value["listen"], entry.value["forms"]["min_seconds"]) == ("127.0.0.1:1", 3)
    assert entry.origin == "default, environment NEWSLETTER_WEB__LISTEN"
    assert loaded.entry("nothing.here") is None


def test_no_entry_shows_a_secret(load: Load) -> None:
    text = """
[smtp]
username = "news"
oauth2 = { command = "print hidden-token" }
[[smtp.servers]]
name = "a"
password = { command = "echo hidden-too" }
[storage]
database = "postgresql://news:hidden-pass@db/news"
[inbound.mailbox]
url = "imaps://bounces:hidden-url@mail.example.org/INBOX"
password = { file = "hidden-file" }
"""
    loaded = load(text, env={"NEWSLETTER_SMTP__PASSWORD": "hidden-password"})
    assert "hidden" not in repr(loaded.entries())
    assert "hidden-password" not in repr(loaded)


TWO_SERVERS = (
    '[smtp]\nhost = "smtp.example.org"\n[[smtp.servers]]\nname = "a"\nhost = "a.example.org"\n'
    '[[smtp.servers]]\nname = "b"\nhost = "b.example.org"\n'
)


def test_a_profile_with_a_server_of_its_own_does_not_send_through_those_of_the_real_one(load: Load) -> None:
    staging = TWO_SERVERS + '[profiles.staging.smtp]\nhost = "localhost"\nsecurity = "none"\n'
    assert load(staging, profile="staging").settings.smtp.servers == ()
    assert load(staging).settings.smtp.servers[1].host == "b.example.org"


def test_a_server_named_by_the_environment_stands_for_all(load: Load) -> None:
    loaded = load(TWO_SERVERS, env={"NEWSLETTER_SMTP__HOST": "localhost", "NEWSLETTER_SMTP__SECURITY": "none"})
    assert (loaded.settings.smtp.host, loaded.settings.smtp.servers) == ("localhost", ())
