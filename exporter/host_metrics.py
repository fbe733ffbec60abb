"""The host's families as one prometheus_client collector: which collectors there are, and that one may fail alone."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from exporter.collectors import cpu, disk, memory, network, processes, system
from exporter.collectors.host import Host
from runtime.clock import Clock, SystemClock

logger = logging.getLogger(f"monitoring.{__name__}")

Collect = Callable[[], Iterable[Metric]]

NAMES = (
    "cpu",
    "diskstats",
    "filesystem",
    "loadavg",
    "meminfo",
    "netclass",
    "netdev",
    "process_states",
    "processes",
    "stat",
    "time",
    "uname",
    "vmstat",
)
OFF_BY_DEFAULT = frozenset({"process_states"})


@dataclass(frozen=True, slots=True)
class Excluded:
    """Expressions of what the collectors leave out; the defaults are node_exporter's."""

    disk_devices: str = disk.DISK_DEVICES_EXCLUDED
    mount_points: str = disk.MOUNT_POINTS_EXCLUDED
    filesystem_types: str = disk.FILESYSTEMS_EXCLUDED
    network_devices: str = ""


def build_collectors(
    host: Host,
    names: Iterable[str] = tuple(sorted(set(NAMES) - OFF_BY_DEFAULT)),
    *,
    excluded: Excluded | None = None,
    clock: Clock | None = None,
) -> dict[str, Collect]:
    """Return the collectors of these names over one host.

    names: from NAMES; an unknown one is a KeyError. excluded, clock: node_exporter's defaults, the system's clock.
    """
    left_out = excluded or Excluded()
    factories: Mapping[str, Callable[[], Collect]] = {
        "cpu": lambda: cpu.CpuCollector(host),
        "diskstats": lambda: disk.DiskstatsCollector(host, left_out.disk_devices),
        "filesystem": lambda: disk.FilesystemCollector(host, left_out.mount_points, left_out.filesystem_types),
        "loadavg": lambda: cpu.LoadCollector(host),
        "meminfo": lambda: memory.MeminfoCollector(host),
        "netclass": lambda: network.NetclassCollector(host),
        "netdev": lambda: network.NetdevCollector(host, left_out.network_devices),
        "process_states": lambda: processes.ProcessStatesCollector(host),
        "processes": lambda: processes.ProcessesCollector(host),
        "stat": lambda: cpu.StatCollector(host),
        "time": lambda: system.TimeCollector(clock or SystemClock()),
        "uname": lambda: system.UnameCollector(host),
        "vmstat": lambda: memory.VmstatCollector(host),
    }
    return {name: factories[name]() for name in names}


class HostMetrics(Collector):
    """Runs every collector of a host on each scrape; a failing one costs its own families alone."""

    def __init__(self, collectors: Mapping[str, Collect], clock: Clock | None = None) -> None:
        self._collectors = collectors
        self._clock = clock or SystemClock()
        self._failing: set[str] = set()

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the families depend on the host, and registering must not read it."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all families, and how long each collector took and whether it succeeded."""
        duration = GaugeMetricFamily(
            "node_scrape_collector_duration_seconds", "Duration of a collector scrape.", labels=["collector"]
        )
        success = GaugeMetricFamily(
            "node_scrape_collector_success", "Whether a collector succeeded.", labels=["collector"]
        )
        for name, collect in self._collectors.items():
            begun = self._clock.monotonic()
            families = self._families(name, collect)
            duration.add_metric([name], self._clock.monotonic() - begun)
            success.add_metric([name], families is not None)
            yield from families or ()
        yield duration
        yield success

    def _families(self, name: str, collect: Collect) -> list[Metric] | None:
        """Return a collector's families, None where it failed; the log tells a change, not every scrape."""
        try:
            families = list(collect())
        except Exception:
            if name not in self._failing:
                logger.exception("collector %s failed; its families are missing until it works again", name)
            self._failing.add(name)
            return None
        if name in self._failing:
            self._failing.discard(name)
            logger.info("collector %s works again", name)
        return families
