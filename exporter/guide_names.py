"""The guide's names of live values, and the Prometheus query behind each: one table.

The recording rules carry these names; the embedded monitor computes the same values from the same counters.
"""

from dataclasses import dataclass
from typing import Literal

WINDOW_SECONDS = 60.0
"""Over how long rates and means are taken."""

VIRTUAL_DEVICES = r"lo|veth.*|docker.*|br-.*|virbr.*|cni.*|flannel.*|cali.*|ifb.*|tun.*|tap.*"
"""Network devices whose traffic goes nowhere, or is counted again by the real device below."""

ROOT_MOUNT_POINT = "/"
MEGABYTE = 1_000_000.0


@dataclass(frozen=True, slots=True)
class GuideName:
    """One live value.

    unit: `percent`, `megabytes_per_second`, `milliseconds` or `count`. query: one series for each (job, instance).
    """

    name: str
    group: Literal["system", "application"]
    unit: str
    query: str


def _sum(expression: str) -> str:
    return f"sum by (job, instance) ({expression})"


def _rate(selector: str) -> str:
    return _sum(f"rate({selector}[1m])")


def _network(direction: str) -> str:
    return f'{_rate(f"""node_network_{direction}_bytes_total{{device!~"{VIRTUAL_DEVICES}"}}""")} / 1e6'


_ROOT = f'{{mountpoint="{ROOT_MOUNT_POINT}"}}'
_USED = f"(node_filesystem_size_bytes{_ROOT} - node_filesystem_free_bytes{_ROOT})"
_FINISHED = _rate("app_tasks_total")
_FAILED = _rate('app_tasks_total{status="failed"}')
_LOOKUPS = _rate("app_cache_requests_total")
_HITS = _rate('app_cache_requests_total{result="hit"}')

GUIDE_NAMES: tuple[GuideName, ...] = (
    GuideName(
        "cpu_percent",
        "system",
        "percent",
        "clamp_min(100 * (1 - avg by (job, instance) (sum by (job, instance, cpu) "
        '(rate(node_cpu_seconds_total{mode=~"idle|iowait"}[1m])))), 0)',
    ),
    GuideName(
        "memory_percent",
        "system",
        "percent",
        "max by (job, instance) (100 * (1 - node_memory_MemAvailable_bytes / (node_memory_MemTotal_bytes > 0)))",
    ),
    GuideName(
        "disk_percent",
        "system",
        "percent",
        f"max by (job, instance) (100 * {_USED} / (({_USED} + node_filesystem_avail_bytes{_ROOT}) > 0))",
    ),
    GuideName("network_sent_mb_s", "system", "megabytes_per_second", _network("transmit")),
    GuideName("network_recv_mb_s", "system", "megabytes_per_second", _network("receive")),
    GuideName("process_count", "system", "count", "max by (job, instance) (node_processes_pids)"),
    GuideName("active_tasks", "application", "count", _sum("app_tasks_active")),
    GuideName("completed_tasks", "application", "count", _sum('app_tasks_total{status="completed"}')),
    GuideName("failed_tasks", "application", "count", _sum('app_tasks_total{status="failed"}')),
    GuideName(
        "error_rate",
        "application",
        "percent",
        f"100 * (({_FAILED}) or ({_FINISHED} * 0)) / ({_FINISHED} > 0)",
    ),
    GuideName(
        "response_time_ms",
        "application",
        "milliseconds",
        f"1000 * {_rate('app_task_duration_seconds_sum')} / ({_rate('app_task_duration_seconds_count')} > 0)",
    ),
    GuideName(
        "cache_hit_rate",
        "application",
        "percent",
        f"100 * (({_HITS}) or ({_LOOKUPS} * 0)) / ({_LOOKUPS} > 0)",
    ),
    GuideName("api_calls", "application", "count", _sum("app_external_api_calls_total")),
)

QUERIES: dict[str, str] = {entry.name: entry.query for entry in GUIDE_NAMES}
"""Query by name."""
