"""Who is on call at a moment, when that changes, and when nobody is. Decisions only: values in, values out.

A rotation counts its turns in local wall-clock hours, so a hand-over at 09:00 stays at 09:00 when the clocks change:
that turn is then an hour longer or shorter. A hand-over at a time that does not exist that day comes as much later; at
one that exists twice it is the first. The hours of a layer begin and end in the same way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
_LONGEST_LOOK = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class WeekHours:
    """Times of the week.

    spans: (first, end) in minutes since Monday 00:00, 0 <= first < WEEK_MINUTES, first < end <= first + WEEK_MINUTES:
    one that goes over Sunday's midnight ends beyond the week. Empty: at all times.
    """

    spans: tuple[tuple[int, int], ...] = ()

    def cover(self, moment: datetime, timezone: ZoneInfo) -> bool:
        """Tell whether a moment (aware) is one of them."""
        return not self.spans or any(begin <= moment < end for begin, end in self._around(moment, timezone))

    def next_edge(self, moment: datetime, timezone: ZoneInfo) -> datetime | None:
        """Return when one of the spans next begins or ends after a moment; None where there are none."""
        edges = (edge for span in self._around(moment, timezone) for edge in span)
        return min((edge for edge in edges if edge > moment), default=None)

    def next_open(self, moment: datetime, timezone: ZoneInfo) -> datetime:
        """Return the moment itself if it is covered, else the first covered one after it."""
        while not self.cover(moment, timezone):
            edge = self.next_edge(moment, timezone)
            assert edge is not None  # noqa: S101 - hours without spans cover everything
            moment = edge
        return moment

    def _around(self, moment: datetime, timezone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        """Yield the spans of last week, this week and the next as instants."""
        local = moment.astimezone(timezone).replace(tzinfo=None)
        monday = datetime(local.year, local.month, local.day) - timedelta(days=local.weekday())  # noqa: DTZ001 - local
        for week in (-1, 0, 1):
            for first, end in self.spans:
                begins, ends = (monday + timedelta(days=7 * week, minutes=minute) for minute in (first, end))
                yield to_instant(begins, timezone), to_instant(ends, timezone)


@dataclass(frozen=True, slots=True)
class Rotation:
    """Members that take turns.

    begins: local wall-clock time at which a turn of the first member begins; turns are counted both ways from it.
    turn_hours: length of a turn by the wall clock, whole hours, at least 1.
    """

    members: tuple[str, ...]
    begins: datetime
    turn_hours: int
    hours: WeekHours = WeekHours()

    def on_call(self, moment: datetime, timezone: ZoneInfo) -> str | None:
        """Return whose turn it is; None outside of the rotation's hours."""
        if not self.hours.cover(moment, timezone):
            return None
        return self.members[self._turn(moment, timezone) % len(self.members)]

    def next_change(self, moment: datetime, timezone: ZoneInfo) -> datetime | None:
        """Return the next hand-over, or edge of the hours; None where neither ever comes."""
        edge = self.hours.next_edge(moment, timezone)
        if len(self.members) == 1:
            return edge
        hand_over = self._hand_over(self._turn(moment, timezone) + 1, timezone)
        return min(hand_over, edge) if edge else hand_over

    def _turn(self, moment: datetime, timezone: ZoneInfo) -> int:
        elapsed = moment.astimezone(timezone).replace(tzinfo=None) - self.begins
        turn = int(elapsed // timedelta(hours=self.turn_hours))
        while self._hand_over(turn, timezone) > moment:
            turn -= 1
        while self._hand_over(turn + 1, timezone) <= moment:
            turn += 1
        return turn

    def _hand_over(self, turn: int, timezone: ZoneInfo) -> datetime:
        return to_instant(self.begins + timedelta(hours=turn * self.turn_hours), timezone)


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody else is on call from `begins` until `ends` (aware); member None: nobody."""

    begins: datetime
    ends: datetime
    member: str | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Overrides over layers: the first that has somebody at a moment decides; an override also with nobody."""

    name: str
    timezone: ZoneInfo
    layers: tuple[Rotation, ...]
    overrides: tuple[Override, ...] = ()

    def on_call(self, moment: datetime) -> str | None:
        """Return who is on call at a moment (aware); None for nobody."""
        for override in self.overrides:
            if override.begins <= moment < override.ends:
                return override.member
        turns = (layer.on_call(moment, self.timezone) for layer in self.layers)
        return next((member for member in turns if member is not None), None)

    def next_hand_over(self, moment: datetime) -> tuple[datetime, str | None] | None:
        """Return when somebody else is on call and who; None where that does not come within 400 days."""
        now = self.on_call(moment)
        for change in self._changes(moment, moment + _LONGEST_LOOK):
            member = self.on_call(change)
            if member != now:
                return change, member
        return None

    def turns(self, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime, str | None]]:
        """Yield who is on call from when until when, without a gap from `begins` to `ends`."""
        while begins < ends:
            following = self.next_hand_over(begins)
            until = min(following[0], ends) if following else ends
            yield begins, until, self.on_call(begins)
            begins = until

    def gaps(self) -> tuple[tuple[int, int], ...]:
        """Return when by the layers' hours nobody is on call: (first, end) in minutes since Monday 00:00."""
        spans: list[tuple[int, int]] = []
        for layer in self.layers:
            if not layer.hours.spans:
                return ()
            spans += layer.hours.spans
        return _uncovered(spans)

    def _changes(self, moment: datetime, until: datetime) -> Iterator[datetime]:
        while True:
            found = [layer.next_change(moment, self.timezone) for layer in self.layers]
            found += [edge for one in self.overrides for edge in (one.begins, one.ends) if edge > moment]
            following = min((one for one in found if one is not None), default=None)
            if following is None or following > until:
                return
            yield following
            moment = following


@dataclass(frozen=True, slots=True)
class OnCall:
    """All schedules by name, and the channels of each member; who is not among them has the channel of that name."""

    schedules: Mapping[str, Schedule]
    people: Mapping[str, tuple[str, ...]]

    def who(self, schedule: str, moment: datetime) -> str | None:
        """Return who is on call; None for nobody, and for a schedule that is not there any more."""
        found = self.schedules.get(schedule)
        return found.on_call(moment) if found else None

    def channels(self, member: str) -> tuple[str, ...]:
        """Return by which channels a member is told."""
        return self.people.get(member, (member,))


NOBODY_ON_CALL = OnCall({}, {})


def to_instant(local: datetime, timezone: ZoneInfo) -> datetime:
    """Return the instant (UTC) of a local wall-clock time; the first of two, as much later where there is none."""
    return local.replace(tzinfo=timezone, fold=0).astimezone(UTC)


def minute_words(minute: int) -> str:
    """Write a minute of the week, such as `fri 18:00`."""
    day, rest = divmod(minute % WEEK_MINUTES, DAY_MINUTES)
    return f"{DAYS[day]} {rest // 60:02}:{rest % 60:02}"


def _uncovered(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the parts of the week that no span covers; the one over Sunday's midnight as a whole, at the end."""
    wrapped = [(first - WEEK_MINUTES, end - WEEK_MINUTES) for first, end in spans if end > WEEK_MINUTES]
    gaps = []
    covered = 0
    for first, end in sorted((*wrapped, *spans)):
        if first > covered:
            gaps.append((covered, first))
        covered = max(covered, end)
    if covered < WEEK_MINUTES:
        over_midnight = gaps.pop(0)[1] if gaps and gaps[0][0] == 0 else 0
        gaps.append((covered, WEEK_MINUTES + over_midnight))
    return tuple(gaps)
