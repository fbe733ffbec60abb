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

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

import numpy as np

from alert_bridge.threshold_history import DAY, HOUR, INTERVAL_SECONDS, Flags, Floats, History, Numbers
from alert_bridge.threshold_normal import SEASONS, UNKNOWN, Daily, Estimate, Normal, Normals, deviation, median

Mode = Literal["warming", "adaptive", "static"]

WARM_SAMPLES = 30  # this many, over an hour, before anything is derived from them
HOLD_SECONDS = 1800.0  # without a sample, the last threshold holds this long

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


@dataclass(slots=True)
class _Episode:
    """A stretch of values beyond the threshold; an hour without one ends it. Counts intervals."""

    start: int
    last_over: int
    count: int = 0
    over: int = 0

    def is_new_normal(self, number: int) -> bool:
        """Return whether it has lasted for a day, with at least half of it beyond the threshold."""
        return number - self.start >= DAY and 2 * self.over >= self.count


def _followed(episode: _Episode | None, number: int, over: bool, learnable: bool) -> _Episode | None:
    """Return the episode after one more interval. learnable: the value is not above the maximum."""
    if episode is not None and number - episode.last_over > HOUR:
        episode = None
    if over and episode is None:
        episode = _Episode(start=number, last_over=number)
    if episode is not None:
        episode.count += 1
        if over:
            episode.last_over = number
            episode.over += learnable
    return episode


@dataclass(frozen=True, slots=True)
class _Intervals:
    """Samples in order by interval: each interval's own sample, and the places of its first and of the next ones.

    in_time: whether the interval's own sample came no later than the interval's own moment.
    """

    numbers: Numbers
    values: Floats
    in_time: Flags
    firsts: Numbers
    ends: Numbers

    @classmethod
    def of(cls, moments: Floats, values: Floats) -> Self:
        """Return the intervals of at least one sample."""
        numbers = np.floor(moments / INTERVAL_SECONDS).astype(np.int64)
        firsts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
        early = moments <= numbers * INTERVAL_SECONDS + _moments_within(numbers)
        counts = np.add.reduceat(early, firsts, dtype=np.int64)
        own = firsts + np.maximum(counts, 1) - 1
        return cls(numbers[firsts], values[own], counts > 0, firsts, np.append(firsts[1:], len(moments)))

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, start: int, end: int | None = None) -> "_Intervals":
        """Return some of the intervals."""
        chosen = slice(start, end)
        return _Intervals(
            self.numbers[chosen], self.values[chosen], self.in_time[chosen], self.firsts[chosen], self.ends[chosen]
        )


@dataclass(frozen=True, slots=True)
class _Aims:
    """What the thresholds of several intervals are made of, and what they are before their rise is limited."""

    drifts: Floats
    bands: Floats
    candidates: Floats
    blends: Floats
    targets: Floats

    @classmethod
    def of(cls, parameters: Parameters, normals: Normals) -> Self:
        """Return the aims of one threshold."""
        least = np.maximum(0.05 * np.abs(normals.centres), 0.01 * abs(parameters.base))
        drifts = parameters.trend_sensitivity * normals.trends * normals.age_days
        bands = parameters.width * np.maximum(normals.spreads, least) * normals.widenings
        candidates = normals.centres + drifts + bands
        blends = np.minimum(1.0, normals.learned / DAY)
        targets = parameters.base + blends * min(1.0, parameters.factor) * (candidates - parameters.base)
        return cls(drifts, bands, candidates, blends, np.clip(targets, parameters.floor, parameters.ceiling))


@dataclass(frozen=True, slots=True)
class _Course:
    """The thresholds of several intervals, and how they came about: an array for each."""

    numbers: Numbers
    samples: Numbers
    normals: Normals
    aims: _Aims
    adaptive: Flags
    thresholds: Floats

    def computation(self, row: int, parameters: Parameters) -> Computation:
        """Return how the threshold of one interval came about."""
        number, samples, aims = int(self.numbers[row]), int(self.samples[row]), self.aims
        if not self.adaptive[row]:
            return Computation(number, "static" if parameters.factor == 0 else "warming", parameters.base, samples)
        return Computation(
            number,
            "adaptive",
            float(self.thresholds[row]),
            samples,
            self.normals.estimate(row),
            float(aims.drifts[row]),
            float(aims.bands[row]),
            float(aims.candidates[row]),
            float(aims.blends[row]),
            float(aims.targets[row]),
        )


class SeriesThreshold:
    """One series' history and the thresholds on it, the least severe first: that one decides what is kept apart.

    hold_seconds: without a sample for longer, the base is in force.

    Feed it with `add`; `threshold` only reads. Times are epoch seconds and come in as arguments.
    """

    def __init__(
        self, parameters: Sequence[Parameters], timezone: str = "UTC", hold_seconds: float = HOLD_SECONDS
    ) -> None:
        self.hold_seconds = hold_seconds
        self._parameters = tuple(parameters)
        self._timezone = timezone
        self._history = History()
        self._normal: dict[float, Normal] = {}  # by the maximum
        self._open: tuple[int, float, bool] | None = None  # number, sample, whether it came in time
        self._computed: list[Computation | None] = [None] * len(self._parameters)
        self._episode: _Episode | None = None
        self._late_in_a_row = 0
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

    def learn(self, moments: Floats, values: Floats) -> list[BaselineAccepted]:
        """Take samples as if they were added one by one: a day of them at once where they are in order."""
        good = np.isfinite(values) & (np.abs(moments) <= _LATEST)
        ordered = moments[good]
        if len(ordered) == 0 or ordered[0] < self.newest or (np.diff(ordered) < 0).any():
            return self._add_each(moments, values)
        self.refused += int(np.count_nonzero(~good))
        values = np.clip(values[good], -_LARGEST, _LARGEST)
        coming = _Intervals.of(ordered, values)
        accepted, place = [], 0
        while place < len(coming):
            learned = self._learn_ahead(coming.part(place))
            within = slice(int(coming.firsts[place]), int(coming.ends[place + max(1, learned) - 1]))
            if learned:
                self.samples += within.stop - within.start
                self.newest = float(ordered[within.stop - 1])
            else:
                accepted += self._add_each(ordered[within], values[within])
            place += max(1, learned)
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
        if self._parameters[index].factor == 0 or (
            computed is not None and self.silent_seconds(at) > self.hold_seconds
        ):
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
        if computed is None or computed.estimate is None or self.silent_seconds(at) > self.hold_seconds:
            return None
        centre = computed.estimate.centre + computed.drift
        return centre - computed.band, centre + computed.band

    def _take(self, number: int, moment: float, value: float) -> None:
        """Keep the last sample no later than the interval's own moment; if there is none, the first after it."""
        in_time = moment <= number * INTERVAL_SECONDS + _moment_within(number)
        if in_time or self._open is None or self._open[0] != number:
            self._open = (number, value, in_time)

    def _add_each(self, moments: Floats, values: Floats) -> list[BaselineAccepted]:
        events = [self.add(moment, value) for moment, value in zip(moments.tolist(), values.tolist(), strict=True)]
        return [event for event in events if event is not None]

    def _begin(self, number: int) -> BaselineAccepted | None:
        if self._open is not None:
            self._learn(self._open[0], self._open[1])
        is_new_normal = self._episode is not None and self._episode.is_new_normal(number)
        accepted = self._accept(number) if is_new_normal else None
        self._compute(number, limited=accepted is None)
        return accepted

    def _learn(self, number: int, value: float) -> None:
        over = value > self.threshold(0, number * INTERVAL_SECONDS)
        self._history.put(number, value, over)
        self._episode = _followed(self._episode, number, over, value <= self._parameters[0].ceiling)

    def _learn_ahead(self, coming: _Intervals) -> int:
        """Learn intervals later than the open one, as many as can be learned at once; return how many.

        They end with the local day, and where a new level is accepted. The last of them is open afterwards.
        """
        count = self._count_ahead(coming.numbers)
        if self._open is None or count == 0:
            return 0
        numbers = np.append(self._open[0], coming.numbers[:count])
        values = np.append(self._open[1], coming.values[:count])
        samples = self.samples + 1 + coming.firsts[:count] - coming.firsts[0]
        head = self._history.head
        self._history.put_ahead(numbers, values)
        course, over = self._settle(numbers, values, samples)
        episode, quiet = self._episode_through(numbers, values, over)
        if quiet < count:
            self._history.forget_from(int(numbers[0]), head)
            return self._learn_ahead(coming.part(0, quiet)) if quiet else 0
        for i, parameters in enumerate(self._parameters):
            own = course if i == 0 else self._course(parameters, numbers[1:], samples, self._computed[i])
            self._computed[i] = own.computation(-1, parameters)
        self._history.forget_from(int(numbers[-1]), int(numbers[-2]))
        self._episode = episode
        self._open = (int(numbers[-1]), float(values[-1]), bool(coming.in_time[count - 1]))
        return count

    def _count_ahead(self, numbers: Numbers) -> int:
        """Return how many of the intervals can be learned at once: of the day whose daily figures are known.

        Without a season few: each then depends on all that was learned before it.
        """
        computed = self._computed[0]
        if self._open is None or computed is None or computed.estimate is None or numbers[0] <= self._open[0]:
            return 0
        most = 3 * HOUR if computed.estimate.season == "none" else DAY + 2 * HOUR
        nearest = numbers[:most]
        later = ~np.all([self._normal_below(one.ceiling).is_of_today(nearest) for one in self._parameters], axis=0)
        return int(np.argmax(later)) if later.any() else len(nearest)

    def _settle(self, numbers: Numbers, values: Floats, samples: Numbers) -> tuple[_Course, Flags]:
        """Return the thresholds after the open interval, which is the first here, and what was beyond its own.

        What is beyond decides what is learned. It is guessed, and what depends on wrong guesses is worked out again:
        each turn settles at least one interval, mostly all of them.
        """
        parameters, previous = self._parameters[0], self._computed[0]
        assert previous is not None  # noqa: S101 - the open interval was computed
        normal, after = self._normal_below(parameters.ceiling), numbers[1:]
        hourly = slice(None, None, HOUR)
        guess = _course(parameters, after[hourly], samples[hourly], normal.at(after[hourly], after[hourly]))
        over = values > np.append(previous.threshold, np.repeat(guess.thresholds, HOUR)[: len(after)])
        self._history.set_over(numbers, over)
        normals = normal.at(after, after)
        while True:
            course = _course(parameters, after, samples, normals)
            self._limit(parameters, course, previous)
            wrong = np.flatnonzero((values[1:] > course.thresholds) != over[1:])
            over[1 + wrong] ^= True
            self._history.set_over(numbers, over)
            rows = normals.depend_on(after, after[wrong])
            if len(rows) == 0:
                return course, over
            normals.replace(rows, normal.at(after[rows], after[rows]))

    def _episode_through(self, numbers: Numbers, values: Floats, over: Flags) -> tuple[_Episode | None, int]:
        """Return the episode once all but the last interval are learned, and before which a new level is accepted."""
        episode = replace(self._episode) if self._episode else None
        learnable = (values <= self._parameters[0].ceiling).tolist()
        places, beyond = numbers.tolist(), over.tolist()
        for i in range(len(places) - 1):
            if episode is not None or beyond[i]:
                episode = _followed(episode, places[i], beyond[i], learnable[i])
                if episode is not None and episode.is_new_normal(places[i + 1]):
                    return episode, i
        return episode, len(places) - 1

    def _set_back(self, number: int) -> None:
        self._history.forget_from(number, number - 1)
        self._open = None
        self._normal.clear()
        if self._episode is not None:
            if self._episode.start >= number:
                self._episode = None
            else:
                self._episode.last_over = min(self._episode.last_over, number - 1)

    def _compute(self, number: int, limited: bool) -> None:
        at, samples = np.array([number]), np.array([self.samples])
        for i, parameters in enumerate(self._parameters):
            course = self._course(parameters, at, samples, self._computed[i] if limited else None)
            self._computed[i] = course.computation(0, parameters)

    def _normal_below(self, ceiling: float) -> Normal:
        normal = self._normal.get(ceiling)
        if normal is None:
            normal = self._normal[ceiling] = Normal(self._history, ceiling, self._timezone)
        return normal

    def _course(
        self, parameters: Parameters, numbers: Numbers, samples: Numbers, previous: Computation | None
    ) -> _Course:
        """Return the thresholds of intervals in a row. previous: what their rise is limited by, None: nothing."""
        course = _course(parameters, numbers, samples, self._normal_below(parameters.ceiling).at(numbers, numbers))
        if previous is not None:
            self._limit(parameters, course, previous)
        return course

    def _limit(self, parameters: Parameters, course: _Course, previous: Computation) -> None:
        """Let no threshold rise faster than a tenth of the way from min to max an hour, but for the season."""
        thresholds, targets = course.thresholds, course.aims.targets
        before = np.append(previous.number, course.numbers[:-1])
        hours = np.maximum(0, course.numbers - before) / HOUR
        steps = 0.1 * (parameters.ceiling - parameters.floor) * hours
        rises = course.adaptive & (targets > np.append(previous.threshold, thresholds[:-1]) + steps)
        if not rises.any():
            return
        season = UNKNOWN if previous.estimate is None else SEASONS.index(previous.estimate.season)
        seasons = np.append(season, np.where(course.adaptive, course.normals.seasons, UNKNOWN))
        last = previous.threshold if rises[0] else float(thresholds[np.argmax(rises) - 1])
        for row in range(int(np.argmax(rises)), len(thresholds)):
            highest = last + steps[row]
            if course.adaptive[row] and targets[row] > highest:
                if seasons[row] == seasons[row + 1] and seasons[row] > 0:
                    highest += max(0.0, self._seasonal_move(parameters, course, row, int(before[row])))
                thresholds[row] = parameters.clamp(min(targets[row], highest))
            last = float(thresholds[row])

    def _seasonal_move(self, parameters: Parameters, course: _Course, row: int, before: int) -> float:
        """Return how far the season alone moved the target since the previous interval."""
        number = int(course.numbers[row])
        earlier = self._normal_below(parameters.ceiling).at(np.array([min(before, number)]), np.array([number]))
        if earlier.seasons[0] != course.normals.seasons[row]:
            return 0.0
        return float(course.aims.targets[row] - _Aims.of(parameters, earlier).targets[0])

    def _accept(self, number: int) -> BaselineAccepted | None:
        """Make the level of the last day the normal one and move older history to it."""
        episode, self._episode = self._episode, None
        history, ceiling = self._history, self._parameters[0].ceiling
        assert episode is not None  # noqa: S101 - it is the new normal
        inside = history.numbers(episode.start)
        history.set_over(inside, False)
        inside, values = history.usable(inside, number, ceiling)
        before = history.numbers()
        before = before[before < episode.start]
        known, old_values = history.usable(before, number, ceiling)
        if len(known) == 0 or episode.start - known[0] < 36 * HOUR:
            history.set_values(before, np.nan)
            old_level = median(old_values) if len(known) else self._parameters[0].base
            event = BaselineAccepted(number * INTERVAL_SECONDS, old_level, median(values), "dropped", 0.0)
        else:
            event = self._move(number, inside, values, known, before)
        self._normal.clear()
        self.events.append(event)
        return event

    def _move(self, number: int, inside: Numbers, values: Floats, known: Numbers, before: Numbers) -> BaselineAccepted:
        """Add the usual difference to older history or multiply it by the usual ratio, whichever fits better."""
        history, normal = self._history, self._normal_below(self._parameters[0].ceiling)
        weekly = inside[0] - known[0] >= 21 * DAY
        around = normal.same_time_of_week(inside) if weekly else normal.same_time_of_day(inside)
        centres = normal.centres(around, int(before[-1]), number)
        centres = np.where(np.isnan(centres), median(history.values(known)), centres)
        difference = median(values - centres)
        nonzero = centres != 0
        ratio = median(values[nonzero] / centres[nonzero]) if nonzero.any() else 0.0
        old_level, new_level = median(centres), median(values)
        old = history.values(before)
        if ratio > 0 and deviation(values - centres * ratio) < deviation(values - centres - difference):
            history.set_values(before, np.clip(old * ratio, -_LARGEST, _LARGEST))
            return BaselineAccepted(number * INTERVAL_SECONDS, old_level, new_level, "multiplied", ratio)
        history.set_values(before, np.clip(old + difference, -_LARGEST, _LARGEST))
        return BaselineAccepted(number * INTERVAL_SECONDS, old_level, new_level, "added", difference)

    def export_state(self) -> dict[str, Any]:
        """Return everything that is known, JSON-able."""
        return {
            **self._history.export_state(),
            "open": self._open,
            "newest": self.newest if math.isfinite(self.newest) else None,
            "samples": self.samples,
            "refused": self.refused,
            "late": self.late,
            "late_in_a_row": self._late_in_a_row,
            "episode": asdict(self._episode) if self._episode else None,
            "computed": [asdict(c) if c else None for c in self._computed],
            "daily": [[ceiling, asdict(known)] for ceiling, known in self._known_daily()],
            "events": [asdict(event) for event in self.events],
        }

    def _known_daily(self) -> list[tuple[float, Daily]]:
        return [(ceiling, one.daily) for ceiling, one in self._normal.items() if one.daily is not None]

    @classmethod
    def import_state(
        cls,
        state: Mapping[str, Any],
        parameters: Sequence[Parameters],
        timezone: str,
        hold_seconds: float = HOLD_SECONDS,
    ) -> Self:
        """Return a series as it was exported. Raises ValueError, KeyError or TypeError where it is damaged."""
        series = cls(parameters, timezone, hold_seconds)
        series._history.import_state(state)
        series.newest = -math.inf if state["newest"] is None else float(state["newest"])
        series.samples, series.refused, series.late = state["samples"], state["refused"], state["late"]
        series._late_in_a_row = state["late_in_a_row"]
        series._open = tuple(state["open"]) if state["open"] else None
        series._episode = _Episode(**state["episode"]) if state["episode"] else None
        for ceiling, known in state["daily"]:
            series._normal_below(ceiling).daily = Daily(**known)
        series.events.extend(BaselineAccepted(**event) for event in state["events"])
        computed = [_computation(c) if c else None for c in state["computed"]]
        if len(computed) == len(series._computed):
            series._computed = computed
        elif series._open is not None:
            series._compute(series._open[0], limited=False)
        return series


def _course(parameters: Parameters, numbers: Numbers, samples: Numbers, normals: Normals) -> _Course:
    """Return the thresholds of intervals in a row, before their rise is limited."""
    aims = _Aims.of(parameters, normals)
    adaptive = (normals.seasons != UNKNOWN) & (samples >= WARM_SAMPLES) & (normals.learned >= HOUR)
    adaptive &= parameters.factor > 0
    thresholds = np.where(adaptive, aims.targets, parameters.base)
    return _Course(numbers, samples, normals, aims, adaptive, thresholds)


def _moment_within(number: int) -> int:
    """Return the second of an interval at which its sample is taken: scattered, so that no cron job meets it."""
    mixed = (number ^ (number >> 7)) * 0x9E3779B1 & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 15)) * 0x85EBCA77 & 0xFFFFFFFF) * INTERVAL_SECONDS >> 32


def _moments_within(numbers: Numbers) -> Numbers:
    """Return `_moment_within` of each; products that wrap round keep the bits that count."""
    mixed = (numbers ^ (numbers >> 7)) * 0x9E3779B1 & 0xFFFFFFFF
    seconds: Numbers = ((mixed ^ (mixed >> 15)) * 0x85EBCA77 & 0xFFFFFFFF) * INTERVAL_SECONDS >> 32
    return seconds


def _computation(state: Mapping[str, Any]) -> Computation:
    estimate = Estimate(**state["estimate"]) if state["estimate"] else None
    return Computation(**{**state, "estimate": estimate})
