"""The exporter as a service: the host's families and its own, on one endpoint."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from starlette.applications import Starlette

from exporter.host_metrics import HostMetrics, build_collectors
from exporter.settings import Configuration, ExporterSettings
from runtime.service import Context, version
from runtime.web import build_app, serve

SWITCH = "collector."
"""How the arguments that switch a collector begin; the collector's name follows."""


def build_registry(settings: ExporterSettings, names: list[str]) -> CollectorRegistry:
    """Return the registry of one exporter: the collectors of these names, and the process itself."""
    registry = CollectorRegistry()
    registry.register(HostMetrics(build_collectors(settings.host, names, excluded=settings.excluded)))
    ProcessCollector(registry=registry)
    build = Gauge("exporter_build_info", "The version that runs; the value is 1.", ["version"], registry=registry)
    build.labels(version()).set(1)
    return registry


def application(context: Context[Configuration]) -> Starlette:
    """Return the exporter's endpoint."""
    settings = context.settings.exporter
    switches = {
        argument.removeprefix(SWITCH): on
        for argument, on in vars(context.arguments).items()
        if argument.startswith(SWITCH)
    }
    stat = f"{settings.proc_root}/stat"
    return build_app(
        name="exporter",
        routes=[],
        registry=build_registry(settings, settings.collector_names(switches)),
        ready=lambda: None if os.access(stat, os.R_OK) else f"{stat} cannot be read",
        access=context.access,
        web=context.settings.web,
        reload=context.reload,
        clock=context.clock,
    )


@asynccontextmanager
async def build(context: Context[Configuration]) -> AsyncIterator[None]:
    """Serve /metrics while entered."""
    server = await serve(application(context), context.listen_address, context.access)
    try:
        yield
    finally:
        await server.close()
