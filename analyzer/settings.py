"""Settings of the analyzer: what it follows and watches, what the user adds to it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from pydantic import Field, ValidationInfo, field_validator, model_validator

from analyzer.encodings import AUTO, known_codec
from analyzer.events import Severity
from analyzer.levels import Level
from analyzer.patterns import PREDEFINED, UNNAMED, Kind, Pattern
from analyzer.reading.formats import NAMED, LineFormat, is_definition
from runtime.expressions import MOST_EXPRESSIONS, Expression, InvalidExpression
from runtime.masking import KINDS, masker
from runtime.settings import Duration, Section, Settings, TimeZone, nearest

_KIND = re.compile(r"\w[\w-]{0,49}")

SERIES = (
    "cpu_percent",
    "memory_percent",
    "network_sent_mb_s",
    "network_recv_mb_s",
    "active_tasks",
    "error_rate",
    "response_time_ms",
)
"""Series of the guide's names that are watched unless the settings say otherwise."""


class SourceSettings(Section):
    """Where lines come from.

    name: of the source in metrics. path: a file or a glob; `-` is standard input. format: `auto` finds the header of
    each line, and Docker's JSON around it, `docker` expects that, `plain` takes each line as it stands; else the name
    of one of `analyzer.formats`, or a definition such as `formats.LineFormat` takes. encoding: `auto` looks at the
    lines that are not ASCII. timezone: of times without offset; this machine's if not given.
    """

    name: str = Field(pattern=r"^[^\x00-\x1f\x7f\"\\\\{}]{1,100}$")
    path: str = Field(min_length=1)
    format: str = "auto"
    encoding: str = AUTO
    timezone: TimeZone | None = None

    @field_validator("format")
    @classmethod
    def _usable_format(cls, value: str) -> str:
        if is_definition(value):
            LineFormat(value)
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            return value if value == AUTO else known_codec(value)
        except LookupError:
            raise ValueError("expected auto, utf-8, cp932, euc-jp or another encoding that Python knows") from None


class SeriesSettings(Section):
    """A series to watch for anomalies. query: PromQL; the name itself if not given."""

    name: str = Field(min_length=1, max_length=100)
    query: str | None = None


class PatternSettings(Section):
    """A pattern of the user's own.

    expression: in RE2's syntax, see `expressions.Expression`.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")
    name: str = ""
    name_ja: str = ""
    expression: str
    severity: Severity = Severity.MEDIUM

    @field_validator("severity", mode="before")
    @classmethod
    def _either_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _usable(self) -> "PatternSettings":
        if self.id in {pattern.id for pattern in PREDEFINED}:
            raise ValueError(f"{self.id!r} is the id of a predefined pattern: take another")
        if self.id == UNNAMED:
            raise ValueError(f"{self.id!r} is what lines without a pattern are called: take another")
        if Expression(self.id, self.expression).search(""):
            raise InvalidExpression(self.id, "matches empty text, and so every line: ask for one character at least")
        return self

    def pattern(self) -> Pattern:
        """Return the pattern for the catalogue."""
        name = self.name or self.id
        return Pattern(self.id, name, self.name_ja or name, self.severity, (self.expression,), kind=Kind.CUSTOM)


class AnalyzerSettings(Section):
    """The section `analyzer`.

    formats: of lines, by name, for `sources[].format`. log_levels: lines of other levels are counted, but make no
    dynamic pattern (a line without level does); all levels if empty. min_frequency: so many lines make a dynamic
    pattern worth an event. enable_ml_detection: whether dynamic patterns are looked for at all. learning_seconds: so
    long a source without existing lines is listened to before new patterns are told. masks: kinds of the user's own
    personal data and their expressions. detectors: `module:Class`. max_pattern_labels: so many dynamic patterns get
    their own label in metrics.
    """

    formats: dict[str, str] = Field(default_factory=dict)
    sources: tuple[SourceSettings, ...] = ()
    series: tuple[SeriesSettings, ...] = tuple(SeriesSettings(name=name) for name in SERIES)
    patterns: tuple[PatternSettings, ...] = Field(default=(), max_length=MOST_EXPRESSIONS)
    masks: dict[str, str] = Field(default_factory=dict)
    mask_ip: bool = False
    log_levels: tuple[Level, ...] = ()
    min_frequency: int = Field(default=3, ge=1)
    enable_ml_detection: bool = True
    learning_seconds: Duration = 600.0
    poll_interval_seconds: Duration = 1.0
    store_interval_seconds: Duration = 10.0
    analysis_interval_seconds: Duration = 1800.0
    series_interval_seconds: Duration = 60.0
    series_window_seconds: Duration = 7200.0
    detectors: tuple[str, ...] = ("analyzer.detectors.zscore:ZScore",)
    max_pattern_labels: int = Field(default=100, ge=0, le=1000)
    retention_days: int = Field(default=30, ge=1)

    @field_validator("log_levels", mode="before")
    @classmethod
    def _levels(cls, value: object) -> object:
        if not isinstance(value, list | tuple):
            return value
        return tuple(Level.parse(str(level)) for level in value)

    @field_validator("formats")
    @classmethod
    def _usable_formats(cls, formats: dict[str, str]) -> dict[str, str]:
        for name, definition in formats.items():
            if name in NAMED:
                raise ValueError(f"{name!r} is the name of a built-in format: take another")
            LineFormat(definition)
        return formats

    @field_validator("sources")
    @classmethod
    def _named_sources(cls, sources: tuple[SourceSettings, ...], info: ValidationInfo) -> tuple[SourceSettings, ...]:
        name = _twice(source.name.strip().casefold() for source in sources)
        if name is not None:
            raise ValueError(f"two sources are named {name!r}")
        formats = info.data.get("formats", {})
        return tuple(_with_definition(source, formats) for source in sources)

    @field_validator("series")
    @classmethod
    def _different_series(cls, series: tuple[SeriesSettings, ...]) -> tuple[SeriesSettings, ...]:
        name = _twice(one.name for one in series)
        if name is not None:
            raise ValueError(f"two series are named {name!r}")
        return series

    @field_validator("patterns")
    @classmethod
    def _different_patterns(cls, patterns: tuple[PatternSettings, ...]) -> tuple[PatternSettings, ...]:
        name = _twice(pattern.id for pattern in patterns)
        if name is not None:
            raise ValueError(f"two patterns have the id {name!r}")
        return patterns

    @field_validator("masks")
    @classmethod
    def _usable_masks(cls, masks: dict[str, str]) -> dict[str, str]:
        for kind in masks:
            if not _KIND.fullmatch(kind):
                raise ValueError(f"mask {kind[:80]!r}: expected letters, digits, _ and -, such as staff_number")
            if kind in KINDS:
                raise ValueError(f"mask {kind!r} is the name of a built-in kind: take another")
        masker(masks)
        return masks


def _twice(names: Iterable[str]) -> str | None:
    """Return a name that is there more than once."""
    return next((name for name, count in Counter(names).items() if count > 1), None)


def _with_definition(source: SourceSettings, formats: Mapping[str, str]) -> SourceSettings:
    """Return a source with the definition of its format in place of the name."""
    if source.format in NAMED or is_definition(source.format):
        return source
    if source.format not in formats:
        known = nearest(source.format, (*NAMED, *formats))
        raise ValueError(f"source {source.name!r}: format {source.format!r} is not in analyzer.formats; {known}")
    return source.model_copy(update={"format": formats[source.format]})


class Configuration(Settings):
    """All that the analyzer reads."""

    analyzer: AnalyzerSettings = AnalyzerSettings()
