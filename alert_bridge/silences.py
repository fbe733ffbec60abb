"""Silences of Alertmanager, and which of them the bridge itself keeps for acknowledged alerts. Decisions only."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alert_bridge.matchers import Matcher, all_match

KEPT_FOR = timedelta(minutes=15)
"""So long a silence of our own lasts unless it is prolonged: it outlives a bridge that is gone no longer than that."""

PROLONGED_BEFORE = timedelta(minutes=10)
CREATED_BY = "newswatch"

_EPISODE = re.compile(r"\[([\w-]+)\]$")


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence as Alertmanager lists it."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    active: bool
    created_by: str = ""
    comment: str = ""

    @property
    def episode(self) -> str | None:
        """The episode for which the bridge keeps it; None for anybody else's."""
        found = _EPISODE.search(self.comment) if self.created_by == CREATED_BY else None
        return found[1] if found else None

    def covers(self, labels: Mapping[str, str], at: datetime) -> bool:
        """Tell whether it silenced an alert with these labels at a moment; expired ones know their time too."""
        return self.starts_at <= at < self.ends_at and all_match(self.matchers, labels)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An episode that somebody has and that Alertmanager lists. labels: all of that alert."""

    id: str
    labels: Mapping[str, str]
    who: str
    comment: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A silence to be made, or with an id to be prolonged: exactly these labels."""

    labels: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    comment: str
    id: str = ""
    created_by: str = CREATED_BY


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done so that our own silences are right. keep: made or prolonged. end: ids."""

    keep: tuple[Wanted, ...] = ()
    end: tuple[str, ...] = ()


def plan(
    acknowledged: Iterable[Acknowledged],
    over: Collection[str],
    silences: Sequence[Silence],
    now: datetime,
) -> Plan:
    """Compare our own silences with what is acknowledged.

    acknowledged: open here, somebody has them, and Alertmanager lists them. over: ids of our episodes that nobody has
    any more or that are over. Silences for other episodes belong to another bridge, and run out by themselves.
    """
    own: dict[str, list[Silence]] = {}
    for silence in silences:
        if silence.active and silence.episode is not None:
            own.setdefault(silence.episode, []).append(silence)
    keep = []
    end = [silence.id for episode in over for silence in own.get(episode, ())]
    for one in acknowledged:
        newest_first = sorted(own.get(one.id, ()), key=lambda silence: silence.ends_at, reverse=True)
        end += [silence.id for silence in newest_first[1:]]
        last = newest_first[0] if newest_first else None
        if last is None or last.ends_at - now < PROLONGED_BEFORE:
            starts_at, id = (last.starts_at, last.id) if last else (now, "")  # with another start it would be another
            keep.append(Wanted(one.labels, starts_at, now + KEPT_FOR, _comment(one), id))
    return Plan(tuple(keep), tuple(end))


def _comment(one: Acknowledged) -> str:
    said = f": {one.comment}" if one.comment else ""
    return f"Acknowledged by {one.who}{said} [{one.id}]"
