import asyncio
import base64
import json
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import bcrypt
import pytest
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from alert_bridge.alerts import Alert
from alert_bridge.episodes import AlreadyResolved
from alert_bridge.feed import Feed, FeedSettings
from alert_bridge.feed_messages import EMPTY_CHART, AlertLog, Message, Refusal, parse_action
from alert_bridge.pipeline import UnknownAlert
from runtime.clock import ManualClock, parse_utc
from runtime.prometheus import SeriesUnavailable
from runtime.security import Access, Identity, Role
from runtime.web import AddressInUse, Unprotected
from tests.alert_bridge.notify_parts import ALERT, START, until

VALUES = {
    "system_metrics": {"cpu_percent": 75.5, "memory_percent": 68.2, "timestamp": "2026-01-31T12:00:00"},
    "application_metrics": {"active_tasks": 3, "articles": 42.5},
}
CHART = base64.b64encode(b"\x89PNG").decode()


@dataclass
class Bridge:
    """What stands behind the feed, and what the feed asked of it."""

    feed: Feed
    clock: ManualClock
    registry: CollectorRegistry
    access: Access
    values: Mapping[str, Any] = field(default_factory=lambda: VALUES)
    chart: str | None = CHART
    charts_drawn: int = 0
    chart_ready: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged: list[tuple[str, str, str]] = field(default_factory=list)
    failure: Exception | None = None
    tickets: dict[str, Identity] = field(default_factory=dict)

    async def read_values(self) -> Mapping[str, Any]:
        if self.failure is not None:
            raise self.failure
        return self.values

    async def draw(self) -> str | None:
        self.charts_drawn += 1
        await self.chart_ready.wait()
        return self.chart

    async def history(self, minutes: float) -> Mapping[str, Any]:
        if self.failure is not None:
            raise self.failure
        return {"minutes": minutes, "cpu_percent": [1.0, float("nan")]}

    async def acknowledge(self, alert_id: str, who: str, comment: str) -> Alert:
        if alert_id == "missing":
            raise UnknownAlert(alert_id)
        if alert_id == "over":
            raise AlreadyResolved(ALERT)
        self.acknowledged.append((alert_id, who, comment))
        alert = replace(ALERT, acknowledged_by=who, version=2)
        self.feed.publish("alert_update", alert.to_dict())
        return alert

    def redeem(self, ticket: str) -> Identity | None:
        return self.tickets.pop(ticket, None)

    def metric(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    def connect(self, path: str = "/", **options: Any) -> connect:
        return connect(f"ws://127.0.0.1:{self.feed.port}{path}", compression=None, proxy=None, **options)


def bridge(access: Access | None = None, **changes: Any) -> Bridge:
    limits = {name: changes.pop(name) for name in list(changes) if name in FeedSettings.model_fields}
    settings = FeedSettings.model_validate({"listen_address": "127.0.0.1:0", "interval_seconds": 0.05} | limits)
    made: list[Bridge] = []
    clock, registry, access = ManualClock(START), CollectorRegistry(), access or Access()
    feed = Feed(
        settings,
        clock=clock,
        access=access,
        registry=registry,
        metrics=lambda: made[0].read_values(),
        chart=lambda: made[0].draw(),
        history=lambda minutes: made[0].history(minutes),
        acknowledge=lambda *words: made[0].acknowledge(*words),
        allowed_origins=("https://watch.example.com",),
        redeem_ticket=lambda ticket: made[0].redeem(ticket),
    )
    made.append(Bridge(feed, clock, registry, access, **changes))
    return made[0]


@asynccontextmanager
async def running(access: Access | None = None, **changes: Any) -> AsyncIterator[Bridge]:
    one = bridge(access, **changes)
    one.chart_ready.set()
    await one.feed.start()
    try:
        yield one
    finally:
        await one.feed.close()


async def receive(client: ClientConnection, type: str) -> dict[str, Any]:
    """Return the next message of a type."""
    async with asyncio.timeout(5):
        while True:
            message: dict[str, Any] = json.loads(await client.recv())
            if message["type"] == type:
                return message


async def ask(client: ClientConnection, action: object) -> None:
    await client.send(action if isinstance(action, str | bytes) else json.dumps(action))


async def subscribe(client: ClientConnection, **wish: Any) -> dict[str, Any]:
    await ask(client, {"action": "subscribe", **wish})
    return await receive(client, "subscribed")


async def refused(connecting: connect) -> int:
    with pytest.raises(InvalidStatus) as caught:
        async with connecting:
            pass
    return int(caught.value.response.status_code)


class LegacyDashboard:
    """The guide's JavaScript client: onmessage with its switch, and nothing that the guide does not know."""

    def __init__(self) -> None:
        self.metrics: list[dict[str, Any]] = []
        self.alerts: list[dict[str, Any]] = []

    def onmessage(self, text: str) -> None:
        data = json.loads(text)
        match data["type"]:
            case "metrics_update":
                self.metrics.append(data["data"])
            case "new_alert":
                self.alerts.append(data["data"])


async def test_client_that_knows_only_the_guide_works() -> None:
    legacy = LegacyDashboard()
    async with running() as one, one.connect() as client:
        one.feed.publish("new_alert", ALERT.to_dict())
        while len(legacy.metrics) < 3 or not legacy.alerts:
            text = await asyncio.wait_for(client.recv(), 5)
            assert isinstance(text, str)
            legacy.onmessage(text)
    for update in legacy.metrics:
        assert update["system_metrics"] == VALUES["system_metrics"]
        assert update["application_metrics"] == VALUES["application_metrics"]
        assert update["system_chart"] == CHART
    shown = legacy.alerts[0]
    assert (shown["id"], shown["severity"], shown["message"]) == ("alert_1", "HIGH", "CPU 93.5 % on news-1")
    assert shown["timestamp"] == START.astimezone().replace(tzinfo=None).isoformat()
    assert shown["labels"]["instance"] == "news-1:9105"


async def test_messages_carry_rising_numbers_and_utc_beside_the_guides_fields() -> None:
    async with running() as one, one.connect() as client:
        await receive(client, "metrics_update")
        one.feed.publish("new_alert", ALERT.to_dict())
        one.feed.publish("alert_update", ALERT.to_dict())
        first, second = await receive(client, "new_alert"), await receive(client, "alert_update")
    assert set(first) == {"type", "data", "seq", "timestamp_utc"}
    assert second["seq"] > first["seq"] > START.timestamp() * 1000
    assert parse_utc(first["timestamp_utc"]) == START


async def test_first_update_comes_at_once_on_any_path() -> None:
    async with running(interval_seconds=3600) as one, one.connect("/some/path") as client:
        update = await receive(client, "metrics_update")
    assert update["data"]["system_chart"] == CHART


async def test_first_update_does_not_wait_for_a_slow_chart() -> None:
    async with running() as one:
        one.chart_ready.clear()
        async with one.connect() as client:
            first = await asyncio.wait_for(client.recv(), 1.0)
            one.chart_ready.set()
            while (later := (await receive(client, "metrics_update"))["data"])["system_chart"] == EMPTY_CHART:
                pass
    assert json.loads(first)["data"]["system_chart"] == EMPTY_CHART
    assert later["system_chart"] == CHART


async def test_first_update_comes_also_without_any_values(caplog: pytest.LogCaptureFixture) -> None:
    async with running(failure=SeriesUnavailable("cpu_percent", "away"), chart=None) as one, one.connect() as client:
        update = await receive(client, "metrics_update")
        await receive(client, "metrics_update")
        await receive(client, "metrics_update")
    assert list(update["data"]["system_metrics"]) == ["timestamp"]
    assert update["data"]["system_chart"] == EMPTY_CHART
    assert caplog.text.count("the feed goes on without values") == 1


async def test_values_that_json_lacks_are_null() -> None:
    values = {"system_metrics": {"cpu_percent": float("nan")}, "application_metrics": {"x": float("inf")}}
    async with running(values=values) as one, one.connect() as client:
        text = await asyncio.wait_for(client.recv(), 5)
    update = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    assert update["data"]["system_metrics"]["cpu_percent"] is None
    assert update["data"]["application_metrics"] == {"x": None}


async def test_who_subscribes_without_the_chart_does_not_get_it_and_it_is_not_drawn() -> None:
    async with running() as one, one.connect() as client:
        answer = await subscribe(client)
        await receive(client, "metrics_update")
        drawn = one.charts_drawn
        updates = [await receive(client, "metrics_update") for _ in range(3)]
    assert answer["data"] == {
        "types": ["metrics_update", "new_alert", "alert_update"],
        "system_chart": False,
        "complete": True,
    }
    assert all("system_chart" not in update["data"] for update in updates)
    assert one.charts_drawn <= drawn + 1


async def test_chart_is_drawn_once_an_interval_for_all() -> None:
    async with running(interval_seconds=3600) as one:
        clients = [await one.connect() for _ in range(20)]
        for client in clients:
            await receive(client, "metrics_update")
            await client.close()
    assert one.charts_drawn == 1


async def test_who_subscribes_to_alerts_gets_no_metrics() -> None:
    async with running() as one, one.connect() as client:
        await subscribe(client, types=["new_alert"])
        one.feed.publish("alert_update", ALERT.to_dict())
        one.feed.publish("new_alert", ALERT.to_dict())
        message = json.loads(await asyncio.wait_for(client.recv(), 5))
    assert message["type"] == "new_alert"


async def test_client_that_comes_back_gets_every_alert_it_missed() -> None:
    async with running() as one:
        async with one.connect() as client:
            one.feed.publish("new_alert", replace(ALERT, id="a1").to_dict())
            seen = (await receive(client, "new_alert"))["seq"]
        for number in range(2, 6):
            one.feed.publish("new_alert", replace(ALERT, id=f"a{number}").to_dict())
        async with one.connect() as client:
            answer = await subscribe(client, since_seq=seen)
            one.feed.publish("new_alert", replace(ALERT, id="a6").to_dict())
            missed = [(await receive(client, "new_alert"))["data"]["id"] for _ in range(5)]
    assert answer["data"]["complete"]
    assert missed == ["a2", "a3", "a4", "a5", "a6"]


async def test_client_is_told_when_not_all_it_missed_is_there() -> None:
    async with running() as one, one.connect() as client:
        assert not (await subscribe(client, since_seq=5))["data"]["complete"]
        assert not (await subscribe(client, since_seq=2**52))["data"]["complete"]


async def test_acknowledge_names_who_did_it_and_everybody_sees_it() -> None:
    async with running() as one, one.connect() as client, one.connect() as other:
        await receive(other, "metrics_update")
        await ask(client, {"action": "acknowledge_alert", "alert_id": "alert_1"})
        updates = [await receive(client, "alert_update"), await receive(other, "alert_update")]
    assert one.acknowledged == [("alert_1", "local", "")]
    assert [update["data"]["acknowledged_by"] for update in updates] == ["local", "local"]


async def test_history_goes_to_the_one_who_asked() -> None:
    async with running() as one, one.connect() as client:
        await ask(client, {"action": "get_history", "minutes": 60})
        history = await receive(client, "history")
    assert history["data"] == {"minutes": 60.0, "cpu_percent": [1.0, None]}
    assert history["seq"]


@pytest.mark.parametrize(
    ("asked", "action", "code", "word"),
    [
        ("{", None, "bad_json", "expected JSON"),
        ("[" * 60_000, None, "bad_json", "expected JSON"),
        ("9" * 60_000, None, "bad_json", "expected JSON"),
        ("[1]", None, "unknown_action", "acknowledge_alert, get_history, subscribe"),
        ({"action": "reboot"}, "reboot", "unknown_action", "acknowledge_alert"),
        ({"action": 7}, None, "unknown_action", "acknowledge_alert"),
        ({"action": "get_history", "minutes": "60"}, "get_history", "bad_request", "minutes"),
        ({"action": "get_history", "minutes": 0}, "get_history", "bad_request", "minutes"),
        ({"action": "get_history", "minutes": -5}, "get_history", "bad_request", "minutes"),
        ({"action": "get_history", "minutes": True}, "get_history", "bad_request", "minutes"),
        ('{"action": "get_history", "minutes": NaN}', "get_history", "bad_request", "minutes"),
        ({"action": "get_history", "minutes": 1e12}, "get_history", "bad_request", "minutes"),
        ({"action": "acknowledge_alert"}, "acknowledge_alert", "bad_request", "alert_id"),
        ({"action": "acknowledge_alert", "alert_id": "missing"}, "acknowledge_alert", "not_found", "missing"),
        ({"action": "acknowledge_alert", "alert_id": "over"}, "acknowledge_alert", "conflict", "resolved"),
        ({"action": "subscribe", "types": ["news"]}, "subscribe", "bad_request", "new_alert"),
    ],
)
async def test_what_cannot_be_done_is_an_error_and_the_connection_lives(
    asked: object, action: str | None, code: str, word: str
) -> None:
    async with running() as one, one.connect() as client:
        await ask(client, asked)
        error = await receive(client, "error")
        await receive(client, "metrics_update")
    assert (error["data"]["action"], error["data"]["code"]) == (action, code)
    assert word in error["data"]["message"]


async def test_failure_behind_the_feed_is_an_error_without_its_details(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as one, one.connect() as client:
        one.failure = RuntimeError("canary")
        await ask(client, {"action": "get_history"})
        internal = await receive(client, "error")
        one.failure = SeriesUnavailable("cpu_percent", "no answer")
        await ask(client, {"action": "get_history"})
        unavailable = await receive(client, "error")
    assert (internal["data"]["code"], unavailable["data"]["code"]) == ("internal", "unavailable")
    assert "canary" not in internal["data"]["message"]
    assert "canary" in caplog.text


async def test_too_many_actions_are_refused_until_time_passes() -> None:
    async with running(actions_per_minute=2) as one, one.connect() as client:
        for _ in range(3):
            await ask(client, {"action": "get_history"})
        assert (await receive(client, "error"))["data"]["code"] == "rate_limited"
        one.clock.advance(60)
        await ask(client, {"action": "get_history"})
        await receive(client, "history")


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "http://127.0.0.1:1"])
async def test_foreign_origin_is_refused_before_the_handshake(origin: str) -> None:
    async with running() as one:
        assert await refused(one.connect(origin=origin)) == 403


async def test_own_and_allowed_origins_come_in() -> None:
    async with running() as one:
        for origin in (f"http://127.0.0.1:{one.feed.port}", "https://watch.example.com"):
            async with one.connect(origin=origin) as client:
                await receive(client, "metrics_update")


async def answer_to_handshake(port: int | None, *hosts: str) -> bytes:
    """The status line of a handshake that names these hosts."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    named = "".join(f"Host: {host}\r\n" for host in hosts)
    writer.write(
        f"GET / HTTP/1.1\r\n{named}Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    status = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return status


async def test_foreign_host_is_refused() -> None:
    async with running() as one:
        assert b"421" in await answer_to_handshake(one.feed.port, "evil.example.com")


async def test_two_hosts_in_one_handshake_are_refused() -> None:
    async with running() as one:
        assert b"400" in await answer_to_handshake(one.feed.port, "127.0.0.1", "evil.example.com")


def protected() -> Access:
    return Access(
        users={name: bcrypt.hashpw(b"secret", bcrypt.gensalt(4)) for name in ("sato", "guest")}, viewers=("guest",)
    )


def basic(name: str, password: str = "secret") -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


async def test_nobody_comes_in_without_credentials() -> None:
    async with running(protected()) as one:
        assert await refused(one.connect()) == 401
        assert await refused(one.connect(additional_headers=basic("sato", "wrong"))) == 401
        assert await refused(one.connect("/?ticket=guessed")) == 401
        assert await refused(one.connect(additional_headers={"Cookie": "newswatch_session=guessed"})) == 401


async def test_failed_log_ins_are_limited() -> None:
    access = protected()
    async with running(access) as one:
        for _ in range(10):
            access.note_failure("127.0.0.1")
        assert await refused(one.connect(additional_headers=basic("sato"))) == 429


async def test_basic_cookie_and_ticket_let_in() -> None:
    access = protected()
    cookie, _ = access.open_session(Identity("sato", Role.OPERATOR))
    async with running(access) as one:
        one.tickets["once"] = Identity("sato", Role.OPERATOR)
        ways: list[dict[str, Any]] = [
            {"additional_headers": basic("sato")},
            {"additional_headers": {"Cookie": f"newswatch_session={cookie}"}},
            {"path": "/?ticket=once"},
        ]
        for way in ways:
            async with one.connect(**way) as client:
                await ask(client, {"action": "acknowledge_alert", "alert_id": "alert_1"})
                await receive(client, "alert_update")
        assert await refused(one.connect("/?ticket=once")) == 401
    assert one.acknowledged == [("alert_1", "sato", "")] * 3


async def test_viewer_sees_and_may_not_acknowledge() -> None:
    async with running(protected()) as one, one.connect(additional_headers=basic("guest")) as client:
        await receive(client, "metrics_update")
        await ask(client, {"action": "acknowledge_alert", "alert_id": "alert_1"})
        error = await receive(client, "error")
    assert error["data"]["code"] == "forbidden"
    assert one.acknowledged == []


async def test_token_for_ingest_does_not_open_the_feed() -> None:
    async with running(protected()) as one:
        one.tickets["machine"] = Identity("prometheus", Role.INGEST)
        assert await refused(one.connect("/?ticket=machine")) == 403


async def test_secrets_of_a_handshake_do_not_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="monitoring")
    async with running(protected()) as one:
        one.tickets["canary0secret"] = Identity("sato", Role.OPERATOR)
        async with one.connect("/?ticket=canary0secret", additional_headers=basic("sato")) as client:
            await receive(client, "metrics_update")
    assert "canary0secret" not in caplog.text
    assert basic("sato")["Authorization"] not in caplog.text


async def test_message_beyond_64_kib_closes_the_connection() -> None:
    async with running() as one, one.connect() as client:
        await client.send("x" * (64 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as caught:
            while True:
                await client.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009


async def test_clients_are_limited_in_total() -> None:
    async with running(max_clients=2) as one, one.connect() as first, one.connect() as second:
        await receive(first, "metrics_update")
        await receive(second, "metrics_update")
        assert one.metric("alert_bridge_feed_clients") == 2
        assert await refused(one.connect()) == 503
        await first.close()
        await until(lambda: one.metric("alert_bridge_feed_clients") == 1)
        async with one.connect() as third:
            await receive(third, "metrics_update")


async def test_this_machine_is_not_limited_by_address() -> None:
    async with running(max_clients_per_address=1) as one, one.connect() as first, one.connect() as second:
        await receive(first, "metrics_update")
        await receive(second, "metrics_update")


@asynccontextmanager
async def stopped_reader(one: Bridge) -> AsyncIterator[socket.socket]:
    """A client that shakes hands and then reads nothing."""
    loop = asyncio.get_running_loop()
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.setblocking(False)
        await loop.sock_connect(reader, ("127.0.0.1", one.feed.port))
        handshake = (
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{one.feed.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await loop.sock_sendall(reader, handshake.encode())
        await until(lambda: one.metric("alert_bridge_feed_clients") == 1)
        yield reader


async def test_reader_that_takes_nothing_for_a_minute_is_dropped() -> None:
    async with running(chart="x" * 200_000) as one, stopped_reader(one):

        def stalled() -> bool:
            one.clock.advance(1)
            return one.metric("alert_bridge_feed_dropped_clients_total", reason="stalled") == 1

        await until(stalled, 20)
        await until(lambda: one.metric("alert_bridge_feed_clients") == 0)


async def test_slow_reader_holds_nobody_up_and_is_dropped_when_it_falls_out_of_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    big = replace(ALERT, message="x" * 100_000).to_dict()
    async with running(interval_seconds=3600) as one, stopped_reader(one):
        monkeypatch.setattr(one.feed, "_log", AlertLog(one.feed._seq, limit_bytes=3_000_000))
        async with one.connect(max_size=None) as quick:
            await receive(quick, "metrics_update")
            published = 0
            while one.metric("alert_bridge_feed_dropped_clients_total", reason="slow") == 0:
                one.feed.publish("new_alert", big)
                published += 1
                await receive(quick, "new_alert")
                assert published < 500
            sent = one.metric("alert_bridge_feed_messages_total", type="new_alert")
            assert sent is not None
            assert published <= sent < 2 * published


async def test_reader_that_was_slow_gets_every_alert_in_order_and_costs_one_buffer() -> None:
    count = 400
    async with running(interval_seconds=3600) as one:
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", one.feed.port))
        async with one.connect(sock=narrow, max_queue=1) as client:
            await subscribe(client, types=["new_alert"])
            for number in range(count):
                one.feed.publish("new_alert", replace(ALERT, id=str(number), message="x" * 20_000).to_dict())
            (served,) = one.feed._clients
            await until(lambda: served.paused)
            assert served.transport.get_write_buffer_size() < 300_000
            numbers = [int((await receive(client, "new_alert"))["data"]["id"]) for _ in range(count)]
    assert numbers == list(range(count))


async def test_alerts_published_at_once_reach_each_of_a_hundred_clients_in_order() -> None:
    async with running(interval_seconds=3600) as one:
        clients = [await one.connect() for _ in range(100)]
        await until(lambda: one.metric("alert_bridge_feed_clients") == 100)
        for number in range(20):
            one.feed.publish("new_alert", replace(ALERT, id=str(number)).to_dict())
        for client in clients:
            assert [(await receive(client, "new_alert"))["data"]["id"] for _ in range(20)] == [
                str(number) for number in range(20)
            ]
        await asyncio.gather(*(client.close() for client in clients))


async def test_closing_says_good_bye_and_is_harmless_twice() -> None:
    async with running() as one, one.connect() as client:
        await receive(client, "metrics_update")
        await one.feed.close()
        await one.feed.close()
        with pytest.raises(ConnectionClosed) as caught:
            while True:
                await client.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1001


async def test_closing_does_not_wait_for_a_stopped_reader() -> None:
    async with running(chart="x" * 400_000) as one, stopped_reader(one):
        await until(lambda: any(client.paused for client in one.feed._clients))
        await asyncio.wait_for(one.feed.close(), 10)


async def test_feed_starts_again_after_closing_also_beside_the_same_registry() -> None:
    async with running() as one:
        await one.feed.close()
        assert one.metric("alert_bridge_feed_clients") is None
        await one.feed.start()
        async with one.connect() as client:
            await receive(client, "metrics_update")
            assert one.metric("alert_bridge_feed_clients") == 1


async def test_taken_port_and_open_address_are_said() -> None:
    async with running() as one:
        with pytest.raises(AddressInUse, match=str(one.feed.port)):
            await bridge(listen_address=f"127.0.0.1:{one.feed.port}").feed.start()
    with pytest.raises(Unprotected, match="without authentication"):
        await bridge(listen_address="0.0.0.0:0").feed.start()


def test_log_keeps_the_latest_within_its_bytes() -> None:
    log = AlertLog(start=10, limit_bytes=250)
    for seq in range(11, 16):
        log.append(Message(seq, "new_alert", b"x" * 100, b""))
    assert [message.seq for message in log.after(0)] == [14, 15]
    assert [message.seq for message in log.after(14)] == [15]
    assert log.complete_since == 13


def test_unknown_keys_of_an_action_are_passed_over() -> None:
    name, action = parse_action('{"action": "get_history", "minutes": 5, "id": 1}')
    assert (name, getattr(action, "minutes", None)) == ("get_history", 5)
    with pytest.raises(Refusal, match="get_history: minutes"):
        parse_action('{"action": "get_history", "minutes": []}')
