"""Which files a pattern names, and what rotation made of them."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from fnmatch import translate
from functools import lru_cache
from pathlib import Path

OWN_LOG = "monitoring.log"
"""The log of the monitoring itself is never followed, nor are its rotated files."""

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")

_DATE = r"\d{4}-?\d\d(?:-?\d\d)?(?:[T_-]?\d\d[-:_]?(?:\d\d){0,2})?"
_AMONG = rf"(?:[-._]{_DATE}(?:[-._]\d{{1,6}})?|\.\d{{1,6}})"  # app-20260301.log, app.1.log
_BEHIND = rf"(?:[-._](?:{_DATE}|old|bak|prev)(?:[-._]\d{{1,10}})?|[-._]\d{{1,10}})"  # app.log.1, app.log-20260301
_READ_AGAIN = 5
_MAGIC = re.compile(r"[*?\[]")

Failed = Callable[[Path, str], None]
"""Told of a file or folder that cannot be looked at, and why."""


class Moved(Exception):
    """A file is no longer where it was a moment ago: it was renamed, or is gone."""


def expand(pattern: str, failed: Failed | None = None) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the regular files that a path or glob names, in order, each with its state.

    pattern: may hold `*`, `?`, `[]` and, as a part of its own, `**`; a hidden file needs its dot. What is no regular
    file is left out: nothing that would block is ever opened. A folder that is not there is no failure.
    """
    say = failed or (lambda _path, _problem: None)
    path = Path(pattern)
    anchor = Path(path.anchor) if path.is_absolute() else Path()
    for found in _walk(anchor, path.relative_to(path.anchor).parts, say):
        try:
            status = found.stat()
        except FileNotFoundError:
            if found.is_symlink():
                say(found, "the link leads nowhere")
        except OSError as error:
            say(found, error.strerror or str(error))
        else:
            if stat.S_ISREG(status.st_mode):
                yield found, status
            elif not (stat.S_ISDIR(status.st_mode) and pattern.endswith("*")):
                say(found, f"is {_kind(status.st_mode)}, not a file")


def is_glob(pattern: str) -> bool:
    """Return whether a pattern may name several files."""
    return _MAGIC.search(pattern) is not None


def is_plain_log(path: Path) -> bool:
    """Return whether a file can be followed: not the monitoring's own log, not compressed."""
    return not path.name.startswith(OWN_LOG) and path.suffix not in COMPRESSED


def bases(path: Path) -> list[Path]:
    """Return the names of which rotation may have made a file's name."""
    return [path.with_name(name) for name in _bases(path.name)]


def root(path: Path) -> Path:
    """Return the name that a log has before it is rotated: its own, if it seems to be that."""
    return min((path, *bases(path)), key=lambda one: len(one.name))


def real(path: Path) -> Path:
    """Return where a file itself is, if the path is a link to it."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


class Folders:
    """The files of folders as they are at one moment, each folder read once."""

    def __init__(self) -> None:
        self._read: dict[Path, dict[str, int]] = {}
        self._made: dict[Path, dict[str, list[str]]] = {}

    def rotated(self, path: Path) -> list[tuple[Path, os.stat_result]]:
        """Return what rotation made of a file, beside it: `app.log.1`, `app.log-20260301.gz`, `app-2026-03-01.log`.

        Of a file and its compressed copy (which may still be written), the file. Raises Moved.
        """
        inodes = self._inodes(path.parent)
        names = self._made_in(path.parent).get(path.name, [])
        plain = {name for name in names if not name.endswith(COMPRESSED)}
        alone = (name for name in names if name in plain or _unpacked(name) not in plain)
        return [item for name in alone for item in self._regular(path.with_name(name), inodes[name])]

    def bases(self, folder: Path) -> list[Path]:
        """Return the names of which rotation may have made files of a folder. Raises Moved."""
        return [folder / name for name in self._made_in(folder)]

    def find(self, folder: Path, inode: int) -> Path | None:
        """Return the file of a folder that has an inode, whatever its name. Raises Moved."""
        return next((folder / name for name, one in self._inodes(folder).items() if one == inode), None)

    def _made_in(self, folder: Path) -> dict[str, list[str]]:
        if folder not in self._made:
            made = self._made[folder] = {}
            for name in self._inodes(folder):
                for base in bases(folder / name):
                    made.setdefault(base.name, []).append(name)
        return self._made[folder]

    def _inodes(self, folder: Path) -> dict[str, int]:
        """Return the inodes of a folder by name; read until two times are the same, for files are renamed meanwhile."""
        if folder not in self._read:
            before = _inodes(folder)
            for _ in range(_READ_AGAIN):
                after = _inodes(folder)
                if after == before:
                    break
                before = after
            else:
                raise Moved
            self._read[folder] = before
        return self._read[folder]

    def _regular(self, path: Path, inode: int) -> Iterator[tuple[Path, os.stat_result]]:
        try:
            status = path.stat()
        except FileNotFoundError:
            if path.is_symlink():
                return
            raise Moved from None
        except OSError:
            return
        if status.st_ino != inode and not path.is_symlink():
            raise Moved
        if stat.S_ISREG(status.st_mode):
            yield path, status


def archived_files(pattern: str) -> list[Path]:
    """Return the files of a pattern and what rotation made of them, compressed or not, oldest first.

    Ordered by the time of the last change, so that records come in the order they were written. Raises OSError if files
    are renamed faster than they can be listed.
    """
    for _ in range(_READ_AGAIN):
        with suppress(Moved):
            return _archived_files(pattern)
    raise OSError(f"the files of {pattern} are renamed all the time")


def _archived_files(pattern: str) -> list[Path]:
    found: dict[tuple[int, int], tuple[int, str, Path]] = {}
    folders = Folders()
    for path, own in expand(pattern):
        for one, status in ((path, own), *folders.rotated(path)):
            if not one.name.startswith(OWN_LOG):
                found.setdefault((status.st_dev, status.st_ino), (status.st_mtime_ns, one.name, one))
    return [path for _, _, path in sorted(found.values())]


def _walk(folder: Path, parts: tuple[str, ...], failed: Failed) -> Iterator[Path]:
    if not parts:
        yield folder
        return
    first, rest = parts[0], parts[1:]
    if first == "**":
        yield from _walk(folder, rest, failed)
        for entry in _entries(folder, failed):
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                yield from _walk(Path(entry.path), parts, failed)
    elif _MAGIC.search(first):
        matches = _matcher(first)
        for entry in _entries(folder, failed):
            if matches(entry.name) and (not rest or entry.is_dir()):
                yield from _walk(Path(entry.path), rest, failed)
    elif rest or os.path.lexists(folder / first):
        yield from _walk(folder / first, rest, failed)


def _entries(folder: Path, failed: Failed) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        failed(folder, error.strerror or str(error))
        return []


@lru_cache(maxsize=256)
def _matcher(part: str) -> Callable[[str], object]:
    hidden = "" if part.startswith(".") else r"(?!\.)"
    return re.compile(hidden + translate(part)).match


@lru_cache(maxsize=20_000)
def _bases(full_name: str) -> tuple[str, ...]:
    name = _unpacked(full_name)
    behind = (name, re.sub(f"{_BEHIND}$", "", name))
    among = (re.sub(f"{_AMONG}$", "", stem) + suffix for stem, suffix in map(os.path.splitext, behind))
    return tuple(one for one in {*behind, *among} if one and one != full_name)


def _unpacked(name: str) -> str:
    return os.path.splitext(name)[0] if name.endswith(COMPRESSED) else name  # noqa: PTH122


def _inodes(folder: Path) -> dict[str, int]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.inode() for entry in entries}
    except OSError:
        return {}


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")
