"""Dead letters, the channels' health and their test, by the HTTP API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alert_bridge.dashboard.delivery_api import DeliveryApi
from alert_bridge.notify.notifier import DeliveryError
from tests.alert_bridge.parts import Parts, parts, seen, served
from tests.http_client import Client


@asynccontextmanager
async def bridge(folder: Path) -> AsyncIterator[tuple[Client, Parts]]:
    async with parts(folder) as one, served(DeliveryApi(one.worker, one.database, one.clock).routes()) as http:
        yield http, one


async def test_a_dead_letter_is_shown_replayed_and_only_once(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        one.channel.fail = DeliveryError("answer", "hook answered 404", permanent=True)
        await one.observe(seen())
        await one.deliver()
        one.channel.fail = None
        [row] = (await http.get("/api/v1/outbox?state=dead")).json["items"]
        assert (row["channel"], row["error"], row["attempts"]) == ("log", "answer: hook answered 404", 1)
        assert (await http.post(f"/api/v1/outbox/{row['number']}/retry", json={})).status == 200
        assert (await http.post(f"/api/v1/outbox/{row['number']}/retry", json={})).status == 409
        await one.deliver()
        assert one.channel.events == ["firing"]
        assert (await http.post("/api/v1/outbox/999/retry", json={})).status == 404
        assert (await http.get("/api/v1/outbox?state=gone")).status == 400


async def test_a_channel_shows_its_last_success_and_its_last_error(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        one.channel.fail = DeliveryError("answer", "503")
        await one.observe(seen())
        await one.deliver()
        [shown] = (await http.get("/api/v1/channels")).json["items"]
        assert (shown["state"], shown["last_error"]["text"], shown["pending"]) == ("failing", "answer: 503", 1)
        one.channel.fail = None
        one.clock.advance(5)
        await one.deliver()
        [shown] = (await http.get("/api/v1/channels")).json["items"]
        assert (shown["state"], shown["pending"], bool(shown["last_success"])) == ("ok", 0, True)


async def test_a_test_of_a_channel_answers_with_the_step_that_failed(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        assert (await http.post("/api/v1/channels/log/test", json={})).json["ok"] is True
        assert one.channel.events == ["test"]
        one.channel.fail = DeliveryError("login", "refused", permanent=True)
        [result] = (await http.post("/api/v1/channels/log/test", json={})).json["results"]
        assert result["step"] == "login"
        assert "app password" in result["remedy"]
        assert (await http.post("/api/v1/channels/none/test", json={})).status == 404
