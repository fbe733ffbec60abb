"""The bytes of a log, cut into lines of UTF-8."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from analyzer.encodings import AUTO, UTF8, by_lines, by_mark, mark_of
from analyzer.sources import docker

LONGEST_LINE_BYTES = 4_096
"""What is kept of a line."""

_COLOUR = re.compile(rb"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\))")
_LONGEST_REST_BYTES = 4 * LONGEST_LINE_BYTES
_LONGEST_DOCKER_BYTES = 128 * 1024  # 16 KiB of text, each character escaped


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines in order.

    lines: UTF-8 without line ends and colours. sizes: bytes that each took in the file; None if that is its length and
    the line end. moments: when each was said, where the source knows. cut: how many are longer than 4 KiB. replaced:
    how many had bytes that are no text, which became U+FFFD.
    """

    lines: Sequence[bytes]
    sizes: Sequence[int] | None = None
    moments: Sequence[datetime | None] | None = None
    cut: int = 0
    replaced: int = 0


@dataclass(frozen=True, slots=True)
class Chunk(Lines):
    """Lines of one file.

    file: names it as long as it is read. existing: they were there before the source was followed for the first time.
    """

    file: str = ""
    existing: bool = False

    @classmethod
    def of(cls, lines: Lines, file: str, *, existing: bool = False) -> "Chunk":
        """Return lines as those of a file."""
        return cls(lines.lines, lines.sizes, lines.moments, lines.cut, lines.replaced, file, existing)


def decode(raw: bytes) -> str:
    """Return the text of a line, at most 4 KiB of it."""
    if len(raw) > LONGEST_LINE_BYTES:
        return raw[:LONGEST_LINE_BYTES].decode("utf-8", "ignore")
    return raw.rstrip(b"\r").decode("utf-8", "replace")


class LineCutter:
    """Cuts what comes of one file into lines.

    An unfinished last line waits for its end; of a very long one only the start is kept.
    head: the first bytes of the file, which may tell its encoding. encoding: a codec, or `auto`. docker_lines: whether
    its lines are Docker's; None if the head tells. at_start: whether the first bytes to come are the head.
    """

    def __init__(
        self, head: bytes, encoding: str = AUTO, *, docker_lines: bool | None = None, at_start: bool = True
    ) -> None:
        self._encoding = by_mark(head) if encoding == AUTO else encoding
        wrapped = docker.looks_like_it(head) if docker_lines is None else docker_lines
        self._docker = docker.DockerLines() if wrapped else None
        self._rest = b""
        self._dropped = 0
        self._mark = mark_of(self._encoding) if self._encoding and at_start else b""

    @property
    def encoding(self) -> str | None:
        """The encoding in use; None as long as all was ASCII."""
        return self._encoding

    @property
    def pending_bytes(self) -> int:
        """Bytes that came and are in no line that was given out."""
        return len(self._rest) + self._dropped + (self._docker.pending_bytes if self._docker else 0)

    def feed(self, data: bytes) -> Lines:
        """Return the lines that data completes."""
        block = self._rest + data
        plain = self._unit == 1 and block.isascii() and not _has_control(block) and self._encoding != "iso2022_jp"
        raws, self._rest = self._split(block)
        lines = self._convert(raws, plain=plain)
        longest = _LONGEST_DOCKER_BYTES if self._docker else _LONGEST_REST_BYTES
        if len(self._rest) > longest:
            self._shorten_rest()
        return lines

    def end(self) -> Lines:
        """Return what waits: nothing comes any more."""
        raws, self._rest = ([self._rest] if self._rest else []), b""
        lines = self._convert(raws)
        return _joined(lines, self._unwrapped(self._docker.flush())) if self._docker else lines

    @property
    def _unit(self) -> int:
        return 2 if self._encoding in ("utf-16-le", "utf-16-be") else 1

    def _split(self, block: bytes) -> tuple[list[bytes], bytes]:
        if self._unit == 1:
            *raws, rest = block.split(b"\n")
            return raws, rest
        raws, begin, found = [], 0, -1
        end = "\n".encode(self._encoding or UTF8)
        while (found := block.find(end, found + 1)) >= 0:
            if (found - begin) % self._unit == 0:
                raws.append(block[begin:found])
                begin = found + self._unit
        return raws, block[begin:]

    def _convert(self, raws: list[bytes], *, plain: bool = False) -> Lines:
        """Return lines as UTF-8, out of their wrapping. plain: they are ASCII and nothing else."""
        if not raws:
            return Lines(())
        dropped, self._dropped = self._dropped, 0
        sizes = None if not dropped and self._unit == 1 else [len(raw) + self._unit for raw in raws]
        if sizes is not None:
            sizes[0] += dropped
        if self._mark:
            sizes = sizes or [len(raw) + 1 for raw in raws]
            raws[0], self._mark = raws[0].removeprefix(self._mark), b""
        before, replaced = raws, 0
        if not plain:
            raws, replaced = self._to_utf8(raws)
            raws = _without_colours(raws)
        if raws is not before and sizes is None:
            sizes = [len(raw) + 1 for raw in before]
        if self._docker is not None:
            pairs = zip(raws, sizes or [len(raw) + 1 for raw in raws], strict=True)
            return self._unwrapped(self._docker.feed(pairs), replaced)
        return Lines(raws, sizes, None, _count_long(raws, dropped), replaced)

    def _to_utf8(self, raws: list[bytes]) -> tuple[list[bytes], int]:
        """Return lines as UTF-8 and how many had bytes that are no text; the same list if nothing had to be done."""
        block = b"\n".join(raws)
        if b"\0" in block and self._unit == 1:
            raws = [raw.replace(b"\0", b"") for raw in raws]
            block = b"\n".join(raws)
        self._encoding = self._encoding or by_lines(raws)
        encoding = self._encoding or UTF8
        if encoding == UTF8 and _is_utf8(block):
            return raws, 0
        texts = [raw.decode(encoding, "replace") for raw in raws]
        replaced = sum(b"\xef\xbf\xbd" not in raw and "\ufffd" in text for raw, text in zip(raws, texts, strict=True))
        return [text.encode("utf-8", "replace") for text in texts], replaced

    def _unwrapped(self, said: list[docker.Said], replaced: int = 0) -> Lines:
        raws = _without_colours([one.text.encode("utf-8", "replace").replace(b"\n", b" ") for one in said])
        sizes, moments = [one.size_bytes for one in said], [one.moment for one in said]
        return Lines(raws, sizes, moments, _count_long(raws, 0), replaced)

    def _shorten_rest(self) -> None:
        """Keep the start of an unfinished line, up to a whole character, and how much was dropped."""
        kept = self._rest[:LONGEST_LINE_BYTES]
        decoder = codecs.getincrementaldecoder(self._encoding or UTF8)("replace")
        decoder.decode(kept)
        kept = kept[: len(kept) - len(decoder.getstate()[0])]
        odd = len(self._rest) % self._unit
        dropped = len(self._rest) - len(kept) - odd
        self._rest = kept + self._rest[len(self._rest) - odd :]
        self._dropped += dropped


def _has_control(block: bytes) -> bool:
    return b"\0" in block or b"\x1b" in block


def _without_colours(raws: list[bytes]) -> list[bytes]:
    """Return lines without what a terminal takes for colours, links and titles; the same list if none has any."""
    if not any(b"\x1b" in raw for raw in raws):
        return raws
    return [_COLOUR.sub(b"", raw) for raw in raws]


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode(UTF8)
    except UnicodeDecodeError:
        return False
    return True


def _count_long(raws: Sequence[bytes], dropped: int) -> int:
    if not dropped and max(map(len, raws), default=0) <= LONGEST_LINE_BYTES:
        return 0
    return sum(len(raw) > LONGEST_LINE_BYTES for raw in raws) + (dropped > 0 and len(raws[0]) <= LONGEST_LINE_BYTES)


def _joined(first: Lines, second: Lines) -> Lines:
    return Lines(
        [*first.lines, *second.lines],
        list(chain(first.sizes or (), second.sizes or ())),
        list(chain(first.moments or (), second.moments or ())),
        first.cut + second.cut,
        first.replaced + second.replaced,
    )
