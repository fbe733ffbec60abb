"""Metric, threshold, rule, alert, and back: through a real Prometheus."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from alert_bridge.threshold_config import ThresholdConfig
from alert_bridge.threshold_loop import ThresholdLoop
from alert_bridge.threshold_manager import DynamicThresholdManager
from alert_bridge.threshold_rule_file import RuleFile
from runtime.clock import SystemClock
from runtime.prometheus import PrometheusReader
from tests.tools import tool
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture
def exporter() -> Iterator[tuple[CollectorRegistry, int]]:
    registry = CollectorRegistry()
    server, thread = start_http_server(0, "127.0.0.1", registry)
    yield registry, int(server.server_port)
    server.shutdown()
    server.server_close()
    assert isinstance(thread, threading.Thread)
    thread.join()


@asynccontextmanager
async def prometheus(folder: Path, scraped_port: int) -> AsyncIterator[str]:
    """Run Prometheus, scraping one port as both the metric's and the thresholds' target; yields its address."""
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules/*.yml"],
        "scrape_configs": [
            {
                "job_name": "web",
                "honor_labels": True,
                "static_configs": [{"targets": [f"127.0.0.1:{scraped_port}"]}],
            }
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = await asyncio.create_subprocess_exec(
        tool("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--web.enable-lifecycle",
        "--log.level=error",
    )
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        await process.wait()


async def test_threshold_becomes_a_rule_and_the_rule_an_alert(
    tmp_path: Path, exporter: tuple[CollectorRegistry, int]
) -> None:
    registry, port = exporter
    cpu = Gauge("cpu_percent", "Load.", registry=registry)
    cpu.set(85.0)
    manager = DynamicThresholdManager()
    manager.register_threshold(ThresholdConfig("cpu_percent", 80.0))
    async with aiohttp.ClientSession() as session, prometheus(tmp_path, port) as url:
        reader = PrometheusReader(session, url)
        loop = ThresholdLoop(
            reader,
            manager,
            clock=SystemClock(),
            registry=registry,
            rule_file=RuleFile(tmp_path / "rules", reader, tool("promtool")),
            interval_seconds=1.0,
        )

        async def firing() -> list[Mapping[str, Any]]:
            await loop.round()
            name = "CpuPercentAboveThreshold"
            return [alert for alert in await reader.alerts() if alert["labels"]["alertname"] == name]

        await until(lambda: answers(session, url), "Prometheus is ready")
        await until(firing, "the alert fires")
        (alert,) = await firing()
        assert alert["state"] == "firing"
        assert alert["labels"] == {
            "alertname": "CpuPercentAboveThreshold",
            "metric": "cpu_percent",
            "direction": "upper",
            "severity": "error",
            "job": "web",
            "instance": f"127.0.0.1:{port}",
        }
        assert alert["annotations"]["threshold"] == "80"
        assert alert["annotations"]["value"] == "85"
        await until(lambda: reader.instant("dynamic_threshold"), "the threshold is scraped")
        (exported,) = await reader.instant("dynamic_threshold")
        assert (exported.value, exported.labels["instance"]) == (80.0, f"127.0.0.1:{port}")


async def answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/-/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False
