"""Every named fault of the test server, met by an engine: what becomes of the messages, the lanes and the sums.

Whatever a server does, this holds of every run below:

    accepted                    exactly one copy at the server
    waiting, retry, failed      none
    uncertain                   one or none
    each chunk's counters       are those of its rows, and together they are the whole
"""

import itertools
import random
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter_cli.delivery.chunks import COUNTERS
from newsletter_cli.delivery.dial import Security, Server
from newsletter_cli.delivery.engine import Engine
from newsletter_cli.delivery.lanes import Lanes, lanes_of, load_providers
from newsletter_cli.delivery.relays import Relay
from newsletter_cli.delivery.retry import RetryPolicy
from newsletter_cli.delivery.running import Counters, EndKind, Plan
from newsletter_cli.delivery.states import Outcome
from newsletter_cli.storage.schema import chunk, delivery
from tests.conftest import Clock
from tests.delivery.driving import BOOK, Driven, Letter, Running, state_of
from tests.servers import wait_until
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import (
    accept_354_after_refused_recipient,
    answer_late,
    answer_missing,
    answer_twice,
    answer_with,
    bad_certificate,
    chunking_refused,
    chunks_refused,
    claim_pipelining_and_stall,
    clear_text_behind_starttls,
    close_after,
    close_after_data,
    close_at,
    close_in_data,
    defer,
    ehlo_refused,
    greeting_421,
    hang_at,
    limit_connections,
    limit_messages,
    merged_replies,
    no_banner,
    no_extensions,
    nonsense_at,
    odd_reply,
    one_byte_at_a_time,
    refuse_data,
    refuse_login,
    refuse_recipient,
    refuse_sender,
    say_421_at,
    split_replies,
    starttls_stripped,
    stop_reading,
    take_data_after_refused_recipient,
    tarpit,
    without,
)  # fmt: skip
from tests.servers.smtp_house import Fault

MIXED = [f"reader{n}@{'gmail.com' if n % 2 else 'example.org'}" for n in range(1, 13)]
DEPTH = 8
BIG = (b"Subject: x\r\n\r\n", (b"x" * 70 + b"\r\n") * 400_000)  # more than the system buffers for a line


@pytest.fixture
def clock() -> Clock:
    return Running()


@pytest.fixture
def storage(sqlite_storage):
    return sqlite_storage


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


class Line(Driven):
    """An engine over one server."""

    def start(
        self, port, *, window=True, connections=1, wait=5.0, retry=0.1, fill=None, tls=None, secret=None, boot=None,
        clock=None, timeout=5.0, data_timeout=5.0, write_timeout=60.0, rests=None, **server,
    ) -> "Line":  # fmt: skip
        """window: CHUNKING with a depth of 8; else the next message's commands ride along with one's data."""
        outbox, ledger = self.outbox, self.outbox.ledger()
        ledger.retry = RetryPolicy((timedelta(seconds=retry),), timedelta(hours=1))
        ledger.chance = random.Random(1)
        server = Server(
            host="127.0.0.1", port=port, ehlo_name="news.example.org", depth=DEPTH if window else 1,
            timeout=timedelta(seconds=timeout), data_timeout=timedelta(seconds=data_timeout),
            write_timeout=timedelta(seconds=write_timeout), **{"security": Security.NONE, **server},
        )  # fmt: skip
        plan = Plan(
            depth=DEPTH if window else 2, wait=timedelta(seconds=wait), book=BOOK,
            tls=tls or ssl.create_default_context(),
        )  # fmt: skip
        relay = Relay(
            name="smtp", server=server, connections=connections, secret=lambda: secret,
            fill=fill or (lambda reader: Letter(reader.email)),
        )  # fmt: skip
        providers = load_providers()
        ledger.lane_of = lanes_of(providers, ())
        lanes = Lanes(providers, (), ledger.resting_lanes(), most=connections)

        more = {} if boot is None else {"boot": boot}
        return self.drive(
            lambda: Engine(
                ledger,
                [relay],
                lanes,
                plan,
                Counters.from_tally(outbox.tally()),
                state_of(outbox),
                clock=clock or outbox.clock,
                **more,
            )
        )

    @property
    def on_wire(self) -> int:
        """Messages that connections have taken and that have no result, at this moment."""
        return self.engine._office.on_wire  # the counters' own is as old as the last flight


def check_books(outbox, copies: Counter[str]) -> Counter[str]:
    """Copies, rows and counters tell the same story; {outcome: readers}."""
    outcomes = outbox.outcomes()
    assert set(copies) <= set(outcomes)
    for address, outcome in outcomes.items():
        allowed = {"accepted": (1,), "uncertain": (0, 1)}.get(outcome, (0,))
        assert copies[address] in allowed, f"{address} is {outcome} and has {copies[address]} copies"
    with outbox.storage.read() as connection:
        rows = connection.execute(select(delivery.c.chunk_id, delivery.c.outcome)).all()
        chunks = connection.execute(select(chunk)).all()
    counted = Counter((row.chunk_id, row.outcome) for row in rows)
    for row in chunks:
        assert {name: getattr(row, name) for name in COUNTERS} == {name: counted[row.id, name] for name in COUNTERS}
    assert [row.state for row in chunks if row.state == "leased"] == []
    tally = outbox.tally().recipients()
    assert sum(count for name, count in tally.items() if name != "total") == tally["total"] == len(rows)
    return Counter(outcomes.values())


# --- what each fault comes to -----------------------------------------------------------------------------------------

FINISHED, RETRIES, PROBLEM = EndKind.FINISHED, EndKind.RETRIES, EndKind.PROBLEM
COMMANDS, WINDOW = False, True
NOBODY = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault, and what it comes to; who is in none of `others` and not in doubt is accepted."""

    name: str
    faults: Callable[[], tuple[Fault, ...]]
    kind: EndKind = FINISHED
    code: str = ""  # of the problem
    others: dict[str, int] = field(default_factory=dict)
    doubt: tuple[int, int] = NOBODY  # fewest and most uncertain
    lanes: frozenset[str] = frozenset()  # that rest or are held back at the end
    modes: tuple[bool, ...] = (COMMANDS, WINDOW)
    server: dict = field(default_factory=dict)
    run: dict = field(default_factory=dict)


def case(name, *faults, server=None, run=None, **more) -> Case:
    """faults: (maker, its arguments…), the last of them a dict of names."""

    def make() -> tuple[Fault, ...]:
        made = []
        for maker, *given in faults:
            names = given.pop() if given and isinstance(given[-1], dict) else {}
            made.append(maker(*given, **names))
        return tuple(made)

    return Case(name=name, faults=make, server=server or {}, run=run or {}, **more)


FOURTH = {"after": 3, "times": 1}  # reader, command or answer
QUICK = {"timeout": 0.5, "data_timeout": 0.5}
SOME, ONE = (1, DEPTH), (1, 1)
# With nothing of the next message written, those before it are in doubt that the last flight has not stored yet.
UNSTORED = (0, DEPTH)
# RSET, MAIL, RCPT and BDAT leave together: a line that ends at any of them leaves the message in doubt.
EARLY = ("rset", "mail", "rcpt")
LOGIN = {"server": {"login": ("news", "secret")}, "run": {"username": "news", "secret": "secret"}}
ALL_WAIT, ALL_LATER = {"waiting": 12}, {"retry": 12}

OPENING = [
    case("421 for a greeting, once", (greeting_421, {"times": 1})),
    case("421 for a greeting", (greeting_421,), kind=PROBLEM, code="SMTP-CONNECT", others=ALL_WAIT, run={"wait": 0.6}),
    case("no banner", (no_banner,), kind=PROBLEM, code="SMTP-CONNECT", others=ALL_WAIT, run={"wait": 0.6, **QUICK}),
    case("EHLO refused", (ehlo_refused,)),
    case("no extensions", (no_extensions,)),
    case("no PIPELINING", (without, "PIPELINING")),
    case("login refused", (refuse_login,), kind=PROBLEM, code="SMTP-AUTH", others=ALL_WAIT, **LOGIN),
    case("login deferred once", (refuse_login, 454, "4.7.0 not now", {"times": 1}), **LOGIN),
    case("a limit of one connection", (limit_connections, 1), run={"connections": 3, "wait": 10}),
]  # fmt: skip
ANSWERS = [
    case("450 to each once", (defer, {"times": 1, "each": True})),
    case("450", (defer,), kind=RETRIES, others=ALL_LATER, run={"wait": 0.5, "retry": 600}),
    case("421 to MAIL", (say_421_at, "mail"), kind=RETRIES, others=ALL_LATER, run={"wait": 0.5, "retry": 600}),
    case("two recipients refused", (refuse_recipient, "reader[34]@*"), others={"failed": 2}),
    case("sender refused", (refuse_sender,), kind=PROBLEM, code="SENDER-REFUSED", others=ALL_WAIT),
    *[
        case(f"{code} after the data", (refuse_data, code), kind=RETRIES, others=ALL_LATER,
             run={"wait": 0.5, "retry": 600})
        for code in (451, 452)
    ],
    *[case(f"{code} after the data, thrice", (refuse_data, code, {"times": 3})) for code in (451, 452)],
    case("552 after the data", (refuse_data, 552), others={"failed": 12}),
    case("552 after the data, thrice", (refuse_data, 552, {"times": 3}), others={"failed": 3}),
    *[
        case(f"421 to {stage}, {how}", (say_421_at, stage, how == "closing", FOURTH),
             modes=(COMMANDS,) if stage == "data" else (COMMANDS, WINDOW))
        for stage in (*EARLY, "data", "message") for how in ("closing", "going on")
    ],
]  # fmt: skip
LINES = [
    *[case(f"drop at {stage}", (close_at, stage, FOURTH), modes=(COMMANDS,)) for stage in (*EARLY, "data")],
    *[case(f"drop at {stage}", (close_at, stage, FOURTH), modes=(WINDOW,), doubt=SOME) for stage in EARLY],
    case("reset at MAIL", (close_at, "mail", True, FOURTH), modes=(COMMANDS,)),
    case("reset at MAIL", (close_at, "mail", True, FOURTH), modes=(WINDOW,), doubt=SOME),
    case("drop at MAIL, always", (close_at, "mail"), kind=PROBLEM, code="SMTP-CONNECT", others=ALL_WAIT,
         modes=(COMMANDS,), run={"wait": 0.7}),
    case("drop in the data", (close_in_data, 200, {"times": 1}), doubt=ONE),
    case("drop at the end of the data", (close_at, "message", FOURTH), modes=(COMMANDS,), doubt=ONE),
    case("drop at the end of the data", (close_at, "message", FOURTH), modes=(WINDOW,), doubt=SOME),
    case("drop after the data", (close_after_data, FOURTH), modes=(COMMANDS,), doubt=ONE),
    case("drop after the data", (close_after_data, FOURTH), modes=(WINDOW,), doubt=SOME),
    case("drop behind the answer", (close_after, "message", FOURTH), modes=(COMMANDS,)),
    case("drop behind the answer", (close_after, "message", FOURTH), modes=(WINDOW,), doubt=(0, DEPTH)),
    case("three messages a connection, then 421", (limit_messages, 3, "421")),
    case("three messages a connection, then closed", (limit_messages, 3), modes=(COMMANDS,)),
    case("three messages a connection, then closed", (limit_messages, 3), modes=(WINDOW,), doubt=(0, DEPTH)),
    case("answers late", (answer_late, 0.05)),
    case("tarpit", (tarpit, 0.02)),
    *[
        case(f"silence at {stage}", (hang_at, stage, FOURTH), modes=(COMMANDS,), run=QUICK)
        for stage in (*EARLY, "data")
    ],
    *[case(f"silence at {stage}", (hang_at, stage, FOURTH), modes=(WINDOW,), doubt=SOME, run=QUICK) for stage in EARLY],
    case("silence after the data", (hang_at, "message", FOURTH), modes=(COMMANDS,), doubt=ONE, run=QUICK),
    case("silence after the data", (hang_at, "message", FOURTH), modes=(WINDOW,), doubt=SOME, run=QUICK),
]  # fmt: skip
SLIPS = (("a reply too many", answer_twice), ("nonsense", nonsense_at), ("a reply missing", answer_missing))
STEPS = [
    case("replies split", (split_replies,)),
    case("replies byte by byte", (one_byte_at_a_time,)),
    case("replies merged", (merged_replies,)),
    *[
        case(f"{what} at {stage}", (make, stage, FOURTH), modes=(mode,), run=QUICK,
             doubt=SOME if mode == WINDOW or stage == "message" else UNSTORED)
        for what, make in SLIPS
        for mode, stage in itertools.product((COMMANDS, WINDOW), (*EARLY, "data", "message"))
        if stage != "data" or (mode == COMMANDS and make is not answer_missing)
    ],
    case("a reply missing at data", (answer_missing, "data", FOURTH), modes=(COMMANDS,), run=QUICK),
    case("503 to MAIL", (answer_with, "mail", 503, FOURTH), doubt=SOME),
    case("PIPELINING offered and broken", (claim_pipelining_and_stall,), modes=(COMMANDS,), run=QUICK),
    case("PIPELINING offered and broken", (claim_pipelining_and_stall,), modes=(WINDOW,), doubt=SOME, run=QUICK),
    *[
        case(f"CHUNKING offered and {code} to BDAT", (chunking_refused, code), modes=(WINDOW,))
        for code in (500, 502, 503, 504, 555)
    ],
    case("CHUNKING offered, a chunk read and refused", (chunks_refused, 502, {"times": 1}), modes=(WINDOW,)),
    case("354 after a refused recipient", (refuse_recipient, "reader4@*"), (accept_354_after_refused_recipient,),
         others={"failed": 1}),
    *[
        case(f"a reply with {kind}", (odd_reply, kind, FOURTH))
        for kind in ("nul", "bad-utf8", "many-lines", "bare-lf")
    ],
    case("a reply of 90 kB", (odd_reply, "long", FOURTH), doubt=SOME),
]  # fmt: skip


def check(one: Case, line: Line, copies: Counter[str]) -> None:
    counts = check_books(line.outbox, copies)
    ending, doubted = line.ending, counts["uncertain"]
    assert (ending.kind, ending.problem.code if ending.problem else "") == (one.kind, one.code)
    assert one.doubt[0] <= doubted <= one.doubt[1]
    expected = Counter(
        {"accepted": len(MIXED) - doubted - sum(one.others.values()), "uncertain": doubted, **one.others}
    )
    assert counts == expected
    assert set(line.engine.counters.lanes) == one.lanes
    assert line.engine.counters.tally == {outcome: counts[outcome] for outcome in Outcome}
    assert ending.unstored == 0


@pytest.mark.parametrize(
    ("one", "window"),
    [
        pytest.param(one, window, id=f"{one.name} ({'window' if window else 'commands'})")
        for one in (*OPENING, *ANSWERS, *LINES, *STEPS)
        for window in one.modes
    ],
)
def test_what_becomes_of_messages_lanes_and_sums(make_outbox, one: Case, window: bool):
    line = Line(make_outbox(addresses=MIXED, chunk_size=3))
    with smtp_server(*one.faults(), chunking=window, **one.server) as server:
        line.start(server.port, window=window, **one.run).end()
        server.release()
    check(one, line, server.copies())
    assert server.complaints == ()


both = pytest.mark.parametrize("window", [COMMANDS, WINDOW], ids=["commands", "window"])


# --- lanes ------------------------------------------------------------------------------------------------------------


@both
def test_three_refusals_as_spam_rest_the_lane_and_the_domain_that_said_so(make_outbox, window):
    line = Line(make_outbox(addresses=MIXED, chunk_size=3))
    with smtp_server(refuse_data(554, only="*@gmail.com"), chunking=window) as server:
        ending = line.start(server.port, window=window, wait=0.5).end()
    counts = check_books(line.outbox, server.copies())
    lanes = line.engine.counters.lanes
    assert ending.kind is RETRIES
    assert counts["accepted"] == 6
    assert counts["failed"] >= 3  # those on the wire when it rested have their answers too
    assert counts["failed"] + counts["waiting"] == 6
    why = "554 5.7.1 looks like spam"
    assert {key: (lane.connections, lane.why) for key, lane in lanes.items()} == {"google": (1, why)}


@both
def test_a_lane_that_is_asked_to_slow_down_rests_and_the_others_get_theirs(make_outbox, window):
    line = Line(make_outbox(addresses=MIXED, chunk_size=3))
    slow = defer(421, "4.7.0 try again later, closing connection", only="*@gmail.com", times=1)
    with smtp_server(slow, chunking=window) as server:
        ending = line.start(server.port, window=window, wait=0.5).end()
    counts = check_books(line.outbox, server.copies())
    lane = line.engine.counters.lanes["google"]
    assert ending.kind is RETRIES
    assert sum(address.endswith("example.org") for address in server.copies()) == 6
    assert (counts["retry"], lane.connections) == (1, 1)
    assert lane.resting_until > line.outbox.clock()
    assert set(line.engine.counters.lanes) == {"google"}


# --- TLS --------------------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("make", "code"), [(bad_certificate, "SMTP-TLS"), (clear_text_behind_starttls, "SMTP-CONNECT")]
)
def test_a_line_that_cannot_be_trusted_is_not_used(make_outbox, certificates, make, code, window):
    line = Line(make_outbox(addresses=MIXED, chunk_size=3))
    trusting = ssl.create_default_context(cafile=str(certificates.authority))
    with smtp_server(make(), certificates=certificates, chunking=window) as server:
        ending = line.start(server.port, window=window, wait=0.6, tls=trusting, security=Security.STARTTLS).end()
    assert (ending.kind, ending.problem.code) == (PROBLEM, code)
    assert check_books(line.outbox, server.copies()) == {"waiting": 12}


@both
def test_on_loopback_a_stripped_starttls_is_no_danger(make_outbox, certificates, window):
    line = Line(make_outbox(addresses=MIXED, chunk_size=3))
    with smtp_server(starttls_stripped(), certificates=certificates, chunking=window) as server:
        ending = line.start(server.port, window=window, security=Security.STARTTLS).end()
    assert ending.kind is FINISHED
    assert check_books(line.outbox, server.copies()) == {"accepted": 12}


# --- large messages ---------------------------------------------------------------------------------------------------


def first_is_big(reader) -> Letter:
    return Letter(reader.email, segments=BIG) if reader.email.startswith("reader2@") else Letter(reader.email)


@both
@pytest.mark.parametrize("make", [lambda: stop_reading(1_000_000), lambda: close_in_data(1_000_000, times=1)])
def test_a_message_that_was_not_received_whole_is_sent_again_alone(make_outbox, make, window):
    line = Line(make_outbox(addresses=MIXED, chunk_size=12))
    with smtp_server(make(), chunking=window) as server:
        line.start(server.port, window=window, write_timeout=0.5, wait=10, fill=first_is_big)
        wait_until(lambda: server.connections > 1, seconds=10, what="a second connection")
        server.release()
        ending = line.end()
    counts = check_books(line.outbox, server.copies())
    assert ending.kind is FINISHED
    assert line.outbox.outcomes()["reader2@example.org"] == "accepted"
    assert counts["accepted"] + counts["uncertain"] == 12
    assert counts["uncertain"] <= (DEPTH - 1 if window else 0)  # those ahead of it in the window


# --- out of step ------------------------------------------------------------------------------------------------------


@both
def test_data_taken_after_its_recipient_was_refused_leaves_nobody_counted_wrong(make_outbox, window):
    line = Line(make_outbox(addresses=MIXED, chunk_size=3))
    with smtp_server(refuse_recipient("reader4@*"), take_data_after_refused_recipient(), chunking=window) as server:
        ending = line.start(server.port, window=window).end()
    counts = check_books(line.outbox, server.copies())
    assert ending.kind is FINISHED
    assert line.outbox.outcomes()["reader4@example.org"] in ("failed", "uncertain")
    assert server.copies()["reader4@example.org"] == 0
    assert counts["uncertain"] <= DEPTH
    assert counts["failed"] <= 1
