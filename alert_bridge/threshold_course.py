"""The thresholds of one config over several intervals, and how they come about: an array for each number."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from alert_bridge.threshold_history import DAY, HOUR, Flags, Floats, Numbers
from alert_bridge.threshold_normal import DAILY, SEASONS, UNKNOWN, Estimate, Normal, Normals

Mode = Literal["warming", "adaptive", "static"]

WARM_SAMPLES = 30  # this many, over an hour, before anything is derived from them


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
    """How the threshold of one interval came about. Without an estimate it is the base.

    drift, level: by how much the centre is moved for the trend, and for the level of the last day.
    """

    number: int
    mode: Mode
    threshold: float
    samples: int
    estimate: Estimate | None = None
    drift: float = 0.0
    level: float = 0.0
    band: float = 0.0
    candidate: float = 0.0
    blend: float = 0.0
    target: float = 0.0


@dataclass(frozen=True, slots=True)
class Aims:
    """What the thresholds of several intervals are made of, and what they are before their rise is limited.

    spreads: at least a twentieth of the centre.
    """

    spreads: Floats
    drifts: Floats
    levels: Floats
    bands: Floats
    candidates: Floats
    blends: Floats
    targets: Floats

    @classmethod
    def of(cls, parameters: Parameters, normals: Normals, heights: Floats) -> Self:
        """Return the aims of one threshold. heights: of the last day's level, in spreads."""
        spreads = np.maximum(normals.spreads, np.maximum(0.05 * np.abs(normals.centres), 0.01 * abs(parameters.base)))
        drifts = parameters.trend_sensitivity * normals.trends * normals.age_days
        levels = np.where(normals.seasons >= DAILY, heights * spreads, 0.0)
        bands = parameters.width * spreads * normals.widenings
        candidates = normals.centres + drifts + levels + bands
        blends = np.minimum(1.0, normals.learned / DAY)
        targets = parameters.base + blends * min(1.0, parameters.factor) * (candidates - parameters.base)
        targets = np.clip(targets, parameters.floor, parameters.ceiling)
        return cls(spreads, drifts, levels, bands, candidates, blends, targets)


@dataclass(frozen=True, slots=True)
class Course:
    """The thresholds of several intervals, ascending. heights: of the last day's level, in spreads."""

    parameters: Parameters
    numbers: Numbers
    samples: Numbers
    normals: Normals
    heights: Floats
    aims: Aims
    adaptive: Flags
    thresholds: Floats

    @classmethod
    def of(cls, parameters: Parameters, numbers: Numbers, samples: Numbers, normals: Normals, heights: Floats) -> Self:
        """Return the course before its rise is limited."""
        aims = Aims.of(parameters, normals, heights)
        adaptive = (normals.seasons != UNKNOWN) & (samples >= WARM_SAMPLES) & (normals.learned >= HOUR)
        adaptive &= parameters.factor > 0
        thresholds = np.where(adaptive, aims.targets, parameters.base)
        return cls(parameters, numbers, samples, normals, heights, aims, adaptive, thresholds)

    @property
    def is_limited(self) -> bool:
        """Whether any threshold is held below what it aims at."""
        return bool((self.adaptive & (self.thresholds < self.aims.targets)).any())

    def limit(self, previous: Computation, normal: Normal) -> None:
        """Let no threshold rise faster than a tenth of the way from min to max an hour, but for the season."""
        parameters, thresholds, targets = self.parameters, self.thresholds, self.aims.targets
        before = np.append(previous.number, self.numbers[:-1])
        hours = np.maximum(0, self.numbers - before) / HOUR
        steps = 0.1 * (parameters.ceiling - parameters.floor) * hours
        rises = self.adaptive & (targets > np.append(previous.threshold, thresholds[:-1]) + steps)
        if not rises.any():
            return
        season = UNKNOWN if previous.estimate is None else SEASONS.index(previous.estimate.season)
        seasons = np.append(season, np.where(self.adaptive, self.normals.seasons, UNKNOWN))
        last = previous.threshold if rises[0] else float(thresholds[np.argmax(rises) - 1])
        for row in range(int(np.argmax(rises)), len(thresholds)):
            highest = last + steps[row]
            if self.adaptive[row] and targets[row] > highest:
                if seasons[row] == seasons[row + 1] and seasons[row] >= DAILY:
                    highest += max(0.0, self._seasonal_move(row, int(before[row]), normal))
                thresholds[row] = parameters.clamp(min(targets[row], highest))
            last = float(thresholds[row])

    def _seasonal_move(self, row: int, before: int, normal: Normal) -> float:
        """Return how far the season alone moved the target since the previous interval."""
        number = int(self.numbers[row])
        earlier = normal.at(np.array([min(before, number)]), np.array([number]))
        if earlier.seasons[0] != self.normals.seasons[row]:
            return 0.0
        earlier_aims = Aims.of(self.parameters, earlier, self.heights[row : row + 1])
        return float(self.aims.targets[row] - earlier_aims.targets[0])

    def computation(self, row: int) -> Computation:
        """Return how the threshold of one interval came about."""
        number, samples, aims, parameters = int(self.numbers[row]), int(self.samples[row]), self.aims, self.parameters
        if not self.adaptive[row]:
            return Computation(number, "static" if parameters.factor == 0 else "warming", parameters.base, samples)
        return Computation(
            number,
            "adaptive",
            float(self.thresholds[row]),
            samples,
            self.normals.estimate(row),
            float(aims.drifts[row]),
            float(aims.levels[row]),
            float(aims.bands[row]),
            float(aims.candidates[row]),
            float(aims.blends[row]),
            float(aims.targets[row]),
        )
