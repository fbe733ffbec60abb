from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from alert_bridge.alerts import Severity
from analyzer.events import ANOMALY_DETECTED, PATTERN_DETECTED, Event
from analyzer.events import Severity as EventSeverity
from monitoring.log_alerts import QUIET_SECONDS, LogAlerts
from runtime.clock import format_utc
from tests.alert_bridge.parts import Parts, parts

PLACE = {"job": "embedded", "instance": "news-1"}


class Analyzer:
    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []

    async def patterns(self, start: float, end: float, limit: int) -> list[dict[str, Any]]:
        return self.items

    async def anomalies(self, start: float, end: float, limit: int) -> list[dict[str, Any]]:
        return []

    async def listing(self, what: str, query: Mapping[str, str]) -> dict[str, Any]:
        return {"items": self.items, "next_cursor": None, "total": len(self.items)}


class Setup:
    def __init__(self, bridge: Parts) -> None:
        self.bridge = bridge
        self.analyzer = Analyzer()
        self.alerts = self.begin()

    def begin(self) -> LogAlerts:
        return LogAlerts(self.bridge.pipeline, self.analyzer, clock=self.bridge.clock, place=PLACE)

    @property
    def status(self) -> str:
        return self.bridge.published[-1][1].status.value

    def event(self, severity: str = "HIGH", type: str = PATTERN_DETECTED, **details: Any) -> Event:
        known = {"pattern_id": "ssl_error", "kind": "predefined", "source": "app", "level": "ERROR", "series": "s"}
        now = self.bridge.clock.now()
        return Event(type, "TLS error", "SSLエラー", EventSeverity(severity), now, known | details)


@asynccontextmanager
async def setup(folder: Path) -> AsyncIterator[Setup]:
    async with parts(folder) as bridge:
        yield Setup(bridge)


async def test_a_severe_predefined_pattern_opens_one_alert_with_its_texts(tmp_path: Path) -> None:
    async with setup(tmp_path) as one:
        (alert,) = await one.alerts.take(one.event(examples=["handshake failed"]))
        assert (alert.name, alert.severity) == ("SevereLogPattern", Severity.HIGH)
        assert alert.labels["pattern"] == "ssl_error"
        assert alert.annotations["summary_ja"] == "SSLエラー（ログ app）"
        assert alert.reason == "TLS error: handshake failed"
        assert await one.alerts.take(one.event()) == []


async def test_new_errors_share_one_alert_and_lesser_patterns_have_none(tmp_path: Path) -> None:
    async with setup(tmp_path) as one:
        (alert,) = await one.alerts.take(one.event(kind="dynamic", pattern_id="t1"))
        assert (alert.name, alert.severity) == ("NewErrorPattern", Severity.MEDIUM)
        assert await one.alerts.take(one.event(kind="dynamic", pattern_id="t2")) == []
        assert await one.alerts.take(one.event("MEDIUM")) == []


async def test_a_burst_of_a_known_error_has_an_alert_of_its_own(tmp_path: Path) -> None:
    async with setup(tmp_path) as one:
        (alert,) = await one.alerts.take(one.event(kind="dynamic", pattern_id="t1", reason="burst"))
        assert (alert.name, alert.severity) == ("ErrorPatternBursting", Severity.MEDIUM)
        assert alert.annotations["summary_ja"] == "既知のエラーが急増しています（ログ app）: SSLエラー"


async def test_an_anomaly_opens_an_alert_of_its_severity(tmp_path: Path) -> None:
    async with setup(tmp_path) as one:
        (alert,) = await one.alerts.take(one.event("LOW", ANOMALY_DETECTED, series="cpu_percent"))
        assert (alert.name, alert.severity, alert.labels["series"]) == ("AnomalyDetected", Severity.LOW, "cpu_percent")


@pytest.mark.parametrize(
    ("details", "seen"),
    [
        ({}, {"pattern_id": "ssl_error"}),
        ({"kind": "dynamic", "pattern_id": "t1"}, {"pattern_id": "t2", "source": "app", "level": "ERROR", "new": True}),
    ],
    ids=["a known pattern", "new errors of a source"],
)
async def test_it_ends_after_quiet_minutes_but_not_while_lines_still_come(
    tmp_path: Path, details: dict[str, Any], seen: dict[str, Any]
) -> None:
    async with setup(tmp_path) as one:
        await one.alerts.take(one.event(**details))
        one.bridge.clock.advance(QUIET_SECONDS - 10)
        one.analyzer.items = [{**seen, "last_seen": format_utc(one.bridge.clock.now())}]
        one.bridge.clock.advance(20)
        await one.alerts.sweep()
        assert one.status == "firing"
        one.bridge.clock.advance(QUIET_SECONDS)
        await one.alerts.sweep()
        assert one.status == "resolved"


async def test_an_alert_of_an_earlier_run_ends_too(tmp_path: Path) -> None:
    async with setup(tmp_path) as one:
        await one.alerts.take(one.event())
        again = one.begin()
        await again.adopt()
        one.bridge.clock.advance(QUIET_SECONDS)
        await again.sweep()
        assert one.status == "resolved"


async def test_bursts_of_errors_open_an_alert_and_what_is_rare_or_no_error_none(tmp_path: Path) -> None:
    async with setup(tmp_path) as one:
        for details in (
            {"level": "WARNING", "reason": "burst"},
            {"reason": "rare"},
            {"level": "WARNING", "reason": "new"},
        ):
            assert await one.alerts.take(one.event(kind="dynamic", **details)) == []
        (alert,) = await one.alerts.take(one.event(reason="burst"))
        assert (alert.name, alert.labels["level"]) == ("ErrorPatternBursting", "ERROR")
