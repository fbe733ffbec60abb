"""The inbox: notifications as they came, and what of them could not be used."""

from datetime import datetime

from sqlalchemy import (
    Connection,
    insert,
)

from alert_bridge.store.tables import inbox
from runtime.clock import format_utc


def receive(connection: Connection, now: datetime, source: str, body: str, error: str | None = None) -> None:
    """Keep a notification as it came; `error` where it could not be used."""
    connection.execute(insert(inbox).values(received_at=format_utc(now), source=source, body=body, error=error))
