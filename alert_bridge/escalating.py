"""Escalation at work: each change of an episode moves its clock, and steps that are due are taken.

A step and what it puts into the outbox are stored in one transaction, with a row that can be there only once. So no
crash, restart or second worker tells a step twice, and an acknowledgement that was stored first keeps it from being
taken at all.
"""

import functools
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy import Connection

from alert_bridge import episodes, escalation
from alert_bridge.alerts import Alert, Status
from alert_bridge.episodes import Change
from alert_bridge.escalation import Escalation, Outcome, Policy
from alert_bridge.pipeline import Pipeline
from alert_bridge.schedules import OnCall
from alert_bridge.store import episode_rows, escalation_rows, outbox, told_rows
from runtime.clock import Clock, format_utc
from runtime.database import Database
from runtime.tasks import every

logger = logging.getLogger(f"monitoring.{__name__}")

OVERDUE_AFTER = timedelta(seconds=15)
"""A step that is later than this counts as overdue."""

_TICK_SECONDS = 1.0
_AUDIT_SECONDS = 5.0
_MOST_A_TICK = 5000
_CHUNK = 200
_SET_BACK_SECONDS = 1.0

Look = tuple[Escalation, Alert, Outcome | None]
"""An episode that was looked at: how far it had come, the episode, and what is to be done now."""


class Escalating:
    """The stage of the pipeline that decides who is told, and the worker that takes the steps that are due.

    policies: the first that matches counts. channels: the names of those that there are.
    """

    def __init__(
        self,
        policies: Sequence[Policy],
        on_call: OnCall,
        *,
        channels: Callable[[], Collection[str]],
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        self.policies = tuple(policies)
        self.schedules = on_call
        self._channels = channels
        self._clock = clock
        self._wall_ahead = clock.time() - clock.monotonic()
        self._steps = Counter("alert_bridge_escalation_steps_total", "Escalation steps taken.", registry=registry)
        self._problems = Counter(
            "alert_bridge_escalation_problems_total",
            "Steps that could not be taken as their policy says: nobody on call, an unknown channel.",
            registry=registry,
        )
        self._failures = Counter(
            "alert_bridge_escalation_failures_total", "Attempts to take a step that failed.", registry=registry
        )
        self._overdue = Gauge(
            "alert_bridge_escalation_overdue_steps",
            "Escalation steps whose time passed more than 15 s ago and that are not taken.",
            registry=registry,
        )
        self._oldest = Gauge(
            "alert_bridge_escalation_overdue_oldest_seconds",
            "How long the oldest overdue escalation step has been due, seconds; 0 where none is.",
            registry=registry,
        )

    def stage(self, connection: Connection, changes: Sequence[Change], now: datetime) -> list[Change]:
        """Follow changes of episodes; returns what the steps that are due at once change in turn."""
        opened = [self._begin(change, now) for change in changes if change.what == "opened"]
        begun = [(state, alert, self._outcome(state, alert, now)) for state, alert in opened]
        escalation_rows.begin(connection, [_reached(*one) for one in begun], now)
        others = [change for change in changes if change.what != "opened"]
        known = escalation_rows.load(connection, [change.alert.id for change in others])
        moved = [
            (known[change.alert.id], _followed(known[change.alert.id], change, now), change)
            for change in others
            if change.alert.id in known
        ]
        self._silence(connection, moved, now)
        further = [one for _, after, change in moved if (one := _usual_time(change, after, now)) is not None]
        went_on = []
        for before, after, change in moved:
            outcome = _back_again(before, after, change) or self._outcome(after, change.alert, now)
            if outcome is not None or after != before or after.risen(change.alert.severity):
                went_on.append((after, change.alert, outcome))
        escalation_rows.save(connection, [_reached(*one) for one in went_on], now)
        return further + self._apply(connection, [*begun, *went_on], now)

    async def run(self, pipeline: Pipeline, database: Database) -> None:
        """Take what is due, again and again, until cancelled."""
        await self.adopt(database)
        await self._set_back(database)
        await every(_TICK_SECONDS, lambda: self.tick(pipeline, database))

    async def tick(self, pipeline: Pipeline, database: Database) -> None:
        """Take what is due now; an episode that fails keeps no other waiting."""
        await self._follow_clock(database)
        now = self._clock.now()
        due = await database.read(lambda connection: escalation_rows.due(connection, now, _MOST_A_TICK))
        for start in range(0, len(due), _CHUNK):
            chunk = due[start : start + _CHUNK]
            try:
                await self._take(pipeline, chunk)
            except Exception:
                logger.exception("escalation of %d alerts failed together and is tried one by one", len(chunk))
                await self._one_by_one(pipeline, chunk)

    async def adopt(self, database: Database) -> None:
        """Let open alerts that began before there were escalations have theirs, from now on."""
        adopted = 0
        while count := await database.run(self._adopt_some):
            adopted += count
        if adopted:
            logger.info("%d open alerts from before this version escalate from now on", adopted)

    async def audit(self, database: Database) -> None:
        """Count what is overdue, so that somebody sees it if the worker stands."""
        now = self._clock.now()
        found = await database.read(lambda connection: escalation_rows.overdue(connection, now - OVERDUE_AFTER))
        self._overdue.set(found.count)
        self._oldest.set((now - found.oldest).total_seconds() if found.oldest else 0.0)

    async def watch(self, database: Database) -> None:
        """Audit again and again, until cancelled."""
        await every(_AUDIT_SECONDS, lambda: self.audit(database))

    def on_call(self, now: datetime) -> list[dict[str, Any]]:
        """Return who is on call in each schedule, who is next and when (JSON-able)."""
        shown = []
        for name, schedule in self.schedules.schedules.items():
            who, following = schedule.on_call(now), schedule.next_hand_over(now)
            shown.append(
                {
                    "schedule": name,
                    "timezone": schedule.timezone.key,
                    "on_call": who,
                    "channels": list(self.schedules.channels(who)) if who else [],
                    "until": format_utc(following[0]) if following else None,
                    "next": following[1] if following else None,
                }
            )
        return shown

    def _adopt_some(self, connection: Connection) -> int:
        now = self._clock.now()
        found = episode_rows.get_all(connection, escalation_rows.without(connection, _CHUNK))
        told = told_rows.told_or_pending(connection, [alert.id for alert in found])
        policies = [escalation.choose(self.policies, alert.severity, alert.labels) for alert in found]
        begun = [
            (escalation.adopt(alert, policy, told.get(alert.id, ()), now), alert)
            for alert, policy in zip(found, policies, strict=True)
        ]
        escalation_rows.begin(connection, begun, now)
        return len(begun)

    def _begin(self, change: Change, now: datetime) -> tuple[Escalation, Alert]:
        alert = change.alert
        policy = escalation.choose(self.policies, alert.severity, alert.labels)
        there = self._channels()
        missing = [name for name in change.channels if name not in there]
        if missing:
            logger.warning("there is no notification channel %s; known: %s", ", ".join(missing), ", ".join(there))
        own = tuple(name for name in change.channels if name in there)
        begun = Escalation(alert.id, policy, own_channels=own or (tuple(there) if change.channels else ()))
        return escalation.follow(begun, alert.status, now), alert

    def _outcome(self, state: Escalation, alert: Alert, now: datetime) -> Outcome | None:
        return escalation.work_off(state, alert, now, self.schedules, self._channels())

    def _silence(
        self, connection: Connection, moved: Iterable[tuple[Escalation, Escalation, Change]], now: datetime
    ) -> None:
        """Take back what is still to be told of what is silent now, and let it go out where it fires again."""
        again = []
        for before, after, change in moved:
            if before.running_since and after.running_since is None and change.alert.status is not Status.RESOLVED:
                outbox.cancel_pending(connection, change.alert.id)
            elif before.running_since is None and after.running_since:
                again.append(change.alert.id)
        outbox.tell_after_all(connection, again, now)

    def _apply(self, connection: Connection, looks: Sequence[Look], now: datetime) -> list[Change]:
        """Note what is taken and put its words into the outbox; returns what it changes of the episodes."""
        work = [(alert, outcome) for _, alert, outcome in looks if outcome is not None]
        taken = [(outcome.state, turn) for _, outcome in work for turn in outcome.turns]
        escalation_rows.record(connection, taken, now)
        entries = [
            outbox.Entry(alert.id, outcome.event, channel, now, outcome.number)
            for alert, outcome in work
            for channel in outcome.channels
        ]
        outbox.enqueue_all(connection, entries)
        self._steps.inc(len(taken))
        for alert, outcome in work:
            self._say_problems(connection, alert, outcome, now)
        return [change for alert, outcome in work if (change := _change(alert, outcome, now)) is not None]

    def _say_problems(self, connection: Connection, alert: Alert, outcome: Outcome, now: datetime) -> None:
        if outcome.problems:
            policy, said = outcome.state.policy.name, "; ".join(outcome.problems)
            self._problems.inc(len(outcome.problems))
            logger.warning("escalation of %s by policy %r: %s", alert.id, policy, said)
            episode_rows.note(connection, alert.id, now, "escalated", policy, said, result="problem")

    async def _take(self, pipeline: Pipeline, alert_ids: Sequence[str]) -> None:
        def decide(connection: Connection, now: datetime) -> list[Change]:
            states = escalation_rows.load(connection, alert_ids)
            looks: list[Look] = []
            for alert in episode_rows.get_all(connection, list(states)):
                state = escalation.follow(states[alert.id], alert.status, now)
                looks.append((state, alert, self._outcome(state, alert, now)))
            escalation_rows.save(connection, [_reached(*one) for one in looks], now)
            return self._apply(connection, looks, now)

        await pipeline.change(decide)
        pipeline.outbox_changed.set()

    async def _one_by_one(self, pipeline: Pipeline, alert_ids: Sequence[str]) -> None:
        for alert_id in alert_ids:
            try:
                await self._take(pipeline, [alert_id])
            except Exception:
                self._failures.inc()
                logger.exception("a step of alert %s is not taken yet", alert_id)

    async def _follow_clock(self, database: Database) -> None:
        """Let no step wait for hours because the wall clock was set back; where it was set forward, time has passed."""
        ahead = self._clock.time() - self._clock.monotonic()
        back, self._wall_ahead = self._wall_ahead - ahead, ahead
        if back > _SET_BACK_SECONDS:
            logger.warning("the clock was set back by %.0f s: escalations go on from where they were", back)
            await self._set_back(database, timedelta(seconds=back))

    async def _set_back(self, database: Database, by: timedelta | None = None) -> None:
        """Move clocks that run with the wall clock; without `by` those alone that began to run in the future."""
        now = self._clock.now()
        after = now if by is None else None
        ids = await database.read(lambda connection: escalation_rows.running(connection, after))

        def move(connection: Connection, chunk: Sequence[str]) -> None:
            states = escalation_rows.load(connection, chunk)
            alerts = episode_rows.get_all(connection, list(states))
            moved = [(escalation.set_back(states[alert.id], now, by), alert) for alert in alerts]
            escalation_rows.save(connection, moved, now)

        for start in range(0, len(ids), _CHUNK):
            await database.run(functools.partial(move, chunk=ids[start : start + _CHUNK]))


def _followed(state: Escalation, change: Change, now: datetime) -> Escalation:
    taken_back = change.what == "unacknowledged" and bool(change.who)
    return escalation.follow(state, change.alert.status, now, taken_back=taken_back)


def _reached(state: Escalation, alert: Alert, outcome: Outcome | None) -> tuple[Escalation, Alert]:
    """Return how far an episode has come, and the episode, once what is to be done is done."""
    if outcome is None:
        return state, alert
    if (outcome.severity, outcome.assignee) == (alert.severity, alert.assignee):
        return outcome.state, alert
    return outcome.state, replace(alert, severity=outcome.severity, assignee=outcome.assignee)


def _usual_time(change: Change, state: Escalation, now: datetime) -> Change | None:
    """Let an acknowledgement that names no time hold for as long as the policy says."""
    seconds = state.policy.acknowledge_seconds
    if change.what != "acknowledged" or not change.usual_time or seconds is None:
        return None
    return Change(episodes.expires_in(change.alert, now, seconds), "updated")


def _back_again(before: Escalation, after: Escalation, change: Change) -> Outcome | None:
    """Return the word that an acknowledgement or a snooze ran out, where the policy has nothing more to say."""
    if not before.had_by_somebody or change.what != "firing" or after.running_since is None:
        return None
    return escalation.say_again(after, change.alert)


def _change(alert: Alert, outcome: Outcome, now: datetime) -> Change | None:
    """Return what steps change of an episode and the row of its history; None for the first word alone."""
    level = outcome.state.position - 1
    same = (alert.severity, alert.assignee) == (outcome.severity, outcome.assignee)
    if not outcome.turns and same:
        return None
    if level == 0 and same:
        return None
    changed = replace(
        alert, severity=outcome.severity, assignee=outcome.assignee, escalation_level=level, updated_at=now
    )
    return Change(changed, "escalated", outcome.state.policy.name, _said(alert, outcome))


def _said(alert: Alert, outcome: Outcome) -> str:
    """Return what was done in words that need no language: `2/3: CRITICAL; slack, email; primary: aiko`."""
    steps = len(outcome.state.policy.steps)
    places = ", ".join(f"{turn.step + 1}/{steps}" + (f" ({turn.loop})" if turn.loop else "") for turn in outcome.turns)
    parts = [
        outcome.severity.value if outcome.severity is not alert.severity else "",
        ", ".join(outcome.channels),
        ", ".join(f"{schedule}: {who}" for schedule, who in outcome.people.items()),
        f"-> {outcome.assignee}" if outcome.assignee != alert.assignee else "",
    ]
    return f"{places}: {'; '.join(part for part in parts if part)}"
