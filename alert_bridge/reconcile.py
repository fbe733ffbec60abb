"""What the webhook missed: Alertmanager's peers and Prometheus compared with the open episodes. Decisions only.

What fires there and is unknown here is taken in. What is open here and nowhere there is over, once that is certain.
What is silenced or inhibited there is silent here. What did not come from Alertmanager is none of this module's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alert_bridge.alerts import Alert, Observation

SOURCES = ("alertmanager", "reconcile", "backfill")
"""The sources whose episodes live in Alertmanager."""

WATCHDOG = "Watchdog"
"""The alert that always fires: it proves that alerts come through, and is none itself."""

ABSENT_POLLS = 3
"""So many polls in a row have to miss an episode before it is over."""

UNKNOWN_POLLS = 2
"""So many polls in a row have to see an alert before it counts as missed by the webhook ..."""

UNKNOWN_AGE = timedelta(seconds=60)
"""... unless it fires for longer than any usual `group_wait` already."""

SILENCE = "silence:"
INHIBITED = "inhibited"
MUTED = "muted:"
_THEIRS = (SILENCE, INHIBITED, MUTED)
_OF_SERIES = ("__name__", "alertstate")


@dataclass(frozen=True, slots=True)
class Listed:
    """An alert as a peer lists it.

    silences: the ids of those that match it. others: what else keeps it silent, `inhibited` or `muted:<interval>`.
    receivers: where it is routed to.
    """

    seen: Observation
    silences: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Peer:
    """What one Alertmanager says.

    problem: why it says nothing, None where it answered. up_seconds: since its start, by its own clock.
    complete: whether all it lists could be read. notify_seconds: how long its routes may hold an alert back.
    """

    url: str
    problem: str | None = None
    up_seconds: float = 0.0
    alerts: Mapping[str, Listed] = field(default_factory=dict)
    complete: bool = True
    notify_seconds: float = 0.0

    @property
    def reachable(self) -> bool:
        """True where it answered."""
        return self.problem is None


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """What has to be known here of an open episode.

    reasons: why it is silent (`episodes.reasons`). acknowledged_by: None unless somebody has it.
    """

    id: str
    fingerprint: str
    reasons: tuple[str, ...] = ()
    acknowledged_by: str | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """What one poll hands to the next: how often in a row episodes were absent, and alerts unknown."""

    absent: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a poll found.

    take_in: firing there, unknown here. over: ids of episodes that may be resolved where Prometheus agrees.
    mute, unmute: pairs of id and reason.
    """

    take_in: tuple[Observation, ...] = ()
    over: tuple[str, ...] = ()
    mute: tuple[tuple[str, str], ...] = ()
    unmute: tuple[tuple[str, str], ...] = ()
    memory: Memory = field(default_factory=Memory)


def decide(
    peers: Sequence[Peer],
    episodes: Sequence[OpenEpisode],
    ended: Mapping[str, Alert],
    memory: Memory,
    *,
    asked_at: datetime,
    settle_seconds: float,
    own_silences: Collection[str] = (),
    receivers: Collection[str] = (),
) -> Decision:
    """Compare what the peers say with the open episodes that came from them.

    ended: the last episode of the fingerprints that are listed and not open here. asked_at: when the peers were asked.
    settle_seconds: how long a peer has to be up before it counts that it does not know an alert.
    own_silences: ids of those the bridge itself keeps, which silence nothing here. receivers: the ones that lead to
    the bridge; all if empty.
    Nobody reachable: nothing changes, and no absence is counted.
    """
    answered = [peer for peer in peers if peer.reachable]
    if not answered:
        return Decision(memory=memory)
    listed = _listed(answered)
    open_here = {episode.fingerprint for episode in episodes}
    unknown = {
        fingerprint: memory.unknown.get(fingerprint, 0) + 1
        for fingerprint, places in listed.items()
        if fingerprint not in open_here and _routed_here(places, receivers) and _reasons(places, own_silences) == ()
    }
    take_in = tuple(
        listed[fingerprint][0].seen
        for fingerprint, polls in unknown.items()
        if _missed(listed[fingerprint][0].seen, polls, ended.get(fingerprint), asked_at)
    )
    absent = _absences(answered, episodes, listed, memory)
    settled = any(peer.up_seconds >= settle_seconds for peer in answered)
    mute, unmute = _silences(episodes, listed, own_silences)
    return Decision(
        take_in,
        tuple(id for id, polls in absent.items() if polls >= ABSENT_POLLS) if settled else (),
        mute,
        unmute,
        Memory(absent, unknown),
    )


class Firing:
    """What fires in Prometheus: the label sets of its series `ALERTS`."""

    def __init__(self, series: Iterable[Mapping[str, str]]) -> None:
        self._by_place: dict[tuple[str, str | None], list[Mapping[str, str]]] = {}
        self._by_name: dict[str, list[Mapping[str, str]]] = {}
        for labels in series:
            name = labels.get("alertname", "")
            self._by_place.setdefault((name, labels.get("instance")), []).append(labels)
            self._by_name.setdefault(name, []).append(labels)

    def has(self, labels: Mapping[str, str]) -> bool:
        """Tell whether an alert may be among them."""
        name, instance = labels.get("alertname", ""), labels.get("instance")
        if instance is None:
            candidates = self._by_name.get(name, [])
        else:
            candidates = [*self._by_place.get((name, instance), ()), *self._by_place.get((name, None), ())]
        return any(same(labels, series) for series in candidates)


def same(labels: Mapping[str, str], series: Mapping[str, str]) -> bool:
    """Tell whether a series `ALERTS` may be the alert with these labels.

    The alert has Prometheus' external labels besides, and relabelling may have dropped some. So it may be the one
    wherever no label that both have differs: rather an alert too long than one lost.
    """
    return all(labels.get(name, value) == value for name, value in series.items() if name not in _OF_SERIES)


def _listed(peers: Sequence[Peer]) -> dict[str, list[Listed]]:
    listed: dict[str, list[Listed]] = {}
    for peer in peers:
        for fingerprint, alert in peer.alerts.items():
            if alert.seen.name != WATCHDOG:
                listed.setdefault(fingerprint, []).append(alert)
    return listed


def _routed_here(places: Sequence[Listed], receivers: Collection[str]) -> bool:
    return not receivers or any(name in receivers for alert in places for name in alert.receivers)


def _missed(seen: Observation, polls: int, last: Alert | None, asked_at: datetime) -> bool:
    """Tell whether an alert that is unknown here should be known by now.

    One that ended here but goes on firing there has to be seen twice, by polls that began after that end was stored.
    """
    if last is not None and last.updated_at >= asked_at:
        return False
    again = last is not None and last.resolved_at is not None and seen.starts_at <= last.resolved_at
    return polls >= UNKNOWN_POLLS or (not again and asked_at - seen.starts_at >= UNKNOWN_AGE)


def _absences(
    peers: Sequence[Peer], episodes: Sequence[OpenEpisode], listed: Mapping[str, Sequence[Listed]], memory: Memory
) -> dict[str, int]:
    """Return how often in a row each episode was absent; a list that could not be read whole proves no absence."""
    more = 1 if all(peer.complete for peer in peers) else 0
    return {
        episode.id: memory.absent.get(episode.id, 0) + more for episode in episodes if episode.fingerprint not in listed
    }


def _silences(
    episodes: Sequence[OpenEpisode], listed: Mapping[str, Sequence[Listed]], own: Collection[str]
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return what has to be muted and unmuted, so that an episode has the reasons that the peers give."""
    mute: list[tuple[str, str]] = []
    unmute: list[tuple[str, str]] = []
    for episode in episodes:
        places = listed.get(episode.fingerprint)
        if places is None:
            continue
        wanted = _reasons(places, own)
        has = [reason for reason in episode.reasons if reason.startswith(_THEIRS)]
        mute += [(episode.id, reason) for reason in wanted if reason not in has]
        unmute += [(episode.id, reason) for reason in has if reason not in wanted]
    return tuple(mute), tuple(unmute)


def _reasons(places: Sequence[Listed], own: Collection[str]) -> tuple[str, ...]:
    """Return why the peers keep an alert silent; nothing where one of them does not, for that one tells."""
    found = []
    for alert in places:
        reasons = (*(SILENCE + id for id in sorted(alert.silences) if id not in own), *alert.others)
        if not reasons:
            return ()
        found.append(reasons)
    return found[0]
