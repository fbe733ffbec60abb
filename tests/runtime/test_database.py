import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from runtime.database import Database, DatabaseError

MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision = "{revision}"
down_revision = {before}
def upgrade():
    op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True))
"""


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = f"migrations_{tmp_path.name}"
    package = tmp_path / "packages" / name
    (package / "versions").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "env.py").write_text("from runtime.database import run_migrations\nrun_migrations()\n")
    (package / "versions" / "one.py").write_text(MIGRATION.format(revision="1", before=None, table="things"))
    monkeypatch.syspath_prepend(package.parent)
    yield name
    sys.modules.pop(name, None)


async def count(database: Database, table: str = "things") -> int:
    return await database.read(lambda one: int(one.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()))


async def add(database: Database) -> None:
    await database.run(lambda one: one.execute(text("INSERT INTO things DEFAULT VALUES")))


async def test_what_was_written_is_there_after_closing(tmp_path: Path, migrations: str) -> None:
    file = tmp_path / "a.db"
    database = Database.open(file, migrations)
    await add(database)
    await database.close()
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    again = Database.open(file, migrations)
    assert await count(again) == 1
    await again.close()


async def test_a_failed_transaction_leaves_nothing(tmp_path: Path, migrations: str) -> None:
    database = Database.open(tmp_path / "a.db", migrations)

    def work(connection: object) -> None:
        connection.execute(text("INSERT INTO things DEFAULT VALUES"))  # type: ignore[attr-defined]
        raise KeyError("stop")

    with pytest.raises(KeyError):
        await database.run(work)
    assert await count(database) == 0
    await database.close()


async def test_reading_goes_on_while_somebody_writes(tmp_path: Path, migrations: str) -> None:
    database = Database.open(tmp_path / "a.db", migrations)
    await add(database)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await count(database) == 1
    other.execute("ROLLBACK")
    other.close()
    await database.close()


async def test_a_lock_that_stays_is_an_error_and_writing_works_again_afterwards(
    tmp_path: Path, migrations: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.database.BUSY_TIMEOUT_SECONDS", 0.1)
    database = Database.open(tmp_path / "a.db", migrations)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        await add(database)
    other.execute("ROLLBACK")
    other.close()
    await add(database)
    assert await count(database) == 1
    await database.close()


async def test_a_damaged_file_is_kept_aside_and_a_new_one_begun(tmp_path: Path, migrations: str) -> None:
    file = tmp_path / "a.db"
    file.write_bytes(b"this is no database" * 100)
    database = Database.open(file, migrations)
    assert database.recovered is not None
    assert database.recovered.read_bytes().startswith(b"this is no database")
    assert await count(database) == 0
    await database.close()


async def test_a_database_of_a_newer_version_is_refused_and_stays_as_it_is(tmp_path: Path, migrations: str) -> None:
    file = tmp_path / "a.db"
    await Database.open(file, migrations).close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(DatabaseError, match="9999 was made by a newer version"):
        Database.open(file, migrations)


async def test_later_migrations_are_applied_to_a_database_that_is_there(tmp_path: Path, migrations: str) -> None:
    file = tmp_path / "a.db"
    database = Database.open(file, migrations)
    await add(database)
    await database.close()
    versions = tmp_path / "packages" / migrations / "versions"
    (versions / "two.py").write_text(MIGRATION.format(revision="2", before="'1'", table="others"))
    database = Database.open(file, migrations)
    assert await count(database) == 1
    assert await count(database, "others") == 0
    await database.close()


async def test_writes_from_many_tasks_all_arrive(tmp_path: Path, migrations: str) -> None:
    database = Database.open(tmp_path / "a.db", migrations)
    await asyncio.gather(*(add(database) for _ in range(50)))
    assert await count(database) == 50
    await database.close()


async def test_several_databases_are_opened_at_once(tmp_path: Path, migrations: str) -> None:
    opening = (asyncio.to_thread(Database.open, tmp_path / f"{number}.db", migrations) for number in range(12))
    for database in await asyncio.gather(*opening):
        assert await count(database) == 0
        await database.close()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, migrations: str) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(OSError, match="file"):
        Database.open(blocked / "a.db", migrations)
