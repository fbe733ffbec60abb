"""Which lines are one record, and what it says."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.levels import Level
from analyzer.reading.headers import HeaderParser
from analyzer.reading.records import LONGEST_DETAIL, MOST_LINES, LogRecord, RecordAssembler

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def assembler() -> RecordAssembler:
    return RecordAssembler(HeaderParser(lambda: NOW, UTC))


def assemble(text: str) -> list[LogRecord]:
    made = assembler()
    records = [made.feed(line, len(line) + 1) for line in text.split("\n")]
    return [record for record in [*records, made.flush()] if record]


@pytest.mark.parametrize("word", ["エラー", "error", "Error", "ERR"])
def test_levels_are_known_in_both_languages(word: str) -> None:
    assert Level.parse(word) is Level.ERROR


def test_unknown_level_is_refused_with_what_is_known() -> None:
    with pytest.raises(ValueError, match="'loud': expected one of CRITICAL"):
        Level.parse("loud")


PYTHON = """\
2026-02-28 10:20:30 ERROR cannot store article 12
Traceback (most recent call last):
  File "store.py", line 3, in save
    raise ValueError("no title")
ValueError: no title"""

PYTHON_CHAINED = """\
ERROR:root:failed
Traceback (most recent call last):
  File "a.py", line 1, in f
    d["x"]
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 3, in g
    raise Problem("y") from e
newsapp.errors.Problem: y"""

PYTHON_GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 1, in <module>
  |     raise ExceptionGroup("many", [ValueError(1)])
  | ExceptionGroup: many (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +---------------- 2 ----------------
    | TypeError: 2
    +------------------------------------"""

JAVA = """\
2026-02-28 10:20:30 ERROR c.n.Feed - failed
java.lang.IllegalStateException: closed
\tat c.n.F.r(F.java:3)
\tSuppressed: java.io.IOException: also this
\t\tat c.n.F.s(F.java:3)
Caused by: java.net.SocketException: reset
\tat c.n.F.t(F.java:9)
\t... 3 more"""

GO = """\
panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.main()
\t/tmp/prog.go:8 +0x1d
exit status 2"""

GO_SERVER = """\
2026/02/28 10:20:30 http: panic serving 1.2.3.4:5: nil pointer
goroutine 12 [running]:
net/http.(*conn).serve.func1()
\t/usr/local/go/src/net/http/server.go:1850 +0xbf
panic({0x6a1b20, 0x8d3c10})
\t/usr/local/go/src/runtime/panic.go:890 +0x262
created by net/http.(*Server).Serve
\t/usr/local/go/src/net/http/server.go:3089 +0x5ed"""

JAVASCRIPT = """\
TypeError: Cannot read properties of undefined (reading 'x')
    at foo (/app/a.js:1:2)
    at Object.<anonymous> (/app/b.js:1:2)"""

NODE = """\
/app/index.js:3
    throw new Error("x");
    ^

Error: x
    at Object.<anonymous> (/app/index.js:3:9)

Node.js v20.1.0"""

RUBY = """\
/app/a.rb:3:in `foo': undefined method `x' for nil (NoMethodError)
\tfrom /app/b.rb:1:in `<main>'"""

RUST = """\
thread 'main' panicked at src/main.rs:2:5:
index out of bounds
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"""

DOTNET = """\
fail: Newswatch.Server[13]
      Connection id "x" failed
      System.Exception: bad
         at X.Y()"""

DOTNET_UNHANDLED = """\
Unhandled exception. System.InvalidOperationException: Not valid
 ---> System.Exception: inner
   at X.Y() in /a.cs:line 3
   --- End of inner exception stack trace ---
   at X.Main()"""

JAVA_LOGGING = """\
Feb 28, 2026 10:20:31 AM org.apache.catalina.core.StandardService startInternal
SEVERE: Failed to start
java.io.IOException: no port
\tat a.b(C.java:1)"""

JAVA_LOGGING_JAPANESE = """\
2月 28, 2026 10:20:30 午前 org.example.Feed run
警告: 応答が遅い"""

PHP = """\
[28-Feb-2026 10:20:30 UTC] PHP Fatal error:  Uncaught Exception: x in /a.php:3
Stack trace:
#0 /a.php(7): foo()
#1 {main}
  thrown in /a.php on line 3"""

SYSLOG = """\
Feb 28 10:20:30 web1 app[1]: Traceback (most recent call last):
Feb 28 10:20:30 web1 app[1]:   File "a.py", line 1, in f
Feb 28 10:20:30 web1 app[1]:     x()
Feb 28 10:20:30 web1 app[1]: ValueError: bad"""

KUBERNETES = """\
2026-02-28T10:20:30.123456789Z stderr F Traceback (most recent call last):
2026-02-28T10:20:30.123456789Z stderr F   File "a.py", line 1, in f
2026-02-28T10:20:30.123456789Z stderr F ValueError: bad"""

PRINTED_JSON = """\
{
  "level": "error",
  "time": "2026-02-28T10:20:30Z",
  "msg": "cannot save",
  "err": {"message": "disk full"}
}"""

STAMP_ALONE = """\
[2026-02-28 10:20:30]
connection refused"""


@pytest.mark.parametrize(
    ("text", "level", "summary"),
    [
        (PYTHON, Level.ERROR, "cannot store article 12: ValueError: no title"),
        (PYTHON.partition("\n")[2], Level.ERROR, "ValueError: no title"),
        (PYTHON_CHAINED, Level.ERROR, "failed: newsapp.errors.Problem: y"),
        (PYTHON_GROUP, Level.ERROR, "TypeError: 2"),
        (JAVA, Level.ERROR, "failed: java.net.SocketException: reset"),
        (GO, Level.CRITICAL, "panic: runtime error: index out of range [5] with length 3"),
        (GO_SERVER, Level.ERROR, "http: panic serving 1.2.3.4:5: nil pointer"),
        (JAVASCRIPT, Level.ERROR, "TypeError: Cannot read properties of undefined (reading 'x')"),
        (NODE, Level.ERROR, "Error: x"),
        (RUBY, Level.ERROR, "/app/a.rb:3:in `foo': undefined method `x' for nil (NoMethodError)"),
        (RUST, Level.CRITICAL, "thread 'main' panicked at src/main.rs:2:5: index out of bounds"),
        (DOTNET, Level.ERROR, 'Connection id "x" failed'),
        (DOTNET_UNHANDLED, Level.ERROR, "Unhandled exception. System.InvalidOperationException: Not valid"),
        (JAVA_LOGGING, Level.CRITICAL, "Failed to start: java.io.IOException: no port"),
        (JAVA_LOGGING_JAPANESE, Level.WARNING, "応答が遅い"),
        (PHP, Level.CRITICAL, "PHP Fatal error:  Uncaught Exception: x in /a.php:3"),
        (SYSLOG, Level.ERROR, "ValueError: bad"),
        (KUBERNETES, Level.ERROR, "ValueError: bad"),
        (PRINTED_JSON, Level.ERROR, "cannot save: disk full"),
        (STAMP_ALONE, Level.UNKNOWN, "connection refused"),
    ],
)
def test_lines_that_belong_together_are_one_record(text: str, level: Level, summary: str) -> None:
    first, *between, last = assemble(f"INFO:a:before it\n{text}\nand after it")
    assert (first.message, first.detail, last) == ("before it", "", LogRecord(None, Level.UNKNOWN, "", "and after it"))
    assert [(record.level, record.summary) for record in between] == [(level, summary)]


def test_a_traceback_after_a_harmless_line_is_a_record_of_its_own() -> None:
    started, failed = assemble(f"2026-02-28 10:20:30 INFO started\n{PYTHON.partition(chr(10))[2]}")
    assert started.detail == ""
    assert (failed.level, failed.summary) == (Level.ERROR, "ValueError: no title")


def test_an_indented_line_with_a_header_begins_a_record() -> None:
    first, second = assemble(
        " INFO [main] 2026-02-28 10:20:30,123 A.java:1 - a\n  continued\n"
        " WARN [main] 2026-02-28 10:20:31,123 A.java:1 - b"
    )
    assert (first.message, first.detail, second.level) == ("a", "  continued", Level.WARNING)


def test_a_stamp_with_nothing_behind_it_is_a_record() -> None:
    first, second = assemble("[2026-02-28 10:20:30]\n[2026-02-28 10:20:31] next")
    assert first == LogRecord(
        NOW.replace(month=2, day=28, hour=10, minute=20, second=30), Level.UNKNOWN, "", first.message
    )
    assert (first.message, second.message) == ("[2026-02-28 10:20:30]", "next")


def test_a_line_takes_the_time_that_its_source_knows() -> None:
    made = assembler()
    made.feed("no time", 8, NOW)
    made.feed("2026-02-28 10:20:30 a time", 26, NOW)
    record = made.flush()
    assert record is not None
    assert record.timestamp == datetime(2026, 2, 28, 10, 20, 30, tzinfo=UTC)


def test_pending_bytes_count_the_record_in_hand() -> None:
    made = assembler()
    made.feed("2026-02-28 10:20:30 ERROR a", 28)
    made.feed("  more", 7)
    assert made.pending_bytes == 35
    made.feed("2026-02-28 10:20:31 INFO b", 27)
    assert made.pending_bytes == 27


def test_a_record_is_bounded() -> None:
    made = assembler()
    records = [
        made.feed("Traceback (most recent call last):" if n == 0 else "  x" * 1_000) for n in range(2 * MOST_LINES)
    ]
    first, *_ = [record for record in records if record]
    assert len(first.detail) <= LONGEST_DETAIL
    last = made.flush()
    assert last is not None
    assert len(last.detail) <= LONGEST_DETAIL


def test_the_exception_behind_a_long_traceback_is_its_cause() -> None:
    frames = '  File "a.py", line 1, in f\n    f()\n' * 500
    (record,) = assemble(f"ERROR: failed\nTraceback (most recent call last):\n{frames}RecursionError: too deep")
    assert record.cause == "RecursionError: too deep"
    assert len(record.detail) <= LONGEST_DETAIL


LINES = st.lists(
    st.sampled_from(
        [line for text in (PYTHON, PYTHON_GROUP, JAVA, GO, NODE, RUST, DOTNET, SYSLOG) for line in text.split("\n")]
        + ["", "  ", "{", "}", '  "a": 1', "2026-02-28 10:20:30", "2026-02-28 10:20:30 INFO done", "words"]
    ),
    max_size=30,
)


@given(LINES)
def test_pending_bytes_reach_back_to_the_beginning_of_the_record_in_hand(lines: list[str]) -> None:
    made = assembler()
    for line in lines:
        before, size = made.pending_bytes, len(line) + 1
        made.feed(line, size)
        assert made.pending_bytes in (size, before + size)
    made.flush()
    assert made.pending_bytes == 0
