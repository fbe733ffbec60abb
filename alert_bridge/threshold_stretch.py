"""Many intervals learned at once, as if they had come one by one.

Which of them are beyond their thresholds decides what is learned, so that each threshold may depend on those before it.
It is guessed that none is, and what depends on a wrong guess is worked out again: each turn settles at least one
interval, mostly all of them. Worked out are the thresholds at the begin of each hour, and wherever a value comes near
to those before and after it; the others are surely not beyond theirs.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from alert_bridge.threshold_course import Computation, Course, Parameters
from alert_bridge.threshold_history import HOUR, INTERVAL_SECONDS, Flags, Floats, History, Numbers
from alert_bridge.threshold_level import Level, hour_medians
from alert_bridge.threshold_normal import DAILY, Normal, Normals

_NEAR = 0.4  # share of the band


@dataclass(frozen=True, slots=True)
class Intervals:
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

    def part(self, start: int, end: int | None = None) -> "Intervals":
        """Return some of the intervals."""
        chosen = slice(start, end)
        return Intervals(
            self.numbers[chosen], self.values[chosen], self.in_time[chosen], self.firsts[chosen], self.ends[chosen]
        )


class Stretch:
    """Intervals of one day after one whose threshold is known; the history has all their values.

    numbers, values: the known one first. samples: how many have come at the begin of each of the others.
    previous, level: of the known one.
    """

    def __init__(
        self,
        history: History,
        normal: Normal,
        parameters: Parameters,
        previous: Computation,
        level: Level,
        numbers: Numbers,
        values: Floats,
        samples: Numbers,
    ) -> None:
        self._history = history
        self._normal = normal
        self._parameters = parameters
        self._previous = previous
        self._level = level
        self._numbers, self._after = numbers, numbers[1:]
        self._values, self._samples = values, samples
        self.over: Flags = np.zeros(len(numbers), dtype=np.bool_)
        self.over[0] = values[0] > previous.threshold
        self._begins = np.flatnonzero(np.diff(numbers // HOUR))
        self._chosen: Flags = np.zeros(len(self._after), dtype=np.bool_)
        self._normals = Normals.unknown(np.zeros(len(self._after), dtype=np.int64))
        self._heights, self._reached = np.zeros(1), level

    def settle(self) -> tuple[Course, Level]:
        """Return the thresholds that were worked out, the last one among them, and the level then.

        `over` and the history's flags say what was beyond its threshold.
        """
        self._history.set_over(self._numbers, self.over)
        self._choose(np.union1d(self._begins, [0, len(self._after) - 1]))
        self._follow()
        while True:
            rows = np.flatnonzero(self._chosen)
            course = self._course(rows)
            course.limit(self._previous, self._normal)
            more = self._near(rows, course)
            if len(more):
                self._choose(more)
                continue
            beyond = self._values[1 + rows] > course.thresholds
            wrong = rows[beyond != self.over[1 + rows]]
            if len(wrong) == 0:
                return course, self._reached
            self.over[1 + wrong] ^= True
            self._history.set_over(self._numbers, self.over)
            self._work_out(rows[self._normals.part(rows).depend_on(self._after[rows], self._after[wrong])])
            self._follow()

    def other(self, parameters: Parameters, normal: Normal, course: Course, previous: Computation) -> Course:
        """Return the thresholds of another config at the same intervals, once they are settled."""
        normals = normal.at(course.numbers, course.numbers)
        own = Course.of(parameters, course.numbers, course.samples, normals, course.heights)
        own.limit(previous, normal)
        return own

    def _choose(self, rows: Numbers) -> None:
        self._chosen[rows] = True
        self._work_out(rows)

    def _work_out(self, rows: Numbers) -> None:
        if len(rows):
            self._normals.replace(rows, self._normal.at(self._after[rows], self._after[rows]))

    def _course(self, rows: Numbers) -> Course:
        """Return the thresholds of the chosen intervals before their rise is limited."""
        normals, numbers, samples = self._normals.part(rows), self._after[rows], self._samples[rows]
        of_row = np.searchsorted(self._begins, rows, side="right")
        return Course.of(self._parameters, numbers, samples, normals, self._heights[of_row])

    def _follow(self) -> None:
        """Work out the level at the begin of each hour: it changes with what is beyond the threshold alone."""
        begins = self._normals.part(self._begins)
        numbers = self._after[self._begins]
        heights, self._reached = follow(self._level, self._history, self._parameters, numbers, begins)
        self._heights = np.append(self._level.height, heights)

    def _near(self, rows: Numbers, course: Course) -> Numbers:
        """Return which other intervals have to be worked out too: all of them where the rise is limited."""
        if course.is_limited:
            return np.flatnonzero(~self._chosen)
        places = np.arange(len(self._after))
        left, right = np.searchsorted(rows, places, side="right") - 1, np.searchsorted(rows, places)
        surely_below = course.thresholds - _NEAR * course.aims.bands
        below = np.minimum(surely_below[left], surely_below[right])
        return np.flatnonzero(~self._chosen & (self._values[1:] > below))


def follow(
    level: Level, history: History, parameters: Parameters, numbers: Numbers, normals: Normals
) -> tuple[Floats, Level]:
    """Return the heights of the level at the first intervals of hours, and the level at the last of them."""
    aims = Course.of(parameters, numbers, numbers, normals, np.zeros(len(numbers))).aims
    seasonal = normals.seasons >= DAILY
    centres = np.where(seasonal, normals.centres + aims.drifts, np.nan)
    hours = numbers // HOUR
    medians = (
        hour_medians(history, hours, numbers, parameters.ceiling) if seasonal.any() else np.full(len(hours), np.nan)
    )
    return level.followed(hours, centres, np.where(seasonal, aims.spreads, np.nan), medians)


def moment_within(number: int) -> int:
    """Return the second of an interval at which its sample is taken: scattered, so that no cron job meets it."""
    mixed = (number ^ (number >> 7)) * 0x9E3779B1 & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 15)) * 0x85EBCA77 & 0xFFFFFFFF) * INTERVAL_SECONDS >> 32


def _moments_within(numbers: Numbers) -> Numbers:
    """Return `moment_within` of each; products that wrap round keep the bits that count."""
    mixed = (numbers ^ (numbers >> 7)) * 0x9E3779B1 & 0xFFFFFFFF
    seconds: Numbers = ((mixed ^ (mixed >> 15)) * 0x85EBCA77 & 0xFFFFFFFF) * INTERVAL_SECONDS >> 32
    return seconds
