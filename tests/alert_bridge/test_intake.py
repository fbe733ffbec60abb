"""Which notifications are stored together, and what if one of them, or the database, fails."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text

from alert_bridge import intake
from alert_bridge.intake import Overloaded
from runtime.database import DatabaseUnavailable
from tests.alert_bridge.parts import parts, seen


async def test_notifications_that_come_at_once_share_commits_and_each_gets_its_own_alerts(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        commits: list[object] = []
        event.listen(one.database._engine, "commit", commits.append)
        taken = await asyncio.gather(*(one.observe(seen(instance=f"news-{number}")) for number in range(400)))
        assert [alert.labels["instance"] for [alert] in taken] == [f"news-{number}" for number in range(400)]
        assert len(commits) < 40


async def test_a_small_notification_does_not_wait_for_all_of_a_large_one(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        large = asyncio.ensure_future(one.observe(*(seen(instance=f"news-{number}") for number in range(2000))))
        await asyncio.sleep(0)
        [small] = await one.observe(seen("Other"))
        assert not large.done()
        await one.pipeline.acknowledge(small.id, "yui")
        assert len(await large) == 2000


async def test_the_body_of_a_large_notification_is_kept_once(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        await one.observe(*(seen(instance=f"news-{number}") for number in range(600)), raw="{}")
        count = text("SELECT count(*) FROM inbox")
        assert await one.database.read(lambda connection: connection.execute(count).scalar_one()) == 1


async def test_a_locked_database_is_told_to_all_who_wait_and_taking_in_goes_on_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.database.BUSY_TIMEOUT_SECONDS", 0.1)
    async with parts(tmp_path) as one:
        with closing(sqlite3.connect(tmp_path / "alerts.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            told = await asyncio.gather(
                *(one.observe(seen(instance=f"news-{number}")) for number in range(300)), return_exceptions=True
            )
            assert {type(error) for error in told} == {DatabaseUnavailable}
            assert "locked" in (one.database.problem or "")
        assert len(await one.observe(seen())) == 1
        await one.database.probe()
        assert one.database.problem is None


async def test_one_notification_that_cannot_be_stored_does_not_cost_the_others_of_its_batch(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:

        def refuse(_: object, changes: list[object], __: object) -> list[object]:
            if any(change.alert.name == "Bad" for change in changes):  # type: ignore[attr-defined]
                raise RuntimeError("a stage failed")
            return []

        one.pipeline.stages.append(refuse)  # type: ignore[arg-type]
        good, bad, other = await asyncio.gather(
            one.observe(seen("Good")), one.observe(seen("Bad")), one.observe(seen("Other")), return_exceptions=True
        )
        assert isinstance(bad, RuntimeError)
        assert isinstance(good, list) and isinstance(other, list)
        assert (len(good), len(other)) == (1, 1)


async def test_more_than_may_wait_are_sent_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_WAITING", 10)
    async with parts(tmp_path) as one:
        told = await asyncio.gather(
            *(one.observe(seen(instance=f"news-{number}")) for number in range(20)), return_exceptions=True
        )
        assert sum(isinstance(error, Overloaded) for error in told) == 15
        assert len(await one.observe(seen("Later"))) == 1
