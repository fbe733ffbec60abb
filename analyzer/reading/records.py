"""Lines -> records: a traceback, a stack or a printed object is one record with the line that it belongs to."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from analyzer.levels import Level
from analyzer.reading.structured import unwrapped

LONGEST_DETAIL = 16_384
"""Characters kept of the lines that follow a record's first one."""

MOST_LINES = 2_000
"""A record ends with so many lines: what goes on for ever is not one."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One thing a program said.

    timestamp: aware, None where the line has none. program: logger, process or tag, "" if not given.
    message: the first line without its header. detail: the lines that followed it, such as a traceback.
    cause: the error that was said beside the message: what a traceback ends with, or a field of a JSON line.
    """

    timestamp: datetime | None
    level: Level
    program: str
    message: str
    detail: str = ""
    cause: str = ""

    @property
    def summary(self) -> str:
        """The message with its cause."""
        if not self.cause:
            return self.message
        if _TRACEBACK.match(self.message) or _THROWN_AT.match(self.message):
            return self.cause
        return f"{self.message.rstrip(' :')}: {self.cause}"


_TRACEBACK = re.compile(r"\s*(?:\+ Exception Group )?Traceback \(most recent call last\)")
_CONTINUES = re.compile(
    r"""(?x)
      \s | $
    | Traceback\ \(most\ recent\ call\ last\) | During\ handling\ of\ the\ above | The\ above\ exception\ was
    | Caused\ by:\ | Suppressed:\ | Wrapped\ by:\ | \.\.\.\ \d+\ (?:more|common)
    | at\ [\w.$<>/]{1,200}[(\ ] | [)\]}]+[,;]?$
    | goroutine\ \d+\ \[ | created\ by\ \S | exit\ status\ \d | \[signal\ SIG
    | Stack\ trace:$ | stack\ backtrace:$ | \#\d+\ +(?:/|\{|0x|[\w\\]+(?:->|::|\()) | note:\ run\ with
    | ---\ End\ of\ | --->\ | [\w./-]{1,200}\.rb:\d+:in\ (?!.*\([\w:]+\)$) | from\ \S{1,200}:\d+:in\ | Node\.js\ v\d
    """
)
_EXCEPTION = re.compile(
    r"""(?x)
    (?:[\ |+]*\|\ |Caused\ by:\ |Wrapped\ by:\ |Unhandled\ exception\.\ |Uncaught\ )?
    (?P<cause>
      (?:[A-Za-z_][\w$]{0,80}(?:\.|::|\\)){0,12}[A-Z]\w{0,80}
      (?:Error|Exception|Exit|Interrupt|Warning|Timeout|Failure|Fault|NotFound|Group|Iteration)
      (?:\ \[\w+\]|\$\w+)?(?::.*|\ \(.*)?
    | (?:Error|Exception):\ .*
    | (?:[a-z]\w{0,40}\.){2,12}[A-Z][\w$]{0,80}:\ .*
    )$
    """
)
_NAMED = re.compile(r"(?!(?:CRITICAL|ERROR|WARNING|INFO|DEBUG)\b)(?P<cause>[A-Za-z_][\w.]{0,200}(?::\ .*)?)$")
_GO_FRAME = re.compile(r"(?=\S*\.)[\w./*()\[\]{}-]{1,300}\(.*\)$|\[(?:recovered|repanicked)|panic(?:: |\()")
_PANIC = re.compile(r"panic: |fatal error: |goroutine \d+ \[")
_RUST_PANIC = re.compile(r"thread '[^']{0,100}' panicked at .*:\d+:$")
_THROWN_AT = re.compile(r"(?:file://)?[\w./\\:-]{1,300}:\d+$")
_RUBY_RAISED = re.compile(r"[\w./-]{1,200}\.rb:\d+:in .*\((?:\w+::)*\w*(?:Error|Exception)\)$")
_INDENTED_HEADER = re.compile(r"\s{1,4}(?=[\[<]?(?:[A-Z]{4,8}\b|\d{4}[-/]|\d\d[:/-]\d\d|[A-Z][a-z]{2} [ \d]\d ))")
_JAVA_FRAME = re.compile(r"\s+at [\w.$<>/]{1,200}\(|Caused by: |\s*\.\.\. \d+ (?:more|common)")


class LineParser(Protocol):
    """Takes lines apart."""

    def parse(self, line: str) -> tuple[LogRecord, bool]:
        """Return the record that a line is, and whether it has a header."""
        ...


class RecordAssembler:
    """Turns the lines of one file or stream into records; lines of a traceback stay with their record.

    A record is complete when the next begins; `flush` gives out the last one. pending_bytes: the size of the lines,
    line ends included, of the record that is not given out yet.
    """

    def __init__(self, parser: LineParser) -> None:
        self._parser = parser
        self._clear()

    def _clear(self) -> None:
        self._pending: LogRecord | None = None
        self._first = ""
        self._headed = False
        self._detail: list[str] = []
        self._detail_size = 0
        self._lines = 0
        self._cause = ""
        self._within = ""
        self.pending_bytes = 0

    @staticmethod
    def may_continue(line: str) -> bool:
        """Return whether a line may belong to the record before it; any other line begins one."""
        return any(expression.match(line) for expression in (_CONTINUES, _EXCEPTION, _GO_FRAME))

    def feed(self, line: str, size_bytes: int = 0, said_at: datetime | None = None) -> LogRecord | None:
        """Take one line; returns the record that ended with it, if one did.

        said_at: the time of the line where it tells none itself.
        """
        parsed = None
        if self._pending is not None and self._lines < MOST_LINES:
            text = unwrapped(line)
            own_header = _INDENTED_HEADER.match(text) is not None
            if self._pending.message and not own_header and self._belongs(text):
                self._append(text, size_bytes)
                return None
            parsed = self._parser.parse(line)
            if self._goes_on(parsed[0], line if own_header else None, size_bytes):
                return None
        done = self.flush()
        if line.strip():
            record, headed = parsed or self._parser.parse(line)
            self._begin(line, replace(record, timestamp=record.timestamp or said_at) if said_at else record, headed)
        self.pending_bytes = size_bytes
        return done

    def _goes_on(self, record: LogRecord, line: str | None, size_bytes: int) -> bool:
        """Take a line that goes on with the record in hand, though that is seen only now that it is parsed.

        line: one that is indented, but could have had a header.
        """
        pending = self._pending
        if pending is None:
            return False
        if not pending.message and record.timestamp is None:
            self._say(record, size_bytes)
        elif self._is_wrapped(record):
            self._append(record.message, size_bytes)
        elif line is not None and record.timestamp is None and self._belongs(line):
            self._append(line, size_bytes)
        else:
            return False
        return True

    def flush(self) -> LogRecord | None:
        """Return the record in hand, if there is one."""
        record, detail, cause, first = self._pending, "\n".join(self._detail).strip("\n"), self._cause, self._first
        failed = bool(cause or self._within)
        self._clear()
        if record is None:
            return None
        if first.strip() == "{" and detail:
            printed, named = self._parser.parse("{" + " ".join(line.strip() for line in detail.split("\n")))
            if named:
                return printed
        if not record.message:
            record = replace(record, message=record.program or first)
        if not detail:
            return record
        level = Level.ERROR if failed and record.level is Level.UNKNOWN else record.level
        return replace(record, level=level, detail=detail, cause=cause or record.cause)

    def _begin(self, line: str, record: LogRecord, headed: bool) -> None:
        self._first, self._headed, self._lines = line, headed, 1
        self._note(record.message)
        self._cause = ""  # what the first line says is the message
        self._pending = replace(record, level=_level_of(record.message)) if record.level is Level.UNKNOWN else record

    def _say(self, record: LogRecord, size_bytes: int) -> None:
        """Take the message of a record whose first line was a header alone."""
        pending = self._pending
        if pending is None or not record.message.strip():
            self.pending_bytes += size_bytes
            return
        level = pending.level if record.level is Level.UNKNOWN else record.level
        program, message = pending.program or record.program, record.message.strip()
        self._pending = LogRecord(pending.timestamp, level, program, message)
        self._note(message)
        self._lines += 1
        self.pending_bytes += size_bytes

    def _belongs(self, line: str) -> bool:
        if _CONTINUES.match(line):
            return not (_TRACEBACK.match(line) and self._is_harmless())
        if self._within == "rust":
            return True
        if self._within == "go":
            return _GO_FRAME.match(line) is not None
        if self._within == "python":
            return _NAMED.match(line) is not None
        may_name_exception = (self._headed and not self._is_harmless()) or self._within
        return bool(may_name_exception) and not self._cause and _EXCEPTION.match(line) is not None

    def _is_harmless(self) -> bool:
        """Return whether what is in hand is no failure: then an exception that follows is another record."""
        level = self._pending.level if self._pending else Level.UNKNOWN
        return level in (Level.INFO, Level.DEBUG) and not any(self._detail)

    def _is_wrapped(self, record: LogRecord) -> bool:
        """Return whether a line with a header of its own goes on with a traceback, as in syslog."""
        pending = self._pending
        if pending is None or not record.program or record.program != pending.program:
            return False
        if self._within:
            return self._belongs(record.message)
        return _JAVA_FRAME.match(record.message) is not None

    def _append(self, line: str, size_bytes: int) -> None:
        self._note(line)
        self._lines += 1
        self.pending_bytes += size_bytes
        if self._detail_size < LONGEST_DETAIL:
            self._detail.append(line[: LONGEST_DETAIL - self._detail_size])
            self._detail_size += len(line) + 1

    def _note(self, text: str) -> None:
        """Keep in mind what a line tells of those that follow it, and the exception that it names."""
        ended = _NAMED.match(text) if self._within == "python" else None
        if ended:
            self._within, self._cause = "", ended["cause"]
        elif self._within == "rust":
            self._within, self._cause = "", text
        elif text.startswith("Traceback "):  # the lines of an exception group are indented, its end too
            self._within = "python"
        elif _PANIC.match(text):
            self._within = "go"
        elif _RUST_PANIC.match(text):
            self._within = "rust"
        elif self._lines == 1 and _THROWN_AT.match(text):
            self._within = "thrown"
        else:
            found = _EXCEPTION.match(text)
            self._cause = found["cause"] if found else self._cause


def _level_of(message: str) -> Level:
    """Return the level of a failure that says none itself."""
    if _PANIC.match(message) or _RUST_PANIC.match(message):
        return Level.CRITICAL
    found = _EXCEPTION.match(message)
    failed = (
        _TRACEBACK.match(message)
        or _RUBY_RAISED.match(message)
        or (found and "Warning" not in found["cause"].partition(":")[0])
    )
    return Level.ERROR if failed else Level.UNKNOWN
