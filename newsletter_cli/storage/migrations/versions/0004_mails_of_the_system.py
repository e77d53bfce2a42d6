"""Mails of the system, sign-ups of browsers, changes of address, a reader's own language."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ids = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.add_column("subscriber", sa.Column("language", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "signup",
        sa.Column("id", ids, nullable=False),
        sa.Column("subscription_id", ids, nullable=False),
        sa.Column("cookie", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name="fk_signup_subscription_id"),
        sa.PrimaryKeyConstraint("id", name="pk_signup"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_signup_subscription_id", "signup", ["subscription_id"])
    op.create_table(
        "address_change",
        sa.Column("id", ids, nullable=False),
        sa.Column("subscriber_id", ids, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name="fk_address_change_subscriber_id"),
        sa.PrimaryKeyConstraint("id", name="pk_address_change"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_address_change_subscriber_id", "address_change", ["subscriber_id"])
    _letters(ids)


def _letters(ids: sa.types.TypeEngine[int]) -> None:
    op.create_table(
        "letter",
        sa.Column("id", ids, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("list_id", ids, nullable=True),
        sa.Column("subscriber_id", ids, nullable=True),
        sa.Column("subscription_id", ids, nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("values", sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("key_number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), server_default="", nullable=False),
        sa.Column("boot", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_try", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("enhanced", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["list_id"], ["list.id"], name="fk_letter_list_id"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name="fk_letter_subscriber_id"),
        sa.PrimaryKeyConstraint("id", name="pk_letter"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_letter_outcome_due", "letter", ["outcome", "due"])
    op.create_index("ix_letter_subscriber_id", "letter", ["subscriber_id"])
