import asyncio
import shutil
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError

from runtime.database import Database, DatabaseError, DatabaseUnavailable

MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision = "{revision}"
down_revision = {before}
def upgrade():
    op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True))
"""

REFERRING = """
import sqlalchemy as sa
from alembic import op
revision = "2"
down_revision = "1"
def upgrade():
    op.create_table(
        "parts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("thing", sa.Integer, sa.ForeignKey("things.id", ondelete="CASCADE")),
    )
"""
COPYING = """
import sqlalchemy as sa
from alembic import op
revision = "3"
down_revision = "2"
def upgrade():
    with op.batch_alter_table("things", recreate="always") as table:
        table.add_column(sa.Column("size", sa.Integer))
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
    with pytest.raises(DatabaseUnavailable, match="locked; another program holds it"):
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


async def test_what_gathers_while_the_writer_is_busy_is_one_transaction_in_which_each_fails_for_itself(
    tmp_path: Path, migrations: str
) -> None:
    database = Database.open(tmp_path / "a.db", migrations)
    commits = 0

    def count_commit(_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database._engine, "commit", count_commit)
    busy = threading.Event()

    def work(connection: Connection, number: int) -> int:
        connection.execute(text(f"INSERT INTO things VALUES ({number})"))
        if number % 10 == 3:
            raise KeyError(number)
        return number

    first = asyncio.ensure_future(database.run(lambda _: busy.wait(10)))
    others = [asyncio.ensure_future(database.run(partial(work, number=number))) for number in range(50)]
    await asyncio.sleep(0)
    busy.set()
    done = await asyncio.gather(first, *others, return_exceptions=True)
    assert [type(one) for one in done[1:]] == [KeyError if n % 10 == 3 else int for n in range(50)]
    assert await count(database) == 45
    assert commits <= 3
    await database.close()


async def test_a_full_disk_is_told_to_all_who_wait_and_is_a_problem_until_writing_works_again(
    tmp_path: Path, migrations: str
) -> None:
    database = Database.open(tmp_path / "a.db", migrations)
    await database.run(lambda one: one.execute(text("PRAGMA max_page_count=1")).scalar_one())
    fill = text(
        "INSERT INTO things WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n LIMIT 9999) SELECT i FROM n"
    )
    done = await asyncio.gather(
        *(database.run(lambda one: one.execute(fill)) for _ in range(5)), return_exceptions=True
    )
    assert {type(one) for one in done} == {DatabaseUnavailable}
    assert "free some space" in str(done[0])
    assert "full" in (database.problem or "")
    await database.run(lambda one: one.execute(text("PRAGMA max_page_count=100000")).scalar_one())
    await database.probe()
    assert database.problem is None
    await add(database)
    assert await count(database) == 1
    await database.close()


async def test_a_migration_may_copy_a_table_without_losing_what_refers_to_it(tmp_path: Path, migrations: str) -> None:
    versions = tmp_path / "packages" / migrations / "versions"
    (versions / "two.py").write_text(REFERRING)
    database = Database.open(tmp_path / "a.db", migrations)
    await add(database)
    await database.run(lambda one: one.execute(text("INSERT INTO parts VALUES (1, 1)")))
    await database.close()
    (versions / "three.py").write_text(COPYING)
    database = Database.open(tmp_path / "a.db", migrations)
    assert await count(database, "parts") == 1
    with pytest.raises(IntegrityError):
        await database.run(lambda one: one.execute(text("INSERT INTO parts VALUES (2, 99)")))
    await database.close()


async def test_a_migration_that_stops_half_way_leaves_the_tables_as_they_were_and_is_done_at_the_next_start(
    tmp_path: Path, migrations: str
) -> None:
    versions = tmp_path / "packages" / migrations / "versions"
    await Database.open(tmp_path / "a.db", migrations).close()
    (versions / "two.py").write_text(REFERRING)
    (versions / "three.py").write_text(COPYING + "    raise RuntimeError('power cut')\n")
    with pytest.raises(RuntimeError, match="power cut"):
        Database.open(tmp_path / "a.db", migrations)
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("2",)]
        assert len(connection.execute("PRAGMA table_info(things)").fetchall()) == 1
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        assert tables == [("alembic_version",), ("parts",), ("things",)]
    connection.close()
    (versions / "three.py").write_text(COPYING)
    database = Database.open(tmp_path / "a.db", migrations)
    assert await count(database, "parts") == 0
    await database.close()


async def test_damage_behind_an_unclean_end_is_found_at_the_start(tmp_path: Path, migrations: str) -> None:
    file = tmp_path / "a.db"
    database = Database.open(file, migrations)
    await add(database)
    copied = tmp_path / "killed.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA wal_checkpoint(PASSIVE)")
    await add(database)
    for suffix in ("", "-wal"):
        shutil.copy(f"{file}{suffix}", f"{copied}{suffix}")
    await database.close()
    with copied.open("r+b") as damaged:
        damaged.seek(4096)
        damaged.write(b"\xff" * 4096)
    again = Database.open(copied, migrations)
    assert again.recovered is not None
    await again.close()
