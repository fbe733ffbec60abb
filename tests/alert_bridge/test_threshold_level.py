"""The centre follows the level of the last day: so that a small lasting rise is quiet, but no incident."""

import json

import numpy as np
import pytest

from alert_bridge.threshold_config import ThresholdConfig
from alert_bridge.threshold_course import Parameters
from alert_bridge.threshold_level import Level
from alert_bridge.threshold_manager import DynamicThresholdManager
from alert_bridge.thresholds import SeriesThreshold
from runtime.clock import ManualClock

DAY = 86400.0
MONDAY = 1_736_121_600.0  # 2025-01-06 00:00 UTC
UPPER = ThresholdConfig("load", 60.0, min_threshold=5.0, max_threshold=200.0)
LOWER = ThresholdConfig("load", 10.0, min_threshold=1.0, max_threshold=60.0, direction="lower")


def after(config: ThresholdConfig, change: float, days: float) -> DynamicThresholdManager:
    """Return what a manager knows so long after a level of 20 with noise changed on the tenth day."""
    times = MONDAY + np.arange(0, (10 + days) * DAY, 300.0)
    values = 20 * (1 + 0.02 * np.random.default_rng(1).standard_normal(len(times)))
    values[times >= MONDAY + 10 * DAY] *= change
    manager = DynamicThresholdManager(ManualClock(float(times[-1])))
    manager.register_threshold(config)
    manager.load_history("load", times.tolist(), values.tolist())
    return manager


@pytest.mark.parametrize(("config", "change", "sign"), [(UPPER, 1.08, 1), (LOWER, 0.92, -1)])
def test_small_lasting_change_is_followed_by_a_spread_at_most(
    config: ThresholdConfig, change: float, sign: int
) -> None:
    manager = after(config, change, days=1.25)
    reason = manager.explain("load", language="en").reason_values
    assert 0.8 * float(reason["spread"]) <= float(reason["level"]) * sign <= float(reason["spread"])
    assert " follows the level of the last day" in manager.explain("load", language="en").reason
    assert " は直近 1 日の水準に合わせた分" in manager.explain("load", language="ja").reason


@pytest.mark.parametrize("hours", [2, 10, 20, 23])
def test_incident_is_not_followed(hours: float) -> None:
    reason = after(UPPER, 3.0, days=hours / 24).explain("load").reason_values
    assert abs(float(reason["level"])) < 0.1 * float(reason["spread"])


def test_level_below_the_usual_one_does_not_tighten_the_threshold() -> None:
    assert after(UPPER, 0.9, days=1.25).explain("load").reason_values["level"] == 0.0


def test_level_that_was_accepted_is_measured_anew() -> None:
    manager = after(UPPER, 3.0, days=1.1)
    assert len(manager.events("load")) == 1
    assert manager.explain("load").reason_values["level"] == 0.0


def test_level_survives_its_export() -> None:
    series = SeriesThreshold([Parameters(60.0, 5.0, 200.0, 1.2, 2.0, 0.1)])
    times = MONDAY + np.arange(0, 5 * DAY, 300.0)
    series.learn(times, np.where(times < MONDAY + 4 * DAY, 20.0, 21.0))
    state = json.loads(json.dumps(series.export_state(), allow_nan=False))["level"]
    level = Level.import_state(state)
    assert level.height == pytest.approx(1.0, abs=0.05)
    assert level.export_state() == state
    with pytest.raises(ValueError, match="level has 1 hours"):
        Level.import_state({**state, "deviations": [0.0]})
