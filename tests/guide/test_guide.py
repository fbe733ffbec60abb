"""Every sample of the guide that a program can run, taken from the guide's own text."""

import asyncio
import json
import logging
import re
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from alert_bridge.alerts import Severity
from alert_bridge.rules import AlertRule
from exporter.performance import PerformanceMonitor
from monitoring.integrated_monitor import IntegratedMonitoringSystem
from tests.embedded import QUICK, listening, quick, rows, running
from tests.guide import preamble
from tests.guide.blocks import block, run
from tests.guide.preamble import names, plugin_class, told
from tests.waiting import until

ROOT = Path(__file__).parents[2]
NODE = (compute_driver_executable()[0], "--no-warnings", "-e")
"""The Node.js that Playwright brings; it has WebSocket built in, as browsers do."""
PLAIN_LOG = """\
2026-01-31 12:00:00,000 ERROR [news] psycopg.OperationalError: connection to server at "db-1" failed: Connection refused
2026-01-31 12:00:01,000 INFO [news] article 1 delivered to 120 readers in 12 ms
"""


async def test_the_basic_start_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    write_settings(tmp_path, feed={"listen_address": "127.0.0.1:0"}, dashboard={"listen_address": "127.0.0.1:0"})
    script = block("1. 基本的な監視開始").replace("/var/log/newssystem", "logs")
    (tmp_path / "basic.py").write_text(script, encoding="utf-8")
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "basic.py", cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stderr=-1
    )
    log = tmp_path / "logs/monitoring.log"
    try:
        await until(lambda: log.exists() and "monitoring is up" in log.read_text(), "the monitoring is up")
        program.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(program.communicate(), 20)
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    assert (program.returncode, errors) == (0, b"")
    assert (tmp_path / "production_monitoring/alerts.db").exists()
    assert (tmp_path / "production_monitoring/logs_analysis.db").exists()


async def test_the_integrated_system_starts_with_the_guides_dashboard_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sample = re.sub(r"_port': \d+", "_port': 0", block("4. 統合監視システム (`integrated_monitor.py`)"))
    sample = sample.replace("await system.start_monitoring", "running = asyncio.create_task(system.start_monitoring")
    found = await run(f"{sample.rstrip()})\n", {"asyncio": asyncio})
    system: IntegratedMonitoringSystem = found["system"]
    try:
        await until(lambda: system.running and system.alert_system.page is not None, "the page is served")
        async with listening(system) as feed:
            assert "cpu_percent" in (await feed.message("metrics_update"))["data"]["system_metrics"]
    finally:
        await system.stop_monitoring()
        await found["running"]
    assert (tmp_path / "monitoring/alerts.db").exists()


async def test_the_guides_settings_file_is_read_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").mkdir()
    text = block("メイン設定ファイル (`config/monitoring_config.json`)")
    (tmp_path / "config/monitoring_config.json").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monitor = IntegratedMonitoringSystem(tmp_path / "data", tmp_path / "logs")
    assert monitor.settings.exporter.collection_interval_seconds == 30
    assert monitor.settings.analyzer.analysis_interval_seconds == 1800
    manager = monitor.alert_system.threshold_manager
    assert manager.get_threshold("cpu_percent", severity=Severity.MEDIUM) == 70
    assert manager.get_threshold("error_rate", severity=Severity.CRITICAL) == 15


async def test_a_log_is_analysed_as_in_the_first_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/app.log").write_text(PLAIN_LOG, encoding="utf-8")
    values = names()
    values["start_time"] = values["start_time"].replace(2026, 1, 31, 0)
    await run(block("パターン検出"), values)
    printed = capsys.readouterr().out
    assert "パターン: Database error" in printed
    assert "頻度: 1" in printed
    assert "重要度: HIGH" in printed
    assert "delivered" not in printed


async def test_a_dynamic_threshold_is_registered_and_asked_for() -> None:
    found = await run(block("動的閾値調整"), names())
    assert found["current_threshold"] == 80.0
    assert found["manager"].explain("cpu_percent").mode == "warming"


async def test_the_guides_notification_config_makes_channels_that_show_no_secret(tmp_path: Path) -> None:
    config = (await run(block("多チャネル通知"), {}))["notification_config"]
    monitor = quick(tmp_path, alert_system={"notification_channels": config})
    manager = monitor.alert_system.notification_manager
    assert set(manager.names) == {"email", "slack"}
    assert "app-password" not in str(manager.channels_config)


async def test_the_feed_speaks_to_the_guides_javascript(tmp_path: Path) -> None:
    if not await node_runs():
        pytest.skip("Playwright's Node.js does not run here: install libatomic1")
    monitor = quick(tmp_path)
    async with running(monitor):
        sample = block("WebSocketベースのリアルタイム更新").replace(
            "ws://localhost:8765", monitor.dashboard.websocket_url
        )
        script = (
            "function updateMetrics(data) { console.log('metrics', Object.keys(data).sort().join()) }\n"
            "function showAlert(data) { console.log('alert', data.message); ws.close() }\n" + sample
        )
        program = await asyncio.create_subprocess_exec(*NODE, script, stdout=-1)
        assert program.stdout is not None
        try:
            first = (await asyncio.wait_for(program.stdout.readline(), 20)).decode()
            assert first.startswith("metrics application_metrics,system_chart,system_metrics")
            open_an_alert(monitor)
            rest, _ = await asyncio.wait_for(program.communicate(), 20)
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
    assert "alert Too many waiting" in rest.decode()


async def test_the_feeds_messages_have_the_guides_form(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    update, new_alert = [json.loads(part) for part in json_objects(block("サーバー → クライアント"))]
    acknowledge, history = [json.loads(part) for part in json_objects(block("クライアント → サーバー"))]
    async with running(monitor), listening(monitor) as feed:
        got = await feed.message("metrics_update")
        assert got["data"].keys() >= update["data"].keys()
        assert got["data"]["system_metrics"].keys() >= update["data"]["system_metrics"].keys()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", got["data"]["system_metrics"]["timestamp"])
        await feed.socket.send(json.dumps(history))
        assert (await feed.message("history"))["data"]["minutes"] == 60
        open_an_alert(monitor)
        alert = await feed.message("new_alert")
        assert alert["data"].keys() >= new_alert["data"].keys()
        assert alert["data"]["severity"] == "HIGH"
        await feed.socket.send(json.dumps({**acknowledge, "alert_id": alert["data"]["id"]}))
        await until(lambda: rows(tmp_path, "select status from alerts") == [("acknowledged",)], "acknowledged")


async def test_the_tables_have_the_guides_columns(tmp_path: Path) -> None:
    async with running(quick(tmp_path), dashboard=False):
        pass
    for heading, file in (
        ("ログ分析 (`logs_analysis.db`)", "logs_analysis.db"),
        ("アラートシステム (`alerts.db`)", "alerts.db"),
    ):
        with closing(sqlite3.connect(":memory:")) as guide:
            guide.executescript(block(heading))
            tables = [name for (name,) in guide.execute("select name from sqlite_master where type = 'table'")]
            assert len(tables) == 2
            for table in tables:
                wanted = {row[1:3] for row in guide.execute(f"pragma table_info({table})")}
                kept = {(row[1], kind(row[2])) for row in rows(tmp_path, f"pragma table_info({table})", file)}
                assert wanted <= kept, table


async def test_the_event_handler_gets_patterns_and_the_alerts_they_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor = quick(tmp_path)
    await run(block("2. カスタムイベントハンドラ"), names(monitor))
    seen: list[Any] = []
    monitor.add_event_handler("pattern_detected", lambda event, alerts: seen.append((event, alerts)))
    (tmp_path / "logs").mkdir()
    async with running(monitor, dashboard=False):
        log = tmp_path / "logs/app.log"
        log.write_text("2026-01-31 12:00:00 CRITICAL [news] java.lang.OutOfMemoryError: Java heap space\n")
        await until(lambda: seen, "the handlers are told")
        await until(lambda: told, "the system outside is told")
    assert "重要なパターンが検出されました: Out of memory" in capsys.readouterr().out
    event, alerts = seen[0]
    assert event["type"] == "pattern_detected"
    assert event["details"]["category"] == "out_of_memory"
    assert [alert.name for alert in alerts] == ["OutOfMemoryInLogs"]
    assert rows(tmp_path, "select severity from alerts") == [("CRITICAL",)]


async def test_the_decorator_times_and_counts_and_works_before_the_start(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    found = await run(block("3. パフォーマンス監視デコレータ"), names(monitor))
    process = found["process_news_article"]
    assert process.__doc__ == "ニュース記事処理（監視付き）"
    assert await process({"title": "news"}) == {"title": "NEWS"}
    with pytest.raises(KeyError):
        await process({})
    assert counted(monitor.performance_monitor, "app_tasks_total", status="completed") == 1
    assert counted(monitor.performance_monitor, "app_tasks_total", status="failed") == 1
    assert counted(monitor.performance_monitor, "app_errors_total", type="KeyError") == 1


async def test_a_custom_metric_has_its_own_threshold(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    await run(block("カスタムメトリクス"), names(monitor))
    metrics = monitor.performance_monitor.get_app_metrics()
    async with running(monitor), listening(monitor) as feed:
        values = (await feed.message("metrics_update"))["data"]["application_metrics"]
        await until(lambda: rows(tmp_path, "select metric_name from threshold_history"), "a threshold is kept")
        metrics.set_value("custom_metric", 51)
        alert = await feed.message("new_alert")
    assert values.get("custom_metric") in (None, 42.5)
    assert (alert["data"]["labels"]["metric"], alert["data"]["threshold"]) == ("custom_metric", 50)
    assert rows(tmp_path, "select metric_name, threshold_value from threshold_history")[0] == ("custom_metric", 50.0)


async def test_the_custom_rule_fires_when_both_sides_hold(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    await run(block("1. カスタムアラートルール"), names(monitor))
    performance = monitor.performance_monitor
    performance.get_app_metrics().set_value("article_processing_rate", 40)

    async def failed_and_alerted() -> bool:
        with pytest.raises(ConnectionError), performance.track("deliver"):
            raise ConnectionError
        return bool(rows(tmp_path, "select message from alerts"))

    async with running(monitor, dashboard=False):
        await until(failed_and_alerted, "the alert")
    assert rows(tmp_path, "select name, severity, message from alerts") == [
        ("custom_business_rule", "HIGH", "ビジネスロジックアラート")
    ]


async def test_a_custom_channel_is_told_of_an_alert(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    sample = block("2. カスタム通知チャネル")
    found = await run(sample, names(monitor))
    found["CustomNotificationChannel"].custom_api_call = staticmethod(preamble.custom_api_call)
    async with running(monitor, dashboard=False):
        open_an_alert(monitor)
        await until(lambda: told, "the channel is told")
    assert (told[0].severity, told[0].message) == (Severity.HIGH, "Too many waiting")


async def test_a_plugin_sees_and_changes_the_metrics(tmp_path: Path) -> None:
    monitor = quick(tmp_path)
    metrics = monitor.performance_monitor.get_app_metrics()
    metrics.set_value("pending", 5)
    definition, _, use = block("3. プラグインアーキテクチャ").partition("# プラグイン登録")
    found = await run(definition, names(monitor))
    found["CustomMonitoringPlugin"] = plugin_class(found["MonitoringPlugin"])
    plugin = (await run(use, found))["plugin"]
    await monitor.add_plugin(plugin)
    async with running(monitor), listening(monitor) as feed:
        await feed.message("metrics_update")
        feed.messages.clear()
        assert (await feed.message("metrics_update"))["data"]["application_metrics"]["pending_share"] == 0.5


async def test_the_troubleshooting_samples_run(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger("monitoring").level
    try:
        await run(block("2. メトリクス収集エラー"), names())
        assert logging.getLogger("monitoring.monitoring.composition").isEnabledFor(logging.DEBUG)
    finally:
        logging.getLogger("monitoring").setLevel(before)
    settings, _, _ = block("3. アラートが送信されない").partition("# SMTPサーバー接続テスト")
    await run(settings, names())
    assert capsys.readouterr().out == "{}\n"


def write_settings(folder: Path, **bridge: Any) -> None:
    settings = {**QUICK, "alert_bridge": {**QUICK["alert_bridge"], **bridge}}
    (folder / "config").mkdir()
    (folder / "config/monitoring_config.json").write_text(json.dumps(settings), encoding="utf-8")


def open_an_alert(monitor: IntegratedMonitoringSystem) -> None:
    rule = AlertRule("waiting", "Too many waiting", "", "pending > 1", Severity.HIGH)
    monitor.alert_system.register_rule(rule)
    monitor.performance_monitor.get_app_metrics().set_value("pending", 5)


def counted(performance: PerformanceMonitor, family: str, **labels: str) -> float:
    samples = [sample for one in performance.registry.collect() for sample in one.samples if sample.name == family]
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


def json_objects(text: str) -> list[str]:
    return [part for part in re.split(r"\n(?=\{)", text) if part.strip()]


def kind(declared: str) -> str:
    return "REAL" if declared == "FLOAT" else declared


async def node_runs() -> bool:
    """Tell whether Node.js has the libraries of the system that it needs."""
    program = await asyncio.create_subprocess_exec(*NODE, "new WebSocket('ws://127.0.0.1:9').close()", stderr=-3)
    return await program.wait() == 0
