"""The bridge, put together: the only file that knows everybody.

`AlertBridge` is the same in both shapes: the service below gives it Prometheus and the analyzer's API, the embedded
monitor gives it the registry of the process and the engine's store.
"""

import asyncio
import contextlib
import functools
import logging
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from alert_bridge.alertmanager_client import AlertmanagerClient
from alert_bridge.alerts import Alert, Observation, Severity, fingerprint
from alert_bridge.analyzer_client import Analyzer, AnalyzerClient
from alert_bridge.build_watch import CHECK_SECONDS as VERSIONS_SECONDS
from alert_bridge.build_watch import BuildWatch
from alert_bridge.change_log import ChangeLog, changes_of
from alert_bridge.charts import SYSTEM_FIGURES, ChartError, ChartRenderer
from alert_bridge.dashboard.alerts_api import AlertsApi
from alert_bridge.dashboard.changes_api import CHANGES_PATH, ChangesApi
from alert_bridge.dashboard.delivery_api import DeliveryApi
from alert_bridge.dashboard.health import LOOK_SECONDS as HEALTH_SECONDS
from alert_bridge.dashboard.health import Health
from alert_bridge.dashboard.ingest_api import INGEST_PATHS, IngestApi
from alert_bridge.dashboard.page import PUBLIC_PATHS, csp, page_route
from alert_bridge.dashboard.sessions import SESSION_PATH, Sessions
from alert_bridge.dashboard.views import FEED_TICKET_PATH, Views
from alert_bridge.delivery import DeliveryWorker
from alert_bridge.escalating import Escalating
from alert_bridge.explain import Explainer
from alert_bridge.feed import Feed
from alert_bridge.feed_messages import AlertType
from alert_bridge.figures import CUSTOM, CUSTOM_QUERY, Figures
from alert_bridge.maintaining import MaintenanceWork
from alert_bridge.maintenance import Maintenance
from alert_bridge.maintenance_settings import windows
from alert_bridge.metrics import BridgeMetrics
from alert_bridge.notify.manager import NotificationManager
from alert_bridge.pipeline import Pipeline
from alert_bridge.reconcile_loop import OFF, ReconcileLoop
from alert_bridge.reminding import Reminding
from alert_bridge.rule_loop import RuleLoop
from alert_bridge.rules import AlertRule
from alert_bridge.runbooks import shown
from alert_bridge.settings import Configuration
from alert_bridge.store import escalation_rows, retention, threshold_rows
from alert_bridge.threshold_config import WatchedThreshold
from alert_bridge.threshold_loop import ThresholdLoop
from alert_bridge.threshold_manager import DynamicThresholdManager, ThresholdChange
from alert_bridge.threshold_rule_file import RuleFile, find_promtool
from alert_bridge.watchdog import CHECK_SECONDS, Watchdog, give_signs_of_life, rule_finder
from runtime.clock import Clock, SystemClock
from runtime.database import Database
from runtime.openapi import with_document
from runtime.prometheus import PrometheusReader, SeriesReader, SeriesUnavailable, login_headers
from runtime.security import Access, Identity
from runtime.service import Context, version
from runtime.tasks import every, keep_running
from runtime.web import DEFAULT_CSP, Server, build_app, serve

logger = logging.getLogger(f"monitoring.{__name__}")

DATABASE = "alerts.db"
_CHART_SECONDS = 3600.0
_CHART_STEP_SECONDS = 15.0
_TICKET_SECONDS = 30.0
_TICKETS_KEPT = 1000
_CLEAN_UP_SECONDS = 3600.0
_EXPIRE_SECONDS = 5.0


class AlertBridge:
    """Alerts in; episodes, notifications, feed and page out.

    data_dir: where `alerts.db` and the thresholds' state lie. reader: where series come from.
    analyzer: whom to ask for log patterns and anomalies. rule_file: where the thresholds' rules go, None without a
    Prometheus: then the thresholds are compared in this process. threshold_listeners: told of each threshold that
    moved by a hundredth or more. prometheus, alertmanager: whom the alerts are compared with; None where there is none.
    """

    def __init__(
        self,
        settings: Configuration,
        *,
        data_dir: Path,
        reader: SeriesReader,
        analyzer: Analyzer,
        access: Access,
        registry: CollectorRegistry,
        rule_file: RuleFile | None = None,
        prometheus: PrometheusReader | None = None,
        alertmanager: AlertmanagerClient | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.registry = registry
        web, own = settings.web, settings.alert_bridge
        self.threshold_manager = DynamicThresholdManager(
            self.clock,
            timezone=web.timezone,
            language=web.language,
            hold_seconds=own.threshold_stale_seconds,
        )
        self.notification_manager = NotificationManager(settings.notifications, self.clock, web.timezone)
        self.figures = Figures(reader, self.clock)
        self.metrics = BridgeMetrics(registry)
        self.escalating = Escalating(
            settings.escalation.to_policies(web.timezone),
            settings.escalation.to_on_call(web.timezone),
            channels=lambda: self.notification_manager.names,
            clock=self.clock,
            registry=registry,
        )
        self._reminding = Reminding(self.escalating.schedules, lambda: self.notification_manager.names)
        self.maintenance = Maintenance(windows(settings.escalation.maintenance, web.timezone))
        self._prometheus = prometheus
        self._alertmanager = alertmanager
        self._reconcile: ReconcileLoop | None = None
        self._watchdog: Watchdog | None = None
        self._data_dir = data_dir
        self._reader = reader
        self._analyzer = analyzer
        self._access = access
        self._tickets = _Tickets(self.clock)
        self._chart = ChartRenderer(web.language, web.timezone)
        self._rules = RuleLoop(reader, clock=self.clock, registry=registry, interval_seconds=own.rule_interval_seconds)
        self.pipeline: Pipeline
        self._worker: DeliveryWorker
        self.change_log: ChangeLog
        self._health: Health
        self.feed: Feed
        self.page: Server | None = None
        self.threshold_listeners: list[Callable[[ThresholdChange], None]] = []
        self._database: Database | None = None
        self._open = contextlib.AsyncExitStack()
        for rule in own.rules:
            self.register_rule(rule.to_rule())
        for threshold in own.thresholds:
            self.threshold_manager.register_threshold(threshold.to_config())
        self._thresholds = ThresholdLoop(
            reader,
            self.threshold_manager,
            clock=self.clock,
            registry=registry,
            watched=[threshold.to_watched() for threshold in own.thresholds],
            rule_file=rule_file,
            recorder=self,
            state_dir=data_dir,
            interval_seconds=own.threshold_interval_seconds,
            stale_seconds=own.threshold_stale_seconds,
        )
        self._compares_here = rule_file is None

    def register_rule(self, rule: AlertRule) -> None:
        """Add a rule of the user's own, or replace the one with its `rule_id`."""
        self._rules.register(rule)

    @property
    def rules(self) -> tuple[AlertRule, ...]:
        """The registered rules."""
        return self._rules.rules

    @property
    def watched(self) -> tuple[WatchedThreshold, ...]:
        """The registered thresholds with the series they are for."""
        return self._thresholds.watched

    async def start(self, *, serve_feed: bool = True, watch: bool = True) -> None:
        """Open the database and begin to work; with `serve_feed` the feed and the page too.

        watch: evaluate rules and thresholds, and tell people; without it alerts are kept and shown only.
        Raises DatabaseError, AddressInUse, Unprotected; what was begun is ended then.
        """
        try:
            await self._start(serve_feed, watch)
        except BaseException:
            await self.close()
            raise

    async def _start(self, serve_feed: bool, watch: bool) -> None:
        web = self.settings.web
        database = await asyncio.to_thread(Database.open, self._data_dir / DATABASE, "alert_bridge.migrations")
        self._database = database
        self._open.push_async_callback(database.close)
        self.pipeline = Pipeline(
            database,
            clock=self.clock,
            metrics=self.metrics,
            explain=Explainer(
                self.threshold_manager, self._reader, self._analyzer, functools.partial(changes_of, database)
            ),
            language=web.language,
        )
        self._open.push_async_callback(self.pipeline.close)
        self.change_log = ChangeLog(self.pipeline)
        self._health = Health(
            figures=self.figures,
            analyzer=self._analyzer,
            database=database,
            channels=lambda: self.notification_manager.names,
            compared=self.reconcile_health,
            clock=self.clock,
        )
        self._work("signs of life", lambda: give_signs_of_life(database, self.clock, self.metrics))
        upkeep = MaintenanceWork(self.maintenance, self.pipeline, self.clock)
        self.pipeline.stages += [upkeep.stage, self.escalating.stage, self._reminding.stage]
        self._work("maintenance", lambda: every(_EXPIRE_SECONDS, upkeep.sweep))
        for channel in self.notification_manager.names:
            self.metrics.show_channel(channel)
        await self.pipeline.refresh_metrics()
        if database.recovered is not None:
            await self.pipeline.observe([_damaged(database.recovered, self.clock.now())], source="events")
        self._worker = DeliveryWorker(
            database,
            self.pipeline,
            self.notification_manager,
            clock=self.clock,
            metrics=self.metrics,
            language=web.language,
            timezone=web.timezone,
            external_url=web.external_url,
            suppression_window_seconds=self.settings.notifications.suppression_window_seconds,
        )
        if serve_feed:
            await self._serve_feed(database)
        self._compare(database)
        if watch:
            self._work("delivery", self._worker.run)
            self._work("escalation", lambda: self.escalating.run(self.pipeline, database))
            self._work("escalation audit", lambda: self.escalating.watch(database))
            self._work("health", lambda: every(HEALTH_SECONDS, self._health.watch))
            versions = BuildWatch(self._reader, self.change_log, self.clock)
            self._work("versions", lambda: every(VERSIONS_SECONDS, versions.look))
            self._work("rules", lambda: self._rules.run(self.pipeline))
            self._work("thresholds", lambda: self._thresholds.run(self.pipeline if self._compares_here else None))
        self._work("expiry", lambda: every(_EXPIRE_SECONDS, self.pipeline.expire))
        self._work("database", lambda: every(1.0, database.probe))
        self._work("clean-up", lambda: every(_CLEAN_UP_SECONDS, self.clean_up))

    def _compare(self, database: Database) -> None:
        """Listen for the Watchdog, and look what is missing where there are Alertmanager and Prometheus to ask."""
        own = self.settings.alertmanager
        watchdog = Watchdog(
            self.pipeline,
            clock=self.clock,
            timeout_seconds=own.watchdog_timeout_seconds,
            has_rule=rule_finder(self._prometheus),
        )
        self._watchdog = watchdog
        self._work("watchdog", lambda: every(CHECK_SECONDS, watchdog.check))
        if self._alertmanager is None or self._prometheus is None:
            return
        loop = ReconcileLoop(
            self._alertmanager,
            self._prometheus,
            self.pipeline,
            database,
            settings=own,
            channels=lambda: self.notification_manager.names,
            maintenance=self.maintenance,
            clock=self.clock,
            metrics=self.metrics,
        )
        self._reconcile = loop
        self._work("reconcile", loop.run)

    def reconcile_health(self) -> dict[str, Any]:
        """Return how the comparison with Alertmanager and the Watchdog are, JSON-able."""
        compared = self._reconcile.health() if self._reconcile is not None else dict(OFF)
        return {**compared, "watchdog": self._watchdog.health() if self._watchdog is not None else None}

    async def _serve_feed(self, database: Database) -> None:
        web = self.settings.web
        origins = [*web.cors_origins, *([web.external_url.rstrip("/")] if web.external_url else [])]
        self._open.push_async_callback(self._chart.close)
        self.feed = Feed(
            self.settings.alert_bridge.feed,
            clock=self.clock,
            access=self._access,
            registry=self.registry,
            metrics=self.figures.feed_data,
            chart=self._system_chart,
            history=self.figures.history,
            acknowledge=self.pipeline.acknowledge,
            allowed_hosts=web.allowed_hosts,
            allowed_origins=origins,
            redeem_ticket=self._tickets.redeem,
        )
        await self.feed.start()
        self._open.push_async_callback(self.feed.close)
        self.pipeline.listeners.append(self._publish)
        app = self.build_http(database, page=True)
        self.page = await serve(app, self.settings.alert_bridge.dashboard.listen_address, self._access)
        self._open.push_async_callback(self.page.close)
        origins += self._page_origins(self.page.port)

    async def close(self) -> None:
        """Stop working, keep what was learned, close the database; harmless twice."""
        await self._open.aclose()
        self._database = None
        self.page = None

    def build_http(
        self, database: Database | None = None, *, page: bool = False, reload: Callable[[], None] | None = None
    ) -> Starlette:
        """Build the HTTP endpoint: the API, with `page` the page's files too. Only after `start` has begun."""
        opened = database or self._database
        assert opened is not None  # noqa: S101 - start comes first
        ingest = IngestApi(self.pipeline, opened, clock=self.clock, version=version())
        language = self.settings.web.language
        alerts = AlertsApi(self.pipeline, opened, next_steps=escalation_rows.next_steps, language=language)
        views = Views(
            reader=self._reader,
            figures=self.figures,
            manager=self.threshold_manager,
            analyzer=self._analyzer,
            notifications=self.notification_manager,
            database=opened,
            access=self._access,
            web=self.settings.web,
            clock=self.clock,
            feed_port=lambda: self.feed.port,
            make_ticket=self._tickets.make,
            health=self._health,
            on_call=self.escalating.on_call,
            maintenance=self.maintenance.windows,
            channels=self._worker.health,
        )
        sessions = Sessions(self._access)
        changes = ChangesApi(self.change_log, opened, self.clock)
        routes: list[BaseRoute] = [*ingest.routes(), *alerts.routes(), *sessions.routes(), *changes.routes()]
        delivery = DeliveryApi(self._worker, opened, self.clock)
        routes += [*views.routes(), *delivery.routes()]
        app = build_app(
            name="alert_bridge",
            routes=[*routes, page_route()] if page else routes,
            registry=self.registry,
            ready=self._unready,
            access=self._access,
            web=self.settings.web,
            csp=csp(self.feed.port) if page else DEFAULT_CSP,
            ingest_paths=(*INGEST_PATHS, CHANGES_PATH),
            read_paths=(FEED_TICKET_PATH,),
            public_paths=(SESSION_PATH, *PUBLIC_PATHS) if page else (SESSION_PATH,),
            reload=reload,
            clock=self.clock,
        )
        return with_document(app, "Newswatch: alert bridge", version())

    def _unready(self) -> str | None:
        """Return why no alert can be taken."""
        return "the database is not open" if self._database is None else self._database.problem

    async def record(self, change: ThresholdChange) -> None:
        """Keep a row of the history of thresholds, and tell the listeners."""
        assert self._database is not None  # noqa: S101 - the loop runs while it is open
        await self._database.run(lambda connection: threshold_rows.record(connection, change))
        for listener in self.threshold_listeners:
            listener(change)

    async def clean_up(self) -> None:
        """Delete what is over and older than `retention_days`, a batch at a time."""
        assert self._database is not None  # noqa: S101 - runs while it is open
        own = self.settings.alert_bridge
        keep_days, inbox_days = own.retention_days, own.inbox_retention_days
        gone = 1
        while gone:
            gone = await self._database.run(
                lambda one: retention.clean_up(one, self.clock.now(), keep_days, inbox_days)
            )

    def _publish(self, event: str, alert: Alert) -> None:
        kind: AlertType = "new_alert" if event == "alert_created" else "alert_update"
        self.feed.publish(kind, shown(alert, self.settings.web.language))

    async def _system_chart(self) -> str | None:
        end = self.clock.time()
        start = end - _CHART_SECONDS
        try:
            columns = await asyncio.gather(
                *(self.figures.column(name, start, end, _CHART_STEP_SECONDS) for name in SYSTEM_FIGURES)
            )
            named = dict(zip(SYSTEM_FIGURES, columns, strict=True))
            return await self._chart.system_chart(start, _CHART_STEP_SECONDS, named)
        except (SeriesUnavailable, ChartError) as error:
            logger.warning("the feed goes without its chart: %s", error)
            return None

    def _page_origins(self, port: int) -> list[str]:
        """The page comes from another port than the feed: its origin is a foreign one by the letter."""
        hosts = ("127.0.0.1", "localhost", "[::1]", *self.settings.web.allowed_hosts)
        return [f"{scheme}://{host}:{port}" for host in hosts for scheme in ("http", "https")]

    def _work(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        keep_running(self._open, name, run, self._failed)

    def _failed(self, part: str, error: Exception) -> None:
        self.metrics.errors.labels(part).inc()
        logger.error("the bridge's part %r failed and begins again", part, exc_info=error)


class _Tickets:
    """One-time tickets by which a browser's WebSocket, which sends no header, is known."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: OrderedDict[str, tuple[Identity, float]] = OrderedDict()

    def make(self, identity: Identity) -> str:
        """Return a ticket that holds for half a minute, once."""
        ticket = secrets.token_urlsafe(24)
        self._made[ticket] = (identity, self._clock.monotonic() + _TICKET_SECONDS)
        if len(self._made) > _TICKETS_KEPT:
            self._made.popitem(last=False)
        return ticket

    def redeem(self, ticket: str) -> Identity | None:
        """Return whose a ticket is, and forget it."""
        identity, until = self._made.pop(ticket, (None, 0.0))
        return identity if until > self._clock.monotonic() else None


def _damaged(aside: Path, now: datetime) -> Observation:
    labels = {"alertname": "AlertDatabaseDamaged", "severity": Severity.CRITICAL.prometheus, "file": aside.name}
    return Observation(
        fingerprint=fingerprint(labels),
        labels=labels,
        annotations={
            "summary": f"The alert database was damaged; it is kept as {aside.name} and a new one was begun",
            "summary_ja": f"アラートのデータベースが壊れていたため、{aside.name} として残し、新しく作成しました",
            "runbook_url": "docs/runbooks/AlertDatabaseDamaged.md",
        },
        starts_at=now,
    )


def prometheus_reader(settings: Configuration, session: aiohttp.ClientSession) -> PrometheusReader:
    """Return the reader of the stack: guide names are recording rules, other names queries."""
    prometheus = settings.prometheus
    return PrometheusReader(session, prometheus.url, {CUSTOM: CUSTOM_QUERY}, login_headers(prometheus))


def stack_registry() -> CollectorRegistry:
    """Return a registry with the process and its version."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    build_info = Gauge(
        "alert_bridge_build_info", "The version that runs; the value is 1.", ["version"], registry=registry
    )
    build_info.labels(version()).set(1)
    return registry


@asynccontextmanager
async def build(context: Context[Configuration]) -> AsyncIterator[None]:
    """Run the service while entered: the bridge over Prometheus and the analyzer, and its main port."""
    settings = context.settings
    own = settings.alert_bridge
    async with aiohttp.ClientSession() as session:
        reader = prometheus_reader(settings, session)
        token = own.analyzer_token.get_secret_value() if own.analyzer_token else None
        rules_dir = settings.prometheus.rules_dir or context.data_dir / "rules"
        peers = settings.alertmanager
        alertmanager = AlertmanagerClient(session, peers, context.clock) if peers.reconciles else None
        bridge = AlertBridge(
            settings,
            data_dir=context.data_dir,
            reader=reader,
            analyzer=AnalyzerClient(session, own.analyzer_url, token),
            access=context.access,
            registry=stack_registry(),
            rule_file=RuleFile(rules_dir, reader, find_promtool()),
            prometheus=reader,
            alertmanager=alertmanager,
            clock=context.clock,
        )
        await bridge.start()
        try:
            server = await serve(bridge.build_http(reload=context.reload), context.listen_address, context.access)
            try:
                yield
            finally:
                await server.close()
        finally:
            await bridge.close()
