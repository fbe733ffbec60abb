"""The analyzer is killed while logs are written and rotated: in the end every line is counted once."""

import random
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.campaigns.rotating_logs import KINDS, ROTATIONS, RotatedLog, Writer
from tests.campaigns.running_analyzer import RunningAnalyzer


class Campaign:
    """A folder of logs, each a source with its own patterns, and the analyzer that is killed on them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.logs = [RotatedLog(folder / f"{rule.__name__}.log", rule, seed + i) for i, rule in enumerate(ROTATIONS)]
        settings = {
            "sources": [{"name": log.path.stem, "path": str(log.path), "timezone": "UTC"} for log in self.logs],
            "retention_days": 36_500,
            "patterns": [
                {"id": f"{log.path.stem}_{kind}", "expression": rf"\[k{kind}\] item \d+ of {log.path.stem} "}
                for log in self.logs
                for kind in range(KINDS)
            ],
            "poll_interval_seconds": 0.02,
            "store_interval_seconds": 0.2,
        }
        self.analyzer = RunningAnalyzer(folder, settings)

    def kill(self, *, early: bool) -> None:
        """Start the analyzer, kill it at some moment: while it starts, or while it reads."""
        with self.analyzer.running() as process:
            if not early:
                self.analyzer.wait_until_up()
            time.sleep(self.chance.uniform(0, 0.5))
            process.kill()
            process.wait(10)

    def written(self) -> Counter[str]:
        """Return what was written, by the pattern of each record."""
        return Counter(
            {f"{log.path.stem}_{kind[1:]}": count for log in self.logs for kind, count in log.written.items()}
        )


def run(folder: Path, seed: int, kills: int) -> None:
    """Kill the analyzer so many times under running writers; compare what was written with what is counted."""
    campaign = Campaign(folder, seed)
    analyzer = campaign.analyzer
    with analyzer.running():
        analyzer.wait_until_up()
    with Writer(campaign.logs, seed):
        for number in range(kills):
            campaign.kill(early=number % 4 == 3)
    total = campaign.written().total()
    with analyzer.running():
        analyzer.wait_until_up()
        analyzer.wait(lambda: analyzer.metric("log_source_lag_bytes") == 0, "all is read")
        analyzer.wait(lambda: analyzer.counted().total() >= total, f"{total} records are counted")
    written, counted = campaign.written(), analyzer.counted()
    differing = {one: (written[one], counted[one]) for one in written | counted if written[one] != counted[one]}
    sys.stdout.write(f"seed {seed}: {kills} kills, {total} written, {counted.total()} counted, {differing=}\n")
    assert differing == {}, analyzer.said()
    assert sum(analyzer.lines().values()) == total


@pytest.mark.slow
def test_each_line_is_counted_once_though_the_analyzer_is_killed(tmp_path: Path) -> None:
    run(tmp_path, 1, 4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_each_line_is_counted_once_over_twenty_kills(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, 20)
