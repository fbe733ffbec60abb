# ruff: noqa: E501 - layers on a line each
import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_bridge.escalation_settings import ScheduleSettings
from alert_bridge.schedules import Schedule

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo")


def schedule(timezone: str = "Europe/Berlin", **changes: object) -> Schedule:
    whole = {"name": "primary", "layers": {"members": ["aiko", "ben", "chie"], "rotation": "daily"}, **changes}
    return ScheduleSettings.model_validate(whole).to_schedule(timezone)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("timezone", ZONES)
@pytest.mark.parametrize(("rotation", "hours"), [("daily", 24), ("weekly", 168), ("12h", 12), ("36h", 36)])
def test_hand_overs_stay_at_their_local_time_all_year(timezone: str, rotation: str, hours: int) -> None:
    one = schedule(timezone, layers={"members": ["aiko", "ben", "chie"], "rotation": rotation, "handover": "09:00"})
    turns = list(one.turns(utc("2026-01-01T00:00"), utc("2027-01-01T00:00")))
    names = ["aiko", "ben", "chie"]
    for (_, until, who), (begins, _, following) in itertools.pairwise(turns):
        local = begins.astimezone(ZoneInfo(timezone))
        assert until == begins
        assert (local.hour, local.minute) in {(9, 0), (21, 0)}
        assert names[(names.index(str(who)) + 1) % 3] == following
    lengths = {(until - begins).total_seconds() / 3600 for begins, until, _ in turns[1:-1]}
    change = {"Asia/Tokyo": 0.0, "Australia/Lord_Howe": 0.5}.get(timezone, 1.0)
    assert lengths == {hours - change, hours, hours + change}


@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001 - as hypothesis wants it
    timezone=st.sampled_from(ZONES),
    turn_hours=st.integers(1, 200),
    minutes=st.integers(0, 1439),
)
@settings(max_examples=150, deadline=None)
def test_at_every_instant_one_is_on_call_until_the_next_hand_over(
    at: datetime, timezone: str, turn_hours: int, minutes: int
) -> None:
    members = ["aiko", "ben", "chie"]
    layer = {"members": members, "rotation": f"{turn_hours}h", "handover": minutes}
    one = schedule(timezone, layers=layer)
    moment = at.replace(tzinfo=UTC)
    who = one.on_call(moment)
    assert who in members
    following = one.next_hand_over(moment)
    assert following is not None
    assert following[0] > moment
    assert one.on_call(following[0] - timedelta(microseconds=1)) == who
    assert one.on_call(following[0]) == following[1] != who


@pytest.mark.parametrize(
    ("timezone", "day", "handed_over"),
    [
        ("Europe/Berlin", "2026-03-29", "2026-03-29T01:30"),  # 02:30 does not exist: 03:30 summer time
        ("Europe/Berlin", "2026-10-25", "2026-10-25T00:30"),  # 02:30 exists twice: the first
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T16:00"),  # half an hour later than the day before, by UTC
    ],
)
def test_a_hand_over_in_the_hour_of_the_change_happens_once(timezone: str, day: str, handed_over: str) -> None:
    one = schedule(timezone, layers={"members": ["aiko", "ben"], "rotation": "daily", "handover": "02:30"})
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    turns = list(one.turns(noon - timedelta(hours=20), noon))
    assert len(turns) == 2
    assert turns[1][0] == utc(handed_over)


def test_the_first_layer_that_has_somebody_decides_and_an_override_before_it() -> None:
    office = {"members": "chie", "restrictions": {"days": ["mon", "tue"], "from": "09:00", "to": "18:00"}}
    override = {"from": "2026-01-06T10:00", "to": "2026-01-06T12:00", "member": "dai"}
    one = schedule("Asia/Tokyo", layers=[office, {"members": "aiko"}], overrides=[override])
    tokyo = {
        hour: one.on_call(datetime(2026, 1, 6, hour, tzinfo=ZoneInfo("Asia/Tokyo"))) for hour in (8, 9, 10, 12, 18)
    }
    assert tokyo == {8: "aiko", 9: "chie", 10: "dai", 12: "chie", 18: "aiko"}


def test_hours_over_midnight_and_over_the_weeks_end() -> None:
    night = {"from": "22:00", "to": "06:00"}
    weekend = {"from": "fri 18:00", "to": "mon 08:00"}
    layers = [{"members": "aiko", "restrictions": [night, weekend]}]
    one = schedule("UTC", layers=layers, allow_gaps=True)
    assert one.on_call(utc("2026-01-05T05:59")) == "aiko"
    assert one.on_call(utc("2026-01-05T07:59")) == "aiko"
    assert one.on_call(utc("2026-01-05T08:00")) is None
    assert one.on_call(utc("2026-01-06T23:00")) == "aiko"
    assert one.next_hand_over(utc("2026-01-05T08:00")) == (utc("2026-01-05T22:00"), "aiko")


def test_gaps_are_found_with_their_times() -> None:
    with pytest.raises(ValueError, match=r"nobody is on call fri 18:00 to mon 09:00"):
        schedule("UTC", layers=[
            {"members": "aiko", "restrictions": {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}},
            {"members": "ben", "restrictions": [{"days": ["mon", "tue", "wed", "thu"], "from": "18:00", "to": "09:00"}]},
        ])  # fmt: skip


def test_one_member_alone_is_never_handed_over() -> None:
    assert schedule(layers={"members": "aiko"}).next_hand_over(utc("2026-01-05T08:00")) is None
