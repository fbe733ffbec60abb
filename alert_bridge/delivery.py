"""Who is told, and what becomes of each attempt: the outbox is worked off, one channel beside the other."""

import asyncio
import functools
import logging
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alert_bridge.alerts import Alert, Status
from alert_bridge.metrics import BridgeMetrics
from alert_bridge.notify.manager import NotificationManager
from alert_bridge.notify.notifier import ATTEMPT_SECONDS, DeliveryError, Event, Language, Notification
from alert_bridge.pipeline import Pipeline
from alert_bridge.store import episode_rows, outbox
from alert_bridge.store.outbox import Delivery
from runtime.clock import Clock
from runtime.database import Database

logger = logging.getLogger(f"monitoring.{__name__}")

GIVE_UP = timedelta(hours=24)
_FIRST_WAIT_SECONDS = 2.0
_LONGEST_WAIT_SECONDS = 300.0
_LOOK_AGAIN_SECONDS = 30.0


def retry_wait(attempts: int, error: DeliveryError, jitter: float) -> float:
    """Return how long to wait before the next attempt, seconds.

    attempts: made so far, at least 1. jitter: 0..1. What the other side asked for is kept to the second.
    """
    if error.retry_after_seconds is not None:
        return error.retry_after_seconds
    return min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2.0 ** (attempts - 1)) * (0.75 + 0.5 * jitter)


def still_due(delivery: Delivery, alert: Alert, told: set[str]) -> bool:
    """Tell whether a notification still makes sense now that it is about to be sent.

    A first word is for an alert that fires and that nobody has; a last word for who heard the first.
    """
    if delivery.event == Event.RESOLVED:
        return delivery.channel in told
    return alert.status is Status.FIRING


class DeliveryWorker:
    """Works off the outbox; a slow or broken channel never delays another."""

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
    ) -> None:
        self._database = database
        self._pipeline = pipeline
        self._manager = manager
        self._clock = clock
        self._metrics = metrics
        self._language: Language = language
        self._timezone = timezone
        self._external_url = external_url
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                self._pipeline.outbox_changed.clear()
                await self.work_off()
                await self._wait()
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def work_off(self) -> None:
        """Begin what is due on every channel that is not busy."""
        busy = tuple(self._busy)
        rows, counted = await self._database.read(
            lambda connection: (outbox.due(connection, self._clock.now(), busy), outbox.counts(connection))
        )
        by_channel: dict[str, list[Delivery]] = defaultdict(list)
        for row in rows:
            by_channel[row.channel].append(row)
        for channel in self._manager.names:
            self._metrics.pending.labels(channel).set(counted.get((channel, "pending"), 0))
        for channel, deliveries in by_channel.items():
            task = asyncio.create_task(self._work_channel(deliveries), name=f"channel {channel}")
            self._busy[channel] = task
            task.add_done_callback(functools.partial(self._done, channel))

    async def idle(self) -> None:
        """Wait until every channel has worked off what it began."""
        while self._busy:
            await asyncio.wait(list(self._busy.values()))
            await asyncio.sleep(0)

    def _done(self, channel: str, _: "asyncio.Task[None]") -> None:
        self._busy.pop(channel, None)
        self._pipeline.outbox_changed.set()

    async def _wait(self) -> None:
        moment = await self._database.read(outbox.next_due)
        seconds = _LOOK_AGAIN_SECONDS
        if moment is not None and not self._busy:
            seconds = min(seconds, max(0.05, (moment - self._clock.now()).total_seconds()))
        try:
            await asyncio.wait_for(self._pipeline.outbox_changed.wait(), seconds)
        except TimeoutError:
            return

    async def _work_channel(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            try:
                await self._attempt(delivery)
            except Exception:
                self._metrics.errors.labels("delivery").inc()
                logger.exception("notification %s stays in the outbox", delivery.idempotency_key)
                await asyncio.sleep(1.0)
                return

    async def _attempt(self, delivery: Delivery) -> None:
        await self._pipeline.explained(delivery.alert_id)
        alert, told = await self._database.read(
            lambda connection: (
                episode_rows.get(connection, delivery.alert_id),
                outbox.told(connection, delivery.alert_id),
            )
        )
        if alert is None or not still_due(delivery, alert, told):
            await self._settle(delivery, "cancelled")
            return
        notifier = self._manager.notifier(delivery.channel)
        if notifier is None:
            await self._settle(delivery, "dead", f"there is no channel {delivery.channel!r}")
            return
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS + 1):
                await notifier.send(self._notification(delivery, alert))
        except DeliveryError as error:
            await self._failed(delivery, error)
        except TimeoutError:
            await self._failed(delivery, DeliveryError("send", f"no answer within {ATTEMPT_SECONDS:g} s"))
        else:
            await self._settle(delivery, "sent", f"sent in {self._clock.monotonic() - started:.1f} s")

    def _notification(self, delivery: Delivery, alert: Alert) -> Notification:
        return Notification(
            event=Event(delivery.event),
            alerts=(alert,),
            step=delivery.step,
            channel=delivery.channel,
            idempotency_key=delivery.idempotency_key,
            language=self._language,
            external_url=self._external_url,
            timezone=self._timezone,
        )

    async def _failed(self, delivery: Delivery, error: DeliveryError) -> None:
        now = self._clock.now()
        retry_at = now + timedelta(seconds=retry_wait(delivery.attempts + 1, error, random.random()))  # noqa: S311 - jitter
        if error.permanent or retry_at - delivery.due_at > GIVE_UP:
            logger.error("channel %s cannot deliver %s: %s", delivery.channel, delivery.idempotency_key, error)
            await self._settle(delivery, "dead", str(error))
        else:
            logger.warning("channel %s: %s; next attempt at %s", delivery.channel, error, retry_at.isoformat())
            await self._settle(delivery, "pending", str(error), retry_at)

    async def _settle(self, delivery: Delivery, state: str, detail: str = "", retry_at: datetime | None = None) -> None:
        now = self._clock.now()
        result = "retry" if state == "pending" else state

        def work(connection: Connection) -> None:
            error = detail if state in ("dead", "pending") else None
            outbox.settle(connection, delivery, state, now, error, retry_at)
            if state != "cancelled":
                episode_rows.note(
                    connection, delivery.alert_id, now, "notified", "", delivery.event, delivery.channel,
                    detail if state == "sent" else f"{result}: {detail}",
                )  # fmt: skip
            fallback = self._manager.fallback(delivery.channel)
            if state == "dead" and fallback is not None:
                outbox.enqueue(connection, delivery.alert_id, delivery.event, [fallback], now, delivery.step)

        await self._database.run(work)
        self._metrics.notifications.labels(delivery.channel, result).inc()
