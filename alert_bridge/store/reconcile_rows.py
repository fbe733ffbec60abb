"""What the reconcile poll and maintenance windows ask of the episodes, and when something last was."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.episodes import reasons
from alert_bridge.reconcile import OpenEpisode
from alert_bridge.store import episode_rows
from alert_bridge.store.tables import alerts, moments
from runtime.clock import format_utc, parse_utc

_CHUNK = 500


def open_from(connection: Connection, sources: Collection[str]) -> list[OpenEpisode]:
    """Return the open episodes that came in by these sources; tens of thousands are read without their texts."""
    columns = (
        alerts.c.id,
        alerts.c.fingerprint,
        alerts.c.suppressed_by,
        alerts.c.status,
        alerts.c.acknowledged_by,
        alerts.c.comment,
    )
    query = select(*columns).where(
        alerts.c.resolved_at.is_(None), alerts.c.cluster == "", alerts.c.source.in_(sorted(sources))
    )
    return [
        OpenEpisode(
            row.id,
            row.fingerprint,
            reasons(row.suppressed_by),
            row.acknowledged_by if row.status == Status.ACKNOWLEDGED.value else None,
            row.comment or "",
        )
        for row in connection.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Labelled:
    """What maintenance windows have to know of an open episode. reasons: why it is silent."""

    id: str
    labels: Mapping[str, str]
    severity: Severity
    reasons: tuple[str, ...]


def open_labelled(connection: Connection) -> list[Labelled]:
    """Return all open episodes."""
    query = select(alerts.c.id, alerts.c.labels, alerts.c.severity, alerts.c.suppressed_by)
    return [
        Labelled(row.id, row.labels, Severity(row.severity), reasons(row.suppressed_by))
        for row in connection.execute(query.where(alerts.c.resolved_at.is_(None)))
    ]


def named_since(connection: Connection, names: Collection[str], since: datetime) -> list[Alert]:
    """Return the episodes of these names that are open, or ended since a moment."""
    ordered = sorted(names)
    ids: list[str] = []
    for start in range(0, len(ordered), _CHUNK):
        query = select(alerts.c.id).where(
            alerts.c.name.in_(ordered[start : start + _CHUNK]),
            or_(alerts.c.resolved_at.is_(None), alerts.c.resolved_at >= format_utc(since)),
        )
        ids += connection.execute(query).scalars()
    return episode_rows.get_all(connection, ids)


def moment(connection: Connection, name: str) -> datetime | None:
    """Return when something last was; None if never."""
    at = connection.execute(select(moments.c.at).where(moments.c.name == name)).scalar()
    return parse_utc(at) if at else None


def note_moment(connection: Connection, name: str, at: datetime) -> None:
    """Write down that something was at a moment."""
    values = {"at": format_utc(at)}
    if connection.execute(update(moments).where(moments.c.name == name).values(values)).rowcount == 0:
        connection.execute(insert(moments).values(name=name, **values))
