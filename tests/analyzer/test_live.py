"""The live analysis over real files and a real database: counted once, told once, remembered."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from analyzer.events import Event
from analyzer.live import EventListener, LiveAnalysis
from analyzer.metrics import AnalyzerMetrics
from analyzer.settings import AnalyzerSettings, SeriesSettings, SourceSettings
from analyzer.stages import LogStages
from analyzer.store import MIGRATIONS, AnalyzerStore
from analyzer.templates import Match, TemplateMiner
from runtime.clock import ManualClock
from runtime.database import Database
from runtime.prometheus import Sample, Series
from tests.waiting import until

NOW = 1_772_000_040.0


class Reader:
    """One series that a test moves."""

    def __init__(self) -> None:
        self.last = 50.0

    async def instant(self, name: str) -> Sequence[Sample]:
        return ()

    async def range(self, name: str, start: float, end: float, step: float) -> Sequence[Series]:
        values = (*([50.0, 51.0] * 30), self.last)
        moments = tuple(end - (len(values) - 1 - i) * step for i in range(len(values)))
        return [Series({"instance": "a:1"}, moments, values)]


class Bench:
    """A folder of logs, a database, and live analyses that are started on them."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "app.log"
        self.file = folder / "logs_analysis.db"
        self.clock = ManualClock(NOW)
        self.events: list[Event] = []
        self.reader = Reader()
        self.listener: EventListener = self.events.append
        self._open: list[tuple[LiveAnalysis, Database]] = []

    async def start(
        self, registry: CollectorRegistry | None = None, *, work: bool = False, **settings: object
    ) -> LiveAnalysis:
        given = AnalyzerSettings(
            sources=(SourceSettings(name="app", path=str(self.log), timezone="UTC"),),
            series=(SeriesSettings(name="cpu_percent"),),
            **settings,  # type: ignore[arg-type]
        )
        database = await asyncio.to_thread(Database.open, self.file, MIGRATIONS)
        stages = LogStages(given)
        metrics = AnalyzerMetrics(registry or CollectorRegistry(), stages.catalogue)
        store = AnalyzerStore(database)
        live = LiveAnalysis(given, store, metrics, stages, self.clock, reader=self.reader, on_event=self.listener)
        await live.start(work=work)
        self._open.append((live, database))
        return live

    async def stop(self) -> None:
        for live, database in self._open:
            await live.close()
            await database.close()
        self._open.clear()

    def write(self, *lines: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    yield made
    await made.stop()


async def settle(live: LiveAnalysis) -> None:
    """Read, and once more, so that records in hand are done."""
    await live.poll()
    await live.poll()


def error(text: str) -> str:
    return f"2026-02-25 06:14:00 ERROR {text}"


async def test_existing_lines_are_learned_in_silence_and_new_ones_told(bench: Bench) -> None:
    registry = CollectorRegistry()
    bench.write(error("known trouble 1"), error("database connection failed"))
    live = await bench.start(registry)
    await settle(live)
    assert bench.events == []
    assert registry.get_sample_value("log_lines_total", {"source": "app", "level": "error"}) == 0
    bench.write(error("known trouble 2"), error("unheard-of trouble 3"))
    await settle(live)
    assert [event.description for event in bench.events] == ["unheard-of trouble <*>"]
    assert registry.get_sample_value("log_lines_total", {"source": "app", "level": "error"}) == 2
    assert registry.get_sample_value("log_new_patterns_total", {"source": "app", "level": "error"}) == 1


async def test_a_source_without_lines_learns_for_a_while_but_known_patterns_tell_at_once(bench: Bench) -> None:
    live = await bench.start(learning_seconds=600)
    await settle(live)
    bench.write(error("new trouble"), error("database connection failed"))
    await settle(live)
    assert [event.details["pattern_id"] for event in bench.events] == ["database_error"]
    bench.clock.advance(601)
    bench.write(error("later trouble"))
    await settle(live)
    assert [event.description for event in bench.events[1:]] == ["later trouble"]


async def test_counters_of_known_patterns_exist_before_the_first_line(bench: Bench) -> None:
    registry = CollectorRegistry()
    live = await bench.start(registry)
    labels = {"source": "app", "pattern": "database_error"}
    assert registry.get_sample_value("log_pattern_lines_total", labels) == 0
    await settle(live)
    bench.write(error("database connection failed"))
    await settle(live)
    assert registry.get_sample_value("log_pattern_lines_total", labels) == 1


async def test_lines_are_counted_once_over_a_restart(bench: Bench) -> None:
    live = await bench.start()
    await settle(live)
    bench.write(error("disk trouble 1"), error("disk trouble 2"))
    await live.poll()
    await bench.stop()
    bench.write(error("disk trouble 3"))
    live = await bench.start()
    await settle(live)
    (pattern,) = await live.patterns(0, 1e11, 100)
    assert (pattern["description"], pattern["frequency"]) == ("disk trouble <*>", 3)


async def test_what_was_not_saved_is_read_again(bench: Bench) -> None:
    live = await bench.start()
    await settle(live)
    await live.save()
    bench.write(error("disk trouble 1"))
    await settle(live)
    second = await bench.start()
    await settle(second)
    assert [pattern["frequency"] for pattern in await second.patterns(0, 1e11, 100)] == [1]


async def test_a_known_pattern_is_not_new_after_a_restart(bench: Bench) -> None:
    live = await bench.start(learning_seconds=0)
    await settle(live)
    bench.write(error("odd trouble"))
    await settle(live)
    await bench.stop()
    live = await bench.start(learning_seconds=0)
    bench.write(error("odd trouble"))
    await settle(live)
    assert len(bench.events) == 1


async def test_a_traceback_is_one_line_of_its_pattern(bench: Bench) -> None:
    registry = CollectorRegistry()
    live = await bench.start(registry)
    await settle(live)
    bench.write(error("cannot store"), "Traceback (most recent call last):", '  File "a.py", line 1', "KeyError: 'x'")
    await settle(live)
    assert registry.get_sample_value("log_lines_total", {"source": "app", "level": "error"}) == 1
    assert [pattern["description"] for pattern in await live.patterns(0, 1e11, 100)] == [
        "cannot store: KeyError: '<*>'"
    ]


async def test_nothing_that_is_kept_or_told_holds_personal_data(bench: Bench) -> None:
    registry = CollectorRegistry()
    live = await bench.start(registry, learning_seconds=0)
    await settle(live)
    secrets = ["canary.taro@example.jp", "090-1234-5678", "4111 1111 1111 1111", "hunter2canary"]
    texts = [f"cannot tell {secret}" for secret in secrets[:3]] + [f"denied password={secrets[3]}"]
    bench.write(*(error(text) for text in texts))
    await settle(live)
    await live.save()
    kept = [str(event.to_dict()) for event in bench.events]
    kept += [str(await live.patterns(0, 1e11, 100)), str(list(registry.collect()))]
    await bench.stop()
    kept += [path.read_bytes().decode("latin-1") for path in bench.file.parent.glob("*.db*")]
    assert len(kept) > 3
    assert [secret for secret in secrets for text in kept if secret in text] == []


async def test_a_failing_listener_does_not_stop_the_analysis(bench: Bench) -> None:
    registry = CollectorRegistry()

    def fail(_: Event) -> None:
        raise RuntimeError("no")

    bench.listener = fail
    live = await bench.start(registry)
    await settle(live)
    bench.write(error("database connection failed"), error("out of memory"))
    await settle(live)
    assert registry.get_sample_value("analyzer_failures_total", {"part": "event listener"}) == 2
    assert len(await live.patterns(0, 1e11, 100)) == 2


async def test_an_anomaly_is_told_once_and_remembered_to_its_end(bench: Bench) -> None:
    registry = CollectorRegistry()
    live = await bench.start(registry)
    await live.look()
    assert registry.get_sample_value("anomaly_active", {"series": "cpu_percent"}) == 0
    bench.reader.last = 99.0
    await live.look()
    await live.look()
    assert [event.type for event in bench.events] == ["anomaly_detected"]
    assert registry.get_sample_value("anomaly_active", {"series": "cpu_percent"}) == 1
    assert registry.get_sample_value("anomaly_detected_total", {"series": "cpu_percent", "severity": "error"}) == 1
    (item,) = await live.anomalies(0, 1e11, 10)
    assert (item["series"], item["ended_at"], item["methods"]) == ("cpu_percent", None, ["zscore"])
    await bench.stop()
    live = await bench.start()
    await live.look()
    assert len(bench.events) == 1
    bench.reader.last = 50.0
    bench.clock.advance(600)
    await live.look()
    (item,) = await live.anomalies(0, 1e11, 10)
    assert item["ended_at"] is not None
    assert await live.count_anomalies(0, NOW - 7200) == 0


async def test_what_is_older_than_the_retention_is_deleted(bench: Bench) -> None:
    live = await bench.start()
    bench.write(error("disk trouble"))
    await settle(live)
    await live.save()
    bench.clock.advance(31 * 86400)
    await live.prune()
    await bench.stop()
    assert await (await bench.start()).patterns(0, 1e11, 100) == []


async def test_only_the_levels_asked_for_make_dynamic_patterns(bench: Bench) -> None:
    registry = CollectorRegistry()
    live = await bench.start(registry, log_levels=("エラー",))
    await settle(live)
    bench.write("2026-02-25 06:14:00 INFO all is well", error("odd trouble"))
    await settle(live)
    assert [pattern["description"] for pattern in await live.patterns(0, 1e11, 100)] == ["odd trouble"]
    assert registry.get_sample_value("log_lines_total", {"source": "app", "level": "info"}) == 1


async def test_live_loop_follows_by_itself(bench: Bench) -> None:
    live = await bench.start(work=True, poll_interval_seconds=0.01, learning_seconds=0)
    bench.write(error("database connection failed"))
    await until(lambda: bench.events, "the line is told")
    await live.close()
    await live.close()


async def test_a_record_in_hand_when_it_was_saved_is_not_lost(bench: Bench) -> None:
    live = await bench.start()
    await settle(live)
    bench.write(error("disk trouble 1"), error("disk trouble 2"))
    await live.poll()
    await live.save()
    second = await bench.start()
    await settle(second)
    assert [pattern["frequency"] for pattern in await second.patterns(0, 1e11, 100)] == [2]


async def test_a_line_on_which_a_stage_fails_costs_only_itself_and_is_in_no_log(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    registry = CollectorRegistry()
    bench.write(error("known trouble 1"))
    live = await bench.start(registry)
    await settle(live)
    mine = TemplateMiner.add

    def fail_now_and_then(miner: TemplateMiner, message: str) -> Match:
        if "poison" in message:
            raise ValueError(f"cannot take {message}")
        return mine(miner, message)

    monkeypatch.setattr(TemplateMiner, "add", fail_now_and_then)
    bench.write(error("before it"), error("poison of taro@example.jp"), error("behind it"), error("known trouble 2"))
    await settle(live)
    assert {event.description for event in bench.events} == {"before it", "behind it"}
    assert registry.get_sample_value("log_lines_total", {"source": "app", "level": "error"}) == 4
    assert registry.get_sample_value("analyzer_failures_total", {"part": "line"}) == 1
    assert "could not be analysed (ValueError)" in caplog.text
    assert "taro" not in caplog.text
