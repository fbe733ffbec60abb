"""Line -> LogRecord: the header (time, level, program) is found by itself; lines of a traceback are one record."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from analyzer.levels import Level

__all__ = ["LONGEST_DETAIL", "Level", "LineParser", "LogRecord", "RecordAssembler"]

LONGEST_DETAIL = 16_384
"""Characters kept of the lines that follow a record's first one."""


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
    cause: str = ""

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


_EXCEPTION_LINE = re.compile(
    r"^(?:Caused by: )?((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning|Timeout)\b(?::.*)?)$",
    re.MULTILINE,
)
_CONTINUES = re.compile(
    r"\s|$|Traceback \(most recent call last\)|Caused by: |\.\.\. \d+ more|During handling of the above"
    r"|The above exception was|at [\w.$<>]+\(|[)\]}]+[,;]?$"
)


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
        self._pending: LogRecord | None = None
        self._detail: list[str] = []
        self._detail_size = 0
        self._headed = False
        self._in_traceback = False
        self.pending_bytes = 0

    @staticmethod
    def may_continue(line: str) -> bool:
        """Return whether a line may belong to the record before it; any other line begins one."""
        return _CONTINUES.match(line) is not None or _EXCEPTION_LINE.match(line) is not None

    def feed(self, line: str, size_bytes: int = 0, said_at: datetime | None = None) -> LogRecord | None:
        """Take one line; returns the record that ended with it, if one did.

        said_at: the time of the line where it tells none itself.
        """
        if self._pending is not None and self._belongs(line):
            self._append(line)
            self.pending_bytes += size_bytes
            return None
        done = self.flush()
        if line.strip():
            self._pending, self._headed = self._parser.parse(line)
            if said_at is not None and self._pending.timestamp is None:
                self._pending = replace(self._pending, timestamp=said_at)
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
