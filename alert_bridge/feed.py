"""The WebSocket feed: the guide's messages for the legacy dashboard, the page and anybody else who listens.

Slow readers decide the design. Nothing is queued for a client: it has a place in the log of alerts, from which it is
served while its socket takes more. Of metrics it gets only the latest. One that falls out of the log, or takes
nothing for a minute, is dropped and can come back with the last number it saw.
"""

import asyncio
import contextlib
import ipaddress
import logging
from collections import Counter as Counts
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

import prometheus_client
from prometheus_client.registry import Collector
from pydantic import Field
from starlette.datastructures import Headers
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import MultipleValuesError
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from alert_bridge.episodes import AlreadyResolved
from alert_bridge.feed_messages import (
    BROADCAST_TYPES,
    METRICS_UPDATE,
    AcknowledgeAlert,
    Action,
    AlertLog,
    AlertType,
    GetHistory,
    Message,
    Refusal,
    Subscribe,
    alert_data,
    encode,
    metrics_data,
    parse_action,
)
from alert_bridge.pipeline import UnknownAlert
from runtime.clock import Clock
from runtime.prometheus import SeriesUnavailable
from runtime.security import Access, Identity, Role, host_allowed, is_loopback, origin_allowed
from runtime.settings import Duration, Section
from runtime.web import Unprotected, bind, cookie_of, split_address

logger = logging.getLogger(f"monitoring.{__name__}")

_MESSAGE_BYTES = 64 * 1024
_WRITE_BUFFER_BYTES = 256 * 1024
_SLICE = 100
_FIRST_UPDATE_SECONDS = 0.8
_STALLED_SECONDS = 60.0
_CLOSE_SECONDS = 2.0
_DROP_REASONS = ("slow", "stalled")

T = TypeVar("T")


class FeedSettings(Section):
    """Where the feed listens, how often it speaks and whom it bears.

    max_clients_per_address does not count for this machine itself, where a reverse proxy may stand.
    """

    listen_address: str = "127.0.0.1:8765"
    interval_seconds: Duration = Field(default=5.0, ge=0.05)
    max_clients: int = Field(default=1000, ge=1)
    max_clients_per_address: int = Field(default=100, ge=1)
    actions_per_minute: int = Field(default=120, ge=1)


class FeedMetrics:
    """What the feed counts about itself; in the registry while the feed is open."""

    def __init__(self) -> None:
        self.clients = prometheus_client.Gauge(
            "alert_bridge_feed_clients", "Clients connected to the WebSocket feed.", registry=None
        )
        self.messages = prometheus_client.Counter(
            "alert_bridge_feed_messages_total",
            "Messages sent to clients of the WebSocket feed, by type.",
            ["type"],
            registry=None,
        )
        self.dropped = prometheus_client.Counter(
            "alert_bridge_feed_dropped_clients_total",
            "Clients of the WebSocket feed that were cut off because they read too slowly, by reason.",
            ["reason"],
            registry=None,
        )
        for reason in _DROP_REASONS:
            self.dropped.labels(reason)
        for type in (*BROADCAST_TYPES, "history", "subscribed", "error"):
            self.messages.labels(type)

    @property
    def families(self) -> tuple[Collector, ...]:
        """What goes into the registry."""
        return self.clients, self.messages, self.dropped


class Feed:
    """Serves the feed.

    metrics: returns `system_metrics` and `application_metrics`. chart: a PNG as base64, or None.
    history: the figures of so many minutes; may raise SeriesUnavailable.
    acknowledge: (alert id, who, comment) -> the alert; may raise UnknownAlert, AlreadyResolved. Whoever changes an
    alert, here or elsewhere, publishes it as `alert_update`; the feed adds nothing of its own.
    redeem_ticket: whom a one-time ticket (query parameter `ticket`) belongs to, for browsers, which send no header.

    Every `metrics_update` carries `system_chart`. The first one goes out within a second of connecting: with the
    chart where it is drawn by then, else with an empty picture, and the next update has it.
    """

    def __init__(
        self,
        settings: FeedSettings,
        *,
        clock: Clock,
        access: Access,
        registry: prometheus_client.CollectorRegistry,
        metrics: Callable[[], Awaitable[Mapping[str, Any]]],
        chart: Callable[[], Awaitable[str | None]],
        history: Callable[[float], Awaitable[Mapping[str, Any]]],
        acknowledge: Callable[[str, str, str], Awaitable[object]],
        allowed_hosts: Collection[str] = (),
        allowed_origins: Collection[str] = (),
        redeem_ticket: Callable[[str], Identity | None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._access = access
        self._metrics = FeedMetrics()
        self._registry = registry
        self._history = history
        self._acknowledge = acknowledge
        self._allowed_hosts = allowed_hosts
        self._allowed_origins = allowed_origins
        self._redeem_ticket = redeem_ticket
        self._values: _Shared[Mapping[str, Any]] = _Shared("values", metrics, {}, settings.interval_seconds)
        self._chart: _Shared[str | None] = _Shared("chart", chart, None, settings.interval_seconds)
        self._seq = int(clock.time() * 1000)  # goes on where an earlier run of the program stopped
        self._log = AlertLog(self._seq)
        self._latest: Message | None = None
        self._changed = asyncio.Event()
        self._clients: set[_Client] = set()
        self._addresses: Counts[str] = Counts()
        self._server: Server | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def port(self) -> int:
        """The port it listens on. Raises RuntimeError before the start."""
        if self._server is None:
            raise RuntimeError("the feed is not started")
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def start(self) -> None:
        """Listen. Raises AddressInUse, and Unprotected for an address beyond loopback without authentication."""
        host, port = split_address(self._settings.listen_address)
        if self._access.open and not is_loopback(host):
            raise Unprotected(self._settings.listen_address)
        self._server = await serve(
            self._serve_client,
            sock=bind(host, port),
            ssl=self._access.ssl_context,
            process_request=self._admit,
            create_connection=_Client,
            compression=None,
            server_header=None,
            max_size=_MESSAGE_BYTES,
            write_limit=_WRITE_BUFFER_BYTES,
            close_timeout=_CLOSE_SECONDS,
            logger=_protocol_logger(),
        )
        for family in self._metrics.families:
            self._registry.register(family)
        self._tasks = [
            asyncio.create_task(self._update_regularly(), name="feed updates"),
            asyncio.create_task(self._send_changes(), name="feed sender"),
        ]

    async def close(self) -> None:
        """Say good-bye to all clients and stop; harmless twice. It may be started again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, self._values.close(), self._chart.close(), return_exceptions=True)
        self._tasks = []
        if self._server is None:
            return
        for client in self._clients:
            if client.paused:  # a good-bye would wait for its reader
                client.transport.abort()
        self._server.close()
        await self._server.wait_closed()
        self._server = None
        for family in self._metrics.families:
            self._registry.unregister(family)

    def publish(self, type: AlertType, alert: Mapping[str, Any]) -> None:
        """Tell all clients about an alert (`Alert.to_dict()`); returns at once."""
        body = self._encode(type, alert_data(type, alert))
        self._log.append(Message(self._seq, type, body, body))
        self._changed.set()

    # Who may come in

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Decide before the handshake is accepted; None lets the client in."""
        assert isinstance(connection, _Client)  # noqa: S101 - made by create_connection
        headers = request.headers
        try:
            host, origin = headers.get("Host"), headers.get("Origin")
        except MultipleValuesError:
            return connection.respond(400, "Host and Origin may be given once.\n")
        if not host_allowed(host, self._allowed_hosts):
            return connection.respond(421, "This host name is not in web.allowed_hosts.\n")
        if not origin_allowed(origin, host, self._allowed_origins):
            return connection.respond(403, "Pages of this origin are not in web.cors_origins.\n")
        address = str(connection.remote_address[0])
        if self._access.blocked(address):
            return connection.respond(429, "Too many failed log-ins; wait a minute.\n")
        identity = await self._identify(request, address)
        if identity is None:
            response = connection.respond(401, "Not authenticated.\n")
            response.headers["WWW-Authenticate"] = 'Basic realm="Newswatch", charset="UTF-8"'
            return response
        if not identity.role.allows(Role.VIEWER):
            return connection.respond(403, "This needs the role viewer.\n")
        if self._full(address):
            return connection.respond(503, "Too many clients.\n")
        connection.identity = identity
        return None

    async def _identify(self, request: Request, address: str) -> Identity | None:
        ticket = parse_qs(urlsplit(request.path).query).get("ticket")
        if ticket:
            return self._redeem_ticket(ticket[0])
        authorization = request.headers.get("Authorization")
        session = self._access.session(cookie_of(Headers({"cookie": request.headers.get("Cookie", "")})))
        if authorization is None and session is not None:
            return session.identity
        identity = await self._access.authenticate(authorization)
        if identity is None and authorization is not None:
            self._access.note_failure(address)
        return identity

    def _full(self, address: str) -> bool:
        crowded = self._addresses[address] >= self._settings.max_clients_per_address
        return len(self._clients) >= self._settings.max_clients or (crowded and not _is_loopback_peer(address))

    # One client

    async def _serve_client(self, connection: ServerConnection) -> None:
        assert isinstance(connection, _Client)  # noqa: S101 - made by create_connection
        client, address = connection, str(connection.remote_address[0])
        if self._full(address):  # several may have been admitted at once
            await client.close(1013, "too many clients")
            return
        client.join(self._seq, float(self._settings.actions_per_minute), self._clock.monotonic(), self._serve)
        self._clients.add(client)
        self._addresses[address] += 1
        self._metrics.clients.set(len(self._clients))
        welcome = asyncio.create_task(self._welcome(client))
        try:
            while True:
                await self._answer(client, await client.recv(decode=True))
        except ConnectionClosed:
            pass
        finally:
            welcome.cancel()
            self._clients.discard(client)
            self._addresses -= Counts({address: 1})
            self._metrics.clients.set(len(self._clients))

    async def _welcome(self, client: "_Client") -> None:
        """Send the first update: as soon as there are values and a chart, and at the latest after 0.8 s."""
        deadline = asyncio.get_running_loop().time() + _FIRST_UPDATE_SECONDS
        values = await self._values.get(deadline)
        chart = await self._chart.get(deadline) if client.wants_chart else None
        data = metrics_data(values, chart, self._clock.time())
        if not client.wants_chart:
            del data["system_chart"]
        if client.wants(METRICS_UPDATE):
            with contextlib.suppress(ConnectionClosed):
                await self._reply(client, METRICS_UPDATE, data)

    async def _answer(self, client: "_Client", text: str) -> None:
        try:
            if not client.take_token(self._settings.actions_per_minute, self._clock.monotonic()):
                raise Refusal(None, "rate_limited", f"at most {self._settings.actions_per_minute} actions a minute")
            name, action = parse_action(text)
            await self._act(client, name, action)
        except Refusal as refusal:
            await self._reply(client, "error", refusal.data)

    async def _act(self, client: "_Client", name: str, action: Action) -> None:
        try:
            match action:
                case AcknowledgeAlert():
                    if not client.identity.role.allows(Role.OPERATOR):
                        raise Refusal(name, "forbidden", "this needs the role operator")
                    await self._acknowledge(action.alert_id, client.identity.name, action.comment)
                case GetHistory():
                    await self._reply(client, "history", await self._history(action.minutes))
                case Subscribe():
                    await self._reply(client, "subscribed", self._subscribe(client, action))
                    self._serve(client)
        except UnknownAlert as error:
            raise Refusal(name, "not_found", str(error)) from None
        except AlreadyResolved as error:
            raise Refusal(name, "conflict", str(error)) from None
        except SeriesUnavailable as error:
            raise Refusal(name, "unavailable", str(error)) from None
        except (Refusal, ConnectionClosed):
            raise
        except Exception:
            logger.exception("the feed's action %s failed", name)
            raise Refusal(name, "internal", "it failed; the log of the alert bridge has the details") from None

    def _subscribe(self, client: "_Client", action: Subscribe) -> dict[str, Any]:
        """Change what a client gets; `complete` says whether all alerts since its number can still be sent."""
        client.types, client.wants_chart = action.types, action.system_chart
        complete = True
        if action.since_seq is not None:
            complete = self._log.complete_since <= action.since_seq <= self._seq
            client.cursor = min(max(action.since_seq, self._log.complete_since), self._seq)
        types = sorted(action.types) if action.types is not None else list(BROADCAST_TYPES)
        return {"types": types, "system_chart": client.wants_chart, "complete": complete}

    async def _reply(self, client: "_Client", type: str, data: Mapping[str, Any]) -> None:
        """Send to one client alone; the number is the last one it has, so that it may come back with it."""
        self._metrics.messages.labels(type).inc()
        await client.send(encode(type, data, client.cursor, self._clock.time()), text=True)

    # All clients

    async def _update_regularly(self) -> None:
        while True:
            try:
                self._drop_stalled()
                if self._clients:
                    await self._update()
            except Exception:
                logger.exception("the feed's update failed and is left out")
            await asyncio.sleep(self._settings.interval_seconds)

    async def _update(self) -> None:
        deadline = asyncio.get_running_loop().time() + min(self._settings.interval_seconds, 1.0)
        values = await self._values.get(deadline)
        wanted = any(client.wants_chart for client in self._clients)
        chart = await self._chart.get(deadline) if wanted else None
        data = metrics_data(values, chart, self._clock.time())
        body = self._encode(METRICS_UPDATE, data)
        del data["system_chart"]
        lean = encode(METRICS_UPDATE, data, self._seq, self._clock.time())
        self._latest = Message(self._seq, METRICS_UPDATE, body, lean)
        self._changed.set()

    async def _send_changes(self) -> None:
        """Serve all clients what is new, a slice at a time: ten thousand at once would hold the loop for long."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            clients = list(self._clients)
            for start in range(0, len(clients), _SLICE):
                for client in clients[start : start + _SLICE]:
                    self._serve(client)
                await asyncio.sleep(0)

    def _drop_stalled(self) -> None:
        now = self._clock.monotonic()
        for client in list(self._clients):
            if not client.paused:
                client.stalled_since = None
            elif client.stalled_since is None:
                client.stalled_since = now
            elif now - client.stalled_since > _STALLED_SECONDS:
                self._drop(client, "stalled")

    def _drop(self, client: "_Client", reason: str) -> None:
        """Cut a client off; what is in its buffer is thrown away."""
        if client.dropped:
            return
        client.dropped = True
        self._metrics.dropped.labels(reason).inc()
        logger.info("feed client %s was cut off: %s", client.remote_address, reason)
        client.transport.abort()

    def _serve(self, client: "_Client") -> None:
        """Send what a client has not had yet, alerts first, for as long as its socket takes more."""
        if client.dropped or client.state is not State.OPEN:
            return
        if client.cursor < self._log.complete_since:
            self._drop(client, "slow")
            return
        if client.paused:
            return
        for message in self._log.after(client.cursor):
            self._give(client, message)
            if client.paused:
                return
        if self._latest is not None and self._latest.seq > client.updated_seq:
            client.updated_seq = self._latest.seq
            self._give(client, self._latest)

    def _give(self, client: "_Client", message: Message) -> None:
        client.cursor = max(client.cursor, message.seq)
        if client.wants(message.type):
            broadcast((client,), message.body if client.wants_chart else message.without_chart, text=True)
            self._metrics.messages.labels(message.type).inc()

    def _encode(self, type: str, data: Mapping[str, Any]) -> bytes:
        self._seq += 1
        return encode(type, data, self._seq, self._clock.time())


class _Client(ServerConnection):
    """One connection, its place in the log, and what it subscribed to.

    cursor: the highest number it has been given. updated_seq: the number of its last `metrics_update`.
    """

    identity: Identity
    types: Collection[str] | None = None
    wants_chart: bool = True
    cursor: int = 0
    updated_seq: int = 0
    stalled_since: float | None = None
    dropped: bool = False
    on_writable: Callable[["_Client"], None] | None = None
    _tokens: float = 0.0
    _tokens_at: float = 0.0

    def join(self, seq: int, tokens: float, now: float, on_writable: Callable[["_Client"], None]) -> None:
        """Begin at a number: what came before is not sent unless asked for."""
        self.cursor = self.updated_seq = seq
        self._tokens, self._tokens_at = tokens, now
        self.on_writable = on_writable

    def wants(self, type: str) -> bool:
        """Tell whether messages of a type are for this client."""
        return self.types is None or type in self.types

    def take_token(self, per_minute: int, now: float) -> bool:
        """Count an action; False when a minute's worth is used up."""
        self._tokens = min(float(per_minute), self._tokens + (now - self._tokens_at) * per_minute / 60)
        self._tokens_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def resume_writing(self) -> None:
        """Go on where the socket was full."""
        super().resume_writing()
        if self.on_writable is not None:
            self.on_writable(self)


class _Shared(Generic[T]):
    """A value made at most once an interval, for all who ask meanwhile.

    fallback: the value before the first and after a failure, which is logged once.
    """

    def __init__(self, name: str, make: Callable[[], Awaitable[T]], fallback: T, interval_seconds: float) -> None:
        self._name = name
        self._make = make
        self._value = self._fallback = fallback
        self._interval_seconds = interval_seconds
        self._made_at = float("-inf")
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    async def get(self, deadline: float) -> T:
        """Return the value of this interval, or at the deadline (loop time) the last one there is."""
        now = asyncio.get_running_loop().time()
        if self._task is None and now - self._made_at >= self._interval_seconds * 0.9:
            self._task = asyncio.create_task(self._refresh(), name=f"feed {self._name}")
        if self._task is not None:
            await asyncio.wait([self._task], timeout=max(0.0, deadline - now))
        return self._value

    async def close(self) -> None:
        """Stop making it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _refresh(self) -> None:
        try:
            self._value = await self._make()
            self._failing = False
        except Exception:
            self._value = self._fallback
            if not self._failing:
                logger.warning("the feed goes on without %s", self._name, exc_info=True)
            self._failing = True
        finally:
            self._made_at = asyncio.get_running_loop().time()
            self._task = None


def _is_loopback_peer(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _protocol_logger() -> logging.Logger:
    """Return the logger of the protocol, which at DEBUG would write headers, tickets among them, into the log."""
    protocol = logger.getChild("protocol")
    protocol.setLevel(logging.WARNING)
    return protocol
