"""The tables, in one place, for both engines. Statements are written in each room's own repository file.

    list ──< subscription >── subscriber ──< tag         import_batch ──< import_change
                         │        │
                      signup   letter, address_change     suppression (addresses and @domains nobody may write to)
    digest ──< version            │
       │  └──< trial, approval    │
       └── send ──< chunk ──< delivery                    act (who did what)   signing_key   setting
                                                          lane, pace, warmup (how fast mail may leave now)

Instants are aware UTC datetimes in Python and INTEGER microseconds since 1970 in the database: SQLite forgets time
zones. Ids are INTEGER on SQLite (only that counts up by itself) and BIGINT on PostgreSQL; none is ever used twice.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as whole microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + value * MICROSECOND


def micros(value: datetime | None) -> int | None:
    """An instant as its column holds it, for statements that are handed to the driver as they are."""
    return None if value is None else (value - EPOCH) // MICROSECOND


Id = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

setting = Table(
    "setting",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # 0 to 15, travels in every token
    Column("secret", LargeBinary, nullable=False),  # 32 random bytes
    Column("created", Instant, nullable=False),
)

# --- audience --------------------------------------------------------------------------------------------------

list_ = Table(
    "list",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),  # its settings are [lists.SLUG] of newsletter.toml
    Column("created", Instant, nullable=False),
    sqlite_autoincrement=True,
)

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # casefolded NFC local part @ A-label; forgotten: keyed hash
    Column("address", Text, nullable=False),  # the spelling given, normal form; "" when forgotten
    Column("domain", Text, nullable=False),  # A-labels, lower case
    Column("name", Text, nullable=False, server_default=""),
    Column("fields", JSON, nullable=False, server_default=text("'{}'")),  # {field: text}
    Column("language", Text, nullable=False, server_default=""),  # the reader's own choice; "" = the list's
    # ok | suspended | complained | forgotten: of the address, for all lists
    Column("status", Text, nullable=False, server_default="ok"),
    Column("status_reason", Text, nullable=False, server_default=""),
    Column("status_since", Instant),
    Column("created", Instant, nullable=False),
    sqlite_autoincrement=True,
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", Id, primary_key=True),  # 32 bit travel in U tokens
    Column("list_id", Id, ForeignKey("list.id"), nullable=False),
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), nullable=False),
    # pending | active | unsubscribed | paused: of this reader on this list
    Column("status", Text, nullable=False),
    Column("paused_until", Instant),
    Column("joined", Instant, nullable=False),
    Column("confirmed", Instant),
    Column("left", Instant),
    Column("left_reason", Text, nullable=False, server_default=""),  # one-click, page, removed by NAME, import
    Column("consent", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False, server_default=""),  # import FILE, add, form …
    UniqueConstraint("list_id", "subscriber_id"),
    sqlite_autoincrement=True,
)
Index("ix_subscription_subscriber_id", subscription.c.subscriber_id)

tag = Table(
    "tag",
    metadata,
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), primary_key=True),
    Column("tag", Text, primary_key=True),
)
Index("ix_tag_tag", tag.c.tag)

signup = Table(  # a browser that asked for a subscription: its cookie makes the confirmation one click
    "signup",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscription_id", Id, ForeignKey("subscription.id"), nullable=False),
    Column("cookie", Text, nullable=False),  # SHA-256 of its value, hexadecimal
    Column("created", Instant, nullable=False),  # it counts for 14 days
    sqlite_autoincrement=True,
)
Index("ix_signup_subscription_id", signup.c.subscription_id)

address_change = Table(  # an address that a reader wants to move to, until its own mailbox has said yes
    "address_change",
    metadata,
    Column("id", Id, primary_key=True),  # 32 bit travel in A tokens
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), nullable=False),
    Column("key", Text, nullable=False),  # of the new address, as in subscriber
    Column("address", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("done", Instant),
    sqlite_autoincrement=True,
)
Index("ix_address_change_subscriber_id", address_change.c.subscriber_id)

suppression = Table(
    "suppression",
    metadata,
    Column("key", Text, primary_key=True),  # an address key, or "@domain"
    Column("reason", Text, nullable=False, server_default=""),
    Column("by", Text, nullable=False, server_default=""),
    Column("created", Instant, nullable=False),
)

import_batch = Table(
    "import_batch",
    metadata,
    Column("id", Text, primary_key=True),  # imp-7f3k
    Column("list_id", Id, ForeignKey("list.id"), nullable=False),
    Column("file", Text, nullable=False),
    Column("consent", Text, nullable=False, server_default=""),
    Column("counts", JSON, nullable=False),  # rows added already unsubscribed suppressed rejected
    Column("by", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("undone", Instant),
)

import_change = Table(
    "import_change",
    metadata,
    Column("id", Id, primary_key=True),
    Column("batch_id", Text, ForeignKey("import_batch.id"), nullable=False),
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), nullable=False),
    Column("made_subscriber", Boolean, nullable=False, server_default=false()),
    Column("subscription_id", Id),  # the subscription this row made, if any
    Column("before", JSON),  # {"name": …, "fields": {…}} before empty fields were filled; null = not touched
    Column("after", JSON),
    sqlite_autoincrement=True,
)
Index("ix_import_change_batch_id", import_change.c.batch_id)
# Undoing an import deletes subscribers, and each deletion looks here: without it, 20,000 rows took 28 s.
Index("ix_import_change_subscriber_id", import_change.c.subscriber_id)

# --- digests ---------------------------------------------------------------------------------------------------

digest = Table(
    "digest",
    metadata,
    Column("id", Id, primary_key=True),  # 24 bit travel in U tokens
    Column("slug", Text, nullable=False, unique=True),  # 2026-w42
    Column("list", Text, nullable=False),  # slug
    Column("composer", Text, nullable=False, server_default=""),
    Column("created", Instant, nullable=False),
    sqlite_autoincrement=True,
)

version = Table(
    "version",
    metadata,
    Column("hash", Text, primary_key=True),  # 64 hex digits; the first 8 are shown
    Column("digest_id", Id, ForeignKey("digest.id"), nullable=False),
    Column("content", Text, nullable=False),  # mail.content.Content as canonical JSON
    Column("subject", Text, nullable=False),  # with slots as defaults, for tables
    Column("articles", JSON, nullable=False),  # slugs in order
    Column("created", Instant, nullable=False),
)
Index("ix_version_digest_id", version.c.digest_id)

picture = Table(
    "picture",
    metadata,
    Column("hash", Text, primary_key=True),  # SHA-256 of the bytes: /a/{hash}
    Column("media_type", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("created", Instant, nullable=False),
)

trial = Table(  # a test send that reached a server; "test" would shadow too much
    "trial",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest_id", Id, ForeignKey("digest.id"), nullable=False),
    Column("version", Text, nullable=False),  # hash
    Column("addresses", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_trial_digest_id", trial.c.digest_id)

approval = Table(
    "approval",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest_id", Id, ForeignKey("digest.id"), nullable=False),
    Column("version", Text, nullable=False),  # hash: an edit makes another one, without approvals
    Column("by", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("at", Instant, nullable=False),
    UniqueConstraint("digest_id", "version", "by"),
    sqlite_autoincrement=True,
)

# --- the outbox ------------------------------------------------------------------------------------------------

send = Table(
    "send",
    metadata,
    Column("id", Id, primary_key=True),
    # One send per digest over all profiles: a second `send` finds the first
    Column("digest_id", Id, ForeignKey("digest.id"), nullable=False, unique=True),
    Column("version", Text, ForeignKey("version.hash"), nullable=False),
    Column("list_id", Id, ForeignKey("list.id"), nullable=False),
    Column("where", Text, nullable=False, server_default=""),
    Column("profile", Text, nullable=False, server_default=""),
    # scheduled | arming | armed | sending | paused | sent | cancelled; see delivery/states.py
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),  # why paused: an error code or "user"
    Column("key_number", Integer, nullable=False),  # signing key of its tokens, frozen with it
    Column("by", Text, nullable=False, server_default=""),
    Column("foreground", Boolean, nullable=False, server_default=false()),  # begins in its own process only
    Column("options", JSON, nullable=False, server_default=text("'{}'")),  # what the command line fixed: rate, wait
    Column("audience", Integer),  # the number a person typed or a script allowed
    Column("max_recipients", Integer),
    Column("at", Instant),  # when it is due, for `send --at`
    Column("undo_until", Instant),
    Column("created", Instant, nullable=False),
    Column("started", Instant),
    Column("dated", Instant),  # the Date field of its messages: `started`, or the resume after a pause of over a day
    Column("ended", Instant),
    Column("holder", Text, nullable=False, server_default=""),  # process that arms it in its foreground
    Column("canary", Integer, nullable=False, server_default="0"),  # readers written to first; 0 = no such trial
    Column("canary_passed", Instant),  # from when on the others may be written to
    Column("waived", Text, nullable=False, server_default=""),  # the stop by itself that a person has gone on after
    sqlite_autoincrement=True,
)

chunk = Table(
    "chunk",
    metadata,
    Column("id", Id, primary_key=True),
    Column("send_id", Id, ForeignKey("send.id"), nullable=False),
    Column("lane", Text, nullable=False, server_default=""),  # provider or domain its readers share; "" = all others
    Column("canary", Boolean, nullable=False, server_default=false()),  # the readers written to first, of all lanes
    Column("state", Text, nullable=False),  # open | leased | done
    Column("not_before", Instant),
    Column("epoch", Integer, nullable=False, server_default="0"),  # raised by each takeover, cancel and restore
    Column("holder", Text, nullable=False, server_default=""),  # name of the lock file of the process that leases it
    Column("boot", Text, nullable=False, server_default=""),  # boot id of the holder's machine
    Column("lease_until", Instant),
    Column("in_flight", Text, nullable=False, server_default="[]"),  # JSON [[delivery id, attempt], …]
    Column("flights", Integer, nullable=False, server_default="0"),  # committed; a database from the past shows fewer
    # waiting = total - accepted - failed - uncertain - skipped - retry: it is never stored, so it cannot disagree
    Column("total", Integer, nullable=False),
    Column("accepted", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("uncertain", Integer, nullable=False, server_default="0"),
    Column("skipped", Integer, nullable=False, server_default="0"),
    Column("retry", Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)
Index("ix_chunk_send_id_state", chunk.c.send_id, chunk.c.state)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Id, primary_key=True),  # 56 bit travel in D and V tokens
    Column("send_id", Id, nullable=False),  # that of its chunk, whose key holds it
    Column("chunk_id", Id, ForeignKey("chunk.id"), nullable=False),
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), nullable=False),
    Column("subscription_id", Id, nullable=False),
    Column("address", Text, nullable=False),  # as frozen; a change of address moves it at the next claim
    Column("domain", Text, nullable=False),
    Column("outcome", Text, nullable=False, server_default="waiting"),  # delivery/states.py
    Column("alone", Boolean, nullable=False, server_default=false()),  # next flight by itself: its write stood still
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("first_try", Instant),
    Column("due", Instant),  # of retry
    Column("code", Integer),
    Column("enhanced", Text, nullable=False, server_default=""),
    Column("answer", Text, nullable=False, server_default=""),  # cleaned: UTF-8, no controls, 500 characters
    Column("reason", Text, nullable=False, server_default=""),  # verdict of the reply book, or why skipped
    Column("settled", Boolean, nullable=False, server_default=false()),  # an uncertain one somebody decided on
    Column("at", Instant),  # of the outcome
    # In this order it finds a reader's history too. Of one send by its chunks: an index more costs freezing a fifth.
    UniqueConstraint("subscriber_id", "send_id"),
    sqlite_autoincrement=True,
)
Index("ix_delivery_chunk_id", delivery.c.chunk_id)

letter = Table(  # one mail of the system to one person: confirm, welcome, goodbye …; it belongs to no digest
    "letter",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),  # mail/letters.py
    Column("list_id", Id, ForeignKey("list.id")),
    Column("subscriber_id", Id, ForeignKey("subscriber.id")),  # null: to the team
    Column("subscription_id", Id),
    Column("address", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("values", JSON, nullable=False, server_default=text("'{}'")),  # {name: text}, never a stranger's words
    Column("key_number", Integer, nullable=False),  # signing key of its tokens
    # As in delivery, and in_flight: one letter is one flight, so no chunk is needed to hold it
    Column("outcome", Text, nullable=False, server_default="waiting"),
    Column("due", Instant, nullable=False),  # not before
    Column("holder", Text, nullable=False, server_default=""),  # lock file of the process that has it on the wire
    Column("boot", Text, nullable=False, server_default=""),  # boot id of the holder's machine
    Column("lease_until", Instant),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("first_try", Instant),
    Column("code", Integer),
    Column("enhanced", Text, nullable=False, server_default=""),
    Column("answer", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created", Instant, nullable=False),
    Column("at", Instant),  # of the outcome
    sqlite_autoincrement=True,
)
Index("ix_letter_outcome_due", letter.c.outcome, letter.c.due)
Index("ix_letter_subscriber_id", letter.c.subscriber_id)

# --- how fast mail may leave: shared by everything that sends, whatever process it is ----------------------------

lane = Table(
    "lane",
    metadata,
    Column("key", Text, primary_key=True),  # as in chunk.lane
    Column("resting_until", Instant),
    Column("connections", Integer),  # that may carry it at once after a rest; null = no limit of its own
    Column("why", Text, nullable=False, server_default=""),  # the answer that asked for the rest, cleaned
    Column("at", Instant, nullable=False),
)

pace = Table(
    "pace",
    metadata,
    Column("key", Text, primary_key=True),  # what is limited, and by which rate: "gmail.com 5/1"
    Column("arrival", Instant, nullable=False),  # theoretical arrival time of the next message (GCRA, ITU-T I.371)
)

warmup = Table(
    "warmup",
    metadata,
    Column("day", Text, primary_key=True),  # 2026-10-14 in the newsroom's zone
    Column("messages", Integer, nullable=False),  # begun on it, over all sends
)

# --- the log ---------------------------------------------------------------------------------------------------

act = Table(
    "act",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("what", Text, nullable=False),  # tested, sent, paused, imported, unsubscribed …
    Column("digest", Text, nullable=False, server_default=""),  # digest slug
    Column("list", Text, nullable=False, server_default=""),
    Column("subscriber_id", Id),
    Column("details", Text, nullable=False, server_default=""),  # one line for people: "to 2 addresses (9c1f40d2)"
    sqlite_autoincrement=True,
)
Index("ix_act_digest", act.c.digest)
Index("ix_act_subscriber_id", act.c.subscriber_id)
