"""Who could be written to now, over which server, and when the next one can: what the pump asks before each flight."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from newsletter_cli.delivery.canary import Sung
from newsletter_cli.delivery.flight import NOTHING, Ask, Flight
from newsletter_cli.delivery.lanes import Lanes
from newsletter_cli.delivery.relays import Traffic, weigh
from newsletter_cli.delivery.shares import Berth

BIG: Final = 1 << 30


@dataclass(slots=True, kw_only=True)
class Outlook:
    """What the last flights told of the ledger, beside what lanes and servers allow."""

    lanes: Lanes
    traffics: Mapping[str, Traffic]
    depth: int
    lease: timedelta
    openings: Mapping[str, datetime] = field(default_factory=dict)  # lane → when more of it can be claimed
    canary: Sung | None = None
    held_until: datetime | None = None  # only the first readers before this moment
    day_at: datetime | None = None  # the warm-up lets nobody go before

    def learn(self, flight: Flight, *, asked: bool) -> bool:
        """Keep what a flight told; whether the warm-up's ceiling was reached just now.  asked: it was to claim."""
        self.openings, self.canary, self.held_until = flight.openings, flight.canary, flight.held_until
        if not asked:
            return False
        for traffic in self.traffics.values():
            traffic.pace_at = flight.servers_at.get(traffic.name)
        for lane in self.lanes:
            lane.pace_at = flight.lanes_at.get(lane.key)
        reached = flight.day_at is not None and flight.day_at != self.day_at
        self.day_at = flight.day_at
        return reached

    def ask(self, now: datetime, boot: float, *, slowed: bool) -> Ask:
        """What could be let go now; with no berth when nobody can be claimed or nothing has room.

        slowed: some lane rests or is held back.
        """
        rests = self.lanes.unsaved()
        # Whoever comes next may have them: a lane that rests for longer than half a lease leaves no chunk in our hands.
        idle = self.lanes.resting_after(now + self.lease / 2) if slowed or rests else frozenset()
        nobody = Ask(rests=rests, idle=idle) if rests or idle else NOTHING
        lanes = self._free_lanes(now)
        if not lanes or _later(self.held_until, now) or _later(self.day_at, now):
            return nobody
        berths = self._berths(now, boot)
        if not any(berth.room for berth in berths):
            return nobody
        return Ask(berths=berths, lanes=lanes, resting=self.lanes.resting_domains(now), rests=rests, idle=idle)

    def _free_lanes(self, now: datetime) -> dict[str, int]:
        """Lanes of which somebody can be claimed now, and how many at most; the one with the least in hand first."""
        free: list[tuple[int, str, int]] = []
        for key, opening in self.openings.items():
            if opening > now:
                continue
            lane = self.lanes.lane(key)
            if self.canary is not Sung.WAITING and (lane.resting(now) or _later(lane.pace_at, now)):
                continue
            most = BIG if lane.connections is None else max(0, lane.connections * self.depth - lane.held)
            if most:
                free.append((lane.held, key, most))
        if len(free) > 1:
            free.sort()
        return {key: most for _, key, most in free}

    def _berths(self, now: datetime, boot: float) -> tuple[Berth, ...]:
        """The servers that mail may be shared out to. Asking for one makes it connect."""
        weigh(self.traffics.values(), boot)
        berths = []
        for traffic in self.traffics.values():
            if not traffic.weight:
                # One that is down goes on trying to come back; a stand-in that nobody needs any more goes home.
                if traffic.relay.weight:
                    traffic.wanted.set()
                elif traffic.links:
                    traffic.finish()
                continue
            traffic.wanted.set()
            room = 0 if _later(traffic.pace_at, now) else traffic.room()
            if self.canary is Sung.WAITING:  # one message at a time on each connection
                room = min(room, max(0, len(traffic.links) - traffic.in_hand))
            berths.append(traffic.berth(room))
        return tuple(berths)

    def next_look(self, now: datetime) -> float:
        """Seconds after which the pump looks up by itself: for the next message a rate lets go, at the latest soon."""
        paces = [traffic.pace_at for traffic in self.traffics.values()] + [lane.pace_at for lane in self.lanes]
        waits = [(pace - now).total_seconds() for pace in paces if pace is not None and pace > now]
        return max(0.001, min([0.5, *waits]))

    def next_moment(self, now: datetime) -> tuple[datetime | None, bool]:
        """(when the next reader can be claimed, whether to wait for it however long, as for a rate)."""
        moments = []
        for key, opening in self.openings.items():
            lane = self.lanes.lane(key)
            rest = lane.until if lane.resting(now) else None
            unpaced = max(opening, rest or opening)
            paced = max(unpaced, lane.pace_at or unpaced)
            moments.append((paced, paced > now >= unpaced))
        if not moments:
            return None, False
        moment, patient = min(moments)
        servers = [one.pace_at for one in self.traffics.values() if one.weight]
        if moment <= now and servers and all(_later(pace, now) for pace in servers):
            moment, patient = min(pace for pace in servers if pace is not None), True
        if _later(self.held_until, now):
            return max(moment, self.held_until or moment), True
        if _later(self.day_at, now):
            return max(moment, self.day_at or moment), False
        return moment, patient


def _later(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now
