"""Whether alerts still come through, both ways: Alertmanager's Watchdog, and a sign of life of our own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from alert_bridge.alerts import Observation, Severity, fingerprint
from alert_bridge.metrics import BridgeMetrics
from alert_bridge.pipeline import Pipeline
from alert_bridge.reconcile import WATCHDOG
from alert_bridge.store import reconcile_rows
from runtime.clock import Clock, format_utc
from runtime.database import Database
from runtime.prometheus import PrometheusReader, SeriesUnavailable

logger = logging.getLogger(f"monitoring.{__name__}")

NAME = "WatchdogMissing"
CHECK_SECONDS = 5.0
ALIVE = "alive"
SIGN_OF_LIFE_SECONDS = 30.0


class Watchdog:
    """Raises the alarm `WatchdogMissing` by itself when the Watchdog stays away, and ends it when it is back.

    It is expected once it was heard, or where Prometheus has the rule. timeout_seconds: how long it may stay away,
    0 for ever. has_rule: whether Prometheus has the rule; asked until the Watchdog is expected.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        clock: Clock,
        timeout_seconds: float,
        has_rule: Callable[[], Awaitable[bool]],
    ) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._has_rule = has_rule
        self._expected = False
        self._began = clock.monotonic()
        self._alarmed: bool | None = None

    async def check(self) -> None:
        """Raise or end the alarm. Raises sqlalchemy.exc.OperationalError; the next check does it then."""
        if not self._timeout_seconds:
            return
        heard_at = self._pipeline.watchdog_at
        self._expected = self._expected or heard_at is not None or await self._has_rule()
        silent_seconds = self._clock.monotonic() - (self._began if heard_at is None else heard_at)
        missing = self._expected and silent_seconds > self._timeout_seconds
        if missing:
            if not self._alarmed:
                logger.error("no Watchdog for %.0f s: alerts may not come through", silent_seconds)
                began = self._clock.now() - timedelta(seconds=silent_seconds)
                await self._pipeline.observe([_alarm(began, None)], source="events")
            self._alarmed = True
        elif self._alarmed or (self._alarmed is None and heard_at is not None):
            if await self._pipeline.open_named([NAME]):
                now = self._clock.now()
                await self._pipeline.observe([_alarm(now, now)], source="events")
            self._alarmed = False

    def health(self) -> dict[str, Any]:
        """Return when it was last heard and whether it is missed, JSON-able."""
        heard_at = self._pipeline.watchdog_at
        seconds_ago = None if heard_at is None else self._clock.monotonic() - heard_at
        return {
            "expected": self._expected,
            "heard_at": None if seconds_ago is None else format_utc(self._clock.time() - seconds_ago),
            "missing": bool(self._alarmed),
        }


def rule_finder(prometheus: PrometheusReader | None) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether Prometheus has the Watchdog's rule; one that does not answer has none yet."""

    async def has_rule() -> bool:
        if prometheus is None:
            return False
        try:
            return any(rule.get("name") == WATCHDOG for rule in await prometheus.alerting_rules())
        except SeriesUnavailable:
            return False

    return has_rule


async def give_signs_of_life(database: Database, clock: Clock, metrics: BridgeMetrics) -> None:
    """Store something every half minute, so that a bridge that cannot store any more is seen from outside."""
    while True:
        await database.run(lambda connection: reconcile_rows.note_moment(connection, ALIVE, clock.now()))
        metrics.last_commit.set(clock.time())
        await asyncio.sleep(SIGN_OF_LIFE_SECONDS)


def _alarm(began: datetime, ended: datetime | None) -> Observation:
    labels = {"alertname": NAME, "severity": Severity.CRITICAL.prometheus}
    return Observation(
        fingerprint=fingerprint(labels),
        labels=labels,
        annotations={
            "summary": "The Watchdog stays away: alerts may not come through",
            "summary_ja": "監視経路の生存確認（Watchdog）が届いていません。アラートが届かない可能性があります",
            "description": "The alert that always fires does not come through from Prometheus and Alertmanager.",
            "description_ja": "常時発生するアラートが Prometheus から Alertmanager を経てブリッジに届いていません。",
            "runbook_url": f"docs/runbooks/{NAME}.md",
        },
        starts_at=began,
        ends_at=ended,
    )
