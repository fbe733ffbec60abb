"""The webhook of Alertmanager, version 4: 0.25 to 0.34 and what has its shape."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alert_bridge.alerts import Observation
from alert_bridge.inputs.parsing import IncomingAlert, Parsed, Unusable, moment, observed, parse_each


class _Alert(IncomingAlert):
    status: str


def parse_alertmanager(body: Any, now: datetime) -> Parsed:
    """Parse the webhook. body: the decoded JSON. Raises Unusable if it is no such webhook at all."""
    if not isinstance(body, Mapping) or not isinstance(body.get("alerts"), list):
        raise Unusable("expected Alertmanager's webhook: an object with a list `alerts`")
    return parse_each(body["alerts"], lambda entry: webhook_observation(entry, now), body.get("truncatedAlerts"))


def webhook_observation(entry: Any, now: datetime) -> Observation:
    """Return the observation of one alert of a webhook. Raises ValueError, ValidationError."""
    alert = _Alert.model_validate(entry)
    if alert.status not in ("firing", "resolved"):
        raise ValueError(f"status {alert.status!r}: expected firing or resolved")
    return observed(alert, now, moment(alert.ends_at, now) if alert.status == "resolved" else None)
