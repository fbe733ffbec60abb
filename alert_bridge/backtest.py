"""What a threshold would have done over a recorded series: the dynamic one and its base, side by side.

The series is replayed sample by sample through the model and through the alert's own hold, as in the live loop: nothing
is known before its time.
"""

import csv
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from alert_bridge.threshold_alerts import BeyondState
from alert_bridge.threshold_baseline import BaselineAccepted
from alert_bridge.threshold_config import ThresholdConfig
from alert_bridge.threshold_manager import DynamicThresholdManager, Explanation
from runtime.clock import format_utc, parse_utc

_DAY_SECONDS = 86400.0
_STEPS_TOLD = 500


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: an incident that somebody marked, or an alert. Epoch seconds; name "" where it has none."""

    start: float
    end: float
    name: str = ""

    def overlaps(self, other: "Span") -> bool:
        """Return whether the two share a moment."""
        return self.start <= other.end and other.start <= self.end

    def to_dict(self) -> dict[str, Any]:
        """Return the span ready for JSON."""
        return {"start": format_utc(self.start), "end": format_utc(self.end)} | (
            {"name": self.name} if self.name else {}
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one kind of threshold did.

    alerts: in order. days: the replay's length. incidents: the marked ones, None where none were given.
    """

    alerts: tuple[Span, ...]
    days: float
    incidents: tuple[Span, ...] | None = None

    @property
    def alerts_a_day(self) -> float:
        """Alerts by day."""
        return len(self.alerts) / self.days if self.days else 0.0

    @property
    def share_in_alert(self) -> float:
        """Share of the time in alert, 0 to 1."""
        seconds = sum(alert.end - alert.start for alert in self.alerts)
        return seconds / (self.days * _DAY_SECONDS) if self.days else 0.0

    @property
    def missed(self) -> tuple[Span, ...]:
        """The marked incidents during which there was no alert."""
        return tuple(one for one in self.incidents or () if not any(one.overlaps(alert) for alert in self.alerts))

    @property
    def false(self) -> tuple[Span, ...]:
        """The alerts outside every marked incident; without marks none is called false."""
        if self.incidents is None:
            return ()
        return tuple(alert for alert in self.alerts if not any(alert.overlaps(one) for one in self.incidents))

    @property
    def delays_seconds(self) -> tuple[float, ...]:
        """From the begin of each incident that was found to its first alert."""
        found = (
            min((max(0.0, alert.start - one.start) for alert in self.alerts if alert.overlaps(one)), default=None)
            for one in self.incidents or ()
        )
        return tuple(delay for delay in found if delay is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome ready for JSON."""
        delays = sorted(self.delays_seconds)
        return {
            "alerts": len(self.alerts),
            "alerts_a_day": round(self.alerts_a_day, 3),
            "share_in_alert": round(self.share_in_alert, 4),
            "first_alarm": format_utc(self.alerts[0].start) if self.alerts else None,
            "missed": None if self.incidents is None else [one.to_dict() for one in self.missed],
            "false": None if self.incidents is None else len(self.false),
            "median_delay_seconds": delays[len(delays) // 2] if delays else None,
            "spans": [alert.to_dict() for alert in self.alerts],
        }


@dataclass(frozen=True, slots=True)
class Backtest:
    """A replay. All sequences have the same length; expected_lower and expected_upper are NaN while nothing is known.

    accepted: new levels that became normal during it.
    """

    config: ThresholdConfig
    times: Sequence[float]
    values: Sequence[float]
    thresholds: Sequence[float]
    expected_lower: Sequence[float]
    expected_upper: Sequence[float]
    static: Outcome
    dynamic: Outcome
    accepted: tuple[BaselineAccepted, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return what was found ready for JSON, without the series themselves."""
        config = self.config
        return {
            "metric_name": config.metric_name,
            "labels": self.labels,
            "severity": config.severity.value,
            "direction": config.direction,
            "base_threshold": config.base_threshold,
            "from": format_utc(self.times[0]),
            "to": format_utc(self.times[-1]),
            "samples": len(self.times),
            "last_threshold": self.thresholds[-1],
            "reason": self.reason,
            "static": self.static.to_dict(),
            "dynamic": self.dynamic.to_dict(),
            "accepted": [
                {"at": format_utc(one.at), "old_level": one.old_level, "new_level": one.new_level, "how": one.how}
                for one in self.accepted
            ],
        }


class _Fires:
    """The alerts that a threshold's hold makes of values as they come."""

    def __init__(self, config: ThresholdConfig) -> None:
        self._state = BeyondState(config)
        self._alerts: list[Span] = []
        self._began: float | None = None

    def take(self, at: float, value: float, threshold: float, immediate: float) -> None:
        firing = self._state.update(at, value, threshold, immediate)
        if firing and self._began is None:
            self._began = at
        if not firing:
            self.end(at)

    def end(self, at: float) -> tuple[Span, ...]:
        if self._began is not None:
            self._alerts.append(Span(self._began, at))
            self._began = None
        return tuple(self._alerts)


def _untold(_: int, __: int) -> None:
    return None


def replay(
    config: ThresholdConfig,
    times: Sequence[float],
    values: Sequence[float],
    *,
    start: float,
    incidents: Iterable[Span] | None = None,
    labels: dict[str, str] | None = None,
    progress: Callable[[int, int], None] = _untold,
) -> Backtest:
    """Replay a series (ascending epoch seconds); what lies before `start` is learned only.

    progress: told how many of how many samples are done. Raises ValueError where nothing lies at or after `start`.
    """
    manager = DynamicThresholdManager()
    manager.register_threshold(config)
    first = next((place for place, moment in enumerate(times) if moment >= start), len(times))
    if first == len(times):
        raise ValueError(f"{config.metric_name}: no value at or after {format_utc(start)}")
    manager.load_history(config.metric_name, times[:first], values[:first])
    static, dynamic = _Fires(config), _Fires(config)
    accepted: list[BaselineAccepted] = []
    steps: list[Explanation] = []
    for place in range(first, len(times)):
        at, value = times[place], values[place]
        accepted += manager.add_metric_value(config.metric_name, value, at)
        known = manager.explain(config.metric_name, at)
        steps.append(known)
        if math.isfinite(value):
            dynamic.take(at, value, known.threshold, known.immediate)
            static.take(at, value, config.base_threshold, config.base_threshold)
        if place % _STEPS_TOLD == 0:
            progress(place, len(times))
    progress(len(times), len(times))
    marked = None if incidents is None else tuple(one for one in incidents if one.end >= times[first])
    days = (times[-1] - times[first]) / _DAY_SECONDS
    return Backtest(
        config,
        times[first:],
        values[first:],
        [one.threshold for one in steps],
        [_or_nan(one.expected_lower) for one in steps],
        [_or_nan(one.expected_upper) for one in steps],
        Outcome(static.end(times[-1]), days, marked),
        Outcome(dynamic.end(times[-1]), days, marked),
        tuple(accepted),
        labels or {},
        steps[-1].reason,
    )


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def read_series(lines: Iterable[str], name: str) -> tuple[list[float], list[float]]:
    """Read CSV with the columns `timestamp` (RFC 3339 or epoch seconds) and `value`; rows are put in order.

    Raises ValueError that names the row.
    """
    found: list[tuple[float, float]] = []
    for number, row in _rows(lines, name, ("timestamp", "value")):
        try:
            found.append((_moment(row["timestamp"]), float(row["value"] or "nan")))
        except ValueError as error:
            raise ValueError(f"{name}, row {number}: {error}") from None
    if not found:
        raise ValueError(f"{name}: no row below the header")
    found.sort()
    return [moment for moment, _ in found], [value for _, value in found]


def read_incidents(lines: Iterable[str], name: str) -> list[Span]:
    """Read CSV with the columns `start`, `end` and, if there is one, `name`. Raises ValueError that names the row."""
    found = []
    for number, row in _rows(lines, name, ("start", "end")):
        try:
            span = Span(_moment(row["start"]), _moment(row["end"]), row.get("name") or "")
        except ValueError as error:
            raise ValueError(f"{name}, row {number}: {error}") from None
        if span.end < span.start:
            raise ValueError(f"{name}, row {number}: it ends ({row['end']}) before it starts ({row['start']})")
        found.append(span)
    return found


def _rows(lines: Iterable[str], name: str, needed: Sequence[str]) -> Iterable[tuple[int, dict[str, str]]]:
    table = csv.DictReader(lines)
    missing = [column for column in needed if column not in (table.fieldnames or ())]
    if missing:
        columns = ", ".join(table.fieldnames or ()) or "nothing"
        raise ValueError(f"{name}: no column {missing[0]!r} in its first row ({columns})")
    return enumerate(table, 2)


def _moment(text: str | None) -> float:
    """Return epoch seconds of a moment; one without offset is UTC."""
    text = (text or "").strip()
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return parse_utc(text).timestamp()
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
