"""What a threshold is learned from: four weeks of one series in intervals of 5 minutes.

An interval is told by its number, `epoch seconds // 300`. What may be learned from at an interval is what lies before
it and either was not beyond the threshold or is a day old.
"""

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

INTERVAL_SECONDS = 300
HOUR, DAY, WEEK = 12, 288, 2016  # in intervals
LARGEST = 1e100  # values are capped there
KEPT = 4 * WEEK + 2 * HOUR  # four whole windows of the same time of the week
_SLOTS = KEPT + DAY + 2 * HOUR  # a day may be put ahead without losing what its first interval still needs


class History:
    """The last four weeks: for each interval a value (NaN: none) and whether it was beyond the threshold.

    head: the newest interval that was put.
    """

    def __init__(self) -> None:
        self.head = 0
        self._values: Floats = np.full(_SLOTS, np.nan)
        self._over: Flags = np.zeros(_SLOTS, dtype=np.bool_)

    def put(self, number: int, value: float, over: bool) -> None:
        """Add an interval after the newest; those left out have no value."""
        self._clear(self.head + 1, number)
        self.head = number
        self._values[number % _SLOTS] = value
        self._over[number % _SLOTS] = over

    def put_ahead(self, numbers: Numbers, values: Floats) -> None:
        """Add intervals after the newest, ascending, of one day at most; none counts as beyond the threshold yet."""
        self._clear(self.head + 1, int(numbers[-1]) + 1)
        self.head = int(numbers[-1])
        self._values[numbers % _SLOTS] = values

    def forget_from(self, number: int, newest: int) -> None:
        """Forget an interval and what follows; `newest` is the newest one then."""
        if number <= self.head:
            self._clear(number, self.head + 1)
            self.head = newest

    def numbers(self, first: int | None = None) -> Numbers:
        """Return the intervals that are kept, from `first` on."""
        oldest = self.head - KEPT + 1
        return np.arange(oldest if first is None else max(first, oldest), self.head + 1)

    def values(self, numbers: Numbers) -> Floats:
        """Return the values of intervals that are kept."""
        return self._values[numbers % _SLOTS]

    def set_values(self, numbers: Numbers, values: Floats | float) -> None:
        """Replace the values of intervals that are kept."""
        self._values[numbers % _SLOTS] = values

    def set_over(self, numbers: Numbers, over: Flags | bool) -> None:
        """Say which of the intervals were beyond the threshold."""
        self._over[numbers % _SLOTS] = over

    def learned(self, numbers: Numbers, now: Numbers | int, ceiling: float) -> Floats:
        """Return the values of the intervals, NaN for those that may not be learned from at the interval `now`.

        numbers, now: of any shapes that go together; the intervals are before `now`, which is later than the newest
        interval, or not more than a day before it.
        """
        values, over = self._in_order()
        places = numbers - (self.head - _SLOTS + 1)
        places[(places < 0) | (places > _SLOTS)] = _SLOTS
        learned: Floats = np.where(values <= ceiling, values, np.nan)[places]
        if over[-2 * DAY - 2 * HOUR :].any():  # what lies within a day of any `now`
            learned[over[places] & (numbers > now - DAY)] = np.nan
        return learned

    def usable(self, numbers: Numbers, now: int, ceiling: float) -> tuple[Numbers, Floats]:
        """Return those of the intervals that may be learned from at the interval `now`, and their values."""
        values = self.learned(numbers, now, ceiling)
        kept = ~np.isnan(values)
        return numbers[kept], values[kept]

    def oldest(self, now: Numbers, ceiling: float) -> Numbers:
        """Return for each `now` the oldest interval that may be learned from there; `now` itself where there is none.

        now: ascending, of a day at most, none before the newest interval's day.
        """
        values, over = self._in_order()
        first, within = self.head - _SLOTS + 1, values <= ceiling
        free = _first_after(first + np.flatnonzero(within & ~over), now - KEPT, now)
        kept_apart = _first_after(first + np.flatnonzero(within & over), now - KEPT, now)
        return np.minimum(free, np.where(kept_apart <= now - DAY, kept_apart, now))

    def export_state(self) -> dict[str, Any]:
        """Return everything, JSON-able."""
        slots = self.numbers() % _SLOTS
        return {"head": self.head, "values": _pack(self._values[slots]), "over": _pack(self._over[slots])}

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Take over what was exported. Raises ValueError, KeyError or TypeError where it is damaged."""
        self.head = int(state["head"])
        slots = self.numbers() % _SLOTS
        self._values[slots] = _unpack(state["values"], np.dtype("<f8"))
        self._over[slots] = _unpack(state["over"], np.dtype("?"))

    def _in_order(self) -> tuple[Floats, Flags]:
        """Return values and flags from the oldest slot to that of the newest interval, and one without a value."""
        after = (self.head + 1) % _SLOTS
        values = np.concatenate([self._values[after:], self._values[:after], [np.nan]])
        return values, np.concatenate([self._over[after:], self._over[:after], [False]])

    def _clear(self, first: int, end: int) -> None:
        if end > first:
            slots = np.arange(max(first, end - _SLOTS), end) % _SLOTS
            self._values[slots] = np.nan
            self._over[slots] = False


def _first_after(numbers: Numbers, bounds: Numbers, ends: Numbers) -> Numbers:
    """Return for each bound the first of the ascending numbers beyond it, its end where none lies before that."""
    if len(numbers) == 0:
        return ends
    places = np.searchsorted(numbers, bounds, side="right")
    return np.where(places < len(numbers), np.minimum(numbers[np.minimum(places, len(numbers) - 1)], ends), ends)


def _pack(array: NDArray[Any]) -> str:
    little = array.astype(array.dtype.newbyteorder("<"))
    return base64.b64encode(zlib.compress(little.tobytes(), 1)).decode("ascii")


def _unpack(text: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    array = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=dtype).astype(dtype.newbyteorder("="))
    if array.shape != (KEPT,):
        raise ValueError(f"history has {array.shape[0]} intervals, expected {KEPT}")
    return array
