import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from monitoring.processes import LOG_LIMIT_BYTES, Processes, Program, Signals, StartFailed, _limit_log, tail
from tests.monitoring.small_programs import MODULE
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Supervised:
    """A small supervisor in a process of its own, with one program that has one child."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = [sys.executable, "-m", MODULE, "supervise", str(free_port()), str(folder)]
        self.output = folder / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)

    async def said(self, text: str, times: int = 1) -> None:
        await until(lambda: self.output.read_text().count(text) >= times, f"{text!r} is said {times} times")

    def pid(self, name: str) -> int:
        return int((self.folder / name).read_text())


@pytest.fixture
async def supervised(tmp_path: Path) -> AsyncIterator[Supervised]:
    stack = Supervised(tmp_path)
    await stack.said("small         ready")
    yield stack
    stack.process.kill()
    stack.process.wait()
    for name in ("server", "child"):
        if running(stack.pid(name)):
            os.kill(stack.pid(name), signal.SIGKILL)


async def test_a_killed_program_is_started_again_and_its_own_child_is_ended(supervised: Supervised) -> None:
    server, child = supervised.pid("server"), supervised.pid("child")
    os.kill(server, signal.SIGKILL)
    await supervised.said("ended with signal 9 (SIGKILL), starts again at once")
    await supervised.said("small         ready", times=2)
    assert supervised.pid("server") != server
    assert not running(child)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_the_supervisor_and_leaves_nothing_behind(supervised: Supervised, number: int) -> None:
    supervised.process.send_signal(number)
    assert supervised.process.wait(20) == 0
    assert not running(supervised.pid("server"))
    assert not running(supervised.pid("child"))


async def test_a_program_ends_with_a_supervisor_that_was_killed(supervised: Supervised) -> None:
    supervised.process.kill()
    supervised.process.wait(20)
    await until(lambda: not running(supervised.pid("server")), "the program has ended")


def test_a_program_that_ends_before_it_is_ready_is_named_with_its_last_words(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import sys; sys.exit('no such setting')")
    program = Program("broken", command, "http://127.0.0.1:1/", "nowhere")
    with Signals().installed() as signals:
        processes = Processes([program], tmp_path, signals, print)
        processes.start()
        with pytest.raises(StartFailed) as failure:
            processes.wait_ready(20)
        processes.stop()
    assert failure.value.last_lines == ["no such setting"]
    assert str(failure.value).startswith(f"broken ended with exit code 1 before it was ready; its log is {tmp_path}")


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    program = Program("absent", (str(tmp_path / "nothing"),), "http://127.0.0.1:1/", "nowhere")
    with Signals().installed() as signals:
        processes = Processes([program], tmp_path, signals, print)
        with pytest.raises(StartFailed, match="absent cannot be started"):
            processes.start()


def test_a_log_that_grew_too_long_is_moved_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "small.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * (LOG_LIMIT_BYTES + 1))
        _limit_log(log)
        writer.write(b"after\n")
    assert log.read_bytes() == b"after\n"
    assert (tmp_path / "small.log.1").stat().st_size == LOG_LIMIT_BYTES + 1


def test_the_tail_of_a_log_leaves_empty_lines_out(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("one\n\ntwo\nthree\n\nfour\n")
    assert tail(tmp_path / "a.log") == ["two", "three", "four"]
    assert tail(tmp_path / "missing.log") == []
