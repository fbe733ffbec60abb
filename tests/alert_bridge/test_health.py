from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alert_bridge.analyzer_client import AnalyzerUnavailable
from alert_bridge.dashboard.health import Health
from alert_bridge.figures import Figures
from alert_bridge.store import inbox
from alert_bridge.store.tables import outbox
from runtime.clock import format_utc
from tests.alert_bridge.parts import START, Parts, parts, seen
from tests.alert_bridge.test_every_route import NoAnalyzer, NoSeries


class AwayAnalyzer(NoAnalyzer):
    async def anomalies(self, start: float, end: float, limit: int) -> Sequence[Mapping[str, Any]]:
        raise AnalyzerUnavailable("refused")


COMPARED: Mapping[str, Any] = {
    "on": True,
    "peers": [
        {"url": "http://a:9093", "up": True, "problem": None},
        {"url": "http://b:9093", "up": False, "problem": "away"},
    ],
    "watchdog": {"heard_at": format_utc(START), "missing": False},
}


def health(one: Parts, analyzer: NoAnalyzer, compared: Mapping[str, Any] = COMPARED) -> Health:
    return Health(
        figures=Figures(NoSeries(), one.clock),
        analyzer=analyzer,
        database=one.database,
        channels=lambda: ("log",),
        compared=lambda: compared,
        clock=one.clock,
    )


def states(shown: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {(part["kind"], part["name"]): part["state"] for part in shown["parts"]}


async def test_each_part_has_its_state_and_the_worst_is_that_of_the_whole(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        shown = await health(one, NoAnalyzer()).shown("en")
        assert states(shown) == {
            ("prometheus", "series"): "ok",
            ("analyzer", "analyzer"): "ok",
            ("peer", "http://a:9093"): "ok",
            ("peer", "http://b:9093"): "failed",
            ("watchdog", "watchdog"): "ok",
            ("channel", "log"): "unknown",
            ("inbox", "inbox"): "ok",
        }
        assert shown["state"] == "failed"
        japanese = await health(one, NoAnalyzer()).shown("ja")
        assert all(part["text"] for part in japanese["parts"])
        assert japanese["parts"][0]["text"] != shown["parts"][0]["text"]


async def test_since_is_when_the_state_began_and_not_when_it_was_looked_at(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        looking = health(one, AwayAnalyzer())
        await looking.watch()
        one.clock.advance(60)
        [analyzer] = [part for part in (await looking.shown("en"))["parts"] if part["kind"] == "analyzer"]
        assert (analyzer["state"], analyzer["since"]) == ("failed", format_utc(START))
        looking._analyzer = NoAnalyzer()
        [analyzer] = [part for part in (await looking.shown("en"))["parts"] if part["kind"] == "analyzer"]
        assert (analyzer["state"], analyzer["since"]) == ("ok", format_utc(one.clock.now()))


async def test_a_channel_that_lost_its_last_word_and_refused_notifications_are_said(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        await one.observe(seen())
        await one.deliver()

        def spoil(connection: Any) -> None:
            connection.execute(outbox.update().values(state="dead", error="401"))
            inbox.receive_all(connection, one.clock.now(), [("alertmanager", "{", "no JSON")])

        await one.database.run(spoil)
        shown = await health(one, NoAnalyzer()).shown("en")
        found = states(shown)
        assert (found["channel", "log"], found["inbox", "inbox"]) == ("failed", "degraded")
        assert "401" in str(shown)


async def test_a_watchdog_that_is_missing_fails_and_no_comparison_is_unknown(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        off = {"on": False, "watchdog": {"heard_at": None, "missing": True}}
        found = states(await health(one, NoAnalyzer(), off).shown("en"))
        assert (found["watchdog", "watchdog"], found["peer", "alertmanager"]) == ("failed", "unknown")
