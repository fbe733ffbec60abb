"""Which patterns some log lines have: counted once, in memory that does not grow with the lines."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from analyzer.events import Severity
from analyzer.frequency import LONGEST_EXAMPLE
from analyzer.intake import Intake
from analyzer.patterns import Kind
from analyzer.reading.records import LogRecord, RecordAssembler
from analyzer.settings import AnalyzerSettings, SourceSettings
from analyzer.sources.archives import read_chunks, read_lines
from analyzer.stages import Batch, LogStages, Run, Sorted, parser
from runtime.clock import Clock, format_utc

SOURCE = "input"
TREND_COLUMNS = 24
_STEP_SECONDS = 60
_MOST_ROWS = 20_000
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """What one record is, when it was seen.

    pattern_id, template: of its template; "" for empty lines. known: the id of the predefined pattern or of the user's
    own. lines: how many lines it has. size: characters of them, line ends included.
    """

    pattern_id: str
    template: str
    known: str
    severity: Severity
    lines: int
    size: int


def classified(stages: LogStages, path: Path, settings: SourceSettings, clock: Clock) -> Iterator[Found]:
    """Yield each record of a log file in the order of its lines. Raises what `archives.UNREADABLE` names."""
    records = RecordAssembler(parser(settings, clock))
    lines = size = 0
    for line, said_at in read_lines(path, settings.encoding):
        record = records.feed(line, 0, said_at)
        if record is not None:
            yield _found(stages, record, lines, size)
            lines = size = 0
        lines += 1
        size += len(line) + 1
    yield _found(stages, records.flush(), lines, size)


def _found(stages: LogStages, record: LogRecord | None, lines: int, size: int) -> Found:
    if record is None:
        return Found("", "", "", Severity.LOW, lines, size)
    where = stages.sort(record)
    known, severity = _known(stages, where)
    return Found(where.template.id, where.template.text, known, severity, lines, size)


def _known(stages: LogStages, where: Sorted) -> tuple[str, Severity]:
    """Return the id of the predefined pattern or of the user's own that records have, and how grave they are."""
    known = stages.catalogue.get(where.pattern_id)
    return (known.id, known.severity) if known else ("", Severity.of_level(where.level))


@dataclass(slots=True)
class Row:
    """One pattern of a summary.

    example: masked. slots: records by slot of the summary's trend.
    """

    pattern_id: str
    known: str
    severity: Severity
    example: str
    frequency: int = 0
    first: datetime | None = None
    last: datetime | None = None
    slots: Counter[int] = field(default_factory=Counter)

    def take(self, other: "Row") -> None:
        """Count what another row has, which turned out to be the same pattern."""
        self.frequency += other.frequency
        self.severity = max(self.severity, other.severity, key=lambda severity: severity.rank)
        self.first = min((one for one in (self.first, other.first) if one), default=None)
        self.last = max((one for one in (self.last, other.last) if one), default=None)
        self.slots.update(other.slots)


class Summary:
    """What was found, by pattern.

    Attributes: lines, records, first, last: of all. A trend has at most 24 slots between the first and the last time,
    of a minute each at first; they grow with the time that there is.
    """

    def __init__(self, stages: LogStages, settings: AnalyzerSettings, clock: Clock) -> None:
        self._stages = stages
        self._clock = clock
        self._learning = timedelta(seconds=settings.learning_seconds)
        self._rows: dict[tuple[str, str], Row] = {}
        self._slot_seconds = _STEP_SECONDS
        self.lines = 0
        self.records = 0
        self.first: datetime | None = None
        self.last: datetime | None = None

    def read(self, path: Path, source: SourceSettings) -> Iterator[int]:
        """Count the lines of a file; yields how many bytes were read, again and again.

        Raises what `archives.UNREADABLE` names; what came before is counted, also where reading was stopped.
        """
        intake = Intake(self._stages, source, self._clock, self._count, step_seconds=_STEP_SECONDS, carry=True)
        intake.begin(SOURCE, _NO_TIME)
        try:
            for chunk in read_chunks(path, source.encoding):
                intake.take(SOURCE, chunk)
                self.lines += len(chunk.lines)
                yield sum(map(len, chunk.lines)) + len(chunk.lines)
        finally:
            intake.finish(SOURCE)
            intake.flush()

    def patterns(self) -> list[dict[str, Any]]:
        """Return the patterns ready for JSON, the most frequent first; ids and templates are the latest ones."""
        merged: dict[tuple[str, str], Row] = {}
        for row in self._rows.values():
            current = self._stages.miner.resolve(row.pattern_id)
            key = current, row.known
            if key in merged:
                merged[key].take(row)
            else:
                merged[key] = replace(row, pattern_id=current, slots=Counter(row.slots))
        rows = sorted(merged.values(), key=lambda row: (-row.frequency, row.pattern_id))
        return [self._entry(row) for row in rows]

    def _count(self, run: Run) -> None:
        self._stages.count(SOURCE, run, Batch(), learning=True)  # so that it knows which texts it still wants
        self.records += run.count
        known, severity = _known(self._stages, run.where)
        row = self._row(run, known, severity)
        row.frequency += run.count
        if severity.rank > row.severity.rank:
            row.severity = severity
        if run.first > _NO_TIME:
            self._note(row, run)

    def _row(self, run: Run, known: str, severity: Severity) -> Row:
        key = run.where.template.id, known
        row = self._rows.get(key)
        if row is None:
            if len(self._rows) >= _MOST_ROWS:
                self._fold_rare()
            example = self._stages.masker.mask(run.text)[:LONGEST_EXAMPLE]
            row = self._rows[key] = Row(run.where.template.id, known, severity, example)
        return row

    def _note(self, row: Row, run: Run) -> None:
        row.first = run.first if row.first is None else min(row.first, run.first)
        row.last = run.last if row.last is None else max(row.last, run.last)
        self.first = run.first if self.first is None else min(self.first, run.first)
        self.last = run.last if self.last is None else max(self.last, run.last)
        while (self.last - self.first).total_seconds() >= (TREND_COLUMNS - 1) * self._slot_seconds:
            self._slot_seconds *= 2
            for one in self._rows.values():
                one.slots = _halved(one.slots)
        row.slots[self._slot(run.first)] += run.count

    def _slot(self, moment: datetime) -> int:
        return int(moment.timestamp()) // self._slot_seconds

    def _fold_rare(self) -> None:
        """Make one row of the rarest half: random texts must not fill the memory."""
        rest = Row("other", "", Severity.LOW, "")
        rows = sorted(self._rows.values(), key=lambda row: row.frequency)
        for row in rows[: len(rows) // 2]:
            rest.take(self._rows.pop((row.pattern_id, row.known)))
        self._rows["other", ""] = rest

    def _entry(self, row: Row) -> dict[str, Any]:
        known = self._stages.catalogue.get(row.known)
        return {
            "pattern_id": row.pattern_id,
            "frequency": row.frequency,
            "share": round(row.frequency / self.records, 6),
            "severity": row.severity.value,
            "kind": str(known.kind if known else Kind.DYNAMIC),
            "predefined": row.known or None,
            "new": self._is_new(row),
            "first_seen": format_utc(row.first) if row.first else None,
            "last_seen": format_utc(row.last) if row.last else None,
            "trend": self._trend(row),
            "template": self._stages.miner.text(row.pattern_id) or row.example,
            "example": row.example,
        }

    def _is_new(self, row: Row) -> bool:
        """Return whether it began after the learning time, in the last tenth of the time that there is."""
        if row.first is None or self.first is None or self.last is None:
            return False
        late = self.last - (self.last - self.first) / 10
        return row.first > max(late, self.first + self._learning)

    def _trend(self, row: Row) -> Sequence[int]:
        if self.first is None or self.last is None:
            return ()
        return [row.slots[slot] for slot in range(self._slot(self.first), self._slot(self.last) + 1)]


def _halved(slots: Counter[int]) -> Counter[int]:
    halved: Counter[int] = Counter()
    for slot, count in slots.items():
        halved[slot // 2] += count
    return halved
