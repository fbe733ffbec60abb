"""What is normal for one series, and the threshold that follows from it.

The model in six sentences:

1. The threshold is what is normal at this time plus a band: `centre + adaptive_factor x std_multiplier x spread`.
2. "Normal at this time" is the median of the same time of the week +-1 h over the last 4 weeks; before there are
   3 weeks, the same time of day over 7 days; before there are 3 days, everything so far. The band is the standard
   deviation of these values without outliers, never less than 5 % of the centre; it is up to half as wide again where
   deviations last (the square of their correlation over 5 minutes).
3. On the first day it moves gradually from the base to that number; it always stays within its limits.
4. Values beyond the threshold are kept apart for 24 h, so that an incident does not teach that incidents are normal.
5. If they stay beyond it for 24 h, this is the new normal: the event `baseline accepted` says so and the alert ends.
   Above the maximum nothing is ever accepted.
6. It may rise at most a tenth of the way from min to max per hour (the season itself and an accepted baseline
   excepted) and fall at any speed.

Everything here is written for thresholds that alert above themselves. The manager mirrors the others: values and
limits negated on the way in, answers on the way out.
"""

import base64
import math
import zlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from alert_bridge.threshold_config import zone

Season = Literal["none", "day", "week"]
Mode = Literal["warming", "adaptive", "static"]
Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

INTERVAL_SECONDS = 300
HOUR, DAY, WEEK = 12, 288, 2016  # in intervals
KEPT = 4 * WEEK + 2 * HOUR  # four whole windows of the same time of the week
WARM_SAMPLES = 30  # this many, over an hour, before anything is derived from them
HOLD_SECONDS = 1800.0  # without a sample, the last threshold holds this long

_AROUND = np.arange(-HOUR, HOUR)
_LATE_IN_A_ROW = 12
_LARGEST = 1e100
_LATEST = 1e11


@dataclass(frozen=True, slots=True)
class Parameters:
    """One threshold's numbers, in the direction of the model; see ThresholdConfig."""

    base: float
    floor: float
    ceiling: float
    factor: float
    multiplier: float
    trend_sensitivity: float

    @property
    def width(self) -> float:
        """The band in spreads."""
        return max(1.0, self.factor) * self.multiplier

    def clamp(self, value: float) -> float:
        """Return value within the hard limits."""
        return min(max(value, self.floor), self.ceiling)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is normal at one time: from which values, their centre and spread, and how the level moves a day.

    widening: by how much the band is wider because deviations last, from 1 to 1.5.
    """

    season: Season
    centre: float
    spread: float
    count: int
    age_days: float
    learned_days: float
    trend: float
    widening: float = 1.0


@dataclass(frozen=True, slots=True)
class Computation:
    """How the threshold of one interval came about. Without an estimate it is the base."""

    number: int
    mode: Mode
    threshold: float
    samples: int
    estimate: Estimate | None = None
    drift: float = 0.0
    band: float = 0.0
    candidate: float = 0.0
    blend: float = 0.0
    target: float = 0.0


@dataclass(frozen=True, slots=True)
class BaselineAccepted:
    """A level beyond the threshold for a day became the new normal.

    how: `added`, `multiplied` (earlier history moved by `amount`) or `dropped` (too little history to move).
    """

    at: float
    old_level: float
    new_level: float
    how: Literal["added", "multiplied", "dropped"]
    amount: float


@dataclass(frozen=True, slots=True)
class _Daily:
    """What is worked out once a day. persistence: correlation of deviations over one interval, 0 to 1."""

    day: int
    trend: float
    persistence: float


@dataclass(slots=True)
class _Episode:
    start: int
    last_over: int
    count: int = 0
    over: int = 0


class _History:
    """The last four weeks in intervals of 5 minutes: a value (NaN: none) and whether it was beyond the threshold."""

    def __init__(self) -> None:
        self.values: Floats = np.full(KEPT, np.nan)
        self.over: NDArray[np.bool_] = np.zeros(KEPT, dtype=np.bool_)
        self.head = 0

    def put(self, number: int, value: float, over: bool) -> None:
        self._clear(self.head + 1, number)
        self.head = number
        self.values[number % KEPT] = value
        self.over[number % KEPT] = over

    def forget_from(self, number: int) -> None:
        if number <= self.head:
            self._clear(number, self.head + 1)
            self.head = number - 1

    def numbers(self, first: int | None = None) -> Numbers:
        oldest = self.head - KEPT + 1
        return np.arange(oldest if first is None else max(first, oldest), self.head + 1)

    def usable(self, numbers: Numbers, now: int, ceiling: float) -> tuple[Numbers, Floats]:
        """Return those of the intervals that may be learned from at interval `now`, and their values."""
        numbers = numbers[(numbers > self.head - KEPT) & (numbers <= self.head)]
        slots = numbers % KEPT
        values = self.values[slots]
        kept = (values <= ceiling) & (~self.over[slots] | (numbers <= now - DAY))
        return numbers[kept], values[kept]

    def learned(self, numbers: Numbers, now: int, ceiling: float) -> Floats:
        """Return the values of the intervals, NaN for those that may not be learned from."""
        kept, values = self.usable(numbers, now, ceiling)
        result = np.full(len(numbers), np.nan)
        result[np.searchsorted(numbers, kept)] = values
        return result

    def _clear(self, first: int, end: int) -> None:
        if end - first >= KEPT:
            self.values[:] = np.nan
            self.over[:] = False
        elif end > first:
            slots = np.arange(first, end) % KEPT
            self.values[slots] = np.nan
            self.over[slots] = False


class SeriesThreshold:
    """One series' history and the thresholds on it, the least severe first: that one decides what is kept apart.

    Feed it with `add`; `threshold` only reads. Times are epoch seconds and come in as arguments.
    """

    def __init__(self, parameters: Sequence[Parameters], timezone: str = "UTC") -> None:
        self._parameters = tuple(parameters)
        self._timezone = timezone
        self._history = _History()
        self._open: tuple[int, float, bool] | None = None  # number, sample, whether it came in time
        self._computed: list[Computation | None] = [None] * len(self._parameters)
        self._episode: _Episode | None = None
        self._late_in_a_row = 0
        self._daily: dict[float, _Daily] = {}
        self.events: deque[BaselineAccepted] = deque(maxlen=20)
        self.newest = -math.inf
        self.samples = 0
        self.refused = 0
        self.late = 0

    def set_parameters(self, parameters: Sequence[Parameters]) -> None:
        """Take other numbers from the next interval on; the history stays."""
        self._parameters = tuple(parameters)
        self._computed = [None] * len(self._parameters)
        if self._open is not None:
            self._compute(self._open[0], limited=False)

    def add(self, moment: float, value: float) -> BaselineAccepted | None:
        """Take one sample. Not finite: refused and counted. Older than the newest: dropped and counted.

        Twelve late samples in a row mean that the clock was set back: what lies after them is forgotten.
        """
        if not (math.isfinite(value) and abs(moment) <= _LATEST):
            self.refused += 1
            return None
        number = math.floor(moment / INTERVAL_SECONDS)
        if moment < self.newest:
            self.late += 1
            self._late_in_a_row += 1
            if self._late_in_a_row < _LATE_IN_A_ROW:
                return None
            self._set_back(number)
        self._late_in_a_row = 0
        self.newest = moment
        self.samples += 1
        accepted = self._begin(number) if self._open is None or number > self._open[0] else None
        self._take(number, moment, min(max(value, -_LARGEST), _LARGEST))
        return accepted

    def threshold(self, index: int, at: float) -> float:
        """Return the threshold in force at a moment, never below that of a lesser severity."""
        return max(self.own_threshold(i, at) for i in range(index + 1))

    def own_threshold(self, index: int, at: float) -> float:
        """Return the threshold that the config alone gives, whatever the lesser severities say."""
        parameters, computed = self._parameters[index], self._computed[index]
        if computed is None or self.mode(index, at) != "adaptive":
            return parameters.base
        return computed.threshold

    def mode(self, index: int, at: float) -> Mode:
        """Return `warming` (base, not enough known), `adaptive`, or `static` (base: factor 0, or no data)."""
        computed = self._computed[index]
        if self._parameters[index].factor == 0 or (computed is not None and self.silent_seconds(at) > HOLD_SECONDS):
            return "static"
        return "warming" if computed is None else computed.mode

    def computation(self, index: int) -> Computation | None:
        """Return how the threshold of the open interval came about; None before the first sample."""
        return self._computed[index]

    def silent_seconds(self, at: float) -> float:
        """Return how long ago the last good sample was; 0 for moments before it."""
        return max(0.0, at - self.newest)

    def expected(self, at: float) -> tuple[float, float] | None:
        """Return what is usual now (centre -+ band); None while that is not known."""
        computed = self._computed[0]
        if computed is None or computed.estimate is None or self.silent_seconds(at) > HOLD_SECONDS:
            return None
        centre = computed.estimate.centre + computed.drift
        return centre - computed.band, centre + computed.band

    def _take(self, number: int, moment: float, value: float) -> None:
        """Keep the last sample no later than the interval's own moment; if there is none, the first after it."""
        in_time = moment <= number * INTERVAL_SECONDS + _moment_within(number)
        if in_time or self._open is None or self._open[0] != number:
            self._open = (number, value, in_time)

    def _begin(self, number: int) -> BaselineAccepted | None:
        if self._open is not None:
            self._learn(self._open[0], self._open[1])
        accepted = self._accept(number) if self._is_new_normal(number) else None
        self._compute(number, limited=accepted is None)
        return accepted

    def _learn(self, number: int, value: float) -> None:
        over = value > self.threshold(0, number * INTERVAL_SECONDS)
        self._history.put(number, value, over)
        if self._episode is not None and number - self._episode.last_over > HOUR:
            self._episode = None
        if over and self._episode is None:
            self._episode = _Episode(start=number, last_over=number)
        if self._episode is not None:
            self._episode.count += 1
            if over:
                self._episode.last_over = number
                self._episode.over += value <= self._parameters[0].ceiling

    def _set_back(self, number: int) -> None:
        self._history.forget_from(number)
        self._open = None
        self._daily.clear()
        if self._episode is not None:
            if self._episode.start >= number:
                self._episode = None
            else:
                self._episode.last_over = min(self._episode.last_over, number - 1)

    def _compute(self, number: int, limited: bool) -> None:
        estimates: dict[float, Estimate | None] = {}
        for i, parameters in enumerate(self._parameters):
            if parameters.ceiling not in estimates:
                estimates[parameters.ceiling] = self._estimate(number, number, parameters.ceiling)
            previous = self._computed[i] if limited else None
            self._computed[i] = self._computation(number, parameters, estimates[parameters.ceiling], previous)

    def _computation(
        self, number: int, parameters: Parameters, estimate: Estimate | None, previous: Computation | None
    ) -> Computation:
        if parameters.factor == 0:
            return Computation(number, "static", parameters.base, self.samples)
        if estimate is None or self.samples < WARM_SAMPLES or estimate.learned_days * DAY < HOUR:
            return Computation(number, "warming", parameters.base, self.samples)
        drift, band, candidate, blend, target = _target(parameters, estimate)
        threshold = target
        if previous is not None:
            hours = max(0, number - previous.number) / HOUR
            rise = previous.threshold + 0.1 * (parameters.ceiling - parameters.floor) * hours
            if target > rise:
                rise += max(0.0, self._seasonal_move(number, parameters, target, estimate, previous))
                threshold = parameters.clamp(min(target, rise))
        return Computation(number, "adaptive", threshold, self.samples, estimate, drift, band, candidate, blend, target)

    def _seasonal_move(
        self, number: int, parameters: Parameters, target: float, estimate: Estimate, previous: Computation
    ) -> float:
        """Return how far the season alone moved the target since the previous interval."""
        if estimate.season == "none" or previous.estimate is None or previous.estimate.season != estimate.season:
            return 0.0
        before = self._estimate(min(previous.number, number), number, parameters.ceiling)
        if before is None or before.season != estimate.season:
            return 0.0
        return target - _target(parameters, before)[-1]

    def _estimate(self, at: int, now: int, ceiling: float) -> Estimate | None:
        """Return what is normal at interval `at`, by what is known at interval `now`; None with too few values."""
        oldest = self._oldest(now, ceiling)
        if oldest is None:
            return None
        learned = now - oldest
        seasons: tuple[Season, ...] = ("none",)
        if learned >= 3 * DAY:
            seasons = ("week", "day", "none") if learned >= 21 * DAY else ("day", "none")
        for season in seasons:
            numbers, values = self._history.usable(self._pool(season, at), now, ceiling)
            if len(values) >= (12 if season == "none" else 30):
                centre, spread = _centre_and_spread(values)
                age_days = max(0.0, at - float(numbers.mean())) / DAY
                daily = self._of_today(now, ceiling)
                trend = daily.trend if learned >= 14 * DAY else 0.0
                widening = 1 + daily.persistence**2 / 2
                return Estimate(season, centre, spread, len(values), age_days, learned / DAY, trend, widening)
        return None

    def _oldest(self, now: int, ceiling: float) -> int | None:
        numbers, _ = self._history.usable(self._history.numbers(), now, ceiling)
        return int(numbers[0]) if len(numbers) else None

    def _pool(self, season: Season, at: int) -> Numbers:
        if season == "none":
            return self._history.numbers(at - WEEK)
        if season == "day":
            numbers = self._same_time(at, range(8))
            return numbers[numbers >= at - WEEK]
        return self._same_time(at, range(7, 29, 7))

    def _same_time(self, at: int, days: Sequence[int]) -> Numbers:
        """Return the intervals within an hour of the same local time, so many days ago."""
        offset = _utc_offset(self._timezone, at // HOUR)
        centres = [at - day * DAY + offset - _utc_offset(self._timezone, (at - day * DAY) // HOUR) for day in days]
        return (np.array(centres)[:, None] + _AROUND).ravel()

    def _of_today(self, now: int, ceiling: float) -> _Daily:
        offset = _utc_offset(self._timezone, now // HOUR)
        today = (now + offset) // DAY
        known = self._daily.get(ceiling)
        if known is None or known.day != today:
            days = today * DAY - offset + np.arange(-4 * WEEK, 0).reshape(-1, DAY)
            known = self._daily[ceiling] = _Daily(
                today, self._trend(days, now, ceiling), self._persistence(now, ceiling)
            )
        return known

    def _trend(self, days: Numbers, now: int, ceiling: float) -> float:
        """Return the level's movement per day, comparing whole days a week apart."""
        medians = [self._day_median(day, now, ceiling) for day in days]
        moves = [(b - a) / 7 for a, b in zip(medians, medians[7:], strict=False) if not math.isnan(b - a)]
        return _median(np.array(moves)) if len(moves) >= 5 else 0.0

    def _persistence(self, now: int, ceiling: float) -> float:
        """Return how much of a deviation is left after 5 minutes: 0 for white noise, near 1 where deviations last.

        Of the last week, against the week before, or the day before where there is no week.
        """
        numbers = self._history.numbers(now - WEEK)
        values = self._history.learned(numbers, now, ceiling)
        for before in (WEEK, DAY):
            deviations = values - self._history.learned(numbers - before, now, ceiling)
            steps = np.diff(deviations)
            deviations, steps = deviations[np.isfinite(deviations)], steps[np.isfinite(steps)]
            if len(steps) >= DAY:
                usual = _deviation(deviations)
                return min(1.0, max(0.0, 1 - (_deviation(steps) / usual) ** 2 / 2)) if usual > 0 else 0.0
        return 0.0

    def _day_median(self, day: Numbers, now: int, ceiling: float) -> float:
        _, values = self._history.usable(day, now, ceiling)
        return _median(values) if len(values) else math.nan

    def _is_new_normal(self, number: int) -> bool:
        episode = self._episode
        return episode is not None and number - episode.start >= DAY and 2 * episode.over >= episode.count

    def _accept(self, number: int) -> BaselineAccepted | None:
        """Make the level of the last day the normal one and move older history to it."""
        episode, self._episode = self._episode, None
        history, ceiling = self._history, self._parameters[0].ceiling
        assert episode is not None  # noqa: S101 - _is_new_normal said so
        inside = history.numbers(episode.start)
        history.over[inside % KEPT] = False
        inside, values = history.usable(inside, number, ceiling)
        before = history.numbers()
        before = before[before < episode.start]
        known, old_values = history.usable(before, number, ceiling)
        if len(known) == 0 or episode.start - known[0] < 36 * HOUR:
            history.values[before % KEPT] = np.nan
            old_level = _median(old_values) if len(known) else self._parameters[0].base
            event = BaselineAccepted(number * INTERVAL_SECONDS, old_level, _median(values), "dropped", 0.0)
        else:
            event = self._move(number, inside, values, known, before)
        self._daily.clear()
        self.events.append(event)
        return event

    def _move(self, number: int, inside: Numbers, values: Floats, known: Numbers, before: Numbers) -> BaselineAccepted:
        """Add the usual difference to older history or multiply it by the usual ratio, whichever fits better."""
        weekly = inside[0] - known[0] >= 21 * DAY
        centres = np.array([self._centre_before(int(n), number, int(before[-1]), weekly) for n in inside])
        centres = np.where(np.isnan(centres), _median(self._history.values[known % KEPT]), centres)
        difference = _median(values - centres)
        nonzero = centres != 0
        ratio = _median(values[nonzero] / centres[nonzero]) if nonzero.any() else 0.0
        slots = before % KEPT
        old_level, new_level = _median(centres), _median(values)
        if ratio > 0 and _deviation(values - centres * ratio) < _deviation(values - centres - difference):
            self._history.values[slots] = np.clip(self._history.values[slots] * ratio, -_LARGEST, _LARGEST)
            return BaselineAccepted(number * INTERVAL_SECONDS, old_level, new_level, "multiplied", ratio)
        self._history.values[slots] = np.clip(self._history.values[slots] + difference, -_LARGEST, _LARGEST)
        return BaselineAccepted(number * INTERVAL_SECONDS, old_level, new_level, "added", difference)

    def _centre_before(self, at: int, now: int, last: int, weekly: bool) -> float:
        numbers = self._same_time(at, range(7, 29, 7) if weekly else range(8))
        _, values = self._history.usable(numbers[numbers <= last], now, self._parameters[0].ceiling)
        return _median(values) if len(values) else math.nan

    def export_state(self) -> dict[str, Any]:
        """Return everything that is known, JSON-able."""
        return {
            "head": self._history.head,
            "values": _pack(self._history.values),
            "over": _pack(self._history.over),
            "open": self._open,
            "newest": self.newest if math.isfinite(self.newest) else None,
            "samples": self.samples,
            "refused": self.refused,
            "late": self.late,
            "late_in_a_row": self._late_in_a_row,
            "episode": asdict(self._episode) if self._episode else None,
            "computed": [asdict(c) if c else None for c in self._computed],
            "daily": [[ceiling, asdict(known)] for ceiling, known in self._daily.items()],
            "events": [asdict(event) for event in self.events],
        }

    @classmethod
    def import_state(cls, state: Mapping[str, Any], parameters: Sequence[Parameters], timezone: str) -> Self:
        """Return a series as it was exported. Raises ValueError, KeyError or TypeError where it is damaged."""
        series = cls(parameters, timezone)
        history = series._history
        history.head = int(state["head"])
        history.values = _unpack(state["values"], np.dtype("<f8"))
        history.over = _unpack(state["over"], np.dtype("?"))
        series.newest = -math.inf if state["newest"] is None else float(state["newest"])
        series.samples, series.refused, series.late = state["samples"], state["refused"], state["late"]
        series._late_in_a_row = state["late_in_a_row"]
        series._open = tuple(state["open"]) if state["open"] else None
        series._episode = _Episode(**state["episode"]) if state["episode"] else None
        series._daily = {ceiling: _Daily(**known) for ceiling, known in state.get("daily", ())}
        series.events.extend(BaselineAccepted(**event) for event in state["events"])
        computed = [_computation(c) if c else None for c in state["computed"]]
        if len(computed) == len(series._computed):
            series._computed = computed
        elif series._open is not None:
            series._compute(series._open[0], limited=False)
        return series


def _target(parameters: Parameters, estimate: Estimate) -> tuple[float, float, float, float, float]:
    """Return drift, band, candidate, blend and the threshold that is aimed at."""
    spread = max(estimate.spread, 0.05 * abs(estimate.centre), 0.01 * abs(parameters.base))
    drift = parameters.trend_sensitivity * estimate.trend * estimate.age_days
    band = parameters.width * spread * estimate.widening
    candidate = estimate.centre + drift + band
    blend = min(1.0, estimate.learned_days)
    target = parameters.base + blend * min(1.0, parameters.factor) * (candidate - parameters.base)
    return drift, band, candidate, blend, parameters.clamp(target)


def _centre_and_spread(values: Floats) -> tuple[float, float]:
    """Return the median, and the standard deviation about it without outliers (3 robust deviations)."""
    centre = _median(values)
    distances = np.abs(values - centre)
    near = distances[distances <= 3 * 1.4826 * _median(distances)]
    return centre, float(np.sqrt(np.mean(near * near)))


def _deviation(values: Floats) -> float:
    return _median(np.abs(values - _median(values)))


def _median(values: Floats) -> float:
    """Return the median of at least one value; several times faster than numpy's on short arrays."""
    ordered = np.sort(values)
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else float(ordered[middle - 1] + ordered[middle]) / 2


def _moment_within(number: int) -> int:
    """Return the second of an interval at which its sample is taken: scattered, so that no cron job meets it."""
    mixed = (number ^ (number >> 7)) * 0x9E3779B1 & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 15)) * 0x85EBCA77 & 0xFFFFFFFF) * INTERVAL_SECONDS >> 32


@lru_cache(maxsize=4096)
def _utc_offset(timezone: str, hour: int) -> int:
    """Return the offset of local time from UTC in intervals, at an hour since the epoch."""
    moment = datetime.fromtimestamp(min(max(hour * 3600, 0), 4_000_000_000), zone(timezone))
    offset = moment.utcoffset()
    return int(offset.total_seconds()) // INTERVAL_SECONDS if offset else 0


def _computation(state: Mapping[str, Any]) -> Computation:
    estimate = Estimate(**state["estimate"]) if state["estimate"] else None
    return Computation(**{**state, "estimate": estimate})


def _pack(array: NDArray[Any]) -> str:
    little = array.astype(array.dtype.newbyteorder("<"))
    return base64.b64encode(zlib.compress(little.tobytes(), 1)).decode("ascii")


def _unpack(text: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    array = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=dtype).astype(dtype.newbyteorder("="))
    if array.shape != (KEPT,):
        raise ValueError(f"history has {array.shape[0]} intervals, expected {KEPT}")
    return array
