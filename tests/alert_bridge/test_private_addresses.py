"""No channel reaches into this machine or network unless its settings say so: nothing arrives at a canary there."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from alert_bridge.notify.apprise import AppriseNotifier
from alert_bridge.notify.channels import build_notifier
from alert_bridge.notify.notifier import DeliveryError, Notifier
from alert_bridge.notify.settings import AppriseSettings, SlackSettings, WebhookSettings
from alert_bridge.notify.templates import Templates
from runtime.clock import ManualClock
from tests.alert_bridge.notify_parts import START, Receiver, notification, receiving

HOSTS = (
    *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "0.0.0.0", "localhost"),
    *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "10.0.0.1", "192.168.0.1", "169.254.169.254", "[fe80::1]"),
)
"""The address of the canary in all its spellings, and other addresses that are not of the public internet."""

REBOUND = "hooks.example.com"


class Canary:
    """A listener on 127.0.0.1 and ::1 that knows whether anybody connected."""

    def __init__(self) -> None:
        self._sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = self._sockets[0].getsockname()[1]
        self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))

    def hits(self) -> int:
        """Return how many connections wait, and take them."""
        count = 0
        for one in self._sockets:
            one.setblocking(False)
            while True:
                try:
                    one.accept()[0].close()
                except BlockingIOError:
                    break
                count += 1
        return count

    def close(self) -> None:
        for one in self._sockets:
            one.close()


@pytest.fixture
def canary() -> Any:
    listening = Canary()
    yield listening
    listening.close()


def _webhook(url: str) -> Notifier:
    return build_notifier(WebhookSettings.model_construct(url=SecretStr(url)), ManualClock(START))


def _slack(url: str) -> Notifier:
    return build_notifier(SlackSettings.model_construct(webhook_url=SecretStr(url)), ManualClock(START))


def _apprise(url: str) -> Notifier:
    return AppriseNotifier(AppriseSettings(url=SecretStr(url.replace("http://", "json://"))), Templates())


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise waits before each message to a service; 15 of them would take half a minute."""
    from apprise.plugins.custom_json import NotifyJSON

    monkeypatch.setattr(NotifyJSON, "request_rate_per_sec", 0)


CHANNELS = pytest.mark.parametrize("channel", [_webhook, _slack, _apprise])


async def problem(notifier: Notifier) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await notifier.send(notification())
    return caught.value


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@CHANNELS
async def test_no_spelling_of_a_private_address_is_connected_to(
    channel: Callable[[str], Notifier], canary: Canary
) -> None:
    for host in HOSTS:
        assert "secret" not in str(await problem(channel(f"http://{host}:{canary.port}/secret")))
    assert canary.hits() == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@CHANNELS
async def test_a_name_that_turns_private_between_check_and_use_is_not_connected_to(
    channel: Callable[[str], Notifier], canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    real = socket.getaddrinfo

    def rebinding(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        nonlocal asked
        if host not in (REBOUND, REBOUND.encode()):
            return real(host, port, *rest, **more)
        asked += 1
        return real("127.0.0.1" if asked % 2 else "::1", port, socket.AF_UNSPEC, socket.SOCK_STREAM)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    notifier = channel(f"http://{REBOUND}:{canary.port}/")
    for _ in range(2):
        error = await problem(notifier)
        assert (error.step, error.permanent) == ("connect", True)
        assert "private or loopback" in str(error)
    assert asked >= 2
    assert canary.hits() == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@CHANNELS
async def test_a_redirect_into_this_machine_is_not_followed(
    channel: Callable[[str], Notifier], canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    redirecting = Receiver(status=307)
    for module in ("http", "outward"):  # one loopback address stands for a public one
        monkeypatch.setattr(f"alert_bridge.notify.{module}.is_private", lambda address: address != "127.0.0.1")
    async with receiving(redirecting):
        redirecting.headers = {"Location": f"http://[::1]:{canary.port}/"}
        await problem(channel(f"http://127.0.0.1:{redirecting.port}/"))
    assert len(redirecting.got) == 1
    assert canary.hits() == 0


@pytest.mark.parametrize("url", ["xmpp://me:pw@example.com", "SYSLOG://"])
def test_a_service_whose_connections_cannot_be_checked_needs_permission(url: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be checked; set allow_private_addresses: true") as caught:
        AppriseSettings(url=SecretStr(url))
    assert "pw" not in str(caught.value)
    assert AppriseSettings(url=SecretStr(url), allow_private_addresses=True).url is not None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_apprise_may_reach_a_private_address_where_its_channel_says_so() -> None:
    async with receiving(Receiver()) as receiver:
        url = SecretStr(f"json://127.0.0.1:{receiver.port}/")
        await AppriseNotifier(AppriseSettings(url=url, allow_private_addresses=True), Templates()).send(notification())
    assert len(receiver.got) == 1
