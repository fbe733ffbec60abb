"""The inbox: notifications as they came, and what of them could not be used."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Connection,
    insert,
)

from alert_bridge.store.tables import inbox
from runtime.clock import format_utc

Row = tuple[str, str, str | None]
"""The source, the body, and what was wrong with it: None for a whole notification."""


def receive_all(connection: Connection, now: datetime, rows: Sequence[Row]) -> None:
    """Keep notifications as they came, and what of them could not be used."""
    received = format_utc(now)
    if rows:
        connection.execute(
            insert(inbox),
            [{"received_at": received, "source": source, "body": body, "error": error} for source, body, error in rows],
        )
