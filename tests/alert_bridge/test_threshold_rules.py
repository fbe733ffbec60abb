"""The generated rules, in the real promtool."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from alert_bridge.alerts import Severity
from alert_bridge.threshold_config import ThresholdConfig, WatchedThreshold
from alert_bridge.threshold_rules import annotations, render
from tests.tools import tool

WARNING = ThresholdConfig("cpu_percent", 70.0, severity=Severity.MEDIUM)
CRITICAL = ThresholdConfig("cpu_percent", 90.0, severity=Severity.CRITICAL)
HITS = ThresholdConfig("cache_hit_rate", 50.0, direction="lower")
AT_ONCE = ThresholdConfig("queue", 10.0, for_seconds=0.0)

RULES = render(
    [
        WatchedThreshold(WARNING),
        WatchedThreshold(CRITICAL, "cpu_percent"),
        WatchedThreshold(HITS, "cache_hit_rate", ()),
        WatchedThreshold(AT_ONCE, 'queue{kind="a\\"b"}', ("instance",)),
    ],
    interval_seconds=30,
)


def series(name: str, values: str, **labels: str) -> dict[str, str]:
    pairs = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return {"series": f"{name}{{{pairs}}}", "values": values}


def threshold(
    config: ThresholdConfig, value: float, immediate: float, own: Mapping[str, str], repeat: int = 200
) -> list[dict[str, str]]:
    labels = {
        "metric": config.metric_name,
        "direction": config.direction,
        "severity": config.severity.prometheus,
        **own,
    }
    return [
        series("dynamic_threshold", f"{value}x{repeat}", **labels),
        series("dynamic_threshold_immediate", f"{immediate}x{repeat}", **labels),
    ]


@dataclass(frozen=True)
class Expected:
    """At a moment (as promtool writes it), which of a config's alerts fire: their value and threshold by instance."""

    moment: str
    config: ThresholdConfig
    firing: Mapping[str, tuple[str, str]]

    def to_promtool(self) -> dict[str, Any]:
        config = self.config
        return {
            "eval_time": self.moment,
            "alertname": config.alert_name,
            "exp_alerts": [
                {
                    "exp_labels": {
                        "metric": config.metric_name,
                        "direction": config.direction,
                        "severity": config.severity.prometheus,
                        "job": "web",
                        "instance": instance,
                    },
                    "exp_annotations": annotations(config, instance, *numbers),
                }
                for instance, numbers in self.firing.items()
            ],
        }


def merged(tests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the tests with severities of one alert at one moment together: promtool wants all that fire."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in tests:
        together = found.setdefault((one["eval_time"], one["alertname"]), {**one, "exp_alerts": []})
        together["exp_alerts"] += one["exp_alerts"]
    return list(found.values())


@dataclass(frozen=True)
class Selfcheck:
    """At a moment, whether the alert about the thresholds themselves fires for CPU_PERCENT; on which instances."""

    moment: str
    alert: str
    where: tuple[Mapping[str, str], ...]

    def to_promtool(self) -> dict[str, Any]:
        own = {"metric": "cpu_percent"} | ({"direction": "upper"} if self.alert == "ThresholdsStale" else {})
        state = f'ALERTS{{alertname="{self.alert}",alertstate="firing",metric="cpu_percent"}}'
        known = {"alertname": self.alert, "alertstate": "firing", "severity": "warning", **own}
        pairs = [",".join(f'{key}="{text}"' for key, text in {**known, **labels}.items()) for labels in self.where]
        return {
            "expr": state,
            "eval_time": self.moment,
            "exp_samples": [{"labels": f"ALERTS{{{one}}}", "value": 1} for one in pairs],
        }


def check(
    folder: Path,
    inputs: list[dict[str, str]],
    *expected: Expected | Selfcheck,
    rules: str = RULES,
    interval: str = "30s",
) -> None:
    """Run promtool over one series set; fail with what it says."""
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    group = {
        "interval": interval,
        "input_series": inputs,
        "alert_rule_test": merged([one.to_promtool() for one in expected if isinstance(one, Expected)]),
        "promql_expr_test": [one.to_promtool() for one in expected if isinstance(one, Selfcheck)],
    }
    test = {"rule_files": ["rules.yml"], "evaluation_interval": interval, "tests": [group]}
    (folder / "test.yml").write_text(yaml.safe_dump(test), encoding="utf-8")
    done = subprocess.run([tool("promtool"), "test", "rules", "test.yml"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


A, B = {"job": "web", "instance": "a:1"}, {"job": "web", "instance": "b:1"}


def test_learned_threshold_fires_after_its_time_for_its_instance_alone_and_resolves(tmp_path: Path) -> None:
    inputs = [
        series("cpu_percent", "30x20 50x40 30x60", **A),
        series("cpu_percent", "30x200", **B),
        *threshold(WARNING, 40, 85, A),
        *threshold(WARNING, 40, 85, B),
        *threshold(CRITICAL, 60, 95, A),
    ]
    check(
        tmp_path,
        inputs,
        Expected("15m", WARNING, {}),
        Expected("20m", WARNING, {"a:1": ("50", "40")}),
        Expected("30m", WARNING, {"a:1": ("50", "40")}),
        Expected("34m", WARNING, {}),
    )


def test_one_dip_does_not_begin_the_time_again(tmp_path: Path) -> None:
    inputs = [series("cpu_percent", "30x20 50x10 30 50x40", **A), *threshold(WARNING, 40, 85, A)]
    check(tmp_path, inputs, Expected("20m30s", WARNING, {"a:1": ("50", "40")}))


def test_value_beyond_the_hard_limit_fires_at_once(tmp_path: Path) -> None:
    inputs = [series("cpu_percent", "30x20 88x40", **A), *threshold(WARNING, 40, 85, A)]
    check(tmp_path, inputs, Expected("10m30s", WARNING, {"a:1": ("88", "40")}))


def test_series_seen_for_the_first_time_has_to_stay_beyond_for_half_of_the_time(tmp_path: Path) -> None:
    inputs = [series("cpu_percent", "50x40", **A), *threshold(WARNING, 40, 85, A)]
    check(tmp_path, inputs, Expected("3m", WARNING, {}), Expected("6m", WARNING, {"a:1": ("50", "40")}))


def test_bridge_that_died_holds_for_half_an_hour_and_then_the_base_takes_over(tmp_path: Path) -> None:
    inputs = [series("cpu_percent", "75x120", **A), *threshold(WARNING, 80, 85, A, repeat=10)]
    check(
        tmp_path,
        inputs,
        Expected("34m", WARNING, {}),
        Expected("36m", WARNING, {"a:1": ("75", "70")}),
        Expected("50m", WARNING, {"a:1": ("75", "70")}),
    )


def test_firing_alert_stays_when_the_bridge_dies(tmp_path: Path) -> None:
    inputs = [series("cpu_percent", "75x120", **A), *threshold(WARNING, 40, 85, A, repeat=30)]
    held, base = {"a:1": ("75", "40")}, {"a:1": ("75", "70")}
    check(tmp_path, inputs, *(Expected(f"{minute}m", WARNING, held) for minute in range(14, 45, 5)))
    check(tmp_path, inputs, Expected("50m", WARNING, base))


def test_lower_threshold_for_all_instances_together(tmp_path: Path) -> None:
    inputs = [
        series("cache_hit_rate", "90x20 60x100", **A),
        series("cache_hit_rate", "90x120", **B),
        *threshold(HITS, 80, 40, {}),
    ]
    check(tmp_path, inputs, Expected("14m", HITS, {}), Expected("20m", HITS, {"a:1": ("60", "80")}))


def test_threshold_without_a_time_fires_at_once_and_takes_any_selector(tmp_path: Path) -> None:
    inputs = [series("queue", "5x3 12x10", kind='a\\"b', **A), *threshold(AT_ONCE, 11, 20, {"instance": "a:1"})]
    check(tmp_path, inputs, Expected("1m30s", AT_ONCE, {}), Expected("2m", AT_ONCE, {"a:1": ("12", "11")}))


def renewed(config: ThresholdConfig, values: str, own: Mapping[str, str]) -> dict[str, str]:
    labels = {"metric": config.metric_name, "direction": config.direction, "severity": config.severity.prometheus}
    return series("dynamic_threshold_updated_timestamp_seconds", values, **labels, **own)


def test_two_severities_fire_side_by_side_each_with_its_own_threshold(tmp_path: Path) -> None:
    inputs = [
        series("cpu_percent", "30x20 70x60", **A),
        *threshold(WARNING, 40, 85, A),
        *threshold(CRITICAL, 60, 95, A),
    ]
    check(
        tmp_path,
        inputs,
        Expected("25m", WARNING, {"a:1": ("70", "40")}),
        Expected("25m", CRITICAL, {"a:1": ("70", "60")}),
    )


def test_doubled_series_make_no_error_and_the_loosest_threshold_and_the_worst_value_count(tmp_path: Path) -> None:
    inputs = [
        series("cpu_percent", "30x20 50x60", **A, core="0"),
        series("cpu_percent", "30x80", **A, core="1"),
        *threshold(WARNING, 35, 85, {**A, "replica": "1"}),
        *threshold(WARNING, 40, 85, {**A, "replica": "2"}),
    ]
    check(tmp_path, inputs, Expected("25m", WARNING, {"a:1": ("50", "40")}))


def test_threshold_that_was_never_exported_is_said_and_the_base_compares(tmp_path: Path) -> None:
    check(
        tmp_path,
        [series("cpu_percent", "75x60", **A), *threshold(CRITICAL, 90, 95, A, repeat=20)],
        Expected("1m", WARNING, {"a:1": ("75", "70")}),
        Selfcheck("30m", "ThresholdMissing", ()),
    )
    check(
        tmp_path,
        [series("cpu_percent", "75x60", **A)],
        Selfcheck("4m", "ThresholdMissing", ()),
        Selfcheck("6m", "ThresholdMissing", ({},)),
    )


def test_threshold_that_is_not_renewed_is_said_where_there_are_values(tmp_path: Path) -> None:
    inputs = [
        series("cpu_percent", "30x100", **A),
        series("cpu_percent", "30x100", **B),
        series("cpu_percent", "30x10", job="web", instance="gone:1"),
        renewed(WARNING, "0+30x10 330x90", A),
        renewed(WARNING, "0+30x10 stale", B),
        renewed(WARNING, "0+30x10 stale", {"job": "web", "instance": "gone:1"}),
    ]
    check(
        tmp_path,
        inputs,
        Selfcheck("19m", "ThresholdsStale", ()),
        Selfcheck("22m", "ThresholdsStale", (A, B)),
    )


def test_age_limit_can_be_set(tmp_path: Path) -> None:
    rules = render([WatchedThreshold(WARNING)], interval_seconds=5, stale_seconds=30)
    inputs = [
        series("cpu_percent", "75x120", **A),
        *threshold(WARNING, 80, 85, A, repeat=10),
        renewed(WARNING, "0+5x10", A),
    ]
    check(
        tmp_path,
        inputs,
        Expected("1m15s", WARNING, {}),
        Expected("1m25s", WARNING, {"a:1": ("75", "70")}),
        Selfcheck("1m5s", "ThresholdsStale", ()),
        Selfcheck("1m10s", "ThresholdsStale", (A,)),
        rules=rules,
        interval="5s",
    )


def test_file_without_thresholds_is_a_valid_rule_file(tmp_path: Path) -> None:
    for text in (RULES, render([])):
        (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [tool("promtool"), "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_same_thresholds_give_the_same_text() -> None:
    one = [WatchedThreshold(WARNING)]
    assert render(one) == render(one)
