"""The outbox: what is still to be told, on which channel, when, and what became of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Connection,
    func,
    insert,
    select,
    update,
)

from alert_bridge.alerts import Alert
from alert_bridge.store.tables import alerts, outbox
from runtime.clock import format_utc, parse_utc


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


def tell(
    connection: Connection, alert: Alert, event: str, channels: Collection[str], now: datetime, step: int = 0
) -> None:
    """Put an event of an alert into the outbox, for each channel once; what is there already stays as it is.

    event: a word of notify.notifier.Event. step: position in the escalation policy.
    Whether a `firing` is told at once, later or not at all (suppression window, flapping, quiet hours) is decided
    when it is about to be sent.
    """
    enqueue(connection, alert.id, event, channels, now, step)


def tell_bundle(
    connection: Connection, alert_ids: Sequence[str], event: str, channels: Collection[str], now: datetime
) -> None:
    """Put one message about many alerts into the outbox, for each channel.

    event: `backfill` or `bundle`. No alerts: nothing is told.
    """
    if not alert_ids:
        return
    first = alert_ids[0]
    used = select(func.max(outbox.c.step)).where(outbox.c.alert_id == first, outbox.c.event == event)
    step = connection.execute(used).scalar()
    enqueue(connection, first, event, channels, now, 0 if step is None else step + 1)
    connection.execute(
        update(outbox)
        .where(outbox.c.alert_id == first, outbox.c.event == event, outbox.c.alert_ids.is_(None))
        .values(alert_ids=list(alert_ids))
    )


def cancel_pending(connection: Connection, alert_id: str) -> None:
    """Take back what was still to be told of an alert that somebody has, or that shall be silent.

    What is being sent at this moment, and the word that it is over, stay.
    """
    connection.execute(
        update(outbox)
        .where(
            outbox.c.alert_id == alert_id,
            outbox.c.event.in_(("firing", "escalated")),
            outbox.c.state.in_(("pending", "retry", "held")),
        )
        .values(state="cancelled")
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be told: one event of one episode to one channel."""

    alert_id: str
    event: str
    channel: str
    due_at: datetime
    step: int = 0


def enqueue(
    connection: Connection, alert_id: str, event: str, channels: Collection[str], due: datetime, step: int = 0
) -> None:
    """Put an event for each channel into the outbox; one that is there already stays as it is."""
    enqueue_all(connection, [Entry(alert_id, event, channel, due, step) for channel in channels])


def enqueue_all(connection: Connection, entries: Collection[Entry]) -> None:
    """Put events into the outbox; one that is there already stays as it is."""
    known: set[tuple[str, str, int, str]] = set()
    for chunk in _chunks(sorted({entry.alert_id for entry in entries})):
        query = select(outbox.c.alert_id, outbox.c.event, outbox.c.step, outbox.c.channel).where(
            outbox.c.alert_id.in_(chunk)
        )
        known |= {(row.alert_id, row.event, row.step, row.channel) for row in connection.execute(query)}
    rows = [
        {
            "alert_id": entry.alert_id,
            "event": entry.event,
            "step": entry.step,
            "channel": entry.channel,
            "state": "pending",
            "attempts": 0,
            "due_at": format_utc(entry.due_at),
        }
        for entry in entries
        if (entry.alert_id, entry.event, entry.step, entry.channel) not in known
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


def told_or_pending(connection: Connection, alert_ids: Collection[str]) -> dict[str, list[str]]:
    """Return by episode the channels that were told of it, or are about to be."""
    found: dict[str, set[str]] = {}
    for chunk in _chunks(alert_ids):
        query = select(outbox.c.alert_id, outbox.c.channel).where(
            outbox.c.alert_id.in_(chunk), outbox.c.event != "resolved", outbox.c.state.in_(("sent", "pending"))
        )
        for alert_id, channel in connection.execute(query):
            found.setdefault(alert_id, set()).add(channel)
    return {alert_id: sorted(channels) for alert_id, channels in found.items()}


def last_told(connection: Connection, fingerprints: Collection[str]) -> dict[str, datetime]:
    """Return when somebody was last told that an alert of each fingerprint fires."""
    found: dict[str, datetime] = {}
    for chunk in _chunks(fingerprints):
        query = (
            select(alerts.c.fingerprint, func.max(outbox.c.sent_at))
            .join(alerts, alerts.c.id == outbox.c.alert_id)
            .where(alerts.c.fingerprint.in_(chunk), outbox.c.event == "firing", outbox.c.state == "sent")
            .group_by(alerts.c.fingerprint)
        )
        found |= {fingerprint: parse_utc(moment) for fingerprint, moment in connection.execute(query)}
    return found


def counts(connection: Connection) -> Mapping[tuple[str, str], int]:
    """Return how many rows there are by channel and state."""
    query = select(outbox.c.channel, outbox.c.state, func.count()).group_by(outbox.c.channel, outbox.c.state)
    return {(channel, state): count for channel, state, count in connection.execute(query)}


def _chunks(keys: Collection[str], size: int = 500) -> list[list[str]]:
    """Cut keys for queries: a statement has a limit of parameters."""
    ordered = list(keys)
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]
