"""Metric, threshold, rule, alert, and back: through a real Prometheus."""

import asyncio
import json
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from alert_bridge.threshold_config import ThresholdConfig
from alert_bridge.threshold_loop import STATE_FILE, ThresholdLoop
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


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def prometheus(folder: Path, **targets: int) -> AsyncIterator[str]:
    """Run Prometheus, scraping ports by the names of their jobs; yields its address."""
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules/*.yml"],
        "scrape_configs": [
            {
                "job_name": job,
                "honor_labels": True,
                "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
            }
            for job, port in targets.items()
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
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
    async with aiohttp.ClientSession() as session, prometheus(tmp_path, web=port) as url:
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


AGE_LIMIT = 30
SETTINGS = """
prometheus: {{url: "{url}", rules_dir: "{rules}"}}
alert_bridge:
  feed: {{listen_address: "127.0.0.1:0"}}
  dashboard: {{listen_address: "127.0.0.1:0"}}
  threshold_stale_seconds: {age_limit}
  threshold_interval_seconds: 1
  thresholds:
    - {{metric_name: load, query: load_percent, base_threshold: 80, min_threshold: 60, max_threshold: 97,
       for_seconds: 5}}
"""


@dataclass
class Scene:
    """A metric, a bridge that knows two days of it, and Prometheus over both."""

    load: Gauge
    reader: PrometheusReader
    bridge: asyncio.subprocess.Process

    async def firing(self, name: str) -> bool:
        return any(
            one["labels"]["alertname"] == name and one["state"] == "firing" for one in await self.reader.alerts()
        )

    async def value(self, query: str) -> float | None:
        samples = await self.reader.instant(query)
        return samples[0].value if samples else None


def two_days_of_ninety(folder: Path, instance: str) -> None:
    """Leave behind what an earlier run of the bridge learned."""
    manager, now = DynamicThresholdManager(), time.time()
    manager.register_threshold(ThresholdConfig("load", 80.0, min_threshold=60.0, max_threshold=97.0))
    moments = [now - 300.0 * i for i in reversed(range(1, 577))]
    manager.load_history("load", moments, [90.0] * len(moments), {"job": "web", "instance": instance})
    folder.mkdir()
    (folder / STATE_FILE).write_text("".join(map(json.dumps, manager.export_series())), encoding="utf-8")


@pytest.fixture
async def scene(tmp_path: Path, exporter: tuple[CollectorRegistry, int]) -> AsyncIterator[Scene]:
    registry, port = exporter
    load = Gauge("load_percent", "Load.", registry=registry)
    load.set(90.0)
    two_days_of_ninety(tmp_path / "bridge", f"127.0.0.1:{port}")
    bridge_port = free_port()
    async with prometheus(tmp_path, web=port, bridge=bridge_port) as url, aiohttp.ClientSession() as session:
        text = SETTINGS.format(url=url, rules=tmp_path / "rules", age_limit=AGE_LIMIT)
        (tmp_path / "newswatch.yml").write_text(text, encoding="utf-8")
        arguments: list[str | Path] = ["--config", tmp_path / "newswatch.yml", "--data-dir", tmp_path / "bridge"]
        with (tmp_path / "bridge.log").open("wb") as log:
            bridge = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "alert_bridge", *arguments, f"--web.listen-address=127.0.0.1:{bridge_port}"),
                stdout=log,
                stderr=log,
            )
        made = Scene(load, PrometheusReader(session, url), bridge)
        try:
            await until(lambda: answers(session, url), "Prometheus is ready")
            await until(lambda: made.value("dynamic_threshold:in_force == 97"), "the learned threshold is in force", 60)
            yield made
        finally:
            if bridge.returncode is None:
                bridge.kill()
            await bridge.wait()


@pytest.mark.slow
async def test_bridge_that_hangs_gives_way_to_the_base_and_is_told_of_and_recovers(scene: Scene) -> None:
    async def calm() -> bool:
        return not (await scene.firing("LoadAboveThreshold") or await scene.firing("ThresholdsStale"))

    await until(calm, "ninety is nothing unusual", 60)
    scene.bridge.send_signal(signal.SIGSTOP)
    try:
        await until(lambda: scene.firing("ThresholdsStale"), "the alert about the thresholds fires", 3 * AGE_LIMIT)
        assert await scene.value("dynamic_threshold:in_force") == 97, "the last threshold holds until the limit"
        await until(lambda: scene.firing("LoadAboveThreshold"), "the base has taken over", 3 * AGE_LIMIT)
        assert await scene.value("dynamic_threshold:in_force") == 80
    finally:
        scene.bridge.send_signal(signal.SIGCONT)
    await until(lambda: scene.value("dynamic_threshold:in_force == 97"), "the learned threshold is back", 60)

    await until(calm, "both alerts have ended", 60)


@pytest.mark.slow
async def test_alert_stays_when_the_bridge_is_killed_also_beyond_the_age_limit(scene: Scene) -> None:
    scene.load.set(99.0)
    await until(lambda: scene.firing("LoadAboveThreshold"), "the alert fires")
    scene.bridge.kill()

    async def base_is_in_force() -> bool:
        assert await scene.firing("LoadAboveThreshold"), "no gap between the threshold and the base"
        return await scene.value("dynamic_threshold:in_force") == 80

    await until(base_is_in_force, "the base has taken over", 3 * AGE_LIMIT)
    assert await scene.firing("LoadAboveThreshold")
