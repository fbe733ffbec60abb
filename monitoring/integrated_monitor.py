"""The integrated monitoring system of the guide: everything in one process, nothing else needed.

    monitor = IntegratedMonitoringSystem(db_path="production_monitoring", log_directory="/var/log/newssystem")

    @monitoring_required(monitor)
    async def process_news_article(article): ...

    asyncio.run(monitor.start_monitoring())

Importing this module is cheap; what the parts need is loaded when they are first used.
"""

import asyncio
import contextlib
import importlib
import logging
import signal
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from monitoring.handlers import EventHandlers, Handler, check_known
from monitoring.plugins import Plugins

if TYPE_CHECKING:
    from alert_bridge.app import AlertBridge
    from analyzer.engine import LogAnalysisEngine
    from exporter.performance import PerformanceMonitor
    from monitoring.composition import Composition
    from monitoring.dashboard import Dashboard
    from monitoring.settings import Configuration
    from runtime.security import Access

logger = logging.getLogger(f"monitoring.{__name__}")

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

PARTS = ("performance", "logs", "alerts", "dashboard")
_DASHBOARD_KEYS = ("websocket_port", "http_port", "host", "update_interval_seconds", "web_config_file")
_SHORTEST_UPDATE_SECONDS = 0.05
_TOKENS_FILE = "tokens.yml"


class _Run:
    """One run, from start to stop. changing: held while it starts or stops."""

    def __init__(self) -> None:
        self.stop_asked = asyncio.Event()
        self.changing = asyncio.Lock()


class IntegratedMonitoringSystem:
    """Performance monitoring, log analysis, alerts and dashboard of one process.

    db_path: folder of the databases. log_directory: whose `*.log` are followed; `monitoring.log` is written there.
    dashboard_config: any of websocket_port, http_port (0: any free one), host, update_interval_seconds, and
    web_config_file (TLS and basic authentication, in the format of the Prometheus exporters).
    config: a file, several of them, a mapping or a settings object; without it `config/monitoring_config.json` below
    the working folder, if it is there. The environment counts after files and mappings.

    Several may run in one process, with different folders and ports.
    Raises ValueError for wrong arguments, SettingsError (a ValueError) for a `config` that cannot be used.
    """

    def __init__(
        self,
        db_path: str | Path = "monitoring",
        log_directory: str | Path = "logs",
        dashboard_config: Mapping[str, Any] | None = None,
        config: "str | Path | Collection[str | Path] | Mapping[str, Any] | Configuration | None" = None,
    ) -> None:
        self._folder = Path(db_path).absolute()
        self._log_directory = Path(log_directory).absolute()
        self._dashboard_config = _checked_dashboard(dashboard_config or {})
        self._config = config
        self._handlers = EventHandlers()
        self._plugins = Plugins()
        self._run: _Run | None = None
        if config is not None:
            self.settings  # noqa: B018 - read now, so that a mistake shows where it was made

    @cached_property
    def settings(self) -> "Configuration":
        """The settings in force. Raises SettingsError."""
        from monitoring.embedded_settings import read

        return read(self._config, self._dashboard_config)

    @cached_property
    def performance_monitor(self) -> "PerformanceMonitor":
        """The metrics of this process: `get_app_metrics().set_value(name, value)`, `track(task)`, `registry`."""
        from exporter.performance import PerformanceMonitor

        return PerformanceMonitor()

    @property
    def alert_system(self) -> "AlertBridge":
        """Alerts: `threshold_manager`, `notification_manager`, `register_rule(rule)`; also before the start."""
        return self._composition.bridge

    @property
    def log_analyzer(self) -> "LogAnalysisEngine":
        """The log analysis: `await analyze_logs(...)`."""
        return self._composition.log_analyzer

    @property
    def dashboard(self) -> "Dashboard":
        """Where page and feed are: `url`, `websocket_url`, `http_port`, `websocket_port`."""
        from monitoring.dashboard import Dashboard

        return Dashboard(self.alert_system, secure=self._access.ssl_context is not None)

    @property
    def running(self) -> bool:
        """True between start and stop."""
        return self._run is not None

    def add_event_handler(self, event: str, handler: Handler) -> None:
        """Call `handler(event, alerts)` for every event of a kind; it may be async, and fail.

        event: pattern_detected, anomaly_detected, alert_created, alert_updated, alert_resolved, threshold_changed or
        metrics_collected. The handler gets a mapping with type, description, severity, timestamp (RFC 3339), details
        and what the kind adds, and the alerts that the event opened.
        Raises ValueError, with the nearest known name, for another event.
        """
        self._handlers.add(event, handler)

    async def add_plugin(self, plugin: Any) -> None:
        """Initialize a plug-in (see `monitoring.plugins`); from then on it sees every round of metrics.

        Raises TypeError if it lacks a method, and what its `initialize` raises.
        """
        await self._plugins.add(plugin)

    async def start_monitoring(self, parts: Mapping[str, bool] | None = None) -> None:
        """Start, and run until `stop_monitoring()`, SIGINT, SIGTERM or cancellation.

        parts: which of performance, logs, alerts, dashboard run; all where nothing is said.
        Raises what `start` raises.
        """
        with _signals(self._ask_to_stop):  # from here on: whoever sees that it is up may end it at once
            await self.start(parts)
            await self._until_stopped()

    async def run_until_stopped(self) -> None:
        """Wait, after `start`, for `stop_monitoring()`, SIGINT, SIGTERM or cancellation; stopped on return.

        Signals for which the application has a handler of its own are left to it.
        """
        with _signals(self._ask_to_stop):
            await self._until_stopped()

    async def _until_stopped(self) -> None:
        try:
            if self._run is not None:
                await self._run.stop_asked.wait()
        finally:
            await self.stop_monitoring()

    def _ask_to_stop(self) -> None:
        if self._run is not None:
            self._run.stop_asked.set()

    async def start(self, parts: Mapping[str, bool] | None = None) -> None:
        """Start, and return when ready. parts: as for `start_monitoring`.

        Raises ValueError for an unknown part, RuntimeError if it runs, SettingsError, AddressInUse, Unprotected,
        DatabaseError, OSError; nothing is left running then.
        """
        chosen = _chosen(parts or {})
        if self._run is not None:
            raise RuntimeError("the monitoring runs already; stop it first")
        run = self._run = _Run()
        async with run.changing:
            try:
                await asyncio.to_thread(importlib.import_module, "monitoring.composition")
                await self._composition.start(chosen)
                await self._composition.load_plugins(self)
            except BaseException:
                self._run = None
                raise

    async def stop_monitoring(self) -> None:
        """Stop and return when everything has ended; harmless twice and before the start."""
        run = self._run
        if run is None:
            return
        run.stop_asked.set()
        async with run.changing:
            if self._run is run:
                await self._composition.close()
                self._run = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop_monitoring()

    @cached_property
    def _access(self) -> "Access":
        from runtime.security import Access

        file = self._dashboard_config.get("web_config_file")
        return Access.load(Path(file) if file else None, self._folder / _TOKENS_FILE, self.settings.web.viewers)

    @cached_property
    def _composition(self) -> "Composition":
        from monitoring.composition import Composition

        return Composition(
            self.settings,
            self.performance_monitor,
            folder=self._folder,
            log_directory=self._log_directory,
            access=self._access,
            handlers=self._handlers,
            plugins=self._plugins,
        )


def monitoring_required(
    monitor: IntegratedMonitoringSystem,
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Return a decorator that times each call and counts its errors, for functions and coroutine functions.

    It works before the start, and keeps the function's signature and name. Raises TypeError for generator functions.
    """

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        return monitor.performance_monitor.timed(function)

    return decorate


def _chosen(parts: Mapping[str, bool]) -> tuple[str, ...]:
    for name in parts:
        check_known(name, PARTS, "part")
    return tuple(name for name in PARTS if parts.get(name, True))


def _checked_dashboard(config: Mapping[str, Any]) -> dict[str, Any]:
    for name in config:
        check_known(name, _DASHBOARD_KEYS, "key of dashboard_config")
    for name in ("websocket_port", "http_port"):
        port = config.get(name, 0)
        if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
            raise ValueError(f"dashboard_config[{name!r}]: got {port!r}, expected a port from 0 to 65535")
    interval = config.get("update_interval_seconds", 5.0)
    if not isinstance(interval, int | float) or not interval >= _SHORTEST_UPDATE_SECONDS:
        raise ValueError(f"dashboard_config['update_interval_seconds']: got {interval!r}, expected seconds")
    return dict(config)


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Let SIGINT and SIGTERM stop, where the application has no handler of its own."""
    loop = asyncio.get_running_loop()
    ours = []
    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        by_asyncio = getattr(getattr(handler, "func", None), "__module__", "") == "asyncio.runners"
        if handler in (signal.SIG_DFL, signal.default_int_handler) or by_asyncio:
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):  # not the main thread, or Windows
                loop.add_signal_handler(number, stop)
                ours.append((number, handler))
    try:
        yield
    finally:
        for number, handler in ours:
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
