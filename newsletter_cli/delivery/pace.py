"""How fast a send may go: one bucket for each rate, in messages; the slowest decides."""

from collections.abc import Sequence

from newsletter_cli.settings.kinds import Rate


class Pace:
    """Lets messages go at the rates given. Time is an argument: seconds of any clock that never goes back.

    A bucket holds a tenth of a second's worth, at least one message: at 10/s the messages leave one by one, not ten
    at the turn of each second, which servers count as a burst.
    """

    def __init__(self, rates: Sequence[Rate], now: float) -> None:
        """rates: none = no limit."""
        self._per_second = [rate.count / rate.seconds for rate in rates]
        self._caps = [max(1.0, speed / 10) for speed in self._per_second]
        self._held = [1.0] * len(self._per_second)
        self._at = now

    def allowed(self, now: float) -> int | None:
        """How many messages may go now; None = no limit."""
        if not self._per_second:
            return None
        elapsed = max(0.0, now - self._at)
        self._at = now
        self._held = [
            min(cap, held + elapsed * speed)
            for held, cap, speed in zip(self._held, self._caps, self._per_second, strict=True)
        ]
        return int(min(self._held))

    def spend(self, messages: int) -> None:
        """These went, or their intent is committed; a negative number gives back what did not go."""
        self._held = [held - messages for held in self._held]

    def wait(self) -> float | None:
        """Seconds until the next message may go, from the last `allowed`; None = no limit."""
        if not self._per_second:
            return None
        waits = [max(0.0, (1.0 - held) / speed) for held, speed in zip(self._held, self._per_second, strict=True)]
        return max(waits)
