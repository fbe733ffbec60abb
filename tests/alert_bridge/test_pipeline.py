import asyncio
import itertools
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from alert_bridge import episodes
from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.episodes import AlreadyResolved
from alert_bridge.explaining import Explanation
from alert_bridge.notify.notifier import DeliveryError
from alert_bridge.pipeline import UnknownAlert
from alert_bridge.store import alert_list, episode_rows, retention, tables
from alert_bridge.store.alert_list import AlertFilter
from tests.alert_bridge.parts import parts, seen
from tests.waiting import until


async def test_firing_again_resets_nothing_and_opens_nothing(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        [opened] = await one.observe(seen())
        await one.pipeline.acknowledge(opened.id, "yui")
        one.clock.advance(60)
        assert await one.observe(seen()) == []
        alert = await one.pipeline.get(opened.id)
        assert alert.status is Status.ACKNOWLEDGED
        assert alert.acknowledged_by == "yui"


async def test_a_resolve_ends_the_episode_and_a_late_duplicate_does_not_begin_another(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        [opened] = await one.observe(seen())
        [ended] = await one.observe(seen(ends=30))
        assert ended.id == opened.id
        assert ended.status is Status.RESOLVED
        assert await one.observe(seen()) == []
        assert await one.observe(seen(ends=30)) == []


async def test_firing_after_the_end_is_a_new_episode_that_nobody_has(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        [first] = await one.observe(seen())
        await one.pipeline.acknowledge(first.id, "yui")
        await one.observe(seen(ends=30))
        [second] = await one.observe(seen(starts=60))
        assert second.id != first.id
        assert second.status is Status.FIRING
        assert second.acknowledged_by is None


async def test_any_order_of_a_begin_and_its_end_leaves_it_resolved(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        stream = (seen("A"), seen("A", ends=10), seen("A"))
        for number, order in enumerate(itertools.permutations(stream)):
            labelled = [seen(f"A{number}", ends=None if item.firing else 10) for item in order]
            for observation in labelled:
                await one.observe(observation)
            await one.observe(seen(f"A{number}", ends=10))
        page = await one.database.read(lambda connection: alert_list.find(connection, AlertFilter()))
        assert page.total == 0


async def test_a_thousand_alerts_in_one_notification_are_all_kept(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        opened = await one.observe(*(seen(instance=f"news-{number}") for number in range(1000)))
        assert len({alert.id for alert in opened}) == 1000
        assert len(await one.observe(*(seen(instance=f"news-{number}", ends=5) for number in range(1000)))) == 1000


def broken(_: str, __: Alert) -> None:
    raise RuntimeError("a listener of a user")


async def test_each_change_is_published_once_and_a_broken_listener_stops_nobody(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        one.pipeline.listeners.insert(0, broken)
        [opened] = await one.observe(seen())
        await one.pipeline.acknowledge(opened.id, "yui")
        await one.observe(seen(ends=30))
        events = [event for event, alert in one.published if alert.version > 0]
        assert [event for event in events if event != "alert_updated"] == ["alert_created", "alert_resolved"]


async def test_the_reason_and_the_log_patterns_are_stored_with_the_alert(tmp_path: Path) -> None:
    async def explain(_: Alert) -> Explanation:
        return Explanation({"en": "why", "ja": "理由"}, ({"pattern_id": "database_error"},), 17.9, 5.2)

    async with parts(tmp_path, explain) as one:
        [opened] = await one.observe(seen())
        await one.pipeline.explained(opened.id)
        alert = await one.pipeline.get(opened.id)
        assert alert.reason == "why"
        assert alert.reason_texts["ja"] == "理由"
        assert alert.log_patterns[0]["pattern_id"] == "database_error"
        assert alert.threshold == 5.2


async def test_an_explanation_that_fails_or_hangs_does_not_hold_the_notification(tmp_path: Path) -> None:
    async def explain(_: Alert) -> Explanation:
        raise RuntimeError("away")

    async with parts(tmp_path, explain) as one:
        await one.observe(seen())
        await one.deliver()
        assert one.channel.events == ["firing"]


async def test_actions_on_what_is_not_there_or_over_are_refused(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        with pytest.raises(UnknownAlert, match="alert_0"):
            await one.pipeline.acknowledge("alert_0", "yui")
        [opened] = await one.observe(seen())
        await one.observe(seen(ends=1))
        with pytest.raises(AlreadyResolved):
            await one.pipeline.acknowledge(opened.id, "yui")


async def test_a_second_acknowledge_keeps_the_owner_and_adds_the_comment(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        [opened] = await one.observe(seen())
        await one.pipeline.acknowledge(opened.id, "yui")
        alert = await one.pipeline.acknowledge(opened.id, "ken", "looking too")
        assert alert.acknowledged_by == "yui"
        assert alert.comment == "looking too"


async def test_an_acknowledgement_runs_out_and_can_be_taken_back(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        [opened] = await one.observe(seen())
        await one.pipeline.acknowledge(opened.id, "yui", seconds=60)
        await one.pipeline.expire()
        assert (await one.pipeline.get(opened.id)).status is Status.ACKNOWLEDGED
        one.clock.advance(61)
        await one.pipeline.expire()
        assert (await one.pipeline.get(opened.id)).status is Status.FIRING
        await one.pipeline.acknowledge(opened.id, "yui")
        alert = await one.pipeline.act(opened.id, lambda a, now: episodes.unacknowledge(a, "yui", now))
        assert alert.status is Status.FIRING
        history = await one.database.read(lambda connection: episode_rows.history_of(connection, opened.id))
        assert [row["what"] for row in history] == [
            "firing", "acknowledged", "firing", "acknowledged", "unacknowledged",
        ]  # fmt: skip


async def test_a_severity_only_rises_while_an_episode_lasts(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        low = seen(severity="warning")
        [opened] = await one.observe(low)
        raised = seen(severity="critical")
        [alert] = await one.observe(
            type(low)(low.fingerprint, raised.labels, raised.annotations, low.starts_at, None, "")
        )
        assert (opened.severity, alert.severity) == (Severity.MEDIUM, Severity.CRITICAL)
        assert await one.observe(low) == []


async def test_the_guides_columns_are_in_the_table_alerts(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        await one.observe(seen())

        def columns(connection: object) -> list[str]:
            return [row[1] for row in connection.exec_driver_sql("PRAGMA table_info(alerts)")]  # type: ignore[attr-defined]

        assert (await one.database.read(columns))[:6] == [
            "id", "severity", "status", "message", "created_at", "escalation_level",
        ]  # fmt: skip


async def test_the_migrations_make_what_the_store_declares(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        found = await one.database.read(
            lambda connection: compare_metadata(MigrationContext.configure(connection), tables.metadata)
        )
        assert found == []


async def test_everybody_is_told_once_of_the_begin_and_once_of_the_end(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=["log", "mail"]) as one:
        await one.observe(seen())
        await one.deliver()
        await one.observe(seen())
        await one.deliver()
        await one.observe(seen(ends=30))
        await one.deliver()
        assert sorted(one.channel.events) == ["firing", "firing", "resolved", "resolved"]
        keys = {told.idempotency_key for told in one.channel.told}
        assert len(keys) == 4


async def test_an_alert_that_somebody_has_or_that_is_over_is_not_told_any_more(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        [first] = await one.observe(seen("A"))
        await one.pipeline.acknowledge(first.id, "yui")
        await one.observe(seen("B"))
        await one.observe(seen("B", ends=1))
        await one.deliver()
        assert one.channel.events == []


async def test_a_failed_attempt_is_repeated_with_the_same_key_when_its_time_has_come(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        await one.observe(seen())
        one.channel.fail = DeliveryError("answer", "429", retry_after_seconds=60)
        await one.deliver()
        one.channel.fail = None
        one.clock.advance(59)
        await one.deliver()
        assert one.channel.events == []
        one.clock.advance(1)
        await one.deliver()
        assert one.channel.events == ["firing"]


async def test_what_waits_to_be_sent_is_counted_while_it_waits_for_its_next_attempt(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        one.channel.fail = DeliveryError("answer", "429", retry_after_seconds=60)
        await one.observe(seen("A"), seen("B"))
        await one.deliver()
        await one.deliver()
        assert one.metrics.pending.labels("log")._value.get() == 2


async def test_a_channel_that_can_never_deliver_hands_over_to_its_fallback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with parts(tmp_path) as one:
        backup = type(one.channel)()
        one.manager._notifiers["backup"] = backup
        one.channel.fail = DeliveryError("login", "refused", permanent=True)
        monkeypatch.setattr(one.manager, "fallback", {"log": "backup"}.get)
        await one.observe(seen(), channels=["log"])
        await one.deliver()
        await one.deliver()
        assert backup.events == ["firing"]


async def test_a_repeat_within_the_suppression_window_waits_for_its_end(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        await one.observe(seen())
        await one.deliver()
        await one.observe(seen(ends=10))
        await one.observe(seen(starts=20))
        await one.deliver()
        assert one.channel.events == ["firing", "resolved"]
        one.clock.advance(300)
        await one.deliver()
        assert one.channel.events == ["firing", "resolved", "firing"]


async def test_an_alert_for_channels_that_are_not_there_is_told_to_all_that_are(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=["log", "mail"]) as one:
        await one.observe(seen("A"), channels=["pager"])
        await one.deliver()
        assert {told.channel for told in one.channel.told} == {"log", "mail"}
        await one.observe(seen("B"), channels=["pager", "mail"])
        await one.deliver()
        assert [told.channel for told in one.channel.told[2:]] == ["mail"]


async def test_a_slow_channel_does_not_delay_another(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        release = asyncio.Event()

        class Slow:
            async def send(self, _: object) -> None:
                await release.wait()

        one.manager._notifiers["slow"] = Slow()
        await one.observe(seen())
        await one.worker.work_off()
        await until(lambda: one.channel.told, "the other channel is told")
        release.set()
        await one.worker.idle()


async def test_clean_up_takes_what_is_old_and_over_and_never_what_is_open(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        await one.observe(seen("A"), seen("B"))
        await one.observe(seen("A", ends=1))
        one.clock.advance(31 * 86400)
        assert await one.database.run(lambda connection: retention.clean_up(connection, one.clock.now(), 30)) >= 1
        page = await one.database.read(
            lambda connection: alert_list.find(connection, AlertFilter([status.value for status in Status]))
        )
        assert [alert.name for alert in page.alerts] == ["B"]
