"""The web shell: what every HTTP endpoint of the product answers and refuses in the same way.

Health, readiness and metrics; authentication before anything is parsed; allowed Host and Origin; limits; security
headers; errors as RFC 9457 problem+json. Never a redirect: a webhook client would follow it without its body.
"""

import asyncio
import gzip
import json
import logging
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, TypeVar

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from runtime.clock import Clock, SystemClock
from runtime.security import ANYBODY, Access, Identity, Role, host_allowed, is_loopback, origin_allowed
from runtime.settings import WebSettings
from runtime.unavailable import Unavailable

logger = logging.getLogger(f"monitoring.{__name__}")

SESSION_COOKIE = "newswatch_session"
CSRF_HEADER = "x-csrf-token"
DEFAULT_CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_OPEN_PATHS = ("/-/healthy", "/-/ready")
_READS = ("GET", "HEAD", "OPTIONS")
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
_CLIENTS_KEPT = 10_000
_CHALLENGE = 'Basic realm="Newswatch", charset="UTF-8"'
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}

Model = TypeVar("Model", bound=BaseModel)


class Problem(Exception):
    """An answer that is an error: RFC 9457 problem+json with status, title, detail and further members."""

    def __init__(self, status: int, title: str, detail: str = "", headers: dict[str, str] | None = None, **extra: Any):
        super().__init__(status, title, detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = headers
        self.extra = extra

    def __str__(self) -> str:
        return f"{self.status} {self.title}: {self.detail}" if self.detail else f"{self.status} {self.title}"

    def response(self) -> JSONResponse:
        """Return the problem as a response."""
        body = {"type": "about:blank", "title": self.title, "status": self.status, **self.extra}
        if self.detail:
            body["detail"] = self.detail
        return JSONResponse(body, self.status, self.headers, media_type="application/problem+json")


class AddressInUse(OSError):
    """A port that something else holds.

    Attributes: address.
    """

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(address, reason)
        self.address = address
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot listen on {self.address}: {self.reason}; stop what holds it or give another address"


class Unprotected(ValueError):
    """An address beyond this machine without authentication.

    Attributes: address.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return (
            f"refusing to listen on {self.address} without authentication: give --web.config.file with "
            "basic_auth_users, or create a token (monitoring token create --role viewer), or listen on 127.0.0.1"
        )


def build_app(
    *,
    name: str,
    routes: Sequence[BaseRoute],
    registry: CollectorRegistry,
    ready: Callable[[], str | None],
    access: Access,
    web: WebSettings,
    csp: str = DEFAULT_CSP,
    ingest_paths: Collection[str] = (),
    public_paths: Collection[str] = (),
    read_paths: Collection[str] = (),
    body_limit_bytes: int = 1024 * 1024,
    ingest_limit_bytes: int = 32 * 1024 * 1024,
    reload: Callable[[], None] | None = None,
    lifespan: Lifespan[Starlette] | None = None,
    clock: Clock | None = None,
) -> Starlette:
    """Build one endpoint: the service's routes inside the shell.

    ready: returns None when the service can do its work, else the reason.
    ingest_paths: POST needs the role ingest, has its own body limit and no rate limit.
    public_paths: answered without authentication (the page's files, the log-in); one that ends in `/` is a folder.
    read_paths: POST changes nothing there, a viewer may do it. reload: called by POST /-/reload.
    """

    async def healthy(_: Request) -> Response:
        return PlainTextResponse(f"{name} is healthy\n")

    async def readiness(_: Request) -> Response:
        reason = ready()
        return PlainTextResponse(f"{name} is ready\n") if reason is None else PlainTextResponse("not ready\n", 503)

    async def reload_settings(_: Request) -> Response:
        if reload is None:
            raise Problem(501, "Not supported", "this service was not started from settings files")
        reload()
        return PlainTextResponse("reloading\n", 202)

    app = Starlette(
        routes=[
            Route("/-/healthy", healthy),
            Route("/-/ready", readiness),
            Route("/-/reload", reload_settings, methods=["POST"]),
            Route("/metrics", _metrics_endpoint(registry)),
            *routes,
        ],
        exception_handlers={
            Problem: _problem_response,
            HTTPException: _http_exception_response,
            ClientDisconnect: _client_gone,
            Unavailable: _unavailable,
            Exception: _internal_error,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.add_middleware(
        _Shell,
        access=access,
        web=web,
        csp=csp,
        ingest_paths=frozenset(ingest_paths),
        public_paths=frozenset((*_OPEN_PATHS, *public_paths)),
        read_paths=frozenset(read_paths),
        body_limit_bytes=body_limit_bytes,
        ingest_limit_bytes=ingest_limit_bytes,
        clock=clock or SystemClock(),
    )
    return app


def identity(request: Request) -> Identity:
    """Return who is calling."""
    found: Identity = request.scope["newswatch.identity"]
    return found


async def read_json(request: Request, model: type[Model]) -> Model:
    """Parse the body into a model. Raises Problem 400 that names the field, the value and what was expected."""
    try:
        return model.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        raise Problem(400, "Invalid body", describe(error)) from None


def describe(error: ValidationError) -> str:
    """Return what a model found wrong, one sentence a field."""
    parts = []
    for detail in error.errors(include_url=False)[:5]:
        where = ".".join(str(part) for part in detail["loc"]) or "body"
        parts.append(f"{where}: {detail['msg']}, got {str(detail.get('input'))[:80]!r}")
    return "; ".join(parts)


def query_number(request: Request, name: str, default: float, low: float, high: float) -> float:
    """Return a number of the query string. Raises Problem 400 if it is no number or outside low..high."""
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise Problem(
            400, "Invalid parameter", f"{name}: got {text[:80]!r}, expected a number from {low:g} to {high:g}"
        )
    return value


def row_number(request: Request) -> int:
    """Return the `number` of the path. Raises Problem 404 for one that no row can have."""
    number = int(request.path_params["number"])
    if number >= 2**63:
        raise Problem(404, "No such number", str(number)[:80])
    return number


class Server:
    """A running HTTP server inside the current event loop.

    Attributes: port (the real one where 0 was asked for).
    """

    def __init__(self, server: uvicorn.Server, task: "asyncio.Task[None]", port: int) -> None:
        self._server = server
        self._task = task
        self.port = port

    async def close(self) -> None:
        """Stop taking requests, let those under way end (5 s at most), free the port."""
        self._server.should_exit = True
        await self._task


class _EmbeddableServer(uvicorn.Server):
    """uvicorn without its own signal handlers: whoever owns the loop decides."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)


async def serve(app: ASGIApp, listen_address: str, access: Access) -> Server:
    """Start serving an app on HOST:PORT and return when it takes requests.

    Raises AddressInUse, and Unprotected for an address beyond loopback without authentication.
    """
    host, port = split_address(listen_address)
    if access.open and not is_loopback(host):
        raise Unprotected(listen_address)
    listener = bind(host, port)
    context = access.ssl_context
    config = uvicorn.Config(
        app,
        http="h11",  # the other one, taken where it happens to be installed, sets no bound to headers
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
        ssl_context_factory=(lambda _config, _default: context) if context else None,
    )
    server = _EmbeddableServer(config)
    task = asyncio.create_task(server.serve([listener]), name=f"http {listen_address}")
    while not server.started:
        if task.done():
            await task
            raise RuntimeError(f"the HTTP server on {listen_address} ended while starting")
        await asyncio.sleep(0.005)
    return Server(server, task, listener.getsockname()[1])


def split_address(listen_address: str) -> tuple[str, int]:
    """Split HOST:PORT (or [IPv6]:PORT). Raises ValueError that says the form."""
    host, colon, port = listen_address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"listen address {listen_address!r}: expected HOST:PORT such as 127.0.0.1:9107")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - an empty host means every address, as in Prometheus


def bind(host: str, port: int) -> socket.socket:
    """Bind a listening socket. Raises AddressInUse with the reason."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # without it asyncio leaves Nagle on
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise AddressInUse(f"{host}:{port}", error.strerror or str(error)) from None
    listener.setblocking(False)
    return listener


class _Shell:
    """The checks in front of the routes, in order: host, origin, log-in failures, identity, role, type, size, rate."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        web: WebSettings,
        csp: str,
        ingest_paths: frozenset[str],
        public_paths: frozenset[str],
        read_paths: frozenset[str],
        body_limit_bytes: int,
        ingest_limit_bytes: int,
        clock: Clock,
    ) -> None:
        self._app = app
        self._access = access
        self._web = web
        self._csp = csp
        self._ingest_paths = ingest_paths
        self._public_paths = public_paths
        self._read_paths = read_paths
        self._public_folders = tuple(one for one in public_paths if one.endswith("/") and one != "/")
        self._body_limit_bytes = body_limit_bytes
        self._ingest_limit_bytes = ingest_limit_bytes
        self._rate = _RateLimit(web.rate_limit_per_minute, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        send = self._with_headers(send, headers.get("origin"))
        try:
            answer = await self._check(scope, headers)
        except Problem as problem:
            answer = problem.response()
        if answer is not None:
            if int(headers.get("content-length") or 0) <= self._limit(scope["path"]):
                await _drain(receive, self._limit(scope["path"]))
            await answer(scope, receive, send)
            return
        await self._app(scope, _limited(receive, self._limit(scope["path"])), send)

    async def _check(self, scope: Scope, headers: Headers) -> Response | None:
        path = str(scope["path"])
        method = str(scope["method"])
        if not host_allowed(headers.get("host"), self._web.allowed_hosts):
            raise Problem(421, "Unknown host", f"Host {headers.get('host', '')!r} is not in web.allowed_hosts")
        origin = headers.get("origin")
        if not origin_allowed(origin, headers.get("host"), self._web.cors_origins):
            raise Problem(403, "Foreign origin", f"Origin {origin!r} is not in web.cors_origins")
        if method == "OPTIONS":
            return Response(status_code=204)
        address = scope["client"][0] if scope.get("client") else "-"
        scope["newswatch.identity"] = await self._identify(path, method, headers, address)
        self._check_write(path, method, headers)
        if int(headers.get("content-length") or 0) > self._limit(path):
            raise Problem(413, "Body too large", f"at most {self._limit(path)} bytes")
        if path.startswith("/api/") and path not in self._ingest_paths:
            self._rate.take(address)
        return None

    async def _identify(self, path: str, method: str, headers: Headers, address: str) -> Identity:
        found = await self._authenticated(method, headers, address)
        if path in self._public_paths or path.startswith(self._public_folders):
            return found or Identity("", Role.INGEST)
        if found is None:
            raise Problem(401, "Not authenticated", headers=_challenge(headers))
        if path in self._ingest_paths and method == "POST":
            needed = Role.INGEST
        else:
            needed = Role.VIEWER if method in _READS or path in self._read_paths else Role.OPERATOR
        if not found.role.allows(needed):
            raise Problem(403, "Not allowed", f"this needs the role {needed}, {found.name!r} has {found.role}")
        return found

    async def _authenticated(self, method: str, headers: Headers, address: str) -> Identity | None:
        if self._access.open:
            return ANYBODY
        authorization = headers.get("authorization")
        if authorization:
            found = self._access.known(authorization)
            if found is None and self._access.blocked(address):
                raise Problem(429, "Too many failed log-ins", "wait a minute", {"retry-after": "60"})
            found = found or await self._access.authenticate(authorization)
            if found is None:
                self._access.note_failure(address)
            return found
        session = self._access.session(cookie_of(headers))
        if session is None:
            return None
        if method not in _READS and headers.get(CSRF_HEADER) != session.csrf:
            raise Problem(403, "Missing CSRF token", f"send the session's token in the header {CSRF_HEADER}")
        return session.identity

    def _check_write(self, path: str, method: str, headers: Headers) -> None:
        """A form of another site can post without asking first, but not with this content type."""
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if method in _READS or method == "DELETE" or (path.startswith("/-/") and kind not in _FORM_TYPES):
            return
        if kind != "application/json":
            raise Problem(415, "Wrong content type", f"got {kind[:80]!r}, expected application/json")

    def _limit(self, path: str) -> int:
        return self._ingest_limit_bytes if path in self._ingest_paths else self._body_limit_bytes

    def _with_headers(self, send: Send, origin: str | None) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("content-security-policy", self._csp)
                headers.setdefault("cache-control", "no-store")
                if origin and origin in self._web.cors_origins:
                    headers["access-control-allow-origin"] = origin
                    headers["access-control-allow-headers"] = f"authorization, content-type, {CSRF_HEADER}"
                    headers["access-control-allow-methods"] = "GET, POST, PATCH, PUT, DELETE"
                    headers["vary"] = "Origin"
            await send(message)

        return send_with_headers


def _challenge(headers: Headers) -> dict[str, str]:
    """Ask for a log-in, but not a page's script: the browser would lay its own prompt over the page's form."""
    return {} if headers.get("sec-fetch-dest") == "empty" else {"www-authenticate": _CHALLENGE}


def cookie_of(headers: Headers) -> str | None:
    """Return the session cookie's value."""
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == SESSION_COOKIE:
            return value
    return None


class _RateLimit:
    """A token bucket an address; it holds a minute's worth."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Count one request. Raises Problem 429 with Retry-After when the bucket is empty."""
        now = self._clock.monotonic()
        tokens, last = self._buckets.pop(address, (float(self._per_minute), now))
        tokens = min(float(self._per_minute), tokens + (now - last) * self._per_minute / 60)
        self._buckets[address] = (tokens - 1 if tokens >= 1 else tokens, now)
        if len(self._buckets) > _CLIENTS_KEPT:
            self._buckets.popitem(last=False)
        if tokens < 1:
            raise Problem(
                429,
                "Too many requests",
                f"web.rate_limit_per_minute is {self._per_minute}",
                {"retry-after": str(int((1 - tokens) * 60 / self._per_minute) + 1)},
            )


async def _drain(receive: Receive, limit_bytes: int) -> None:
    """Read a refused request's body away, up to the limit: a client still writing it would never see the answer."""
    taken = 0
    while taken <= limit_bytes:
        message = await receive()
        taken += len(message.get("body", b""))
        if not message.get("more_body", False):
            return


def _limited(receive: Receive, limit_bytes: int) -> Receive:
    """Stop reading a body past the limit, also where no length was announced."""
    taken = 0

    async def receive_limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit_bytes:
            raise Problem(413, "Body too large", f"at most {limit_bytes} bytes")
        return message

    return receive_limited


def _metrics_endpoint(registry: CollectorRegistry) -> Callable[[Request], Awaitable[Response]]:
    async def metrics(request: Request) -> Response:
        encoder, content_type = choose_encoder(request.headers.get("accept", ""))
        body = await run_in_threadpool(encoder, registry)
        headers = {"content-type": content_type}
        if "gzip" in request.headers.get("accept-encoding", ""):
            body = await run_in_threadpool(gzip.compress, body, 1)
            headers["content-encoding"] = "gzip"
        return Response(body, headers=headers)

    return metrics


async def _problem_response(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for Problem alone
    return error.response()


async def _http_exception_response(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for HTTPException alone
    return Problem(error.status_code, error.detail, headers=dict(error.headers or {})).response()


async def _client_gone(_: Request, __: Exception) -> Response:
    return Response(status_code=499)


async def _unavailable(request: Request, error: Exception) -> Response:
    logger.info("%s %s is not possible now: %s", request.method, request.url.path, error)
    return Problem(
        503, "Not available", "try again in a few seconds; the log says why", {"retry-after": "5"}
    ).response()


async def _internal_error(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return Problem(500, "Internal error", "the log has the details").response()


def parse_json(body: bytes) -> Any:
    """Parse a body as JSON. Raises Problem 400 with the position."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "Invalid JSON", str(error)[:200]) from None
