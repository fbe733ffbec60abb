"""Which files a pattern names, and what rotation made of them."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from fnmatch import translate
from functools import lru_cache
from pathlib import Path

OWN_LOG = "monitoring.log"
"""The log of the monitoring itself is never followed, nor are its rotated files."""

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")

_DATE = r"\d{4}-?\d\d(?:-?\d\d)?(?:[T_-]?\d\d[-:_]?(?:\d\d){0,2})?"
_AMONG = rf"(?:[-._]{_DATE}(?:[-._]\d{{1,6}})?|\.\d{{1,6}})"  # app-20260301.log, app.1.log
_BEHIND = rf"(?:[-._](?:{_DATE}|old|bak|prev)(?:[-._]\d{{1,10}})?|[-._]\d{{1,10}})"  # app.log.1, app.log-20260301
_DATED = re.compile(rf"[-._]{_DATE}(?=[-._]|$)")
_MAGIC = re.compile(r"[*?\[]")

Failed = Callable[[Path, str], None]
"""Told of a file or folder that cannot be looked at, and why."""


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


def rotated(path: Path) -> list[tuple[Path, os.stat_result]]:
    """Return what rotation made of a file, beside it: `app.log.1`, `app.log-20260301.gz`, `app-2026-03-01.log`.

    For a file whose own name is dated, also those of other dates. Of a file and its compressed copy (which may still
    be written), the file.
    """
    made = _made_of(path.name)
    try:
        names = sorted(name for name in os.listdir(path.parent) if name != path.name and made(name))  # noqa: PTH208
    except OSError:
        return []
    plain = {name for name in names if not name.endswith(COMPRESSED)}
    alone = (path.with_name(name) for name in names if name in plain or _unpacked(name) not in plain)
    return [item for one in alone for item in _regular(one)]


def bases(path: Path) -> list[Path]:
    """Return the names of which rotation may have made a file's name."""
    name = _unpacked(path.name)
    behind = (name, re.sub(f"{_BEHIND}$", "", name))
    among = (re.sub(f"{_AMONG}$", "", stem) + suffix for stem, suffix in map(os.path.splitext, behind))
    return [path.with_name(one) for one in {*behind, *among} if one and one != path.name]


def root(path: Path) -> Path:
    """Return the name that a log has before it is rotated: its own, if it seems to be that."""
    return min((path, *bases(path)), key=lambda one: len(one.name))


def real(path: Path) -> Path:
    """Return where a file itself is, if the path is a link to it."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def find_inode(folder: Path, inode: int) -> Path | None:
    """Return the file of a folder that has an inode, whatever its name."""
    try:
        with os.scandir(folder) as entries:
            return next((Path(entry.path) for entry in entries if entry.inode() == inode), None)
    except OSError:
        return None


def archived_files(pattern: str) -> list[Path]:
    """Return the files of a pattern and what rotation made of them, compressed or not, oldest first.

    Ordered by the time of the last change, so that records come in the order they were written.
    """
    found: dict[tuple[int, int], tuple[int, str, Path]] = {}
    for path, _ in expand(pattern):
        for one, status in (*_regular(path), *rotated(path)):
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


@lru_cache(maxsize=1024)
def _made_of(name: str) -> Callable[[str], object]:
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    packed = "|".join(map(re.escape, COMPRESSED))
    names = [re.escape(stem) + _AMONG + "?" + re.escape(suffix)]
    if (dated := _DATED.search(stem)) is not None:
        names.append(re.escape(stem[: dated.start()]) + _AMONG + re.escape(stem[dated.end() :]) + re.escape(suffix))
    return re.compile(f"(?:{'|'.join(names)})(?:{_BEHIND})?(?:{packed})?").fullmatch


def _unpacked(name: str) -> str:
    return os.path.splitext(name)[0] if name.endswith(COMPRESSED) else name  # noqa: PTH122


def _regular(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        status = path.stat()
    except OSError:
        return
    if stat.S_ISREG(status.st_mode):
        yield path, status


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")
