"""The bridge compared with Alertmanager and Prometheus, again and again: reconcile, back-fill, own silences."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from alert_bridge import backfill, episodes, reconcile, silences
from alert_bridge.alertmanager_client import AlertmanagerClient, AlertmanagerUnavailable, Answers
from alert_bridge.alerts import Alert, Observation, Status
from alert_bridge.episodes import Change
from alert_bridge.maintenance import Maintenance
from alert_bridge.metrics import BridgeMetrics
from alert_bridge.pipeline import Pipeline
from alert_bridge.reconcile import SOURCES, Decision, Firing, Memory, OpenEpisode, Peer
from alert_bridge.store import episode_rows, outbox, reconcile_rows
from runtime.clock import Clock, format_utc
from runtime.database import Database
from runtime.prometheus import PrometheusReader, SeriesUnavailable
from runtime.settings import AlertmanagerSettings

logger = logging.getLogger(f"monitoring.{__name__}")

IN_CONTACT = "in_contact"
"""The moment of the last poll that reached an Alertmanager: what came after it may be missing here."""

_SHORTEST_PAUSE_SECONDS = 1.0
_KNOWN_EPISODES = timedelta(minutes=5)
_REQUESTS_AT_ONCE = 8


@dataclass(slots=True)
class _Health:
    """How the last poll went, for people."""

    polled_at: datetime | None = None
    peers: tuple[Peer, ...] = ()
    prometheus: str | None = None
    backfilled_from: datetime | None = None


class ReconcileLoop:
    """Polls the peers every `reconcile_interval_seconds`, and at once where the pipeline wants it.

    channels: who is told of what was back-filled. maintenance: what it lies in is not told.
    """

    def __init__(
        self,
        client: AlertmanagerClient,
        prometheus: PrometheusReader,
        pipeline: Pipeline,
        database: Database,
        *,
        settings: AlertmanagerSettings,
        channels: Callable[[], Collection[str]],
        maintenance: Maintenance,
        clock: Clock,
        metrics: BridgeMetrics,
    ) -> None:
        self._client = client
        self._prometheus = prometheus
        self._pipeline = pipeline
        self._database = database
        self._settings = settings
        self._channels = channels
        self._maintenance = maintenance
        self._clock = clock
        self._metrics = metrics
        self._memory = Memory()
        self._health = _Health()
        self._started = False
        self._ended_meanwhile: set[str] = set()
        self._awaited: dict[str, float] = {}
        self._acknowledged: set[str] = set()
        pipeline.hearers.append(self._hear)
        if settings.ack_sync == "silence":
            pipeline.listeners.append(self._acknowledgement_changed)

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            self._pipeline.reconcile_wanted.clear()
            await self.poll()
            await self._pause()

    async def poll(self) -> None:
        """Compare once. Raises sqlalchemy.exc.OperationalError if the database is away; the next poll does it all."""
        asked_at = self._clock.now()
        self._ended_meanwhile.clear()
        answers, firing = await asyncio.gather(self._client.ask(), self._firing())
        self._note(asked_at, answers.peers)
        if not any(peer.reachable for peer in answers.peers):
            return
        in_contact = await self._backfill(asked_at, answers)
        here = await self._database.read(lambda connection: reconcile_rows.open_from(connection, SOURCES))
        decision = await self._decide(asked_at, answers, here)
        await self._take_in(decision.take_in, answers.peers)
        await self._mute(decision)
        if firing is not None:
            await self._resolve(decision.over, firing, asked_at)
        self._count_missed()
        await self._keep_silences(answers)
        if in_contact:
            await self._database.run(lambda one: reconcile_rows.note_moment(one, IN_CONTACT, asked_at))
            self._started = True
        self._metrics.reconciled.set(self._clock.time())

    def health(self) -> dict[str, Any]:
        """Return how the last poll went, JSON-able."""
        known = self._health
        return {
            "on": True,
            "polled_at": format_utc(known.polled_at) if known.polled_at else None,
            "peers": [
                {"url": peer.url, "up": peer.reachable, "problem": peer.problem, "alerts": len(peer.alerts)}
                for peer in known.peers
            ],
            "prometheus": {"up": known.prometheus is None, "problem": known.prometheus},
            "backfilled_from": format_utc(known.backfilled_from) if known.backfilled_from else None,
            "absent": len(self._memory.absent),
        }

    async def _pause(self) -> None:
        """Wait for the next poll; sooner where an absence waits to be confirmed."""
        interval = self._settings.reconcile_interval_seconds
        await asyncio.sleep(min(_SHORTEST_PAUSE_SECONDS, interval))
        with suppress(TimeoutError):
            seconds = interval / 2 if self._memory.absent else interval
            await asyncio.wait_for(self._pipeline.reconcile_wanted.wait(), max(0.0, seconds - _SHORTEST_PAUSE_SECONDS))

    async def _firing(self) -> Firing | None:
        """Return what fires in Prometheus; None while that cannot be known, shortly after its start too."""
        try:
            samples = await self._prometheus.instant(backfill.HISTORY)
        except SeriesUnavailable as error:
            self._health.prometheus = error.problem
            return None
        with suppress(SeriesUnavailable):  # what speaks Prometheus' language need not know since when it runs
            up_seconds = await self._prometheus.up_seconds()
            if up_seconds < self._settings.settle_seconds:
                self._health.prometheus = f"up for {up_seconds:.0f} s only: what fires may not fire again yet"
                return None
        self._health.prometheus = None
        return await asyncio.to_thread(Firing, [sample.labels for sample in samples])

    async def _decide(self, asked_at: datetime, answers: Answers, here: Sequence[OpenEpisode]) -> Decision:
        open_here = {episode.fingerprint for episode in here}
        listed = {fingerprint for peer in answers.peers for fingerprint in peer.alerts}
        ended = await self._database.read(lambda one: episode_rows.latest(one, "", listed - open_here))
        decision = await asyncio.to_thread(  # tens of thousands of alerts would hold the loop up
            reconcile.decide,
            answers.peers,
            here,
            ended,
            self._memory,
            asked_at=asked_at,
            settle_seconds=self._settings.settle_seconds,
            own_silences={one.id for one in answers.silences if one.episode is not None},
            receivers=self._settings.receivers,
        )
        self._memory = decision.memory
        return decision

    async def _take_in(self, missed: Sequence[Observation], peers: Sequence[Peer]) -> None:
        taken = [seen for seen in missed if seen.fingerprint not in self._ended_meanwhile]
        if not taken:
            return
        opened = await self._pipeline.observe(taken, source="reconcile", persists=True)
        due = self._clock.monotonic() + max(peer.notify_seconds for peer in peers if peer.reachable)
        self._awaited |= {alert.fingerprint: due for alert in opened if alert.source == "reconcile"}

    def _count_missed(self) -> None:
        """Count what the poll took in once Alertmanager should have told it by itself, and has not."""
        now = self._clock.monotonic()
        for fingerprint in [one for one, due in self._awaited.items() if due <= now]:
            del self._awaited[fingerprint]
            self._metrics.missed.labels("poll").inc()
            logger.warning("alert %s was missed: no notification of Alertmanager brought it", fingerprint)

    async def _mute(self, decision: Decision) -> None:
        if not decision.mute and not decision.unmute:
            return
        wanted: dict[str, list[tuple[episodes.Step, str]]] = {}
        for id, reason in decision.mute:
            wanted.setdefault(id, []).append((episodes.mute, reason))
        for id, reason in decision.unmute:
            wanted.setdefault(id, []).append((episodes.unmute, reason))

        def work(connection: Connection, now: datetime) -> list[Change]:
            changes = []
            for alert in episode_rows.get_all(connection, list(wanted)):
                changes += episodes.in_turn(alert, wanted[alert.id], now)
            return changes

        await self._pipeline.change(work)

    async def _resolve(self, ids: Collection[str], firing: Firing, asked_at: datetime) -> None:
        absent = await self._database.read(lambda one: episode_rows.get_all(one, list(ids)))
        over = await asyncio.to_thread(lambda: [alert.id for alert in absent if not firing.has(alert.labels)])
        if not over:
            return

        def work(connection: Connection, now: datetime) -> list[Change]:
            still = episode_rows.get_all(connection, over)
            why = "reconciled: absent from Alertmanager three times, and Prometheus agrees"
            return [
                replace(episodes.end(alert, now, now, why), who="reconcile")
                for alert in still
                if alert.open and alert.created_at < asked_at
            ]

        ended = await self._pipeline.change(work)
        logger.info("%d alerts were over and nobody had said so", sum(not alert.open for alert in ended))

    async def _backfill(self, asked_at: datetime, answers: Answers) -> bool:
        """Take in what came and went while the bridge or all Alertmanagers were away.

        Returns whether all up to now is known: False where Prometheus could not be asked, so that it is done later.
        """
        last = await self._database.read(lambda one: reconcile_rows.moment(one, IN_CONTACT))
        longest = timedelta(seconds=self._settings.backfill_seconds)
        usual = timedelta(seconds=3 * self._settings.reconcile_interval_seconds)
        if last is None or not longest or last >= asked_at or (self._started and asked_at - last <= usual):
            return True
        start = max(last, asked_at - longest)
        if start > last:
            logger.error("nobody listened from %s; only what came since %s is looked for", last, start)
        try:
            await self._backfill_since(start, asked_at, answers)
        except SeriesUnavailable as error:
            logger.warning("what came and went since %s is looked for later: %s", start, error)
            return asked_at - last > longest
        self._health.backfilled_from = start
        return True

    async def _backfill_since(self, start: datetime, end: datetime, answers: Answers) -> None:
        grid = backfill.Grid.over(start.timestamp(), end.timestamp())
        history, evaluated, rules, external = await asyncio.gather(
            self._prometheus.range(backfill.HISTORY, grid.start, grid.end, grid.step),
            self._prometheus.range(backfill.EVALUATED, grid.start, grid.end, grid.step),
            self._prometheus.alerting_rules(),
            self._prometheus.external_labels(),
        )
        at_work = {place for series in evaluated for place in grid.places(series.timestamps)}
        runs = [run for one in history for run in backfill.runs(one.labels, one.timestamps, at_work, grid)]
        names = {run.labels["alertname"] for run in runs if "alertname" in run.labels}
        firing = {fingerprint for peer in answers.peers for fingerprint in peer.alerts}

        def work(connection: Connection, now: datetime) -> list[Change]:
            found = backfill.compare(
                runs,
                reconcile_rows.named_since(connection, names, start - _KNOWN_EPISODES),
                firing,
                external_labels=external,
                describe=lambda labels: backfill.described(rules, labels),
            )
            missed = [self._begun(connection, seen) for seen in found.missed]
            told = [alert.id for alert, seen in zip(missed, found.missed, strict=True) if self._is_told(seen, answers)]
            outbox.tell_bundle(connection, told, "backfill", self._channels(), now)
            ends = [*zip(missed, (seen.ends_at or end for seen in found.missed), strict=True), *found.over]
            return [
                replace(episodes.end(alert, at, now, "backfilled: from Prometheus' history"), who="reconcile")
                for alert, at in ends
            ]

        changed = await self._pipeline.change(work)
        missed = sum(alert.source == "backfill" for alert in changed)
        self._metrics.missed.labels("backfill").inc(missed)
        logger.warning("nobody listened from %s to %s: %d alerts came and went, %d ended", start, end, missed,
                       len(changed) - missed)  # fmt: skip

    def _begun(self, connection: Connection, seen: Observation) -> Alert:
        """Open an episode of the past, past everybody who would tell of its begin."""
        began = replace(seen, ends_at=None)
        change = episodes.observe(
            began,
            None,
            id=episode_rows.new_id(),
            now=seen.starts_at,
            language=self._pipeline.language,
            source="backfill",
        )
        assert change is not None  # noqa: S101 - what fires without a past always begins
        return episode_rows.save(connection, change, seen.starts_at)

    def _is_told(self, seen: Observation, answers: Answers) -> bool:
        """Tell whether anybody would have been told of it then."""
        silenced = any(one.covers(seen.labels, seen.starts_at) for one in answers.silences)
        return not silenced and not self._maintenance.reasons(seen.labels, seen.severity, seen.starts_at)

    async def _keep_silences(self, answers: Answers) -> None:
        """Make, prolong and end our own silences, so that they are there for what is acknowledged alone."""
        own = {one.episode for one in answers.silences if one.active and one.episode is not None}
        if not own and self._settings.ack_sync == "none":
            return
        here = await self._database.read(lambda connection: reconcile_rows.open_from(connection, SOURCES))
        held = {one.id: one for one in here if one.acknowledged_by and self._settings.ack_sync == "silence"}
        known = await self._database.read(lambda one: episode_rows.get_all(one, sorted(own - held.keys())))
        labels = {
            fingerprint: listed.seen.labels for peer in answers.peers for fingerprint, listed in peer.alerts.items()
        }
        plan = silences.plan(
            [
                silences.Acknowledged(one.id, labels[one.fingerprint], str(one.acknowledged_by), one.comment)
                for one in held.values()
                if one.fingerprint in labels
            ],
            [alert.id for alert in known],
            answers.silences,
            self._clock.now(),
        )
        self._acknowledged = set(held)
        limit = asyncio.Semaphore(_REQUESTS_AT_ONCE)
        await asyncio.gather(*(self._silence(limit, wanted) for wanted in plan.keep))
        await asyncio.gather(*(self._end_silence(limit, id) for id in plan.end))

    async def _silence(self, limit: asyncio.Semaphore, wanted: silences.Wanted) -> None:
        async with limit:
            try:
                await self._client.keep_silence(wanted)
            except AlertmanagerUnavailable as error:
                logger.warning("an acknowledged alert is not silenced: %s", error)

    async def _end_silence(self, limit: asyncio.Semaphore, id: str) -> None:
        async with limit:
            try:
                await self._client.end_silence(id)
            except AlertmanagerUnavailable as error:
                logger.warning("silence %s ends by itself within 15 minutes: %s", id, error)

    def _hear(self, source: str, observations: Sequence[Observation]) -> None:
        if source == "alertmanager":
            for seen in observations:
                self._awaited.pop(seen.fingerprint, None)
                if not seen.firing:
                    self._ended_meanwhile.add(seen.fingerprint)

    def _acknowledgement_changed(self, _: str, alert: Alert) -> None:
        """Poll at once where a silence of our own is to be made or ended."""
        has = alert.status is Status.ACKNOWLEDGED
        if alert.source in SOURCES and has is not (alert.id in self._acknowledged):
            self._pipeline.reconcile_wanted.set()

    def _note(self, asked_at: datetime, peers: Sequence[Peer]) -> None:
        before = {peer.url: peer.problem for peer in self._health.peers}
        for peer in peers:
            self._metrics.alertmanager_up.labels(peer.url).set(peer.reachable)
            if peer.problem != before.get(peer.url) and (peer.problem or peer.url in before):
                logger.warning("Alertmanager %s: %s", peer.url, peer.problem or "answers again")
        self._health.polled_at, self._health.peers = asked_at, tuple(replace(peer) for peer in peers)


OFF: Mapping[str, Any] = {"on": False, "problem": "no Alertmanager is configured", "peers": []}
"""What `health` says where there is nothing to compare with."""
