"""The signing keys of a newsroom, out of its database: backup, restore and every process carry the same ones."""

import secrets
from datetime import datetime

from sqlalchemy import Connection, insert, select

from newsletter_cli.errors import ConfigError
from newsletter_cli.mail.tokens import KEY_BYTES, Keyring
from newsletter_cli.storage.schema import signing_key


def load_keyring(connection: Connection) -> Keyring:
    """All keys; the newest signs. ConfigError SECRET when there is none: no link could ever be checked."""
    rows = connection.execute(select(signing_key.c.number, signing_key.c.secret).order_by(signing_key.c.number)).all()
    if not rows:
        raise ConfigError(
            "SECRET", "This newsroom's database holds no signing key, so no unsubscribe link can be made.",
            fix="newsletter db check",
        )  # fmt: skip
    return Keyring({row.number: bytes(row.secret) for row in rows}, rows[-1].number)


def make_first_key(connection: Connection, now: datetime) -> None:
    """Key number 1, 32 random bytes; does nothing when there is a key already."""
    if connection.execute(select(signing_key.c.number)).first() is None:
        connection.execute(insert(signing_key).values(number=1, secret=secrets.token_bytes(KEY_BYTES), created=now))
