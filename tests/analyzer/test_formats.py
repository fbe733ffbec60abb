"""A source's lines in a format of the user's own."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from analyzer.levels import Level
from analyzer.reading.formats import FormatParser, InvalidFormat, LineFormat
from analyzer.reading.records import LogRecord
from analyzer.settings import AnalyzerSettings, SourceSettings
from analyzer.stages import parser
from runtime.clock import ManualClock

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 28, 10, 20, 30, 0, UTC)


def of(definition: str) -> FormatParser:
    return FormatParser(LineFormat(definition), lambda: NOW, UTC)


@pytest.mark.parametrize(
    ("definition", "line", "record"),
    [
        (
            "{timestamp} <{level}> {program} {}: {message}",
            "2026-02-28 10:20:30 <warn>  feeds   12/7: slow: 3 s",
            LogRecord(MORNING, Level.WARNING, "feeds", "slow: 3 s"),
        ),
        (
            "{level}|{timestamp:%d.%m.%Y %H:%M}|{message}",
            "エラー|28.02.2026 10:20|接続できません | 再試行",
            LogRecord(MORNING.replace(second=0), Level.ERROR, "", "接続できません | 再試行"),
        ),
        (
            "[{program}] {message} ({timestamp})",
            "[feeds] done (Feb 28 10:20:30)",
            LogRecord(MORNING, Level.UNKNOWN, "feeds", "done"),
        ),
        (
            r"(?P<level>\w+) at (?P<timestamp>[\d: -]+), (?P<message>.*)",
            "CRIT at 2026-02-28 10:20:30, disk is full",
            LogRecord(MORNING, Level.CRITICAL, "", "disk is full"),
        ),
        ("{message}", "ERROR: all of it", LogRecord(None, Level.ERROR, "", "ERROR: all of it")),
    ],
)
def test_a_line_is_read_as_its_format_says(definition: str, line: str, record: LogRecord) -> None:
    assert of(definition).parse(line) == (record, True)


def test_a_line_that_is_written_otherwise_has_no_header() -> None:
    line = "2026-02-28 10:20:30 ERROR this would be found by itself"
    assert of("{level}|{message}").parse(line) == (LogRecord(None, Level.UNKNOWN, "", line), False)


@pytest.mark.parametrize("definition", ["{timestamp} {message}", "{timestamp:%Y-%m-%d %H:%M:%S} {message}"])
def test_the_layout_of_a_line_reads_the_next(definition: str) -> None:
    layout = of(definition).layout("2026-02-28 10:20:30 started 3 workers")
    assert layout is not None
    line = "2026-02-28 10:20:31 started 12 workers"
    assert layout.read(line[layout.start : layout.end]) == MORNING.replace(second=31)


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("{timestamp} {level}", "has no field message: end it with {message}"),
        ("{level}{message}", "has two fields side by side: write what stands between them"),
        ("{time} {message}", "has the field 'time': the fields are timestamp, level, program, message and {}"),
        ("(?P<message>.*)(?=x)", "look-around is not supported"),
        ("(?P<message>", "not a regular expression"),
        ("{timestamp:%Q} {message}", "%Q is not known: use %d"),
        ("{timestamp:%H:%M} {message}", "its time has no year: add %Y, or write {timestamp} alone"),
        ("{level:%Y} {message}", "level cannot be written out: only timestamp can"),
        ("{message}" + "x" * 500, "has 509 characters, at most 500 are taken"),
    ],
)
def test_a_format_that_cannot_be_used_is_refused_with_the_remedy(definition: str, said: str) -> None:
    with pytest.raises(InvalidFormat) as caught:
        LineFormat(definition)
    assert said in str(caught.value)


def test_sources_name_a_format_of_the_settings() -> None:
    settings = AnalyzerSettings.model_validate(
        {
            "formats": {"newsapp": "{level}|{message}"},
            "sources": [{"name": "app", "path": "a.log", "format": "newsapp"}],
        }
    )
    record, _ = parser(settings.sources[0], ManualClock(NOW)).parse("WARN|slow")
    assert (record.level, record.message) == (Level.WARNING, "slow")


def test_a_format_that_nobody_defined_is_refused_with_the_nearest() -> None:
    source = SourceSettings(name="app", path="a.log", format="newsap")
    with pytest.raises(ValidationError, match=r"'newsap' is not in analyzer.formats; did you mean 'newsapp'"):
        AnalyzerSettings(sources=(source,), formats={"newsapp": "{message}"})


@given(
    st.text(max_size=200), st.sampled_from(["{timestamp} {level}: {message}", "({}) {message}!", " {message} {level}"])
)
def test_any_line_is_a_record(line: str, definition: str) -> None:
    assert isinstance(of(definition).parse(line)[0].message, str)
