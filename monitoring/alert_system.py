"""The alert system under the guide's names; each is loaded when it is asked for."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alert_bridge.alerts import Alert
    from alert_bridge.alerts import Severity as AlertSeverity
    from alert_bridge.notify.manager import NotificationManager
    from alert_bridge.rules import AlertRule, NotificationChannel
    from alert_bridge.threshold_config import ThresholdConfig
    from alert_bridge.threshold_manager import DynamicThresholdManager

__all__ = [
    "Alert",
    "AlertRule",
    "AlertSeverity",
    "DynamicThresholdManager",
    "NotificationChannel",
    "NotificationManager",
    "ThresholdConfig",
]

_HOMES = {
    "Alert": "alert_bridge.alerts:Alert",
    "AlertRule": "alert_bridge.rules:AlertRule",
    "AlertSeverity": "alert_bridge.alerts:Severity",
    "DynamicThresholdManager": "alert_bridge.threshold_manager:DynamicThresholdManager",
    "NotificationChannel": "alert_bridge.rules:NotificationChannel",
    "NotificationManager": "alert_bridge.notify.manager:NotificationManager",
    "ThresholdConfig": "alert_bridge.threshold_config:ThresholdConfig",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return __all__
