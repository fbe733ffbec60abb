"""Alerts that were open before there were escalations."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, func, select

from alert_bridge.alerts import Severity
from alert_bridge.store import tables
from tests.alert_bridge.escalation_parts import policies
from tests.alert_bridge.parts import Parts, parts, seen

MINUTE = 60.0


async def forget_escalations(one: Parts) -> None:
    """Leave the database as one from before the migration is: alerts and their words, and no escalation."""

    def forget(connection: Connection) -> None:
        for table in (tables.escalation_steps, tables.escalations, tables.escalation_policies):
            connection.execute(delete(table))

    await one.database.run(forget)


async def escalations(one: Parts) -> int:
    return await one.database.read(
        lambda connection: connection.execute(select(func.count()).select_from(tables.escalations)).scalar_one()
    )


async def pass_time(one: Parts, minutes: float) -> None:
    one.clock.advance(minutes * MINUTE)
    await one.pipeline.expire()
    await one.escalate()


@pytest.mark.parametrize("delivered", [True, False], ids=["told before", "still to be told"])
async def test_an_alert_from_before_escalates_without_a_second_first_word(tmp_path: Path, delivered: bool) -> None:
    async with parts(tmp_path, channels=("slack", "email"), policies=policies({})) as one:
        [alert] = await one.observe(seen(severity="warning"), channels=("email",))
        if delivered:
            await one.deliver()
        await forget_escalations(one)
        await one.escalating.adopt(one.database)
        await pass_time(one, 29.9)
        assert [(word.event.value, word.channel) for word in one.channel.told] == [("firing", "email")]
        await pass_time(one, 0.1)
        assert one.channel.events == ["firing", "escalated"]
        assert (await one.pipeline.get(alert.id)).severity is Severity.CRITICAL


async def test_an_alert_from_before_that_nobody_heard_of_gets_its_first_word(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=("slack",), policies=policies({})) as one:
        await one.observe(seen())
        await forget_escalations(one)
        await one.database.run(lambda connection: connection.execute(delete(tables.outbox)))
        await one.escalating.adopt(one.database)
        await one.escalate()
        assert one.channel.events == ["firing"]


async def test_an_acknowledged_alert_from_before_waits_until_nobody_has_it(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=("slack",), policies=policies({})) as one:
        [alert] = await one.observe(seen(severity="warning"))
        await one.deliver()
        await one.pipeline.acknowledge(alert.id, "yui", seconds=60 * MINUTE)
        await forget_escalations(one)
        await one.escalating.adopt(one.database)
        await pass_time(one, 60)
        await pass_time(one, 29.9)
        assert one.channel.events == ["firing"]
        await pass_time(one, 0.1)
        assert one.channel.events == ["firing", "escalated"]


async def test_open_alerts_are_adopted_to_the_last_and_once(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=("slack",), policies=policies({})) as one:
        await one.observe(*(seen(f"A{number}") for number in range(450)), seen("Over", ends=1.0))
        await forget_escalations(one)
        await one.escalating.adopt(one.database)
        assert await escalations(one) == 450
        await one.escalating.adopt(one.database)
        assert await escalations(one) == 450
