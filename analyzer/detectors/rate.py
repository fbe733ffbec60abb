"""Counts per bucket: how unlikely so many are, when they come by chance at the rate of before."""

import math
from collections.abc import Sequence
from statistics import fmean

from analyzer.detectors import Judgement

WINDOW = 60
FEWEST = 5
_LEAST_COUNT = 10
_LEAST_RATIO = 3.0
_DECADES = 6.0


class RateSpike:
    """A Poisson test of each count against the mean of up to 60 before it.

    A count is abnormal from 10 on, from three times the usual on, and where so many come by chance once in a million.
    """

    name = "rate"

    def judge(self, values: Sequence[float]) -> Judgement:
        """Judge each count by those before it; the first 5 get the score 0.

        values: counts, 0 or more, oldest first.
        """
        scores: list[float] = []
        upper: list[float] = []
        usual: list[float] = []
        for count in values:
            enough = len(usual) >= FEWEST
            mean = max(fmean(usual[-WINDOW:]), 0.5) if enough else max(count, 0.5)
            score = _score(count, mean) if enough else 0.0
            scores.append(score)
            upper.append(max(_LEAST_COUNT, _LEAST_RATIO * mean))
            usual.append(count if score < 0.5 else mean)
        return Judgement(tuple(scores), (0.0,) * len(scores), tuple(upper))


def _score(count: float, mean: float) -> float:
    if count < _LEAST_COUNT or count < _LEAST_RATIO * mean:
        return 0.0
    return 1.0 - math.exp2(-_decades(count, mean) / _DECADES)


def _decades(count: float, mean: float) -> float:
    """Return -log10 of a bound on the chance of `count` or more events where `mean` are usual (Chernoff)."""
    return (count * math.log(count / mean) - count + mean) / math.log(10)
