"""The outbox: what is still to be told, on which channel, when, and what became of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from alert_bridge.alerts import Alert, Severity
from alert_bridge.store.tables import alerts, outbox
from runtime.clock import format_utc, parse_utc

LEASE = timedelta(seconds=30)
"""How long a row counts as being sent; then its sender is taken for dead, and it goes out again under the same key."""

STATES = ("pending", "sending", "sent", "retry", "held", "dead", "cancelled")
WAITING = ("pending", "retry", "held")
"""States of what was not told yet and can be taken back."""

_ACTIVE = (*WAITING, "sending")
_WORST_FIRST = case({severity.value: severity.rank for severity in Severity}, value=alerts.c.severity, else_=0).desc()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the outbox: one event to one address (target) of one channel.

    target: one of several addresses of the channel, empty where it has but one, or before they are told apart.
    state: pending (as soon as possible), sending (leased), retry (at due_at), held (looked at again at due_at),
        sent, dead, cancelled. touched_at: when the state was written; as long as that lies in the future, the clock
        was set back, and what waits is due. severity: how bad it was when told or held.
    bundle: the number that the rows of one bundled message share.
    """

    number: int
    alert_id: str
    event: str
    step: int
    channel: str
    target: str
    state: str
    attempts: int
    created_at: datetime
    touched_at: datetime
    due_at: datetime
    severity: str = ""
    held_by: str | None = None
    bundle: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be told: one event of one episode to one channel, as soon as possible."""

    alert_id: str
    event: str
    channel: str
    told_at: datetime
    step: int = 0


def tell(
    connection: Connection, alert: Alert, event: str, channels: Collection[str], now: datetime, step: int = 0
) -> None:
    """Put an event of an alert into the outbox, for each channel once; what is there already stays as it is.

    event: a word of notify.notifier.Event. step: position in the escalation policy.
    Whether a `firing` is told at once, later or not at all (suppression window, flapping, quiet hours) is decided
    when it is about to be sent.
    """
    enqueue_all(connection, [Entry(alert.id, event, channel, now, step) for channel in channels])


def tell_bundle(
    connection: Connection, alert_ids: Sequence[str], event: str, channels: Collection[str], now: datetime
) -> None:
    """Put one message about many alerts into the outbox, for each channel: a row an alert, sent together.

    event: `backfill`.
    """
    enqueue_all(connection, [Entry(id, event, channel, now) for id in alert_ids for channel in channels])


def enqueue_all(connection: Connection, entries: Collection[Entry]) -> None:
    """Put events into the outbox; one that is there already stays as it is."""
    known: set[tuple[str, str, int, str]] = set()
    for chunk in chunks(sorted({entry.alert_id for entry in entries})):
        query = select(outbox.c.alert_id, outbox.c.event, outbox.c.step, outbox.c.channel).where(
            outbox.c.alert_id.in_(chunk)
        )
        known |= {(row.alert_id, row.event, row.step, row.channel) for row in connection.execute(query)}
    fresh = {(entry.alert_id, entry.event, entry.step, entry.channel): entry for entry in entries}
    rows = [_row(entry) for key, entry in fresh.items() if key not in known]
    if rows:
        connection.execute(insert(outbox), rows)


def cancel_pending(connection: Connection, alert_id: str) -> None:
    """Take back what was still to be told of an alert that somebody has, or that shall be silent.

    What is being sent at this moment, and the word that it is over, stay.
    """
    connection.execute(
        update(outbox)
        .where(
            outbox.c.alert_id == alert_id,
            outbox.c.event.in_(("firing", "escalated")),
            outbox.c.state.in_(WAITING),
        )
        .values(state="cancelled")
    )


def tell_after_all(connection: Connection, alert_ids: Collection[str], now: datetime) -> None:
    """Let the last word to each address that was taken back unsaid go out after all: the alerts fire on."""
    asks = outbox.c.event.in_(("firing", "escalated"))
    for chunk in chunks(sorted(alert_ids)):
        last = select(func.max(outbox.c.number)).where(outbox.c.alert_id.in_(chunk), asks)
        last = last.group_by(outbox.c.alert_id, outbox.c.channel, outbox.c.target)
        numbers = list(connection.execute(last).scalars())
        connection.execute(
            update(outbox)
            .where(outbox.c.number.in_(numbers), outbox.c.state == "cancelled")
            .values(state="pending", touched_at=format_utc(now), due_at=format_utc(now), held_by=None)
        )


def ready(connection: Connection, now: datetime) -> set[tuple[str, str]]:
    """Return the addresses, each a channel and a target, for which something is due."""
    query = select(outbox.c.channel, outbox.c.target).join(alerts).where(_is_due(now)).distinct()
    return {(row.channel, row.target) for row in connection.execute(query)}


def due(connection: Connection, channel: str, target: str, now: datetime, limit: int) -> list[Delivery]:
    """Return the rows of one address whose time has come: the worst first, then the oldest."""
    query = (
        select(outbox)
        .join(alerts)
        .where(outbox.c.channel == channel, outbox.c.target == target, _is_due(now))
        .order_by(_WORST_FIRST, outbox.c.number)
        .limit(limit)
    )
    return [_delivery(row) for row in connection.execute(query).mappings()]


def next_due(connection: Connection, after: datetime) -> datetime | None:
    """Return when the next row that waits for its time is due, among those that were not due at a moment."""
    waits = and_(outbox.c.state.in_(("retry", "held")), outbox.c.due_at > format_utc(after))
    query = select(func.min(outbox.c.due_at)).where(waits)
    moment = connection.execute(query).scalar()
    return parse_utc(moment) if moment else None


def tell_apart(connection: Connection, channel: str, targets: Sequence[str]) -> None:
    """Let the rows of a channel with several addresses become one row an address."""
    mine = and_(outbox.c.channel == channel, outbox.c.target == "", outbox.c.state.in_(WAITING))
    rows = connection.execute(select(outbox).where(mine)).mappings().all()
    connection.execute(update(outbox).where(mine).values(target=targets[0]))
    copies = [{**row, "target": target} for row in rows for target in targets[1:]]
    for copy in copies:
        del copy["number"]
    if copies:
        connection.execute(insert(outbox), copies)


def claim(connection: Connection, rows: Collection[Delivery], now: datetime, bundle: int | None) -> set[int]:
    """Lease rows for an attempt; returns the numbers that nobody else was quicker to take.

    bundle: the number that they share where they go out as one message.
    """
    taken: set[int] = set()
    for state, touched in {(row.state, row.touched_at) for row in rows}:
        numbers = [row.number for row in rows if (row.state, row.touched_at) == (state, touched)]
        for chunk in chunks(numbers):
            statement = (
                update(outbox)
                .where(outbox.c.number.in_(chunk), outbox.c.state == state, outbox.c.touched_at == format_utc(touched))
                .values(state="sending", touched_at=format_utc(now), bundle=bundle)
                .returning(outbox.c.number)
            )
            taken |= set(connection.execute(statement).scalars())
    return taken


def hold(connection: Connection, rows: Mapping[int, tuple[datetime, str, Severity]], now: datetime) -> None:
    """Keep rows back. rows: by number, until when, by what, and how bad the alert is now."""
    if rows:
        connection.execute(
            update(outbox)
            .where(outbox.c.number == bindparam("row"))
            .values(
                state="held",
                touched_at=format_utc(now),
                due_at=bindparam("until"),
                held_by=bindparam("by"),
                severity=bindparam("how_bad"),
            ),
            [
                {"row": number, "until": format_utc(until), "by": by, "how_bad": severity.value}
                for number, (until, by, severity) in rows.items()
            ],
        )


def settle(
    connection: Connection,
    numbers: Collection[int],
    state: str,
    now: datetime,
    *,
    attempts: int = 0,
    error: str | None = None,
    retry_at: datetime | None = None,
) -> None:
    """Write what became of rows: sent, dead, cancelled, or retry at `retry_at`. attempts: made just now, 0 or 1."""
    values: dict[str, Any] = {"state": state, "touched_at": format_utc(now), "attempts": outbox.c.attempts + attempts}
    if state == "sent":
        severity = select(alerts.c.severity).where(alerts.c.id == outbox.c.alert_id).scalar_subquery()
        values |= {"sent_at": format_utc(now), "severity": severity}
    if error is not None:
        values["error"] = error
    if retry_at is not None:
        values["due_at"] = format_utc(retry_at)
    for chunk in chunks(sorted(numbers)):
        connection.execute(update(outbox).where(outbox.c.number.in_(chunk)).values(values))


def count_as_told(connection: Connection, numbers: Collection[int], now: datetime) -> None:
    """Note that rows being sent may have reached their address, whatever becomes of them: it hears of the end."""
    for chunk in chunks(sorted(numbers)):
        mine = and_(outbox.c.number.in_(chunk), outbox.c.state == "sending", outbox.c.sent_at.is_(None))
        connection.execute(update(outbox).where(mine).values(sent_at=format_utc(now)))


def of_state(connection: Connection, state: str, limit: int, offset: int = 0) -> tuple[list[Delivery], int]:
    """Return rows in a state, the newest first, and how many there are in all."""
    mine = outbox.c.state == state
    total = connection.execute(select(func.count()).select_from(outbox).where(mine)).scalar_one()
    query = select(outbox).where(mine).order_by(outbox.c.number.desc()).limit(limit).offset(offset)
    return [_delivery(row) for row in connection.execute(query).mappings()], total


def get(connection: Connection, number: int) -> Delivery | None:
    """Return one row."""
    row = connection.execute(select(outbox).where(outbox.c.number == number)).mappings().first()
    return _delivery(row) if row else None


def revive(connection: Connection, number: int, now: datetime) -> bool:
    """Let a dead row be tried again, as if it were new; False if there is no such row, or it is not dead."""
    statement = (
        update(outbox)
        .where(outbox.c.number == number, outbox.c.state == "dead")
        .values(state="pending", attempts=0, created_at=format_utc(now), touched_at=format_utc(now), bundle=None)
    )
    return connection.execute(statement).rowcount > 0


def counts(connection: Connection) -> Mapping[tuple[str, str], int]:
    """Return how many rows there are by channel and state."""
    query = select(outbox.c.channel, outbox.c.state, func.count()).group_by(outbox.c.channel, outbox.c.state)
    return {(channel, state): count for channel, state, count in connection.execute(query)}


def last_success(connection: Connection) -> dict[str, datetime]:
    """Return when each channel last told something."""
    query = select(outbox.c.channel, func.max(outbox.c.sent_at)).where(outbox.c.state == "sent")
    return {channel: parse_utc(at) for channel, at in connection.execute(query.group_by(outbox.c.channel)) if at}


def last_error(connection: Connection) -> dict[str, tuple[datetime, str]]:
    """Return what last went wrong on each channel, among what is dead or waits for its next attempt, and when."""
    failed = and_(outbox.c.state.in_(("dead", "retry")), outbox.c.error.is_not(None))
    query = select(outbox.c.channel, outbox.c.touched_at, outbox.c.error).where(failed).order_by(outbox.c.touched_at)
    return {row.channel: (parse_utc(row.touched_at), row.error) for row in connection.execute(query)}


def chunks(keys: Sequence[Any], size: int = 500) -> list[Sequence[Any]]:
    """Cut keys into parts that fit into one statement."""
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def _is_due(now: datetime) -> ColumnElement[bool]:
    """The condition, over outbox joined with alerts, that a row's time has come.

    A row that was touched in the future tells of a clock that was set back: it is not left to wait for that future.
    """
    moment = format_utc(now)
    set_back = outbox.c.touched_at > moment
    return and_(
        outbox.c.state.in_(_ACTIVE),
        or_(
            outbox.c.state == "pending",
            and_(outbox.c.state.in_(("retry", "held")), or_(outbox.c.due_at <= moment, set_back)),
            and_(outbox.c.state == "sending", or_(outbox.c.touched_at <= format_utc(now - LEASE), set_back)),
            and_(outbox.c.state == "held", alerts.c.severity != outbox.c.severity),
        ),
    )


def _row(entry: Entry) -> dict[str, Any]:
    moment = format_utc(entry.told_at)
    return {
        "alert_id": entry.alert_id,
        "event": entry.event,
        "step": entry.step,
        "channel": entry.channel,
        "state": "pending",
        "attempts": 0,
        "created_at": moment,
        "touched_at": moment,
        "due_at": moment,
    }


def _delivery(row: RowMapping) -> Delivery:
    values = {key: value for key, value in row.items() if key != "sent_at"}
    values |= {name: parse_utc(values[name]) for name in ("created_at", "touched_at", "due_at")}
    return Delivery(**values)
