"""Access to a database: SQLAlchemy Core, SQLite with WAL by default, migrations by Alembic.

One thread writes, a few read. What is to be written while a commit runs joins the next one: one transaction, one
fsync (synchronous=FULL) for many, each in a savepoint of its own. Nothing has priority: whoever has much to write
does it in pieces, one at a time, so that nobody waits for long.
"""

import asyncio
import importlib.util
import logging
import queue
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import sqlalchemy
from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, event

from runtime.unavailable import Unavailable

logger = logging.getLogger(f"monitoring.{__name__}")

Result = TypeVar("Result")

BUSY_TIMEOUT_SECONDS = 4.0
"""How long a locked database is waited for before whoever wants to write is told so."""

_READERS = 2
_GROUP_SECONDS = 0.1
_GROUP_JOBS = 500
_SPACE_BYTES = 4 * 1024 * 1024
"""Free space from which a full disk counts as usable again: less is gone with the next alerts."""

_REMEDIES = {
    sqlite3.SQLITE_BUSY: "another program holds it; end that one",
    sqlite3.SQLITE_FULL: "free some space on its disk",
    sqlite3.SQLITE_READONLY: "let this user write the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "let this user write the file and its folder, and see that the disk is not full",
    sqlite3.SQLITE_CORRUPT: "start again: a damaged file is kept aside and a new one begun",
    sqlite3.SQLITE_NOTADB: "start again: a damaged file is kept aside and a new one begun",
}
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


class DatabaseUnavailable(DatabaseError, Unavailable):
    """A database that cannot be used at this moment; nothing of what was asked for was done."""


class Database:
    """One open database.

    Attributes: recovered, where a damaged file was kept aside when this one was begun anew, else None.
    """

    def __init__(self, engine: Engine, name: str, file: Path | None = None, recovered: Path | None = None) -> None:
        self.recovered = recovered
        self._engine = engine
        self._name = name
        self._file = file
        self._writer = _Writer(engine.execution_options(writes=True), self._failed)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="database-reader")
        self._problem: str | None = None

    @property
    def problem(self) -> str | None:
        """Why writing failed; None again once `probe` has written."""
        return self._problem

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
            return cls(engine, url)
        file = Path(path)
        recovered = _set_aside_if_damaged(file)
        engine = _sqlite_engine(file)
        try:
            with _MIGRATING:
                _migrate(engine, migrations, url)
        except sqlalchemy.exc.DatabaseError as error:
            engine.dispose()
            raise DatabaseError(url, _problem(error)) from None
        except Exception:
            engine.dispose()
            raise
        return cls(engine, url, file, recovered)

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction of the writing thread; it is committed before this returns.

        Others may be in the same transaction; what fails here leaves nothing and does not touch them.
        Raises DatabaseUnavailable if the database stays locked for 4 s, is full, damaged or read-only.
        """
        return await asyncio.wrap_future(self._writer.put(work))

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work`, which only reads, beside the writer. Raises DatabaseUnavailable."""

        def transaction() -> Result:
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except sqlalchemy.exc.DBAPIError as error:
                if _is_programming(error):
                    raise
                raise DatabaseUnavailable(self._name, _problem(error)) from error

        return await asyncio.get_running_loop().run_in_executor(self._readers, transaction)

    async def probe(self) -> None:
        """Where writing failed, try whether it works again; to be called every second or so."""
        if self._problem is None:
            return
        try:
            await self.run(self._touch)
        except DatabaseUnavailable:
            return
        logger.warning("database %s takes writes again", self._name)
        self._problem = None

    async def close(self) -> None:
        """Let what was begun end, then close."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        self._readers.shutdown()
        self._engine.dispose()

    def _failed(self, error: sqlalchemy.exc.DBAPIError) -> DatabaseUnavailable:
        """Note that writing does not work, said once; returns what those who wanted to are told."""
        problem = _problem(error)
        if self._problem is None:
            logger.error("database %s takes no writes: %s", self._name, problem)
        self._problem = problem
        return DatabaseUnavailable(self._name, problem)

    def _touch(self, connection: Connection) -> None:
        """Write a page. Where a disk was full the old journal still takes one: there must be some space too."""
        if self._file is None:
            return
        free = shutil.disk_usage(self._file.parent).free
        if free < _SPACE_BYTES:
            raise DatabaseUnavailable(self._name, f"{free // 1024} KiB are free on its disk; free some space")
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        connection.exec_driver_sql(f"PRAGMA user_version = {(version + 1) % 2**30}")


@dataclass(frozen=True, slots=True)
class _Job(Generic[Result]):
    """Work that waits for the writer, and what becomes of it."""

    work: Callable[[Connection], Result]
    done: "Future[Result]" = field(default_factory=Future)


class _Writer:
    """The thread that writes: it takes what has gathered into one transaction, for a tenth of a second at most.

    failed: turns an error of the database into the one that those who wait are told.
    """

    def __init__(self, engine: Engine, failed: Callable[[sqlalchemy.exc.DBAPIError], DatabaseUnavailable]) -> None:
        self._engine = engine
        self._failed = failed
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="database-writer", daemon=True)
        self._thread.start()

    def put(self, work: Callable[[Connection], Result]) -> "Future[Result]":
        """Queue work; its result is there once it is on disk. Raises RuntimeError after closing."""
        if self._closed:
            raise RuntimeError("the database is closed")
        job = _Job(work)
        self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Do what is queued, then end; harmless twice."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.done.set_running_or_notify_cancel():
                self._commit_with_others(job)

    def _commit_with_others(self, first: _Job[Any]) -> None:
        """Do a job, and those that are waiting by then, in one transaction."""
        group, settle = [first], []
        try:
            with self._engine.begin() as connection:
                until = time.monotonic() + _GROUP_SECONDS
                settle.append(self._attempt(connection, first))
                while len(group) < _GROUP_JOBS and time.monotonic() < until and (job := self._next()) is not None:
                    group.append(job)
                    settle.append(self._attempt(connection, job))
        except sqlalchemy.exc.DBAPIError as error:
            for job in (*group, *self._waiting()):
                job.done.set_exception(self._failed(error))
        except BaseException as error:  # the thread must go on whatever happened to a transaction
            for job in group:
                job.done.set_exception(error)
        else:
            for tell in settle:
                tell()

    def _attempt(self, connection: Connection, job: _Job[Any]) -> Callable[[], None]:
        """Do one job in a savepoint; returns how its caller is told once the transaction is on disk.

        Raises DBAPIError where the transaction as a whole is lost.
        """
        connection.exec_driver_sql("SAVEPOINT job")
        try:
            result = job.work(connection)
        except BaseException as error:
            try:
                connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
                connection.exec_driver_sql("RELEASE SAVEPOINT job")
            except sqlalchemy.exc.DBAPIError:  # a full disk ends the whole transaction, and with it the savepoint
                raise error from None
            told = error
            if isinstance(error, sqlalchemy.exc.DBAPIError) and not _is_programming(error):
                told = self._failed(error)
            return lambda: job.done.set_exception(told)
        connection.exec_driver_sql("RELEASE SAVEPOINT job")
        return lambda: job.done.set_result(result)

    def _next(self) -> _Job[Any] | None:
        """Return the next job if one waits; the word to end is left for the loop."""
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return None
            if job is None:
                self._jobs.put(None)
                return None
            if job.done.set_running_or_notify_cancel():
                return job

    def _waiting(self) -> list[_Job[Any]]:
        """Take all that wait: each would wait as long as the one before for the same answer."""
        taken = []
        while (job := self._next()) is not None:
            taken.append(job)
        return taken


def run_migrations() -> None:
    """Do what an `env.py` of Alembic does; each migrations package calls this.

    Each migration is a transaction: one that is interrupted leaves nothing and is done at the next start.
    """
    context.configure(
        connection=context.config.attributes["connection"], transactional_ddl=True, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()


def _sqlite_engine(file: Path) -> Engine:
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = sqlalchemy.create_engine(f"sqlite:///{file}", connect_args={"timeout": BUSY_TIMEOUT_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # transactions begin where SQLAlchemy begins them, DDL included
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "journal_size_limit=67108864"):
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
        with _references_unwatched(connection):
            command.upgrade(config, "head")
            connection.commit()


@contextmanager
def _references_unwatched(connection: Connection) -> Iterator[None]:
    """Let a table be copied and dropped: SQLite would delete what refers to its rows. Outside a transaction."""
    raw = connection.connection.dbapi_connection
    if not isinstance(raw, sqlite3.Connection):
        yield
        return
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()
        raw.execute("PRAGMA foreign_keys=ON")


def _is_programming(error: sqlalchemy.exc.DBAPIError) -> bool:
    """Tell a statement that is wrong, or that a constraint refuses, from a database that cannot be used."""
    wrong = (
        sqlalchemy.exc.IntegrityError,
        sqlalchemy.exc.ProgrammingError,
        sqlalchemy.exc.DataError,
        sqlalchemy.exc.InterfaceError,
        sqlalchemy.exc.NotSupportedError,
    )
    return isinstance(error, wrong) or getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


def _problem(error: sqlalchemy.exc.DBAPIError) -> str:
    """Return what is wrong, and what to do about it."""
    remedy = _REMEDIES.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF, "see that its disk works")
    return f"{error.orig}; {remedy}"


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
    """Check a file before it is used: in full if whoever used it last did not close it, else its pages."""
    journal = file.with_name(f"{file.name}-wal")
    unclean = journal.exists() and journal.stat().st_size > 0
    connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT_SECONDS)
    try:
        if unclean:
            logger.warning("database %s was not closed; checking it", file)
        check = "integrity_check(1)" if unclean else "quick_check(1)"
        rows: list[tuple[Any, ...]] = connection.execute(f"PRAGMA {check}").fetchall()
        return rows == [("ok",)]
    except sqlite3.OperationalError:
        return True  # locked or not readable: not a sign of damage, opening will tell
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()
