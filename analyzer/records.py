"""Line -> LogRecord: the header (time, level, program) is found by itself; lines of a traceback are one record."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from analyzer.stamps import Read, StampReader

LONGEST_DETAIL = 16_384
"""Characters kept of the lines that follow a record's first one."""


class Level(StrEnum):
    """How grave a program says its message is; UNKNOWN where it says nothing."""

    CRITICAL = "CRITICAL"
    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"
    DEBUG = "DEBUG"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def parse(cls, text: str) -> "Level":
        """Return the level that a word names, in English or Japanese. Raises ValueError for any other word."""
        level = _LEVELS.get(text.strip().lower())
        if level is None:
            raise ValueError(f"level {text!r}: expected one of {', '.join(cls)}, or a Japanese word for one")
        return level


_NAMES = {
    Level.CRITICAL: "critical crit fatal emerg emergency alert panic severe f c 重大 致命的 緊急",
    Level.ERROR: "error err e failure エラー 異常 障害",
    Level.WARNING: "warning warn w 警告 注意",
    Level.INFO: "info information informational notice i n 情報 通知",
    Level.DEBUG: "debug trace verbose fine finer finest d v デバッグ",
    Level.UNKNOWN: "unknown",
}
_LEVELS = {name: level for level, names in _NAMES.items() for name in names.split()}
_UPPER = "CRITICAL|CRIT|FATAL|EMERG(?:ENCY)?|ALERT|PANIC|SEVERE|ERROR|ERR|WARNING|WARN|INFO|NOTICE|DEBUG|TRACE|VERBOSE"
_JAPANESE = "重大|致命的|緊急|エラー|警告|注意|情報|通知|デバッグ"
_WORD = "critical|crit|fatal|emerg(?:ency)?|alert|panic|severe|error|err|warning|warn|info|notice|debug|trace"
_MONTHS = {name: i for i, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}  # noqa: SIM905
_SYSLOG_LEVELS = (Level.CRITICAL,) * 3 + (Level.ERROR, Level.WARNING, Level.INFO, Level.INFO, Level.DEBUG)


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One thing a program said.

    timestamp: aware, None where the line has none. program: logger, process or tag, "" if not given.
    message: the first line without its header. detail: the lines that followed it, such as a traceback.
    """

    timestamp: datetime | None
    level: Level
    program: str
    message: str
    detail: str = ""

    @property
    def summary(self) -> str:
        """The message, and the exception that a traceback ends with."""
        if not self.detail and not self.message.startswith("Traceback"):
            return self.message
        exceptions = _EXCEPTION_LINE.findall(self.detail)
        if not exceptions:
            return self.message
        if self.message.startswith("Traceback"):
            return str(exceptions[-1])
        return f"{self.message}: {exceptions[-1]}"


_ISO = (
    r"\d{4}(?P<sep>[-/.])\d\d(?P=sep)\d\d[T\ _-]\d\d[:.]\d\d[:.]\d\d(?:[.,]\d{1,9})?"
    r"(?:\ ?(?:Z\b|UTC\b|JST\b|[+-]\d\d:?\d\d\b))?"
)
_CTIME = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\ )?[A-Z][a-z]{2}\ [\ \d]\d\ \d\d:\d\d:\d\d(?:\.\d+)?(?:\ \d{4}\b)?"
_CLF = r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\ [+-]\d{4}"
_SHORT = (
    r"\d\d[-/]\d\d\ \d\d:\d\d:\d\d\.\d{3}|\d\d/\d\d/\d\d\ \d\d:\d\d:\d\d|\d{6}\ \d{6}\b|\d{8}-\d\d?:\d\d?:\d\d?:\d{1,3}"
)
_EPOCH = r"1\d{9}(?:\.\d{1,9}|\d{3})?(?![\d.])"
_JA = r"\d{4}年\d\d?月\d\d?日\s?\d\d?[時:]\d\d?[分:](?:\d\d?秒?)?"
_STAMP = re.compile(
    rf"(?x)(?:\S+\ ){{0,4}}?\[?(?:(?P<iso>{_ISO})|(?P<clf>{_CLF})|(?P<ctime>{_CTIME})|(?P<short>{_SHORT})"
    rf"|(?P<ja>{_JA}))\]?"
    r"(?=[\s,|\]:.\-]|$)[\s,|:\-]*"
)
_EPOCH_STAMP = re.compile(rf"\[?(?P<epoch>{_EPOCH})\]?[\s,|:\-]+")
_ACCESS = re.compile(
    r'(?P<host>\S+)\ \S+\ (?:\S+|"[^"]*")\ \[(?P<clf>'
    + _CLF
    + r')\]\ (?P<request>"(?:[^"\\]|\\.)*"\ (?P<status>\d{3})\b.*)'
)
_PRIORITY = re.compile(r"<(\d{1,3})>(?:1 )?")
_RFC5424 = re.compile(r"\S+ (?P<program>\S+) \S+ \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)\s?")
_SYSLOG_TAG = re.compile(r"(?P<host>[\w.:-]+) (?P<program>[\w./-]+(?:\([^)]*\))?)(?:\[\d+\])?: ?")
_HOST = re.compile(r"(?:[\w.-]+(?:/[\w.-]+)?) ")
_ANDROID = re.compile(r"\d+\s+\d+ (?P<level>[VDIWEFA]) (?P<program>[^:]{1,60}?)\s*: ?")
_UPPER_LEVEL = re.compile(
    r"(?:[a-z_]+\s+(?:-\s+)?|[\w.$]+:\s+)?(?:(?=\S*[^a-z\s])\S*[^\s:]\s+|-\s+){0,5}?"
    rf"[\[(<【|]?(?P<level>{_UPPER}|{_JAPANESE})[\])>】]?(?=[\s:|,\-\[【]|$)[\s:|,\-]*"
)
_BRACKET_LEVEL = re.compile(rf"(?i)[\[(<【](?:[\w.]+:)?(?P<level>{_WORD}|{_JAPANESE})[\])>】][\s:|,\-]*")
_COMMA_LEVEL = re.compile(rf"(?i)(?P<level>{_WORD}|information|informational)(?=\s{{2,}}|\s?:|\s-\s|\|)[\s:|\-]*")
_FIELD = re.compile(
    r"""(?x)
      (?P<last>\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]\s-\s+)
    | \[(?:pid|client|tid)\b[^\]]*\][\s:]* | \d+\#\d+:\s(?:\*\d+\s)? | -{1,3}\s+
    | \[\d+\][:\s]+ | \d{1,8}(?:\s+|\|)(?=[\[-]|[A-Za-z_][\w$]*\.)
    | \[(?:[^\[\]:]|\[[^\[\]]*\]){1,200}\](?=\s|:|$)[\s:]*
    | (?P<program>[A-Za-z_][\w$-]*(?:[./$][\w$-]+)+(?:\[\d+\])?|[A-Za-z_][\w-]*\[\d+\])
      (?<!Error)(?<!Exception)(?:\s-\s+|:\s+|\|)
    | (?P<logger>[a-z_]\w*(?:\.[\w$]+){1,8})(?<!Error)(?<!Exception)\s+(?=[\[-])
    """
)
_BASIC = re.compile(rf"(?P<level>{_UPPER}):(?P<program>[\w.]+):")
_LEVEL_FIRST = re.compile(
    rf"\s*(?:[\[(<【](?P<boxed>(?i:{_WORD})|{_JAPANESE})[\])>】]|(?P<upper>{_UPPER})\b"
    rf"|(?P<word>(?i:{_WORD})|{_JAPANESE})(?=\s?[:：]))[\s:：\-|]*"
)
_LOGFMT = re.compile(r'([A-Za-z_][\w.]*)=("(?:[^"\\]|\\.)*"|\S*)')
_JSON_KEYS = {
    "time": ("@timestamp", "timestamp", "time", "ts", "asctime", "datetime", "date"),
    "level": ("level", "severity", "levelname", "log.level", "lvl", "loglevel", "log_level"),
    "program": ("logger", "name", "service", "service.name", "log.logger", "logger_name", "program", "app"),
    "message": ("message", "msg", "event", "log", "text"),
}
_EXCEPTION_LINE = re.compile(
    r"^(?:Caused by: )?((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning|Timeout)\b(?::.*)?)$",
    re.MULTILINE,
)
_CONTINUES = re.compile(
    r"\s|$|Traceback \(most recent call last\)|Caused by: |\.\.\. \d+ more|During handling of the above"
    r"|The above exception was|at [\w.$<>]+\(|[)\]}]+[,;]?$"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How one line is laid out, to read others that differ from it only in digits.

    start, end: where the time stamp stands, equal if there is none. read: what reads it. message_start: where the
    message begins in this very line, None where it is not the line's end (JSON). level_of: tells the level where it
    hangs on digits, such as an HTTP status.
    """

    start: int
    end: int
    read: Read
    level: Level
    program: str
    message_start: int | None
    level_of: Callable[[str], Level] | None = None

    def moment(self, line: str) -> datetime | None:
        """Return when a line of this layout was said; None if its stamp stands elsewhere: then it must be parsed."""
        if line[self.end : self.end + 1].isdigit():
            return None
        return self.read(line[self.start : self.end])


class HeaderParser:
    """Finds the header of lines; remembers what the last one looked like.

    now: for years that a line leaves out. timezone: of times without offset; None is this machine's.
    """

    def __init__(self, now: Callable[[], datetime], timezone: tzinfo | None = None) -> None:
        self._now = now
        self._timezone = timezone
        self._stamps = StampReader(now, timezone)

    def layout(self, line: str) -> Layout | None:
        """Return how a line is laid out, None if nothing can be told of others like it."""
        record, _ = self.parse(line)
        found = _STAMP.match(line)
        kind = found.lastgroup if found else None
        stamp = self._stamps.match(line, found.start(kind)) if found and kind else None
        if stamp is None or not line.endswith(record.message) or line.startswith(("<", "{")) or '] "' in line:
            return None
        begin = len(line) - len(record.message)
        return Layout(stamp.start, stamp.end, stamp.read, record.level, record.program, begin)

    def parse(self, line: str) -> tuple[LogRecord, bool]:
        """Return the record that a line is, and whether it has a header."""
        if line.startswith("{"):
            record = self._json(line)
            if record is not None:
                return record, True
        priority = _PRIORITY.match(line) if line.startswith("<") else None
        if priority:
            line = line[priority.end() :]
        record = self._access(line) or self._stamped(line, priority) or self._unstamped(line)
        if record is not None:
            return record, True
        return LogRecord(None, Level.UNKNOWN, "", line), False

    def _json(self, line: str) -> LogRecord | None:
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(data, dict):
            return None
        flat = _flat(data)
        message = _first(flat, "message")
        stamp = _first(flat, "time")
        exception = flat.get("exc_info") or flat.get("exception") or flat.get("error.stack_trace") or ""
        return LogRecord(
            self._loose_time(stamp),
            _loose_level(_first(flat, "level")),
            str(_first(flat, "program") or ""),
            line if message is None else str(message),
            str(exception)[:LONGEST_DETAIL],
        )

    def _access(self, line: str) -> LogRecord | None:
        if '] "' not in line:
            return None
        found = _ACCESS.match(line)
        if found is None:
            return None
        status = found["status"]
        level = Level.ERROR if status[0] == "5" else Level.WARNING if status[0] == "4" else Level.INFO
        return LogRecord(self._clf(found["clf"]), level, "", f"{found['host']} {found['request']}")

    def _stamped(self, line: str, priority: re.Match[str] | None) -> LogRecord | None:
        found = _STAMP.match(line) or _EPOCH_STAMP.match(line)
        if found is None:
            return None
        kind = found.lastgroup or ""
        moment = self._time(kind, found[kind])
        if moment is None:
            return None
        level = _SYSLOG_LEVELS[int(priority[1]) % 8] if priority else Level.UNKNOWN
        rest = line[found.end() :]
        syslog = _SYSLOG_TAG.match(rest) if kind in ("iso", "ctime") else None
        if priority and line[: found.start(kind)] == "" and kind == "iso":
            structured = _RFC5424.match(rest)
            if structured:
                return LogRecord(moment, level, structured["program"].strip("-"), rest[structured.end() :])
        if syslog and syslog["host"].upper() not in _LEVEL_WORDS:
            message = rest[syslog.end() :]
            return LogRecord(moment, level if priority else _level_said(message), syslog["program"], message)
        if kind == "short":
            android = _ANDROID.match(rest)
            if android:
                return LogRecord(moment, _loose_level(android["level"]), android["program"], rest[android.end() :])
        if kind == "ctime" and not rest.startswith("["):
            host = _HOST.match(rest)
            rest = rest[host.end() :] if host else rest
        return _fields(moment, level, rest)

    def _unstamped(self, line: str) -> LogRecord | None:
        basic = _BASIC.match(line)
        if basic:
            return LogRecord(None, Level.parse(basic["level"]), basic["program"], line[basic.end() :])
        if "level=" in line or "lvl=" in line:
            pairs = {key: value.strip('"') for key, value in _LOGFMT.findall(line)}
            if any(key in pairs for key in ("msg", "message")):
                moment = self._loose_time(_first(pairs, "time"))
                level = _loose_level(_first(pairs, "level"))
                return LogRecord(moment, level, str(_first(pairs, "program") or ""), str(_first(pairs, "message")))
        first = _LEVEL_FIRST.match(line)
        if first and first.end() < len(line):
            return LogRecord(None, _loose_level(first[first.lastgroup or 0]), "", line[first.end() :])
        return None

    def _time(self, kind: str, text: str) -> datetime | None:
        try:
            return getattr(self, f"_{kind}")(text)  # type: ignore[no-any-return]
        except (ValueError, OverflowError, OSError, KeyError):
            return None

    def _iso(self, text: str) -> datetime:
        text = text.replace(",", ".")
        head, rest = text[:19], text[19:].strip()
        head = f"{head[:4]}-{head[5:7]}-{head[8:10]}T{head[11:13]}:{head[14:16]}:{head[17:19]}"
        if not rest:
            return self._aware(datetime.fromisoformat(head))
        rest = rest.replace("UTC", "Z").replace("JST", "+09:00").replace(" ", "")
        if rest[0] == ".":
            digits = len(rest) - len(rest[1:].lstrip("0123456789"))
            rest = f".{rest[1:digits][:6]:0<6}{rest[digits:]}"
        return self._aware(datetime.fromisoformat(head + rest))

    def _clf(self, text: str) -> datetime:
        day, month, rest = text.split("/")
        year, hour, minute, second = rest[:-6].split(":")
        offset = f"{text[-5:-2]}:{text[-2:]}"
        return datetime.fromisoformat(f"{year}-{_MONTHS[month]:02d}-{day}T{hour}:{minute}:{second}{offset}")

    def _ctime(self, text: str) -> datetime:
        parts = text.split()
        parts = parts if parts[0] in _MONTHS else parts[1:]
        hour, minute, second = parts[2].split(":")
        whole, _, fraction = second.partition(".")
        clock = (int(hour), int(minute), int(whole), int(f"{fraction:0<6}"[:6]))
        if len(parts) > 3:
            return self._aware(datetime(int(parts[3]), _MONTHS[parts[0]], int(parts[1]), *clock))  # noqa: DTZ001
        return self._without_year(_MONTHS[parts[0]], int(parts[1]), *clock)

    def _short(self, text: str) -> datetime:
        numbers = [int(number) for number in re.findall(r"\d+", text)]
        if len(text) == 18 and "." in text:
            return self._without_year(*numbers[:5], numbers[5] * 1000)
        if len(text) == 13:
            date, clock = text.split()
            numbers = [int(part[i : i + 2]) for part in (date, clock) for i in (0, 2, 4)]
        elif text[8:9] == "-":
            numbers = [int(text[2:4]), int(text[4:6]), int(text[6:8]), *numbers[1:4]]
        year, *rest = numbers
        return self._aware(datetime(2000 + year, *rest))  # type: ignore[arg-type]  # noqa: DTZ001

    def _ja(self, text: str) -> datetime:
        return self._aware(datetime(*(int(number) for number in re.findall(r"\d+", text))))  # type: ignore[arg-type]  # noqa: DTZ001

    def _epoch(self, text: str) -> datetime:
        value = float(text)
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)

    def _without_year(self, month: int, day: int, *clock: int) -> datetime:
        """Return the latest such moment that is not in the future."""
        now = self._now()
        for year in (now.year, now.year - 1):
            moment = self._aware(datetime(year, month, day, *clock))  # type: ignore[arg-type]  # noqa: DTZ001
            if moment <= now + timedelta(days=1):
                break
        return moment

    def _aware(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._timezone) if self._timezone else moment.astimezone()
        return moment.astimezone(UTC)

    def _loose_time(self, value: object) -> datetime | None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._time("epoch", str(value))
        if not isinstance(value, str):
            return None
        found = _STAMP.match(value) or _EPOCH_STAMP.match(f"{value} ")
        return self._time(found.lastgroup or "", found[found.lastgroup or ""]) if found else None


class RecordAssembler:
    """Turns the lines of one file or stream into records; lines of a traceback stay with their record.

    A record is complete when the next begins; `flush` gives out the last one. pending_bytes: the size of the lines,
    line ends included, of the record that is not given out yet.
    """

    def __init__(self, parser: HeaderParser) -> None:
        self._parser = parser
        self._pending: LogRecord | None = None
        self._detail: list[str] = []
        self._detail_size = 0
        self._headed = False
        self._in_traceback = False
        self.pending_bytes = 0

    def feed(self, line: str, size_bytes: int = 0) -> LogRecord | None:
        """Take one line; returns the record that ended with it, if one did."""
        if self._pending is not None and self._belongs(line):
            self._append(line)
            self.pending_bytes += size_bytes
            return None
        done = self.flush()
        if line.strip():
            self._pending, self._headed = self._parser.parse(line)
            self._in_traceback = line.startswith("Traceback ")
        self.pending_bytes = size_bytes
        return done

    def flush(self) -> LogRecord | None:
        """Return the record in hand, if there is one."""
        record, detail = self._pending, self._detail
        self._pending, self._detail, self._detail_size, self._in_traceback = None, [], 0, False
        self.pending_bytes = 0
        if record is None or not detail:
            return record
        text = "\n".join(detail).strip("\n")
        return LogRecord(record.timestamp, record.level, record.program, record.message, text or record.detail)

    def _belongs(self, line: str) -> bool:
        if _CONTINUES.match(line):
            self._in_traceback = self._in_traceback or line.startswith(("Traceback ", "Caused by"))
            return True
        if (self._in_traceback or self._headed) and _EXCEPTION_LINE.match(line):
            self._in_traceback = False
            return True
        return False

    def _append(self, line: str) -> None:
        if self._detail_size < LONGEST_DETAIL:
            self._detail.append(line)
            self._detail_size += len(line) + 1
        elif _EXCEPTION_LINE.match(line):
            self._detail[-1] = line


_LEVEL_WORDS = frozenset(name.upper() for name in _LEVELS) | {"-"}


def _fields(moment: datetime | None, level: Level, rest: str) -> LogRecord:
    """Read what stands between a time stamp and the message."""
    program = ""
    found = _BRACKET_LEVEL.match(rest) or _UPPER_LEVEL.match(rest) or _COMMA_LEVEL.match(rest)
    if found:
        level = Level.parse(found["level"])
        before = re.findall(r"[A-Za-z_][\w.$/-]*", rest[: found.start("level")])
        program = before[-1] if before else ""
        rest = rest[found.end() :]
    for _ in range(4):
        field = _FIELD.match(rest)
        if field is None or field.end() == len(rest):
            break
        program = program or (field["program"] or field["logger"] or "").partition("[")[0]
        rest = rest[field.end() :]
        if field["program"] or field["last"]:
            break
    return LogRecord(moment, _level_said(rest) if level is Level.UNKNOWN else level, program, rest)


def _level_said(message: str) -> Level:
    """Return the level that a message itself begins with."""
    first = _LEVEL_FIRST.match(message)
    return _loose_level(first[first.lastgroup or 0]) if first else Level.UNKNOWN


def _loose_level(value: object) -> Level:
    if isinstance(value, int) and not isinstance(value, bool):
        steps = ((50, Level.CRITICAL), (40, Level.ERROR), (30, Level.WARNING), (20, Level.INFO))
        return next((level for limit, level in steps if value >= limit), Level.DEBUG)
    return _LEVELS.get(str(value).strip().lower(), Level.UNKNOWN)


def _flat(data: dict[str, Any]) -> dict[str, Any]:
    return dict(_pairs(data, ""))


def _pairs(data: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, dict) and prefix.count(".") < 2:
            yield from _pairs(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _first(data: dict[str, Any] | dict[str, str], what: str) -> Any:
    return next((data[key] for key in _JSON_KEYS[what] if data.get(key) not in (None, "")), None)
