"""The alert database: episodes, their history, the outbox, the inbox, the history of thresholds.

Functions over a connection, to be composed in one transaction of `runtime.database.Database`. Times are stored as
RFC 3339 text in UTC, which sorts in time order.
"""

import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Select,
    Table,
    Text,
    UniqueConstraint,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.episodes import Change
from alert_bridge.threshold_manager import ThresholdChange
from runtime.clock import format_utc, parse_utc

logger = logging.getLogger(f"monitoring.{__name__}")

metadata = MetaData()

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("severity", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("escalation_level", Integer, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("annotations", JSON, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("resolved_at", Text),
    Column("acknowledged_by", Text),
    Column("acknowledged_at", Text),
    Column("acknowledge_expires_at", Text),
    Column("snoozed_until", Text),
    Column("comment", Text),
    Column("assignee", Text),
    Column("suppressed_by", Text),
    Column("reason", Text),
    Column("reason_texts", JSON, nullable=False),
    Column("log_patterns", JSON, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("usual_duration_seconds", Float),
    Column("value", Float),
    Column("threshold", Float),
    Column("version", Integer, nullable=False),
    Index(
        "alerts_one_open",
        "cluster",
        "fingerprint",
        unique=True,
        sqlite_where=text("resolved_at IS NULL"),
        postgresql_where=text("resolved_at IS NULL"),
    ),
    Index("alerts_fingerprint", "fingerprint", "created_at"),
    Index("alerts_created", "created_at"),
)
history = Table(
    "alert_history",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("alert_id", Text, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    Column("timestamp", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("channel", Text),
    Column("result", Text),
    Index("alert_history_alert", "alert_id", "number"),
)
outbox = Table(
    "outbox",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("alert_id", Text, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    Column("event", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Text, nullable=False),
    Column("sent_at", Text),
    Column("error", Text),
    UniqueConstraint("alert_id", "event", "step", "channel", name="outbox_once"),
    Index("outbox_due", "state", "due_at"),
)
inbox = Table(
    "inbox",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("received_at", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("error", Text),
    Index("inbox_received", "received_at"),
)
threshold_history = Table(
    "threshold_history",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("metric_name", Text, nullable=False),
    Column("threshold_value", Float, nullable=False),
    Column("calculated_at", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("reason_key", Text, nullable=False),
    Column("reason_values", JSON, nullable=False),
    Index("threshold_history_metric", "metric_name", "calculated_at"),
)

SORTS = ("severity", "created_at", "updated_at", "name", "status")
_TIMES = (
    "created_at",
    "updated_at",
    "resolved_at",
    "acknowledged_at",
    "acknowledge_expires_at",
    "snoozed_until",
)
_OPEN = alerts.c.resolved_at.is_(None)
_RANK = case({severity.value: severity.rank for severity in Severity}, value=alerts.c.severity, else_=0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the outbox: one event to one channel.

    state: pending, sent, dead, cancelled.
    """

    number: int
    alert_id: str
    event: str
    step: int
    channel: str
    attempts: int
    due_at: datetime

    @property
    def idempotency_key(self) -> str:
        """The same on every attempt, so that a receiver can drop a repeat."""
        return f"{self.alert_id}:{self.event}:{self.step}:{self.channel}"


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
    if change.what == "opened":
        connection.execute(insert(alerts).values(_row(change.alert)))
        stored = change.alert
    else:
        stored = replace(change.alert, version=change.alert.version + 1)
        connection.execute(update(alerts).where(alerts.c.id == stored.id).values(_row(stored)))
    if change.what != "updated":
        what = "firing" if change.what == "opened" else change.what
        note(connection, stored.id, now, what, change.who, change.detail)
    return stored


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


def enqueue(
    connection: Connection, alert_id: str, event: str, channels: Collection[str], due: datetime, step: int = 0
) -> None:
    """Put an event for each channel into the outbox; one that is there already stays as it is."""
    known = select(outbox.c.channel).where(
        outbox.c.alert_id == alert_id, outbox.c.event == event, outbox.c.step == step
    )
    there = set(connection.execute(known).scalars())
    rows = [
        {
            "alert_id": alert_id,
            "event": event,
            "step": step,
            "channel": channel,
            "state": "pending",
            "attempts": 0,
            "due_at": format_utc(due),
        }
        for channel in channels
        if channel not in there
    ]
    if rows:
        connection.execute(insert(outbox), rows)


def due(connection: Connection, now: datetime, but: Collection[str] = (), limit: int = 500) -> list[Delivery]:
    """Return the pending rows whose time has come, oldest first. but: channels to leave out."""
    query = (
        select(outbox)
        .where(outbox.c.state == "pending", outbox.c.due_at <= format_utc(now), outbox.c.channel.not_in(but))
        .order_by(outbox.c.due_at, outbox.c.number)
        .limit(limit)
    )
    return [
        Delivery(
            number=row["number"],
            alert_id=row["alert_id"],
            event=row["event"],
            step=row["step"],
            channel=row["channel"],
            attempts=row["attempts"],
            due_at=parse_utc(row["due_at"]),
        )
        for row in connection.execute(query).mappings()
    ]


def next_due(connection: Connection) -> datetime | None:
    """Return when the next pending row is due."""
    moment = connection.execute(select(func.min(outbox.c.due_at)).where(outbox.c.state == "pending")).scalar()
    return parse_utc(moment) if moment else None


def settle(
    connection: Connection,
    delivery: Delivery,
    state: str,
    now: datetime,
    error: str | None = None,
    retry_at: datetime | None = None,
) -> None:
    """Write what became of an attempt: sent, dead, cancelled, or pending again at `retry_at`."""
    attempted = 0 if state == "cancelled" else 1
    connection.execute(
        update(outbox)
        .where(outbox.c.number == delivery.number)
        .values(
            state=state,
            attempts=delivery.attempts + attempted,
            due_at=format_utc(retry_at or delivery.due_at),
            sent_at=format_utc(now) if state == "sent" else None,
            error=error,
        )
    )


def told(connection: Connection, alert_id: str) -> set[str]:
    """Return the channels that were told of an episode's firing."""
    query = select(outbox.c.channel).where(
        outbox.c.alert_id == alert_id, outbox.c.event != "resolved", outbox.c.state == "sent"
    )
    return set(connection.execute(query).scalars())


def told_or_pending(connection: Connection, alert_id: str) -> list[str]:
    """Return the channels that were told of an episode, or are about to be."""
    query = select(outbox.c.channel).where(
        outbox.c.alert_id == alert_id, outbox.c.event != "resolved", outbox.c.state.in_(("sent", "pending"))
    )
    return sorted(set(connection.execute(query).scalars()))


def last_told(connection: Connection, fingerprint: str) -> datetime | None:
    """Return when somebody was last told that an alert of this fingerprint fires."""
    query = (
        select(func.max(outbox.c.sent_at))
        .join(alerts, alerts.c.id == outbox.c.alert_id)
        .where(alerts.c.fingerprint == fingerprint, outbox.c.event == "firing", outbox.c.state == "sent")
    )
    moment = connection.execute(query).scalar()
    return parse_utc(moment) if moment else None


def outbox_counts(connection: Connection) -> Mapping[tuple[str, str], int]:
    """Return how many rows there are by channel and state."""
    query = select(outbox.c.channel, outbox.c.state, func.count()).group_by(outbox.c.channel, outbox.c.state)
    return {(channel, state): count for channel, state, count in connection.execute(query)}


def receive(connection: Connection, now: datetime, source: str, body: str, error: str | None = None) -> None:
    """Keep a notification as it came; `error` where it could not be used."""
    connection.execute(insert(inbox).values(received_at=format_utc(now), source=source, body=body, error=error))


def record_threshold(connection: Connection, change: ThresholdChange) -> None:
    """Add a row to the history of thresholds."""
    connection.execute(
        insert(threshold_history).values(
            metric_name=change.metric_name,
            threshold_value=change.value,
            calculated_at=format_utc(change.calculated_at),
            reason=change.reason,
            labels=dict(change.labels),
            reason_key=change.reason_key,
            reason_values=dict(change.reason_values),
        )
    )


def threshold_rows(
    connection: Connection, metric_name: str, limit: int, labels: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return the newest rows of a metric's thresholds with these labels, newest first."""
    table = threshold_history
    query = select(table).where(table.c.metric_name == metric_name).order_by(table.c.number.desc()).limit(limit)
    for name, value in (labels or {}).items():
        query = query.where(table.c.labels[name].as_string() == value)
    return [
        {key: value for key, value in row.items() if key != "number"} for row in connection.execute(query).mappings()
    ]


def clean_up(connection: Connection, now: datetime, keep_days: float, batch: int = 1000) -> int:
    """Delete one batch of what is older than `keep_days`; open episodes never go. Returns how many rows went."""
    before = format_utc(now - timedelta(days=keep_days))
    gone = 0
    for table, key, condition in (
        (alerts, alerts.c.id, alerts.c.resolved_at < before),
        (inbox, inbox.c.number, inbox.c.received_at < before),
        (threshold_history, threshold_history.c.number, threshold_history.c.calculated_at < before),
    ):
        old = select(key).where(condition).limit(batch)
        gone += connection.execute(delete(table).where(key.in_(old.scalar_subquery()))).rowcount
    return gone


def _sorted(query: Select[Any], sort: str) -> Select[Any]:
    name = sort.removeprefix("-")
    if name == "severity":
        nobody = case((alerts.c.status == Status.FIRING.value, 0), else_=1)
        order = [_RANK.asc() if sort.startswith("-") else _RANK.desc(), nobody, alerts.c.created_at, alerts.c.id]
        return query.order_by(*order)
    column = alerts.c[name]
    return query.order_by(column.desc() if sort.startswith("-") else column.asc(), alerts.c.id)


def _row(alert: Alert) -> dict[str, Any]:
    row = {key: value for key, value in asdict(alert).items() if key in alerts.c}
    row |= {name: format_utc(row[name]) if row[name] else None for name in _TIMES}
    row |= {"severity": alert.severity.value, "status": alert.status.value}
    row |= {"log_patterns": list(row["log_patterns"]), "changes": list(row["changes"])}
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
