"""One source that is followed: what was read of it, and what that came to."""

from collections.abc import Mapping
from typing import Any

from analyzer.intake import Intake
from analyzer.settings import SourceSettings
from analyzer.sources.followed import Checkpoint
from analyzer.sources.lines import Chunk
from analyzer.sources.opening import open_source
from analyzer.stages import Batch, LogStages, Run
from runtime.clock import Clock, format_utc

_MOST_PROBLEMS = 100
_FEWEST_BYTES = 256 * 1024
_MOST_BYTES = 4 * 1024 * 1024
_LONG_SECONDS = 1.0


class FollowedSource:
    """Reads a source on, as often as it is asked to.

    What existed before the first look is learned in silence: its patterns are known, but it is not counted in metrics
    and not told. learning_seconds: so long a source is listened to at which nothing existed. state: what `state`
    returned in an earlier run, None at the first start.
    Attributes: settings, files.
    """

    def __init__(
        self,
        settings: SourceSettings,
        stages: LogStages,
        clock: Clock,
        learning_seconds: float,
        state: Mapping[str, Any] | None,
    ) -> None:
        known = state if state is not None and "files" in state else None
        self.settings = settings
        points = [Checkpoint(*point) for point in known["files"]] if known else None
        self.files = open_source(settings, points, known["looked_ns"] if known else 0)
        self._stages = stages
        self._clock = clock
        self._learning_seconds = learning_seconds
        self._learning_until: float | None = float(known["learning_until"]) if known else None
        self._lines: int = known["lines"] if known else 0
        self._last_read_at: float | None = None
        self._limit_bytes = _FEWEST_BYTES
        self._intake = Intake(stages, settings, clock, self._count, on_failure=self._failed)
        self._existing: set[str] = set()  # files whose record in hand existed before the first look
        self._silent = False
        self._batch = Batch()

    @property
    def is_learning(self) -> bool:
        """Whether new patterns are not told yet."""
        return self._clock.time() < (self._learning_until or 0.0)

    def state(self) -> dict[str, Any]:
        """Return what has to be remembered, ready for JSON."""
        points = [point.values() for point in self.files.checkpoints(self._intake.pending_bytes())]
        return {
            "files": points,
            "looked_ns": self.files.looked_ns,
            "learning_until": self._learning_until or 0.0,
            "lines": self._lines,
        }

    def describe(self) -> dict[str, Any]:
        """Return how the source does, ready for JSON. lines: records so far, over all starts."""
        problems = list(self.files.problems.items())
        return {
            "name": self.settings.name,
            "path": self.settings.path,
            "files": self.files.file_count(),
            "lag_bytes": self.files.lag_bytes(),
            "encodings": self.files.encodings(),
            "learning": self.is_learning,
            "lines": self._lines,
            "last_read_at": None if self._last_read_at is None else format_utc(self._last_read_at),
            "problems": [{"path": path, "problem": problem} for path, problem in problems[:_MOST_PROBLEMS]],
            "problem_count": len(problems),
        }

    def read(self, *, finishing: bool = False) -> Batch:
        """Read what there is, at most about so much as takes a second; returns what it came to.

        finishing: records in hand are not waited for, as nothing is read any more.
        """
        began = self._clock.monotonic()
        busy: set[str] = set()
        existed = False
        for chunk in self.files.poll(_FEWEST_BYTES if finishing else self._limit_bytes):
            busy.add(chunk.file)
            existed = existed or chunk.existing
            self._take(chunk)
        if busy:
            self._last_read_at = self._clock.time()
        if self._learning_until is None:
            self._learning_until = 0.0 if existed else self._clock.time() + self._learning_seconds
        for file in self._intake.files:
            if finishing or file not in busy:
                self._finish(file)
        self._intake.flush()
        more = self.files.has_more and self._clock.monotonic() - began < _LONG_SECONDS / 2
        self._limit_bytes = min(2 * self._limit_bytes, _MOST_BYTES) if more else _FEWEST_BYTES
        batch, self._batch = self._batch, Batch()
        return batch

    def _take(self, chunk: Chunk) -> None:
        if chunk.file in self._existing and not chunk.existing:
            self._finish(chunk.file)
        if chunk.existing:
            self._existing.add(chunk.file)
        self._be_silent(chunk.existing)
        self._intake.take(chunk.file, chunk)
        self._batch.cut += chunk.cut
        self._batch.replaced += chunk.replaced

    def _finish(self, file: str) -> None:
        self._be_silent(file in self._existing)
        self._existing.discard(file)
        self._intake.finish(file)

    def _be_silent(self, silent: bool) -> None:
        if silent is not self._silent:
            self._intake.flush()
            self._silent = silent

    def _count(self, run: Run) -> None:
        batch = Batch() if self._silent else self._batch
        self._stages.count(self.settings.name, run, batch, learning=self._silent or self.is_learning)
        self._lines += run.count

    def _failed(self) -> None:
        self._batch.failed += 1
