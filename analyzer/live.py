"""The analysis of logs as they come, and of series as they go: follows, counts, tells, remembers."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

from analyzer.events import Event
from analyzer.frequency import PatternStats
from analyzer.metrics import AnalyzerMetrics
from analyzer.records import LogRecord, RecordAssembler
from analyzer.series import Anomaly, SeriesWatch
from analyzer.settings import AnalyzerSettings, SourceSettings
from analyzer.sources.files import Checkpoint, Chunk, FileSource
from analyzer.stages import LogStages, assembler
from analyzer.store import AnalyzerStore, Changes
from runtime.clock import Clock
from runtime.loading import load_object
from runtime.prometheus import SeriesReader
from runtime.tasks import keep_running

logger = logging.getLogger(f"monitoring.{__name__}")

Result = TypeVar("Result")

EventListener = Callable[[Event], Awaitable[None] | None]
"""Told each event; may be a coroutine function. One that fails is logged and counted."""

_POLL_BYTES = 4 * 1024 * 1024
_MINER = "miner"

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class _Source:
    """One source and what is in hand of it.

    learning_until: epoch seconds; None until the first look, 0 when nothing is left to learn. silent: files whose
    pending record existed before the first look.
    """

    settings: SourceSettings
    files: FileSource
    learning_until: float | None
    assemblers: dict[str, RecordAssembler] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)

    def state(self) -> dict[str, Any]:
        """Return what has to be remembered, ready for JSON."""
        pending = {file: one.pending_bytes for file, one in self.assemblers.items()}
        points = [
            [point.path, point.device, point.inode, point.offset, point.head]
            for point in self.files.checkpoints(pending)
        ]
        return {"checkpoints": points, "learning_until": self.learning_until or 0.0}


class LiveAnalysis:
    """Follows the sources, watches the series.

    reader: where the series come from; None watches none. on_event: told of patterns and anomalies.
    """

    def __init__(
        self,
        settings: AnalyzerSettings,
        store: AnalyzerStore,
        metrics: AnalyzerMetrics,
        stages: LogStages,
        clock: Clock,
        *,
        reader: SeriesReader | None = None,
        on_event: EventListener | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._metrics = metrics
        self._stages = stages
        self._clock = clock
        self._on_event = on_event
        self._sources: list[_Source] = []
        self._watch = self._series_watch(reader) if reader is not None and settings.series else None
        self._anomalies: dict[Key, Anomaly] = {}
        self._stored_version = -1
        self._masked: dict[str, int] = {}
        self._lock = asyncio.Lock()
        self._open = AsyncExitStack()

    async def start(self, *, work: bool = True) -> None:
        """Take up what was remembered and begin; work=False leaves the steps to the caller.

        Raises LoadError for a detector that is not there.
        """
        state = await self._store.load_state()
        self._stages.book.load(await self._store.load_patterns())
        self._stages.miner.import_state(state.get(_MINER, {}))
        self._stages.book.know(template.id for template in self._stages.miner)
        self._anomalies = {_key(anomaly): anomaly for anomaly in await self._store.open_anomalies()}
        for settings in self._settings.sources:
            self._sources.append(_source(settings, state.get(f"source:{settings.name}")))
            self._metrics.begin_source(settings.name)
        for series in self._settings.series if self._watch else ():
            self._metrics.begin_series(series.name)
        if work:
            await self.poll()  # what is written from now on is new
            self._repeat("follow", self._follow)
            self._repeat("store", self._save_now_and_then)
            self._repeat("clean-up", self._prune_now_and_then)
            self._repeat("series", self._look_now_and_then)

    async def close(self) -> None:
        """Stop, and remember where; harmless twice."""
        await self._open.aclose()
        if self._sources:
            await self.poll(finishing=True)
            await self.save()
        for source in self._sources:
            source.files.close()
        self._sources = []

    async def poll(self, *, finishing: bool = False) -> bool:
        """Read what the sources have, tell what is worth telling; returns whether there is more at once.

        finishing: records in hand are not waited for.
        """
        more = False
        for source in list(self._sources):
            async with self._lock:
                try:
                    began = self._clock.monotonic()
                    events = await _to_its_end(asyncio.to_thread(self._read, source, finishing))
                    self._metrics.busy.inc(max(0.0, self._clock.monotonic() - began))
                except Exception as error:
                    self._failed("source", error)
                    continue
            for event in events:
                await self._tell(event)
            more = more or source.files.lag_bytes() > 0
        self._publish()
        return more

    async def look(self) -> None:
        """Look at the series once; tell and remember what began, went on or ended."""
        if self._watch is None:
            return
        found = {_key(anomaly): anomaly for anomaly in await self._watch.look()}
        recent = self._clock.now() - timedelta(seconds=3 * self._settings.series_interval_seconds)
        changed: list[Anomaly] = []
        began: list[Anomaly] = []
        for key, anomaly in found.items():
            known = self._anomalies.get(key)
            if known is not None and anomaly.last_seen >= known.started_at:
                self._anomalies[key] = replace(anomaly, started_at=known.started_at)
                changed.append(self._anomalies[key])
            elif anomaly.ended_at is None and anomaly.last_seen >= recent:
                self._anomalies[key] = anomaly
                began.append(anomaly)
        for key in [key for key, anomaly in self._anomalies.items() if anomaly.ended_at or anomaly.last_seen < recent]:
            ended = self._anomalies.pop(key)
            changed.append(ended if ended.ended_at else replace(ended, ended_at=self._clock.now()))
        if changed or began:
            await self._store.save(Changes(anomalies=list({one.id: one for one in (*began, *changed)}.values())))
        for anomaly in began:
            self._metrics.anomaly_detected.labels(anomaly.series, anomaly.severity.prometheus).inc()
            await self._tell(anomaly.event())
        self._publish_series()

    async def save(self) -> None:
        """Write what changed, and where reading stopped, in one transaction."""
        async with self._lock:
            changed, retired = self._stages.book.take_changes()
            state: dict[str, Any] = {f"source:{one.settings.name}": one.state() for one in self._sources}
            if self._stages.miner.version != self._stored_version:
                state[_MINER] = self._stages.miner.export_state()
                self._stored_version = self._stages.miner.version
            await self._store.save(Changes(changed, retired, state=state))

    def find_patterns(self, start: float, end: float) -> list[PatternStats]:
        """Return the patterns seen between start and end (epoch seconds), the most frequent first."""
        seen = [
            stats
            for stats in self._stages.book
            if stats.last_seen.timestamp() >= start and stats.first_seen.timestamp() <= end
        ]
        return sorted(seen, key=lambda stats: (-stats.frequency, stats.id))

    async def patterns(self, start: float, end: float, limit: int) -> list[dict[str, Any]]:
        """Return the patterns seen between start and end (epoch seconds), ready for JSON."""
        now = self._clock.now()
        return [stats.to_dict(now) for stats in self.find_patterns(start, end)[:limit]]

    async def anomalies(self, start: float, end: float, limit: int) -> list[dict[str, Any]]:
        """Return the anomalies that went on between start and end (epoch seconds), the latest first."""
        return await self._store.anomalies(start, end, limit)

    async def count_anomalies(self, start: float, end: float) -> int:
        """Return how many anomalies went on between start and end (epoch seconds)."""
        return await self._store.count_anomalies(start, end)

    def _series_watch(self, reader: SeriesReader) -> SeriesWatch:
        return SeriesWatch(
            reader,
            [series.name for series in self._settings.series],
            [load_object(name)() for name in self._settings.detectors],
            self._clock,
            step_seconds=self._settings.series_interval_seconds,
            window_seconds=self._settings.series_window_seconds,
            on_failure=lambda part: self._metrics.failures.labels(part).inc(),
        )

    def _read(self, source: _Source, finishing: bool) -> list[Event]:
        """Read a source as far as one poll goes (in a thread)."""
        events: list[Event] = []
        busy: set[str] = set()
        existed = False
        for chunk in source.files.poll(_POLL_BYTES):
            busy.add(chunk.file)
            existed = existed or chunk.existing
            for records, silent in self._records(source, chunk):
                events += self._count(source, records, silent)
            if chunk.cut:
                self._metrics.lines_cut.labels(source.settings.name).inc(chunk.cut)
        if source.learning_until is None:
            source.learning_until = 0.0 if existed else self._clock.time() + self._settings.learning_seconds
        for file in [file for file in source.assemblers if finishing or file not in busy]:
            record = source.assemblers.pop(file).flush()
            silent = file in source.silent
            source.silent.discard(file)
            events += self._count(source, [record] if record else [], silent)
        return events

    def _records(self, source: _Source, chunk: Chunk) -> Iterator[tuple[list[LogRecord], bool]]:
        """Yield the records that a chunk completes, and whether they existed before the first look."""
        made = source.assemblers.get(chunk.file)
        if made is None:
            made = source.assemblers[chunk.file] = assembler(source.settings, self._clock)
        if chunk.file in source.silent and not chunk.existing:
            source.silent.discard(chunk.file)
            last = made.flush()
            yield [last] if last else [], True
        if chunk.existing:
            source.silent.add(chunk.file)
        records = (made.feed(text, size) for text, size in chunk.texts())
        yield [record for record in records if record is not None], chunk.existing

    def _count(self, source: _Source, records: list[LogRecord], silent: bool) -> list[Event]:
        """Send records through the stages; silent ones are learned, not counted in metrics and not told."""
        if not records:
            return []
        name = source.settings.name
        learning = silent or self._clock.time() < (source.learning_until or 0.0)
        batch = self._stages.take(name, records, learning=learning)
        if silent:
            return []
        stats = {one: found for one in batch.patterns if (found := self._stages.book.get(one)) is not None}
        self._metrics.add_lines(name, batch.lines, batch.patterns, stats)
        self._metrics.parse_failures.labels(name).inc(batch.headless)
        for level, count in batch.new.items():
            self._metrics.new_patterns.labels(name, level.value.lower()).inc(count)
        return batch.events

    def _publish(self) -> None:
        for source in self._sources:
            name = source.settings.name
            self._metrics.lag.labels(name).set(source.files.lag_bytes())
            self._metrics.files.labels(name).set(source.files.file_count())
            self._metrics.learning.labels(name).set(self._clock.time() < (source.learning_until or 0.0))
        for kind, count in self._stages.masker.counts.items():
            self._metrics.masked.labels(kind).inc(count - self._masked.get(kind, 0))
            self._masked[kind] = count
        self._metrics.templates.set(len(self._stages.miner))
        self._metrics.patterns.set(len(self._stages.book))

    def _publish_series(self) -> None:
        active = {series for series, _ in self._anomalies}
        for settings in self._settings.series:
            self._metrics.anomaly_active.labels(settings.name).set(settings.name in active)
        for (series, detector), score in (self._watch.scores if self._watch else {}).items():
            self._metrics.anomaly_score.labels(series, detector).set(score)

    async def _tell(self, event: Event) -> None:
        if self._on_event is None:
            return
        try:
            answer = self._on_event(event)
            if inspect.isawaitable(answer):
                await answer
        except Exception as error:
            self._failed("event listener", error)

    def _failed(self, part: str, error: Exception) -> None:
        logger.error("%s failed; the others go on", part, exc_info=error)
        self._metrics.failures.labels(part).inc()

    def _repeat(self, name: str, step: Callable[[], Awaitable[float]]) -> None:
        """Take a step again and again, after the seconds it returns, until closing."""

        async def repeat() -> None:
            while True:
                pause = await step()
                await asyncio.sleep(pause)

        keep_running(self._open, name, repeat, self._failed)

    async def _follow(self) -> float:
        return 0.0 if await self.poll() else self._settings.poll_interval_seconds

    async def _save_now_and_then(self) -> float:
        await self.save()
        return self._settings.store_interval_seconds

    async def prune(self) -> None:
        """Forget what was last seen before the retention time."""
        before = self._clock.now() - timedelta(days=self._settings.retention_days)
        async with self._lock:
            self._stages.book.forget(before)
            await self._store.prune(before)

    async def _prune_now_and_then(self) -> float:
        await self.prune()
        return max(60.0, self._settings.analysis_interval_seconds)

    async def _look_now_and_then(self) -> float:
        await self.look()
        return self._settings.series_interval_seconds


def _source(settings: SourceSettings, state: Mapping[str, Any] | None) -> _Source:
    if state is None:
        return _Source(settings, FileSource(settings.name, settings.path), None)
    points = [Checkpoint(*point) for point in state["checkpoints"]]
    return _Source(settings, FileSource(settings.name, settings.path, points), float(state["learning_until"]))


def _key(anomaly: Anomaly) -> Key:
    return anomaly.series, tuple(sorted(anomaly.labels.items()))


async def _to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Wait for work in a thread, also when cancelled: nobody else may touch what it has in hand."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
