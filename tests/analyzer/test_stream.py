"""Standard input as a source: taken as it comes, never waited for."""

import os
from collections.abc import Iterator

import pytest

from analyzer.sources.lines import decode
from analyzer.sources.stream import StreamSource

LIMIT = 1_000_000


class Pipe:
    """A pipe with the source at its end."""

    def __init__(self) -> None:
        reading, self._writing = os.pipe()
        self.source = StreamSource("app", descriptor=reading)
        self._open = {reading, self._writing}

    def write(self, data: bytes) -> None:
        os.write(self._writing, data)

    def end(self) -> None:
        os.close(self._writing)
        self._open.discard(self._writing)

    def close(self) -> None:
        for descriptor in self._open:
            os.close(descriptor)

    def lines(self) -> list[str]:
        return [text for chunk in self.source.poll(LIMIT) for text in map(decode, chunk.lines)]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


def test_lines_are_given_when_they_are_complete(pipe: Pipe) -> None:
    assert pipe.lines() == []
    pipe.write(b"one\ntw")
    assert pipe.lines() == ["one"]
    pipe.write("o です\n".encode())
    assert pipe.lines() == ["two です"]


def test_the_end_gives_the_last_line_and_is_said(pipe: Pipe) -> None:
    pipe.write(b"one\nno line end")
    pipe.end()
    assert pipe.lines() == ["one", "no line end"]
    assert pipe.source.problems == {"-": "standard input has ended"}
    assert (pipe.lines(), pipe.source.file_count()) == ([], 0)


def test_existing_lines_of_a_pipe_are_new(pipe: Pipe) -> None:
    pipe.write(b"one\n")
    assert [chunk.existing for chunk in pipe.source.poll(LIMIT)] == [False]


def test_limit_bounds_a_poll(pipe: Pipe) -> None:
    pipe.write(b"x" * 9 + b"\n")
    pipe.write(b"y" * 9 + b"\n")
    assert [len(chunk.lines) for chunk in pipe.source.poll(1)] == [2]
    assert pipe.source.has_more
    assert pipe.lines() == []
    assert not pipe.source.has_more
