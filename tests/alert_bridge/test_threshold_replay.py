"""History that is learned at once: in every respect as if its values had come one by one."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alert_bridge.threshold_baseline import BaselineAccepted
from alert_bridge.threshold_course import Parameters
from alert_bridge.thresholds import SeriesThreshold

Floats = NDArray[np.float64]

DAY = 86400.0
MONDAY = 1_736_121_600.0  # 2025-01-06 00:00 UTC
WARNING = Parameters(base=60.0, floor=5.0, ceiling=200.0, factor=1.2, multiplier=2.0, trend_sensitivity=0.5)
CRITICAL = dataclasses.replace(WARNING, base=80.0, ceiling=300.0, multiplier=3.0)


def one_by_one(moments: Floats, values: Floats, *parameters: Parameters, timezone: str) -> SeriesThreshold:
    series = SeriesThreshold(parameters, timezone)
    for moment, value in zip(moments.tolist(), values.tolist(), strict=True):
        series.add(moment, value)
    return series


def in_pieces(
    moments: Floats, values: Floats, ends: list[int], *parameters: Parameters, timezone: str
) -> tuple[SeriesThreshold, list[BaselineAccepted]]:
    series, accepted, start = SeriesThreshold(parameters, timezone), [], 0
    for end in [*sorted(ends), len(moments)]:
        accepted += series.learn(moments[start:end], values[start:end])
        start = end
    return series, accepted


def made(seed: int, days: float) -> tuple[Floats, Floats]:
    """Return a season with noise, incidents, lasting changes, gaps, values that are none and uneven times."""
    rng = np.random.default_rng(seed)
    step = float(rng.choice([150.0, 300.0, 300.0, 1000.0]))
    moments = (
        MONDAY + np.arange(0, days * DAY, step) + rng.uniform(0, 250 * rng.integers(2), int(np.ceil(days * DAY / step)))
    )
    moments.sort()
    hour = moments % DAY / 3600
    shape = [np.full(len(moments), 20.0), np.where((hour >= 9) & (hour < 18), 30.0, 10.0), 20 + 10 * np.sin(hour / 4)]
    values = shape[rng.integers(3)] * (1 + rng.choice([0.02, 0.1, 0.4]) * rng.standard_normal(len(moments)))
    for _ in range(rng.integers(6)):
        begin = MONDAY + rng.uniform(0, days) * DAY
        inside = (moments >= begin) & (moments < begin + rng.choice([0.1, 0.9, 1.5, 9.0]) * DAY)
        values[inside] *= rng.choice([0.2, 1.8, 3.0, 20.0])
    values[rng.random(len(moments)) < 0.02] = rng.choice([np.nan, np.inf, -1e308, 0.0])
    kept = rng.random(len(moments)) < rng.choice([0.2, 1.0, 1.0])
    for _ in range(rng.integers(3)):
        begin = MONDAY + rng.uniform(0, days) * DAY
        kept &= (moments < begin) | (moments >= begin + rng.uniform(0, 2) * DAY)
    return moments[kept], values[kept]


def check_equal(seed: int, days: float) -> None:
    rng = np.random.default_rng(seed)
    moments, values = made(seed, days)
    timezone = str(rng.choice(["UTC", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe"]))
    moments += rng.integers(300) * DAY
    parameters = (WARNING, CRITICAL)[: rng.integers(1, 3)]
    slow = one_by_one(moments, values, *parameters, timezone=timezone)
    fast, accepted = in_pieces(
        moments, values, rng.integers(0, len(moments) + 1, 3).tolist(), *parameters, timezone=timezone
    )
    assert json.dumps(fast.export_state()) == json.dumps(slow.export_state())
    assert accepted == list(slow.events)


@pytest.mark.parametrize("seed", range(12))
def test_history_at_once_is_as_if_one_by_one(seed: int) -> None:
    check_equal(seed, days=6 if seed < 10 else 26)


def test_level_accepted_after_more_than_a_day_is_as_if_one_by_one() -> None:
    check_equal(167, days=30)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 400))
def test_much_history_at_once_is_as_if_one_by_one(seed: int) -> None:
    check_equal(seed, days=30)


hostile = st.tuples(st.floats(allow_nan=True, allow_infinity=True), st.floats(-1000, 100_000) | st.floats())


@settings(max_examples=60, deadline=None)
@given(st.lists(hostile, max_size=60), st.lists(st.integers(0, 60), max_size=3))
def test_hostile_history_at_once_is_as_if_one_by_one(samples: list[tuple[float, float]], ends: list[int]) -> None:
    values = np.array([value for value, _ in samples])
    with np.errstate(all="ignore"):  # moments beyond all numbers belong to what is hostile
        moments = MONDAY + np.cumsum([step for _, step in samples])
    slow = one_by_one(moments, values, WARNING, timezone="Asia/Tokyo")
    fast, _ = in_pieces(moments, values, [min(end, len(samples)) for end in ends], WARNING, timezone="Asia/Tokyo")
    assert json.dumps(fast.export_state()) == json.dumps(slow.export_state())
