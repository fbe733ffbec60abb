"""The outbox: what is still to be told, on which channel, when, and what became of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Connection,
    func,
    insert,
    select,
    update,
)

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


def counts(connection: Connection) -> Mapping[tuple[str, str], int]:
    """Return how many rows there are by channel and state."""
    query = select(outbox.c.channel, outbox.c.state, func.count()).group_by(outbox.c.channel, outbox.c.state)
    return {(channel, state): count for channel, state, count in connection.execute(query)}
