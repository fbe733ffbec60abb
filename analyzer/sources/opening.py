"""Which source an entry of the settings is."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from analyzer.settings import SourceSettings
from analyzer.sources.files import FileSource
from analyzer.sources.followed import Checkpoint
from analyzer.sources.lines import Chunk
from analyzer.sources.stream import StreamSource

STANDARD_INPUT = "-"


class LineSource(Protocol):
    """Gives lines as they come.

    Attributes: problems, what cannot be read and why, by path. has_more: whether the last poll stopped at its limit.
    """

    problems: dict[str, str]
    has_more: bool

    @property
    def looked_ns(self) -> int:
        """When it looked for files last."""
        ...

    def poll(self, limit_bytes: int) -> Iterator[Chunk]:
        """Yield what came since the last call, at most about `limit_bytes` in all; never wait."""
        ...

    def lag_bytes(self) -> int:
        """Return how much is known to be there and not read yet."""
        ...

    def file_count(self) -> int:
        """Return how many files are followed."""
        ...

    def encodings(self) -> list[str]:
        """Return the encodings that the lines are in, as far as they showed."""
        ...

    def checkpoints(self, pending_bytes: Mapping[str, int], /) -> list[Checkpoint]:
        """Return where to go on after a restart. pending_bytes: by file, of lines that are not done with."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


def docker_lines(settings: SourceSettings) -> bool | None:
    """Return whether a source's lines are Docker's; None if each file tells."""
    return {"docker": True, "plain": False}.get(settings.format)


def open_source(settings: SourceSettings, checkpoints: Iterable[Checkpoint] | None, looked_ns: int = 0) -> LineSource:
    """Return the source of an entry.

    checkpoints: where it stopped; None at its very first start. looked_ns: when it looked for files last.
    """
    name, encoding, wrapped = settings.name, settings.encoding, docker_lines(settings)
    if settings.path == STANDARD_INPUT:
        return StreamSource(name, encoding=encoding, docker_lines=wrapped)
    return FileSource(name, settings.path, checkpoints, encoding=encoding, docker_lines=wrapped, looked_ns=looked_ns)
