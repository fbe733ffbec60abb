import asyncio
import threading

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import choose_encoder

from exporter.app_metrics import AppMetrics


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> AppMetrics:
    return AppMetrics(registry, limit=3)


def finish(metrics: AppMetrics, task: str, seconds: float = 0.1, error: BaseException | None = None) -> None:
    metrics.task_started(task)
    metrics.task_finished(task, seconds, error)


def test_a_task_has_zero_failures_before_its_first_failure(registry: CollectorRegistry, metrics: AppMetrics) -> None:
    metrics.task_started("parse")
    assert registry.get_sample_value("app_tasks_active") == 1
    assert registry.get_sample_value("app_tasks_total", {"task": "parse", "status": "failed"}) == 0
    assert registry.get_sample_value("app_tasks_total", {"task": "parse", "status": "completed"}) == 0


def test_a_failed_task_counts_as_failed_and_its_error_by_type(registry: CollectorRegistry, metrics: AppMetrics) -> None:
    finish(metrics, "parse", 0.2, ValueError("bad feed"))
    finish(metrics, "parse", 0.1)
    assert registry.get_sample_value("app_tasks_total", {"task": "parse", "status": "failed"}) == 1
    assert registry.get_sample_value("app_tasks_total", {"task": "parse", "status": "completed"}) == 1
    assert registry.get_sample_value("app_errors_total", {"type": "ValueError"}) == 1
    assert registry.get_sample_value("app_task_duration_seconds_sum", {"task": "parse"}) == pytest.approx(0.3)
    assert registry.get_sample_value("app_tasks_active") == 0


def test_a_cancelled_task_is_neither_completed_nor_failed(registry: CollectorRegistry, metrics: AppMetrics) -> None:
    finish(metrics, "parse", 0.2, asyncio.CancelledError())
    assert registry.get_sample_value("app_tasks_active") == 0
    assert metrics.snapshot() == {"active_tasks": 0, "completed_tasks": 0, "failed_tasks": 0, "api_calls": 0}


def test_label_values_past_the_limit_go_to_other_and_are_counted(
    registry: CollectorRegistry, metrics: AppMetrics
) -> None:
    for number in range(5):
        finish(metrics, f"task-{number}")
        metrics.count_api_call("wire", 500 + number)
    assert registry.get_sample_value("app_tasks_total", {"task": "other", "status": "completed"}) == 2
    assert registry.get_sample_value("app_tasks_total", {"task": "task-4", "status": "completed"}) is None
    assert registry.get_sample_value("app_external_api_calls_total", {"api": "wire", "status": "other"}) == 2
    assert registry.get_sample_value("app_label_overflow_total", {"family": "app_tasks"}) == 4
    assert metrics.snapshot()["completed_tasks"] == 5


def test_cache_look_ups_are_counted_by_result(registry: CollectorRegistry, metrics: AppMetrics) -> None:
    metrics.count_cache("articles", hit=True)
    assert registry.get_sample_value("app_cache_requests_total", {"cache": "articles", "result": "hit"}) == 1
    assert registry.get_sample_value("app_cache_requests_total", {"cache": "articles", "result": "miss"}) == 0


def test_custom_value_is_a_gauge_under_its_name(registry: CollectorRegistry, metrics: AppMetrics) -> None:
    metrics.set_value("custom_metric", 42.5)
    assert registry.get_sample_value("app_custom_metric") == 42.5
    assert metrics.get_value("custom_metric") == 42.5
    assert metrics.snapshot()["custom_metric"] == 42.5
    assert metrics.get_value("unknown") is None


def test_custom_value_that_is_not_finite_is_not_known(registry: CollectorRegistry, metrics: AppMetrics) -> None:
    metrics.set_value("ratio", 1)
    metrics.set_value("ratio", float("nan"))
    assert metrics.get_value("ratio") is None
    assert registry.get_sample_value("app_ratio") is None


@pytest.mark.parametrize("name", ["", "1st", "記事", "a-b", "tasks_total", "info", "cache_requests"])
def test_custom_value_needs_a_name_that_can_be_exposed(metrics: AppMetrics, name: str) -> None:
    with pytest.raises(ValueError, match="value name"):
        metrics.set_value(name, 1)


def test_custom_value_may_begin_like_a_family_of_the_product(registry: CollectorRegistry, metrics: AppMetrics) -> None:
    metrics.set_value("errors_today", 3)
    assert registry.get_sample_value("app_errors_today") == 3


def test_every_family_of_the_product_is_taken(registry: CollectorRegistry, metrics: AppMetrics) -> None:
    finish(metrics, "parse", error=ValueError())
    metrics.count_cache("articles", hit=True)
    metrics.count_api_call("wire")
    for family in registry.collect():
        for name in {family.name, *(sample.name for sample in family.samples)}:
            with pytest.raises(ValueError, match="is a family of the product"):
                metrics.set_value(name.removeprefix("app_"), 1)


def test_custom_value_needs_a_number(metrics: AppMetrics) -> None:
    with pytest.raises(TypeError, match="'depth': got str, expected a number"):
        metrics.set_value("depth", "7")  # type: ignore[arg-type]


def test_custom_values_past_the_limit_are_counted_and_not_kept(
    registry: CollectorRegistry, metrics: AppMetrics
) -> None:
    for number in range(5):
        metrics.set_value(f"value_{number}", number)
    assert len(metrics.values()) == 3
    assert registry.get_sample_value("app_label_overflow_total", {"family": "app_custom_values"}) == 2


def test_durations_carry_the_exemplar_that_leads_to_the_trace(registry: CollectorRegistry, metrics: AppMetrics) -> None:
    metrics.task_started("parse")
    metrics.task_finished("parse", 0.2, exemplar={"trace_id": "abc"})
    openmetrics, _ = choose_encoder("application/openmetrics-text; version=1.0.0")
    assert '# {trace_id="abc"} 0.2' in openmetrics(registry).decode()
    assert "trace_id" not in generate_latest(registry).decode()


def test_counts_from_many_threads_are_all_there(metrics: AppMetrics) -> None:
    def work() -> None:
        for _ in range(200):
            finish(metrics, "parse")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert metrics.snapshot()["completed_tasks"] == 1600
