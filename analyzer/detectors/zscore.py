"""The rolling z-score: how many standard deviations a sample is from the mean of those before it."""

from collections.abc import Sequence

import numpy as np

from analyzer.detectors import Judgement

WINDOW = 60
FEWEST = 20
SIGMAS = 3.0
_MOVED = WINDOW // 2  # so many abnormal samples in a row are a new level
_SHARE_OF_WHOLE = 0.1
_SHARE_OF_MEAN = 0.01


class ZScore:
    """The 3-sigma rule over the last 60 samples.

    Samples that are abnormal do not count as usual for those after them. The spread has a floor, a tenth of the
    standard deviation of all samples so far and a hundredth of the mean: series exist that hardly ever move.
    A score of 0.5 is 3 sigma, 0.75 is 6 sigma.
    """

    name = "zscore"

    def judge(self, values: Sequence[float]) -> Judgement:
        """Judge each sample by those before it; the first 20 get the score 0.

        values: finite, oldest first.
        """
        samples = np.asarray(values, dtype=float)
        usual = np.ones(len(samples), dtype=bool)
        scores = np.zeros(len(samples))
        lower, upper = samples.copy(), samples.copy()
        start = 0
        for i in range(FEWEST, len(samples)):
            if i - start >= _MOVED and not usual[i - _MOVED : i].any():
                start = i - _MOVED
                usual[start:i] = True
            before = samples[start:i][usual[start:i]][-WINDOW:]
            mean = float(before.mean())
            floor = max(_SHARE_OF_WHOLE * float(samples[:i].std()), _SHARE_OF_MEAN * abs(mean), 1e-9)
            spread = max(float(before.std()), floor)
            z = abs(float(samples[i]) - mean) / spread
            scores[i] = 1.0 - 2.0 ** (-z / SIGMAS)
            usual[i] = z < SIGMAS
            lower[i], upper[i] = mean - SIGMAS * spread, mean + SIGMAS * spread
        return Judgement(tuple(scores.tolist()), tuple(lower.tolist()), tuple(upper.tolist()))
