"""Access to a database: SQLAlchemy Core, SQLite with WAL by default, migrations by Alembic.

One thread writes, a few read; a transaction is on disk (synchronous=FULL) before `run` returns.
"""

import asyncio
import importlib.util
import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy
from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, event

logger = logging.getLogger(f"monitoring.{__name__}")

Result = TypeVar("Result")

BUSY_TIMEOUT_SECONDS = 5.0
_READERS = 2
_MIGRATING = threading.Lock()
"""Alembic keeps its context in module globals: two databases are never migrated at once."""


class DatabaseError(RuntimeError):
    """A database that cannot be used as it is.

    Attributes: path, problem.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"database {self.path}: {self.problem}"


class Database:
    """One open database.

    Attributes: recovered, where a damaged file was kept aside when this one was begun anew, else None.
    """

    def __init__(self, engine: Engine, recovered: Path | None = None) -> None:
        self.recovered = recovered
        self._engine = engine
        self._writing = engine.execution_options(writes=True)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="database-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="database-reader")

    @classmethod
    def open(cls, path: Path | str, migrations: str) -> "Database":
        """Open a SQLite file, or a database URL, and bring its tables up to date.

        migrations: the package that holds the Alembic scripts, such as "alert_bridge.migrations".
        A damaged file is kept aside under another name and a new one begun.
        Raises DatabaseError if it cannot be written or was made by a newer version.
        """
        url = str(path)
        if "://" in url:
            engine = sqlalchemy.create_engine(url)
            with _MIGRATING:
                _migrate(engine, migrations, url)
            return cls(engine)
        file = Path(path)
        recovered = _set_aside_if_damaged(file)
        engine = _sqlite_engine(file)
        try:
            with _MIGRATING:
                _migrate(engine, migrations, url)
        except sqlalchemy.exc.OperationalError as error:
            engine.dispose()
            raise DatabaseError(url, f"{error.orig}; is the folder writable and the disk not full?") from None
        except Exception:
            engine.dispose()
            raise
        return cls(engine, recovered)

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in one transaction of the writing thread; it is committed before this returns.

        Raises sqlalchemy.exc.OperationalError if the database stays locked for 5 s, is full or read-only.
        """
        return await self._in(self._writer, self._writing, work)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work`, which only reads, beside the writer."""
        return await self._in(self._readers, self._engine, work)

    async def close(self) -> None:
        """Let what was begun end, then close."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()

    async def _in(self, pool: ThreadPoolExecutor, engine: Engine, work: Callable[[Connection], Result]) -> Result:
        def transaction() -> Result:
            with engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(pool, transaction)


def run_migrations() -> None:
    """Do what an `env.py` of Alembic does; each migrations package calls this."""
    context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def _sqlite_engine(file: Path) -> Engine:
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = sqlalchemy.create_engine(f"sqlite:///{file}", connect_args={"timeout": BUSY_TIMEOUT_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # transactions begin where SQLAlchemy begins them, DDL included
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _migrate(engine: Engine, migrations: str, name: str) -> None:
    spec = importlib.util.find_spec(migrations)
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseError(name, f"no migrations in the package {migrations!r}")
    config = Config()
    config.set_main_option("script_location", spec.submodule_search_locations[0].replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    with engine.execution_options(writes=True).connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        connection.commit()
        if current is not None and not _known(scripts, current):
            raise DatabaseError(
                name, f"revision {current} was made by a newer version; install that version or move it away"
            )
        if current == scripts.get_current_head():
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def _known(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False


def _set_aside_if_damaged(file: Path) -> Path | None:
    """Move a file that SQLite cannot read, with its journal, to another name; returns that name."""
    if not file.exists() or _intact(file):
        return None
    aside = file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            file.with_name(file.name + suffix).rename(aside.with_name(aside.name + suffix))
    file.rename(aside)
    logger.error("database %s is damaged: it is kept as %s and a new one is begun", file, aside)
    return aside


def _intact(file: Path) -> bool:
    connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT_SECONDS)
    try:
        rows: list[tuple[Any, ...]] = connection.execute("PRAGMA quick_check(1)").fetchall()
        return rows == [("ok",)]
    except sqlite3.OperationalError:
        return True  # locked or not readable: not a sign of damage, opening will tell
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()
