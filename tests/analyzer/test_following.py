"""How much of a source is read at a time."""

from pathlib import Path

import pytest

from analyzer.following import FollowedSource
from analyzer.settings import AnalyzerSettings, SourceSettings
from analyzer.stages import LogStages
from runtime.clock import ManualClock

LINES = 20_000
LINE = "2026-03-01 06:14:00 INFO request served, that is a line of some length, one of many alike\n"


class Passing(ManualClock):
    """A clock that goes on with each look at it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(1_772_000_040.0)
        self._seconds = seconds

    def monotonic(self) -> float:
        self.advance(self._seconds)
        return super().monotonic()


@pytest.mark.parametrize(("seconds", "most_reads"), [(0.0, 5), (3.0, 8)])
def test_less_is_read_at_a_time_where_it_takes_long(tmp_path: Path, seconds: float, most_reads: int) -> None:
    log = tmp_path / "app.log"
    log.touch()
    source = FollowedSource(
        SourceSettings(name="app", path=str(log)), LogStages(AnalyzerSettings()), Passing(seconds), 0.0, None
    )
    for _ in range(10):
        source.read()
    log.write_text(LINE * LINES)
    counts = [source.read().lines.total() for _ in range(most_reads)]
    source.files.close()
    assert sum(counts) == LINES
    assert counts[0] * len(LINE) < 300 * 1024
    assert (max(counts) * len(LINE) > 600 * 1024) is (seconds == 0)


def test_what_is_told_of_files_is_text_though_their_names_are_none(tmp_path: Path) -> None:
    (tmp_path / "記事\udcff.log").mkdir()
    source = FollowedSource(
        SourceSettings(name="app", path=f"{tmp_path}/*.log"), LogStages(AnalyzerSettings()), Passing(0.0), 0.0, None
    )
    source.read()
    (problem,) = source.describe()["problems"]
    assert problem["path"] == f"{tmp_path}/記事\\udcff.log"
