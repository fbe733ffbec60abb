"""How an alert goes through: observe -> episode -> outbox, in one transaction -> publish -> explain -> deliver.

What is decided stands in episodes.py, what is stored in store/, who is told in delivery.py.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from alert_bridge import episodes
from alert_bridge.alerts import Alert, Observation
from alert_bridge.episodes import Change
from alert_bridge.metrics import BridgeMetrics
from alert_bridge.store import episode_rows, inbox, outbox, told_rows
from runtime.clock import Clock
from runtime.database import Database

logger = logging.getLogger(f"monitoring.{__name__}")

EXPLAIN_SECONDS = 3.0
"""How long the first notification waits for the reason and the log patterns."""


class UnknownAlert(LookupError):
    """An id that no alert has.

    Attributes: id.
    """

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id

    def __str__(self) -> str:
        return f"no alert {self.id!r}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known about an alert besides its labels.

    reasons: why it fired, by language code. log_patterns, changes, anomalies: of the same window.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    log_patterns: tuple[Mapping[str, Any], ...] = ()
    value: float | None = None
    threshold: float | None = None
    changes: tuple[Mapping[str, Any], ...] = ()
    anomalies: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A part of a notification that could not be used: kept with what was wrong."""

    body: str
    error: str


Item = TypeVar("Item", Observation, Change)

_EVENTS = {"opened": "alert_created", "resolved": "alert_resolved"}

Explain = Callable[[Alert], Awaitable[Explanation]]
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
        self._explain = explain
        self.language = language
        self._explaining: dict[str, asyncio.Task[None]] = {}
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
        Returns the episodes that began or changed. Raises sqlalchemy.exc.OperationalError if nothing could be stored.
        """
        started = self._clock.monotonic()
        now = self._clock.now()

        def work(connection: Connection) -> list[tuple[str, Alert]]:
            if raw:
                inbox.receive(connection, now, source, raw)
            for one in refused:
                inbox.receive(connection, now, source, one.body, one.error)
            return self._take_in(connection, observations, now, tuple(channels), source, persists)

        stored = await self._database.run(work)
        self._metrics.observations.labels(source).inc(len(observations))
        self._metrics.refused.labels(source).inc(len(refused))
        self._metrics.last_commit.set(self._clock.time())
        self._metrics.ingest_seconds.observe(self._clock.monotonic() - started)
        for hear in self.hearers:
            hear(source, observations)
        await self._publish(stored)
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

        decide: reads and writes over the connection given, with the moment now.
        """
        now = self._clock.now()
        stored = await self._database.run(
            lambda connection: [
                one for part in _without_repeats(decide(connection, now)) for one in self._store(connection, part, now)
            ]
        )
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
        task = self._explaining.get(alert_id)
        if task is not None:
            await asyncio.wait([task], timeout=EXPLAIN_SECONDS)

    async def expire(self) -> None:
        """Let acknowledgements and snoozes that have run out end."""
        now = self._clock.now()

        def work(connection: Connection, now: datetime) -> Sequence[Change]:
            changes = [episodes.expire(alert, now) for alert in episode_rows.expiring(connection, now)]
            return [change for change in changes if change is not None]

        if await self._database.read(lambda connection: bool(episode_rows.expiring(connection, now))):
            await self.change(work)

    async def refresh_metrics(self) -> None:
        """Count the open alerts anew."""
        self._metrics.show_open(await self._database.read(episode_rows.counts))

    async def close(self) -> None:
        """Stop what is still being explained; it is asked again when the alert is next told."""
        for task in list(self._explaining.values()):
            task.cancel()
        await asyncio.gather(*self._explaining.values(), return_exceptions=True)

    def _take_in(
        self,
        connection: Connection,
        observations: Sequence[Observation],
        now: datetime,
        channels: tuple[str, ...],
        source: str,
        persists: bool,
    ) -> list[tuple[str, Alert]]:
        current: dict[tuple[str, str], Alert] = {}
        for cluster in {seen.cluster for seen in observations}:
            fingerprints = {seen.fingerprint for seen in observations if seen.cluster == cluster}
            for fingerprint, alert in episode_rows.latest(connection, cluster, fingerprints).items():
                current[cluster, fingerprint] = alert
        stored: list[tuple[str, Alert]] = []
        for part in _without_repeats(observations):
            decided = (
                episodes.observe(
                    seen,
                    current.get(_key(seen)),
                    id=episode_rows.new_id(),
                    now=now,
                    language=self.language,
                    source=source,
                    persists=persists,
                )
                for seen in part
            )
            changes = [replace(change, channels=channels) for change in decided if change is not None]
            changed = self._store(connection, changes, now)
            current |= {_key(alert): alert for _, alert in changed}
            stored += changed
        return stored

    def _store(self, connection: Connection, changes: Sequence[Change], now: datetime) -> list[tuple[str, Alert]]:
        """Store changes, each of another episode, and all that follows from them.

        Returns the events with the episodes' states, each episode's in order.
        """
        if not changes:
            return []
        alerts = episode_rows.save_all(connection, changes, now)
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

    async def _publish(self, stored: Sequence[tuple[str, Alert]]) -> None:
        if not stored:
            return
        for event, alert in stored:
            if event == "alert_created":
                self._metrics.episodes.labels(alert.severity.prometheus).inc()
                self._begin_explaining(alert)
            self._tell(event, alert)
        self.outbox_changed.set()
        await self.refresh_metrics()

    def _tell(self, event: str, alert: Alert) -> None:
        for listener in self.listeners:
            try:
                listener(event, alert)
            except Exception:
                self._metrics.errors.labels("listener").inc()
                logger.exception("a listener failed on %s of %s", event, alert.id)

    def _begin_explaining(self, alert: Alert) -> None:
        task = asyncio.create_task(self._explain_and_store(alert), name=f"explain {alert.id}")
        self._explaining[alert.id] = task
        task.add_done_callback(lambda _: self._explaining.pop(alert.id, None))

    async def _explain_and_store(self, alert: Alert) -> None:
        try:
            known = await asyncio.wait_for(self._explain(alert), EXPLAIN_SECONDS)
        except Exception:
            self._metrics.errors.labels("explain").inc()
            logger.exception("alert %s goes out without its reason", alert.id)
            return

        def work(connection: Connection) -> Alert | None:
            current = episode_rows.get(connection, alert.id)
            if current is None:
                return None
            usual = episodes.usual_duration(episode_rows.durations(connection, alert.fingerprint))
            explained = episodes.explain(
                current,
                language=self.language,
                reasons=known.reasons,
                log_patterns=known.log_patterns,
                changes=known.changes,
                anomalies=known.anomalies,
                value=known.value,
                threshold=known.threshold,
                usual_duration_seconds=usual,
            )
            return episode_rows.save(connection, Change(explained, "updated"), self._clock.now())

        stored = await self._database.run(work)
        if stored is not None:
            self._tell("alert_updated", stored)


def _key(one: Observation | Alert) -> tuple[str, str]:
    return one.cluster, one.fingerprint


def _without_repeats(items: Sequence[Item]) -> list[list[Item]]:
    """Cut a sequence so that no part has the same episode twice; each episode's own order stays."""
    parts: list[list[Item]] = []
    before: Counter[Hashable] = Counter()
    for item in items:
        key = item.alert.id if isinstance(item, Change) else _key(item)
        if before[key] == len(parts):
            parts.append([])
        parts[before[key]].append(item)
        before[key] += 1
    return parts
