import asyncio
import hashlib
import hmac
import json
import socket
from email.utils import format_datetime

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from pydantic import SecretStr

from alert_bridge.notify.addresses import is_private, names_private_address
from alert_bridge.notify.channels import build_notifier
from alert_bridge.notify.http import HttpSender
from alert_bridge.notify.notifier import DeliveryError, Event, Notifier
from alert_bridge.notify.settings import SlackSettings, WebhookSettings
from runtime.clock import ManualClock
from tests.alert_bridge.notify_parts import ALERT, START, Receiver, notification, receiving

CANARY = "canary0secret0canary"


def webhook(receiver: Receiver, secret: str | None = None) -> Notifier:
    settings = WebhookSettings(
        url=SecretStr(receiver.url), secret=SecretStr(secret) if secret else None, allow_private_addresses=True
    )
    return build_notifier(settings, ManualClock(START))


def sender(url: str, *, allow: bool = False, resolver: AbstractResolver | None = None) -> HttpSender:
    return HttpSender(
        SecretStr(url), allow_private_addresses=allow, clock=ManualClock(START), resolver=resolver, deadline_seconds=2.0
    )


async def failure(notifier: Notifier) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await notifier.send(notification())
    return caught.value


async def test_webhook_posts_event_alert_step_channel_and_key() -> None:
    async with receiving(Receiver()) as receiver:
        await webhook(receiver).send(notification())
    request, raw = receiver.got[0]
    body = json.loads(raw)
    assert request.method == "POST"
    assert request.headers["Idempotency-Key"] == "alert_1:0:hook"
    assert request.headers["Content-Type"] == "application/json"
    assert "X-Newswatch-Signature" not in request.headers
    assert body["alert"] == {**ALERT.to_dict(), "first_steps": ["Look at the queue.", "Add a worker."]}
    assert (body["event"], body["step"], body["channel"], body["idempotency_key"]) == (
        "firing",
        0,
        "hook",
        "alert_1:0:hook",
    )


async def test_webhook_signs_timestamp_and_raw_body() -> None:
    async with receiving(Receiver()) as receiver:
        await webhook(receiver, secret=CANARY).send(notification())
    request, raw = receiver.got[0]
    timestamp = request.headers["X-Newswatch-Timestamp"]
    expected = hmac.new(CANARY.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    assert timestamp == str(int(START.timestamp()))
    assert request.headers["X-Newswatch-Signature"] == f"sha256={expected}"
    assert CANARY.encode() not in raw


async def test_bundle_carries_a_hundred_alerts_and_the_total() -> None:
    async with receiving(Receiver()) as receiver:
        await webhook(receiver).send(notification(Event.BUNDLE, alerts=(ALERT,) * 120, total=500))
    body = json.loads(receiver.got[0][1])
    assert (body["event"], len(body["alerts"]), body["total"]) == ("bundle", 100, 500)
    assert "alert" not in body


async def test_slack_gets_text_and_blocks_with_markup_escaped() -> None:
    settings = SlackSettings.model_validate(
        {"webhook_url": "http://127.0.0.1/x", "channel": "#alerts", "username": "Bot", "allow_private_addresses": True}
    )
    async with receiving(Receiver()) as receiver:
        settings = settings.model_copy(update={"webhook_url": SecretStr(receiver.url)})
        alert = notification().alert
        hostile = type(alert)(
            **{name: getattr(alert, name) for name in alert.__slots__} | {"message": "<!channel> a & b"}
        )
        await build_notifier(settings, ManualClock(START)).send(notification(alerts=(hostile,)))
    raw = receiver.got[0][1].decode()
    body = json.loads(raw)
    assert body["text"] == "[HIGH] &lt;!channel&gt; a &amp; b"
    assert (body["channel"], body["username"]) == ("#alerts", "Bot")
    assert [block["type"] for block in body["blocks"]] == ["section", "section", "section"]
    assert "<https://watch.example.com/#/alerts/alert_1|Open the alert>" in raw
    assert "<!channel>" not in raw


async def test_retry_after_is_taken_from_a_429_to_the_second() -> None:
    async with receiving(Receiver(status=429, headers={"Retry-After": "37"})) as receiver:
        error = await failure(webhook(receiver))
    assert (error.permanent, error.retry_after_seconds) == (False, 37.0)


async def test_retry_after_may_be_a_date() -> None:
    later = format_datetime(START.replace(minute=2), usegmt=True)
    async with receiving(Receiver(status=503, headers={"Retry-After": later})) as receiver:
        error = await failure(webhook(receiver))
    assert (error.permanent, error.retry_after_seconds) == (False, 120.0)


@pytest.mark.parametrize("value", ["soon", "-5", "999999999999"])
async def test_a_strange_retry_after_waits_at_most_a_day(value: str) -> None:
    async with receiving(Receiver(status=429, headers={"Retry-After": value})) as receiver:
        error = await failure(webhook(receiver))
    assert error.retry_after_seconds in (None, 0.0, 86_400.0)


@pytest.mark.parametrize(
    ("status", "permanent", "uncertain"),
    [
        (400, True, False),
        (404, True, False),
        (408, False, False),
        (425, False, False),
        (500, False, True),
        (503, False, False),
        (504, False, True),
        (599, False, True),
    ],
)
async def test_client_errors_are_permanent_and_server_errors_are_not(
    status: int, permanent: bool, uncertain: bool
) -> None:
    async with receiving(Receiver(status=status)) as receiver:
        error = await failure(webhook(receiver))
    assert (error.step, error.permanent, error.uncertain) == ("answer", permanent, uncertain)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed(status: int) -> None:
    redirecting = Receiver(status=status)
    async with receiving(Receiver()) as canary, receiving(redirecting):
        redirecting.headers = {"Location": canary.url}
        error = await failure(webhook(redirecting))
    assert error.permanent
    assert "redirects are not followed" in str(error)
    assert canary.got == []


async def test_hanging_receiver_fails_at_the_deadline_and_may_be_tried_again() -> None:
    released = asyncio.Event()

    async def hang() -> None:
        await released.wait()

    async with receiving(Receiver(before=hang)) as receiver:
        slow = HttpSender(
            SecretStr(receiver.url), allow_private_addresses=True, clock=ManualClock(START), deadline_seconds=0.05
        )
        with pytest.raises(DeliveryError, match=r"no answer from 127\.0\.0\.1 within 0\.05 s") as caught:
            await slow.post(b"{}", {})
        released.set()
    assert (caught.value.permanent, caught.value.uncertain) == (False, True)


async def test_refused_connection_may_be_tried_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    error = await failure(webhook(Receiver(port=port)))
    assert (error.step, error.permanent, error.uncertain) == ("connect", False, False)


class FixedResolver(AbstractResolver):
    """Answers every name with addresses of our choice, as a hostile name server may."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        return


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"])
async def test_private_address_is_refused_at_connect_time_without_a_hit(host: str) -> None:
    async with receiving(Receiver()) as canary:
        with pytest.raises(DeliveryError, match=r"private or loopback|no host that") as caught:
            await sender(f"http://{host}:{canary.port}/").post(b"{}", {})
    assert canary.got == []
    assert caught.value.step == "connect"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
async def test_name_that_leads_to_a_private_address_is_refused_without_a_hit(address: str) -> None:
    async with receiving(Receiver()) as canary:
        with pytest.raises(DeliveryError, match=r"hooks\.example\.com leads to .* private or loopback") as caught:
            await sender(f"http://hooks.example.com:{canary.port}/", resolver=FixedResolver(address)).post(b"{}", {})
    assert canary.got == []
    assert caught.value.permanent


async def test_name_is_allowed_to_lead_to_a_private_address_where_the_channel_says_so() -> None:
    async with receiving(Receiver()) as receiver:
        url = f"http://hooks.example.com:{receiver.port}/"
        await sender(url, allow=True, resolver=FixedResolver("127.0.0.1")).post(b"{}", {})
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1"),
        *("64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1"),
    ],
)
def test_private_addresses_are_known(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_known(address: str) -> None:
    assert not is_private(address)


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.1", "2130706433", "0x7f000001", "::1"])
def test_hosts_that_are_written_as_private_addresses_are_known(host: str) -> None:
    assert names_private_address(host)


async def test_errors_tell_no_secret_even_if_the_answer_repeats_it() -> None:
    answer = f"Cannot POST /services/{CANARY}"
    async with receiving(Receiver(status=404, text=answer)) as receiver:
        url = f"http://user:{CANARY}@127.0.0.1:{receiver.port}/services/{CANARY}?token={CANARY}"
        with pytest.raises(DeliveryError) as caught:
            await sender(url, allow=True).post(b"{}", {})
    assert CANARY not in str(caught.value) + repr(caught.value)
    assert str(caught.value) == "answer: 127.0.0.1 answered 404 Not Found"


async def test_the_error_word_of_slack_is_told() -> None:
    async with receiving(Receiver(status=403, text="action_prohibited")) as receiver:
        error = await failure(webhook(receiver))
    assert str(error) == "answer: 127.0.0.1 answered 403 Forbidden (action_prohibited)"
