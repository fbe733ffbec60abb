"""One clock, passed in: UTC and aware, or seconds as floats."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where a part takes the time from."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""
        ...

    def time(self) -> float:
        """Return the wall time in seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""
        return datetime.now(UTC)

    def time(self) -> float:
        """Return the wall time in seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved: simulations and tests.

    start: epoch seconds or an aware datetime.
    """

    def __init__(self, start: float | datetime) -> None:
        self._time = start.timestamp() if isinstance(start, datetime) else float(start)
        self._monotonic = 0.0

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""
        return datetime.fromtimestamp(self._time, UTC)

    def time(self) -> float:
        """Return the wall time in seconds since the epoch."""
        return self._time

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass; seconds >= 0."""
        self._time += seconds
        self._monotonic += seconds

    def set(self, epoch_seconds: float) -> None:
        """Set the wall time, forwards or back, as an operator or NTP does; monotonic time stays."""
        self._time = epoch_seconds


def format_utc(moment: float | datetime) -> str:
    """Write a moment as RFC 3339 in UTC with six decimals and `Z`; these strings sort in time order."""
    aware = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
    return aware.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_utc(text: str) -> datetime:
    """Read an RFC 3339 moment; one without offset is taken as UTC, decimals past the sixth are cut.

    Raises ValueError that names the text.
    """
    try:
        moment = datetime.fromisoformat(_six_decimals(text.strip()))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a date and time such as 2026-01-31T12:00:00Z") from None


def _six_decimals(text: str) -> str:
    """Cut a Go time stamp's nanoseconds to what datetime holds."""
    head, point, tail = text.partition(".")
    if not point:
        return text
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[: min(digits, 6)]:0<6}{tail[digits:]}" if digits else text
