"""The analyzer's metrics: what the logs say, what is unusual, and how the analyzer itself does."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

from analyzer.events import Severity
from analyzer.levels import Level
from analyzer.pattern_stats import PatternStats
from analyzer.patterns import UNNAMED, Kind, Pattern


class AnalyzerMetrics:
    """All families, in one registry.

    max_pattern_labels: so many dynamic patterns get a label of their own, first come first served.
    """

    def __init__(
        self, registry: CollectorRegistry, known: Iterable[Pattern] = (), *, max_pattern_labels: int = 100
    ) -> None:
        self._known = tuple(known)
        self._max_pattern_labels = max_pattern_labels
        self._labelled: set[str] = set()
        self.lines = Counter("log_lines", "Log records read.", ["source", "level"], registry=registry)
        self.pattern_lines = Counter(
            "log_pattern_lines",
            "Log records of a pattern: a predefined one, one of the settings, a dynamic one, or other.",
            ["source", "pattern"],
            registry=registry,
        )
        self.pattern_info = Gauge(
            "log_pattern_info",
            "What a pattern is; the value is 1. name: of the table or the settings, empty for dynamic ones.",
            ["pattern", "kind", "severity", "name", "name_ja"],
            registry=registry,
        )
        self.begun = Gauge(
            "analyzer_source_start_time_seconds",
            "When the analyzer began to count a source, epoch seconds.",
            ["source"],
            registry=registry,
        )
        self.new_patterns = Counter(
            "log_new_patterns",
            "Dynamic patterns never seen before, after the learning time.",
            ["source", "level"],
            registry=registry,
        )
        self.rare_patterns = Counter(
            "log_rare_patterns",
            "Times a pattern was seen that is seen so seldom that this is surprising.",
            ["source", "level"],
            registry=registry,
        )
        self.bursts = Counter(
            "log_bursts",
            "Bursts that began: far more lines of a pattern than its own history explains.",
            ["source", "level"],
            registry=registry,
        )
        self.pattern_bursting = Gauge("log_pattern_bursting", "Patterns that burst now.", ["source"], registry=registry)
        self.pattern_new = Gauge(
            "log_pattern_new",
            "New patterns that had lines in the last five minutes.",
            ["source", "level"],
            registry=registry,
        )
        self.withheld = Counter(
            "analyzer_events_withheld",
            "Events of dynamic patterns that were not told, because many of the source were.",
            ["source", "level"],
            registry=registry,
        )
        self._tallied = {"rare": self.rare_patterns, "burst": self.bursts, "withheld": self.withheld}
        self.lag = Gauge("log_source_lag_bytes", "Bytes of a source not read yet.", ["source"], registry=registry)
        self.parse_failures = Counter(
            "log_parse_failures", "Log records in which no header was found.", ["source"], registry=registry
        )
        self.masked = Counter(
            "log_masked_items", "Personal data and secrets masked in texts that are kept.", ["kind"], registry=registry
        )
        self.anomaly_score = Gauge(
            "anomaly_score", "The present score, 0 to 1; abnormal from 0.5.", ["series", "detector"], registry=registry
        )
        self.anomaly_active = Gauge(
            "anomaly_active", "Whether an anomaly goes on in a series.", ["series"], registry=registry
        )
        self.anomaly_detected = Counter(
            "anomaly_detected", "Anomalies that began.", ["series", "severity"], registry=registry
        )
        self.failures = Counter(
            "analyzer_failures", "Failures of a part; the others went on.", ["part"], registry=registry
        )
        self.lines_cut = Counter(
            "analyzer_lines_cut", "Lines longer than 4 KiB, of which the start was kept.", ["source"], registry=registry
        )
        self.lines_replaced = Counter(
            "analyzer_lines_replaced",
            "Lines with bytes that are no text in the encoding of their file; these were replaced.",
            ["source"],
            registry=registry,
        )
        self.problems = Gauge(
            "log_source_problems", "Files and folders of a source that cannot be read.", ["source"], registry=registry
        )
        self.files = Gauge("analyzer_source_files", "Files that are followed.", ["source"], registry=registry)
        self.learning = Gauge(
            "analyzer_source_learning", "Whether a source is still learned from.", ["source"], registry=registry
        )
        self.templates = Gauge("analyzer_templates", "Templates the miner knows.", registry=registry)
        self.state_bytes = Gauge(
            "analyzer_state_bytes", "Size of the miner's state, as it was last noted for the store.", registry=registry
        )
        self.families = Gauge("analyzer_families", "Families of similar patterns.", registry=registry)
        self.patterns = Gauge("analyzer_patterns", "Patterns that are kept.", registry=registry)
        self.busy = Counter("analyzer_busy_seconds", "Time spent on reading and analysing lines.", registry=registry)

    def begin_source(self, source: str, now: float) -> None:
        """Let all counters of a source exist, so that an increase shows from the first line on. now: epoch seconds."""
        self.begun.labels(source).set(now)
        for pattern in self._known:
            self.pattern_lines.labels(source, pattern.id)
            kind, severity = pattern.kind.value, pattern.severity.prometheus
            self.pattern_info.labels(pattern.id, kind, severity, pattern.name, pattern.name_ja).set(1)
        self.pattern_lines.labels(source, UNNAMED)
        for level in Level:
            self.lines.labels(source, level.value.lower())
            for counter in (self.new_patterns, self.rare_patterns, self.bursts):
                counter.labels(source, level.value.lower())
            self.pattern_new.labels(source, level.value.lower()).set(0)
        self.pattern_bursting.labels(source).set(0)
        self.parse_failures.labels(source)
        self.lines_cut.labels(source)
        self.lines_replaced.labels(source)
        self.problems.labels(source).set(0)
        self.lag.labels(source).set(0)
        self.files.labels(source).set(0)
        self.learning.labels(source).set(0)

    def begin_series(self, series: str) -> None:
        """Let all counters of a series exist."""
        self.anomaly_active.labels(series).set(0)
        for severity in Severity:
            self.anomaly_detected.labels(series, severity.prometheus)

    def add_lines(
        self, source: str, lines: Mapping[Level, int], patterns: Mapping[str, int], stats: Mapping[str, PatternStats]
    ) -> None:
        """Count one batch of a source. patterns: lines by pattern id. stats: what is known of them."""
        for level, count in lines.items():
            self.lines.labels(source, level.value.lower()).inc(count)
        tally: Tally[str] = Tally()
        for pattern_id, count in patterns.items():
            tally[self._label(pattern_id, stats.get(pattern_id))] += count
        for label, count in tally.items():
            self.pattern_lines.labels(source, label).inc(count)

    def add_tally(self, tally: Mapping[tuple[str, str, Level], int]) -> None:
        """Count what the pattern book tallied: rare patterns, bursts, events withheld."""
        for (what, source, level), count in tally.items():
            self._tallied[what].labels(source, level.value.lower()).inc(count)

    def set_standing_out(
        self, sources: Iterable[str], bursting: Mapping[str, int], new: Mapping[tuple[str, Level], int]
    ) -> None:
        """Show how many patterns of each source burst, and how many new ones of each level still come."""
        for source in sources:
            self.pattern_bursting.labels(source).set(bursting.get(source, 0))
            for level in Level:
                self.pattern_new.labels(source, level.value.lower()).set(new.get((source, level), 0))

    def _label(self, pattern_id: str, stats: PatternStats | None) -> str:
        if stats is None:
            return UNNAMED
        if stats.kind is not Kind.DYNAMIC or pattern_id in self._labelled:
            return pattern_id
        if len(self._labelled) >= self._max_pattern_labels:
            return UNNAMED
        self._labelled.add(pattern_id)
        self.pattern_info.labels(pattern_id, stats.kind.value, stats.severity.prometheus, "", "").set(1)
        return pattern_id
