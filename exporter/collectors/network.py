"""Network devices: what went through them (`netdev`), and what they are (`netclass`)."""

import os
import re
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from exporter.collectors.host import Host

_COLUMNS = (
    *(f"receive_{name}" for name in ("bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast")),
    *(f"transmit_{name}" for name in ("bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed")),
)
_NOHANDLER = "receive_nohandler"
_CLASS_GAUGES = {
    "addr_assign_type": "address_assign_type",
    "carrier": "carrier",
    "dev_id": "device_id",
    "dormant": "dormant",
    "flags": "flags",
    "ifindex": "iface_id",
    "iflink": "iface_link",
    "link_mode": "iface_link_mode",
    "mtu": "mtu_bytes",
    "name_assign_type": "name_assign_type",
    "netdev_group": "net_dev_group",
    "speed": "speed_bytes",
    "tx_queue_len": "transmit_queue_length",
    "type": "protocol_type",
}
_CLASS_COUNTERS = {
    "carrier_changes": "carrier_changes_total",
    "carrier_up_count": "carrier_up_changes_total",
    "carrier_down_count": "carrier_down_changes_total",
}
_INFO = ("address", "broadcast", "duplex", "ifalias", "operstate")
_MEGABIT_BYTES = 125_000


class NetdevCollector:
    """Bytes, packets, errors and drops by device (collector `netdev`).

    excluded: an expression of the devices that are left out; empty for none.
    """

    def __init__(self, host: Host, excluded: str = "") -> None:
        self._host = host
        self._excluded = re.compile(excluded) if excluded else None

    def __call__(self) -> Iterator[Metric]:
        """Yield the families; raises OSError or ValueError if /proc/net/dev cannot be read."""
        families = {
            name: CounterMetricFamily(
                f"node_network_{name}_total", f"Network device statistic {name}.", labels=["device"]
            )
            for name in (*_COLUMNS, _NOHANDLER)
        }
        for line in self._host.read_proc("net/dev").splitlines()[2:]:
            device, _, columns = line.partition(":")
            device = device.strip()
            if self._excluded and self._excluded.search(device):
                continue
            for name, value in zip(_COLUMNS, columns.split(), strict=False):
                families[name].add_metric([device], int(value))
            nohandler = _attribute(self._host, device, "statistics/rx_nohandler")
            if nohandler:
                families[_NOHANDLER].add_metric([device], int(nohandler))
        yield from (family for family in families.values() if family.samples)


class NetclassCollector:
    """State, speed, MTU and addresses by device (collector `netclass`).

    An attribute that the kernel does not tell (the speed of a device that is down) is left out.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self) -> Iterator[Metric]:
        """Yield the families; raises OSError if /sys/class/net cannot be listed."""
        info = GaugeMetricFamily(
            "node_network_info",
            "Non-numeric data from /sys/class/net/<iface>, value is always 1.",
            labels=["device", *_INFO],
        )
        up = GaugeMetricFamily("node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.", labels=["device"])
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {
            attribute: GaugeMetricFamily(f"node_network_{name}", f"Network device property: {name}", labels=["device"])
            for attribute, name in _CLASS_GAUGES.items()
        }
        families |= {
            attribute: CounterMetricFamily(
                f"node_network_{name}", f"Network device property: {name}", labels=["device"]
            )
            for attribute, name in _CLASS_COUNTERS.items()
        }
        for device in self._devices():
            texts = [_attribute(self._host, device, attribute) or "" for attribute in _INFO]
            info.add_metric([device, *texts], 1)
            up.add_metric([device], texts[-1] == "up")
            for attribute, family in families.items():
                text = _attribute(self._host, device, attribute)
                if text:
                    family.add_metric([device], _number(attribute, text))
        yield info
        yield up
        yield from (family for family in families.values() if family.samples)

    def _devices(self) -> list[str]:
        """Return the devices; `bonding_masters` and the like are files, not devices."""
        folder = f"{self._host.sys}/class/net"
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir())


def _attribute(host: Host, device: str, name: str) -> str | None:
    try:
        return host.read_sys(f"class/net/{device}/{name}")
    except OSError:
        return None


def _number(attribute: str, text: str) -> int:
    value = int(text, 0)
    return value * _MEGABIT_BYTES if attribute == "speed" else value
