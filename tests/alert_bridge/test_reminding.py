from pathlib import Path

from alert_bridge.reminding import Reminding
from alert_bridge.schedules import NOBODY_ON_CALL, OnCall
from alert_bridge.store import episode_rows
from alert_bridge.store.tables import outbox
from tests.alert_bridge.parts import Parts, parts, seen

HOUR = 3600.0


async def rows(one: Parts, event: str) -> list[str]:
    query = outbox.select().where(outbox.c.event == event).order_by(outbox.c.number)
    found = await one.database.read(lambda connection: connection.execute(query).mappings().all())
    return [row["channel"] for row in found]


async def test_whoever_has_an_alert_is_reminded_once_and_then_it_fires_again(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        one.pipeline.stages.append(Reminding(NOBODY_ON_CALL, lambda: ("log",)).stage)
        [alert] = await one.observe(seen())
        await one.deliver()
        await one.pipeline.acknowledge(alert.id, "ken", "on it")
        one.clock.advance(2.9 * HOUR)
        await one.pipeline.expire()
        assert await rows(one, "reminder") == []
        one.clock.advance(0.2 * HOUR)
        for _ in range(3):
            await one.pipeline.expire()
        await one.deliver()
        assert one.channel.events == ["firing", "reminder"]
        one.clock.advance(HOUR)
        await one.pipeline.expire()
        assert (await one.pipeline.get(alert.id)).status == "firing"
        history = await one.database.read(lambda connection: episode_rows.history_of(connection, alert.id))
        said = [(row["what"], row["who"], row["detail"]) for row in history if row["what"] != "notified"]
        assert said[1:] == [
            ("acknowledged", "ken", "on it"),
            ("reminded", "", "ken: until 2026-01-31T07:00:00Z"),
            ("firing", "", "the acknowledgement by ken ran out"),
        ]


async def test_the_reminder_goes_to_the_owners_own_channel(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=("log", "ken_mail")) as one:
        people = OnCall({}, {"ken": ("ken_mail",)})
        one.pipeline.stages.append(Reminding(people, lambda: ("log", "ken_mail")).stage)
        [alert] = await one.observe(seen())
        await one.pipeline.acknowledge(alert.id, "ken", seconds=HOUR)
        one.clock.advance(0.8 * HOUR)
        await one.pipeline.expire()
        assert await rows(one, "reminder") == ["ken_mail"]


async def test_a_second_acknowledgement_of_the_same_alert_is_reminded_of_too(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        one.pipeline.stages.append(Reminding(OnCall({}, {"ken": ("log",)}), lambda: ("log",)).stage)
        [alert] = await one.observe(seen())
        for _ in range(2):
            await one.pipeline.acknowledge(alert.id, "ken", seconds=HOUR)
            one.clock.advance(0.8 * HOUR)
            await one.pipeline.expire()
            one.clock.advance(0.3 * HOUR)
            await one.pipeline.expire()
        assert await rows(one, "reminder") == ["log", "log"]
