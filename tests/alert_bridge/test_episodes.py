"""Every cell of the state table: what each thing that can happen does to an episode in each state, and why."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alert_bridge import episodes
from alert_bridge.alerts import Alert, Observation, Severity, Status
from alert_bridge.episodes import AlreadyResolved, Change, NotAcknowledged

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

FIRING = Alert(
    id="alert_1",
    fingerprint="f",
    name="ErrorRate",
    severity=Severity.HIGH,
    status=Status.FIRING,
    message="ErrorRate",
    labels={"alertname": "ErrorRate", "severity": "error"},
    annotations={"summary": "ErrorRate"},
    created_at=NOW - HOUR,
    updated_at=NOW - HOUR,
)
STATES = {
    "firing": FIRING,
    "acknowledged": episodes.acknowledge(FIRING, "ken", NOW - HOUR / 2, seconds=4 * 3600).alert,
    "snoozed": episodes.snooze(FIRING, "ken", NOW - HOUR / 2, NOW + HOUR).alert,
    "suppressed": replace(FIRING, status=Status.SUPPRESSED, suppressed_by="silence:1"),
    "resolved": replace(FIRING, status=Status.RESOLVED, resolved_at=NOW - HOUR / 4),
}


def seen(starts: datetime = FIRING.created_at, ends: datetime | None = None, summary: str = "ErrorRate") -> Observation:
    return Observation("f", FIRING.labels, {"summary": summary}, starts, ends)


def observed(what: Observation, persists: bool = False) -> Callable[[Alert], Change | None]:
    return lambda alert: episodes.observe(what, alert, id="alert_2", now=NOW, language="en", persists=persists)


EVENTS: dict[str, Callable[[Alert], Change | None]] = {
    "seen firing, unchanged": observed(seen()),
    "seen firing, other text": observed(seen(summary="worse")),
    "seen firing since now": observed(seen(starts=NOW)),
    "seen firing, proven": observed(seen(), persists=True),
    "seen resolved": observed(seen(ends=NOW)),
    "acknowledge": lambda alert: episodes.acknowledge(alert, "aya", NOW),
    "acknowledge, comment": lambda alert: episodes.acknowledge(alert, "aya", NOW, "me too"),
    "unacknowledge": lambda alert: episodes.unacknowledge(alert, "aya", NOW),
    "edit acknowledgement": lambda alert: episodes.edit_acknowledgement(alert, "aya", NOW, None, 600),
    "snooze": lambda alert: episodes.snooze(alert, "aya", NOW, NOW + HOUR),
    "snooze, past": lambda alert: episodes.snooze(alert, "aya", NOW, NOW),
    "assign": lambda alert: episodes.assign(alert, "aya", NOW, "mei"),
    "comment": lambda alert: episodes.comment_on(alert, "aya", NOW, "noted"),
    "resolve": lambda alert: episodes.resolve(alert, "aya", NOW),
    "mute": lambda alert: episodes.mute(alert, "inhibited", NOW),
    "unmute": lambda alert: episodes.unmute(alert, "silence:1", NOW),
    "expire now": lambda alert: episodes.expire(alert, NOW),
    "expire, three quarters": lambda alert: episodes.expire(alert, NOW - HOUR / 2 + 3 * HOUR),
    "expire, much later": lambda alert: episodes.expire(alert, NOW + 10 * HOUR),
}

SAME = "nothing changes"
OVER = "refused: over"
REFUSED = "refused"

TABLE: dict[str, tuple[str, str, str, str, str, str]] = {
    # event: what becomes of firing, acknowledged, snoozed, suppressed, resolved; why
    "seen firing, unchanged": (
        SAME, SAME, SAME, SAME, "seen resolved",
        "a repeat resets nothing; a late one raises no dead, but it is noted: if it persists it fires",
    ),
    "seen firing, other text": (
        "updated firing", "updated acknowledged", "updated snoozed", "updated suppressed", "seen resolved",
        "what the source says is taken over, who has it stays",
    ),
    "seen firing since now": (
        "seen firing", "seen acknowledged", "seen snoozed", "seen suppressed", "opened firing",
        "it began after the end: a new one, nobody's; while open its newest beginning is kept",
    ),
    "seen firing, proven": (SAME, SAME, SAME, SAME, "opened firing", "no late duplicate: it is known to fire still"),
    "seen resolved": (
        "resolved resolved", "resolved resolved", "resolved resolved", "resolved resolved", SAME,
        "resolve beats everything, once",
    ),
    "acknowledge": (
        "acknowledged acknowledged", "updated acknowledged", "acknowledged acknowledged", "acknowledged acknowledged",
        OVER, "somebody has it; a second one changes no owner",
    ),
    "acknowledge, comment": (
        "acknowledged acknowledged", "commented acknowledged", "acknowledged acknowledged", "acknowledged acknowledged",
        OVER, "a second one adds its comment",
    ),
    "unacknowledge": (
        "updated firing", "unacknowledged firing", "unacknowledged firing", "updated suppressed", OVER,
        "it goes on from where it was; where nobody has it nothing is taken back",
    ),
    "edit acknowledgement": (REFUSED, "acknowledged acknowledged", REFUSED, REFUSED, OVER, "there must be one"),
    "snooze": (
        "snoozed snoozed", "snoozed snoozed", "snoozed snoozed", "snoozed snoozed", OVER,
        "the last word about silence counts",
    ),
    "snooze, past": (REFUSED, REFUSED, REFUSED, REFUSED, OVER, "a moment that is gone is a mistake"),
    "assign": (
        "assigned firing", "assigned acknowledged", "assigned snoozed", "assigned suppressed", OVER,
        "to be given it is not to have acknowledged it",
    ),
    "comment": (
        "commented firing", "commented acknowledged", "commented snoozed", "commented suppressed", "commented resolved",
        "what was learned can be written down afterwards",
    ),
    "resolve": (
        "resolved resolved", "resolved resolved", "resolved resolved", "resolved resolved", OVER, "it ends once",
    ),
    "mute": (
        "suppressed suppressed", "suppressed acknowledged", "suppressed snoozed", "suppressed suppressed", SAME,
        "who has it keeps it; the reason is noted",
    ),
    "unmute": (SAME, SAME, SAME, "firing firing", SAME, "with the last reason gone it fires again"),
    "expire now": (SAME, SAME, SAME, SAME, SAME, "nothing has run out yet"),
    "expire, three quarters": (
        SAME, "reminded acknowledged", "firing firing", SAME, SAME,
        "whoever has it is reminded at 75 %; a snooze says itself when it ends",
    ),
    "expire, much later": (
        SAME, "firing firing", "firing firing", SAME, SAME, "it fires again; a reminder would be too late",
    ),
}  # fmt: skip


@pytest.mark.parametrize("state", list(STATES))
@pytest.mark.parametrize("event", list(EVENTS))
def test_every_cell_of_the_state_table(event: str, state: str) -> None:
    *cells, why = TABLE[event]
    expected = cells[list(STATES).index(state)]
    try:
        change = EVENTS[event](STATES[state])
        found = SAME if change is None else f"{change.what} {change.alert.status}"
    except AlreadyResolved:
        found = OVER
    except (NotAcknowledged, ValueError):
        found = REFUSED
    assert found == expected, why


def test_the_table_has_every_event_and_every_state_of_an_alert() -> None:
    assert TABLE.keys() == EVENTS.keys()
    assert set(STATES) == {status.value for status in Status}


@pytest.mark.parametrize("state", list(STATES))
@pytest.mark.parametrize("event", list(EVENTS))
def test_what_a_person_does_says_who_and_what_happens_by_itself_says_why(event: str, state: str) -> None:
    try:
        change = EVENTS[event](STATES[state])
    except ValueError:
        return
    if change is None or change.what in ("updated", "opened", "resolved", "seen"):
        return
    assert change.who == "aya" or change.detail, change


def test_an_acknowledgement_is_reminded_of_once_and_an_edited_one_again() -> None:
    alert = STATES["acknowledged"]
    later = NOW + 3 * HOUR
    reminded = episodes.expire(alert, later)
    assert reminded is not None and reminded.what == "reminded"
    assert reminded.detail.startswith("ken")
    assert episodes.expire(reminded.alert, later) is None
    edited = episodes.edit_acknowledgement(reminded.alert, "ken", later, None, 4 * 3600).alert
    assert episodes.expire(edited, later) is None
    again = episodes.expire(edited, later + 3 * HOUR)
    assert again is not None and again.what == "reminded"


def test_what_is_still_silenced_is_suppressed_again_once_nobody_has_it() -> None:
    muted = episodes.mute(STATES["acknowledged"], "inhibited", NOW)
    assert muted is not None and muted.alert.status is Status.ACKNOWLEDGED
    assert episodes.unacknowledge(muted.alert, "ken", NOW).alert.status is Status.SUPPRESSED
    expired = episodes.expire(muted.alert, NOW + 10 * HOUR)
    assert expired is not None and expired.alert.status is Status.SUPPRESSED


def test_whoever_acknowledged_it_is_no_assignee_any_more_but_an_assignee_stays() -> None:
    assert episodes.unacknowledge(STATES["acknowledged"], "ken", NOW).alert.assignee is None
    assigned = episodes.assign(STATES["acknowledged"], "ken", NOW, "mei").alert
    assert episodes.unacknowledge(assigned, "ken", NOW).alert.assignee == "mei"


@pytest.mark.parametrize("jump", [2 * HOUR, -2 * HOUR])
def test_a_clock_that_jumps_two_hours_loses_no_acknowledgement_and_no_end(jump: timedelta) -> None:
    jumped = NOW + jump
    alert = STATES["acknowledged"]
    assert episodes.expire(alert, jumped) is None
    ended = episodes.observe(seen(ends=NOW), alert, id="x", now=jumped, language="en")
    assert ended is not None and ended.alert.resolved_at is not None
    assert ended.alert.resolved_at >= alert.created_at
    begun = episodes.observe(seen(starts=jumped), None, id="x", now=NOW, language="en")
    assert begun is not None and begun.alert.status is Status.FIRING
    snoozed = episodes.snooze(FIRING, "ken", NOW, NOW + 4 * HOUR).alert
    assert episodes.expire(snoozed, jumped) is None
    assert episodes.expire(snoozed, NOW + 4 * HOUR) is not None
