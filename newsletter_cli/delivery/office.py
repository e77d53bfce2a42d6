"""Where connections get their messages and bring their results, and what an answer means beyond its own message.

    take_up(claimed) ─▶ ready ──take──▶ connection ──done──▶ landed ─▶ the next flight
                     └▶ signed in threads ─▶ ready          └▶ lanes, servers, the end of the run

All of it happens on the event loop's thread.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from newsletter_cli.delivery.breaker import Breaker
from newsletter_cli.delivery.chunks import Report
from newsletter_cli.delivery.connection import Closed, Connection, ConnectProblem, Result
from newsletter_cli.delivery.flight import Due
from newsletter_cli.delivery.lanes import Lane, Lanes
from newsletter_cli.delivery.permit import Permit
from newsletter_cli.delivery.problems import STOPS, problem_of
from newsletter_cli.delivery.relays import Ready, Traffic
from newsletter_cli.delivery.running import Counters, Ending, EndKind
from newsletter_cli.delivery.sealing import Sealing
from newsletter_cli.delivery.smtp.letter import Job, Letter
from newsletter_cli.delivery.smtp.outcome import Outcome as Heard
from newsletter_cli.delivery.smtp.verdict import Effect
from newsletter_cli.delivery.states import Fact
from newsletter_cli.mail.problems import MailProblem
from newsletter_cli.storage.schema import EPOCH, MICROSECOND

NEAR: Final = 0.005  # seconds to an answer: about what a flight takes
CHAIN: Final = 2  # messages that keep the line to a near server busy

FACTS: Final[Mapping[Heard, Fact]] = {
    Heard.ACCEPTED: Fact.ACCEPTED,
    Heard.RETRY: Fact.LATER,
    Heard.FAILED: Fact.NEVER,
    Heard.NOT_SENT: Fact.NOT_SENT,
    Heard.UNCERTAIN: Fact.LOST,
}

Landed = tuple[Report, "Result | None"]  # a result not yet stored, and what the connection said; None = never taken


class Office:
    """The messages in hand of one run."""

    def __init__(
        self,
        traffics: Mapping[str, Traffic],
        lanes: Lanes,
        breaker: Breaker,
        permit: Permit,
        counters: Counters,
        clock: Callable[[], datetime],
    ) -> None:
        self.landed: list[Landed] = []  # the oldest first
        self._traffics = traffics
        self._lanes = lanes
        self._breaker = breaker
        self._permit = permit
        self._counters = counters
        self._clock = clock
        self._boot = permit.boot
        self._sealing = Sealing()
        self._out_of_step: set[int] = set()  # numbers of the links that lost step
        self._told: deque[str] = deque(maxlen=20)

    # --- for connections -----------------------------------------------------------------------------------------

    def take(self, traffic: Traffic, link: Connection) -> tuple[Job | None, bool]:
        """The next job, and whether its connection must carry it without neighbours."""
        if link.holds >= CHAIN and traffic.latency < NEAR:
            # It answers faster than a flight takes: more on the wire would only leave nothing ready for the others.
            return None, False
        ready = traffic.ready
        for _ in range(len(ready)):
            one = ready.popleft()
            due = one.due
            lane = self._lanes.lane(due.lane)
            if (due.alone and link.holds) or not lane.may_carry(link.number):
                ready.append(one)
                continue
            letter = one.letter
            if letter is None:
                try:
                    letter = traffic.relay.fill(due.reader)
                except MailProblem as problem:
                    self._cannot_build(due, problem)
                    continue
            self._breaker.built()
            if not traffic.out:
                traffic.answered = self._boot()  # nothing was asked before: its silence begins now
            traffic.out[due.id] = due, self._boot()
            lane.took(link.number)
            return Job(due.id, letter), due.alone
        return None, False

    def permit(self, traffic: Traffic, job_id: int) -> bool:
        """Whether data may leave now: its intent is committed, and nothing stands against it."""
        taken = traffic.out.get(job_id)
        return taken is not None and self._permit.allows(taken[0])

    def done(self, traffic: Traffic, result: Result) -> None:
        """One job has its result."""
        due, taken = traffic.out.pop(result.id)
        lane = self._lanes.lane(due.lane)
        lane.gave(result.link)
        if result.outcome is Heard.ACCEPTED:
            traffic.took_one(taken, self._boot(), traffic.relay.connections)
            if lane.connections is not None or lane.blocks:
                self._lanes.accepted(due.lane, due.domain, self._clock())
            reply = result.reply
            code, enhanced, answer = (reply.code, reply.enhanced, reply.text) if reply is not None else (None, "", "")
            self.landed.append((self._report(due, Fact.ACCEPTED, code, enhanced, answer), result))
            self._permit.news.set()
            return
        self._heed(traffic, due, result)
        fact, reason = _fact_of(result)
        if result.reply is not None:
            traffic.trouble, traffic.answered = None, self._boot()
        elif fact is Fact.NOT_SENT and not result.given_back:
            self._in_trouble(traffic, "The connection broke before a message was received whole.")
        reply = result.reply
        self._land(
            due,
            fact,
            result=result,
            reason=reason,
            code=reply.code if reply else None,
            enhanced=reply.enhanced if reply else "",
            answer=reply.text if reply else "",
            alone=result.alone,
        )

    def _report(self, due: Due, fact: Fact, code: int | None, enhanced: str, answer: str) -> Report:
        self._lanes.lane(due.lane).held -= 1
        return Report(due.id, due.chunk, due.attempt, fact, self._clock(), code, enhanced, answer)

    def _land(
        self,
        due: Due,
        fact: Fact,
        *,
        result: Result | None = None,
        reason: str = "",
        code: int | None = None,
        enhanced: str = "",
        answer: str = "",
        alone: bool = False,
    ) -> None:
        report = self._report(due, fact, code, enhanced, answer)
        not_before = None
        if fact is Fact.NOT_SENT:
            self._traffics[due.server].carried -= 1
            lane = self._lanes.lane(due.lane)
            not_before = lane.until if lane.resting(report.at) else None
            if alone:
                not_before = max(report.at + _rest(due, report.at), not_before or report.at)
        self.landed.append((report._replace(reason=reason, alone=alone, not_before=not_before), result))
        self._permit.news.set()

    def _cannot_build(self, due: Due, problem: MailProblem) -> None:
        self._breaker.cannot_build()
        self._land(due, Fact.NEVER, reason="cannot-build", answer=problem.sentence[:500])

    def _heed(self, traffic: Traffic, due: Due, result: Result) -> None:
        """What an answer means beyond its own message: for its lane, or for the whole send."""
        verdict, reply, now = result.verdict, result.reply, self._clock()
        if verdict is None or verdict.effect is Effect.NONE:
            return
        answer = str(reply) if reply else ""
        if verdict.effect is Effect.SLOW:
            lane = self._lanes.slow(due.lane, due.domain, answer, now)
            if lane is not None:
                self._has_begun_to_rest(lane, f"{lane.key or traffic.relay.server.host} asks us to slow down", now)
        elif verdict.effect is Effect.PAUSE_LANE:
            lane = self._lanes.blocked(due.lane, due.domain, answer, now)
            if lane is not None:
                self._has_begun_to_rest(lane, f"{lane.key} refuses our mail as unwanted", now)
            else:
                self.note(f"{traffic.relay.server.host}: {answer}")
        else:
            self.note(f"{traffic.relay.server.host}: {answer}")
            problem = problem_of(verdict.effect, traffic.relay.server, answer)
            if problem is not None:
                self._permit.end(Ending(kind=EndKind.PROBLEM, problem=problem))

    def _has_begun_to_rest(self, lane: Lane, what: str, now: datetime) -> None:
        minutes = max(1, round(((lane.until or now) - now).total_seconds() / 60))
        self.note(f"{what} ({lane.why[:120]}); trying again in {minutes} min. Others go on.")
        self.return_all(lambda due: lane.key in (due.lane, due.domain))

    def opened(self, traffic: Traffic) -> None:
        """A connection is open."""
        self._permit.news.set()

    def ended(self, traffic: Traffic, closed: Closed, *, useful: bool) -> None:
        """A connection is over; all its messages have their results."""
        if not useful:
            self._in_trouble(traffic, closed.reason)
        if closed.out_of_step:
            # Answers and questions of this link no longer fit: what of it is not stored may belong to another message.
            self.note(f"{traffic.relay.server.host} lost step ({closed.reason}); one message at a time from here on.")
            self._out_of_step.add(closed.link)
            self.landed = [self._as_known_now(*item) for item in self.landed]
        self._permit.news.set()

    def refused(self, traffic: Traffic, problem: ConnectProblem) -> None:
        """No connection came about."""
        server = traffic.relay.server
        traffic.problem = problem.reason
        if problem.temporary:
            self.note(f"{server.host}:{server.port}: {problem.reason} Trying again.")
            traffic.failures = max(1, traffic.failures)
            self._in_trouble(traffic, problem.reason)
        else:
            traffic.closed_to_us = True
            if all(one.closed_to_us for one in self._traffics.values()):
                self._permit.end(Ending(kind=EndKind.PROBLEM, problem=problem.as_error(server, sent="")))
            else:
                self.note(f"{server.host}:{server.port}: {problem.reason} The other servers go on.")
        if not traffic.links:  # others of its connections may well go on
            self.return_ready(traffic, None)
        self._permit.news.set()

    def _in_trouble(self, traffic: Traffic, reason: str) -> None:
        traffic.problem = reason
        if traffic.trouble is None:
            traffic.trouble = self._boot()

    # --- for the pump --------------------------------------------------------------------------------------------

    @property
    def on_wire(self) -> int:
        """Messages that connections have taken and that have no result."""
        return sum(len(traffic.out) for traffic in self._traffics.values())

    def take_landed(self) -> list[Landed]:
        """The results not yet stored, for a flight; `put_back` when it could not be made."""
        landed, self.landed = self.landed, []
        return landed

    def put_back(self, landed: list[Landed]) -> None:
        """Results whose flight could not be made, as they are known by now."""
        self.landed = [self._as_known_now(*one) for one in landed] + self.landed

    def return_all(self, which: Callable[[Due], bool] | None = None) -> None:
        """Give back what no connection has taken: some of it, or (None) everything."""
        for traffic in self._traffics.values():
            self.return_ready(traffic, which)

    def close(self) -> None:
        self._sealing.close()

    def note(self, sentence: str) -> None:
        """Something to show above the live view; the same sentence is not repeated."""
        if sentence not in self._told:
            self._told.append(sentence)
            self._counters.untold.append(sentence)

    def take_up(self, claimed: Sequence[Due]) -> None:
        """Put what was claimed where its server's connections take it; signed first where we sign."""
        batches: dict[str, list[Due]] = {}
        for due in claimed:
            self._lanes.lane(due.lane).held += 1
            traffic = self._traffics[due.server]
            traffic.carried += 1
            if traffic.relay.seal is None:
                traffic.ready.append(Ready(due))
            else:
                batches.setdefault(due.server, []).append(due)
        for name, batch in batches.items():
            traffic = self._traffics[name]
            traffic.sealing += len(batch)
            self._sealing.begin(traffic.relay, batch, partial(self._sealed, traffic))

    def _sealed(self, traffic: Traffic, due: Due, letter: Letter | MailProblem) -> None:
        """One message is signed, or cannot be built."""
        traffic.sealing -= 1
        if isinstance(letter, MailProblem):
            self._cannot_build(due, letter)
        elif (
            self._permit.ending is not None
            or (due.chunk, due.epoch) in self._permit.lost
            or self._lanes.lane(due.lane).resting(self._clock())
        ):
            self._land(due, Fact.NOT_SENT)
        else:
            traffic.ready.append(Ready(due, letter))
            traffic.wake()

    def return_ready(self, traffic: Traffic, which: Callable[[Due], bool] | None) -> None:
        """Give back what no connection has taken: some of it, or (None) everything."""
        kept: deque[Ready] = deque()
        for one in traffic.ready:
            if which is None or which(one.due):
                self._land(one.due, Fact.NOT_SENT)
            else:
                kept.append(one)
        traffic.ready = kept

    def _as_known_now(self, report: Report, result: Result | None) -> tuple[Report, Result | None]:
        if result is None or result.link not in self._out_of_step:
            return report, result
        fact = Fact.LOST if result.written else Fact.NOT_SENT
        return report._replace(fact=fact, reason="out-of-step" if fact is Fact.LOST else ""), result


def _rest(due: Due, now: datetime) -> timedelta:
    """How long a message waits that broke off in the middle: half as long again as it has been tried, 2 s to 10 min."""
    tried = now - (EPOCH + due.first_try * MICROSECOND) if due.first_try is not None else timedelta(0)
    return min(max(tried / 2, timedelta(seconds=2)), timedelta(minutes=10))


def _fact_of(result: Result) -> tuple[Fact, str]:
    """What a result says about its reader, and the verdict in one word."""
    fact = FACTS[result.outcome]
    reason = result.verdict.category.value if result.verdict is not None else ""
    if result.verdict is not None and result.verdict.effect in STOPS:
        return Fact.NOT_SENT, reason  # it is about us: the reader is as before
    if fact is Fact.LOST:
        return fact, "no-answer"
    return fact, reason
