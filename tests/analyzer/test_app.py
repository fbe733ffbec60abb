"""The analyzer as a service, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from alert_bridge.analyzer_client import AnalyzerClient, AnalyzerUnavailable, WrongParameter
from analyzer.app import application, build
from analyzer.engine import start_live
from analyzer.settings import Configuration
from analyzer.store import MIGRATIONS
from runtime.clock import SystemClock, format_utc
from runtime.database import Database
from runtime.security import Access
from runtime.service import Context, argument_parser
from runtime.settings import load
from runtime.web import serve
from tests.waiting import until


def context(folder: Path) -> Context[Configuration]:
    section = {"sources": [{"name": "app", "path": str(folder / "*.log")}], "poll_interval_seconds": 0.02}
    data = {"analyzer": section, "prometheus": {"url": "http://127.0.0.1:9"}}
    settings = load(Configuration, data=data, environ={})
    arguments = argument_parser("analyzer", 9106).parse_args([])
    access = Access.load(None, folder / "tokens.yml", ())
    return Context(settings, "127.0.0.1:0", folder / "data", access, arguments, lambda: None)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve on a free port; the series are not watched."""
    given, registry = context(folder), CollectorRegistry()
    database = await asyncio.to_thread(Database.open, folder / "logs_analysis.db", MIGRATIONS)
    live = await start_live(given.settings.analyzer, database, registry, SystemClock())
    server = await serve(application(given, live, registry), given.listen_address, given.access)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:
            yield session
    finally:
        await server.close()
        await live.close()
        await database.close()


async def get(session: aiohttp.ClientSession, path: str) -> tuple[int, Any]:
    async with session.get(path) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_service_tells_how_its_sources_do(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("ERROR one\nERROR two\n")
    (tmp_path / "dead.log").symlink_to("nowhere")
    async with running(tmp_path) as session:

        async def read() -> bool:
            (item,) = (await get(session, "/api/v1/sources"))[1]["items"]
            return bool(item["lines"] == 2)

        await until(read, "both lines are read")
        _, found = await get(session, "/api/v1/sources")
    (item,) = found["items"]
    assert found["total"] == 1
    assert (item["name"], item["files"], item["lag_bytes"], item["encodings"]) == ("app", 1, 0, ["ascii"])
    assert item["last_read_at"] is not None
    problem = {"path": str(tmp_path / "dead.log"), "problem": "the link leads nowhere"}
    assert (item["problem_count"], item["problems"]) == (1, [problem])


async def test_service_answers_with_patterns(tmp_path: Path) -> None:
    now = SystemClock().now()
    early, late = (format_utc(now - timedelta(hours=hours)) for hours in (3, 1))
    (tmp_path / "app.log").write_text(f"{early} ERROR database connection failed\n{late} INFO all is well\n")
    async with running(tmp_path) as session:

        async def both() -> bool:
            return bool((await get(session, "/api/v1/patterns"))[1]["total"] == 2)

        await until(both, "both lines are analysed")
        _, found = await get(session, f"/api/v1/patterns?limit=1&to={format_utc(now - timedelta(hours=2))}")
        assert (found["total"], found["next_cursor"]) == (1, None)
        assert found["items"][0]["pattern_id"] == "database_error"
        assert await get(session, "/api/v1/anomalies") == (200, {"items": [], "next_cursor": None, "total": 0})


async def test_the_bridge_passes_filters_through_and_says_what_is_wrong_with_them(tmp_path: Path) -> None:
    now = format_utc(SystemClock().now())
    (tmp_path / "app.log").write_text(f"{now} ERROR cannot deliver article 1\n{now} INFO all is well\n")
    async with running(tmp_path) as session:
        analyzer = AnalyzerClient(session, "")

        async def both() -> bool:
            return bool((await analyzer.listing("patterns", {}))["total"] == 2)

        await until(both, "both lines are analysed")
        found = await analyzer.listing(
            "patterns", {"level": "エラー", "q": "ARTICLE", "source": "app", "sort": "severity"}
        )
        assert [item["description"] for item in found["items"]] == ["cannot deliver article <*>"]
        assert {"rare", "bursting", "family", "explanation", "explanation_ja", "rate_per_hour"} <= found["items"][
            0
        ].keys()
        assert await analyzer.listing("families", {}) == {"items": [], "next_cursor": None, "total": 0}
        with pytest.raises(WrongParameter, match=r"^sort: got .name., expected one of"):
            await analyzer.listing("patterns", {"sort": "name"})
        with pytest.raises(AnalyzerUnavailable, match="answered 404"):
            await analyzer.listing("nothing", {})


async def test_wrong_parameters_are_named(tmp_path: Path) -> None:
    async with running(tmp_path) as session:
        status, problem = await get(session, "/api/v1/patterns?from=yesterday")
        assert (status, problem["detail"].split(":")[0]) == (400, "from")
        assert (await get(session, "/api/v1/anomalies?limit=0"))[0] == 400


async def test_service_exposes_its_metrics(tmp_path: Path) -> None:
    async with running(tmp_path) as session, session.get("/metrics") as answer:
        families = {family.name for family in text_string_to_metric_families(await answer.text())}
    assert {
        "log_lines",
        "log_pattern_lines",
        "log_pattern_info",
        "log_new_patterns",
        "log_source_lag_bytes",
        "log_parse_failures",
        "log_masked_items",
        "anomaly_score",
        "anomaly_active",
        "anomaly_detected",
        "analyzer_failures",
    } <= families


async def test_whole_service_starts_and_stops_without_prometheus(tmp_path: Path) -> None:
    async with build(context(tmp_path)):
        assert (tmp_path / "data" / "logs_analysis.db").exists()
