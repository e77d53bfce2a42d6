"""The first tables: audience, digests, outbox, log.

Written out, not taken from schema.py: a migration says what was true on its day, however the schema changes later.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts up INTEGER keys only
INSTANT = sa.BigInteger()  # microseconds since 1970


def upgrade() -> None:
    op.create_table(
        "act",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("list", sa.Text(), server_default="", nullable=False),
        sa.Column("subscriber_id", ID, nullable=True),
        sa.Column("details", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_act"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_act_digest", "act", ["digest"])
    op.create_index("ix_act_subscriber_id", "act", ["subscriber_id"])
    op.create_table(
        "digest",
        sa.Column("id", ID, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("composer", sa.Text(), server_default="", nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_digest"),
        sa.UniqueConstraint("slug", name="uq_digest_slug"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "list",
        sa.Column("id", ID, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_list"),
        sa.UniqueConstraint("slug", name="uq_list_slug"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "picture",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_picture"),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_setting"),
    )
    op.create_table(
        "signing_key",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_signing_key"),
    )
    op.create_table(
        "subscriber",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("fields", sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.Text(), server_default="ok", nullable=False),
        sa.Column("status_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("status_since", INSTANT, nullable=True),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriber"),
        sa.UniqueConstraint("key", name="uq_subscriber_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscriber_domain", "subscriber", ["domain"])
    op.create_table(
        "suppression",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_suppression"),
    )
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), server_default="", nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("undone", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["list_id"], ["list.id"], name="fk_import_batch_list_id"),
        sa.PrimaryKeyConstraint("id", name="pk_import_batch"),
    )
    op.create_table(
        "subscription",
        sa.Column("id", ID, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("subscriber_id", ID, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("paused_until", INSTANT, nullable=True),
        sa.Column("joined", INSTANT, nullable=False),
        sa.Column("confirmed", INSTANT, nullable=True),
        sa.Column("left", INSTANT, nullable=True),
        sa.Column("left_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("consent", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["list.id"], name="fk_subscription_list_id"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name="fk_subscription_subscriber_id"),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
        sa.UniqueConstraint("list_id", "subscriber_id", name="uq_subscription_list_id_subscriber_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscription_subscriber_id", "subscription", ["subscriber_id"])
    op.create_table(
        "tag",
        sa.Column("subscriber_id", ID, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name="fk_tag_subscriber_id"),
        sa.PrimaryKeyConstraint("subscriber_id", "tag", name="pk_tag"),
    )
    op.create_index("ix_tag_tag", "tag", ["tag"])
    op.create_table(
        "trial",
        sa.Column("id", ID, nullable=False),
        sa.Column("digest_id", ID, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("addresses", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_trial_digest_id"),
        sa.PrimaryKeyConstraint("id", name="pk_trial"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_trial_digest_id", "trial", ["digest_id"])
    op.create_table(
        "version",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("digest_id", ID, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("articles", sa.JSON(), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_version_digest_id"),
        sa.PrimaryKeyConstraint("hash", name="pk_version"),
    )
    op.create_index("ix_version_digest_id", "version", ["digest_id"])
    op.create_table(
        "import_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("subscriber_id", ID, nullable=False),
        sa.Column("made_subscriber", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("subscription_id", ID, nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name="fk_import_change_batch_id"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name="fk_import_change_subscriber_id"),
        sa.PrimaryKeyConstraint("id", name="pk_import_change"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_import_change_batch_id", "import_change", ["batch_id"])
    op.create_index("ix_import_change_subscriber_id", "import_change", ["subscriber_id"])
    op.create_table(
        "send",
        sa.Column("id", ID, nullable=False),
        sa.Column("digest_id", ID, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("where", sa.Text(), server_default="", nullable=False),
        sa.Column("profile", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("key_number", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("foreground", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("options", sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("audience", sa.Integer(), nullable=True),
        sa.Column("max_recipients", sa.Integer(), nullable=True),
        sa.Column("at", INSTANT, nullable=True),
        sa.Column("undo_until", INSTANT, nullable=True),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("started", INSTANT, nullable=True),
        sa.Column("dated", INSTANT, nullable=True),
        sa.Column("ended", INSTANT, nullable=True),
        sa.Column("holder", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_send_digest_id"),
        sa.ForeignKeyConstraint(["list_id"], ["list.id"], name="fk_send_list_id"),
        sa.ForeignKeyConstraint(["version"], ["version.hash"], name="fk_send_version"),
        sa.PrimaryKeyConstraint("id", name="pk_send"),
        sa.UniqueConstraint("digest_id", name="uq_send_digest_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "chunk",
        sa.Column("id", ID, nullable=False),
        sa.Column("send_id", ID, nullable=False),
        sa.Column("lane", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("not_before", INSTANT, nullable=True),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("holder", sa.Text(), server_default="", nullable=False),
        sa.Column("boot", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("in_flight", sa.Text(), server_default="[]", nullable=False),
        sa.Column("flights", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("uncertain", sa.Integer(), server_default="0", nullable=False),
        sa.Column("skipped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["send_id"], ["send.id"], name="fk_chunk_send_id"),
        sa.PrimaryKeyConstraint("id", name="pk_chunk"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_chunk_send_id_state", "chunk", ["send_id", "state"])
    op.create_table(
        "delivery",
        sa.Column("id", ID, nullable=False),
        sa.Column("send_id", ID, nullable=False),
        sa.Column("chunk_id", ID, nullable=False),
        sa.Column("subscriber_id", ID, nullable=False),
        sa.Column("subscription_id", ID, nullable=False),
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
        sa.ForeignKeyConstraint(["send_id"], ["send.id"], name="fk_delivery_send_id"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name="fk_delivery_subscriber_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("send_id", "subscriber_id", name="uq_delivery_send_id_subscriber_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_delivery_chunk_id", "delivery", ["chunk_id"])
    op.create_index("ix_delivery_subscriber_id", "delivery", ["subscriber_id"])
