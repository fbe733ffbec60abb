"""Values and real servers for the tests of notifications."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.notify.notifier import Event, Notification

START = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)

ALERT = Alert(
    id="alert_1",
    fingerprint="00000000000000aa",
    name="CpuHigh",
    severity=Severity.HIGH,
    status=Status.FIRING,
    message="CPU 93.5 % on news-1",
    created_at=START,
    updated_at=START,
    labels={"alertname": "CpuHigh", "job": "exporter", "instance": "news-1:9105"},
    annotations={
        "summary_ja": "news-1 の CPU 使用率が 93.5 % です",
        "runbook_url": "https://wiki.example.com/cpu",
        "action": "Look at the queue.\nAdd a worker.",
    },
    reason="Above what this hour of the week usually shows.",
    reason_texts={"ja": "この時間帯の普段の値を超えています。"},
    log_patterns=({"description": "connection to * refused", "frequency": 12},),
    value=93.5,
    threshold=84.25,
)


def notification(event: Event = Event.FIRING, **changes: Any) -> Notification:
    base = Notification(
        event=event,
        alerts=(ALERT,),
        step=0,
        channel="hook",
        idempotency_key="alert_1:0:hook",
        external_url="https://watch.example.com",
    )
    return replace(base, **changes)


@dataclass
class Receiver:
    """A real HTTP server that keeps what it got and answers as told."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = "ok"
    before: Callable[[], Awaitable[None]] | None = None
    got: list[tuple[web.BaseRequest, bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.got.append((request, await request.read()))
        if self.before is not None:
            await self.before()
        return web.Response(status=self.status, headers=self.headers, text=self.text)


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    runner = web.ServerRunner(web.Server(receiver.answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - whatever is waited for, also what has no event
            await asyncio.sleep(0.005)
