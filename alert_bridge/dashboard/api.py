"""The HTTP API for alerts: the webhook in, lists, actions, sessions; errors are problem+json."""

import base64
import binascii
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from alert_bridge import episodes, runbooks
from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.episodes import AlreadyResolved, Change
from alert_bridge.metrics import BridgeMetrics
from alert_bridge.pipeline import Pipeline, Refused, UnknownAlert
from alert_bridge.runbooks import shown
from alert_bridge.store import episode_rows
from alert_bridge.webhook import Unusable, parse_alertmanager, unreadable
from runtime.clock import Clock, parse_utc
from runtime.database import Database
from runtime.security import SESSION_SECONDS, Access
from runtime.web import SESSION_COOKIE, Problem, cookie_of, identity, parse_json, query_number, read_json

logger = logging.getLogger(f"monitoring.{__name__}")

INGEST_PATH = "/api/v1/ingest/alertmanager"
INGEST_PATHS = (INGEST_PATH, f"{INGEST_PATH}/")
SESSION_PATH = "/api/v1/session"
_LONGEST_SECONDS = 30 * 86400.0


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AcknowledgeBody(_Body):
    """Body of acknowledge."""

    comment: str = Field(default="", max_length=4000)
    expires_in_seconds: float | None = Field(default=None, gt=0, le=_LONGEST_SECONDS)


class SnoozeBody(_Body):
    """Body of snooze: for so long, or until a moment."""

    seconds: float | None = Field(default=None, gt=0, le=_LONGEST_SECONDS)
    until: str | None = None
    comment: str = Field(default="", max_length=4000)


class AssignBody(_Body):
    """Body of assign."""

    assignee: str = Field(min_length=1, max_length=200)


class CommentBody(_Body):
    """Body of comment."""

    text: str = Field(min_length=1, max_length=4000)


class AcknowledgementBody(_Body):
    """Body of PATCH acknowledgement."""

    comment: str | None = Field(default=None, max_length=4000)
    expires_in_seconds: float | None = Field(default=None, gt=0, le=_LONGEST_SECONDS)


class BulkBody(_Body):
    """Body of actions: one action on many alerts."""

    ids: list[str] = Field(max_length=1000)
    action: Literal["acknowledge", "unacknowledge", "snooze", "assign", "comment", "resolve"]
    comment: str = Field(default="", max_length=4000)
    expires_in_seconds: float | None = Field(default=None, gt=0, le=_LONGEST_SECONDS)
    seconds: float | None = Field(default=None, gt=0, le=_LONGEST_SECONDS)
    until: str | None = None
    assignee: str = Field(default="", max_length=200)
    text: str = Field(default="", max_length=4000)


class LoginBody(_Body):
    """Body of session."""

    username: str = Field(max_length=200)
    password: str = Field(max_length=1000)


Decide = Callable[[Alert, datetime], Change]


class AlertsApi:
    """Routes over the pipeline and the store."""

    def __init__(
        self, pipeline: Pipeline, database: Database, *, metrics: BridgeMetrics, access: Access, clock: Clock
    ) -> None:
        self._pipeline = pipeline
        self._database = database
        self._metrics = metrics
        self._access = access
        self._clock = clock

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes."""
        return [
            *(Route(path, self.ingest, methods=["POST"]) for path in INGEST_PATHS),
            Route("/api/v1/alerts", self.list, methods=["GET"]),
            Route("/api/v1/alerts/actions", self.bulk, methods=["POST"]),
            Route("/api/v1/alerts/{id}", self.one, methods=["GET"]),
            Route("/api/v1/alerts/{id}/history", self.history, methods=["GET"]),
            Route("/api/v1/alerts/{id}/acknowledgement", self.edit_acknowledgement, methods=["PATCH"]),
            Route("/api/v1/alerts/{id}/{action}", self.action, methods=["POST"]),
            Route("/runbooks/{name}", self.runbook, methods=["GET"]),
            Route(SESSION_PATH, self.login, methods=["POST"]),
            Route(SESSION_PATH, self.logout, methods=["DELETE"]),
        ]

    async def ingest(self, request: Request) -> Response:
        """Take Alertmanager's webhook: 200 once it is on disk, 400 (kept) if unusable, 503 if it cannot be stored."""
        body = await request.body()
        try:
            parsed = parse_alertmanager(parse_json(body), self._clock.now())
        except (Problem, Unusable) as error:
            await self._pipeline.observe([], source="alertmanager", refused=[Refused(unreadable(body), str(error))])
            raise error if isinstance(error, Problem) else Problem(400, "Invalid webhook", str(error)) from None
        if parsed.watchdog:
            self._metrics.watchdog.set(self._clock.time())
        if parsed.truncated:
            logger.warning("Alertmanager cut %d alerts off: set max_alerts to 0 for this receiver", parsed.truncated)
        if parsed.observations or parsed.refused:
            await self._pipeline.observe(
                parsed.observations,
                source="alertmanager",
                raw=body.decode("utf-8", "replace"),
                refused=parsed.refused,
            )
        return JSONResponse({"accepted": len(parsed.observations), "refused": len(parsed.refused)})

    async def list(self, request: Request) -> Response:
        """List alerts: filter, sort, page."""
        query = request.query_params
        limit = int(query_number(request, "limit", 50, 1, 1000))
        offset = _offset(query.get("cursor"))
        statuses = _statuses(query.get("status"))
        severities = _severities(query.get("severity"))
        sort = _sort(query.get("sort", "severity"))
        page = await self._database.read(
            lambda connection: episode_rows.find(
                connection,
                statuses=statuses,
                severities=severities,
                service=query.get("service"),
                words=query.get("q"),
                sort=sort,
                limit=limit,
                offset=offset,
            )
        )
        items = [shown(alert) for alert in page.alerts]
        return JSONResponse({"items": items, "next_cursor": _cursor(page.next_offset), "total": page.total})

    async def one(self, request: Request) -> Response:
        """Show one alert."""
        return JSONResponse(shown(await _found(self._pipeline.get(request.path_params["id"]))))

    async def history(self, request: Request) -> Response:
        """Show what happened to one alert, oldest first."""
        alert = await _found(self._pipeline.get(request.path_params["id"]))
        items = await self._database.read(lambda connection: episode_rows.history_of(connection, alert.id))
        return JSONResponse({"items": items, "next_cursor": None, "total": len(items)})

    async def action(self, request: Request) -> Response:
        """Do one thing with one alert."""
        action = request.path_params["action"]
        if action not in _ACTIONS:
            raise Problem(404, "Unknown action", f"{action!r}: expected one of {', '.join(sorted(_ACTIONS))}")
        decide = await _ACTIONS[action](request, identity(request).name)
        return JSONResponse(shown(await _found(self._pipeline.act(request.path_params["id"], decide))))

    async def edit_acknowledgement(self, request: Request) -> Response:
        """Change the comment or the expiry of an acknowledgement."""
        body = await read_json(request, AcknowledgementBody)
        who = identity(request).name
        alert = await _found(
            self._pipeline.act(
                request.path_params["id"],
                lambda alert, now: episodes.edit_acknowledgement(
                    alert, who, now, body.comment, body.expires_in_seconds
                ),
            )
        )
        return JSONResponse(shown(alert))

    async def bulk(self, request: Request) -> Response:
        """Do one thing with many alerts; each answers for itself."""
        body = await read_json(request, BulkBody)
        decide = _bulk_decision(body, identity(request).name)
        results = []
        for alert_id in body.ids:
            try:
                await _found(self._pipeline.act(alert_id, decide))
                results.append({"id": alert_id, "ok": True})
            except Problem as problem:
                results.append({"id": alert_id, "ok": False, "error": problem.detail or problem.title})
        return JSONResponse({"results": results})

    async def runbook(self, request: Request) -> Response:
        """Show an alert's runbook."""
        text = runbooks.runbook(request.path_params["name"].removesuffix(".md"))
        if text is None:
            raise Problem(404, "No such runbook", request.path_params["name"][:100])
        return PlainTextResponse(text)

    async def login(self, request: Request) -> Response:
        """Begin a session of the page."""
        address = request.client.host if request.client else "-"
        if self._access.blocked(address):
            raise Problem(429, "Too many failed log-ins", "wait a minute", {"retry-after": "60"})
        body = await read_json(request, LoginBody)
        found = await self._access.login(body.username, body.password)
        if found is None:
            self._access.note_failure(address)
            raise Problem(401, "Wrong name or password")
        cookie, session = self._access.open_session(found)
        answer = JSONResponse({"name": found.name, "role": found.role.value, "csrf": session.csrf})
        answer.set_cookie(
            SESSION_COOKIE,
            cookie,
            max_age=int(SESSION_SECONDS),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    async def logout(self, request: Request) -> Response:
        """End the session."""
        self._access.close_session(cookie_of(request.headers))
        answer = Response(status_code=204)
        answer.delete_cookie(SESSION_COOKIE)
        return answer


async def _acknowledge(request: Request, who: str) -> Decide:
    body = await read_json(request, AcknowledgeBody)
    seconds = body.expires_in_seconds or episodes.ACKNOWLEDGE_SECONDS
    return lambda alert, now: episodes.acknowledge(alert, who, now, body.comment, seconds)


async def _unacknowledge(request: Request, who: str) -> Decide:
    await read_json(request, _Body)
    return lambda alert, now: episodes.unacknowledge(alert, who, now)


async def _snooze(request: Request, who: str) -> Decide:
    body = await read_json(request, SnoozeBody)
    return _snooze_decision(body.seconds, body.until, body.comment, who)


async def _assign(request: Request, who: str) -> Decide:
    body = await read_json(request, AssignBody)
    return lambda alert, now: episodes.assign(alert, who, now, body.assignee)


async def _comment(request: Request, who: str) -> Decide:
    body = await read_json(request, CommentBody)
    return lambda alert, now: episodes.comment_on(alert, who, now, body.text)


async def _resolve(request: Request, who: str) -> Decide:
    await read_json(request, _Body)
    return lambda alert, now: episodes.resolve(alert, who, now)


_ACTIONS: dict[str, Callable[[Request, str], Awaitable[Decide]]] = {
    "acknowledge": _acknowledge,
    "unacknowledge": _unacknowledge,
    "snooze": _snooze,
    "assign": _assign,
    "comment": _comment,
    "resolve": _resolve,
}


def _snooze_decision(seconds: float | None, until: str | None, comment: str, who: str) -> Decide:
    if (seconds is None) == (until is None):
        raise Problem(400, "Invalid body", "give either seconds or until")
    try:
        moment = parse_utc(until) if until is not None else None
    except ValueError as error:
        raise Problem(400, "Invalid body", f"until: {error}") from None
    return lambda alert, now: episodes.snooze(
        alert, who, now, moment or now + timedelta(seconds=seconds or 0.0), comment
    )


def _bulk_decision(body: BulkBody, who: str) -> Decide:
    seconds = body.expires_in_seconds or episodes.ACKNOWLEDGE_SECONDS
    if body.action == "snooze":
        return _snooze_decision(body.seconds, body.until, body.comment, who)
    if body.action == "assign" and not body.assignee:
        raise Problem(400, "Invalid body", "assign needs assignee")
    if body.action == "comment" and not body.text:
        raise Problem(400, "Invalid body", "comment needs text")
    decisions: dict[str, Decide] = {
        "acknowledge": lambda alert, now: episodes.acknowledge(alert, who, now, body.comment, seconds),
        "unacknowledge": lambda alert, now: episodes.unacknowledge(alert, who, now),
        "assign": lambda alert, now: episodes.assign(alert, who, now, body.assignee),
        "comment": lambda alert, now: episodes.comment_on(alert, who, now, body.text),
        "resolve": lambda alert, now: episodes.resolve(alert, who, now),
    }
    return decisions[body.action]


async def _found(asked: Awaitable[Alert]) -> Alert:
    """Turn what can go wrong with one alert into problems."""
    try:
        return await asked
    except UnknownAlert as error:
        raise Problem(404, "No such alert", str(error)) from None
    except AlreadyResolved as error:
        raise Problem(409, "Already resolved", str(error), alert=shown(error.alert)) from None
    except ValueError as error:
        raise Problem(400, "Invalid body", str(error)) from None


def _statuses(text: str | None) -> list[str] | None:
    if not text:
        return None
    if text == "all":
        return [status.value for status in Status]
    try:
        return [Status(word.strip().lower()).value for word in text.split(",")]
    except ValueError:
        known = ", ".join(status.value for status in Status)
        raise Problem(400, "Invalid parameter", f"status: got {text[:80]!r}, expected all or some of {known}") from None


def _severities(text: str | None) -> list[str] | None:
    try:
        return [Severity.parse(word).value for word in text.split(",")] if text else None
    except ValueError as error:
        raise Problem(400, "Invalid parameter", str(error)) from None


def _sort(text: str) -> str:
    if text.removeprefix("-") not in episode_rows.SORTS:
        expected = f"expected one of {', '.join(episode_rows.SORTS)}, or one of them with '-' before it"
        raise Problem(400, "Invalid parameter", f"sort: got {text[:80]!r}, {expected}")
    return text


def _cursor(offset: int | None) -> str | None:
    return None if offset is None else base64.urlsafe_b64encode(f"o{offset}".encode()).decode().rstrip("=")


def _offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        return min(int(text.removeprefix("o")), 10**9)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise Problem(400, "Invalid parameter", "cursor: use next_cursor of the page before") from None
