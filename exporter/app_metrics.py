"""What an application tells about itself: tasks, errors, cache, calls to other services, values of its own."""

import logging
import math
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

logger = logging.getLogger(f"monitoring.{__name__}")

PREFIX = "app_"
OTHER = "other"
STATUSES = ("completed", "failed")
_VALUE_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_COUNTERS = ("tasks", "errors", "cache_requests", "external_api_calls", "label_overflow")
_TAKEN_NAMES = frozenset(
    {"tasks_active", "info"}
    | {f"{name}{suffix}" for name in _COUNTERS for suffix in ("", "_total", "_created")}
    | {f"task_duration_seconds{suffix}" for suffix in ("", "_bucket", "_sum", "_count", "_created")}
)


class AppMetrics:
    """The families `app_*` of one process; every method may be called from any thread.

    limit: how many values a label, and how many custom values, may have. A further label value is counted under
    `other`, a further custom value is not kept; `app_label_overflow_total` counts both.
    """

    def __init__(self, registry: CollectorRegistry, *, limit: int = 100) -> None:
        self._active = Gauge("app_tasks_active", "Tasks that are running now.", registry=registry)
        self._tasks = Counter(
            "app_tasks", "Tasks that came to an end, by how they ended.", ["task", "status"], registry=registry
        )
        self._seconds = Histogram(
            "app_task_duration_seconds", "How long tasks took.", ["task"], buckets=_BUCKETS_SECONDS, registry=registry
        )
        self._errors = Counter("app_errors", "Errors, by the name of their type.", ["type"], registry=registry)
        self._cache = Counter(
            "app_cache_requests", "Look-ups in a cache, by result.", ["cache", "result"], registry=registry
        )
        self._calls = Counter(
            "app_external_api_calls", "Calls to services outside, by status.", ["api", "status"], registry=registry
        )
        overflow = Counter(
            "app_label_overflow",
            "Observations whose label value or name came after the limit was reached.",
            ["family"],
            registry=registry,
        )
        self._task_names = _Names("app_tasks", limit, overflow)
        self._task_children: dict[str, _TaskChildren] = {}
        self._error_names = _Names("app_errors", limit, overflow)
        self._cache_names = _Names("app_cache_requests", limit, overflow)
        self._api_names = _Names("app_external_api_calls", limit, overflow)
        self._status_names = _Names("app_external_api_calls_status", limit, overflow)
        self._values = _CustomValues(limit, overflow)
        registry.register(self._values)

    def task_started(self, task: str) -> None:
        """Count a task as running; its families exist from now on, with 0 failures."""
        self._of(task)
        self._active.inc()

    def task_finished(
        self, task: str, seconds: float, error: BaseException | None = None, exemplar: Mapping[str, str] | None = None
    ) -> None:
        """Count a started task as ended.

        seconds: how long it took. error: what it failed with; a cancellation or an exit is neither completed nor
        failed. exemplar: labels that lead to the trace, 128 characters in all.
        """
        self._active.dec()
        if error is not None and not isinstance(error, Exception):
            return
        children = self._of(task)
        (children.completed if error is None else children.failed).inc()
        children.seconds.observe(seconds, dict(exemplar) if exemplar else None)
        if error is not None:
            self.count_error(type(error).__name__)

    def _of(self, task: str) -> "_TaskChildren":
        """Return a task's children; looking them up by label anew costs several times more than counting."""
        children = self._task_children.get(task)
        if children is None:
            name = self._task_names.bounded(task)
            completed, failed = (self._tasks.labels(name, status) for status in STATUSES)
            children = _TaskChildren(completed, failed, self._seconds.labels(name))
            if name == task:
                self._task_children[task] = children
        return children

    def count_error(self, kind: str) -> None:
        """Count an error under the name of its type; failed tasks are counted by themselves."""
        self._errors.labels(self._error_names.bounded(kind)).inc()

    def count_cache(self, cache: str, *, hit: bool) -> None:
        """Count a look-up in a cache."""
        name = self._cache_names.bounded(cache)
        for result in ("hit", "miss"):
            self._cache.labels(name, result)
        self._cache.labels(name, "hit" if hit else "miss").inc()

    def count_api_call(self, api: str, status: str | int = "ok") -> None:
        """Count a call to a service outside. status: an HTTP status or a word such as `ok`, `timeout`."""
        self._calls.labels(self._api_names.bounded(api), self._status_names.bounded(str(status))).inc()

    def set_value(self, name: str, value: float) -> None:
        """Set a value of the application's own; exposed as the gauge `app_<name>`.

        name: letters, digits and underscores. A value that is not finite takes the name away: it is not known now.
        Raises ValueError for a name that cannot be exposed, TypeError for a value that is no number.
        """
        if not isinstance(value, int | float):
            raise TypeError(f"value {name!r}: got {type(value).__name__}, expected a number")
        self._values.set(name, float(value))

    def get_value(self, name: str, default: float | None = None) -> float | None:
        """Return a value of the application's own, or the default where there is none."""
        return self._values.items().get(name, default)

    def values(self) -> dict[str, float]:
        """Return the application's own values under the names they were set by."""
        return self._values.items()

    def snapshot(self) -> dict[str, float]:
        """Return the counts so far under the guide's names, and the application's own values."""
        totals = self.totals()
        return {
            "active_tasks": totals["active"],
            "completed_tasks": totals["completed"],
            "failed_tasks": totals["failed"],
            "api_calls": totals["api_calls"],
            **self.values(),
        }

    def totals(self) -> dict[str, float]:
        """Return what the counters say now, over all labels: the raw numbers behind rates and means."""
        tasks = _sums(self._tasks, "status")
        cache = _sums(self._cache, "result")
        return {
            "active": sum(_sums(self._active).values()),
            "completed": tasks.get("completed", 0.0),
            "failed": tasks.get("failed", 0.0),
            "finished": sum(tasks.values()),
            "seconds": sum(_sums(self._seconds, suffix="_sum").values()),
            "hits": cache.get("hit", 0.0),
            "lookups": sum(cache.values()),
            "api_calls": sum(_sums(self._calls).values()),
        }


@dataclass(frozen=True, slots=True)
class _TaskChildren:
    completed: Counter
    failed: Counter
    seconds: Histogram


class _Names:
    """The values of one label: the first so many as they are, the rest as `other`."""

    def __init__(self, family: str, limit: int, overflow: Counter) -> None:
        self._family = family
        self._limit = limit
        self._overflow = overflow.labels(family)
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def bounded(self, name: str) -> str:
        if name in self._known:
            return name
        with self._lock:
            if len(self._known) < self._limit:
                self._known.add(name)
                return name
        self._overflow.inc()
        return OTHER


class _CustomValues(Collector):
    """The gauges `app_<name>` that an application sets by name."""

    def __init__(self, limit: int, overflow: Counter) -> None:
        self._limit = limit
        self._overflow = overflow.labels("app_custom_values")
        self._values: dict[str, float] = {}
        self._lock = threading.Lock()

    def set(self, name: str, value: float) -> None:
        if not _VALUE_NAME.fullmatch(name):
            raise ValueError(f"value name {name!r}: only ASCII letters, digits and underscores, no digit first")
        if name in _TAKEN_NAMES:
            raise ValueError(f"value name {name!r}: {PREFIX}{name} is a family of the product")
        with self._lock:
            if not math.isfinite(value):
                self._values.pop(name, None)
            elif name in self._values or len(self._values) < self._limit:
                self._values[name] = value
            else:
                self._overflow.inc()

    def items(self) -> dict[str, float]:
        with self._lock:
            return dict(self._values)

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        for name, value in self.items().items():
            yield GaugeMetricFamily(f"{PREFIX}{name}", "A value that the application set.", value=value)


def _sums(family: MetricWrapperBase, label: str = "", suffix: str = "") -> dict[str, float]:
    """Add up a family's samples by the value of one label; counters' creation times are passed over."""
    sums: dict[str, float] = {}
    for metric in family.collect():
        wanted = metric.name + (suffix or ("_total" if metric.type == "counter" else ""))
        for sample in metric.samples:
            if sample.name == wanted:
                key = sample.labels.get(label, "")
                sums[key] = sums.get(key, 0.0) + sample.value
    return sums
