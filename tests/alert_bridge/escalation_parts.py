"""Policies and schedules as they stand in settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from alert_bridge.escalation import Policy
from alert_bridge.escalation_settings import EscalationSettings
from alert_bridge.schedules import OnCall

GUIDE_RULES = [
    {"time_threshold": 1800, "actions": [{"type": "severity_increase", "new_severity": "CRITICAL"}]},
    {
        "time_threshold": 3600,
        "actions": [
            {"type": "notification", "channels": ["slack"]},
            {"type": "assign_to", "assignee": "on-call-engineer"},
        ],
    },
]

DEFAULT_POLICY: dict[str, Any] = {
    "name": "default",
    "match": {},
    "steps": [
        {"after": "0m", "actions": [{"notify": {"channels": ["slack"]}}]},
        {"after": "30m", "actions": [{"severity_increase": "CRITICAL"}]},
        {"after": "60m", "actions": [{"notify": {"channels": ["slack", "email"]}}, {"assign_to": "on-call-engineer"}]},
    ],
    "repeat": {"every": "60m", "times": 3},
    "ack_timeout": "4h",
    "on_exhausted": {"notify": {"channels": ["phone"]}},
}


def steps(*times: str, channels: Sequence[str] = ("slack",)) -> list[dict[str, Any]]:
    return [{"after": time, "actions": [{"notify": {"channels": list(channels)}}]} for time in times]


def policies(*changes: Mapping[str, Any], timezone: str = "UTC", **section: Any) -> tuple[Policy, ...]:
    """The default policy with changes, one for each mapping."""
    listed = [DEFAULT_POLICY | {"name": f"policy {number}"} | dict(one) for number, one in enumerate(changes)]
    return EscalationSettings.model_validate({"policies": listed, **section}).to_policies(timezone)


def schedules(*listed: Mapping[str, Any], timezone: str = "UTC", **people: Any) -> OnCall:
    settings = EscalationSettings.model_validate({"schedules": list(listed), "people": people})
    return settings.to_on_call(timezone)
