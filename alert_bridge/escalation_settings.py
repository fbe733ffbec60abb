"""The section `escalation`: policies and schedules, in the product's form and in the guide's (`escalation_rules`)."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from alert_bridge import escalation
from alert_bridge.alerts import Severity
from alert_bridge.escalation import Action, AssignTo, Hours, IncreaseSeverity, Match, Notify, Policy, Repeat, Step
from alert_bridge.maintenance_settings import WindowSettings
from alert_bridge.schedules import (
    DAY_MINUTES,
    DAYS,
    WEEK_MINUTES,
    OnCall,
    Override,
    Rotation,
    Schedule,
    WeekHours,
    minute_words,
    to_instant,
)
from runtime.settings import Duration, Names, Section, TimeZone, listed, nearest

GUIDE_POLICY = "escalation_rules"
"""Name of the policy that the guide's rules make; it is the last one and takes every alert."""

_ALL = "all"
_TIME = re.compile(r"(?:(?P<day>[a-z]+)\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})")
_ACTIONS = ("notify", "severity_increase", "assign_to")


def _severity(value: Any) -> Severity:
    return Severity.parse(str(value))


def _text(value: Any) -> Any:
    """YAML 1.1 reads an unquoted 09:30 as the number 570 and 2026-01-05 as a date."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= DAY_MINUTES:
        return f"{value // 60:02}:{value % 60:02}"
    return value.isoformat() if isinstance(value, date | time) else str(value).strip().lower()


def _minute(text: str, key: str) -> tuple[int | None, int]:
    """Read `09:00` or `fri 18:00`: the day, None without one, and the minute of the day. Raises ValueError."""
    found = _TIME.fullmatch(text)
    hour, minute = (int(found["hour"]), int(found["minute"])) if found else (99, 0)
    if found is None or minute > 59 or hour * 60 + minute > DAY_MINUTES:
        raise ValueError(f"{key}: {text!r} is not a time such as 09:00 or fri 18:00")
    return (None if found["day"] is None else _day(found["day"])), hour * 60 + minute


def _day(word: str) -> int:
    short = word.strip().lower()[:3]
    if short not in DAYS:
        raise ValueError(f"{word!r} is not a day; known: {', '.join(DAYS)}")
    return DAYS.index(short)


SeverityWord = Annotated[Severity, BeforeValidator(_severity)]
TimeText = Annotated[str, BeforeValidator(_text)]


class NotifySettings(Section):
    """Who is told: channels (`all` for each there is), and whoever is on call in schedules."""

    channels: Names = ()
    on_call: Names = ()

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.channels and not self.on_call:
            raise ValueError("nobody is told: name channels, or schedules under on_call")
        return self

    def to_action(self) -> Notify:
        """Return it for the decisions."""
        return Notify(None if _ALL in self.channels else self.channels, self.on_call)


class ActionSettings(Section):
    """One of `notify`, `severity_increase` and `assign_to`; the guide's form with `type` is taken too."""

    notify: NotifySettings | None = None
    severity_increase: SeverityWord | None = None
    assign_to: str | None = Field(default=None, min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _guide_form(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or "type" not in value:
            return value
        kind, rest = value["type"], {key: one for key, one in value.items() if key != "type"}
        if kind in ("notification", "notify"):
            return {"notify": rest}
        key, argument = {
            "severity_increase": ("severity_increase", "new_severity"),
            "assign_to": ("assign_to", "assignee"),
        }.get(str(kind), ("", ""))
        if not key:
            raise ValueError(f"type {kind!r}: {nearest(str(kind), ('severity_increase', 'notification', 'assign_to'))}")
        if set(rest) != {argument}:
            raise ValueError(f"type {kind!r} takes {argument}, got {', '.join(map(str, rest)) or 'nothing'}")
        return {key: rest[argument]}

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if len(self.model_fields_set) != 1 or self.to_action() is None:
            raise ValueError(f"expected one of {', '.join(_ACTIONS)}")
        return self

    def to_action(self) -> Action | None:
        """Return it for the decisions; None where nothing is given."""
        if self.notify is not None:
            return self.notify.to_action()
        if self.severity_increase is not None:
            return IncreaseSeverity(self.severity_increase)
        return AssignTo(self.assign_to) if self.assign_to else None


Actions = Annotated[tuple[ActionSettings, ...], BeforeValidator(listed), Field(min_length=1)]


def _actions(settings: Sequence[ActionSettings]) -> tuple[Action, ...]:
    return tuple(action for one in settings if (action := one.to_action()) is not None)


class StepSettings(Section):
    """What is done `after` so much time in which it fired and nobody had it."""

    after: Duration
    actions: Actions

    def to_step(self) -> Step:
        """Return it for the decisions."""
        return Step(self.after, _actions(self.actions))


class GuideRule(Section):
    """A rule of the guide: actions after `time_threshold` seconds."""

    time_threshold: Duration
    actions: Actions


class RepeatSettings(Section):
    """The last step again, or with `steps: all` the whole, `times` times."""

    every: Duration = Field(ge=1)
    times: int = Field(default=1, ge=1, le=1000)
    steps: Literal["last", "all"] = "last"


class ExhaustedSettings(ActionSettings):
    """What is done when all was in vain, `after` the last step: as `repeat.every`, or as long as that step waited."""

    after: Duration | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if len(self.model_fields_set - {"after"}) != 1 or self.to_action() is None:
            raise ValueError(f"expected one of {', '.join(_ACTIONS)}")
        return self


class SpanSettings(Section):
    """A part of the week: `days` from a time to a time, or from one such as `fri 18:00` to another.

    A day's span that ends before it begins ends on the next day; without times it is the whole day.
    """

    days: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()
    begins: TimeText | None = Field(default=None, alias="from")
    ends: TimeText | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        self.spans()
        return self

    def spans(self) -> tuple[tuple[int, int], ...]:
        """Return (first, end) in minutes of the week. Raises ValueError."""
        first_day, first = _minute(self.begins or "00:00", "from")
        end_day, end = _minute(self.ends or "24:00", "to")
        if (first_day is None) != (end_day is None):
            raise ValueError("from and to: give both with a day, such as fri 18:00, or none")
        if first_day is None or end_day is None:
            length = (end - first) % DAY_MINUTES or DAY_MINUTES
            days = [_day(day) for day in self.days] or range(len(DAYS))
            return tuple((day * DAY_MINUTES + first, day * DAY_MINUTES + first + length) for day in days)
        if self.days:
            raise ValueError("days: leave them out where from and to name days")
        begin = first_day * DAY_MINUTES + first
        length = (end_day * DAY_MINUTES + end - begin) % WEEK_MINUTES or WEEK_MINUTES
        return ((begin, begin + length),)


class HoursSettings(Section):
    """What `hours: business` means: times of the week in a time zone (web.timezone where none is named)."""

    timezone: TimeZone | None = None
    spans: Annotated[tuple[SpanSettings, ...], BeforeValidator(listed), Field(min_length=1)] = (
        SpanSettings.model_validate({"days": DAYS[:5], "from": "09:00", "to": "18:00"}),
    )


class PolicySettings(Section):
    """A policy; the first whose `match` holds is the alert's.

    match: `severity` and labels, with a value or a list of them. ack_timeout: how long an acknowledgement holds.
    """

    name: str = Field(min_length=1)
    match: dict[str, Names] = Field(default_factory=dict)
    steps: Annotated[tuple[StepSettings, ...], Field(min_length=1)]
    repeat: RepeatSettings | None = None
    hours: Literal["business", "always"] = "always"
    critical_waits_too: bool = False
    ack_timeout: Duration | None = Field(default=None, gt=0)
    on_exhausted: ExhaustedSettings | None = None

    @field_validator("match")
    @classmethod
    def _severities_are_known(cls, match: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, values in match.items():
            if not values:
                raise ValueError(f"{name}: names no value; leave it out to match any")
        for word in match.get("severity", ()):
            _severity(word)
        return match

    @model_validator(mode="after")
    def _steps_in_order(self) -> Self:
        times = [step.after for step in self.steps]
        for place, (before, after) in enumerate(itertools.pairwise(times), 1):
            if after <= before:
                raise ValueError(f"steps.{place}.after: {after:g} s is not later than the step before it, {before:g} s")
        if not any(action.notify for step in self.steps for action in step.actions):
            raise ValueError("steps: none of them has notify, so nobody would ever be told")
        return self

    def to_policy(self, business: Hours) -> Policy:
        """Return it for the decisions."""
        labels = {name: values for name, values in self.match.items() if name != "severity"}
        severities = tuple(_severity(word) for word in self.match.get("severity", ()))
        repeat = self.repeat
        return Policy(
            name=self.name,
            steps=tuple(step.to_step() for step in self.steps),
            match=Match(severities, tuple(sorted(labels.items()))),
            repeat=Repeat(repeat.every, repeat.times, repeat.steps == _ALL) if repeat else None,
            hours=Hours(business.week, business.timezone, self.critical_waits_too)
            if self.hours == "business"
            else None,
            acknowledge_seconds=self.ack_timeout,
            on_exhausted=self._exhausted(),
        )

    def _exhausted(self) -> Step | None:
        if self.on_exhausted is None:
            return None
        times = [step.after for step in self.steps]
        usual = self.repeat.every if self.repeat else times[-1] - (times[-2] if len(times) > 1 else 0.0)
        after = self.on_exhausted.after
        return Step(usual if after is None else after, _actions([self.on_exhausted]))


class LayerSettings(Section):
    """Members that take turns: `daily`, `weekly`, or every so many whole hours.

    handover: local time, for weekly turns with the day. start: a day on which, or before whose next hand-over, the
    first member's turn begins. restrictions: when the layer counts; always, if empty.
    """

    members: Annotated[tuple[str, ...], BeforeValidator(listed), Field(min_length=1)]
    rotation: Literal["daily", "weekly"] | Duration = "weekly"
    handover: TimeText = "09:00"
    start: date = date(2026, 1, 5)
    restrictions: Annotated[tuple[SpanSettings, ...], BeforeValidator(listed)] = ()

    @model_validator(mode="after")
    def _turns_can_be_counted(self) -> Self:
        self.to_rotation()
        return self

    def to_rotation(self) -> Rotation:
        """Return it for the decisions. Raises ValueError."""
        day, minute = _minute(self.handover, "handover")
        if day is not None and self.rotation != "weekly":
            raise ValueError("handover: only weekly turns have a day; give a time such as 09:00")
        begins = datetime.combine(self.start, time()) + timedelta(minutes=minute)
        if self.rotation == "weekly":
            begins += timedelta(days=((day if day is not None else 0) - begins.weekday()) % 7)
        hours = tuple(span for one in self.restrictions for span in one.spans())
        return Rotation(self.members, begins, self._turn_hours(), WeekHours(hours))

    def _turn_hours(self) -> int:
        if isinstance(self.rotation, str):
            return 24 if self.rotation == "daily" else 7 * 24
        if self.rotation < 3600 or self.rotation % 3600:
            raise ValueError(f"rotation: {self.rotation:g} s; expected daily, weekly or whole hours such as 12h")
        return int(self.rotation // 3600)


class OverrideSettings(Section):
    """Somebody else is on call from a moment to another, in the schedule's time zone unless they have an offset."""

    begins: datetime = Field(alias="from")
    ends: datetime = Field(alias="to")
    member: str | None = None

    def to_override(self, timezone: ZoneInfo) -> Override:
        """Return it for the decisions."""
        begins, ends = (
            to_instant(moment, timezone) if moment.tzinfo is None else moment for moment in (self.begins, self.ends)
        )
        return Override(begins, ends, self.member)


class ScheduleSettings(Section):
    """Who is on call: overrides over layers, of which the first that has somebody decides.

    timezone: web.timezone where none is named. allow_gaps: that nobody is on call at times is meant.
    """

    name: str = Field(min_length=1)
    timezone: TimeZone | None = None
    layers: Annotated[tuple[LayerSettings, ...], BeforeValidator(listed), Field(min_length=1)]
    overrides: tuple[OverrideSettings, ...] = ()
    allow_gaps: bool = False

    @model_validator(mode="after")
    def _without_gaps(self) -> Self:
        schedule = self.to_schedule("UTC")
        gaps = [f"{minute_words(first)} to {minute_words(end)}" for first, end in schedule.gaps()]
        if gaps and not self.allow_gaps:
            raise ValueError(
                f"nobody is on call {', '.join(gaps)}; add a layer, or set allow_gaps: true if that is meant"
            )
        for place, override in enumerate(schedule.overrides):
            if override.ends <= override.begins:
                raise ValueError(f"overrides.{place}: it ends before it begins")
        return self

    @property
    def members(self) -> tuple[str, ...]:
        """Everybody who can be on call."""
        named = [member for layer in self.layers for member in layer.members]
        return tuple(dict.fromkeys((*named, *(one.member for one in self.overrides if one.member))))

    def to_schedule(self, timezone: str) -> Schedule:
        """Return it for the decisions. timezone: where none is named."""
        zone = ZoneInfo(self.timezone or timezone)
        layers = tuple(layer.to_rotation() for layer in self.layers)
        return Schedule(self.name, zone, layers, tuple(one.to_override(zone) for one in self.overrides))


class EscalationSettings(Section):
    """The section `escalation`; a list is taken for the guide's rules.

    rules: the guide's. policies: the first that matches counts. people: the channels of each member of a schedule;
    who is not named there has the channel of that name. business_hours: what `hours: business` means.
    maintenance: when what matches is kept silent.
    """

    rules: tuple[GuideRule, ...] = ()
    policies: tuple[PolicySettings, ...] = ()
    schedules: tuple[ScheduleSettings, ...] = ()
    people: dict[str, Names] = Field(default_factory=dict)
    business_hours: HoursSettings = HoursSettings()
    maintenance: tuple[WindowSettings, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _guide_list(cls, value: Any) -> Any:
        return {"rules": value} if isinstance(value, list | tuple) else value

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def to_policies(self, timezone: str) -> tuple[Policy, ...]:
        """Return the policies for the decisions; everybody at once where none is given.

        timezone: in which business hours are, where they name none.
        """
        hours = self.business_hours
        spans = tuple(span for one in hours.spans for span in one.spans())
        business = Hours(WeekHours(spans), hours.timezone or timezone)
        policies = [one.to_policy(business) for one in self.policies]
        if self.rules:
            policies.append(_guide_policy(self.rules))
        return tuple(policies) or (escalation.EVERYBODY_AT_ONCE,)

    def to_on_call(self, timezone: str) -> OnCall:
        """Return the schedules for the decisions. timezone: of those that name none."""
        schedules = {one.name: one.to_schedule(timezone) for one in self.schedules}
        return OnCall(schedules, self.people)

    def unknown_channels(self, known: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield the place and the name of each channel that there is not."""
        for place, name in self._named_channels():
            if name not in (*known, _ALL):
                yield place, name

    def _named_channels(self) -> Iterator[tuple[str, str]]:
        for place, action in self._placed_actions():
            if action.notify is not None:
                yield from ((f"{place}.notify.channels", name) for name in action.notify.channels)
        for person, channels in self.people.items():
            yield from ((f"people.{person}", name) for name in channels)
        for number, schedule in enumerate(self.schedules):
            yield from ((f"schedules.{number}", name) for name in schedule.members if name not in self.people)

    def _placed_actions(self) -> Iterator[tuple[str, ActionSettings]]:
        lists = [(f"rules.{number}", rule.actions) for number, rule in enumerate(self.rules)]
        for number, policy in enumerate(self.policies):
            lists += [(f"policies.{number}.steps.{place}", step.actions) for place, step in enumerate(policy.steps)]
        for where, actions in lists:
            yield from ((f"{where}.actions.{place}", one) for place, one in enumerate(actions))
        for number, policy in enumerate(self.policies):
            if policy.on_exhausted is not None:
                yield f"policies.{number}.on_exhausted", policy.on_exhausted

    def _problems(self) -> Iterator[str]:
        schedules = [one.name for one in self.schedules]
        yield from _repeated("policies", [one.name for one in self.policies])
        yield from _repeated("schedules", schedules)
        yield from _repeated("maintenance", [one.name for one in self.maintenance])
        for place, action in self._placed_actions():
            for name in action.notify.on_call if action.notify else ():
                if name not in schedules:
                    remedy = nearest(name, schedules) if schedules else "add it to escalation.schedules"
                    yield f"{place}.notify.on_call: there is no schedule {name!r}; {remedy}"
        policies = self.to_policies("UTC")
        for number, policy in escalation.unreachable(policies):
            place = f"policies.{number}" if number < len(self.policies) else "rules"
            yield f"{place}: {policy.name!r} is never used, those before it take all of its alerts"
        if not escalation.catches_all(policies):
            yield "policies: no policy takes every alert; let the last one have match: {}"


def _repeated(kind: str, names: Sequence[str]) -> Iterator[str]:
    for place, name in enumerate(names):
        if name in names[:place]:
            yield f"{kind}.{place}.name: {name!r} is there already; give each its own"


def _guide_policy(rules: Sequence[GuideRule]) -> Policy:
    """Return the guide's rules as a policy: every channel at once, then each rule at its time."""
    by_time: dict[float, tuple[Action, ...]] = {0.0: (Notify(None),)}
    if any(rule.time_threshold == 0 and any(one.notify for one in rule.actions) for rule in rules):
        by_time = {}
    for rule in rules:
        by_time[rule.time_threshold] = (*by_time.get(rule.time_threshold, ()), *_actions(rule.actions))
    return Policy(GUIDE_POLICY, tuple(Step(after, actions) for after, actions in sorted(by_time.items())))
