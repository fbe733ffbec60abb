"""How alerts come in by HTTP, and what could not be used of what came."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from alert_bridge.inputs.alertmanager import parse_alertmanager
from alert_bridge.inputs.grafana import parse_grafana
from alert_bridge.inputs.parsing import Parsed, Unusable, unreadable
from alert_bridge.inputs.posted import STATES, listed, parse_posted
from alert_bridge.intake import Refused
from alert_bridge.matchers import all_match, parse_matcher
from alert_bridge.pipeline import Pipeline
from alert_bridge.store import episode_rows, inbox
from runtime.clock import Clock, format_utc
from runtime.database import Database
from runtime.web import Problem, parse_json, query_number, row_number

logger = logging.getLogger(f"monitoring.{__name__}")

_LARGE_BYTES = 64 * 1024
"""From this size a body is parsed in a thread."""


@dataclass(frozen=True, slots=True)
class _Dialect:
    """A way in. source: its word in the inbox and in metrics."""

    source: str
    path: str
    parse: Callable[[Any, datetime], Parsed]


_DIALECTS = (
    _Dialect("alertmanager", "/api/v1/ingest/alertmanager", parse_alertmanager),
    _Dialect("grafana", "/api/v1/ingest/grafana", parse_grafana),
    _Dialect("posted", "/api/v2/alerts", parse_posted),
)
INGEST_PATH = _DIALECTS[0].path
INGEST_PATHS = tuple(path for one in _DIALECTS for path in (one.path, f"{one.path}/"))


class IngestApi:
    """Routes over the pipeline and the inbox."""

    def __init__(self, pipeline: Pipeline, database: Database, *, clock: Clock, version: str = "") -> None:
        self._pipeline = pipeline
        self._database = database
        self._clock = clock
        self._version = version

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes, each with and without a slash at its end: a redirect would cost the body."""
        routes: list[BaseRoute] = []
        for dialect in _DIALECTS:
            routes += _both(dialect.path, self._taker(dialect), "POST")
        routes += _both("/api/v2/alerts", self.posted, "GET")
        routes += _both("/api/v2/status", self.status, "GET")
        routes += _both("/api/v1/inbox", self.letters, "GET")
        routes += _both("/api/v1/inbox/{number:int}/replay", self.replay, "POST")
        return routes

    def _taker(self, dialect: _Dialect) -> Callable[[Request], Any]:
        async def take(request: Request) -> Response:
            return await self._take(dialect, await request.body())

        take.__doc__ = "Take alerts: 200 once they are on disk, 400 (kept) if unusable, 503 if they cannot be stored."
        return take

    async def _take(self, dialect: _Dialect, body: bytes) -> Response:
        try:
            parsed = await self._parsed(dialect, body)
        except (Problem, Unusable) as error:
            refused = [Refused(unreadable(body), str(error))]
            await self._pipeline.observe([], source=dialect.source, refused=refused)
            raise error if isinstance(error, Problem) else Problem(400, "Invalid body", str(error)) from None
        if parsed.watchdog:
            self._pipeline.hear_watchdog()
        if parsed.truncated:
            logger.warning("%s cut %d alerts off: set max_alerts to 0 for it", dialect.source, parsed.truncated)
            self._pipeline.reconcile_wanted.set()
        if parsed.observations or parsed.refused:
            await self._pipeline.observe(
                parsed.observations,
                source=dialect.source,
                raw=body.decode("utf-8", "replace"),
                refused=parsed.refused,
            )
        return JSONResponse({"accepted": len(parsed.observations), "refused": len(parsed.refused)})

    async def _parsed(self, dialect: _Dialect, body: bytes) -> Parsed:
        now = self._clock.now()
        if len(body) < _LARGE_BYTES:
            return dialect.parse(parse_json(body), now)
        return await asyncio.to_thread(lambda: dialect.parse(parse_json(body), now))

    async def posted(self, request: Request) -> Response:
        """List open alerts as Alertmanager does, for amtool: `filter`, a matcher, and `silenced=false` and the like."""
        try:
            matchers = [parse_matcher(text) for text in request.query_params.getlist("filter")]
        except ValueError as error:
            raise Problem(400, "Invalid parameter", f"filter: {error}") from None
        hidden = {state for state in STATES if request.query_params.get(state) == "false"}
        alerts = await self._database.read(episode_rows.open_alerts)
        fitting = [alert for alert in alerts if all_match(matchers, alert.labels)]
        return JSONResponse(listed(fitting, self._clock.now(), hidden))

    async def status(self, _: Request) -> Response:
        """Answer as Alertmanager does, for amtool."""
        now = format_utc(self._clock.now())
        build = {"branch": "", "buildDate": "", "buildUser": "", "goVersion": "", "revision": ""}
        return JSONResponse(
            {
                "cluster": {"name": "", "peers": [], "status": "disabled"},
                "config": {"original": ""},
                "uptime": now,
                "versionInfo": {**build, "version": self._version},
            }
        )

    async def letters(self, request: Request) -> Response:
        """List what came in, newest first; `state=refused`: what could not be used, and why."""
        state = request.query_params.get("state", "refused")
        if state not in ("refused", "all"):
            raise Problem(400, "Invalid parameter", f"state: got {state[:80]!r}, expected refused or all")
        limit = int(query_number(request, "limit", 50, 1, 1000))
        page = await self._database.read(lambda one: inbox.letters(one, refused=state == "refused", limit=limit))
        return JSONResponse({"items": page.items, "next_cursor": None, "total": page.total})

    async def replay(self, request: Request) -> Response:
        """Take a notification, or the refused part of one, once more."""
        number = row_number(request)
        letter = await self._database.read(lambda one: inbox.get(one, number))
        if letter is None:
            raise Problem(404, "No such notification", f"{number}; it may be gone with its retention")
        dialect = next((one for one in _DIALECTS if one.source == letter.source), None)
        if dialect is None:
            raise Problem(409, "Not replayable", f"{letter.source!r} did not come by HTTP")
        try:
            parsed = await self._parsed(dialect, _whole(letter.body, dialect))
        except (Problem, Unusable) as error:
            raise Problem(409, "Still unusable", str(error)) from None
        if parsed.refused:
            raise Problem(409, "Still unusable", parsed.refused[0].error)
        await self._pipeline.observe(parsed.observations, source=dialect.source)
        await self._database.run(lambda one: inbox.settle(one, number))
        self._pipeline.count_soon()
        return JSONResponse({"accepted": len(parsed.observations), "refused": 0})


def _whole(body: str, dialect: _Dialect) -> bytes:
    """Return a body to parse: the refused part of a notification is one alert, without what was around it."""
    alone = body.lstrip().startswith("{") and '"alerts"' not in body
    if not alone:
        return body.encode()
    return f"[{body}]".encode() if dialect.source == "posted" else f'{{"alerts": [{body}]}}'.encode()


def _both(path: str, endpoint: Callable[[Request], Any], method: str) -> list[BaseRoute]:
    return [Route(path, endpoint, methods=[method]), Route(f"{path}/", endpoint, methods=[method])]
