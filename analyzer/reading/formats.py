"""The format of a source's lines, as its user writes it: `{timestamp} [{level}] {program}: {message}`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from analyzer.levels import Level, level_named, level_said
from analyzer.reading.headers import HeaderParser, Layout
from analyzer.reading.records import LogRecord
from analyzer.reading.stamps import Read, StampReader
from runtime.expressions import Expression, InvalidExpression

NAMED = ("auto", "docker", "plain")
"""Formats that have a name of their own."""

FIELDS = ("timestamp", "level", "program", "message")

_BEGINNINGS = ("{", "(?P<")
_FIELD = re.compile(r"\{(\w*)(?::([^{}]*))?\}")
_DIRECTIVE = re.compile(r"%.")
_DIRECTIVES = {
    **dict.fromkeys(("%d", "%m", "%H", "%I", "%M", "%S", "%y"), r"\d{1,2}"),
    **dict.fromkeys(("%b", "%B", "%a", "%A", "%p"), r"[^\W\d_]{1,12}"),
    **{"%Y": r"\d{4}", "%f": r"\d{1,6}", "%j": r"\d{1,3}", "%z": r"(?:Z|[+-]\d\d:?\d\d)", "%%": "%"},
}
_LONGEST = 500


def is_definition(text: str) -> bool:
    """Return whether a text defines a format, rather than naming one."""
    return any(beginning in text for beginning in _BEGINNINGS)


class InvalidFormat(ValueError):
    """A format of the user's own that cannot be used.

    Attributes: definition, problem (what is wrong and what to write instead).
    """

    def __init__(self, definition: str, problem: str) -> None:
        super().__init__(definition, problem)
        self.definition = definition
        self.problem = problem

    def __str__(self) -> str:
        return f"format {self.definition!r}: {self.problem}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A field of a simple format and the text behind it. directives: of its time, as strptime has them."""

    name: str
    behind: str
    directives: str = ""


@dataclass(frozen=True, slots=True)
class _Written:
    """What a line of a format holds. stamp: where its time stands."""

    fields: Mapping[str, str]
    stamp: tuple[int, int] | None


class LineFormat:
    """How lines are written.

    definition: text with the fields `{timestamp}`, `{level}`, `{program}`, `{message}`; `{}` is what does not matter,
    and a space stands for any white space. Times of any usual form are recognised; another is written out with
    strptime's directives, `{timestamp:%d.%m.%Y %H:%M}`. Or a regular expression in RE2's syntax with groups of these
    names. Raises InvalidFormat.
    """

    def __init__(self, definition: str) -> None:
        self.definition = definition
        if len(definition) > _LONGEST:
            raise InvalidFormat(definition[:40], f"has {len(definition)} characters, at most {_LONGEST} are taken")
        self._expression = self._compile() if _BEGINNINGS[1] in definition else None
        self._beginning, self._pieces = ("", ()) if self._expression else self._split()
        names = self._expression.field_names if self._expression else [piece.name for piece in self._pieces]
        for name in names:
            if name and name not in FIELDS:
                raise InvalidFormat(definition, f"has the field {name!r}: the fields are {', '.join(FIELDS)} and {{}}")
        if "message" not in names:
            raise InvalidFormat(definition, "has no field message: end it with {message}")
        self.directives = next((piece.directives for piece in self._pieces if piece.directives), "")
        self._time = _expression_of(definition, self.directives) if self.directives else None

    def read(self, line: str, stamps: StampReader) -> _Written | None:
        """Return the fields of a line, None if it is written in another way."""
        if self._expression is not None:
            fields = self._expression.fields(line)
            return _Written(fields, _span_of(line, fields.get("timestamp", ""))) if fields else None
        if not line.startswith(self._beginning):
            return None
        place, fields, span = len(self._beginning), {}, None
        for number, piece in enumerate(self._pieces):
            if piece.name == "timestamp":
                span = self._stamp_at(line, place, stamps)
                if span is None or not line.startswith(piece.behind, span[1]):
                    return None
                end = span[1]
            elif number == len(self._pieces) - 1 and not piece.behind:
                end = len(line)
            else:
                end = line.find(piece.behind, place) if piece.behind else place
                if end < 0:
                    return None
            fields[piece.name] = line[place:end]
            place = end + len(piece.behind)
            while piece.behind.endswith(" ") and line[place : place + 1].isspace():
                place += 1
        return _Written(fields, span)

    def _stamp_at(self, line: str, place: int, stamps: StampReader) -> tuple[int, int] | None:
        if self._time is not None:
            found = self._time.match(line, place)
            return found.span() if found else None
        stamp = stamps.match(line, place)
        return (stamp.start, stamp.end) if stamp else None

    def _compile(self) -> Expression:
        try:
            return Expression("format", self.definition)
        except InvalidExpression as error:
            raise InvalidFormat(self.definition, error.problem) from None

    def _split(self) -> tuple[str, tuple[_Piece, ...]]:
        found = list(_FIELD.finditer(self.definition))
        if not found:
            return "", ()
        ends = [one.start() for one in found[1:]] + [len(self.definition)]
        behind = [self.definition[one.end() : end] for one, end in zip(found, ends, strict=True)]
        if any(not text for text in behind[:-1]):
            raise InvalidFormat(self.definition, "has two fields side by side: write what stands between them")
        pieces = [_Piece(one[1], text, one[2] or "") for one, text in zip(found, behind, strict=True)]
        for piece in pieces:
            if piece.directives and piece.name != "timestamp":
                raise InvalidFormat(self.definition, f"{piece.name} cannot be written out: only timestamp can")
        return self.definition[: found[0].start()], tuple(pieces)


class FormatParser(HeaderParser):
    """Takes lines apart that are written in a format of the user's own; any other line has no header."""

    def __init__(self, line_format: LineFormat, now: Callable[[], datetime], timezone: tzinfo | None = None) -> None:
        super().__init__(now, timezone)
        self._format = line_format
        self._by_directives = self._stamps.reader_of(line_format.directives) if line_format.directives else None

    def parse(self, line: str) -> tuple[LogRecord, bool]:
        """Return the record that a line is, and whether it is written in the format."""
        written = self._format.read(line, self._stamps)
        if written is None:
            return LogRecord(None, level_said(line), "", line), False
        fields, message = written.fields, written.fields["message"]
        level = level_named(fields.get("level", ""))
        moment = None
        if written.stamp is not None:
            read = self._reader(line, written.stamp)
            moment = read(line[slice(*written.stamp)]) if read else None
        program = fields.get("program", "").strip()
        return LogRecord(moment, level_said(message) if level is Level.UNKNOWN else level, program, message), True

    def layout(self, line: str) -> Layout | None:
        """Return how a line is laid out, None if nothing can be told of others like it."""
        written = self._format.read(line, self._stamps)
        read = self._reader(line, written.stamp) if written and written.stamp else None
        if written is None or written.stamp is None or read is None:
            return None
        stamp = None if self._by_directives else self._stamps.match(line, written.stamp[0])
        return Layout(*written.stamp, read, stamp.seconds if stamp else None)

    def _reader(self, line: str, span: tuple[int, int]) -> Read | None:
        if self._by_directives is not None:
            return self._by_directives
        stamp = self._stamps.match(line, span[0])
        return stamp.read if stamp and stamp.end == span[1] else None


class PlainParser(HeaderParser):
    """Takes each line as it stands, for sources whose lines have no header."""

    def parse(self, line: str) -> tuple[LogRecord, bool]:
        """Return the line as a record without time, level and program."""
        return LogRecord(None, Level.UNKNOWN, "", line), False


def _span_of(line: str, text: str) -> tuple[int, int] | None:
    start = line.find(text) if text else -1
    return (start, start + len(text)) if start >= 0 else None


def _expression_of(definition: str, directives: str) -> re.Pattern[str]:
    """Return what finds times written by strptime's directives."""
    for found in _DIRECTIVE.findall(directives):
        if found not in _DIRECTIVES:
            raise InvalidFormat(definition, f"{found} is not known: use {' '.join(_DIRECTIVES)}")
    if "%Y" not in directives and "%y" not in directives:
        raise InvalidFormat(definition, "its time has no year: add %Y, or write {timestamp} alone")
    parts = re.split(r"(%.)", directives)
    return re.compile("".join(_DIRECTIVES.get(part) or re.escape(part) for part in parts))
