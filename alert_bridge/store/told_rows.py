"""What was told of alerts so far, read from the outbox and the history."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from alert_bridge.alerts import Alert, Severity
from alert_bridge.store.outbox import chunks
from alert_bridge.store.tables import alerts, history, outbox
from alert_bridge.suppression import FLAP_PERIOD, Past, Told
from runtime.clock import format_utc, parse_utc

_ASKS = ("firing", "escalated")
_WHILE_IT_FIRED = or_(
    outbox.c.event != "backfill", alerts.c.resolved_at.is_(None), outbox.c.created_at < alerts.c.resolved_at
)
"""Over outbox joined with alerts: a word that an alert came and went is no word that it fires."""
_LOOK_BACK = timedelta(days=1)
_ON_ITS_WAY = ("sent", "sending", "pending", "retry")


def told(connection: Connection, alert_ids: Collection[str], channel: str, target: str) -> set[str]:
    """Return of which episodes an address heard, or may have; the word that they are over aside."""
    found: set[str] = set()
    for chunk in chunks(sorted(alert_ids)):
        query = (
            select(outbox.c.alert_id)
            .join(alerts)
            .where(
                outbox.c.alert_id.in_(chunk),
                outbox.c.channel == channel,
                outbox.c.target == target,
                outbox.c.event != "resolved",
                outbox.c.sent_at.is_not(None),
                _WHILE_IT_FIRED,
            )
        )
        found |= set(connection.execute(query).scalars())
    return found


def told_or_pending(connection: Connection, alert_ids: Collection[str]) -> dict[str, list[str]]:
    """Return the channels that were told of each episode, may have been, or may be about to be."""
    found: dict[str, set[str]] = defaultdict(set)
    for chunk in chunks(sorted(alert_ids)):
        on_its_way = or_(outbox.c.state.in_(_ON_ITS_WAY), outbox.c.sent_at.is_not(None))
        query = (
            select(outbox.c.alert_id, outbox.c.channel)
            .join(alerts)
            .where(outbox.c.alert_id.in_(chunk), outbox.c.event != "resolved", on_its_way, _WHILE_IT_FIRED)
        )
        for row in connection.execute(query):
            found[row.alert_id].add(row.channel)
    return {alert_id: sorted(channels) for alert_id, channels in found.items()}


def being_told(connection: Connection, alert_ids: Collection[str], channel: str, target: str) -> set[str]:
    """Return the episodes of which an address is being told at this moment: the word that they are over waits."""
    found: set[str] = set()
    for chunk in chunks(sorted(alert_ids)):
        query = select(outbox.c.alert_id).where(
            outbox.c.alert_id.in_(chunk),
            outbox.c.channel == channel,
            outbox.c.target == target,
            outbox.c.event.in_(_ASKS),
            outbox.c.state == "sending",
        )
        found |= set(connection.execute(query).scalars())
    return found


def last_asked(connection: Connection, alert_ids: Collection[str], channel: str, target: str) -> dict[str, int]:
    """Return the number of the last word that each episode fires that reached an address, or is on its way there."""
    found: dict[str, int] = {}
    for chunk in chunks(sorted(alert_ids)):
        query = select(outbox.c.alert_id, func.max(outbox.c.number).label("last")).where(
            outbox.c.alert_id.in_(chunk),
            outbox.c.channel == channel,
            outbox.c.target == target,
            outbox.c.event.in_(_ASKS),
            outbox.c.state.in_(("sending", "sent")),
        )
        found |= {row.alert_id: row.last for row in connection.execute(query.group_by(outbox.c.alert_id))}
    return found


def pasts(connection: Connection, subjects: Iterable[Alert], channel: str, now: datetime) -> dict[str, Past]:
    """Return, by the id of each alert, what there was before of the same fingerprint on a channel."""
    by_key: dict[tuple[str, str], list[Alert]] = defaultdict(list)
    for alert in subjects:
        by_key[alert.cluster, alert.fingerprint].append(alert)
    found: dict[str, Past] = {}
    for chunk in chunks(sorted({fingerprint for _, fingerprint in by_key})):
        begins, changed = _changes(connection, chunk, now)
        last = _last_told(connection, chunk, channel, now)
        for key, members in by_key.items():
            if key[1] in chunk:
                for alert in members:
                    found[alert.id] = Past(begins.get(key, ()), changed.get(key, alert.created_at), last.get(key))
    return found


def held_back(connection: Connection, alert: Alert, channel: str, past: Past) -> int:
    """Return how many other episodes like this were kept from a channel since its last word that one fires."""
    query = (
        select(func.count(outbox.c.alert_id.distinct()))
        .join(alerts)
        .where(
            alerts.c.fingerprint == alert.fingerprint,
            alerts.c.cluster == alert.cluster,
            alerts.c.id != alert.id,
            outbox.c.channel == channel,
            outbox.c.held_by.is_not(None),
            outbox.c.event.in_(_ASKS),
            outbox.c.sent_at.is_(None),
        )
    )
    if past.told is not None:
        query = query.where(outbox.c.created_at >= format_utc(past.told.firing_at))
    return connection.execute(query).scalar_one()


def _changes(
    connection: Connection, fingerprints: Sequence[str], now: datetime
) -> tuple[dict[tuple[str, str], Sequence[datetime]], dict[tuple[str, str], datetime]]:
    """Return when episodes began within the flap period, and when each fingerprint last changed."""
    query = (
        select(alerts.c.cluster, alerts.c.fingerprint, alerts.c.id, history.c.what, history.c.timestamp)
        .join(history, history.c.alert_id == alerts.c.id)
        .where(
            alerts.c.fingerprint.in_(fingerprints),
            history.c.what.in_(("firing", "resolved")),
            history.c.timestamp > format_utc(now - FLAP_PERIOD),
        )
        .order_by(history.c.number)
    )
    began: dict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)
    changed: dict[tuple[str, str], datetime] = {}
    for row in connection.execute(query):
        key, moment = (row.cluster, row.fingerprint), parse_utc(row.timestamp)
        changed[key] = moment
        if row.what == "firing":
            began[key].setdefault(row.id, moment)
    return {key: tuple(moments.values()) for key, moments in began.items()}, changed


def _last_told(
    connection: Connection, fingerprints: Sequence[str], channel: str, now: datetime
) -> dict[tuple[str, str], Told]:
    query = (
        select(alerts.c.cluster, alerts.c.fingerprint, outbox.c.severity, outbox.c.sent_at)
        .join(outbox, outbox.c.alert_id == alerts.c.id)
        .where(
            alerts.c.fingerprint.in_(fingerprints),
            outbox.c.channel == channel,
            outbox.c.state == "sent",
            outbox.c.event.in_(_ASKS),
            outbox.c.sent_at > format_utc(now - _LOOK_BACK),
        )
        .order_by(outbox.c.sent_at)
    )
    return {
        (row.cluster, row.fingerprint): Told(
            parse_utc(row.sent_at), Severity(row.severity) if row.severity else Severity.CRITICAL
        )
        for row in connection.execute(query)
    }
