"""What the analyzer holds in memory, and how it answers while it catches up; the real process, over real files.

    uv run python benchmarks/log_memory.py [--lines N] [--backlog-mb N]

1. N lines are written to a file that is rotated every million lines while `python -m analyzer` follows it: the most
   memory that it had (resident), and whether each line was counted.
2. It is stopped, a backlog is written and rotated meanwhile, and it is started again: how long it takes to catch up,
   and how long scrapes of /metrics take until then.
"""

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.request import urlopen

import psutil

from benchmarks.made_logs import raw

ROTATED_EVERY = 1_000_000
KEPT = 4
PATIENCE_SECONDS = 900
SCRAPE_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Analyzer:
    """The process and where it answers."""

    process: psutil.Process
    url: str

    def scrape(self) -> dict[str, float]:
        """Return its metrics, summed over their labels."""
        found: dict[str, float] = {}
        with urlopen(f"{self.url}/metrics", timeout=60) as answer:
            for line in answer.read().decode().splitlines():
                if line and not line.startswith("#"):
                    name, value = line.rsplit(" ", 1)
                    found[name.partition("{")[0]] = found.get(name.partition("{")[0], 0.0) + float(value)
        return found

    def resident_megabytes(self) -> float:
        """Return how much memory it has now."""
        return float(self.process.memory_info().rss) / 1e6


@contextmanager
def analyzer(folder: Path) -> Iterator[Analyzer]:
    """Run the analyzer on app.log of a folder while entered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings = folder / "settings.yml"
    settings.write_text(
        f"analyzer: {{series: [], sources: [{{name: app, path: {folder}/app.log}}]}}\n", encoding="utf-8"
    )
    command = (sys.executable, "-m", "analyzer", "--config", str(settings), "--data-dir", str(folder / "data"))
    process = subprocess.Popen((*command, "--web.listen-address", f"127.0.0.1:{port}"), stderr=subprocess.DEVNULL)
    try:
        made = Analyzer(psutil.Process(process.pid), f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                made.scrape()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def write(log: Path, lines: Iterator[str], count: int) -> int:
    """Append lines to a log; returns how many there were left to append."""
    with log.open("a", encoding="utf-8") as file:
        written = 0
        for line in islice(lines, count):
            file.write(f"{line}\n")
            written += 1
    return written


def rotate(log: Path) -> None:
    """Rename a log as logrotate does, and begin it anew."""
    for number in range(KEPT, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.unlink() if number == KEPT else older.rename(log.with_name(f"{log.name}.{number + 1}"))
    log.rename(log.with_name(f"{log.name}.1"))
    log.touch()


def wait_for(running: Analyzer, lines: int) -> list[float]:
    """Scrape until so many lines are counted; returns the seconds that the scrapes took."""
    took = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        began = time.perf_counter()
        counted = running.scrape().get("log_lines_total", 0.0)
        took.append(time.perf_counter() - began)
        if counted >= lines:
            if counted > lines:
                raise RuntimeError(f"{counted:.0f} lines were counted of {lines}")
            return took
        if time.monotonic() > deadline:
            raise RuntimeError(f"{counted:.0f} of {lines} lines after {PATIENCE_SECONDS} s")
        time.sleep(SCRAPE_PAUSE_SECONDS)


def memory(folder: Path, total: int) -> None:
    """Measure the memory over many lines."""
    log = folder / "app.log"
    log.touch()
    lines = raw(total)
    with analyzer(folder) as running:
        idle = most = running.resident_megabytes()
        written = 0
        while written < total:
            written += write(log, lines, min(ROTATED_EVERY, total - written))
            wait_for(running, written)
            most = max(most, running.resident_megabytes())
            print(f"  {written:>10,} lines: {running.resident_megabytes():.0f} MB", flush=True)
            rotate(log)
        most = max(most, _peak_megabytes(running.process.pid))
    print(f"memory: {idle:.0f} MB idle, {most:.0f} MB at most over {written:,} lines")


def _peak_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024 / 1e6


def backlog(folder: Path, megabytes: int) -> None:
    """Measure scrapes while a backlog is caught up."""
    log = folder / "app.log"
    log.touch()
    with analyzer(folder) as running:
        idle = [_timed_scrape(running) for _ in range(50)]
    lines, written = raw(10**9), 0
    for number in range(KEPT):
        while log.stat().st_size < megabytes * 1e6 / KEPT:
            written += write(log, lines, 10_000)
        if number < KEPT - 1:
            rotate(log)
    began = time.monotonic()
    with analyzer(folder) as running:
        ready = time.monotonic() - began
        took = wait_for(running, written)
        seconds = time.monotonic() - began
        peak = _peak_megabytes(running.process.pid)
    print(f"backlog: {megabytes} MB, {written:,} lines, caught up {seconds:.1f} s after the start ({ready:.1f} s of it")
    print(f"  until it answers), {peak:.0f} MB at most")
    print(f"scrape of /metrics meanwhile, {len(took)} of them: {_spread(took)}; idle: {_spread(idle)}")


def _timed_scrape(running: Analyzer) -> float:
    began = time.perf_counter()
    running.scrape()
    return time.perf_counter() - began


def _spread(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else seconds * 99
    return f"p50 {1e3 * cuts[49]:.0f} ms, p99 {1e3 * cuts[98]:.0f} ms, max {1e3 * max(seconds):.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--backlog-mb", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        backlog(Path(folder), options.backlog_mb)
    with tempfile.TemporaryDirectory() as folder:
        memory(Path(folder), options.lines)


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    main()
