"""Which server carries which message: by weight, as far as each has room."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

AHEAD: Final = 20  # messages by which a server may be ahead of its share, lest a slow one hold up the others


@dataclass(frozen=True, slots=True)
class Berth:
    """One server as it is when messages are shared out."""

    name: str
    room: int  # messages it can take now
    weight: int  # its share of the mail
    carried: int  # messages it has been given since shares last changed


def share_out(berths: Sequence[Berth], most: int) -> list[str]:
    """Names of servers, one for each of at most `most` messages; fewer where nobody has room or the next is not due.

    Each message goes to the server that is furthest behind its share. One that has no room is waited for once another
    would be `AHEAD` messages ahead of its own.
    """
    if len(berths) == 1:
        return [berths[0].name] * min(most, berths[0].room)
    weights = sum(berth.weight for berth in berths)
    room = {berth.name: berth.room for berth in berths}
    carried = {berth.name: berth.carried for berth in berths}
    total = sum(carried.values())
    names: list[str] = []
    while len(names) < most:
        free = [berth for berth in berths if room[berth.name] > 0 and berth.weight > 0]
        if not free:
            break
        next_ = min(free, key=lambda berth: (carried[berth.name] + 1) / berth.weight)
        if carried[next_.name] + 1 > (total + 1) * next_.weight / weights + AHEAD:
            break
        names.append(next_.name)
        room[next_.name] -= 1
        carried[next_.name] += 1
        total += 1
    return names
