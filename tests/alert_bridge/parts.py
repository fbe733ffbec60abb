"""A pipeline over a real SQLite file, with a clock that stands still."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute

from alert_bridge.alerts import Alert, Observation, fingerprint
from alert_bridge.delivery import DeliveryWorker
from alert_bridge.escalating import Escalating
from alert_bridge.escalation import EVERYBODY_AT_ONCE, Policy
from alert_bridge.explaining import Explanation
from alert_bridge.metrics import BridgeMetrics
from alert_bridge.notify.manager import NotificationManager
from alert_bridge.notify.notifier import DeliveryError, Notification
from alert_bridge.pipeline import Pipeline
from alert_bridge.schedules import NOBODY_ON_CALL, OnCall
from runtime.clock import ManualClock
from runtime.database import Database
from runtime.security import Access
from runtime.settings import WebSettings
from runtime.web import build_app, serve
from tests.http_client import Client, client

START = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)


@asynccontextmanager
async def served(
    routes: Sequence[BaseRoute], *, access: Access | None = None, ingest_paths: Sequence[str] = ()
) -> AsyncIterator[Client]:
    """Serve some routes as the bridge does."""
    app = build_app(
        name="alert_bridge",
        routes=routes,
        registry=CollectorRegistry(),
        ready=lambda: None,
        access=access or Access(),
        web=WebSettings(rate_limit_per_minute=10_000),
        ingest_paths=ingest_paths,
    )
    server = await serve(app, "127.0.0.1:0", access or Access())
    try:
        async with client(f"http://127.0.0.1:{server.port}") as http:
            yield http
    finally:
        await server.close()


def seen(name: str = "ErrorRate", *, starts: float = 0.0, ends: float | None = None, **labels: str) -> Observation:
    """An observation; starts, ends: seconds after START."""
    full = {"alertname": name, "severity": "critical", "instance": "news-1", **labels}
    return Observation(
        fingerprint=fingerprint(full),
        labels=full,
        annotations={"summary": f"{name} is high", "summary_ja": f"{name} が高い", "value": "17.9"},
        starts_at=START + timedelta(seconds=starts),
        ends_at=None if ends is None else START + timedelta(seconds=ends),
    )


@dataclass
class RecordingChannel:
    """A channel that keeps what it was told; `fail` is raised instead while it is set."""

    told: list[Notification] = field(default_factory=list)
    fail: DeliveryError | None = None

    async def send(self, notification: Notification) -> None:
        if self.fail is not None:
            raise self.fail
        self.told.append(notification)

    @property
    def events(self) -> list[str]:
        return [one.event.value for one in self.told]


@dataclass
class Parts:
    pipeline: Pipeline
    worker: DeliveryWorker
    manager: NotificationManager
    database: Database
    clock: ManualClock
    metrics: BridgeMetrics
    channel: RecordingChannel
    published: list[tuple[str, Alert]]
    escalating: Escalating

    async def escalate(self) -> None:
        """Take the steps that are due, and deliver what they tell."""
        await self.escalating.tick(self.pipeline, self.database)
        await self.deliver()

    async def observe(self, *observations: Observation, **how: Any) -> list[Alert]:
        return await self.pipeline.observe(observations, source="alertmanager", **how)

    async def deliver(self) -> None:
        """Work off what is due, to the end."""
        await self.worker.work_off()
        await self.worker.idle()


async def nothing_known(_: Alert) -> Explanation:
    return Explanation()


@asynccontextmanager
async def parts(
    folder: Path,
    explain: Any = nothing_known,
    channels: Sequence[str] = ("log",),
    policies: Sequence[Policy] = (EVERYBODY_AT_ONCE,),
    on_call: OnCall = NOBODY_ON_CALL,
    clock: ManualClock | None = None,
) -> AsyncIterator[Parts]:
    clock = clock or ManualClock(START)
    database = Database.open(folder / "alerts.db", "alert_bridge.migrations")
    registry = CollectorRegistry()
    metrics = BridgeMetrics(registry)
    manager = NotificationManager({}, clock)
    channel = RecordingChannel()
    for name in channels:
        manager._notifiers[name] = channel
    pipeline = Pipeline(database, clock=clock, metrics=metrics, explain=explain)
    escalating = Escalating(policies, on_call, channels=lambda: manager.names, clock=clock, registry=registry)
    pipeline.stages.append(escalating.stage)
    published: list[tuple[str, Alert]] = []
    pipeline.listeners.append(lambda event, alert: published.append((event, alert)))
    worker = DeliveryWorker(database, pipeline, manager, clock=clock, metrics=metrics)
    try:
        yield Parts(pipeline, worker, manager, database, clock, metrics, channel, published, escalating)
    finally:
        await pipeline.close()
        await database.close()
