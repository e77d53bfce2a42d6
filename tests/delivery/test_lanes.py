"""Lanes: whose readers share one, what a request to slow down does, and how a lane comes back."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter_cli.delivery.lanes import (
    BLOCKED,
    CLEAN,
    LONGEST_REST,
    REST,
    Lanes,
    LaneView,
    lanes_of,
    load_providers,
    provider_at,
)

NOW = datetime(2026, 10, 14, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROVIDERS = load_providers()


def lanes(**more) -> Lanes:
    return Lanes(PROVIDERS, (), most=4, **more)


def test_readers_of_one_provider_share_a_lane_whatever_their_domain():
    of = lanes_of(PROVIDERS, ())
    assert of["gmail.com"] == of["googlemail.com"] == "google"
    assert of["hotmail.com"] == of["outlook.com"] == "microsoft"
    assert "example.org" not in of


def test_a_domain_with_a_rate_of_its_own_has_a_lane_of_its_own():
    assert lanes_of(PROVIDERS, ("gmail.com", "example.org")) == lanes_of(PROVIDERS, ()) | {
        "gmail.com": "gmail.com",
        "example.org": "example.org",
    }


def test_no_domain_and_no_server_name_belongs_to_two_providers():
    domains = [domain for one in PROVIDERS for domain in one.domains]
    assert len(domains) == len(set(domains))
    for one in PROVIDERS:
        assert all(provider_at(f"in.{end}", PROVIDERS) is one for end in one.mx)


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("gmail-smtp-in.l.google.com", "google"),
        ("ALT1.GMAIL-SMTP-IN.L.GOOGLE.COM.", "google"),
        ("example-org.mail.protection.outlook.com", "microsoft"),
        ("smtp.example.org", None),
        ("notgoogle.com", None),
    ],
)
def test_a_server_is_known_by_the_end_of_its_name(host, key):
    found = provider_at(host, PROVIDERS)
    assert (found.key if found else None) == key


def test_a_request_to_slow_down_rests_the_lane_and_brings_it_back_one_connection_at_a_time():
    all_ = lanes()
    lane = all_.slow("google", "gmail.com", "421 4.7.0 slow down", NOW)
    assert lane is not None
    assert (lane.until, lane.connections) == (NOW + 10 * MINUTE, 1)
    assert lane.resting(NOW + 9 * MINUTE)
    assert not lane.resting(NOW + 10 * MINUTE)
    assert all_.views(NOW)["google"] == LaneView("google", NOW + 10 * MINUTE, "421 4.7.0 slow down", 1)

    lane.took(7)
    assert lane.may_carry(7)
    assert not lane.may_carry(8)
    lane.gave(7)
    assert lane.may_carry(8)

    seen = []
    for _ in range(4):
        for _ in range(CLEAN):
            all_.accepted("google", "gmail.com", NOW + 11 * MINUTE)
        seen.append(lane.connections)
    assert seen == [2, 3, 4, None]
    assert all_.views(NOW + 11 * MINUTE) == {}


def test_an_answer_while_the_lane_rests_changes_nothing():
    all_ = lanes()
    all_.slow("google", "gmail.com", "421", NOW)
    assert all_.slow("google", "gmail.com", "421", NOW + MINUTE) is None
    assert all_.lane("google").until == NOW + 10 * MINUTE


def test_who_asks_again_soon_after_rests_twice_as_long_up_to_an_hour():
    all_ = lanes()
    moment, lengths = NOW, []
    for _ in range(5):
        lane = all_.slow("yahoo", "yahoo.com", "421", moment)
        assert lane is not None
        lengths.append(lane.until - moment)
        moment = lane.until + MINUTE
    assert lengths == [5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 40 * MINUTE, LONGEST_REST]


def test_of_all_other_domains_only_the_one_that_asked_rests():
    all_ = lanes()
    lane = all_.slow("", "small.example", "450 4.2.1", NOW)
    assert lane is not None
    assert all_.resting_domains(NOW) == {"small.example": NOW + REST}
    assert all_.resting_domains(NOW + REST) == {}
    assert not all_.lane("").resting(NOW)


def test_the_third_refusal_for_our_reputation_in_a_row_rests_the_lane_for_an_hour():
    all_ = lanes()
    assert all_.blocked("microsoft", "live.com", "550 5.7.1", NOW) is None
    all_.accepted("microsoft", "live.com", NOW)
    assert [all_.blocked("microsoft", "live.com", "550 5.7.1", NOW) is None for _ in range(3)] == [True, True, False]
    assert all_.lane("microsoft").until == NOW + BLOCKED


def test_what_another_run_left_is_remembered_and_what_changes_is_to_be_written():
    view = LaneView("google", NOW + MINUTE, "421", 1)
    all_ = lanes(remembered=[view, LaneView("small.example", NOW + MINUTE, "450", None)])
    assert all_.lane("google").view() == view
    assert all_.resting_domains(NOW) == {"small.example": NOW + MINUTE}
    assert all_.unsaved() == ()
    all_.slow("yahoo", "yahoo.com", "421", NOW)
    first = all_.unsaved()
    assert [rest.key for rest in first] == ["yahoo"]
    all_.saved(first)
    assert all_.unsaved() == ()
