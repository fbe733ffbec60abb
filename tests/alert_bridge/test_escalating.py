from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from alert_bridge import episodes
from alert_bridge.alerts import Severity, Status
from alert_bridge.escalation import IncreaseSeverity
from alert_bridge.escalation_settings import EscalationSettings
from alert_bridge.store import escalation_rows, tables
from tests.alert_bridge.escalation_parts import GUIDE_RULES, policies, schedules
from tests.alert_bridge.parts import START, Parts, parts, seen

CHANNELS = ("phone", "email", "slack")
MINUTE = 60.0


def said(one: Parts) -> list[tuple[str, str, int]]:
    """What was told: event, channel, step; in the order of the steps."""
    told = [(word.event.value, word.channel, word.step) for word in one.channel.told]
    return sorted(told, key=lambda word: (word[2], -CHANNELS.index(word[1])))


async def pass_time(one: Parts, minutes: float) -> None:
    one.clock.advance(minutes * MINUTE)
    await one.pipeline.expire()
    await one.escalate()


async def test_the_guides_rules_tell_all_at_once_raise_the_severity_and_assign(tmp_path: Path) -> None:
    rules = EscalationSettings.model_validate(GUIDE_RULES).to_policies("UTC")
    async with parts(tmp_path, channels=("slack", "email"), policies=rules) as one:
        [alert] = await one.observe(seen(severity="warning"))
        await one.deliver()
        assert said(one) == [("firing", "slack", 0), ("firing", "email", 0)]
        await pass_time(one, 29.9)
        assert len(one.channel.told) == 2
        await pass_time(one, 0.1)
        assert said(one)[2:] == [("escalated", "slack", 1), ("escalated", "email", 1)]
        assert (await one.pipeline.get(alert.id)).severity is Severity.CRITICAL
        await pass_time(one, 30)
        after = await one.pipeline.get(alert.id)
        assert said(one)[4:] == [("escalated", "slack", 2)]
        assert (after.assignee, after.escalation_level) == ("on-call-engineer", 2)


async def test_without_an_escalation_section_all_are_told_at_once_and_nothing_escalates(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS) as one:
        await one.observe(seen())
        await pass_time(one, 0)
        await pass_time(one, 600)
        assert sorted(said(one)) == sorted(("firing", name, 0) for name in CHANNELS)


async def test_the_last_step_repeats_and_then_all_was_in_vain(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({})) as one:
        await one.observe(seen(severity="warning"))
        for _ in range(40):
            await pass_time(one, 10)
        told = said(one)
        assert told[0] == ("firing", "slack", 0)
        assert told[1] == ("escalated", "slack", 1)
        assert [step for _, channel, step in told if channel == "email"] == [2, 3, 4, 5]
        assert told[-1] == ("escalated", "phone", 6)


async def test_an_acknowledgement_stops_the_clock_and_its_end_lets_it_go_on(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({})) as one:
        [alert] = await one.observe(seen(severity="warning"))
        await pass_time(one, 20)
        await one.pipeline.acknowledge(alert.id, "yui")
        await pass_time(one, 239)
        assert len(said(one)) == 1
        await pass_time(one, 1)
        assert (await one.pipeline.get(alert.id)).status is Status.FIRING
        await pass_time(one, 9.9)
        assert len(said(one)) == 1
        await pass_time(one, 0.1)
        assert said(one)[1:] == [("escalated", "slack", 1)]


async def test_the_acknowledgement_holds_for_the_policys_time_unless_told_otherwise(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({"ack_timeout": "20m"})) as one:
        [first, second] = await one.observe(seen("A"), seen("B"))
        await one.pipeline.acknowledge(first.id, "yui")
        await one.pipeline.acknowledge(second.id, "yui", seconds=4 * 3600.0)
        assert (await one.pipeline.get(first.id)).acknowledge_expires_at == START + timedelta(minutes=20)
        assert (await one.pipeline.get(second.id)).acknowledge_expires_at == START + timedelta(hours=4)


async def test_a_word_taken_back_by_a_silence_goes_out_when_it_ends(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=("slack",), policies=policies({})) as one:
        [alert] = await one.observe(seen())
        await one.pipeline.act(alert.id, lambda one, now: episodes.mute(one, "silence:1", now) or pytest.fail())
        await pass_time(one, 90)
        assert said(one) == []
        await one.pipeline.act(alert.id, lambda one, now: episodes.unmute(one, "silence:1", now) or pytest.fail())
        await pass_time(one, 1)
        assert said(one) == [("firing", "slack", 0)]


async def test_what_was_told_before_a_snooze_is_not_told_again_after_it(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=("slack",), policies=policies({})) as one:
        [alert] = await one.observe(seen())
        await one.deliver()
        until = one.clock.now() + timedelta(hours=1)
        await one.pipeline.act(alert.id, lambda alert, now: episodes.snooze(alert, "yui", now, until))
        await pass_time(one, 65)
        assert said(one) == [("firing", "slack", 0)]


async def test_an_alert_with_no_step_left_is_told_again_when_its_acknowledgement_runs_out(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=("slack",)) as one:
        [alert] = await one.observe(seen())
        await one.deliver()
        await one.pipeline.acknowledge(alert.id, "yui", seconds=3600)
        await pass_time(one, 61)
        assert [(event, channel) for event, channel, _ in said(one)] == [("firing", "slack"), ("firing", "slack")]
        keys = {word.idempotency_key for word in one.channel.told}
        assert len(keys) == 2


@pytest.mark.parametrize("taken_back", [False, True])
async def test_what_runs_out_while_it_is_silenced_is_told_again_after_the_silence_unless_a_person_took_it_back(
    tmp_path: Path, taken_back: bool
) -> None:
    async with parts(tmp_path, channels=("slack",)) as one:
        [alert] = await one.observe(seen())
        await one.deliver()
        await one.pipeline.acknowledge(alert.id, "yui", seconds=600)
        await one.pipeline.act(alert.id, lambda one, now: episodes.mute(one, "maintenance:db", now) or pytest.fail())
        if taken_back:
            await one.pipeline.act(alert.id, lambda one, now: episodes.unacknowledge(one, "yui", now))
        await pass_time(one, 20)
        assert (await one.pipeline.get(alert.id)).status is Status.SUPPRESSED
        await one.pipeline.act(alert.id, lambda one, now: episodes.comment_on(one, "yui", now, "soon"))
        await one.pipeline.act(alert.id, lambda one, now: episodes.unmute(one, "maintenance:db", now) or pytest.fail())
        await pass_time(one, 1)
        assert len(said(one)) == (1 if taken_back else 2)


async def test_steps_overdue_after_an_outage_are_done_together_with_one_word_a_channel(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({})) as one:
        [alert] = await one.observe(seen(severity="warning"))
        await one.deliver()
        await pass_time(one, 65)
        after = await one.pipeline.get(alert.id)
        assert said(one)[1:] == [("escalated", "slack", 2), ("escalated", "email", 2)]
        assert (after.severity, after.assignee, after.escalation_level) == (Severity.CRITICAL, "on-call-engineer", 2)


async def test_a_resolve_ends_the_escalation_and_a_second_episode_starts_anew(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({})) as one:
        await one.observe(seen(severity="warning"))
        await pass_time(one, 0)
        await pass_time(one, 31)
        await one.observe(seen(severity="warning", ends=31 * MINUTE))
        await pass_time(one, 200)
        assert one.channel.events == ["firing", "escalated", "resolved"]
        [second] = await one.observe(seen(severity="warning", starts=232 * MINUTE))
        assert (second.severity, second.escalation_level) == (Severity.MEDIUM, 0)
        await pass_time(one, 31)
        assert [(word.event.value, word.step) for word in one.channel.told[3:]] == [("escalated", 1)]


async def test_a_rise_at_the_source_is_told_to_the_channels_told_last(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({})) as one:
        low = seen(severity="warning")
        await one.observe(low)
        await one.deliver()
        risen = type(low)(low.fingerprint, {**low.labels, "severity": "critical"}, low.annotations, low.starts_at)
        await one.observe(risen)
        await one.deliver()
        assert said(one) == [("firing", "slack", 0), ("escalated", "slack", 1)]
        await pass_time(one, 60)
        assert [step for _, channel, step in said(one) if channel == "email"] == [2]


async def test_an_episode_keeps_the_policy_with_which_it_began(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({})) as one:
        await one.observe(seen("A", severity="warning"))
        await one.deliver()
        one.escalating.policies = policies({"steps": [{"after": 0, "actions": [{"notify": {"channels": "phone"}}]}]})
        await one.observe(seen("B", severity="warning"))
        await pass_time(one, 30)
        assert said(one) == [("firing", "slack", 0), ("firing", "phone", 0), ("escalated", "slack", 1)]


async def test_a_rules_own_channels_keep_the_first_word(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({})) as one:
        await one.observe(seen(severity="warning"), channels=("phone",))
        await one.deliver()
        await pass_time(one, 60)
        assert said(one) == [
            ("firing", "phone", 0),
            ("escalated", "slack", 2),
            ("escalated", "email", 2),
            ("escalated", "phone", 2),
        ]


async def test_channels_that_are_not_there_lead_to_all(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS) as one:
        await one.observe(seen(), channels=("pager",))
        await one.deliver()
        assert {channel for _, channel, _ in said(one)} == set(CHANNELS)


async def test_nobody_on_call_takes_the_next_step_at_once_and_says_so(tmp_path: Path) -> None:
    on_call = schedules(
        {"name": "night", "layers": {"members": "aiko", "restrictions": {"days": "tue"}}, "allow_gaps": True}
    )
    first = {"after": 0, "actions": [{"notify": {"on_call": "night"}}]}
    second = {"after": "1h", "actions": [{"notify": {"channels": "phone"}}]}
    listed = policies({"steps": [first, second]}, schedules=[
        {"name": "night", "layers": {"members": "aiko", "restrictions": {"days": "tue"}}, "allow_gaps": True}
    ])  # fmt: skip
    async with parts(tmp_path, channels=CHANNELS, policies=listed, on_call=on_call) as one:
        alert, *_ = await one.observe(seen())
        await one.deliver()
        assert said(one) == [("firing", "phone", 1)]
        history = await one.database.read(
            lambda connection: [
                row.detail
                for row in connection.execute(select(tables.history).where(tables.history.c.result == "problem"))
            ]
        )
        assert history == ["nobody is on call in 'night'; the next step is taken at once"]
        assert alert.status is Status.FIRING


async def test_the_steps_row_can_be_there_only_once(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({})) as one:
        await one.observe(seen())
        [row] = await one.database.read(
            lambda connection: connection.execute(select(tables.escalation_steps)).mappings().all()
        )
        again = {key: value for key, value in row.items() if key != "number"}
        with pytest.raises(IntegrityError):
            await one.database.run(lambda connection: connection.execute(insert(tables.escalation_steps), again))


async def test_two_workers_take_each_step_once(tmp_path: Path) -> None:
    async with (
        parts(tmp_path, channels=CHANNELS, policies=policies({})) as one,
        parts(tmp_path, channels=CHANNELS, policies=policies({}), clock=one.clock) as other,
    ):
        await one.observe(*(seen(severity="warning", instance=str(number)) for number in range(20)))
        one.clock.advance(30 * MINUTE)
        for worker in (one, other, one):
            await worker.escalating.tick(worker.pipeline, worker.database)
        taken = await one.database.read(
            lambda connection: connection.execute(
                select(func.count()).where(tables.escalation_steps.c.step == 1)
            ).scalar_one()
        )
        assert taken == 20


async def test_a_thousand_due_steps_are_taken_in_one_round(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=("slack",), policies=policies({})) as one:
        await one.observe(*(seen(severity="warning", instance=str(number)) for number in range(1000)))
        one.clock.advance(30 * MINUTE)
        await one.escalating.tick(one.pipeline, one.database)
        await one.escalating.audit(one.database)
        rows = await one.database.read(
            lambda connection: connection.execute(
                select(func.count()).where(tables.outbox.c.event == "escalated")
            ).scalar_one()
        )
        assert rows == 1000
        assert one.escalating._overdue._value.get() == 0


async def test_overdue_steps_are_counted_with_the_age_of_the_oldest(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=("slack",), policies=policies({})) as one:
        await one.observe(seen("A", severity="warning"), seen("B", severity="warning"))
        one.clock.advance(40 * MINUTE)
        await one.escalating.audit(one.database)
        assert one.escalating._overdue._value.get() == 2
        assert one.escalating._oldest._value.get() == 600


@pytest.mark.parametrize("hours", [-2, 2])
async def test_a_clock_set_wrong_takes_each_step_once_and_none_hours_late(tmp_path: Path, hours: int) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({})) as one:
        await one.observe(seen(severity="warning"))
        await pass_time(one, 10)
        one.clock.set(one.clock.time() + hours * 3600)
        await one.escalate()
        for _ in range(12):
            await pass_time(one, 5)
        told = said(one)
        assert len(set(told)) == len(told)
        assert ("escalated", "slack", 1 if hours < 0 else 3) in told


async def test_after_a_restart_a_clock_that_was_set_back_goes_on_from_now(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({})) as one:
        await one.observe(seen(severity="warning"))
        one.clock.set(one.clock.time() - 7200)
        one.escalating._wall_ahead -= 7200
        await one.escalating._set_back(one.database)
        await pass_time(one, 30)
        assert said(one)[-1] == ("escalated", "slack", 1)


async def test_what_comes_next_is_told_also_while_somebody_has_it(tmp_path: Path) -> None:
    async with parts(tmp_path, channels=CHANNELS, policies=policies({})) as one:
        [alert] = await one.observe(seen(severity="warning"))
        await pass_time(one, 10)
        read = await one.database.read(lambda connection: escalation_rows.next_steps(connection, [alert.id]))
        assert read[alert.id]["at"] == "2026-01-31T03:30:00.000000Z"
        assert read[alert.id]["actions"] == ["severity_increase CRITICAL"]
        await one.pipeline.acknowledge(alert.id, "yui", seconds=3600)
        read = await one.database.read(lambda connection: escalation_rows.next_steps(connection, [alert.id]))
        assert (read[alert.id]["at"], read[alert.id]["stood_by"]) == ("2026-01-31T04:30:00.000000Z", "acknowledged")
        await one.observe(seen(severity="warning", ends=3600))
        assert await one.database.read(lambda connection: escalation_rows.next_steps(connection, [alert.id])) == {}


def test_a_policy_survives_its_way_through_the_database() -> None:
    [policy] = policies({"hours": "business", "match": {"severity": ["info"]}}, {})[:1]
    body = escalation_rows._POLICY.dump_json(policy)
    assert escalation_rows._POLICY.validate_json(body) == policy
    assert any(isinstance(action, IncreaseSeverity) for step in policy.steps for action in step.actions)
