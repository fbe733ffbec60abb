"""Maintenance windows at work in a pipeline over a real database."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from alert_bridge.alerts import Observation, Status
from alert_bridge.episodes import Change
from alert_bridge.maintaining import MaintenanceWork
from alert_bridge.maintenance import Maintenance
from alert_bridge.maintenance_settings import WindowSettings, windows
from runtime.clock import format_utc
from tests.alert_bridge.parts import Parts, parts


def at_warnings(one: Parts) -> MaintenanceWork:
    """A window of an hour for warnings, opening now, at work in the pipeline."""
    settings = WindowSettings.model_validate(
        {"name": "db", "match": {"severity": "warning"}, "start": format_utc(one.clock.now()), "duration": "1h"}
    )
    work = MaintenanceWork(Maintenance(windows([settings], "UTC")), one.pipeline, one.clock)
    one.pipeline.stages.insert(0, work.stage)
    return work


async def test_what_rises_above_what_a_window_is_for_fires_at_once(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        work = at_warnings(one)
        start, print_ = one.clock.now(), "00000000000000aa"
        [opened, *_] = await one.observe(Observation(print_, {"alertname": "A", "severity": "warning"}, {}, start))
        await work.sweep()
        await one.escalate()
        assert one.channel.events == []
        await one.observe(Observation(print_, {"alertname": "A", "severity": "critical"}, {}, start))
        alert = await one.pipeline.get(opened.id)
        assert (alert.status, alert.suppressed_by) == (Status.FIRING, None)
        await one.escalate()
        assert one.channel.events == ["firing"]


async def test_what_is_stored_while_a_window_ends_fires(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        work = at_warnings(one)
        await work.sweep()
        began, go_on = threading.Event(), threading.Event()

        def slow(_: Connection, changes: Sequence[Change], now: datetime) -> Sequence[Change]:
            if any(change.what == "opened" for change in changes):
                began.set()
                go_on.wait(10)
            return ()

        one.pipeline.stages.append(slow)
        seen = Observation("00000000000000aa", {"alertname": "A", "severity": "warning"}, {}, one.clock.now())
        taking = asyncio.create_task(one.observe(seen))
        await asyncio.to_thread(began.wait, 10)
        one.clock.advance(3601)
        sweeping = asyncio.create_task(work.sweep())
        await asyncio.wait({sweeping}, timeout=0.2)
        go_on.set()
        [opened, *_] = await taking
        await sweeping
        await work.sweep()
        assert (await one.pipeline.get(opened.id)).status is Status.FIRING
