import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from monitoring.ownership import Unable, owned, read, stop


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def record(data: Path, pid: int, started: float) -> None:
    (data / "stack.json").write_text(json.dumps({"processes": {"exporter": [pid, started]}, "health": {}}))


def test_a_second_supervisor_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    with (
        owned(tmp_path),
        pytest.raises(Unable, match=rf"already \(process {os.getpid()}\).*stack down"),
        owned(tmp_path),
    ):
        pass
    assert not (tmp_path / "stack.json").exists()


def test_what_a_killed_supervisor_left_running_is_ended(tmp_path: Path, sleeper: "subprocess.Popen[bytes]") -> None:
    record(tmp_path, sleeper.pid, psutil.Process(sleeper.pid).create_time())
    with owned(tmp_path):
        assert sleeper.poll() is not None


def test_a_process_that_only_has_the_recorded_number_is_left_alone(
    tmp_path: Path, sleeper: "subprocess.Popen[bytes]"
) -> None:
    record(tmp_path, sleeper.pid, psutil.Process(sleeper.pid).create_time() - 3600)
    assert stop(tmp_path) is False
    assert sleeper.poll() is None


def test_a_stack_is_stopped_from_outside(tmp_path: Path, sleeper: "subprocess.Popen[bytes]") -> None:
    record(tmp_path, sleeper.pid, psutil.Process(sleeper.pid).create_time())
    assert stop(tmp_path) is True
    assert sleeper.wait(10) is not None
    assert stop(tmp_path) is False


@pytest.mark.parametrize("content", ["", "{", "[]", '{"processes": {"a": 1}}', '{"processes": null}'])
def test_a_damaged_record_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "stack.json").write_text(content)
    assert read(tmp_path).alive() == []
