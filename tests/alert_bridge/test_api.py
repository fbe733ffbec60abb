from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text

from alert_bridge.dashboard.alerts_api import AlertsApi
from alert_bridge.dashboard.ingest_api import INGEST_PATH, INGEST_PATHS, IngestApi
from alert_bridge.notify.notifier import Language
from alert_bridge.store import inbox, tables
from runtime.unavailable import Unavailable
from tests.alert_bridge.parts import Parts, parts, seen, served
from tests.http_client import Client
from tests.waiting import until


@asynccontextmanager
async def bridge(folder: Path, language: Language = "en") -> AsyncIterator[tuple[Client, Parts]]:
    async with parts(folder) as one:
        ingest = IngestApi(one.pipeline, one.database, clock=one.clock)
        alerts = AlertsApi(one.pipeline, one.database, language=language)
        async with served([*ingest.routes(), *alerts.routes()], ingest_paths=INGEST_PATHS) as http:
            yield http, one


ZERO_TIME = "0001-01-01T00:00:00Z"


def alert(name: str = "ErrorRate", status: str = "firing", **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "critical", "instance": "news-1"},
        "annotations": {"summary": f"{name} is high", "value": "17.9"},
        "startsAt": "2026-01-31T02:59:59.123456789Z",
        "endsAt": "2026-01-31T03:05:00Z" if status == "resolved" else ZERO_TIME,
        "generatorURL": "http://prometheus/graph",
        "fingerprint": f"{abs(hash(name)):016x}"[:16],
        **more,
    }


def webhook(*alerts: Any, **more: Any) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": '{}:{alertname="ErrorRate"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "newswatch",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": list(alerts),
        "notification_reason": "of a newer version",
        **more,
    }


async def test_a_webhook_is_answered_once_it_is_stored_on_both_paths(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, _):
        for number, path in enumerate(INGEST_PATHS[:2]):
            answer = await http.post(path, json=webhook(alert(f"A{number}")))
            assert answer.status == 200
            assert answer.json == {"accepted": 1, "refused": 0}
        listed = (await http.get("/api/v1/alerts")).json
        assert listed["total"] == 2
        first = listed["items"][0]
        assert first["severity"] == "CRITICAL"
        assert first["status"] == "firing"
        assert first["created_at"] == "2026-01-31T02:59:59.123456Z"
        assert first["value"] == 17.9


async def test_the_list_for_amtool_is_filtered_by_matchers(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        await one.observe(seen("Slow"), seen("Stuck"))
        path = "/api/v2/alerts?silenced=false&inhibited=false&filter=" + quote('alertname="Stuck"')
        found = await http.get(path)
        assert [row["labels"]["alertname"] for row in found.json] == ["Stuck"]
        wrong = await http.get("/api/v2/alerts?filter=Stuck")
        assert (wrong.status, "is not a matcher" in wrong.json["detail"]) == (400, True)


async def test_what_was_refused_is_counted_until_it_is_taken(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        await one.pipeline.refresh_metrics()
        await http.post("/api/v2/alerts", json=[{"labels": {"alertname": "Late"}, "startsAt": "soon"}])
        waiting = one.metrics.dead_letters._value.get
        await until(lambda: waiting() == 1, "it is counted")
        number = (await http.get("/api/v1/inbox")).json["items"][0]["number"]
        await one.database.run(lambda connection: inbox.settle(connection, number))
        await one.pipeline.refresh_metrics()
        assert waiting() == 0


async def test_one_bad_alert_does_not_cost_the_others_and_is_kept(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        bad: list[Any] = [
            {"status": "firing"},
            "text",
            None,
            alert(status="unheard of"),
            alert(startsAt="yesterday"),
            alert(startsAt="9999-12-31T23:59:59-12:00"),
            alert(startsAt="0900-01-01T00:00:00Z"),
            alert(status="resolved", endsAt="9999-12-31T23:59:59-12:00"),
            alert(annotations={"summary": "half a pair \ud800"}),
            alert(fingerprint="\ud800"),
            alert(labels={"alertname": "Half", "pair": "\ud800"}),
            alert(labels={"alertname": "Half", "\ud800": "pair"}),
        ]
        answer = await http.post(INGEST_PATH, json=webhook(alert(), alert("Zero", startsAt=ZERO_TIME), *bad))
        assert answer.json == {"accepted": 2, "refused": len(bad)}
        assert (await http.get("/api/v1/alerts?status=all")).json["total"] == 2
        kept = await one.database.read(lambda connection: connection.execute(tables.inbox.select()).mappings().all())
        assert sum(row["error"] is not None for row in kept) == len(bad)


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"alerts": 3}', b"\xff\xfe", b'{"alerts": null}', b"null", b"[" * 9999]
)
async def test_what_is_no_webhook_is_refused_and_kept(tmp_path: Path, body: bytes) -> None:
    async with bridge(tmp_path) as (http, one):
        answer = await http.post(INGEST_PATH, data=body, headers={"content-type": "application/json"})
        assert answer.status == 400
        assert answer.content_type == "application/problem+json"
        kept = await one.database.read(lambda connection: connection.execute(tables.inbox.select()).mappings().all())
        assert [row["error"] is not None for row in kept] == [True]


@pytest.mark.parametrize("body", [b"null", b"{", b'{"alerts": ["\\ud800"]}', b'"alerts"'])
async def test_what_stays_unusable_is_said_when_it_is_replayed(tmp_path: Path, body: bytes) -> None:
    async with bridge(tmp_path) as (http, _):
        await http.post(INGEST_PATH, data=body, headers={"content-type": "application/json"})
        number = (await http.get("/api/v1/inbox")).json["items"][0]["number"]
        assert (await http.post(f"/api/v1/inbox/{number}/replay", json={})).status == 409
        assert (await http.post(f"/api/v1/inbox/{10**20}/replay", json={})).status == 404


async def test_more_filters_than_a_database_takes_are_refused(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, _):
        for name, text in (("label", "a=b"), ("name", "x")):
            assert (await http.get("/api/v1/alerts?" + "&".join(f"{name}={text}" for _ in range(1500)))).status == 400


async def test_the_watchdog_is_noted_and_is_no_alert(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        await http.post(INGEST_PATH, json=webhook(alert("Watchdog")))
        assert (await http.get("/api/v1/alerts?status=all")).json["total"] == 0
        assert one.metrics.watchdog._value.get() == one.clock.time()


async def test_a_database_that_cannot_be_written_is_503_and_never_200(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bridge(tmp_path) as (http, one):

        async def locked(_: object) -> None:
            raise Unavailable("database is locked")

        monkeypatch.setattr(one.database, "run", locked)
        answer = await http.post(INGEST_PATH, json=webhook(alert()))
        assert answer.status == 503
        assert answer.headers["retry-after"] == "5"


async def test_actions_change_the_alert_and_leave_a_row_of_history_each(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, _):
        await http.post(INGEST_PATH, json=webhook(alert()))
        [listed] = (await http.get("/api/v1/alerts")).json["items"]
        path = f"/api/v1/alerts/{listed['id']}"

        async def act(action: str, **body: Any) -> dict[str, Any]:
            answer = await http.post(f"{path}/{action}", json=body)
            assert answer.status == 200, answer.json
            found: dict[str, Any] = answer.json
            return found

        assert (await act("acknowledge", comment="on it"))["status"] == "acknowledged"
        assert (await act("unacknowledge"))["status"] == "firing"
        assert (await act("snooze", seconds=600))["status"] == "snoozed"
        assert (await act("assign", assignee="ken"))["assignee"] == "ken"
        assert (await act("comment", text="noted"))["comment"] == "noted"
        assert (await act("resolve"))["status"] == "resolved"
        history = (await http.get(f"{path}/history")).json["items"]
        assert [row["what"] for row in history] == [
            "firing", "acknowledged", "unacknowledged", "snoozed", "assigned", "commented", "resolved",
        ]  # fmt: skip
        assert (await http.post(f"{path}/acknowledge", json={})).status == 409


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("snooze", {}, 400, "seconds or until"),
        ("snooze", {"until": "tomorrow"}, 400, "tomorrow"),
        ("snooze", {"until": "2001-01-01T00:00:00Z"}, 400, "past"),
        ("assign", {}, 400, "assignee"),
        ("acknowledge", {"coment": "x"}, 400, "coment"),
        ("acknowledge", {"expires_in_seconds": -1}, 400, "expires_in_seconds"),
        ("shrug", {}, 404, "shrug"),
    ],
)
async def test_a_wrong_action_is_named(tmp_path: Path, path: str, body: dict[str, Any], status: int, said: str) -> None:
    async with bridge(tmp_path) as (http, one):
        [opened] = await one.observe(seen())
        answer = await http.post(f"/api/v1/alerts/{opened.id}/{path}", json=body)
        assert answer.status == status
        assert said in str(answer.json)


async def test_lists_are_filtered_searched_sorted_and_paged(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        await one.observe(
            seen("Low", severity="info", job="edge"),
            seen("Worst", severity="critical", job="api"),
            seen("Bad", severity="error", job="api", rack="100%_full"),
        )

        async def names(query: str) -> list[str]:
            return [item["name"] for item in (await http.get(f"/api/v1/alerts?{query}")).json["items"]]

        assert await names("") == ["Worst", "Bad", "Low"]
        assert await names("sort=name") == ["Bad", "Low", "Worst"]
        assert await names("severity=HIGH,info") == ["Bad", "Low"]
        assert await names("service=edge") == ["Low"]
        assert await names("q=100%25_f") == ["Bad"]
        assert await names("q=%25") == ["Bad"]
        assert await names("status=resolved") == []
        page = (await http.get("/api/v1/alerts?limit=2")).json
        assert (len(page["items"]), page["total"]) == (2, 3)
        assert await names(f"limit=2&cursor={page['next_cursor']}") == ["Low"]
        for query in ("sort=labels;drop", "limit=0", "limit=x", "status=open", "severity=bad", "cursor=%00"):
            assert (await http.get(f"/api/v1/alerts?{query}")).status == 400, query


@pytest.mark.parametrize(
    "damage",
    [
        "created_at = '1-01-01', labels = '{broken'",
        "severity = 'DOOM', annotations = '[1]', value = 'much'",
        "status = 'gone', changes = 'null', message = x'ff00'",
        "log_patterns = '[[1]]', version = 'new', reason_texts = '{\"en\": 1}'",
    ],
)
async def test_a_damaged_row_stays_in_sight_and_costs_no_other(tmp_path: Path, damage: str) -> None:
    async with bridge(tmp_path) as (http, one):
        await one.observe(seen("Damaged"), seen("Whole", service="api"))
        statement = text(f"UPDATE alerts SET {damage} WHERE name = 'Damaged'")
        await one.database.run(lambda connection: connection.execute(statement))
        for query in ("", "?service=api", "?q=whole", "?label=service=api", "?format=csv", "?sort=-created_at"):
            answer = await http.get(f"/api/v1/alerts{query}")
            assert answer.status == 200
            assert "Whole" in answer.text
        assert (await http.get("/api/v1/alerts/groups?by=service")).json["alerts"] == 2
        listed = (await http.get("/api/v1/alerts")).json["items"]
        assert sorted(item["name"] for item in listed) == ["Damaged", "Whole"]
        for item in listed:
            assert (await http.get(f"/api/v1/alerts/{item['id']}")).status == 200
            assert (await http.post(f"/api/v1/alerts/{item['id']}/acknowledge", json={})).status == 200
        one.clock.advance(5 * 3600)
        await one.pipeline.expire()
        assert [item["status"] for item in (await http.get("/api/v1/alerts")).json["items"]] == ["firing", "firing"]


async def test_bulk_actions_answer_for_each_alert(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        [first], [second] = await one.observe(seen("A")), await one.observe(seen("B"))
        body = {"ids": [first.id, "alert_absent", second.id], "action": "acknowledge", "comment": "all mine"}
        results = (await http.post("/api/v1/alerts/actions", json=body)).json["results"]
        assert [result["ok"] for result in results] == [True, False, True]


async def test_a_runbook_is_shown_and_nothing_else_of_the_disk(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, _):
        for name in ("..%2F..%2FREADME", "absent", "%2Fetc%2Fpasswd"):
            assert (await http.get(f"/runbooks/{name}.md")).status == 404
        found = await http.get("/runbooks/DatabaseErrorsInLogs.md")
        assert (found.status, found.text.splitlines()[0]) == (200, "# DatabaseErrorsInLogs")


@pytest.mark.parametrize("name", ["NewErrorPattern", "SevereLogPattern", "ErrorPatternBursting"])
async def test_a_log_alert_shows_its_first_steps_in_the_language_of_the_page(tmp_path: Path, name: str) -> None:
    async with bridge(tmp_path, "ja") as (http, _):
        named = {"runbook_url": f"docs/runbooks/{name}.md", "summary": name}
        assert (await http.post(INGEST_PATH, json=webhook(alert(name, annotations=named)))).status == 200
        [item] = (await http.get("/api/v1/alerts")).json["items"]
        shown = (await http.get(f"/api/v1/alerts/{item['id']}")).json
        assert shown["first_steps"] and all(step.endswith("。") for step in shown["first_steps"])
