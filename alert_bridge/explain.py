"""Why an alert fired: its value, its threshold and what that is made of, and what else began in the same window."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from alert_bridge.alerts import Alert, Severity
from alert_bridge.analyzer_client import Analyzer, AnalyzerUnavailable
from alert_bridge.episodes import number
from alert_bridge.explaining import Explanation
from alert_bridge.figures import BY_NAME
from alert_bridge.threshold_manager import DynamicThresholdManager
from alert_bridge.threshold_manager import Explanation as ThresholdExplanation
from alert_bridge.threshold_reasons import Language
from runtime.clock import format_utc
from runtime.prometheus import SeriesReader, SeriesUnavailable

logger = logging.getLogger(f"monitoring.{__name__}")

WINDOW_SECONDS = 15 * 60.0
"""How far before an alert's begin a log pattern counts as of the same window."""

_PATTERNS = 5
_ABOUT: Mapping[str, Mapping[str, str]] = {
    "NewErrorPattern": {"new": "true"},
    "ErrorPatternBursting": {"bursting": "true"},
}
"""What stands out about the patterns that an alert is about, by its name."""

Items = Sequence[Mapping[str, Any]]

_ANOMALIES = 5


class Explainer:
    """Collects what is known about an alert; a source that is away leaves its part out.

    changes: returns what was changed shortly before an alert began.
    """

    def __init__(
        self,
        manager: DynamicThresholdManager,
        reader: SeriesReader,
        analyzer: Analyzer,
        changes: Callable[[Alert], Awaitable[Items]] | None = None,
    ) -> None:
        self._changes = changes
        self._manager = manager
        self._reader = reader
        self._analyzer = analyzer

    async def __call__(self, alert: Alert) -> Explanation:
        """Return the reason in each language, the value, the threshold and what else began then."""
        known, anomalies, changes = await asyncio.gather(
            self._why(alert), self._anomalies(alert), self._changes(alert) if self._changes else _none()
        )
        return replace(known, anomalies=tuple(anomalies), changes=tuple(changes))

    async def _why(self, alert: Alert) -> Explanation:
        subject, patterns = await self._patterns(alert)
        metric = alert.labels.get("metric")
        if metric is None:
            return Explanation(_with_example(_own_reasons(alert), subject), patterns)
        value = number(alert.annotations.get("value"))
        if value is None:
            value = await self._value(metric, alert.labels)
        reasons: dict[str, str] = {}
        threshold = number(alert.annotations.get("threshold"))
        for language in ("en", "ja"):
            known = self._threshold(metric, alert, language)
            if known is not None:
                threshold = known.threshold if threshold is None else threshold
                reasons[language] = f"{_exceeded(language, metric, value, threshold)} {known.reason}"
        return Explanation(reasons or _own_reasons(alert), patterns, value=value, threshold=threshold)

    async def _anomalies(self, alert: Alert) -> Items:
        begin = alert.created_at.timestamp()
        try:
            return await self._analyzer.anomalies(begin - WINDOW_SECONDS, begin + WINDOW_SECONDS, _ANOMALIES)
        except (AnalyzerUnavailable, ValueError) as error:
            logger.debug("alert %s goes without anomalies: %s", alert.id, error)
            return ()

    async def _patterns(self, alert: Alert) -> tuple[Items, tuple[Mapping[str, Any], ...]]:
        """Return the log patterns that the alert is about, and those with the others of the same window."""
        begin = alert.created_at.timestamp()
        start, end = begin - WINDOW_SECONDS, begin + WINDOW_SECONDS
        try:
            asked = _query(alert, start, end)
            subject = (await self._analyzer.listing("patterns", asked))["items"] if asked else ()
            items = await self._analyzer.patterns(start, end, 50)
        except (AnalyzerUnavailable, ValueError) as error:
            logger.debug("alert %s goes without log patterns: %s", alert.id, error)
            return (), ()
        notable = [one for one in items if one.get("new") or one.get("severity") in ("HIGH", "CRITICAL", "MEDIUM")]
        found = {one["pattern_id"]: one for one in (*subject, *sorted(notable, key=_notability, reverse=True))}
        return subject, tuple(found.values())[:_PATTERNS]

    def _threshold(self, metric: str, alert: Alert, language: Language) -> ThresholdExplanation | None:
        """Return the threshold when the alert began: of its series, else of its instance, else of the metric."""
        severities = {one.severity for one in self._manager.configs if one.metric_name == metric}
        if not severities:
            return None
        place = {name: alert.labels[name] for name in ("job", "instance") if name in alert.labels}
        instance = {"instance": place["instance"]} if "instance" in place else {}
        seen = (labels for labels in (place, instance) if self._manager.last_value_at(metric, labels) > -math.inf)
        return self._manager.explain(
            metric,
            alert.created_at.timestamp(),
            labels=next(seen, {}),
            severity=alert.severity if alert.severity in severities else None,
            language=language,
        )

    async def _value(self, metric: str, labels: Mapping[str, str]) -> float | None:
        try:
            samples = await self._reader.instant(metric)
        except SeriesUnavailable:
            return None
        for sample in samples:
            if all(sample.labels.get(name) == labels[name] for name in ("job", "instance") if name in labels):
                return sample.value
        return None


async def _none() -> Items:
    return ()


def _query(alert: Alert, start: float, end: float) -> dict[str, str] | None:
    """Return the query for the patterns that an alert of the log analysis is about; None for other alerts."""
    labels = alert.labels
    period = {"from": format_utc(start), "to": format_utc(end), "limit": str(_PATTERNS), "sort": "first_seen"}
    if "pattern" in labels:
        return {**period, "q": labels["pattern"]}
    if "source" in labels and "level" in labels:
        return {**period, "source": labels["source"], "level": labels["level"], **_ABOUT.get(alert.name, {})}
    return None


def _with_example(reasons: dict[str, str], subject: Items) -> dict[str, str]:
    """Add a masked line of the newest pattern that the alert is about, and its family."""
    if not subject:
        return reasons
    newest = subject[0]
    example = next(iter(newest.get("examples") or ()), newest.get("description", ""))
    family = newest.get("family") or {}
    of, of_ja = (f"; family {family['name']}", f"、分類：{family['name_ja']}") if family else ("", "")
    lines = int(newest.get("frequency") or 0)
    said = {"en": f'"{example}" ({lines} lines{of})', "ja": f"「{example}」（{lines}行{of_ja}）"}
    return {language: f"{text} {said.get(language, said['en'])}" for language, text in reasons.items()}


def _own_reasons(alert: Alert) -> dict[str, str]:
    """Return what the source itself says: its annotations `reason`, else `description`."""
    texts = alert.annotations
    english = texts.get("reason") or texts.get("description")
    japanese = texts.get("reason_ja") or texts.get("description_ja") or english
    return {language: text for language, text in (("en", english), ("ja", japanese)) if text}


def _exceeded(language: str, metric: str, value: float | None, threshold: float | None) -> str:
    if value is None or threshold is None:
        return ""
    unit = BY_NAME[metric].unit if metric in BY_NAME else ""
    if language == "ja":
        beyond = "上回りました" if value > threshold else "下回りました"
        joint = unit if unit in ("", "%") else f" {unit}"
        return f"{metric} は {value:.4g}{joint} で、しきい値 {threshold:.4g}{joint} を{beyond}。"
    beyond = "above" if value > threshold else "below"
    joint = f" {unit}" if unit else ""
    return f"{metric} is {value:.4g}{joint}, {beyond} its threshold of {threshold:.4g}{joint}."


def _notability(pattern: Mapping[str, Any]) -> tuple[int, bool, int]:
    severity = Severity.parse(str(pattern.get("severity") or "low")).rank
    return severity, bool(pattern.get("new")), int(pattern.get("frequency") or 0)
