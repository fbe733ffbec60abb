"""What was changed in the system: rows of `changes`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select

from alert_bridge.store.tables import changes
from runtime.clock import format_utc

Row = Mapping[str, Any]


def add(connection: Connection, change: Row) -> bool:
    """Store a change (id, timestamp, title, service, version, author, source); False where it is there already."""
    if connection.execute(select(changes.c.id).where(changes.c.id == change["id"])).first() is not None:
        return False
    connection.execute(insert(changes).values(**change))
    return True


def between(connection: Connection, start: datetime, end: datetime, limit: int) -> list[dict[str, Any]]:
    """Return the changes of a period, the newest first."""
    period = changes.c.timestamp.between(format_utc(start), format_utc(end))
    query = select(changes).where(period).order_by(changes.c.timestamp.desc(), changes.c.id).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def page(
    connection: Connection,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    service: str | None = None,
    limit: int = 50,
    after: tuple[str | int, ...] | None = None,
) -> tuple[list[dict[str, Any]], int, tuple[str, str] | None]:
    """Return one page of changes, the newest first, how many there are, and the place of the last if more follow."""
    conditions = [
        changes.c.timestamp >= format_utc(start) if start else None,
        changes.c.timestamp <= format_utc(end) if end else None,
        changes.c.service == service if service is not None else None,
    ]
    wanted = and_(True, *(one for one in conditions if one is not None))
    total = connection.execute(select(func.count()).select_from(changes).where(wanted)).scalar_one()
    query = select(changes).where(wanted).order_by(changes.c.timestamp.desc(), changes.c.id).limit(limit + 1)
    if after is not None:
        moment, id = after
        later = and_(changes.c.timestamp == moment, changes.c.id > id)
        query = query.where(or_(changes.c.timestamp < moment, later))
    rows = [dict(row) for row in connection.execute(query).mappings()]
    last = (rows[limit - 1]["timestamp"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return rows[:limit], total, last
