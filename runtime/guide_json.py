"""The guide's `monitoring_config.json`, translated into the sections of the product.

One table for plain keys, and two shapes that need more than a new name: limits and channels.
"""

from collections.abc import Mapping
from typing import Any

SECTIONS = ("performance_monitoring", "log_analysis", "alert_system", "notification_config", "escalation_rules")

KEYS: Mapping[str, tuple[str, float | None]] = {
    "performance_monitoring.collection_interval_seconds": ("exporter.collection_interval_seconds", None),
    "log_analysis.analysis_interval_minutes": ("analyzer.analysis_interval_seconds", 60.0),
    "log_analysis.log_levels": ("analyzer.log_levels", None),
    "log_analysis.pattern_detection.min_frequency": ("analyzer.min_frequency", None),
    "log_analysis.pattern_detection.enable_ml_detection": ("analyzer.enable_ml_detection", None),
    "alert_system.suppression_window_seconds": ("notifications.suppression_window_seconds", None),
    "alert_system.notification_channels": ("notifications.channels", None),
    "alert_system.escalation_rules": ("escalation.rules", None),
    "notification_config": ("notifications.channels", None),
    "escalation_rules": ("escalation.rules", None),
}
"""Dotted key of the guide -> dotted key of the product, and the factor of the unit."""

_LIMIT_SEVERITY = {"warning": "MEDIUM", "critical": "CRITICAL"}


def translate(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the guide's sections replaced by the product's; others are left as they are.

    A key that the guide's sections do not have stays where it is, so that the check names it.
    """
    translated = {key: value for key, value in data.items() if key not in SECTIONS}
    for path, value in _leaves({key: data[key] for key in SECTIONS if key in data}):
        if path in ("performance_monitoring.thresholds", "alert_system.enable_dynamic_thresholds"):
            continue
        name, factor = KEYS.get(path, (path, None))
        _set(translated, name, value * factor if factor is not None and isinstance(value, int | float) else value)
    limits = _limits(data)
    if limits:
        _set(translated, "alert_bridge.thresholds", limits)
    return translated


def _limits(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the guide's warning and critical limits as thresholds; fixed ones where dynamic thresholds are off."""
    limits = _section(data, "performance_monitoring").get("thresholds")
    if not isinstance(limits, Mapping):
        return []
    dynamic = _section(data, "alert_system").get("enable_dynamic_thresholds", True)
    fixed = {} if dynamic else {"adaptive_factor": 0.0}
    return [
        {"metric_name": metric, "base_threshold": value, "severity": _LIMIT_SEVERITY.get(level, level), **fixed}
        for metric, levels in limits.items()
        if isinstance(levels, Mapping)
        for level, value in levels.items()
    ]


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = data.get(name)
    return section if isinstance(section, Mapping) else {}


def _leaves(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return dotted paths and values, down to the keys of the table."""
    found: list[tuple[str, Any]] = []
    for key, value in data.items():
        path = f"{prefix}{key}"
        whole = path in KEYS or path == "performance_monitoring.thresholds" or not isinstance(value, Mapping)
        found += [(path, value)] if whole else _leaves(value, f"{path}.")
    return found


def _set(target: dict[str, Any], path: str, value: Any) -> None:
    *folders, name = path.split(".")
    for folder in folders:
        target = target.setdefault(folder, {})
    target[name] = value
