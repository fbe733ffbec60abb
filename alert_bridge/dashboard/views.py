"""What the page asks for besides alerts: overview, series with threshold and range, patterns, thresholds."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from alert_bridge.alerts import Severity
from alert_bridge.analyzer_client import Analyzer, AnalyzerUnavailable
from alert_bridge.dashboard.health import Health
from alert_bridge.figures import FIGURES, Figure, Figures, Snapshot, plain
from alert_bridge.notify.manager import NotificationManager
from alert_bridge.store import threshold_rows
from alert_bridge.threshold_config import ThresholdConfig
from alert_bridge.threshold_manager import DynamicThresholdManager, Explanation
from alert_bridge.threshold_reasons import Language, render
from runtime.clock import Clock, format_utc, parse_utc
from runtime.database import Database
from runtime.openapi import LIMIT, Parameter, described
from runtime.prometheus import SeriesReader, SeriesUnavailable
from runtime.security import Access, Identity
from runtime.settings import WebSettings
from runtime.web import Problem, cookie_of, identity, query_number

FEED_TICKET_PATH = "/api/v1/feed-ticket"
SPARK_SECONDS = 3600.0
SPARK_STEP_SECONDS = 60.0
_SPARK_KEPT_SECONDS = 30.0
_MOST_POINTS = 2000

Known = Sequence[tuple[ThresholdConfig, Explanation]]
"""The thresholds of one metric, explained."""


@dataclass(slots=True)
class _Spark:
    """A tile's last hour, kept for half a minute."""

    made_at: float
    body: dict[str, Any]


_PERIOD = {"from": Parameter("RFC 3339 or epoch seconds"), "to": Parameter("RFC 3339 or epoch seconds")}
_IN_LANGUAGE = {"language": Parameter("of sentences: en or ja; web.language where none is given")}
_PLACE = {name: Parameter(f"only with this label {name}") for name in ("job", "instance", "direction", "severity")}
_SERIES = {
    **_PERIOD,
    **_IN_LANGUAGE,
    **_PLACE,
    "name": Parameter("which series"),
    "step": Parameter("seconds between two points", {"type": "number"}),
}
_ANOMALIES = {**_PERIOD, "limit": LIMIT}
_HISTORY = {"minutes": Parameter("how far back", {"type": "number", "default": 60})}
_THRESHOLD_HISTORY = {**_PLACE, **_IN_LANGUAGE, "limit": LIMIT}


class Views:
    """Routes that only read.

    make_ticket: makes a one-time ticket for the feed.
    """

    def __init__(
        self,
        *,
        reader: SeriesReader,
        figures: Figures,
        manager: DynamicThresholdManager,
        analyzer: Analyzer,
        notifications: NotificationManager,
        database: Database,
        access: Access,
        web: WebSettings,
        clock: Clock,
        feed_port: Callable[[], int],
        make_ticket: Callable[[Identity], str],
        health: Health,
        on_call: Callable[[datetime], Sequence[Mapping[str, Any]]],
        maintenance: Callable[[datetime], Sequence[Mapping[str, Any]]],
        channels: Callable[[], Awaitable[Sequence[Mapping[str, Any]]]],
    ) -> None:
        self._health = health
        self._on_call = on_call
        self._maintenance = maintenance
        self._channels = channels
        self._reader = reader
        self._figures = figures
        self._manager = manager
        self._analyzer = analyzer
        self._notifications = notifications
        self._database = database
        self._access = access
        self._web = web
        self._clock = clock
        self._feed_port = feed_port
        self._make_ticket = make_ticket
        self._sparks: dict[str, _Spark] = {}

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes."""
        return [
            Route("/api/v1/overview", self.overview, methods=["GET"]),
            Route("/api/v1/series", self.series, methods=["GET"]),
            Route("/api/v1/patterns", self.patterns, methods=["GET"]),
            Route("/api/v1/families", self.families, methods=["GET"]),
            Route("/api/v1/anomalies", self.anomalies, methods=["GET"]),
            Route("/api/v1/history", self.history, methods=["GET"]),
            Route("/api/v1/thresholds", self.thresholds, methods=["GET"]),
            Route("/api/v1/thresholds/{metric}/history", self.threshold_history, methods=["GET"]),
            Route("/api/v1/health", self.health, methods=["GET"]),
            Route("/api/v1/oncall", self.on_call, methods=["GET"]),
            Route("/api/v1/maintenance", self.maintenance, methods=["GET"]),
            Route(FEED_TICKET_PATH, self.feed_ticket, methods=["POST"]),
        ]

    @described(query=_IN_LANGUAGE)
    async def overview(self, request: Request) -> Response:
        """Show what the page begins with: who asks, which sources report, a tile for each figure."""
        caller = identity(request)
        snapshot = await self._figures.snapshot()
        explanations = self._explanations(self._language(request))
        tiles = await asyncio.gather(*(self._tile(figure, snapshot, explanations) for figure in FIGURES))
        scheme = "wss" if request.url.scheme == "https" else "ws"
        name = request.url.hostname or "127.0.0.1"
        host = f"[{name}]" if ":" in name else name
        session = self._access.session(cookie_of(request.headers))
        return JSONResponse(
            {
                "now": format_utc(snapshot.at),
                "timezone": self._web.timezone,
                "language": self._web.language,
                "open": self._access.open,
                "identity": {"name": caller.name, "role": caller.role.value},
                "csrf": session.csrf if session else None,
                "feed_url": f"{scheme}://{host}:{self._feed_port()}/",
                "sources": await self._sources(snapshot),
                "channels": list(self._notifications.names),
                "tiles": [tile for tile in tiles if tile is not None],
            }
        )

    @described(query=_SERIES)
    async def series(self, request: Request) -> Response:
        """Show one figure over time, with its threshold and expected range.

        instance: of that host alone, where there is one of that name. direction, severity: of which threshold.
        """
        name = request.query_params.get("name", "")
        if not name:
            raise Problem(400, "Invalid parameter", "name: which series?")
        now = self._clock.time()
        end = moment_of(request, "to", now)
        start = moment_of(request, "from", end - SPARK_SECONDS)
        step = query_number(request, "step", max(5.0, (end - start) / 240), 1, 86400)
        if not 0 < (end - start) / step <= _MOST_POINTS:
            raise Problem(400, "Invalid parameter", f"from, to, step: give 1 to {_MOST_POINTS} points")
        try:
            known = _asked_for(request, self._explanations(self._language(request)).get(name, ()))
            body = await self._chart(name, known, start, end, step, _place(request))
        except SeriesUnavailable as error:
            raise Problem(503, "Series not available", str(error)) from None
        return JSONResponse(body)

    async def patterns(self, request: Request) -> Response:
        """Show log patterns, as the analyzer knows them."""
        return await self._listing(request, "patterns")

    async def families(self, request: Request) -> Response:
        """Show the families of log patterns, as the analyzer knows them."""
        return await self._listing(request, "families")

    @described(query=_ANOMALIES)
    async def anomalies(self, request: Request) -> Response:
        """Show anomalies, as the analyzer knows them."""
        start, end = self._period(request)
        limit = int(query_number(request, "limit", 50, 1, 1000))
        try:
            items = await self._analyzer.anomalies(start, end, limit)
        except AnalyzerUnavailable as error:
            raise _unavailable(error) from None
        return JSONResponse({"items": list(items), "next_cursor": None, "total": len(items)})

    @described(query=_HISTORY)
    async def history(self, request: Request) -> Response:
        """Show every figure over the last minutes."""
        minutes = query_number(request, "minutes", 60, 1, 7 * 1440)
        try:
            return JSONResponse(await self._figures.history(minutes))
        except SeriesUnavailable as error:
            raise Problem(503, "Series not available", str(error)) from None

    @described(query=_IN_LANGUAGE)
    async def thresholds(self, request: Request) -> Response:
        """Show every threshold with its mode and why it is what it is."""
        items = [
            {
                **shown_threshold(config, known),
                "metric_name": config.metric_name,
                "labels": known.labels,
                "expected": _expected(known),
                "updated_at": format_utc(known.updated_at) if known.updated_at else None,
            }
            for config, known in self._manager.explanations(self._clock.time(), self._language(request))
        ]
        return JSONResponse({"items": items, "next_cursor": None, "total": len(items)})

    @described(query=_THRESHOLD_HISTORY)
    async def threshold_history(self, request: Request) -> Response:
        """Show what a metric's thresholds were, newest first, with the reason in both languages.

        direction, severity, job, instance: only those with this label.
        """
        metric = request.path_params["metric"]
        limit = int(query_number(request, "limit", 50, 1, 1000))
        query = request.query_params
        wanted = {name: query[name] for name in ("direction", "severity", "job", "instance") if name in query}
        if "severity" in wanted:
            wanted["severity"] = _severity_word(wanted["severity"])
        rows = await self._database.read(lambda connection: threshold_rows.rows(connection, metric, limit, wanted))
        items = [
            {**row, **{f"reason_{one}": render(row["reason_key"], row["reason_values"], one) for one in ("en", "ja")}}
            for row in rows
        ]
        return JSONResponse({"items": items, "next_cursor": None, "total": len(items)})

    @described(query=_IN_LANGUAGE)
    async def health(self, request: Request) -> Response:
        """Show how the parts are: each with its state, since when, and a sentence."""
        snapshot = await self._figures.snapshot()
        channels = await self._channels()
        known = await self._health.shown(self._language(request))
        return JSONResponse({**known, "sources": await self._sources(snapshot), "channels": channels})

    @described()
    async def maintenance(self, _: Request) -> Response:
        """Show the maintenance windows: which are open, and when each comes next."""
        items = list(self._maintenance(self._clock.now()))
        return JSONResponse({"items": items, "next_cursor": None, "total": len(items)})

    @described()
    async def on_call(self, _: Request) -> Response:
        """Show who is on call in each schedule, until when, and who follows."""
        items = list(self._on_call(self._clock.now()))
        return JSONResponse({"items": items, "next_cursor": None, "total": len(items)})

    @described(status=201)
    async def feed_ticket(self, request: Request) -> Response:
        """Make a one-time ticket for the feed."""
        return JSONResponse({"ticket": self._make_ticket(identity(request))}, 201)

    async def _listing(self, request: Request, what: str) -> Response:
        start, end = self._period(request)
        query = {**request.query_params, "from": format_utc(start), "to": format_utc(end)}
        try:
            return JSONResponse(await self._analyzer.listing(what, query))
        except ValueError as error:
            raise Problem(400, "Invalid parameter", str(error)) from None
        except AnalyzerUnavailable as error:
            raise _unavailable(error) from None

    def _period(self, request: Request) -> tuple[float, float]:
        """Return the period asked for, epoch seconds; the last day if none is."""
        end = moment_of(request, "to", self._clock.time())
        return moment_of(request, "from", end - 86400), end

    async def _sources(self, snapshot: Snapshot) -> list[dict[str, Any]]:
        sources = [{"name": "series", "up": snapshot.problem is None, "problem": snapshot.problem}]
        try:
            await self._analyzer.anomalies(snapshot.at - 1, snapshot.at, 1)
            sources.append({"name": "analyzer", "up": True, "problem": None})
        except AnalyzerUnavailable as error:
            sources.append({"name": "analyzer", "up": False, "problem": str(error)})
        return sources

    def _language(self, request: Request) -> Language:
        asked = request.query_params.get("language", self._web.language)
        if asked not in get_args(Language):
            raise Problem(400, "Invalid parameter", f"language: got {asked[:20]!r}, expected en or ja")
        return cast(Language, asked)

    def _explanations(self, language: Language) -> dict[str, list[tuple[ThresholdConfig, Explanation]]]:
        found: dict[str, list[tuple[ThresholdConfig, Explanation]]] = {}
        for config, known in self._manager.explanations(self._clock.time(), language):
            found.setdefault(config.metric_name, []).append((config, known))
        return found

    async def _tile(
        self,
        figure: Figure,
        snapshot: Snapshot,
        explanations: Mapping[str, Known],
    ) -> dict[str, Any] | None:
        sample = snapshot.values.get(figure.name)
        place = dict(sample.labels) if sample else {}
        chosen = _for_place(explanations.get(figure.name, ()), place)
        return {
            "name": figure.name,
            "group": figure.group,
            "unit": figure.unit,
            "title_key": figure.name,
            "value": plain(figure.name, sample.value) if sample else None,
            "timestamp": format_utc(sample.timestamp) if sample else None,
            "worst": {"instance": place["instance"]} if "instance" in place else None,
            "threshold": shown_threshold(*chosen) if chosen else None,
            "expected": _expected(chosen[1]) if chosen else None,
            "spark": await self._spark(figure, explanations.get(figure.name, ())),
        }

    async def _spark(self, figure: Figure, known: Known) -> dict[str, Any] | None:
        now = self._clock.time()
        kept = self._sparks.get(figure.name)
        if kept is not None and now - kept.made_at < _SPARK_KEPT_SECONDS:
            return kept.body
        end = math.floor(now / SPARK_STEP_SECONDS) * SPARK_STEP_SECONDS
        try:
            chart = await self._chart(figure.name, known, end - SPARK_SECONDS, end, SPARK_STEP_SECONDS)
        except SeriesUnavailable:
            return kept.body if kept else None
        expected = chart["expected"] or {"lower": None, "upper": None}
        body = {
            "from": end - SPARK_SECONDS,
            "step": SPARK_STEP_SECONDS,
            "values": chart["series"][0]["values"],
            "expected_lower": expected["lower"],
            "expected_upper": expected["upper"],
            "threshold": chart["threshold"]["values"] if chart["threshold"] else None,
        }
        self._sparks[figure.name] = _Spark(now, body)
        return body

    async def _chart(
        self,
        name: str,
        known: Known,
        start: float,
        end: float,
        step: float,
        place: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return a figure from start to end; threshold and expected range of the last of the known ones."""
        config, explanation = known[-1] if known else (None, None)
        values = await self._figures.column(name, start, end, step, place)
        threshold = expected = None
        if config is not None and explanation is not None:
            of_metric = f'{{metric="{name}",direction="{config.direction}",severity="{config.severity.prometheus}"}}'
            lines, lower, upper = await asyncio.gather(
                self._figures.column(f"dynamic_threshold{of_metric}", start, end, step, place),
                self._figures.column(f"dynamic_threshold_expected_lower{of_metric}", start, end, step, place),
                self._figures.column(f"dynamic_threshold_expected_upper{of_metric}", start, end, step, place),
            )
            threshold = {**shown_threshold(config, explanation), "values": lines}
            if any(value is not None for value in upper):
                expected = {"lower": lower, "upper": upper}
        unit = next((figure.unit for figure in FIGURES if figure.name == name), "")
        return {
            "name": name,
            "unit": unit,
            "step": step,
            "timestamps": [start + index * step for index in range(len(values))],
            "series": [{"labels": dict(place or {}), "values": values}],
            "threshold": threshold,
            "expected": expected,
        }


def _place(request: Request) -> dict[str, str]:
    instance = request.query_params.get("instance")
    return {"instance": instance} if instance else {}


def _asked_for(request: Request, known: Known) -> Known:
    """Return the thresholds that a chart is asked for; those that nothing is said about stay."""
    query, place = request.query_params, _place(request)
    severity = _severity_word(query["severity"]) if query.get("severity") else None
    for fits in (
        lambda config, _: query.get("direction") in (None, "", config.direction),
        lambda config, _: severity in (None, config.severity.prometheus),
        lambda _, found: all(found.labels.get(name) == value for name, value in place.items()),
    ):
        known = [one for one in known if fits(*one)] or known
    return known


def _severity_word(text: str) -> str:
    """Return a severity as it stands in labels."""
    try:
        return Severity.parse(text).prometheus
    except ValueError as error:
        raise Problem(400, "Invalid parameter", str(error)) from None


def shown_threshold(config: ThresholdConfig, known: Explanation) -> dict[str, Any]:
    """Return a threshold as the page and the API show it."""
    return {
        "value": known.threshold,
        "direction": config.direction,
        "severity": config.severity.value,
        "mode": known.mode,
        "reason": known.reason,
        "base": config.base_threshold,
    }


def moment_of(request: Request, name: str, default: float) -> float:
    """Return a moment of the query string, epoch seconds or RFC 3339. Raises Problem 400."""
    text = request.query_params.get(name)
    if not text:
        return default
    try:
        moment = float(text)
    except ValueError:
        try:
            moment = parse_utc(text).timestamp()
        except ValueError as error:
            raise Problem(400, "Invalid parameter", f"{name}: {error}") from None
    if not 7 * 86400 <= moment < 1e11:
        raise Problem(400, "Invalid parameter", f"{name}: got {text[:80]!r}, expected epoch seconds")
    return moment


def _unavailable(error: AnalyzerUnavailable) -> Problem:
    return Problem(503, "Analyzer not available", str(error))


def _for_place(known: Known, place: Mapping[str, str]) -> tuple[ThresholdConfig, Explanation] | None:
    """Return the least severe threshold of a series, or of the metric where one serves all."""
    of_place = [one for one in known if all(place.get(name) == value for name, value in one[1].labels.items())]
    found = of_place or list(known)
    return min(found, key=lambda one: one[0].severity.rank) if found else None


def _expected(known: Explanation) -> dict[str, float] | None:
    if known.expected_lower is None or known.expected_upper is None:
        return None
    return {"lower": known.expected_lower, "upper": known.expected_upper}
