import asyncio
import os
import re
import socket
import subprocess
import threading
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from exporter.collectors.cpu import CpuCollector
from exporter.collectors.disk import FilesystemCollector, Statfs
from exporter.collectors.host import Host
from exporter.host_metrics import NAMES, OFF_BY_DEFAULT, HostMetrics, build_collectors
from tests.exporter.recording import DATA, HOST, recorded_collectors, recorded_host
from tests.tools import tool
from tests.waiting import until

GOLDEN = DATA / "host_metrics.prom"


def exposition(collector: HostMetrics) -> str:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode()


def values(families: Iterator[Metric] | list[Metric]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_recorded_host_gives_the_recorded_exposition() -> None:
    assert exposition(recorded_host()) == GOLDEN.read_text(encoding="utf-8")


def test_failing_collector_costs_its_own_families_alone(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> list[Metric]:
        raise OSError("no such device")

    host = HostMetrics(recorded_collectors() | {"meminfo": broken})
    text = exposition(host)
    exposition(host)
    assert 'node_scrape_collector_success{collector="meminfo"} 0.0' in text
    assert 'node_scrape_collector_success{collector="cpu"} 1.0' in text
    assert "node_memory_" not in text
    assert "node_load1 0.11" in text
    assert caplog.text.count("collector meminfo failed") == 1


def test_missing_proc_fails_collectors_and_not_the_scrape(tmp_path: Path) -> None:
    host = Host(proc=str(tmp_path), sys=str(tmp_path))
    text = exposition(HostMetrics(build_collectors(host, ["cpu", "meminfo", "netdev", "time"])))
    assert text.count("node_scrape_collector_success{") == 4
    assert 'node_scrape_collector_success{collector="time"} 1.0' in text
    assert 'node_scrape_collector_success{collector="cpu"} 0.0' in text


def test_switched_off_collector_exposes_nothing() -> None:
    names = [name for name in recorded_collectors() if name != "meminfo"]
    assert "node_memory_" not in exposition(HostMetrics(build_collectors(HOST, names)))


def cpu_line(user: int, idle: int) -> str:
    return f"cpu  {user} 0 0 {idle} 0 0 0 0 0 0\ncpu0 {user} 0 0 {idle} 0 0 0 0 0 0\n"


def test_cpu_counter_never_steps_back_a_little_and_starts_over_after_a_new_plug_in(tmp_path: Path) -> None:
    collector = CpuCollector(Host(proc=str(tmp_path)))

    def read(user: int, idle: int) -> tuple[float, float]:
        (tmp_path / "stat").write_text(cpu_line(user, idle))
        found = values(list(collector()))
        key = "node_cpu_seconds_total"
        return found[key, (("cpu", "0"), ("mode", "user"))], found[key, (("cpu", "0"), ("mode", "idle"))]

    assert read(user=500, idle=10_000) == (5.0, 100.0)
    assert read(user=510, idle=9_999) == (5.1, 100.0)
    assert read(user=1, idle=20) == (0.01, 0.2)


async def test_dead_mount_does_not_hold_the_scrape_and_is_asked_again_when_it_comes_back() -> None:
    released = threading.Event()
    asked: list[str] = []

    def ask(path: str) -> os.statvfs_result:
        asked.append(path)
        if path == "/srv/nas":
            released.wait(10)
        return os.statvfs("/")

    statfs = Statfs(deadline_seconds=0.05, ask=ask)
    assert list(statfs(["/srv/nas", "/"])) == ["/"]
    assert list(statfs(["/srv/nas", "/"])) == ["/"]
    assert asked.count("/srv/nas") == 1
    released.set()
    await until(lambda: "/srv/nas" in statfs(["/srv/nas", "/"]), "the mount answers again")


def test_file_system_without_an_answer_is_an_error_and_has_no_numbers() -> None:
    found = values(list(recorded_collectors()["filesystem"]()))
    nas = (("device", "nas:/export"), ("fstype", "nfs4"), ("mountpoint", "/srv/nas"))
    assert found["node_filesystem_device_error", nas] == 1
    assert ("node_filesystem_size_bytes", nas) not in found


def test_mount_points_seen_from_a_container_are_named_as_on_the_host(tmp_path: Path) -> None:
    (tmp_path / "mounts").write_text("/dev/vda /host ext4 rw 0 0\n/dev/vdb /host/srv ext4 rw 0 0\n")
    asked: list[str] = []

    def fill(paths: object) -> dict[str, os.statvfs_result]:
        assert isinstance(paths, list)
        asked.extend(paths)
        return {}

    found = values(list(FilesystemCollector(Host(proc=str(tmp_path), rootfs="/host"), statfs=fill)()))
    assert {dict(labels)["mountpoint"] for _, labels in found} == {"/", "/srv"}
    assert sorted(asked) == ["/host/", "/host/srv"]


# The real node_exporter on this host, started for the comparison.

SAME_FLAGS = (
    "--collector.disable-defaults",
    "--collector.netdev.device-exclude=",
    "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys)($|/)",
)
SAME_COLLECTORS = tuple(sorted(set(NAMES) - OFF_BY_DEFAULT))
NOT_OURS = re.compile(r"node_(exporter_build|time_clocksource|time_zone|processes_threads_state)")
UNSTABLE = re.compile(r"node_(time_seconds|load|scrape_|procs_|processes_|memory_|filesystem_|disk_io_now)")


@asynccontextmanager
async def node_exporter() -> AsyncIterator[str]:
    """Run the real node_exporter and yield the URL of its metrics."""
    program = tool("node_exporter")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    flags = [*SAME_FLAGS, *(f"--collector.{name}" for name in SAME_COLLECTORS)]
    process = await asyncio.create_subprocess_exec(
        program, f"--web.listen-address=127.0.0.1:{port}", *flags, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}/metrics"
    try:
        await until(lambda: answers(url), "node_exporter answers")
        yield url
    finally:
        process.terminate()
        await process.wait()


def answers(url: str) -> bool:
    try:
        fetch(url)
    except OSError:
        return False
    return True


def fetch(url: str) -> list[Metric]:
    with urllib.request.urlopen(url, timeout=10) as response:
        text = response.read().decode()
    return [family for family in text_string_to_metric_families(text) if family.name.startswith("node_")]


async def test_families_types_and_labels_are_those_of_the_real_node_exporter() -> None:
    collectors = build_collectors(Host(), [*SAME_COLLECTORS, "process_states"])
    async with node_exporter() as url:
        before = fetch(url)
        ours = list(text_string_to_metric_families(exposition(HostMetrics(collectors))))
        after = fetch(url)
    types = {family.name: family.type for family in after if not NOT_OURS.match(family.name)}
    assert {family.name: family.type for family in ours} == types
    comparable = re.compile(NOT_OURS.pattern + "|node_(scrape|processes)_")
    low, mine, high = (
        {key: value for key, value in values(families).items() if not comparable.match(key[0])}
        for families in (before, ours, after)
    )
    assert set(mine) == set(high)
    between = {key for key in mine if key in low and not UNSTABLE.match(key[0])}
    assert len(between) > 50
    assert [key for key in between if not low[key] - 1e-6 <= mine[key] <= high[key] + 1e-6] == []
    total = ("node_memory_MemTotal_bytes", ())
    assert mine[total] == high[total]
