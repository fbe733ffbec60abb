"""The live loop, on a reader written by hand and a clock that stands still; the stack's test uses Prometheus."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from alert_bridge.alerts import Alert, Observation, Severity
from alert_bridge.threshold_alerts import BeyondState
from alert_bridge.threshold_config import ThresholdConfig, WatchedThreshold
from alert_bridge.threshold_loop import ThresholdLoop
from alert_bridge.threshold_manager import DynamicThresholdManager, ThresholdChange
from alert_bridge.threshold_rule_file import RuleFile
from runtime.clock import ManualClock
from runtime.prometheus import Sample, Series, SeriesUnavailable
from tests.tools import tool

NOW = 1_764_000_000.0
A, B = {"job": "web", "instance": "a:1"}, {"job": "web", "instance": "b:1"}


class Reader:
    """Series that a test sets; `away` is the reason why nothing can be read."""

    def __init__(self) -> None:
        self.present: dict[str, list[Sample]] = {}
        self.past: dict[str, list[Series]] = {}
        self.away = ""

    def put(self, name: str, value: float, labels: Mapping[str, str] = A) -> None:
        kept = [one for one in self.present.get(name, []) if one.labels != labels]
        self.present[name] = [*kept, Sample(labels, 0.0, value)]

    def put_history(self, name: str, value: float, days: float, labels: Mapping[str, str] = A) -> None:
        moments = tuple(NOW - days * 86400 + 300.0 * i for i in range(int(days * 288)))
        self.past[name] = [*self.past.get(name, []), Series(labels, moments, (value,) * len(moments))]

    async def instant(self, name: str) -> Sequence[Sample]:
        self._check(name)
        return self.present.get(name, [])

    async def range(self, name: str, start: float, end: float, step: float) -> Sequence[Series]:
        self._check(name)
        assert (end - start) / step < 11_000
        return self.past.get(name, [])

    def _check(self, name: str) -> None:
        if self.away:
            raise SeriesUnavailable(name, self.away)


class Rows:
    def __init__(self) -> None:
        self.rows: list[tuple[str, float, str]] = []
        self.baselines: list[ThresholdChange] = []

    async def record(self, change: ThresholdChange) -> None:
        assert change.reason
        json.dumps([dict(change.labels), dict(change.reason_values)])
        self.rows.append((change.metric_name, round(change.value, 1), change.reason_key))
        self.baselines += [change] if change.is_new_baseline else []


class Alerts:
    def __init__(self) -> None:
        self.told: list[Observation] = []

    async def observe(self, observations: Sequence[Observation], *, source: str) -> list[Alert]:
        assert source == "thresholds"
        self.told += observations
        return []

    def take(self) -> list[tuple[str, str, bool]]:
        """Return instance, severity and whether it fires, of what was told since the last call."""
        taken = [(one.labels.get("instance", ""), one.labels["severity"], one.firing) for one in self.told]
        self.told = []
        return taken


class Stage:
    """A loop with everything around it."""

    def __init__(self, *configs: ThresholdConfig, watched: Sequence[WatchedThreshold] = (), **parts: Any) -> None:
        self.clock = ManualClock(NOW)
        self.reader = Reader()
        self.manager = DynamicThresholdManager(self.clock)
        self.registry = CollectorRegistry()
        for config in (*configs, *(one.config for one in watched)):
            self.manager.register_threshold(config)
        self.loop = ThresholdLoop(
            self.reader, self.manager, clock=self.clock, registry=self.registry, watched=watched, **parts
        )

    def exported(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    async def rounds(self, seconds: float, alerts: Alerts | None = None, step: float = 30.0) -> None:
        for _ in range(int(seconds / step)):
            self.clock.advance(step)
            await self.loop.round(alerts)


CPU = ThresholdConfig("cpu_percent", 80.0, severity=Severity.MEDIUM)
CPU_LABELS = {"metric": "cpu_percent", "direction": "upper", "severity": "warning", **A}


async def test_history_is_learned_at_the_start_and_the_threshold_is_exported() -> None:
    stage = Stage(CPU)
    stage.reader.put_history("cpu_percent", 50.0, days=2)
    stage.reader.put("cpu_percent", 50.0)
    assert stage.exported("dynamic_threshold", **CPU_LABELS) is None, "nothing half known is exported"
    await stage.loop.round()
    assert stage.exported("dynamic_threshold", **CPU_LABELS) == pytest.approx(56.0)
    assert stage.exported("dynamic_threshold_immediate", **CPU_LABELS) == 90.0
    assert stage.exported("dynamic_threshold_expected_lower", **CPU_LABELS) == pytest.approx(44.0)
    assert stage.exported("dynamic_threshold_expected_upper", **CPU_LABELS) == pytest.approx(56.0)
    assert stage.exported("dynamic_threshold_updated_timestamp_seconds", **CPU_LABELS) == NOW
    assert stage.exported("dynamic_threshold_mode", **CPU_LABELS, mode="adaptive") == 1
    assert stage.exported("dynamic_threshold_mode", **CPU_LABELS, mode="static") == 0
    assert stage.exported("dynamic_threshold_source_up", metric="cpu_percent") == 1
    assert b"nan" not in generate_latest(stage.registry).lower()


async def test_source_that_is_away_is_said_once_and_the_threshold_holds_and_then_falls_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage(CPU)
    stage.reader.put_history("cpu_percent", 50.0, days=2)
    stage.reader.put("cpu_percent", 50.0)
    await stage.loop.round()
    stage.reader.away = "connection refused"
    with caplog.at_level(logging.INFO, logger="monitoring"):
        await stage.rounds(1800)
        assert [record.message for record in caplog.records] == [
            "threshold cpu_percent holds what it is: series 'cpu_percent': connection refused"
        ]
    assert stage.exported("dynamic_threshold", **CPU_LABELS) == pytest.approx(56.0)
    assert stage.exported("dynamic_threshold_source_up", metric="cpu_percent") == 0
    await stage.rounds(60)
    assert stage.exported("dynamic_threshold", **CPU_LABELS) == 80.0
    stage.reader.away = ""
    await stage.rounds(30)
    assert stage.exported("dynamic_threshold", **CPU_LABELS) == pytest.approx(56.0)
    assert stage.exported("dynamic_threshold_source_up", metric="cpu_percent") == 1


async def test_metrics_without_a_series_are_said_together_a_line_a_minute_at_most(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage(*(ThresholdConfig(f"metric_{number}", 80.0) for number in range(500)))
    with caplog.at_level(logging.WARNING, logger="monitoring"):
        await stage.loop.round()
        (told,) = [record.message for record in caplog.records]
        assert told == (
            "thresholds: there is no series app_metric_0 or metric_0, app_metric_1 or metric_1, app_metric_2 or "
            "metric_2 and 497 more; check metric_name, or give its query"
        )
        caplog.clear()
        stage.manager.register_threshold(ThresholdConfig("late", 80.0))
        await stage.rounds(30)
        assert not caplog.records
        await stage.rounds(60)
        (told,) = [record.message for record in caplog.records]
        assert "no series app_late or late; check" in told


async def test_what_was_learned_survives_a_restart(tmp_path: Path) -> None:
    first = Stage(CPU, state_dir=tmp_path)
    first.reader.put_history("cpu_percent", 50.0, days=2)
    first.reader.put("cpu_percent", 50.0)
    await first.loop.round()
    first.loop.save()
    second = Stage(CPU, state_dir=tmp_path)
    second.loop.restore()
    assert second.manager.get_threshold("cpu_percent", labels=A) == pytest.approx(56.0)
    (tmp_path / "thresholds.jsonl").write_text("{", encoding="utf-8")
    damaged = Stage(CPU, state_dir=tmp_path)
    damaged.loop.restore()
    assert damaged.manager.get_threshold("cpu_percent", labels=A) == 80.0


async def test_history_of_thresholds_has_a_row_for_each_move_and_not_for_each_round() -> None:
    rows = Rows()
    stage = Stage(CPU, recorder=rows)
    stage.reader.put_history("cpu_percent", 50.0, days=2)
    stage.reader.put("cpu_percent", 50.0)
    await stage.rounds(600)
    assert rows.rows == [("cpu_percent", 56.0, "learned")]
    stage.reader.away = "gone"
    await stage.rounds(1860)
    assert rows.rows[1:] == [("cpu_percent", 80.0, "silent")]


async def test_accepted_baseline_is_a_row_and_an_event_of_its_own_once() -> None:
    rows = Rows()
    stage = Stage(CPU, recorder=rows)
    stage.reader.put_history("cpu_percent", 50.0, days=3)
    stage.reader.put("cpu_percent", 75.0)
    await stage.rounds(25 * 3600, step=300.0)
    (change,) = rows.baselines
    assert (change.reason_values["old_level"], change.reason_values["new_level"]) == (50.0, 75.0)
    assert "baseline accepted" in change.reason
    labels = {"metric": "cpu_percent", "direction": "upper"}
    assert stage.exported("dynamic_threshold_baselines_accepted_total", **labels) == 1


async def test_one_threshold_for_all_instances_learns_from_the_worst() -> None:
    stage = Stage(watched=[WatchedThreshold(CPU, "the_query", ())])
    stage.reader.put_history("the_query", 50.0, 2, A)
    stage.reader.put_history("the_query", 45.0, 2, B)
    stage.reader.put("the_query", 50.0, A)
    stage.reader.put("the_query", 45.0, B)
    await stage.loop.round()
    labels = {**CPU_LABELS, "job": "", "instance": ""}
    assert stage.exported("dynamic_threshold", **labels) == pytest.approx(56.0)
    assert [dict(one.labels)["instance"] for one in stage.loop.evaluate()] == ["a:1", "b:1"]


async def test_custom_value_is_read_by_its_application_name() -> None:
    stage = Stage(ThresholdConfig("custom_metric", 50.0))
    stage.reader.put("app_custom_metric", 10.0)
    await stage.loop.round()
    assert stage.manager.explain("custom_metric", labels=A).updated_at == NOW


async def test_base_alerts_at_once_and_what_ended_is_told_once() -> None:
    alerts = Alerts()
    stage = Stage(CPU)
    stage.reader.put("cpu_percent", 85.0, A)
    stage.reader.put("cpu_percent", 10.0, B)
    await stage.rounds(30, alerts)
    assert alerts.take() == [("a:1", "warning", True), ("b:1", "warning", False)]
    await stage.rounds(30, alerts)
    assert alerts.take() == [("a:1", "warning", True)]
    stage.reader.put("cpu_percent", 10.0, A)
    await stage.rounds(60, alerts)
    assert alerts.take()[-1] == ("a:1", "warning", False)
    await stage.rounds(60, alerts)
    assert alerts.take() == []


async def test_learned_threshold_alerts_after_its_time_and_says_why() -> None:
    alerts = Alerts()
    stage = Stage(CPU)
    stage.reader.put_history("cpu_percent", 50.0, days=2)
    stage.reader.put("cpu_percent", 50.0)
    await stage.rounds(600, alerts)
    alerts.take()
    stage.reader.put("cpu_percent", 70.0)
    await stage.rounds(420, alerts)
    assert alerts.take() == []
    await stage.rounds(120, alerts)
    (firing, *_) = alerts.told
    assert firing.firing
    assert firing.labels["alertname"] == "CpuPercentAboveThreshold"
    assert firing.annotations["summary"] == "cpu_percent is above its threshold on a:1"
    assert firing.annotations["reason"].startswith("56.0 = 50.0 + 1.2 x 2 x 2.5. 50.0 is usual so far")
    assert firing.annotations["reason_ja"].startswith("56.0 = 50.0 + 1.2 x 2 x 2.5。50.0 はこれまでの平常値")
    stage.reader.away = "gone"
    alerts.take()
    await stage.rounds(120, alerts)
    assert alerts.take() == [], "without a value the alert holds"


def test_one_dip_does_not_begin_the_time_again_and_a_short_dip_does_not_resolve() -> None:
    state = BeyondState(CPU)
    values = [50.0] * 20 + [70.0] * 10 + [50.0] + [70.0] * 12
    firing = [state.update(30.0 * i, value, 56.0, 90.0) for i, value in enumerate(values)]
    assert not any(firing[:37])
    assert all(firing[37:])
    assert state.update(30.0 * 43, 50.0, 56.0, 90.0), "half a minute back is no end"
    assert not state.update(30.0 * 45, 50.0, 56.0, 90.0)
    assert state.update(30.0 * 46, 95.0, 56.0, 90.0), "beyond the hard limit at once"


def files(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


class Loader:
    def __init__(self) -> None:
        self.reloads = 0
        self.away = False

    async def reload(self) -> None:
        if self.away:
            raise SeriesUnavailable("reload", "connection refused")
        self.reloads += 1


@pytest.mark.stack
async def test_rules_are_written_when_the_thresholds_change_and_only_then(tmp_path: Path) -> None:
    loader = Loader()
    stage = Stage(CPU, rule_file=RuleFile(tmp_path / "rules", loader, tool("promtool")))
    await stage.loop.round()
    await stage.loop.round()
    text = (tmp_path / "rules" / "thresholds.yml").read_text(encoding="utf-8")
    assert "CpuPercentAboveThreshold" in text
    assert loader.reloads == 1
    stage.manager.register_threshold(ThresholdConfig("memory_percent", 80.0))
    await stage.loop.round()
    assert "MemoryPercentAboveThreshold" in (tmp_path / "rules" / "thresholds.yml").read_text(encoding="utf-8")
    assert loader.reloads == 2


@pytest.mark.stack
async def test_rules_that_promtool_refuses_leave_the_old_ones_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = RuleFile(tmp_path, Loader(), tool("promtool"))
    assert await file.write("groups: []\n")
    assert not await file.write("groups: [{name: a, rules: [{record: x, expr: 'sum('}]}]\n")
    assert (tmp_path / "thresholds.yml").read_text(encoding="utf-8") == "groups: []\n"
    assert files(tmp_path) == ["thresholds.yml"]
    assert "refused" in caplog.text


async def test_rules_wait_for_a_prometheus_that_does_not_answer(tmp_path: Path) -> None:
    loader = Loader()
    file = RuleFile(tmp_path, loader)
    assert await file.write("groups: []\n")
    loader.away = True
    assert not await file.write("groups: [] # other\n")
    assert (tmp_path / "thresholds.yml").read_text(encoding="utf-8") == "groups: []\n"
    loader.away = False
    assert await file.write("groups: [] # other\n")
    assert (tmp_path / "thresholds.yml").read_text(encoding="utf-8") == "groups: [] # other\n"
