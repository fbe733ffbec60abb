"""The HTTP API of changes: told by whoever deploys, shown beside alerts, anomalies and patterns."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from alert_bridge.change_log import ChangeLog, Told
from alert_bridge.dashboard.alert_query import cursor_of, place_of, wanted_limit
from alert_bridge.dashboard.views import moment_of
from alert_bridge.store import change_rows
from runtime.clock import Clock, parse_utc
from runtime.database import Database
from runtime.openapi import CURSOR, LIMIT, Parameter, described
from runtime.web import Problem, read_json

CHANGES_PATH = "/api/v1/changes"

_AHEAD = timedelta(days=1)
_LISTED: Mapping[str, Parameter] = {
    "from": Parameter("RFC 3339 or epoch seconds"),
    "to": Parameter("RFC 3339 or epoch seconds"),
    "service": Parameter("only of this service"),
    "limit": LIMIT,
    "cursor": CURSOR,
}


class ChangeBody(BaseModel):
    """What was changed. timestamp: RFC 3339 or epoch seconds; now where none is given."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=500)
    service: str | None = Field(default=None, max_length=200)
    version: str | None = Field(default=None, max_length=200)
    author: str | None = Field(default=None, max_length=200)
    timestamp: str | float | None = None


class ChangesApi:
    """Routes over the log of changes."""

    def __init__(self, log: ChangeLog, database: Database, clock: Clock) -> None:
        self._log = log
        self._database = database
        self._clock = clock

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes."""
        return [
            Route(CHANGES_PATH, self.tell, methods=["POST"]),
            Route(CHANGES_PATH, self.list, methods=["GET"]),
        ]

    @described(body=ChangeBody, status=201)
    async def tell(self, request: Request) -> Response:
        """Tell a change; the same one told twice is one. Personal data in it is masked."""
        body = await read_json(request, ChangeBody)
        moment = self._moment(body.timestamp)
        shown, new = await self._log.record(Told(body.title, moment, body.service, body.version, body.author))
        return JSONResponse(shown, 201 if new else 200)

    @described(query=_LISTED)
    async def list(self, request: Request) -> Response:
        """List changes, the newest first."""
        query = request.query_params
        start, end = (
            datetime.fromtimestamp(moment_of(request, name, 0.0), UTC) if query.get(name) else None
            for name in ("from", "to")
        )
        limit, after = wanted_limit(request), place_of(request, "changes", 2)
        items, total, last = await self._database.read(
            lambda connection: change_rows.page(
                connection, start=start, end=end, service=query.get("service"), limit=limit, after=after
            )
        )
        return JSONResponse({"items": items, "next_cursor": cursor_of("changes", last), "total": total})

    def _moment(self, told: str | float | None) -> datetime:
        now = self._clock.now()
        if told is None:
            return now
        try:
            moment = parse_utc(told) if isinstance(told, str) else datetime.fromtimestamp(told, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise Problem(400, "Invalid body", f"timestamp: {error}") from None
        if moment > now + _AHEAD or moment.year < 1971:
            raise Problem(400, "Invalid body", f"timestamp: {moment.isoformat()} is no time of a change")
        return moment
