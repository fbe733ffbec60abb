import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from alert_bridge.escalating import Escalating
from alert_bridge.metrics import BridgeMetrics
from alert_bridge.schedules import NOBODY_ON_CALL
from analyzer.patterns import PatternCatalogue
from exporter.app_metrics import AppMetrics
from exporter.guide_names import QUERIES
from runtime.clock import ManualClock
from tests.exporter.recording import recorded_host
from tests.tools import tool

ROOT = Path(__file__).parent.parent.parent
PROMETHEUS = ROOT / "prometheus"
RULES = PROMETHEUS / "rules"
RUNBOOKS = ROOT / "docs" / "runbooks"
SEVERITIES = {"info", "warning", "error", "critical"}
ANNOTATIONS = {"summary", "description", "summary_ja", "description_ja", "runbook_url", "value"}

FROM_ANALYZER = {
    "log_lines_total",
    "log_pattern_lines_total",
    "log_pattern_info",
    "analyzer_source_start_time_seconds",
    "log_new_patterns_total",
    "log_rare_patterns_total",
    "log_bursts_total",
    "log_pattern_bursting",
    "log_pattern_new",
    "log_source_problems",
    "log_source_lag_bytes",
    "log_parse_failures_total",
    "log_masked_items_total",
    "anomaly_score",
    "anomaly_active",
    "anomaly_detected_total",
}
FROM_THRESHOLDS = {"dynamic_threshold_updated_timestamp_seconds"}
FROM_PROMETHEUS = {"up", "prometheus_rule_evaluation_failures_total"}
FROM_ALERTMANAGER = {"alertmanager_notifications_failed_total"}


def rules(kind: str) -> Iterator[dict[str, Any]]:
    """Yield the rules of one kind: `alert` or `record`."""
    for file in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            yield from (rule for rule in group["rules"] if kind in rule)


ALERTS = {rule["alert"]: rule for rule in rules("alert")}


def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool(name), *arguments], capture_output=True, text=True, timeout=120, check=False)


def test_rules_pass_the_real_promtool() -> None:
    done = run("promtool", "check", "rules", *sorted(RULES.glob("*.yml")))
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_fire_and_stay_silent_as_their_unit_tests_say() -> None:
    done = run("promtool", "test", "rules", *sorted((RULES / "tests").glob("*.yml")))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_rule_fails_its_unit_test(tmp_path: Path) -> None:
    shutil.copytree(RULES, tmp_path / "rules")
    file = tmp_path / "rules" / "host.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("< 5", "< 2"), encoding="utf-8")
    done = run("promtool", "test", "rules", tmp_path / "rules" / "tests" / "host.yml")
    assert done.returncode != 0
    assert "MemoryAlmostExhausted" in done.stdout + done.stderr


def test_prometheus_takes_its_configuration() -> None:
    done = run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_alertmanager_takes_its_configuration() -> None:
    done = run("amtool", "check-config", PROMETHEUS / "alertmanager.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=Watchdog", "severity=info"), "watchdog"),
        (("alertname=TaskMostlyFailing", "severity=critical"), "bridge"),
        (("alertname=Anything",), "bridge"),
    ],
)
def test_alertmanager_routes_to_the_bridge(labels: tuple[str, ...], receiver: str) -> None:
    done = run("amtool", "config", "routes", "test", f"--config.file={PROMETHEUS / 'alertmanager.yml'}", *labels)
    assert done.stdout.split() == [receiver], done.stderr


def test_every_receiver_is_the_bridge() -> None:
    receivers = yaml.safe_load((PROMETHEUS / "alertmanager.yml").read_text(encoding="utf-8"))["receivers"]
    urls = {hook["url"] for receiver in receivers for hook in receiver["webhook_configs"]}
    assert urls == {"http://127.0.0.1:9107/api/v1/ingest/alertmanager"}


def test_analyzer_and_bridge_keep_the_labels_they_give() -> None:
    jobs = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert {job["job_name"] for job in jobs if job.get("honor_labels")} == {"analyzer", "bridge"}


def test_recording_rules_are_the_table_of_the_guides_names() -> None:
    recorded = {rule["record"]: " ".join(rule["expr"].split()) for rule in rules("record")}
    assert recorded == QUERIES


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_alert_has_a_severity_texts_in_both_languages_and_a_runbook(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in SEVERITIES
    assert set(alert["annotations"]) >= ANNOTATIONS
    assert alert["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    assert re.findall(r"^#+ .*$", text, re.MULTILINE) == [
        f"# {name}",
        "## Symptom",
        "## Meaning",
        "## Check",
        "## Action",
    ]
    assert re.search(r"^日本語: .+$", text, re.MULTILINE)
    assert re.search(r"^1\. .+$", text.partition("## Action")[2], re.MULTILINE)


@pytest.mark.parametrize("name", sorted(file.stem for file in RUNBOOKS.glob("*.md")))
def test_runbook_has_a_japanese_twin_with_the_same_steps_and_commands(name: str) -> None:
    english, japanese = ((folder / f"{name}.md").read_text(encoding="utf-8") for folder in (RUNBOOKS, RUNBOOKS / "ja"))
    headings = re.findall(r"^#+ .*$", japanese, re.MULTILINE)
    assert headings == [f"# {name}", "## 症状", "## 意味", "## 確認", "## 対応"]
    action, twin = english.partition("## Action")[2], japanese.partition("## 対応")[2]
    assert re.findall(r"^\d+\. ", twin, re.MULTILINE) == re.findall(r"^\d+\. ", action, re.MULTILINE)
    assert sorted(re.findall(r"`[^`]+`", japanese)) == sorted(re.findall(r"`[^`]+`", english))
    assert sorted(re.findall(r"`[^`]+`", twin)) == sorted(re.findall(r"`[^`]+`", action))


def test_every_alert_has_a_unit_test_that_fires_and_one_that_does_not() -> None:
    fires: set[str] = set()
    silent = {"Watchdog"}
    for file in (RULES / "tests").glob("*.yml"):
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            for test in case.get("promql_expr_test", ()):
                named = re.search(r'alertname="(\w+)"', test["expr"])
                names = {named[1]} if named else alerts_of(file.name) if "ALERTS" in test["expr"] else set()
                (fires if test["exp_samples"] else silent).update(names)
    assert fires == set(ALERTS)
    assert silent == set(ALERTS)


def alerts_of(file: str) -> set[str]:
    groups = yaml.safe_load((RULES / file).read_text(encoding="utf-8"))["groups"]
    return {rule["alert"] for group in groups for rule in group["rules"]}


def test_every_metric_in_a_rule_is_one_that_somebody_exposes() -> None:
    registry = CollectorRegistry()
    registry.register(recorded_host())
    AppMetrics(registry).task_started("any")
    BridgeMetrics(registry)
    Escalating((), NOBODY_ON_CALL, channels=tuple, clock=ManualClock(0), registry=registry)
    exposed = {name for family in registry.collect() for name in (family.name, f"{family.name}_total")}
    exposed |= {f"{family.name}{suffix}" for family in registry.collect() for suffix in ("_sum", "_count")}
    exposed |= FROM_ANALYZER | FROM_THRESHOLDS | FROM_PROMETHEUS | FROM_ALERTMANAGER
    used = {name for kind in ("alert", "record") for rule in rules(kind) for name in metrics_of(rule["expr"])}
    assert len(used) > 25
    assert used - exposed == set()


def test_every_pattern_in_a_rule_is_a_predefined_one() -> None:
    named = {name for rule in rules("alert") for name in re.findall(r'pattern="(\w+)"', rule["expr"])}
    known = PatternCatalogue()
    assert named
    assert {name for name in named if known.get(name) is None} == set()


def metrics_of(expression: str) -> set[str]:
    """Return the metric names of an expression: words that are no function, keyword, label or duration."""
    text = re.sub(r'"[^"]*"', "", expression)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", text)
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", text)
    words = re.findall(r"(?<![\w.])([a-zA-Z_:][\w:]*)\b(?!\s*\()", text)
    operators = {"and", "or", "unless", "bool", "offset", "sum", "max", "min", "avg", "count"}
    return {word for word in words if word not in operators}
