"""Files followed through rotation and restarts: every line once."""

import gzip
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.sources.archives import read_lines
from analyzer.sources.files import FileSource
from analyzer.sources.followed import Checkpoint
from analyzer.sources.lines import LONGEST_LINE_BYTES, decode
from analyzer.sources.paths import archived_files

LIMIT = 100 * 1024 * 1024


def poll(source: FileSource) -> list[str]:
    return [text for chunk in source.poll(LIMIT) for text, _ in chunk.texts()]


class Following:
    """Begins to follow files; closes what it began."""

    def __init__(self) -> None:
        self.sources: list[FileSource] = []

    def __call__(self, path: Path, checkpoints: list[Checkpoint] | None = None, *, look: bool = True) -> FileSource:
        source = FileSource("app", str(path), checkpoints)
        self.sources.append(source)
        if checkpoints is None and look:
            poll(source)
        return source


@pytest.fixture
def following() -> Iterator[Following]:
    follow = Following()
    yield follow
    for source in follow.sources:
        source.close()


def append(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_appended_lines_are_given_once(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, "one", "two")
    assert poll(source) == ["one", "two"]
    assert poll(source) == []
    append(log, "three")
    assert poll(source) == ["three"]


def test_existing_lines_are_marked_at_the_first_start_alone(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    append(log, "old")
    source = following(log, look=False)
    assert [(decode(chunk.lines[0]), chunk.existing) for chunk in source.poll(LIMIT)] == [("old", True)]
    append(log, "new")
    assert [(decode(chunk.lines[0]), chunk.existing) for chunk in source.poll(LIMIT)] == [("new", False)]


def test_a_line_is_given_when_it_is_complete(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    with log.open("a") as file:
        file.write("half")
        file.flush()
        assert poll(source) == []
        file.write(" done\n")
        file.flush()
        assert poll(source) == ["half done"]


def test_a_renamed_file_is_read_to_its_end(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, "one")
    poll(source)
    append(log, "two")
    log.rename(tmp_path / "app.log.1")
    append(tmp_path / "app.log.1", "three")
    append(log, "four")
    assert poll(source) == ["two", "three", "four"]
    append(tmp_path / "app.log.1", "late")
    assert poll(source) == ["late"]


def test_a_renamed_file_is_let_go_after_quiet(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, "one")
    poll(source)
    with log.open("a") as file:
        file.write("no line end")
    log.rename(tmp_path / "app.log.1")
    rest = [text for _ in range(40) for text in poll(source)]
    assert rest == ["no line end"]
    assert source.file_count() == 0


@pytest.mark.parametrize("longer", [False, True])
def test_a_truncated_file_is_read_from_its_start(following: Following, tmp_path: Path, longer: bool) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, "first 1", "first 2")
    poll(source)
    with log.open("r+") as file:
        file.truncate(0)
    lines = [f"second {number}" for number in range(20 if longer else 1)]
    append(log, *lines)
    assert poll(source) == lines


def test_reading_goes_on_after_a_restart(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, "one", "two")
    poll(source)
    points = source.checkpoints({})
    source.close()
    append(log, "three")
    log.rename(tmp_path / "app.log.1")
    append(log, "four")
    assert poll(following(log, points)) == ["three", "four"]


def test_what_was_given_out_but_not_done_is_given_again_after_a_restart(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, "one", "two")
    (chunk,) = source.poll(LIMIT)
    points = source.checkpoints({chunk.file: len(chunk.lines[-1]) + 1})
    assert poll(following(log, points)) == ["two"]


def test_another_file_with_the_same_inode_is_read_from_its_start(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    append(log, "another file", "that is longer")
    status = log.stat()
    stale = Checkpoint(str(log), str(log), status.st_dev, status.st_ino, 5, head="5:0011223344556677")
    assert poll(following(log, [stale])) == ["another file", "that is longer"]


def test_new_files_of_a_glob_are_found_and_own_log_is_not_followed(following: Following, tmp_path: Path) -> None:
    source = following(tmp_path / "*.log")
    append(tmp_path / "a.log", "a")
    append(tmp_path / "monitoring.log", "own")
    append(tmp_path / "b.log", "b")
    assert sorted(poll(source)) == ["a", "b"]
    assert source.file_count() == 2


def test_very_long_lines_are_cut_and_counted(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, "x" * 1_000_000, "next")
    chunks = list(source.poll(LIMIT))
    lines = [line for chunk in chunks for line in chunk.texts()]
    assert [len(text) for text, _ in lines] == [LONGEST_LINE_BYTES, 4]
    assert [size for _, size in lines] == [1_000_001, 5]
    assert sum(chunk.cut for chunk in chunks) == 1


def test_bytes_that_are_no_text_do_not_stop_it(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    log.write_bytes(b"\xff\xfe caf\xe9\r\nnext\n")
    assert poll(source) == ["\ufffd\ufffd caf\ufffd", "next"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_named_and_others_go_on(following: Following, tmp_path: Path) -> None:
    source = following(tmp_path / "*.log")
    append(tmp_path / "a.log", "a")
    append(tmp_path / "b.log", "b")
    (tmp_path / "a.log").chmod(0)
    assert poll(source) == ["b"]
    assert list(source.problems) == [str(tmp_path / "a.log")]


def test_a_missing_folder_is_waited_for(following: Following, tmp_path: Path) -> None:
    source = following(tmp_path / "later" / "*.log")
    (tmp_path / "later").mkdir()
    append(tmp_path / "later" / "a.log", "a")
    assert poll(source) == ["a"]


def test_limit_bounds_a_poll_and_lag_says_what_is_left(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, *("x" * 99 for _ in range(10_000)))
    first = [text for chunk in source.poll(1) for text, _ in chunk.texts()]
    assert 0 < len(first) < 10_000
    assert source.lag_bytes() > 0
    assert len(first) + len(poll(source)) == 10_000
    assert source.lag_bytes() == 0


def test_every_line_once_through_random_rotation_and_restarts(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    chance = random.Random(7)
    source = following(log)
    written: list[str] = []
    seen: list[str] = []
    for step in range(300):
        lines = [f"{step} {number}" for number in range(chance.randrange(4))]
        append(log, *lines)
        written += lines
        action = chance.random()
        if action < 0.1:
            log.rename(tmp_path / f"app.log.{step}")
        elif action < 0.2:
            points = source.checkpoints({})
            source.close()
            source = following(log, points)
        if chance.random() < 0.7:
            seen += poll(source)
    seen += poll(source)
    assert sorted(seen) == sorted(written)


def test_archived_files_come_oldest_first_and_compressed_ones_are_read(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "app.log.2.gz", "wt") as file:
        file.write("one\ntwo\n")
    append(tmp_path / "app.log.1", "three")
    append(tmp_path / "app.log", "four")
    append(tmp_path / "monitoring.log", "own")
    for age, name in enumerate(("app.log", "app.log.1", "app.log.2.gz")):
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    paths = archived_files(str(tmp_path / "*.log"))
    assert [line for path in paths for line, _ in read_lines(path)] == ["one", "two", "three", "four"]
