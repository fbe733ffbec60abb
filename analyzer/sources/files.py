"""Lines of files, followed through rotation: nothing lost, nothing twice, also over a restart.

A file is known by its inode and by what was read of it, not by its name. Where it was renamed, it is read to its end
under the new name. Where it was truncated, it is read from its start again, after the rest of the copy that was made of
it (copytruncate). What was compressed meanwhile is found by its contents. What came and went while nobody looked is
read too. What was written between copy and truncation is lost before it can be read, whoever reads.
"""

import logging
import os
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from analyzer.encodings import AUTO
from analyzer.sources.archives import UNREADABLE, opened
from analyzer.sources.followed import Checkpoint, FollowedFile, Inode, Replaced
from analyzer.sources.lines import Chunk, Lines
from analyzer.sources.paths import Folders, Moved, bases, expand, is_glob, is_plain_log, real, root

logger = logging.getLogger(f"monitoring.{__name__}")

_MISSING = "no such file"

FIRST_BYTES = 64 * 1024 * 1024
"""At the very first start so much of a file's end is learned."""

_CHUNK_BYTES = 256 * 1024
_QUIET_POLLS = 30  # a rotated file is let go when nothing came for so many polls
_MOST_OPEN = 64
_FILES_A_LOOK = 2_000  # with more files than that not every poll looks for changes
_PROBLEMS_LOGGED = 10
_LOOK_AGAIN = 5  # when files are renamed while it looks
_CLOCK_STEP_NS = 10_000_000  # a file's time stands still for so long


@dataclass(frozen=True, slots=True)
class _Look:
    """What there is. found: files that have a followed name. at: those that were known, by name. gone: known ones that
    had a name last."""

    found: dict[Inode, tuple[Path, os.stat_result]] = field(default_factory=dict)
    at: dict[Path, FollowedFile] = field(default_factory=dict)
    gone: dict[Path, FollowedFile] = field(default_factory=dict)

    def sort(self, files: Mapping[Inode, FollowedFile]) -> None:
        """Sort what was known by whether it has a followed name now."""
        for inode, file in files.items():
            if inode in self.found:
                self.at[self.found[inode][0]] = file
            else:
                self.gone[file.path] = file


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Files that came and went unseen are to be looked for. path: their name. place: where the last known one is.

    since_ns: they were written to since then. looks: how often it was looked in vain.
    """

    path: Path
    place: Path
    since_ns: int
    looks: int = 0


class FileSource:
    """Follows the files that a path or glob names.

    name: of the source in metrics. pattern: a path, may hold `*`, `?`, `[]` and `**`. checkpoints: where an earlier run
    stopped; None at the very first start of the source, and then existing lines are given out marked as such. A file
    that appears later is read from its start. encoding, docker_lines: as in LineCutter. looked_ns: when an earlier run
    looked for files last. now_ns: tells the time that files are stamped with.

    Attributes: problems, what cannot be read and why, by path. has_more: whether the last poll stopped at its limit.
    looked_ns: when it looked for files last.
    """

    def __init__(
        self,
        name: str,
        pattern: str,
        checkpoints: Iterable[Checkpoint] | None = None,
        *,
        encoding: str = AUTO,
        docker_lines: bool | None = None,
        looked_ns: int = 0,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.name = name
        self.problems: dict[str, str] = {}
        self.has_more = False
        self._looked_ns = looked_ns
        self._now_ns = now_ns
        self._pattern = pattern
        self._encoding = encoding
        self._docker_lines = docker_lines
        self._first_look = checkpoints is None
        restored = (FollowedFile.restored(point, encoding, docker_lines) for point in checkpoints or ())
        self._files: dict[Inode, FollowedFile] = {file.inode: file for file in restored}
        self._open: OrderedDict[int, FollowedFile] = OrderedDict()
        self._not_files: dict[str, str] = {}
        self._unreadable: dict[str, str] = {}
        self._ended: list[Chunk] = []
        self._folders = Folders()
        self._unseen: list[_Unseen] = []
        self._polls_to_look = 0

    @property
    def looked_ns(self) -> int:
        """When it looked for files last, and all that it found was decided."""
        return min((self._looked_ns, *(unseen.since_ns for unseen in self._unseen)))

    def poll(self, limit_bytes: int) -> Iterator[Chunk]:
        """Yield what was appended since the last call, at most about `limit_bytes` in all.

        What cannot be read is left out and named in `problems`.
        """
        self._look_now_and_then()
        waiting = deque(file for file in self._files.values() if self._has_changed(file))
        while waiting and limit_bytes > 0:
            file = waiting.popleft()
            existing = file.is_existing
            try:
                lines, size = file.read(_CHUNK_BYTES)
            except Moved:
                continue  # the next look finds it
            except Replaced:
                with suppress(Moved):
                    waiting.extend(self._replaced(file))
                continue
            except UNREADABLE as error:
                self._complain(file, error)
                continue
            self._has_read(file)
            limit_bytes -= size
            if lines.lines:
                yield _chunk(file, lines, existing=existing)
            if size:
                file.quiet_polls = 0
                waiting.append(file)
        self.has_more = bool(waiting)
        for file in waiting:  # the ones that had to wait come first in the next poll
            self._files[file.inode] = self._files.pop(file.inode)
        self._let_go()
        while self._ended:
            yield self._ended.pop(0)

    def lag_bytes(self) -> int:
        """Return how many bytes of the followed files are not read yet; of compressed ones nobody knows."""
        plain = (file for file in list(self._files.values()) if not file.is_compressed)
        return sum(max(0, file.size_bytes - file.offset) for file in plain)

    def file_count(self) -> int:
        """Return how many files are followed."""
        return sum(file.is_open or not file.rotated for file in list(self._files.values()))

    def encodings(self) -> list[str]:
        """Return the encodings of the files that are followed, as far as they showed."""
        return sorted({file.text_encoding or "ascii" for file in list(self._files.values()) if not file.rotated})

    def checkpoints(self, pending_bytes: Mapping[str, int]) -> list[Checkpoint]:
        """Return where to go on after a restart.

        pending_bytes: by file, the size of lines that were given out but are not done with.
        """
        return [file.checkpoint(pending_bytes.get(file.key, 0)) for file in self._files.values()]

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._open.clear()

    def _look_now_and_then(self) -> None:
        if self._polls_to_look <= 0:
            for _ in range(_LOOK_AGAIN):
                with suppress(Moved):
                    self._look()
                    break
            self._polls_to_look = 1 + len(self._files) // _FILES_A_LOOK
        self._polls_to_look -= 1

    def _look(self) -> None:
        """Find out which files there are now, and where those are that went away. Raises Moved: look again."""
        now_ns = self._now_ns()
        problems: dict[str, str] = {}
        look = _Look()
        self._folders = Folders()
        for path, status in expand(self._pattern, lambda path, problem: problems.update({str(path): problem})):
            if is_plain_log(path):
                look.found.setdefault(_inode(status), (path, status))
        if not look.found and not problems:
            problems[self._pattern] = _MISSING
        self._find_rotated(look.found)
        look.sort(self._files)
        for inode, (path, status) in look.found.items():
            known = self._files.get(inode)
            if known is None:
                self._begin(path, status, look)
            else:
                known.found_at(path, status)
        if self._looked_ns:
            since_ns = self._looked_ns - _CLOCK_STEP_NS
            self._unseen += [_Unseen(path, path, since_ns) for path in self._unread(look)]
        self._adopt_all(look.found)
        self._first_look = False
        self._looked_ns = now_ns
        self._not_files = problems
        self._say()

    def _unread(self, look: _Look) -> list[Path]:
        """Return the names of which files may have come and gone since the last look.

        Of a name that is missing; and of one of which nothing had been read then, for what was read may be another.
        """
        pattern = Path(self._pattern)
        names = {*look.gone, pattern}
        if is_glob(self._pattern):
            names.discard(pattern)
            names.update(base for base in self._folders.bases(pattern.parent) if base.match(pattern.name))
        names -= look.at.keys()
        for file in self._files.values():
            if file.is_fresh and not file.rotated and (file.offset or file.changed):
                names.add(file.path)
                file.is_fresh = file.offset == 0
        return list(names)

    def _begin(self, path: Path, status: os.stat_result, look: _Look) -> None:
        """Begin to follow a file that is not known. Raises Moved."""
        if self._first_look:
            offset = _line_start(path, status.st_size - FIRST_BYTES)
            self._add(path, real(path), status, offset=offset, existing_until=status.st_size)
            return
        if any(look.at[base].may_be_in(path, status) for base in bases(path) if base in look.at):
            return  # a copy of a file that is read itself; when that is truncated, the rest of the copy is read
        before = look.gone.get(path)
        if before is not None and before.is_replaced_by(path, status):
            self._move(before, path, status)
            before.found_at(path, status)
        else:
            self._add(path, real(path), status)

    def _add(
        self,
        path: Path,
        place: Path,
        status: os.stat_result,
        *,
        offset: int = 0,
        existing_until: int = 0,
        rotated: bool = False,
    ) -> FollowedFile:
        file = FollowedFile(
            path,
            place,
            _inode(status),
            offset,
            status.st_mtime_ns,
            existing_until=existing_until,
            encoding=self._encoding,
            docker_lines=self._docker_lines,
            rotated=rotated,
        )
        file.seen(status)
        file.changed = True
        self._files[file.inode] = file
        return file

    def _move(self, file: FollowedFile, place: Path, status: os.stat_result) -> None:
        """Go on in a copy of a file."""
        if self._files.get(file.inode) is file:
            del self._files[file.inode]
        file.move_to(place, _inode(status))
        self._files[file.inode] = file

    def _find_rotated(self, found: Mapping[Inode, tuple[Path, os.stat_result]]) -> None:
        """Find files that were renamed or compressed; what came and went since is to be looked for, oldest first."""
        away = [file for file in self._files.values() if not _is_at_name(file, *found.get(file.inode, (None, None)))]
        missing = [file for file in away if not self._is_somewhere(file) and not file.is_open and file.is_deleted()]
        others = self._files.keys() - {file.inode for file in missing}
        copies = [(file, self._copy_of(file, others)) for file in missing]
        for file in missing:
            del self._files[file.inode]
        for file, copy in copies:
            if copy is not None:
                self._move(file, *copy)
            else:
                self._end(file)
        gone = [file for file, copy in copies if copy is None and file.rotated]
        lost = sorted([*gone, *(file for file in away if not file.rotated)], key=lambda file: file.modified_ns)
        self._unseen += [_Unseen(file.path, file.place, file.modified_ns) for file in lost]
        for file in lost:
            file.rotated = True

    def _is_somewhere(self, file: FollowedFile) -> bool:
        """Look for a file under whatever name; returns whether it has one. Raises Moved."""
        places: list[Path | None] = [file.place]
        places += [self._folders.find(folder, file.inode[1]) for folder in {file.place.parent, file.path.parent}]
        for place in places:
            with suppress(OSError):
                if place is not None and _inode(status := place.stat()) == file.inode and file.is_at(place, status):
                    file.place = place
                    return True
        return False

    def _copy_of(self, file: FollowedFile, known: Container[Inode]) -> tuple[Path, os.stat_result] | None:
        """Return the copy, perhaps compressed, that rotation made of a file, if it is not known. Raises Moved."""
        if file.offset == 0:
            return None
        for place, status in self._made_of(file.path, file.place):
            if _inode(status) not in known and file.is_held_by(place, status):
                return place, status
        return None

    def _adopt_all(self, found: Container[Inode]) -> None:
        waiting, self._unseen = self._unseen, []
        for number, unseen in enumerate(waiting):
            try:
                decided = self._adopt(unseen, found)
            except Moved:
                self._unseen += waiting[number:]
                raise
            if not decided and unseen.looks < _QUIET_POLLS:
                self._unseen.append(replace(unseen, looks=unseen.looks + 1))

    def _adopt(self, unseen: _Unseen, found: Container[Inode]) -> bool:
        """Begin to read what rotation made of a name and nobody has seen, oldest first. Raises Moved.

        found: what has a followed name of its own. Returns whether all was decided: a copy may still be made.
        """
        later = [
            (status.st_mtime_ns, made, status)
            for made, status in self._made_of(unseen.path, unseen.place)
            if status.st_mtime_ns >= unseen.since_ns and _inode(status) not in found
        ]
        if not later:
            return True
        relatives = [other for other in self._files.values() if root(other.path) == root(unseen.path)]
        decided = True
        for _, made, status in sorted(later, key=lambda item: item[:2]):
            known = self._files.get(_inode(status))
            if known is not None and (known.is_open or known.is_held_by(made, status)):
                continue
            if any(other.is_held_by(made, status) for other in relatives if other.offset):
                continue
            if any(other.may_be_in(made, status) for other in relatives if not other.rotated):
                decided = False
            else:
                self._add(unseen.path, made, status, rotated=True)
        return decided

    def _made_of(self, path: Path, place: Path) -> list[tuple[Path, os.stat_result]]:
        names = dict.fromkeys((root(path), root(place)))
        return list(dict(item for name in names for item in self._folders.rotated(name)).items())

    def _replaced(self, file: FollowedFile) -> list[FollowedFile]:
        """Begin a truncated file again; returns what is to be read now: the rest of its copy first. Raises Moved."""
        self._folders = Folders()
        copy = self._copy_of(file, self._files)
        size = file.shrunk_to()
        self._unseen.append(_Unseen(file.path, file.place, file.modified_ns))
        if copy is not None:
            rest = file.copied_to(copy[0], _inode(copy[1]))
            self._files[rest.inode] = rest
        if copy is None and size is not None:
            logger.info("%s lost its end: reading goes on there", file.path)
            file.begin_again(size)
        else:
            logger.info("%s was truncated: reading it from its start", file.path)
            file.begin_again()
        return [file] if copy is None else [rest, file]

    def _has_changed(self, file: FollowedFile) -> bool:
        try:
            return file.has_changed()
        except OSError as error:
            self._complain(file, error)
            return False

    def _has_read(self, file: FollowedFile) -> None:
        """Note that a file was read: what was not for the longest time is closed, if too many are open."""
        self._unreadable.pop(str(file.place), None)
        self._open[id(file)] = file
        self._open.move_to_end(id(file))
        while len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)[1].close()

    def _let_go(self) -> None:
        """Close rotated files to which nothing comes any more, and give out their last lines."""
        for file in self._files.values():
            if not (file.rotated and file.is_open):
                continue
            file.quiet_polls += 1
            if file.finished or file.quiet_polls > _QUIET_POLLS:
                self._end(file)

    def _end(self, file: FollowedFile) -> None:
        lines = file.end()
        if lines.lines:
            self._ended.append(_chunk(file, lines))
        file.close()
        self._open.pop(id(file), None)
        self._unreadable.pop(str(file.place), None)

    def _complain(self, file: FollowedFile, error: Exception) -> None:
        self._unreadable[str(file.place)] = getattr(error, "strerror", None) or str(error) or type(error).__name__
        file.close()
        self._say()

    def _say(self) -> None:
        """Make known what cannot be read; what is new goes to the log."""
        told = self.problems
        found = {**self._not_files, **self._unreadable}
        self.problems = {_text(path): _text(problem) for path, problem in found.items()}
        new = [path for path, problem in self.problems.items() if told.get(path) != problem]
        for path in new[:_PROBLEMS_LOGGED]:
            level = logging.INFO if self.problems[path] == _MISSING else logging.WARNING  # a log may come later
            logger.log(level, "source %s: %s cannot be read: %s", self.name, path, self.problems[path])
        if len(new) > _PROBLEMS_LOGGED:
            logger.warning("source %s: %d more cannot be read", self.name, len(new) - _PROBLEMS_LOGGED)


def _chunk(file: FollowedFile, lines: Lines, *, existing: bool = False) -> Chunk:
    return Chunk.of(lines, file.key, existing=existing)


def _is_at_name(file: FollowedFile, path: Path | None, status: os.stat_result | None) -> bool:
    """Return whether a file has a followed name, or a new one that was truncated under its own. Raises Moved.

    path, status: of what has the file's inode and a followed name. A rotated file's inode may be another's by now.
    """
    if path is None or status is None:
        return False
    return file.is_open or (path == file.path and not bases(path)) or file.is_at(path, status)


def _text(path: str) -> str:
    """Return the name of a file as text, which it need not be."""
    return path.encode("utf-8", "backslashreplace").decode()


def _inode(status: os.stat_result) -> Inode:
    return status.st_dev, status.st_ino


def _line_start(path: Path, offset: int) -> int:
    """Return where the first whole line after an offset begins."""
    if offset <= 0:
        return 0
    with suppress(*UNREADABLE), opened(path) as file:
        return offset + os.pread(file.fileno(), _CHUNK_BYTES, offset).find(b"\n") + 1
    return offset
