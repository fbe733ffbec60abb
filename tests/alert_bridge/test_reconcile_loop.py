"""The poll over a real Alertmanager and a real database."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from alert_bridge import episodes
from alert_bridge.alertmanager_client import AlertmanagerClient
from alert_bridge.alerts import Alert, Observation, Status, fingerprint
from alert_bridge.maintaining import MaintenanceWork
from alert_bridge.maintenance import Maintenance
from alert_bridge.maintenance_settings import WindowSettings, windows
from alert_bridge.reconcile_loop import IN_CONTACT, ReconcileLoop
from alert_bridge.store import episode_rows, reconcile_rows
from alert_bridge.watchdog import Watchdog
from runtime.clock import ManualClock, format_utc
from runtime.prometheus import PrometheusReader
from runtime.settings import AlertmanagerSettings
from tests.alert_bridge.alertmanagers import Alertmanager, FakePrometheus, alertmanager
from tests.alert_bridge.parts import Parts, parts
from tests.stack.ports import free_offset

AWAY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    with alertmanager(tmp_path_factory.mktemp("alertmanager"), 9093 + free_offset()) as running:
        yield running


@dataclass
class Bridge:
    """A pipeline with its poll; every alert of a test has a name of its own, for the Alertmanager is shared."""

    parts: Parts
    loop: ReconcileLoop
    prometheus: FakePrometheus

    async def webhook(self, labels: dict[str, str], ends: bool = False, age: float = 600.0) -> list[Alert]:
        now = self.parts.clock.now()
        began = now - (now - now.fromtimestamp(self.parts.clock.time() - age, now.tzinfo))
        seen = Observation(fingerprint(labels), labels, {"summary": "s"}, began, now if ends else None)
        return await self.parts.observe(seen)

    async def polls(self, count: int) -> None:
        for _ in range(count):
            await self.loop.poll()

    async def named(self, name: str) -> list[Alert]:
        def work(connection: Any) -> list[Alert]:
            return reconcile_rows.named_since(connection, [name], self.parts.clock.now().replace(year=2000))

        return sorted(await self.parts.database.read(work), key=lambda alert: alert.created_at)

    async def one(self, name: str) -> Alert:
        [alert] = await self.named(name)
        return alert

    async def history(self, alert: Alert) -> list[dict[str, Any]]:
        return await self.parts.database.read(lambda connection: episode_rows.history_of(connection, alert.id))

    def missed(self, how: str) -> float:
        return float(self.parts.metrics.missed.labels(how)._value.get())


@asynccontextmanager
async def bridge(
    folder: Path, *urls: str, maintenance: Maintenance | None = None, **settings: Any
) -> AsyncIterator[Bridge]:
    own = AlertmanagerSettings(urls=urls, **{"settle_seconds": 0, **settings})
    prometheus = FakePrometheus()
    async with (
        parts(folder, clock=ManualClock(time.time())) as one,
        aiohttp.ClientSession() as session,
    ):
        loop = ReconcileLoop(
            AlertmanagerClient(session, own, one.clock),
            cast(PrometheusReader, prometheus),
            one.pipeline,
            one.database,
            settings=own,
            channels=lambda: one.manager.names,
            maintenance=maintenance or Maintenance(),
            clock=one.clock,
            metrics=one.metrics,
        )
        yield Bridge(one, loop, prometheus)


async def test_what_the_webhook_missed_is_taken_in_told_and_counted(tmp_path: Path, peer: Alertmanager) -> None:
    async with bridge(tmp_path, peer.url) as one:
        assert (one.missed("poll"), one.missed("backfill")) == (0, 0)
        peer.fire("Missed")
        await one.polls(1)
        alert = await one.one("Missed")
        assert (alert.status, alert.source, alert.message) == (Status.FIRING, "reconcile", "Missed fires")
        await one.parts.deliver()
        assert [told.alert.name for told in one.parts.channel.told if told.event == "firing"].count("Missed") == 1
        assert one.missed("poll") == 0  # Alertmanager may still be holding it back
        one.parts.clock.advance(2)
        await one.polls(1)
        assert one.missed("poll") >= 1


async def test_what_the_webhook_brings_after_the_poll_was_not_missed(tmp_path: Path, peer: Alertmanager) -> None:
    async with bridge(tmp_path, peer.url) as one:
        labels = peer.fire("Late")
        await one.polls(1)
        before = len(one.loop._awaited)
        await one.webhook(labels)
        assert len(await one.named("Late")) == 1
        assert len(one.loop._awaited) == before - 1


async def test_what_is_gone_there_resolves_by_the_third_poll(tmp_path: Path, peer: Alertmanager) -> None:
    async with bridge(tmp_path, peer.url, AWAY) as one:
        labels = peer.fire("Gone")
        await one.webhook(labels)
        await one.polls(1)
        peer.fire("Gone", ended=True)
        await one.polls(2)
        assert (await one.one("Gone")).open
        await one.polls(1)
        alert = await one.one("Gone")
        assert alert.status is Status.RESOLVED
        last = (await one.history(alert))[-1]
        assert (last["what"], last["who"]) == ("resolved", "reconcile")
        assert "reconciled" in last["detail"]


async def test_nothing_resolves_without_alertmanager_or_against_prometheus(tmp_path: Path, peer: Alertmanager) -> None:
    labels = {"alertname": "Elsewhere", "severity": "critical", "instance": "x"}
    async with bridge(tmp_path / "away", AWAY) as one:
        await one.webhook(labels)
        await one.polls(4)
        assert (await one.one("Elsewhere")).open
    async with bridge(tmp_path / "young", peer.url, settle_seconds=3600) as one:
        await one.webhook(labels)
        await one.polls(4)
        assert (await one.one("Elsewhere")).open
    async with bridge(tmp_path / "fires", peer.url) as one:
        await one.webhook(labels)
        one.prometheus.firing = [labels]
        await one.polls(4)
        one.prometheus.problem = "refused"
        await one.polls(1)
        one.prometheus.problem, one.prometheus.firing = None, []
        assert (await one.one("Elsewhere")).open
        await one.polls(1)
        assert not (await one.one("Elsewhere")).open


async def test_what_did_not_come_from_alertmanager_is_left_alone(tmp_path: Path, peer: Alertmanager) -> None:
    async with bridge(tmp_path, peer.url) as one:
        labels = {"alertname": "Own", "severity": "critical"}
        now = one.parts.clock.now()
        for source in ("rules", "events"):
            seen = Observation(fingerprint(labels | {"s": source}), labels | {"s": source}, {}, now)
            await one.parts.pipeline.observe([seen], source=source)
        await one.polls(5)
        assert all(alert.open for alert in await one.named("Own"))


async def test_a_silence_there_is_shown_and_stops_the_word_and_its_end_lets_it_fire(
    tmp_path: Path, peer: Alertmanager
) -> None:
    async with bridge(tmp_path, peer.url) as one:
        labels = peer.fire("Quiet", instance="quiet-1")
        [opened] = await one.webhook(labels)
        id = peer.silence("Quiet")
        await one.polls(1)
        alert = await one.one("Quiet")
        assert (alert.status, alert.suppressed_by) == (Status.SUPPRESSED, f"silence:{id}")
        await one.parts.escalate()
        assert "Quiet" not in [told.alert.name for told in one.parts.channel.told]
        owned = await one.parts.pipeline.acknowledge(opened.id, "yui")
        assert (owned.status, owned.suppressed_by) == (Status.ACKNOWLEDGED, f"silence:{id}")
        peer.end_silence(id)
        await one.polls(1)
        alert = await one.one("Quiet")
        assert (alert.status, alert.acknowledged_by, alert.suppressed_by) == (Status.ACKNOWLEDGED, "yui", None)
        await one.parts.pipeline.act(opened.id, lambda a, now: episodes.unacknowledge(a, "yui", now))
        await one.parts.escalate()
        assert [told.alert.name for told in one.parts.channel.told].count("Quiet") == 1


async def test_what_resolves_while_silenced_resolves_here_by_the_third_poll(tmp_path: Path, peer: Alertmanager) -> None:
    async with bridge(tmp_path, peer.url) as one:
        await one.webhook(peer.fire("Hushed", instance="hushed-1"))
        peer.silence("Hushed")
        await one.polls(1)
        peer.fire("Hushed", ended=True, instance="hushed-1")
        await one.polls(3)
        assert (await one.one("Hushed")).status is Status.RESOLVED


async def test_an_inhibited_alert_is_shown_as_that(tmp_path: Path, peer: Alertmanager) -> None:
    async with bridge(tmp_path, peer.url) as one:
        await one.webhook(peer.fire("Less", severity="warning", instance="pair"))
        peer.fire("More", severity="critical", instance="pair")
        await one.polls(1)
        assert (await one.one("Less")).suppressed_by == "inhibited"


async def test_an_acknowledged_alert_is_silenced_there_and_the_silence_goes_with_it(
    tmp_path: Path, peer: Alertmanager
) -> None:
    async with bridge(tmp_path, peer.url, ack_sync="silence") as one:
        labels = peer.fire("Synced", instance="synced-1")
        [opened] = await one.webhook(labels)
        await one.polls(1)
        wanted = one.parts.pipeline.reconcile_wanted
        wanted.clear()
        await one.parts.pipeline.acknowledge(opened.id, "yui", "looking")
        assert wanted.is_set()
        await one.polls(2)
        [silence] = [each for each in peer.silences() if opened.id in each["comment"]]
        assert {each["name"]: each["value"] for each in silence["matchers"]} == labels
        assert "yui" in silence["comment"]
        alert = await one.one("Synced")
        assert (alert.status, alert.suppressed_by) == (Status.ACKNOWLEDGED, None)
        one.parts.clock.advance(360)
        await one.polls(1)
        [prolonged] = [each for each in peer.silences() if opened.id in each["comment"]]
        assert (prolonged["id"], prolonged["endsAt"] > silence["endsAt"]) == (silence["id"], True)
        peer.fire("Synced", ended=True, instance="synced-1")
        await one.polls(3)
        assert (await one.one("Synced")).status is Status.RESOLVED
        assert [each for each in peer.silences() if opened.id in each["comment"]] == []


async def test_taken_back_an_acknowledgement_ends_its_silence(tmp_path: Path, peer: Alertmanager) -> None:
    async with bridge(tmp_path, peer.url, ack_sync="silence") as one:
        [opened] = await one.webhook(peer.fire("Back", instance="back-1"))
        await one.parts.pipeline.acknowledge(opened.id, "yui")
        await one.polls(1)
        assert [each for each in peer.silences() if opened.id in each["comment"]]
        await one.parts.pipeline.act(opened.id, lambda a, now: episodes.unacknowledge(a, "yui", now))
        await one.polls(1)
        assert [each for each in peer.silences() if opened.id in each["comment"]] == []


async def in_contact(one: Bridge, seconds_ago: float) -> None:
    at = one.parts.clock.now().fromtimestamp(one.parts.clock.time() - seconds_ago, one.parts.clock.now().tzinfo)
    await one.parts.database.run(lambda connection: reconcile_rows.note_moment(connection, IN_CONTACT, at))


async def test_what_came_and_went_during_an_outage_is_filled_in_and_told_in_one_message(
    tmp_path: Path, peer: Alertmanager
) -> None:
    async with bridge(tmp_path, peer.url) as one:
        now = one.parts.clock.time()
        await in_contact(one, 600)
        await one.webhook({"alertname": "Before", "instance": "b"}, age=900)
        one.prometheus.history = [
            ({"alertname": f"Filled{number}", "severity": "warning"}, (now - 400, now - 200)) for number in range(3)
        ]
        one.prometheus.history.append(({"alertname": "Before", "instance": "b"}, (now - 700, now - 300)))
        one.prometheus.rules = [{"name": "Filled1", "annotations": {"summary": "It was {{ $labels.severity }}"}}]
        await one.polls(2)
        alert = await one.one("Filled1")
        assert (alert.status, alert.source, alert.message) == (Status.RESOLVED, "backfill", "It was warning")
        assert alert.resolved_at is not None
        assert abs((alert.resolved_at - alert.created_at).total_seconds() - 200) <= 5
        assert abs(alert.created_at.timestamp() - (now - 400)) <= 3
        before = await one.one("Before")
        assert before.resolved_at is not None
        assert abs(before.resolved_at.timestamp() - (now - 300)) <= 3
        assert "backfilled" in (await one.history(before))[-1]["detail"]
        assert one.missed("backfill") == 3
        await one.parts.deliver()
        bundles = [told for told in one.parts.channel.told if told.event == "backfill"]
        assert [sorted(each.name for each in told.alerts) for told in bundles] == [["Filled0", "Filled1", "Filled2"]]
        assert not [told for told in one.parts.channel.told if told.event == "firing" and "Filled" in told.alert.name]


async def test_while_prometheus_is_away_the_gap_stays_and_is_filled_in_later(
    tmp_path: Path, peer: Alertmanager
) -> None:
    async with bridge(tmp_path, peer.url) as one:
        await in_contact(one, 600)
        one.prometheus.problem = "refused"
        await one.polls(2)
        one.prometheus.problem = None
        await one.polls(2)
        [(start, _)] = one.prometheus.asked
        assert abs(start - (one.parts.clock.time() - 600)) < 1


async def test_a_first_start_and_a_running_bridge_have_no_gap(tmp_path: Path, peer: Alertmanager) -> None:
    async with bridge(tmp_path, peer.url) as one:
        await one.polls(1)
        one.parts.clock.advance(30)
        await one.polls(1)
        assert one.prometheus.asked == []
        one.parts.clock.advance(600)  # suspended, or every Alertmanager away
        await one.polls(1)
        assert len(one.prometheus.asked) == 1


async def test_what_began_in_a_maintenance_window_is_silent_and_fires_after_it(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        start = one.clock.now()
        settings = WindowSettings.model_validate(
            {"name": "db", "match": {"job": "db"}, "start": format_utc(start), "duration": "1h"}
        )
        work = MaintenanceWork(Maintenance(windows([settings], "UTC")), one.pipeline, one.clock)
        one.pipeline.stages.insert(0, work.stage)
        labels = {"alertname": "InWindow", "job": "db"}
        [opened, *_] = await one.observe(Observation(fingerprint(labels), labels, {}, start))
        alert = await one.pipeline.get(opened.id)
        assert (alert.status, alert.suppressed_by) == (Status.SUPPRESSED, "maintenance:db")
        await work.sweep()
        await one.escalate()
        assert one.channel.events == []
        one.clock.advance(3601)
        await work.sweep()
        assert (await one.pipeline.get(opened.id)).status is Status.FIRING
        await one.escalate()
        assert one.channel.events == ["firing"]


async def test_a_window_that_opens_mutes_what_is_open_and_lets_ends_and_owners_through(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        start = one.clock.now()
        settings = WindowSettings.model_validate(
            {"name": "all", "match": {}, "start": format_utc(one.clock.time() + 60), "duration": "1h"}
        )
        work = MaintenanceWork(Maintenance(windows([settings], "UTC")), one.pipeline, one.clock)
        first, second = ({"alertname": name} for name in "AB")
        [a] = await one.observe(Observation(fingerprint(first), first, {}, start))
        [b] = await one.observe(Observation(fingerprint(second), second, {}, start))
        await work.sweep()
        one.clock.advance(61)
        await work.sweep()
        assert (await one.pipeline.get(a.id)).status is Status.SUPPRESSED
        assert (await one.pipeline.acknowledge(a.id, "yui")).acknowledged_by == "yui"
        await one.observe(Observation(fingerprint(second), second, {}, start, one.clock.now()))
        assert (await one.pipeline.get(b.id)).status is Status.RESOLVED


async def never() -> bool:
    return False


async def test_a_watchdog_that_stays_away_raises_an_alarm_that_ends_when_it_is_back(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        dog = Watchdog(one.pipeline, clock=one.clock, timeout_seconds=300, has_rule=never)
        one.clock.advance(1000)
        await dog.check()
        assert await one.pipeline.open_named(["WatchdogMissing"]) == []
        one.pipeline.hear_watchdog()
        one.clock.advance(299)
        await dog.check()
        assert await one.pipeline.open_named(["WatchdogMissing"]) == []
        one.clock.advance(2)
        await dog.check()
        await dog.check()
        [alarm] = await one.pipeline.open_named(["WatchdogMissing"])
        assert (alarm.severity, alarm.source) == ("CRITICAL", "events")
        assert dog.health()["missing"] is True
        await one.deliver()
        one.pipeline.hear_watchdog()
        await dog.check()
        assert await one.pipeline.open_named(["WatchdogMissing"]) == []
        await one.deliver()
        assert one.channel.events == ["firing", "resolved"]


async def test_where_prometheus_has_the_rule_the_watchdog_is_missed_though_never_heard(tmp_path: Path) -> None:
    async def there() -> bool:
        return True

    async with parts(tmp_path) as one:
        dog = Watchdog(one.pipeline, clock=one.clock, timeout_seconds=300, has_rule=there)
        await dog.check()
        one.clock.set(one.clock.time() + 7200)  # a clock that is put forward is no silence
        await dog.check()
        assert await one.pipeline.open_named(["WatchdogMissing"]) == []
        one.clock.advance(301)
        await dog.check()
        assert len(await one.pipeline.open_named(["WatchdogMissing"])) == 1
        again = Watchdog(one.pipeline, clock=one.clock, timeout_seconds=300, has_rule=there)  # after a restart
        one.pipeline.hear_watchdog()
        await again.check()
        assert await one.pipeline.open_named(["WatchdogMissing"]) == []
