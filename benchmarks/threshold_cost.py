"""What the dynamic thresholds cost: CPU and memory of many metrics, calls, and a start from Prometheus' history.

Prints, for 500 metrics with four weeks of history: memory, CPU of learning the history, of recomputing every threshold
(in the middle of a day, and at its begin, when trends are worked out too) and of saving the state; the time of a call;
and how long the bridge's first round takes over a real Prometheus whose blocks promtool has made.

    uv run python benchmarks/threshold_cost.py [--metrics 500] [--no-prometheus]
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import numpy as np
import yaml
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from alert_bridge.threshold_config import ThresholdConfig
from alert_bridge.threshold_loop import ThresholdLoop
from alert_bridge.threshold_manager import DynamicThresholdManager
from runtime.clock import ManualClock, SystemClock
from runtime.prometheus import PrometheusReader

Floats = NDArray[np.float64]

DAY, WEEKS = 86400.0, 28
KINDS = 16  # different series; the metrics take turns


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metrics", type=int, default=500)
    parser.add_argument("--no-prometheus", action="store_true", help="leave out the start from Prometheus' history")
    arguments = parser.parse_args()
    print(f"{arguments.metrics} metrics, {WEEKS} days of history each\n")
    in_process(arguments.metrics)
    if not arguments.no_prometheus:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(start_from_prometheus(arguments.metrics, Path(folder)))


def config(number: int) -> ThresholdConfig:
    """Return the threshold of one metric."""
    return ThresholdConfig(f"metric_{number}", 150.0, min_threshold=10.0, max_threshold=1000.0)


def series(kind: int, end: float) -> tuple[Floats, Floats]:
    """Return four weeks of a weekly season with lasting noise, and now and then an incident."""
    rng = np.random.default_rng(kind)
    times = np.arange(end - WEEKS * DAY, end, 300.0)
    hour, day = times % DAY / 3600, times // DAY % 7
    busy = (30 + 70 * np.exp(-(((hour - 14) / 5) ** 2))) * np.where((day == 2) | (day == 3), 0.6, 1.0)
    white = rng.standard_normal(len(times))
    noise = np.convolve(white, 0.5 ** np.arange(12))[: len(times)]
    values = busy * (1 + 0.05 * noise)
    for _ in range(3):
        begin = int(rng.integers(len(times)))
        values[begin : begin + int(rng.integers(6, 120))] *= 2
    return times, values


def memory() -> float:
    """Return the process's resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak() -> float:
    """Return the highest resident memory since `forget_peak`, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1e3


def forget_peak() -> None:
    """Let the peak begin anew at the present memory."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


@contextmanager
def told(what: str, each: int = 0) -> Iterator[None]:
    """Print the CPU and wall time of a block, and the CPU time of each of so many parts."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{what:58}{cpu:9.2f} s CPU{wall:9.2f} s" + (f"{cpu / each * 1e3:9.2f} ms each" if each else ""))


def in_process(metrics: int) -> None:
    """Measure what needs no Prometheus."""
    end = (time.time() // DAY - 1) * DAY + 15 * 3600.0
    made = [series(kind, end) for kind in range(KINDS)]
    clock = ManualClock(end)
    manager = DynamicThresholdManager(clock)
    warm = DynamicThresholdManager(clock)
    warm.register_threshold(config(0))
    warm.load_history("metric_0", *made[0])
    before = memory()
    with told("history learned", metrics):
        for number in range(metrics):
            manager.register_threshold(config(number))
            manager.load_history(f"metric_{number}", *made[number % KINDS])
    learned = memory()
    for what, moment in (
        ("recomputed, in the middle of a day", end + 1.0),
        ("recomputed, a new day", end + 9 * 3600.0),
    ):
        with told(what, metrics):
            for number in range(metrics):
                manager.add_metric_value(f"metric_{number}", 50.0, moment)
    forget_peak()
    with told("state exported as JSON"):
        size = sum(len(json.dumps(one)) for one in manager.export_series())
    print(f"{'memory more than before, MB':58}{learned - before:9.1f}")
    print(f"{'the same while the state is saved, MB':58}{peak() - before:9.1f}")
    print(f"{'state, MB':58}{size / 1e6:9.1f}")
    now = end + 9 * 3600.0 + 10.0
    call("get_threshold", lambda _: manager.get_threshold("metric_1", now))
    call("add_metric_value within an interval", lambda i: manager.add_metric_value("metric_1", 50.0, now + i * 1e-4))
    print()


def call(what: str, work: Callable[[int], object], times: int = 20_000) -> None:
    """Print the median of five runs of many calls, in microseconds a call."""
    runs = []
    for run in range(5):
        start = time.perf_counter()
        for i in range(times):
            work(run * times + i)
        runs.append((time.perf_counter() - start) / times * 1e6)
    print(f"{what:58}{statistics.median(runs):9.2f} us")


async def start_from_prometheus(metrics: int, folder: Path) -> None:
    """Measure the bridge's first rounds over a Prometheus with the history."""
    make_blocks(metrics, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / "prometheus.yml").write_text(yaml.safe_dump({"global": {}}), encoding="utf-8")
    server = await asyncio.create_subprocess_exec(
        os.environ.get("PROMETHEUS_BIN", "prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=60d",
        f"--web.listen-address={address}",
        "--log.level=error",
    )
    try:
        async with aiohttp.ClientSession() as session:
            await ready(session, address)
            manager = DynamicThresholdManager()
            for number in range(metrics):
                manager.register_threshold(config(number))
            reader = PrometheusReader(session, f"http://{address}")
            loop = ThresholdLoop(reader, manager, clock=SystemClock(), registry=CollectorRegistry())
            with told("first round: all history read from Prometheus and learned", metrics):
                await loop.round()
            known = sum(known.mode == "adaptive" for _, known in manager.explanations())
            print(f"{'thresholds that are learned then':58}{known:9}")
            with told("next round: every value read"):
                await loop.round()
    finally:
        server.terminate()
        await server.wait()


def make_blocks(metrics: int, folder: Path) -> None:
    """Let promtool make Prometheus' blocks of four weeks, and of the hour in which the rounds are measured."""
    end = time.time() + 3600.0
    made = [series(kind, end) for kind in range(KINDS)]
    place = '{job="web",instance="a:1"}'
    with (folder / "history.om").open("w", encoding="ascii") as file:
        for number in range(metrics):
            times, values = made[number % KINDS]
            file.write(f"# TYPE metric_{number} gauge\n")
            pairs = zip(times.tolist(), values.tolist(), strict=True)
            file.writelines(f"metric_{number}{place} {value:.4g} {moment:.0f}\n" for moment, value in pairs)
        file.write("# EOF\n")
    command = ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=168h", folder / "history.om"]
    with told("blocks made by promtool"):
        subprocess.run(
            [os.environ.get("PROMTOOL_BIN", "promtool"), *command, folder / "data"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=sys.stderr,
        )


async def ready(session: aiohttp.ClientSession, address: str) -> None:
    """Return once Prometheus answers."""
    while True:
        try:
            async with session.get(f"http://{address}/-/ready") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    main()
