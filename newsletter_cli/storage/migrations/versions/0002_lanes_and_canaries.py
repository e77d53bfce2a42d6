"""Lanes, rates that all processes share, the warm-up, and the readers a send writes to first."""

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
