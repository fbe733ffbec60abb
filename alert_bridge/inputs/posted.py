"""Alertmanager's own API, `POST /api/v2/alerts`: Prometheus, vmalert and amtool post there.

An alert has no status: it is over when `endsAt` has passed. Whoever posts says again and again that it fires, each
time with a later end; where it names none, it is over when it was not posted for `RESOLVE_TIMEOUT`.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from alert_bridge.alerts import Alert, Observation
from alert_bridge.episodes import reasons
from alert_bridge.inputs.parsing import IncomingAlert, Parsed, Unusable, moment, observed, parse_each
from alert_bridge.pipeline import RESOLVE_TIMEOUT
from runtime.clock import format_utc

STATES = {"active": "", "silenced": "silencedBy", "inhibited": "inhibitedBy", "muted": "mutedBy"}
"""What a reader of the list can leave out, and where the list says that an alert is so."""


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


def listed(alerts: Sequence[Alert], now: datetime, hidden: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return open alerts as `GET /api/v2/alerts` answers. hidden: those of STATES that are not wanted."""
    rows = [(alert, _status(alert)) for alert in alerts]
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
            "status": status,
        }
        for alert, status in rows
        if not (status["state"] in hidden or any(status[by] for state, by in STATES.items() if by and state in hidden))
    ]


def _status(alert: Alert) -> dict[str, Any]:
    """Return the state of an alert in Alertmanager's words; a maintenance window is a silence there."""
    why = reasons(alert.suppressed_by)
    inhibited = [one for one in why if one == "inhibited"]
    muted = [one.removeprefix("muted:") for one in why if one.startswith("muted:")]
    silenced = [one.removeprefix("silence:") for one in why if one.startswith(("silence:", "maintenance:"))]
    return {
        "state": "suppressed" if why else "active",
        "silencedBy": silenced,
        "inhibitedBy": inhibited,
        "mutedBy": muted,
    }
