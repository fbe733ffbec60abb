"""The guide's escalation rules in an embedded monitor, with a channel that code adds."""

from pathlib import Path
from typing import Any

from alert_bridge.alerts import Alert, Severity
from monitoring.integrated_monitor import IntegratedMonitoringSystem
from tests.alert_bridge.parts import seen
from tests.waiting import until

RULES = [
    {"time_threshold": 1, "actions": [{"type": "severity_increase", "new_severity": "CRITICAL"}]},
    {
        "time_threshold": 2,
        "actions": [
            {"type": "notification", "channels": ["slack"]},
            {"type": "assign_to", "assignee": "on-call-engineer"},
        ],
    },
]


class Told:
    def __init__(self) -> None:
        self.alerts: list[Alert] = []

    async def send_notification(self, alert: Any) -> None:
        self.alerts.append(alert)


async def test_the_guides_rules_escalate_to_a_channel_that_code_adds(tmp_path: Path) -> None:
    monitor = IntegratedMonitoringSystem(tmp_path / "data", tmp_path / "logs", config={"escalation_rules": RULES})
    told = Told()
    monitor.alert_system.notification_manager.add_channel("slack", told)
    await monitor.start({"dashboard": False, "logs": False, "performance": False})
    try:
        pipeline = monitor.alert_system.pipeline
        [alert] = await pipeline.observe([seen(severity="warning")], source="events")
        await until(lambda: len(told.alerts) >= 3, "three words")
        after = await pipeline.get(alert.id)
        assert (after.severity, after.assignee, after.escalation_level) == (Severity.CRITICAL, "on-call-engineer", 2)
    finally:
        await monitor.stop_monitoring()
