"""How an alert goes through: observe -> episode -> outbox, in one transaction -> publish -> explain -> deliver.

What is decided stands in episodes.py, what is stored in store/, who is told in delivery.py.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from alert_bridge import episodes
from alert_bridge.alerts import Alert, Observation
from alert_bridge.episodes import Change
from alert_bridge.explaining import Explain, Explaining, Explanation
from alert_bridge.intake import Event, Intake, Notification, Refused
from alert_bridge.metrics import BridgeMetrics
from alert_bridge.store import episode_rows, inbox, outbox, told_rows
from runtime.clock import Clock
from runtime.database import Database

logger = logging.getLogger(f"monitoring.{__name__}")

_SLICE_SECONDS = 0.01
"""Listeners are told for so long before the loop serves others."""

_COUNT_SECONDS = 1.0

RESOLVE_TIMEOUT = timedelta(minutes=5)
"""How long an alert that is posted without an end holds, as in Alertmanager."""

_LOOKED_AWAY = timedelta(seconds=60)
"""Whoever did not look for so long was stopped or asleep, and could not hear."""


class UnknownAlert(LookupError):
    """An id that no alert has.

    Attributes: id.
    """

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id

    def __str__(self) -> str:
        return f"no alert {self.id!r}"


Item = TypeVar("Item", "_Sighting", Change)

_EVENTS = {"opened": "alert_created", "resolved": "alert_resolved"}

Stage = Callable[[Connection, Sequence[Change], datetime], Sequence[Change]]
"""Called in the transaction of stored changes, each of another episode; what it returns is stored in the same one.

Hundreds may come at once while nobody else can write: a stage asks the database by the batch, never by the alert.
"""

Listener = Callable[[str, Alert], None]
"""Told of each stored change: (`alert_created` | `alert_updated` | `alert_resolved`, the alert)."""

Hearer = Callable[[str, Sequence[Observation]], None]
"""Told of all that is observed, once it is stored: (the source, what it saw); what changed nothing included."""


class Pipeline:
    """The one way in for alerts, and for what people do with them.

    explain: asked once an alert has begun.
    language: in which texts are stored.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        metrics: BridgeMetrics,
        explain: Explain,
        language: str = "en",
    ) -> None:
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self.language = language
        self._explaining = Explaining(explain, self._keep, lambda: metrics.errors.labels("explain").inc())
        self._intake = Intake(database, self._take_in, self._publish)
        self._publishing = asyncio.Lock()
        self._counting: asyncio.Task[None] | None = None
        self._counted = True
        self._looked_at: datetime | None = None
        self._heard_since = clock.now()
        self.stages: list[Stage] = []
        self.listeners: list[Listener] = []
        self.hearers: list[Hearer] = []
        self.outbox_changed = asyncio.Event()
        self.reconcile_wanted = asyncio.Event()
        self.watchdog_at: float | None = None

    async def observe(
        self,
        observations: Sequence[Observation],
        *,
        source: str,
        raw: str = "",
        refused: Sequence[Refused] = (),
        channels: Collection[str] = (),
        persists: bool = False,
    ) -> list[Alert]:
        """Take in alerts as a source sees them; everything is on disk when this returns.

        raw: the notification as it came, kept in the inbox. channels: who gets the first word;
        empty: whom the escalation policy names.
        persists: what fires here is known to fire still (a poll), and no late duplicate.
        Returns the episodes that began or changed. Raises Unavailable if not all could be stored.
        """
        started = self._clock.monotonic()
        notification = Notification(source, observations, raw, refused, tuple(channels), persists)
        stored = await self._intake.take(notification)
        self._metrics.observations.labels(source).inc(len(observations))
        self._metrics.refused.labels(source).inc(len(refused))
        self._metrics.last_commit.set(self._clock.time())
        self._metrics.ingest_seconds.observe(self._clock.monotonic() - started)
        if refused:
            self.count_soon()
        for hear in self.hearers:
            hear(source, observations)
        return [alert for _, alert in stored]

    def hear_watchdog(self) -> None:
        """Note that the alert that always fires has come through (`watchdog_at`, in monotonic seconds)."""
        self._metrics.watchdog.set(self._clock.time())
        self.watchdog_at = self._clock.monotonic()

    async def act(self, alert_id: str, decide: Callable[[Alert, datetime], Change]) -> Alert:
        """Do what a person asks with one alert, in one transaction; returns its new state.

        decide: one of the actions of episodes.py. Raises UnknownAlert, AlreadyResolved, ValueError.
        """

        def work(connection: Connection, now: datetime) -> Sequence[Change]:
            current = episode_rows.get(connection, alert_id)
            if current is None:
                raise UnknownAlert(alert_id)
            return [decide(current, now)]

        return (await self.change(work))[-1]

    async def change(self, decide: Callable[[Connection, datetime], Sequence[Change]]) -> list[Alert]:
        """Store what `decide` finds to change, in one transaction; returns the new states, in order.

        decide: reads and writes over the connection given, with the moment at which its transaction has its turn.
        """

        def work(connection: Connection) -> list[Event]:
            now = self._clock.now()
            parts = _without_repeats(decide(connection, now))
            return [one for part in parts for one in self._store(connection, part, now)]

        stored = await self._database.run(work)
        await self._publish(stored)
        return [alert for _, alert in stored]

    async def acknowledge(self, alert_id: str, who: str, comment: str = "", seconds: float | None = None) -> Alert:
        """Note that somebody has an alert. Raises UnknownAlert, AlreadyResolved."""
        return await self.act(alert_id, lambda alert, now: episodes.acknowledge(alert, who, now, comment, seconds))

    async def get(self, alert_id: str) -> Alert:
        """Return one alert. Raises UnknownAlert."""
        found = await self._database.read(lambda connection: episode_rows.get(connection, alert_id))
        if found is None:
            raise UnknownAlert(alert_id)
        return found

    async def open_named(self, names: Collection[str]) -> list[Alert]:
        """Return the open alerts that have one of these names."""
        return await self._database.read(lambda connection: episode_rows.open_named(connection, names))

    async def explained(self, alert_id: str) -> None:
        """Wait, three seconds at most, until what can be known about a new alert is stored with it."""
        await self._explaining.done(alert_id)

    async def expire(self) -> None:
        """Let acknowledgements and snoozes that have run out end."""
        now = self._clock.now()

        def work(connection: Connection, now: datetime) -> Sequence[Change]:
            changes = [episodes.expire(alert, now) for alert in episode_rows.expiring(connection, now)]
            return [change for change in changes if change is not None]

        if await self._database.read(lambda connection: bool(episode_rows.expiring(connection, now))):
            await self.change(work)
        await self._end_unseen(now)

    async def _end_unseen(self, now: datetime) -> None:
        """End what its source stopped saying; not before every source had the time to say it again to us."""
        if self._looked_at is None or now - self._looked_at > _LOOKED_AWAY or self._database.problem is not None:
            self._heard_since = now
        self._looked_at = now
        if now - self._heard_since >= RESOLVE_TIMEOUT:
            while await self.change(
                lambda one, now: [episodes.over(alert, now) for alert in episode_rows.expired(one, now)]
            ):
                pass

    async def refresh_metrics(self) -> None:
        """Count the open alerts, and what waits in the inbox to be used after all, anew."""
        self._metrics.show_open(await self._database.read(episode_rows.counts))
        self._metrics.dead_letters.set(await self._database.read(inbox.refused))

    async def close(self) -> None:
        """Stop what is still being explained; it is asked again when the alert is next told."""
        await self._explaining.close()
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.gather(self._counting, return_exceptions=True)

    def _take_in(self, connection: Connection, batch: Sequence[Notification]) -> list[list[Event]]:
        """Store what a batch of notifications changes; returns the events of each."""
        now = self._clock.now()
        rows: list[inbox.Row] = [(one.source, one.raw, None) for one in batch if one.raw]
        rows += [(one.source, part.body, part.error) for one in batch for part in one.refused]
        inbox.receive_all(connection, now, rows)
        places = {_key(seen): seen for one in batch for seen in one.observations}
        current: dict[tuple[str, str], Alert] = {}
        for cluster in {cluster for cluster, _ in places}:
            fingerprints = [fingerprint for other, fingerprint in places if other == cluster]
            for fingerprint, alert in episode_rows.latest(connection, cluster, fingerprints).items():
                current[cluster, fingerprint] = alert
        events: list[list[Event]] = [[] for _ in batch]
        sightings = [_Sighting(place, one, seen) for place, one in enumerate(batch) for seen in one.observations]
        for part in _without_repeats(sightings):
            owners: dict[str, int] = {}
            changes = []
            for sighting in part:
                change = self._decide(sighting, current.get(_key(sighting.seen)), now)
                if change is not None:
                    owners[change.alert.id] = sighting.place
                    changes.append(change)
            for event, alert in self._store(connection, changes, now):
                current[_key(alert)] = alert
                events[owners[alert.id] if alert.id in owners else part[0].place].append((event, alert))
        return events

    def _decide(self, sighting: "_Sighting", current: Alert | None, now: datetime) -> Change | None:
        notification = sighting.notification
        change = episodes.observe(
            sighting.seen,
            current,
            id=episode_rows.new_id(),
            now=now,
            language=self.language,
            source=notification.source,
            persists=notification.persists,
        )
        return None if change is None else replace(change, channels=notification.channels)

    def _store(self, connection: Connection, changes: Sequence[Change], now: datetime) -> list[Event]:
        """Store changes, each of another episode, and all that follows from them.

        Returns the events with the episodes' states, each episode's in order.
        """
        if not changes:
            return []
        saved = zip(changes, episode_rows.save_all(connection, changes, now), strict=True)
        kept = [(change, alert) for change, alert in saved if change.what != "seen"]
        changes, alerts = [change for change, _ in kept], [alert for _, alert in kept]
        ended = [alert.id for change, alert in zip(changes, alerts, strict=True) if change.what == "resolved"]
        told = told_rows.told_or_pending(connection, ended)
        outbox.enqueue_all(
            connection,
            [outbox.Entry(id, "resolved", channel, now) for id, channels in told.items() for channel in channels],
        )
        stored = [
            (_EVENTS.get(change.what, "alert_updated"), alert) for change, alert in zip(changes, alerts, strict=True)
        ]
        for stage in self.stages:
            newest = {alert.id: alert for _, alert in stored}
            shown = [replace(change, alert=newest[change.alert.id]) for change in changes]
            stored += self._store(connection, stage(connection, shown, now), now)
        return stored

    async def _publish(self, stored: Sequence[Event]) -> None:
        """Tell the listeners, in the order in which it was stored; the loop serves others meanwhile."""
        if not stored:
            return
        async with self._publishing:
            since = self._clock.monotonic()
            for event, alert in stored:
                if event == "alert_created":
                    self._metrics.episodes.labels(alert.severity.prometheus).inc()
                    self._explaining.begin(alert)
                self._tell(event, alert)
                if self._clock.monotonic() - since > _SLICE_SECONDS:
                    await asyncio.sleep(0)
                    since = self._clock.monotonic()
        self.outbox_changed.set()
        self.count_soon()

    def count_soon(self) -> None:
        """Let `refresh_metrics` run, once a second at most."""
        self._counted = False
        if self._counting is None:
            self._counting = asyncio.create_task(self._count(), name="count alerts")

    async def _count(self) -> None:
        try:
            while not self._counted:
                self._counted = True
                await self.refresh_metrics()
                await asyncio.sleep(_COUNT_SECONDS)
        finally:
            self._counting = None

    def _tell(self, event: str, alert: Alert) -> None:
        for listener in self.listeners:
            try:
                listener(event, alert)
            except Exception:
                self._metrics.errors.labels("listener").inc()
                logger.exception("a listener failed on %s of %s", event, alert.id)

    async def _keep(self, found: Sequence[tuple[Alert, Explanation]]) -> None:
        """Store what is known about new alerts."""
        known = {alert.id: explanation for alert, explanation in found}

        def work(connection: Connection) -> list[Alert]:
            changes = [
                self._explained(connection, alert, known[alert.id])
                for alert in episode_rows.get_all(connection, list(known))
            ]
            return episode_rows.save_all(connection, changes, self._clock.now())

        for stored in await self._database.run(work):
            self._tell("alert_updated", stored)

    def _explained(self, connection: Connection, alert: Alert, known: Explanation) -> Change:
        explained = episodes.explain(
            alert,
            language=self.language,
            reasons=known.reasons,
            log_patterns=known.log_patterns,
            changes=known.changes,
            anomalies=known.anomalies,
            value=known.value,
            threshold=known.threshold,
            usual_duration_seconds=episodes.usual_duration(episode_rows.durations(connection, alert.fingerprint)),
        )
        return Change(explained, "updated")


@dataclass(frozen=True, slots=True)
class _Sighting:
    """One observation of a batch. place: of its notification in the batch."""

    place: int
    notification: Notification
    seen: Observation


def _key(one: Observation | Alert) -> tuple[str, str]:
    return one.cluster, one.fingerprint


def _without_repeats(items: Sequence[Item]) -> list[list[Item]]:
    """Cut a sequence so that no part has the same episode twice; each episode's own order stays."""
    parts: list[list[Item]] = []
    before: Counter[Hashable] = Counter()
    for item in items:
        key = item.alert.id if isinstance(item, Change) else _key(item.seen)
        if before[key] == len(parts):
            parts.append([])
        parts[before[key]].append(item)
        before[key] += 1
    return parts
