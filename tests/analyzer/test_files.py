"""Files followed through rotation and restarts: every line once."""

import gzip
import json
import os
import random
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analyzer.sources.archives import read_lines
from analyzer.sources.files import FileSource
from analyzer.sources.followed import Checkpoint
from analyzer.sources.lines import LONGEST_LINE_BYTES, decode
from analyzer.sources.paths import archived_files
from tests.campaigns.rotating_logs import ROTATIONS, RotatedLog, Rotation, compress

LIMIT = 100 * 1024 * 1024


def poll(source: FileSource) -> list[str]:
    return [text for chunk in source.poll(LIMIT) for text in map(decode, chunk.lines)]


def size_of(line: bytes) -> int:
    """Return the bytes that a line took where the source leaves that out: its own and the line end."""
    return len(line) + 1


class Following:
    """Begins to follow files; closes what it began."""

    def __init__(self) -> None:
        self.sources: list[FileSource] = []

    def __call__(
        self,
        path: Path,
        checkpoints: list[Checkpoint] | None = None,
        *,
        look: bool = True,
        looked_ns: int = 0,
        encoding: str = "auto",
    ) -> FileSource:
        source = FileSource("app", str(path), checkpoints, looked_ns=looked_ns, encoding=encoding)
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
    assert [len(decode(line)) for chunk in chunks for line in chunk.lines] == [LONGEST_LINE_BYTES, 4]
    assert [size for chunk in chunks for size in chunk.sizes or map(size_of, chunk.lines)] == [1_000_001, 5]
    assert sum(chunk.cut for chunk in chunks) == 1


def test_bytes_that_are_no_text_do_not_stop_it(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    log.write_bytes(b"\xff\xfe caf\xe9\r\nnext\n")
    assert poll(source) == ["\ufffd\ufffd caf\ufffd", "next"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file: see tests/campaigns/test_bad_input.py")
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
    first = [line for chunk in source.poll(1) for line in chunk.lines]
    assert 0 < len(first) < 10_000
    assert source.lag_bytes() > 0
    assert len(first) + len(poll(source)) == 10_000
    assert source.lag_bytes() == 0


@pytest.mark.parametrize("rotation", ROTATIONS, ids=lambda rotation: rotation.__name__)
@pytest.mark.parametrize("pattern", ["app.log", "*.log*"])
def test_every_line_once_through_rotation_and_crashes(
    following: Following, tmp_path: Path, rotation: Rotation, pattern: str
) -> None:
    go_through_crashes(following, tmp_path, rotation, pattern, seed=1, steps=80)


@pytest.mark.slow
@pytest.mark.parametrize("rotation", ROTATIONS, ids=lambda rotation: rotation.__name__)
@pytest.mark.parametrize("pattern", ["app.log", "*.log", "*.log*"])
@pytest.mark.parametrize("seed", range(10))
def test_every_line_once_through_many_rotations_and_crashes(
    following: Following, tmp_path: Path, rotation: Rotation, pattern: str, seed: int
) -> None:
    go_through_crashes(following, tmp_path, rotation, pattern, seed, steps=400)


def go_through_crashes(
    following: Following, folder: Path, rotation: Rotation, pattern: str, seed: int, steps: int
) -> None:
    """Write, rotate, read, save and crash by chance; a crash takes everything back to what was saved."""
    log = RotatedLog(folder / "app.log", rotation, seed)
    chance = random.Random(seed)
    source = following(folder / pattern)
    seen: list[str] = []
    saved, points, looked_ns = list(seen), source.checkpoints({}), source.looked_ns
    for _ in range(steps):
        action = chance.choices(("write", "rotate", "read", "save", "crash"), (4, 1, 3, 1, 1))[0]
        if action == "write":
            log.write()
        elif action == "rotate":
            log.rotate()
        elif action == "read":
            seen += poll(source)
        elif action == "save":
            saved, points, looked_ns = list(seen), source.checkpoints({}), source.looked_ns
        else:
            source.close()
            seen, source = list(saved), following(folder / pattern, points, looked_ns=looked_ns)
    log.finish()
    seen += [text for _ in range(3) for text in poll(source)]
    records = Counter(line for line in seen if " item " in line)
    assert (len(records), set(records.values())) == (log.written.total(), {1})


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


def test_the_rest_of_a_truncated_file_is_read_from_its_copy(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, "one")
    poll(source)
    with log.open("a") as file:
        file.write("two is ")
    poll(source)
    append(log, "long", "three")
    shutil.copyfile(log, tmp_path / "app.log.1")
    os.truncate(log, 0)
    append(log, "four")
    assert poll(source) == ["two is long", "three", "four"]


@pytest.mark.parametrize("rotation", ["rename", "copytruncate"])
def test_what_was_rotated_and_compressed_while_it_was_down_is_read_on(
    following: Following, tmp_path: Path, rotation: str
) -> None:
    log, rotated = tmp_path / "app.log", tmp_path / "app.log.1"
    source = following(log)
    append(log, "one", "two")
    poll(source)
    points = source.checkpoints({})
    source.close()
    append(log, "three")
    if rotation == "rename":
        log.rename(rotated)
    else:
        shutil.copyfile(log, rotated)
        os.truncate(log, 0)
    compress(rotated)
    append(log, "four")
    source = following(log, points)
    assert sorted(poll(source)) == ["four", "three"]
    points = source.checkpoints({})
    source.close()
    assert poll(following(log, points)) == []


def test_days_of_rotated_files_are_caught_up_oldest_first(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, "day 1")
    poll(source)
    points = source.checkpoints({})
    source.close()
    for day in (2, 3, 4):
        log.rename(tmp_path / f"app.log-2026030{day}")
        if day < 4:
            compress(tmp_path / f"app.log-2026030{day}")
        append(log, f"day {day}")
    assert sorted(poll(following(log, points))) == ["day 2", "day 3", "day 4"]


def test_older_rotated_files_are_not_read_when_a_source_begins(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    append(tmp_path / "app.log.1", "old")
    os.utime(tmp_path / "app.log.1", (1_000_000, 1_000_000))
    append(log, "one")
    source = following(log)
    (tmp_path / "app.log.1").rename(tmp_path / "app.log.2")
    log.rename(tmp_path / "app.log.1")
    append(log, "two")
    assert poll(source) == ["two"]


def test_the_log_of_another_program_beside_it_is_not_taken_for_a_rotated_one(
    following: Following, tmp_path: Path
) -> None:
    log = tmp_path / "worker-1.log"
    source = following(log)
    append(log, "one")
    poll(source)
    log.rename(tmp_path / "worker-1.log.1")
    append(tmp_path / "worker-2.log", "of another")
    append(log, "two")
    assert poll(source) == ["two"]


def test_a_link_is_followed_to_its_new_target_and_the_old_one_to_its_end(following: Following, tmp_path: Path) -> None:
    link = tmp_path / "current.log"
    append(tmp_path / "app-2026-03-01.log", "old")
    link.symlink_to("app-2026-03-01.log")
    source = following(link)
    append(tmp_path / "app-2026-03-01.log", "one")
    link.unlink()
    append(tmp_path / "app-2026-03-02.log", "two")
    link.symlink_to("app-2026-03-02.log")
    assert poll(source) == ["one", "two"]


def test_the_target_of_a_link_that_was_turned_while_it_was_down_is_read_on(
    following: Following, tmp_path: Path
) -> None:
    link = tmp_path / "current.log"
    append(tmp_path / "app-2026-03-01.log", "old")
    link.symlink_to("app-2026-03-01.log")
    source = following(link)
    points = source.checkpoints({})
    source.close()
    append(tmp_path / "app-2026-03-01.log", "one")
    append(tmp_path / "app-2026-03-02.log", "two")
    link.unlink()
    append(tmp_path / "app-2026-03-03.log", "three")
    link.symlink_to("app-2026-03-03.log")
    assert sorted(poll(following(link, points))) == ["one", "three", "two"]


def test_a_file_and_a_link_to_it_are_one(following: Following, tmp_path: Path) -> None:
    source = following(tmp_path / "*.log")
    append(tmp_path / "app.log", "one")
    (tmp_path / "also.log").symlink_to("app.log")
    assert poll(source) == ["one"]


def test_a_copy_of_a_followed_file_is_not_counted_again(following: Following, tmp_path: Path) -> None:
    source = following(tmp_path / "*.log")
    append(tmp_path / "app.log", "one")
    poll(source)
    shutil.copyfile(tmp_path / "app.log", tmp_path / "app-20260301.log")
    append(tmp_path / "app.log", "two")
    assert poll(source) == ["two"]


def test_a_file_that_loses_its_end_is_not_read_again(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, *(f"line {number}" for number in range(100)))
    poll(source)
    os.truncate(log, 500)
    assert poll(source) == []
    append(log, "", "next")
    assert poll(source)[-1] == "next"


def test_a_file_rewritten_by_an_editor_goes_on(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, *(f"line {number}" for number in range(100)))
    poll(source)
    shutil.copyfile(log, tmp_path / "new")
    (tmp_path / "new").rename(log)
    append(log, "next")
    assert poll(source) == ["next"]


def test_the_hole_of_a_writer_that_does_not_append_is_skipped(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    with log.open("w") as file:
        file.write("x" * 99_999 + "\n")
        file.flush()
        poll(source)
        os.truncate(log, 0)
        file.write("next\n")
    assert poll(source) == ["next"]


def test_what_is_no_file_is_named_and_never_waited_for(following: Following, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "folder.log").mkdir()
    (tmp_path / "dead.log").symlink_to("nowhere")
    (tmp_path / "loop.log").symlink_to("loop.log")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "socket.log"))
    source = following(tmp_path / "*.log")
    append(tmp_path / "good.log", "one")
    assert poll(source) == ["one"]
    names = {Path(path).name: problem for path, problem in source.problems.items()}
    assert names == {
        "dead.log": "the link leads nowhere",
        "folder.log": "is a folder, not a file",
        "loop.log": "Too many levels of symbolic links",
        "pipe.log": "is a named pipe, not a file",
        "socket.log": "is a socket, not a file",
    }


def test_a_name_that_nothing_has_is_a_problem_until_it_is_there(following: Following, tmp_path: Path) -> None:
    source = following(tmp_path / "app.log")
    assert source.problems == {str(tmp_path / "app.log"): "no such file"}
    append(tmp_path / "app.log", "one")
    poll(source)
    assert source.problems == {}


def test_thousands_of_files_need_few_handles(following: Following, tmp_path: Path) -> None:
    source = following(tmp_path / "*.log")
    for number in range(2_500):
        (tmp_path / f"task-{number}.log").write_text(f"line {number}\n")
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    assert len(poll(source)) == 2_500
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) <= before + 64
    points = source.checkpoints({})
    source.close()
    append(tmp_path / "task-7.log", "more")
    assert poll(following(tmp_path / "*.log", points)) == ["more"]


def test_a_damaged_compressed_file_is_named_and_others_go_on(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    append(log, "one")
    poll(source)
    log.rename(tmp_path / "app.log.2")
    append(tmp_path / "app.log.2", "two")
    (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(b"lost\n" * 1000)[:30])
    append(log, "three")
    assert poll(source) == ["two", "three"]
    assert list(source.problems) == [str(tmp_path / "app.log.1.gz")]


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "utf-8", "utf-8-sig", "utf-16"])
def test_japanese_lines_are_read_in_the_encoding_they_are_in(
    following: Following, tmp_path: Path, encoding: str
) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    lines = [
        "2026-03-01 06:14:00 INFO plain",
        "2026-03-01 06:14:01 ERROR データベース接続に失敗しました",
        "処理を開始します",
    ]
    log.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
    assert poll(source) == lines
    size = log.stat().st_size
    assert sum(len(line) for line in lines) < size == source.checkpoints({})[0].offset


def test_an_encoding_can_be_given_and_what_is_none_of_it_is_replaced_and_counted(
    following: Following, tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    source = following(log, encoding="euc_jp")
    log.write_bytes("警告\n".encode("euc_jp") + b"\x80\x80\n")
    (chunk,) = source.poll(LIMIT)
    assert list(map(decode, chunk.lines)) == ["警告", "\ufffd\ufffd"]
    assert chunk.replaced == 1


def test_docker_lines_are_unwrapped_joined_and_timed(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "abc-json.log"
    source = following(log)
    parts = [("stdout", "x" * 16_384), ("stderr", "between\n"), ("stdout", "y\n"), ("stdout", "last\n")]
    for number, (stream, text) in enumerate(parts):
        append(log, json.dumps({"log": text, "stream": stream, "time": f"2026-03-01T06:14:0{number}.123456789Z"}))
    (chunk,) = source.poll(LIMIT)
    assert [line[:4] for line in chunk.lines] == [b"xxxx", b"betw", b"last"]
    assert chunk.moments is not None
    assert [moment and moment.second for moment in chunk.moments] == [0, 1, 3]
    assert sum(chunk.sizes or ()) == log.stat().st_size
    assert source.checkpoints({})[0].offset == log.stat().st_size


@pytest.mark.parametrize("time", ["2026-03-01T06:14:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", 7])
def test_a_docker_time_that_names_no_moment_harms_nothing(following: Following, tmp_path: Path, time: object) -> None:
    log = tmp_path / "abc-json.log"
    source = following(log)
    append(log, json.dumps({"log": "one\n", "stream": "stdout", "time": time}))
    (chunk,) = source.poll(LIMIT)
    assert len(chunk.lines) == 1
    assert chunk.moments in ([None], [datetime(2026, 3, 1, 6, 14, tzinfo=UTC)])


@pytest.mark.parametrize("wrapped", [False, True])
def test_colours_are_no_part_of_a_line(following: Following, tmp_path: Path, wrapped: bool) -> None:
    log = tmp_path / "app.log"
    source = following(log)
    link = "\x1b]8;;http://a.example\x1b\\here\x1b]8;;\x1b\\"
    for line in ("\x1b[2m2026-03-01\x1b[0m \x1b[1;31mERROR\x1b[0m 障害", f"see {link}", "plain"):
        said = {"log": f"{line}\n", "stream": "stdout", "time": "2026-03-01T06:14:00Z"}
        append(log, json.dumps(said) if wrapped else line)
    (chunk,) = source.poll(LIMIT)
    assert [line.decode() for line in chunk.lines] == ["2026-03-01 ERROR 障害", "see here", "plain"]
    assert sum(chunk.sizes or ()) == log.stat().st_size


def test_a_docker_line_without_its_end_waits_and_holds_the_checkpoint(following: Following, tmp_path: Path) -> None:
    log = tmp_path / "abc-json.log"
    source = following(log)
    moment = "2026-03-01T06:14:00Z"
    append(log, json.dumps({"log": "one\n", "stream": "stdout", "time": moment}))
    before = log.stat().st_size
    append(log, json.dumps({"log": "half ", "stream": "stdout", "time": moment}))
    append(log, json.dumps({"log": "other\n", "stream": "stderr", "time": moment}))
    assert poll(source) == ["one"]
    points = source.checkpoints({})
    assert points[0].offset == before
    append(log, json.dumps({"log": "done\n", "stream": "stdout", "time": moment}))
    assert poll(source) == ["half done", "other"]
    assert poll(following(log, points)) == ["half done", "other"]
