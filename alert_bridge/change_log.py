"""What was changed in the system, and the alerts that began shortly after: deploys, settings, whatever is told.

A change is told by `POST /api/v1/changes`, or found where the version in a `*_build_info` differs.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from alert_bridge.alerts import Alert
from alert_bridge.episodes import Change
from alert_bridge.pipeline import Pipeline
from alert_bridge.store import change_rows, episode_rows
from runtime.clock import format_utc
from runtime.database import Database
from runtime.masking import mask

BEFORE = timedelta(hours=1)
AFTER = timedelta(minutes=5)
"""A change this long before the begin of an alert, or after it, is shown with the alert."""

_MOST_SHOWN = 5
_MOST_ALERTS = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """A change as it is told. source: api, build_info."""

    title: str
    timestamp: datetime
    service: str | None = None
    version: str | None = None
    author: str | None = None
    source: str = "api"


class ChangeLog:
    """Stores changes without personal data, and shows them with the alerts of the same window."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def record(self, told: Told) -> tuple[dict[str, Any], bool]:
        """Store a change; returns it as it is shown, and whether it is new. The same one told twice is one.

        Open alerts that began in its window get it.
        """
        row = _row(told)
        new = False

        def work(connection: Connection, now: datetime) -> Sequence[Change]:
            nonlocal new
            new = change_rows.add(connection, row)
            if not new:
                return []
            begun = episode_rows.open_begun(connection, told.timestamp - AFTER, told.timestamp + BEFORE, _MOST_ALERTS)
            return [Change(_with(alert, row, now), "updated") for alert in begun]

        await self._pipeline.change(work)
        return row, new


async def changes_of(database: Database, alert: Alert) -> Sequence[Mapping[str, Any]]:
    """Return the changes that an alert began with: those of its own service first, then the newest."""
    start, end = alert.created_at - BEFORE, alert.created_at + AFTER
    found = await database.read(lambda connection: change_rows.between(connection, start, end, 10 * _MOST_SHOWN))
    return _chosen(alert, found)


def _row(told: Told) -> dict[str, Any]:
    said = {"title": told.title, "service": told.service, "version": told.version, "author": told.author}
    row = {name: mask(text) if text else None for name, text in said.items()}
    moment = format_utc(told.timestamp)
    identity = "\0".join([moment, *(str(value) for value in row.values())])
    id = f"change_{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    return {"id": id, "timestamp": moment, **row, "source": told.source}


def _with(alert: Alert, row: Mapping[str, Any], now: datetime) -> Alert:
    known = [one for one in alert.changes if one.get("id") != row["id"]]
    return replace(alert, changes=tuple(_chosen(alert, [row, *known])), updated_at=now)


def _chosen(alert: Alert, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    services = {alert.labels.get("service"), alert.labels.get("job")} - {None}
    ordered = sorted(rows, key=lambda row: str(row.get("timestamp")), reverse=True)
    return sorted(ordered, key=lambda row: row.get("service") not in services)[:_MOST_SHOWN]
