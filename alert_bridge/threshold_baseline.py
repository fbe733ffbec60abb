"""When a level beyond the threshold is the new normal, and how what is known moves to it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from alert_bridge.threshold_history import DAY, HOUR, INTERVAL_SECONDS, LARGEST, Floats, History, Numbers
from alert_bridge.threshold_normal import Normal, deviation, median


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
class Episode:
    """A stretch of values beyond the threshold; an hour without one ends it. Counts intervals."""

    start: int
    last_over: int
    count: int = 0
    over: int = 0

    def is_new_normal(self, number: int) -> bool:
        """Return whether it has lasted for a day, with at least half of it beyond the threshold."""
        return number - self.start >= DAY and 2 * self.over >= self.count


def followed(episode: Episode | None, number: int, over: bool, learnable: bool) -> Episode | None:
    """Return the episode after one more interval. learnable: the value is not above the maximum."""
    if episode is not None and number - episode.last_over > HOUR:
        episode = None
    if over and episode is None:
        episode = Episode(start=number, last_over=number)
    if episode is not None:
        episode.count += 1
        if over:
            episode.last_over = number
            episode.over += learnable
    return episode


def accept(
    episode: Episode, number: int, history: History, normal: Normal, ceiling: float, base: float
) -> BaselineAccepted:
    """Make the level of an episode the normal one, from the interval `number` on, and move older history to it."""
    inside = history.numbers(episode.start)
    history.set_over(inside, False)
    inside, values = history.usable(inside, number, ceiling)
    before = history.numbers()
    before = before[before < episode.start]
    known, old_values = history.usable(before, number, ceiling)
    if len(known) == 0 or episode.start - known[0] < 36 * HOUR:
        history.set_values(before, np.nan)
        old_level = median(old_values) if len(known) else base
        return BaselineAccepted(number * INTERVAL_SECONDS, old_level, median(values), "dropped", 0.0)
    weekly = inside[0] - known[0] >= 21 * DAY
    around = normal.same_time_of_week(inside) if weekly else normal.same_time_of_day(inside)
    centres = normal.centres(around, int(before[-1]), number)
    centres = np.where(np.isnan(centres), median(history.values(known)), centres)
    return _move(history, number, before, values, centres)


def _move(history: History, number: int, before: Numbers, values: Floats, centres: Floats) -> BaselineAccepted:
    """Add the usual difference to older history or multiply it by the usual ratio, whichever fits better."""
    difference = median(values - centres)
    nonzero = centres != 0
    ratio = median(values[nonzero] / centres[nonzero]) if nonzero.any() else 0.0
    at, old_level, new_level, old = number * INTERVAL_SECONDS, median(centres), median(values), history.values(before)
    if ratio > 0 and deviation(values - centres * ratio) < deviation(values - centres - difference):
        history.set_values(before, np.clip(old * ratio, -LARGEST, LARGEST))
        return BaselineAccepted(at, old_level, new_level, "multiplied", ratio)
    history.set_values(before, np.clip(old + difference, -LARGEST, LARGEST))
    return BaselineAccepted(at, old_level, new_level, "added", difference)
