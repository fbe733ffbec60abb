"""Line -> what its header says (time, level, program) and its message; the format is found by itself."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from analyzer.levels import Level, level_said
from analyzer.reading import dialects
from analyzer.reading.fields import GAP, Fields, read_fields, read_level_first
from analyzer.reading.leads import Lead, find_stamp
from analyzer.reading.records import LONGEST_DETAIL, LogRecord
from analyzer.reading.stamps import Read, Stamp, StampReader
from analyzer.reading.structured import Named, read_json, read_logfmt, read_named

LONGEST_HEADER = 500
"""So many characters of a line are searched for its header: a bound on the time that any line can take."""

_ACCESS = re.compile(r'(?P<host>\S+) \S+ (?:\S+|"[^"]*") \[')
_REQUEST = re.compile(r'\] ("(?:[^"\\]|\\.)*" [1-5]\d\d\b.*)', re.DOTALL)
_NESTED = re.compile(r"\s*[\[(]?(?:\d{4}[-/.]\d|[IWEFD]\d{4} \d\d:|\d\d[-/]\d|\d{6,8} |[A-Z][a-z]{2} |time=|ts=|\{)")


@dataclass(frozen=True, slots=True)
class Layout:
    """How one line is laid out, to read others that differ from it only in digits.

    start, end: where the time stamp stands. read: what reads it. seconds: where in the stamp its seconds stand, as
    `Stamp` says. level_of: tells the level where it hangs on digits, such as the priority of syslog.
    """

    start: int
    end: int
    read: Read
    seconds: tuple[int, int] | None
    level_of: Callable[[str], Level] | None = None


@dataclass(frozen=True, slots=True)
class _Header:
    """What was found before the message. prefix: goes before the message, as the host of an access log does."""

    stamp: Stamp | None
    fields: Fields
    prefix: str = ""
    level_of: Callable[[str], Level] | None = None


class HeaderParser:
    """Finds the header of lines.

    now: for years and dates that a line leaves out. timezone: of times without offset; None is this machine's.
    """

    def __init__(self, now: Callable[[], datetime], timezone: tzinfo | None = None) -> None:
        self._stamps = StampReader(now, timezone)

    def parse(self, line: str) -> tuple[LogRecord, bool]:
        """Return the record that a line is, and whether it has a header."""
        if line.startswith("{"):
            data = read_json(line)
            if data is not None:
                return self.named(data, line), True
        header = self._header(line)
        if header is None:
            data = read_logfmt(line) if "=" in line else None
            if data is not None and _is_log(data):
                return self._named(read_named(data), line), True
            return LogRecord(None, level_said(line), "", line), False
        fields, stamp = header.fields, header.stamp
        record = LogRecord(
            stamp.moment if stamp else None, fields.level, fields.program, header.prefix + line[fields.start :]
        )
        return self._inner(record) if stamp else record, True

    def layout(self, line: str) -> Layout | None:
        """Return how a line is laid out, None if nothing can be told of others like it."""
        if line.startswith("{"):
            data = read_json(line)
            return self._named_layout(data, line) if data is not None and not isinstance(data.get("log"), str) else None
        header = self._header(line)
        if header is None:
            data = read_logfmt(line) if "=" in line else None
            return self._named_layout(data, line) if data is not None and _is_log(data) else None
        stamp = header.stamp
        if stamp is None or self.parse(line)[0].timestamp != stamp.moment:
            return None
        return Layout(stamp.start, stamp.end, stamp.read, stamp.seconds, header.level_of)

    def named(self, data: dict[str, object], line: str) -> LogRecord:
        """Return the record that a JSON object is. line: what is said where no field is the message."""
        log = data.get("log")
        if isinstance(log, str) and "stream" in data:
            record, _ = self.parse(log.rstrip("\r\n"))
            return record if record.timestamp else replace(record, timestamp=self._moment(data.get("time")))
        return self._named(read_named(data), line)

    def _named(self, named: Named, line: str) -> LogRecord:
        message = line if named.message is None else named.message
        level = level_said(message) if named.level is Level.UNKNOWN else named.level
        return LogRecord(
            self._moment(named.time), level, named.program, message, named.stack[:LONGEST_DETAIL], named.cause
        )

    def _moment(self, value: object) -> datetime | None:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        stamp = self._stamps.match(f"{value:f}" if isinstance(value, float) else str(value))
        return stamp.moment if stamp else None

    def _named_layout(self, data: dict[str, object], line: str) -> Layout | None:
        time = read_named(data).time
        start = line.find(str(time)) if isinstance(time, str | int) and time else -1
        stamp = self._stamps.match(line, start) if start >= 0 else None
        if stamp is None or stamp.moment != self._moment(time):
            return None
        return Layout(
            stamp.start, stamp.end, stamp.read, stamp.seconds, self._level if _has_numeric_level(data) else None
        )

    def _level(self, line: str) -> Level:
        return self.parse(line)[0].level

    def _inner(self, record: LogRecord) -> LogRecord:
        """Return the record that a message is itself, where a program's own header follows that of syslog."""
        if not _NESTED.match(record.message):
            return record
        text = record.message
        inner = self._header(text) if not text.startswith("{") else None
        if inner is not None and inner.stamp is not None and inner.fields.level is not Level.UNKNOWN:
            fields = inner.fields
            return LogRecord(
                inner.stamp.moment,
                fields.level,
                record.program or fields.program,
                inner.prefix + text[fields.start :],
            )
        data = read_json(text) if text.startswith("{") else read_logfmt(text)
        if data is None or not _is_log(data):
            return record
        named = self.named(data, text)
        return replace(named, timestamp=named.timestamp or record.timestamp, program=record.program or named.program)

    def _header(self, whole: str) -> _Header | None:
        line = whole[:LONGEST_HEADER]
        level, start = (dialects.priority(line) if line.startswith("<") else None) or (Level.UNKNOWN, 0)
        if '] "' in line:
            access = self._access(whole, start)
            if access is not None:
                return access
        lead = find_stamp(line, start, self._stamps)
        fields = (
            _fields(line, lead, level) if lead else dialects.unstamped(line, start, level) or read_level_first(line)
        )
        if fields is None:
            return None
        return _Header(lead.stamp if lead else None, fields, level_of=_priority_level if start else None)

    def _access(self, line: str, start: int) -> _Header | None:
        found = _ACCESS.match(line, start)
        stamp = self._stamps.match(line, found.end()) if found else None
        request = _REQUEST.match(line, stamp.end) if stamp else None
        if found is None or request is None:
            return None
        return _Header(stamp, Fields(Level.UNKNOWN, "", request.start(1)), f"{found['host']} ")


def _fields(line: str, lead: Lead, level: Level) -> Fields:
    level = lead.level if level is Level.UNKNOWN else level
    fixed = dialects.stamped(line, lead.stamp, level)
    if fixed is not None:
        return fixed
    gap = GAP.match(line, lead.end)
    return read_fields(line, gap.end() if gap else lead.end, level)


def _priority_level(line: str) -> Level:
    found = dialects.priority(line)
    return found[0] if found else Level.UNKNOWN


def _is_log(data: dict[str, object]) -> bool:
    """Return whether fields are those of a log line and not just some words with `=`."""
    named = read_named(data)
    return named.message is not None and (named.level is not Level.UNKNOWN or named.time is not None)


def _has_numeric_level(data: dict[str, object]) -> bool:
    return any(str(data.get(name)).isdigit() for name in ("level", "severity", "PRIORITY"))
