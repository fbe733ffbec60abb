from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.__main__ import parser
from exporter.app import application
from exporter.settings import Configuration
from runtime.security import Access
from runtime.service import Context
from runtime.settings import SettingsError, load
from runtime.web import serve
from tests.exporter.recording import ROOT

RECORDED = {
    "proc_root": str(ROOT / "proc"),
    "sys_root": str(ROOT / "sys"),
    "udev_root": str(ROOT / "udev"),
    "disabled_collectors": ["filesystem"],
}


@asynccontextmanager
async def running(folder: Path, *arguments: str, **settings: object) -> AsyncIterator[str]:
    """Serve the recorded host on a free port and yield the address."""
    loaded = load(Configuration, data={"exporter": RECORDED | settings}, environ={})
    access = Access.load(None, folder / "tokens.yml", ())
    context = Context(loaded, "127.0.0.1:0", folder, access, parser().parse_args(arguments), lambda: None)
    server = await serve(application(context), context.listen_address, access)
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        await server.close()


async def get(url: str, **headers: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, response.headers["content-type"], await response.text()


async def test_service_exposes_the_host_and_itself(tmp_path: Path) -> None:
    async with running(tmp_path) as address:
        status, _, text = await get(f"{address}/metrics")
        names = {family.name for family in text_string_to_metric_families(text)}
        assert status == 200
        assert {"node_cpu_seconds", "node_load1", "process_cpu_seconds", "exporter_build_info"} <= names
        assert "node_filesystem_size_bytes" not in names
        assert (await get(f"{address}/-/ready"))[0] == 200


async def test_service_speaks_openmetrics_when_asked(tmp_path: Path) -> None:
    async with running(tmp_path) as address:
        _, kind, text = await get(f"{address}/metrics", accept="application/openmetrics-text; version=1.0.0")
        assert kind.startswith("application/openmetrics-text")
        assert text.endswith("# EOF\n")


async def test_arguments_switch_collectors_over_the_settings(tmp_path: Path) -> None:
    switches = ["--no-collector.cpu", "--collector.process_states"]
    async with running(tmp_path, *switches, enabled_collectors=["cpu"]) as address:
        _, _, text = await get(f"{address}/metrics")
        assert "node_cpu_seconds_total" not in text
        assert 'node_processes_state{state="R"} 1.0' in text


async def test_service_that_cannot_read_the_host_is_not_ready(tmp_path: Path) -> None:
    async with running(tmp_path, proc_root=str(tmp_path)) as address:
        assert (await get(f"{address}/-/ready"))[0] == 503
        assert (await get(f"{address}/metrics"))[0] == 200


def test_unknown_collector_in_the_settings_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"exporter\.disabled_collectors.*'netdv'; did you mean 'netdev'"):
        load(Configuration, data={"exporter": {"disabled_collectors": ["netdv"]}}, environ={})
