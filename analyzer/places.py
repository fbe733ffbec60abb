"""Where something stands in a line: the same place in all lines that differ from it only in digits."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from analyzer.codes import code_places, hide_deciding_codes
from analyzer.levels import Level
from analyzer.reading.headers import Layout
from analyzer.reading.stamps import Read

DIGITS = b"0123456789"

_NUMBER = re.compile(rb"\d+")
_PROBES = (b"2", b"4", b"5")
_WORDS = (b"0", b"3", b"509")
_LONGEST = 6
_SHAPES = (*_WORDS, b"400", b"500", *(b"7" * length for length in range(1, _LONGEST + 1)))
"""Numbers of each sort that `codes` tells apart."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place behind the nth occurrence of a byte; nth 0 is the start of the line.

    after: the first byte from there on that is no digit, b"" if there is none.
    """

    before: bytes
    nth: int
    after: bytes = b""

    @classmethod
    def of(cls, line: bytes, position: int) -> "Place":
        """Return the place of a position; the byte before it is no digit."""
        before = line[position - 1 : position] if position else b" "
        return cls(before, line.count(before, 0, position), line[position:].lstrip(DIGITS)[:1])

    def position(self, line: bytes) -> int:
        """Return where it is in a line."""
        return len(line) - len(line.split(self.before, self.nth)[-1]) if self.nth else 0

    def digits(self, line: bytes) -> bytes:
        """Return the digits that stand there."""
        rest = line.split(self.before, self.nth)[-1] if self.nth else line
        return rest.partition(self.after)[0] if self.after else rest


@dataclass(frozen=True, slots=True)
class StampPlace:
    """Where a line's time stamp stands.

    length: of it all. minute: so many of its bytes tell the minute, together with those in `zone`.
    """

    start: Place
    length: int
    minute: int
    zone: slice
    read: Read

    @classmethod
    def of(cls, line: bytes, text: str, layout: Layout) -> "StampPlace | None":
        """Return where the stamp stands in a line, None if that cannot be told of others. text: the line decoded."""
        written = text[layout.start : layout.end]
        stamp, start = written.encode(), len(text[: layout.start].encode())
        if line[start : start + len(stamp)] != stamp or line[start - 1 : start].isdigit():
            return None
        begin, end = layout.seconds or (len(written), len(written))
        zone = len(written[end:].encode()) if any(map(str.isdigit, written[end:])) else 0
        minute = len(written[:begin].encode())
        return cls(Place.of(line, start), len(stamp), minute, slice(len(stamp) - zone, len(stamp)), layout.read)

    @property
    def is_simple(self) -> bool:
        """Whether it begins the line, and what tells the minute stands at its beginning."""
        return self.start.nth == 0 and self.zone.start == self.zone.stop

    def minute_of(self, line: bytes) -> bytes:
        """Return what tells the minute."""
        stamp = line[(start := self.start.position(line)) : start + self.length]
        return stamp[: self.minute] + stamp[self.zone]

    def moment(self, line: bytes) -> datetime | None:
        """Return when the line was said; None if its stamp is written in another way."""
        start = self.start.position(line) if self.start.nth else 0
        end = start + self.length
        if line[end : end + 1].isdigit():
            return None
        return self.read(line[start:end].decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Code:
    """Digits on which a line's pattern hangs, or its level.

    shapes: of the numbers that decide something there; None if all do. Of other ones it does not matter which they are.
    """

    place: Place
    shapes: frozenset[bytes] | None

    def value(self, line: bytes) -> bytes:
        """Return the digits that stand there, b"" if they decide nothing."""
        digits = self.place.digits(line)
        return digits if self.shapes is None or _number_shape(digits) in self.shapes else b""


def codes_of(line: bytes, message: bytes, level_of: Callable[[str], Level] | None) -> tuple[Code, ...] | None:
    """Return where digits stand on which a line's pattern hangs, or its level; None if that cannot be told.

    message: what is mined of it. level_of: tells the level of a line, where it hangs on digits.
    """
    begin = line.rfind(message)
    if begin < 0 and (line.startswith(b"{") or b"\\" in line):
        return None  # its message is written there in another way
    said = message if begin >= 0 else line
    normal = unicodedata.normalize("NFKC", said.decode("utf-8", "replace")).encode("utf-8", "replace")
    if len(_NUMBER.findall(normal)) != len(_NUMBER.findall(said)):
        return None
    numbers = [found.span() for found in _NUMBER.finditer(line)]
    first = next((place for place, (start, _) in enumerate(numbers) if start >= begin), len(numbers))
    found = {first + place: _deciding_shapes(normal, place) for place in code_places(normal)}
    if level_of is not None:
        found.update({place: None for place, span in enumerate(numbers) if _tells_level(line, span, level_of)})
    return tuple(Code(Place.of(line, numbers[place][0]), shapes) for place, shapes in sorted(found.items()))


def _deciding_shapes(message: bytes, place: int) -> frozenset[bytes] | None:
    """Return the shapes of the numbers that decide something in a place of a message."""
    start, end = [found.span() for found in _NUMBER.finditer(message)][place]
    before, after = (part.decode("utf-8", "replace") for part in (message[:start], message[end:]))
    texts = {shape: hide_deciding_codes(f"{before}{shape.decode()}{after}") for shape in _SHAPES}
    return frozenset(shape for shape, text in texts.items() if not text.startswith(shape.decode(), len(before)))


def _number_shape(digits: bytes) -> bytes:
    """Return a number that decides something wherever a given one does."""
    if digits in _WORDS:
        return digits
    if len(digits) == 3 and digits[:1] in b"45":
        return digits[:1] + b"00"
    return b"7" * min(len(digits), _LONGEST)


def _tells_level(line: bytes, span: tuple[int, int], level_of: Callable[[str], Level]) -> bool:
    start, end = span
    others = (line[:start] + digit * (end - start) + line[end:] for digit in _PROBES)
    return len({level_of(other.decode("utf-8", "replace")) for other in others}) > 1
