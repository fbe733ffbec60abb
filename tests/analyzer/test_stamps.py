"""Time stamps: what moment each form names."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.reading.stamps import StampReader

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


def reader(now: datetime = NOW, zone: timezone | ZoneInfo = UTC) -> StampReader:
    return StampReader(lambda: now, zone)


def moment(text: str, now: datetime = NOW, zone: timezone | ZoneInfo = UTC) -> datetime | None:
    stamp = reader(now, zone).match(text)
    return stamp.moment if stamp and stamp.end == len(text) else None


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-28 10:20:30",
        "2026-02-28T10:20:30Z",
        "2026-02-28T19:20:30+09:00",
        "2026-02-28 19:20:30 JST",
        "2026/2/28 10:20:30",
        "2026/02/28(土) 10:20:30",
        "2026.02.28-10.20.30",
        "20260228T102030Z",
        "20260228-10:20:30",
        "20260228102030",
        "28/Feb/2026:19:20:30 +0900",
        "28-Feb-2026::10:20:30",
        "28 Feb 2026 10:20:30",
        "28 Feb 10:20:30",
        "Sat, 28 Feb 2026 10:20:30 GMT",
        "Sat Feb 28 10:20:30 2026",
        "Sat Feb 28 19:20:30 JST 2026",
        "Feb 28, 2026 10:20:30 AM",
        "Feb 28 10:20:30",
        "2/28/2026 10:20:30 AM",
        "28.02.2026 10:20:30",
        "28/02/2026 10:20:30",
        "26/02/28 10:20:30",
        "260228 102030",
        "260228 10:20:30",
        "02-28 10:20:30",
        "0228 10:20:30",
        "2026年2月28日 10時20分30秒",
        "2026年02月28日(土) 午前10:20:30",
        "２０２６年２月２８日　１０時２０分３０秒",
        "令和8年2月28日 10:20:30",
        "2月28日 10:20:30",
        "2月 28, 2026 10:20:30 午前",
        "1772274030",
        "1772274030000",
        "1772274030.000000",
    ],
)
def test_forms_of_one_moment(text: str) -> None:
    assert moment(text) == datetime(2026, 2, 28, 10, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-02-28 10:20:30,5", 500_000),
        ("2026-02-28 10:20:30.123456789", 123_456),
        ("20260228-10:20:30:606", 606_000),
        ("1772274030.25", 250_000),
        ("1772274030250", 250_000),
        ("1772274030250123", 250_123),
    ],
)
def test_fractions_of_a_second_are_read(text: str, microsecond: int) -> None:
    assert moment(text) == datetime(2026, 2, 28, 10, 20, 30, microsecond, UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-13-28 10:20:30", "2026-02-30 10:20:30", "2026-02-28 25:20:30", "12345678901", "10.0.0.1", "Foo 28 10:20:30"],
)
def test_what_names_no_moment_is_no_stamp(text: str) -> None:
    assert reader().match(text) is None


@pytest.mark.parametrize(
    ("now", "text", "year"),
    [
        (datetime(2026, 1, 1, 0, 5, tzinfo=UTC), "Dec 31 23:59:59", 2025),
        (datetime(2025, 12, 31, 23, 59, tzinfo=UTC), "Jan  1 00:00:05", 2026),
        (datetime(2026, 3, 1, tzinfo=UTC), "Mar  1 09:00:00", 2026),
        (datetime(2026, 3, 1, tzinfo=UTC), "Mar  5 09:00:00", 2025),
        (datetime(2026, 3, 1, tzinfo=UTC), "Feb 29 09:00:00", 2024),
    ],
)
def test_a_year_that_is_left_out_is_the_latest_that_can_be(now: datetime, text: str, year: int) -> None:
    found = moment(text, now)
    assert found is not None
    assert found.year == year


def test_a_year_that_is_left_out_changes_while_the_reader_lives() -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    stamps = StampReader(lambda: now[0], UTC)
    first = stamps.match("Dec 31 23:59:01")
    assert first is not None
    assert first.moment.year == 2025
    now[0] = datetime(2027, 1, 1, tzinfo=UTC)
    later = first.read("Dec 31 23:59:02")
    assert later is not None
    assert later.year == 2026


def test_hours_alone_are_of_today_or_yesterday() -> None:
    assert moment("11:30:00") == NOW.replace(hour=11, minute=30)
    assert moment("23:30:00") == NOW.replace(hour=23, minute=30) - timedelta(days=1)


def test_short_years_are_read_as_what_can_have_been() -> None:
    assert moment("17/06/09 20:10:40") == datetime(2017, 6, 9, 20, 10, 40, tzinfo=UTC)
    assert moment("2/28/26 10:20:30") == datetime(2026, 2, 28, 10, 20, 30, tzinfo=UTC)


def test_local_times_follow_summer_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert moment("2026-01-15 12:00:00", zone=berlin) == datetime(2026, 1, 15, 11, tzinfo=UTC)
    assert moment("2025-07-15 12:00:00", zone=berlin) == datetime(2025, 7, 15, 10, tzinfo=UTC)
    assert moment("2025-07-15 12:00:00 CEST", zone=TOKYO) == datetime(2025, 7, 15, 10, tzinfo=UTC)


def test_what_reads_one_stamp_reads_those_written_alike() -> None:
    stamp = reader(zone=TOKYO).match("2026-02-28T10:20:30.123Z")
    assert stamp is not None
    assert stamp.read("2026-02-28T10:20:31.456Z") == datetime(2026, 2, 28, 10, 20, 31, 456_000, UTC)
    assert stamp.read("2026-02-28T11:00:00.000Z") == datetime(2026, 2, 28, 11, tzinfo=UTC)
    assert stamp.read("2026-02-28T10:20:31.4567") is None
    assert stamp.read("2026-02-28T10:20:3 .456Z") is None


@given(st.integers(978_307_200_000, 1_772_000_000_000), st.sampled_from(["%Y-%m-%d %H:%M:%S,%f", "%d/%b/%Y:%T +0900"]))
def test_a_written_time_is_read_again(milliseconds: int, form: str) -> None:
    zone = timezone(timedelta(hours=9)) if "+" in form else UTC
    time = datetime.fromtimestamp(milliseconds // 1000, zone)
    time = time.replace(microsecond=milliseconds % 1000 * 1000) if "%f" in form else time
    assert moment(time.strftime(form)) == time


@given(st.text(max_size=60), st.integers(0, 10))
def test_any_text_has_a_stamp_or_none(text: str, start: int) -> None:
    stamp = reader().match(text, start)
    assert stamp is None or stamp.read(text[stamp.start : stamp.end]) == stamp.moment
