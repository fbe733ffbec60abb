"""Why an alert fired: its value, its threshold and what that is made of, the log patterns of the same window."""

import logging
from collections.abc import Mapping
from typing import Any

from alert_bridge.alerts import Alert, Severity
from alert_bridge.analyzer_client import Analyzer, AnalyzerUnavailable
from alert_bridge.episodes import number
from alert_bridge.figures import BY_NAME
from alert_bridge.pipeline import Explanation
from alert_bridge.threshold_manager import DynamicThresholdManager
from alert_bridge.threshold_reasons import Language
from runtime.prometheus import SeriesReader, SeriesUnavailable

logger = logging.getLogger(f"monitoring.{__name__}")

WINDOW_SECONDS = 15 * 60.0
"""How far before an alert's begin a log pattern counts as of the same window."""

_PATTERNS = 5


class Explainer:
    """Collects what is known about an alert; a source that is away leaves its part out."""

    def __init__(self, manager: DynamicThresholdManager, reader: SeriesReader, analyzer: Analyzer) -> None:
        self._manager = manager
        self._reader = reader
        self._analyzer = analyzer

    async def __call__(self, alert: Alert) -> Explanation:
        """Return the reason in each language, the value, the threshold and the log patterns."""
        patterns = await self._patterns(alert)
        metric = alert.labels.get("metric")
        if metric is None:
            return Explanation(_own_reasons(alert), patterns)
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
        return Explanation(reasons or _own_reasons(alert), patterns, value, threshold)

    async def _patterns(self, alert: Alert) -> tuple[Mapping[str, Any], ...]:
        begin = alert.created_at.timestamp()
        try:
            items = await self._analyzer.patterns(begin - WINDOW_SECONDS, begin + WINDOW_SECONDS, 50)
        except AnalyzerUnavailable as error:
            logger.warning("alert %s goes without log patterns: %s", alert.id, error)
            return ()
        notable = [one for one in items if one.get("new") or one.get("severity") in ("HIGH", "CRITICAL", "MEDIUM")]
        return tuple(sorted(notable, key=_notability, reverse=True)[:_PATTERNS])

    def _threshold(self, metric: str, alert: Alert, language: Language) -> Any:
        at = alert.created_at.timestamp()
        place = {name: alert.labels[name] for name in ("job", "instance") if name in alert.labels}
        for labels in (place, {"instance": place["instance"]} if "instance" in place else {}, {}):
            try:
                registered = {one.severity for one in self._manager.configs if one.metric_name == metric}
                severity = alert.severity if alert.severity in registered else None
                newest = self._manager.last_value_at(metric, labels)
                if newest == float("-inf") and labels:
                    continue
                return self._manager.explain(metric, at, labels=labels, severity=severity, language=language)
            except ValueError:
                continue
        return None

    async def _value(self, metric: str, labels: Mapping[str, str]) -> float | None:
        try:
            samples = await self._reader.instant(metric)
        except SeriesUnavailable:
            return None
        for sample in samples:
            if all(sample.labels.get(name) == labels[name] for name in ("job", "instance") if name in labels):
                return sample.value
        return None


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
