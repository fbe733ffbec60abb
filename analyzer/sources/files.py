"""Lines of files, followed through rotation: nothing lost, nothing twice, also over a restart.

A file is known by device and inode, not by name. Where it was renamed, it is read to its end under the new name; where
it was truncated (copytruncate), it is read from its start again.
"""

import gzip
import hashlib
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

logger = logging.getLogger(f"monitoring.{__name__}")

LONGEST_LINE_BYTES = 4_096
"""What is kept of a line."""
FIRST_BYTES = 64 * 1024 * 1024
"""At the very first start so much of a file's end is learned."""
OWN_LOG = "monitoring.log"
"""The log of the monitoring itself is never followed, nor are its rotated files."""

_CHUNK_BYTES = 256 * 1024
_HEAD_BYTES = 256
_DONE_KEPT = 100
_QUIET_POLLS = 30  # a renamed or deleted file is let go when nothing came for so many polls

_Inode = tuple[int, int]  # device and inode


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where reading of a file goes on.

    offset: bytes that are done with. head: length and hash of the file's first bytes (at most 256); another file that
    got the same inode begins otherwise.
    """

    path: str
    device: int
    inode: int
    offset: int
    head: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines of one file, in order.

    file: names the file as long as it lives. lines: as they stand in the file, without line ends. existing: they were
    there before the source was followed for the first time. cut: how many are longer than 4 KiB. dropped: bytes of the
    first line that are not in it, because it was far too long.
    """

    file: str
    path: Path
    lines: Sequence[bytes]
    existing: bool
    cut: int = 0
    dropped: int = 0

    def texts(self) -> Iterator[tuple[str, int]]:
        """Yield the text of each line, at most 4 KiB, and the bytes that it took in the file."""
        dropped = self.dropped
        for raw in self.lines:
            yield decode(raw), len(raw) + 1 + dropped
            dropped = 0


@dataclass(slots=True)
class _File:
    path: Path
    device: int
    inode: int
    handle: BinaryIO
    offset: int
    existing_until: int = 0
    head: bytes = b""
    rest: bytes = b""
    dropped: int = 0
    skipping: bool = False
    quiet_polls: int = 0

    @property
    def key(self) -> str:
        return f"{self.device}:{self.inode}"


class FileSource:
    """Follows the files that a path or glob names.

    name: of the source in metrics. pattern: a path, may hold `*`, `?`, `[]` and `**`. checkpoints: where an earlier run
    stopped; None at the very first start of the source, and then existing lines are given out marked as such. A file
    that appears later is read from its start.
    """

    def __init__(self, name: str, pattern: str, checkpoints: Iterable[Checkpoint] | None = None) -> None:
        self.name = name
        self._pattern = pattern
        self._checkpoints = {(point.device, point.inode): point for point in checkpoints or ()}
        self._first_look = checkpoints is None
        self._files: dict[_Inode, _File] = {}
        self._done: deque[_Inode] = deque(maxlen=_DONE_KEPT)
        self.problems: dict[str, str] = {}

    def poll(self, limit_bytes: int) -> Iterator[Chunk]:
        """Yield what was appended since the last call, at most about `limit_bytes` in all.

        Files are looked up anew with each call. What cannot be read is left out and named in `problems`.
        """
        self._look_for_files()
        followed = {key: self._same_at_path(file) for key, file in self._files.items()}
        waiting = list(self._files.values())
        left = limit_bytes
        while waiting and left > 0:
            for file in list(waiting):
                chunk, size = self._read(file, _CHUNK_BYTES)
                left -= size
                if chunk is not None:
                    yield chunk
                file.quiet_polls = 0 if size else file.quiet_polls + 1
                if size == 0:
                    waiting.remove(file)
        for key, still in followed.items():
            file = self._files[key]
            if not still and file.quiet_polls > _QUIET_POLLS:
                if file.rest and not file.skipping:
                    yield self._last_line(file)
                self._forget(file)

    def lag_bytes(self) -> int:
        """Return how many bytes of the followed files are not read yet."""
        total = 0
        for file in self._files.values():
            try:
                total += max(0, os.fstat(file.handle.fileno()).st_size - file.offset)
            except OSError:
                continue
        return total

    def file_count(self) -> int:
        """Return how many files are followed."""
        return len(self._files)

    def checkpoints(self, pending_bytes: Mapping[str, int]) -> list[Checkpoint]:
        """Return where to go on after a restart.

        pending_bytes: by file, the size of lines that were given out but are not done with.
        """
        return list(self._checkpoints.values()) + [
            Checkpoint(
                str(file.path),
                file.device,
                file.inode,
                max(0, file.offset - len(file.rest) - file.dropped - pending_bytes.get(file.key, 0)),
                _fingerprint(file.head),
            )
            for file in self._files.values()
        ]

    def close(self) -> None:
        """Close the files."""
        for file in list(self._files.values()):
            self._forget(file)

    def _look_for_files(self) -> None:
        self._find_rotated()
        for path in matching_files(self._pattern):
            try:
                status = path.stat()
                known = self._files.get((status.st_dev, status.st_ino))
                if known is None:
                    self._open(path)
                else:
                    known.path = path
                self.problems.pop(str(path), None)
            except OSError as error:
                self._complain(path, error)
        self._first_look = False

    def _open(self, path: Path) -> _File:
        handle = path.open("rb")
        status = os.fstat(handle.fileno())
        file = _File(path, status.st_dev, status.st_ino, handle, 0, head=handle.read(_HEAD_BYTES))
        self._files[status.st_dev, status.st_ino] = file
        point = self._checkpoints.pop((status.st_dev, status.st_ino), None)
        if point is not None and _goes_on(point, file.head, status.st_size):
            file.offset = point.offset
        elif self._first_look:
            file.existing_until = status.st_size
            file.offset = max(0, status.st_size - FIRST_BYTES)
            file.skipping = file.offset > 0
        handle.seek(file.offset)
        return file

    def _find_rotated(self) -> None:
        """Open files that were renamed while nobody looked, and those that came and went since, oldest first."""
        for (device, inode), point in list(self._checkpoints.items()):
            base = Path(point.path)
            siblings = _since(base, (device, inode))
            if not siblings:
                del self._checkpoints[device, inode]
            elif (base, (device, inode)) not in siblings:
                self._open_rotated(base, siblings)
        for file in list(self._files.values()):
            if self._is_renamed(file):
                self._open_rotated(file.path, _since(file.path, (file.device, file.inode)))

    def _open_rotated(self, base: Path, siblings: list[tuple[Path, _Inode]]) -> None:
        for path, inode in siblings:
            if path == base or inode in self._files or inode in self._done or not _is_log(path):
                continue
            try:
                self._open(path).path = base
            except OSError as error:
                self._complain(path, error)

    def _is_renamed(self, file: _File) -> bool:
        try:
            return _inode(file.path.stat()) != (file.device, file.inode)
        except OSError:
            return True

    def _same_at_path(self, file: _File) -> bool:
        """Return whether the file still has a name that is followed; go to its start if it was truncated."""
        try:
            if os.fstat(file.handle.fileno()).st_size < file.offset or not self._same_head(file):
                logger.info("%s was truncated: reading it from its start", file.path)
                self._start_over(file)
        except OSError:
            return False
        return not self._is_renamed(file)

    def _start_over(self, file: _File) -> None:
        file.offset, file.existing_until, file.rest, file.dropped, file.skipping = 0, 0, b"", 0, False
        file.head = os.pread(file.handle.fileno(), _HEAD_BYTES, 0)
        file.handle.seek(0)

    def _same_head(self, file: _File) -> bool:
        head = os.pread(file.handle.fileno(), _HEAD_BYTES, 0)
        same = head.startswith(file.head)
        if same:
            file.head = head
        return same

    def _read(self, file: _File, size: int) -> tuple[Chunk | None, int]:
        existing = file.offset < file.existing_until
        if existing:
            size = min(size, file.existing_until - file.offset)
        try:
            data = file.handle.read(size)
        except OSError as error:
            self._complain(file.path, error)
            return None, 0
        if not data:
            return None, 0
        file.offset += len(data)
        chunk = self._split(file, data, existing)
        return chunk if chunk.lines else None, len(data)

    def _split(self, file: _File, data: bytes, existing: bool) -> Chunk:
        """Cut data into lines; an unfinished last line waits for its end, of a very long one only the start is kept."""
        *lines, rest = (file.rest + data).split(b"\n")
        dropped = 0
        if lines:
            dropped, file.dropped = file.dropped, 0
            if file.skipping:
                file.skipping = False
                del lines[0]
                dropped = 0
        file.rest = rest
        if len(rest) > 4 * LONGEST_LINE_BYTES:
            file.dropped += len(rest) - LONGEST_LINE_BYTES
            file.rest = rest[:LONGEST_LINE_BYTES]
        return Chunk(file.key, file.path, lines, existing, _count_long(lines, dropped), dropped)

    def _last_line(self, file: _File) -> Chunk:
        """Return what stands at the end of a file that nobody writes to any more, without a line end."""
        lines, file.rest = (file.rest,), b""
        return Chunk(file.key, file.path, lines, False, _count_long(lines, file.dropped), file.dropped)

    def _forget(self, file: _File) -> None:
        file.handle.close()
        del self._files[file.device, file.inode]
        self._done.append((file.device, file.inode))

    def _complain(self, path: Path, error: OSError) -> None:
        if str(path) not in self.problems:
            logger.warning("source %s: %s cannot be read: %s", self.name, path, error.strerror or error)
        self.problems[str(path)] = error.strerror or str(error)


def matching_files(pattern: str) -> list[Path]:
    """Return the files that a path or glob names, without the monitoring's own log and compressed ones, in order."""
    return [path for path in _expand(pattern) if _is_log(path)]


def archived_files(pattern: str) -> list[Path]:
    """Return the files of a pattern and what rotation made of them (`app.log.1`, `app.log-20260301.gz`), oldest first.

    Ordered by the time of the last change, so that records come in the order they were written.
    """
    found = {path for path in _expand(pattern) if _is_log(path, compressed=True)}
    for path in list(found):
        found.update(other for other in _siblings(path) if _is_log(other, compressed=True))
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of one file from its start, plain or gzip, each at most 4 KiB. Raises OSError, EOFError."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        while raw := file.readline(LONGEST_LINE_BYTES):
            yield decode(raw.rstrip(b"\n"))
            while not raw.endswith(b"\n") and raw:
                raw = file.readline(1024 * 1024)


def _expand(pattern: str) -> list[Path]:
    path = Path(pattern)
    if not any(mark in pattern for mark in "*?["):
        return [path] if path.is_file() else []
    anchor = Path(path.anchor) if path.is_absolute() else Path()
    relative = str(path.relative_to(path.anchor)) if path.is_absolute() else pattern
    return sorted(found for found in anchor.glob(relative) if found.is_file())


def _is_log(path: Path, *, compressed: bool = False) -> bool:
    return not path.name.startswith(OWN_LOG) and (compressed or path.suffix not in (".gz", ".xz", ".bz2", ".zst"))


def _inode(status: os.stat_result) -> _Inode:
    return status.st_dev, status.st_ino


def _since(base: Path, inode: _Inode) -> list[tuple[Path, _Inode]]:
    """Return one of the files that rotation made of `base`, and those changed later, oldest first; [] if it is gone."""
    found = []
    for path in _siblings(base):
        with suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime_ns, path == base, path, _inode(status)))
    changed = next((moment for moment, _, _, other in found if other == inode), None)
    return [] if changed is None else [(path, other) for moment, _, path, other in sorted(found) if moment >= changed]


def _siblings(path: Path) -> list[Path]:
    """Return the files beside one whose names begin with its name: what rotation makes of it."""
    try:
        return sorted(other for other in path.parent.glob(f"{path.name}*") if other.is_file())
    except OSError:
        return []


def _fingerprint(head: bytes) -> str:
    return f"{len(head)}:{hashlib.blake2b(head, digest_size=8).hexdigest()}"


def _goes_on(point: Checkpoint, head: bytes, size: int) -> bool:
    length = int(point.head.partition(":")[0] or 0)
    return size >= point.offset and _fingerprint(head[:length]) == (point.head or _fingerprint(b""))


def _count_long(lines: Sequence[bytes], dropped: int) -> int:
    if not dropped and max(map(len, lines), default=0) <= LONGEST_LINE_BYTES:
        return 0
    return sum(len(raw) > LONGEST_LINE_BYTES for raw in lines) + (dropped > 0 and len(lines[0]) <= LONGEST_LINE_BYTES)


def decode(raw: bytes) -> str:
    """Return the text of a line, at most 4 KiB of it."""
    return raw[:LONGEST_LINE_BYTES].rstrip(b"\r").decode("utf-8", "replace")
