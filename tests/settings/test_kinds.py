"""What one value may be: read, spelled, read from text."""

from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis.strategies import builds, integers, lists, sampled_from, text, times

from newsletter_cli.newsroom import SLUG as NEWSROOM_SLUG
from newsletter_cli.settings.kinds import (
    DURATION,
    FLAG,
    HOURS,
    PER,
    RATES,
    SIZE,
    SLUG,
    Hours,
    Kind,
    Rate,
    WrongValueError,
    share,
    toml_value,
    whole,
)
from newsletter_cli.settings.words import is_local_host

durations = integers(0, 10**9).map(lambda seconds: timedelta(seconds=seconds))
rates = builds(Rate, integers(1, 10**6), sampled_from([*PER.values(), 10, 90]))
minutes = times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(durations)
@example(timedelta())
@example(timedelta(milliseconds=1500))
@example(timedelta(hours=24))
def test_a_duration_comes_back_as_it_went(length: timedelta) -> None:
    assert DURATION.read(DURATION.plain(length)) == length


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("30s", 30), ("10m", 600), ("1h", 3600), ("1h30m", 5400), ("400d", 34_560_000), ("2 w", 1_209_600), ("0s", 0)],
)
def test_durations_as_people_write_them(written: str, seconds: int) -> None:
    assert DURATION.read(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize("written", ["", "30", 30, "s", "30 seconds", "-5s", "1.5h", "٣٠s", "99999999999w", True, None])
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(WrongValueError):
        DURATION.read(written)


@given(text())
def test_any_text_is_a_duration_or_refused(written: str) -> None:
    try:
        length = DURATION.read(written)
    except WrongValueError:
        return
    assert DURATION.read(DURATION.plain(length)) == length


@given(integers(0, 10**9))
def test_a_size_comes_back_as_it_went(size: int) -> None:
    assert SIZE.read(SIZE.plain(size)) == size


def test_a_kilobyte_is_1024_bytes() -> None:
    assert [SIZE.read(written) for written in ("85 KB", "100kb", "1 MB", "7 B")] == [87_040, 102_400, 1_048_576, 7]


@given(lists(rates))
def test_rates_come_back_as_they_went(limits: list[Rate]) -> None:
    assert RATES.read(RATES.plain(tuple(limits))) == tuple(limits)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("10/s", (Rate(10, 1),)),
        ("500/hour", (Rate(500, 3600),)),
        (["10/s", "500/hour"], (Rate(10, 1), Rate(500, 3600))),
        ("100/10s", (Rate(100, 10),)),
        ("off", ()),
    ],
)
def test_rates_as_people_write_them(written: object, read: tuple[Rate, ...]) -> None:
    assert RATES.read(written) == read


@pytest.mark.parametrize("written", ["0/s", "10", "10/0s", "10/year", [], ["off"], 10, "ten/s", "-1/s"])
def test_what_is_no_rate_is_refused(written: object) -> None:
    with pytest.raises(WrongValueError):
        RATES.read(written)


@given(minutes, minutes)
def test_hours_come_back_as_they_went(start: time, end: time) -> None:
    if start != end:
        assert HOURS.read(HOURS.plain(Hours(start, end))) == Hours(start, end)


def test_hours_may_pass_midnight() -> None:
    night = HOURS.read("22:00-06:00")
    assert night is not None
    assert [night.contains(time(hour)) for hour in (21, 22, 23, 0, 5, 6, 12)] == [
        False, True, True, True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize("written", ["22-06", "24:00-06:00", "06:00-06:00", "22:00", 22])
def test_what_are_no_hours_is_refused(written: object) -> None:
    with pytest.raises(WrongValueError):
        HOURS.read(written)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(whole(1, 10), True), (whole(1, 10), 11), (whole(1, 10), 1.0), (whole(1), "3"), (share(), float("nan")),
     (share(), 1.1), (share(), True), (FLAG, 1), (FLAG, "true")],
)  # fmt: skip
def test_a_number_is_not_a_flag_and_a_text_is_neither(kind: Kind[Any], value: object) -> None:
    with pytest.raises(WrongValueError):
        kind.read(value)


@pytest.mark.parametrize(
    ("kind", "line", "value"),
    [(FLAG, "Yes", True), (FLAG, "0", False), (whole(0), " 12 ", 12), (share(), "0.5", 0.5), (RATES, "off", ()),
     (RATES, '["1/s"]', (Rate(1, 1),))],
)  # fmt: skip
def test_text_is_read_by_the_kind(kind: Kind[Any], line: str, value: object) -> None:
    assert kind.read(kind.from_text(line)) == value


@given(text())
@example("[1]\nsafety = 2")
def test_a_text_holds_one_toml_value_or_none(line: str) -> None:
    try:
        toml_value(line)
    except WrongValueError:
        return
    assert "\n" not in line.strip() or line.lstrip().startswith(('"""', "'''", "[", "#")) or "#" in line


def test_two_values_are_not_one() -> None:
    with pytest.raises(WrongValueError):
        toml_value("1\nother = 2")


def test_a_slug_is_the_same_here_and_in_the_newsroom() -> None:
    assert SLUG.pattern == NEWSROOM_SLUG.pattern


@pytest.mark.parametrize(
    ("host", "local"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("[::1]", True), ("mailhog", True),
     ("smtp.example.org", False), ("192.168.1.5", False), ("fe80::1", False)],
)  # fmt: skip
def test_only_this_computer_and_single_labels_are_local(host: str, local: bool) -> None:
    assert is_local_host(host) is local
