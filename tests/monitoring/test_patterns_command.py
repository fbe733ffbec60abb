"""`monitoring patterns` as people and scripts use it; what both commands for log lines have in common."""

import csv
import gzip
import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from monitoring.cli import main

LOG = """\
2026-01-01 10:00:00 ERROR db: connection to db-1 failed: Connection refused
Traceback (most recent call last):
OSError: no route
2026-01-01 10:00:01 INFO app: fetched 12 items from feed 3

2026-01-01 10:00:01 INFO app: fetched 13 items from feed 4
"""
COMMAND = (sys.executable, "-m", "monitoring")


def test_csv_has_one_row_for_each_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_text(LOG)
    assert main(["patterns", "--format", "csv", str(tmp_path / "a.log")]) == 0
    header, *rows = csv.reader(capsys.readouterr().out.splitlines())
    assert header == ["pattern_id", "template", "predefined", "severity"]
    assert len(rows) == len(LOG.splitlines())
    assert rows[0] == rows[1] == rows[2]
    assert rows[0][2:] == ["database_error", "HIGH"]
    assert rows[3] == rows[5]
    assert rows[3][1:] == ["app: fetched <*> items from feed <*>", "", "LOW"]


def test_json_counts_records_and_masks_what_it_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_text(LOG + "2026-01-01 10:00:40 INFO app: taro@example.jp logged in, 氏名：山田太郎\n")
    assert main(["patterns", "--format", "json", str(tmp_path / "a.log")]) == 0
    out = capsys.readouterr().out
    found = {entry["frequency"]: entry for entry in json.loads(out) if entry["predefined"] is None}
    assert (found[2]["kind"], found[2]["severity"], found[2]["share"]) == ("dynamic", "LOW", 0.5)
    assert (found[2]["first_seen"], sum(found[2]["trend"])) == ("2026-01-01T10:00:01.000000Z", 2)
    assert found[1]["example"].endswith("[email] logged in, 氏名：[name]")
    assert "taro" not in out
    assert "山田" not in out


def test_the_table_says_what_is_most_frequent_and_lines_up_japanese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stamped = [f"2026-01-01 10:{minute:02}:00" for minute in range(30)]
    lines = [f"{stamp} ERROR app: データベース接続に失敗しました\n" for stamp in stamped]
    lines += [f"{stamp} INFO app: 記事を{number}件配信しました\n" for number, stamp in enumerate(stamped * 2)]
    with gzip.open(tmp_path / "a.log.gz", "wt", encoding="utf-8") as file:
        file.writelines([*lines, "2026-01-01 10:29:30 INFO app: cache is warm\n"])
    assert main(["patterns", "--limit", "2", str(tmp_path / "a.log.gz")]) == 0
    head, _, titles, first, second, rest = capsys.readouterr().out.splitlines()
    assert head.startswith("91 lines, 91 records, 3 patterns, 2026-01-01 ")
    assert titles.split() == ["SHARE", "COUNT", "SEVERITY", "KIND", "TREND", "TEMPLATE"]
    assert first.startswith("65.9 %     60  LOW       -")
    assert first.endswith("app: 記事を<*>件配信しました")
    assert second.startswith("33.0 %     30  HIGH      database_error")
    assert titles.index("TEMPLATE") == first.index("app:") == second.index("app:")
    assert rest == "... 1 more: --limit 0 shows all"


def test_a_grave_pattern_that_is_rare_is_not_lost_below_the_frequent_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.log").write_text(
        "2026-01-01 10:00:00 INFO app: fine\n" * 9 + "2026-01-01 10:00:00 ERROR app: torn\n"
    )
    assert main(["patterns", "--limit", "1", str(tmp_path / "a.log")]) == 0
    *_, row, rest = capsys.readouterr().out.splitlines()
    assert row.endswith("app: fine")
    assert rest == "... 1 more, 1 of them HIGH or CRITICAL (--sort severity shows these first): --limit 0 shows all"
    assert main(["patterns", "--limit", "1", "--sort", "severity", str(tmp_path / "a.log")]) == 0
    assert capsys.readouterr().out.splitlines()[3].endswith("app: torn")


def test_one_line_is_said_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_text("once\n")
    assert main(["patterns", str(tmp_path / "a.log")]) == 0
    assert capsys.readouterr().out.startswith("1 line, 1 record, 1 pattern\n")


def test_what_began_late_is_marked_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"2026-01-01 {hour:02}:00:00 INFO app: a day goes by\n" for hour in range(24)]
    (tmp_path / "a.log").write_text("".join([*lines, "2026-01-01 23:30:00 ERROR app: sprocket jammed\n"]))
    assert main(["patterns", str(tmp_path / "a.log")]) == 0
    assert [line.split("  ")[-1].strip() for line in capsys.readouterr().out.splitlines()[3:]] == [
        "app: a day goes by",
        "new: app: sprocket jammed",
    ]


def test_a_file_that_cannot_be_read_is_named_with_a_remedy_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.log").write_text(LOG)
    (tmp_path / "broken.gz").write_bytes(gzip.compress(LOG.encode() * 99)[:60])
    files = [str(tmp_path / name) for name in ("absent.log", "broken.gz", "a.log")]
    assert main(["patterns", "--format", "csv", str(tmp_path), *files]) == 1
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) >= 1 + len(LOG.splitlines())
    folder, absent, broken = captured.err.splitlines()
    assert folder == f"monitoring: {tmp_path}: is a folder: name its files, for example {tmp_path}/*.log"
    assert absent == f"monitoring: {files[0]}: there is no such file: name one that is there, or - for standard input"
    assert broken.startswith(f"monitoring: {files[1]}: cannot be read to its end (")


@pytest.mark.parametrize("arguments", [["patterns", "--limit", "-1"], ["patterns", "--format", "xml"], ["mask", "x"]])
def test_wrong_use_is_exit_code_2(arguments: Sequence[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2


@pytest.mark.parametrize("command", ["patterns --format csv", "mask"])
def test_a_reader_that_goes_away_gets_no_traceback(command: str) -> None:
    shell = f"yes 'user a@b.jp, no. 1' | head -50000 | {' '.join(COMMAND)} {command} | head -2"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, timeout=60)
    assert (len(done.stdout.splitlines()), done.stderr) == (2, b"")


def test_standard_input_is_read_beside_files_and_a_terminal_is_left_clean(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text((LOG + "x" * 4_000 + "\n") * 1_000)
    terminal, other = pty.openpty()
    command = [*COMMAND, "patterns", "--format", "json", "-", str(tmp_path / "a.log")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=other) as it:
        os.close(other)
        shown = it.communicate(LOG.encode())[0]
    assert json.loads(shown)[0]["frequency"] >= 1_000
    drawn = b"".join(iter(lambda: _read(terminal), b""))
    os.close(terminal)
    assert drawn == b"" or drawn.endswith(b"\x1b[K")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""
