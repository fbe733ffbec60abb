"""The analyzer is killed while logs are written and rotated: in the end every line is counted once."""

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.campaigns.rotating_logs import KINDS, ROTATIONS, RotatedLog, Writer

_ANALYZER = (sys.executable, "-m", "analyzer", "--web.listen-address")


class Campaign:
    """A folder of logs, each a source with its own patterns, and the analyzer that is killed on them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.logs = [RotatedLog(folder / f"{rule.__name__}.log", rule, seed + i) for i, rule in enumerate(ROTATIONS)]
        self.database = folder / "data/logs_analysis.db"
        self._folder = folder
        self._address = f"127.0.0.1:{_free_port()}"
        settings = {
            "sources": [{"name": log.path.stem, "path": str(log.path), "timezone": "UTC"} for log in self.logs],
            "series": [],
            "retention_days": 36_500,
            "patterns": [
                {"id": f"{log.path.stem}_{kind}", "expression": rf"\[k{kind}\] item \d+ of {log.path.stem} "}
                for log in self.logs
                for kind in range(KINDS)
            ],
            "poll_interval_seconds": 0.02,
            "store_interval_seconds": 0.2,
        }
        (folder / "settings.json").write_text(json.dumps({"analyzer": settings}))

    @contextmanager
    def analyzer(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run the analyzer; it is ended in the end."""
        command = [*_ANALYZER, self._address, "--config", "settings.json", "--data-dir", "data"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        with (self._folder / "analyzer.err").open("ab") as said:
            process = subprocess.Popen(
                command, cwd=self._folder, env=environment, stdin=subprocess.DEVNULL, stderr=said
            )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in (0, -signal.SIGKILL), self.said()

    def kill(self, *, early: bool) -> None:
        """Start the analyzer, kill it at some moment: while it starts, or while it reads."""
        with self.analyzer() as process:
            if not early:
                self.wait_until_up()
            time.sleep(self.chance.uniform(0, 0.5))
            process.kill()
            process.wait(10)

    def wait_until_up(self) -> None:
        host, port = self._address.split(":")
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection((host, int(port)), 1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, self.said()
                time.sleep(0.02)

    def said(self) -> str:
        return (self._folder / "analyzer.err").read_text()

    def counted(self) -> Counter[str]:
        """Return what the database holds: records by pattern."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            return Counter(dict(database.execute("SELECT pattern_id, frequency FROM log_patterns")))

    def lines(self) -> dict[str, int]:
        """Return what the database holds: records by source."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT key, value FROM analyzer_state WHERE key LIKE 'source:%'").fetchall()
        return {key.partition(":")[2]: json.loads(value)["lines"] for key, value in rows}

    def written(self) -> Counter[str]:
        """Return what was written, by the pattern of each record."""
        return Counter(
            {f"{log.path.stem}_{kind[1:]}": count for log in self.logs for kind, count in log.written.items()}
        )


def run(folder: Path, seed: int, kills: int) -> None:
    """Kill the analyzer so many times under running writers; compare what was written with what is counted."""
    campaign = Campaign(folder, seed)
    with campaign.analyzer():
        campaign.wait_until_up()
    with Writer(campaign.logs, seed):
        for number in range(kills):
            campaign.kill(early=number % 4 == 3)
    total = campaign.written().total()
    with campaign.analyzer():
        deadline = time.monotonic() + 60
        while campaign.counted().total() < total and time.monotonic() < deadline:
            time.sleep(0.1)
    written, counted = campaign.written(), campaign.counted()
    differing = {one: (written[one], counted[one]) for one in written | counted if written[one] != counted[one]}
    sys.stdout.write(f"seed {seed}: {kills} kills, {total} written, {counted.total()} counted, {differing=}\n")
    assert differing == {}, campaign.said()
    assert sum(campaign.lines().values()) == total


def test_each_line_is_counted_once_though_the_analyzer_is_killed(tmp_path: Path) -> None:
    run(tmp_path, 1, 4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_each_line_is_counted_once_over_twenty_kills(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, 20)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
