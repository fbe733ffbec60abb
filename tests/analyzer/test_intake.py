"""Lines that are looked up count as lines that are read the long way do: same patterns, levels, times and events."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.events import Event
from analyzer.intake import Between, Intake
from analyzer.rates import BUCKET_SECONDS
from analyzer.settings import AnalyzerSettings, PatternSettings, SourceSettings
from analyzer.sources.lines import Lines
from analyzer.stages import Batch, LogStages, Run
from runtime.clock import ManualClock

NOW = datetime(2026, 3, 2, tzinfo=UTC)
BEGIN = datetime(2026, 3, 1, 10, tzinfo=UTC)
SOURCE = SourceSettings(name="app", path="app.log", timezone="UTC")


@dataclass
class Told:
    """What lines came to, in terms that do not show how they were read."""

    lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    buckets: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    headless: int = 0
    new: Counter[str] = field(default_factory=Counter)
    events: list[tuple[str, datetime]] = field(default_factory=list)
    patterns: dict[str, tuple[int, str, datetime, datetime]] = field(default_factory=dict)
    looked_up: int = field(default=0, compare=False)


def told(
    lines: Sequence[str],
    *,
    long_way: bool = False,
    source: SourceSettings = SOURCE,
    between: Between | None = None,
    carry: bool = False,
    own: Sequence[PatternSettings] = (),
    at_once: int = 7,
    flush_after: int = 3,
) -> Told:
    """Take lines in small chunks. at_once: lines a chunk. flush_after: chunks between two flushes."""
    clock = ManualClock(NOW.timestamp())
    stages = LogStages(AnalyzerSettings(patterns=tuple(own)))
    batch, found = Batch(), Told()
    events: list[Event] = batch.events

    def count(run: Run) -> None:
        where = stages.current(run.where)
        found.lines[where.pattern_id, where.level.value] += run.count
        found.buckets[where.pattern_id, where.level.value, int(run.first.timestamp()) // BUCKET_SECONDS] += run.count
        found.looked_up += run.count if run.count > 1 else 0
        stages.count("app", run, batch)

    known_after = len(lines) + 1 if long_way else 3
    intake = Intake(stages, source, clock, count, carry=carry, between=between, known_after=known_after)
    raws = [line.encode() for line in lines]
    intake.begin("1", BEGIN)
    for number, start in enumerate(range(0, len(raws), at_once)):
        intake.take("1", Lines(raws[start : start + at_once]))
        if number % flush_after == 0:
            intake.flush()
    intake.finish("1")
    intake.flush()
    found.headless = batch.headless
    found.new = Counter({level.value: number for level, number in batch.new.items()})
    found.events = [(event.details["pattern_id"], event.timestamp) for event in events]
    found.patterns = {
        stats.id: (stats.frequency, stats.level.value, stats.first_seen, stats.last_seen) for stats in stages.book
    }
    return found


WRITTEN = {
    "python": "{at:%Y-%m-%d %H:%M:%S},{ms:03d} {level} app.worker: {text}",
    "iso zone": "{at:%Y-%m-%dT%H:%M:%S}.{ms:03d}+00:00 {level} app.worker[{n}]: {text}",
    "syslog": "{at:%b %e %H:%M:%S} web{n} app[{n}]: {text}",
    "boxed": "[{at:%Y-%m-%d %H:%M:%S}] [{level}] {text}",
    "access": '10.0.0.{n} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET /feed/{n} HTTP/1.1" {status} {n}',
    "json": '{{"time": "{at:%Y-%m-%dT%H:%M:%S}Z", "level": "{level}", "message": "{text}"}}',
    "logfmt": 'time={at:%Y-%m-%dT%H:%M:%SZ} level={level} msg="{text}"',
    "priority": "<{priority}>{at:%b %e %H:%M:%S} host app[{n}]: {text}",
    "japanese": "{at:%Y年%m月%d日 %H:%M:%S} [エラー] {text}",
    "bare": "{text}",
    "level first": "{level}: {text}",
}
TEXTS = (
    "fetched feed {n} in {m} ms",
    "stored {n} articles for client {m}",
    "request {hex} done after {n} ms",
    "session 5f{hex} of job {m} closed",
    "request failed with status {status}",
    "error code E{n} on node {m}",
    "database connection failed, attempt {n}",
    "Out of memory: killed process {n}",
    "フィードの取得に失敗しました（{n}件）",
    "{n} errors found",
    "connection to 10.0.{n}.{n} refused",
    "mail to user{n}@example.com was sent",
)
AFTER = (
    ("Traceback (most recent call last):", '  File "app.py", line {n}, in run', "ValueError: bad value {n}"),
    ("\tat com.example.App.run(App.java:{n})", "Caused by: java.io.IOException: Broken pipe"),
    ("",),
    ("  a line that goes on {n}",),
)


def log(chance: random.Random, *, kinds: Sequence[str] = tuple(WRITTEN), longest_step_seconds: int = 40) -> list[str]:
    """Return the lines of a log in which few things are said often, with other numbers."""
    texts = chance.sample(TEXTS, chance.randint(1, 4))
    written = chance.sample(kinds, min(len(kinds), chance.randint(1, 2)))
    at, lines = BEGIN, []
    for _ in range(chance.randint(10, 80)):
        at += timedelta(milliseconds=chance.randrange(1000 * longest_step_seconds))
        n, m = chance.randrange(1200), chance.choice((chance.randrange(12), chance.randrange(100_000)))
        values: dict[str, Any] = {"n": n, "m": m, "ms": at.microsecond // 1000, "at": at}
        values["hex"] = f"{chance.randrange(2**32):08x}"
        values["status"] = chance.choice((200, 200, 200, 404, 500, 503))
        values["priority"] = chance.choice((11, 12, 14, 34))
        values["level"] = chance.choice(("INFO", "INFO", "ERROR"))
        values["text"] = chance.choice(texts).format(**values)
        lines.append(WRITTEN[chance.choice(written)].format(**values))
        if chance.random() < 0.07:
            lines += [line.format(**values) for line in chance.choice(AFTER)]
    return lines


seeds = st.integers(0, 2**32).map(random.Random)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 80), st.integers(1, 4))
def test_both_ways_tell_the_same_of_any_log(chance: random.Random, at_once: int, flush_after: int) -> None:
    lines = log(chance)
    short = told(lines, at_once=at_once, flush_after=flush_after)
    assert short == told(lines, long_way=True, at_once=at_once, flush_after=flush_after), "\n".join(lines)


@pytest.mark.slow
@settings(max_examples=5_000, deadline=None)
@given(seeds, st.integers(1, 80), st.integers(1, 4))
def test_both_ways_tell_the_same_of_very_many_logs(chance: random.Random, at_once: int, flush_after: int) -> None:
    lines = log(chance, kinds=[chance.choice(list(WRITTEN))])
    short = told(lines, at_once=at_once, flush_after=flush_after)
    assert short == told(lines, long_way=True, at_once=at_once, flush_after=flush_after), "\n".join(lines)


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(0, 1200), st.integers(0, 1200))
def test_both_ways_tell_the_same_of_a_time_range(chance: random.Random, start: int, length: int) -> None:
    between = BEGIN + timedelta(seconds=start), BEGIN + timedelta(seconds=start + length)
    lines = log(chance, longest_step_seconds=20)
    assert told(lines, carry=True, between=between) == told(lines, long_way=True, carry=True, between=between)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_both_ways_find_the_patterns_of_the_user(chance: random.Random) -> None:
    own = (PatternSettings(id="slow", expression=r"in [5-9]\d+ ms"), PatternSettings(id="first", expression="^mail to"))
    lines = log(chance)
    assert told(lines, own=own) == told(lines, long_way=True, own=own)


@pytest.mark.parametrize("kind", WRITTEN)
def test_most_lines_are_looked_up(kind: str) -> None:
    at = [BEGIN + timedelta(seconds=number) for number in range(200)]
    texts = [f"fetched feed {number} in {7 * number} ms" for number in range(200)]
    values = [{"at": at[n], "ms": n, "n": 17 * n, "level": "INFO", "text": texts[n]} for n in range(200)]
    lines = [WRITTEN[kind].format(status=200, priority=14, **one) for one in values]
    assert told(lines, at_once=100).looked_up >= 180


def test_a_status_decides_the_pattern_of_lines_that_are_alike_otherwise() -> None:
    statuses = [(200, 200, 404, 503)[number % 4] for number in range(200)]
    lines = [
        f'10.0.0.9 - - [01/Mar/2026:10:00:00 +0000] "GET /{n} HTTP/1.1" {status} 5' for n, status in enumerate(statuses)
    ]
    found = told(lines)
    assert found.patterns["http_server_error"][0] == 50
    assert found.looked_up > 120


def test_a_line_that_goes_on_changes_what_its_record_says() -> None:
    said = [f"2026-03-01 10:00:{number:02d} ERROR job {number} failed" for number in range(40)]
    lines = [line for one in said for line in (one, "  File x.py", "MemoryError: no room")] + said
    found = told(lines)
    assert found.patterns["out_of_memory"][0] == 40
    assert sum(frequency for frequency, *_ in found.patterns.values()) == 80


def test_lines_without_time_are_said_when_their_source_says_so() -> None:
    runs: list[Run] = []
    clock = ManualClock(NOW.timestamp())
    intake = Intake(LogStages(AnalyzerSettings()), SOURCE, clock, runs.append)
    moments = [BEGIN + timedelta(minutes=number) for number in range(20)]
    lines = [b"job %d is done" % number for number in range(20)]
    intake.take("1", Lines(lines, [len(line) + 60 for line in lines], moments))
    assert intake.pending_bytes() == {"1": len(lines[-1]) + 60}
    intake.finish("1")
    intake.flush()
    counted = Counter(dict.fromkeys(moments[::5], 0))
    for run in runs:
        counted[moments[0] + (run.first - moments[0]) // timedelta(minutes=5) * timedelta(minutes=5)] += run.count
    assert list(counted.values()) == [5, 5, 5, 5]
    assert (runs[0].first, runs[-1].last) == (moments[0], moments[-1])
