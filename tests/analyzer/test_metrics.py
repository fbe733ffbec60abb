"""The analyzer's metrics are documented, and their labels are few."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from analyzer.levels import Level
from analyzer.metrics import AnalyzerMetrics

DOCS = Path(__file__).parents[2] / "docs"


def test_every_metric_is_in_the_documentation() -> None:
    registry = CollectorRegistry()
    AnalyzerMetrics(registry)
    made = set(re.findall(r"^# TYPE (\S+) (?:counter|gauge)$", generate_latest(registry).decode(), re.MULTILINE))
    documented = set(re.findall(r"`((?:log|anomaly|analyzer)_\w+)", (DOCS / "logs.md").read_text(encoding="utf-8")))
    assert {name for name in made if not name.endswith("_created")} <= documented


def test_what_the_book_tallies_is_counted_by_source_and_level() -> None:
    registry = CollectorRegistry()
    metrics = AnalyzerMetrics(registry)
    metrics.begin_source("app", 0.0)
    metrics.add_tally({("rare", "app", Level.WARNING): 2, ("burst", "app", Level.ERROR): 1})
    metrics.set_standing_out(["app", "web"], {"app": 3}, {("app", Level.ERROR): 2})
    assert registry.get_sample_value("log_pattern_new", {"source": "app", "level": "error"}) == 2
    assert registry.get_sample_value("log_rare_patterns_total", {"source": "app", "level": "warning"}) == 2
    assert registry.get_sample_value("log_bursts_total", {"source": "app", "level": "error"}) == 1
    assert registry.get_sample_value("log_bursts_total", {"source": "app", "level": "critical"}) == 0
    assert registry.get_sample_value("log_pattern_bursting", {"source": "app"}) == 3
    assert registry.get_sample_value("log_pattern_bursting", {"source": "web"}) == 0
