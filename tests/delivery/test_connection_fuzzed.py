"""A server ruled by chance: no hang, no crash, each job exactly one result, and nobody counted wrong."""

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from newsletter_cli.delivery.connection import Closed, ConnectProblem, Learned
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome
from tests.delivery.linking import Desk, Text, at, desk_of, send
from tests.servers.smtp_fuzzed import FuzzedHouse, fuzzed

MESSAGES = 12
AT_ONCE = 20  # conversations
PATIENCE = timedelta(seconds=0.25)  # for each answer: a server that says nothing is soon given up


def jobs_of(conversation: int, chance: Random) -> list[Job]:
    """Letters of all sizes, to addresses that no other conversation has."""
    sizes = [chance.choice((0, 50, 2_000, 60_000)) for _ in range(MESSAGES)]
    return [
        Job(number, Text(f"r{number}-{conversation}@example.org", (b"Subject: x\r\n\r\n", b"text\r\n" * (size // 6))))
        for number, size in enumerate(sizes, 1)
    ]


async def converse(
    house: FuzzedHouse, conversation: int, chance: Random, learned: Learned
) -> tuple[Desk, Closed | None]:
    """One connection with a few messages. A hang is a TimeoutError."""
    desk = desk_of(jobs_of(conversation, chance))
    if chance.random() < 0.1:
        desk.allowed = lambda number: number % 5 != 0
    server = at(
        house.port, timeout=PATIENCE, data_timeout=PATIENCE, write_timeout=2 * PATIENCE, depth=8,
        pipelining=chance.random() < 0.9, chunking=chance.random() < 0.7,
    )  # fmt: skip
    async with asyncio.timeout(60):
        try:
            return desk, await send(server, desk, learned=learned)
        except ConnectProblem:
            return desk, None


def check(house: FuzzedHouse, conversation: int, desk: Desk, closed: Closed | None) -> None:
    taken = 0 if closed is None else closed.messages
    assert sorted(result.id for result in desk.results) == list(range(1, taken + 1))
    for result in desk.results:
        copies = house.taken[f"r{result.id}-{conversation}@example.org"]
        assert copies <= 1
        if house.wild:  # what it says is not about what it does
            continue
        if result.outcome is Outcome.ACCEPTED:
            assert copies == 1, f"{conversation}/{result.id} is called accepted and was not taken"
        elif result.outcome is not Outcome.UNCERTAIN:
            assert copies == 0, f"{conversation}/{result.id} is called {result.outcome} and was taken"


async def meet(seed: int, conversations: int, *, wild: bool) -> set[Outcome]:
    """What was seen of outcomes, all of them right."""
    chance = Random(seed)
    found: set[Outcome] = set()
    crashes: list[dict[str, Any]] = []  # in a callback of either end, which asyncio else only logs
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: crashes.append(context))
    async with fuzzed(chance, wild=wild) as house:
        for first in range(0, conversations, AT_ONCE):
            # Half of them remember nothing of the others.
            shared = Learned(window=8)
            numbers = range(first, first + AT_ONCE)
            minds = [shared if number % 2 else Learned(window=8) for number in numbers]
            chances = [Random(chance.random()) for _ in numbers]
            ends = await asyncio.gather(*map(converse, [house] * AT_ONCE, numbers, chances, minds))
            for number, (desk, closed) in zip(numbers, ends, strict=True):
                check(house, number, desk, closed)
                found |= set(desk.outcomes.values())
    assert crashes == []
    return found


@pytest.mark.parametrize("wild", [False, True], ids=["tame", "wild"])
def test_a_few_hundred_conversations_with_a_server_ruled_by_chance(wild: bool) -> None:
    assert asyncio.run(meet(7, 300, wild=wild)) == set(Outcome) - {Outcome.GO_ON}


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("wild", [False, True], ids=["tame", "wild"])
def test_thousands_of_conversations_with_a_server_ruled_by_chance(wild: bool, seed: int) -> None:
    assert asyncio.run(meet(100 + seed, 3000, wild=wild)) == set(Outcome) - {Outcome.GO_ON}
