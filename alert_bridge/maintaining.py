"""Maintenance windows at work: what begins in one is silent from the start, what is open follows them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from alert_bridge import episodes
from alert_bridge.episodes import Change
from alert_bridge.maintenance import PREFIX, Maintenance
from alert_bridge.pipeline import Pipeline
from alert_bridge.store import episode_rows, reconcile_rows
from runtime.clock import Clock
from runtime.database import Database


class MaintenanceWork:
    """Keeps silent what lies in a window, and lets it fire again when the window closes."""

    def __init__(self, maintenance: Maintenance, pipeline: Pipeline, database: Database, clock: Clock) -> None:
        self._maintenance = maintenance
        self._pipeline = pipeline
        self._database = database
        self._clock = clock
        self._open: frozenset[str] | None = None

    def stage(self, _: Connection, changes: Sequence[Change], now: datetime) -> Sequence[Change]:
        """Mute what begins in a window, in the same transaction: nobody is told of it."""
        if not self._maintenance.all:
            return ()
        begun = [change.alert for change in changes if change.what == "opened" and change.alert.open]
        muted = []
        for alert in begun:
            for reason in self._maintenance.reasons(alert.labels, alert.severity, now):
                change = episodes.mute(alert, reason, now)
                if change is not None:
                    alert = change.alert  # noqa: PLW2901 - each reason over the one before
            if alert.suppressed_by:
                muted.append(Change(alert, "suppressed", detail=alert.suppressed_by))
        return muted

    async def sweep(self) -> None:
        """Mute and unmute what is open, when a window has opened or closed since the last time."""
        now = self._clock.now()
        active = self._maintenance.active(now)
        if active == self._open:
            return
        labelled = await self._database.read(reconcile_rows.open_labelled)
        wanted = {one.id: self._maintenance.reasons(one.labels, one.severity, now) for one in labelled}
        differing = [one.id for one in labelled if set(_ours(one.reasons)) != set(wanted[one.id])]

        def work(connection: Connection, now: datetime) -> list[Change]:
            changes: list[Change] = []
            for alert in episode_rows.get_all(connection, differing):
                has = _ours(episodes.reasons(alert.suppressed_by))
                steps = [(episodes.mute, reason) for reason in wanted[alert.id] if reason not in has]
                steps += [(episodes.unmute, reason) for reason in has if reason not in wanted[alert.id]]
                changes += episodes.in_turn(alert, steps, now)
            return changes

        if differing:
            await self._pipeline.change(work)
        self._open = active


def _ours(reasons: Sequence[str]) -> list[str]:
    return [reason for reason in reasons if reason.startswith(PREFIX)]
