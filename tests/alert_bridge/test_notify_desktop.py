"""The desktop over a private D-Bus, with a daemon that speaks the protocol; apprise against a real receiver."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from pydantic import SecretStr

from alert_bridge.notify.apprise import AppriseNotifier
from alert_bridge.notify.desktop import DesktopNotifier
from alert_bridge.notify.notifier import DeliveryError, Event
from alert_bridge.notify.settings import AppriseSettings, DesktopSettings
from alert_bridge.notify.templates import Templates
from tests.alert_bridge.notify_parts import Receiver, notification, receiving


@pytest.fixture
async def bus_address(tmp_path: Path) -> AsyncIterator[str]:
    """A private bus of its own."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed")
    daemon = await asyncio.create_subprocess_exec(
        "dbus-daemon", "--session", "--nofork", "--print-address", f"--address=unix:path={tmp_path}/bus",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert daemon.stdout is not None
    line = await asyncio.wait_for(daemon.stdout.readline(), 10)
    yield line.decode().strip()
    daemon.terminate()
    await daemon.wait()


class Daemon:
    """What shows notifications, by the protocol."""

    def __init__(self) -> None:
        self.shown: list[list[Any]] = []

    async def serve(self, address: str) -> MessageBus:
        bus = await MessageBus(bus_address=address).connect()
        bus.add_message_handler(self._answer)
        await bus.request_name("org.freedesktop.Notifications")
        return bus

    def _answer(self, message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL or message.member != "Notify":
            return None
        self.shown.append(message.body)
        return Message.new_method_return(message, "u", [message.body[1] or 7])


async def test_a_notification_is_shown_and_a_later_word_takes_its_place(bus_address: str) -> None:
    daemon = Daemon()
    bus = await daemon.serve(bus_address)
    desktop = DesktopNotifier(DesktopSettings(bus_address=bus_address), Templates())
    await desktop.send(notification())
    await desktop.send(notification(Event.RESOLVED))
    bus.disconnect()
    first, second = daemon.shown
    assert (first[1], second[1]) == (0, 7)
    assert first[3] == "[HIGH] CPU 93.5 % on news-1"
    assert first[6]["urgency"] == Variant("y", 1)
    assert "CpuHigh" in first[4]


async def test_a_bus_without_a_daemon_and_no_bus_at_all_are_said(bus_address: str, tmp_path: Path) -> None:
    alone = DesktopNotifier(DesktopSettings(bus_address=bus_address), Templates())
    with pytest.raises(DeliveryError, match="no desktop shows notifications"):
        await alone.send(notification())
    gone = DesktopNotifier(DesktopSettings(bus_address=f"unix:path={tmp_path}/nothing"), Templates())
    with pytest.raises(DeliveryError, match="connect: no D-Bus session"):
        await gone.send(notification())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_apprise_tells_any_service_and_never_repeats_its_address() -> None:
    async with receiving(Receiver()) as receiver:
        url = SecretStr(f"json://127.0.0.1:{receiver.port}/canary0secret")
        await AppriseNotifier(AppriseSettings(url=url, allow_private_addresses=True), Templates()).send(notification())
        assert b"CPU 93.5 % on news-1" in receiver.got[0][1]
        receiver.status = 500
        with pytest.raises(DeliveryError) as caught:
            await AppriseNotifier(AppriseSettings(url=url, allow_private_addresses=True), Templates()).send(
                notification()
            )
        assert "canary" not in str(caught.value)
    with pytest.raises(DeliveryError, match="apprise knows no service"):
        await AppriseNotifier(AppriseSettings(url=SecretStr("nonsense")), Templates()).send(notification())
