"""What a container said, out of the JSON lines of Docker's `json-file` driver."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

_BEGINNING = re.compile(rb'\{\s*"log"\s*:\s*"')

_LONGEST_TEXT = 16_384
_MOST_HELD_BYTES = 1024 * 1024


@dataclass(slots=True)
class Said:
    """One line of a container. size_bytes: what it took in the file. moment: when Docker got it; None if not told."""

    text: str
    size_bytes: int
    moment: datetime | None
    complete: bool = True


class DockerLines:
    """Puts lines together that Docker cut into parts of 16 KiB.

    Lines come in the order of their beginnings. While one is incomplete, those after it wait, so that `pending_bytes`
    is where reading has to begin again for nothing to be lost or to come twice; at most 1 MiB waits.
    """

    def __init__(self) -> None:
        self._waiting: list[Said] = []
        self._open: dict[str, Said] = {}
        self.pending_bytes = 0

    def feed(self, lines: Iterable[tuple[bytes, int]]) -> list[Said]:
        """Take lines of the file and their sizes; returns what is complete."""
        done: list[Said] = []
        for raw, size in lines:
            self._take(raw, size)
            if not self._open or self.pending_bytes > _MOST_HELD_BYTES:
                done += self.flush()
        return done

    def flush(self) -> list[Said]:
        """Return what waits, complete or not."""
        waiting, self._waiting = self._waiting, []
        self._open.clear()
        self.pending_bytes = 0
        return waiting

    def _take(self, raw: bytes, size: int) -> None:
        self.pending_bytes += size
        stream, text, moment = _entry(raw)
        part = self._open.pop(stream, None)
        if part is None:
            part = Said(text, size, moment)
            self._waiting.append(part)
        else:
            part.text = (part.text + text)[: _LONGEST_TEXT + 1]
            part.size_bytes += size
        part.complete = text.endswith("\n")
        if not part.complete:
            self._open[stream] = part
        part.text = part.text.removesuffix("\n") if part.complete else part.text


def looks_like_it(head: bytes) -> bool:
    """Return whether a file that begins so is one of Docker's."""
    return _BEGINNING.match(head) is not None


def _entry(raw: bytes) -> tuple[str, str, datetime | None]:
    """Return stream, text and time of a line; a line that is none of Docker's is what was said itself."""
    try:
        entry = json.loads(raw)
        return str(entry["stream"]), str(entry["log"]), _moment(entry["time"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", raw.decode("utf-8", "replace") + "\n", None


def _moment(text: str) -> datetime:
    """Read a time, in UTC. Raises ValueError or TypeError."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None
