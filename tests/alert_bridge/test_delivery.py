"""The outbox at work, over a real SQLite file and real HTTP receivers."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select, update

from alert_bridge.notify.manager import NotificationManager
from alert_bridge.notify.notifier import DeliveryError, Event, Notification
from alert_bridge.store import episode_rows, outbox
from alert_bridge.store.tables import outbox as table
from runtime.clock import format_utc
from tests.alert_bridge.notify_parts import Receiver, receiving
from tests.alert_bridge.parts import Parts, RecordingChannel, parts, seen
from tests.waiting import until


def states(connection: Connection) -> list[str]:
    return list(connection.execute(select(table.c.state).order_by(table.c.number)).scalars())


def use(one: Parts, config: dict[str, Any]) -> None:
    """Let real channels of settings take the place of the recording one."""
    one.manager._notifiers.clear()
    made = NotificationManager(config, one.clock)
    one.manager.settings = made.settings
    one.manager._notifiers.update(made._notifiers)


def hook(receiver: Receiver, **more: Any) -> dict[str, Any]:
    return {"type": "webhook", "url": receiver.url, "allow_private_addresses": True, **more}


async def test_flapping_of_twenty_cycles_gives_three_messages_at_most_and_keeps_its_history(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        ids = []
        for cycle in range(20):
            [opened] = await one.observe(seen(starts=cycle * 30))
            ids.append(opened.id)
            await one.deliver()
            one.clock.advance(15)
            await one.observe(seen(starts=cycle * 30, ends=cycle * 30 + 15))
            await one.deliver()
            one.clock.advance(15)
        for _ in range(60):
            one.clock.advance(60)
            await one.deliver()
        assert 1 <= len(one.channel.told) <= 3
        changes = 0
        for alert_id in ids:
            rows = await one.database.read(lambda connection, id=alert_id: episode_rows.history_of(connection, id))  # type: ignore[misc]
            changes += sum(row["what"] in ("firing", "resolved") for row in rows)
        assert changes == 40


async def test_repeats_in_the_window_are_one_message_at_its_end_that_counts_them(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        for cycle in range(5):
            await one.observe(seen(starts=cycle * 20))
            await one.deliver()
            one.clock.advance(10)
            if cycle < 4:
                await one.observe(seen(starts=cycle * 20, ends=cycle * 20 + 10))
                await one.deliver()
                one.clock.advance(10)
        assert one.channel.events == ["firing", "resolved"]
        one.clock.advance(210)
        await one.deliver()
        assert one.channel.events == ["firing", "resolved", "firing"]
        assert one.channel.told[-1].held == 3


async def test_more_than_twenty_waiting_go_out_as_one_message_that_counts_all(tmp_path: Path) -> None:
    async with parts(tmp_path) as one, receiving(Receiver()) as receiver:
        use(one, {"hook": hook(receiver, rate_per_minute=60)})
        await one.observe(*(seen(instance=f"news-{number}") for number in range(1000)))
        for _ in range(30):
            await one.deliver()
            one.clock.advance(1)
        bodies = [json.loads(raw) for _, raw in receiver.got]
        assert len(bodies) <= 25
        assert sum(body.get("total", 1) for body in bodies) == 1000
        assert set(await one.database.read(states)) == {"sent"}


async def test_a_hanging_address_leaves_the_others_alone(tmp_path: Path) -> None:
    async with parts(tmp_path) as one, receiving(Receiver()) as quick:
        never = asyncio.Event()

        async def hang() -> None:
            await never.wait()

        async with receiving(Receiver(before=hang)) as slow:
            use(one, {"slow": hook(slow), "quick": hook(quick)})
            for number in range(10):
                await one.observe(seen(f"A{number}"))
                await one.worker.work_off()
                await until(lambda number=number: len(quick.got) == number + 1, "the quick one is told")  # type: ignore[misc]
            assert slow.got
            never.set()
            await one.worker.idle()


async def test_retry_after_is_kept_for_that_address_alone(tmp_path: Path) -> None:
    async with (
        parts(tmp_path) as one,
        receiving(Receiver(status=429, headers={"Retry-After": "17"})) as limited,
        receiving(Receiver()) as other,
    ):
        use(one, {"limited": hook(limited), "other": hook(other)})
        await one.observe(seen("A"))
        await one.deliver()
        limited.status = 200
        await one.observe(seen("B"))
        await one.deliver()
        one.clock.advance(16)
        await one.deliver()
        assert (len(limited.got), len(other.got)) == (1, 2)
        one.clock.advance(1)
        await one.deliver()
        assert len(limited.got) == 3


async def test_a_429_without_retry_after_is_tried_again_after_two_seconds(tmp_path: Path) -> None:
    async with parts(tmp_path) as one, receiving(Receiver(status=429)) as receiver:
        use(one, {"hook": hook(receiver)})
        await one.observe(seen())
        await one.deliver()
        receiver.status = 200
        one.clock.advance(3)
        await one.deliver()
        keys = {request.headers["Idempotency-Key"] for request, _ in receiver.got}
        assert (len(receiver.got), len(keys)) == (2, 1)


@pytest.mark.parametrize("status", [301, 400, 404, 413])
async def test_what_can_never_be_delivered_is_dead_at_once_and_the_fallback_tells(tmp_path: Path, status: int) -> None:
    where = {"Location": "http://127.0.0.1:1/"} if status == 301 else {}
    async with (
        parts(tmp_path) as one,
        receiving(Receiver(status=status, headers=where)) as broken,
        receiving(Receiver()) as backup,
    ):
        use(one, {"broken": hook(broken, fallback="backup"), "backup": hook(backup)})
        await one.observe(seen(), channels=["broken"])
        await one.deliver()
        await one.deliver()
        assert (len(broken.got), len(backup.got)) == (1, 1)
        assert await one.database.read(states) == ["dead", "sent"]


async def test_a_dead_letter_is_sent_again_when_an_operator_asks(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        one.channel.fail = DeliveryError("answer", "404", permanent=True)
        await one.observe(seen())
        await one.deliver()
        one.channel.fail = None
        [row], total = await one.database.read(lambda connection: outbox.of_state(connection, "dead", 10))
        assert total == 1
        assert await one.database.run(lambda connection: outbox.revive(connection, row.number, one.clock.now()))
        await one.deliver()
        assert one.channel.events == ["firing"]


async def test_a_sender_that_died_before_it_could_write_is_followed_by_one_repeat_under_the_same_key(
    tmp_path: Path,
) -> None:
    async with parts(tmp_path) as one:
        await one.observe(seen())
        await one.deliver()
        touched = one.clock.now()
        await one.database.run(
            lambda connection: connection.execute(
                update(table).values(state="sending", touched_at=format_utc(touched), sent_at=None)
            )
        )
        await one.deliver()
        assert len(one.channel.told) == 1
        one.clock.advance(outbox.LEASE.total_seconds())
        await one.deliver()
        await one.deliver()
        assert len(one.channel.told) == 2
        assert len({told.idempotency_key for told in one.channel.told}) == 1


async def test_a_first_word_whose_sender_died_is_not_repeated_once_a_later_step_was_told(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        [alert] = await one.observe(seen())
        now = format_utc(one.clock.now())
        await one.database.run(
            lambda connection: connection.execute(update(table).values(state="sending", touched_at=now))
        )
        await one.database.run(
            lambda connection: outbox.tell(connection, alert, "escalated", ["log"], one.clock.now(), 1)
        )
        await one.deliver()
        for _ in range(2):
            one.clock.advance(400)
            await one.deliver()
        assert one.channel.events == ["escalated"]
        assert await one.database.read(states) == ["cancelled", "sent"]


@pytest.mark.parametrize(
    ("error", "events"),
    [
        (DeliveryError("answer", "no answer within 10 s", uncertain=True), ["resolved"]),
        (DeliveryError("connect", "refused"), []),
    ],
)
async def test_the_end_is_told_to_who_may_have_heard_of_the_begin_and_to_nobody_else(
    tmp_path: Path, error: DeliveryError, events: list[str]
) -> None:
    async with parts(tmp_path) as one:
        await one.observe(seen())
        one.channel.fail = error
        await one.deliver()
        one.channel.fail = None
        await one.observe(seen(ends=1))
        for _ in range(2):
            one.clock.advance(60)
            await one.deliver()
        assert one.channel.events == events


async def test_the_end_is_told_where_the_sender_of_the_begin_died(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        await one.observe(seen())
        now = format_utc(one.clock.now())
        await one.database.run(
            lambda connection: connection.execute(update(table).values(state="sending", touched_at=now))
        )
        await one.observe(seen(ends=1))
        for _ in range(2):
            one.clock.advance(outbox.LEASE.total_seconds())
            await one.deliver()
            await one.deliver()
        assert one.channel.events == ["resolved"]
        assert await one.database.read(states) == ["cancelled", "sent"]


async def test_the_end_is_told_though_what_may_have_been_heard_was_taken_back_before(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        [alert] = await one.observe(seen())
        one.channel.fail = DeliveryError("answer", "no answer within 10 s", uncertain=True)
        await one.deliver()
        one.channel.fail = None
        await one.pipeline.acknowledge(alert.id, "yui")
        await one.observe(seen(ends=1))
        await one.deliver()
        assert one.channel.events == ["resolved"]


async def test_a_receiver_that_answers_too_late_hears_of_the_end(tmp_path: Path) -> None:
    async with parts(tmp_path) as one, receiving(Receiver(status=504)) as receiver:
        use(one, {"hook": hook(receiver)})
        await one.observe(seen())
        await one.deliver()
        receiver.status = 200
        await one.observe(seen(ends=1))
        await one.deliver()
        assert [json.loads(raw)["event"] for _, raw in receiver.got] == ["firing", "resolved"]


async def test_a_clock_that_is_set_back_leaves_nothing_waiting_for_the_old_future(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        one.channel.fail = DeliveryError("answer", "503")
        await one.observe(seen())
        await one.deliver()
        one.channel.fail = None
        one.clock.set((one.clock.now() - timedelta(hours=2)).timestamp())
        await one.deliver()
        assert one.channel.events == ["firing"]


class Raising:
    def __init__(self, what: Callable[[], BaseException]) -> None:
        self._what = what

    async def send(self, _: Notification) -> None:
        raise self._what()


@pytest.mark.parametrize("what", [RuntimeError, ZeroDivisionError, OSError])
async def test_a_channel_that_raises_anything_is_tried_again_and_stops_nobody(tmp_path: Path, what: Any) -> None:
    async with parts(tmp_path, channels=["log"]) as one:
        one.manager._notifiers["bad"] = Raising(what)
        await one.observe(seen())
        await one.deliver()
        assert one.channel.events == ["firing"]
        assert sorted(await one.database.read(states)) == ["retry", "sent"]


async def test_each_mail_address_is_a_row_of_its_own(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        mail = {"type": "email", "smtp_server": "m", "from_address": "a@x.de", "to_addresses": ["b@x.de", "c@x.de"]}
        use(one, {"mail": mail})
        channel = RecordingChannel()
        one.manager._notifiers["mail"] = channel
        await one.observe(seen())
        await one.deliver()
        assert sorted(told.target for told in channel.told) == ["b@x.de", "c@x.de"]
        assert len({told.idempotency_key for told in channel.told}) == 2
        await one.observe(seen(ends=5))
        await one.deliver()
        assert sorted(channel.events) == ["firing", "firing", "resolved", "resolved"]


async def test_quiet_hours_keep_back_what_is_not_critical_until_they_end(tmp_path: Path) -> None:
    async with parts(tmp_path) as one, receiving(Receiver()) as receiver:
        quiet = {"begin": "01:00", "end": "06:00"}
        use(one, {"hook": hook(receiver, quiet_hours=quiet)})
        await one.observe(seen("Low", severity="warning"), seen("Bad", severity="critical"))
        await one.deliver()
        assert len(receiver.got) == 1
        one.clock.advance(3 * 3600)
        await one.deliver()
        assert len(receiver.got) == 2


async def told_together(one: Parts, *names: str) -> None:
    opened = await one.observe(*(seen(name) for name in names), channels=["log"])
    await one.deliver()
    one.channel.told.clear()
    ids = [alert.id for alert in opened]

    def together(connection: Connection) -> None:
        connection.execute(delete(table))
        outbox.tell_bundle(connection, ids, "backfill", ["log"], one.clock.now())

    await one.database.run(together)
    await one.deliver()


async def test_a_word_about_many_alerts_is_one_message_and_stands_in_the_history_of_each(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        await told_together(one, "A", "B", "C")
        [told] = one.channel.told
        assert (told.event, sorted(alert.name for alert in told.alerts)) == (Event.BACKFILL, ["A", "B", "C"])
        for alert in told.alerts:
            rows = await one.database.read(lambda connection, id=alert.id: episode_rows.history_of(connection, id))  # type: ignore[misc]
            assert [row["detail"] for row in rows if row["what"] == "notified"][-1].startswith("backfill")


async def test_each_alert_of_a_word_about_many_counts_as_told_so_that_its_end_is_told_too(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        await told_together(one, "A", "B", "C")
        one.clock.advance(60)
        for name in ("A", "B", "C"):
            await one.observe(seen(name, ends=50))
        await one.deliver()
        assert sorted(told.alert.name for told in one.channel.told if told.event is Event.RESOLVED) == ["A", "B", "C"]


async def test_a_word_that_an_alert_came_and_went_is_followed_by_no_word_that_it_is_over(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        one.clock.advance(60)
        await told_together(one, "A", "B")
        await one.observe(seen("A", ends=50), seen("B", ends=50))
        await one.deliver()
        assert [told.event for told in one.channel.told] == [Event.BACKFILL]
