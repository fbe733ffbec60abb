"""What is wrong with thresholds and rules in the settings: one line each, with the field, the value and the remedy."""

from typing import Any

import pytest

from alert_bridge.settings import Configuration
from alert_bridge.threshold_config import ThresholdConfig, ThresholdConfigError, raw_counter
from alert_bridge.threshold_manager import DynamicThresholdManager
from runtime.settings import SettingsError, load

LOAD: dict[str, Any] = {"metric_name": "load", "base_threshold": 80}


def problems(**section: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load(Configuration, data={"alert_bridge": section})
    return str(caught.value)


@pytest.mark.parametrize(
    ("thresholds", "line"),
    [
        (
            [{**LOAD, "min_threshold": 90}],
            "alert_bridge.thresholds.0: threshold 'load': min_threshold is 90, above base_threshold 80; "
            "give 80 or less",
        ),
        (
            [{**LOAD, "std_multiplier": -1}],
            "alert_bridge.thresholds.0: threshold 'load': std_multiplier is -1.0, expected a number above 0, such as 2",
        ),
        (
            [{"metric_name": "cpu_precent", "base_threshold": 80}],
            "alert_bridge.thresholds.0: threshold 'cpu_precent': metric_name is 'cpu_precent', which is unknown; "
            "write 'cpu_percent', or give its query",
        ),
        (
            [{"metric_name": "requests_total", "base_threshold": 80}],
            "alert_bridge.thresholds.0: threshold 'requests_total': metric_name is 'requests_total', a counter that "
            "only grows; give query: rate(requests_total[5m]), and the name of a rate",
        ),
        (
            [{**LOAD, "query": "sum(requests_total)"}],
            "alert_bridge.thresholds.0: threshold 'load': query is 'sum(requests_total)', a counter that only grows; "
            "give query: rate(requests_total[5m])",
        ),
        (
            [LOAD, {**LOAD, "base_threshold": 90}],
            "alert_bridge.thresholds: 1: threshold 'load': upper HIGH is there twice; remove one, or give it another "
            "severity or direction",
        ),
        (
            [{**LOAD, "base_threshold": 90}, {**LOAD, "severity": "critical"}],
            "alert_bridge.thresholds: 1: threshold 'load': base_threshold of CRITICAL is 80, below 90 of HIGH; "
            "give 90 or more",
        ),
        (
            [
                {**LOAD, "direction": "lower", "base_threshold": 5, "min_threshold": 1},
                {**LOAD, "direction": "lower", "base_threshold": 5, "min_threshold": 2, "severity": "critical"},
            ],
            "alert_bridge.thresholds: 1: threshold 'load': min_threshold of CRITICAL is 2, above 1 of HIGH; "
            "give 1 or less",
        ),
    ],
)
def test_each_mistake_is_one_line_that_says_what_to_do(thresholds: list[dict[str, Any]], line: str) -> None:
    assert problems(thresholds=thresholds) == line


def test_rules_of_one_id_are_refused() -> None:
    rule = {"rule_id": "slow", "condition": "load > 5"}
    assert problems(rules=[rule, rule]) == "alert_bridge.rules: 1: rule_id is 'slow' twice; give each rule its own"


@pytest.mark.parametrize(
    ("query", "counter"),
    [
        ("requests_total", "requests_total"),
        ('sum by (code) (requests_total{job="a"})', "requests_total"),
        ("rate(a_total[5m]) / b_total", "b_total"),
        ("rate(requests_total[5m])", None),
        ('sum(increase(requests_total{path="/x_total"} [1h])) by (job)', None),
        ('load{kind="x_total"}', None),
        ('load{by_total="x"}', None),
        ("job:requests_total:rate5m", None),
        ("node_memory_total_bytes", None),
    ],
)
def test_counter_without_a_rate_is_found_in_promql(query: str, counter: str | None) -> None:
    assert raw_counter(query) == counter


def test_registering_a_counter_is_refused_from_code_too() -> None:
    with pytest.raises(ThresholdConfigError, match="metric_name is 'requests_total', a counter that only grows"):
        DynamicThresholdManager().register_threshold(ThresholdConfig("requests_total", 80.0))
