"""`monitoring escalate --dry-run`, on labels and on an alert of a real database."""

import asyncio
import json
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from alert_bridge.alerts import Alert
from monitoring.cli import main
from tests.alert_bridge.escalation_parts import DEFAULT_POLICY, policies
from tests.alert_bridge.parts import parts, seen


def hook(name: str) -> dict[str, object]:
    return {"type": "webhook", "url": f"http://127.0.0.1:9/{name}", "allow_private_addresses": True}


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "config.yml"
    night = {"name": "night", "layers": {"members": ["aiko", "ben"], "rotation": "daily"}}
    policy = DEFAULT_POLICY | {"on_exhausted": {"notify": {"on_call": "night"}}}
    settings = {
        "notifications": {"channels": {name: hook(name) for name in ("slack", "email", "phone")}},
        "escalation": {"policies": [policy], "schedules": [night], "people": {"aiko": "phone", "ben": "phone"}},
        "web": {"timezone": "Asia/Tokyo"},
    }
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return str(file)


def test_labels_tell_who_hears_when_and_who_is_on_call(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    at = "2026-12-24T23:00:00Z"
    assert main(["escalate", "--dry-run", "--config", config, "--at", at, "severity=warning", "service=x"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "dry run, MEDIUM, firing: policy 'default'"
    assert lines[2].split() == ["2026-12-25", "08:00:00", "JST", "1", "slack", "MEDIUM"]
    assert lines[3].split() == ["2026-12-25", "08:30:00", "JST", "2", "slack", "CRITICAL"]
    assert "phone" in lines[-1] and "night: " in lines[-1]


async def began(folder: Path) -> Alert:
    async with parts(folder, channels=("slack",), policies=policies({})) as one:
        [alert] = await one.observe(seen(severity="warning"))
        one.clock.advance(600)
        return await one.pipeline.acknowledge(alert.id, "yui", seconds=3600)


def test_an_alert_of_the_database_goes_on_from_where_it_is(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = asyncio.run(began(tmp_path))
    at = "2026-01-31T03:20:00Z"
    arguments = ["--config", config, "--data-dir", str(tmp_path), "--at", at, "--format", "json"]
    assert main(["escalate", "--dry-run", *arguments, alert.id]) == 0
    told = json.loads(capsys.readouterr().out)
    first = told["steps"][0]
    assert told["alert"]["status"] == "acknowledged"
    assert datetime.fromisoformat(first["at"]) == datetime.fromisoformat("2026-01-31T04:30:00Z")
    assert (first["severity"], first["channels"]) == ("CRITICAL", ["slack"])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["alert_000000000000"], "there is no database"),
        (["what"], "expected an alert's id"),
        (["severity=urgent"], "expected one of"),
        (["{"], "is not JSON"),
    ],
)
def test_what_cannot_be_understood_is_said(
    words: list[str], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["escalate", "--dry-run", "--data-dir", str(tmp_path), *words]) == 1
    assert problem in capsys.readouterr().err
