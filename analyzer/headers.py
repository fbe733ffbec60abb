"""Line -> what its header says (time, level, program) and its message; the format is found by itself."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from analyzer.fields import GAP, Fields, read_fields, read_level_first
from analyzer.levels import SYSLOG_LEVELS, Level, level_named, level_said
from analyzer.records import LONGEST_DETAIL, LogRecord
from analyzer.stamps import Read, Stamp, StampReader
from analyzer.structured import Named, read_json, read_logfmt
from analyzer.structured import read_fields as read_named

LONGEST_HEADER = 500
"""So many characters of a line are searched for its header: a bound on the time that any line can take."""

_MOST_LEADS = 5
_PRIORITY = re.compile(r"<(?P<priority>\d{1,3})>(?:1 (?=\S))?")
_ACCESS = re.compile(r'(?P<host>\S+) \S+ (?:\S+|"[^"]*") \[')
_REQUEST = re.compile(r'\] ("(?:[^"\\]|\\.)*" [1-5]\d\d\b.*)', re.DOTALL)
_UPTIME = re.compile(r"\[\s{0,6}\d{1,8}\.\d{3,6}\] (?:\((?:II|WW|EE|==|--|\*\*|!!)\) )?")
_RFC5424 = re.compile(
    r" (?P<host>\S+) (?P<program>\S+) \S+ \S+ (?:-|(?:\[(?:[^\]\\\"]|\\.|\"(?:[^\"\\]|\\.)*\")*\])+)(?:\s+|$)\ufeff?"
)
_SYSLOG = re.compile(
    r"""(?x)[:\ ]\ *(?:(?P<host>[^\s\[\]:|]+)\ +)?(?:--\ +)?
    (?P<program>(?:[\w.@/-]+(?:\([^()\s]*\))?(?=\[|:)|[A-Za-z][\w./()\ -]{0,60}(?=\[\d+\]:?\ ))
      |[\w.-]+(?=\ \d+\.[\d.]+:))
    (?:\[(?P<pid>[\w.-]+)\](?:\ \([^)]*\))?|\ \d+\.[\d.]+)?:\ ?
    """
)
_HOST = re.compile(
    r" +(?:(?=\S*[\d.-])[\w.-]+ |\S+ (?=(?:last )?message repeated \d|-- MARK --|exiting on signal |%[A-Z]))"
)
_ANDROID = re.compile(r" +(?:[\w-]+ +)?\d+ +\d+ (?P<level>[VDIWEFA]) (?P<program>[^:]{1,80}?)\s*: ?")
_ANDROID_SHORT = re.compile(r" ?(?P<level>[VDIWEFA])/(?P<program>[^(:]{1,80}?)(?:\(\s*\d+\))?\s*: ")
_KLOG = re.compile(r"(?P<level>[IWEFCD])(?=(?:\d{4}|\d{6}|\d{8}) \d\d:\d\d:\d\d)")
_LEAD = re.compile(r"(?:\s{0,8}\d{1,8}:(?=\d{8}:))?(?:[\[(<【]+|#+<)?")
_LEAD_WORD = re.compile(
    r"""(?x)
    (?: \[[^\[\]]{0,100}\] | <[^<>]{1,60}> | [A-Z],(?=\ \[) | [A-Z][A-Z0-9_]*(?=\s) | [\w.-]{1,60}(?=\s+\|\s) | -
      | [A-Za-z_][\w.@/-]*(?:\[\w+\])?:(?=\s) | (?=[^\s\[\]"]{0,80}[\d_./@:\#=$-])[^\s\[\]"]{1,120}(?=\s)
    ) [\s|]+
    """
)
_LEAD_LEVEL = re.compile(r"\s{0,8}[\[<(]?\s{0,8}(?P<level>[A-Za-z]+)\s*[\])>]?,?[\s|]*")
_COLUMNS = re.compile(r"\d+ (?=[A-Za-z]\S*\d)(?=(?:\S+ ){1,4}1\d{9} )")
_NUMBER_COLUMN = re.compile(r" \d+(?= )")
_LEAD_COLUMN = re.compile(r"[a-z]+ ")
_REDIS = re.compile(r" (?P<level>[.*#-]) (?=\S)")
_REDIS_LEVELS = {".": Level.DEBUG, "-": Level.INFO, "*": Level.INFO, "#": Level.WARNING}
_JUL = re.compile(r"\s+(?P<program>(?:[a-z_]\w*\.)+[A-Z][\w$]*)(?:\s[\w$<>]+)?\s*$")
_NET = re.compile(r"(?P<level>info|warn|fail|crit|dbug|trce): (?P<program>[\w.]+)\[\d+\]$")
_CONTAINER = re.compile(r" (?:stdout|stderr) [FP] ")
_BASIC = re.compile(r"(?P<level>CRITICAL|ERROR|WARNING|INFO|DEBUG):(?P<program>[\w.]+):")
_WEAK_FORMS = frozenset(("clock", "kitchen", "epoch", "packed"))
_SUPPORT = re.compile(r"\s+(?:[\[(<]|[A-Z]{3,8}\b|\d|-\s|\S+\[\d+\]: )|[\])>|,]|\s*$")
_NESTED = re.compile(
    r"\s*(?:stdout F |stderr F )?[\[(]?(?:\d{4}[-/.]\d|[IWEFD]\d{4} \d\d:|\d\d[-/]\d|\d{6,8} |[A-Z][a-z]{2} |time=|ts=|\{)"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How one line is laid out, to read others that differ from it only in digits.

    start, end: where the time stamp stands. read: what reads it. message_start: where the message begins in this very
    line, None where it is not the line's end (JSON, access logs). seconds: where in the stamp its seconds stand, as
    `Stamp` says. level_of: tells the level where it hangs on digits, such as the priority of syslog.
    """

    start: int
    end: int
    read: Read
    level: Level
    program: str
    message_start: int | None
    seconds: tuple[int, int] | None
    level_of: Callable[[str], Level] | None = None

    def moment(self, line: str) -> datetime | None:
        """Return when a line of this layout was said; None if its stamp stands elsewhere: then it must be parsed."""
        if line[self.end : self.end + 1].isdigit() or line[self.start - 1 : self.start].isdigit():
            return None
        return self.read(line[self.start : self.end])


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
        if header.stamp is None:
            return None
        stamp = header.stamp
        record = self.parse(line)[0]
        whole = header.prefix == "" and line.endswith(record.message)
        begin = len(line) - len(record.message) if whole else None
        if record.timestamp != stamp.moment:
            return None
        found = stamp.start, stamp.end, stamp.read, record.level, record.program, begin, stamp.seconds
        return Layout(*found, header.level_of)

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
        named = read_named(data)
        start = line.find(str(named.time)) if isinstance(named.time, str | int) and named.time else -1
        stamp = self._stamps.match(line, start) if start >= 0 else None
        record = self._named(named, line)
        if stamp is None or stamp.moment != record.timestamp:
            return None
        level_of = self._level if _has_numeric_level(data) else None
        return Layout(stamp.start, stamp.end, stamp.read, record.level, record.program, None, stamp.seconds, level_of)

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
        start, level, level_of = 0, Level.UNKNOWN, None
        if line.startswith("<"):
            priority = _PRIORITY.match(line)
            if priority:
                start, level, level_of = priority.end(), _priority_level(line), _priority_level
        if '] "' in line:
            access = self._access(whole, start)
            if access is not None:
                return access
        header = self._stamped(line, start, level) or self._unstamped(line, start, level)
        return replace(header, level_of=level_of) if header and level_of else header

    def _access(self, line: str, start: int) -> _Header | None:
        found = _ACCESS.match(line, start)
        stamp = self._stamps.match(line, found.end()) if found else None
        request = _REQUEST.match(line, stamp.end) if stamp else None
        if found is None or request is None:
            return None
        return _Header(stamp, Fields(Level.UNKNOWN, "", request.start(1)), f"{found['host']} ")

    def _stamped(self, line: str, start: int, level: Level) -> _Header | None:
        found = self._find_stamp(line, start, _MOST_LEADS)
        if found is None:
            return None
        stamp, lead = found
        if stamp.form == "epoch" and line[stamp.end : stamp.end + 1] == " ":
            later = self._find_stamp(line, stamp.end + 1, 3)
            stamp = later[0] if later and later[0].form not in _WEAK_FORMS else stamp
        return _Header(stamp, self._fields(line, stamp, level, line[start:lead]))

    def _find_stamp(self, line: str, start: int, most: int) -> tuple[Stamp, int] | None:
        """Look for a stamp behind at most so many words, such as stand before one; return it and where they end."""
        place, columns = start, _COLUMNS.match(line, start) if line[start : start + 1].isdigit() else None
        for _ in range(most + 1):
            klog = _KLOG.match(line, place)
            opening = klog or _LEAD.match(line, place)
            stamp = self._stamps.match(line, opening.end()) if opening else None
            if stamp is not None and _is_likely(line, stamp):
                return stamp, klog.end() if klog else place
            lead = _LEAD_WORD.match(line, place) or (_LEAD_LEVEL.match(line, place) if place == start else None)
            lead = lead or (_LEAD_COLUMN.match(line, place) if columns else None)
            if lead is None or lead.end() == place or not _may_lead(lead):
                return None
            place = lead.end()
        return None

    def _fields(self, line: str, stamp: Stamp, level: Level, lead: str) -> Fields:
        end = stamp.end
        if level is Level.UNKNOWN and lead:
            said = _LEAD_LEVEL.match(lead)
            level = level_named(said["level"]) if said else level
        container = _CONTAINER.match(line, end) if stamp.form == "iso" else None
        if container:
            return Fields(level_said(line, container.end()), "", container.end())
        if stamp.form in ("iso", "syslog", "epoch", "ctime", "japanese"):
            syslog = self._syslog(line, stamp, level)
            if syslog is not None:
                return syslog
        if stamp.form in ("month_day", "iso", "epoch"):
            android = _ANDROID.match(line, end) or _ANDROID_SHORT.match(line, end)
            if android:
                return Fields(level_named(android["level"]), android["program"], android.end())
        if stamp.form in ("day_first", "day_month"):
            redis = _REDIS.match(line, end)
            if redis:
                return Fields(_REDIS_LEVELS[redis["level"]], "", redis.end())
        jul = _JUL.match(line, end) if stamp.form in ("month_first", "japanese") else None
        if jul:
            return Fields(level, jul["program"], len(line))
        if stamp.form == "epoch" and _COLUMNS.match(lead + line[stamp.start :]):
            number = _NUMBER_COLUMN.match(line, end)
            end = number.end() if number else end
        gap = GAP.match(line, end)
        return read_fields(line, gap.end() if gap else end, level)

    def _syslog(self, line: str, stamp: Stamp, level: Level) -> Fields | None:
        if stamp.form == "iso" and line.startswith("<"):
            structured = _RFC5424.match(line, stamp.end)
            if structured:
                return Fields(level, structured["program"].strip("-"), structured.end())
        found = _SYSLOG.match(line, stamp.end)
        if found is not None and _is_syslog(line, stamp, found):
            said = level_said(line, found.end()) if level is Level.UNKNOWN else level
            return Fields(said, found["program"].strip(), found.end())
        if stamp.form != "syslog":
            return None
        host = _HOST.match(line, stamp.end)
        if host is None:
            return None
        return read_fields(line, host.end(), level)

    def _unstamped(self, line: str, start: int, level: Level) -> _Header | None:
        found = _UPTIME.match(line, start)
        if found:
            return _Header(
                None, Fields(level_said(line, found.end()) if level is Level.UNKNOWN else level, "", found.end())
            )
        found = _BASIC.match(line) or _ANDROID_SHORT.match(line) or _NET.match(line)
        if found:
            return _Header(None, Fields(level_named(found["level"]), found["program"], found.end()))
        fields = read_level_first(line)
        if fields is None and start:
            syslog = _SYSLOG.match(f" {line[start:]}")
            end = start + syslog.end() - 1 if syslog else start
            fields = Fields(level, syslog["program"] if syslog else "", end)
        return _Header(None, fields) if fields else None


def _priority_level(line: str) -> Level:
    found = _PRIORITY.match(line)
    return SYSLOG_LEVELS[int(found["priority"]) % 8] if found else Level.UNKNOWN


def _is_log(data: dict[str, object]) -> bool:
    """Return whether fields are those of a log line and not just some words with `=`."""
    named = read_named(data)
    return named.message is not None and (named.level is not Level.UNKNOWN or named.time is not None)


def _has_numeric_level(data: dict[str, object]) -> bool:
    return any(str(data.get(name)).isdigit() for name in ("level", "severity", "PRIORITY"))


def _is_likely(line: str, stamp: Stamp) -> bool:
    """Return whether what looks like a stamp is one and not some number: hours and whole seconds alone need support."""
    if stamp.form not in _WEAK_FORMS:
        return True
    text = line[stamp.start : stamp.end]
    boxed = line[stamp.start - 1 : stamp.start] in ("[", "(", "<") and stamp.start > 0
    return boxed or "." in text or "," in text or text[-1] in "mM" or (_SUPPORT.match(line, stamp.end) is not None)


def _may_lead(lead: re.Match[str]) -> bool:
    level = lead.groupdict().get("level")
    return level is None or level_named(level) is not Level.UNKNOWN


def _is_syslog(line: str, stamp: Stamp, found: re.Match[str]) -> bool:
    host, pid = found["host"] or "", found["pid"]
    if level_named(host) is not Level.UNKNOWN or level_named(found["program"]) is not Level.UNKNOWN:
        return False
    if pid and level_named(pid) is not Level.UNKNOWN and not pid.isdecimal():
        return False
    if stamp.form == "syslog":
        return bool(host or pid or found["program"][0].islower())
    zoned = stamp.form == "iso" and "T" in line[stamp.start : stamp.end] and line[stamp.end - 1] in "Z0123456789"
    if not host:
        return zoned and pid is not None
    return pid is not None or (zoned and not host[:1].isupper())
