"""What the client asks of Alertmanager, and what it makes of answers, good and bad."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from alert_bridge import alertmanager_client
from alert_bridge.alertmanager_client import AlertmanagerClient, Answers, notify_seconds, read_alerts
from alert_bridge.alerts import fingerprint
from runtime.clock import ManualClock
from runtime.settings import AlertmanagerSettings, Settings, SettingsError, load
from tests.certificates import make_certificate

LABELS = {"alertname": "A", "severity": "warning"}
ALERT = {
    "labels": LABELS,
    "annotations": {"summary": "s"},
    "startsAt": "2026-01-31T03:00:00.123456789Z",
    "endsAt": "2026-01-31T04:00:00Z",
    "fingerprint": fingerprint(LABELS),
    "receivers": [{"name": "bridge"}],
    "status": {"state": "suppressed", "silencedBy": ["s1"], "inhibitedBy": ["f"], "mutedBy": ["night"], "new": 1},
    "field_of_a_later_version": {},
}
STATUS = {
    "uptime": "2026-01-31T03:00:00.000Z",
    "config": {"original": "route: {group_wait: 5s, group_interval: 1m, routes: [{group_wait: 2m}]}"},
}


class Peer:
    """An Alertmanager whose answers are made up; `asked` keeps the headers of each request."""

    def __init__(self, alerts: Any = (ALERT,)) -> None:
        self.alerts = alerts
        self.asked: list[Any] = []
        self.date = "Sat, 31 Jan 2026 03:10:00 GMT"

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request.headers)
        found = {"alerts": self.alerts, "status": STATUS, "silences": []}[request.path.rpartition("/")[2]]
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        return web.Response(body=body, headers={"date": self.date})


@asynccontextmanager
async def serving(
    answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    server = web.Server(answer)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        port = runner.addresses[0][1]
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def ask(*urls: str, **settings: Any) -> Answers:
    own = AlertmanagerSettings.model_validate({"urls": urls, **settings})
    async with aiohttp.ClientSession() as session:
        clock = ManualClock(datetime(2030, 1, 1, tzinfo=UTC))  # hours ahead of the peer: its uptime is its own
        return await AlertmanagerClient(session, own, clock).ask()


async def test_an_alert_is_read_with_what_keeps_it_silent_and_the_peer_with_its_uptime() -> None:
    async with serving(Peer().answer) as url:
        [peer] = (await ask(url)).peers
    [alert] = peer.alerts.values()
    assert (alert.seen.fingerprint, alert.seen.starts_at.microsecond) == (fingerprint(LABELS), 123456)
    assert (alert.silences, alert.others, alert.receivers) == (("s1",), ("inhibited", "muted:night"), ("bridge",))
    assert (peer.up_seconds, peer.notify_seconds, peer.complete) == (600.0, 120.0, True)


async def test_a_peer_that_is_away_is_named_and_leaves_the_others_alone() -> None:
    async with serving(Peer().answer) as url:
        answers = await ask("http://127.0.0.1:9", url)
    assert [peer.reachable for peer in answers.peers] == [False, True]
    assert answers.peers[0].problem


@pytest.mark.parametrize("body", [b"{}", b"no json", b"[", b"\xff\xfe", b'{"status": "success"}'])
async def test_what_is_no_list_of_alerts_counts_as_no_answer(body: bytes) -> None:
    async with serving(Peer(body).answer) as url:
        [peer] = (await ask(url)).peers
    assert not peer.reachable


async def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alertmanager_client, "ANSWER_LIMIT_BYTES", 1 << 20)
    async with serving(Peer(b"[" + b" " * (2 << 20) + b"]").answer) as url:
        [peer] = (await ask(url)).peers
    assert peer.problem == "its answer is longer than 1 MiB"


async def test_a_peer_that_hangs_is_given_up() -> None:
    released = asyncio.Event()

    async def hang(_: web.BaseRequest) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    async with serving(hang) as url:
        [peer] = (await ask(url, timeout_seconds=0.2)).peers
        released.set()
    assert peer.problem == "no answer within 0.2 s"


async def test_a_redirect_is_not_followed() -> None:
    async def elsewhere(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"location": "http://127.0.0.1:9/"})

    async with serving(elsewhere) as url:
        [peer] = (await ask(url)).peers
    assert peer.problem is not None
    assert "answered 302" in peer.problem


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        ({"username": "yui", "password": "secret"}, "Basic eXVpOnNlY3JldA=="),
        ({"bearer_token": "token"}, "Bearer token"),
    ],
)
async def test_the_bridge_logs_in_as_the_settings_say(settings: dict[str, str], header: str) -> None:
    peer = Peer()
    async with serving(peer.answer) as url:
        await ask(url, **settings)
    assert {asked["authorization"] for asked in peer.asked} == {header}


async def test_a_certificate_is_verified_by_the_file_of_the_settings(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    async with serving(Peer().answer, tls) as url:
        [refused] = (await ask(url)).peers
        [trusted] = (await ask(url, ca_file=certificate)).peers
    assert not refused.reachable
    assert trusted.reachable


def test_one_alert_that_cannot_be_read_costs_no_other_but_the_list_is_not_whole() -> None:
    bad = [{}, "x", None, {**ALERT, "labels": {}}, {**ALERT, "startsAt": "soon"}, {**ALERT, "labels": {"a": "\ud800"}}]
    for entry in bad:
        alerts, complete = read_alerts(json.dumps([ALERT, entry]).encode())
        assert (len(alerts), complete) == (1, False)


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        ("route: {receiver: x}", 300.0),
        ("route: {group_wait: 1s, group_interval: 1s}", 1.0),
        ("route: {group_wait: 1s, group_interval: 1s, routes: [{routes: [{group_interval: 1h}]}]}", 3600.0),
        ("", 0.0),
        ("route: [", 0.0),
        ("route: 7", 0.0),
        ("route: {group_wait: soon}", 0.0),
    ],
)
def test_how_long_routes_may_hold_an_alert_back_is_read_from_the_configuration(config: str, seconds: float) -> None:
    assert notify_seconds(config) == seconds


class Configuration(Settings):
    """The shared sections alone."""


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"ack_sync": "silence", "reconcile_interval_seconds": 0}, "set reconcile_interval_seconds to 30s"),
        ({"ack_sync": "silence", "urls": []}, "name urls"),
        ({"urls": ["127.0.0.1:9093"]}, "is no address such as http://127.0.0.1:9093"),
        ({"urls": ["http://yui:secret@a:9093"]}, "username and password_file"),
        ({"username": "yui", "bearer_token": "x"}, "keep one"),
        ({"cert_file": "a.pem"}, "give both"),
        ({"ca_file": "/nowhere/ca.pem"}, "No such file"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_with_the_remedy(section: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as raised:
        load(Configuration, data={"alertmanager": section}, environ={})
    assert raised.value.problems[0][0].startswith("alertmanager")
    assert "secret" not in str(raised.value)
