"""The performance of one process and its machine: timed tasks, and live values under the guide's names."""

import functools
import inspect
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import ParamSpec, TypeVar, cast

from prometheus_client import CollectorRegistry

from exporter.app_metrics import AppMetrics
from exporter.guide_names import MEGABYTE, ROOT_MOUNT_POINT, VIRTUAL_DEVICES, WINDOW_SECONDS
from runtime.clock import Clock, SystemClock

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_KEEP_EVERY_SECONDS = 1.0
_VIRTUAL_DEVICE = re.compile(VIRTUAL_DEVICES)


class PerformanceMonitor:
    """The registry of one process: its tasks are timed here, its live values read here.

    registry: where the families `app_*` go; a new one if none is given.
    """

    def __init__(self, registry: CollectorRegistry | None = None, clock: Clock | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._clock = clock or SystemClock()
        self._app_metrics = AppMetrics(self.registry)

    def get_app_metrics(self) -> AppMetrics:
        """Return the application's metrics: counts, and values of its own by `set_value`."""
        return self._app_metrics

    def track(self, task: str, exemplar: Mapping[str, str] | None = None) -> "TrackedTask":
        """Return a context manager that times a block as a task; it may contain `await`."""
        return TrackedTask(self._app_metrics, task, exemplar)

    def timed(self, function: Callable[Parameters, Result], task: str | None = None) -> Callable[Parameters, Result]:
        """Wrap a function or coroutine function so that each call is a timed task.

        task: the task's name; the function's own if none is given.
        Raises TypeError for a generator function: the time until it is exhausted belongs to whoever iterates it.
        """
        name = task or str(getattr(function, "__name__", "task"))
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{name} is a generator function: use `with performance_monitor.track(...)` inside it")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def timed_coroutine(*args: Parameters.args, **kwargs: Parameters.kwargs) -> object:
                with self.track(name):
                    return await function(*args, **kwargs)

            return cast(Callable[Parameters, Result], timed_coroutine)

        @functools.wraps(function)
        def timed_function(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            with self.track(name):
                return function(*args, **kwargs)

        return timed_function

    def reader(self) -> "LiveValues":
        """Return a reader of the live values; each has its own state, so that two never spoil each other."""
        return LiveValues(self._app_metrics, self._clock)


class TrackedTask:
    """One run of a task, timed from entering to leaving the block."""

    __slots__ = ("_begun", "_exemplar", "_metrics", "_task")

    def __init__(self, metrics: AppMetrics, task: str, exemplar: Mapping[str, str] | None) -> None:
        self._metrics = metrics
        self._task = task
        self._exemplar = exemplar

    def __enter__(self) -> "TrackedTask":
        self._metrics.task_started(self._task)
        self._begun = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._metrics.task_finished(self._task, time.perf_counter() - self._begun, error, self._exemplar)


class LiveValues:
    """Live values under the guide's names, as numbers; a name whose value is not known yet is absent.

    Rates and means are taken over the last minute, or since this reader was made: what the recording rules do with
    the same counters.
    """

    def __init__(self, metrics: AppMetrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._system = _Window(clock)
        self._application = _Window(clock)
        self._system.difference(_system_counters())
        self._application.difference(metrics.totals())

    def system(self) -> dict[str, float]:
        """Return CPU, memory and disk in percent, network in MB/s, and the number of processes.

        It asks psutil and may take a millisecond or two.
        """
        import psutil

        seconds, change = self._system.difference(_system_counters())
        values = {
            "memory_percent": float(psutil.virtual_memory().percent),
            "disk_percent": float(psutil.disk_usage(ROOT_MOUNT_POINT).percent),
            "process_count": float(len(psutil.pids())),
        }
        if change["cpu_total"] > 0:
            values["cpu_percent"] = min(max(100 * (1 - change["cpu_idle"] / change["cpu_total"]), 0.0), 100.0)
        if seconds > 0:
            values["network_sent_mb_s"] = max(change["sent_bytes"], 0.0) / seconds / MEGABYTE
            values["network_recv_mb_s"] = max(change["received_bytes"], 0.0) / seconds / MEGABYTE
        return values

    def application(self) -> dict[str, float]:
        """Return the counts of tasks and calls, error rate, mean response time, cache hits, and custom values."""
        _, change = self._application.difference(self._metrics.totals())
        values = self._metrics.snapshot()
        if change["finished"] > 0:
            values["error_rate"] = 100 * change["failed"] / change["finished"]
            values["response_time_ms"] = 1000 * change["seconds"] / change["finished"]
        if change["lookups"] > 0:
            values["cache_hit_rate"] = 100 * change["hits"] / change["lookups"]
        return values


class _Window:
    """Counters over the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._readings: deque[tuple[float, dict[str, float]]] = deque()

    def difference(self, now: dict[str, float]) -> tuple[float, dict[str, float]]:
        """Take a reading; return the seconds since the oldest one kept, and what each counter gained since."""
        moment = self._clock.monotonic()
        while len(self._readings) > 1 and self._readings[1][0] <= moment - WINDOW_SECONDS:
            self._readings.popleft()
        if not self._readings or moment - self._readings[-1][0] >= _KEEP_EVERY_SECONDS:
            self._readings.append((moment, now))
        begun, before = self._readings[0]
        return moment - begun, {name: value - before[name] for name, value in now.items()}


def _system_counters() -> dict[str, float]:
    import psutil

    cpu = psutil.cpu_times()._asdict()
    guest = cpu.get("guest", 0.0) + cpu.get("guest_nice", 0.0)
    devices = psutil.net_io_counters(pernic=True)
    real = [counts for device, counts in devices.items() if not _VIRTUAL_DEVICE.fullmatch(device)]
    return {
        "cpu_total": sum(cpu.values()) - guest,
        "cpu_idle": cpu["idle"] + cpu.get("iowait", 0.0),
        "sent_bytes": float(sum(counts.bytes_sent for counts in real)),
        "received_bytes": float(sum(counts.bytes_recv for counts in real)),
    }
