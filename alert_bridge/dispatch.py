"""What goes out to one address now, what is kept back, and what is no longer worth telling."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.notify.notifier import Event
from alert_bridge.pace import BUNDLE_ABOVE
from alert_bridge.quiet_hours import QuietHours
from alert_bridge.store import episode_rows, outbox, told_rows
from alert_bridge.store.outbox import Delivery
from alert_bridge.suppression import Hold, Past, first_word, in_quiet_hours, last_word

MOST_ROWS = 10_000
"""Rows of one address that are looked at at once."""

_ASKS = (Event.FIRING, Event.ESCALATED)


@dataclass(frozen=True, slots=True)
class Address:
    """One target of one channel, and how it wants to be told.

    window: how long repeats of an alert are kept back. bundles: whether many alerts may come as one message.
    """

    channel: str
    target: str
    window: timedelta
    quiet: QuietHours | None = None
    bundles: bool = True


@dataclass(frozen=True, slots=True)
class Parcel:
    """Rows that go out as one message. bundle: the number they share, None for a single word."""

    rows: tuple[Delivery, ...]
    bundle: int | None = None

    @property
    def key(self) -> str:
        """The same on every attempt, so that a receiver can drop a repeat."""
        row = self.rows[0]
        what = f"{row.alert_id}:{row.event}:{row.step}" if self.bundle is None else f"bundle:{self.bundle}"
        return f"{what}:{row.channel}:{row.target}" if row.target else f"{what}:{row.channel}"

    @property
    def alert_ids(self) -> tuple[str, ...]:
        """The alerts it is about, each once."""
        return tuple(dict.fromkeys(row.alert_id for row in self.rows))

    @property
    def event(self) -> Event:
        """What it tells: the word of its rows, of several words that it is a bundle."""
        words = {Event(row.event) for row in self.rows}
        return words.pop() if self.bundle is None or words == {Event.BACKFILL} else Event.BUNDLE


@dataclass(slots=True)
class Plan:
    """What to do with the rows of one address that are due. lapsed: those whose sender is taken for dead."""

    parcels: list[Parcel] = field(default_factory=list)
    held: dict[int, tuple[Delivery, Hold, Severity]] = field(default_factory=dict)
    cancelled: list[int] = field(default_factory=list)
    lapsed: list[int] = field(default_factory=list)
    left: bool = False

    @property
    def writes(self) -> bool:
        """True if there is anything to store."""
        return bool(self.parcels or self.held or self.cancelled)


def plan(connection: Connection, address: Address, now: datetime, *, free: int, but: Collection[int]) -> Plan:
    """Look at what is due for an address; reads only.

    free: how many messages may go out now. but: numbers that are being sent. `left` of the plan says that more
    waits than may go out.
    """
    found = Plan()
    most = MOST_ROWS if address.bundles else free + len(but)
    rows = outbox.due(connection, address.channel, address.target, now, most)
    rows = [row for row in rows if row.number not in but]
    found.lapsed = [row.number for row in rows if row.state == "sending"]
    wanted = _wanted(connection, rows, address, now, found)
    parcels = _parcels(wanted, address.bundles)
    found.parcels, found.left = parcels[:free], len(parcels) > free
    return found


def store(connection: Connection, plan: Plan, now: datetime) -> list[Parcel]:
    """Store a plan; returns the parcels that are ours to send."""
    outbox.count_as_told(connection, plan.lapsed, now)
    outbox.settle(connection, plan.cancelled, "cancelled", now)
    rows = {number: (hold.until, hold.by, severity) for number, (_, hold, severity) in plan.held.items()}
    outbox.hold(connection, rows, now)
    for row, hold, _ in plan.held.values():
        if row.held_by is None:
            detail = f"{hold.by}: until {hold.until.isoformat(timespec='seconds')}"
            episode_rows.note(connection, row.alert_id, now, "held", "", row.event, row.channel, detail)
    ours = []
    for parcel in plan.parcels:
        taken = outbox.claim(connection, parcel.rows, now, parcel.bundle)
        kept = tuple(row for row in parcel.rows if row.number in taken)
        if kept:
            ours.append(Parcel(kept, parcel.bundle))
    return ours


def still_wanted(row: Delivery, alert: Alert, told: bool) -> bool:
    """Tell whether a word still makes sense: a first one while it fires and nobody has it, a last one to who was told.

    told: whether this address heard, or may have heard, that it fires.
    """
    if row.event == Event.RESOLVED:
        return told
    if row.event in _ASKS:
        return alert.status is Status.FIRING
    return True


def _wanted(
    connection: Connection, rows: Sequence[Delivery], address: Address, now: datetime, found: Plan
) -> list[Delivery]:
    """Return the rows to tell now; what is kept back or taken back is written into `found`."""
    ids = {row.alert_id for row in rows}
    alerts = {alert.id: alert for alert in episode_rows.get_all(connection, sorted(ids))}
    over = {row.alert_id for row in rows if row.event == Event.RESOLVED}
    told = told_rows.told(connection, over, address.channel, address.target)
    being_told = told_rows.being_told(connection, over, address.channel, address.target)
    judged = [alerts[row.alert_id] for row in rows if row.alert_id in alerts and row.event in (*_ASKS, Event.RESOLVED)]
    pasts = told_rows.pasts(connection, judged, address.channel, now)
    asked = {row.alert_id: row.number for row in rows if row.event in _ASKS}
    later = told_rows.last_asked(connection, asked, address.channel, address.target)
    newest = {alert_id: max(number, later.get(alert_id, 0)) for alert_id, number in asked.items()}
    wanted = []
    for row in rows:
        alert = alerts.get(row.alert_id)
        if row.event == Event.RESOLVED and row.alert_id in being_told:
            continue
        superseded = row.event in _ASKS and newest[row.alert_id] != row.number
        if alert is None or superseded or not still_wanted(row, alert, row.alert_id in told):
            found.cancelled.append(row.number)
        elif (hold := _hold(row, alert, pasts, address, now)) is not None:
            found.held[row.number] = (row, hold, alert.severity)
        else:
            wanted.append(row)
    return wanted


def _hold(row: Delivery, alert: Alert, pasts: Mapping[str, Past], address: Address, now: datetime) -> Hold | None:
    if row.event == Event.FIRING:
        return first_word(alert.severity, pasts[alert.id], now, address.window, address.quiet)
    if row.event == Event.RESOLVED:
        return last_word(alert.severity, pasts[alert.id], now, address.quiet)
    return in_quiet_hours(alert.severity, now, address.quiet)


def _parcels(rows: Sequence[Delivery], bundles: bool) -> list[Parcel]:
    """Group rows into messages: earlier bundles as they were; what came and went, and what is many, as new ones."""
    again: dict[int, list[Delivery]] = {}
    gone, single = [], []
    for row in rows:
        if row.bundle is not None:
            again.setdefault(row.bundle, []).append(row)
        elif bundles and row.event == Event.BACKFILL:
            gone.append(row)
        else:
            single.append(row)
    many = single if bundles and len(single) > BUNDLE_ABOVE else []
    fresh = [Parcel(tuple(members), min(row.number for row in members)) for members in (gone, many) if members]
    parcels = [Parcel(tuple(members), number) for number, members in again.items()]
    return parcels + fresh + ([] if many else [Parcel((row,)) for row in single])
