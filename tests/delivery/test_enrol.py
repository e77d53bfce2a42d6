from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random

import pytest
from sqlalchemy import delete, func, select, update

from newsletter_cli.delivery import enrol
from newsletter_cli.delivery.enrol import freeze_audience, unfreeze
from newsletter_cli.delivery.states import SendState
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import chunk, delivery, subscriber, subscription
from newsletter_cli.subscribers import audience
from newsletter_cli.subscribers.where import parse_where
from tests.conftest import WEDNESDAY
from tests.delivery.conftest import Outbox, add_readers

LANES = {"one.example": "big", "two.example": "big", "three.example": "small"}
DOMAINS = (*LANES, "four.example", "five.example")


@dataclass
class Freezer:
    """A send in `arming` whose audience a test freezes and looks at."""

    outbox: Outbox
    storage: Storage

    def add(self, addresses: Iterable[str], list_id: int | None = None) -> None:
        add_readers(self.storage, list_id or self.outbox.list_id, list(addresses), WEDNESDAY)

    def freeze(
        self, *, chunk_size: int = 3, lanes: Mapping[str, str] = LANES, canary: int = 0, where: str = "", **more: object
    ) -> int:
        condition = audience.eligible(WEDNESDAY, list_id=self.outbox.list_id, where=parse_where(where))
        return freeze_audience(
            self.storage, send_id=self.outbox.send_id, list_id=self.outbox.list_id, condition=condition,
            chunk_size=chunk_size, lanes=lanes, canary=canary, **more,
        )  # fmt: skip

    def chunks(self) -> dict[str, list[list[str]]]:
        """The addresses of each chunk, in the order they are sent in, by lane; the canary's lane is called so."""
        found: dict[str, list[list[str]]] = defaultdict(list)
        with self.storage.read() as connection:
            for one in connection.execute(select(chunk).order_by(chunk.c.id)):
                rows = select(delivery.c.address).where(delivery.c.chunk_id == one.id).order_by(delivery.c.id)
                addresses = list(connection.execute(rows).scalars())
                assert (one.total, one.state, one.send_id) == (len(addresses), "open", self.outbox.send_id)
                assert not (one.canary and one.lane)
                found["canary" if one.canary else one.lane].append(addresses)
        return dict(found)

    def rows(self) -> int:
        with self.storage.read() as connection:
            tables = (select(func.count()).select_from(table).scalar_subquery() for table in (chunk, delivery))
            return sum(connection.execute(select(*tables)).one())


@pytest.fixture
def freezer(make_outbox: Callable[..., Outbox], storage: Storage) -> Freezer:
    return Freezer(make_outbox(readers=0, state=SendState.ARMING), storage)


def expected(
    addresses: list[str], *, chunk_size: int, lanes: Mapping[str, str], canary: int
) -> dict[str, list[list[str]]]:
    by_lane: dict[str, list[str]] = defaultdict(list)
    for address in addresses[canary:]:
        by_lane[lanes.get(address.rpartition("@")[2], "")].append(address)
    chunks = {
        lane: [those[at : at + chunk_size] for at in range(0, len(those), chunk_size)]
        for lane, those in by_lane.items()
    }
    return chunks | ({"canary": [addresses[:canary]]} if addresses[:canary] else {})


@pytest.mark.parametrize("seed", range(8))
def test_each_reader_is_in_one_chunk_of_his_lane_in_the_order_of_the_list(freezer, monkeypatch, seed):
    chance = Random(seed)
    monkeypatch.setattr(enrol, "SLICE", chance.randint(1, 12))
    monkeypatch.setattr(enrol, "LOOK", chance.randint(1, 12))
    addresses = [f"reader{n}@{chance.choice(DOMAINS)}" for n in range(chance.randint(1, 60))]
    asked = {
        "chunk_size": chance.randint(1, 9),
        "lanes": chance.choice([LANES, {}]),
        "canary": chance.choice([0, chance.randint(1, 70)]),
    }
    freezer.add(addresses)
    assert freezer.freeze(**asked) == len(addresses)
    assert freezer.chunks() == expected(addresses, **asked)


def test_the_order_of_the_list_is_not_the_order_of_its_subscribers(freezer, storage):
    """Who was on another list first has the lower number of the two, and is written to later all the same."""
    freezer.add(f"reader{n}@one.example" for n in range(6))
    with storage.write() as connection:
        moved = select(subscriber.c.id).where(subscriber.c.address == "reader0@one.example").scalar_subquery()
        connection.execute(update(subscription).where(subscription.c.subscriber_id == moved).values(id=1_000))
    assert freezer.freeze(chunk_size=3, canary=2) == 6
    assert freezer.chunks() == {
        "canary": [["reader1@one.example", "reader2@one.example"]],
        "big": [
            ["reader3@one.example", "reader4@one.example", "reader5@one.example"],
            ["reader0@one.example"],
        ],
    }


def test_only_those_who_meet_the_condition_are_frozen(freezer, monkeypatch):
    monkeypatch.setattr(enrol, "LOOK", 4)
    freezer.add(f"reader{n}@{DOMAINS[n % 5]}" for n in range(20))
    freezer.outbox.leave("reader5@one.example")
    assert freezer.freeze(where="domain:one.example", canary=1) == 3
    assert freezer.chunks() == {
        "canary": [["reader0@one.example"]],
        "big": [["reader10@one.example", "reader15@one.example"]],
    }


def test_a_list_of_nobody_has_no_chunks(freezer):
    assert freezer.freeze(canary=5) == 0
    freezer.add(["reader@one.example"])
    assert freezer.freeze(where="domain:two.example", canary=5) == 0
    assert freezer.rows() == 0


def test_progress_says_how_many_are_frozen_so_far(freezer, monkeypatch):
    monkeypatch.setattr(enrol, "SLICE", 4)
    freezer.add(f"reader{n}@one.example" for n in range(10))
    seen: list[int] = []
    assert freezer.freeze(canary=1, progress=seen.append) == 10
    assert seen == [1, 5, 9, 10]


def test_a_subscriber_who_is_deleted_while_the_audience_is_frozen_is_owed_nothing(freezer, storage, monkeypatch):
    """An import is undone between the look at a slice and its lock."""
    freezer.add(f"reader{n}@{DOMAINS[n % 3]}" for n in range(9))
    gone = ("reader1@two.example", "reader2@three.example", "reader5@three.example", "reader8@three.example")
    cut = enrol._cut

    def vanishing(*given):
        with storage.write() as connection:
            ids = select(subscriber.c.id).where(subscriber.c.address.in_(gone))
            connection.execute(delete(subscription).where(subscription.c.subscriber_id.in_(ids)))
            connection.execute(delete(subscriber).where(subscriber.c.address.in_(gone)))
        return cut(*given)

    monkeypatch.setattr(enrol, "_cut", vanishing)
    assert freezer.freeze(chunk_size=4) == 5
    assert freezer.chunks() == {
        "big": [
            ["reader0@one.example", "reader3@one.example", "reader4@two.example"],
            ["reader6@one.example", "reader7@two.example"],
        ]
    }


def test_who_is_killed_in_the_middle_leaves_a_send_that_can_be_cleared_and_frozen_anew(freezer, monkeypatch):
    monkeypatch.setattr(enrol, "SLICE", 4)
    freezer.add(f"reader{n}@{DOMAINS[n % 5]}" for n in range(20))

    def killed(rows: int) -> None:
        if rows > 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        freezer.freeze(canary=3, progress=killed)
    assert freezer.outbox.state() is SendState.ARMING
    assert freezer.rows() > 0
    unfreeze(freezer.storage, freezer.outbox.send_id)
    assert freezer.rows() == 0
    assert freezer.freeze() == 20
