"""The counters of a run as the view shows them: the largest domains by name, the rest as a sum that is right."""

from datetime import UTC, datetime, timedelta

from newsletter_cli.cli.counting import Counting
from newsletter_cli.cli.progress import Header, RowCount
from newsletter_cli.delivery.lanes import LaneView
from newsletter_cli.delivery.running import Counters
from newsletter_cli.delivery.states import Outcome

START = datetime(2026, 10, 14, 4, 0, tzinfo=UTC)
HEADER = Header(
    digest="2026-w42", list="weekly", total=1000, version="9c1f40d2", started=START, since=START, by="editor", zone=UTC
)


def counters(**tally: int) -> Counters:
    return Counters(tally=dict.fromkeys(Outcome, 0) | {Outcome(name): count for name, count in tally.items()})


def move(run: Counters, domain: str, before: Outcome, after: Outcome, count: int) -> None:
    """What the run does for so many readers of one domain."""
    row = run.domains.setdefault(domain, dict.fromkeys(Outcome, 0))
    for counts in (run.tally, row):
        counts[before] -= count
        counts[after] += count


def test_all_domains_are_told_while_they_are_few() -> None:
    run = counters(waiting=1000)
    counting = Counting(run, HEADER, lambda: START)
    assert counting.snapshot().rows == ()
    move(run, "a.example", Outcome.WAITING, Outcome.ACCEPTED, 5)
    move(run, "b.example", Outcome.WAITING, Outcome.FAILED, 7)
    assert counting.snapshot().rows == (RowCount("b.example", 0, 0, 7), RowCount("a.example", 5, 0, 0))


def test_of_many_domains_the_largest_have_names_and_the_sums_add_up() -> None:
    run = counters(waiting=1000)
    counting = Counting(run, HEADER, lambda: START)
    for n in range(1, 11):
        move(run, f"d{n}.example", Outcome.WAITING, Outcome.ACCEPTED, n)
        move(run, f"d{n}.example", Outcome.WAITING, Outcome.RETRY, 1)
    snapshot = counting.snapshot()
    assert snapshot.rows == (
        *(RowCount(f"d{n}.example", n, 1, 0) for n in (10, 9, 8, 7, 6)), RowCount("others", 15, 5, 0),
    )  # fmt: skip
    assert (snapshot.accepted, snapshot.retry) == (55, 10)


def test_what_an_earlier_run_did_is_no_part_of_the_table() -> None:
    run = counters(waiting=300, accepted=650, failed=9, retry=41)
    counting = Counting(run, HEADER, lambda: START)
    move(run, "a.example", Outcome.RETRY, Outcome.ACCEPTED, 41)  # they waited for another try before this run began
    for n in range(6):
        move(run, f"d{n}.example", Outcome.WAITING, Outcome.ACCEPTED, 10)
    rows = counting.snapshot().rows
    assert rows[0] == RowCount("a.example", 41, 0, 0)
    assert rows[-1] == RowCount("others", 20, 0, 0)


def test_very_many_domains_are_not_ranked_at_each_look() -> None:
    now = START
    run = counters(waiting=100_000)
    counting = Counting(run, HEADER, lambda: now)
    for n in range(300):
        move(run, f"d{n}.example", Outcome.WAITING, Outcome.ACCEPTED, n)
    assert counting.snapshot().rows[0].name == "d299.example"
    move(run, "d1.example", Outcome.WAITING, Outcome.ACCEPTED, 5000)
    assert counting.snapshot().rows[0].name == "d299.example"
    now = START + timedelta(seconds=5)
    assert counting.snapshot().rows[0] == RowCount("d1.example", 5001, 0, 0)


def test_lanes_that_rest_are_told() -> None:
    run = counters(waiting=1000)
    run.lanes = {
        "yahoo": LaneView("yahoo", START + timedelta(minutes=9), "421 4.7.0 slow", 1),
        "google": LaneView("google", None, "", None),
    }
    assert Counting(run, HEADER, lambda: START).snapshot().standing == ("yahoo rests until 04:09 (421 4.7.0 slow)",)
