"""Maintenance windows: when they are, and which alerts they keep silent. Decisions only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from alert_bridge.alerts import Severity
from alert_bridge.escalation import Match
from runtime.clock import format_utc

PREFIX = "maintenance:"
"""Before the window's name in `suppressed_by`."""

_NO_LATER_THAN = ";UNTIL=21000101T000000"
_LONGEST_SHIFT = timedelta(hours=3)
"""Further than this no time zone's clock is put forward or back at once."""


@dataclass(frozen=True, slots=True)
class Span:
    """One time of silence, aware; the end is outside."""

    begins: datetime
    ends: datetime


class Times(Protocol):
    """When a window is open."""

    def at(self, now: datetime) -> Span | None:
        """Return the span that `now` lies in."""
        ...

    def after(self, now: datetime) -> Span | None:
        """Return the next span that begins later."""
        ...


@dataclass(frozen=True, slots=True)
class Once:
    """A window that is open once."""

    span: Span

    def at(self, now: datetime) -> Span | None:
        """Return the span where `now` lies in it."""
        return self.span if self.span.begins <= now < self.span.ends else None

    def after(self, now: datetime) -> Span | None:
        """Return the span where it is still to come."""
        return self.span if self.span.begins > now else None


@dataclass(frozen=True, slots=True)
class Recurring:
    """A window that comes again.

    rule: over local times without offset. The length is real time: a window over the night in which clocks are put
    forward is no shorter. An hour that this night leaves out begins when it would be, by the clock before.
    """

    rule: rrule
    zone: ZoneInfo
    length: timedelta

    def at(self, now: datetime) -> Span | None:
        """Return the span that `now` lies in, the one that began last where they overlap."""
        begin = self.rule.before(self._local(now) + _LONGEST_SHIFT, inc=True)
        while begin is not None and self._instant(begin) > now:
            begin = self.rule.before(begin)
        span = self._span(begin)
        return span if span is not None and now < span.ends else None

    def after(self, now: datetime) -> Span | None:
        """Return the next span that begins later."""
        begin = self.rule.after(self._local(now) - _LONGEST_SHIFT, inc=True)
        while begin is not None and self._instant(begin) <= now:
            begin = self.rule.after(begin)
        return self._span(begin)

    def _span(self, begin: datetime | None) -> Span | None:
        if begin is None:
            return None
        begins = self._instant(begin)
        return Span(begins, begins + self.length)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def _instant(self, local: datetime) -> datetime:
        return local.replace(tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """A maintenance window: whom it keeps silent, and when."""

    name: str
    match: Match
    times: Times
    timezone: str


@dataclass(slots=True)
class _Known:
    """What was found of a window, good from a moment to the next at which it opens or closes."""

    span: Span | None
    since: datetime
    until: datetime


@dataclass(slots=True)
class Maintenance:
    """All windows.

    Rules of years are looked through once for each opening and closing, not for each alert.
    """

    all: Sequence[Window] = ()
    _known: dict[str, _Known] = field(default_factory=dict)

    def reasons(self, labels: Mapping[str, str], severity: Severity, at: datetime) -> tuple[str, ...]:
        """Return why an alert is silent at a moment, `maintenance:<name>` for each window that holds for it."""
        return tuple(
            PREFIX + window.name
            for window in self.all
            if window.match.holds(severity, labels) and self._span(window, at) is not None
        )

    def active(self, at: datetime) -> frozenset[str]:
        """Return the names of the windows that are open."""
        return frozenset(window.name for window in self.all if self._span(window, at) is not None)

    def windows(self, now: datetime) -> list[dict[str, Any]]:
        """Return every window with whether it is open, since when, and when it is next; JSON-able, times in UTC."""
        return [self._shown(window, now) for window in self.all]

    def _shown(self, window: Window, now: datetime) -> dict[str, Any]:
        match = {name: list(values) for name, values in window.match.labels}
        if window.match.severities:
            match["severity"] = [one.value for one in window.match.severities]
        span = self._span(window, now)
        return {
            "name": window.name,
            "match": match,
            "timezone": window.timezone,
            "active": span is not None,
            "now": _times(span),
            "next": _times(window.times.after(now)),
        }

    def _span(self, window: Window, at: datetime) -> Span | None:
        known = self._known.get(window.name)
        if known is None or not known.since <= at < known.until:
            span = window.times.at(at)
            following = window.times.after(at)
            ends = [*([span.ends] if span else []), *([following.begins] if following else [])]
            known = _Known(span, at, min(ends, default=datetime.max.replace(tzinfo=UTC)))
            self._known[window.name] = known
        return known.span


def recurrence(text: str, first: datetime) -> rrule:
    """Read a rule such as `FREQ=WEEKLY;BYDAY=SU;BYHOUR=2` (RFC 5545).

    first: local time without offset, from which it counts. Raises ValueError that says what is wrong.
    """
    line = text.strip().removeprefix("RRULE:").rstrip(";").upper()
    if "\n" in line or "DTSTART" in line or "FREQ=" not in line:
        raise ValueError("expected one rule such as FREQ=WEEKLY;BYDAY=SU; its beginning is said by start")
    if "FREQ=SECONDLY" in line or "FREQ=MINUTELY" in line:
        raise ValueError("FREQ: expected HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY")
    if "UNTIL=" in line and line.endswith("Z"):
        line = line[:-1]
    bounded = "UNTIL=" in line or "COUNT=" in line
    try:
        rule = rrulestr(line if bounded else line + _NO_LATER_THAN, dtstart=first, cache=True)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{text!r} is no rule by RFC 5545: {error}") from None
    if not isinstance(rule, rrule) or rule.after(first, inc=True) is None:
        raise ValueError(f"{text!r} never comes")
    return rule


def _times(span: Span | None) -> dict[str, str] | None:
    return {"begins_at": format_utc(span.begins), "ends_at": format_utc(span.ends)} if span else None
