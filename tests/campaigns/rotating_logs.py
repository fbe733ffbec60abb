"""Logs as programs and logrotate write them: numbered lines, rotated in every usual way."""

import gzip
import os
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

KINDS = 10
_LINES_OF_A_KIND = 7

Rotation = Callable[["RotatedLog"], None]


class RotatedLog:
    """One log and what was written to it, by kind; the kinds come in turn, so that a gap and a repeat both show."""

    def __init__(self, path: Path, rotation: Rotation, seed: int) -> None:
        self.path = path
        self.chance = random.Random(seed)
        self.written: Counter[str] = Counter()
        self._rotation = rotation
        self._number = 0
        self._half = b""
        self._rotations = 0

    def write(self) -> None:
        """Append some records: plain ones, tracebacks, and the first half of a line whose second half comes later."""
        data, self._half = self._half, b""
        data += b"".join(self._record() for _ in range(self.chance.randrange(1, 12)))
        if self.chance.random() < 0.3:
            last = self._record()
            cut = self.chance.randrange(1, len(last.partition(b"\n")[0]))
            data, self._half = data + last[:cut], last[cut:]
        with self.path.open("ab") as file:
            file.write(data)

    def finish(self) -> None:
        """Complete the last line."""
        with self.path.open("ab") as file:
            file.write(self._half)
        self._half = b""

    def rotate(self) -> None:
        """Rotate as the log's rotation does; a program does not do so in the middle of a line."""
        self.finish()
        self._rotations += 1
        self._rotation(self)

    def shift(self) -> Path:
        """Make room for the youngest rotated file; returns its name. All are kept."""
        rotated = [path.name.split(".")[2:] for path in self.path.parent.glob(f"{self.path.name}.*")]
        for number, *packed in sorted(rotated, key=lambda parts: -int(parts[0])):
            old = ".".join((self.path.name, number, *packed))
            new = ".".join((self.path.name, str(int(number) + 1), *packed))
            self.path.with_name(old).rename(self.path.with_name(new))
        return self.path.with_name(f"{self.path.name}.1")

    def dated(self) -> Path:
        """Return the name of a rotated file by date and second."""
        return self.path.with_name(f"{self.path.name}-20260301-{1_772_000_000 + self._rotations}")

    def _record(self) -> bytes:
        kind = f"k{self._number // _LINES_OF_A_KIND % KINDS}"
        self.written[kind] += 1
        self._number += 1
        moment = f"2026-03-01 06:{self._number // 60 % 60:02d}:{self._number % 60:02d}"
        text = f"{moment} ERROR app [{kind}] item {self._number} of {self.path.stem} {os.urandom(4).hex()}\n"
        if self.chance.random() < 0.1:
            text += 'Traceback (most recent call last):\n  File "a.py", line 1, in b\nValueError: no\n'
        return text.encode()


def rename(log: RotatedLog) -> None:
    """Rename by number."""
    with suppress(FileNotFoundError):
        log.path.rename(log.shift())


def rename_and_compress(log: RotatedLog) -> None:
    """Rename, and compress at once or what was rotated the time before."""
    first = log.shift()
    with suppress(FileNotFoundError):
        log.path.rename(first)
    compress(first if log.chance.random() < 0.5 else first.with_suffix(".2"))


def rename_by_date(log: RotatedLog) -> None:
    """Rename by date; compress at times."""
    first = log.dated()
    with suppress(FileNotFoundError):
        log.path.rename(first)
        if log.chance.random() < 0.3:
            compress(first)


def copytruncate(log: RotatedLog) -> None:
    """Copy by number, then truncate."""
    _copy_and_truncate(log, log.shift())


def copytruncate_and_compress(log: RotatedLog) -> None:
    """Copy by date, truncate, compress the copy at times."""
    first = log.dated()
    _copy_and_truncate(log, first)
    if log.chance.random() < 0.5:
        compress(first)


ROTATIONS: tuple[Rotation, ...] = (
    rename,
    rename_and_compress,
    rename_by_date,
    copytruncate,
    copytruncate_and_compress,
)


def compress(path: Path) -> None:
    """Compress a file as gzip does: beside it, with its times, and then it goes."""
    with suppress(FileNotFoundError):
        status = path.stat()
        packed = path.with_name(f"{path.name}.gz")
        with path.open("rb") as plain, gzip.open(packed, "wb", compresslevel=1) as file:
            shutil.copyfileobj(plain, file)
        os.utime(packed, ns=(status.st_atime_ns, status.st_mtime_ns))
        path.unlink()


def _copy_and_truncate(log: RotatedLog, copy: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.copyfile(log.path, copy)
        os.truncate(log.path, 0)


class Writer:
    """Writes to logs and rotates them, in a thread, until it is told to end."""

    def __init__(self, logs: list[RotatedLog], seed: int, *, pause_seconds: float = 0.01) -> None:
        self._logs = logs
        self._chance = random.Random(seed)
        self._pause_seconds = pause_seconds
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        for log in self._logs:
            log.finish()

    def _write(self) -> None:
        while not self._ending.is_set():
            log = self._chance.choice(self._logs)
            log.write()
            if self._chance.random() < 0.08:
                log.rotate()
            time.sleep(self._chance.uniform(0, 2 * self._pause_seconds))
