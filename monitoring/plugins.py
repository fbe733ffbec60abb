"""Plug-ins: code of the user's that sees, and may change, the metrics of every round.

`MonitoringPlugin` is the guide's class; any object with its two methods will do.
"""

import logging
import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from monitoring.calls import Caller

if TYPE_CHECKING:
    from monitoring.integrated_monitor import IntegratedMonitoringSystem

logger = logging.getLogger(f"monitoring.{__name__}")

ENTRY_POINTS = "newswatch.plugins"
_INITIALIZE_SECONDS = 30.0
_PROCESS_SECONDS = 5.0
_METHODS = ("initialize", "process_metrics")
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class MonitoringPlugin:
    """Base of plug-ins: override what you need, add it with `await monitor.add_plugin(plugin)`."""

    def __init__(self, monitor: "IntegratedMonitoringSystem") -> None:
        self.monitor = monitor

    async def initialize(self) -> None:
        """Get ready; called once, when the plug-in is added."""

    async def process_metrics(self, metrics: dict[str, float]) -> dict[str, float] | None:
        """See the metrics of a round, by the guide's names and those of custom values.

        Change them, or return others; None leaves them. Names that are not the guide's become custom values.
        """
        return metrics


class Plugins:
    """The plug-ins in the order they were added. One that fails or hangs is passed over, its changes with it."""

    def __init__(self) -> None:
        self._plugins: list[Any] = []
        self._caller = Caller()

    async def add(self, plugin: Any) -> None:
        """Initialize a plug-in and call it from the next round on; one that was added before stays where it is.

        Raises TypeError if it lacks a method, and what `initialize` raises; it is not added then.
        """
        missing = [name for name in _METHODS if not callable(getattr(plugin, name, None))]
        if missing:
            raise TypeError(f"plug-in {type(plugin).__name__} has no method {', '.join(missing)}")
        await self._caller.call(plugin.initialize, seconds=_INITIALIZE_SECONDS)
        if plugin not in self._plugins:
            self._plugins.append(plugin)

    async def process(self, metrics: Mapping[str, float], failed: Callable[[], None]) -> dict[str, float]:
        """Return the metrics as the plug-ins leave them. failed: told of each failure, to be counted."""
        current = dict(metrics)
        for plugin in self._plugins:
            given = dict(current)
            try:
                returned = await self._caller.call(plugin.process_metrics, given, seconds=_PROCESS_SECONDS)
                current = _checked(given if returned is None else returned)
            except Exception:
                failed()
                logger.exception("plug-in %s is passed over this time", type(plugin).__name__)
        return current


def _checked(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics as numbers; not finite ones are left out. Raises ValueError for other names or values."""
    checked = {}
    for name, value in metrics.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(f"metric name {name!r}: only ASCII letters, digits and underscores, no digit first")
        if not isinstance(value, int | float):
            raise ValueError(f"metric {name}: got {type(value).__name__}, expected a number")
        if math.isfinite(value):
            checked[name] = float(value)
    return checked
