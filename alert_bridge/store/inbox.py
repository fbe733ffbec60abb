"""The inbox: notifications as they came, and what of them could not be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from alert_bridge.store.tables import inbox
from runtime.clock import format_utc

_SHOWN_CHARACTERS = 2000

_REFUSED = inbox.c.error.is_not(None)
_COUNT = select(func.count()).select_from(inbox)

Row = tuple[str, str, str | None]
"""The source, the body, and what was wrong with it: None for a whole notification."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A notification, or the part of one that could not be used."""

    number: int
    source: str
    body: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Letters:
    """A part of the inbox, and how many there are in all."""

    items: Sequence[dict[str, Any]]
    total: int


def receive_all(connection: Connection, now: datetime, rows: Sequence[Row]) -> None:
    """Keep notifications as they came, and what of them could not be used."""
    received = format_utc(now)
    if rows:
        connection.execute(
            insert(inbox),
            [{"received_at": received, "source": source, "body": body, "error": error} for source, body, error in rows],
        )


def letters(connection: Connection, *, refused: bool, limit: int) -> Letters:
    """Return the newest notifications, bodies cut; refused: only what could not be used."""
    shown = _REFUSED if refused else inbox.c.number.is_not(None)
    total = connection.execute(_COUNT.where(shown)).scalar_one()
    body = func.substr(inbox.c.body, 1, _SHOWN_CHARACTERS).label("body")
    query = select(inbox.c.number, inbox.c.received_at, inbox.c.source, inbox.c.error, body)
    rows = connection.execute(query.where(shown).order_by(inbox.c.number.desc()).limit(limit)).mappings()
    return Letters([dict(row) for row in rows], total)


def refused(connection: Connection) -> int:
    """Return how many could not be used and were not taken since."""
    return int(connection.execute(_COUNT.where(_REFUSED)).scalar_one())


def get(connection: Connection, number: int) -> Letter | None:
    """Return one notification."""
    query = select(inbox.c.number, inbox.c.source, inbox.c.body, inbox.c.error).where(inbox.c.number == number)
    row = connection.execute(query).mappings().first()
    return Letter(**row) if row else None


def settle(connection: Connection, number: int) -> None:
    """Note that what could not be used has been taken after all."""
    connection.execute(update(inbox).where(inbox.c.number == number).values(error=None))
