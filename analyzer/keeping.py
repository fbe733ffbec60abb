"""What has to be remembered: written when the database takes it, kept in memory until then."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from analyzer.store import AnalyzerStore, Rows
from runtime.tasks import to_its_end
from runtime.unavailable import Unavailable

logger = logging.getLogger(f"monitoring.{__name__}")


class Keeper:
    """Writes to the store; a database that is locked, full or gone costs nothing but time.

    on_failure: told of each write that failed.
    """

    def __init__(self, store: AnalyzerStore, on_failure: Callable[[], None]) -> None:
        self._store = store
        self._on_failure = on_failure
        self._rows = Rows()
        self._writing = asyncio.Lock()
        self._failing = False

    def add(self, rows: Rows) -> None:
        """Take rows to be written next."""
        self._rows.update(rows)

    async def write(self) -> bool:
        """Write what was added, in one transaction; returns whether it is on disk."""
        return await to_its_end(self._write())

    async def prune(self, before: datetime) -> int:
        """Delete what was last seen before a moment; returns how many rows."""
        try:
            return await self._store.prune(before)
        except (Unavailable, SQLAlchemyError, OSError) as error:
            self._failed(error)
            return 0

    async def _write(self) -> bool:
        async with self._writing:
            rows, self._rows = self._rows, Rows()
            try:
                await self._store.save(rows)
            except Exception as error:
                rows.update(self._rows)
                self._rows = rows
                if not isinstance(error, Unavailable | SQLAlchemyError | OSError):
                    raise
                self._failed(error)
                return False
        if self._failing:
            logger.warning("the database can be written again; nothing was lost")
            self._failing = False
        return True

    def _failed(self, error: Unavailable | SQLAlchemyError | OSError) -> None:
        self._on_failure()
        if not self._failing:
            cause = getattr(error, "orig", None) or error
            logger.warning("the database cannot be written (%s): analysis goes on, rows are kept in memory", cause)
        self._failing = True
