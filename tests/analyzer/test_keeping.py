"""What has to be remembered survives a database that is locked, full or old."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from analyzer.clusters import Family
from analyzer.events import Severity
from analyzer.keeping import Keeper
from analyzer.levels import Level
from analyzer.pattern_stats import PatternStats
from analyzer.patterns import Kind
from analyzer.rates import Burst, Moments, Rate
from analyzer.series import Anomaly
from analyzer.store import ANALYSIS, MIGRATIONS, AnalyzerStore
from runtime import database as runtime_database
from runtime.database import Database

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def pattern(pattern_id: str, frequency: int = 1, days_ago: int = 0) -> PatternStats:
    seen = NOW - timedelta(days=days_ago)
    rate = Rate(7, 3.0, {7: 2}, Moments(3.0, 4.0, 6.0), Moments(), (2.0, 1), Burst(1, 7, 2, 0.5, 1e-9), 5)
    return PatternStats(
        pattern_id, Kind.DYNAMIC, None, "x", "x", Severity.LOW, "app", Level.INFO, seen, seen, frequency, ["x"], True,
        rate, NOW,
    )  # fmt: skip


def anomaly(days_ago: int = 0) -> Anomaly:
    seen = NOW - timedelta(days=days_ago)
    return Anomaly("cpu", {}, seen, seen, seen, "spike", Severity.LOW, 0.6, ("z",), 9.0, 0.0, 1.0)


@pytest.fixture
async def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    monkeypatch.setattr(runtime_database, "BUSY_TIMEOUT_SECONDS", 0.05)
    opened = await asyncio.to_thread(Database.open, tmp_path / "logs.db", MIGRATIONS)
    yield opened
    await opened.close()


async def test_patterns_and_families_are_read_as_they_were_written(database: Database) -> None:
    store, families = AnalyzerStore(database), [Family("f1", "a b", "甲・乙", ("t1", "t2"), {"abc": 1.5})]
    await store.save(store.rows([pattern("t1")], families=families))
    assert await store.load_patterns() == [pattern("t1")]
    assert await store.families() == families
    assert await AnalyzerStore(database, ANALYSIS).families() == []


async def test_names_of_files_that_are_no_text_are_remembered(database: Database) -> None:
    store, state = AnalyzerStore(database), {"source:app": {"files": [["/logs/\udc83.log", 7]], "名": "前"}}
    await store.save(store.rows(state=state))
    assert await store.load_state() == state


async def test_what_a_locked_database_does_not_take_is_written_later(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, failures = AnalyzerStore(database), []
    keeper = Keeper(store, lambda: failures.append(1))
    with closing(sqlite3.connect(tmp_path / "logs.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        keeper.add(store.rows([pattern("t1"), pattern("t2")], anomalies=[anomaly()], state={"a": 1}))
        assert not await keeper.write()
        keeper.add(store.rows([pattern("t1", 5)], ["t2"], state={"a": 2}))
        assert not await keeper.write()
        assert await keeper.prune(NOW) == 0
    assert await keeper.write()
    assert await store.load_patterns() == [pattern("t1", 5)]
    assert await store.load_state() == {"a": 2}
    assert await store.count_anomalies(0, 1e10) == 1
    assert len(failures) == 3
    assert sum("cannot be written" in record.message for record in caplog.records) == 1


async def test_a_full_disk_costs_nothing_that_fits_in_memory(database: Database) -> None:
    store = AnalyzerStore(database)
    keeper = Keeper(store, lambda: None)
    pages = await database.run(lambda connection: connection.execute(text("PRAGMA page_count")).scalar_one())

    def limited(connection: Connection, most: int) -> None:
        connection.execute(text(f"PRAGMA max_page_count={most}"))

    await database.run(lambda connection: limited(connection, pages))
    keeper.add(store.rows([pattern(f"t{i}") for i in range(2_000)]))
    assert not await keeper.write()
    await database.run(lambda connection: limited(connection, 10**6))
    assert await keeper.write()
    assert len(await store.load_patterns()) == 2_000


async def test_a_write_that_is_cancelled_is_not_lost(database: Database) -> None:
    store = AnalyzerStore(database)
    keeper = Keeper(store, lambda: None)
    keeper.add(store.rows([pattern("t1")]))
    task = asyncio.create_task(keeper.write())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await keeper.write()
    assert await store.load_patterns() == [pattern("t1")]


async def test_old_rows_are_deleted_and_others_stay(database: Database) -> None:
    store = AnalyzerStore(database)
    old = [pattern(f"t{i}", days_ago=40) for i in range(1_200)]
    await store.save(store.rows([*old, pattern("young")], anomalies=[anomaly(40), anomaly()]))
    assert await store.prune(NOW - timedelta(days=30)) == 1_201
    assert [stats.id for stats in await store.load_patterns()] == ["young"]
    assert await store.count_anomalies(0, 1e10) == 1


async def test_what_waits_stays_bounded(database: Database) -> None:
    store = AnalyzerStore(database)
    rows = store.rows()
    for days in range(1_500):
        rows.update(store.rows(anomalies=[anomaly(days)]))
    assert len(rows.anomalies) == 1_000


async def test_a_database_of_the_first_version_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", lambda config, _: upgrade(config, "0001"))
    await (await asyncio.to_thread(Database.open, tmp_path / "old.db", MIGRATIONS)).close()
    monkeypatch.undo()
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection, connection:
        values = ("t1", 3, "LOW", "x", "[]", "x", "dynamic", None, "app", "INFO", *["2026-03-01T00:00:00.000000Z"] * 2)
        marks = ",".join("?" * 15)
        connection.execute(f"INSERT INTO log_patterns VALUES ({marks})", (*values, True, '{"5": 3}', "live"))
    database = await asyncio.to_thread(Database.open, tmp_path / "old.db", MIGRATIONS)
    try:
        (stats,) = await AnalyzerStore(database).load_patterns()
    finally:
        await database.close()
    assert (stats.frequency, stats.rate.recent, stats.rate.burst, stats.rare_at) == (3, {5: 3}, None, None)


async def test_rows_wait_for_the_next_write_whatever_went_wrong(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = AnalyzerStore(database)
    keeper = Keeper(store, lambda: None)
    keeper.add(store.rows([pattern("t1")]))

    async def fail(_: object) -> None:
        raise RuntimeError("nobody thought of this")

    with monkeypatch.context() as broken:
        broken.setattr(store, "save", fail)
        with pytest.raises(RuntimeError):
            await keeper.write()
    assert await keeper.write()
    assert await store.load_patterns() == [pattern("t1")]
