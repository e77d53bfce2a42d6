"""How a send stands can be read from the database alone, on each engine."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from newsletter_cli.delivery import standing
from newsletter_cli.delivery.holder import hold
from newsletter_cli.delivery.lanes import LaneView
from newsletter_cli.delivery.pace import WarmUp
from newsletter_cli.delivery.sends import send_by_id
from newsletter_cli.delivery.standing import LaneSum, WarmDay
from newsletter_cli.delivery.states import ChunkState, SendState
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import warmup
from tests.conftest import Clock
from tests.delivery.rows import put_chunk, put_lane, put_send, set_send

MINUTE = timedelta(minutes=1)


def test_lanes_that_rest_come_first_and_free_ones_are_left_out(storage: Storage, clock: Clock) -> None:
    now = clock()
    put_lane(storage, "google", now=now, resting_until=now - MINUTE, connections=2, why="421 4.7.28")
    put_lane(storage, "yahoo", now=now, resting_until=now + MINUTE, connections=1, why="421 4.7.0")
    put_lane(storage, "a.example", now=now, resting_until=now + 9 * MINUTE, why="450")
    put_lane(storage, "microsoft", now=now, resting_until=now - MINUTE)
    with storage.read() as connection:
        assert standing.lanes_held_back(connection, now) == (
            LaneView("a.example", now + 9 * MINUTE, "450", None),
            LaneView("yahoo", now + MINUTE, "421 4.7.0", 1),
            LaneView("google", now - MINUTE, "421 4.7.28", 2),
        )


def test_sums_are_told_by_lane_the_largest_first_and_those_without_one_last(storage: Storage, clock: Clock) -> None:
    send_id, other = put_send(storage, "w1", now=clock()), put_send(storage, "w2", now=clock())
    put_chunk(storage, send_id, total=900, accepted=100)
    put_chunk(storage, send_id, total=300, lane="yahoo", accepted=5, retry=6, failed=7)
    put_chunk(storage, send_id, total=300, lane="google", accepted=200)
    put_chunk(storage, send_id, total=300, lane="google", accepted=1)
    put_chunk(storage, other, total=300, lane="google", accepted=99)
    with storage.read() as connection:
        assert standing.lane_sums(connection, send_id) == (
            LaneSum("google", 201, 0, 0), LaneSum("yahoo", 5, 6, 7), LaneSum("", 100, 0, 0),
        )  # fmt: skip


def test_the_next_moment_is_told_only_when_nothing_can_begin_before(storage: Storage, clock: Clock) -> None:
    now = clock()
    send_id = put_send(storage, "w1", now=now)

    def told() -> object:
        with storage.read() as connection:
            return standing.next_due(connection, send_id)

    assert told() is None
    put_chunk(storage, send_id, total=2, not_before=now + 5 * MINUTE)
    put_chunk(storage, send_id, total=2, not_before=now + 2 * MINUTE)
    put_chunk(storage, send_id, total=2, state=ChunkState.DONE)
    assert told() == now + 2 * MINUTE
    put_chunk(storage, send_id, total=2)
    assert told() is None


def test_a_worker_here_is_known_by_its_lock_and_one_elsewhere_by_its_lease(
    storage: Storage, clock: Clock, tmp_path: Path
) -> None:
    now, folder = clock(), tmp_path / "holders"
    with hold(folder) as ended:
        pass
    with hold(folder) as alive:
        send_id = put_send(storage, "w1", now=now, holder=alive.name)
        for name, minutes in ((ended.name, 1), ("far-1", 1), ("far-2", -1)):
            put_chunk(
                storage, send_id, total=2, state=ChunkState.LEASED, holder=name, lease_until=now + minutes * MINUTE
            )

        def living() -> tuple[str, ...]:
            with storage.read() as connection:
                return standing.living(connection, folder, send_by_id(connection, send_id), now)

        assert set(living()) == {alive.name, "far-1"}
        set_send(storage, send_id, holder="far-3")
        assert living() == ("far-1",)
        set_send(storage, send_id, state=SendState.ARMED.value)
        assert living() == ("far-1", "far-3")


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ({}, WarmDay("2026-10-14", 0, 500)),
        ({"2026-10-14": 320}, WarmDay("2026-10-14", 320, 500)),
        ({"2026-10-10": 500, "2026-10-12": 0, "2026-10-13": 700, "2026-10-14": 9}, WarmDay("2026-10-14", 9, 2000)),
        ({f"2026-09-{day:02}": 1 for day in range(1, 6)}, None),  # it is over
    ],
)
def test_a_warm_up_tells_how_much_of_the_day_is_used(
    storage: Storage, clock: Clock, days: dict[str, int], told: WarmDay | None
) -> None:
    with storage.write() as connection:
        for day, messages in days.items():
            connection.execute(insert(warmup).values(day=day, messages=messages))
    with storage.read() as connection:
        plan = WarmUp(500, 2.0, 5000, ZoneInfo("Asia/Damascus"))
        assert standing.warm_day(connection, plan, clock()) == told
