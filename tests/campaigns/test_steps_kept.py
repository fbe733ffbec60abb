"""The bridge is killed while 1,000 open episodes have steps due: each step is taken once and told."""

import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from tests.campaigns.running_bridge import Quiet, RunningBridge, serving
from tests.campaigns.test_alerts_kept import GROUP, check, group
from tests.stack.ports import free_offset

EPISODES = 1000
AT_ONCE = 4
"""Messages that a channel has under way at one time, each of which a kill may leave unwritten."""


class Keys:
    """A receiver that counts how often it got each key; it takes its time, so that kills find sends in flight."""

    def __init__(self, takes_seconds: float) -> None:
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        keys = self

        class Hook(Quiet):
            def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
                self.body()
                with keys._lock:
                    keys.counts[self.headers["Idempotency-Key"]] += 1
                time.sleep(takes_seconds)
                self.answer(200)

        self.handler = Hook


def kept(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    keys = Keys(0.01)
    running = RunningBridge(folder, folder / "data", free_offset())
    with serving(keys.handler) as hook:
        running.configure(hook, rate_per_minute=0)
        running.start()
        try:
            for number in range(EPISODES // GROUP):
                assert requests.post(running.webhook, json=group(number), timeout=30).status_code == 200
            began = time.monotonic()
            for _ in range(kills):
                time.sleep(chance.uniform(0.05, 0.6))
                running.kill()
                running.start()
            running.wait(lambda: running.count("escalation_steps") == 2 * EPISODES, "both steps of each", 300)
            running.wait(lambda: running.count("outbox WHERE state NOT IN ('sent', 'cancelled')") == 0, "all told", 300)
            took = time.monotonic() - began
            check(running, EPISODES)
            report(running, keys, kills, took)
        finally:
            running.kill()


def report(running: RunningBridge, keys: Keys, kills: int, took: float) -> None:
    """Print the figures; each row was told, and again at most where a kill came between the answer and the commit."""
    again = {key: count - 1 for key, count in keys.counts.items() if count > 1}
    rows = running.count("outbox")
    sys.stdout.write(
        f"{kills} kills, {EPISODES} episodes, {2 * EPISODES} steps each once, {rows} rows all told in {took:.0f} s, "
        f"{keys.counts.total()} messages, {sum(again.values())} of them again under the same key\n"
    )
    assert running.count("outbox WHERE state = 'cancelled' AND sent_at IS NULL") == rows - running.count(
        "outbox WHERE state = 'sent'"
    )
    told = "SELECT count(DISTINCT alert_id) FROM outbox WHERE state = 'sent'"
    assert running.rows(told) == [(EPISODES,)]
    assert sum(again.values()) <= kills * AT_ONCE


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "seed"), [(5, 1), (20, 2)])
def test_each_step_is_taken_once_and_told_though_the_bridge_is_killed(tmp_path: Path, kills: int, seed: int) -> None:
    kept(tmp_path, kills, seed)
