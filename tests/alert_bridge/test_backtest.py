"""What a back-test counts, and that its picture is one."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from alert_bridge.backtest import Backtest, Outcome, Span, read_incidents, read_series, replay
from alert_bridge.backtest_chart import draw_backtest
from alert_bridge.threshold_config import ThresholdConfig

DAY = 86_400.0
START = 1_736_121_600.0  # a Monday
CONFIG = ThresholdConfig("response_time_ms", 120.0, min_threshold=10.0, max_threshold=400.0)


def recorded(incidents: list[Span]) -> tuple[list[float], list[float]]:
    """Return ten days with a daily season, values of five minutes, doubled in the incidents."""
    times = START + np.arange(0, 10 * DAY, 300.0)
    hours = times % DAY / 3600
    values = 30 + 60 * np.exp(-(((hours - 14) / 5) ** 2)) + np.random.default_rng(1).normal(0, 2, len(times))
    for one in incidents:
        values[(times >= one.start) & (times < one.end)] *= 2
    return times.tolist(), values.tolist()


NIGHT = Span(START + 8 * DAY + 3 * 3600, START + 8 * DAY + 5 * 3600, "night")
NOON = Span(START + 9 * DAY + 14 * 3600, START + 9 * DAY + 15 * 3600)


@pytest.fixture(scope="module")
def found() -> Backtest:
    times, values = recorded([NIGHT, NOON])
    return replay(CONFIG, times, values, start=START + 7 * DAY, incidents=[NIGHT, NOON], labels={"instance": "news-1"})


def test_dynamic_finds_the_night_that_the_fixed_one_misses(found: Backtest) -> None:
    assert (found.dynamic.missed, found.dynamic.false) == ((), ())
    assert found.static.missed == (NIGHT,)
    assert max(found.dynamic.delays_seconds) <= 900
    assert found.to_dict()["static"]["missed"] == [NIGHT.to_dict()]
    assert found.to_dict()["samples"] == len(found.thresholds) == 3 * 288


def test_without_marks_nothing_is_missed_or_false() -> None:
    times, values = recorded([NIGHT])
    found = replay(CONFIG, times, values, start=START + 7 * DAY).to_dict()
    assert found["dynamic"]["missed"] is found["dynamic"]["false"] is None
    assert found["dynamic"]["alerts"] >= 1


def test_alerts_outside_every_incident_are_false_and_time_in_alert_is_their_length() -> None:
    outcome = Outcome((Span(10, 20), Span(100, 110)), days=1000 / DAY, incidents=(Span(15, 30), Span(200, 300)))
    assert outcome.false == (Span(100, 110),)
    assert outcome.missed == (Span(200, 300),)
    assert outcome.delays_seconds == (0.0,)
    assert outcome.share_in_alert == pytest.approx(0.02)


def test_a_lower_threshold_is_replayed_as_its_mirror() -> None:
    times, values = recorded([NIGHT, NOON])
    config = replace(CONFIG, direction="lower", base_threshold=-120.0, min_threshold=-400.0, max_threshold=-10.0)
    mirrored = replay(config, times, [-value for value in values], start=START + 7 * DAY, incidents=[NIGHT, NOON])
    straight = replay(CONFIG, times, values, start=START + 7 * DAY, incidents=[NIGHT, NOON])
    assert mirrored.dynamic.alerts == straight.dynamic.alerts


def test_no_value_in_the_days_to_replay_is_said() -> None:
    with pytest.raises(ValueError, match="response_time_ms: no value at or after 2025-01-07"):
        replay(CONFIG, [START], [1.0], start=START + DAY)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_picture_is_a_small_png_of_its_size(found: Backtest, language: str) -> None:
    drawn = draw_backtest(found, language, "Asia/Tokyo")
    assert Image.open(io.BytesIO(drawn)).size == (1200, 560)
    assert len(drawn) < 150_000


def test_series_are_read_in_order_with_either_kind_of_time() -> None:
    rows = ["timestamp,value", "2026-01-31T00:05:00Z,2", "1769817600,1", "2026-01-31 00:10:00,"]
    times, values = read_series(rows, "x.csv")
    assert times == [1769817600.0, 1769817900.0, 1769818200.0]
    assert values[:2] == [1.0, 2.0]
    assert np.isnan(values[2])


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (["time,value", "1,2"], "x.csv: no column 'timestamp' in its first row (time, value)"),
        (["timestamp,value", "1,2", "1,two"], "x.csv, row 3: could not convert string to float: 'two'"),
        (["timestamp,value"], "x.csv: no row below the header"),
        ([], "x.csv: no column 'timestamp' in its first row (nothing)"),
    ],
)
def test_a_bad_series_is_refused_with_the_place(rows: list[str], problem: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_series(rows, "x.csv")
    assert str(caught.value) == problem


def test_an_incident_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match=r"x.csv, row 2: it ends \(1\) before it starts \(2\)"):
        read_incidents(["start,end", "2,1"], "x.csv")
