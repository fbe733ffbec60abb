"""Alerts from what the log analysis tells, where no Prometheus evaluates rules over its metrics.

A new pattern of level ERROR, a burst of a known one, a predefined pattern of severity HIGH or worse, and an anomaly
open an alert, under the names that the stack's rules have. It ends after some quiet minutes.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from alert_bridge.alerts import Alert, Observation, Severity, fingerprint
from alert_bridge.analyzer_client import Analyzer
from alert_bridge.pipeline import Pipeline
from analyzer.events import ANOMALY_DETECTED, Event
from runtime.clock import Clock, parse_utc

QUIET_SECONDS = 300.0
NEW_PATTERN = "NewErrorPattern"
BURST = "ErrorPatternBursting"
ANOMALY = "AnomalyDetected"
OTHER_PATTERN = "SevereLogPattern"
NAMES: Mapping[str, str] = {"database_error": "DatabaseErrorsInLogs", "out_of_memory": "OutOfMemoryInLogs"}
"""Predefined patterns that have an alert of their own in the stack."""

_ALL_NAMES = (NEW_PATTERN, BURST, ANOMALY, OTHER_PATTERN, *NAMES.values())
_ALERTED_LEVELS = ("ERROR", "CRITICAL")
_ITEMS = 1000
_SOURCE = "events"


class LogAlerts:
    """Opens alerts by events, and ends them.

    place: the labels job and instance. quiet_seconds: how long nothing more must have come before an alert ends.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        analyzer: Analyzer,
        *,
        clock: Clock,
        place: Mapping[str, str],
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self._pipeline = pipeline
        self._analyzer = analyzer
        self._clock = clock
        self._place = place
        self._quiet_seconds = quiet_seconds
        self._heard: dict[str, float] = {}
        self._open: dict[str, Observation] = {}

    async def adopt(self) -> None:
        """Go on with the alerts that were open when the program stopped; they get the quiet time anew."""
        for alert in await self._pipeline.open_named(_ALL_NAMES):
            if self._place.items() <= alert.labels.items():
                seen = Observation(alert.fingerprint, alert.labels, alert.annotations, alert.created_at)
                self._open[alert.fingerprint] = seen
                self._heard[alert.fingerprint] = self._clock.time()

    async def take(self, event: Event) -> list[Alert]:
        """Take an event; return the alerts that it opened."""
        seen = self._observation(event)
        if seen is None:
            return []
        self._open[seen.fingerprint] = seen
        self._heard[seen.fingerprint] = self._clock.time()
        told = await self._pipeline.observe([seen], source=_SOURCE)
        return [alert for alert in told if alert.version == 1]

    async def sweep(self) -> None:
        """End the alerts that have been quiet long enough. Raises AnalyzerUnavailable."""
        if not self._open:
            return
        now = self._clock.time()
        last_seen = await self._last_seen(now)
        for key, seen in self._open.items():
            self._heard[key] = max(self._heard[key], last_seen.get(_subject(seen.labels), 0.0))
        quiet = [key for key in self._open if now - self._heard[key] >= self._quiet_seconds]
        if quiet:
            await self._pipeline.observe([_ended(self._open[key], now) for key in quiet], source=_SOURCE)
        for key in quiet:
            del self._open[key], self._heard[key]

    async def _last_seen(self, now: float) -> dict[str, float]:
        """Return when each pattern, the new ones of a source and level, and each series with an anomaly were last seen.

        Of the quiet time; epoch seconds by subject.
        """
        start = now - self._quiet_seconds
        patterns = await self._analyzer.patterns(start, now, _ITEMS)
        anomalies = await self._analyzer.anomalies(start, now, _ITEMS)
        seen = [(str(item["series"]), str(item["timestamp"])) for item in anomalies]
        seen += [(str(item["pattern_id"]), str(item["last_seen"])) for item in patterns]
        seen += [(f"{item['source']} {item['level']}", str(item["last_seen"])) for item in patterns if item.get("new")]
        return {subject: parse_utc(moment).timestamp() for subject, moment in sorted(seen, key=lambda one: one[1])}

    def _observation(self, event: Event) -> Observation | None:
        labels = self._labels(event)
        if labels is None:
            return None
        full = {**self._place, **labels}
        examples: Sequence[object] = event.details.get("examples") or ()
        reason = f": {examples[0]}" if examples else ""
        return Observation(
            fingerprint=fingerprint(full),
            labels=full,
            annotations={
                **_summaries(event, full),
                "description": event.description,
                "description_ja": event.description_ja,
                "reason": f"{event.description}{reason}",
                "reason_ja": f"{event.description_ja}{reason}",
                "runbook_url": f"docs/runbooks/{full['alertname']}.md",
            },
            starts_at=min(event.timestamp, self._clock.now()),
        )

    def _labels(self, event: Event) -> dict[str, str] | None:
        """Return the labels of an event's alert, or None for an event that is worth none."""
        severity = Severity(event.severity.value)
        details = event.details
        if event.type == ANOMALY_DETECTED:
            series = str(details.get("series", ""))
            return {"alertname": ANOMALY, "severity": severity.prometheus, "series": series}
        source, reason = str(details.get("source", "")), details.get("reason")
        if reason == "burst" or details.get("kind") == "dynamic":
            level = str(details.get("level", ""))
            if reason == "rare" or level not in _ALERTED_LEVELS:
                return None
            name = BURST if reason == "burst" else NEW_PATTERN
            # one alert for all of a source and level: a new version words many errors anew
            return {"alertname": name, "severity": "warning", "source": source, "level": level}
        if severity.rank < Severity.HIGH.rank:
            return None
        pattern = str(details.get("pattern_id", ""))
        name = NAMES.get(pattern, OTHER_PATTERN)
        return {"alertname": name, "severity": severity.prometheus, "source": source, "pattern": pattern}


def _subject(labels: Mapping[str, str]) -> str:
    """Return what an alert is about: a pattern, a series, or the new patterns of a source and level."""
    known = labels.get("pattern") or labels.get("series")
    return known or f"{labels.get('source')} {labels.get('level')}"


def _summaries(event: Event, labels: Mapping[str, str]) -> dict[str, str]:
    if event.type == ANOMALY_DETECTED:
        return {"summary": event.description, "summary_ja": event.description_ja}
    source = labels["source"]
    if labels["alertname"] == BURST:
        return {
            "summary": f"A known error bursts (log source {source}): {event.description}",
            "summary_ja": f"既知のエラーが急増しています（ログ {source}）: {event.description_ja}",
        }
    if labels["alertname"] == NEW_PATTERN:
        return {
            "summary": f"Errors never seen before (log source {source}): {event.description}",
            "summary_ja": f"未知のエラーパターンが現れました（ログ {source}）: {event.description_ja}",
        }
    return {
        "summary": f"{event.description} (log source {source})",
        "summary_ja": f"{event.description_ja}（ログ {source}）",
    }


def _ended(seen: Observation, now: float) -> Observation:
    return Observation(
        seen.fingerprint, seen.labels, seen.annotations, seen.starts_at, ends_at=datetime.fromtimestamp(now, UTC)
    )
