"""The analyzer as a service: the live analysis, its metrics, and the API for what metrics cannot carry."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from analyzer.engine import start_live
from analyzer.listing import MOST_ITEMS, moment, unknown_parameter
from analyzer.live import LiveAnalysis
from analyzer.settings import Configuration
from analyzer.store import MIGRATIONS
from runtime.database import Database
from runtime.prometheus import PrometheusReader, login_headers
from runtime.service import Context, version
from runtime.web import Problem, build_app, query_number, serve

DATABASE = "logs_analysis.db"
_OF_ANOMALIES = ("from", "to", "limit")
_FAR_SECONDS = 1e11


def routes(live: LiveAnalysis) -> list[BaseRoute]:
    """Return the read API."""

    async def patterns(request: Request) -> JSONResponse:
        return await listing(request, "patterns")

    async def families(request: Request) -> JSONResponse:
        return await listing(request, "families")

    async def listing(request: Request, what: str) -> JSONResponse:
        try:
            return JSONResponse(await live.listing(what, request.query_params))
        except ValueError as error:
            raise Problem(400, "Invalid parameter", str(error)) from None

    async def anomalies(request: Request) -> JSONResponse:
        for name in request.query_params:
            if name not in _OF_ANOMALIES:
                raise Problem(400, "Invalid parameter", unknown_parameter(name, _OF_ANOMALIES))
        limit = int(query_number(request, "limit", 50, 1, MOST_ITEMS))
        start, end = _moment(request, "from", 0.0), _moment(request, "to", _FAR_SECONDS)
        found, total = await live.anomalies(start, end, limit), await live.count_anomalies(start, end)
        return JSONResponse({"items": found, "next_cursor": None, "total": total})

    async def sources(_request: Request) -> JSONResponse:
        found = live.sources()
        return JSONResponse({"items": found, "next_cursor": None, "total": len(found)})

    return [
        Route("/api/v1/patterns", patterns),
        Route("/api/v1/families", families),
        Route("/api/v1/anomalies", anomalies),
        Route("/api/v1/sources", sources),
    ]


def application(context: Context[Configuration], live: LiveAnalysis, registry: CollectorRegistry) -> Starlette:
    """Return the analyzer's endpoint."""
    return build_app(
        name="analyzer",
        routes=routes(live),
        registry=registry,
        ready=lambda: None,
        access=context.access,
        web=context.settings.web,
        reload=context.reload,
        clock=context.clock,
    )


@asynccontextmanager
async def build(context: Context[Configuration]) -> AsyncIterator[None]:
    """Analyse and serve while entered."""
    settings = context.settings
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    information = Gauge("analyzer_build_info", "The version that runs; the value is 1.", ["version"], registry=registry)
    information.labels(version()).set(1)
    database = Database.open(context.data_dir / DATABASE, MIGRATIONS)
    try:
        async with aiohttp.ClientSession() as session:
            queries = {series.name: series.query for series in settings.analyzer.series if series.query}
            reader = PrometheusReader(session, settings.prometheus.url, queries, login_headers(settings.prometheus))
            live = await start_live(settings.analyzer, database, registry, context.clock, reader=reader)
            try:
                server = await serve(application(context, live, registry), context.listen_address, context.access)
                try:
                    yield
                finally:
                    await server.close()
            finally:
                await live.close()
    finally:
        await database.close()


def _moment(request: Request, name: str, default: float) -> float:
    """Return a moment of the query string, RFC 3339 or epoch seconds. Raises Problem 400 that names it."""
    text = request.query_params.get(name)
    if not text:
        return default
    try:
        return moment(text)
    except ValueError as error:
        raise Problem(400, "Invalid parameter", f"{name}: {error}") from None
