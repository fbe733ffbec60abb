"""The model's behaviours, on simulated series; times are simulated, 5 minutes a sample unless said."""

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alert_bridge.alerts import Severity
from alert_bridge.threshold_config import ThresholdConfig, ThresholdConfigError
from alert_bridge.threshold_manager import DynamicThresholdManager

Floats = NDArray[np.float64]

HOURS, DAYS = 3600.0, 86400.0
MONDAY = 1_736_121_600.0  # 2025-01-06 00:00 UTC


@dataclass(frozen=True)
class Run:
    """What the threshold was at each sample."""

    manager: DynamicThresholdManager
    times: Floats
    values: Floats
    thresholds: Floats

    def over_share(self, first: float, last: float) -> float:
        """Return the share of samples beyond the threshold between two moments."""
        chosen = (self.times >= first) & (self.times < last)
        return float((self.values > self.thresholds)[chosen].mean())


def simulate(config: ThresholdConfig, times: Floats, values: Floats, start: float = MONDAY) -> Run:
    """Return what the thresholds were from `start` on; what lies before is learned at once."""
    manager, first = DynamicThresholdManager(), int(np.searchsorted(times, start))
    manager.register_threshold(config)
    manager.load_history(config.metric_name, times[:first].tolist(), values[:first].tolist())
    times, values, thresholds = times[first:], values[first:], []
    for moment, value in zip(times.tolist(), values.tolist(), strict=True):
        manager.add_metric_value(config.metric_name, value, moment)
        thresholds.append(manager.get_threshold(config.metric_name, moment))
    return Run(manager, times, values, np.array(thresholds))


def clock_times(days: float, start: float = MONDAY, step: float = 300.0) -> Floats:
    return start + np.arange(0, days * DAYS, step)


def noisy(values: Floats, share: float, seed: int = 1) -> Floats:
    return values * (1 + share * np.random.default_rng(seed).standard_normal(len(values)))


def flat(times: Floats) -> Floats:
    return np.full(len(times), 20.0)


def office_hours(times: Floats) -> Floats:
    hour = times % DAYS / HOURS
    return np.where((hour >= 9) & (hour < 18), 30.0, 10.0)


WIDE = ThresholdConfig("load", 60.0, min_threshold=5.0, max_threshold=200.0)


def test_lasting_change_alerts_for_a_day_and_then_is_the_new_normal() -> None:
    times = clock_times(6)
    jump = MONDAY + 4 * DAYS + 12 * HOURS
    values = noisy(office_hours(times), 0.05)
    values[times >= jump] *= 3
    run = simulate(WIDE, times, values)
    assert run.over_share(jump, jump + 23.5 * HOURS) > 0.98
    (event,) = run.manager.events("load")
    assert 23 * HOURS <= event.at - jump <= 24.1 * HOURS
    assert "baseline accepted" in run.manager.explain("load").reason
    assert "基準線を受け入れました" in run.manager.explain("load", language="ja").reason


def test_level_above_the_maximum_stays_in_alert_for_ever_and_teaches_nothing() -> None:
    times = clock_times(9)
    values = noisy(flat(times), 0.03)
    rise, fall = MONDAY + 4 * DAYS, MONDAY + 7 * DAYS
    inside = (times >= rise) & (times < fall)
    values[inside] = 250.0
    run = simulate(WIDE, times, values)
    assert run.over_share(rise, fall) == 1.0
    assert run.manager.events("load") == ()
    assert abs(run.thresholds[times >= fall][0] / run.thresholds[times < rise][-1] - 1) < 0.05


@pytest.mark.parametrize("level", [0.5, 10.0, 3000.0])
def test_constant_series_has_its_threshold_an_eighth_above(level: float) -> None:
    config = ThresholdConfig("load", level * 1.5, min_threshold=0.0, max_threshold=level * 3)
    times = clock_times(4)
    run = simulate(config, times, np.full(len(times), level))
    assert run.thresholds[-1] / level == pytest.approx(1.12)
    assert run.over_share(MONDAY, MONDAY + 4 * DAYS) == 0


def test_first_day_moves_gradually_from_the_base() -> None:
    times = clock_times(1.1)
    config = ThresholdConfig("load", 80.0)
    run = simulate(config, times, np.full(len(times), 60.0))
    at = dict(zip(((times - MONDAY) / HOURS).round(3).tolist(), run.thresholds.tolist(), strict=True))
    assert [round(at[hours], 1) for hours in (0, 1, 2.25, 2.5, 12, 25)] == [80.0, 80.0, 80.0, 78.7, 73.6, 67.2]
    assert simulate(config, times[:20], run.values[:20]).manager.explain("load").mode == "warming"


def test_samples_of_a_minute_warm_up_within_the_first_hour() -> None:
    times = clock_times(0.1, step=60.0)
    run = simulate(ThresholdConfig("load", 80.0), times, np.full(len(times), 60.0))
    first = float(times[run.thresholds != 80.0][0] - MONDAY)
    assert HOURS <= first <= 1.2 * HOURS


def test_missing_half_of_the_samples_hardly_moves_the_threshold() -> None:
    times = clock_times(5, step=60.0)
    values = noisy(flat(times), 0.05)
    kept = np.random.default_rng(2).random(len(times)) < 0.5
    whole, half = simulate(WIDE, times, values), simulate(WIDE, times[kept], values[kept])
    settled = times[kept] > MONDAY + 1.5 * DAYS
    change = np.abs(half.thresholds / whole.thresholds[kept] - 1)[settled]
    assert change.max() <= 0.035
    assert np.median(change) <= 0.005


def test_gap_holds_the_threshold_for_half_an_hour_and_then_shows_the_base() -> None:
    times = clock_times(3)
    run = simulate(WIDE, times, noisy(flat(times), 0.03))
    last, learned = float(times[-1]), float(run.thresholds[-1])
    manager = run.manager
    assert manager.get_threshold("load", last + 1800) == learned
    assert manager.get_threshold("load", last + 1801) == 60.0
    assert manager.explain("load").mode == "static"
    assert manager.explain("load").reason == "60.0: base. No value for 30 min (mode static)."
    manager.add_metric_value("load", 20.0, last + 2 * DAYS)
    assert manager.get_threshold("load", last + 2 * DAYS) == pytest.approx(learned, rel=0.05)


def test_lower_thresholds_are_the_mirror_image() -> None:
    times = clock_times(6)
    values = noisy(flat(times), 0.05)
    values[times >= MONDAY + 4 * DAYS] /= 3
    upper = simulate(ThresholdConfig("a", -8.0, min_threshold=-40.0, max_threshold=-1.0), times, -values)
    lower_config = ThresholdConfig("a", 8.0, min_threshold=1.0, max_threshold=40.0, direction="lower")
    lower = simulate(lower_config, times, values)
    assert np.array_equal(lower.thresholds, -upper.thresholds)
    fallen = (times >= MONDAY + 4 * DAYS) & (times < MONDAY + 4.9 * DAYS)
    assert (lower.values < lower.thresholds)[fallen].all()
    assert (lower.values < lower.thresholds)[times >= MONDAY + 5.1 * DAYS].mean() <= 0.0204
    explanation = lower.manager.explain("a")
    assert explanation.expected_lower is not None
    assert explanation.expected_upper is not None
    assert explanation.expected_lower < explanation.expected_upper


hostile = st.lists(
    st.tuples(
        st.floats(allow_nan=True, allow_infinity=True) | st.floats(-10, 200),
        st.floats(allow_nan=True, allow_infinity=True) | st.floats(-1000, 20000),
    ),
    max_size=80,
)


HOSTILE = given(hostile, st.sampled_from(["upper", "lower"]), st.sampled_from([0.0, 0.5, 1.2]))


@settings(max_examples=150, deadline=None)
@HOSTILE
def test_hostile_values_never_leave_the_limits(
    samples: list[tuple[float, float]], direction: str, factor: float
) -> None:
    check_limits(samples, direction, factor)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@HOSTILE
def test_ten_thousand_hostile_series_never_leave_the_limits(
    samples: list[tuple[float, float]], direction: str, factor: float
) -> None:
    check_limits(samples, direction, factor)


def check_limits(samples: list[tuple[float, float]], direction: str, factor: float) -> None:
    manager = DynamicThresholdManager()
    manager.register_threshold(
        ThresholdConfig(
            "load",
            50.0,
            adaptive_factor=factor,
            min_threshold=20.0,
            max_threshold=90.0,
            direction=direction,  # type: ignore[arg-type]
        )
    )
    moment = MONDAY
    for value, step in samples:
        moment = moment + step if abs(step) < 1e5 else step
        manager.add_metric_value("load", value, moment)
        if math.isfinite(moment):
            threshold = manager.get_threshold("load", moment)
            assert threshold == 50.0 if factor == 0 else 20.0 <= threshold <= 90.0
        else:
            moment = MONDAY
        assert manager.explain("load").reason
    json.dumps(manager.export_state(), allow_nan=False)


def test_restored_manager_goes_on_as_if_nothing_had_happened() -> None:
    times = clock_times(6)
    values = noisy(flat(times), 0.05)
    values[times >= MONDAY + 4 * DAYS] *= 3
    whole = simulate(WIDE, times, values)
    half = len(times) * 3 // 4  # in the middle of the quarantine
    first = simulate(WIDE, times[:half], values[:half])
    restored = DynamicThresholdManager()
    restored.import_state(json.loads(json.dumps(first.manager.export_state(), allow_nan=False)))
    restored.register_threshold(WIDE)
    assert restored.explain("load", times[half - 1]) == first.manager.explain("load", times[half - 1])
    thresholds = []
    for moment, value in zip(times[half:].tolist(), values[half:].tolist(), strict=True):
        restored.add_metric_value("load", value, moment)
        thresholds.append(restored.get_threshold("load", moment))
    assert np.array_equal(thresholds, whole.thresholds[half:])
    with pytest.raises(ValueError, match="version"):
        restored.import_state({"version": 99})


def test_season_follows_local_time_through_both_clock_changes() -> None:
    for start in (1_740_268_800.0, 1_760_832_000.0):  # two weeks before 2025-03-09 and 2025-11-02
        times = clock_times(17, start)
        local = np.where((times >= 1_741_503_600) & (times < 1_762_063_200), times - 4 * HOURS, times - 5 * HOURS)
        config = ThresholdConfig("load", 60.0, min_threshold=5.0, max_threshold=200.0, timezone="America/New_York")
        values = noisy(office_hours(local), 0.03)
        run = simulate(config, times, values, start + 13.5 * DAYS)
        assert run.over_share(start + 13.5 * DAYS, start + 17 * DAYS) < 0.01
        wrong = simulate(WIDE, times, values, start + 13.5 * DAYS)
        assert wrong.over_share(start + 14 * DAYS, start + 15 * DAYS) > 0.02


def weekly(times: Floats) -> Floats:
    hour, day = times % DAYS / HOURS, times // DAYS % 7
    busy = 30 + 70 * np.exp(-(((hour - 14) / 5) ** 2))
    return np.where((day == 2) | (day == 3), 0.6 * busy, busy)  # 1970 began on a Thursday: Saturday and Sunday


def lasting(values: Floats, share: float, seed: int) -> Floats:
    """Return values with noise that has 0.8 of it left after 5 minutes."""
    white = np.random.default_rng(seed).standard_normal(len(values))
    noise = np.empty(len(values))
    noise[0] = white[0]
    for i in range(1, len(noise)):
        noise[i] = 0.8 * noise[i - 1] + 0.6 * white[i]
    return values * (1 + share * noise)


def held(over: NDArray[np.bool_]) -> int:
    """Return how often three samples in a row were over; what comes within an hour is one alarm."""
    ends = np.flatnonzero(over[2:] & over[1:-1] & over[:-2])
    return int(np.sum(np.diff(ends, prepend=-100) > 12))


@pytest.mark.parametrize("seed", [1, 2])
def test_noise_that_lasts_widens_the_band_and_hides_no_doubled_night(seed: int) -> None:
    times = clock_times(35)
    values = lasting(weekly(times), 0.1, seed)
    nights = (times >= MONDAY + 28 * DAYS) & (np.abs(times % DAYS - 3.5 * HOURS) < 0.5 * HOURS)
    values[nights] *= 2
    config = ThresholdConfig("load", 150.0, min_threshold=1.0, max_threshold=1000.0)
    run = simulate(config, times, values, MONDAY + 28 * DAYS)
    nights = nights[-len(run.times) :]
    assert run.over_share(MONDAY + 28 * DAYS, MONDAY + 35 * DAYS) < 0.06
    assert (run.values > run.thresholds)[nights].all()
    assert held((run.values > run.thresholds)[~nights]) <= 1
    assert "% wider, because deviations last" in run.manager.explain("load").reason


def test_clock_set_back_an_hour_costs_twelve_samples() -> None:
    times = clock_times(3)
    run = simulate(WIDE, times, noisy(flat(times), 0.03))
    manager, last = run.manager, float(times[-1])
    for i in range(24):
        manager.add_metric_value("load", 20.0, last - 3600 + 60 * i)
    assert manager.counts() == {"refused": 0, "late": 12}
    assert manager.get_threshold("load", last - 3600 + 60 * 24) == pytest.approx(run.thresholds[-1], rel=0.011)


def test_one_sample_far_in_the_future_is_cured_by_twelve_samples() -> None:
    times = clock_times(3)
    run = simulate(WIDE, times, noisy(flat(times), 0.03))
    manager, last = run.manager, float(times[-1])
    manager.add_metric_value("load", 20.0, last + 400 * DAYS)
    for i in range(1, 14):
        manager.add_metric_value("load", 20.0, last + 300 * i)
    assert manager.get_threshold("load", last + 300 * 13) == pytest.approx(run.thresholds[-1], rel=0.011)


def test_higher_severity_is_never_stricter_than_a_lower_one() -> None:
    manager = DynamicThresholdManager()
    manager.register_threshold(
        ThresholdConfig("load", 90.0, adaptive_factor=0.5, std_multiplier=1.0, severity=Severity.CRITICAL)
    )
    manager.register_threshold(ThresholdConfig("load", 70.0, adaptive_factor=2.0, severity=Severity.MEDIUM))
    values = noisy(np.full(600, 60.0), 0.06)
    for i, value in enumerate(values.tolist()):
        moment = MONDAY + 300 * i
        manager.add_metric_value("load", value, moment)
        medium = manager.get_threshold("load", moment, severity="warning")
        assert manager.get_threshold("load", moment, severity="critical") >= medium
    assert manager.get_threshold("load", moment) == medium
    with pytest.raises(ThresholdConfigError, match="max_threshold of CRITICAL is 80, below 140 of MEDIUM"):
        manager.register_threshold(ThresholdConfig("load", 75.0, max_threshold=80.0, severity=Severity.CRITICAL))


@pytest.mark.parametrize("known_days", [0.5, 10])
def test_incident_of_twenty_hours_does_not_teach_that_incidents_are_normal(known_days: float) -> None:
    times = clock_times(known_days + 2)
    values = noisy(flat(times), 0.03)
    begin = MONDAY + known_days * DAYS
    calm = simulate(WIDE, times, values, begin)
    incident = (times >= begin) & (times < begin + 20 * HOURS)
    run = simulate(WIDE, times, np.where(incident, 3 * values, values), begin)
    times, incident = run.times, incident[-len(run.times) :]
    assert run.manager.events("load") == ()
    assert (run.values > run.thresholds)[incident].all()
    next_night = (times >= begin + 20 * HOURS) & (times < begin + 24 * HOURS)
    assert np.abs(run.thresholds / calm.thresholds - 1)[next_night].max() < 0.06


def test_rise_between_readings_is_limited_except_for_the_season() -> None:
    times = clock_times(12)
    run = simulate(WIDE, times, noisy(office_hours(times), 0.03), MONDAY + 10 * DAYS)
    times = run.times
    monday = (times >= MONDAY + 10 * DAYS + 9.5 * HOURS) & (times < MONDAY + 10 * DAYS + 17.5 * HOURS)
    night = (times >= MONDAY + 10 * DAYS + 1 * HOURS) & (times < MONDAY + 10 * DAYS + 7.5 * HOURS)
    assert run.thresholds[monday].min() > 30
    assert run.thresholds[night].max() < 20, "a doubled value at night would be found"


def test_series_of_a_metric_are_told_apart_by_their_labels() -> None:
    manager = DynamicThresholdManager()
    manager.register_threshold(ThresholdConfig("load", 60.0, min_threshold=1.0))
    times = clock_times(2).tolist()
    manager.load_history("load", times, [10.0] * len(times), {"instance": "a"})
    manager.load_history("load", times, [50.0] * len(times), {"instance": "b"})
    assert manager.get_threshold("load", times[-1], labels={"instance": "a"}) == pytest.approx(11.44)
    assert manager.get_threshold("load", times[-1], labels={"instance": "b"}) == pytest.approx(56.0)
    assert manager.get_threshold("load", times[-1]) == 60.0
    assert [explanation.labels for _, explanation in manager.explanations(times[-1])] == [
        {"instance": "a"},
        {"instance": "b"},
    ]


def test_unknown_metric_is_refused_with_the_nearest_name() -> None:
    manager = DynamicThresholdManager()
    manager.register_threshold(ThresholdConfig("cpu_percent", 80.0))
    with pytest.raises(ValueError, match="did you mean 'cpu_percent'"):
        manager.get_threshold("cpu_precent")
    with pytest.raises(ValueError, match="no threshold is registered for 'x'"):
        manager.add_metric_value("x", 1.0)


@pytest.mark.parametrize(
    ("name", "base", "limits"),
    [
        ("custom_metric", 50.0, (25.0, 100.0)),
        ("cpu_percent", 80.0, (40.0, 90.0)),
        ("cpu_percent", 20.0, (10.0, 40.0)),
        ("hit_ratio", 0.9, (0.45, 0.95)),
        ("temperature", -10.0, (-20.0, -5.0)),
        ("zero", 0.0, (0.0, 0.0)),
    ],
)
def test_limits_default_to_half_and_twice_the_base(name: str, base: float, limits: tuple[float, float]) -> None:
    assert ThresholdConfig(name, base).limits == pytest.approx(limits)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"min_threshold": 90.0, "max_threshold": 80.0}, "min_threshold is 90, above max_threshold 80; swap them"),
        ({"min_threshold": 85.0}, "min_threshold is 85, above base_threshold 80; give 80 or less"),
        ({"max_threshold": 70.0}, "max_threshold is 70, below base_threshold 80; give 80 or more"),
        ({"adaptive_factor": -1.0}, "adaptive_factor is -1.0, expected a number from 0"),
        ({"std_multiplier": 0.0}, "std_multiplier is 0.0, expected a number above 0"),
        ({"trend_sensitivity": 2.0}, "trend_sensitivity is 2.0, expected a number from 0 to 1"),
        ({"base_threshold": math.nan}, "base_threshold is nan, expected a number"),
        ({"direction": "up"}, "direction is 'up', expected upper or lower"),
        ({"timezone": "Asia/Tokio"}, "timezone is 'Asia/Tokio', expected an IANA name"),
    ],
)
def test_impossible_thresholds_say_what_is_wrong(arguments: dict[str, object], problem: str) -> None:
    with pytest.raises(ThresholdConfigError) as caught:
        ThresholdConfig(**{"metric_name": "cpu_percent", "base_threshold": 80.0, **arguments})  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"threshold 'cpu_percent': {problem}")


def test_reason_names_the_number_and_where_it_comes_from() -> None:
    times = clock_times(2)
    run = simulate(ThresholdConfig("cpu_percent", 80.0), times, np.full(len(times), 60.0))
    explanation = run.manager.explain("cpu_percent", language="en")
    assert explanation.mode == explanation["mode"] == "adaptive"
    assert explanation.reason == (
        "67.2 = 60.0 + 1.2 x 2 x 3. 60.0 is usual so far (575 values), 3 their spread. Limits 40.0..90.0 not reached."
    )
    assert run.manager.explain("cpu_percent", language="ja").reason == (
        "67.2 = 60.0 + 1.2 x 2 x 3。60.0 はこれまでの平常値(値 575 個)、3 はそのばらつきです。"
        "下限 40.0、上限 90.0 には達していません。"
    )
    high = simulate(ThresholdConfig("cpu_percent", 80.0, std_multiplier=20.0), times, run.values)
    assert "Values above 90.0 are never learned" in high.manager.explain("cpu_percent").reason
