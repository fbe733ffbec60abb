"""What the model does over weeks: the bounds are what a trial of it measured, and a fifth more.

What lies before the stretch that is looked at is learned at once. `python -m tests.alert_bridge.test_threshold_weeks`
prints what is measured beside the bounds.
"""

import dataclasses
from collections.abc import Callable, Mapping
from functools import lru_cache, partial

import numpy as np
import pytest
from numpy.typing import NDArray

from alert_bridge.threshold_config import ThresholdConfig
from alert_bridge.threshold_manager import DynamicThresholdManager

Floats = NDArray[np.float64]
Measured = Mapping[str, float]

HOUR, DAY, WEEK = 3600.0, 86400.0, 7 * 86400.0
MONDAY = 1_736_121_600.0
LOAD = ThresholdConfig("load", 150.0, min_threshold=1.0, max_threshold=1000.0)


# ---- series


def grid(days: float) -> Floats:
    return MONDAY + np.arange(0, days * DAY, 300.0)


def hour_of(times: Floats) -> Floats:
    return times % DAY / HOUR


def flat(times: Floats) -> Floats:
    return np.full(len(times), 20.0)


def sine(times: Floats) -> Floats:
    return 50 + 30 * np.sin(2 * np.pi * (hour_of(times) - 8) / 24)


def box(times: Floats) -> Floats:
    return np.where((hour_of(times) >= 9) & (hour_of(times) < 18), 30.0, 10.0)


def weekly(times: Floats) -> Floats:
    busy = 30 + 70 * np.exp(-(((hour_of(times) - 14) / 5) ** 2))
    return np.where((times - MONDAY) // DAY % 7 >= 5, 0.6 * busy, busy)


SHAPES: Mapping[str, Callable[[Floats], Floats]] = {"flat": flat, "sine": sine, "box": box, "weekly": weekly}


def noisy(values: Floats, share: float, seed: int = 1, left: float = 0.0) -> Floats:
    """Return values with noise, of which a share is left after 5 minutes."""
    white = np.random.default_rng(seed).standard_normal(len(values))
    for place in range(1, len(white) if left else 0):
        white[place] = left * white[place - 1] + np.sqrt(1 - left**2) * white[place]
    return values * (1 + share * white)


def thresholds(config: ThresholdConfig, times: Floats, values: Floats, start: float) -> tuple[Floats, Floats, Floats]:
    """Return times, values and thresholds from `start` on; what lies before is learned."""
    manager, first = DynamicThresholdManager(), int(np.searchsorted(times, start))
    manager.register_threshold(config)
    manager.load_history(config.metric_name, times[:first].tolist(), values[:first].tolist())
    found = []
    for moment, value in zip(times[first:].tolist(), values[first:].tolist(), strict=True):
        manager.add_metric_value(config.metric_name, value, moment)
        found.append(manager.get_threshold(config.metric_name, moment))
    return times[first:], values[first:], np.array(found)


def alarms(over: NDArray[np.bool_]) -> int:
    """Return how often three samples in a row were over; what comes within an hour is one alarm."""
    ends = np.flatnonzero(over[2:] & over[1:-1] & over[:-2])
    return int(np.sum(np.diff(ends, prepend=-100) > 12))


# ---- what is measured


@lru_cache
def lasting_change(shape: str, change: str) -> Measured:
    """A level that changes for good: over for a day, then normal."""
    times = grid(32)
    jump = MONDAY + 24 * DAY + 12 * HOUR
    changes: Mapping[str, Callable[[Floats], Floats]] = {
        "x3": lambda v: 3 * v,
        "x1.8": lambda v: 1.8 * v,
        "+30": lambda v: v + 30,
    }
    values = SHAPES[shape](times)
    values = noisy(np.where(times >= jump, changes[change](values), values), 0.05)
    times, values, found = thresholds(LOAD, times, values, jump)
    over, since = values > found, (times - jump) / HOUR
    return {
        "in alert until 23.5 h": float(over[since < 23.5].mean()),
        "over from 24.5 to 26 h": float(over[(since >= 24.5) & (since < 26)].mean()),
        "over from 26 h": float(over[since >= 26].mean()),
    }


@lru_cache
def ramp() -> Measured:
    """One percent an hour from 40, where 95 is never right."""
    times = grid(12)
    begin = MONDAY + 5 * DAY
    values = noisy(40 * 1.01 ** np.maximum(0, (times - begin) / HOUR), 0.02)
    config = dataclasses.replace(LOAD, base_threshold=80.0, min_threshold=20.0, max_threshold=95.0)
    times, values, found = thresholds(config, times, values, begin)
    over = values > found
    return {
        "first alarm after, h": float((times[np.flatnonzero(over[2:] & over[1:-1] & over[:-2])[0]] - begin) / HOUR),
        "above max in alert": float(over[values > 95].mean()),
    }


@lru_cache
def known_season(share: float, left: float, multiplier: float = 2.0, seeds: int = 4) -> Measured:
    """The fifth week of a weekly season with nights that are doubled, and the first three."""
    config = dataclasses.replace(LOAD, std_multiplier=multiplier)
    calm, single, nights_found, early = [], [], [], []
    for seed in range(seeds):
        times = grid(35)
        values = noisy(weekly(times), share, seed, left)
        fifth = MONDAY + 4 * WEEK
        nights = (times >= fifth) & (np.abs(hour_of(times) - 3.5) < 0.5)
        values[nights] *= 2
        times, values, found = thresholds(config, times, values, fifth)
        over, nights = values > found, nights[-len(times) :]
        calm.append(alarms(over & ~nights))
        single.append(int((over & ~nights).sum()))
        nights_found.append(float(over[nights].mean()))
        if seed == 0:
            times = grid(21)
            _, values, found = thresholds(config, times, noisy(weekly(times), share, seed, left), MONDAY + 3 * DAY)
            early.append(alarms(values > found) / 18 * 7)
    return {
        "alarms a week": float(np.mean(calm)),
        "single samples a week": float(np.mean(single)),
        "of the doubled nights": float(np.mean(nights_found)),
        "alarms a week, day 4 to 21": float(np.mean(early)),
    }


@lru_cache
def outliers() -> Measured:
    """One percent of the samples a hundred times too large."""
    times = grid(10)
    clean = noisy(flat(times), 0.03)
    wild = np.where(np.random.default_rng(2).random(len(times)) < 0.01, 100 * clean, clean)
    config = dataclasses.replace(LOAD, max_threshold=100_000.0)
    last = MONDAY + 8 * DAY
    change = np.abs(thresholds(config, times, wild, last)[2] / thresholds(config, times, clean, last)[2] - 1)
    return {"largest change": float(change.max())}


@lru_cache
def growth(percent: float, sensitivity: float) -> Measured:
    """A season that grows day by day, from the second week on: alarms in four weeks."""
    times = grid(42)
    values = noisy(sine(times) * (1 + percent / 100) ** ((times - MONDAY) / DAY), 0.03)
    config = dataclasses.replace(LOAD, trend_sensitivity=sensitivity)
    _, values, found = thresholds(config, times, values, MONDAY + 14 * DAY)
    return {"alarms in four weeks": float(alarms(values > found))}


@lru_cache
def nightly_job(minutes: float) -> Measured:
    """A job that doubles the load each night at two, once the days are known: how many nights until it is normal."""
    times = grid(20)
    begin = MONDAY + 9 * DAY
    inside = (times >= begin) & (hour_of(times) >= 2) & (hour_of(times) < 2 + minutes / 60)
    values = noisy(np.where(inside, 2.0, 1.0) * sine(times), 0.03)
    times, values, found = thresholds(LOAD, times, values, begin)
    nights = [alarms((values > found) & ((times - begin) // DAY == night)) for night in range(11)]
    return {"last alarming night of 11": float(max(night + 1 for night, count in enumerate(nights) if count))}


@lru_cache
def incident_of_twenty_hours(shape: str) -> Measured:
    """A week after an incident: how much higher the threshold is than without."""
    days = {"flat": 12.0, "sine": 17.0, "weekly": 37.0}[shape]
    times = grid(days)
    calm = noisy(SHAPES[shape](times), 0.03)
    begin = MONDAY + (days - 9) * DAY + 10 * HOUR
    inside = (times >= begin) & (times < begin + 20 * HOUR)
    later = begin + 7 * DAY
    with_it = thresholds(LOAD, times, np.where(inside, 2.5, 1.0) * calm, later)[2]
    return {
        "mean change a week later": float((with_it[:288] / thresholds(LOAD, times, calm, later)[2][:288]).mean() - 1)
    }


@lru_cache
def creeping(days: float) -> Measured:
    """Values kept just below the threshold for 66 h, on so much history: where the threshold is then."""
    manager = DynamicThresholdManager()
    manager.register_threshold(dataclasses.replace(LOAD, base_threshold=40.0, min_threshold=5.0, max_threshold=100.0))
    times = grid(days)
    manager.load_history("load", times.tolist(), noisy(flat(times), 0.03).tolist())
    moment = float(times[-1])
    before = manager.get_threshold("load", moment)
    for _ in range(66 * 12):
        moment += 300.0
        manager.add_metric_value("load", 0.99 * manager.get_threshold("load", moment - 300.0), moment)
    return {"before": before, "after 66 h": manager.get_threshold("load", moment)}


# ---- the bounds: (least, most)

Case = tuple[str, Callable[[], Measured], Mapping[str, tuple[float, float]]]

ENDS = {"in alert until 23.5 h": (0.98, 1.0), "over from 24.5 to 26 h": (0.0, 0.06), "over from 26 h": (0.0, 0.0204)}
CASES: list[Case] = [
    *[
        (f"D1 D2 {shape} {change}", partial(lasting_change, shape, change), ENDS)
        for shape in SHAPES
        for change in ("x3", "x1.8", "+30")
    ],
    ("D3 ramp", ramp, {"first alarm after, h": (0, 13.8), "above max in alert": (1, 1)}),
    (
        "D8 noise 3 %",
        lambda: known_season(0.03, 0.0),
        {
            "alarms a week": (0, 0),
            "single samples a week": (0, 1.2),
            "of the doubled nights": (1, 1),
            "alarms a week, day 4 to 21": (0, 0.6),
        },
    ),
    (
        "D8 noise 10 %",
        lambda: known_season(0.1, 0.0),
        {
            "alarms a week": (0, 0),
            "single samples a week": (0, 12.8),
            "of the doubled nights": (1, 1),
            "alarms a week, day 4 to 21": (0, 0.6),
        },
    ),
    (
        "D8 noise 10 % that lasts",
        lambda: known_season(0.1, 0.8),
        {"alarms a week": (0, 1), "of the doubled nights": (0.99, 1)},
    ),
    (
        "D8 the same, std_multiplier 3",
        lambda: known_season(0.1, 0.8, 3.0),
        {"alarms a week": (0, 0), "single samples a week": (0, 0.75)},
    ),
    ("D9 outliers", outliers, {"largest change": (0, 0.0192)}),
    *[
        (
            f"growth {percent:g} % a day, followed {share:g}",
            partial(growth, percent, share),
            {"alarms in four weeks": (0, most)},
        )
        for percent, share, most in (
            (0.5, 0, 3.6),
            (0.5, 0.1, 1.2),
            (0.5, 1, 0),
            (1, 0, 52),
            (1, 0.1, 29),
            (1, 1, 0),
            (2, 0, 404),
            (2, 0.1, 186),
            (2, 1, 0),
        )
    ],
    ("new nightly job of 2 h", lambda: nightly_job(120), {"last alarming night of 11": (1, 6)}),
    ("new nightly job of 90 min", lambda: nightly_job(90), {"last alarming night of 11": (1, 7)}),
    ("new nightly job of 60 min", lambda: nightly_job(60), {"last alarming night of 11": (11, 11)}),
    ("20 h, flat", lambda: incident_of_twenty_hours("flat"), {"mean change a week later": (-0.0144, 0.0144)}),
    ("20 h, sine", lambda: incident_of_twenty_hours("sine"), {"mean change a week later": (-0.0192, 0.0192)}),
    ("20 h, weekly", lambda: incident_of_twenty_hours("weekly"), {"mean change a week later": (-0.061, 0.061)}),
    ("creeping, 10 days known", lambda: creeping(10), {"before": (21, 24), "after 66 h": (22, 31.2)}),
]


QUICK = (
    "D1 D2 sine +30",
    "D1 D2 weekly x1.8",
    "D1 D2 box x3",
    "D3 ramp",
    "D9 outliers",
    "new nightly job of 90 min",
    "20 h, weekly",
    "creeping, 10 days known",
)
"""Those that show the most in the least time; the others are slow."""


@pytest.mark.parametrize(
    ("measure", "bounds"),
    [
        pytest.param(measure, bounds, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, measure, bounds in CASES
    ],
)
def test_behaviour_over_weeks_is_within_its_bounds(
    measure: Callable[[], Measured], bounds: Mapping[str, tuple[float, float]]
) -> None:
    measured = measure()
    outside = {what: measured[what] for what, (least, most) in bounds.items() if not least <= measured[what] <= most}
    assert not outside, f"bounds {bounds}"


if __name__ == "__main__":
    import sys

    for name, measure, bounds in CASES:
        if len(sys.argv) > 1 and sys.argv[1] not in name:
            continue
        for what, value in measure().items():
            least, most = bounds.get(what, (-np.inf, np.inf))
            mark = "" if least <= value <= most else "  !"
            sys.stdout.write(f"{name:36}{what:30}{value:9.3f}   {least:g} .. {most:g}{mark}\n")
