"""Series of values: windows of samples for the detectors, and the anomalies that they find, from beginning to end."""

import asyncio
import hashlib
import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from analyzer.detectors import ALARM, Detector, Judgement
from analyzer.events import ANOMALY_DETECTED, Event, Severity
from runtime.clock import Clock, format_utc, parse_utc
from runtime.prometheus import Series, SeriesReader, SeriesUnavailable

logger = logging.getLogger(f"monitoring.{__name__}")

CALM_SAMPLES = 3
"""So many usual samples in a row end an anomaly."""
STRONG = 0.75
"""A score that is told at once; a weaker alarm must hold for two samples."""
_GRAVE = 0.9
_MOST_SERIES = 50


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something unusual in one series, from its beginning to its end.

    labels: tell series of the same name apart. started_at, last_seen, ended_at: aware; ended_at is None while it goes
    on. confidence: 0 to 1, the highest so far. methods: names of the detectors that agree. value: the one furthest out.
    """

    series: str
    labels: Mapping[str, str]
    started_at: datetime
    last_seen: datetime
    ended_at: datetime | None
    anomaly_type: str
    severity: Severity
    confidence: float
    methods: tuple[str, ...]
    value: float
    lower: float
    upper: float

    @property
    def id(self) -> str:
        """The same for one anomaly as long as it goes on, also after a restart."""
        key = json.dumps([self.series, sorted(self.labels.items()), format_utc(self.started_at)])
        return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()

    @property
    def explanation(self) -> str:
        """One sentence: what happened, what would have been usual, who says so."""
        verb = "rose to" if self.value > self.upper else "fell to"
        return (
            f"{self.series}{_where(self.labels)} {verb} {self.value:.4g}; usual is {self.lower:.4g} to {self.upper:.4g}"
            f" ({', '.join(self.methods)}, confidence {self.confidence:.0%})"
        )

    @property
    def explanation_ja(self) -> str:
        """The same in Japanese."""
        verb = "上昇" if self.value > self.upper else "低下"
        return (
            f"{self.series}{_where(self.labels)} が {self.value:.4g} に{verb}しました。通常は {self.lower:.4g}〜"
            f"{self.upper:.4g} です（{'、'.join(self.methods)}、確信度 {self.confidence:.0%}）"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the anomaly ready for JSON."""
        return {
            "id": self.id,
            "timestamp": format_utc(self.started_at),
            "last_seen": format_utc(self.last_seen),
            "ended_at": format_utc(self.ended_at) if self.ended_at else None,
            "series": self.series,
            "anomaly_type": self.anomaly_type,
            "severity": self.severity.value,
            "confidence_score": round(self.confidence, 4),
            "methods": list(self.methods),
            "explanation": self.explanation,
            "explanation_ja": self.explanation_ja,
            "details": {
                "labels": dict(self.labels),
                "value": self.value,
                "expected_lower": self.lower,
                "expected_upper": self.upper,
            },
        }

    def event(self) -> Event:
        """Return the event that tells of its beginning."""
        return Event(
            ANOMALY_DETECTED, self.explanation, self.explanation_ja, self.severity, self.started_at, self.to_dict()
        )


def find_anomalies(
    series: str,
    labels: Mapping[str, str],
    timestamps: Sequence[float],
    values: Sequence[float],
    judged: Mapping[str, Judgement],
) -> list[Anomaly]:
    """Return the anomalies in one window, oldest first; the last one goes on if the window ends in it.

    timestamps: epoch seconds of the samples. judged: what each detector, by name, says of them.
    """
    found: list[Anomaly] = []
    current: Anomaly | None = None
    calm = alarms = 0
    for i, moment in enumerate(timestamps):
        agreed = {name: judgement for name, judgement in judged.items() if judgement.scores[i] >= ALARM}
        if not agreed:
            calm, alarms = calm + 1, 0
            if current is not None and calm >= CALM_SAMPLES:
                found.append(replace(current, ended_at=_utc(moment)))
                current = None
            continue
        calm, alarms = 0, alarms + 1
        strongest = max(judgement.scores[i] for judgement in agreed.values())
        if current is None and strongest < STRONG and alarms < 2:
            continue
        seen = _seen(series, labels, _utc(moment), values[i], i, agreed)
        current = seen if current is None else _joined(current, seen)
    return found if current is None else [*found, current]


def burst_anomaly(event: Event) -> Anomaly:
    """Return the anomaly that a pattern's burst is."""
    details = event.details
    burst = details["burst"]
    return Anomaly(
        f"log_pattern:{details['pattern_id']}",
        {"source": details["source"]},
        parse_utc(burst["since"]),
        event.timestamp,
        None,
        "rate",
        event.severity,
        burst["confidence"],
        ("rate",),
        burst["count"],
        0.0,
        burst["usual"],
    )


class SeriesWatch:
    """Looks for anomalies in series, again and again.

    names: of the series, as the reader knows them. step_seconds: spacing of the samples. window_seconds: how much is
    looked at. on_failure: told the name of a series or detector that failed; the others go on.
    """

    def __init__(
        self,
        reader: SeriesReader,
        names: Sequence[str],
        detectors: Sequence[Detector],
        clock: Clock,
        *,
        step_seconds: float = 60.0,
        window_seconds: float = 7200.0,
        on_failure: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._reader = reader
        self._names = tuple(names)
        self._detectors = tuple(detectors)
        self._clock = clock
        self._step_seconds = step_seconds
        self._window_seconds = window_seconds
        self._on_failure = on_failure
        self._unavailable = False
        self.scores: dict[tuple[str, str], float] = {}

    async def look(self) -> list[Anomaly]:
        """Read every series and return the anomalies of its window.

        `scores` then has the present score, the highest of the series of one name, by name and detector.
        """
        found: list[Anomaly] = []
        end = self._clock.time() // self._step_seconds * self._step_seconds
        scores: dict[tuple[str, str], float] = {}
        for name in self._names:
            for series in await self._read(name, end):
                judged = await asyncio.to_thread(self._judge, name, series.values)
                found += find_anomalies(name, _told(series.labels), series.timestamps, series.values, judged)
                for detector, judgement in judged.items():
                    scores[name, detector] = max(scores.get((name, detector), 0.0), judgement.scores[-1])
        self.scores = scores
        return found

    async def _read(self, name: str, end: float) -> Sequence[Series]:
        try:
            series = await self._reader.range(name, end - self._window_seconds, end, self._step_seconds)
        except SeriesUnavailable as error:
            logger.log(logging.DEBUG if self._unavailable else logging.WARNING, "%s", error)
            self._unavailable = True
            self._on_failure(name)
            return ()
        self._unavailable = False
        return [one for one in map(_finite, series[:_MOST_SERIES]) if one.values]

    def _judge(self, name: str, values: Sequence[float]) -> dict[str, Judgement]:
        judged: dict[str, Judgement] = {}
        for detector in self._detectors:
            try:
                judged[detector.name] = detector.judge(values)
            except Exception:
                logger.exception("detector %s failed on series %s", detector.name, name)
                self._on_failure(detector.name)
        return judged


def _seen(
    series: str, labels: Mapping[str, str], moment: datetime, value: float, i: int, agreed: Mapping[str, Judgement]
) -> Anomaly:
    """Return the anomaly that one abnormal sample is by itself."""
    name, judgement = max(agreed.items(), key=lambda one: one[1].scores[i])
    score, lower, upper = judgement.scores[i], judgement.lower[i], judgement.upper[i]
    kind = name if name == "rate" else "spike" if value > upper else "drop"
    severity = Severity.HIGH if score >= _GRAVE else Severity.MEDIUM if score >= STRONG else Severity.LOW
    return Anomaly(series, labels, moment, moment, None, kind, severity, score, tuple(agreed), value, lower, upper)


def _joined(earlier: Anomaly, later: Anomaly) -> Anomaly:
    """Return one anomaly of both; the sample further out describes it."""
    further = later if later.confidence > earlier.confidence else earlier
    methods = tuple(dict.fromkeys((*earlier.methods, *later.methods)))
    return replace(further, started_at=earlier.started_at, last_seen=later.last_seen, methods=methods)


def _finite(series: Series) -> Series:
    pairs = [(t, v) for t, v in zip(series.timestamps, series.values, strict=True) if math.isfinite(v)]
    return Series(series.labels, tuple(t for t, _ in pairs), tuple(v for _, v in pairs))


def _told(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if name != "__name__"}


def _where(labels: Mapping[str, str]) -> str:
    return f" ({labels['instance']})" if labels.get("instance") else ""


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
