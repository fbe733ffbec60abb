"""LogAnalysisEngine: the analysis of a folder of logs, over a time range or as they are written."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from analyzer.clusters import find_families
from analyzer.detectors.rate import FEWEST, RateSpike
from analyzer.events import Event
from analyzer.families import Families, templates
from analyzer.intake import Intake
from analyzer.items import family_items, pattern_item
from analyzer.levels import Level
from analyzer.listing import LISTS, between
from analyzer.live import EventListener, LiveAnalysis
from analyzer.metrics import AnalyzerMetrics
from analyzer.pattern_stats import PatternStats
from analyzer.patterns import Kind
from analyzer.series import Anomaly, burst_anomaly, find_anomalies
from analyzer.settings import AnalyzerSettings, Configuration, SourceSettings
from analyzer.sources.archives import UNREADABLE, read_chunks
from analyzer.sources.opening import docker_lines
from analyzer.sources.paths import archived_files
from analyzer.stages import Batch, LogStages, Run
from analyzer.store import ANALYSIS, MIGRATIONS, AnalyzerStore
from runtime.clock import Clock, SystemClock
from runtime.database import Database
from runtime.prometheus import SeriesReader

logger = logging.getLogger(f"monitoring.{__name__}")

SOURCE = "logs"
"""Name of the source that the log directory is."""

_BUCKET_SECONDS = 60
_MOST_BUCKETS = 10_000
_SEVERE = (Level.ERROR, Level.CRITICAL)


@dataclass(slots=True)
class _Found:
    """What a one-off analysis has seen so far.

    moments: epoch seconds of the lines by rate series. began: the first line of each source.
    """

    files: int = 0
    unreadable: list[str] = field(default_factory=list)
    lines: int = 0
    first: datetime | None = None
    last: datetime | None = None
    headless: int = 0
    levels: Counter[Level] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    began: dict[str, datetime] = field(default_factory=dict)
    bursts: list[Event] = field(default_factory=list)
    moments: dict[str, Counter[int]] = field(default_factory=dict)

    def count(self, source: str, level: Level, run: Run) -> None:
        """Count records of one level."""
        self.lines += run.count
        self.sources[source] += run.count
        self.levels[level] += run.count
        self.headless += run.count if run.headless else 0
        self.first = run.first if self.first is None else min(self.first, run.first)
        self.last = run.last if self.last is None else max(self.last, run.last)

    def note(self, series: str, run: Run) -> None:
        """Count records of a rate series in their minute."""
        self.moments.setdefault(series, Counter())[int(run.first.timestamp()) // _BUCKET_SECONDS] += run.count


class LogAnalysisEngine:
    """Analyses the logs of a folder (`*.log` and what rotation made of them).

    db_path: the SQLite file of the results. settings: the section `analyzer`, or settings that have it; its sources are
    followed as well as the folder.
    """

    def __init__(
        self,
        log_directory: str | Path,
        db_path: str | Path,
        settings: AnalyzerSettings | Configuration | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        own = getattr(settings, "analyzer", settings)
        self._settings = own if isinstance(own, AnalyzerSettings) else AnalyzerSettings()
        self._db_path = Path(db_path)
        self._clock = clock or SystemClock()
        folder = SourceSettings(name=SOURCE, path=str(Path(log_directory) / "*.log"))
        self._sources = (folder, *(source for source in self._settings.sources if source.name != SOURCE))
        self._live: LiveAnalysis | None = None
        self._open = AsyncExitStack()

    @property
    def running(self) -> bool:
        """Whether the live analysis is started."""
        return self._live is not None

    async def start(
        self,
        on_event: EventListener | None = None,
        *,
        registry: CollectorRegistry | None = None,
        reader: SeriesReader | None = None,
    ) -> None:
        """Begin to analyse lines as they come. A second start is harmless.

        registry: gets the metrics. reader: where the watched series come from.
        Raises DatabaseError, and LoadError for a detector that is not there.
        """
        if self._live is not None:
            return
        database = await asyncio.to_thread(Database.open, self._db_path, MIGRATIONS)
        self._open.push_async_callback(database.close)
        settings = self._settings.model_copy(update={"sources": self._sources})
        self._live = await start_live(
            settings, database, registry or CollectorRegistry(), self._clock, reader=reader, on_event=on_event
        )
        self._open.push_async_callback(self._live.close)

    async def close(self) -> None:
        """Stop the live analysis and remember where; harmless twice, and before the start."""
        await self._open.aclose()
        self._live = None

    async def patterns(self, start: float, end: float, limit: int) -> list[dict[str, Any]]:
        """Return the patterns seen between start and end (epoch seconds), ready for JSON."""
        found: list[dict[str, Any]] = (await self.listing("patterns", between(start, end, limit)))["items"]
        return found

    async def listing(self, what: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Return a list as the HTTP API answers; of the live analysis, or of what was stored where none is started.

        what: patterns or families. query: as in the API. Raises ValueError for a wrong parameter.
        """
        if self._live is not None:
            return await self._live.listing(what, query)
        async with self._store() as store:
            patterns, families = await store.all_patterns(), Families(await store.families())
        return await asyncio.to_thread(LISTS[what], patterns, families, query, self._clock.now())

    async def anomalies(self, start: float, end: float, limit: int) -> list[dict[str, Any]]:
        """Return the anomalies that went on between start and end (epoch seconds), ready for JSON."""
        async with self._store() as store:
            return await store.anomalies(start, end, limit)

    async def analyze_logs(
        self,
        time_range: tuple[datetime, datetime] | None = None,
        log_levels: Collection[str] | None = None,
        *,
        on_progress: Callable[[float], None] | None = None,
    ) -> dict[str, Any]:
        """Analyse the lines of a time range, rotated files included, and store the results.

        time_range: start and end; naive ones are local time; all lines if not given. log_levels: lines of other levels
        are left out; in English or Japanese. A line without a time has that of the line before it. on_progress: told
        the share of the files that is done, 0 to 1, in the thread that reads.
        Returns `patterns` (the most frequent first), `families` (of patterns that say similar things), `anomalies`
        (the latest first) and `summary`; moments are aware datetimes.
        Raises ValueError for an end before its start and for an unknown level.
        """
        began = self._clock.monotonic()
        start, end = _bounds(time_range)
        levels = frozenset(Level.parse(level) for level in log_levels) if log_levels else frozenset(Level)
        stages = LogStages(self._settings.model_copy(update={"log_levels": ()}))
        found = await asyncio.to_thread(self._analyze, stages, (start, end), levels, on_progress or _untold)
        patterns = sorted(stages.book, key=lambda stats: (-stats.frequency, stats.id))
        texts = templates(patterns)
        families = Families(await asyncio.to_thread(find_families, texts), texts)
        anomalies = _rate_anomalies(found)
        async with self._store() as store:
            await store.replace_analysis(patterns, anomalies, families.all)
        now = found.last or end
        summary = {
            "start": start if time_range else found.first,
            "end": end if time_range else found.last,
            **_summary(found, patterns, now),
            "families": len(families.all),
            "anomalies": len(anomalies),
            "masked_items": dict(stages.masker.counts),
            "duration_seconds": round(self._clock.monotonic() - began, 3),
        }
        logger.info("%d lines of %d files analysed: %d patterns", found.lines, found.files, len(patterns))
        return {
            "patterns": [_pattern_result(stats, families, now) for stats in patterns],
            "families": family_items(patterns, families, now),
            "anomalies": [_anomaly_result(anomaly) for anomaly in anomalies],
            "summary": summary,
        }

    def _analyze(
        self,
        stages: LogStages,
        bounds: tuple[datetime, datetime],
        levels: frozenset[Level],
        on_progress: Callable[[float], None],
    ) -> _Found:
        found = _Found()
        start, end = bounds
        files = [(source, path) for source in self._sources for path in archived_files(source.path)]
        for missing in sorted({source.path for source in self._sources} - {source.path for source, _ in files}):
            logger.warning("nothing to analyse in %s: no such file", missing)
        for done, (source, path) in enumerate(files):
            on_progress(done / len(files))
            if path.stat().st_mtime < start.timestamp():
                continue
            found.files += 1
            self._analyze_file(stages, source, path, bounds, levels, found)
        found.bursts += stages.book.review(found.last or end)
        on_progress(1.0)
        return found

    def _analyze_file(
        self,
        stages: LogStages,
        source: SourceSettings,
        path: Path,
        bounds: tuple[datetime, datetime],
        levels: frozenset[Level],
        found: _Found,
    ) -> None:
        """Count the records of a file that lie in a time range; a file that cannot be read is noted."""

        def count(run: Run) -> None:
            where = stages.current(run.where)
            if where.level not in levels:
                return
            began = found.began.setdefault(source.name, run.first)
            learning = (run.first - began).total_seconds() < self._settings.learning_seconds
            stages.count(source.name, run, Batch(), learning=learning)
            found.count(source.name, where.level, run)
            if where.level in _SEVERE:
                found.note(f"log_level:{where.level.value}", run)
            if stages.catalogue.get(where.pattern_id):
                found.note(f"log_pattern:{where.pattern_id}", run)

        intake = Intake(stages, source, self._clock, count, step_seconds=_BUCKET_SECONDS, carry=True, between=bounds)
        intake.begin(str(path), datetime.fromtimestamp(path.stat().st_mtime, UTC))
        try:
            for lines in read_chunks(path, source.encoding, docker_lines=docker_lines(source)):
                intake.take(str(path), lines)
        except UNREADABLE as error:
            logger.warning("%s cannot be read to its end: %s", path, error)
            found.unreadable.append(str(path))
        intake.finish(str(path))
        intake.flush()

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[AnalyzerStore]:
        """Give the store of one-off results; the database is open as long as it is used."""
        database = await asyncio.to_thread(Database.open, self._db_path, MIGRATIONS)
        try:
            yield AnalyzerStore(database, ANALYSIS)
        finally:
            await database.close()


def _bounds(time_range: tuple[datetime, datetime] | None) -> tuple[datetime, datetime]:
    if time_range is None:
        return datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
    start, end = (moment.astimezone() if moment.tzinfo is None else moment for moment in time_range)
    if end < start:
        raise ValueError(f"time_range ends ({end.isoformat()}) before it starts ({start.isoformat()})")
    return start, end


def _rate_anomalies(found: _Found) -> list[Anomaly]:
    """Return where lines of a grave level or of a pattern came unusually often, latest first."""
    anomalies = [burst_anomaly(event) for event in found.bursts if event.details["kind"] == Kind.DYNAMIC.value]
    beginning = int(found.first.timestamp()) // _BUCKET_SECONDS if found.first else 0
    for series, minutes in found.moments.items():
        first, last = min(minutes), max(minutes)
        step = 1 + (last - first) // _MOST_BUCKETS
        begin = max(first - step * FEWEST, beginning)
        counts = [sum(minutes[one + k] for k in range(step)) for one in range(begin, last + 1, step)]
        moments = [float(one * _BUCKET_SECONDS) for one in range(begin, last + 1, step)]
        anomalies += find_anomalies(series, {}, moments, counts, {RateSpike.name: RateSpike().judge(counts)})
    return sorted(anomalies, key=lambda anomaly: anomaly.started_at, reverse=True)


def _summary(found: _Found, patterns: Sequence[PatternStats], now: datetime) -> dict[str, Any]:
    return {
        "files": found.files,
        "unreadable_files": found.unreadable,
        "lines": found.lines,
        "lines_without_header": found.headless,
        "levels": {level.value: found.levels[level] for level in Level if found.levels[level]},
        "sources": dict(found.sources.most_common()),
        "patterns": len(patterns),
        "new_patterns": sum(stats.is_new(now) for stats in patterns),
        "rare_patterns": sum(stats.is_rare(now) for stats in patterns),
        "bursting_patterns": sum(stats.bursting for stats in patterns),
    }


def _untold(_: float) -> None:
    return None


def _pattern_result(stats: PatternStats, families: Families, now: datetime) -> dict[str, Any]:
    moments = {"first_seen": stats.first_seen, "last_seen": stats.last_seen}
    return {**pattern_item(stats, now, families.shown(stats)), **moments}


def _anomaly_result(anomaly: Anomaly) -> dict[str, Any]:
    moments = {"timestamp": anomaly.started_at, "last_seen": anomaly.last_seen, "ended_at": anomaly.ended_at}
    return {**anomaly.to_dict(), **moments}


async def start_live(
    settings: AnalyzerSettings,
    database: Database,
    registry: CollectorRegistry,
    clock: Clock,
    *,
    reader: SeriesReader | None = None,
    on_event: EventListener | None = None,
) -> LiveAnalysis:
    """Put the live analysis together and start it. Raises LoadError for a detector that is not there."""
    stages = LogStages(settings)
    metrics = AnalyzerMetrics(registry, stages.catalogue, max_pattern_labels=settings.max_pattern_labels)
    live = LiveAnalysis(settings, AnalyzerStore(database), metrics, stages, clock, reader=reader, on_event=on_event)
    await live.start()
    return live
