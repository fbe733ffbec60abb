"""Channels that users write themselves: an object with `send_notification(alert)`, as in the guide."""

import asyncio
import concurrent.futures
import inspect
import logging
import threading
from typing import Any

from alert_bridge.alerts import Alert
from alert_bridge.notify.notifier import ATTEMPT_SECONDS, DeliveryError, Notification

logger = logging.getLogger(f"monitoring.{__name__}")

_Outcome = tuple[Any, BaseException | None]


class CustomNotifier:
    """Calls a user's `send_notification` with each alert of a notification.

    channel: an object whose `send_notification(alert)` is a coroutine function, or a plain function, which then runs
    in a thread; while a call hangs there, further ones fail at once. Raises TypeError if it has none.
    """

    def __init__(self, name: str, channel: Any, deadline_seconds: float = ATTEMPT_SECONDS) -> None:
        call = getattr(channel, "send_notification", None)
        if not callable(call):
            raise TypeError(f"channel {name!r}: {type(channel).__name__} has no method send_notification(alert)")
        self._name = name
        self._call = call
        self._deadline_seconds = deadline_seconds
        self._running: concurrent.futures.Future[_Outcome] | None = None

    @property
    def concurrency(self) -> int:
        """Calls at once: 16 where it is a coroutine function, one in the thread of a plain one."""
        return 16 if inspect.iscoroutinefunction(self._call) else 1

    async def send(self, notification: Notification) -> None:
        """Hand over the alerts one by one; raises DeliveryError if one call raised, exited or took too long."""
        try:
            async with asyncio.timeout(self._deadline_seconds) as deadline:
                for alert in notification.alerts:
                    await self._hand_over(alert)
        except DeliveryError:
            raise
        except (Exception, SystemExit) as error:  # a user's code: whatever it does must stay here
            if isinstance(error, TimeoutError) and deadline.expired():
                raise self._failed(f"took longer than {self._deadline_seconds:g} s") from None
            logger.warning("channel %s failed", self._name, exc_info=True)
            raise self._failed(f"raised {type(error).__name__}") from None

    async def _hand_over(self, alert: Alert) -> None:
        if inspect.iscoroutinefunction(self._call):
            await self._call(alert)
            return
        result, error = await asyncio.wrap_future(self._start_thread(alert))
        if error is not None:
            raise error
        if inspect.isawaitable(result):
            await result

    def _start_thread(self, alert: Alert) -> "concurrent.futures.Future[_Outcome]":
        if self._running is not None and not self._running.done():
            raise self._failed("is still busy with an earlier alert", uncertain=False)
        outcome: concurrent.futures.Future[_Outcome] = concurrent.futures.Future()
        outcome.set_running_or_notify_cancel()
        self._running = outcome
        thread = threading.Thread(
            target=lambda: outcome.set_result(_outcome(self._call, alert)), name=f"channel-{self._name}", daemon=True
        )
        thread.start()
        return outcome

    def _failed(self, problem: str, *, uncertain: bool = True) -> DeliveryError:
        detail = f"send_notification of channel {self._name!r} {problem}"
        return DeliveryError("plugin", detail, uncertain=uncertain)


def _outcome(call: Any, alert: Alert) -> _Outcome:
    """Call, and bring an exit back as a value: raised through a future it could end the event loop."""
    try:
        return call(alert), None
    except (Exception, SystemExit) as error:  # handed to the caller, who judges it
        return None, error
