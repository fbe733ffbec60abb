"""The HTTP API of what goes out: the channels' health, a test of one, what could not be told and its replay."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from alert_bridge.delivery import DeliveryWorker
from alert_bridge.store import episode_rows, outbox
from alert_bridge.store.outbox import Delivery
from runtime.clock import Clock, format_utc
from runtime.database import Database
from runtime.openapi import LIMIT, Parameter, described
from runtime.web import Problem, identity, query_number, read_json, row_number

_LISTED: Mapping[str, Parameter] = {
    "state": Parameter(f"one of {', '.join(outbox.STATES)}"),
    "limit": LIMIT,
    "cursor": Parameter("next_cursor of the page before"),
}


class EmptyBody(BaseModel):
    """Nothing: `{}`."""

    model_config = ConfigDict(extra="forbid")


class DeliveryApi:
    """Routes over the outbox and its worker."""

    def __init__(self, worker: DeliveryWorker, database: Database, clock: Clock) -> None:
        self._worker = worker
        self._database = database
        self._clock = clock

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes."""
        return [
            Route("/api/v1/channels", self.channels, methods=["GET"]),
            Route("/api/v1/channels/{name}/test", self.test, methods=["POST"]),
            Route("/api/v1/outbox", self.rows, methods=["GET"]),
            Route("/api/v1/outbox/{number:int}/retry", self.retry, methods=["POST"]),
        ]

    @described()
    async def channels(self, _: Request) -> Response:
        """Show how each channel is: its last success, its last error, what waits, what could not be told."""
        items = await self._worker.health()
        return JSONResponse({"items": items, "next_cursor": None, "total": len(items)})

    @described(body=EmptyBody)
    async def test(self, request: Request) -> Response:
        """Send a test message; answers, for each address, the step that failed and what to do."""
        await read_json(request, EmptyBody)
        try:
            outcomes = await self._worker.test(request.path_params["name"])
        except KeyError:
            raise Problem(404, "No such channel", request.path_params["name"][:100]) from None
        return JSONResponse({"ok": all(one.ok for one in outcomes), "results": [one.to_dict() for one in outcomes]})

    @described(query=_LISTED)
    async def rows(self, request: Request) -> Response:
        """Show what is in the outbox in one state, the newest first; without `state` what could not be told."""
        state = request.query_params.get("state", "dead")
        if state not in outbox.STATES:
            known = ", ".join(outbox.STATES)
            raise Problem(400, "Invalid parameter", f"state: got {state[:40]!r}, expected one of {known}")
        limit = int(query_number(request, "limit", 50, 1, 1000))
        offset = int(query_number(request, "cursor", 0, 0, 10**9))
        rows, total = await self._database.read(lambda connection: outbox.of_state(connection, state, limit, offset))
        more = str(offset + limit) if offset + limit < total else None
        return JSONResponse({"items": [_shown(row) for row in rows], "next_cursor": more, "total": total})

    @described(body=EmptyBody)
    async def retry(self, request: Request) -> Response:
        """Try again what could not be told."""
        await read_json(request, EmptyBody)
        number, who, now = row_number(request), identity(request).name, self._clock.now()
        row, revived = await self._database.run(lambda connection: _revive(connection, number, who, now))
        if row is None:
            raise Problem(404, "No such notification", str(number))
        if not revived:
            raise Problem(409, "Not dead", f"notification {number} is {row.state}: only a dead one is tried again")
        self._worker.wake()
        return JSONResponse(_shown(row))


def _revive(connection: Connection, number: int, who: str, now: datetime) -> tuple[Delivery | None, bool]:
    """Return the row, None if there is no such one, and whether it was dead and lives again."""
    revived = outbox.revive(connection, number, now)
    row = outbox.get(connection, number)
    if row is not None and revived:
        episode_rows.note(connection, row.alert_id, now, "replayed", who, row.event, row.channel)
    return row, revived


def _shown(row: Delivery) -> dict[str, Any]:
    return {
        "number": row.number,
        "alert_id": row.alert_id,
        "event": row.event,
        "step": row.step,
        "channel": row.channel,
        "target": row.target,
        "state": row.state,
        "attempts": row.attempts,
        "created_at": format_utc(row.created_at),
        "due_at": format_utc(row.due_at),
        "error": row.error,
        "held_by": row.held_by,
    }
