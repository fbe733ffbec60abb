"""What the guide's samples use and leave undefined: all of it, and nothing else."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from monitoring.alert_system import AlertRule, AlertSeverity, NotificationChannel, ThresholdConfig
from monitoring.integrated_monitor import IntegratedMonitoringSystem

told: list[Any] = []
"""What the samples told the outside."""


async def heavy_processing(article: dict[str, Any]) -> dict[str, Any]:
    """The work of the news system; an article without a title is an error."""
    return {"title": article["title"].upper()}


async def notify_external_system(event: dict[str, Any]) -> None:
    """The system outside that the guide's handler tells."""
    told.append(event)


async def custom_api_call(alert: Any) -> None:
    """The service behind the guide's custom channel."""
    told.append(alert)


def names(monitor: IntegratedMonitoringSystem | None = None) -> dict[str, Any]:
    """Return the names that a sample finds. monitor: the guide's `monitor`."""
    told.clear()
    now = datetime.now()  # noqa: DTZ005 - naive times are local, as in the guide
    return {
        "AlertRule": AlertRule,
        "AlertSeverity": AlertSeverity,
        "NotificationChannel": NotificationChannel,
        "ThresholdConfig": ThresholdConfig,
        "logging": logging,
        "heavy_processing": heavy_processing,
        "notify_external_system": notify_external_system,
        "start_time": now - timedelta(hours=1),
        "end_time": now + timedelta(hours=1),
        "monitor": monitor,
    }


def plugin_class(base: type) -> Callable[[Any], Any]:
    """Return the guide's `CustomMonitoringPlugin` over its `MonitoringPlugin`: it adds one metric."""

    class CustomMonitoringPlugin(base):  # type: ignore[misc]
        async def process_metrics(self, metrics: dict[str, float]) -> dict[str, float]:
            changed: dict[str, float] = await super().process_metrics(metrics)
            return {**changed, "pending_share": changed["pending"] / 10}

    return CustomMonitoringPlugin
