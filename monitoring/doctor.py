"""What keeps the stack from working on this machine: one finding a line, with what to do about it."""

import asyncio
import glob
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import psutil

from alert_bridge.notify.check import look
from alert_bridge.notify.manager import NotificationManager
from monitoring import tools
from monitoring.ownership import Record, read
from monitoring.processes import healthy
from monitoring.supervisor import Options, Stack, decide, port_problem
from runtime.security import AccessError
from runtime.settings import SettingsError

ENOUGH_DISK_BYTES = 2 * 1024**3


class Level(StrEnum):
    """How bad a finding is. Only what is broken makes the doctor's exit code 1."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. remedy: what to do, empty where all is well."""

    level: Level
    subject: str
    state: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f" -> {self.remedy}" if self.remedy else ""
        return f"{self.level:<8} {self.subject:<20} {self.state}{remedy}"


def examine(options: Options) -> Iterator[Finding]:
    """Yield the findings on this machine, its tools, the settings, and the stack if it runs."""
    yield from _python()
    yield from _tools()
    yield from _processes()
    try:
        stack = decide(options)
    except (SettingsError, AccessError, ValueError) as error:
        for line in str(error).splitlines():
            yield Finding(Level.BROKEN, "settings", line, "correct it, then `monitoring check-config`")
        return
    yield Finding(Level.OK, "settings", ", ".join(str(file) for file in options.config) or "none given: the defaults")
    yield from _folders(stack)
    yield from _log_sources(stack)
    yield from _channels(stack)
    record = read(stack.data)
    yield from _running(record, stack) if record.alive() else _ports(stack)


def diagnose(options: Options, write: Callable[[str], None]) -> int:
    """Write every finding; returns the exit code: 1 if something is broken."""
    findings = []
    for finding in examine(options):
        findings.append(finding)
        write(str(finding))
    return int(any(finding.level is Level.BROKEN for finding in findings))


def _python() -> Iterator[Finding]:
    version, ok = platform.python_version(), sys.version_info >= (3, 11)
    remedy = "" if ok else "install Python 3.11 or newer"
    yield Finding(Level.OK if ok else Level.BROKEN, "python", f"{version} ({sys.executable})", remedy)


def _tools() -> Iterator[Finding]:
    for name, tool in tools.TOOLS.items():
        try:
            path = tools.find(name)
        except FileNotFoundError as error:
            yield Finding(Level.BROKEN, name, str(error), f"unset {tool.variable}, or name the program")
            continue
        if path is not None:
            yield Finding(Level.OK, name, str(path))
        elif name == "chromium":
            yield Finding(Level.WARNING, name, "not found", "only the tests need it: apt-get install chromium")
        else:
            remedy = f"`./stack up` fetches it where it can; else apt-get install {tool.packages[0]}"
            yield Finding(Level.WARNING, name, "not found", f"{remedy}, or set {tool.variable}")


def _processes() -> Iterator[Finding]:
    """Say whether the processes of other users can be seen: the exporter's process metrics depend on it."""
    pids = psutil.pids()
    if 1 in pids:
        yield Finding(Level.OK, "processes", f"{len(pids)} can be seen")
    else:
        remedy = "mount /proc without hidepid, or run as root"
        yield Finding(Level.WARNING, "processes", "those of other users are hidden", remedy)


def _folders(stack: Stack) -> Iterator[Finding]:
    folder = next(folder for folder in (stack.data, *stack.data.parents) if folder.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(Level.BROKEN, "data folder", f"{stack.data} cannot be written", "give another --data-dir")
        return
    free = shutil.disk_usage(folder).free
    state = f"{stack.data} can be written, {free / 1024**3:.1f} GiB free"
    if free < ENOUGH_DISK_BYTES:
        yield Finding(Level.WARNING, "data folder", state, "free some space, or give another --data-dir")
    else:
        yield Finding(Level.OK, "data folder", state)


def _log_sources(stack: Stack) -> Iterator[Finding]:
    for source in stack.settings.analyzer.sources:
        subject = f"log source {source.name}"
        files = glob.glob(source.path, recursive=True)  # noqa: PTH207 - an absolute pattern
        closed = [file for file in files if not os.access(file, os.R_OK)]
        if closed:
            remedy = "let the user that runs the stack read it (on Debian: group adm)"
            yield Finding(Level.BROKEN, subject, f"{closed[0]} cannot be read", remedy)
        elif not files:
            yield Finding(Level.WARNING, subject, f"no file matches {source.path}", "correct the path, if it is wrong")
        else:
            yield Finding(Level.OK, subject, f"{len(files)} files can be read")


def _channels(stack: Stack) -> Iterator[Finding]:
    """Look whether each channel can be reached; nothing is sent."""
    manager = NotificationManager(stack.settings.notifications)
    for name, channel in stack.settings.notifications.channels.items():
        if channel.enabled:
            for outcome in asyncio.run(look(manager, name)):
                detail = outcome.detail if outcome.ok else f"{outcome.step.value}: {outcome.detail}"
                level = Level.OK if outcome.ok else Level.WARNING
                yield Finding(level, f"channel {name}", detail, outcome.remedy)


def _ports(stack: Stack) -> Iterator[Finding]:
    for part in stack.parts:
        address = getattr(stack.addresses, part)
        problem = port_problem(address)
        if problem:
            remedy = f"stop that, or ./stack up --port-offset {stack.options.port_offset + 100}"
            yield Finding(Level.BROKEN, f"port of {part}", f"{address}: {problem}", remedy)
        else:
            yield Finding(Level.OK, f"port of {part}", f"{address} is free")


def _running(record: Record, stack: Stack) -> Iterator[Finding]:
    for name, url in record.health.items():
        if healthy(url):
            yield Finding(Level.OK, name, f"{url} is ready")
        else:
            yield Finding(Level.BROKEN, name, f"{url} does not answer 200", f"see {stack.data / 'logs' / name}.log")
