"""Event handlers: who is told of what, one event after the other, beside everything else."""

import asyncio
import difflib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from monitoring.calls import Caller

if TYPE_CHECKING:
    from alert_bridge.alerts import Alert

logger = logging.getLogger(f"monitoring.{__name__}")

EVENTS = (
    "pattern_detected",
    "anomaly_detected",
    "alert_created",
    "alert_updated",
    "alert_resolved",
    "threshold_changed",
    "metrics_collected",
)
_WAITING = 1000
_HANDLER_SECONDS = 30.0
_DRAIN_SECONDS = 5.0

Handler = Callable[[dict[str, Any], "Sequence[Alert]"], Any]
"""Called with (event, the alerts that the event opened); sync ones run in a thread, async ones on the loop."""


def check_known(name: str, known: Collection[str], what: str) -> None:
    """Raise ValueError, with the nearest known name, if a name is not known."""
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
        raise ValueError(f"unknown {what} {name!r}; {hint}")


class EventHandlers:
    """The handlers by event. One that fails or takes longer than 30 s stops no other.

    failed: told of each failure, to be counted.
    """

    def __init__(self) -> None:
        self._handlers: dict[str, list[Handler]] = {name: [] for name in EVENTS}
        self._queue: asyncio.Queue[tuple[dict[str, Any], Sequence[Alert]]] | None = None
        self._lost = 0

    def add(self, event: str, handler: Handler) -> None:
        """Add a handler. Raises ValueError for an unknown event, TypeError for what cannot be called."""
        check_known(event, EVENTS, "event")
        if not callable(handler):
            raise TypeError(f"handler of {event}: expected a function, got {type(handler).__name__}")
        self._handlers[event].append(handler)

    def wanted(self, event: str) -> bool:
        """Tell whether anybody handles an event."""
        return bool(self._handlers[event])

    def tell(self, event: Mapping[str, Any], alerts: "Sequence[Alert]" = ()) -> None:
        """Hand an event to its handlers, after those before it; returns at once. More than 1,000 waiting are lost."""
        if self._queue is None or not self.wanted(event["type"]):
            return
        try:
            self._queue.put_nowait((dict(event), tuple(alerts)))
        except asyncio.QueueFull:
            self._lost += 1
            if self._lost == 1:
                logger.error("the event handlers do not keep up: events are lost")

    async def run(self, failed: Callable[[], None]) -> None:
        """Call handlers until cancelled."""
        queue = self._queue = asyncio.Queue(_WAITING)
        caller = Caller()
        try:
            while True:
                event, alerts = await queue.get()
                for handler in self._handlers[event["type"]]:
                    try:
                        await caller.call(handler, event, alerts, seconds=_HANDLER_SECONDS)
                    except Exception:
                        failed()
                        logger.exception("a handler of %s failed", event["type"])
                queue.task_done()
        finally:
            self._queue = None
            caller.close()

    async def drained(self) -> None:
        """Wait, 5 seconds at most, until everything told so far is handled."""
        if self._queue is not None:
            try:
                await asyncio.wait_for(self._queue.join(), _DRAIN_SECONDS)
            except TimeoutError:
                logger.warning("%d events are given up: their handlers did not end", self._queue.qsize())
