"""Episodes and what happened to them: rows of `alerts` and `alert_history`."""

import json
import logging
import math
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Connection, RowMapping, Text, and_, bindparam, func, insert, or_, select, tuple_, update

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.episodes import Change
from alert_bridge.store.tables import alerts, history
from runtime.clock import format_utc, parse_utc

logger = logging.getLogger(f"monitoring.{__name__}")

_TIMES = (
    "created_at",
    "updated_at",
    "resolved_at",
    "acknowledged_at",
    "acknowledge_expires_at",
    "acknowledge_remind_at",
    "snoozed_until",
    "expires_at",
    "late_since",
    "fires_since",
)

_LISTS = ("log_patterns", "changes", "anomalies")

_OPEN = alerts.c.resolved_at.is_(None)

_BEGINS = ("opened", "missed")
_AS_IT_IS = (*_BEGINS, "seen")
_UNNOTED = ("updated", "seen")
_NOTED = {"opened": "firing", "missed": "resolved"}

_COLUMNS = [one.cast(Text).label(one.name) if isinstance(one.type, JSON) else one for one in alerts.c]
"""What is read of an episode: JSON as its text, so that a damaged one can be told from the others."""

_EPISODES = select(*_COLUMNS)


def new_id() -> str:
    """Return an id for a new episode."""
    return f"alert_{secrets.token_hex(6)}"


def latest(connection: Connection, cluster: str, fingerprints: Collection[str]) -> dict[str, Alert]:
    """Return the newest episode of each fingerprint; an open one wins."""
    found: dict[str, Alert] = {}
    for chunk in _chunks(sorted(fingerprints), 500):
        wanted = and_(alerts.c.cluster == cluster, alerts.c.fingerprint.in_(chunk))
        dates = select(alerts.c.fingerprint, func.max(alerts.c.created_at)).where(wanted)
        began = tuple_(alerts.c.fingerprint, alerts.c.created_at)
        newest = wanted & began.in_(dates.group_by(alerts.c.fingerprint))
        for which in (newest, wanted & _OPEN):
            found |= {row["fingerprint"]: _alert(row) for row in connection.execute(_EPISODES.where(which)).mappings()}
    return found


def get(connection: Connection, alert_id: str) -> Alert | None:
    """Return one episode."""
    return next(iter(get_all(connection, [alert_id])), None)


def get_all(connection: Connection, alert_ids: Sequence[str]) -> list[Alert]:
    """Return the episodes of these ids, in the order of the ids; an id that no alert has is passed over."""
    found: dict[str, Alert] = {}
    for chunk in _chunks(alert_ids, 500):
        query = _EPISODES.where(alerts.c.id.in_(chunk))
        found |= {row["id"]: _alert(row) for row in connection.execute(query).mappings()}
    return [found[one] for one in dict.fromkeys(alert_ids) if one in found]


def open_named(connection: Connection, names: Collection[str]) -> list[Alert]:
    """Return the open episodes that have one of these names, oldest first."""
    query = _EPISODES.where(_OPEN, alerts.c.name.in_(names)).order_by(alerts.c.created_at)
    return [_alert(row) for row in connection.execute(query).mappings()]


def open_begun(connection: Connection, start: datetime, end: datetime, limit: int) -> list[Alert]:
    """Return the open episodes that began in a period, oldest first."""
    began = alerts.c.created_at.between(format_utc(start), format_utc(end))
    query = _EPISODES.where(_OPEN, began).order_by(alerts.c.created_at).limit(limit)
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
        change.alert if change.what in _AS_IT_IS else replace(change.alert, version=change.alert.version + 1)
        for change in changes
    ]
    rows = [_row(alert) for alert in stored]
    both = list(zip(rows, changes, strict=True))
    begun = [row for row, change in both if change.what in _BEGINS]
    changed = [row | {"_id": row["id"]} for row, change in both if change.what not in _BEGINS]
    noted = [_note(change, now) for change in changes if change.what not in _UNNOTED]
    if changed:
        connection.execute(update(alerts).where(alerts.c.id == bindparam("_id")), changed)
    if begun:
        connection.execute(insert(alerts), begun)
    if noted:
        connection.execute(insert(history), noted)
    return stored


def _note(change: Change, now: datetime) -> dict[str, Any]:
    return {
        "alert_id": change.alert.id,
        "timestamp": format_utc(now),
        "what": _NOTED.get(change.what, change.what),
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
    """Return the episodes whose acknowledgement or snooze has run out, or is to be reminded of."""
    moment = format_utc(now)
    query = _EPISODES.where(
        _OPEN,
        or_(
            and_(
                alerts.c.status == Status.ACKNOWLEDGED.value,
                or_(alerts.c.acknowledge_expires_at <= moment, alerts.c.acknowledge_remind_at <= moment),
            ),
            and_(alerts.c.status == Status.SNOOZED.value, alerts.c.snoozed_until <= moment),
        ),
    )
    return [_alert(row) for row in connection.execute(query).mappings()]


def expired(connection: Connection, now: datetime, limit: int = 500) -> list[Alert]:
    """Return the open episodes whose source has not said in time that they still fire."""
    query = _EPISODES.where(_OPEN, alerts.c.expires_at <= format_utc(now)).limit(limit)
    return [_alert(row) for row in connection.execute(query).mappings()]


def open_alerts(connection: Connection, limit: int = 20_000) -> list[Alert]:
    """Return the open episodes, oldest first."""
    query = _EPISODES.where(_OPEN).order_by(alerts.c.created_at).limit(limit)
    return [_alert(row) for row in connection.execute(query).mappings()]


def _row(alert: Alert) -> dict[str, Any]:
    row = {name: getattr(alert, name) for name in alerts.c.keys()}  # noqa: SIM118 - a collection of columns
    row |= {name: format_utc(row[name]) if row[name] else None for name in _TIMES}
    row |= {"severity": alert.severity.value, "status": alert.status.value}
    row |= {name: dict(row[name]) for name in ("labels", "annotations", "reason_texts")}
    row |= {name: [dict(one) for one in row[name]] for name in _LISTS}
    return row


def _alert(row: RowMapping) -> Alert:
    """Return the episode of a row. What is damaged in it is passed over and said: no alert goes out of sight by it."""
    values: dict[str, Any] = {}
    for name, stored in row.items():
        try:
            values[name] = _READERS[name](stored)
        except (ValueError, TypeError, RecursionError):
            logger.warning("alert %s: %s is damaged, it holds %.80r", row["id"], name, stored)
            values[name] = _WHERE_DAMAGED.get(name)
    values["status"] = values["status"] or (Status.FIRING if values["resolved_at"] is None else Status.RESOLVED)
    return Alert(**values)


def _text(stored: Any) -> str:
    if not isinstance(stored, str):
        raise TypeError
    return stored


def _whole(stored: Any) -> int:
    return int(stored)


def _finite(stored: Any) -> float:
    if not math.isfinite(number := float(stored)):
        raise ValueError
    return number


def _object(stored: Any) -> dict[str, Any]:
    return dict(json.loads(stored))


def _texts(stored: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in _object(stored).items()}


def _list(stored: Any) -> tuple[dict[str, Any], ...]:
    return tuple(dict(one) for one in json.loads(stored))


def _reader(name: str) -> Callable[[Any], Any]:
    """Return what reads a column; NULL is None where the column may hold it."""
    special: dict[str, Callable[[Any], Any]] = {
        **dict.fromkeys(_TIMES, parse_utc),
        **dict.fromkeys(("labels", "annotations", "reason_texts"), _texts),
        **dict.fromkeys(_LISTS, _list),
        "severity": Severity,
        "status": Status,
    }
    column = alerts.c[name]
    by_type: dict[type, Callable[[Any], Any]] = {str: _text, int: _whole, float: _finite}
    read = special.get(name) or (_object if isinstance(column.type, JSON) else by_type[column.type.python_type])
    return (lambda stored: None if stored is None else read(stored)) if column.nullable else read


_READERS = {column.name: _reader(column.name) for column in alerts.c}

_WHERE_DAMAGED: Mapping[str, Any] = {
    **dict.fromkeys(("created_at", "updated_at"), datetime(1970, 1, 1, tzinfo=UTC)),
    **{name: {} for name in ("labels", "annotations", "reason_texts")},
    **dict.fromkeys(_LISTS, ()),
    **dict.fromkeys(("id", "cluster", "fingerprint", "name", "message"), ""),
    **dict.fromkeys(("version", "escalation_level"), 0),
    "severity": Severity.HIGH,
}
"""What stands for a value that cannot be read; None for the others."""


def _chunks(items: Sequence[str], size: int) -> list[Sequence[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
