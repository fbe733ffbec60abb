"""Settings of the bridge: where it listens, what it keeps, its thresholds and rules; channels and escalation."""

from typing import ClassVar, Self

from pydantic import Field, field_validator, model_validator

from alert_bridge.alerts import Severity
from alert_bridge.escalation_settings import EscalationSettings
from alert_bridge.feed import FeedSettings
from alert_bridge.notify.settings import NotificationSettings
from alert_bridge.threshold_rules import STALE_SECONDS
from alert_bridge.threshold_settings import RuleSettings, ThresholdSettings, check_thresholds
from runtime.settings import Duration, Secret, Section, Settings, nearest

DEFAULT_THRESHOLDS = (
    ThresholdSettings(metric_name="cpu_percent", base_threshold=80, min_threshold=60, max_threshold=97),
    ThresholdSettings(metric_name="memory_percent", base_threshold=85, min_threshold=60, max_threshold=97),
    ThresholdSettings(
        metric_name="disk_percent", base_threshold=85, min_threshold=70, max_threshold=95, severity=Severity.MEDIUM
    ),
    ThresholdSettings(
        metric_name="error_rate", base_threshold=5, min_threshold=1, max_threshold=20, severity=Severity.CRITICAL
    ),
    ThresholdSettings(metric_name="response_time_ms", base_threshold=1000, min_threshold=100, max_threshold=5000),
)
"""What is watched where the settings name no thresholds: the guide's figures that have a limit by nature."""


class DashboardSettings(Section):
    """Where the page and the same API as on the main port are served."""

    listen_address: str = "127.0.0.1:8080"


class AlertBridgeSettings(Section):
    """The section `alert_bridge`.

    retention_days: how long what is over is kept; inbox_retention_days: notifications as they came.
    analyzer_url: where log patterns and anomalies are asked for;
    analyzer_token: its bearer token, where the analyzer wants one.
    threshold_stale_seconds: how long a threshold that is not renewed holds; then its base is in force.
    threshold_interval_seconds, rule_interval_seconds: how often thresholds and rules are evaluated.
    """

    feed: FeedSettings = FeedSettings()
    dashboard: DashboardSettings = DashboardSettings()
    retention_days: float = Field(default=30.0, gt=0)
    inbox_retention_days: float = Field(default=7.0, gt=0)
    analyzer_url: str = "http://127.0.0.1:9106"
    analyzer_token: Secret | None = None
    thresholds: tuple[ThresholdSettings, ...] = DEFAULT_THRESHOLDS
    rules: tuple[RuleSettings, ...] = ()
    threshold_stale_seconds: Duration = Field(default=STALE_SECONDS, ge=10, le=21600)
    threshold_interval_seconds: Duration = Field(default=5.0, ge=1)
    rule_interval_seconds: Duration = Field(default=5.0, ge=1)

    @field_validator("thresholds")
    @classmethod
    def _go_together(cls, thresholds: tuple[ThresholdSettings, ...]) -> tuple[ThresholdSettings, ...]:
        check_thresholds(thresholds)
        return thresholds

    @field_validator("rules")
    @classmethod
    def _are_told_apart(cls, rules: tuple[RuleSettings, ...]) -> tuple[RuleSettings, ...]:
        for place, rule in enumerate(rules):
            if any(other.rule_id == rule.rule_id for other in rules[:place]):
                raise ValueError(f"{place}: rule_id is {rule.rule_id!r} twice; give each rule its own")
        return rules


class Configuration(Settings):
    """All that the bridge reads.

    channels_by_code: whether code can add channels, so that the settings do not name them all.
    """

    channels_by_code: ClassVar[bool] = False

    alert_bridge: AlertBridgeSettings = AlertBridgeSettings()
    notifications: NotificationSettings = NotificationSettings()
    escalation: EscalationSettings = EscalationSettings()

    @model_validator(mode="after")
    def _escalation_leads_to_channels(self) -> Self:
        known = tuple(self.notifications.channels)
        for place, name in self.escalation.unknown_channels(known) if not self.channels_by_code else ():
            remedy = nearest(name, known) if known else "add it to notifications.channels"
            raise ValueError(f"escalation.{place}: there is no notification channel {name!r}; {remedy}")
        return self
