from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from alert_bridge.build_watch import BuildWatch
from alert_bridge.change_log import ChangeLog, Told, changes_of
from alert_bridge.dashboard.changes_api import CHANGES_PATH, ChangesApi
from runtime.clock import ManualClock
from runtime.prometheus import Sample
from tests.alert_bridge.parts import START, Parts, parts, seen, served
from tests.http_client import Client


@asynccontextmanager
async def api(folder: Path) -> AsyncIterator[tuple[Client, Parts]]:
    async with (
        parts(folder) as one,
        served(ChangesApi(ChangeLog(one.pipeline), one.database, one.clock).routes()) as http,
    ):
        yield http, one


async def test_a_change_is_kept_without_personal_data_and_once(tmp_path: Path) -> None:
    async with api(tmp_path) as (http, _):
        body = {
            "title": "Deploy for ken@example.com",
            "service": "api",
            "version": "1.3",
            "author": "ken",
            "timestamp": "2026-01-31T02:59:00Z",
        }
        answers = [await http.post(CHANGES_PATH, json=body) for _ in range(2)]
        assert [answer.status for answer in answers] == [201, 200]
        listed = (await http.get(CHANGES_PATH)).json
        assert (listed["total"], listed["next_cursor"]) == (1, None)
        [item] = listed["items"]
        assert item == answers[0].json
        assert item["title"] == "Deploy for [email]"
        assert (item["service"], item["version"], item["author"]) == ("api", "1.3", "ken")
        assert item["timestamp"] == "2026-01-31T02:59:00.000000Z"


async def test_changes_are_listed_newest_first_by_service_period_and_page(tmp_path: Path) -> None:
    async with api(tmp_path) as (http, _):
        for minute in range(5):
            body = {
                "title": f"c{minute}",
                "service": "api" if minute % 2 else "edge",
                "timestamp": 1769828400 + 60 * minute,
            }
            await http.post(CHANGES_PATH, json=body)

        async def titles(query: str) -> list[str]:
            return [item["title"] for item in (await http.get(f"{CHANGES_PATH}?{query}")).json["items"]]

        assert await titles("") == ["c4", "c3", "c2", "c1", "c0"]
        assert await titles("service=api") == ["c3", "c1"]
        assert await titles("from=1769828520&to=1769828580") == ["c3", "c2"]
        page = (await http.get(f"{CHANGES_PATH}?limit=2")).json
        await http.post(CHANGES_PATH, json={"title": "new"})
        assert await titles(f"limit=3&cursor={page['next_cursor']}") == ["c2", "c1", "c0"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "x", "when": 1},
        {"title": "x", "timestamp": "soon"},
        {"title": "x", "timestamp": 1e30},
    ],
)
async def test_what_is_no_change_is_refused(tmp_path: Path, body: dict[str, object]) -> None:
    async with api(tmp_path) as (http, _):
        assert (await http.post(CHANGES_PATH, json=body)).status == 400
        assert (await http.get(CHANGES_PATH)).json["total"] == 0


async def test_an_alert_keeps_the_changes_of_its_window_those_told_later_too(tmp_path: Path) -> None:
    async with parts(tmp_path) as one:
        log = ChangeLog(one.pipeline)
        await log.record(Told("before", START - timedelta(minutes=59), "api"))
        await log.record(Told("too early", START - timedelta(minutes=61), "api"))
        await log.record(Told("other", START - timedelta(minutes=1), "edge"))
        [alert] = await one.observe(seen(service="api"))
        assert [row["title"] for row in await changes_of(one.database, alert)] == ["before", "other"]
        await log.record(Told("told later", START + timedelta(minutes=4), "api"))
        await log.record(Told("long after", START + timedelta(minutes=6), "api"))
        assert [row["title"] for row in (await one.pipeline.get(alert.id)).changes] == ["told later"]
        assert one.published[-1][1].changes


def build(version: str, instance: str = "n1", job: str = "api", **more: str) -> Sample:
    labels = {"__name__": "api_build_info", "job": job, "instance": instance, "version": version, **more}
    return Sample(labels, 0.0, 1.0)


def watch(clock: ManualClock) -> BuildWatch:
    return BuildWatch(reader=None, log=None, clock=clock)  # type: ignore[arg-type]  # compares only


def test_a_new_version_is_one_change_however_many_instances_get_it() -> None:
    one = watch(ManualClock(START))
    assert one.compare([build("1.2", f"n{number}") for number in range(50)]) == []
    [told] = one.compare([build("1.3", "n0"), *(build("1.2", f"n{number}") for number in range(1, 50))])
    assert (told.title, told.service, told.version) == ("api: 1.2 → 1.3", "api", "1.3")
    assert one.compare([build("1.3", f"n{number}") for number in range(50)]) == []


def test_the_first_look_a_new_program_and_another_instance_are_no_changes() -> None:
    one = watch(ManualClock(START))
    assert one.compare([build("1.2")]) == []
    assert one.compare([build("1.2"), build("1.2", "n2"), build("7", job="edge")]) == []


def test_a_version_that_comes_back_later_is_a_change_again() -> None:
    clock = ManualClock(START)
    one = watch(clock)
    one.compare([build("1.2")])
    assert len(one.compare([build("1.3")])) == 1
    clock.advance(700)
    assert one.compare([build("1.3")]) == []
    assert [told.title for told in one.compare([build("1.2")])] == ["api: 1.3 → 1.2"]


def test_a_label_that_changes_all_the_time_does_not_flood() -> None:
    clock = ManualClock(START)
    one = watch(clock)
    found = []
    for number in range(200):
        clock.advance(15)
        found += one.compare([build("1.2", started=str(number))])
    assert len(found) == 6
