"""Counts each pattern, and says which of them are worth telling: predefined ones, new ones, rare ones, bursts."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analyzer.events import PATTERN_DETECTED, Event, Severity
from analyzer.items import pattern_item
from analyzer.levels import Level
from analyzer.pattern_stats import EXAMPLES_KEPT, PatternStats, bucket_of
from analyzer.patterns import Kind, PatternCatalogue
from analyzer.rates import BUCKET_SECONDS, HOUR_BUCKETS, Burst, SourceTime, limit
from runtime.clock import format_utc

LONGEST_EXAMPLE = 500


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


Tally = Counter[tuple[str, str, Level]]


class PatternBook:
    """Counts patterns, and says which of them are worth telling: predefined ones, new ones, rare ones, bursts.

    mask: takes personal data out of examples. min_frequency: so many lines make a dynamic pattern worth telling; one
    with an ERROR level is told at once. repeat_after: a predefined pattern is told again after so much quiet.
    Attributes: family_of, which gives what to show of a pattern's family. now: tells the time by which the number of
    events is limited; None is the lines' own.
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
        self.family_of: Callable[[PatternStats], Mapping[str, Any] | None] = lambda _: None
        self.now: Callable[[], datetime] | None = None
        self._patterns: dict[str, PatternStats] = {}
        self._times: dict[str, SourceTime] = {}
        self._limit = limit(1)
        self._unreviewed: set[str] = set()
        self._bursting: set[str] = set()
        self._bursts: list[Event] = []
        self._told: dict[str, tuple[int, int]] = {}
        self._tally: Tally = Counter()
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

    def load(self, patterns: Iterable[PatternStats], times: Mapping[str, Sequence[float]] | None = None) -> None:
        """Take up what an earlier run knew. times: what `times` returned."""
        self._patterns.update((pattern.id, pattern) for pattern in patterns)
        self._bursting.update(pattern.id for pattern in self._patterns.values() if pattern.bursting)
        self._limit = limit(len(self._patterns))
        for source, (bucket, observed, lines) in (times or {}).items():
            self._times[source] = SourceTime(int(bucket), observed, lines)

    def times(self) -> dict[str, list[float]]:
        """Return how far each source has come and how long it was observed, ready for JSON."""
        return {source: [time.bucket, time.observed, time.lines] for source, time in self._times.items()}

    def item(self, stats: PatternStats, now: datetime) -> dict[str, Any]:
        """Return a pattern with its family, ready for JSON."""
        return pattern_item(stats, now, self.family_of(stats))

    def wants_text(self, pattern_id: str) -> bool:
        """Return whether the text of the next line of a pattern may become an example."""
        stats = self._patterns.get(pattern_id)
        return stats is None or stats.wants_example(stats.frequency)

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
        elif stats.kind is Kind.DYNAMIC:
            stats.description = stats.description_ja = description
        quiet = first or self._seconds_of_quiet(stats, line) >= self._repeat_after.total_seconds()
        before = stats.frequency
        rare = self._count_rate(stats, line, count)
        stats.add(count, line.moment, last, line.level)
        self._changed.add(pattern_id)
        self._unreviewed.add(pattern_id)
        if stats.wants_example(before):
            self._keep_example(stats, line.text)
        new = first and not stats.learned and stats.kind is Kind.DYNAMIC
        reason = self._reason(stats, before, new=new, rare=rare, quiet=quiet)
        return stats, new, self._event(stats, line, reason) if reason else None

    def _seconds_of_quiet(self, stats: PatternStats, line: Line) -> float:
        """Return how long no line of a pattern came: by the clock in live work, else by the times of the lines."""
        if self.now is None:
            return (line.moment - stats.last_seen).total_seconds()
        now, before = self.now(), stats.counted_at or stats.last_seen
        stats.counted_at = now
        return (now - before).total_seconds()

    def review(self, now: datetime) -> list[Event]:
        """Begin and end bursts by the lines so far; to be called every few seconds.

        Returns the events of the bursts that began since the last review.
        """
        buckets = {source: time.now(now.timestamp()) for source, time in self._times.items()}
        for pattern_id in self._unreviewed | self._bursting:
            stats = self._patterns.get(pattern_id)
            if stats is None:
                self._bursting.discard(pattern_id)
                continue
            bucket = buckets.get(stats.source, 0) if stats.bursting else stats.rate.bucket
            if stats.rate.review(bucket, self._limit):
                self._burst_began(stats)
            elif not stats.bursting and pattern_id in self._bursting:
                self._bursting.discard(pattern_id)
                self._changed.add(pattern_id)
        self._unreviewed.clear()
        events, self._bursts = self._bursts, []
        return events

    def bursting(self) -> Counter[str]:
        """Return how many patterns of each source burst now."""
        return Counter(stats.source for one in self._bursting if (stats := self._patterns.get(one)) is not None)

    def new_ones(self, now: datetime) -> Counter[tuple[str, Level]]:
        """Return how many new patterns of each source and level still come, by the lines of the last five minutes."""
        since = now - self._repeat_after
        going_on = (stats for stats in list(self._patterns.values()) if stats.last_seen >= since and stats.is_new(now))
        return Counter((stats.source, stats.level) for stats in going_on)

    def take_tally(self) -> Tally:
        """Return how often what happened since the last call: (rare, burst or withheld; source; level)."""
        tally, self._tally = self._tally, Counter()
        return tally

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
        into.rate.merge(old.rate)

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
        self._limit = limit(len(self._patterns))
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
        self._bursting.discard(stats.id)
        del self._patterns[stats.id]

    def _keep_example(self, stats: PatternStats, text: str) -> None:
        example = self._mask(text)[:LONGEST_EXAMPLE]
        if example and example not in stats.examples:
            stats.examples.append(example)

    def _count_rate(self, stats: PatternStats, line: Line, count: int) -> bool:
        """Count lines in their bucket; returns whether it is surprising to see the pattern at all."""
        time = self._times.get(line.source)
        if time is None:
            time = self._times[line.source] = SourceTime()
        bucket = bucket_of(line.moment)
        time.advance(bucket, count)
        quiet = stats.rate.quiet(bucket)
        began = stats.rate.add(bucket, count, time, self._limit)
        if began and not line.learning:
            self._burst_began(stats)
        rare = quiet and not line.learning and stats.rate.rare()
        if rare:
            stats.rare_at = line.moment
            self._tally["rare", line.source, line.level] += 1
        return rare

    def _burst_began(self, stats: PatternStats) -> None:
        """Note a burst; one that comes again within the hour is the same."""
        self._bursting.add(stats.id)
        self._changed.add(stats.id)
        burst = stats.rate.burst
        if stats.rate.ended and burst is not None and burst.since - stats.rate.ended < HOUR_BUCKETS:
            return
        self._tally["burst", stats.source, stats.level] += 1
        event = self._event(stats, Line(stats.source, "", stats.level, stats.last_seen), "burst")
        if event is not None:
            self._bursts.append(event)

    def _reason(self, stats: PatternStats, before: int, *, new: bool, rare: bool, quiet: bool) -> str | None:
        """Return why lines are worth telling; None if they are not."""
        if stats.kind is not Kind.DYNAMIC:
            return "predefined" if quiet else None
        if rare and stats.severity is not Severity.LOW:
            return "rare"
        if stats.learned:
            return None
        grave = stats.severity.rank >= Severity.HIGH.rank
        telling = new if grave else before < self._min_frequency <= stats.frequency
        return "new" if telling else None

    def _event(self, stats: PatternStats, line: Line, reason: str) -> Event | None:
        """Return the event; None where a source has told of so many dynamic patterns that one more says nothing."""
        if stats.kind is Kind.DYNAMIC and not self._may_tell(line):
            self._tally["withheld", line.source, stats.level] += 1
            return None
        details = self.item(stats, line.moment)
        return Event(
            PATTERN_DETECTED,
            stats.description,
            stats.description_ja,
            Severity(details["severity"]),
            line.moment,
            {key: details[key] for key in _TOLD}
            | {"source": line.source, "reason": reason, "burst": _told(stats.rate.burst)},
        )

    def _may_tell(self, line: Line) -> bool:
        bucket, told = self._told.get(line.source, (0, 0))
        now = bucket_of(self.now() if self.now else line.moment)
        self._told[line.source] = (now, told + 1 if bucket == now else 1)
        return bucket != now or told < _MOST_TOLD


def _told(burst: Burst | None) -> dict[str, Any] | None:
    if burst is None:
        return None
    return {
        "since": format_utc(burst.since * BUCKET_SECONDS),
        "count": burst.count,
        "usual": round(burst.usual, 3),
        "minutes": burst.minutes,
        "confidence": round(burst.confidence, 4),
    }


_MOST_TOLD = 30
"""So many events of dynamic patterns are told of one source in five minutes."""
_TOLD = (
    "pattern_id",
    "kind",
    "category",
    "frequency",
    "level",
    "examples",
    "first_seen",
    "last_seen",
    "explanation",
    "explanation_ja",
    "family",
)
