import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.alert_bridge.parts import seen
from tests.alert_bridge.test_api import bridge
from tests.http_client import Client


async def names(http: Client, query: str) -> list[str]:
    answer = await http.get(f"/api/v1/alerts?{query}")
    assert answer.status == 200, answer.text
    return [item["name"] for item in answer.json["items"]]


async def test_alerts_are_found_by_name_owner_assignee_and_labels(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        quoted = 'a"service": "api'
        await one.observe(
            seen("Nobody", service="api", rack="r3"),
            seen("Kens", service="API", place="東京"),
            seen("Assigned", job="api", note=quoted),
        )
        ids = {item["name"]: item["id"] for item in (await http.get("/api/v1/alerts")).json["items"]}
        await http.post(f"/api/v1/alerts/{ids['Kens']}/acknowledge", json={})
        await http.post(f"/api/v1/alerts/{ids['Assigned']}/assign", json={"assignee": "aya"})
        assert await names(http, "name=Kens&name=Nobody") == ["Nobody", "Kens"]
        assert await names(http, "owner=local") == ["Kens"]
        assert await names(http, "owner=") == ["Nobody"]
        assert await names(http, "assignee=aya") == ["Assigned"]
        assert sorted(await names(http, "service=api")) == ["Assigned", "Nobody"]
        assert await names(http, "label=service=api&label=rack=r3") == ["Nobody"]
        assert await names(http, "label=place=東京") == ["Kens"]
        assert await names(http, "q=東京") == ["Kens"]
        assert await names(http, "q=KENS high") == ["Kens"]
        assert await names(http, "q=kens absent") == []


async def test_a_parameter_nobody_knows_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, _):
        for query, said in (("statsu=firing", "'status'"), ("label=x", "key=value"), ("sort=name&sort=name", "twice")):
            answer = await http.get(f"/api/v1/alerts?{query}")
            assert answer.status == 400
            assert answer.content_type == "application/problem+json"
            assert said in answer.json["detail"]


@pytest.mark.parametrize("sort", ["severity", "-severity", "created_at", "-updated_at", "name", "-status"])
async def test_pages_neither_repeat_nor_miss_while_others_begin_and_end(tmp_path: Path, sort: str) -> None:
    async with bridge(tmp_path) as (http, one):
        kinds = ("critical", "warning", "info")
        await one.observe(*(seen(f"A{number:02}", starts=number, severity=kinds[number % 3]) for number in range(30)))
        before = set(await names(http, "limit=1000"))
        found: list[str] = []
        ended: set[str] = set()
        query = f"sort={sort}&limit=7"
        for round in range(10):
            page = (await http.get(f"/api/v1/alerts?{query}")).json
            found += [item["name"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            over = found[round]
            ended.add(over)
            await one.observe(seen(f"B{round}", starts=-round, severity=kinds[round % 3]))
            await one.observe(seen(over, ends=100, severity=await _severity(http, over)))
            query = f"sort={sort}&limit=7&cursor={page['next_cursor']}"
        assert len(found) == len(set(found))
        assert before <= set(found)


async def _severity(http: Client, name: str) -> str:
    [item] = (await http.get(f"/api/v1/alerts?name={name}&status=all")).json["items"]
    severity: str = item["labels"]["severity"]
    return severity


async def test_a_cursor_of_another_order_or_none_at_all_is_refused(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        await one.observe(*(seen(f"A{number}") for number in range(3)))
        cursor = (await http.get("/api/v1/alerts?limit=1")).json["next_cursor"]
        wrong = [
            "x",
            "W10",
            "WzFd",
            "WyJzZXZlcml0eSIsW10sMSwxLDFd",
            "WyJzZXZlcml0eSIsOTk5OTk5OTk5OTk5OTk5OTk5OSwxLDEsMV0",
        ]
        for query in (f"sort=name&cursor={cursor}", *(f"cursor={one}" for one in wrong)):
            assert (await http.get(f"/api/v1/alerts?{query}")).status == 400, query


async def test_groups_count_what_alerts_have_in_common_worst_first(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        await one.observe(
            *(seen("Down", severity="warning", instance=f"n{n}", rack="r3" if n else "r1") for n in range(4))
        )
        await one.observe(seen("Full", severity="critical", instance="n9", rack="r1"))
        [full] = (await http.get("/api/v1/alerts?name=Full")).json["items"]
        await http.post(f"/api/v1/alerts/{full['id']}/acknowledge", json={})
        answer = (await http.get("/api/v1/alerts/groups?by=name")).json
        assert (answer["total"], answer["alerts"]) == (2, 5)
        worst, other = answer["items"]
        assert (worst["by"], worst["count"], worst["unowned"]) == ({"name": "Full"}, 1, 0)
        assert (other["count"], other["unowned"], other["severity"]) == (4, 4, "MEDIUM")
        assert other["shared_labels"] == {"alertname": "Down", "severity": "warning"}
        assert other["common_labels"] == [{"name": "rack", "value": "r3", "count": 3}]
        first = (await http.get("/api/v1/alerts/groups?by=rack,name&limit=1")).json
        second = (await http.get(f"/api/v1/alerts/groups?by=rack,name&cursor={first['next_cursor']}")).json
        keys = [group["by"] for group in (*first["items"], *second["items"])]
        assert keys == [
            {"rack": "r1", "name": "Full"},
            {"rack": "r3", "name": "Down"},
            {"rack": "r1", "name": "Down"},
        ]
        assert (await http.get("/api/v1/alerts/groups?by=name&cursor=WyJuYW1lIiwieCIseyJhIjoxfSwxLDFd")).status == 400


async def test_one_action_on_all_that_a_filter_finds(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        await one.observe(*(seen(f"A{number}", service="api" if number % 2 else "edge") for number in range(6)))
        body = {"filter": {"service": "api"}, "action": "snooze", "seconds": 600, "comment": "deploy"}
        results = (await http.post("/api/v1/alerts/actions", json=body)).json["results"]
        assert [result["ok"] for result in results] == [True] * 3
        assert sorted(await names(http, "status=snoozed")) == ["A1", "A3", "A5"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"action": "resolve"}, "ids or filter"),
        ({"ids": [], "filter": {}, "action": "resolve"}, "ids or filter"),
        ({"ids": [], "action": "assign"}, "assignee"),
        ({"ids": [], "action": "assign", "assignee": "a", "seconds": 5}, "seconds"),
        ({"filter": {"statsu": "x"}, "action": "resolve"}, "statsu"),
        ({"filter": {"status": "x"}, "action": "resolve"}, "status"),
        ({"ids": [], "action": "shrug"}, "action"),
    ],
)
async def test_a_wrong_bulk_action_is_named(tmp_path: Path, body: dict[str, Any], said: str) -> None:
    async with bridge(tmp_path) as (http, _):
        answer = await http.post("/api/v1/alerts/actions", json=body)
        assert answer.status == 400
        assert said in answer.json["detail"]


async def test_a_resolved_alert_answers_409_with_its_state_also_among_many(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        [first], [second] = await one.observe(seen("A")), await one.observe(seen("B"))
        await one.observe(seen("A", ends=5))
        answer = await http.post(f"/api/v1/alerts/{first.id}/acknowledge", json={})
        assert (answer.status, answer.json["alert"]["status"]) == (409, "resolved")
        body = {"ids": [first.id, second.id], "action": "acknowledge"}
        results = (await http.post("/api/v1/alerts/actions", json=body)).json["results"]
        assert [(result["ok"], result.get("status")) for result in results] == [(False, 409), (True, None)]


async def test_a_second_acknowledge_keeps_the_owner_and_adds_its_comment(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        [opened] = await one.observe(seen())
        await one.pipeline.acknowledge(opened.id, "ken", "on it")
        answer = await http.post(f"/api/v1/alerts/{opened.id}/acknowledge", json={"comment": "me too"})
        assert (answer.status, answer.json["acknowledged_by"]) == (200, "ken")
        history = (await http.get(f"/api/v1/alerts/{opened.id}/history")).json["items"]
        assert [(row["what"], row["who"], row["detail"]) for row in history[1:]] == [
            ("acknowledged", "ken", "on it"),
            ("commented", "local", "me too"),
        ]


async def test_an_action_for_another_version_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        [opened] = await one.observe(seen())
        await one.pipeline.explained(opened.id)
        path = f"/api/v1/alerts/{opened.id}"
        tag = (await http.get(path)).headers["etag"]
        assert (await http.post(f"{path}/comment", json={"text": "a"}, headers={"if-match": tag})).status == 200
        refused = await http.post(f"{path}/acknowledge", json={}, headers={"if-match": tag})
        assert (refused.status, refused.json["alert"]["status"]) == (412, "firing")
        assert (await http.get(path)).json["status"] == "firing"


async def test_an_acknowledgement_is_changed_only_where_there_is_one(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        [opened] = await one.observe(seen())
        path = f"/api/v1/alerts/{opened.id}/acknowledgement"
        assert (await http.request("PATCH", path, json={"comment": "x"})).status == 409
        await one.pipeline.acknowledge(opened.id, "ken")
        edited = await http.request("PATCH", path, json={"expires_in_seconds": 600, "comment": "soon"})
        assert edited.json["comment"] == "soon"
        assert edited.json["acknowledge_expires_at"] == "2026-01-31T03:10:00.000000Z"


async def test_the_list_as_csv_holds_no_formula(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        await one.observe(seen("=cmd|' /C calc'!A0", service="@SUM(1)"), *(seen(f"A{n}") for n in range(60)))
        answer = await http.get("/api/v1/alerts?format=csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert len(rows) == 61
        assert "'=cmd|' /C calc'!A0" in [row["name"] for row in rows]
        assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@", "-"))]
        assert len((await http.get("/api/v1/alerts?format=csv&limit=5&name=A1")).text.splitlines()) == 2


_TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "'; DROP TABLE alerts; --",
        "%00",
        "a=b",
        "${7*7}",
        "{{7*7}}",
        "../../etc/passwd",
        "-name",
        "9" * 400,
        "(" * 300,
        "*" * 50,
    ]
)
_QUERIES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "status",
                "severity",
                "name",
                "service",
                "owner",
                "assignee",
                "label",
                "q",
                "sort",
                "limit",
                "cursor",
                "by",
                "format",
            ]
        ),
        _TEXTS,
    ),
    max_size=4,
)


async def test_no_query_fails_the_server_or_changes_anything(tmp_path: Path) -> None:
    async with bridge(tmp_path) as (http, one):
        await one.observe(seen("A", service="api"), seen("B"))

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(_QUERIES)
        def collect(query: list[tuple[str, str]]) -> None:
            queries.append(query)

        queries: list[list[tuple[str, str]]] = []
        collect()
        for query in queries:
            params = [(name, value.encode("utf-8", "replace").decode()) for name, value in query]
            for path in ("/api/v1/alerts", "/api/v1/alerts/groups"):
                answer = await http.get(path, params=params)
                assert answer.status in (200, 400), (query, answer.text)
                assert answer.content_type in ("application/json", "application/problem+json", "text/csv")
        assert sorted(await names(http, "")) == ["A", "B"]
