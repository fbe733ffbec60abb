"""A real bridge whose escalation settings are read again after SIGHUP: with a mistake in them, and without."""

import signal
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.campaigns.running_bridge import STEPS, RunningBridge, bridge

pytestmark = pytest.mark.stack
REFUSED = "settings not read again, the old ones stay in force"


def reload(running: RunningBridge, policy: dict[str, Any], said: str) -> str:
    """Write a policy into the settings, send SIGHUP and return the line of the log that has `said`."""
    file, log = running.folder / "bridge.yml", running.folder / "bridge.log"
    settings = yaml.safe_load(file.read_text())
    settings["escalation"] = {"policies": [policy]}
    file.write_text(yaml.safe_dump(settings))
    before = len(log.read_text())
    assert running.process is not None
    running.process.send_signal(signal.SIGHUP)
    running.wait(lambda: said in log.read_text()[before:], said)
    return next(line for line in log.read_text()[before:].splitlines() if said in line)


def fire(running: RunningBridge, name: str) -> None:
    labels = {"alertname": name, "severity": "critical"}
    requests.post(f"{running.url}/api/v2/alerts", json=[{"labels": labels}], timeout=30).raise_for_status()


def policy_of(running: RunningBridge, name: str) -> str:
    joined = (
        "alerts a JOIN escalations e ON e.alert_id = a.id JOIN escalation_policies p ON p.version = e.policy_version"
    )
    [(policy,)] = running.rows(f"SELECT p.name FROM {joined} WHERE a.name = '{name}'")
    return str(policy)


def steps_told(running: RunningBridge, name: str) -> list[int]:
    return sorted(one["step"] for one in running.told if one.get("alert", {}).get("name") == name)


@pytest.mark.parametrize(
    ("mistake", "place"),
    [
        ({"steps": [{"after": "0s", "actions": [{"notify": {"channels": "pager"}}]}]}, "pager"),
        ({"steps": STEPS, "ack_timout": "4h"}, "ack_timout"),
    ],
    ids=["an unknown channel", "a misspelt key"],
)
def test_a_bad_escalation_file_leaves_the_old_policy_in_force_and_is_said(
    tmp_path: Path, mistake: dict[str, Any], place: str
) -> None:
    with bridge(tmp_path) as running:
        line = reload(running, {"name": "bad", "match": {}, **mistake}, REFUSED)
        assert "ERROR" in line.upper()
        assert "escalation.policies" in line
        assert place in line
        fire(running, "AfterTheMistake")
        running.wait(lambda: steps_told(running, "AfterTheMistake") == [0, 1], "both steps of the old policy are told")
        assert policy_of(running, "AfterTheMistake") == "all"
        reload(running, {"name": "good", "match": {}, "steps": STEPS}, " is up on ")
        running.wait(running.ready, "the bridge is up again")
        fire(running, "AfterTheRepair")
        assert policy_of(running, "AfterTheRepair") == "good"
        assert policy_of(running, "AfterTheMistake") == "all"
