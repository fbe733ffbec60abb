"""One file that is followed: read on where reading stopped, and known again by what was read."""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import BinaryIO

from analyzer.encodings import AUTO
from analyzer.sources.archives import UNREADABLE, is_compressed, opened
from analyzer.sources.lines import LineCutter, Lines
from analyzer.sources.paths import Moved, real

HEAD_BYTES = 256
_MARK_BYTES = 64
_RECENT_BYTES = 1024
_KEYS = count()

Inode = tuple[int, int]
"""Device and inode."""


class Replaced(Exception):
    """What was read is no longer in the file: it was truncated, or another has its inode."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where reading of a file goes on.

    path: the name that is followed. place: where the file was. offset: bytes that are done with. modified_ns: when it
    had last been written to. head, mark: lengths and hashes of the file's first bytes (at most 256) and of those before
    the offset (at most 64), by which the file, or a copy of it, is known again. existing_until: what lies before was
    there before the source was followed for the first time. encoding: what its lines turned out to be in.
    finished: whether it is a compressed one of which nothing is left.
    """

    path: str
    place: str
    device: int
    inode: int
    offset: int
    modified_ns: int = 0
    head: str = ""
    mark: str = ""
    existing_until: int = 0
    encoding: str | None = None
    finished: bool = False

    def values(self) -> tuple[str | int | None, ...]:
        """Return the arguments to make it of."""
        return (
            *(self.path, self.place, self.device, self.inode, self.offset, self.modified_ns),
            *(self.head, self.mark, self.existing_until, self.encoding, self.finished),
        )


@dataclass(slots=True)
class FollowedFile:
    """A file by its inode.

    path: the name that is followed. place: where it is now. offset: bytes read. modified_ns: as of the last read.
    existing_until: as in Checkpoint. encoding, docker_lines: as in LineCutter. rotated: whether it has none of the
    names that are followed any more. is_fresh: whether nothing had been read of it at the last look.
    quiet_polls: for how many polls nothing came. changed: whether it seems to have
    been written to since the last read. finished: whether a compressed one was read to its end. key: names it, and its
    copy after a truncation, as long as it is read.
    """

    path: Path
    place: Path
    inode: Inode
    offset: int = 0
    modified_ns: int = 0
    size_bytes: int = 0
    existing_until: int = 0
    encoding: str = AUTO
    docker_lines: bool | None = None
    rotated: bool = False
    is_fresh: bool = True
    quiet_polls: int = 0
    changed: bool = True
    finished: bool = False
    key: str = field(default_factory=lambda: str(next(_KEYS)))
    _head: bytes = b""
    _recent: bytes = b""
    _point: Checkpoint | None = None
    _cutter: LineCutter | None = None
    _saved: tuple[tuple[object, ...], Checkpoint] | None = None
    _handle: BinaryIO | None = None

    @classmethod
    def restored(cls, point: Checkpoint, encoding: str = AUTO, docker_lines: bool | None = None) -> "FollowedFile":
        """Return the file of a checkpoint, not opened yet."""
        return cls(
            Path(point.path),
            Path(point.place),
            (point.device, point.inode),
            point.offset,
            point.modified_ns,
            existing_until=point.existing_until,
            finished=point.finished,
            encoding=point.encoding or encoding if encoding == AUTO else encoding,
            docker_lines=docker_lines,
            _point=point,
        )

    @property
    def is_open(self) -> bool:
        """Whether it holds a file handle."""
        return self._handle is not None

    @property
    def is_compressed(self) -> bool:
        """Whether offsets are those of its decompressed contents."""
        return is_compressed(self.place)

    @property
    def is_existing(self) -> bool:
        """Whether the next bytes were there before the source was followed for the first time."""
        return self.offset < self.existing_until

    @property
    def text_encoding(self) -> str | None:
        """The encoding of its lines; None as long as all is ASCII."""
        return self._cutter.encoding if self._cutter else None

    def seen(self, status: os.stat_result) -> None:
        """Take notice of the file's state."""
        self.size_bytes = status.st_size
        rest = not self.finished if self.is_compressed else status.st_size != self.offset
        self.changed = rest or status.st_mtime_ns != self.modified_ns

    def has_changed(self) -> bool:
        """Return whether there may be something to read. Raises OSError."""
        if self._handle is not None:
            self.seen(os.fstat(self._handle.fileno()))
        return self.changed and not self.finished

    def read(self, most_bytes: int) -> tuple[Lines, int]:
        """Return the next lines and how many bytes they came of.

        Raises Moved, Replaced, and what UNREADABLE names.
        """
        handle, cutter = self._open()
        if self.is_existing:
            most_bytes = min(most_bytes, self.existing_until - self.offset)
        status = os.fstat(handle.fileno())
        if status.st_size < self.offset and not self.is_compressed:
            raise Replaced
        data = (self._read_compressed if self.is_compressed else self._read)(handle, most_bytes)
        self.modified_ns, self.changed = status.st_mtime_ns, bool(data)
        if self.offset <= len(self._head) < HEAD_BYTES:
            self._head = (self._head[: self.offset] + data)[:HEAD_BYTES]
        self.offset += len(data)
        self.size_bytes = max(self.size_bytes, self.offset)
        self._recent = (self._recent + data)[-_RECENT_BYTES:]
        return cutter.feed(data), len(data)

    def end(self) -> Lines:
        """Return the last line, of a file that nobody writes to any more."""
        return self._cutter.end() if self._cutter else Lines(())

    def close(self) -> None:
        """Let the handle go; the next read opens the file again."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def checkpoint(self, pending_bytes: int) -> Checkpoint:
        """Return where to go on. pending_bytes: of lines that were given out and are not done with."""
        back = pending_bytes + (self._cutter.pending_bytes if self._cutter else 0)
        now = (self.path, self.place, self.inode, self.offset, back, self.modified_ns, self.finished)
        if self._saved is None or self._saved[0] != now:
            self._saved = now, self._checkpoint(back)
        return self._saved[1]

    def _checkpoint(self, back: int) -> Checkpoint:
        head, mark = self._prints()
        if self._cutter is not None:
            before = self._recent[: len(self._recent) - back][-_MARK_BYTES:]
            mark = _fingerprint(before) if len(before) == min(_MARK_BYTES, self.offset - back) else ""
        return Checkpoint(
            str(self.path),
            str(self.place),
            *self.inode,
            max(0, self.offset - back),
            self.modified_ns,
            head,
            mark,
            self.existing_until,
            self.text_encoding,
            self.finished and back == 0,
        )

    def found_at(self, path: Path, status: os.stat_result) -> None:
        """Take notice that the file has one of the names that are followed."""
        if self.rotated or self.path != path or self.place != path:
            self.path, self.place, self.rotated, self.finished = path, real(path), False, False
        self.seen(status)

    def is_at(self, place: Path, status: os.stat_result) -> bool:
        """Take notice of what has the file's inode; returns whether it is the file, and not another that got it."""
        self.seen(status)
        return self.is_open or not self.changed or self.is_held_by(place, status)

    def is_held_by(self, place: Path, status: os.stat_result) -> bool:
        """Return whether a file holds all that was read of this one, so far as can be read.

        status: the other file's. Raises Moved if there is another in its place.
        """
        with suppress(*UNREADABLE), _opened_as(place, (status.st_dev, status.st_ino)) as other:
            return self._found_in(other) is not None
        return False

    def may_be_in(self, place: Path, status: os.stat_result) -> bool:
        """Return whether a file is a copy of this one, or may become one: of what was read, or of what it holds now.

        Raises Moved.
        """
        inode = (status.st_dev, status.st_ino)
        if not is_compressed(place):
            with suppress(*UNREADABLE), _opened_as(self.place, self.inode) as own, _opened_as(place, inode) as other:
                if _is_prefix(other, status.st_size, own):
                    return True
        return self.offset > 0 and self.is_held_by(place, status)

    def is_deleted(self) -> bool:
        """Return whether the file's folder is there, on the same device, while nothing has the file's name."""
        with suppress(OSError):
            return self.place.parent.stat().st_dev == self.inode[0]
        return False

    def is_replaced_by(self, path: Path, status: os.stat_result) -> bool:
        """Return whether the file is deleted and a copy of it has its name, as editors do it. Raises Moved."""
        if not (self.rotated and self.path == path and self.offset >= HEAD_BYTES):
            return False
        deleted = self._handle is None or os.fstat(self._handle.fileno()).st_nlink == 0
        return deleted and self.is_held_by(path, status)

    def shrunk_to(self) -> int | None:
        """Return the size of the file if it begins as it did but lost its end; else None."""
        known = self._prints()[0]
        with suppress(*UNREADABLE), opened(self.place) as handle:
            size = os.fstat(handle.fileno()).st_size
            same = _length(known) == HEAD_BYTES and _is_print_of(known, _read_at(handle, 0, HEAD_BYTES))
            return size if same and size < self.offset else None
        return None

    def move_to(self, place: Path, inode: Inode) -> None:
        """Go on in a copy."""
        self.close()
        self.place, self.inode, self.changed, self.finished = place, inode, True, False

    def copied_to(self, place: Path, inode: Inode) -> "FollowedFile":
        """Return the copy of a file, to be read on where reading of this one stopped."""
        return replace(
            self, place=place, inode=inode, rotated=True, quiet_polls=0, changed=True, finished=False, _handle=None
        )

    def begin_again(self, offset: int = 0) -> None:
        """Forget what was read; go on at an offset, as another file."""
        self.close()
        self.key = str(next(_KEYS))
        self.offset, self.existing_until, self.changed, self.is_fresh = offset, 0, True, True
        self._head, self._recent, self._point, self._cutter = b"", b"", None, None
        self._saved = None

    def _open(self) -> tuple[BinaryIO, LineCutter]:
        """Open the file where it is, sure that it is the one. Raises as `read` does."""
        if self._handle is not None and self._cutter is not None:
            return self._handle, self._cutter
        handle = _opened_as(self.place, self.inode)
        try:
            known = self._found_in(handle)
            if known is None:
                raise Replaced
            self._head, self._recent = known
            if self.offset == 0 and not self.is_compressed:
                self.offset = _first_data(handle)
            handle.seek(self.offset)
        except BaseException:
            handle.close()
            raise
        self._handle = handle
        if self._cutter is None:
            self._cutter = LineCutter(
                self._head, self.encoding, docker_lines=self.docker_lines, at_start=self.offset == 0
            )
        return handle, self._cutter

    def _read(self, handle: BinaryIO, most_bytes: int) -> bytes:
        """Read together with a few bytes before the offset, which tell whether the file was truncated meanwhile."""
        known = self._recent[-_MARK_BYTES:]
        data = os.pread(handle.fileno(), len(known) + most_bytes, self.offset - len(known))
        if not data.startswith(known):
            raise Replaced
        return data[len(known) :]

    def _read_compressed(self, handle: BinaryIO, most_bytes: int) -> bytes:
        data = handle.read(most_bytes)
        self.finished = not data
        return data

    def _prints(self) -> tuple[str, str]:
        """Return the fingerprints of the first bytes and of those before the offset."""
        if self._cutter is None and self._point is not None:
            return self._point.head, self._point.mark
        return _fingerprint(self._head), _fingerprint(self._recent[-_MARK_BYTES:])

    def _found_in(self, handle: BinaryIO) -> tuple[bytes, bytes] | None:
        """Return the first bytes of an open file and those before the offset; None if they are not this file's."""
        head_print, mark_print = self._prints()
        head = _read_at(handle, 0, HEAD_BYTES)
        recent = _read_at(handle, max(0, self.offset - _RECENT_BYTES), min(self.offset, _RECENT_BYTES))
        if len(recent) < min(self.offset, _RECENT_BYTES):
            return None
        if not (_is_print_of(head_print, head) and _is_print_of(mark_print, recent[-_length(mark_print) :])):
            return None
        return head, recent


def _is_prefix(other: BinaryIO, size: int, own: BinaryIO) -> bool:
    """Return whether a file of some size is the beginning of another one, by its first and last bytes."""
    last = max(0, size - _MARK_BYTES)
    first = min(size, HEAD_BYTES)
    return all(
        _read_at(other, at, length) == _read_at(own, at, length) for at, length in ((0, first), (last, size - last))
    )


def _opened_as(place: Path, inode: Inode) -> BinaryIO:
    """Open a file that has to have an inode. Raises Moved, and what UNREADABLE names."""
    try:
        handle = opened(place)
    except FileNotFoundError:
        raise Moved from None
    status = os.fstat(handle.fileno())
    if (status.st_dev, status.st_ino) != inode:
        handle.close()
        raise Moved
    return handle


def _first_data(handle: BinaryIO) -> int:
    """Return where a file's data begin: truncated under a writer that does not append, it begins with a hole."""
    try:
        return os.lseek(handle.fileno(), 0, os.SEEK_DATA)
    except OSError:
        return 0  # it is empty


def _read_at(handle: BinaryIO, offset: int, size: int) -> bytes:
    handle.seek(offset)
    data = handle.read(size)
    while data and len(data) < size and (more := handle.read(size - len(data))):
        data += more
    return data


def _fingerprint(data: bytes) -> str:
    return f"{len(data)}:{hashlib.blake2b(data, digest_size=8).hexdigest()}" if data else ""


def _length(fingerprint: str) -> int:
    return int(fingerprint.partition(":")[0] or 0)


def _is_print_of(fingerprint: str, data: bytes) -> bool:
    """Return whether data begins with what a fingerprint was taken of; an empty one is of anything."""
    return not fingerprint or _fingerprint(data[: _length(fingerprint)]) == fingerprint
