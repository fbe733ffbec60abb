"""The stages that every record goes through: template, pattern, counts; the same live and over a time range."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from analyzer.events import Event
from analyzer.frequency import Line, PatternBook
from analyzer.levels import Level
from analyzer.pattern_stats import PatternStats
from analyzer.patterns import UNNAMED, PatternCatalogue
from analyzer.reading.formats import FormatParser, LineFormat, PlainParser, is_definition
from analyzer.reading.headers import HeaderParser
from analyzer.reading.records import LogRecord
from analyzer.settings import AnalyzerSettings, SourceSettings
from analyzer.templates import Template, TemplateMiner
from runtime.clock import Clock
from runtime.masking import masker

_MOST_MERGES = 50_000


@dataclass(slots=True)
class Batch:
    """What some records of one source came to.

    lines: records by level. patterns: by the id of their pattern. new: new dynamic patterns by level. headless: records
    in which no header was found. cut: lines of which only the start was kept. replaced: lines with bytes that are no
    text. failed: lines on which a stage failed.
    """

    lines: Counter[Level] = field(default_factory=Counter)
    patterns: Counter[str] = field(default_factory=Counter)
    new: Counter[Level] = field(default_factory=Counter)
    headless: int = 0
    cut: int = 0
    replaced: int = 0
    failed: int = 0
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sorted:
    """Where one record belongs. description: of its pattern, if it is a dynamic one. template: what the miner made."""

    pattern_id: str
    description: str
    level: Level
    template: Template


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one pattern and level, all of one bucket. text: what the first of them says, "" if nobody wants it.

    first, last: when the first and the last of them were said. headless: no header was found in them.
    """

    where: Sorted
    text: str
    first: datetime
    last: datetime
    count: int = 1
    headless: bool = False


class LogStages:
    """Masker, miner, catalogue and book, put together.

    Attributes: masker, catalogue, miner, book. before_merge: called before a pattern goes into another one; what was
    sorted but not counted yet has to be counted then.
    """

    def __init__(self, settings: AnalyzerSettings) -> None:
        self._levels = frozenset((*settings.log_levels, Level.UNKNOWN)) if settings.log_levels else frozenset(Level)
        self._mine = settings.enable_ml_detection
        self._merges: dict[str, Template] = {}
        self.before_merge: Callable[[], None] = lambda: None
        self.min_frequency = settings.min_frequency
        self.masker = masker(settings.masks, mask_ip=settings.mask_ip)
        self.catalogue = PatternCatalogue(own.pattern() for own in settings.patterns)
        self.book = PatternBook(self.catalogue, self.masker.mask, min_frequency=settings.min_frequency)
        self.miner = TemplateMiner(self.catalogue.match, self.masker.mask, self._merged)

    def count(self, source: str, run: Run, batch: Batch, *, learning: bool = False) -> PatternStats | None:
        """Count records of one pattern; returns what is known of it, None if it is not one that is kept."""
        where = self.current(run.where)
        batch.lines[where.level] += run.count
        batch.patterns[where.pattern_id] += run.count
        batch.headless += run.count if run.headless else 0
        if where.pattern_id == UNNAMED:
            return None
        line = Line(source, run.text, where.level, run.first, learning)
        stats, new, event = self.book.count_run(line, where.pattern_id, where.template.text, run.count, run.last)
        if new:
            batch.new[where.level] += 1
        if event is not None:
            batch.events.append(event)
        return stats

    def current(self, where: Sorted) -> Sorted:
        """Return where records belong by now: templates are generalised."""
        into = self._merges.get(where.pattern_id)
        if into is None:
            return where
        while into.id in self._merges:
            into = self._merges[into.id]
        return Sorted(into.id, into.text, where.level, into)

    def wants_text(self, where: Sorted) -> bool:
        """Return whether what a further record says is needed to count it."""
        return self.book.wants_text(self.current(where).pattern_id)

    def sort(self, record: LogRecord) -> Sorted:
        """Return the pattern that a record belongs to, and its level; one without gets its pattern's."""
        text = record.summary
        own = self.catalogue.match_own(text) if self.catalogue.own else None
        match = self.miner.add(text)
        self._merges.pop(match.template.id, None)
        category = own or match.category
        level = record.level
        if category is not None:
            known = self.catalogue.get(category)
            if level is Level.UNKNOWN and known is not None:
                level = known.severity.level
            return Sorted(category, "", level, match.template)
        if self._mine and level in self._levels:
            return Sorted(match.template.id, match.template.text, level, match.template)
        return Sorted(UNNAMED, "", level, match.template)

    def _merged(self, old_id: str, into: Template) -> None:
        self.before_merge()
        self.book.merge(old_id, into.id, into.text)
        self._merges.pop(into.id, None)
        self._merges[old_id] = into
        if len(self._merges) > _MOST_MERGES:
            del self._merges[next(iter(self._merges))]


def parser(source: SourceSettings, clock: Clock) -> HeaderParser:
    """Return what takes the lines of a source apart."""
    timezone = ZoneInfo(source.timezone) if source.timezone else None
    if is_definition(source.format):
        return FormatParser(LineFormat(source.format), clock.now, timezone)
    return (PlainParser if source.format == "plain" else HeaderParser)(clock.now, timezone)
