"""Which lines are known: those that differ from lines seen before only in their digits or identifiers.

Most lines of a log are. Such a line needs no decoding, no search for a header, no masking and no mining: all that is
read of it are the minute of its time stamp and the digits on which its pattern or level hang (a status, an error code).
Keys are hashes of 64 bits, so that nothing of a line is kept; two of 50,000 are alike once in 10 billion runs.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from analyzer.levels import Level
from analyzer.places import DIGITS, Code, Place, StampPlace, codes_of
from analyzer.reading.headers import HeaderParser, Layout
from analyzer.reading.records import LogRecord
from analyzer.reading.stamps import Read
from analyzer.shapes import without_identifiers
from analyzer.sources.lines import decode
from analyzer.stages import Sorted

_MOST_KNOWN = 50_000
_MOST_SEEN = 100_000
_MOST_VARIANTS = 1_024
_LIKE_A_STAMP = re.compile(
    rb".{0,100}?(?:\d[-/.]\d+[-/.]\d+[T ]+\d+:|\d:\d+:\d|\d(?:\xe5\xb9\xb4|\xe6\x97\xa5))", re.DOTALL
)

VariantKey = tuple[bytes | str | None, ...]


@dataclass(slots=True)
class OpenRun:
    """Lines of which a run is made, all alike and of one step of time.

    first, last: of them. said, said_last: when these were said, if they have no time themselves.
    """

    known: "KnownLine"
    step: int
    said: datetime | None
    said_last: datetime | None
    first: bytes
    last: bytes
    count: int = 0


@dataclass(slots=True, eq=False)
class KnownLine:
    """Lines that differ only in digits or identifiers.

    where: where they belong. headless: no header was found in them. stamp: None if they have none. minute: so many
    bytes at their beginning tell the minute; 0 if that is not so simple. buckets: the step of time that a minute lies
    in. run: the one that the last of them was counted in.
    """

    where: Sorted
    headless: bool
    stamp: StampPlace | None
    minute: int
    buckets: dict[bytes, int]
    run: OpenRun | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Varied:
    """Lines that differ only in digits or identifiers, by some of which they belong to different patterns or levels.

    codes: where these digits stand. message: where the text begins that the user's own patterns are looked for in.
    """

    stamp: StampPlace | None
    codes: tuple[Code, ...]
    message: Place | None
    variants: dict[VariantKey, KnownLine] = field(default_factory=dict)

    @property
    def varies(self) -> bool:
        """Whether they can belong to different ones at all."""
        return bool(self.codes) or self.message is not None

    def key(self, line: bytes, match_own: Callable[[str], str | None]) -> VariantKey:
        """Return what the place of a line hangs on."""
        digits = [code.value(line) for code in self.codes]
        if self.message is None:
            return tuple(digits)
        return (*digits, match_own(line[self.message.position(line) :].decode("utf-8", "replace")))


class LineMemory:
    """Remembers the lines of one source.

    parser: finds their headers; None if they have none. match_own: the user's own pattern of a message; None if there
    are no such patterns. fewest_seen: so many lines that are alike must be seen before they are known.
    Attributes: by_key, what is known of lines by the hash of their bytes without digits; `find` knows more.
    """

    def __init__(
        self, parser: HeaderParser | None, match_own: Callable[[str], str | None] | None, *, fewest_seen: int
    ) -> None:
        self._parser = parser
        self._match_own = match_own
        self._fewest_seen = fewest_seen
        self.by_key: dict[int, KnownLine] = {}
        self._varied: dict[int, _Varied] = {}
        self._seen: dict[int, int] = {}
        self._buckets: dict[Read | None, dict[bytes, int]] = {}
        self._size = 0

    def forget_minutes(self) -> None:
        """Forget which minutes mean what: a stamp without date or year comes again."""
        for buckets in self._buckets.values():
            buckets.clear()

    def find(self, line: bytes, key: int) -> KnownLine | None:
        """Return what is known of a line whose key is not in `by_key`."""
        varied = self._varied.get(key)
        if varied is None:
            reduced = without_identifiers(line)
            if len(reduced) == len(line):
                return None
            line, key = reduced, ~hash(reduced.translate(None, DIGITS))
            varied = self._varied.get(key)
            if varied is None:
                return self.by_key.get(key)
        return varied.variants.get(varied.key(line, self._match_own or _none))

    def learn(self, line: bytes, record: LogRecord, where: Sorted) -> None:
        """Note where a line belongs that is a record of its own."""
        self._note(hash(line.translate(None, DIGITS)), line, line, record, where)
        reduced = without_identifiers(line)
        if len(reduced) < len(line) and self._match_own is None:
            self._note(~hash(reduced.translate(None, DIGITS)), line, reduced, record, where)

    def _note(self, key: int, line: bytes, reduced: bytes, record: LogRecord, where: Sorted) -> None:
        if key in self.by_key:
            return
        varied = self._varied.get(key)
        if varied is None and self._times_seen(key) == self._fewest_seen:
            varied = self._know(line, reduced, record)
            if varied is not None and not varied.varies:
                self.by_key[key] = self._made(varied.stamp, record, where)
                return
            if varied is not None:
                self._make_room()
                self._varied[key] = varied
        if varied is None:
            return
        variant = varied.key(reduced, self._match_own or _none)
        if self._times_seen(hash((key, variant))) >= self._fewest_seen:
            if len(varied.variants) >= _MOST_VARIANTS:
                varied.variants.clear()
            varied.variants[variant] = self._made(varied.stamp, record, where)

    def _times_seen(self, key: int) -> int:
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        seen = self._seen[key] = self._seen.get(key, 0) + 1
        return seen

    def _make_room(self) -> None:
        self._size += 1
        if self._size > _MOST_KNOWN:
            for index in (self.by_key, self._varied, self._buckets, self._seen):
                index.clear()
            self._size = 1

    def _made(self, stamp: StampPlace | None, record: LogRecord, where: Sorted) -> KnownLine:
        self._make_room()
        buckets = self._buckets.setdefault(stamp.read if stamp else None, {})
        return KnownLine(where, is_headless(record), stamp, stamp.minute if stamp and stamp.is_simple else 0, buckets)

    def _know(self, line: bytes, reduced: bytes, record: LogRecord) -> _Varied | None:
        """Return how lines like one are read; None if that cannot be told from it. reduced: without identifiers."""
        text = decode(line)
        layout = self._parser.layout(text) if self._parser is not None else None
        if layout is None and (record.timestamp is not None or (self._parser is not None and _may_have_header(line))):
            return None
        stamp = _stamp(line, reduced, text, layout, record) if layout is not None else None
        if layout is not None and stamp is None:
            return None
        message = record.summary.encode("utf-8", "replace")
        if reduced is not line:
            message = without_identifiers(message)
        codes = codes_of(reduced, message, layout.level_of if layout else None)
        if codes is None or (self._match_own is not None and not line.endswith(message)):
            return None
        begin = Place.of(line, len(line) - len(message)) if self._match_own is not None else None
        return _Varied(stamp, codes, begin)


def is_headless(record: LogRecord) -> bool:
    """Return whether no header was found in a record."""
    return record.timestamp is None and record.level is Level.UNKNOWN and not record.program


def _stamp(line: bytes, reduced: bytes, text: str, layout: Layout, record: LogRecord) -> StampPlace | None:
    stamp = StampPlace.of(line, text, layout)
    if stamp is None or stamp.moment(line) != record.timestamp:
        return None
    begin = stamp.start.position(line)
    return stamp if line[:begin] == reduced[:begin] else None


def _may_have_header(line: bytes) -> bool:
    """Return whether lines like one in which no time was found, but with other digits, may have a time or a level."""
    return line.startswith((b"<", b"{")) or _LIKE_A_STAMP.match(line) is not None


def _none(_: str) -> None:
    return None
