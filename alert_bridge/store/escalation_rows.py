"""Escalations: how far each episode has come, the policies they began with, and the steps that were taken."""

import functools
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.escalation import Action, AssignTo, Escalation, IncreaseSeverity, Notify, Policy, Turn
from alert_bridge.store.tables import alerts, escalation_policies, escalation_steps, escalations
from runtime.clock import format_utc, parse_utc

_POLICY = TypeAdapter(Policy)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Overdue:
    """Steps whose time has passed: how many, and when the oldest was due."""

    count: int
    oldest: datetime | None


@functools.lru_cache(maxsize=256)
def version_of(policy: Policy) -> str:
    """Return the version of a policy: a digest of all that it says."""
    text = json.dumps(_POLICY.dump_python(policy, mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load(connection: Connection, alert_ids: Collection[str]) -> dict[str, Escalation]:
    """Return the escalations of episodes; where the database can, locked, but for those another has locked."""
    rows = _rows(connection, alert_ids)
    bodies = select(escalation_policies.c.version, escalation_policies.c.body).where(
        escalation_policies.c.version.in_({row["policy_version"] for row in rows})
    )
    policies = {version: _POLICY.validate_python(body) for version, body in connection.execute(bodies)}
    return {row["alert_id"]: _escalation(row, policies[row["policy_version"]]) for row in rows}


def begin(connection: Connection, states: Sequence[tuple[Escalation, Alert]], now: datetime) -> None:
    """Store the escalations of episodes that begin, with their policies."""
    versions = _versions([state for state, _ in states])
    policies = {versions[id(state.policy)]: state.policy for state, _ in states}
    known = select(escalation_policies.c.version).where(escalation_policies.c.version.in_(policies))
    new = policies.keys() - set(connection.execute(known).scalars())
    if new:
        connection.execute(
            insert(escalation_policies),
            [
                {
                    "version": version,
                    "name": policies[version].name,
                    "body": _POLICY.dump_python(policies[version], mode="json"),
                    "first_used_at": format_utc(now),
                }
                for version in sorted(new)
            ],
        )
    if states:
        rows = [_row(state, alert, versions[id(state.policy)], now) for state, alert in states]
        connection.execute(insert(escalations), rows)


def save(connection: Connection, states: Sequence[tuple[Escalation, Alert]], now: datetime) -> None:
    """Store how far escalations have come."""
    if states:
        versions = _versions([state for state, _ in states])
        rows = [
            _row(state, alert, versions[id(state.policy)], now) | {"_id": state.alert_id} for state, alert in states
        ]
        connection.execute(update(escalations).where(escalations.c.alert_id == bindparam("_id")), rows)


def record(connection: Connection, taken: Sequence[tuple[Escalation, Turn]], now: datetime) -> None:
    """Note the steps that are taken. Raises sqlalchemy.exc.IntegrityError where one was taken before."""
    versions, done_at = _versions([state for state, _ in taken]), format_utc(now)
    rows = [
        {
            "alert_id": state.alert_id,
            "policy_version": versions[id(state.policy)],
            "loop": turn.loop,
            "step": turn.step,
            "action": f"{place} {action.kind}",
            "done_at": done_at,
        }
        for state, turn in taken
        for place, action in enumerate(turn.actions)
    ]
    if rows:
        connection.execute(insert(escalation_steps), rows)


def due(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Return the episodes that have a step due, the longest due first."""
    query = select(escalations.c.alert_id).where(escalations.c.due_at <= format_utc(now))
    return list(connection.execute(query.order_by(escalations.c.due_at).limit(limit)).scalars())


def overdue(connection: Connection, before: datetime) -> Overdue:
    """Return what was due before a moment and is not done."""
    query = select(func.count(), func.min(escalations.c.due_at)).where(escalations.c.due_at < format_utc(before))
    count, oldest = connection.execute(query).one()
    return Overdue(count, parse_utc(oldest) if oldest else None)


def without(connection: Connection, limit: int) -> list[str]:
    """Return open episodes that have no escalation, the oldest first: they began before this version."""
    query = select(alerts.c.id).outerjoin(escalations).where(alerts.c.resolved_at.is_(None))
    query = query.where(escalations.c.alert_id.is_(None)).order_by(alerts.c.created_at).limit(limit)
    return list(connection.execute(query).scalars())


def running(connection: Connection, after: datetime | None = None) -> list[str]:
    """Return the episodes whose clock runs, with `after` those whose clock began to run later than that."""
    query = select(escalations.c.alert_id).where(escalations.c.running_since.is_not(None))
    if after is not None:
        query = query.where(escalations.c.running_since > format_utc(after))
    return list(connection.execute(query).scalars())


def next_steps(connection: Connection, alert_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return by episode what comes next; an episode for which nothing comes is not there.

    Each: at (RFC 3339; None while a silence of unknown length lasts), stood_by (None while the clock runs),
    policy, step (from 1), actions (words), channels (`all` for each there is), on_call (schedules).
    """
    found = {}
    states = load(connection, alert_ids)
    for chunk in _chunks(sorted(states)):
        columns = (
            alerts.c.id,
            alerts.c.severity,
            alerts.c.status,
            alerts.c.acknowledge_expires_at,
            alerts.c.snoozed_until,
        )
        for row in connection.execute(select(*columns).where(alerts.c.id.in_(chunk))).mappings():
            state = states[row["id"]]
            turn = state.next_turn
            if turn is not None and row["status"] != Status.RESOLVED.value:
                found[row["id"]] = _next_step(state, turn, row)
    return found


def _next_step(state: Escalation, turn: Turn, row: RowMapping) -> dict[str, Any]:
    goes_on = {Status.ACKNOWLEDGED.value: row["acknowledge_expires_at"], Status.SNOOZED.value: row["snoozed_until"]}
    severity = Severity(row["severity"])
    ends = goes_on.get(row["status"])
    if state.running_since is not None:
        at = state.due_at(severity, state.running_since)
    else:
        at = state.would_be_due(severity, parse_utc(ends)) if ends else None
    wanted = [action for action in turn.actions if isinstance(action, Notify)]
    channels = [name for action in wanted for name in (("all",) if action.channels is None else action.channels)]
    return {
        "at": format_utc(at) if at else None,
        "stood_by": row["status"] if state.running_since is None else None,
        "policy": state.policy.name,
        "step": turn.step + 1,
        "actions": [_words(action) for action in turn.actions],
        "channels": channels,
        "on_call": [name for action in wanted for name in action.on_call],
    }


def _words(action: Action) -> str:
    if isinstance(action, IncreaseSeverity):
        return f"severity_increase {action.severity.value}"
    return f"assign_to {action.assignee}" if isinstance(action, AssignTo) else "notify"


def _rows(connection: Connection, alert_ids: Collection[str]) -> list[RowMapping]:
    found: list[RowMapping] = []
    for chunk in _chunks(sorted(alert_ids)):
        query = select(escalations).where(escalations.c.alert_id.in_(chunk)).with_for_update(skip_locked=True)
        found += connection.execute(query).mappings()
    return found


def _versions(states: Sequence[Escalation]) -> dict[int, str]:
    """Return the versions of policies by their identity: hundreds of states share one, and a hash takes its time."""
    return {key: version_of(policy) for key, policy in {id(one.policy): one.policy for one in states}.items()}


def _row(state: Escalation, alert: Alert, version: str, now: datetime) -> dict[str, Any]:
    due_at = state.due_at(alert.severity, now)
    return {
        "alert_id": state.alert_id,
        "policy_version": version,
        "position": state.position,
        "elapsed_seconds": state.elapsed_seconds,
        "running_since": format_utc(state.running_since) if state.running_since else None,
        "stood_by": state.stood_by,
        "told": None if state.told is None else list(state.told),
        "told_severity": state.told_severity.value,
        "own_channels": list(state.own_channels),
        "number": state.number,
        "due_at": format_utc(due_at) if due_at else None,
    }


def _escalation(row: RowMapping, policy: Policy) -> Escalation:
    return Escalation(
        alert_id=row["alert_id"],
        policy=policy,
        position=row["position"],
        elapsed_seconds=row["elapsed_seconds"],
        running_since=parse_utc(row["running_since"]) if row["running_since"] else None,
        stood_by=row["stood_by"],
        told=None if row["told"] is None else tuple(row["told"]),
        told_severity=Severity(row["told_severity"]),
        own_channels=tuple(row["own_channels"]),
        number=row["number"],
    )


def _chunks(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK)]
