"""What an observation does to an episode. Decisions only: values in, values out.

One open episode per cluster and fingerprint. Firing on an open one resets nothing; firing after the end opens a new
one only if it began after that end; a late duplicate changes nothing. Resolve beats acknowledge.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alert_bridge.alerts import Alert, Observation, Status

ACKNOWLEDGE_SECONDS = 4 * 3600.0
"""How long an acknowledgement holds unless told otherwise."""

LONGEST_SECONDS = 30 * 86400.0
"""How long an acknowledgement or a snooze can hold."""

_REMIND_AFTER = 0.75
"""The share of an acknowledgement's time after which whoever has it is reminded."""

PERSISTS_AFTER = timedelta(minutes=2)
"""What is still said to fire so long after a first late word does fire: no duplicate is under way for that long."""

_SEPARATOR = ", "


class AlreadyResolved(ValueError):
    """An action on an alert that is over.

    Attributes: alert.
    """

    def __init__(self, alert: Alert) -> None:
        super().__init__(alert.id)
        self.alert = alert

    def __str__(self) -> str:
        return f"alert {self.alert.id} is resolved since {self.alert.resolved_at}"


class NotAcknowledged(ValueError):
    """A change of an acknowledgement that is not there.

    Attributes: alert.
    """

    def __init__(self, alert: Alert) -> None:
        super().__init__(alert.id)
        self.alert = alert

    def __str__(self) -> str:
        return f"alert {self.alert.id} is {self.alert.status}, nobody has acknowledged it"


@dataclass(frozen=True, slots=True)
class Change:
    """A new state of an episode and the row of its history.

    what: opened, missed (over when first heard of), seen (nothing that anybody need know), resolved,
    updated (values only, no history), acknowledged, unacknowledged, commented, snoozed,
    assigned, suppressed, unsuppressed (a reason for silence ended, but it does not fire yet), resolved,
    firing (an acknowledgement, a snooze or the last reason for silence ended), reminded (an acknowledgement soon ends),
    escalated (a step of its policy was taken).
    channels: whom the source of a new episode wants told first. usual_time: an acknowledgement that names no time.
    """

    alert: Alert
    what: str
    who: str = ""
    detail: str = ""
    channels: tuple[str, ...] = ()
    usual_time: bool = False


Step = Callable[[Alert, str, datetime], Change | None]
"""`mute` or `unmute`."""


def observe(
    seen: Observation,
    current: Alert | None,
    *,
    id: str,
    now: datetime,
    language: str,
    source: str = "",
    persists: bool = False,
) -> Change | None:
    """Return what an observation changes.

    current: the newest episode of that fingerprint, open or over, or None. id, source: for a new episode.
    persists: it is known to fire still, so that it is no late duplicate though it began before the last end.
    """
    if current is not None and current.open:
        return _touch(seen, current, now, language) if seen.ends_at is None else _end(seen, seen.ends_at, current, now)
    began = min(seen.starts_at, now)
    late = current is not None and current.resolved_at is not None and seen.starts_at <= current.resolved_at
    if seen.ends_at is not None:
        if late:
            return None
        known = replace(_begin(seen, id, now, language), created_at=began, source=source)
        return replace(
            _resolve(known, min(seen.ends_at, now), now), what="missed", detail="it was over when first heard of"
        )
    if late and current is not None and current.resolved_at is not None:
        if not persists and (current.late_since is None or now - current.late_since < PERSISTS_AFTER):
            return Change(replace(current, late_since=now), "seen") if current.late_since is None else None
        began = max(current.resolved_at, current.updated_at)
    begun = replace(_begin(seen, id, now, language), created_at=began, source=source)
    return Change(begun, "opened", detail=seen.annotations.get("description", ""))


def acknowledge(alert: Alert, who: str, now: datetime, comment: str = "", seconds: float | None = None) -> Change:
    """Note that somebody has it. A second one keeps the owner and adds the comment.

    seconds: how long it holds; None: the usual time, ACKNOWLEDGE_SECONDS or what its escalation policy says.
    Raises AlreadyResolved.
    """
    _require_open(alert)
    usual, seconds = seconds is None, ACKNOWLEDGE_SECONDS if seconds is None else seconds
    if alert.status is Status.ACKNOWLEDGED:
        return comment_on(alert, who, now, comment) if comment else Change(alert, "updated")
    return Change(
        replace(
            alert,
            status=Status.ACKNOWLEDGED,
            acknowledged_by=who,
            acknowledged_at=now,
            acknowledge_expires_at=now + timedelta(seconds=seconds),
            acknowledge_remind_at=now + timedelta(seconds=seconds * _REMIND_AFTER),
            snoozed_until=None,
            assignee=alert.assignee or who,
            comment=comment or alert.comment,
            updated_at=now,
        ),
        "acknowledged",
        who,
        comment,
        usual_time=usual,
    )


def expires_in(alert: Alert, now: datetime, seconds: float) -> Alert:
    """Return an acknowledged alert whose acknowledgement holds for so long from now."""
    return replace(
        alert,
        acknowledge_expires_at=now + timedelta(seconds=seconds),
        acknowledge_remind_at=now + timedelta(seconds=seconds * _REMIND_AFTER),
    )


def unacknowledge(alert: Alert, who: str, now: datetime) -> Change:
    """Take an acknowledgement or a snooze back; the episode goes on from where it was.

    Where there is neither, nothing changes. Raises AlreadyResolved.
    """
    _require_open(alert)
    if alert.status not in (Status.ACKNOWLEDGED, Status.SNOOZED):
        return Change(alert, "updated")
    return Change(_released(alert, now), "unacknowledged", who)


def edit_acknowledgement(alert: Alert, who: str, now: datetime, comment: str | None, seconds: float | None) -> Change:
    """Change the comment or the expiry, counted from now, of an acknowledgement.

    Raises AlreadyResolved, NotAcknowledged.
    """
    _require_open(alert)
    if alert.status is not Status.ACKNOWLEDGED:
        raise NotAcknowledged(alert)
    edited = replace(alert, comment=alert.comment if comment is None else comment, updated_at=now)
    if seconds is None:
        return Change(edited, "commented", who, comment or "")
    expires = now + timedelta(seconds=seconds)
    remind = now + timedelta(seconds=seconds * _REMIND_AFTER)
    edited = replace(edited, acknowledge_expires_at=expires, acknowledge_remind_at=remind)
    until = f"until {expires:%Y-%m-%dT%H:%M:%SZ}"
    return Change(edited, "acknowledged", who, f"{until}: {comment}" if comment else until)


def snooze(alert: Alert, who: str, now: datetime, until: datetime, comment: str = "") -> Change:
    """Be silent about it until a moment. Raises AlreadyResolved, ValueError if the moment is past or far away."""
    _require_open(alert)
    if until <= now:
        raise ValueError(f"snooze until {until.isoformat()}: that is past")
    if until > now + timedelta(seconds=LONGEST_SECONDS):
        raise ValueError(f"snooze until {until.isoformat()}: at most {LONGEST_SECONDS / 86400:g} days")
    snoozed = replace(
        alert,
        status=Status.SNOOZED,
        snoozed_until=until,
        acknowledge_remind_at=None,
        comment=comment or alert.comment,
        updated_at=now,
    )
    return Change(snoozed, "snoozed", who, comment)


def assign(alert: Alert, who: str, now: datetime, assignee: str, comment: str = "") -> Change:
    """Give it to somebody. Raises AlreadyResolved."""
    _require_open(alert)
    assigned = replace(alert, assignee=assignee, comment=comment or alert.comment, updated_at=now)
    return Change(assigned, "assigned", who, f"{assignee}: {comment}" if comment else assignee)


def comment_on(alert: Alert, who: str, now: datetime, text: str) -> Change:
    """Add a comment, also to an alert that is over."""
    return Change(replace(alert, comment=text, updated_at=now), "commented", who, text)


def resolve(alert: Alert, who: str, now: datetime, comment: str = "") -> Change:
    """End it by hand. Raises AlreadyResolved."""
    _require_open(alert)
    change = _resolve(alert, now, now)
    ended = replace(change.alert, comment=comment or alert.comment)
    return replace(change, alert=ended, who=who, detail=comment)


def end(alert: Alert, at: datetime, now: datetime, why: str) -> Change:
    """End it because of what is known of its source. at: when it ended. Raises AlreadyResolved."""
    _require_open(alert)
    return replace(_resolve(alert, at, now), detail=why)


def mute(alert: Alert, by: str, now: datetime) -> Change | None:
    """Keep an open episode silent; None where that reason is known already, or it is over.

    by: `silence:<id>`, `inhibited` or `maintenance:<name>`. Who has it keeps it: an acknowledged or snoozed episode
    stays that, and is suppressed once nobody has it any more.
    """
    known = reasons(alert.suppressed_by)
    if not alert.open or by in known:
        return None
    status = Status.SUPPRESSED if alert.status is Status.FIRING else alert.status
    muted = replace(alert, status=status, suppressed_by=_SEPARATOR.join((*known, by)), updated_at=now)
    return Change(muted, "suppressed", detail=by)


def unmute(alert: Alert, by: str, now: datetime) -> Change | None:
    """Take one reason for silence away; with the last one the episode fires again. None where it was none."""
    known = reasons(alert.suppressed_by)
    if not alert.open or by not in known:
        return None
    left = _SEPARATOR.join(reason for reason in known if reason != by) or None
    freed = replace(alert, suppressed_by=left, updated_at=now)
    if alert.status is Status.SUPPRESSED:
        freed = replace(freed, status=_unowned(freed))
    return Change(freed, "firing" if freed.status is Status.FIRING else "unsuppressed", detail=f"{by} ended")


def in_turn(alert: Alert, steps: Sequence[tuple[Step, str]], now: datetime) -> list[Change]:
    """Return the changes of one episode by mute and unmute, each over the state that the one before leaves."""
    changes: list[Change] = []
    for step, reason in steps:
        change = step(alert, reason, now)
        if change is not None:
            changes.append(change)
            alert = replace(change.alert, version=change.alert.version + 1)
    return changes


def reasons(suppressed_by: str | None) -> tuple[str, ...]:
    """Return the reasons for which an episode is silent, one by one."""
    return tuple(suppressed_by.split(_SEPARATOR)) if suppressed_by else ()


def expire(alert: Alert, now: datetime) -> Change | None:
    """Return the change when an acknowledgement or a snooze has run out, or an acknowledgement soon will; else None.

    Once it has run out nobody is reminded of it any more.
    """
    ends = alert.snoozed_until if alert.status is Status.SNOOZED else alert.acknowledge_expires_at
    if alert.status not in (Status.SNOOZED, Status.ACKNOWLEDGED) or ends is None:
        return None
    if ends <= now:
        released = _released(alert, now)
        what = "firing" if released.status is Status.FIRING else "unacknowledged"
        return Change(released, what, detail=_ran_out(alert))
    if alert.status is Status.ACKNOWLEDGED and alert.acknowledge_remind_at and alert.acknowledge_remind_at <= now:
        reminded = replace(alert, acknowledge_remind_at=None, updated_at=now)
        return Change(reminded, "reminded", detail=f"{alert.acknowledged_by}: until {ends:%Y-%m-%dT%H:%M:%SZ}")
    return None


def _ran_out(alert: Alert) -> str:
    if alert.status is Status.SNOOZED:
        return "the snooze ran out"
    return f"the acknowledgement by {alert.acknowledged_by} ran out"


def explain(
    alert: Alert,
    *,
    language: str,
    reasons: Mapping[str, str],
    log_patterns: tuple[Mapping[str, Any], ...],
    changes: tuple[Mapping[str, Any], ...] = (),
    anomalies: tuple[Mapping[str, Any], ...] = (),
    value: float | None,
    threshold: float | None,
    usual_duration_seconds: float | None,
) -> Alert:
    """Return the alert with what is known about it: why, what began in the same window, value and threshold."""
    return replace(
        alert,
        reason=reasons.get(language) or alert.reason,
        reason_texts=dict(reasons) or alert.reason_texts,
        log_patterns=log_patterns or alert.log_patterns,
        changes=changes or alert.changes,
        anomalies=anomalies or alert.anomalies,
        value=value if value is not None else alert.value,
        threshold=threshold if threshold is not None else alert.threshold,
        usual_duration_seconds=usual_duration_seconds or alert.usual_duration_seconds,
    )


def _begin(seen: Observation, id: str, now: datetime, language: str) -> Alert:
    return Alert(
        id=id,
        fingerprint=seen.fingerprint,
        cluster=seen.cluster,
        name=seen.name,
        severity=seen.severity,
        status=Status.FIRING,
        message=_message(seen, language),
        labels=dict(seen.labels),
        annotations=dict(seen.annotations),
        created_at=seen.starts_at,
        updated_at=now,
        reason=seen.annotations.get(f"reason_{language}") or seen.annotations.get("reason"),
        value=number(seen.annotations.get("value")),
        threshold=number(seen.annotations.get("threshold")),
        expires_at=seen.expires_at,
    )


def _touch(seen: Observation, current: Alert, now: datetime, language: str) -> Change | None:
    """Take over what the source says now; status, owner, clocks and reason stay."""
    severity = max(current.severity, seen.severity, key=lambda one: one.rank)
    said = replace(
        current,
        severity=severity,
        message=_message(seen, language),
        annotations=dict(seen.annotations),
        value=_first(number(seen.annotations.get("value")), current.value),
        threshold=_first(number(seen.annotations.get("threshold")), current.threshold),
    )
    begun = seen.starts_at if seen.starts_at > _fires_since(current) else current.fires_since
    touched = replace(said, expires_at=seen.expires_at, fires_since=begun)
    if said != current:
        return Change(replace(touched, updated_at=now), "updated")
    return None if touched == current else Change(touched, "seen")


def over(alert: Alert, now: datetime) -> Change:
    """End an episode whose source stopped saying that it fires."""
    return replace(_resolve(alert, min(alert.expires_at or now, now), now), detail="it was not seen again in time")


def _end(seen: Observation, ended: datetime, current: Alert, now: datetime) -> Change | None:
    """End an open episode; the late word of an end before it last began does not."""
    since = _fires_since(current)
    late = ended < current.created_at or (ended < since and seen.starts_at < since)
    return None if late else _resolve(current, min(ended, now), now)


def _fires_since(current: Alert) -> datetime:
    return current.fires_since or current.created_at


def _resolve(alert: Alert, ended: datetime, now: datetime) -> Change:
    resolved = replace(
        alert,
        status=Status.RESOLVED,
        resolved_at=max(ended, alert.created_at),
        snoozed_until=None,
        acknowledge_remind_at=None,
        suppressed_by=None,
        updated_at=now,
    )
    return Change(resolved, "resolved")


def _unowned(alert: Alert) -> Status:
    """Return where an episode stands that nobody has."""
    return Status.SUPPRESSED if alert.suppressed_by else Status.FIRING


def _released(alert: Alert, now: datetime) -> Alert:
    return replace(
        alert,
        status=_unowned(alert),
        acknowledged_by=None,
        acknowledged_at=None,
        acknowledge_expires_at=None,
        acknowledge_remind_at=None,
        snoozed_until=None,
        assignee=None if alert.assignee == alert.acknowledged_by else alert.assignee,
        updated_at=now,
    )


def _require_open(alert: Alert) -> None:
    if not alert.open:
        raise AlreadyResolved(alert)


def _message(seen: Observation, language: str) -> str:
    texts = seen.annotations
    return texts.get(f"summary_{language}") or texts.get("summary") or texts.get("message") or seen.name


def number(text: str | None) -> float | None:
    """Return the number of an annotation such as `17.9` or `17.9 %`, or None."""
    try:
        found = float((text or "").strip().rstrip("%").strip())
    except ValueError:
        return None
    return found if abs(found) < float("inf") else None


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def usual_duration(durations_seconds: list[float]) -> float | None:
    """Return the median of what earlier episodes lasted, seconds; None before there are three."""
    if len(durations_seconds) < 3:
        return None
    return statistics.median(durations_seconds)
