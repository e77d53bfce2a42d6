"""The tree and its defaults, against a newsletter.toml that spells every one of them out."""

import tomllib
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli.settings import Settings
from newsletter_cli.settings.reading import Reading, plain_tree, read_tree
from newsletter_cli.settings.shapes import Perhaps, Section, Several, keys_of
from tests.settings.conftest import Load

EVERY_DEFAULT = """\
version = 1
[newsroom]
name      = ""
id        = "akhbar"
language  = "ar"
direction = "auto"
locale    = "ar-SY"
months    = "single"
timezone  = "Asia/Damascus"
digits    = "auto"
calendar  = "gregory"
website   = ""
logo      = ""
[sender]
from     = ""
reply_to = ""
postal   = ""
list_id  = ""
[safety]
live            = false
require_check   = "error"
require_test    = true
approvals       = 0
undo_seconds    = 30
canary          = 25
canary_wait     = "0s"
max_change      = 0.25
max_recipients  = 0
stop_on_failure = 0.05
quiet_hours     = ""
only_to         = []
[team]
test_to   = []
notify    = []
approvers = []
[smtp]
host     = ""
port     = 587
security = "starttls"
username = ""
password = ""
oauth2   = ""
rate        = "10/s"
per_domain  = {}
connections = 4
pipelining  = "auto"
depth       = 8
messages_per_connection = 100
source_address = ""
timeout     = "30s"
data_timeout = "10m"
retry       = ["1m", "5m", "15m", "1h", "3h"]
give_up     = "24h"
wait        = "10m"
warmup      = {}
verp        = ""
relay_signs = true
dkim        = {}
servers     = []
[inbound]
mailbox     = {}
unsubscribe = ""
forward_to  = ""
hard_after  = 1
soft_after  = { issues = 5, days = 30 }
[web]
public_url  = "http://127.0.0.1:8400"
listen      = "127.0.0.1:8400"
trust_proxy = ["127.0.0.1"]
archive     = true
confirm     = "smart"
[web.forms]
rate_per_ip = "5/hour"
rate_per_address = "1/day"
rate_global = "500/hour"
min_seconds = 3
honeypot = true
proof_of_work = false
remind_after = "3d"
origins = []
[compose]
articles = "articles/**/*.md"
id       = "{iso_year}-w{iso_week:02}"
template = "digest"
pick     = { since = "last", limit = 12, order = ["weight", "-date"] }
cards    = 4
subject  = "{lead.title}"
images   = "link"
inliner  = "premailer"
quotes   = "keep"
[check]
levels = {}
links  = { timeout = "8s", ignore = [] }
size   = { warn = "85 KB", error = "100 KB" }
[lists]
[segments]
[schedules]
[storage]
database = "data/newsletter.db"
backups  = { dir = "data/backups", keep = 14 }
retain   = { send_details = "400d", unconfirmed = "14d" }
[worker]
concurrency = 1
health      = ""
engine      = { processes = 1, chunk = 300, lease = "60s", heartbeat = "5s" }
[log]
format    = "text"
addresses = "short"
[ui]
language = "auto"
bidi     = "auto"
"""


def test_every_setting_is_there_with_its_default(load: Load) -> None:
    assert load(EVERY_DEFAULT).settings == load("").settings


def test_no_setting_has_been_forgotten_in_that_list() -> None:
    written = {word: value for word, value in tomllib.loads(EVERY_DEFAULT).items() if word != "version"}
    assert _names(plain_tree(Settings())) == _names(written)


def _names(table: dict[str, Any]) -> set[str]:
    return {word if not isinstance(value, dict) else f"{word}.{inner}" for word, value in table.items()
            for inner in (_names(value) if isinstance(value, dict) and value else {""})}  # fmt: skip


def test_a_whole_newsroom_is_read(load: Load) -> None:
    settings = load((Path(__file__).parent / "whole.toml").read_text(encoding="utf-8")).settings
    assert plain_tree(settings) == plain_tree(read_tree(Settings, plain_tree(settings), Reading("akhbar")))
    assert (settings.smtp.servers[0].host, settings.smtp.servers[0].port) == ("smtp-a.example.org", 587)
    assert [server.name for server in settings.smtp.servers] == ["a", "b"]
    assert settings.smtp.dkim is not None
    assert settings.smtp.dkim.selector == "s1"
    assert settings.lists["weekly"].safety.approvals == 1


def test_the_tree_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().smtp.port = 25  # type: ignore[misc]


def test_every_field_is_a_key_of_the_file() -> None:
    records = [Settings]
    for record in records:
        assert is_dataclass(record)
        own = {item.name for item in fields(record)} - {"profile"}
        assert {key.field for key in keys_of(record).values()} == own
        shapes = (key.shape for key in keys_of(record).values())
        records += [shape.record for shape in shapes if isinstance(shape, Section | Perhaps | Several)]
    assert len(records) > 20


def test_the_zone_of_the_newsroom_is_one(load: Load) -> None:
    assert load('[newsroom]\ntimezone = "Asia/Beirut"').settings.newsroom.zone.key == "Asia/Beirut"
