"""Lanes: the readers of one provider share a pace, and rest together when it asks for that.

    readers' domains ──providers.toml, smtp.per_domain──▶ lane of each chunk
    "slow down"      ──▶ the lane rests, goes on with one connection, and gets one more for every few clean answers

Readers of all other domains are in the lane "": there an answer speaks for its own domain only, which rests alone.
What rests is written with the next flight, so that another process, and `status`, know of it.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from newsletter_cli.settings.kinds import DURATION

PROVIDERS: Final = Path(__file__).with_name("providers.toml")
REST: Final = timedelta(minutes=5)  # of a lane nobody is known to answer for
LONGEST_REST: Final = timedelta(hours=1)
SOON: Final = 2  # rests: who asks again within so many lengths of the last one rests twice as long
CLEAN: Final = 10  # messages accepted in a row after which a lane may use one more connection
BLOCKS: Final = 3  # refusals for our reputation in a row, after which a lane rests
BLOCKED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What is known of one mail provider; a row of providers.toml."""

    key: str
    domains: frozenset[str]
    mx: tuple[str, ...]
    rest: timedelta
    connections: int
    messages: int


def load_providers(path: Path = PROVIDERS) -> tuple[Provider, ...]:
    """The table of providers."""
    table = tomllib.loads(path.read_text("utf-8"))
    return tuple(
        Provider(
            key=key,
            domains=frozenset(row["domains"]),
            mx=tuple(row["mx"]),
            rest=DURATION.read(row["rest"]),
            connections=row["connections"],
            messages=row["messages"],
        )
        for key, row in table.items()
    )


def lanes_of(providers: Iterable[Provider], per_domain: Iterable[str]) -> dict[str, str]:
    """{domain: key of its lane}: the provider's, or its own where `smtp.per_domain` names it. All others have ""."""
    lanes = {domain: provider.key for provider in providers for domain in provider.domains}
    return lanes | {domain: domain for domain in per_domain}


def provider_at(host: str, providers: Iterable[Provider]) -> Provider | None:
    """Whose server this is, when mail is handed to a provider directly; None for a relay."""
    name = host.lower().rstrip(".")
    return next((one for one in providers for end in one.mx if name == end or name.endswith(f".{end}")), None)


@dataclass(frozen=True, slots=True)
class LaneView:
    """A lane that does not go at its full speed, for people."""

    key: str
    resting_until: datetime | None
    why: str  # the answer that asked for it
    connections: int | None  # that may carry it at once; None = no limit of its own


@dataclass(frozen=True, slots=True)
class Rest:
    """A lane's row, to be written with the next flight."""

    key: str
    until: datetime | None
    connections: int | None
    why: str
    at: datetime


@dataclass(slots=True)
class Lane:
    """One lane while a run lasts, or one domain of the lane "" that rests alone."""

    key: str
    rest: timedelta = REST  # how long it rests next time
    until: datetime | None = None  # it rests so long
    why: str = ""
    connections: int | None = None
    carriers: dict[int, int] = field(default_factory=dict)  # link → messages of this lane it carries now
    clean: int = 0  # accepted in a row
    blocks: int = 0  # refused for our reputation in a row
    pace_at: datetime | None = None  # when its rate lets the next one go
    held: int = 0  # messages of it that are claimed and have no result

    def resting(self, now: datetime) -> bool:
        return self.until is not None and now < self.until

    def may_carry(self, link: int) -> bool:
        """Whether this link may take a message of the lane now."""
        return self.connections is None or link in self.carriers or len(self.carriers) < self.connections

    def took(self, link: int) -> None:
        self.carriers[link] = self.carriers.get(link, 0) + 1

    def gave(self, link: int) -> None:
        left = self.carriers.get(link, 0) - 1
        if left > 0:
            self.carriers[link] = left
        else:
            self.carriers.pop(link, None)

    def view(self) -> LaneView:
        return LaneView(self.key, self.until, self.why, self.connections)


class Lanes:
    """All lanes of one run."""

    def __init__(
        self,
        providers: Iterable[Provider],
        per_domain: Iterable[str],
        remembered: Iterable[LaneView] = (),
        *,
        most: int,
    ) -> None:
        """remembered: rows that an earlier run, or another process, has left.  most: connections of the run in all."""
        self.by_domain = lanes_of(providers, per_domain)
        self._rests = {provider.key: provider.rest for provider in providers}
        self._most = most
        self._lanes: dict[str, Lane] = {}
        self._alone: dict[str, Lane] = {}  # domains of the lane "" that rest, or have rested
        self._unsaved: dict[str, Rest] = {}
        for view in remembered:
            lane = self._remembered(view.key)
            lane.until, lane.connections, lane.why = view.resting_until, view.connections, view.why

    def _remembered(self, key: str) -> Lane:
        if key == "" or key in self.by_domain.values():
            return self.lane(key)
        return self._alone.setdefault(key, Lane(key))

    def lane(self, key: str) -> Lane:
        """The lane with this key, made when it is first asked for."""
        found = self._lanes.get(key)
        if found is None:
            found = self._lanes[key] = Lane(key, self._rests.get(key, REST))
        return found

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def resting_after(self, moment: datetime) -> frozenset[str]:
        """Lanes that rest beyond a moment."""
        return frozenset(lane.key for lane in self._lanes.values() if lane.resting(moment))

    def resting_domains(self, now: datetime) -> dict[str, datetime]:
        """Domains of the lane "" that rest, and until when."""
        return {lane.key: lane.until for lane in self._alone.values() if lane.until is not None and now < lane.until}

    # --- what answers do to it

    def accepted(self, key: str, domain: str, now: datetime) -> None:
        """A message of the lane was accepted: after a rest, one more connection for every few of them."""
        lane = self._lanes[key]
        lane.blocks = 0
        if lane.connections is None and not self._alone:
            return
        if key == "" and domain in self._alone:
            self._alone[domain].blocks = 0
        if lane.connections is not None:
            lane.clean += 1
            if lane.clean >= CLEAN:
                lane.clean = 0
                lane.connections = lane.connections + 1 if lane.connections < self._most else None
                self._save(lane, now)

    def slow(self, key: str, domain: str, answer: str, now: datetime) -> Lane | None:
        """The server asks for less: the lane, or the domain alone, rests. None when it does already."""
        return self._rest(self._speaks_for(key, domain), None, answer, now)

    def blocked(self, key: str, domain: str, answer: str, now: datetime) -> Lane | None:
        """A refusal for our reputation; the third in a row makes the lane rest. None when it goes on."""
        lane = self._speaks_for(key, domain)
        lane.blocks += 1
        if lane.blocks < BLOCKS:
            return None
        lane.blocks = 0
        return self._rest(lane, BLOCKED, answer, now)

    def _speaks_for(self, key: str, domain: str) -> Lane:
        return self.lane(key) if key else self._alone.setdefault(domain, Lane(domain))

    def _rest(self, lane: Lane, length: timedelta | None, answer: str, now: datetime) -> Lane | None:
        if lane.resting(now):
            return None
        if lane.until is not None and now - lane.until < SOON * lane.rest:
            lane.rest = min(2 * lane.rest, LONGEST_REST)
        lane.until = now + (length or lane.rest)
        lane.connections = 1 if lane.key in self._lanes else None  # a single domain has no connections of its own
        lane.clean, lane.why = 0, answer
        self._save(lane, now)
        return lane

    def _save(self, lane: Lane, now: datetime) -> None:
        self._unsaved[lane.key] = Rest(lane.key, lane.until, lane.connections, lane.why, now)

    # --- for the ledger and for people

    def unsaved(self) -> tuple[Rest, ...]:
        """What changed since it was last written; `saved` says that it is."""
        return tuple(self._unsaved.values())

    def saved(self, rests: Iterable[Rest]) -> None:
        for rest in rests:
            if self._unsaved.get(rest.key) is rest:
                del self._unsaved[rest.key]

    def views(self, now: datetime) -> dict[str, LaneView]:
        """Lanes and domains that rest or are still held back."""
        lanes = (*self._lanes.values(), *self._alone.values())
        return {lane.key: lane.view() for lane in lanes if lane.connections is not None or lane.resting(now)}
