"""What is normal for one series, and the threshold that follows from it.

The model in six sentences:

1. The threshold is what is normal at this time plus a band: `centre + adaptive_factor x std_multiplier x spread`.
2. "Normal at this time" is the median of the same time of the week +-1 h over the last 4 weeks; before there are
   3 weeks, the same time of day over 7 days; before there are 3 days, everything so far. The band is the standard
   deviation of these values without outliers, never less than 5 % of the centre; it is up to half as wide again where
   deviations last (the square of their correlation over 5 minutes). Where the last day lay above the centre, the centre
   follows, by one spread at most.
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
from dataclasses import asdict, replace
from typing import Any, Self

import numpy as np

from alert_bridge.threshold_baseline import BaselineAccepted, Episode, accept, followed
from alert_bridge.threshold_course import Computation, Course, Mode, Parameters
from alert_bridge.threshold_history import DAY, HOUR, INTERVAL_SECONDS, LARGEST, Flags, Floats, History, Numbers
from alert_bridge.threshold_level import Level
from alert_bridge.threshold_normal import Daily, Estimate, Normal
from alert_bridge.threshold_stretch import Intervals, Stretch, follow, moment_within

HOLD_SECONDS = 1800.0  # without a sample, the last threshold holds this long

_LATE_IN_A_ROW = 12
_LATEST = 1e11


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
        self._episode: Episode | None = None
        self._level = Level()
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
        self._take(number, moment, min(max(value, -LARGEST), LARGEST))
        return accepted

    def learn(self, moments: Floats, values: Floats) -> list[BaselineAccepted]:
        """Take samples as if they were added one by one: a day of them at once where they are in order."""
        good = np.isfinite(values) & (np.abs(moments) <= _LATEST)
        ordered = moments[good]
        if len(ordered) == 0 or ordered[0] < self.newest or (np.diff(ordered) < 0).any():
            return self._add_each(moments, values)
        self.refused += int(np.count_nonzero(~good))
        values = np.clip(values[good], -LARGEST, LARGEST)
        coming = Intervals.of(ordered, values)
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
        centre = computed.estimate.centre + computed.drift + computed.level
        return centre - computed.band, centre + computed.band

    def _take(self, number: int, moment: float, value: float) -> None:
        """Keep the last sample no later than the interval's own moment; if there is none, the first after it."""
        in_time = moment <= number * INTERVAL_SECONDS + moment_within(number)
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
        self._episode = followed(self._episode, number, over, value <= self._parameters[0].ceiling)

    def _learn_ahead(self, coming: Intervals) -> int:
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
        stretch, course, level = self._settled(numbers, values, samples)
        episode, quiet = self._episode_through(numbers, values, stretch.over)
        if quiet < count:
            self._history.forget_from(int(numbers[0]), head)
            return self._learn_ahead(coming.part(0, quiet)) if quiet else 0
        for i, parameters in enumerate(self._parameters):
            previous = self._computed[i]
            assert previous is not None  # noqa: S101 - the open interval was computed
            own = stretch.other(parameters, self._normal_below(parameters.ceiling), course, previous) if i else course
            self._computed[i] = own.computation(-1)
        self._history.forget_from(int(numbers[-1]), int(numbers[-2]))
        self._episode, self._level = episode, level
        self._open = (int(numbers[-1]), float(values[-1]), bool(coming.in_time[count - 1]))
        return count

    def _count_ahead(self, numbers: Numbers) -> int:
        """Return how many of the intervals can be learned at once: of the day whose daily figures are known.

        Without a season few: each then depends on all that was learned before it.
        """
        computed = self._computed[0]
        if self._open is None or computed is None or computed.estimate is None or numbers[0] <= self._open[0]:
            return 0
        most = 12 * HOUR if computed.estimate.season == "none" else DAY + 2 * HOUR
        nearest = numbers[:most]
        later = ~np.all([self._normal_below(one.ceiling).is_of_today(nearest) for one in self._parameters], axis=0)
        return int(np.argmax(later)) if later.any() else len(nearest)

    def _settled(self, numbers: Numbers, values: Floats, samples: Numbers) -> tuple[Stretch, Course, Level]:
        """Return what follows from the values after the open interval, which is the first here."""
        parameters, previous = self._parameters[0], self._computed[0]
        assert previous is not None  # noqa: S101 - the open interval was computed
        normal = self._normal_below(parameters.ceiling)
        stretch = Stretch(self._history, normal, parameters, previous, self._level, numbers, values, samples)
        return stretch, *stretch.settle()

    def _episode_through(self, numbers: Numbers, values: Floats, over: Flags) -> tuple[Episode | None, int]:
        """Return the episode once all but the last interval are learned, and before which a new level is accepted."""
        episode = replace(self._episode) if self._episode else None
        learnable = (values <= self._parameters[0].ceiling).tolist()
        places, beyond = numbers.tolist(), over.tolist()
        for i in range(len(places) - 1):
            if episode is not None or beyond[i]:
                episode = followed(episode, places[i], beyond[i], learnable[i])
                if episode is not None and episode.is_new_normal(places[i + 1]):
                    return episode, i
        return episode, len(places) - 1

    def _set_back(self, number: int) -> None:
        self._history.forget_from(number, number - 1)
        self._open = None
        self._normal.clear()
        self._level = Level()
        if self._episode is not None:
            if self._episode.start >= number:
                self._episode = None
            else:
                self._episode.last_over = min(self._episode.last_over, number - 1)

    def _compute(self, number: int, limited: bool) -> None:
        at, samples = np.array([number]), np.array([self.samples])
        for i, parameters in enumerate(self._parameters):
            normal = self._normal_below(parameters.ceiling)
            normals, previous = normal.at(at, at), self._computed[i]
            if i == 0 and number // HOUR > self._level.hour:
                _, self._level = follow(self._level, self._history, parameters, at, normals)
            course = Course.of(parameters, at, samples, normals, np.array([self._level.height]))
            if limited and previous is not None:
                course.limit(previous, normal)
            self._computed[i] = course.computation(0)

    def _normal_below(self, ceiling: float) -> Normal:
        normal = self._normal.get(ceiling)
        if normal is None:
            normal = self._normal[ceiling] = Normal(self._history, ceiling, self._timezone)
        return normal

    def _accept(self, number: int) -> BaselineAccepted:
        """Make the level of the last day the normal one; that of each hour was against the old one."""
        episode, self._episode = self._episode, None
        assert episode is not None  # noqa: S101 - it is the new normal
        parameters = self._parameters[0]
        normal = self._normal_below(parameters.ceiling)
        event = accept(episode, number, self._history, normal, parameters.ceiling, parameters.base)
        self._level = Level()
        self._normal.clear()
        self.events.append(event)
        return event

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
            "level": self._level.export_state(),
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
        series._episode = Episode(**state["episode"]) if state["episode"] else None
        series._level = Level.import_state(state["level"])
        for ceiling, known in state["daily"]:
            series._normal_below(ceiling).daily = Daily(**known)
        series.events.extend(BaselineAccepted(**event) for event in state["events"])
        computed = [_computation(c) if c else None for c in state["computed"]]
        if len(computed) == len(series._computed):
            series._computed = computed
        elif series._open is not None:
            series._compute(series._open[0], limited=False)
        return series


def _computation(state: Mapping[str, Any]) -> Computation:
    estimate = Estimate(**state["estimate"]) if state["estimate"] else None
    return Computation(**{**state, "estimate": estimate})
