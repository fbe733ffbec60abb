"""The real thing: our services, Prometheus, Alertmanager and the sample application, as `up` starts them."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import requests

from monitoring.ownership import read
from monitoring.processes import healthy
from tests.stack.ports import free_offset
from tests.tools import tool
from tests.waiting import until

pytestmark = pytest.mark.stack
SERVICES = ("exporter", "analyzer", "alert_bridge", "prometheus", "alertmanager", "sample")


def start(data: Path, *arguments: str) -> "subprocess.Popen[str]":
    for name in ("prometheus", "alertmanager"):
        tool(name)
    command = [sys.executable, "-m", "monitoring", "up", "--data-dir", str(data), "--port-offset", str(free_offset())]
    return subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def left_behind(data: Path) -> list[str]:
    """Return the commands of running processes that name a data folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or ())
        if str(data) in command and process.pid != os.getpid():
            found.append(command)
    return found


def test_something_broken_in_the_application_is_followed_to_the_alert_and_back(tmp_path: Path) -> None:
    process = start(tmp_path, "--once", "--demo")
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    assert all(f"{name} " in output for name in SERVICES), output
    assert output.endswith("stopped\n")
    assert left_behind(tmp_path) == []
    assert not (tmp_path / "stack.json").exists()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator["subprocess.Popen[str]"]:
    """A stack that has said that it is up: what is killed before counts as a failed start."""
    process = start(tmp_path)
    assert process.stdout is not None
    lines: list[str] = []
    reader = threading.Thread(target=lines.extend, args=(process.stdout,), daemon=True)
    reader.start()
    await until(lambda: "Newswatch is up.\n" in lines, "the stack is up", 120)
    yield process
    process.terminate()
    process.wait(60)
    reader.join(60)
    process.stdout.close()


async def test_what_fires_while_the_bridge_is_dead_is_there_once_it_is_back(
    running: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    """Alertmanager holds what it could not deliver; nothing is lost and nothing is there twice."""
    before = read(tmp_path)
    alertmanager = before.health["alertmanager"].removesuffix("/-/ready")
    names = [f"Fired{number}" for number in range(40)]
    for half in (names[:20], names[20:]):
        await until(lambda: healthy(before.health["alert_bridge"]), "the bridge lives", 60)
        os.kill(read(tmp_path).processes["alert_bridge"][0], signal.SIGKILL)
        for name in half:
            alert = [{"labels": {"alertname": name, "severity": "warning"}, "annotations": {"summary": name}}]
            await asyncio.to_thread(requests.post, f"{alertmanager}/api/v2/alerts", json=alert, timeout=10)

    def stored() -> list[str]:
        with closing(sqlite3.connect(tmp_path / "alerts.db")) as database:
            return [name for (name,) in database.execute("select name from alerts where name like 'Fired%'")]

    await until(lambda: len(stored()) >= len(names), "every alert is stored", 120)
    assert sorted(stored()) == sorted(names)


async def test_each_killed_part_comes_back_and_nothing_outlives_a_killed_supervisor(
    running: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    before = read(tmp_path)
    for name in SERVICES:
        os.kill(before.processes[name][0], signal.SIGKILL)

    def restarted() -> bool:
        now = read(tmp_path).processes
        return all(now.get(name, before.processes[name]) != before.processes[name] for name in SERVICES)

    await until(restarted, "every program has a successor", 60)
    await until(lambda: all(map(healthy, before.health.values())), "all programs are ready again", 120)
    running.kill()
    await until(lambda: left_behind(tmp_path) == [], "everything has ended with the supervisor")
