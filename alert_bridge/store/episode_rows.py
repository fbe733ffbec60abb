"""Episodes and what happened to them: rows of `alerts` and `alert_history`."""

import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Text,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.episodes import Change
from alert_bridge.store.tables import alerts, history
from runtime.clock import format_utc, parse_utc

logger = logging.getLogger(f"monitoring.{__name__}")

SORTS = ("severity", "created_at", "updated_at", "name", "status")

_TIMES = (
    "created_at",
    "updated_at",
    "resolved_at",
    "acknowledged_at",
    "acknowledge_expires_at",
    "acknowledge_remind_at",
    "snoozed_until",
)

_OPEN = alerts.c.resolved_at.is_(None)

_RANK = case({severity.value: severity.rank for severity in Severity}, value=alerts.c.severity, else_=0)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: the rows, how many there are in all, and where the next part begins."""

    alerts: Sequence[Alert]
    total: int
    next_offset: int | None


def new_id() -> str:
    """Return an id for a new episode."""
    return f"alert_{secrets.token_hex(6)}"


def latest(connection: Connection, cluster: str, fingerprints: Collection[str]) -> dict[str, Alert]:
    """Return the newest episode of each fingerprint; an open one wins."""
    found: dict[str, Alert] = {}
    for chunk in _chunks(sorted(fingerprints), 500):
        query = (
            select(alerts)
            .where(alerts.c.cluster == cluster, alerts.c.fingerprint.in_(chunk))
            .order_by(_OPEN, alerts.c.created_at)
        )
        found |= {row["fingerprint"]: _alert(row) for row in connection.execute(query).mappings()}
    return found


def get(connection: Connection, alert_id: str) -> Alert | None:
    """Return one episode."""
    row = connection.execute(select(alerts).where(alerts.c.id == alert_id)).mappings().first()
    return _alert(row) if row else None


def find(
    connection: Connection,
    *,
    statuses: Collection[str] | None = None,
    severities: Collection[str] | None = None,
    service: str | None = None,
    words: str | None = None,
    sort: str = "severity",
    limit: int = 50,
    offset: int = 0,
) -> Page:
    """Return episodes in order.

    statuses: None for all that are open. words: searched in name, message, labels.
    sort: one of SORTS, or one with `-` before it; `severity` puts the worst first, then what nobody has, then the
        oldest.
    """
    conditions: list[ColumnElement[bool]] = [_OPEN] if statuses is None else [alerts.c.status.in_(statuses)]
    if severities:
        conditions.append(alerts.c.severity.in_(severities))
    if service:
        conditions.append(
            or_(alerts.c.labels["service"].as_string() == service, alerts.c.labels["job"].as_string() == service)
        )
    if words:
        like = f"%{words.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        labels = func.lower(alerts.c.labels.cast(Text))
        searched = (func.lower(alerts.c.name), func.lower(alerts.c.message), labels)
        conditions.append(or_(*(column.like(like.lower(), escape="!") for column in searched)))
    total = connection.execute(select(func.count()).select_from(alerts).where(and_(*conditions))).scalar_one()
    query = _sorted(select(alerts).where(and_(*conditions)), sort).limit(limit).offset(offset)
    rows = _readable(connection.execute(query).mappings().all())
    return Page(rows, total, offset + limit if offset + limit < total else None)


def open_named(connection: Connection, names: Collection[str]) -> list[Alert]:
    """Return the open episodes that have one of these names, oldest first."""
    query = select(alerts).where(_OPEN, alerts.c.name.in_(names)).order_by(alerts.c.created_at)
    return [_alert(row) for row in connection.execute(query).mappings()]


def counts(connection: Connection) -> Mapping[tuple[str, str], int]:
    """Return how many open episodes there are by severity and status."""
    query = (
        select(alerts.c.severity, alerts.c.status, func.count())
        .where(_OPEN)
        .group_by(alerts.c.severity, alerts.c.status)
    )
    return {(severity, status): count for severity, status, count in connection.execute(query)}


def save(connection: Connection, change: Change, now: datetime) -> Alert:
    """Store a change and its row of history; returns the episode with its new version."""
    return save_all(connection, [change], now)[0]


def save_all(connection: Connection, changes: Sequence[Change], now: datetime) -> list[Alert]:
    """Store changes, each of another episode, and their rows of history; returns the episodes with new versions."""
    stored = [
        change.alert if change.what == "opened" else replace(change.alert, version=change.alert.version + 1)
        for change in changes
    ]
    rows = [_row(alert) for alert in stored]
    begun = [row for row, change in zip(rows, changes, strict=True) if change.what == "opened"]
    changed = [row | {"_id": row["id"]} for row, change in zip(rows, changes, strict=True) if change.what != "opened"]
    noted = [_note(change, now) for change in changes if change.what != "updated"]
    if begun:
        connection.execute(insert(alerts), begun)
    if changed:
        connection.execute(update(alerts).where(alerts.c.id == bindparam("_id")), changed)
    if noted:
        connection.execute(insert(history), noted)
    return stored


def _note(change: Change, now: datetime) -> dict[str, Any]:
    return {
        "alert_id": change.alert.id,
        "timestamp": format_utc(now),
        "what": "firing" if change.what == "opened" else change.what,
        "who": change.who,
        "detail": change.detail,
    }


def note(
    connection: Connection,
    alert_id: str,
    now: datetime,
    what: str,
    who: str = "",
    detail: str = "",
    channel: str | None = None,
    result: str | None = None,
) -> None:
    """Add a row to an episode's history."""
    connection.execute(
        insert(history).values(
            alert_id=alert_id,
            timestamp=format_utc(now),
            what=what,
            who=who,
            detail=detail,
            channel=channel,
            result=result,
        )
    )


def history_of(connection: Connection, alert_id: str) -> list[dict[str, Any]]:
    """Return an episode's history, oldest first."""
    query = select(history).where(history.c.alert_id == alert_id).order_by(history.c.number)
    return [
        {key: value for key, value in row.items() if key not in ("number", "alert_id")}
        for row in connection.execute(query).mappings()
    ]


def durations(connection: Connection, fingerprint: str, limit: int = 20) -> list[float]:
    """Return what the newest ended episodes of a fingerprint lasted, seconds."""
    query = (
        select(alerts.c.created_at, alerts.c.resolved_at)
        .where(alerts.c.fingerprint == fingerprint, alerts.c.resolved_at.is_not(None))
        .order_by(alerts.c.created_at.desc())
        .limit(limit)
    )
    return [(parse_utc(end) - parse_utc(start)).total_seconds() for start, end in connection.execute(query)]


def expiring(connection: Connection, now: datetime) -> list[Alert]:
    """Return the episodes whose acknowledgement or snooze has run out."""
    moment = format_utc(now)
    query = select(alerts).where(
        _OPEN,
        or_(
            and_(alerts.c.status == Status.ACKNOWLEDGED.value, alerts.c.acknowledge_expires_at <= moment),
            and_(alerts.c.status == Status.SNOOZED.value, alerts.c.snoozed_until <= moment),
        ),
    )
    return [_alert(row) for row in connection.execute(query).mappings()]


def _sorted(query: Select[Any], sort: str) -> Select[Any]:
    name = sort.removeprefix("-")
    if name == "severity":
        nobody = case((alerts.c.status == Status.FIRING.value, 0), else_=1)
        order = [_RANK.asc() if sort.startswith("-") else _RANK.desc(), nobody, alerts.c.created_at, alerts.c.id]
        return query.order_by(*order)
    column = alerts.c[name]
    return query.order_by(column.desc() if sort.startswith("-") else column.asc(), alerts.c.id)


def _row(alert: Alert) -> dict[str, Any]:
    row = {name: getattr(alert, name) for name in alerts.c.keys()}  # noqa: SIM118 - a collection of columns
    row |= {name: format_utc(row[name]) if row[name] else None for name in _TIMES}
    row |= {"severity": alert.severity.value, "status": alert.status.value}
    row |= {name: dict(row[name]) for name in ("labels", "annotations", "reason_texts")}
    row |= {name: [dict(one) for one in row[name]] for name in ("log_patterns", "changes")}
    return row


def _alert(row: RowMapping) -> Alert:
    values: dict[str, Any] = dict(row)
    values |= {name: parse_utc(values[name]) if values[name] else None for name in _TIMES}
    values |= {"severity": Severity(values["severity"]), "status": Status(values["status"])}
    values |= {"log_patterns": tuple(values["log_patterns"]), "changes": tuple(values["changes"])}
    return Alert(**values)


def _readable(rows: Sequence[RowMapping]) -> list[Alert]:
    """Return the episodes of rows; one that was damaged is said and left out, it does not cost the others."""
    found = []
    for row in rows:
        try:
            found.append(_alert(row))
        except (ValueError, TypeError):
            logger.exception("alert %s cannot be read and is left out of the list", row["id"])
    return found


def _chunks(items: Sequence[str], size: int) -> list[Sequence[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
