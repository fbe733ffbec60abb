"""What the header of a line says, and where its message begins."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.levels import Level
from analyzer.reading.headers import LONGEST_HEADER, HeaderParser
from analyzer.reading.records import LogRecord

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 28, 10, 20, 30, 0, UTC)
TOKYO = timezone(timedelta(hours=9))
KNOWN = Path(__file__).parents[1] / "data" / "known_headers.txt"


def parser() -> HeaderParser:
    return HeaderParser(lambda: NOW, UTC)


def parse(line: str) -> LogRecord:
    return parser().parse(line)[0]


def known() -> list[tuple[str, str, str, str]]:
    """Lines of known programs: line, level, program, message."""
    stanzas = KNOWN.read_text(encoding="utf-8").split("\n\n")[1:]
    split = [stanza.rstrip("\n").split("\n") for stanza in stanzas]
    return [(line, *origin.partition(" ")[::2], message) for line, origin, message in split]


@pytest.mark.parametrize(("line", "level", "program", "message"), known())
def test_lines_of_known_programs_are_taken_apart(line: str, level: str, program: str, message: str) -> None:
    record = parse(line)
    assert (record.level, record.program, record.message) == (level, program, message)


@pytest.mark.parametrize(
    "line",
    [
        "just some words",
        "4 feeds with no errors so far",
        "Backup finished at 2026-02-28 10:20:30 with 3 errors",
        "user alice logged in since 2026-02-28 10:20:30 ERROR none",
        "Next run: 2026-03-01 10:20:30",
        "user_12 2026-02-28 meeting",
        "the job started at 10:20:30 and ended",
        "12:30 lunch break",
        "1234567890 rows deleted",
        "1772274030 bytes received",
        "10.0.0.1 connected",
        "Info about the release follows",
        "Error rate is fine",
        "エラーは0件でした",
        "情報システム部に連絡しました",
    ],
)
def test_a_sentence_has_no_header(line: str) -> None:
    assert parser().parse(line) == (LogRecord(None, Level.UNKNOWN, "", line), False)


@pytest.mark.parametrize("message", ["ERROR IN CONTACTING RM.", "ALERT exited abnormally", "warning: disk is slow"])
def test_a_level_that_is_part_of_the_sentence_stays_in_it(message: str) -> None:
    record = parse(message)
    assert record.message == message
    assert record.level is not Level.UNKNOWN


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("Feb 28 10:20:30 web1 newsapp[12]: 2026-02-28 10:20:31,500 ERROR store: no disk", "newsapp"),
        ("2026-02-28T10:20:31.900Z stdout F 2026-02-28 10:20:31,500 ERROR store: no disk", ""),
        (
            '{"log":"2026-02-28 10:20:31,500 ERROR store: no disk\\n","stream":"stderr","time":"2026-02-28T11:00:00Z"}',
            "",
        ),
    ],
)
def test_a_header_within_that_of_syslog_or_a_container_counts(line: str, program: str) -> None:
    moment = MORNING.replace(second=31, microsecond=500_000)
    assert parse(line) == LogRecord(moment, Level.ERROR, program, "store: no disk")


def test_a_stamp_within_a_syslog_message_is_no_header_without_a_level() -> None:
    record = parse("Feb 28 10:20:30 mac updater[1]: 2025-01-01 00:00:00 updater[1] checks")
    assert record.timestamp == MORNING
    assert record.message == "2025-01-01 00:00:00 updater[1] checks"


def test_the_error_beside_the_message_is_its_cause() -> None:
    record = parse('{"level":"error","msg":"cannot save","err":{"message":"disk full"},"status":503}')
    assert record.summary == "cannot save: disk full, status=503"
    assert parse('time=2026-02-28T10:20:30Z level=error msg="no answer" err=timeout').summary == "no answer: timeout"
    assert parse('{"level":"info","msg":"done","status":200}').summary == "done"


def test_times_without_offset_are_in_the_given_zone() -> None:
    record, _ = HeaderParser(lambda: NOW, TOKYO).parse("2026-02-28 09:00:00 INFO x")
    assert record.timestamp == datetime(2026, 2, 28, tzinfo=UTC)


def test_a_layout_says_what_the_parser_says() -> None:
    reader = parser()
    layouts = {line: layout for line, *_ in known() if (layout := reader.layout(line)) is not None}
    assert len(layouts) > 250
    read = {line: layout.read(line[layout.start : layout.end]) for line, layout in layouts.items()}
    assert read == {line: reader.parse(line)[0].timestamp for line in layouts}


def test_a_layout_tells_the_level_from_the_priority_of_syslog() -> None:
    layout = parser().layout("<11>Feb 28 10:20:30 web1 app[1]: boom")
    assert layout is not None
    assert layout.level_of is not None
    assert layout.level_of("<12>Feb 28 10:20:30 web1 app[1]: boom") is Level.WARNING


def test_only_the_beginning_of_a_line_is_searched_for_its_header() -> None:
    line = "x-1 " * LONGEST_HEADER + "2026-02-28 10:20:30 ERROR boom"
    assert parse(line).message == line


@pytest.mark.parametrize(
    "unit", ["[", "[]", "[a]", "a.", "Aa", "a::", "a=", "1:", " ", "- ", "|", "(a", '{"a":', "エ", "A "]
)
@pytest.mark.parametrize("start", ["", "2026-02-28 10:20:30 ", "Feb 28 10:20:30 h ", "ERROR ", "a=b "])
def test_a_hostile_line_is_a_record(start: str, unit: str) -> None:
    line = (start + unit * 4096)[:4096]
    assert line.endswith(parse(line).message)


@given(st.text(alphabet=st.characters(exclude_characters="\n"), max_size=200))
def test_any_line_is_a_record(line: str) -> None:
    assert isinstance(parse(line).message, str)


@given(st.lists(st.sampled_from([*"[]<>{}()|:;,-=#/. 12", "2026-02-28", "10:20:30", "ERROR", "a.b", "警告", "Feb 28"])))
def test_any_header_is_a_record_with_the_end_of_its_line(parts: list[str]) -> None:
    line = "".join(parts)
    assert line.endswith(parse(line).message)


@given(
    st.dictionaries(
        st.sampled_from(["message", "level", "time", "ts", "name", "msg", "err", "status"]),
        st.recursive(
            st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans()),
            lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
            max_leaves=5,
        ),
    )
)
def test_any_json_object_is_a_record(data: dict[str, object]) -> None:
    assert isinstance(parse(json.dumps(data)).summary, str)


def test_half_a_character_that_json_escapes_is_no_text() -> None:
    record = parse(r'{"level": "error", "msg": "cut \uD83D whole \ud83d\ude00", "logger": "\udfff"}')
    assert (record.program, record.message) == ("?", "cut ? whole \U0001f600")
