"""Settings of the maintenance windows (`escalation.maintenance`)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator, model_validator

from alert_bridge.alerts import Severity
from alert_bridge.escalation import Match
from alert_bridge.maintenance import Once, Recurring, Span, Window, recurrence
from runtime.settings import Duration, Names, Section, TimeZone

_COUNTED_FROM = datetime(2024, 1, 1)  # noqa: DTZ001 - a Monday, in whatever zone the window has
_LONGEST_SECONDS = 31 * 86400.0


class WindowSettings(Section):
    """A time in which what matches is kept silent: once from start to end, or by a rule for a duration.

    match: `severity` and labels, with a value or a list of them; {} for every alert.
    start: local in the time zone unless it has an offset; of a rule, the day and time that it counts from.
    timezone: web.timezone where none is named. rrule: by RFC 5545, in local time.
    """

    name: str = Field(min_length=1, max_length=100)
    match: dict[str, Names]
    start: datetime | None = None
    end: datetime | None = None
    duration: Duration | None = Field(default=None, gt=0, le=_LONGEST_SECONDS)
    rrule: str | None = None
    timezone: TimeZone | None = None

    @field_validator("name")
    @classmethod
    def _can_be_listed(cls, name: str) -> str:
        if "," in name:
            raise ValueError("a comma separates reasons: leave it out of the name")
        return name

    @field_validator("match")
    @classmethod
    def _can_hold(cls, match: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, values in match.items():
            if not values:
                raise ValueError(f"{name}: names no value; leave it out to match any")
        for word in match.get("severity", ()):
            Severity.parse(word)
        return match

    @field_validator("start", "end", mode="before")
    @classmethod
    def _is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, int | float):
            raise ValueError(f"expected a date and time such as 2026-12-01T02:00, got {value!r} for {info.field_name}")
        return value

    @field_validator("rrule")
    @classmethod
    def _is_a_rule(cls, text: str | None) -> str | None:
        if text is not None:
            recurrence(text, _COUNTED_FROM)
        return text

    @model_validator(mode="after")
    def _say_when(self) -> Self:
        if self.rrule is not None:
            if self.duration is None or self.end is not None:
                raise ValueError("rrule: say how long it lasts by duration, such as 2h, and leave end out")
            if self.start is None and "BYHOUR" not in self.rrule.upper():
                raise ValueError("rrule: say at what time it begins, by start or by BYHOUR in the rule")
        elif self.start is None or (self.end is None) is (self.duration is None):
            raise ValueError("say when it is: start with end or duration, or rrule with duration")
        self.to_window("UTC")
        return self

    def to_window(self, timezone: str) -> Window:
        """Return it for the decisions. timezone: where none is named. Raises ValueError where it is never open."""
        name = self.timezone or timezone
        zone = ZoneInfo(name)
        severities = tuple(Severity.parse(word) for word in self.match.get("severity", ()))
        labels = tuple(sorted((label, values) for label, values in self.match.items() if label != "severity"))
        times = self._recurring(zone) if self.rrule is not None else Once(self._span(zone))
        return Window(self.name, Match(severities, labels), times, name)

    def _recurring(self, zone: ZoneInfo) -> Recurring:
        first = _COUNTED_FROM if self.start is None else _instant(self.start, zone).astimezone(zone)
        rule = recurrence(self.rrule or "", first.replace(tzinfo=None))
        return Recurring(rule, zone, timedelta(seconds=self.duration or 0.0))

    def _span(self, zone: ZoneInfo) -> Span:
        assert self.start is not None  # noqa: S101 - checked by _say_when
        begins = _instant(self.start, zone)
        ends = begins + timedelta(seconds=self.duration or 0.0) if self.end is None else _instant(self.end, zone)
        if ends <= begins:
            raise ValueError(f"end: {self.end} is not later than start, {self.start}")
        return Span(begins, ends)


def windows(settings: Sequence[WindowSettings], timezone: str) -> tuple[Window, ...]:
    """Return the windows for the decisions. timezone: of those that name none."""
    return tuple(one.to_window(timezone) for one in settings)


def _instant(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
