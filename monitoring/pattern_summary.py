"""Which patterns some log lines have: counted once, in memory that does not grow with the lines."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from analyzer.events import Severity
from analyzer.frequency import LONGEST_EXAMPLE
from analyzer.patterns import Kind
from analyzer.records import LogRecord
from analyzer.settings import AnalyzerSettings, SourceSettings
from analyzer.sources.archives import read_lines
from analyzer.stages import LogStages, assembler
from runtime.clock import Clock, format_utc

SOURCE = "input"
TREND_COLUMNS = 24
_MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Found:
    """What one record is.

    pattern_id, template: of its template when it was seen; "" for empty lines. known: the id of the predefined pattern
    or of the user's own. lines: how many lines it has. size: characters of them, line ends included.
    """

    pattern_id: str
    template: str
    known: str
    severity: Severity
    record: LogRecord | None
    lines: int
    size: int


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


def classified(stages: LogStages, path: Path, settings: SourceSettings, clock: Clock) -> Iterator[Found]:
    """Yield each record of a log file in the order of its lines. Raises what `archives.UNREADABLE` names."""
    records = assembler(settings, clock)
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
        return Found("", "", "", Severity.LOW, None, lines, size)
    where = stages.sort(record)
    known = stages.catalogue.get(where.pattern_id)
    severity = known.severity if known else Severity.of_level(where.level)
    template = stages.miner.add(record.summary).template
    return Found(template.id, template.text, known.id if known else "", severity, record, lines, size)


class Summary:
    """What was found, by pattern.

    Attributes: lines, records, first, last: of all. A trend has 24 slots between the first and the last time; the slots
    grow with the time that there is.
    """

    def __init__(self, stages: LogStages, settings: AnalyzerSettings) -> None:
        self._stages = stages
        self._learning = timedelta(seconds=settings.learning_seconds)
        self._rows: dict[tuple[str, str], Row] = {}
        self._slot_seconds = 1
        self.lines = 0
        self.records = 0
        self.first: datetime | None = None
        self.last: datetime | None = None

    def add(self, found: Found) -> None:
        """Count one record."""
        self.lines += found.lines
        if found.record is None:
            return
        self.records += 1
        row = self._row(found)
        row.frequency += 1
        if found.severity.rank > row.severity.rank:
            row.severity = found.severity
        moment = found.record.timestamp
        if moment is not None:
            self._note(row, moment)

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

    def _row(self, found: Found) -> Row:
        key = found.pattern_id, found.known
        row = self._rows.get(key)
        if row is None:
            if len(self._rows) >= _MOST_ROWS:
                self._fold_rare()
            example = self._stages.masker.mask(found.record.summary if found.record else "")[:LONGEST_EXAMPLE]
            row = self._rows[key] = Row(found.pattern_id, found.known, found.severity, example)
        return row

    def _note(self, row: Row, moment: datetime) -> None:
        row.first = moment if row.first is None else min(row.first, moment)
        row.last = moment if row.last is None else max(row.last, moment)
        self.first = moment if self.first is None else min(self.first, moment)
        self.last = moment if self.last is None else max(self.last, moment)
        while (self.last - self.first).total_seconds() >= TREND_COLUMNS * self._slot_seconds:
            self._slot_seconds *= 2
            for one in self._rows.values():
                one.slots = _halved(one.slots)
        row.slots[int(moment.timestamp()) // self._slot_seconds] += 1

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
        begin = int(self.first.timestamp()) // self._slot_seconds
        end = int(self.last.timestamp()) // self._slot_seconds
        return [row.slots[slot] for slot in range(begin, end + 1)]


def _halved(slots: Counter[int]) -> Counter[int]:
    halved: Counter[int] = Counter()
    for slot, count in slots.items():
        halved[slot // 2] += count
    return halved
