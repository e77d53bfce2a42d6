"""`newsletter config dkim`: a key, its record, and the settings that use it."""

import json
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli.cli import config, dkim
from newsletter_cli.mail.dkim import Kind, Signer, load_key, new_key, signers_of
from newsletter_cli.settings import load_settings
from tests.conftest import Place

Run = Callable[..., Any]


@pytest.fixture
def run(run_command: Run, sqlite_place: Place) -> Run:
    """run(command, *argv) in a newsroom."""
    return lambda command, *argv, **given: run_command(command, *argv, cwd=sqlite_place.root, **given)


@pytest.fixture
def toml(sqlite_place: Place) -> Path:
    path = sqlite_place.root / "newsletter.toml"
    path.write_text("# ours\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    return path


def document(ran: Any) -> dict[str, Any]:
    found = json.loads(ran.stdout)
    assert isinstance(found, dict)
    return found


def in_file(toml: Path) -> Any:
    return tomllib.loads(toml.read_text(encoding="utf-8"))["smtp"].get("dkim")


def test_a_key_is_made_and_used_and_its_record_printed(run: Run, toml: Path) -> None:
    ran = run(dkim.dkim, "--json")
    path = toml.parent / "data" / "dkim-s1.pem"
    key = load_key(path)
    record = Signer("example.org", "s1", key).record
    assert (stat.S_IMODE(path.stat().st_mode), key.kind, key.bits) == (0o600, Kind.RSA, 2048)
    assert document(ran) == {
        "schema": "newsletter.config.dkim/1", "exit": 0, "selector": "s1", "domain": "example.org",
        "key_file": "data/dkim-s1.pem", "name": "s1._domainkey.example.org", "value": record.value,
        "strings": list(record.strings), "record": record.zone_line(), "created": True, "ed25519": None,
        "in_use": True, "settings": True,
    }  # fmt: skip
    assert in_file(toml) == {"domain": "example.org", "selector": "s1", "key_file": "data/dkim-s1.pem"}
    assert toml.read_text(encoding="utf-8").startswith("# ours\n")
    settings = load_settings(toml.parent, profile=None, env={}).settings
    assert [one.record for one in signers_of(settings.smtp, toml.parent)] == [record]
    assert "PRIVATE" not in ran.stdout + ran.stderr


def test_for_people_the_strings_stand_one_below_the_other(run: Run, toml: Path) -> None:
    ran = run(dkim.dkim)
    first, second = Signer("example.org", "s1", load_key(toml.parent / "data" / "dkim-s1.pem")).record.strings
    assert ran.stdout == (
        "✓ data/dkim-s1.pem   rsa, 2048 bits\n"
        "  name   s1._domainkey.example.org\n"
        "  type   TXT\n"
        f'  value  "{first}"\n'
        f'         "{second}"\n'
    )
    assert "smtp.relay_signs is true" in ran.stderr
    assert "Next   dig +short TXT s1._domainkey.example.org" in ran.stderr


def test_a_key_that_is_there_is_never_overwritten(run: Run, toml: Path) -> None:
    first = document(run(dkim.dkim, "--json"))
    path = toml.parent / "data" / "dkim-s1.pem"
    pem, text = path.read_bytes(), toml.read_bytes()
    again = document(run(dkim.dkim, "--json"))
    assert again == first | {"created": False, "settings": False}
    assert (path.read_bytes(), toml.read_bytes()) == (pem, text)
    assert "it was there before" in run(dkim.dkim).stdout


def test_a_key_of_ones_own_is_taken_with_its_name(run: Run, toml: Path) -> None:
    own = toml.parent / "own.pem"
    own.write_bytes(new_key(Kind.RSA))
    own.chmod(0o600)
    table = '{ domain = "News.example.org", selector = "x9", key_file = "own.pem" }'
    run(config.set_, "smtp.dkim", table)
    found = document(run(dkim.dkim, "--json"))
    assert (found["key_file"], found["name"], found["created"], found["in_use"]) == (
        "own.pem", "x9._domainkey.news.example.org", False, True,
    )  # fmt: skip
    assert in_file(toml)["domain"] == "News.example.org"


def test_a_configured_key_that_is_missing_is_made_in_its_place(run: Run, toml: Path) -> None:
    run(config.set_, "smtp.dkim", '{ domain = "example.org", selector = "s1", key_file = "keys/mine.pem" }')
    assert document(run(dkim.dkim, "--json"))["created"] is True
    assert load_key(toml.parent / "keys" / "mine.pem").kind is Kind.RSA


def test_rotation_makes_the_next_key_and_leaves_the_switch_to_a_person(run: Run, toml: Path) -> None:
    run(dkim.dkim)
    before = toml.read_bytes()
    ran = run(dkim.dkim, "--selector", "s2")
    assert toml.read_bytes() == before
    assert "Another key signs until you switch" in ran.stderr
    switch = 'config set smtp.dkim \'{domain = "example.org", selector = "s2", key_file = "data/dkim-s2.pem"}\''
    assert f"newsletter {switch}" in ran.stderr
    found = document(run(dkim.dkim, "--selector", "s2", "--json"))
    assert (found["created"], found["in_use"], found["settings"]) == (False, False, False)
    assert run(config.set_, "smtp.dkim", switch.partition("'")[2].rstrip("'")).exit == 0
    assert document(run(dkim.dkim, "--json"))["selector"] == "s2"


def test_a_second_signature_is_asked_for(run: Run, toml: Path) -> None:
    run(dkim.dkim)
    found = document(run(dkim.dkim, "--ed25519", "--json"))
    second = found["ed25519"]
    assert (found["created"], second["created"], second["name"]) == (False, True, "s1-ed._domainkey.example.org")
    assert second["value"].startswith("v=DKIM1; k=ed25519; p=")
    assert in_file(toml)["ed25519"] == {"selector": "s1-ed", "key_file": "data/dkim-s1-ed.pem"}
    settings = load_settings(toml.parent, profile=None, env={}).settings
    assert [one.key.kind for one in signers_of(settings.smtp, toml.parent)] == [Kind.RSA, Kind.ED25519]
    assert document(run(dkim.dkim, "--json"))["ed25519"] == second | {"created": False}


def test_both_at_once(run: Run, toml: Path) -> None:
    assert run(dkim.dkim, "--ed25519").exit == 0
    assert in_file(toml).keys() == {"domain", "selector", "key_file", "ed25519"}


def test_a_dry_run_writes_nothing(run: Run, toml: Path) -> None:
    before = toml.read_bytes()
    ran = run(dkim.dkim, "-n", "--ed25519", "--json")
    found = document(ran)
    assert (ran.exit, found["value"], found["created"], found["settings"]) == (0, None, False, False)
    assert (toml.read_bytes(), list((toml.parent / "data").glob("*.pem"))) == (before, [])
    assert "would make  data/dkim-s1.pem" in run(dkim.dkim, "-n").stdout


@pytest.mark.parametrize(
    ("argv", "exit_", "code"),
    [(("--domain", "example"), 4, "CONFIG-VALUE"), (("--domain", "a b.org"), 4, "CONFIG-VALUE"),
     (("--selector", "s 1"), 4, "CONFIG-VALUE"), (("--selector", "../s1"), 4, "CONFIG-VALUE"),
     (("--domain", "قمح..org"), 2, "USAGE")],
)  # fmt: skip
def test_a_name_that_dns_cannot_hold_makes_no_key(
    run: Run, toml: Path, argv: tuple[str, str], exit_: int, code: str
) -> None:
    ran = run(dkim.dkim, *argv, "--json")
    assert (ran.exit, document(ran)["error"]["code"]) == (exit_, code)
    assert list(toml.parent.rglob("*.pem")) == []


def test_an_arabic_domain_is_written_in_a_labels(run: Run, toml: Path) -> None:
    found = document(run(dkim.dkim, "--domain", "أخبار.com", "--json"))
    assert (found["domain"], in_file(toml)["domain"]) == ("xn--igbicxr.com", "xn--igbicxr.com")


def test_a_domain_that_dmarc_does_not_count_is_said(run: Run, toml: Path) -> None:
    assert "DMARC does not count this signature" in run(dkim.dkim, "--domain", "example.net").stderr
    assert "DMARC" not in run(dkim.dkim, "--domain", "mail.example.org", "--selector", "s3").stderr


def test_a_key_that_others_may_read_is_refused(run: Run, toml: Path) -> None:
    run(dkim.dkim)
    (toml.parent / "data" / "dkim-s1.pem").chmod(0o644)
    ran = run(dkim.dkim, "--json")
    assert (ran.exit, document(ran)["error"]["code"]) == (4, "SECRET")


def test_a_second_key_of_the_first_kind_is_refused(run: Run, toml: Path) -> None:
    path = toml.parent / "data" / "dkim-s1-ed.pem"
    path.write_bytes(new_key(Kind.RSA))
    path.chmod(0o600)
    ran = run(dkim.dkim, "--ed25519", "--json")
    assert (ran.exit, document(ran)["error"]["code"], in_file(toml)) == (4, "CONFIG-VALUE", None)


def test_an_ed25519_key_of_ones_own_is_taken_with_a_warning(run: Run, toml: Path) -> None:
    path = toml.parent / "data" / "dkim-s1.pem"
    path.write_bytes(new_key(Kind.ED25519))
    path.chmod(0o600)
    ran = run(dkim.dkim)
    assert (ran.exit, "v=DKIM1; k=ed25519; p=" in ran.stdout) == (0, True)
    assert "many receivers know RSA only" in ran.stderr


def test_nobody_to_sign_for(run: Run, toml: Path) -> None:
    run(config.set_, "sender.from", "")
    ran = run(dkim.dkim, "--json")
    assert (ran.exit, document(ran)["error"]["fix"]) == (2, "--domain example.org")


@pytest.mark.parametrize(("harm", "code"), [(Path.unlink, "CONFIG-VALUE"), (lambda path: path.chmod(0o640), "SECRET")])
def test_config_check_finds_a_key_that_cannot_be_used(
    run: Run, toml: Path, harm: Callable[[Path], None], code: str
) -> None:
    run(dkim.dkim)
    assert "data/dkim-s1.pem" not in run(config.check, "--json").stdout
    harm(toml.parent / "data" / "dkim-s1.pem")
    found = [one for one in document(run(config.check, "--json"))["findings"] if "data/dkim-s1.pem" in one["text"]]
    assert [(one["part"], one["level"]) for one in found] == [("project", "problem")]
    ran = run(config.go_live, "--confirm", "akhbar", "--json")
    assert (ran.exit, document(ran)["error"]["code"]) == (4, code)
