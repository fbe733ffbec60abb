"""The user's own rules, evaluated over the series again and again; what fires goes through the pipeline."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge

from alert_bridge.alerts import Observation, fingerprint
from alert_bridge.figures import BY_NAME
from alert_bridge.pipeline import Pipeline
from alert_bridge.rules import AlertRule, Labels, RuleState, Values, Verdict, judge
from runtime.clock import Clock
from runtime.prometheus import Sample, SeriesReader, SeriesUnavailable

logger = logging.getLogger(f"monitoring.{__name__}")


class RuleLoop:
    """Evaluates the registered rules every `interval_seconds`.

    registry: where it is exported how each rule stands.
    """

    def __init__(
        self, reader: SeriesReader, *, clock: Clock, registry: CollectorRegistry, interval_seconds: float = 5.0
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._states: dict[str, RuleState] = {}
        self._firing: dict[tuple[str, Labels], Observation] = {}
        self._said_over: set[tuple[str, Labels]] = set()
        self._unknown = Gauge(
            "alert_bridge_rule_unknown",
            "1 while a rule's condition is unknown, because a metric in it has no value.",
            ["rule"],
            registry=registry,
        )
        self._failures = Counter(
            "alert_bridge_rule_failures_total",
            "Evaluations of a rule that failed because the series could not be read.",
            ["rule"],
            registry=registry,
        )

    @property
    def rules(self) -> tuple[AlertRule, ...]:
        """The registered rules."""
        return tuple(state.rule for state in self._states.values())

    def register(self, rule: AlertRule) -> None:
        """Add a rule, or replace the one with its `rule_id`; what fires goes on."""
        self._states[rule.rule_id] = RuleState(rule)
        self._said_over = {one for one in self._said_over if one[0] != rule.rule_id}
        self._unknown.labels(rule.rule_id)
        self._failures.labels(rule.rule_id)

    async def run(self, pipeline: Pipeline) -> None:
        """Evaluate until cancelled; a rule that fails stops no other."""
        while True:
            for state in list(self._states.values()):
                try:
                    await self.evaluate(state, pipeline)
                except SeriesUnavailable as error:
                    self._failures.labels(state.rule.rule_id).inc()
                    logger.warning("rule %s is not evaluated: %s", state.rule.rule_id, error)
                except Exception:
                    self._failures.labels(state.rule.rule_id).inc()
                    logger.exception("rule %s failed", state.rule.rule_id)
            await asyncio.sleep(self._interval_seconds)

    async def evaluate(self, state: RuleState, pipeline: Pipeline) -> None:
        """Evaluate one rule now. Raises SeriesUnavailable; a state that could not be stored is told again."""
        rule = state.rule
        series = {name: await self._values(name) for name in rule.parsed.names}
        verdicts = judge(rule.parsed, series)
        self._unknown.labels(rule.rule_id).set(any(verdict.holds is None for verdict in verdicts))
        now = self._clock.time()
        values = {verdict.labels: verdict.values for verdict in verdicts}
        ended = [one for one in state.update(now, verdicts) if not one.firing]
        observations = [_observation(rule, one.labels, one.since, one.values, now) for one in ended]
        firing = {
            labels: self._firing.get((rule.rule_id, labels))
            or _observation(rule, labels, since, values.get(labels, {}), None)
            for labels, since in state.firing.items()
        }
        observations += firing.values()
        over = [one for one in verdicts if one.holds is False and one.labels not in firing]
        observations += self._over_since_before(rule, over, now)
        if observations:
            await pipeline.observe(observations, source="rules", channels=tuple(map(str, rule.notification_channels)))
        self._firing = {key: one for key, one in self._firing.items() if key[0] != rule.rule_id}
        self._firing |= {(rule.rule_id, labels): one for labels, one in firing.items()}
        self._said_over -= self._firing.keys()
        self._said_over |= {(rule.rule_id, one.labels) for one in over}

    def _over_since_before(self, rule: AlertRule, verdicts: list[Verdict], now: float) -> list[Observation]:
        """What fired when the program stopped, and ended meanwhile, has to be said to be over once."""
        return [
            _observation(rule, one.labels, now, one.values, now)
            for one in verdicts
            if (rule.rule_id, one.labels) not in self._said_over
        ]

    async def _values(self, name: str) -> Mapping[Labels, float]:
        """Return a metric's values by job and instance: a guide's name, a custom value, or the metric itself."""
        samples = await self._reader.instant(name if name in BY_NAME else f"app_{name}")
        if not samples and name not in BY_NAME:
            samples = await self._reader.instant(name)
        return {_place(sample): sample.value for sample in samples}


def _place(sample: Sample) -> Labels:
    return tuple((name, sample.labels[name]) for name in ("instance", "job") if name in sample.labels)


def _observation(rule: AlertRule, labels: Labels, since: float, values: Values, ended: float | None) -> Observation:
    full = {
        **rule.labels,
        **dict(labels),
        "alertname": rule.rule_id,
        "severity": rule.severity.prometheus,
    }
    known = ", ".join(f"{name} = {value:g}" for name, value in values.items() if value is not None)
    annotations = {
        "summary": rule.name,
        "description": rule.description,
        "reason": f"{rule.condition}: {known}",
        "reason_ja": f"条件 {rule.condition} が成立しました（{known}）。",
        **rule.annotations,
    }
    return Observation(
        fingerprint=fingerprint(full),
        labels=full,
        annotations=annotations,
        starts_at=datetime.fromtimestamp(since, UTC),
        ends_at=None if ended is None else datetime.fromtimestamp(ended, UTC),
    )
