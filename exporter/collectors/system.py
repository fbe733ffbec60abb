"""Which system it is (`uname`), and what time it has (`time`)."""

import platform
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from exporter.collectors.host import Host
from runtime.clock import Clock

_UNAME = {
    "sysname": "ostype",
    "release": "osrelease",
    "version": "version",
    "nodename": "hostname",
    "domainname": "domainname",
}


class UnameCollector:
    """Kernel, machine and host name (collector `uname`)."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self) -> Iterator[Metric]:
        """Yield the family; raises OSError if /proc/sys/kernel cannot be read."""
        labels = {label: self._host.read_proc(f"sys/kernel/{file}").strip() for label, file in _UNAME.items()}
        labels["machine"] = self._machine()
        family = GaugeMetricFamily(
            "node_uname_info",
            "Labeled system information as provided by the uname system call.",
            labels=sorted(labels),
        )
        family.add_metric([labels[label] for label in sorted(labels)], 1)
        yield family

    def _machine(self) -> str:
        """Return the architecture; kernels before 6.1 have no file for it."""
        try:
            return self._host.read_proc("sys/kernel/arch").strip()
        except OSError:
            return platform.machine()


class TimeCollector:
    """The system's time (collector `time`)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self) -> Iterator[Metric]:
        """Yield the family."""
        yield GaugeMetricFamily(
            "node_time_seconds", "System time in seconds since epoch (1970).", value=self._clock.time()
        )
