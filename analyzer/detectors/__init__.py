"""Detectors of anomalies in one series; found by `module:Class`, each in its own file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

ALARM = 0.5
"""A score from here on is an alarm."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a detector says of a window, one entry a sample.

    scores: 0 to 1; from 0.5 on the sample is abnormal. lower, upper: what would have been usual, in the series' unit.
    """

    scores: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


class Detector(Protocol):
    """Judges a window of one series. Attributes: name, as it stands in metrics and explanations."""

    name: str

    def judge(self, values: Sequence[float]) -> Judgement:
        """Judge each sample by those before it alone.

        values: finite, in the unit of the series, equally spaced in time, oldest first.
        """
        ...
