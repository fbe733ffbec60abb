"""What a line's header says, and which lines are one record."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.headers import HeaderParser
from analyzer.records import Level, LogRecord, RecordAssembler

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TOKYO = timezone(timedelta(hours=9))


def parse(line: str) -> LogRecord:
    return HeaderParser(lambda: NOW, UTC).parse(line)[0]


@pytest.mark.parametrize(
    ("line", "moment", "level", "program", "message"),
    [
        (
            "2026-02-28 10:20:30,123 - newsapp.feeds - ERROR - cannot parse feed",
            datetime(2026, 2, 28, 10, 20, 30, 123000, UTC),
            Level.ERROR,
            "newsapp.feeds",
            "cannot parse feed",
        ),
        (
            "2026-02-28T10:20:30.5+09:00 WARN [worker-1] slow answer",
            datetime(2026, 2, 28, 1, 20, 30, 500000, UTC),
            Level.WARNING,
            "",
            "slow answer",
        ),
        (
            "[2026-02-28 10:20:30] CRITICAL: out of memory",
            datetime(2026, 2, 28, 10, 20, 30, 0, UTC),
            Level.CRITICAL,
            "",
            "out of memory",
        ),
        (
            "2026-02-28 10:20:30,123 ERROR Timeout: no answer",
            datetime(2026, 2, 28, 10, 20, 30, 123000, UTC),
            Level.ERROR,
            "",
            "Timeout: no answer",
        ),
        (
            "2026-02-28 10:20:30 INFO  newsapp.tasks[12]: 12 articles delivered",
            datetime(2026, 2, 28, 10, 20, 30, 0, UTC),
            Level.INFO,
            "newsapp.tasks",
            "12 articles delivered",
        ),
        (
            "Feb 28 10:20:30 web1 sshd[412]: Failed password for root",
            datetime(2026, 2, 28, 10, 20, 30, 0, UTC),
            Level.UNKNOWN,
            "sshd",
            "Failed password for root",
        ),
        (
            "Dec 31 23:59:59 web1 kernel: Out of memory: Killed process 12",
            datetime(2025, 12, 31, 23, 59, 59, 0, UTC),
            Level.UNKNOWN,
            "kernel",
            "Out of memory: Killed process 12",
        ),
        (
            "<11>Feb 28 10:20:30 web1 app[1]: boom",
            datetime(2026, 2, 28, 10, 20, 30, 0, UTC),
            Level.ERROR,
            "app",
            "boom",
        ),
        (
            '<165>1 2026-02-28T10:20:30.003Z web1 newsapp 12 ID47 [x@1 a="b"] delivered',
            datetime(2026, 2, 28, 10, 20, 30, 3000, UTC),
            Level.INFO,
            "newsapp",
            "delivered",
        ),
        (
            '203.0.113.9 - alice [28/Feb/2026:10:20:30 +0900] "GET /a HTTP/1.1" 503 12 "-" "curl"',
            datetime(2026, 2, 28, 1, 20, 30, 0, UTC),
            Level.UNKNOWN,
            "",
            '203.0.113.9 "GET /a HTTP/1.1" 503 12 "-" "curl"',
        ),
        (
            "2026/02/28 10:20:30 [error] 31#31: *7 connect() failed",
            datetime(2026, 2, 28, 10, 20, 30, 0, UTC),
            Level.ERROR,
            "",
            "connect() failed",
        ),
        (
            "[Sat Feb 28 10:20:30.123456 2026] [core:warn] [pid 7] low on workers",
            datetime(2026, 2, 28, 10, 20, 30, 123456, UTC),
            Level.WARNING,
            "core",
            "low on workers",
        ),
        (
            '{"@timestamp": "2026-02-28T10:20:30Z", "log.level": "error", "service": {"name": "api"}, "msg": "bad"}',
            datetime(2026, 2, 28, 10, 20, 30, 0, UTC),
            Level.ERROR,
            "api",
            "bad",
        ),
        (
            'ts=2026-02-28T10:20:30Z level=warn logger=api msg="queue is long"',
            datetime(2026, 2, 28, 10, 20, 30, 0, UTC),
            Level.WARNING,
            "api",
            "queue is long",
        ),
        ("ERROR:newsapp.db:connection lost", None, Level.ERROR, "newsapp.db", "connection lost"),
        ("【エラー】データベース接続に失敗しました", None, Level.ERROR, "", "データベース接続に失敗しました"),
        (
            "2026-02-28 10:20:30 [警告] 応答が遅い",
            datetime(2026, 2, 28, 10, 20, 30, 0, UTC),
            Level.WARNING,
            "",
            "応答が遅い",
        ),
        (
            "2026年2月28日 10時20分30秒 重大: 停止しました",
            datetime(2026, 2, 28, 10, 20, 30, 0, UTC),
            Level.CRITICAL,
            "",
            "停止しました",
        ),
        ("just some words", None, Level.UNKNOWN, "", "just some words"),
        ("4 feeds with no errors so far", None, Level.UNKNOWN, "", "4 feeds with no errors so far"),
        ("1772274030.250 INFO started", datetime(2026, 2, 28, 10, 20, 30, 250000, UTC), Level.INFO, "", "started"),
    ],
)
def test_header_is_found(line: str, moment: datetime | None, level: Level, program: str, message: str) -> None:
    assert parse(line) == LogRecord(moment, level, program, message)


def test_times_without_offset_are_in_the_given_zone() -> None:
    record, _ = HeaderParser(lambda: NOW, TOKYO).parse("2026-02-28 09:00:00 INFO x")
    assert record.timestamp == datetime(2026, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize("word", ["エラー", "error", "Error", "ERR"])
def test_levels_are_known_in_both_languages(word: str) -> None:
    assert Level.parse(word) is Level.ERROR


def test_unknown_level_is_refused_with_what_is_known() -> None:
    with pytest.raises(ValueError, match="'loud': expected one of CRITICAL"):
        Level.parse("loud")


PYTHON_TRACEBACK = """\
2026-02-28 10:20:30 ERROR cannot store article 12
Traceback (most recent call last):
  File "store.py", line 3, in save
    raise ValueError("no title")
ValueError: no title
2026-02-28 10:20:31 INFO next"""


def assemble(text: str) -> list[LogRecord]:
    assembler = RecordAssembler(HeaderParser(lambda: NOW, UTC))
    records = [assembler.feed(line, len(line) + 1) for line in text.split("\n")]
    return [record for record in [*records, assembler.flush()] if record]


def test_a_traceback_is_one_record_with_its_line() -> None:
    first, second = assemble(PYTHON_TRACEBACK)
    assert first.summary == "cannot store article 12: ValueError: no title"
    assert "raise ValueError" in first.detail
    assert second.message == "next"


def test_a_bare_traceback_is_one_record_named_by_its_exception() -> None:
    text = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nKeyError: 1\nnext thing'
    first, second = assemble(text)
    assert first.summary == "KeyError: 1"
    assert second.message == "next thing"


def test_a_java_stack_is_one_record() -> None:
    text = (
        "2026-02-28 10:20:30 ERROR c.n.Feed - failed\njava.lang.IllegalStateException: closed\n\tat c.n.F.r(F.java:3)\n"
        "Caused by: java.net.SocketException: reset\n\t... 3 more"
    )
    (record,) = assemble(text)
    assert record.detail.endswith("... 3 more")
    assert record.summary == "failed: java.net.SocketException: reset"


def test_pending_bytes_count_the_record_in_hand() -> None:
    assembler = RecordAssembler(HeaderParser(lambda: NOW, UTC))
    assembler.feed("2026-02-28 10:20:30 ERROR a", 28)
    assembler.feed("  more", 7)
    assert assembler.pending_bytes == 35
    assembler.feed("2026-02-28 10:20:31 INFO b", 27)
    assert assembler.pending_bytes == 27


@given(st.text(alphabet=st.characters(exclude_characters="\n"), max_size=200))
def test_any_line_is_a_record(line: str) -> None:
    assert parse(line).message is not None


@given(
    st.dictionaries(
        st.sampled_from(["message", "level", "time", "ts", "name", "msg"]),
        st.one_of(st.text(), st.floats(), st.integers(), st.none()),
    )
)
def test_any_json_object_is_a_record(data: dict[str, object]) -> None:
    assert isinstance(parse(json.dumps(data)).message, str)
