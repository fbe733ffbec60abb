"""The stages that every record goes through: template, pattern, counts; the same live and over a time range."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from analyzer.events import Event
from analyzer.frequency import Line, PatternBook, PatternStats
from analyzer.masking import masker
from analyzer.patterns import PatternCatalogue
from analyzer.headers import HeaderParser
from analyzer.records import Level, LogRecord, RecordAssembler
from analyzer.settings import AnalyzerSettings, SourceSettings
from analyzer.templates import Template, TemplateMiner
from runtime.clock import Clock

_FUTURE = timedelta(hours=1)
_UNNAMED = "other"


@dataclass(slots=True)
class Batch:
    """What some records of one source came to.

    lines: records by level. patterns: by the id of their pattern. new: new dynamic patterns by level. headless: records
    in which no header was found.
    """

    lines: Counter[Level] = field(default_factory=Counter)
    patterns: Counter[str] = field(default_factory=Counter)
    new: Counter[Level] = field(default_factory=Counter)
    headless: int = 0
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sorted:
    """Where one record belongs. description: of its pattern, if it is a dynamic one."""

    pattern_id: str
    description: str
    level: Level


class LogStages:
    """Masker, miner, catalogue and book, put together.

    Attributes: masker, catalogue, miner, book.
    """

    def __init__(self, settings: AnalyzerSettings, clock: Clock) -> None:
        self._clock = clock
        self._levels = frozenset((*settings.log_levels, Level.UNKNOWN)) if settings.log_levels else frozenset(Level)
        self._mine = settings.enable_ml_detection
        self.masker = masker(settings.masks, mask_ip=settings.mask_ip)
        self.catalogue = PatternCatalogue(own.pattern() for own in settings.patterns)
        self.book = PatternBook(self.catalogue, self.masker.mask, min_frequency=settings.min_frequency)
        self.miner = TemplateMiner(self.catalogue.match, self.masker.mask, self._merged)

    def take(self, source: str, records: Iterable[LogRecord], *, learning: bool = False) -> Batch:
        """Sort and count records; where one has no time, it is taken to be said now."""
        batch = Batch()
        now = self._clock.now()
        latest = now + _FUTURE
        for record in records:
            where = self.sort(record)
            batch.lines[where.level] += 1
            batch.patterns[where.pattern_id] += 1
            if record.timestamp is None and record.level is Level.UNKNOWN:
                batch.headless += 1
            moment = min(record.timestamp or now, latest)
            counted = self.count(Line(source, record.summary, where.level, moment, learning), where)
            if counted is None:
                continue
            _, new, event = counted
            if new:
                batch.new[where.level] += 1
            if event is not None:
                batch.events.append(event)
        return batch

    def count(self, line: Line, where: Sorted) -> tuple[PatternStats, bool, Event | None] | None:
        """Count one line of a pattern, as PatternBook does; None if the line belongs to none that is kept."""
        if where.pattern_id == _UNNAMED:
            return None
        return self.book.count(line, where.pattern_id, where.description)

    def sort(self, record: LogRecord) -> Sorted:
        """Return the pattern that a record belongs to, and its level; one without gets its pattern's."""
        text = record.summary
        own = self.catalogue.match_own(text) if self.catalogue.own else None
        match = self.miner.add(text)
        category = own or match.category
        level = record.level
        if category is not None:
            known = self.catalogue.get(category)
            if level is Level.UNKNOWN and known is not None:
                level = known.severity.level
            return Sorted(category, "", level)
        if self._mine and level in self._levels:
            return Sorted(match.template.id, match.template.text, level)
        return Sorted(_UNNAMED, "", level)

    def _merged(self, old_id: str, into: Template) -> None:
        self.book.merge(old_id, into.id, into.text)


class PlainParser(HeaderParser):
    """Takes each line as it stands, for sources whose lines have no header."""

    def parse(self, line: str) -> tuple[LogRecord, bool]:
        """Return the line as a record without time, level and program."""
        return LogRecord(None, Level.UNKNOWN, "", line), False


def assembler(source: SourceSettings, clock: Clock) -> RecordAssembler:
    """Return what turns the lines of one file of a source into records."""
    timezone = ZoneInfo(source.timezone) if source.timezone else None
    kind = PlainParser if source.format == "plain" else HeaderParser
    return RecordAssembler(kind(clock.now, timezone))


def local(moment: datetime) -> datetime:
    """Return an aware moment; a naive one is taken as local time."""
    return moment.astimezone() if moment.tzinfo is None else moment
