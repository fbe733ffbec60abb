import asyncio
import logging
import sys
import threading

import pytest

from alert_bridge.alerts import Alert
from alert_bridge.notify.custom import CustomNotifier
from alert_bridge.notify.notifier import DeliveryError
from tests.alert_bridge.notify_parts import ALERT, notification


class AsyncChannel:
    def __init__(self) -> None:
        self.got: list[Alert] = []

    async def send_notification(self, alert: Alert) -> None:
        self.got.append(alert)


async def test_custom_channel_of_the_guide_gets_the_alert() -> None:
    channel = AsyncChannel()
    await CustomNotifier("custom", channel).send(notification(alerts=(ALERT, ALERT)))
    assert channel.got == [ALERT, ALERT]


async def test_plain_method_runs_in_a_thread_of_its_own() -> None:
    threads: list[threading.Thread] = []

    class Plain:
        def send_notification(self, alert: Alert) -> None:
            threads.append(threading.current_thread())

    await CustomNotifier("plain", Plain()).send(notification())
    assert threads[0] is not threading.main_thread()


async def test_plain_method_may_return_an_awaitable() -> None:
    channel = AsyncChannel()

    class Wrapped:
        def send_notification(self, alert: Alert) -> object:
            return channel.send_notification(alert)

    await CustomNotifier("wrapped", Wrapped()).send(notification())
    assert channel.got == [ALERT]


class Raises:
    async def send_notification(self, alert: Alert) -> None:
        raise RuntimeError("my fault")


class Exits:
    async def send_notification(self, alert: Alert) -> None:
        sys.exit(3)


class ExitsInThread:
    def send_notification(self, alert: Alert) -> None:
        sys.exit(3)


@pytest.mark.parametrize(
    ("channel", "word"), [(Raises(), "RuntimeError"), (Exits(), "SystemExit"), (ExitsInThread(), "SystemExit")]
)
async def test_channel_that_raises_or_exits_fails_alone_and_is_logged(
    channel: object, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(DeliveryError, match=f"'mine' raised {word}") as caught:
        await CustomNotifier("mine", channel).send(notification())
    assert not caught.value.permanent
    assert word in caplog.text


async def test_coroutine_that_hangs_fails_at_the_deadline() -> None:
    class Hangs:
        async def send_notification(self, alert: Alert) -> None:
            await asyncio.Event().wait()

    with pytest.raises(DeliveryError, match=r"took longer than 0\.05 s") as caught:
        await CustomNotifier("slow", Hangs(), deadline_seconds=0.05).send(notification())
    assert caught.value.uncertain


async def test_method_that_hangs_takes_one_thread_and_no_more() -> None:
    released = threading.Event()

    class Hangs:
        def send_notification(self, alert: Alert) -> None:
            released.wait()

    notifier = CustomNotifier("slow", Hangs(), deadline_seconds=0.05)
    try:
        with pytest.raises(DeliveryError, match="took longer"):
            await notifier.send(notification())
        with pytest.raises(DeliveryError, match="still busy"):
            await notifier.send(notification())
    finally:
        released.set()


def test_object_without_the_method_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"channel 'custom': object has no method send_notification"):
        CustomNotifier("custom", object())
