"""Whom a message could not be filled for."""

from sqlalchemy import insert, update

from newsletter_cli.storage.schema import list_, subscriber
from newsletter_cli.subscribers.fields import lacking
from tests.delivery.conftest import add_readers


def test_only_readers_of_the_audience_who_have_nothing_in_a_field_are_counted(storage, clock):
    with storage.write() as connection:
        list_id = connection.execute(
            insert(list_).values(slug="weekly", created=clock()).returning(list_.c.id)
        ).scalar_one()
    add_readers(storage, list_id, [f"reader{n}@example.org" for n in range(1, 5)], clock())
    with storage.write() as connection:
        for key, name, fields in (
            ("reader1@example.org", "ليلى", {"city": "دمشق"}),
            ("reader2@example.org", "عمر", {"city": ""}),
            ("reader3@example.org", "", {}),
        ):
            connection.execute(update(subscriber).where(subscriber.c.key == key).values(name=name, fields=fields))
        connection.execute(
            update(subscriber).where(subscriber.c.key == "reader4@example.org").values(status="suspended")
        )
    with storage.read() as connection:
        assert lacking(connection, clock(), ("name", "city"), list_id=list_id) == {"name": 1, "city": 2}
        assert lacking(connection, clock(), (), list_id=list_id) == {}
