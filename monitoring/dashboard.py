"""The dashboard under the guide's name: where it listens, and the parts it is made of (loaded when asked for)."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alert_bridge.app import AlertBridge
    from alert_bridge.charts import ChartRenderer
    from alert_bridge.feed import Feed
    from alert_bridge.settings import AlertBridgeSettings

__all__ = ["ChartRenderer", "Dashboard", "Feed"]

_HOMES = {"ChartRenderer": "alert_bridge.charts", "Feed": "alert_bridge.feed"}


class Dashboard:
    """Where the page and the feed of a monitor are; with port 0 in the settings, the ports that were found.

    Every attribute raises RuntimeError while the dashboard is not started.
    """

    def __init__(self, bridge: "AlertBridge", *, secure: bool) -> None:
        self._bridge = bridge
        self._secure = "s" if secure else ""

    @property
    def http_port(self) -> int:
        """The port of the page and the HTTP API."""
        if self._bridge.page is None:
            raise RuntimeError("the dashboard is not started")
        return self._bridge.page.port

    @property
    def websocket_port(self) -> int:
        """The port of the feed."""
        if self._bridge.page is None:
            raise RuntimeError("the dashboard is not started")
        return self._bridge.feed.port

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http{self._secure}://{_host(self._settings.dashboard.listen_address)}:{self.http_port}/"

    @property
    def websocket_url(self) -> str:
        """The address of the feed."""
        return f"ws{self._secure}://{_host(self._settings.feed.listen_address)}:{self.websocket_port}/"

    @property
    def _settings(self) -> "AlertBridgeSettings":
        return self._bridge.settings.alert_bridge


def _host(listen_address: str) -> str:
    return listen_address.rpartition(":")[0]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
