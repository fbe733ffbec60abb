# ruff: noqa: E501 - a table of mistakes
from pathlib import Path
from typing import Any

import pytest
import yaml

from alert_bridge.escalation import EVERYBODY_AT_ONCE
from alert_bridge.settings import Configuration
from monitoring.settings import EmbeddedConfiguration
from runtime.settings import SettingsError, load
from tests.alert_bridge.escalation_parts import DEFAULT_POLICY, GUIDE_RULES, steps

CHANNELS = {name: {"type": "webhook", "url": "https://example.com/"} for name in ("slack", "email", "phone")}
SCHEDULE = {"name": "night", "layers": {"members": ["slack"]}}


def read(escalation: Any) -> Configuration:
    return load(Configuration, data={"notifications": {"channels": CHANNELS}, "escalation": escalation}, environ={})


@pytest.mark.parametrize(
    "data",
    [
        {"escalation_rules": GUIDE_RULES},
        {"alert_system": {"escalation_rules": GUIDE_RULES}},
        {"escalation": GUIDE_RULES},
        {"escalation": {"rules": GUIDE_RULES}},
    ],
)
def test_the_guides_rules_load_as_they_stand(data: dict[str, Any]) -> None:
    [policy] = load(EmbeddedConfiguration, data=data, environ={}).escalation.to_policies("UTC")
    assert [step.after_seconds for step in policy.steps] == [0, 1800, 3600]


def test_without_a_section_everybody_is_told_at_once() -> None:
    assert read({}).escalation.to_policies("UTC") == (EVERYBODY_AT_ONCE,)


def test_the_policy_of_the_documentation_loads_from_yaml(tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_text(
        yaml.safe_dump({"notifications": {"channels": CHANNELS}, "escalation": {"policies": [DEFAULT_POLICY]}})
    )
    [policy] = load(Configuration, [file], environ={}).escalation.to_policies("UTC")
    assert policy.acknowledge_seconds == 4 * 3600
    assert [turn.after_seconds / 60 for at in range(8) if (turn := policy.turn(at))] == [0, 30, 60, 120, 180, 240, 300]


POLICY = DEFAULT_POLICY


@pytest.mark.parametrize(
    ("escalation", "place", "problem"),
    [
        ({"policies": [POLICY | {"steps": [{"after": 0, "actions": [{"notify": {"channels": []}}]}]}]},
         "escalation.policies.0.steps.0.actions.0.notify", "nobody is told"),
        ({"policies": [POLICY | {"steps": [{"after": 0, "actions": []}]}]},
         "escalation.policies.0.steps.0.actions", "at least 1"),
        ({"policies": [POLICY | {"steps": steps("0m", channels=["slak"])}]},
         "settings", "policies.0.steps.0.actions.0.notify.channels: there is no notification channel 'slak'; did you mean 'slack'"),
        ({"policies": [POLICY | {"steps": steps("10m", "5m")}]}, "escalation.policies.0", "steps.1.after: 300 s is not later"),
        ({"policies": [POLICY | {"steps": [{"after": 0, "actions": [{"severity_increase": "HIGH"}]}]}]},
         "escalation.policies.0", "nobody would ever be told"),
        ({"policies": [POLICY, POLICY | {"name": "second"}]}, "escalation", "policies.1: 'second' is never used"),
        ({"policies": [POLICY | {"match": {"severity": "critical"}}]}, "escalation", "no policy takes every alert"),
        ({"policies": [POLICY | {"match": {"service": "x"}}, POLICY]}, "escalation", "policies.1.name: 'default' is there already"),
        ({"policies": [POLICY | {"match": {"severity": "urgent"}}]}, "escalation.policies.0.match", "severity 'urgent'"),
        ({"policies": [POLICY], "rules": GUIDE_RULES}, "escalation", "rules: 'escalation_rules' is never used"),
        ({"schedules": [SCHEDULE, SCHEDULE]}, "escalation", "schedules.1.name: 'night' is there already"),
        ({"schedules": [SCHEDULE | {"timezone": "Asia/Tokio"}]}, "escalation.schedules.0.timezone", "'Asia/Tokio' is not an IANA"),
        ({"schedules": [SCHEDULE | {"layers": {"members": ["nobody"]}}]}, "settings", "schedules.0: there is no notification channel 'nobody'"),
        ({"schedules": [{"name": "x", "layers": {"members": ["slack"], "restrictions": {"days": "sat"}}}]},
         "escalation.schedules.0", "nobody is on call"),
        ({"schedules": [{"name": "x", "layers": {"members": ["slack"], "rotation": "90m"}}]},
         "escalation.schedules.0.layers.0", "whole hours"),
        ({"schedules": [{"name": "x", "layers": {"members": ["slack"], "handover": "25:00"}}]},
         "escalation.schedules.0.layers.0", "'25:00' is not a time"),
        ({"policies": [POLICY | {"steps": [{"after": 0, "actions": [{"notify": {"on_call": "nigth"}}]}]}], "schedules": [SCHEDULE]},
         "escalation", "there is no schedule 'nigth'; did you mean 'night'"),
        ([{"time_threshold": 5, "actions": [{"type": "notificaton", "channels": ["slack"]}]}],
         "escalation.rules.0.actions.0", "did you mean 'notification'"),
        ([{"time_threshold": -5, "actions": GUIDE_RULES[0]["actions"]}], "escalation.rules.0.time_threshold", "expected seconds"),
        ({"policy": []}, "escalation.policy", "did you mean 'policies'"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_place(escalation: Any, place: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(escalation)
    assert place in {where for where, _ in caught.value.problems}
    assert problem in str(caught.value)


def test_policies_for_each_severity_together_take_every_alert() -> None:
    first, second = {"severity": ["critical", "high"]}, {"severity": ["low", "medium"]}
    read({"policies": [POLICY | {"name": "a", "match": first}, POLICY | {"name": "b", "match": second}]})
    third = {"severity": "critical", "service": "x"}
    with pytest.raises(SettingsError, match="'c' is never used"):
        read(
            {
                "policies": [
                    POLICY | {"name": name, "match": match}
                    for name, match in zip("abc", (first, second, third), strict=True)
                ]
            }
        )


def test_code_may_add_channels_to_an_embedded_monitor() -> None:
    data = {"escalation": [{"time_threshold": 60, "actions": [{"type": "notification", "channels": ["custom"]}]}]}
    load(EmbeddedConfiguration, data=data, environ={})


def test_the_example_of_the_page_about_escalation_loads() -> None:
    text = Path("docs/escalation.md").read_text(encoding="utf-8")
    short, full = (yaml.safe_load(part.split("```")[0]) for part in text.split("```yaml")[1:3])
    load(EmbeddedConfiguration, data=short, environ={})
    names = ("slack", "email", "phone-aiko", "phone-ben")
    channels = {
        "notifications": {"channels": {name: {"type": "webhook", "url": "https://example.com/"} for name in names}}
    }
    section = load(Configuration, data=full | channels, environ={}).escalation
    assert [policy.name for policy in section.to_policies("UTC")] == ["feeds at night", "default"]
