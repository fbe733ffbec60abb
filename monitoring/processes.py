"""How the programs of the stack are started, watched, started again and ended.

One thread, no event loop: the supervisor sleeps until a signal (SIGCHLD among them) or the next thing is due.
A program ends with the supervisor in every case, a `kill -9` of the supervisor included (PR_SET_PDEATHSIG on Linux),
and what a program started itself ends with its process group.
"""

import ctypes
import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from monitoring.ownership import Unable
from runtime.clock import Clock, SystemClock

RESTART_DELAYS_SECONDS = (0.0, 1.0, 2.0, 4.0, 5.0)
"""Waits before the first, second, ... restart in a row; the last one repeats."""
STEADY_SECONDS = 60.0
"""A program that ran this long counts as well again: its next restart is at once."""
STOP_SECONDS = 10.0
LOG_LIMIT_BYTES = 20 * 1024 * 1024
_PROBE_SECONDS = 0.1
_UPKEEP_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1

Talk = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Program:
    """One program of the stack.

    health_url: answers 200 once the program can do its work. shown: the address that people are told.
    environment: its whole environment; empty for the supervisor's own.
    folder: where it is started; None for the supervisor's own.
    """

    name: str
    command: tuple[str, ...]
    health_url: str
    shown: str
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


class StartFailed(Unable):
    """A program that ended, or did not get ready in time, while the stack was coming up.

    Attributes: name, reason, log (its log file), last_lines.
    """

    def __init__(self, name: str, reason: str, log: Path) -> None:
        super().__init__(name, reason, log)
        self.name = name
        self.reason = reason
        self.log = log
        self.last_lines = tail(log)

    def __str__(self) -> str:
        lines = "".join(f"\n    {line}" for line in self.last_lines)
        return f"{self.name} {self.reason}; its log is {self.log}{lines}"


@dataclass(slots=True)
class _Child:
    program: Program
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    restarts: int = 0
    due: float | None = None
    ready: bool = False


class Signals:
    """Signals as something to wait for: handlers only write to a socket, `wait` reads it."""

    STOPPING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self.stopping = False

    @contextmanager
    def installed(self) -> Iterator["Signals"]:
        """Take over the stopping signals and SIGCHLD until the block ends."""
        watched = (*self.STOPPING, signal.SIGCHLD)
        before = {number: signal.signal(number, self._noted) for number in watched}
        descriptor = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        try:
            yield self
        finally:
            signal.set_wakeup_fd(descriptor)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._reader.close()
            self._writer.close()

    def wait(self, seconds: float) -> None:
        """Sleep until a signal comes, at most this long."""
        with suppress(InterruptedError):
            select.select([self._reader], [], [], max(0.0, seconds))
        with suppress(BlockingIOError):
            while self._reader.recv(64):
                pass

    def _noted(self, number: int, _frame: FrameType | None) -> None:
        if number in self.STOPPING:
            self.stopping = True


class Processes:
    """The running programs: start all, wait until ready, watch until told to stop, stop all."""

    def __init__(
        self,
        programs: Sequence[Program],
        log_folder: Path,
        signals: Signals,
        talk: Talk,
        clock: Clock | None = None,
    ) -> None:
        self._children = [_Child(program, log_folder / f"{program.name}.log") for program in programs]
        self._signals = signals
        self._talk = talk
        self._clock = clock or SystemClock()
        self._next_upkeep = 0.0

    @property
    def pids(self) -> dict[str, int]:
        """The process of each running program by name."""
        return {child.program.name: child.process.pid for child in self._children if child.process}

    def start(self) -> None:
        """Start every program. Raises StartFailed where one cannot be run."""
        for child in self._children:
            try:
                self._spawn(child)
            except OSError as error:
                raise StartFailed(child.program.name, f"cannot be started: {error}", child.log) from None

    def wait_ready(self, timeout_seconds: float) -> bool:
        """Wait until every program answers its health check; one line each. False if a signal said stop.

        Raises StartFailed as soon as one ends, or when the time is over.
        """
        begin = self._clock.monotonic()
        while waiting := [child for child in self._children if not child.ready]:
            for child in waiting:
                if (ending := _ended(child)) is not None:
                    _clear_group(child)
                    raise StartFailed(child.program.name, f"ended with {ending} before it was ready", child.log)
                if healthy(child.program.health_url):
                    self._told_ready(child)
            if self._clock.monotonic() - begin > timeout_seconds:
                late = next(child for child in self._children if not child.ready)
                raise StartFailed(late.program.name, f"was not ready within {timeout_seconds:g} s", late.log)
            self._signals.wait(_PROBE_SECONDS if any(not child.ready for child in waiting) else 0)
            if self._signals.stopping:
                return False
        return True

    def watch(self, changed: Callable[[], None] = lambda: None) -> None:
        """Restart what ends, until a signal says stop. changed: called after processes were started anew."""
        while not self._signals.stopping:
            now = self._clock.monotonic()
            self._note_ends(now)
            if self._start_due(now):
                changed()
            for child in self._children:
                if child.process and not child.ready and healthy(child.program.health_url):
                    self._told_ready(child)
            if now >= self._next_upkeep:
                self._next_upkeep = now + _UPKEEP_SECONDS
                for child in self._children:
                    _limit_log(child.log)
            self._signals.wait(self._seconds_to_next(now))

    def stop(self) -> None:
        """End every program and what it started: asked first, killed after ten seconds."""
        running = [child for child in self._children if child.process]
        for child in running:
            _signal_group(child, signal.SIGTERM)
        deadline = self._clock.monotonic() + STOP_SECONDS
        while any(_ended(child) is None for child in running) and self._clock.monotonic() < deadline:
            self._signals.wait(_PROBE_SECONDS)
        for child in running:
            if _ended(child) is None:
                self._talk(f"{child.program.name:<13} did not end within {STOP_SECONDS:g} s: killed")
            _clear_group(child)

    def _spawn(self, child: _Child) -> None:
        child.log.parent.mkdir(parents=True, exist_ok=True)
        with child.log.open("ab") as log:
            child.process = subprocess.Popen(
                child.program.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(child.program.environment) or None,
                cwd=child.program.folder,
                start_new_session=True,
                preexec_fn=_bound_to(os.getpid()),  # noqa: PLW1509 - this process has one thread
            )
        child.started = self._clock.monotonic()
        child.due = None
        child.ready = False

    def _told_ready(self, child: _Child) -> None:
        child.ready = True
        seconds = self._clock.monotonic() - child.started
        self._talk(f"{child.program.name:<13} ready   {child.program.shown:<38} {seconds:.1f} s")

    def _note_ends(self, now: float) -> None:
        for child in self._children:
            if child.process is None or (ending := _ended(child)) is None:
                continue
            _clear_group(child)
            if now - child.started > STEADY_SECONDS:
                child.restarts = 0
            delay = RESTART_DELAYS_SECONDS[min(child.restarts, len(RESTART_DELAYS_SECONDS) - 1)]
            child.restarts += 1
            child.due = now + delay
            when = f"in {delay:g} s" if delay else "at once"
            self._talk(f"{child.program.name:<13} ended with {ending}, starts again {when}; log: {child.log}")

    def _start_due(self, now: float) -> bool:
        due = [child for child in self._children if child.due is not None and child.due <= now]
        for child in due:
            try:
                self._spawn(child)
            except OSError as error:
                child.due = now + RESTART_DELAYS_SECONDS[-1]
                self._talk(f"{child.program.name:<13} cannot be started: {error}")
        return bool(due)

    def _seconds_to_next(self, now: float) -> float:
        if any(child.process and not child.ready for child in self._children):
            return _PROBE_SECONDS
        due = [child.due for child in self._children if child.due is not None]
        return min([*due, self._next_upkeep]) - now


direct = urllib.request.build_opener(
    urllib.request.ProxyHandler({}),
    urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),  # noqa: S323 - health of this machine's own
)


def healthy(url: str, timeout_seconds: float = 1.0) -> bool:
    """Tell whether a health address of this machine answers 200; no proxy is asked, no certificate compared."""
    try:
        with direct.open(url, timeout=timeout_seconds) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def tail(log: Path, lines: int = 3) -> list[str]:
    """Return the last lines of a log file that are not empty."""
    try:
        with log.open(encoding="utf-8", errors="replace") as stream:
            return list(deque((line.rstrip() for line in stream if line.strip()), maxlen=lines))
    except OSError:
        return []


def _libc_prctl() -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), "prctl", None) if sys.platform == "linux" else None


def _bound_to(parent: int) -> Callable[[], None]:
    """Return what a new process runs before its program: end when the parent ends, however that happens."""
    prctl = _libc_prctl()

    def bind() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return bind


def _ended(child: _Child) -> str | None:
    """Return how a program ended, or None while it runs. It is not reaped: its process group keeps its number."""
    if child.process is None:
        return "nothing"
    result = os.waitid(os.P_PID, child.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if result is None:
        return None
    if result.si_code == os.CLD_EXITED:
        return f"exit code {result.si_status}"
    return f"signal {result.si_status} ({signal.Signals(result.si_status).name})"


def _clear_group(child: _Child) -> None:
    """Kill what is left of a program's process group, then reap the program."""
    if child.process is None:
        return
    _signal_group(child, signal.SIGKILL)
    child.process.wait()
    child.process = None
    child.ready = False


def _signal_group(child: _Child, number: signal.Signals) -> None:
    if child.process is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, number)


def _limit_log(log: Path) -> None:
    """Move the content of a log that has grown too long to `<name>.log.1`; its program goes on appending."""
    with suppress(OSError):
        if log.stat().st_size > LOG_LIMIT_BYTES:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
