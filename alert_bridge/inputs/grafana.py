"""The webhook of Grafana Alerting: Alertmanager's shape, with values and links of Grafana's beside each alert."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from alert_bridge.alerts import Observation
from alert_bridge.inputs.alertmanager import webhook_observation
from alert_bridge.inputs.parsing import Parsed, Unusable, parse_each

_LINKS = {"dashboardURL": "dashboard_url", "panelURL": "panel_url", "silenceURL": "silence_url"}


def parse_grafana(body: Any, now: datetime) -> Parsed:
    """Parse the webhook. body: the decoded JSON. Raises Unusable if it is no such webhook at all."""
    if not isinstance(body, Mapping) or not isinstance(body.get("alerts"), list):
        raise Unusable("expected Grafana's webhook: an object with a list `alerts`")
    return parse_each(body["alerts"], lambda entry: _observation(entry, now), body.get("truncatedAlerts"))


def _observation(entry: Any, now: datetime) -> Observation:
    seen = webhook_observation(entry, now)
    added = {name: str(entry[key]) for key, name in _LINKS.items() if isinstance(entry.get(key), str) and entry[key]}
    values = entry.get("values")
    if isinstance(values, Mapping):
        numbers = [one for one in values.values() if isinstance(one, int | float) and not isinstance(one, bool)]
        if len(numbers) == 1 and abs(numbers[0]) <= sys.float_info.max:
            added["value"] = f"{numbers[0]:g}"
    for text in added.values():
        text.encode()
    return replace(seen, annotations={**added, **seen.annotations})
