"""Alertmanager's own API, `POST /api/v2/alerts`: Prometheus, vmalert and amtool post there.

An alert has no status: it is over when `endsAt` has passed. Whoever posts says again and again that it fires, each
time with a later end; where it names none, it is over when it was not posted for `RESOLVE_TIMEOUT`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from alert_bridge.alerts import Alert, Observation, Status
from alert_bridge.inputs.parsing import IncomingAlert, Parsed, Unusable, moment, observed, parse_each
from alert_bridge.pipeline import RESOLVE_TIMEOUT
from runtime.clock import format_utc


def parse_posted(body: Any, now: datetime) -> Parsed:
    """Parse a posted list. body: the decoded JSON. Raises Unusable if it is no list."""
    if not isinstance(body, list):
        raise Unusable("expected a list of alerts, each with `labels`")
    return parse_each(body, lambda entry: _observation(entry, now))


def _observation(entry: Any, now: datetime) -> Observation:
    alert = IncomingAlert.model_validate(entry)
    labels = {name: value for name, value in alert.labels.items() if value}
    if not labels:
        raise ValueError("labels: at least one label with a value is needed")
    ends = moment(alert.ends_at, now + RESOLVE_TIMEOUT)
    over = ends <= now
    seen = observed(alert.model_copy(update={"labels": labels, "fingerprint": ""}), now, ends if over else None)
    starts = min(seen.starts_at, ends)
    return replace(seen, starts_at=starts, expires_at=None if over else ends)


def listed(alerts: Sequence[Alert], now: datetime) -> list[dict[str, Any]]:
    """Return open alerts as `GET /api/v2/alerts` answers."""
    return [
        {
            "labels": dict(alert.labels),
            "annotations": dict(alert.annotations),
            "startsAt": format_utc(alert.created_at),
            "endsAt": format_utc(alert.expires_at or now + RESOLVE_TIMEOUT),
            "updatedAt": format_utc(alert.updated_at),
            "fingerprint": alert.fingerprint,
            "generatorURL": "",
            "receivers": [{"name": "newswatch"}],
            "status": {
                "state": "active" if alert.status is not Status.SUPPRESSED else "suppressed",
                "silencedBy": [],
                "inhibitedBy": [],
                "mutedBy": [],
            },
        }
        for alert in alerts
    ]
