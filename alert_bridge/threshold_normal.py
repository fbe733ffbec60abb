"""What is normal for a series at a time: the same time of the week, of the day, or all there is.

Everything is worked out for several intervals at once, a row each: one while values come in, the intervals of a whole
day while history is read.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal, Self

import numpy as np

from alert_bridge.threshold_config import zone
from alert_bridge.threshold_history import DAY, HOUR, KEPT, WEEK, Flags, Floats, History, Numbers

Season = Literal["none", "day", "week"]

SEASONS: tuple[Season, ...] = ("none", "day", "week")
UNKNOWN = -1  # as a season: too few values
DAILY = SEASONS.index("day")
_LEARNED = (0, 3 * DAY, 21 * DAY)  # how much has to be known for a season
_ENOUGH = (12, 30, 30)  # how many values
_WIDTHS = (0, 7 * 2 * HOUR, 4 * 2 * HOUR)  # of how many a pool is; 0: of all that there is
_AT_ONCE = 16_000  # so many values are worked on at once: they stay in the processor's cache
_AROUND = np.arange(-HOUR, HOUR)
_OFFSET_HOURS = 1024


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
class Daily:
    """What is worked out once a day. persistence: correlation of deviations over one interval, 0 to 1."""

    day: int
    trend: float
    persistence: float

    @property
    def widening(self) -> float:
        """By how much the band is wider."""
        return 1 + self.persistence**2 / 2


@dataclass(frozen=True, slots=True)
class Normals:
    """Estimates of several intervals, an array for each field.

    learned: for how long, in intervals. seasons: places in SEASONS, or UNKNOWN.
    """

    learned: Numbers
    seasons: Numbers
    centres: Floats
    spreads: Floats
    counts: Numbers
    age_days: Floats
    trends: Floats
    widenings: Floats

    @classmethod
    def unknown(cls, learned: Numbers) -> Self:
        """Return the rows without anything that is known."""
        rows = len(learned)
        centres, spreads, ages, trends = np.zeros((4, rows))
        seasons, counts = np.full(rows, UNKNOWN), np.zeros(rows, dtype=np.int64)
        return cls(learned, seasons, centres, spreads, counts, ages, trends, np.ones(rows))

    def depend_on(self, numbers: Numbers, changed: Numbers) -> Numbers:
        """Return which rows may change where others of these intervals are, or are not, beyond the threshold.

        numbers: the rows' intervals, of one day. By the season of the week it is none: its values are older than a day.
        """
        apart = numbers[:, None] - changed
        lately = (apart > 0) & ((apart <= HOUR) | (apart >= DAY - 4 * HOUR) | (self.seasons < DAILY)[:, None])
        return np.flatnonzero(lately.any(axis=1) & (self.seasons <= DAILY))

    def replace(self, rows: Numbers, by: "Normals") -> None:
        """Take over other rows."""
        for name in self.__slots__:
            getattr(self, name)[rows] = getattr(by, name)

    def part(self, rows: Numbers) -> "Normals":
        """Return some of the rows."""
        return Normals(*(getattr(self, name)[rows] for name in self.__slots__))

    def estimate(self, row: int) -> Estimate | None:
        """Return one interval's estimate, None with too few values."""
        if self.seasons[row] == UNKNOWN:
            return None
        return Estimate(
            SEASONS[self.seasons[row]],
            float(self.centres[row]),
            float(self.spreads[row]),
            int(self.counts[row]),
            float(self.age_days[row]),
            int(self.learned[row]) / DAY,
            float(self.trends[row]),
            float(self.widenings[row]),
        )


class Normal:
    """Works out what is normal from a history.

    ceiling: values above it are never learned from. timezone: IANA name, whose days and weeks these are.
    """

    def __init__(self, history: History, ceiling: float, timezone: str) -> None:
        self._history = history
        self._ceiling = ceiling
        self._timezone = timezone
        self.daily: Daily | None = None

    def is_of_today(self, numbers: Numbers) -> Flags:
        """Return which of the intervals lie in the local day for which the daily figures are known."""
        if self.daily is None:
            return np.zeros(len(numbers), dtype=np.bool_)
        of_today: Flags = local_days(self._timezone, numbers) == self.daily.day
        return of_today

    def at(self, numbers: Numbers, now: Numbers) -> Normals:
        """Return what is normal at the intervals, ascending, by what is known at `now`, for each; all of one day."""
        normals = Normals.unknown(now - self._history.oldest(now, self._ceiling))
        for season in reversed(range(len(SEASONS))):
            learned = normals.learned >= max(1, _LEARNED[season])
            rows = np.flatnonzero((normals.seasons == UNKNOWN) & learned)
            at_once = _AT_ONCE // (_WIDTHS[season] or min(WEEK, max(1, int(normals.learned.max()))))
            for first in range(0, len(rows), at_once):
                self._estimate(normals, rows[first : first + at_once], season, numbers, now)
        if (normals.seasons != UNKNOWN).any():
            daily = self._of_today(int(now[0]))
            normals.widenings[:] = daily.widening
            normals.trends[normals.learned >= 14 * DAY] = daily.trend
        return normals

    def _estimate(self, normals: Normals, rows: Numbers, season: int, numbers: Numbers, now: Numbers) -> None:
        """Fill in those of the rows for which the season has enough values."""
        at = numbers[rows]
        pools = self._pools(season, at, int(normals.learned.max()))
        values = self._history.learned(pools, now[rows, None], self._ceiling)
        known = ~np.isnan(values)
        counts = known.sum(axis=1)
        enough = counts >= _ENOUGH[season]
        if not enough.all():
            rows, at, pools, values, known, counts = (one[enough] for one in (rows, at, pools, values, known, counts))
        if len(rows) == 0:
            return
        normals.seasons[rows], normals.counts[rows] = season, counts
        normals.centres[rows], normals.spreads[rows] = _centres_and_spreads(values, counts)
        back = at - np.einsum("ij,ij->i", known, pools) / counts
        normals.age_days[rows] = np.maximum(0.0, back / DAY)

    def same_time_of_week(self, numbers: Numbers) -> Numbers:
        """Return for each interval, in a row, those within an hour of the same local time of the last four weeks."""
        return self._same_time(numbers, range(7, 29, 7))

    def same_time_of_day(self, numbers: Numbers) -> Numbers:
        """Return for each interval, in a row, those within an hour of the same local time of the last seven days."""
        ends = np.arange(-HOUR, 0), np.arange(-7 * DAY, HOUR - 7 * DAY)
        last_hour, week_ago = (numbers[:, None] + one for one in ends)
        return np.concatenate([last_hour, self._same_time(numbers, range(1, 7)), week_ago], axis=1)

    def _same_time(self, numbers: Numbers, days: Sequence[int]) -> Numbers:
        before = numbers[:, None] - np.array(days) * DAY
        shift = utc_offsets(self._timezone, numbers)[:, None] - utc_offsets(self._timezone, before)
        around: Numbers = ((before + shift)[:, :, None] + _AROUND).reshape(len(numbers), -1)
        return around

    def centres(self, pools: Numbers, last: int, now: int) -> Floats:
        """Return the median of each row's intervals up to `last`, NaN where nothing may be learned at `now`."""
        values = self._history.learned(pools, now, self._ceiling)
        values[(pools > last) | (pools <= now - KEPT)] = np.nan
        return row_medians(values)

    def _pools(self, season: int, numbers: Numbers, most: int) -> Numbers:
        if season == 2:
            return self.same_time_of_week(numbers)
        if season == 1:
            return self.same_time_of_day(numbers)
        return numbers[:, None] - np.arange(1, min(WEEK, most) + 1)

    def _of_today(self, now: int) -> Daily:
        offset = utc_offset(self._timezone, now)
        today = (now + offset) // DAY
        if self.daily is None or self.daily.day != today:
            days = today * DAY - offset + np.arange(-4 * WEEK, 0).reshape(-1, DAY)
            self.daily = Daily(today, self._trend(days, now), self._persistence(now))
        return self.daily

    def _trend(self, days: Numbers, now: int) -> float:
        """Return the level's movement per day, comparing whole days a week apart."""
        values = self._history.learned(days, now, self._ceiling)
        medians = row_medians(np.where(days > now - KEPT, values, np.nan))
        moves = (medians[7:] - medians[:-7]) / 7
        moves = moves[np.isfinite(moves)]
        return median(moves) if len(moves) >= 5 else 0.0

    def _persistence(self, now: int) -> float:
        """Return how much of a deviation is left after 5 minutes: 0 for white noise, near 1 where deviations last.

        Of the last week, against the week before, or the day before where there is no week.
        """
        numbers = np.arange(now - WEEK, now)
        values = self._history.learned(numbers, now, self._ceiling)
        for before in (WEEK, DAY):
            deviations = values - self._history.learned(numbers - before, now, self._ceiling)
            steps = np.diff(deviations)
            deviations, steps = deviations[np.isfinite(deviations)], steps[np.isfinite(steps)]
            if len(steps) >= DAY:
                usual = deviation(deviations)
                return min(1.0, max(0.0, 1 - (deviation(steps) / usual) ** 2 / 2)) if usual > 0 else 0.0
        return 0.0


def _centres_and_spreads(values: Floats, counts: Numbers) -> tuple[Floats, Floats]:
    """Return each row's median, and the standard deviation about it without outliers (3 robust deviations)."""
    centres = _medians(np.sort(values, axis=1), counts)
    distances = np.abs(values - centres[:, None])
    usual = 1.4826 * _medians(np.sort(distances, axis=1), counts)
    near = distances <= 3 * usual[:, None]
    distances[~near] = 0.0
    return centres, np.sqrt(np.einsum("ij,ij->i", distances, distances) / near.sum(axis=1))


def _medians(ordered: Floats, counts: Numbers) -> Floats:
    """Return the median of each row's first `counts` values."""
    rows = np.arange(len(ordered))
    medians: Floats = (ordered[rows, np.maximum(counts - 1, 0) // 2] + ordered[rows, counts // 2]) / 2
    return medians


def row_medians(values: Floats) -> Floats:
    """Return the median of each row's values, NaN where all are NaN."""
    return _medians(np.sort(values, axis=1), np.count_nonzero(~np.isnan(values), axis=1))


def median(values: Floats) -> float:
    """Return the median of at least one value; several times faster than numpy's on short arrays."""
    ordered = np.sort(values)
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else float(ordered[middle - 1] + ordered[middle]) / 2


def deviation(values: Floats) -> float:
    """Return the median distance from the median."""
    return median(np.abs(values - median(values)))


def local_days(timezone: str, numbers: Numbers) -> Numbers:
    """Return the local day of each interval, counted from 1970."""
    days: Numbers = (numbers + utc_offsets(timezone, numbers)) // DAY
    return days


def utc_offset(timezone: str, number: int) -> int:
    """Return the offset of local time from UTC at an interval, in intervals."""
    hour = number // HOUR
    return int(_offsets(timezone, hour // _OFFSET_HOURS)[hour % _OFFSET_HOURS])


def utc_offsets(timezone: str, numbers: Numbers) -> Numbers:
    """Return the offset of local time from UTC at each of the intervals, in intervals."""
    hours = numbers // HOUR
    first, last = int(hours.min()) // _OFFSET_HOURS, int(hours.max()) // _OFFSET_HOURS
    blocks = [_offsets(timezone, block) for block in range(first, last + 1)]
    table = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
    return table[hours - first * _OFFSET_HOURS]


@lru_cache(maxsize=256)
def _offsets(timezone: str, block: int) -> Numbers:
    """Return the offsets of so many hours in a row, in intervals."""
    hours = range(block * _OFFSET_HOURS, (block + 1) * _OFFSET_HOURS)
    seconds = [min(max(hour * 3600, 0), 4_000_000_000) for hour in hours]
    offsets = [datetime.fromtimestamp(moment, zone(timezone)).utcoffset() for moment in seconds]
    return np.array([0 if one is None else math.floor(one.total_seconds()) // 300 for one in offsets], dtype=np.int64)
