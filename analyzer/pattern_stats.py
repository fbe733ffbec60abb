"""What is known of one pattern: what it is, how often and since when it is seen, how it is said."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analyzer.events import Severity
from analyzer.levels import Level
from analyzer.patterns import Kind
from analyzer.rates import BUCKET_SECONDS, Rate

EXAMPLES_KEPT = 3
NEW_FOR = timedelta(hours=1)
"""So long after its first line a pattern is called new, and one that is seen again at last rare."""
_LINES_LOOKED_AT = 20
"""Only the first lines of a pattern are looked at for examples."""


@dataclass(slots=True)
class PatternStats:
    """What is known of one pattern.

    id: of the table, the settings, or the miner's template. category: the id of the table, None for dynamic ones.
    severity: by level or pattern alone. source, level: where it was seen first, and the gravest level it was seen with.
    first_seen, last_seen: aware. examples: at most three, masked. learned: known since before the learning time ended.
    rare_at: when it was last seen after so long that this was surprising. counted_at: when a line of it was last
    counted, whatever time the line carries; None before the first of this run.
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
    rate: Rate = field(default_factory=Rate)
    rare_at: datetime | None = None
    counted_at: datetime | None = field(default=None, compare=False)

    @property
    def bursting(self) -> bool:
        """Whether far more lines come than usual."""
        return self.rate.burst is not None

    def is_new(self, now: datetime) -> bool:
        """Return whether it is one nobody knew, appeared after the learning time and within the last hour."""
        return self.kind is Kind.DYNAMIC and not self.learned and now - self.first_seen < NEW_FOR

    def is_rare(self, now: datetime) -> bool:
        """Return whether it was seen within the last hour, which is surprising."""
        return self.rare_at is not None and now - self.rare_at < NEW_FOR

    def wants_example(self, frequency: int) -> bool:
        """Return whether a line may become an example; frequency: the lines before it."""
        return frequency < _LINES_LOOKED_AT and len(self.examples) < EXAMPLES_KEPT

    def add(self, count: int, first: datetime, last: datetime, level: Level) -> None:
        """Count lines of one level."""
        self.frequency += count
        if last > self.last_seen:
            self.last_seen = last
        if first < self.first_seen:
            self.first_seen = first
        self.note_level(level)

    def note_level(self, level: Level) -> None:
        """Keep the gravest level; a dynamic pattern is as severe as that."""
        if level.rank > self.level.rank:
            self.level = level
            if self.kind is Kind.DYNAMIC:
                self.severity = Severity.of_level(level)


def bucket_of(moment: datetime) -> int:
    """Return the bucket of 300 s that a moment lies in."""
    return int(moment.timestamp()) // BUCKET_SECONDS
