"""How fast an address may be told, and when a failed attempt is made again. Decisions only."""

from dataclasses import dataclass, field
from datetime import timedelta

from alert_bridge.alerts import Severity

BUNDLE_ABOVE = 20
"""More waiting for one address than this go out as one bundled message."""

FALLBACK_ATTEMPTS = 5
"""After so many failed attempts (half a minute) the fall-back channel is told as well."""

_FIRST_WAIT_SECONDS = 2.0
_LONGEST_WAIT_SECONDS = 300.0
_BURST_SECONDS = 5.0
_ROUNDING = 1e-6
_GIVE_UP = timedelta(hours=6)
_GIVE_UP_CRITICAL = timedelta(hours=24)


def retry_wait(attempts: int, asked_seconds: float | None, jitter: float) -> float:
    """Return how long to wait before the next attempt, seconds: 2 doubling to 300, a quarter more or less.

    attempts: made so far, at least 1. asked_seconds: what the other side asked for, which is kept to the second.
    jitter: 0..1.
    """
    if asked_seconds is not None:
        return asked_seconds
    return min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2.0 ** min(attempts - 1, 30)) * (0.75 + 0.5 * jitter)


def give_up_after(severity: Severity) -> timedelta:
    """Return how long an alert is tried to be told: 24 hours where it is critical, else 6."""
    return _GIVE_UP_CRITICAL if severity is Severity.CRITICAL else _GIVE_UP


@dataclass(slots=True)
class Pace:
    """The token bucket of one address, and how long it asked to be left alone. Times are monotonic seconds.

    rate_per_minute: messages a minute, None for any number; five seconds' worth may come at once, one at least.
    waited_for: whether something waits until it may go out.
    """

    rate_per_minute: float | None
    paused_until: float = 0.0
    waited_for: bool = False
    _tokens: float = field(default=0.0, init=False)
    _filled_at: float | None = field(default=None, init=False)

    def free(self, now: float, most: int) -> int:
        """Return how many messages may go out now, at most `most`."""
        if now < self.paused_until - _ROUNDING:
            return 0
        self._fill(now)
        return most if self.rate_per_minute is None else min(most, int(self._tokens + _ROUNDING))

    def take(self, messages: int) -> None:
        """Count messages that go out."""
        self._tokens -= messages

    def next_at(self, now: float) -> float:
        """Return when the next message may go out."""
        self._fill(now)
        if self.rate_per_minute is None or self._tokens >= 1 - _ROUNDING:
            return max(now, self.paused_until)
        return max(self.paused_until, now + (1 - self._tokens) * 60.0 / self.rate_per_minute)

    def pause(self, until: float) -> None:
        """Leave the address alone until a moment."""
        self.paused_until = max(self.paused_until, until)

    def _fill(self, now: float) -> None:
        if self.rate_per_minute is None:
            return
        most = max(1.0, self.rate_per_minute / 60.0 * _BURST_SECONDS)
        since = 0.0 if self._filled_at is None else now - self._filled_at
        full = most if self._filled_at is None else self._tokens
        self._tokens = min(most, full + since * self.rate_per_minute / 60.0)
        self._filled_at = now
