"""Files from their start to their end: plain or compressed."""

import bz2
import gzip
import lzma
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from analyzer.encodings import AUTO
from analyzer.sources.lines import LineCutter, Lines, decode
from analyzer.sources.paths import COMPRESSED

UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What reading a file raises that is damaged, gone, or not for us."""

_HEAD_BYTES = 256
_CHUNK_BYTES = 256 * 1024
_MAGIC = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ\x00"}
_OPENERS = cast("dict[str, Callable[[Path], BufferedReader]]", {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open})


def is_compressed(path: Path) -> bool:
    """Return whether a file is one that `opened` decompresses."""
    return path.suffix in _OPENERS


def opened(path: Path) -> BinaryIO:
    """Open a file for reading, decompressed if it is. Never blocks. Raises OSError, also for no regular file."""
    if path.suffix in COMPRESSED and not is_compressed(path):
        raise OSError(f"cannot decompress {path.suffix[1:]}")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is not a file")
    if not _is_archive(path):
        return open(descriptor, "rb", buffering=0)  # noqa: PTH123
    os.close(descriptor)
    return _decompressed(path)


def read_lines(
    path: Path, encoding: str = AUTO, *, docker_lines: bool | None = None
) -> Iterator[tuple[str, datetime | None]]:
    """Yield the lines of one file, each at most 4 KiB, and when it was said where the file tells that beside the line.

    The rest is as in `read_chunks`.
    """
    for lines in read_chunks(path, encoding, docker_lines=docker_lines):
        yield from zip(map(decode, lines.lines), lines.moments or [None] * len(lines.lines), strict=True)


def read_chunks(path: Path, encoding: str = AUTO, *, docker_lines: bool | None = None) -> Iterator[Lines]:
    """Yield the lines of one file, many at a time.

    path: may be a pipe. encoding, docker_lines: as in LineCutter. Raises what UNREADABLE names.
    """
    with _decompressed(path) if _is_archive(path) else path.open("rb") as file:
        data = file.read1(_HEAD_BYTES)
        cutter = LineCutter(data, encoding, docker_lines=docker_lines)
        while data:
            yield cutter.feed(data)
            data = file.read1(_CHUNK_BYTES)
        yield cutter.end()


def _is_archive(path: Path) -> bool:
    """Return whether a file is what its name says: some that end in `.gz` were never compressed."""
    if not is_compressed(path) or not path.is_file():
        return is_compressed(path)
    magic = _MAGIC[path.suffix]
    with path.open("rb", buffering=0) as file:
        return file.read(len(magic)) in (magic, b"")


def _decompressed(path: Path) -> BufferedReader:
    return _OPENERS[path.suffix](path)
