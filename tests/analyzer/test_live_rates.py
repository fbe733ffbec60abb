"""Bursts, rare patterns and families in the live analysis: told, counted, shown, and kept over a restart."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from tests.analyzer.test_live import NOW, Bench, settle
from tests.tools import tool

DAY = 288


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    yield made
    await made.stop()


def stamped(seconds: float, text: str, level: str = "ERROR") -> str:
    moment = datetime.fromtimestamp(NOW + seconds, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S} {level} {text}"


def a_day_before(text: str, level: str = "ERROR") -> list[str]:
    """Two lines every five minutes of the day before now."""
    return [stamped(bucket * 300 + i, f"{text} {bucket}{i}", level) for bucket in range(-DAY, 0) for i in range(2)]


async def test_a_burst_is_told_counted_and_shown_until_it_ends(bench: Bench) -> None:
    registry = CollectorRegistry()
    bench.write(*a_day_before("cannot deliver"))
    live = await bench.start(registry)
    await settle(live)
    await live.review()
    assert bench.events == []
    bench.write(*(stamped(1, f"cannot deliver {i}") for i in range(60)))
    await settle(live)
    bench.clock.advance(5)
    await live.review()
    (event,) = bench.events
    assert (event.details["reason"], event.details["level"]) == ("burst", "ERROR")
    labels = {"source": "app", "level": "error"}
    assert registry.get_sample_value("log_bursts_total", labels) == 1
    assert registry.get_sample_value("log_pattern_bursting", {"source": "app"}) == 1
    (item,) = (await live.listing("patterns", {"bursting": "true"}))["items"]
    assert item["explanation"] == "HIGH: level ERROR; seen 60 times in 5 min where 2 are usual"
    bench.clock.advance(1200)
    await live.review()
    assert registry.get_sample_value("log_pattern_bursting", {"source": "app"}) == 0
    assert registry.get_sample_value("log_bursts_total", labels) == 1


async def test_what_is_usual_is_known_after_a_restart(bench: Bench) -> None:
    bench.write(*a_day_before("cannot deliver"))
    live = await bench.start()
    await settle(live)
    await bench.stop()
    live = await bench.start()
    (item,) = await live.patterns(0, 1e11, 10)
    assert item["expected_per_hour"] == pytest.approx(24, rel=0.05)
    bench.write(*(stamped(1, f"cannot deliver {i}") for i in range(60)))
    await settle(live)
    await live.review()
    assert [event.details["reason"] for event in bench.events] == ["burst"]


async def test_families_are_found_shown_and_kept_and_a_new_error_joins_one(bench: Bench) -> None:
    registry = CollectorRegistry()
    bench.write(stamped(-60, "記事配信の準備が未完です"), stamped(-50, "記事配信の準備が中断されました"))
    bench.write(stamped(-40, "user logged in", "INFO"))
    live = await bench.start(registry)
    await settle(live)
    await live.group()
    known = (await live.listing("patterns", {"q": "記事", "kind": "dynamic"}))["items"]
    assert [item["family"]["name_ja"] for item in known] == ["記事配信・準備"] * 2
    assert registry.get_sample_value("analyzer_families") == 1
    await bench.stop()
    live = await bench.start()
    bench.write(stamped(1, "記事配信の準備が遅延"))
    await settle(live)
    (event,) = bench.events
    assert event.details["family"]["id"] == known[0]["family"]["id"]
    (family,) = (await live.listing("families", {}))["items"]
    assert (family["size"], family["severity"]) == (3, "HIGH")


async def test_metrics_are_such_as_prometheus_recommends(bench: Bench) -> None:
    registry = CollectorRegistry()
    bench.write(*a_day_before("cannot deliver"))
    live = await bench.start(registry)
    bench.write(*(stamped(1, f"cannot deliver {i}") for i in range(60)))
    await settle(live)
    await live.review()
    checked = await asyncio.to_thread(check, generate_latest(registry))
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def check(exposition: bytes) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([tool("promtool"), "check", "metrics"], input=exposition, capture_output=True)
