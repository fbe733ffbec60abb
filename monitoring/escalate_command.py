"""`monitoring escalate --dry-run ALERT`: who is told of an alert, when and by what, if nobody ever takes it."""

import argparse
import asyncio
import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alert_bridge import escalation
from alert_bridge.alerts import Alert, Observation, Severity, Status, fingerprint
from alert_bridge.escalation import Escalation, Outcome
from alert_bridge.schedules import OnCall
from alert_bridge.store import episode_rows, escalation_rows
from monitoring.settings import Configuration
from monitoring.text_tables import table
from runtime.clock import Clock, SystemClock, format_utc, parse_utc
from runtime.database import Database
from runtime.settings import load

_DATABASE = "alerts.db"
_MOST = 200
_HEAD = ("when", "step", "who is told", "on call", "severity", "assigned to", "problem")


def run(arguments: argparse.Namespace, clock: Clock | None = None) -> int:
    """Print the steps. Raises SettingsError, and ValueError where there is no such alert."""
    settings = load(Configuration, arguments.config)
    timezone = settings.web.timezone
    now = parse_utc(arguments.at) if arguments.at else (clock or SystemClock()).now()
    policies = settings.escalation.to_policies(timezone)
    on_call = settings.escalation.to_on_call(timezone)
    channels = tuple(settings.notifications.usable())
    if len(arguments.alert) == 1 and arguments.alert[0].startswith("alert_"):
        file = arguments.data_dir / _DATABASE
        if not file.exists():
            raise ValueError(f"there is no database {str(file)!r}; say where it is with --data-dir")
        alert, state = asyncio.run(_stored(file, arguments.alert[0]))
    else:
        alert = _imagined(_labels(arguments.alert), now)
        policy = escalation.choose(policies, alert.severity, alert.labels)
        state = Escalation(alert.id, policy)
    state, now = _going_on(state, alert, now)
    named = tuple(dict.fromkeys((*channels, *(state.told or ()), *state.own_channels)))
    steps = [_shown(at, outcome) for at, outcome in _forecast(state, alert, now, on_call, named)]
    if arguments.format == "json":
        shown = {"alert": _about(alert), "policy": state.policy.name, "channels": list(channels), "steps": steps}
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(_text(alert, state, steps, channels, ZoneInfo(timezone)))
    return 0


def _forecast(
    state: Escalation, alert: Alert, now: datetime, on_call: OnCall, channels: tuple[str, ...]
) -> Iterator[tuple[datetime, Outcome]]:
    if not alert.open:
        return iter(())
    return itertools.islice(escalation.forecast(state, alert, now, on_call, channels), _MOST)


def _going_on(state: Escalation, alert: Alert, now: datetime) -> tuple[Escalation, datetime]:
    """Return the state with its clock running: that of an alert that somebody has goes on when that runs out."""
    if state.running_since is not None:
        return state, now
    ends = {Status.ACKNOWLEDGED: alert.acknowledge_expires_at, Status.SNOOZED: alert.snoozed_until}.get(alert.status)
    goes_on = max(ends, now) if ends else now
    return escalation.follow(state, Status.FIRING, goes_on), goes_on


def _labels(words: list[str]) -> dict[str, str]:
    """Read `name=value` words or one JSON object."""
    if len(words) == 1 and words[0].lstrip().startswith("{"):
        try:
            read = json.loads(words[0])
        except ValueError as error:
            raise ValueError(f"ALERT is not JSON: {error}") from None
        labels = read.get("labels", read)
        if not isinstance(labels, Mapping):
            raise ValueError("ALERT: expected an object of labels")
        return {str(name): str(value) for name, value in labels.items()}
    pairs = [word.partition("=") for word in words]
    for name, equals, _ in pairs:
        if not equals or not name:
            raise ValueError(f"{name!r}: expected an alert's id (alert_1a2b3c4d5e6f) or labels (severity=critical)")
    return {name: value for name, _, value in pairs}


def _imagined(labels: dict[str, str], now: datetime) -> Alert:
    full = {"alertname": "dry run", **labels}
    if "severity" in labels:
        Severity.parse(labels["severity"])
    seen = Observation(fingerprint(full), full, {}, now)
    return Alert(
        id="dry run",
        fingerprint=seen.fingerprint,
        name=seen.name,
        severity=seen.severity,
        status=Status.FIRING,
        message=seen.name,
        created_at=now,
        updated_at=now,
        labels=full,
    )


async def _stored(file: Path, alert_id: str) -> tuple[Alert, Escalation]:
    """Return an alert of a database and how far its escalation is."""

    def read(connection: Connection) -> tuple[Alert | None, Escalation | None]:
        return episode_rows.get(connection, alert_id), escalation_rows.load(connection, [alert_id]).get(alert_id)

    database = Database.open(file, "alert_bridge.migrations")
    try:
        alert, state = await database.read(read)
    finally:
        await database.close()
    if alert is None:
        raise ValueError(f"there is no alert {alert_id!r} in {str(file)!r}")
    return alert, state or Escalation(alert_id, escalation.EVERYBODY_AT_ONCE, position=1, told=())


def _shown(at: datetime, outcome: Outcome) -> dict[str, Any]:
    return {
        "at": format_utc(at),
        "steps": [{"loop": turn.loop, "step": turn.step + 1} for turn in outcome.turns],
        "event": outcome.event if outcome.channels else None,
        "channels": list(outcome.channels),
        "on_call": dict(outcome.people),
        "severity": outcome.severity.value,
        "assignee": outcome.assignee,
        "problems": list(outcome.problems),
    }


def _about(alert: Alert) -> dict[str, Any]:
    about = {"id": alert.id, "name": alert.name, "severity": alert.severity.value, "status": alert.status.value}
    return {**about, "labels": dict(alert.labels)}


def _text(
    alert: Alert, state: Escalation, steps: list[dict[str, Any]], channels: tuple[str, ...], zone: ZoneInfo
) -> str:
    head = f"{alert.name}, {alert.severity.value}, {alert.status.value}: policy {state.policy.name!r}\n"
    if not alert.open:
        return f"{head}it is over: nothing comes\n"
    if not channels:
        head += "no notification channel is set up, so nobody would hear of it: see notifications.channels\n"
    if not steps:
        return f"{head}nothing comes: every step is taken\n"
    rows = [_line(step, zone) for step in steps]
    return f"{head}{table(_HEAD, rows, right=(), columns=None).rstrip()}\n"


def _line(step: Mapping[str, Any], zone: ZoneInfo) -> tuple[str, ...]:
    at = parse_utc(step["at"]).astimezone(zone)
    places = [f"{turn['step']}" + (f" (repeat {turn['loop']})" if turn["loop"] else "") for turn in step["steps"]]
    return (
        f"{at:%Y-%m-%d %H:%M:%S %Z}",
        ", ".join(places),
        ", ".join(step["channels"]) or "nobody",
        ", ".join(f"{schedule}: {who}" for schedule, who in step["on_call"].items()),
        step["severity"],
        step["assignee"] or "",
        "; ".join(step["problems"]),
    )
