"""What detectors find in a series, and what they leave alone."""

import math
import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from analyzer.detectors import ALARM, Detector
from analyzer.detectors.rate import RateSpike
from analyzer.detectors.zscore import ZScore


def noise(count: int, level: float = 50.0, spread: float = 2.0) -> list[float]:
    chance = random.Random(3)
    return [chance.gauss(level, spread) for _ in range(count)]


def alarms(detector: Detector, values: Sequence[float]) -> list[int]:
    return [i for i, score in enumerate(detector.judge(values).scores) if score >= ALARM]


def test_zscore_finds_a_jump_and_says_what_was_usual() -> None:
    values = [*noise(100), 90.0, *noise(5)]
    judgement = ZScore().judge(values)
    assert judgement.scores[100] > 0.9
    assert 40 < judgement.lower[100] < judgement.upper[100] < 60


def test_zscore_is_three_sigma() -> None:
    values = [49.0, 51.0] * 30
    assert alarms(ZScore(), [*values, 52.9]) == []
    assert alarms(ZScore(), [*values, 53.1]) == [60]


def test_zscore_is_quiet_on_noise() -> None:
    assert len(alarms(ZScore(), noise(2_000))) < 25


def test_zscore_leaves_a_series_that_hardly_moves_alone() -> None:
    assert alarms(ZScore(), [100.0] * 60 + [100.5]) == []
    assert alarms(ZScore(), [0.0] * 60 + [1.0]) == [60]


def test_zscore_does_not_take_an_anomaly_for_usual_at_once_but_after_half_a_window() -> None:
    found = alarms(ZScore(), [*noise(100), *noise(120, level=90.0)])
    assert found[:30] == list(range(100, 130))
    assert not any(i >= 130 for i in found)


def test_zscore_judges_by_the_past_alone() -> None:
    values = [*noise(80), 90.0, *noise(40)]
    whole, part = ZScore().judge(values), ZScore().judge(values[:81])
    assert whole.scores[:81] == part.scores


@given(st.lists(st.floats(-1e12, 1e12), max_size=80))
def test_zscore_scores_are_from_0_to_1(values: list[float]) -> None:
    judgement = ZScore().judge(values)
    assert len(judgement.scores) == len(judgement.lower) == len(judgement.upper) == len(values)
    assert all(0 <= score <= 1 for score in judgement.scores)


def test_rate_finds_a_burst_of_counts() -> None:
    assert alarms(RateSpike(), [2, 3, 1, 2, 2, 3, 40, 2]) == [6]


def test_rate_leaves_small_and_usual_counts_alone() -> None:
    assert alarms(RateSpike(), [0] * 20 + [9]) == []
    assert alarms(RateSpike(), [30, 28, 33, 31, 29, 32, 35, 27, 50]) == []


@given(st.lists(st.integers(0, 10**9), max_size=50))
def test_rate_scores_are_from_0_to_1(values: list[int]) -> None:
    assert all(0 <= score <= 1 and math.isfinite(score) for score in RateSpike().judge(values).scores)
