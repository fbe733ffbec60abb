import asyncio
import inspect
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from alert_bridge.alerts import Severity
from alert_bridge.rules import AlertRule
from alert_bridge.threshold_config import ThresholdConfig
from monitoring.integrated_monitor import IntegratedMonitoringSystem, monitoring_required
from runtime.settings import SettingsError
from runtime.web import AddressInUse
from tests.embedded import FREE_PORTS, QUICK, listening, quick, rows, running
from tests.http_client import client
from tests.waiting import until

WAITING = AlertRule("waiting", "Too many waiting", "", "pending > 1", Severity.HIGH)


def set_value(monitor: IntegratedMonitoringSystem, name: str, value: float) -> None:
    monitor.performance_monitor.get_app_metrics().set_value(name, value)


# Arguments


def test_unknown_names_are_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'http_port'"):
        IntegratedMonitoringSystem(tmp_path, dashboard_config={"htp_port": 1})
    with pytest.raises(ValueError, match="did you mean 'alert_created'"):
        quick(tmp_path).add_event_handler("alert_create", print)
    with pytest.raises(SettingsError, match="did you mean 'alert_bridge'"):
        IntegratedMonitoringSystem(tmp_path, config={"alert_brige": {}})


async def test_an_unknown_part_is_refused_and_nothing_starts(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    with pytest.raises(ValueError, match="did you mean 'performance'"):
        await monitor.start({"performence": True})
    assert not monitor.running


@pytest.mark.parametrize(
    "config", [{"http_port": "8080"}, {"websocket_port": 70000}, {"http_port": True}, {"update_interval_seconds": 0}]
)
def test_a_wrong_number_is_refused(tmp_path: Path, config: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(config))):
        IntegratedMonitoringSystem(tmp_path, dashboard_config=config)


def test_dashboard_config_wins_over_the_settings(tmp_path: Path) -> None:
    config = {"alert_bridge": {"feed": {"listen_address": "127.0.0.2:1234", "interval_seconds": 7}}}
    monitor = IntegratedMonitoringSystem(tmp_path, dashboard_config={"websocket_port": 99}, config=config)
    feed = monitor.settings.alert_bridge.feed
    assert (feed.listen_address, feed.interval_seconds) == ("127.0.0.2:99", 7)


# Start and stop


async def test_stopping_is_harmless_before_the_start_and_twice(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    await monitor.stop_monitoring()
    async with monitor:
        assert monitor.running
        with pytest.raises(RuntimeError, match="runs already"):
            await monitor.start()
    await monitor.stop_monitoring()
    assert not monitor.running
    with pytest.raises(RuntimeError, match="not started"):
        monitor.dashboard.http_port  # noqa: B018


async def test_an_open_alert_keeps_its_row_over_a_restart_and_then_resolves(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    monitor.alert_system.register_rule(WAITING)
    set_value(monitor, "pending", 5)
    async with running(monitor):
        await until(lambda: rows(tmp_path, "select * from alerts"), "the alert")
    async with running(monitor):
        set_value(monitor, "pending", 0)
        await until(lambda: rows(tmp_path, "select status from alerts") == [("resolved",)], "the alert ends")


async def test_two_run_in_one_process(tmp_path: Path) -> None:
    one, other = quick(tmp_path / "one"), quick(tmp_path / "other")
    async with one, other:
        set_value(one, "of_one", 1)
        assert one.dashboard.http_port != other.dashboard.http_port
        async with listening(one) as feed, listening(other) as other_feed:
            await until(lambda: has_value(feed, "of_one"), "the value of its own")
            assert not await has_value(other_feed, "of_one")


async def has_value(feed: Any, name: str) -> bool:
    feed.messages.clear()
    return name in (await feed.message("metrics_update"))["data"]["application_metrics"]


async def test_a_port_in_use_is_said_and_nothing_is_left_running(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        settings: dict[str, Any] = dict(QUICK)
        monitor = IntegratedMonitoringSystem(
            tmp_path / "data", tmp_path / "logs", {**FREE_PORTS, "http_port": port}, settings
        )
        with pytest.raises(AddressInUse):
            await monitor.start()
    assert not monitor.running
    assert [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
    async with running(monitor):
        assert monitor.dashboard.http_port == port


async def test_start_monitoring_runs_until_it_is_stopped(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    task = asyncio.create_task(monitor.start_monitoring({"dashboard": False}))
    await until(lambda: monitor.running, "it runs")
    await monitor.stop_monitoring()
    await asyncio.wait_for(task, 10)
    assert not monitor.running


async def test_a_signal_ends_start_monitoring_and_the_handlers_are_put_back(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    before = signal.getsignal(signal.SIGTERM)
    task = asyncio.create_task(monitor.start_monitoring({"dashboard": False}))
    await until(lambda: signal.getsignal(signal.SIGTERM) != before, "signals are heard")
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(task, 10)
    assert signal.getsignal(signal.SIGTERM) == before


# What it does


async def test_page_api_and_metrics_are_served(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    set_value(monitor, "pending", 3)
    async with running(monitor), client(monitor.dashboard.url.rstrip("/")) as http:
        assert "<html" in (await http.get("/")).text
        await until(lambda: tile_value(http, "memory_percent"), "the tile has a value")
        overview = (await http.get("/api/v1/overview")).json
        assert overview["feed_url"].rstrip("/").endswith(f":{monitor.dashboard.websocket_port}")
        metrics = (await http.get("/metrics")).text
        for family in ("app_pending 3.0", "alert_bridge_", "log_source_lag_bytes"):
            assert family in metrics


async def tile_value(http: Any, name: str) -> Any:
    tiles = (await http.get("/api/v1/overview")).json["tiles"]
    return next((tile["value"] for tile in tiles if tile["name"] == name), None)


async def test_the_page_of_a_free_port_may_listen_to_the_feed(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    async with running(monitor):
        origin = monitor.dashboard.url.rstrip("/")
        async with connect(monitor.dashboard.websocket_url, origin=origin, max_size=None) as socket:  # type: ignore[arg-type]
            assert json.loads(await socket.recv())["type"] == "metrics_update"


async def test_a_dynamic_threshold_raises_an_alert_that_says_why(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    created: list[Any] = []
    monitor.add_event_handler("alert_created", lambda event, alerts: created.append((event, alerts)))
    changed: list[Any] = []
    monitor.add_event_handler("threshold_changed", lambda event, alerts: changed.append(event))
    monitor.alert_system.threshold_manager.register_threshold(ThresholdConfig("pending", 50.0))
    set_value(monitor, "pending", 60)
    async with running(monitor, dashboard=False):
        await until(lambda: created and changed, "the handlers are told")
    event, (alert,) = created[0]
    assert (alert.name, alert.value, alert.threshold) == ("PendingAboveThreshold", 60, 50)
    assert event["details"]["alert"]["id"] == alert.id
    assert (changed[0]["metric_name"], changed[0]["threshold"]) == ("pending", 50)


async def test_without_the_part_alerts_nothing_is_raised(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    monitor.alert_system.register_rule(WAITING)
    set_value(monitor, "pending", 5)
    async with running(monitor, alerts=False), listening(monitor) as feed:
        await until(lambda: has_value(feed, "pending"), "the value is there")
    assert rows(tmp_path, "select * from alerts") == []


async def test_a_new_error_in_a_log_is_told_and_stands_in_the_table(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    seen: list[Any] = []
    monitor.add_event_handler("pattern_detected", lambda event, alerts: seen.append((event, alerts)))
    async with running(monitor, dashboard=False):
        (tmp_path / "logs/app.log").write_text("2026-01-31 12:00:00 ERROR [news] the frobnicator gave up\n")
        await until(lambda: seen, "the handler is told")
    event, alerts = seen[0]
    assert event["kind"] == "dynamic"
    assert [alert.name for alert in alerts] == ["NewErrorPattern"]
    assert rows(tmp_path, "select frequency, severity from log_patterns", "logs_analysis.db") == [(1, "HIGH")]


async def test_its_own_log_goes_beside_the_data_where_the_log_directory_cannot_be_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    settings: dict[str, Any] = dict(QUICK)
    monitor = IntegratedMonitoringSystem(tmp_path / "data", tmp_path / "file" / "logs", FREE_PORTS, settings)
    async with running(monitor, dashboard=False):
        pass
    warnings = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert [one.name for one in warnings] == ["monitoring.monitoring.composition"]
    assert "monitoring is up" in (tmp_path / "data/monitoring.log").read_text()


async def test_a_damaged_database_is_kept_aside_and_said(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/alerts.db").write_bytes(b"no database at all" * 100)
    async with running(quick(tmp_path), dashboard=False):
        assert rows(tmp_path, "select name, severity from alerts") == [("AlertDatabaseDamaged", "CRITICAL")]


# The decorator


def test_the_decorator_keeps_signature_and_kind(tmp_path: Path) -> None:
    monitor = quick(tmp_path)

    @monitoring_required(monitor)
    def add(left: int, right: int = 2) -> int:
        """Add."""
        return left + right

    @monitoring_required(monitor)
    async def add_later(left: int) -> int:
        return left

    assert (add(1), add.__name__, add.__doc__) == (3, "add", "Add.")
    assert list(inspect.signature(add).parameters) == ["left", "right"]
    assert inspect.iscoroutinefunction(add_later)
    assert asyncio.run(add_later(4)) == 4
    assert monitor.performance_monitor.get_app_metrics().snapshot()["completed_tasks"] == 2


def test_importing_the_module_loads_nothing_heavy() -> None:
    heavy = ["pydantic", "sqlalchemy", "starlette", "numpy", "aiohttp", "prometheus_client", "psutil", "websockets"]
    code = f"import sys, monitoring.integrated_monitor; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
