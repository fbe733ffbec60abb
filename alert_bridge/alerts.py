"""What an alert is: its severity, its status, its values, and how it is told apart from others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from runtime.clock import format_utc


class Severity(StrEnum):
    """How bad, from LOW to CRITICAL."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"

    @classmethod
    def parse(cls, word: str) -> "Severity":
        """Read a severity in the words of this product or of Prometheus, in either case.

        Raises ValueError that lists the words.
        """
        found = _SEVERITY_WORDS.get(str(word).strip().lower())
        if found is None:
            raise ValueError(f"severity {word!r}: expected one of {', '.join(sorted(_SEVERITY_WORDS))}")
        return cls(found)

    @property
    def rank(self) -> int:
        """0 for LOW to 3 for CRITICAL."""
        return _RANKS[self]

    @property
    def prometheus(self) -> str:
        """The word used in labels and rules."""
        return _PROMETHEUS_WORDS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
_SEVERITY_WORDS = {
    "low": "LOW",
    "info": "LOW",
    "none": "LOW",
    "medium": "MEDIUM",
    "warning": "MEDIUM",
    "high": "HIGH",
    "error": "HIGH",
    "critical": "CRITICAL",
    "page": "CRITICAL",
}
_PROMETHEUS_WORDS = {
    Severity.LOW: "info",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "critical",
}


class Status(StrEnum):
    """Where an alert stands."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    SUPPRESSED = "suppressed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Observation:
    """One alert as a source sees it now.

    value, threshold: in the unit of the metric, where the source says them.
    ends_at: set once it no longer fires. expires_at: when it is over unless it is seen again.
    """

    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    cluster: str = ""
    expires_at: datetime | None = None

    @property
    def firing(self) -> bool:
        """True until it ends."""
        return self.ends_at is None

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.labels.get("alertname", "unnamed")

    @property
    def severity(self) -> Severity:
        """From the label `severity`; a word nobody knows counts as HIGH: rather told than lost."""
        try:
            return Severity.parse(self.labels.get("severity", "high"))
        except ValueError:
            return Severity.HIGH


@dataclass(frozen=True, slots=True)
class Alert:
    """An episode: one alert from its beginning to its end, with who has it and why it fired.

    source: which way it came in, such as `alertmanager` or `rules` (metrics.SOURCES).
    suppressed_by: what keeps it silent, such as `silence:<id>`, `inhibited`, `maintenance:<name>`; several joined by
    a comma.
    expires_at: when it is over unless its source says again that it fires. late_since: since when its source says
    so after its end. fires_since: when its source says that it last began, where that is later than its beginning.
    reason: the sentence in the product's language; reason_texts: the same by language code.
    value, threshold: in the unit of the metric.
    """

    id: str
    fingerprint: str
    name: str
    severity: Severity
    status: Status
    message: str
    created_at: datetime
    updated_at: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    cluster: str = ""
    source: str = ""
    resolved_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    acknowledge_expires_at: datetime | None = None
    acknowledge_remind_at: datetime | None = None
    snoozed_until: datetime | None = None
    comment: str | None = None
    assignee: str | None = None
    escalation_level: int = 0
    suppressed_by: str | None = None
    reason: str | None = None
    reason_texts: Mapping[str, str] = field(default_factory=dict)
    log_patterns: tuple[Mapping[str, Any], ...] = ()
    changes: tuple[Mapping[str, Any], ...] = ()
    anomalies: tuple[Mapping[str, Any], ...] = ()
    usual_duration_seconds: float | None = None
    next_step: Mapping[str, Any] | None = None
    value: float | None = None
    threshold: float | None = None
    version: int = 1
    expires_at: datetime | None = None
    late_since: datetime | None = None
    fires_since: datetime | None = None

    @property
    def open(self) -> bool:
        """True until it is resolved."""
        return self.status is not Status.RESOLVED

    @property
    def runbook_url(self) -> str | None:
        """Where it is written what to do."""
        return self.annotations.get("runbook_url")

    def summary(self, language: str) -> str:
        """Return the alert's sentence in a language, where the source gives one."""
        return self.annotations.get(f"summary_{language}") or self.message

    def to_dict(self) -> dict[str, Any]:
        """Return the alert's values, JSON-able, times RFC 3339 in UTC (`runbooks.shown` adds what to do first)."""
        return {
            "id": self.id,
            "fingerprint": self.fingerprint,
            "name": self.name,
            "severity": self.severity.value,
            "status": self.status.value,
            "message": self.message,
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "source": self.source,
            "created_at": format_utc(self.created_at),
            "updated_at": format_utc(self.updated_at),
            "resolved_at": _time(self.resolved_at),
            "acknowledged_by": self.acknowledged_by,
            "acknowledged_at": _time(self.acknowledged_at),
            "acknowledge_expires_at": _time(self.acknowledge_expires_at),
            "snoozed_until": _time(self.snoozed_until),
            "comment": self.comment,
            "assignee": self.assignee,
            "escalation_level": self.escalation_level,
            "suppressed_by": self.suppressed_by,
            "reason": self.reason,
            "reason_texts": dict(self.reason_texts),
            "log_patterns": [dict(one) for one in self.log_patterns],
            "changes": [dict(one) for one in self.changes],
            "anomalies": [dict(one) for one in self.anomalies],
            "runbook_url": self.runbook_url,
            "usual_duration_seconds": self.usual_duration_seconds,
            "next_step": dict(self.next_step) if self.next_step else None,
            "value": self.value,
            "threshold": self.threshold,
            "version": self.version,
        }


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return the identity of a label set as Alertmanager computes it (FNV-1a, 64 bits, 16 hex digits).

    Source: prometheus/common, model/signature.go (labelSetToFingerprint).
    """
    digest = 0xCBF29CE484222325
    for name in sorted(labels):
        for byte in (*name.encode(), 0xFF, *labels[name].encode(), 0xFF):
            digest = ((digest ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{digest:016x}"


def _time(moment: datetime | None) -> str | None:
    return format_utc(moment) if moment else None
