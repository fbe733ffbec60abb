"""What is over and old goes, a batch at a time."""

from datetime import datetime, timedelta

from sqlalchemy import (
    Connection,
    delete,
    select,
)

from alert_bridge.store.tables import alerts, changes, inbox, threshold_history
from runtime.clock import format_utc


def clean_up(
    connection: Connection, now: datetime, keep_days: float, inbox_days: float | None = None, batch: int = 250
) -> int:
    """Delete one batch of what is older than `keep_days`; open episodes never go. Returns how many rows went.

    inbox_days: the same for notifications as they came; None: keep_days.
    batch: of each sort of row; small, for nobody else writes meanwhile.
    """
    before = format_utc(now - timedelta(days=keep_days))
    received = before if inbox_days is None else format_utc(now - timedelta(days=min(inbox_days, keep_days)))
    gone = 0
    for table, key, condition in (
        (alerts, alerts.c.id, alerts.c.resolved_at < before),
        (inbox, inbox.c.number, inbox.c.received_at < received),
        (changes, changes.c.id, changes.c.timestamp < before),
        (threshold_history, threshold_history.c.number, threshold_history.c.calculated_at < before),
    ):
        old = select(key).where(condition).limit(batch)
        gone += connection.execute(delete(table).where(key.in_(old.scalar_subquery()))).rowcount
    return gone
