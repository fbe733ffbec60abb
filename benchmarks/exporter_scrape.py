"""What a scrape costs: this exporter beside node_exporter, with the same collectors, over one kept connection.

python benchmarks/exporter_scrape.py [SCRAPES]
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from exporter.host_metrics import NAMES, OFF_BY_DEFAULT
from monitoring.tools import find

WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Cost:
    series: int
    cpu_milliseconds: float
    median_milliseconds: float
    resident_megabytes: float


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def scrape(connection: http.client.HTTPConnection) -> bytes:
    connection.request("GET", "/metrics")
    return connection.getresponse().read()


def measure(command: Sequence[str], port: int, scrapes: int) -> Cost:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        connection = connected(port)
        for _ in range(WARM_UP):
            body = scrape(connection)
        watched = psutil.Process(process.pid)
        before, times = watched.cpu_times(), []
        for _ in range(scrapes):
            begun = time.perf_counter()
            scrape(connection)
            times.append(time.perf_counter() - begun)
        after = watched.cpu_times()
        seconds = after.user + after.system - before.user - before.system
        series = sum(1 for line in body.splitlines() if line and not line.startswith(b"#"))
        return Cost(series, 1e3 * seconds / scrapes, 1e3 * statistics.median(times), watched.memory_info().rss / 1e6)
    finally:
        process.terminate()
        process.wait(10)


def connected(port: int) -> http.client.HTTPConnection:
    deadline = time.monotonic() + 10
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.connect()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return connection


def peers() -> dict[str, tuple[list[str], int]]:
    """Return command and port of each program that is here."""
    ours, theirs = free_port(), free_port()
    commands = {"exporter": ([sys.executable, "-m", "exporter", "--web.listen-address", f"127.0.0.1:{ours}"], ours)}
    program = find("node_exporter")
    if program:
        flags = ["--collector.disable-defaults", *(f"--collector.{name}" for name in set(NAMES) - OFF_BY_DEFAULT)]
        commands["node_exporter"] = ([str(program), f"--web.listen-address=127.0.0.1:{theirs}", *flags], theirs)
    return commands


def main(scrapes: int) -> None:
    costs = {name: measure(command, port, scrapes) for name, (command, port) in peers().items()}
    print(f"{scrapes} scrapes, kept connection, no gzip\n{'':15}{'series':>8}{'CPU ms':>9}{'p50 ms':>9}{'RSS MB':>9}")
    for name, cost in costs.items():
        print(
            f"{name:15}{cost.series:8}{cost.cpu_milliseconds:9.2f}{cost.median_milliseconds:9.2f}"
            f"{cost.resident_megabytes:9.0f}"
        )
    if "node_exporter" in costs:
        ratio = costs["exporter"].cpu_milliseconds / costs["node_exporter"].cpu_milliseconds
        print(f"CPU a scrape, exporter / node_exporter: {ratio:.2f}")
    else:
        print("node_exporter is not installed: nothing to compare with")


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
