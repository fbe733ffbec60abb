"""What the analyzer tells others: a pattern was detected, an anomaly began; and how grave it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from analyzer.levels import Level
from runtime.clock import format_utc


class Severity(StrEnum):
    """How grave a pattern or an anomaly is; in order."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """0 for LOW to 3 for CRITICAL."""
        return _RANKS[self]

    @property
    def prometheus(self) -> str:
        """The word for it in labels: info, warning, error, critical."""
        return ("info", "warning", "error", "critical")[self.rank]

    @classmethod
    def of_level(cls, level: Level) -> "Severity":
        """Return how grave a line of that level is taken to be."""
        return _OF_LEVEL.get(level, cls.LOW)

    @property
    def level(self) -> Level:
        """The level of a line that has none of its own, but a pattern of this severity."""
        return (Level.INFO, Level.WARNING, Level.ERROR, Level.CRITICAL)[self.rank]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
_OF_LEVEL = {Level.CRITICAL: Severity.CRITICAL, Level.ERROR: Severity.HIGH, Level.WARNING: Severity.MEDIUM}

PATTERN_DETECTED = "pattern_detected"
ANOMALY_DETECTED = "anomaly_detected"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    type: `pattern_detected` or `anomaly_detected`. timestamp: aware. details: what the type adds, ready for JSON.
    """

    type: str
    description: str
    description_ja: str
    severity: Severity
    timestamp: datetime
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the event ready for JSON; the details stand beside the common keys too."""
        return {
            **self.details,
            "type": self.type,
            "description": self.description,
            "description_ja": self.description_ja,
            "severity": self.severity.value,
            "timestamp": format_utc(self.timestamp),
            "details": dict(self.details),
        }
