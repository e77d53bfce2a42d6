"""The signing keys, kept up to date: a page that never restarts must know the links of a newer key."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from newsletter_cli.delivery.keys import load_keyring
from newsletter_cli.mail.tokens import LENGTH, Keyring, Kind, Token
from newsletter_cli.storage.engine import Storage

# Strangers may send any number of wrong tokens: the database is asked for newer keys only so often.
AGAIN: Final = timedelta(seconds=10)


@dataclass(slots=True)
class Keys:
    """The newsroom's keyring, read when first needed and again when a token fits no key."""

    storage: Storage
    clock: Callable[[], datetime]
    _ring: Keyring | None = None
    _read: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ring(self) -> Keyring:
        """The keys as they were last read. Blocks for the database the first time."""
        return self._ring or self._load()

    def known(self, token: str, kind: Kind) -> Token | None:
        """What a token says by the keys at hand; asks no database."""
        return self._ring.read(token, kind) if self._ring is not None else None

    def read(self, token: str, kind: Kind) -> Token | None:
        """What a token says, or None. May block for the database: for threads only."""
        found = self.ring().read(token, kind)
        if found is None and len(token) == LENGTH and self._is_old():
            found = self._load().read(token, kind)
        return found

    def _is_old(self) -> bool:
        return self._read is None or abs(self.clock() - self._read) > AGAIN

    def _load(self) -> Keyring:
        with self._lock, self.storage.read() as connection:
            self._ring, self._read = load_keyring(connection), self.clock()
            return self._ring
