"""Maintenance windows at work: what begins in one is silent from the start, what is open follows them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alert_bridge import episodes
from alert_bridge.alerts import Alert
from alert_bridge.episodes import Change
from alert_bridge.maintenance import PREFIX, Maintenance
from alert_bridge.pipeline import Pipeline
from alert_bridge.store import episode_rows, reconcile_rows
from runtime.clock import Clock


class MaintenanceWork:
    """Keeps silent what lies in a window, and lets it fire again when the window closes."""

    def __init__(self, maintenance: Maintenance, pipeline: Pipeline, clock: Clock) -> None:
        self._maintenance = maintenance
        self._pipeline = pipeline
        self._clock = clock
        self._open: frozenset[str] | None = None

    def stage(self, _: Connection, changes: Sequence[Change], now: datetime) -> Sequence[Change]:
        """Judge what begins and what changes, in the same transaction: nobody is told of what lies in a window.

        What is worse now than a window is for fires at once.
        """
        if not self._maintenance.all:
            return ()
        judged = (self._judge(change.alert, now) for change in changes if change.alert.open)
        return [change for change in judged if change is not None]

    async def sweep(self) -> None:
        """Mute and unmute what is open, when a window has opened or closed since the last time.

        All is read in the transaction that writes: what others are storing at this moment is not overlooked.
        """
        if self._maintenance.active(self._clock.now()) == self._open:
            return
        active: frozenset[str] = frozenset()

        def work(connection: Connection, now: datetime) -> list[Change]:
            nonlocal active
            active = self._maintenance.active(now)
            differing = [
                one.id
                for one in reconcile_rows.open_labelled(connection)
                if set(_ours(one.reasons)) != set(self._maintenance.reasons(one.labels, one.severity, now))
            ]
            judged = (self._judge(alert, now) for alert in episode_rows.get_all(connection, differing))
            return [change for change in judged if change is not None]

        await self._pipeline.change(work)
        self._open = active

    def _judge(self, alert: Alert, now: datetime) -> Change | None:
        """Return the one change by which an open episode follows the windows; None where it does already."""
        wanted = self._maintenance.reasons(alert.labels, alert.severity, now)
        has = _ours(episodes.reasons(alert.suppressed_by))
        steps: list[tuple[episodes.Step, str]] = [(episodes.mute, reason) for reason in wanted if reason not in has]
        steps += [(episodes.unmute, reason) for reason in has if reason not in wanted]
        changes = episodes.in_turn(alert, steps, now)
        if not changes:
            return None
        last = changes[-1]
        said = ", ".join(change.detail for change in changes)
        return replace(last, alert=replace(last.alert, version=alert.version), detail=said)


def _ours(reasons: Sequence[str]) -> list[str]:
    return [reason for reason in reasons if reason.startswith(PREFIX)]
