"""Any order of events, acknowledgements, silences, restarts, clock steps: each step once, none skipped, none late."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from alert_bridge import episodes
from alert_bridge.alerts import Alert, Status
from alert_bridge.escalating import Escalating
from alert_bridge.schedules import NOBODY_ON_CALL
from alert_bridge.store import tables
from tests.alert_bridge.escalation_parts import policies
from tests.alert_bridge.parts import START, Parts, parts, seen

CHANNELS = ("slack", "email", "phone")
[POLICY] = policies({})
MINUTES = st.integers(1, 90)


class Episodes(RuleBasedStateMachine):
    """One alert, its episodes, and a model that counts the time in which it fires and nobody has it."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.open = AsyncExitStack()
        folder = self.open.enter_context(tempfile.TemporaryDirectory())
        made = parts(Path(folder), channels=CHANNELS, policies=[POLICY])
        self.one: Parts = self.runner.run(self.open.enter_async_context(made))
        self.alert: Alert | None = None
        self.unowned_minutes = 0.0

    @property
    def status(self) -> Status | None:
        return self.alert.status if self.alert else None

    def look(self) -> None:
        if self.alert is not None:
            self.alert = self.runner.run(self.one.pipeline.get(self.alert.id))

    def work(self) -> None:
        """Take what is due; whoever was told must have been told of an alert that fires."""
        self.runner.run(self.one.pipeline.expire())
        self.look()
        before = len(self.one.channel.told)
        self.runner.run(self.one.escalate())
        asked = [word for word in self.one.channel.told[before:] if word.event.value in ("firing", "escalated")]
        assert not asked or self.status is Status.FIRING
        self.look()

    def seconds_since_start(self) -> float:
        return (self.one.clock.now() - START).total_seconds()

    @precondition(lambda self: self.status in (None, Status.RESOLVED))
    @rule()
    def fire(self) -> None:
        found = self.runner.run(self.one.observe(seen(severity="warning", starts=self.seconds_since_start() + 1)))
        if found:
            self.alert, self.unowned_minutes = found[0], 0.0
            self.look()

    @precondition(lambda self: self.status not in (None, Status.RESOLVED))
    @rule()
    def fire_again(self) -> None:
        self.runner.run(self.one.observe(seen(severity="warning", starts=self.seconds_since_start())))
        self.look()

    @precondition(lambda self: self.status not in (None, Status.RESOLVED))
    @rule()
    def resolve(self) -> None:
        self.runner.run(self.one.observe(seen(severity="warning", ends=self.seconds_since_start())))
        self.look()

    @precondition(lambda self: self.status is Status.FIRING)
    @rule(minutes=MINUTES)
    def acknowledge(self, minutes: int) -> None:
        assert self.alert is not None
        self.runner.run(self.one.pipeline.acknowledge(self.alert.id, "yui", seconds=minutes * 60.0))
        self.look()

    @precondition(lambda self: self.status is Status.FIRING)
    @rule(minutes=MINUTES)
    def snooze(self, minutes: int) -> None:
        assert self.alert is not None
        until = self.one.clock.now() + timedelta(minutes=minutes)
        self.runner.run(
            self.one.pipeline.act(self.alert.id, lambda alert, now: episodes.snooze(alert, "yui", now, until))
        )
        self.look()

    @precondition(lambda self: self.status in (Status.ACKNOWLEDGED, Status.SNOOZED))
    @rule()
    def unacknowledge(self) -> None:
        assert self.alert is not None
        self.runner.run(
            self.one.pipeline.act(self.alert.id, lambda alert, now: episodes.unacknowledge(alert, "yui", now))
        )
        self.look()

    @precondition(lambda self: self.status is Status.FIRING)
    @rule()
    def silence(self) -> None:
        assert self.alert is not None
        self.runner.run(self.one.pipeline.change(lambda c, now: [_some(episodes.mute(self._now(), "silence:1", now))]))
        self.look()

    @precondition(lambda self: self.status is Status.SUPPRESSED)
    @rule()
    def end_silence(self) -> None:
        self.runner.run(
            self.one.pipeline.change(lambda c, now: [_some(episodes.unmute(self._now(), "silence:1", now))])
        )
        self.look()

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        for _ in range(minutes):
            self.one.clock.advance(60)
            if self.status is Status.FIRING:
                self.unowned_minutes += 1
            self.work()

    @rule(minutes=MINUTES)
    def bridge_stands_still(self, minutes: int) -> None:
        self.one.clock.advance(minutes * 60)
        if self.status is Status.FIRING:
            self.unowned_minutes += minutes
        self.work()

    @rule()
    def bridge_restarts(self) -> None:
        one = self.one
        fresh = Escalating(
            [POLICY],
            NOBODY_ON_CALL,
            channels=lambda: one.manager.names,
            clock=one.clock,
            registry=CollectorRegistry(),
        )
        one.pipeline.stages[:] = [fresh.stage]
        one.escalating = fresh
        self.runner.run(fresh._set_back(one.database))
        self.work()

    @rule(hours=st.sampled_from([-2, 2]))
    def clock_is_set(self, hours: int) -> None:
        self.one.clock.set(self.one.clock.time() + hours * 3600)
        if self.status is Status.FIRING and hours > 0:
            self.unowned_minutes += hours * 60
        self.work()

    @invariant()
    def no_word_is_told_twice(self) -> None:
        keys = [word.idempotency_key for word in self.one.channel.told]
        assert len(keys) == len(set(keys))

    @invariant()
    def every_step_that_is_due_was_taken_and_no_other(self) -> None:
        if self.alert is None or self.alert.status is Status.RESOLVED:
            return
        alert_id, table = self.alert.id, tables.escalations
        position = self.runner.run(
            self.one.database.read(
                lambda connection: connection.execute(
                    select(table.c.position).where(table.c.alert_id == alert_id)
                ).scalar_one()
            )
        )
        due = sum(
            turn.after_seconds <= self.unowned_minutes * 60 for at in range(10) if (turn := POLICY.turn(at)) is not None
        )
        assert position == due

    def _now(self) -> Alert:
        assert self.alert is not None
        return self.alert

    def teardown(self) -> None:
        self.runner.run(self.open.aclose())
        self.runner.close()


def _some(change: episodes.Change | None) -> episodes.Change:
    assert change is not None
    return change


TestEpisodes = Episodes.TestCase
TestEpisodes.settings = settings(
    max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
