"""Exported rules mean in Prometheus what they mean here: compared by promtool, on random conditions."""

import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from alert_bridge.alerts import Severity
from alert_bridge.rule_export import promql, render_rules
from alert_bridge.rules import AlertRule, Condition, ConditionError
from tests.tools import tool

VALUES = {"error_rate": 2.5, "queue": 0.0, "articles": 90.0, "missing": None}
LABELS = '{job="app",instance="a:1"}'

metrics = st.sampled_from(sorted(VALUES))
constants = st.sampled_from(["0", "2.5", "90", "-1", "100"])


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(parts, st.sampled_from("+-*"), parts | constants).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
    divisors = parts | constants.filter(lambda number: number != "0")
    pairs |= st.tuples(parts, divisors).map(lambda p: f"({p[0]} / {p[1]})")
    calls = st.tuples(st.sampled_from(["min", "max"]), parts, parts | constants).map(
        lambda p: f"{p[0]}({p[1]}, {p[2]})"
    )
    return pairs | calls | parts.map(lambda part: f"abs({part})") | parts.map(lambda part: f"-{part}")


numbers = st.recursive(metrics, _joined, max_leaves=3)
words = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
comparisons = st.tuples(numbers, words, numbers | constants).map(" ".join)
conditions = st.recursive(
    comparisons,
    lambda parts: (
        st.tuples(parts, st.sampled_from(["and", "or"]), parts).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | parts.map(lambda part: f"(not {part})")
    ),
    max_leaves=4,
)


@settings(max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(st.lists(conditions, min_size=40, max_size=40))
def test_random_conditions_fire_in_prometheus_where_they_hold_here(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    rules = [AlertRule(f"Rule{number}", "", "", text) for number, text in enumerate(texts)]
    folder = tmp_path_factory.mktemp("rules")
    (folder / "rules.yml").write_text(render_rules(rules), encoding="utf-8")
    series = [
        {"series": f"{name}{LABELS}", "values": f"{value}x3"} for name, value in VALUES.items() if value is not None
    ]
    firing = [rule.rule_id for rule in rules if rule.parsed.evaluate(VALUES)]
    expected = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in firing]
    query = 'count by (alertname) (ALERTS{alertstate="firing"})'
    test = {
        "rule_files": ["rules.yml"],
        "tests": [{"input_series": series, "promql_expr_test": [
            {"expr": query, "eval_time": "1m", "exp_samples": expected}]}],
    }  # fmt: skip
    (folder / "test.yml").write_text(yaml.safe_dump(test), encoding="utf-8")
    done = subprocess.run(
        [tool("promtool"), "test", "rules", folder / "test.yml"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{texts}\n{done.stdout}{done.stderr}"


def test_a_plain_condition_is_plain_promql() -> None:
    assert promql(Condition("error_rate > 2.0 and not queue <= 5")) == (
        "((max by (job, instance) (error_rate) > 2.0) and on (job, instance) "
        "(max by (job, instance) (app_queue or queue) > 5.0))"
    )


def test_a_rule_keeps_its_time_its_labels_and_its_texts(tmp_path: Path) -> None:
    rule = AlertRule(
        "Slow", "Slow", "遅い", "error_rate > 2", Severity.CRITICAL, for_seconds=90, labels={"team": "news"}
    )
    text = render_rules([rule])
    (written,) = yaml.safe_load(text)["groups"][0]["rules"]
    assert (written["for"], written["labels"]) == ("90s", {"team": "news", "severity": "critical"})
    assert written["annotations"]["description"] == "遅い"
    (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
    subprocess.run([tool("promtool"), "check", "rules", tmp_path / "rules.yml"], check=True, timeout=60)


@pytest.mark.parametrize("text", ["1 < 2 or queue > 1", "queue > max(1, 2)", "queue / 0 > 1", "queue / (2 - 2) > 1"])
def test_what_prometheus_cannot_compare_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ConditionError, match="Prometheus needs a "):
        promql(Condition(text))
