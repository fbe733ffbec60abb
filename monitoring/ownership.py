"""Which supervisor runs the stack of a data folder, and how a stack is ended from outside.

`stack.lock` is held as long as the supervisor lives; `stack.json` names its processes, each with the time it was
started, so that a number that was given to another program since is never taken for one of them.
"""

import fcntl
import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

END_SECONDS = 20.0


class Unable(Exception):
    """Why a stack cannot start or stop, in one line with what to do about it."""


@dataclass(frozen=True, slots=True)
class Record:
    """What `stack.json` says. processes: name -> (pid, time it was started). health: name -> URL."""

    processes: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    health: Mapping[str, str] = field(default_factory=dict)

    def alive(self) -> list[psutil.Process]:
        """Return the processes that still run, the supervisor first."""
        alive = []
        for pid, started in self.processes.values():
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                if abs(process.create_time() - started) < 1 and process.status() != psutil.STATUS_ZOMBIE:
                    alive.append(process)
        return alive


@dataclass(frozen=True, slots=True)
class Owner:
    """The supervisor of a data folder, writing down what it runs."""

    file: Path

    def note(self, pids: Mapping[str, int], health: Mapping[str, str] | None = None) -> None:
        """Write down this process and its programs."""
        processes = {name: (pid, _started(pid)) for name, pid in {"supervisor": os.getpid(), **pids}.items()}
        partial = self.file.with_suffix(".new")
        partial.write_text(json.dumps({"processes": processes, "health": dict(health or {})}, indent=1))
        partial.replace(self.file)


@contextmanager
def owned(data: Path) -> Iterator[Owner]:
    """Own a data folder until the block ends; what a killed supervisor left running there is ended first.

    Raises Unable where another supervisor owns it.
    """
    with (data / "stack.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, _ = read(data).processes.get("supervisor", ("unknown", 0.0))
            raise Unable(
                f"a stack runs on {data} already (process {pid}): stop it with `./stack down`, "
                "or give this one its own --data-dir and --port-offset"
            ) from None
        end(read(data).alive())
        owner = Owner(data / "stack.json")
        owner.note({})
        try:
            yield owner
        finally:
            owner.file.unlink(missing_ok=True)


def read(data: Path) -> Record:
    """Return the record of a data folder; an empty one where there is none."""
    try:
        content = json.loads((data / "stack.json").read_text())
        processes = {str(name): (int(pid), float(started)) for name, (pid, started) in content["processes"].items()}
        return Record(processes, content["health"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Record()


def stop(data: Path) -> bool:
    """End the stack of a data folder: its supervisor, then what is left. False where none was running."""
    alive = read(data).alive()
    end(alive[:1])
    end(alive)
    return bool(alive)


def end(processes: Sequence[psutil.Process]) -> None:
    """End processes: asked first, killed when the time is over."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
    _, left = psutil.wait_procs(processes, timeout=END_SECONDS)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _started(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0
