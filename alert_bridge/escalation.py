"""What an escalation policy asks for at a moment. Decisions only: values in, values out.

An episode's own clock counts the time that it fires and nobody has it. It stands while somebody has it, while it is
snoozed or suppressed, and goes on from there. A step is due when that clock reaches the step's time; what has become
due together, after an outage for example, is done together: all effects, one notification.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.schedules import OnCall, WeekHours


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell these channels, and whoever is on call in these schedules. channels None: all that there are."""

    channels: tuple[str, ...] | None = ()
    on_call: tuple[str, ...] = ()
    kind: Literal["notify"] = "notify"


@dataclass(frozen=True, slots=True)
class IncreaseSeverity:
    """Raise the severity to at least this; the channels told last hear of it."""

    severity: Severity
    kind: Literal["severity_increase"] = "severity_increase"


@dataclass(frozen=True, slots=True)
class AssignTo:
    """Give the alert to somebody: a name, or that of a schedule for whoever is on call there."""

    assignee: str
    kind: Literal["assign_to"] = "assign_to"


Action = Notify | IncreaseSeverity | AssignTo


@dataclass(frozen=True, slots=True)
class Step:
    """What is done once an episode has fired for so long and nobody has it."""

    after_seconds: float
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """After the last step, `times` times: that step again every so often, or with `whole` all steps again."""

    every_seconds: float
    times: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """Times of the week at which steps are taken; one that is due outside of them waits for their beginning.

    timezone: IANA name. critical_too: without it a critical alert ignores them.
    """

    week: WeekHours
    timezone: str
    critical_too: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Which alerts a policy is for: every condition holds. severities empty: any. labels: pairs of name, values."""

    severities: tuple[Severity, ...] = ()
    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def holds(self, severity: Severity, labels: Mapping[str, str]) -> bool:
        """Tell whether an alert of that severity with these labels is meant."""
        meant = not self.severities or severity in self.severities
        return meant and all(labels.get(name) in values for name, values in self.labels)


@dataclass(frozen=True, slots=True)
class Turn:
    """A step at its place in the run of a policy.

    position: counts on over the repeats. loop: 0 at first, then the number of the repeat. step: place in the policy,
    `len(steps)` for what is done when all was in vain. after_seconds: by the episode's clock.
    """

    position: int
    loop: int
    step: int
    after_seconds: float
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Steps for the alerts that match.

    acknowledge_seconds: how long an acknowledgement holds that names no time; None: as elsewhere.
    on_exhausted: what is done when nobody has it after the last repeat; its time counts from the last step.
    """

    name: str
    steps: tuple[Step, ...]
    match: Match = Match()
    repeat: Repeat | None = None
    hours: Hours | None = None
    acknowledge_seconds: float | None = None
    on_exhausted: Step | None = None

    def turn(self, position: int) -> Turn | None:
        """Return the step at a position, counted from 0 over all repeats; None past the end."""
        count, last = len(self.steps), self.steps[-1]
        if position < count:
            step = self.steps[position]
            return Turn(position, 0, position, step.after_seconds, step.actions)
        repeat = self.repeat or Repeat(0.0, 0)
        loop, step_number = (position // count, position % count) if repeat.whole else (position - count + 1, count - 1)
        if loop <= repeat.times:
            step = self.steps[step_number]
            begun = loop * (last.after_seconds + repeat.every_seconds) + step.after_seconds
            after = begun if repeat.whole else last.after_seconds + loop * repeat.every_seconds
            return Turn(position, loop, step_number, after, step.actions)
        return self._in_vain(position) if position == self._end(repeat) else None

    def _end(self, repeat: Repeat) -> int:
        count = len(self.steps)
        return count * (repeat.times + 1) if repeat.whole else count + repeat.times

    def _in_vain(self, position: int) -> Turn | None:
        before = self.turn(position - 1)
        if self.on_exhausted is None or before is None:
            return None
        after = before.after_seconds + self.on_exhausted.after_seconds
        return Turn(position, before.loop, len(self.steps), after, self.on_exhausted.actions)


EVERYBODY_AT_ONCE = Policy("everybody at once", (Step(0.0, (Notify(None),)),))
"""What holds where the settings have no policy: every channel is told, and nothing escalates."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """How far an episode has come in the policy with which it began.

    position: of the next turn. elapsed_seconds: what its clock had counted when it last stood.
    running_since: None while the clock stands; then stood_by says why: the status of that time. An acknowledgement or
    a snooze that runs out while the episode is suppressed stays named until it fires: it is still to be told again.
    told: the channels told last, None before the first word; told_severity: what they were told.
    own_channels: who gets the first word instead, where the source of the alert names somebody.
    number: of the next notification; never less than the position.
    """

    alert_id: str
    policy: Policy
    position: int = 0
    elapsed_seconds: float = 0.0
    running_since: datetime | None = None
    stood_by: str | None = None
    told: tuple[str, ...] | None = None
    told_severity: Severity = Severity.LOW
    own_channels: tuple[str, ...] = ()
    number: int = 0

    @property
    def had_by_somebody(self) -> bool:
        """Whether the clock stands, or stood at first, because somebody has it or wants to hear of it later."""
        return self.running_since is None and self.stood_by in (Status.ACKNOWLEDGED, Status.SNOOZED)

    @property
    def next_turn(self) -> Turn | None:
        """The next turn, None where the policy has come to its end."""
        return self.policy.turn(self.position)

    def due_at(self, severity: Severity, now: datetime) -> datetime | None:
        """Return when something is next to be done; None while the clock stands and at the end.

        severity: that of the alert now.
        """
        if self.running_since is None:
            return None
        turn = self.next_turn
        due = [self._when(self.running_since, turn)] if turn else []
        if self.risen(severity):
            due.append(now)
        if not due:
            return None
        hours = self._hours_for(severity)
        return hours.week.next_open(min(due), ZoneInfo(hours.timezone)) if hours else min(due)

    def would_be_due(self, severity: Severity, goes_on: datetime) -> datetime | None:
        """Return when something would next be done if a clock that stands went on at that moment."""
        return replace(self, running_since=goes_on).due_at(severity, goes_on)

    def reached(self, turn: Turn, now: datetime) -> bool:
        """Tell whether the clock has come to a turn."""
        return self.running_since is not None and self._when(self.running_since, turn) <= now

    def risen(self, severity: Severity) -> bool:
        """Tell whether a severity is above the one that was told."""
        return self.told is not None and severity.rank > self.told_severity.rank

    def _when(self, running_since: datetime, turn: Turn) -> datetime:
        return running_since + timedelta(seconds=turn.after_seconds - self.elapsed_seconds)

    def _hours_for(self, severity: Severity) -> Hours | None:
        hours = self.policy.hours
        return None if hours is None or (severity is Severity.CRITICAL and not hours.critical_too) else hours


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be done now.

    state: afterwards. turns: those taken. event: `firing` for the first word, else `escalated`.
    channels: who is told, empty for nobody. people: who of them was on call, by schedule.
    severity, assignee: of the alert afterwards. problems: sentences on what did not go as the policy says.
    """

    state: Escalation
    turns: tuple[Turn, ...]
    event: Literal["firing", "escalated"]
    channels: tuple[str, ...]
    people: Mapping[str, str]
    severity: Severity
    assignee: str | None
    problems: tuple[str, ...]

    @property
    def number(self) -> int:
        """The number of the notification within the episode; its step in messages."""
        return self.state.number - 1


def choose(policies: Sequence[Policy], severity: Severity, labels: Mapping[str, str]) -> Policy:
    """Return the first policy that is for such an alert; everybody at once where none is."""
    return next((one for one in policies if one.match.holds(severity, labels)), EVERYBODY_AT_ONCE)


def follow(state: Escalation, status: Status, now: datetime, *, taken_back: bool = False) -> Escalation:
    """Let the clock run or stand as the episode's status wants it.

    taken_back: a person ended the acknowledgement or the snooze; it did not run out.
    """
    if status is Status.FIRING:
        return state if state.running_since else replace(state, running_since=now, stood_by=None)
    if state.running_since is None:
        ran_out = status is Status.SUPPRESSED and state.had_by_somebody and not taken_back
        return state if ran_out else replace(state, stood_by=status.value)
    counted = state.elapsed_seconds + max(0.0, (now - state.running_since).total_seconds())
    return replace(state, elapsed_seconds=counted, running_since=None, stood_by=status.value)


def adopt(alert: Alert, policy: Policy, told: Sequence[str], now: datetime) -> Escalation:
    """Return the escalation of an episode that began before there was one; its clock begins now.

    told: the channels that heard of it, or are about to: what the policy does at once counts as done where there is
    one, so that nobody hears a second first word.
    """
    state = Escalation(alert.id, policy)
    if told:
        done = len(list(itertools.takewhile(lambda step: step.after_seconds <= 0, policy.steps)))
        state = replace(state, position=done, told=tuple(told), told_severity=alert.severity, number=max(done, 1))
    return follow(state, alert.status, now)


def set_back(state: Escalation, now: datetime, by: timedelta | None = None) -> Escalation:
    """Let a clock that runs go on from where it was, though the wall clock was set back.

    by: how far; None where that is not known: then what began in the future begins now.
    """
    if state.running_since is None:
        return state
    return replace(state, running_since=min(state.running_since - (by or timedelta()), now))


def work_off(
    state: Escalation, alert: Alert, now: datetime, on_call: OnCall, channels: Collection[str]
) -> Outcome | None:
    """Return what is to be done at a moment; None for nothing.

    alert: as it is now. channels: those that there are.
    """
    due = state.due_at(alert.severity, now)
    if due is None or due > now:
        return None
    taken = _take(state, now, on_call, tuple(channels))
    severity = max((alert.severity, *_severities(taken.turns)), key=lambda one: one.rank)
    named = {*taken.channels, *((state.told or ()) if state.risen(severity) else ())}
    heard = tuple(name for name in channels if name in named)
    position = state.position + len(taken.turns)
    if heard:
        number = max(state.number, position - 1) + 1
        after = replace(state, position=position, told=heard, told_severity=severity, number=number)
    else:
        after = replace(state, position=position)
    assignee, problems = _assignee(taken.turns, now, on_call)
    return Outcome(
        state=after,
        turns=taken.turns,
        event="firing" if state.told is None else "escalated",
        channels=heard,
        people=taken.people,
        severity=severity,
        assignee=assignee or alert.assignee,
        problems=(*taken.problems, *problems),
    )


def say_again(state: Escalation, alert: Alert) -> Outcome | None:
    """Return the word that an alert with no step left is back, once what kept it silent ran out; None before the first.

    Without it nobody would hear of it any more.
    """
    if state.told is None or state.next_turn is not None:
        return None
    after = replace(state, told_severity=alert.severity, number=state.number + 1)
    return Outcome(after, (), "firing", state.told, {}, alert.severity, alert.assignee, ())


def forecast(
    state: Escalation, alert: Alert, now: datetime, on_call: OnCall, channels: Collection[str]
) -> Iterator[tuple[datetime, Outcome]]:
    """Yield what is done and when, if nobody ever takes the alert and its source says nothing new."""
    while (due := state.due_at(alert.severity, now)) is not None:
        now = max(due, now)
        outcome = work_off(state, alert, now, on_call, channels)
        if outcome is None:
            return
        yield now, outcome
        state = outcome.state
        alert = replace(alert, severity=outcome.severity, assignee=outcome.assignee)


def unreachable(policies: Sequence[Policy]) -> Iterator[tuple[int, Policy]]:
    """Yield the place and name of each policy whose alerts all go to those before it."""
    for place, policy in enumerate(policies):
        if place and _covered(policy.match, policies[:place]):
            yield place, policy


def catches_all(policies: Sequence[Policy]) -> bool:
    """Tell whether every alert has a policy."""
    return _covered(Match(), policies)


@dataclass(frozen=True, slots=True)
class _Heard:
    """Who hears of a turn: channels; people by schedule. nobody: it wants somebody told, and nobody is on call."""

    channels: tuple[str, ...] = ()
    people: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    nobody: bool = False


@dataclass(frozen=True, slots=True)
class _Taken:
    """The turns that are due together, and who hears of them."""

    turns: tuple[Turn, ...]
    channels: frozenset[str]
    people: Mapping[str, str]
    problems: tuple[str, ...]


def _take(state: Escalation, now: datetime, on_call: OnCall, there: tuple[str, ...]) -> _Taken:
    """Take every turn that is due, and at once the one after a turn by which nobody could be told."""
    turns: list[Turn] = []
    channels: set[str] = set()
    people: dict[str, str] = {}
    problems: list[str] = []
    at_once = False
    while (turn := state.policy.turn(state.position + len(turns))) is not None:
        if not at_once and not state.reached(turn, now):
            break
        turns.append(turn)
        own = state.own_channels if state.told is None and not channels else ()
        heard = _heard(turn, own, now, on_call, there)
        at_once = heard.nobody and turn.step + 1 < len(state.policy.steps)
        channels.update(there if heard.nobody and not at_once else heard.channels)
        people.update(heard.people)
        problems += heard.problems
        if heard.nobody:
            problems.append("the next step is taken at once" if at_once else "all channels are told")
    return _Taken(tuple(turns), frozenset(channels), people, tuple(problems))


def _heard(turn: Turn, own: tuple[str, ...], now: datetime, on_call: OnCall, there: tuple[str, ...]) -> _Heard:
    """Return who hears of a turn. own: channels that take the place of those of the turn. there: those there are."""
    wanted = [action for action in turn.actions if isinstance(action, Notify)]
    if not wanted:
        return _Heard()
    wanted = [Notify(own)] if own else wanted
    turns = [(schedule, on_call.who(schedule, now)) for action in wanted for schedule in action.on_call]
    people = tuple((schedule, who) for schedule, who in turns if who is not None)
    problems = [f"nobody is on call in {schedule!r}" for schedule, who in turns if who is None]
    names = [name for action in wanted for name in action.channels or ()]
    names += [name for _, who in people for name in on_call.channels(who)]
    missing = [name for name in names if name not in there]
    if missing:
        problems.append(f"there is no notification channel {', '.join(map(repr, missing))}")
    everybody = any(action.channels is None for action in wanted) or (names and len(missing) == len(names))
    return _Heard(there if everybody else tuple(names), people, tuple(problems), nobody=not everybody and not names)


def _severities(turns: Sequence[Turn]) -> list[Severity]:
    return [action.severity for turn in turns for action in turn.actions if isinstance(action, IncreaseSeverity)]


def _assignee(turns: Sequence[Turn], now: datetime, on_call: OnCall) -> tuple[str | None, tuple[str, ...]]:
    """Return who the turns give the alert to, the last of them, and what went wrong."""
    names = [action.assignee for turn in turns for action in turn.actions if isinstance(action, AssignTo)]
    if not names or names[-1] not in on_call.schedules:
        return (names[-1] if names else None), ()
    who = on_call.who(names[-1], now)
    return who, () if who else (f"nobody is on call in {names[-1]!r}: the alert is not assigned",)


def _covered(match: Match, policies: Sequence[Policy]) -> bool:
    """Tell whether every alert that matches is taken by one of the policies: each severity and set of values is."""
    names = [name for name, _ in match.labels]
    for severity in match.severities or tuple(Severity):
        for values in itertools.product(*(values for _, values in match.labels)):
            labels = dict(zip(names, values, strict=True))
            if not any(policy.match.holds(severity, labels) for policy in policies):
                return False
    return True
