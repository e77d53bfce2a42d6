"""Lanes, rates that all processes share, the warm-up, the readers a send writes to first; fewer indexes.

Each index is paid for by every reader that is frozen or imported: that of domains helped three rare questions, and the
two by subscriber and send are one now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()  # microseconds since 1970


def upgrade() -> None:
    op.add_column("send", sa.Column("canary", sa.Integer(), server_default="0", nullable=False))
    op.add_column("send", sa.Column("canary_passed", INSTANT, nullable=True))
    op.add_column("send", sa.Column("waived", sa.Text(), server_default="", nullable=False))
    op.add_column("chunk", sa.Column("canary", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "lane",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("resting_until", INSTANT, nullable=True),
        sa.Column("connections", sa.Integer(), nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_lane"),
    )
    op.create_table(
        "pace",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("arrival", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_pace"),
    )
    op.create_table(
        "warmup",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_warmup"),
    )
    op.drop_index("ix_subscriber_domain", "subscriber")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_deliveries()
    else:
        op.drop_constraint("uq_delivery_send_id_subscriber_id", "delivery")
        op.drop_constraint("fk_delivery_send_id", "delivery")
        op.drop_index("ix_delivery_subscriber_id", "delivery")
        op.create_unique_constraint("uq_delivery_subscriber_id_send_id", "delivery", ["subscriber_id", "send_id"])


def _rebuild_deliveries() -> None:
    """SQLite cannot drop a constraint: the table is written anew, and goes on counting where it was."""
    bind = op.get_bind()
    ids = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.drop_index("ix_delivery_subscriber_id", "delivery")
    op.drop_index("ix_delivery_chunk_id", "delivery")
    counted = bind.execute(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'delivery'")).scalar()
    op.rename_table("delivery", "delivery_before")
    op.create_table(
        "delivery",
        sa.Column("id", ids, nullable=False),
        sa.Column("send_id", ids, nullable=False),
        sa.Column("chunk_id", ids, nullable=False),
        sa.Column("subscriber_id", ids, nullable=False),
        sa.Column("subscription_id", ids, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("alone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_try", INSTANT, nullable=True),
        sa.Column("due", INSTANT, nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("enhanced", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("settled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["chunk_id"], ["chunk.id"], name="fk_delivery_chunk_id"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name="fk_delivery_subscriber_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("subscriber_id", "send_id", name="uq_delivery_subscriber_id_send_id"),
        sqlite_autoincrement=True,
    )
    op.execute(
        "INSERT INTO delivery SELECT id, send_id, chunk_id, subscriber_id, subscription_id, address, domain, outcome, "
        "alone, attempt, first_try, due, code, enhanced, answer, reason, settled, at FROM delivery_before ORDER BY id"
    )
    op.drop_table("delivery_before")
    op.create_index("ix_delivery_chunk_id", "delivery", ["chunk_id"])
    if counted is not None:  # no id is used twice, those of rows that are gone neither
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'delivery'")
        op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('delivery', {int(counted)})")
