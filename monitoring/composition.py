"""All parts in one process, put together: exporter, log analysis and bridge over one registry, without Prometheus.

Imported when something of it is first used: it loads every library that the parts need.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry

from alert_bridge.alerts import Alert
from alert_bridge.app import AlertBridge
from alert_bridge.runbooks import shown
from alert_bridge.threshold_manager import ThresholdChange
from analyzer.engine import LogAnalysisEngine
from analyzer.events import Event
from exporter.performance import PerformanceMonitor
from monitoring.handlers import EventHandlers
from monitoring.log_alerts import LogAlerts
from monitoring.plugins import ENTRY_POINTS, Plugins
from monitoring.registry_reader import RegistryReader, place
from monitoring.settings import Configuration
from runtime import logs
from runtime.clock import Clock, SystemClock, format_utc
from runtime.loading import entry_points
from runtime.security import Access
from runtime.tasks import every, keep_running

logger = logging.getLogger(f"monitoring.{__name__}")

LOG_DATABASE = "logs_analysis.db"
_SWEEP_SECONDS = 5.0


class Composition:
    """The parts of one embedded monitor; it can be started again after it was closed.

    folder: of the databases. log_directory: of the logs that are followed and of `monitoring.log`.
    access: who may use the page and the feed.
    """

    def __init__(
        self,
        settings: Configuration,
        performance_monitor: PerformanceMonitor,
        *,
        folder: Path,
        log_directory: Path,
        access: Access,
        handlers: EventHandlers,
        plugins: Plugins,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock or SystemClock()
        self._folder = folder
        self._log_directory = log_directory
        self._handlers = handlers
        self._plugins = plugins
        registry = performance_monitor.registry
        self._reader = RegistryReader(
            performance_monitor,
            (REGISTRY, registry),
            clock=self._clock,
            interval_seconds=settings.exporter.collection_interval_seconds,
            process=self._collected,
        )
        self.log_analyzer = LogAnalysisEngine(log_directory, folder / LOG_DATABASE, settings)
        self.bridge = AlertBridge(
            settings,
            data_dir=folder,
            reader=self._reader,
            analyzer=self.log_analyzer,
            access=access,
            registry=registry,
            clock=self._clock,
        )
        self.bridge.threshold_listeners.append(self._threshold_changed)
        self._open = contextlib.AsyncExitStack()

    async def start(self, parts: Collection[str]) -> None:
        """Start the parts: any of performance, logs, alerts, dashboard. What was begun is ended if one fails.

        Raises AddressInUse, Unprotected, DatabaseError, OSError.
        """
        try:
            await self._start(parts)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop everything, the last started first; harmless twice."""
        await self._open.aclose()

    async def _start(self, parts: Collection[str]) -> None:
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        handler = await asyncio.to_thread(self._log_handler)
        self._open.callback(_remove_log_handler, handler)
        _add_log_handler(handler)
        self._work("event handlers", lambda: self._handlers.run(self._failed("handler")))
        self._open.push_async_callback(self._handlers.drained)
        if "performance" in parts:
            self._work("collection", self._reader.run)
        await self.bridge.start(serve_feed="dashboard" in parts, watch="alerts" in parts)
        self._open.push_async_callback(self.bridge.close)
        self.bridge.pipeline.listeners.append(self._alert_changed)
        if "logs" in parts:
            await self._start_logs(raise_alerts="alerts" in parts)
        page = self.bridge.page
        where = f"; page on port {page.port}, feed on port {self.bridge.feed.port}" if page else ""
        logger.info("monitoring is up: %s; data in %s%s", ", ".join(parts), self._folder, where)

    async def load_plugins(self, monitor: Any) -> None:
        """Add the installed plug-ins (entry points); one that fails is logged and left out."""
        for name, plugin in entry_points(ENTRY_POINTS):
            try:
                await self._plugins.add(plugin(monitor) if isinstance(plugin, type) else plugin)
            except Exception:
                logger.exception("plug-in %s is left out", name)

    async def _start_logs(self, raise_alerts: bool) -> None:
        alerts = None
        if raise_alerts:
            alerts = LogAlerts(self.bridge.pipeline, self.log_analyzer, clock=self._clock, place=place())
            await alerts.adopt()
            self._work("quiet log alerts", lambda: every(_SWEEP_SECONDS, alerts.sweep))

        async def tell(event: Event) -> None:
            opened = await alerts.take(event) if alerts is not None else []
            self._handlers.tell(event.to_dict(), opened)

        families = CollectorRegistry()  # each start registers the analysis' families anew
        self.bridge.registry.register(families)
        self._open.callback(self.bridge.registry.unregister, families)
        await self.log_analyzer.start(tell, registry=families, reader=self._reader)
        self._open.push_async_callback(self.log_analyzer.close)

    async def _collected(self, values: Mapping[str, float]) -> Mapping[str, float]:
        metrics = await self._plugins.process(values, self._failed("plugin"))
        description = f"{len(metrics)} metrics were collected"
        self._tell("metrics_collected", description, "LOW", self._clock.now(), {"metrics": metrics})
        return metrics

    def _alert_changed(self, event: str, alert: Alert) -> None:
        opened = [alert] if event == "alert_created" else []
        details = {"alert": shown(alert), "alert_id": alert.id}
        self._tell(event, alert.message, alert.severity.value, alert.updated_at, details, opened)

    def _threshold_changed(self, change: ThresholdChange) -> None:
        details = {
            "metric_name": change.metric_name,
            "threshold": change.value,
            "reason": change.reason,
            "labels": dict(change.labels),
            "baseline_accepted": change.is_new_baseline,
        }
        description = f"{change.metric_name}: the threshold is {change.value:.4g}"
        description += ", baseline accepted" if change.is_new_baseline else ""
        self._tell("threshold_changed", description, "LOW", change.calculated_at, details)

    def _tell(
        self,
        type: str,
        description: str,
        severity: str,
        moment: datetime,
        details: Mapping[str, Any],
        alerts: Collection[Alert] = (),
    ) -> None:
        common = {"type": type, "description": description, "severity": severity, "timestamp": format_utc(moment)}
        self._handlers.tell({**details, **common, "details": dict(details)}, tuple(alerts))

    def _failed(self, part: str) -> Callable[[], None]:
        return lambda: self.bridge.metrics.errors.labels(part).inc()

    def _work(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        keep_running(self._open, name, run, self._part_failed)

    def _part_failed(self, part: str, error: Exception) -> None:
        self._failed(part)()
        logger.error("%s failed and begins again", part, exc_info=error)

    def _log_handler(self) -> logging.Handler:
        """Open the monitoring's own log: in the log directory, or with the data where that cannot be written."""
        file = self._log_directory / "monitoring.log"
        try:
            return logs.file_handler(file)
        except OSError as error:
            aside = self._folder / "monitoring.log"
            handler = logs.file_handler(aside)
            logger.warning("%s cannot be written (%s): logging to %s", file, error.strerror, aside)
            return handler


def _add_log_handler(handler: logging.Handler) -> None:
    root = logging.getLogger(logs.ROOT)
    root.addHandler(handler)
    if root.level == logging.NOTSET:
        root.setLevel(logging.INFO)


def _remove_log_handler(handler: logging.Handler) -> None:
    logging.getLogger(logs.ROOT).removeHandler(handler)
    handler.close()
