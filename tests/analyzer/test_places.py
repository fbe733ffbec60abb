"""Tests of where things stand in lines that differ only in digits."""

from datetime import UTC, datetime

from analyzer.places import StampPlace
from analyzer.reading.headers import HeaderParser

NOW = datetime(2026, 2, 28, 12, tzinfo=UTC)
LINE = "2026-02-28T10:20:30.123Z INFO web[12]: served 3 pages"


def stamp_place(line: str) -> StampPlace:
    layout = HeaderParser(lambda: NOW, UTC).layout(line)
    assert layout is not None
    place = StampPlace.of(line.encode(), line, layout)
    assert place is not None
    return place


def test_a_stamp_is_read_in_lines_that_differ_in_digits() -> None:
    place = stamp_place(LINE)
    moment = place.moment(b"2026-02-28T10:20:31.456Z INFO web[1234]: served 12 pages")
    assert moment == datetime(2026, 2, 28, 10, 20, 31, 456_000, tzinfo=UTC)
    assert place.moment(b"2026-02-28T10:20:31.4567Z INFO web[1]: served 1 pages") is None


def test_a_stamp_behind_digits_of_another_length_is_found() -> None:
    place = stamp_place("web-12 2026-02-28 10:20:30 INFO served 3 pages")
    assert place.moment(b"web-12345 2026-02-28 10:20:31 INFO served 3 pages") == datetime(
        2026, 2, 28, 10, 20, 31, tzinfo=UTC
    )
    assert not place.is_simple
