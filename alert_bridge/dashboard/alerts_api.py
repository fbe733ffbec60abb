"""The HTTP API of alerts: lists, groups, one alert with its history, and what people do with them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from alert_bridge import runbooks
from alert_bridge.alerts import Alert
from alert_bridge.dashboard.alert_actions import ACTIONS, Acknowledgement, ActionBody, Bulk, Decide
from alert_bridge.dashboard.alert_query import (
    GROUPED,
    LISTED,
    alert_filter,
    cursor_of,
    place_of,
    wanted_groups,
    wanted_limit,
    wanted_order,
)
from alert_bridge.dashboard.alert_sheet import sheet
from alert_bridge.episodes import AlreadyResolved, Change, NotAcknowledged
from alert_bridge.pipeline import Pipeline, UnknownAlert
from alert_bridge.runbooks import shown
from alert_bridge.store import alert_list, episode_rows
from alert_bridge.store.alert_list import AlertFilter, Group
from runtime.database import Database
from runtime.openapi import Endpoint, described
from runtime.unavailable import Unavailable
from runtime.web import Problem, identity, read_json

_BULK_CHUNK = 500
"""Alerts of one transaction: between two of them others write."""

_SHEET_PAGE = 1000

NextSteps = Callable[[Connection, Collection[str]], Mapping[str, Mapping[str, Any]]]
"""Return what the escalation does next with each alert: `at`, `actions`, `channels`."""


class ChangedMeanwhile(ValueError):
    """An action for a version of the alert that is not the present one.

    Attributes: alert, expected.
    """

    def __init__(self, alert: Alert, expected: str) -> None:
        super().__init__(alert.id, expected)
        self.alert = alert
        self.expected = expected

    def __str__(self) -> str:
        return f"alert {self.alert.id} has version {self.alert.version}, not {self.expected[:40]}: read it again"


class AlertsApi:
    """Routes over the pipeline and the store.

    next_steps: what comes next for alerts, read in the transaction of the list. language: of first steps.
    """

    def __init__(
        self, pipeline: Pipeline, database: Database, *, next_steps: NextSteps | None = None, language: str = "en"
    ) -> None:
        self._pipeline = pipeline
        self._database = database
        self._next_steps = next_steps or _no_steps
        self._language = language

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes."""
        one = "/api/v1/alerts/{id}"
        return [
            Route("/api/v1/alerts", self.list, methods=["GET"]),
            Route("/api/v1/alerts/groups", self.groups, methods=["GET"]),
            Route("/api/v1/alerts/actions", self.bulk, methods=["POST"]),
            Route(one, self.one, methods=["GET"]),
            Route(f"{one}/history", self.history, methods=["GET"]),
            Route(f"{one}/acknowledgement", self._acting(Acknowledgement), methods=["PATCH"]),
            *(Route(f"{one}/{name}", self._acting(body), methods=["POST"]) for name, body in ACTIONS.items()),
            Route(f"{one}/{{action}}", _unknown_action, methods=["POST"], include_in_schema=False),
            Route("/runbooks/{name}", self.runbook, methods=["GET"]),
        ]

    @described(query=LISTED)
    async def list(self, request: Request) -> Response:
        """List alerts: filter, sort, page; as CSV all that match, or `limit` of them."""
        query = request.query_params
        wanted = alert_filter(query)
        sort, limit, after = wanted_order(request)
        if query.get("format", "json") not in ("json", "csv"):
            raise Problem(400, "Invalid parameter", f"format: got {query['format'][:40]!r}, expected json or csv")
        if query.get("format") == "csv":
            rows = self._exported(wanted, sort, limit if "limit" in query else None)
            return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=_ATTACHED)

        def work(connection: Connection) -> tuple[alert_list.Page, Mapping[str, Mapping[str, Any]]]:
            page = alert_list.find(connection, wanted, sort, limit, after)
            return page, self._next_steps(connection, [alert.id for alert in page.alerts])

        page, steps = await self._database.read(work)
        items = [self._shown(alert, steps) for alert in page.alerts]
        return JSONResponse({"items": items, "next_cursor": cursor_of(sort, page.last), "total": page.total})

    @described(query=GROUPED)
    async def groups(self, request: Request) -> Response:
        """Count alerts by what they have in common, the worst group first."""
        wanted, by, limit = (
            alert_filter(request.query_params),
            wanted_groups(request.query_params),
            wanted_limit(request),
        )
        order = ",".join(by)
        after = place_of(request, order, 3 + len(by))
        found = await self._database.read(lambda connection: alert_list.groups(connection, wanted, by))
        rest = [group for group in found if after is None or _comes_after(group, after)]
        last = rest[limit - 1].place if len(rest) > limit else None
        items = [_shown_group(group) for group in rest[:limit]]
        total_alerts = sum(group.count for group in found)
        return JSONResponse(
            {"items": items, "next_cursor": cursor_of(order, last), "total": len(found), "alerts": total_alerts}
        )

    @described()
    async def one(self, request: Request) -> Response:
        """Show one alert; its version is the ETag."""
        return await self._answer(await _found(self._pipeline.get(request.path_params["id"])))

    @described()
    async def history(self, request: Request) -> Response:
        """Show what happened to one alert, oldest first: when, what, who, why."""
        alert = await _found(self._pipeline.get(request.path_params["id"]))
        items = await self._database.read(lambda connection: episode_rows.history_of(connection, alert.id))
        return JSONResponse({"items": items, "next_cursor": None, "total": len(items)})

    @described(body=Bulk)
    async def bulk(self, request: Request) -> Response:
        """Do one thing with many alerts; each answers for itself."""
        body = await read_json(request, Bulk)
        decide = body.decision(identity(request).name)
        chosen = body.ids
        if chosen is None:
            wanted = alert_filter(QueryParams(body.filter.pairs() if body.filter else []))
            chosen = await self._database.read(lambda connection: alert_list.ids(connection, wanted))
        results = await self._act_on_all(list(dict.fromkeys(chosen)), decide)
        return JSONResponse({"results": results})

    @described(media_type="text/plain")
    async def runbook(self, request: Request) -> Response:
        """Show an alert's runbook."""
        text = runbooks.runbook(request.path_params["name"].removesuffix(".md"), self._language)
        if text is None:
            raise Problem(404, "No such runbook", request.path_params["name"][:100])
        return PlainTextResponse(text)

    def _acting(self, model: type[ActionBody]) -> Endpoint:
        """Return the endpoint of an action on one alert; with If-Match only if the alert has that version."""

        @described(body=model)
        async def act(request: Request) -> Response:
            body = await read_json(request, model)
            decide = _if_matches(request.headers.get("if-match"), body.decision(identity(request).name))
            return await self._answer(await _found(self._pipeline.act(request.path_params["id"], decide)))

        act.__doc__ = model.__doc__
        return act

    async def _act_on_all(self, ids: Sequence[str], decide: Decide) -> Sequence[Mapping[str, Any]]:
        """Act by the chunk, a transaction each. Raises Unavailable only if nothing could be stored at all."""
        results: dict[str, dict[str, Any]] = {}
        for start in range(0, len(ids), _BULK_CHUNK):
            chunk = ids[start : start + _BULK_CHUNK]
            try:
                results |= await self._act_on_chunk(chunk, decide)
            except Unavailable as error:
                if not results:
                    raise
                results |= {one: _failed(one, 503, str(error)) for one in chunk}
        return [results[one] for one in ids]

    async def _act_on_chunk(self, ids: Sequence[str], decide: Decide) -> dict[str, dict[str, Any]]:
        results: dict[str, dict[str, Any]] = {}

        def work(connection: Connection, now: datetime) -> Sequence[Change]:
            found = {alert.id: alert for alert in episode_rows.get_all(connection, ids)}
            changes = []
            for one in ids:
                try:
                    changes.append(decide(_known(found, one), now))
                    results[one] = {"id": one, "ok": True}
                except _REFUSALS as error:
                    results[one] = _failed(one, _status(error), str(error))
            return changes

        await self._pipeline.change(work)
        return results

    async def _answer(self, alert: Alert) -> Response:
        steps = await self._database.read(lambda connection: self._next_steps(connection, [alert.id]))
        return JSONResponse(self._shown(alert, steps), headers={"etag": f'"{alert.version}"'})

    def _shown(self, alert: Alert, steps: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        return {**shown(alert, self._language), "next_step": steps.get(alert.id)}

    async def _exported(self, wanted: AlertFilter, sort: str, limit: int | None) -> AsyncIterator[str]:
        """Yield the list as CSV, a page at a time."""
        yield sheet([], header=True)
        after = None
        while True:
            page = await self._database.read(
                lambda connection, after=after: alert_list.find(  # type: ignore[misc]
                    connection, wanted, sort, limit or _SHEET_PAGE, after
                )
            )
            yield sheet([shown(alert, self._language) for alert in page.alerts])
            after = page.last
            if after is None or limit is not None:
                return


async def _unknown_action(request: Request) -> Response:
    action = request.path_params["action"]
    raise Problem(404, "Unknown action", f"{action[:80]!r}: expected one of {', '.join(ACTIONS)}")


async def _found(asked: Awaitable[Alert]) -> Alert:
    """Turn what can go wrong with one alert into problems."""
    try:
        return await asked
    except _REFUSALS as error:
        status = _status(error)
        alert = getattr(error, "alert", None)
        extra = {} if alert is None else {"alert": shown(alert)}
        raise Problem(status, _TITLES[status], str(error), **extra) from None


def _status(error: Exception) -> int:
    return next(status for kind, status in _STATUS.items() if isinstance(error, kind))


def _known(found: Mapping[str, Alert], id: str) -> Alert:
    if id not in found:
        raise UnknownAlert(id)
    return found[id]


def _failed(id: str, status: int, error: str) -> dict[str, Any]:
    return {"id": id, "ok": False, "status": status, "error": error}


def _if_matches(header: str | None, decide: Decide) -> Decide:
    """Return a decision that is taken only for the version of If-Match."""
    if header is None or header.strip() == "*":
        return decide
    expected = header.strip().removeprefix("W/").strip('"')

    def checked(alert: Alert, now: datetime) -> Change:
        if str(alert.version) != expected:
            raise ChangedMeanwhile(alert, expected)
        return decide(alert, now)

    return checked


def _no_steps(_: Connection, __: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    return {}


def _comes_after(group: Group, place: Sequence[str | int]) -> bool:
    """Whether a group stands behind a place; a cursor that was made up has other types there, and is none."""
    try:
        return group.place > tuple(place)
    except TypeError:
        raise Problem(400, "Invalid parameter", "cursor: use next_cursor of the page before") from None


def _shown_group(group: Group) -> dict[str, Any]:
    return {
        "by": group.by,
        "count": group.count,
        "unowned": group.unowned,
        "severity": group.severity.value,
        "statuses": dict(group.statuses),
        "oldest": group.oldest,
        "shared_labels": group.shared,
        "common_labels": [{"name": name, "value": value, "count": count} for name, value, count in group.common],
    }


_REFUSALS = (UnknownAlert, AlreadyResolved, NotAcknowledged, ChangedMeanwhile, ValueError)
_STATUS: Mapping[type[Exception], int] = {
    UnknownAlert: 404,
    AlreadyResolved: 409,
    NotAcknowledged: 409,
    ChangedMeanwhile: 412,
    ValueError: 400,
}
_TITLES = {404: "No such alert", 409: "Not in this state", 412: "Changed meanwhile", 400: "Invalid body"}
_ATTACHED = {"content-disposition": 'attachment; filename="alerts.csv"'}
