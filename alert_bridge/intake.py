"""Which notifications are stored together, and what if there are too many.

What comes in while a batch is being stored joins the next one. A large notification goes in pieces, in turn with the
others, so that nobody who waits for the database waits for long.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from alert_bridge.alerts import Alert, Observation
from runtime.database import Database
from runtime.unavailable import Unavailable

_BATCH = 250
"""So many observations are stored in one transaction: about a tenth of a second."""

_WAITING = 200_000
"""So many observations may wait; a notification counts as one besides."""

_WAITING_BYTES = 256 * 1024 * 1024

Event = tuple[str, Alert]
"""A stored change: (`alert_created` | `alert_updated` | `alert_resolved`, the alert)."""


class Overloaded(Unavailable):
    """More alerts wait to be stored than may. Attributes: waiting."""

    def __init__(self, waiting: int) -> None:
        super().__init__(waiting)
        self.waiting = waiting

    def __str__(self) -> str:
        return f"{self.waiting} alerts wait to be stored already; send again in a few seconds"


@dataclass(frozen=True, slots=True)
class Refused:
    """A part of a notification that could not be used: kept with what was wrong."""

    body: str
    error: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What a source tells at once.

    raw: as it came, for the inbox. channels: who gets the first word, empty: whom the escalation policy names.
    persists: what fires here is known to fire still (a poll), and no late duplicate.
    """

    source: str
    observations: Sequence[Observation]
    raw: str = ""
    refused: Sequence[Refused] = ()
    channels: tuple[str, ...] = ()
    persists: bool = False


Store = Callable[[Connection, Sequence[Notification]], list[list[Event]]]
"""Stores a batch; returns what came of each notification."""


@dataclass(slots=True)
class _Waiting:
    notification: Notification
    done: asyncio.Future[list[Event]]
    taken: int = 0
    events: list[Event] = field(default_factory=list)

    @property
    def left(self) -> int:
        return len(self.notification.observations) - self.taken

    def piece(self, size: int) -> Notification:
        """Return the next observations; what belongs to the notification as a whole goes with the first."""
        seen = self.notification.observations[self.taken : self.taken + size]
        whole = self.notification
        return (
            replace(whole, observations=seen)
            if self.taken == 0
            else replace(whole, observations=seen, raw="", refused=())
        )


class Intake:
    """Stores notifications in batches.

    store: called in the transaction. publish: called with what a batch changed, once it is on disk.
    """

    def __init__(self, database: Database, store: Store, publish: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
        self._database = database
        self._store = store
        self._publish = publish
        self._waiting: deque[_Waiting] = deque()
        self._count = 0
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None

    async def take(self, notification: Notification) -> list[Event]:
        """Return what came of a notification, once all of it is on disk.

        Raises Overloaded, DatabaseUnavailable; what of a large one was stored by then stays, and is known when it
        comes again.
        """
        count, size = 1 + len(notification.observations), len(notification.raw)
        if self._count + count > _WAITING or self._bytes + size > _WAITING_BYTES:
            raise Overloaded(self._count)
        one = _Waiting(notification, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._count, self._bytes = self._count + count, self._bytes + size
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="intake")
        try:
            return await one.done
        finally:
            self._count, self._bytes = self._count - count, self._bytes - size

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._take_batch(self._next())
        finally:
            self._task = None

    def _next(self) -> list[tuple[_Waiting, Notification]]:
        """Return the next batch; whoever is not through goes to the end of the line."""
        batch: list[tuple[_Waiting, Notification]] = []
        room, unfinished = _BATCH, []
        while self._waiting and room > 0:
            one = self._waiting.popleft()
            piece = one.piece(room)
            batch.append((one, piece))
            room -= max(1, len(piece.observations))
            if one.left > len(piece.observations):
                unfinished.append(one)
        self._waiting.extend(unfinished)
        return batch

    async def _take_batch(self, batch: Sequence[tuple[_Waiting, Notification]]) -> None:
        pieces = [piece for _, piece in batch]
        try:
            stored = await self._database.run(lambda connection: self._store(connection, pieces))
        except Unavailable as error:
            for one in (*(one for one, _ in batch), *self._waiting):
                _fail(one, error)
            self._waiting.clear()
        except Exception as error:
            if len(batch) == 1:
                _fail(batch[0][0], error)
                self._waiting = deque(one for one in self._waiting if one is not batch[0][0])
                return
            for alone in batch:
                await self._take_batch([alone])
        else:
            await self._publish([event for events in stored for event in events])
            for (one, piece), events in zip(batch, stored, strict=True):
                one.events += events
                one.taken += len(piece.observations)
                if one.left == 0 and not one.done.done():
                    one.done.set_result(one.events)


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.done.done():
        one.done.set_exception(error)
