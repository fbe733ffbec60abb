"""How thresholds and rules are written in the settings: `alert_bridge.thresholds` and `alert_bridge.rules`."""

import difflib
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from alert_bridge.alerts import Severity
from alert_bridge.figures import BY_NAME
from alert_bridge.rules import AlertRule, ConditionError
from alert_bridge.threshold_config import (
    Direction,
    ThresholdConfig,
    ThresholdConfigError,
    WatchedThreshold,
    raw_counter,
)
from alert_bridge.threshold_manager import DynamicThresholdManager
from runtime.settings import Duration, Section


def _severity(value: object) -> Severity:
    return Severity.parse(str(value))


SeverityWord = Annotated[Severity, BeforeValidator(_severity)]
"""A severity in the product's or in Prometheus' words, in either case."""


class ThresholdSettings(Section):
    """A dynamic threshold of one metric, direction and severity; the fields of ThresholdConfig.

    query: PromQL of the metric; None: the guide's name, a custom value of that name, or the metric itself.
    per: the labels by which series have a threshold of their own.
    """

    metric_name: str = Field(min_length=1)
    base_threshold: float
    query: str | None = None
    per: tuple[Literal["job", "instance"], ...] = ("job", "instance")
    adaptive_factor: float = 1.2
    min_threshold: float | None = None
    max_threshold: float | None = None
    std_multiplier: float = 2.0
    trend_sensitivity: float = 0.1
    direction: Direction = "upper"
    severity: SeverityWord = Severity.HIGH
    timezone: str | None = None
    for_seconds: Duration = 600.0

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        try:
            self.to_config()
            self._check_series()
        except ThresholdConfigError as error:
            raise ValueError(str(error)) from None
        return self

    def _check_series(self) -> None:
        """Refuse what cannot be a level: a counter that only grows; and a name that is nearly one of the product's."""
        name = self.metric_name
        counter = raw_counter(self.query or name)
        if counter is not None:
            field, value = ("query", self.query) if self.query else ("metric_name", name)
            remedy = f"give query: rate({counter}[5m])" + ("" if self.query else ", and the name of a rate")
            raise ThresholdConfigError(name, f"{field} is {value!r}, a counter that only grows; {remedy}")
        near = difflib.get_close_matches(name, BY_NAME, 1, cutoff=0.9)
        if self.query is None and near and name not in BY_NAME:
            problem = f"metric_name is {name!r}, which is unknown; write {near[0]!r}, or give its query"
            raise ThresholdConfigError(name, problem)

    def to_config(self) -> ThresholdConfig:
        """Return the threshold."""
        return ThresholdConfig(**self.model_dump(exclude={"query", "per"}))

    def to_watched(self) -> WatchedThreshold:
        """Return the threshold with the series it is for."""
        return WatchedThreshold(self.to_config(), self.query, self.per)


def check_thresholds(thresholds: Sequence[ThresholdSettings]) -> None:
    """Raise ValueError where two thresholds are the same one, or cannot stand side by side."""
    manager, known = DynamicThresholdManager(), set[tuple[str, str, Severity]]()
    for place, one in enumerate(thresholds):
        key = (one.metric_name, one.direction, one.severity)
        if key in known:
            raise ValueError(
                f"{place}: threshold {one.metric_name!r}: {one.direction} {one.severity} is there twice; "
                "remove one, or give it another severity or direction"
            )
        known.add(key)
        try:
            manager.register_threshold(one.to_config())
        except ThresholdConfigError as error:
            raise ValueError(f"{place}: {error}") from None


class RuleSettings(Section):
    """A rule of the user's own; the fields of AlertRule."""

    rule_id: str = Field(min_length=1)
    name: str = ""
    description: str = ""
    condition: str
    severity: SeverityWord = Severity.HIGH
    notification_channels: tuple[str, ...] = ()
    for_seconds: Duration = 0.0
    keep_firing_seconds: Duration = 0.0
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)

    @field_validator("condition")
    @classmethod
    def _is_understood(cls, condition: str) -> str:
        try:
            AlertRule("check", "", "", condition)
        except ConditionError as error:
            raise ValueError(str(error)) from None
        return condition

    def to_rule(self) -> AlertRule:
        """Return the rule, named after its id where it has no name."""
        return AlertRule(**{**self.model_dump(), "name": self.name or self.rule_id})
