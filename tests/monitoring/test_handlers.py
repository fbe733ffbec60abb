import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from monitoring.handlers import EventHandlers


@asynccontextmanager
async def running(handlers: EventHandlers) -> AsyncIterator[list[int]]:
    failures: list[int] = []
    task = asyncio.create_task(handlers.run(lambda: failures.append(1)))
    await asyncio.sleep(0)
    try:
        yield failures
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_sync_and_async_handlers_get_the_event_and_its_alerts() -> None:
    handlers, seen = EventHandlers(), []

    async def on_loop(event: Any, alerts: Any) -> None:
        seen.append(("async", event["description"], alerts, threading.current_thread() is threading.main_thread()))

    def in_thread(event: Any, alerts: Any) -> None:
        seen.append(("sync", event["description"], alerts, threading.current_thread() is threading.main_thread()))

    handlers.add("pattern_detected", on_loop)
    handlers.add("pattern_detected", in_thread)
    async with running(handlers):
        handlers.tell({"type": "pattern_detected", "description": "x"}, [])
        handlers.tell({"type": "anomaly_detected", "description": "y"}, [])
        await handlers.drained()
    assert seen == [("async", "x", (), True), ("sync", "x", (), False)]


async def test_a_handler_that_fails_stops_no_other_and_is_counted() -> None:
    handlers, seen = EventHandlers(), []

    def failing(event: Any, alerts: Any) -> None:
        raise RuntimeError("no")

    handlers.add("alert_created", failing)
    handlers.add("alert_created", lambda event, alerts: seen.append(event["type"]))
    async with running(handlers) as failures:
        handlers.tell({"type": "alert_created"})
        handlers.tell({"type": "alert_created"})
        await handlers.drained()
    assert seen == ["alert_created"] * 2
    assert failures == [1, 1]


async def test_events_before_the_start_are_nobodys() -> None:
    handlers, seen = EventHandlers(), []
    handlers.add("alert_created", lambda event, alerts: seen.append(event))
    handlers.tell({"type": "alert_created"})
    async with running(handlers):
        await handlers.drained()
    assert not seen


def test_an_unknown_event_names_the_nearest_one() -> None:
    with pytest.raises(ValueError, match="did you mean 'pattern_detected'"):
        EventHandlers().add("patern_detected", print)


def test_a_handler_has_to_be_callable() -> None:
    with pytest.raises(TypeError):
        EventHandlers().add("alert_created", "print")  # type: ignore[arg-type]
