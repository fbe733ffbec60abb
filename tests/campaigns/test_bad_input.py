"""Bad input to a real analyzer: said or counted; it goes on, and /metrics answers meanwhile."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns.running_analyzer import RunningAnalyzer, Scraper

_DROPPED = "-dac_override,-dac_read_search"
ORDINARY = ("setpriv", "--bounding-set", _DROPPED, "--inh-caps", _DROPPED) if os.geteuid() == 0 else ()
"""Runs a program that may not read everything, though it is root's."""
JAPANESE = "2026-03-01 06:14:00 ERROR データベース接続に失敗しました\n"


def analyzer_on(folder: Path, *, data: Path | None = None) -> RunningAnalyzer:
    (folder / "logs").mkdir()
    settings = {
        "sources": [{"name": "app", "path": str(folder / "logs/*.log"), "timezone": "UTC"}],
        "patterns": [
            {"id": "deliver", "expression": "cannot deliver article"},
            {"id": "japanese", "expression": "データベース接続に失敗"},
        ],
        "poll_interval_seconds": 0.05,
        "store_interval_seconds": 0.2,
        "retention_days": 36_500,
    }
    return RunningAnalyzer(folder, settings, data=data)


def error(number: int) -> str:
    return f"2026-03-01 06:14:00 ERROR cannot deliver article {number}\n"


def report(what: str, scraper: Scraper) -> None:
    """Print how long scrapes took; on a machine that does nothing else none takes 200 ms."""
    middle, longest = (1000 * seconds for seconds in (scraper.median_seconds(), max(scraper.seconds)))
    load = os.getloadavg()[0]
    sys.stdout.write(
        f"{what}: {len(scraper.seconds)} scrapes, median {middle:.0f} ms, longest {longest:.0f} ms ({load=})\n"
    )


def test_bad_files_are_named_or_counted_and_the_others_go_on(tmp_path: Path) -> None:
    analyzer, logs = analyzer_on(tmp_path), tmp_path / "logs"
    with analyzer.running(*ORDINARY), socket.socket(socket.AF_UNIX) as made:
        analyzer.wait_until_up()
        with Scraper(analyzer) as scraper:
            write_bad_files(logs, made)
            analyzer.wait(lambda: analyzer.metric("analyzer_lines_cut_total") >= 1, "the long line is cut")
            analyzer.wait(lambda: analyzer.counted()["deliver"] == 1_002, "the lines in bad files are counted")
            os.truncate(logs / "shrinks.log", 30_000)
            (logs / "good.log").write_text(error(4))
            analyzer.wait(lambda: analyzer.counted()["deliver"] == 1_003, "a good line is counted, and no other again")
        found = analyzer.sources()["app"]
        replaced, failures = (
            analyzer.metric("analyzer_lines_replaced_total"),
            analyzer.metric("analyzer_failures_total"),
        )
        problems = analyzer.metric("log_source_problems")
    report("bad files", scraper)
    bad = {"pipe.log", "socket.log", "folder.log", "dead.log", "secret.log"}
    assert ({Path(one["path"]).name for one in found["problems"]}, problems) == (bad, len(bad))
    assert {"cp932", "euc_jp", "utf-16-le", "ascii"} <= set(found["encodings"])
    assert analyzer.counted()["japanese"] == 3
    assert (replaced >= 1_000, failures) == (True, 0)


def write_bad_files(logs: Path, made: socket.socket) -> None:
    os.mkfifo(logs / "pipe.log")
    made.bind(str(logs / "socket.log"))
    (logs / "folder.log").mkdir()
    (logs / "dead.log").symlink_to("nowhere")
    (logs / "secret").write_text(error(0))
    (logs / "secret").chmod(0)
    (logs / "secret").rename(logs / "secret.log")
    (logs / "binary.log").write_bytes(bytes(range(256)) * 4_000)
    (logs / "zeros.log").write_bytes(bytes(1_000_000) + b"\n" + error(1).encode())
    (logs / "invalid.log").write_bytes(b"2026-03-01 06:14:00 ERROR caf\xe9 \xff\xfe\n" * 1_000)
    for encoding in ("cp932", "euc_jp", "utf-16"):
        (logs / f"{encoding}.log").write_bytes(JAPANESE.encode(encoding))
    (logs / "shrinks.log").write_text(error(3) * 1_000)
    with (logs / "long.log").open("w") as file:
        for _ in range(100):
            file.write("x" * 1_000_000)
        file.write("\n" + error(2))


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    analyzer, logs = analyzer_on(tmp_path), tmp_path / "logs"
    logs.chmod(0)
    try:
        with analyzer.running(*ORDINARY):
            analyzer.wait_until_up()
            assert analyzer.sources()["app"]["problems"] == [{"path": str(logs), "problem": "Permission denied"}]
            logs.chmod(0o700)
            (logs / "app.log").write_text(error(1))
            analyzer.wait(lambda: analyzer.counted()["deliver"] == 1, "it is read as soon as it may be")
    finally:
        logs.chmod(0o700)
    assert "cannot be read: Permission denied" in analyzer.said()


@pytest.mark.slow
def test_thousands_of_files_are_read_with_few_handles(tmp_path: Path) -> None:
    analyzer, logs, count = analyzer_on(tmp_path), tmp_path / "logs", 10_000
    with analyzer.running("prlimit", "--nofile=256:256") as process:
        analyzer.wait_until_up()
        with Scraper(analyzer) as scraper:
            for number in range(count):
                (logs / f"task-{number}.log").write_text(error(number))
            analyzer.wait(lambda: analyzer.counted()["deliver"] == count, "all files are read", 120)
            with (logs / "task-7.log").open("a") as file:
                file.write(error(0))
            analyzer.wait(lambda: analyzer.counted()["deliver"] == count + 1, "a further line is read", 120)
        assert sum(1 for _ in Path(f"/proc/{process.pid}/fd").iterdir()) < 128
    report(f"{count} files", scraper)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=False)


def test_a_full_disk_is_said_and_what_was_counted_is_written_later(tmp_path: Path, small_disk: Path) -> None:
    analyzer, log = analyzer_on(tmp_path, data=small_disk / "data"), tmp_path / "logs/app.log"
    with analyzer.running():
        analyzer.wait_until_up()
        log.write_text(error(1))
        analyzer.wait(lambda: analyzer.counted()["deliver"] == 1, "the first line is stored")
        with Scraper(analyzer) as scraper:
            fill(small_disk / "filler")
            with log.open("a") as file:
                file.writelines(error(number) for number in range(1_000))
            analyzer.wait(lambda: analyzer.metric("analyzer_failures_total") > 0, "the failure is counted")
            analyzer.wait(lambda: analyzer.metric("log_lines_total") == 1_001, "lines are counted all the same")
        (small_disk / "filler").unlink()
        analyzer.wait(lambda: analyzer.counted()["deliver"] == 1_001, "all is stored in the end")
    report("a full disk", scraper)
    assert "full" in analyzer.said()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 512, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue


def test_a_file_system_that_goes_and_comes_back_is_read_on(tmp_path: Path, small_disk: Path) -> None:
    analyzer, logs = analyzer_on(tmp_path), tmp_path / "logs"
    subprocess.run(["mount", "--bind", small_disk, logs], check=True)
    try:
        with analyzer.running():
            analyzer.wait_until_up()
            (logs / "app.log").write_text(error(1) * 10)
            analyzer.wait(lambda: analyzer.counted()["deliver"] == 10, "the first lines are read")
            subprocess.run(["umount", "-l", logs], check=True)
            analyzer.wait(lambda: analyzer.metric("log_source_problems") == 1, "it is said that nothing is there")
            subprocess.run(["mount", "--bind", small_disk, logs], check=True)
            with (logs / "app.log").open("a") as file:
                file.write(error(2))
            analyzer.wait(lambda: analyzer.counted()["deliver"] == 11, "it goes on where it stopped")
    finally:
        subprocess.run(["umount", "-l", logs], check=False, capture_output=True)


def test_standard_input_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    settings = {"sources": [{"name": "app", "path": "-", "timezone": "UTC"}], "store_interval_seconds": 0.2}
    analyzer = RunningAnalyzer(tmp_path, {**settings, "poll_interval_seconds": 0.05, "retention_days": 36_500})
    with analyzer.running(stdin=subprocess.PIPE) as process:
        analyzer.wait_until_up()
        assert process.stdin is not None
        process.stdin.write(error(1).encode() * 50 + b"2026-03-01 06:14:00 ERROR no line end")
        process.stdin.close()
        analyzer.wait(lambda: analyzer.metric("log_lines_total") == 51, "what the pipe held is counted")
        analyzer.wait(lambda: analyzer.sources()["app"]["problems"], "its end is said")
