"""How far the level of the last day lies above what is usual: the centre follows it, by one spread at most.

A level that rose by less than the band would else pass the threshold now and then for weeks, until the season knows it.
Each hour is compared with the centres at its begin and its end, in spreads; the level is the median of the last day's
hours. Values beyond the threshold do not count, so that an incident is not followed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from alert_bridge.threshold_history import HOUR, Floats, History, Numbers
from alert_bridge.threshold_normal import row_medians

_DAY_HOURS = 24
_ENOUGH_HOURS = 12
_HIGHEST = 1.0
_NEVER = -(10**12)
_UNKNOWN = (math.nan,) * _DAY_HOURS


@dataclass(frozen=True, slots=True)
class Level:
    """The level as it stands at the begin of an hour.

    hour: the newest that has begun, counted from 1970. centre, spread: what was usual then, NaN: unknown.
    deviations: of the 24 hours before it, in spreads, NaN: unknown.
    """

    hour: int = _NEVER
    centre: float = math.nan
    spread: float = math.nan
    deviations: tuple[float, ...] = _UNKNOWN

    @property
    def height(self) -> float:
        """How far the centre follows, in spreads."""
        return float(_heights(np.array([self.deviations]))[0])

    def followed(self, hours: Numbers, centres: Floats, spreads: Floats, medians: Floats) -> tuple[Floats, "Level"]:
        """Return the heights at the begins of later hours, and the level at the last of them.

        hours: ascending. centres, spreads: what is usual then. medians: of the values in the hour before each.
        """
        if len(hours) == 0:
            return np.empty(0), self
        deviations = _deviations(self, hours, centres, spreads, medians)
        last, whole = int(hours[-1]), np.full(int(hours[-1] - hours[0]) + _DAY_HOURS, math.nan)  # up to the last hour
        kept = max(0, _DAY_HOURS - (int(hours[0]) - self.hour))
        whole[:kept] = self.deviations[_DAY_HOURS - kept :]
        whole[hours - 1 - hours[0] + _DAY_HOURS] = deviations
        days = np.lib.stride_tricks.sliding_window_view(whole, _DAY_HOURS)[hours - hours[0]]
        return _heights(days), Level(last, float(centres[-1]), float(spreads[-1]), tuple(days[-1].tolist()))

    def export_state(self) -> dict[str, Any]:
        """Return the level, JSON-able."""
        return {
            "hour": self.hour,
            "centre": _none_for_nan(self.centre),
            "spread": _none_for_nan(self.spread),
            "deviations": [_none_for_nan(one) for one in self.deviations],
        }

    @classmethod
    def import_state(cls, state: Mapping[str, Any]) -> Self:
        """Return a level as it was exported. Raises KeyError, TypeError or ValueError where it is damaged."""
        deviations = tuple(_nan_for_none(one) for one in state["deviations"])
        if len(deviations) != _DAY_HOURS:
            raise ValueError(f"level has {len(deviations)} hours, expected {_DAY_HOURS}")
        return cls(int(state["hour"]), _nan_for_none(state["centre"]), _nan_for_none(state["spread"]), deviations)


def hour_medians(history: History, hours: Numbers, now: Numbers, ceiling: float) -> Floats:
    """Return for each hour the median of what may be learned of the hour before it; NaN for less than half an hour."""
    values = history.learned((hours[:, None] - 1) * HOUR + np.arange(HOUR), now[:, None], ceiling)
    enough = 2 * np.count_nonzero(~np.isnan(values), axis=1) >= HOUR
    return np.where(enough, row_medians(values), math.nan)


def _deviations(level: Level, hours: Numbers, centres: Floats, spreads: Floats, medians: Floats) -> Floats:
    """Return how far the hour before each lies above the mean of the centres at its begin and its end."""
    before = np.append(level.hour, hours[:-1])
    begun, wide = np.append(level.centre, centres[:-1]), np.append(level.spread, spreads[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        deviations = (medians - (begun + centres) / 2) / ((wide + spreads) / 2)
    return np.where((hours - before == 1) & np.isfinite(deviations), deviations, math.nan)


def _heights(days: Floats) -> Floats:
    enough = np.count_nonzero(~np.isnan(days), axis=1) >= _ENOUGH_HOURS
    return np.where(enough, np.clip(row_medians(days), 0.0, _HIGHEST), 0.0)


def _none_for_nan(value: float) -> float | None:
    return None if math.isnan(value) else value


def _nan_for_none(value: float | None) -> float:
    return math.nan if value is None else float(value)
