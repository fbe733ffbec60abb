"""When a word about an alert is told: at once, later, or not at all. Decisions only: values in, values out.

The first word of an alert goes out at once. One that comes again within the suppression window waits for the window's
end, and is told then with how often it came, if it still fires. An alert that begins and ends faster than anybody
could read is flapping: nothing is told until it has been quiet for two of its own cycles. What is worse than what was
told breaks through, and so does the end of what was told. Quiet hours come last: they are the reader's.
"""

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alert_bridge.alerts import Severity
from alert_bridge.quiet_hours import QuietHours

FLAP_PERIOD = timedelta(minutes=10)
"""How far back the begins of an alert are counted."""

FLAP_BEGINS = 3
"""So many begins within the period are flapping."""

FLAP_LONGEST_SILENCE = timedelta(minutes=15)
"""An alert that flaps on and on is told again after this time, if it fires then."""

_CALM_SHORTEST = timedelta(seconds=30)
_CALM_LONGEST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Told:
    """The last word on a channel, that it fires, about alerts of one fingerprint.

    firing_at: when it was last said that it fires, and severity how bad it was then.
    """

    firing_at: datetime
    severity: Severity


@dataclass(frozen=True, slots=True)
class Past:
    """What there was before, of the same fingerprint on the same channel.

    begins: of its episodes within FLAP_PERIOD, oldest first, this one among them. changed_at: when it last began or
    ended. told: the last word, None if there was none yet.
    """

    begins: Sequence[datetime]
    changed_at: datetime
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep it back until a moment, then look again. by: `window`, `flapping` or `quiet_hours`."""

    until: datetime
    by: str


def first_word(
    severity: Severity, past: Past, now: datetime, window: timedelta, quiet: QuietHours | None = None
) -> Hold | None:
    """Decide about the word that an alert fires; None tells it now."""
    told = past.told
    if told is not None and severity.rank <= told.severity.rank:
        calm = calm_at(past, now)
        if calm is not None and now < told.firing_at + FLAP_LONGEST_SILENCE:
            return Hold(min(calm, told.firing_at + FLAP_LONGEST_SILENCE), "flapping")
        if told.firing_at <= now < told.firing_at + window:
            return Hold(told.firing_at + window, "window")
    return in_quiet_hours(severity, now, quiet)


def last_word(severity: Severity, past: Past, now: datetime, quiet: QuietHours | None = None) -> Hold | None:
    """Decide about the word that a told alert is over; None tells it now."""
    calm = calm_at(past, now)
    return Hold(calm, "flapping") if calm is not None else in_quiet_hours(severity, now, quiet)


def in_quiet_hours(severity: Severity, now: datetime, quiet: QuietHours | None) -> Hold | None:
    """Return until when the reader's quiet hours keep a word back; None if they do not."""
    until = quiet.until(severity, now) if quiet is not None else None
    return Hold(until, "quiet_hours") if until is not None else None


def calm_at(past: Past, now: datetime) -> datetime | None:
    """Return when a flapping alert will have been quiet long enough; None if it does not flap, or is quiet already."""
    recent = [begin for begin in past.begins if now - FLAP_PERIOD < begin <= now]
    if len(recent) < FLAP_BEGINS:
        return None
    cycles = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(recent)]
    calm = timedelta(seconds=2 * statistics.median(cycles))
    until = past.changed_at + min(max(calm, _CALM_SHORTEST), _CALM_LONGEST)
    return until if until > now else None
