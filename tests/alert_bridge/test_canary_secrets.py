"""What channels hold secret shows up nowhere, in whatever way they fail."""

import asyncio
import contextlib
import logging
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from alert_bridge.app import AlertBridge
from alert_bridge.settings import Configuration
from runtime.clock import ManualClock
from runtime.security import Access
from tests.alert_bridge.notify_parts import Receiver, receiving
from tests.alert_bridge.parts import START, seen
from tests.alert_bridge.test_every_route import NoAnalyzer, NoSeries
from tests.alert_bridge.test_notify_email import Mailbox, serving
from tests.http_client import client

CANARY = "canary0secret"
MARK = re.compile(rf"{CANARY}\w*")


def http_channels(name: str, port: int) -> dict[str, Any]:
    """Return a channel of each kind that ends at a port, each with secrets of its own."""
    where = f"127.0.0.1:{port}"
    return {
        f"hook_{name}": {
            "type": "webhook",
            "url": f"http://u:{CANARY}1@{where}/{CANARY}2?token={CANARY}3",
            "secret": f"{CANARY}4",
            "allow_private_addresses": True,
        },
        f"slack_{name}": {"type": "slack", "webhook_url": f"http://{where}/{CANARY}5", "allow_private_addresses": True},
        f"any_{name}": {
            "type": "apprise",
            "url": f"json://u:{CANARY}6@{where}/{CANARY}7",
            "allow_private_addresses": True,
        },
    }


def mail_channel(port: int, security: str) -> dict[str, Any]:
    return {
        "type": "email",
        "smtp_server": "127.0.0.1",
        "smtp_port": port,
        "security": security,
        "username": "me",
        "password": f"{CANARY}8",
        "from_address": "watch@example.com",
        "to_addresses": ["a@example.com"],
    }


@asynccontextmanager
async def failing_channels() -> AsyncIterator[dict[str, Any]]:
    """Real servers that answer in every way that is wrong, and repeat what they were asked; yields the channels."""

    async def speak_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{CANARY}9 ".encode())
        with contextlib.suppress(TimeoutError):
            writer.write(await asyncio.wait_for(reader.read(300), 0.2))
        writer.close()

    async with AsyncExitStack() as stack:
        channels: dict[str, Any] = {}
        echo = f"no {CANARY}2 {CANARY}5 {CANARY}7"
        for status in (301, 404, 429, 500):
            headers = {"Location": f"http://127.0.0.1/{CANARY}2"} if status == 301 else {}
            receiver = await stack.enter_async_context(receiving(Receiver(status=status, text=echo, headers=headers)))
            channels |= http_channels(str(status), receiver.port)
        rubbish = await stack.enter_async_context(receiving(Receiver(text=echo * 1000)))
        channels |= http_channels("rubbish", rubbish.port)
        nonsense = await asyncio.start_server(speak_nonsense, "127.0.0.1", 0)
        stack.push_async_callback(nonsense.wait_closed)
        stack.callback(nonsense.close)
        port = nonsense.sockets[0].getsockname()[1]
        channels |= http_channels("nonsense", port) | http_channels("refused", 1)
        channels |= {
            "mail_nonsense": mail_channel(port, "none"),
            "mail_refused": mail_channel(1, "starttls"),
            "mail_tls": mail_channel(port, "tls"),
        }
        mailbox = Mailbox(answers={"a@example.com": f"550 {CANARY}8"})
        for security in ("none", "starttls"):
            served = await stack.enter_async_context(serving(mailbox, auth_require_tls=False))
            channels[f"mail_{security}"] = mail_channel(served.port, security)
        for channel in channels.values():
            channel["rate_per_minute"] = 0
        yield channels


async def everything_shown(bridge: AlertBridge, names: list[str]) -> dict[str, str]:
    """Return what each route answers, the test of each channel, and what the feed says."""
    assert bridge.page is not None and bridge.feed is not None
    [alert_id] = [one.id for one in await bridge.pipeline.observe([seen("Second")], source="alertmanager")]
    shown = {}
    async with client(f"http://127.0.0.1:{bridge.page.port}") as http:
        for route in bridge.build_http(page=True).routes:
            if isinstance(route, Route) and "GET" in (route.methods or ()):
                path = re.sub(r"{\w+:int}", "1", route.path.replace("{id}", alert_id)).replace("{metric}", "cpu")
                shown[path] = (await http.get(path)).text
        for name in names:
            shown[f"test of {name}"] = (await http.post(f"/api/v1/channels/{name}/test", json={})).text
        for state in ("dead", "retry", "pending", "sent"):
            shown[state] = (await http.get(f"/api/v1/outbox?state={state}")).text
    return shown


async def listen(port: int, frames: list[str]) -> None:
    try:
        async with connect(f"ws://127.0.0.1:{port}") as socket:
            while True:
                frames.append(str(await socket.recv()))
    except ConnectionClosed:
        return


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_no_secret_of_a_channel_is_shown_logged_or_stored_in_whatever_way_it_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    monkeypatch.setattr(NotifyJSON, "request_rate_per_sec", 0)
    caplog.set_level(logging.DEBUG)
    for servers_own in ("aiohttp.access", "aiohttp.server", "mail.log"):
        caplog.set_level(logging.CRITICAL, logger=servers_own)
    listening = {"listen_address": "127.0.0.1:0"}
    frames: list[str] = []
    async with failing_channels() as channels:
        settings = Configuration.model_validate(
            {
                "alert_bridge": {"feed": listening, "dashboard": listening},
                "web": {"rate_limit_per_minute": 100_000},
                "notifications": {"channels": channels},
            }
        )
        bridge = AlertBridge(
            settings,
            data_dir=tmp_path,
            reader=NoSeries(),
            analyzer=NoAnalyzer(),
            access=Access(),
            registry=CollectorRegistry(),
            clock=ManualClock(START),
        )
        await bridge.start(watch=False)
        try:
            assert bridge.feed is not None
            listener = asyncio.create_task(listen(bridge.feed.port, frames))
            await bridge.pipeline.observe([seen()], source="alertmanager")
            await bridge._worker.work_off()
            await bridge._worker.idle()
            shown = await everything_shown(bridge, list(channels))
            shown["settings"] = repr(settings) + repr(bridge.notification_manager.channels_config)
        finally:
            await bridge.close()
        await listener
    with closing(sqlite3.connect(tmp_path / "alerts.db")) as database:
        shown["database"] = "\n".join(database.iterdump())
        tried = {name for (name,) in database.execute("SELECT channel FROM outbox WHERE attempts > 0")}
    assert tried == set(channels)
    assert frames
    shown |= {"frames": "\n".join(frames), "log": caplog.text}
    assert {where: MARK.findall(text)[:3] for where, text in shown.items() if CANARY in text} == {}
    assert [path for path in ("/metrics", "/api/v1/channels", "/openapi.json") if path not in shown] == []
