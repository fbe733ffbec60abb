import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest

from exporter.guide_names import GUIDE_NAMES
from exporter.performance import PerformanceMonitor
from runtime.clock import ManualClock

START = 1_700_000_000.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def monitor(clock: ManualClock) -> PerformanceMonitor:
    return PerformanceMonitor(clock=clock)


def count(monitor: PerformanceMonitor, task: str, status: str) -> float | None:
    return monitor.registry.get_sample_value("app_tasks_total", {"task": task, "status": status})


async def test_timed_coroutine_is_timed_until_it_ends(monitor: PerformanceMonitor) -> None:
    begun, released = asyncio.Event(), asyncio.Event()

    async def process_article(title: str) -> str:
        """Say hello."""
        begun.set()
        await released.wait()
        return title.upper()

    timed = monitor.timed(process_article)
    running = asyncio.create_task(timed("news"))
    await begun.wait()
    assert monitor.get_app_metrics().snapshot()["active_tasks"] == 1
    assert count(monitor, "process_article", "completed") == 0
    released.set()
    assert await running == "NEWS"
    assert count(monitor, "process_article", "completed") == 1
    assert timed.__doc__ == "Say hello."
    assert asyncio.iscoroutinefunction(timed)


async def test_cancelled_coroutine_leaves_no_active_task_behind(monitor: PerformanceMonitor) -> None:
    begun = asyncio.Event()

    async def wait_for_ever() -> None:
        begun.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(monitor.timed(wait_for_ever)())
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert monitor.get_app_metrics().snapshot()["active_tasks"] == 0
    assert count(monitor, "wait_for_ever", "failed") == 0


def test_timed_function_that_raises_is_a_failed_task_and_still_raises(monitor: PerformanceMonitor) -> None:
    def parse(text: str) -> None:
        raise ValueError(text)

    with pytest.raises(ValueError, match="bad"):
        monitor.timed(parse, task="parser")("bad")
    assert count(monitor, "parser", "failed") == 1


def test_timed_refuses_a_generator_function(monitor: PerformanceMonitor) -> None:
    def articles() -> Iterator[int]:
        yield 1

    with pytest.raises(TypeError, match="articles is a generator function"):
        monitor.timed(articles)


def test_live_values_have_the_names_of_the_guide(monitor: PerformanceMonitor, clock: ManualClock) -> None:
    reader = monitor.reader()
    app = monitor.get_app_metrics()
    with monitor.track("parse"):
        app.count_cache("articles", hit=True)
        app.count_api_call("wire")
    clock.advance(5)
    expected = {entry.name: entry.group for entry in GUIDE_NAMES}
    optional = {"cpu_percent"}
    system, application = reader.system(), reader.application()
    assert set(system) | optional == {name for name, group in expected.items() if group == "system"}
    assert set(application) == {name for name, group in expected.items() if group == "application"}
    assert 0 < system["memory_percent"] < 100
    assert system["process_count"] >= 1


def test_rates_and_means_are_of_the_last_minute(monitor: PerformanceMonitor, clock: ManualClock) -> None:
    reader = monitor.reader()
    app = monitor.get_app_metrics()

    def finish(seconds: float, error: Exception | None = None) -> None:
        app.task_started("deliver")
        app.task_finished("deliver", seconds, error)

    for _ in range(3):
        finish(0.1)
    finish(0.5, OSError())
    clock.advance(5)
    values = reader.application()
    assert values["error_rate"] == pytest.approx(25)
    assert values["response_time_ms"] == pytest.approx(200)
    for _ in range(13):
        clock.advance(5)
        values = reader.application()
    assert "error_rate" not in values
    assert values["failed_tasks"] == 1


def test_values_without_anything_to_divide_by_are_absent(monitor: PerformanceMonitor) -> None:
    assert set(monitor.reader().application()) == {"active_tasks", "completed_tasks", "failed_tasks", "api_calls"}


def test_two_readers_do_not_spoil_each_other(monitor: PerformanceMonitor, clock: ManualClock) -> None:
    first, second = monitor.reader(), monitor.reader()
    with monitor.track("parse"):
        pass
    clock.advance(1)
    assert first.application()["error_rate"] == 0
    assert first.application()["error_rate"] == 0
    assert second.application()["error_rate"] == 0


def test_importing_the_monitor_does_not_load_psutil() -> None:
    code = "import sys, exporter.performance; sys.exit('psutil' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
