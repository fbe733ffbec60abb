"""The analysis of logs as they come, and of series as they go: follows, counts, tells, remembers."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from traceback import format_exception
from typing import Any

from analyzer.cluster_process import ClusteringFailed, find_families_apart
from analyzer.events import Event
from analyzer.families import Families, templates
from analyzer.following import FollowedSource
from analyzer.keeping import Keeper
from analyzer.listing import LISTS, between
from analyzer.metrics import AnalyzerMetrics
from analyzer.series import Anomaly, SeriesWatch
from analyzer.settings import AnalyzerSettings
from analyzer.stages import Batch, LogStages
from analyzer.store import AnalyzerStore, Rows
from runtime.clock import Clock
from runtime.loading import load_object
from runtime.prometheus import SeriesReader
from runtime.tasks import keep_running, to_its_end

logger = logging.getLogger(f"monitoring.{__name__}")

EventListener = Callable[[Event], Awaitable[None] | None]
"""Told each event; may be a coroutine function. One that fails is logged and counted."""

_MINER = "miner"
_TIMES = "times"
_REVIEW_SECONDS = 5.0
_FAMILY_SECONDS = 30.0

Key = tuple[str, tuple[tuple[str, str], ...]]


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
        self._stages.book.now = clock.now
        self._clock = clock
        self._on_event = on_event
        self._sources: list[FollowedSource] = []
        self._watch = self._series_watch(reader) if reader is not None and settings.series else None
        self._anomalies: dict[Key, Anomaly] = {}
        self._keeper = Keeper(store, lambda: metrics.failures.labels("store").inc())
        self._families = Families()
        self._grouped_at = 0.0
        self._stored_version = -1
        self._masked: dict[str, int] = {}
        self._lock = asyncio.Lock()
        self._open = AsyncExitStack()

    async def start(self, *, work: bool = True) -> None:
        """Take up what was remembered and begin; work=False leaves the steps to the caller.

        Raises LoadError for a detector that is not there.
        """
        state = await self._store.load_state()
        self._stages.book.load(await self._store.load_patterns(), state.get(_TIMES))
        self._use_families(Families(await self._store.families()))
        self._stages.miner.import_state(state.get(_MINER, {}))
        self._stages.book.know(template.id for template in self._stages.miner)
        self._anomalies = {_key(anomaly): anomaly for anomaly in await self._store.open_anomalies()}
        for settings in self._settings.sources:
            known = state.get(f"source:{settings.name}")
            learning_seconds = self._settings.learning_seconds
            self._sources.append(FollowedSource(settings, self._stages, self._clock, learning_seconds, known))
            self._metrics.begin_source(settings.name, self._clock.time())
        for series in self._settings.series if self._watch else ():
            self._metrics.begin_series(series.name)
        if work:
            await self.poll()  # what is written from now on is new
            self._repeat("follow", self._follow)
            self._repeat("review", self._review_now_and_then)
            self._repeat("families", self._group_now_and_then)
            self._repeat("store", self._save_now_and_then)
            self._repeat("clean-up", self._prune_now_and_then)
            self._repeat("series", self._look_now_and_then)

    async def close(self) -> None:
        """Stop, and remember where; harmless twice."""
        await self._open.aclose()
        if self._sources:
            await self.poll(finishing=True)
            await self.review()
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
                    batch = await to_its_end(asyncio.to_thread(source.read, finishing=finishing))
                    self._metrics.busy.inc(max(0.0, self._clock.monotonic() - began))
                except Exception as error:
                    self._failed("source", error)
                    continue
            self._add(source.settings.name, batch)
            for event in batch.events:
                await self._tell(event)
            more = more or source.files.has_more
        self._publish()
        return more

    async def review(self) -> None:
        """Begin and end bursts by the lines so far, and tell of those that began."""
        async with self._lock:
            now = self._clock.now()
            events = await to_its_end(asyncio.to_thread(self._stages.book.review, now))
            new_ones = await to_its_end(asyncio.to_thread(self._stages.book.new_ones, now))
            self._metrics.add_tally(self._stages.book.take_tally())
        for event in events:
            await self._tell(event)
        sources = {one.settings.name for one in self._sources}
        self._metrics.set_standing_out(sources, self._stages.book.bursting(), new_ones)

    async def group(self) -> None:
        """Find the families of patterns anew, in a child process. Raises ClusteringFailed."""
        texts = await asyncio.to_thread(lambda: templates(self._stages.book))
        found = await find_families_apart(texts, self._families.all)
        self._use_families(Families(found, texts))
        self._keeper.add(self._store.rows(families=found))

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
            self._keeper.add(self._store.rows(anomalies=(*began, *changed)))
            await self._keeper.write()
        for anomaly in began:
            self._metrics.anomaly_detected.labels(anomaly.series, anomaly.severity.prometheus).inc()
            await self._tell(anomaly.event())
        self._publish_series()

    async def save(self) -> None:
        """Write what changed, and where reading stopped, in one transaction; what cannot be written now is kept."""
        await to_its_end(self._collect_rows())
        await self._keeper.write()

    async def _collect_rows(self) -> None:
        async with self._lock:
            rows = await asyncio.to_thread(self._rows)
        self._keeper.add(rows)
        if _MINER in rows.state:
            self._metrics.state_bytes.set(len(rows.state[_MINER]))

    def _rows(self) -> Rows:
        """Return what changed since the last call (in a thread)."""
        changed, retired = self._stages.book.take_changes()
        state: dict[str, Any] = {f"source:{one.settings.name}": one.state() for one in self._sources}
        state[_TIMES] = self._stages.book.times()
        if self._stages.miner.version != self._stored_version:
            state[_MINER] = self._stages.miner.export_state()
            self._stored_version = self._stages.miner.version
        return self._store.rows(changed, retired, state=state)

    async def patterns(self, start: float, end: float, limit: int) -> list[dict[str, Any]]:
        """Return the patterns seen between start and end (epoch seconds), the most frequent first, ready for JSON."""
        found: list[dict[str, Any]] = (await self.listing("patterns", between(start, end, limit)))["items"]
        return found

    def sources(self) -> list[dict[str, Any]]:
        """Return how each source does, ready for JSON."""
        return [source.describe() for source in self._sources]

    async def listing(self, what: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Return a list as the API answers. what: patterns or families. Raises ValueError for a wrong parameter."""
        make = LISTS[what]
        return await asyncio.to_thread(make, self._stages.book, self._families, query, self._clock.now())

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

    def _add(self, source: str, batch: Batch) -> None:
        """Count in metrics what was read of a source."""
        stats = {one: found for one in batch.patterns if (found := self._stages.book.get(one)) is not None}
        self._metrics.add_lines(source, batch.lines, batch.patterns, stats)
        self._metrics.parse_failures.labels(source).inc(batch.headless)
        self._metrics.lines_cut.labels(source).inc(batch.cut)
        self._metrics.lines_replaced.labels(source).inc(batch.replaced)
        self._metrics.failures.labels("line").inc(batch.failed)
        for level, count in batch.new.items():
            self._metrics.new_patterns.labels(source, level.value.lower()).inc(count)

    def _publish(self) -> None:
        for source in self._sources:
            name = source.settings.name
            self._metrics.lag.labels(name).set(source.files.lag_bytes())
            self._metrics.files.labels(name).set(source.files.file_count())
            self._metrics.problems.labels(name).set(len(source.files.problems))
            self._metrics.learning.labels(name).set(source.is_learning)
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
        trace = self._stages.masker.mask("".join(format_exception(error)))  # it may quote the line it failed on
        logger.error("%s failed; the others go on\n%s", part, trace.rstrip())
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
        await self._keeper.prune(before)

    async def _prune_now_and_then(self) -> float:
        await self.prune()
        return max(60.0, self._settings.analysis_interval_seconds)

    async def _review_now_and_then(self) -> float:
        await self.review()
        return _REVIEW_SECONDS

    async def _group_now_and_then(self) -> float:
        """Find families when many patterns came, or some did and the last time is long ago."""
        interval = self._settings.analysis_interval_seconds
        if self._families.due(self._stages.book, some=self._clock.monotonic() - self._grouped_at >= interval):
            self._grouped_at = self._clock.monotonic()
            try:
                await self.group()
            except ClusteringFailed as error:
                self._failed("families", error)
        return min(_FAMILY_SECONDS, interval)

    def _use_families(self, families: Families) -> None:
        self._families = families
        self._stages.book.family_of = families.shown
        self._metrics.families.set(len(families.all))

    async def _look_now_and_then(self) -> float:
        await self.look()
        return self._settings.series_interval_seconds


def _key(anomaly: Anomaly) -> Key:
    return anomaly.series, tuple(sorted(anomaly.labels.items()))
