"""Maintenance windows: when they are open, whom they keep silent, and what the settings check says of mistakes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from alert_bridge.alerts import Severity
from alert_bridge.escalation_settings import EscalationSettings
from alert_bridge.maintenance import Maintenance
from alert_bridge.maintenance_settings import WindowSettings, windows
from runtime.clock import parse_utc
from runtime.settings import Settings, SettingsError, load


def maintenance(*given_windows: dict[str, Any], timezone: str = "Asia/Tokyo") -> Maintenance:
    return Maintenance(windows([WindowSettings.model_validate(one) for one in given_windows], timezone))


ONCE = {"name": "move", "match": {"job": "db"}, "start": "2026-12-01T02:00", "end": "2026-12-01T04:00"}
WEEKLY = {"name": "sunday", "match": {}, "rrule": "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0", "duration": "2h"}


def is_open(known: Maintenance, at: str) -> bool:
    return bool(known.active(parse_utc(at)))


def test_a_window_is_open_from_its_start_to_before_its_end_in_its_time_zone() -> None:
    known = maintenance(ONCE)
    moments = ("2026-11-30T16:59:59Z", "2026-11-30T17:00:00Z", "2026-11-30T18:59:59Z", "2026-11-30T19:00:00Z")
    assert [is_open(known, at) for at in moments] == [False, True, True, False]


def test_a_window_comes_again_by_its_rule_and_the_next_one_is_said() -> None:
    known = maintenance(WEEKLY)
    assert not is_open(known, "2026-11-21T16:59:59Z")
    assert is_open(known, "2026-11-21T17:00:00Z")  # Sunday, two o'clock in Tokyo
    assert not is_open(known, "2026-11-21T19:00:00Z")
    [shown] = known.windows(parse_utc("2026-11-24T00:00:00Z"))
    assert shown["next"] == {"begins_at": "2026-11-28T17:00:00.000000Z", "ends_at": "2026-11-28T19:00:00.000000Z"}
    assert (shown["name"], shown["active"], shown["now"], shown["match"]) == ("sunday", False, None, {})


def test_across_daylight_saving_it_begins_by_the_local_clock_and_lasts_its_time() -> None:
    nightly = {"name": "n", "match": {}, "rrule": "FREQ=DAILY", "start": "2026-01-01T02:30", "duration": "1h"}
    known = maintenance(nightly, timezone="Europe/Berlin")

    def begins(after: str) -> str:
        return str(known.windows(parse_utc(after))[0]["next"]["begins_at"])[:16]

    assert begins("2026-03-28T12:00:00Z") == "2026-03-29T01:30"  # half past two is left out: it is half past three
    assert begins("2026-03-29T12:00:00Z") == "2026-03-30T00:30"
    assert begins("2026-10-24T12:00:00Z") == "2026-10-25T00:30"  # comes twice; the first counts
    assert is_open(known, "2026-10-25T01:29:00Z")
    assert not is_open(known, "2026-10-25T01:30:00Z")
    assert is_open(known, "2026-03-29T02:29:00Z")
    assert not is_open(known, "2026-03-29T02:30:00Z")


@pytest.mark.parametrize(
    ("match", "silent"),
    [
        ({}, True),
        ({"job": "db"}, True),
        ({"job": ["web", "db"], "severity": "critical"}, True),
        ({"severity": ["CRITICAL", "warning"]}, True),
        ({"severity": "warning"}, False),
        ({"job": "web"}, False),
        ({"team": "news"}, False),
    ],
)
def test_a_window_keeps_silent_what_matches_every_condition(match: dict[str, Any], silent: bool) -> None:
    known = maintenance({**ONCE, "match": match})
    reasons = known.reasons({"job": "db"}, Severity.CRITICAL, parse_utc("2026-11-30T18:00:00Z"))
    assert reasons == (("maintenance:move",) if silent else ())


@settings(max_examples=30)
@given(st.lists(st.integers(-50_000, 50_000), min_size=1, max_size=20))
def test_what_was_looked_up_before_never_changes_the_answer(minutes: list[int]) -> None:
    known = maintenance(WEEKLY, ONCE)
    start = datetime(2026, 11, 24, tzinfo=UTC)
    for offset in minutes:
        at = start + timedelta(minutes=offset)
        assert known.active(at) == maintenance(WEEKLY, ONCE).active(at)


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"match": None}, "match", "expected keys"),
    ({"name": "a, b"}, "name", "comma"),
    ({"end": "2026-12-01T01:00"}, "", "not later than start"),
    ({"end": None}, "", "say when it is"),
    ({"duration": "1h"}, "", "say when it is"),
    ({"start": None}, "", "say when it is"),
    ({"start": 20261201}, "start", "date and time"),
    ({"match": {"job": []}}, "match", "names no value"),
    ({"match": {"severity": "wrning"}}, "match", "wrning"),
    ({"timezone": "Asia/Tokio"}, "timezone", "Asia/Tokio"),
    ({"rrule": "FREQ=WEEKLI"}, "rrule", "FREQ"),
    ({"rrule": "every sunday"}, "rrule", "expected one rule"),
    ({"rrule": "FREQ=MINUTELY"}, "rrule", "HOURLY"),
    ({"rrule": "FREQ=DAILY;BYHOUR=2"}, "", "duration"),
    ({"rrule": "FREQ=DAILY", "start": None, "end": None, "duration": "1h"}, "", "BYHOUR"),
    ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "end": None, "duration": "1h"}, "rrule", "never comes"),
    ({"rule": "FREQ=DAILY"}, "rule", "did you mean 'rrule'"),
]


class Configuration(Settings):
    escalation: EscalationSettings = EscalationSettings()


@pytest.mark.parametrize(("change", "place", "said"), BAD)
def test_a_mistake_is_named_with_its_place(change: dict[str, Any], place: str, said: str) -> None:
    good = {"name": "good", "match": {}, "start": "2026-12-01T02:00", "duration": "1h"}
    with pytest.raises(SettingsError) as raised:
        load(Configuration, data={"escalation": {"maintenance": [good, {**ONCE, **change}]}}, environ={})
    [(where, problem)] = raised.value.problems
    assert where == ".".join(filter(None, ("escalation.maintenance.1", place)))
    assert said in problem


def test_two_windows_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValidationError, match=r"maintenance\.1\.name: 'move' is there already"):
        EscalationSettings.model_validate({"maintenance": [ONCE, ONCE]})
