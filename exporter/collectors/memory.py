"""How memory is used: all of /proc/meminfo, and paging from /proc/vmstat."""

import re
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric, UntypedMetricFamily

from exporter.collectors.host import Host

_BRACKETS = re.compile(r"\((.*)\)")
_VMSTAT_FIELDS = re.compile(r"^(oom_kill|pgpg|pswp|pg.*fault).*")


class MeminfoCollector:
    """Every field of /proc/meminfo, in bytes where the kernel gives kB (collector `meminfo`)."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self) -> Iterator[Metric]:
        """Yield a family a field; raises OSError or ValueError if the file cannot be read."""
        for line in self._host.read_proc("meminfo").splitlines():
            field, _, rest = line.partition(":")
            number, _, unit = rest.strip().partition(" ")
            name = _BRACKETS.sub(r"_\1", field) + ("_bytes" if unit else "")
            yield GaugeMetricFamily(
                f"node_memory_{name}",
                f"Memory information field {name}.",
                value=float(number) * (1024 if unit else 1),
            )


class VmstatCollector:
    """Page faults, paging, swapping and OOM kills (collector `vmstat`)."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self) -> Iterator[Metric]:
        """Yield a family a field; raises OSError or ValueError if the file cannot be read."""
        for line in self._host.read_proc("vmstat").splitlines():
            field, _, number = line.partition(" ")
            if _VMSTAT_FIELDS.match(field):
                yield UntypedMetricFamily(
                    f"node_vmstat_{field}", f"/proc/vmstat information field {field}.", value=float(number)
                )
