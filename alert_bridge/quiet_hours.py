"""The hours in which a channel is left alone. Decisions only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alert_bridge.alerts import Severity


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of day to another, over midnight where the first is the later one.

    days: weekdays on which they begin, 0 for Monday; all if empty. pass_from: what is at least so bad comes through.
    """

    begin: time
    end: time
    timezone: str
    days: Collection[int] = ()
    pass_from: Severity = Severity.CRITICAL

    def until(self, severity: Severity, now: datetime) -> datetime | None:
        """Return when the quiet hours that `now` lies in end; None outside, and for what comes through."""
        if severity.rank >= self.pass_from.rank:
            return None
        zone = ZoneInfo(self.timezone)
        today = now.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            begin = datetime.combine(day, self.begin, zone)
            last = day if self.begin < self.end else day + timedelta(days=1)
            end = datetime.combine(last, self.end, zone)
            if (not self.days or day.weekday() in self.days) and begin <= now < end:
                return end.astimezone(now.tzinfo)
        return None
