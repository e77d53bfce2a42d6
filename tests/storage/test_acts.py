"""The log."""

from newsletter_cli.storage.acts import Act, acts, note
from newsletter_cli.storage.engine import Storage
from tests.conftest import Clock


def test_acts_come_back_whole_and_in_order(storage: Storage, clock: Clock) -> None:
    noon = clock()
    with storage.write() as connection:
        note(connection, at=noon, by="editor", what="tested", digest="2026-w42", details="to 2 addresses (9c1f40d2)")
        note(connection, at=noon, by="importer", what="imported", list="weekly", subscriber_id=7)
        note(connection, at=clock.advance(minutes=1), by="editor", what="sent", digest="2026-w42", list="weekly")
    with storage.read() as connection:
        assert acts(connection, digest="2026-w42") == (
            Act(at=noon, by="editor", what="tested", digest="2026-w42", details="to 2 addresses (9c1f40d2)"),
            Act(at=clock(), by="editor", what="sent", digest="2026-w42", list="weekly"),
        )
        assert acts(connection, subscriber_id=7) == (
            Act(at=noon, by="importer", what="imported", list="weekly", subscriber_id=7),
        )
        assert [act.what for act in acts(connection, list="weekly")] == ["imported", "sent"]


def test_a_limit_keeps_the_latest_acts(storage: Storage, clock: Clock) -> None:
    with storage.write() as connection:
        for number in range(5):
            note(connection, at=clock(), by="editor", what="tagged", details=str(number))
    with storage.read() as connection:
        assert [act.details for act in acts(connection, limit=2)] == ["3", "4"]
