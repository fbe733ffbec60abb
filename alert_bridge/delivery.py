"""The outbox is worked off, each address beside the others: claim, read again, send, write what became of it."""

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from alert_bridge import dispatch
from alert_bridge.alerts import Alert
from alert_bridge.dispatch import Address, Parcel
from alert_bridge.metrics import BridgeMetrics
from alert_bridge.notify.check import Outcome, check
from alert_bridge.notify.manager import NotificationManager
from alert_bridge.notify.notifier import ATTEMPT_SECONDS, DeliveryError, Event, Language, Notification
from alert_bridge.pace import FALLBACK_ATTEMPTS, Pace, give_up_after, retry_wait
from alert_bridge.pipeline import Pipeline
from alert_bridge.store import episode_rows, escalation_rows, outbox, told_rows
from alert_bridge.store.outbox import Entry
from runtime.clock import Clock, format_utc
from runtime.database import Database

logger = logging.getLogger(f"monitoring.{__name__}")

_LOOK_AGAIN_SECONDS = 30.0
_CLAIMED_FOR_EACH = 8
_SHORTEST_WAIT_SECONDS = 0.05
_OF_THE_ADDRESS = ("connect", "tls", "login")
"""Steps of an attempt at which the address fails, and not this one message: all that waits for it, waits with it."""


@dataclass(slots=True)
class _Lane:
    """One address at work."""

    pace: Pace
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None
    sending: set[int] = field(default_factory=set)

    @property
    def busy(self) -> bool:
        return self.task is not None and not self.task.done()


class DeliveryWorker:
    """Works off the outbox; a slow or broken address never delays another.

    suppression_window_seconds: how long repeats of one alert are kept back.
    """

    def __init__(
        self,
        database: Database,
        pipeline: Pipeline,
        manager: NotificationManager,
        *,
        clock: Clock,
        metrics: BridgeMetrics,
        language: Language = "en",
        timezone: str = "UTC",
        external_url: str | None = None,
        suppression_window_seconds: float = 300.0,
    ) -> None:
        self._database = database
        self._pipeline = pipeline
        self._manager = manager
        self._clock = clock
        self._metrics = metrics
        self._language: Language = language
        self._timezone = timezone
        self._external_url = external_url
        self._window = timedelta(seconds=suppression_window_seconds)
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._looked_at = clock.now()
        self._errors: dict[str, tuple[datetime, str]] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                self._pipeline.outbox_changed.clear()
                await self.work_off()
                await self._wait()
        finally:
            tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def work_off(self) -> None:
        """Begin, or go on with, every address for which something is due."""
        now = self._looked_at = self._clock.now()
        ready, counted = await self._database.read(
            lambda connection: (outbox.ready(connection, now), outbox.counts(connection))
        )
        for channel in self._manager.names:
            self._metrics.show_waiting(channel, {state: counted.get((channel, state), 0) for state in outbox.STATES})
        for channel, target in ready - await self._told_apart(ready):
            lane = self._lane(channel, target)
            if lane.busy:
                lane.nudge.set()
            elif not lane.pace.free(self._clock.monotonic(), 1):
                lane.pace.waited_for = True
            else:
                lane.task = asyncio.create_task(self._work(channel, target, lane), name=f"channel {channel} {target}")
                lane.task.add_done_callback(lambda _: self._pipeline.outbox_changed.set())

    async def idle(self) -> None:
        """Wait until every address has worked off what it began."""
        while tasks := [lane.task for lane in self._lanes.values() if lane.task is not None and lane.busy]:
            await asyncio.wait(tasks)
            await asyncio.sleep(0)

    def wake(self) -> None:
        """Look at the outbox now."""
        self._pipeline.outbox_changed.set()

    async def test(self, channel: str) -> list[Outcome]:
        """Send a test message to each address of a channel. Raises KeyError if there is no such channel."""
        return await check(
            self._manager,
            channel,
            clock=self._clock,
            language=self._language,
            external_url=self._external_url,
            timezone=self._timezone,
        )

    async def health(self) -> list[dict[str, Any]]:
        """Return, for each channel: `name, type, last_success, last_error {at, text}, pending, dead, state`.

        state: `ok`, `failing` (the last attempt failed), `idle` (nothing was told yet).
        """
        counted, success, failed = await self._database.read(
            lambda connection: (
                outbox.counts(connection),
                outbox.last_success(connection),
                outbox.last_error(connection),
            )
        )
        return [
            _health(name, self._manager.type_of(name), counted, success.get(name), {**failed, **self._errors}.get(name))
            for name in self._manager.names
        ]

    async def _told_apart(self, ready: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """Let rows of channels with addresses become a row an address; returns what is to be looked at again."""
        several = {
            (channel, target): self._manager.profile(channel).targets
            for channel, target in ready
            if not target and self._manager.profile(channel).targets
        }
        if several:

            def work(connection: Connection) -> None:
                for (channel, _), targets in several.items():
                    outbox.tell_apart(connection, channel, targets)

            await self._database.run(work)
            for (channel, _), targets in several.items():
                ready.update((channel, target) for target in targets)
        return set(several)

    def _lane(self, channel: str, target: str) -> _Lane:
        found = self._lanes.get((channel, target))
        if found is None:
            found = _Lane(Pace(self._manager.profile(channel).rate_per_minute))
            self._lanes[channel, target] = found
        return found

    async def _wait(self) -> None:
        moment = await self._database.read(lambda connection: outbox.next_due(connection, self._looked_at))
        monotonic = self._clock.monotonic()
        waits = [_LOOK_AGAIN_SECONDS]
        waits += [lane.pace.next_at(monotonic) - monotonic for lane in self._lanes.values() if lane.pace.waited_for]
        if moment is not None:
            waits.append((moment - self._clock.now()).total_seconds())
        try:
            seconds = max(_SHORTEST_WAIT_SECONDS, min(waits))
            await asyncio.wait_for(self._pipeline.outbox_changed.wait(), seconds)
        except TimeoutError:
            return

    async def _work(self, channel: str, target: str, lane: _Lane) -> None:
        """Send what is due for one address, a few at once, until nothing is due or it has to wait."""
        at_once = self._manager.profile(channel).concurrency
        running: set[asyncio.Task[None]] = set()
        claimed: list[Parcel] = []
        try:
            while True:
                lane.nudge.clear()
                if not claimed and len(running) < at_once:
                    claimed = await self._claim(channel, target, lane, at_once * _CLAIMED_FOR_EACH)
                while claimed and len(running) < at_once:
                    running.add(asyncio.create_task(self._carry(claimed.pop(0), lane)))
                if not running:
                    return
                nudged = asyncio.create_task(lane.nudge.wait())
                await asyncio.wait({*running, nudged}, return_when=asyncio.FIRST_COMPLETED)
                nudged.cancel()
                running = {task for task in running if not task.done()}
        except Exception:
            self._metrics.errors.labels("delivery").inc()
            logger.exception("channel %s: the outbox cannot be read; it is tried again", channel)
            lane.pace.pause(self._clock.monotonic() + 1.0)
        finally:
            for task in running:
                task.cancel()
            lane.sending.difference_update(row.number for parcel in claimed for row in parcel.rows)
            await asyncio.gather(*running, return_exceptions=True)

    async def _claim(self, channel: str, target: str, lane: _Lane, slots: int) -> list[Parcel]:
        free = lane.pace.free(self._clock.monotonic(), slots)
        profile = self._manager.profile(channel)
        address = Address(channel, target, self._window, profile.quiet_hours, profile.bundles)
        now = self._clock.now()
        sending = frozenset(lane.sending)
        plan = await self._database.read(
            lambda connection: dispatch.plan(connection, address, now, free=free, but=sending)
        )
        lane.pace.waited_for = plan.left
        if not plan.writes:
            return []
        parcels = await self._database.run(lambda connection: dispatch.store(connection, plan, now))
        lane.pace.take(len(parcels))
        lane.sending.update(row.number for parcel in parcels for row in parcel.rows)
        return parcels

    async def _carry(self, parcel: Parcel, lane: _Lane) -> None:
        """Take one parcel to its end; what goes wrong here leaves it in the outbox until its lease is over."""
        try:
            await self._attempt(parcel, lane)
        except Exception:
            self._metrics.errors.labels("delivery").inc()
            logger.exception("notification %s stays in the outbox", parcel.key)
        finally:
            lane.sending.difference_update(row.number for row in parcel.rows)

    async def _attempt(self, parcel: Parcel, lane: _Lane) -> None:
        await asyncio.gather(*(self._pipeline.explained(alert_id) for alert_id in parcel.alert_ids))
        wanted, notification = await self._database.read(lambda connection: self._read_again(connection, parcel))
        unwanted = {row.number for row in parcel.rows} - {row.number for row in wanted.rows}
        if unwanted:
            now = self._clock.now()
            await self._database.run(lambda connection: outbox.settle(connection, unwanted, "cancelled", now))
        if notification is None:
            self._metrics.notifications.labels(parcel.rows[0].channel, "cancelled").inc()
            return
        started = self._clock.monotonic()
        error = await self._send(notification)
        if error is None:
            await self._sent(wanted, f"sent in {self._clock.monotonic() - started:.1f} s")
        else:
            await self._failed(wanted, notification, error, lane)

    def _read_again(self, connection: Connection, parcel: Parcel) -> tuple[Parcel, Notification | None]:
        """Return what of a parcel is still worth telling, and the words' matter: people may have acted meanwhile."""
        row = parcel.rows[0]
        alerts = {alert.id: alert for alert in episode_rows.get_all(connection, parcel.alert_ids)}
        over = [one.alert_id for one in parcel.rows if one.event == Event.RESOLVED]
        told = told_rows.told(connection, over, row.channel, row.target) if over else set()
        rows = tuple(
            one
            for one in parcel.rows
            if one.alert_id in alerts and dispatch.still_wanted(one, alerts[one.alert_id], one.alert_id in told)
        )
        wanted = replace(parcel, rows=rows)
        if not rows:
            return wanted, None
        about = [alerts[alert_id] for alert_id in wanted.alert_ids if alert_id in alerts]
        return wanted, self._notification(connection, wanted, about)

    def _notification(self, connection: Connection, parcel: Parcel, alerts: Sequence[Alert]) -> Notification:
        row = parcel.rows[0]
        held = 0
        if len(alerts) == 1:
            step = escalation_rows.next_steps(connection, [alerts[0].id]).get(alerts[0].id)
            alerts = [replace(alerts[0], next_step=step)]
        if parcel.bundle is None and row.event == Event.FIRING:
            past = told_rows.pasts(connection, alerts, row.channel, self._clock.now())[alerts[0].id]
            again = past.told is not None or len(past.begins) > 1
            held = 0 if not again else told_rows.held_back(connection, alerts[0], row.channel, past)
        return Notification(
            event=parcel.event,
            alerts=tuple(alerts),
            step=row.step,
            channel=row.channel,
            target=row.target,
            idempotency_key=parcel.key,
            language=self._language,
            external_url=self._external_url,
            timezone=self._timezone,
            held=held,
        )

    async def _send(self, notification: Notification) -> DeliveryError | None:
        """Make one attempt; returns what was wrong with it."""
        notifier = self._manager.notifier(notification.channel)
        if notifier is None:
            return DeliveryError("plugin", f"there is no channel {notification.channel!r}", permanent=True)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS + 1):
                await notifier.send(notification)
        except DeliveryError as error:
            return error
        except TimeoutError:
            return DeliveryError("send", f"no answer within {ATTEMPT_SECONDS:g} s", uncertain=True)
        except Exception as error:
            logger.exception("channel %s failed in a way it should not", notification.channel)
            return DeliveryError("plugin", f"the channel raised {type(error).__name__}", uncertain=True)
        return None

    async def _sent(self, parcel: Parcel, detail: str) -> None:
        now = self._clock.now()
        channel = parcel.rows[0].channel

        def work(connection: Connection) -> None:
            outbox.settle(connection, [row.number for row in parcel.rows], "sent", now, attempts=1)
            _note(connection, parcel, now, detail)

        await self._database.run(work)
        self._errors.pop(channel, None)
        self._metrics.notifications.labels(channel, "sent").inc()

    async def _failed(self, parcel: Parcel, notification: Notification, error: DeliveryError, lane: _Lane) -> None:
        """Write a failed attempt: when it is made again, or that it never is."""
        now = self._clock.now()
        row = parcel.rows[0]
        attempts = max(one.attempts for one in parcel.rows) + 1
        wait = retry_wait(attempts, error.retry_after_seconds, random.random())  # noqa: S311 - jitter
        if not error.permanent and (error.retry_after_seconds is not None or error.step in _OF_THE_ADDRESS):
            lane.pace.pause(self._clock.monotonic() + wait)
        worst = max((alert.severity for alert in notification.alerts), key=lambda one: one.rank)
        retry_at = now + timedelta(seconds=wait)
        dead = error.permanent or retry_at - min(one.created_at for one in parcel.rows) > give_up_after(worst)
        state = "dead" if dead else "retry"
        if dead:
            logger.error("channel %s cannot deliver %s: %s", row.channel, parcel.key, error)
        else:
            logger.warning("channel %s: %s; next attempt at %s", row.channel, error, format_utc(retry_at))
        fallback = self._manager.fallback(row.channel) if dead or attempts >= FALLBACK_ATTEMPTS else None

        def work(connection: Connection) -> None:
            numbers = [one.number for one in parcel.rows]
            if error.uncertain:
                outbox.count_as_told(connection, numbers, now)
            outbox.settle(connection, numbers, state, now, attempts=1, error=str(error), retry_at=retry_at)
            _note(connection, parcel, now, f"{state}: {error}")
            if fallback is not None:
                outbox.enqueue_all(
                    connection,
                    [Entry(one.alert_id, one.event, fallback, now, one.step) for one in parcel.rows],
                )

        await self._database.run(work)
        self._errors[row.channel] = (now, str(error))
        self._metrics.notifications.labels(row.channel, state).inc()
        if fallback is not None:
            self._pipeline.outbox_changed.set()


def _note(connection: Connection, parcel: Parcel, now: datetime, result: str) -> None:
    """Write an attempt into the history of every alert that it was about."""
    bundled = "" if parcel.bundle is None else f" (in a message about {len(parcel.alert_ids)} alerts)"
    for row in parcel.rows:
        episode_rows.note(
            connection, row.alert_id, now, "notified", "", f"{row.event}{bundled}", row.channel,
            f"{result} ({row.target})" if row.target else result,
        )  # fmt: skip


def _health(
    name: str,
    type: str,
    counted: Any,
    success: datetime | None,
    failed: tuple[datetime, str] | None,
) -> dict[str, Any]:
    waiting = sum(counted.get((name, state), 0) for state in ("pending", "sending", "retry"))
    failing = failed is not None and (success is None or failed[0] > success)
    return {
        "name": name,
        "type": type,
        "state": "failing" if failing else "idle" if success is None else "ok",
        "last_success": format_utc(success) if success else None,
        "last_error": {"at": format_utc(failed[0]), "text": failed[1]} if failed else None,
        "pending": waiting,
        "held": counted.get((name, "held"), 0),
        "sent": counted.get((name, "sent"), 0),
        "dead": counted.get((name, "dead"), 0),
    }
