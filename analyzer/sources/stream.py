"""Lines of standard input."""

import logging
import os
import select
from collections.abc import Iterator, Mapping

from analyzer.encodings import AUTO
from analyzer.sources.followed import Checkpoint
from analyzer.sources.lines import Chunk, LineCutter

logger = logging.getLogger(f"monitoring.{__name__}")

_CHUNK_BYTES = 64 * 1024
_FILE = "-"


class StreamSource:
    """Takes what a pipe holds, never waiting for it.

    What was taken and not saved is lost with the process: a pipe cannot be read twice. A writer that is faster waits.
    encoding, docker_lines: as in LineCutter. descriptor: standard input's.
    """

    def __init__(
        self, name: str, *, encoding: str = AUTO, docker_lines: bool | None = None, descriptor: int = 0
    ) -> None:
        self.name = name
        self.problems: dict[str, str] = {}
        self.has_more = False
        self._encoding = encoding
        self._docker_lines = docker_lines
        self._descriptor = descriptor
        self._cutter: LineCutter | None = None
        self._ready = select.poll()
        self._ready.register(descriptor, select.POLLIN)

    @property
    def looked_ns(self) -> int:
        """Nothing: there are no files to look for."""
        return 0

    def poll(self, limit_bytes: int) -> Iterator[Chunk]:
        """Yield the lines that are there, at most about `limit_bytes` in all."""
        while limit_bytes > 0 and not self.problems and self._ready.poll(0):
            data = self._take()
            limit_bytes -= len(data)
            if self._cutter is None:
                self._cutter = LineCutter(data, self._encoding, docker_lines=self._docker_lines)
            lines = self._cutter.feed(data) if data else self._cutter.end()
            if lines.lines:
                yield Chunk.of(lines, _FILE)
        self.has_more = limit_bytes <= 0

    def lag_bytes(self) -> int:
        """Return 0: what a pipe holds is not known."""
        return 0

    def file_count(self) -> int:
        """Return 1 until the input ends."""
        return int(not self.problems)

    def encodings(self) -> list[str]:
        """Return the encoding of the input, as far as it showed."""
        return [self._cutter.encoding or "ascii"] if self._cutter else []

    def checkpoints(self, _pending_bytes: Mapping[str, int]) -> list[Checkpoint]:
        """Return nothing: there is no going back in a pipe."""
        return []

    def close(self) -> None:
        """Leave standard input as it is."""

    def _take(self) -> bytes:
        try:
            data = os.read(self._descriptor, _CHUNK_BYTES)
        except OSError as error:
            self.problems[_FILE] = error.strerror or str(error)
            data = b""
        if not data:
            self.problems.setdefault(_FILE, "standard input has ended")
            logger.info("source %s: %s", self.name, self.problems[_FILE])
        return data
