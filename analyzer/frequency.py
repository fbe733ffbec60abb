"""How often, since when and how gravely each pattern is seen, and which of them are worth telling."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from analyzer.events import PATTERN_DETECTED, Event, Severity
from analyzer.patterns import Kind, PatternCatalogue
from analyzer.records import Level
from runtime.clock import format_utc

TREND_BUCKETS = 12
BUCKET_SECONDS = 300
EXAMPLES_KEPT = 3
LONGEST_EXAMPLE = 500
NEW_FOR = timedelta(hours=1)
"""So long after its first line a pattern is called new."""


@dataclass(slots=True)
class PatternStats:
    """What is known of one pattern.

    id: of the table, the settings, or the miner's template. category: the id of the table, None for dynamic ones.
    source, level: where it was seen first, and the gravest level it was seen with. first_seen, last_seen: aware.
    examples: at most three, masked. learned: known since before the learning time ended. trend: lines by bucket
    (epoch seconds // 300).
    """

    id: str
    kind: Kind
    category: str | None
    description: str
    description_ja: str
    severity: Severity
    source: str
    level: Level
    first_seen: datetime
    last_seen: datetime
    frequency: int = 0
    examples: list[str] = field(default_factory=list)
    learned: bool = False
    trend: dict[int, int] = field(default_factory=dict)

    def is_new(self, now: datetime) -> bool:
        """Return whether it appeared after the learning time and within the last hour."""
        return not self.learned and now - self.first_seen < NEW_FOR

    def counts(self, end: datetime) -> list[int]:
        """Return the lines in each of the 12 five-minute buckets of the hour that ends now, oldest first."""
        last = int(end.timestamp()) // BUCKET_SECONDS
        return [self.trend.get(bucket, 0) for bucket in range(last - TREND_BUCKETS + 1, last + 1)]

    def to_dict(self, now: datetime) -> dict[str, Any]:
        """Return the pattern ready for JSON."""
        return {
            "pattern_id": self.id,
            "description": self.description,
            "description_ja": self.description_ja,
            "frequency": self.frequency,
            "severity": self.severity.value,
            "examples": list(self.examples),
            "first_seen": format_utc(self.first_seen),
            "last_seen": format_utc(self.last_seen),
            "kind": self.kind.value,
            "category": self.category,
            "source": self.source,
            "level": self.level.value,
            "new": self.is_new(now),
            "trend": self.counts(now),
        }

    def add(self, count: int, first: datetime, last: datetime, level: Level) -> None:
        """Count lines of one level that lie in one bucket."""
        self.frequency += count
        if last > self.last_seen:
            self.last_seen = last
        if first < self.first_seen:
            self.first_seen = first
        bucket = int(first.timestamp()) // BUCKET_SECONDS
        self.trend[bucket] = self.trend.get(bucket, 0) + count
        if len(self.trend) > 2 * TREND_BUCKETS:
            newest = max(self.trend) - TREND_BUCKETS
            self.trend = {bucket: count for bucket, count in self.trend.items() if bucket > newest}
        self.note_level(level)

    def note_level(self, level: Level) -> None:
        """Keep the gravest level; a dynamic pattern is as severe as that."""
        if level is not self.level and _GRAVITY[level] > _GRAVITY[self.level]:
            self.level = level
            if self.kind is Kind.DYNAMIC:
                self.severity = Severity.of_level(level)


_GRAVITY = {level: gravity for gravity, level in enumerate((Level.UNKNOWN, *reversed(list(Level)[:-1])))}


@dataclass(frozen=True, slots=True)
class Line:
    """One line, as far as counting needs it.

    text: unmasked; it is masked before any of it is kept. moment: aware. learning: the source is still learning.
    """

    source: str
    text: str
    level: Level
    moment: datetime
    learning: bool = False


class PatternBook:
    """Counts patterns, and says which of them are worth telling.

    mask: takes personal data out of examples. min_frequency: so many lines make a dynamic pattern worth telling; one
    with an ERROR level is told at once. repeat_after: a predefined pattern is told again after so much quiet.
    """

    def __init__(
        self,
        catalogue: PatternCatalogue,
        mask: Callable[[str], str],
        *,
        min_frequency: int = 3,
        repeat_after: timedelta = timedelta(minutes=5),
        max_patterns: int = 10_000,
    ) -> None:
        self._catalogue = catalogue
        self._mask = mask
        self._min_frequency = min_frequency
        self._repeat_after = repeat_after
        self._max_patterns = max_patterns
        self._patterns: dict[str, PatternStats] = {}
        self._retired: set[str] = set()
        self._changed: set[str] = set()
        self._seen_before: set[str] = set()

    def __len__(self) -> int:
        return len(self._patterns)

    def __iter__(self) -> Iterator[PatternStats]:
        return iter(list(self._patterns.values()))

    def get(self, pattern_id: str) -> PatternStats | None:
        """Return what is known of a pattern."""
        return self._patterns.get(pattern_id)

    def load(self, patterns: Iterable[PatternStats]) -> None:
        """Take up what an earlier run knew."""
        self._patterns.update((pattern.id, pattern) for pattern in patterns)

    def forget(self, before: datetime) -> None:
        """Drop the patterns that were last seen before a moment; they are not new if they come again."""
        for stats in [stats for stats in self._patterns.values() if stats.last_seen < before]:
            self._drop(stats)

    def know(self, pattern_ids: Iterable[str]) -> None:
        """Take patterns for known, though nothing is counted of them yet: they are not new."""
        self._seen_before.update(pattern_ids)

    def take_changes(self) -> tuple[list[PatternStats], set[str]]:
        """Return the patterns that changed since the last call, and the ids of those that went into others."""
        changed = [self._patterns[pattern_id] for pattern_id in self._changed if pattern_id in self._patterns]
        retired, self._retired, self._changed = self._retired, set(), set()
        return changed, retired

    def count(self, line: Line, pattern_id: str, description: str) -> tuple[PatternStats, bool, Event | None]:
        """Count one line of a pattern, as `count_run` does."""
        return self.count_run(line, pattern_id, description, 1, line.moment)

    def count_run(
        self, line: Line, pattern_id: str, description: str, count: int, last: datetime
    ) -> tuple[PatternStats, bool, Event | None]:
        """Count lines of one pattern, source and level that all lie in one bucket of 300 s.

        line: the first of them. description: what to call the pattern where it is a dynamic one. count: how many lines.
        last: the time of the last one.
        Returns the pattern, whether it is a new dynamic one, and the event to raise, if there is one.
        """
        stats = self._patterns.get(pattern_id)
        first = stats is None
        if stats is None:
            stats = self._begin(line, pattern_id, description)
        quiet = first or line.moment - stats.last_seen >= self._repeat_after
        before = stats.frequency
        stats.add(count, line.moment, last, line.level)
        self._changed.add(pattern_id)
        if before < _LINES_LOOKED_AT and len(stats.examples) < EXAMPLES_KEPT:
            self._keep_example(stats, line.text)
        new = first and not stats.learned and stats.kind is Kind.DYNAMIC
        telling = self._worth_telling(stats, before, new, quiet)
        return stats, new, self._event(stats, line) if telling else None

    def merge(self, old_id: str, new_id: str, description: str) -> None:
        """Let one pattern go into another: a word turned out to be a value."""
        old = self._patterns.pop(old_id, None)
        if old is None:
            return
        self._retired.add(old_id)
        self._changed.add(new_id)
        into = self._patterns.get(new_id)
        if into is None:
            old.id, old.description, old.description_ja = new_id, description, description
            old.learned = True
            self._patterns[new_id] = old
            return
        into.frequency += old.frequency
        into.first_seen = min(into.first_seen, old.first_seen)
        into.last_seen = max(into.last_seen, old.last_seen)
        into.note_level(old.level)
        into.examples = [*into.examples, *old.examples][:EXAMPLES_KEPT]
        for bucket, count in old.trend.items():
            into.trend[bucket] = into.trend.get(bucket, 0) + count

    def _begin(self, line: Line, pattern_id: str, description: str) -> PatternStats:
        if len(self._patterns) >= self._max_patterns:
            self._make_room()
        known = self._catalogue.get(pattern_id)
        stats = PatternStats(
            pattern_id,
            known.kind if known else Kind.DYNAMIC,
            known.id if known else None,
            known.name if known else description,
            known.name_ja if known else description,
            known.severity if known else Severity.of_level(line.level),
            line.source,
            line.level,
            line.moment,
            line.moment,
            learned=line.learning or pattern_id in self._seen_before,
        )
        self._patterns[pattern_id] = stats
        return stats

    def _make_room(self) -> None:
        """Drop the quarter of the patterns that was not seen for longest."""
        oldest = sorted(self._patterns.values(), key=lambda stats: stats.last_seen)
        for stats in oldest[: len(oldest) // 4 + 1]:
            self._drop(stats)
        if len(self._seen_before) > 10 * self._max_patterns:
            self._seen_before.clear()

    def _drop(self, stats: PatternStats) -> None:
        self._seen_before.add(stats.id)
        del self._patterns[stats.id]

    def _keep_example(self, stats: PatternStats, text: str) -> None:
        example = self._mask(text)[:LONGEST_EXAMPLE]
        if example not in stats.examples:
            stats.examples.append(example)

    def _worth_telling(self, stats: PatternStats, before: int, new: bool, quiet: bool) -> bool:
        if stats.kind is not Kind.DYNAMIC:
            return quiet
        if stats.learned:
            return False
        grave = stats.severity.rank >= Severity.HIGH.rank
        return new if grave else before < self._min_frequency <= stats.frequency

    def _event(self, stats: PatternStats, line: Line) -> Event:
        details = stats.to_dict(line.moment)
        return Event(
            PATTERN_DETECTED,
            stats.description,
            stats.description_ja,
            stats.severity,
            line.moment,
            {key: details[key] for key in _TOLD} | {"source": line.source},
        )


_LINES_LOOKED_AT = 20
"""Only the first lines of a pattern are looked at for examples."""
_TOLD = ("pattern_id", "kind", "category", "frequency", "level", "examples", "first_seen", "last_seen")
