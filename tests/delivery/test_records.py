"""SPF, DKIM and DMARC of a sender, asked from a real name server."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter_cli.delivery.dns import text_lookup
from newsletter_cli.delivery.records import Asked, Wrong, aligned, ask_records
from newsletter_cli.mail.dkim import Kind, Signer, new_key, read_key
from newsletter_cli.settings import Settings, load_settings
from tests.servers import free_port
from tests.servers.dnsmasq import name_server

OWN = "akhbar-alhaql.org"
SPF = {"akhbar-alhaql.org": ["v=spf1 include:relay-alhaql.org ~all", "something else"]}
DMARC = {"_dmarc.akhbar-alhaql.org": ["v=DMARC1; p=none"]}
WORLD = {"_dmarc.gmail.com": ["v=DMARC1; p=none"]}  # so that the name server knows more than us
SENDER = "News <desk@akhbar-alhaql.org>"


@pytest.fixture
def settings(newsroom_folder: Path) -> Settings:
    return load_settings(newsroom_folder, profile=None, env={}).settings


def signing(root: Path, settings: Settings, domain: str = "akhbar-alhaql.org") -> tuple[Settings, str, str]:
    """(settings that sign, the name of the record, its text)."""
    pem, path = new_key(Kind.ED25519), root / "data" / "dkim.pem"
    path.write_bytes(pem)
    path.chmod(0o600)
    text = f'\n[smtp.dkim]\ndomain = "{domain}"\nselector = "s1"\nkey_file = "data/dkim.pem"\n'
    file = root / "newsletter.toml"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
    record = Signer(domain, "s1", read_key(pem, path)).record
    return load_settings(root, profile=None, env={}).settings, record.name, "".join(record.strings)


def asked(settings: Settings, root: Path, records: Mapping[str, list[str]]) -> Asked:
    with name_server({**records, **WORLD}) as lookup:
        return ask_records(settings, root, SENDER, lookup)


def wrong(found: Asked) -> list[tuple[str, str, Wrong]]:
    assert found.silent == ()
    return [(one.record, one.name, one.what) for one in found.problems]


def test_all_in_order_is_no_problem(settings: Settings, newsroom_folder: Path) -> None:
    settings, name, record = signing(newsroom_folder, settings)
    assert wrong(asked(settings, newsroom_folder, {**SPF, **DMARC, name: [record]})) == []


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        (DMARC, ("SPF", "akhbar-alhaql.org", Wrong.MISSING)),
        ({OWN: ["v=spf1 mx ~all", "v=spf1 a -all"], **DMARC}, ("SPF", OWN, Wrong.SEVERAL)),
        ({"akhbar-alhaql.org": ["v=spf1 -all"], **DMARC}, ("SPF", "akhbar-alhaql.org", Wrong.NOBODY)),
        ({"akhbar-alhaql.org": ["v=spf10 mx"], **DMARC}, ("SPF", "akhbar-alhaql.org", Wrong.MISSING)),
        (SPF, ("DMARC", "_dmarc.akhbar-alhaql.org", Wrong.MISSING)),
        ({**SPF, "_dmarc.akhbar-alhaql.org": ["v=DMARC1; p=none", "v=DMARC1;p=reject"]},
         ("DMARC", "_dmarc.akhbar-alhaql.org", Wrong.SEVERAL)),
    ],
)  # fmt: skip
def test_each_break_is_named(
    records: dict[str, list[str]], problem: object, settings: Settings, newsroom_folder: Path
) -> None:
    assert wrong(asked(settings, newsroom_folder, records)) == [problem]


@pytest.mark.parametrize(
    ("texts", "what"),
    [([], Wrong.NO_KEY), (["v=DKIM1; k=ed25519; p="], Wrong.OTHER_KEY), (["v=DKIM1; p=AAAA"], Wrong.OTHER_KEY)],
)
def test_a_key_that_receivers_cannot_use(
    texts: list[str], what: Wrong, settings: Settings, newsroom_folder: Path
) -> None:
    settings, name, _ = signing(newsroom_folder, settings)
    assert wrong(asked(settings, newsroom_folder, {**SPF, **DMARC, name: texts})) == [("DKIM", name, what)]


def test_a_key_of_another_domain_does_not_count(settings: Settings, newsroom_folder: Path) -> None:
    settings, name, record = signing(newsroom_folder, settings, "elsewhere-alhaql.org")
    found = wrong(asked(settings, newsroom_folder, {**SPF, **DMARC, name: [record]}))
    assert found == [("DKIM", name, Wrong.UNALIGNED)]


def test_a_policy_above_the_domain_counts_and_the_return_path_has_its_own_record(
    settings: Settings, newsroom_folder: Path
) -> None:
    smtp = replace(settings.smtp, verp="b-{token}@bounce.desk.akhbar-alhaql.org")
    records = {"_dmarc.akhbar-alhaql.org": ["v=DMARC1; p=none"], "bounce.desk.akhbar-alhaql.org": ["v=spf1 mx -all"]}
    with name_server({**records, **WORLD}) as lookup:
        found = ask_records(replace(settings, smtp=smtp), newsroom_folder, "a@desk.akhbar-alhaql.org", lookup)
    assert wrong(found) == []


def test_a_network_that_knows_no_name_at_all_says_nothing(settings: Settings, newsroom_folder: Path) -> None:
    with name_server({}) as lookup:
        found = ask_records(settings, newsroom_folder, SENDER, lookup)
    assert found == Asked((), ("akhbar-alhaql.org", "_dmarc.akhbar-alhaql.org"))


def test_nobody_who_answers_says_nothing(settings: Settings, newsroom_folder: Path) -> None:
    lookup = text_lookup([("127.0.0.1", free_port())], patience=timedelta(seconds=0.5))
    found = ask_records(settings, newsroom_folder, SENDER, lookup)
    assert found == Asked((), ("akhbar-alhaql.org", "_dmarc.akhbar-alhaql.org"))


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (OWN, OWN, True), (f"mail.{OWN}", OWN, True), (OWN, f"a.{OWN}", True), (f"x{OWN}", OWN, False),
        ("other-alhaql.org", OWN, False),
    ],
)  # fmt: skip
def test_alignment(ours: str, theirs: str, expected: bool) -> None:
    assert aligned(ours, theirs) is expected
