"""Every route of the bridge's app, taken from the app: who may call it, and what the document says of it."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import Route

from alert_bridge.app import AlertBridge
from alert_bridge.settings import Configuration
from alert_bridge.store import tables
from runtime.clock import ManualClock
from runtime.prometheus import Sample, Series
from runtime.security import Access, Identity, Role, create_token, revoke_tokens
from runtime.web import CSRF_HEADER, SESSION_COOKIE
from tests.alert_bridge.parts import START, seen
from tests.http_client import Answer, Client, client

OPEN = {"/-/healthy", "/-/ready"}
LOG_IN = "/api/v1/session"
TICKET = "/api/v1/feed-ticket"
INGEST = {"/api/v1/changes", "/api/v2/alerts"}


class NoSeries:
    async def instant(self, name: str) -> Sequence[Sample]:
        return []

    async def range(self, name: str, start: float, end: float, step: float) -> Sequence[Series]:
        return []


class NoAnalyzer:
    async def patterns(self, start: float, end: float, limit: int) -> Sequence[Mapping[str, Any]]:
        return []

    async def anomalies(self, start: float, end: float, limit: int) -> Sequence[Mapping[str, Any]]:
        return []

    async def listing(self, what: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        return {"items": [], "next_cursor": None, "total": 0}


@dataclass
class Running:
    bridge: AlertBridge
    app: Starlette
    http: Client
    access: Access
    clock: ManualClock
    tokens: Mapping[str, str]
    tokens_file: Path
    alert_id: str

    def calls(self) -> Iterator[tuple[str, str, str]]:
        """Yield method, path and the route's own path of every route."""
        for route in self.app.routes:
            if isinstance(route, Route):
                path = route.path.replace("{id}", self.alert_id).replace("{action}", "acknowledge")
                path = (
                    re.sub(r"{\w+:int}", "1", path)
                    .replace("{metric}", "cpu_percent")
                    .replace("{name}", "DatabaseErrorsInLogs.md")
                )
                for method in (route.methods or {"GET"}) - {"HEAD"}:
                    yield method, path, route.path

    async def call(self, method: str, path: str, **headers: str) -> Answer:
        body = {} if method in ("GET", "DELETE") else {"data": b"{}"}
        kind = {} if method in ("GET", "DELETE") else {"content-type": "application/json"}
        return await self.http.request(method, path, headers={**kind, **headers}, **body)

    async def stored(self) -> dict[str, int]:
        """Return how many rows each table has, and the alert's version."""

        def count(connection: Any) -> dict[str, int]:
            rows = {
                name: len(connection.execute(table.select()).all()) for name, table in tables.metadata.tables.items()
            }
            [alert] = connection.execute(tables.alerts.select()).mappings()
            return {**rows, "version": alert["version"]}

        database = self.bridge._database
        assert database is not None
        return await database.read(count)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Running]:
    clock = ManualClock(START)
    tokens_file = folder / "tokens.yml"
    tokens = {role.value: create_token(tokens_file, role, role.value) for role in Role}
    tokens["expired"] = create_token(tokens_file, Role.OPERATOR, "old", "2026-01-31T02:00:00Z")
    tokens["revoked"] = create_token(tokens_file, Role.OPERATOR, "gone")
    revoke_tokens(tokens_file, "gone")
    users = {"ken": bcrypt.hashpw(b"secret", bcrypt.gensalt(4)), "eve": bcrypt.hashpw(b"secret", bcrypt.gensalt(4))}
    loaded = Access.load(tokens_file=tokens_file, clock=clock)
    access = Access(users, ("eve",), loaded.tokens, clock=clock, tokens_file=tokens_file)
    settings = Configuration.model_validate(
        {
            "alert_bridge": {"feed": {"listen_address": "127.0.0.1:0"}, "dashboard": {"listen_address": "127.0.0.1:0"}},
            "web": {"rate_limit_per_minute": 100_000},
        }
    )
    bridge = AlertBridge(
        settings,
        data_dir=folder,
        reader=NoSeries(),
        analyzer=NoAnalyzer(),
        access=access,
        registry=CollectorRegistry(),
        clock=clock,
    )
    await bridge.start(watch=False)
    try:
        [alert] = await bridge.pipeline.observe([seen()], source="alertmanager")
        await bridge.pipeline.explained(alert.id)
        assert bridge.page is not None
        app = bridge.build_http(page=True)
        async with client(f"http://127.0.0.1:{bridge.page.port}") as http:
            yield Running(bridge, app, http, access, clock, tokens, tokens_file, alert.id)
    finally:
        await bridge.close()


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_nobody_gets_anything_from_any_route_and_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        cookie, _ = one.access.open_session(Identity("ken", Role.OPERATOR))
        nobody: dict[str, dict[str, str]] = {
            "no header": {},
            "wrong": bearer("nw_wrong"),
            "wrong password": {"authorization": "Basic a2VuOndyb25n"},
            "malformed": {"authorization": "Basic %%%"},
            "no scheme": {"authorization": one.tokens["operator"]},
            "empty": {"authorization": ""},
            "expired": bearer(one.tokens["expired"]),
            "revoked": bearer(one.tokens["revoked"]),
            "made-up cookie": {"cookie": f"{SESSION_COOKIE}=made-up"},
        }
        before = await one.stored()
        for name, headers in nobody.items():
            for method, path, route in one.calls():
                if route in OPEN or route == LOG_IN:
                    continue
                one.access._failures.clear()
                answer = await one.call(method, path, **headers)
                assert answer.status == 401, (name, method, path, answer.status)
                assert answer.content_type == "application/problem+json"
                assert one.alert_id not in answer.text
        for method, path, route in one.calls():
            if method != "GET" and route not in OPEN and route != LOG_IN:
                answer = await one.call(method, path, cookie=f"{SESSION_COOKIE}={cookie}")
                assert answer.status == 403, (method, path)
        assert await one.stored() == before


async def test_each_role_may_do_its_own_and_no_more_on_every_route(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        before = await one.stored()
        for method, path, route in one.calls():
            if route in OPEN or route == LOG_IN:
                continue
            ingests = method == "POST" and ("/ingest/" in route or route.rstrip("/") in INGEST)
            if method != "GET" and route != TICKET:
                assert (await one.call(method, path, **bearer(one.tokens["viewer"]))).status == 403, (method, path)
            if not ingests:
                assert (await one.call(method, path, **bearer(one.tokens["ingest"]))).status == 403, (method, path)
        assert await one.stored() == before
        for method, path, route in one.calls():
            if method == "GET" and route not in OPEN:
                answer = await one.call(method, path, **bearer(one.tokens["viewer"]))
                assert answer.status not in (401, 403) and answer.status < 500, (path, answer.text)
        assert (await one.call("POST", TICKET, **bearer(one.tokens["viewer"]))).status == 201
        assert (await one.call("POST", "/api/v1/changes", **bearer(one.tokens["ingest"]))).status == 400


async def test_two_tokens_hold_during_a_rotation_and_a_revoked_one_is_refused_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        newer = create_token(one.tokens_file, Role.VIEWER, "newer")
        for token in (one.tokens["viewer"], newer):
            assert (await one.call("GET", "/api/v1/alerts", **bearer(token))).status == 200
        assert revoke_tokens(one.tokens_file, "viewer") == 1
        assert (await one.call("GET", "/api/v1/alerts", **bearer(one.tokens["viewer"]))).status == 401
        assert (await one.call("GET", "/api/v1/alerts", **bearer(newer))).status == 200


async def test_a_cross_site_write_is_refused_on_every_route(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        before = await one.stored()
        cookie, session = one.access.open_session(Identity("ken", Role.OPERATOR))
        theirs = {"cookie": f"{SESSION_COOKIE}={cookie}", CSRF_HEADER: session.csrf}
        for method, path, route in one.calls():
            if method == "GET" or route in OPEN:
                continue
            foreign = await one.call(method, path, origin="http://evil.example", **theirs)
            assert foreign.status == 403, (method, path)
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
                if method != "DELETE":
                    form = await one.http.request(method, path, data=b"{}", headers={"content-type": kind, **theirs})
                    assert form.status in (403, 415), (method, path, kind)
        assert await one.stored() == before


async def test_no_route_can_be_framed_and_every_error_is_a_problem(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        mine = bearer(one.tokens["operator"])
        for method, path in {(method, path) for method, path, _ in one.calls()}:
            if method == "GET":
                answer = await one.call("GET", path, **mine)
                assert answer.headers["x-frame-options"] == "DENY"
                assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        wrong = {
            ("GET", "/api/v1/absent"): 404,
            ("DELETE", "/api/v1/alerts"): 405,
            ("PUT", f"/api/v1/alerts/{one.alert_id}"): 405,
            ("GET", "/api/v1/alerts/absent"): 404,
            ("GET", "/api/v1/alerts/..%2f..%2fetc%2fpasswd"): 404,
        }
        for (method, path), status in wrong.items():
            answer = await one.http.request(method, path, headers=mine, json={})
            assert (answer.status, answer.content_type) == (status, "application/problem+json"), (method, path)
            assert answer.json["status"] == status


async def test_ten_failed_log_ins_are_429_for_a_minute(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        wrong, right = ({"username": "ken", "password": word} for word in ("wrong", "secret"))
        statuses = [(await one.http.post(LOG_IN, json=wrong)).status for _ in range(11)]
        assert statuses == [401] * 10 + [429]
        assert (await one.http.post(LOG_IN, json=right)).status == 429
        one.clock.advance(61)
        assert (await one.http.post(LOG_IN, json=right)).status == 200


async def test_the_document_names_every_route_and_is_valid(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        document = (await one.call("GET", "/openapi.json", **bearer(one.tokens["viewer"]))).json
        OpenAPIV31SpecValidator(document).validate()
        named = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
        routes = {
            (method, re.sub(r":\w+}", "}", route.path))
            for route in one.app.routes
            if isinstance(route, Route) and route.include_in_schema
            for method in (route.methods or {"GET"}) - {"HEAD"}
        }
        assert named == routes
        body = document["paths"]["/api/v1/alerts/{id}/snooze"]["post"]["requestBody"]
        assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Snooze"}


async def test_the_page_of_the_documentation_names_every_route(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    async with running(tmp_path) as one:
        paths = [route.path for route in one.app.routes if isinstance(route, Route) and route.include_in_schema]
        named = [re.sub(r":\w+}", "}", path).rstrip("/") for path in paths]
        assert [path for path in named if f"`{path}" not in text] == []


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_a_person_writes_only_with_the_role_and_the_csrf_token(tmp_path: Path, role: str) -> None:
    async with running(tmp_path) as one:
        name = "eve" if role == "viewer" else "ken"
        answer = await one.http.post(LOG_IN, json={"username": name, "password": "secret"})
        cookie = answer.headers["set-cookie"].partition(";")[0]
        path = f"/api/v1/alerts/{one.alert_id}/acknowledge"
        done = await one.call("POST", path, cookie=cookie, **{CSRF_HEADER: answer.json["csrf"]})
        assert done.status == (403 if role == "viewer" else 200)
