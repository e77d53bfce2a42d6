"""Sharing mail out to several servers: by weight, within a few messages, never beyond what each has room for."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.delivery.shares import AHEAD, Berth, share_out


def test_a_thousand_messages_are_shared_by_weight_within_five_per_cent():
    carried = Counter(a=0, b=0)
    for _ in range(100):
        names = share_out([Berth("a", 6, 3, carried["a"]), Berth("b", 6, 1, carried["b"])], 10)
        carried.update(names)
    assert sum(carried.values()) >= 700
    assert abs(carried["a"] / sum(carried.values()) - 0.75) < 0.05


def test_a_server_without_room_is_waited_for_when_the_other_is_too_far_ahead():
    names = share_out([Berth("a", 0, 1, 0), Berth("b", 1000, 1, 0)], 1000)
    assert 0 < len(names) <= 2 * AHEAD + 1
    assert set(names) == {"b"}


def test_one_server_takes_what_it_has_room_for():
    assert share_out([Berth("smtp", 3, 1, 7)], 10) == ["smtp"] * 3


def test_a_server_without_a_weight_gets_nothing():
    assert set(share_out([Berth("a", 5, 1, 0), Berth("spare", 5, 0, 0)], 10)) == {"a"}


BERTHS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 9), st.integers(0, 500)), min_size=1, max_size=4
).map(lambda rows: [Berth(str(n), *row) for n, row in enumerate(rows)])  # fmt: skip


@given(BERTHS, st.integers(0, 100))
def test_nobody_gets_more_than_his_room(berths, most):
    counts = Counter(share_out(berths, most))
    assert sum(counts.values()) <= most
    assert all(counts[berth.name] <= berth.room for berth in berths)
