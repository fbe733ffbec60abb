"""When what is known about new alerts is looked up: a few at a time, for so long as somebody may wait for it."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alert_bridge.alerts import Alert

logger = logging.getLogger(f"monitoring.{__name__}")

EXPLAIN_SECONDS = 3.0
"""How long the first notification waits for the reason and the log patterns."""

_TOGETHER = 16
_WAITING = 1000
"""Of a storm the newest alerts are explained; what a thousand have in common is plain by then."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known about an alert besides its labels.

    reasons: why it fired, by language code. log_patterns, changes, anomalies: of the same window.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    log_patterns: tuple[Mapping[str, Any], ...] = ()
    value: float | None = None
    threshold: float | None = None
    changes: tuple[Mapping[str, Any], ...] = ()
    anomalies: tuple[Mapping[str, Any], ...] = ()


Explain = Callable[[Alert], Awaitable[Explanation]]


@dataclass(frozen=True, slots=True)
class _Asked:
    alert: Alert
    until: float
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Explaining:
    """Looks up what is known about new alerts.

    keep: stores what was found. failed: called for each alert of which nothing could be found out.
    """

    def __init__(
        self,
        explain: Explain,
        keep: Callable[[Sequence[tuple[Alert, Explanation]]], Awaitable[None]],
        failed: Callable[[], None],
    ) -> None:
        self._explain = explain
        self._keep = keep
        self._failed = failed
        self._line: deque[_Asked] = deque()
        self._asked: dict[str, _Asked] = {}
        self._task: asyncio.Task[None] | None = None

    def begin(self, alert: Alert) -> None:
        """Put a new alert into the line; returns at once."""
        asked = _Asked(alert, asyncio.get_running_loop().time() + EXPLAIN_SECONDS)
        self._line.append(asked)
        self._asked[alert.id] = asked
        if len(self._line) > _WAITING:
            self._settle(self._line.popleft())
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="explain alerts")

    async def done(self, alert_id: str) -> None:
        """Wait until what is known is stored, three seconds from the alert's begin at most."""
        asked = self._asked.get(alert_id)
        if asked is None:
            return
        left = asked.until - asyncio.get_running_loop().time()
        try:
            await asyncio.wait_for(asked.done.wait(), max(0.0, left))
        except TimeoutError:
            return

    async def close(self) -> None:
        """Stop looking up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while self._line:
                batch = [self._line.popleft() for _ in range(min(_TOGETHER, len(self._line)))]
                try:
                    found = await asyncio.gather(*(self._look_up(one.alert) for one in batch))
                    await self._keep([one for one in found if one is not None])
                except Exception:
                    self._failed()
                    logger.exception("what is known about %d alerts is not stored", len(batch))
                finally:
                    for one in batch:
                        self._settle(one)
        finally:
            self._task = None

    async def _look_up(self, alert: Alert) -> tuple[Alert, Explanation] | None:
        try:
            return alert, await asyncio.wait_for(self._explain(alert), EXPLAIN_SECONDS)
        except Exception:
            self._failed()
            logger.exception("alert %s goes out without its reason", alert.id)
            return None

    def _settle(self, asked: _Asked) -> None:
        asked.done.set()
        self._asked.pop(asked.alert.id, None)
