"""The bridge is killed, its database locked, its disk full: what was answered with 200 is there, each alert once."""

import itertools
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.campaigns.running_bridge import RunningBridge, bridge

GROUP = 10
RATE = 200
LONGEST_ANSWER = 6.0
UNDER_WAY = 1.0


def group(number: int, padding: int = 0) -> dict[str, Any]:
    """Return a notification of GROUP alerts that nobody else has."""
    alerts = [
        {
            "status": "firing",
            "labels": {"alertname": "Kept", "severity": "error", "group": str(number), "member": str(member)},
            "annotations": {"summary": f"alert {member} of {number}", "padding": "x" * padding},
            "startsAt": "2026-01-31T03:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
        }
        for member in range(GROUP)
    ]
    return {"version": "4", "status": "firing", "receiver": "bridge", "truncatedAlerts": 0, "alerts": alerts}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a notification was answered. status: 0 where there was none. at: monotonic, took: seconds."""

    status: int
    at: float
    took: float


class Sender:
    """Sends groups at a rate, and each again, as Alertmanager does, until it is taken."""

    def __init__(self, url: str, padding: int = 0) -> None:
        self._url = url
        self._padding = padding
        self._stop = threading.Event()
        self._numbers = itertools.count()
        self.answers: list[Answer] = []
        self.sent = 0
        self.retries = 0

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send meanwhile; in the end wait until all is taken."""
        with ThreadPoolExecutor(32) as pool:
            pacing = threading.Thread(target=self._pace, args=(pool,))
            pacing.start()
            try:
                yield
            finally:
                self._stop.set()
                pacing.join()

    def _pace(self, pool: ThreadPoolExecutor) -> None:
        started = time.monotonic()
        for number in self._numbers:
            if self._stop.wait(max(0.0, started + number * GROUP / RATE - time.monotonic())):
                return
            self.sent += GROUP
            pool.submit(self._send, number)

    def _send(self, number: int) -> None:
        pause = 0.1
        body = group(number, self._padding)
        while True:
            started = time.monotonic()
            try:
                status = requests.post(self._url, json=body, timeout=10).status_code
            except requests.RequestException:
                status = 0
            self.answers.append(Answer(status, time.monotonic(), time.monotonic() - started))
            if status == 200:
                return
            self.retries += 1
            time.sleep(pause)
            pause = min(2 * pause, 2.0)


def check(running: RunningBridge, sent: int) -> None:
    """Each alert that was sent has one episode that began once, and each of its steps was taken once."""
    assert running.rows("SELECT count(*), count(DISTINCT fingerprint) FROM alerts WHERE name = 'Kept'") == [
        (sent, sent)
    ]
    assert running.count("alerts WHERE resolved_at IS NOT NULL") == 0
    assert running.rows("SELECT alert_id FROM alert_history WHERE what = 'firing' GROUP BY 1 HAVING count(*) > 1") == []
    twice = "SELECT alert_id FROM escalation_steps GROUP BY alert_id, loop, step, action HAVING count(*) > 1"
    assert running.rows(twice) == []
    assert running.rows("PRAGMA integrity_check") == [("ok",)]


def killed(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    with bridge(folder) as running:
        sender = Sender(running.webhook)
        with sender.sending():
            for number in range(kills):
                time.sleep(chance.uniform(0.1, 1.5))
                running.kill()
                running.start(wait=number % 4 != 3)
            running.wait(running.ready, "the bridge is up")
        check(running, sender.sent)
        running.wait(lambda: running.count("escalation_steps") == 2 * sender.sent, "both steps of each alert", 300)
        check(running, sender.sent)
        notified = "SELECT count(*) FROM outbox WHERE event IN ('firing', 'escalated') GROUP BY alert_id, step, channel"
        assert {count for (count,) in running.rows(notified)} == {1}
    sys.stdout.write(f"{kills} kills, {sender.sent} alerts sent, {sender.retries} notifications sent again, 0 lost\n")
    assert sender.retries > 0


def test_no_alert_is_lost_though_the_bridge_is_killed(tmp_path: Path) -> None:
    killed(tmp_path, 2, 1)


@pytest.mark.slow
def test_no_alert_is_lost_over_twenty_kills(tmp_path: Path) -> None:
    killed(tmp_path, 20, 2)


def locked(folder: Path, seconds: float) -> None:
    with bridge(folder) as running:
        sender = Sender(running.webhook)
        with sender.sending():
            running.wait(lambda: running.count("alerts") > 0, "alerts come in")
            with closing(sqlite3.connect(running.data / "alerts.db", isolation_level=None, timeout=30)) as other:
                other.execute("BEGIN EXCLUSIVE")
                locked_at = time.monotonic()
                time.sleep(seconds)
                meanwhile = [one for one in sender.answers if one.at > locked_at + UNDER_WAY]
                other.execute("ROLLBACK")
            running.wait(running.ready, "it is ready again")
        check(running, sender.sent)
    slowest = max(one.took for one in meanwhile)
    sys.stdout.write(
        f"locked for {seconds:g} s: {len(meanwhile)} answers, slowest {slowest:.1f} s, {sender.sent} sent\n"
    )
    assert {one.status for one in meanwhile} == {503}
    assert slowest < LONGEST_ANSWER


def test_a_locked_database_is_said_in_time_and_costs_no_alert(tmp_path: Path) -> None:
    locked(tmp_path, 8)


@pytest.mark.slow
def test_a_database_locked_for_a_minute_is_said_in_time_and_costs_no_alert(tmp_path: Path) -> None:
    locked(tmp_path, 60)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MiB, full once something is left on it."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_said_and_taking_in_goes_on_without_a_restart(tmp_path: Path, small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with bridge(tmp_path, small_disk / "data") as running:
        sender = Sender(running.webhook, padding=2000)
        with sender.sending():
            running.wait(lambda: running.count("alerts") > 0, "alerts come in")
            with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
                while True:
                    file.write(bytes(4096))
            running.wait(lambda: any(one.status == 503 for one in sender.answers), "it is said")
            running.wait(lambda: not running.ready(), "it is not ready")
            full_at = len(sender.answers)
            running.wait(lambda: len(sender.answers) > full_at + 20, "it goes on saying so")
            assert {one.status for one in sender.answers[full_at:]} == {503}
            assert running.process is not None and running.process.poll() is None
            ballast.unlink()
            running.wait(running.ready, "it is ready again")
        check(running, sender.sent)
    sys.stdout.write(f"full disk: {sender.retries} times 503 or late, {sender.sent} alerts sent, 0 lost\n")
