"""Embedded monitors for tests: free ports, short intervals, folders of their own."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from monitoring.integrated_monitor import IntegratedMonitoringSystem

FREE_PORTS = {"websocket_port": 0, "http_port": 0, "update_interval_seconds": 0.2}
QUICK: Mapping[str, Any] = {
    "exporter": {"collection_interval_seconds": 0.1},
    "analyzer": {"poll_interval_seconds": 0.1, "store_interval_seconds": 0.2, "learning_seconds": 0},
    "alert_bridge": {"rule_interval_seconds": 1, "threshold_interval_seconds": 1, "thresholds": []},
}


def quick(folder: Path, **sections: Any) -> IntegratedMonitoringSystem:
    """Return a monitor below a folder; sections are laid over the quick settings."""
    settings: dict[str, Any] = {**QUICK, **sections}
    return IntegratedMonitoringSystem(folder / "data", folder / "logs", FREE_PORTS, settings)


@asynccontextmanager
async def running(monitor: IntegratedMonitoringSystem, **parts: bool) -> AsyncIterator[IntegratedMonitoringSystem]:
    await monitor.start(parts)
    try:
        yield monitor
    finally:
        await monitor.stop_monitoring()


def rows(folder: Path, query: str, database: str = "alerts.db") -> list[tuple[Any, ...]]:
    """Return what a query finds in a database of the monitor below a folder."""
    with closing(sqlite3.connect(folder / "data" / database)) as connection:
        return connection.execute(query).fetchall()


class Listener:
    """A client of the feed that keeps what it got."""

    def __init__(self, socket: ClientConnection) -> None:
        self.messages: list[dict[str, Any]] = []
        self.socket = socket

    async def message(self, type: str, seconds: float = 20.0) -> dict[str, Any]:
        """Return the first message of a type, waiting for it."""
        async with asyncio.timeout(seconds):
            while True:
                found = next((one for one in self.messages if one["type"] == type), None)
                if found is not None:
                    return found
                self.messages.append(json.loads(await self.socket.recv()))


@asynccontextmanager
async def listening(monitor: IntegratedMonitoringSystem) -> AsyncIterator[Listener]:
    async with connect(monitor.dashboard.websocket_url, max_size=None) as socket:
        yield Listener(socket)
