"""What the processors do: time in each mode, interrupts, switches, forks, load."""

import threading
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from exporter.collectors.host import Host

_TICKS_PER_SECOND = 100.0  # USER_HZ, fixed in the kernel's interface
_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_IDLE = _MODES.index("idle")
_COLUMNS = len(_MODES) + 2  # guest and guest_nice follow
_RESET_SECONDS = 3.0


class CpuCollector:
    """Seconds of each processor by mode (collector `cpu`).

    The kernel's idle and iowait may step back a little, which a counter must not: the highest value seen stands. A
    processor whose idle time falls by more than three seconds was plugged in anew and starts over. As node_exporter.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._highest: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def __call__(self) -> Iterator[Metric]:
        """Yield the families; raises OSError or ValueError if /proc/stat cannot be read."""
        seconds = CounterMetricFamily(
            "node_cpu_seconds_total", "Seconds the CPUs spent in each mode.", labels=["cpu", "mode"]
        )
        guest = CounterMetricFamily(
            "node_cpu_guest_seconds_total",
            "Seconds the CPUs spent in guests (VMs) for each mode.",
            labels=["cpu", "mode"],
        )
        for cpu, values in self._read().items():
            for mode, value in zip(_MODES, values, strict=False):
                seconds.add_metric([cpu, mode], value)
            guest.add_metric([cpu, "user"], values[-2])
            guest.add_metric([cpu, "nice"], values[-1])
        yield seconds
        yield guest

    def _read(self) -> dict[str, list[float]]:
        with self._lock:
            now = _cpu_seconds(self._host.read_proc("stat"))
            self._highest = {cpu: _not_backwards(self._highest.get(cpu), values) for cpu, values in now.items()}
            return self._highest


def _cpu_seconds(stat: str) -> dict[str, list[float]]:
    """Return the columns of each `cpuN` line of /proc/stat in seconds; columns that an old kernel lacks are 0."""
    seconds = {}
    for line in stat.splitlines():
        if not line.startswith("cpu"):
            break
        name, *ticks = line.split()
        if name != "cpu":
            values = [int(tick) / _TICKS_PER_SECOND for tick in ticks[:_COLUMNS]]
            seconds[name[3:]] = values + [0.0] * (_COLUMNS - len(values))
    return seconds


def _not_backwards(before: list[float] | None, now: list[float]) -> list[float]:
    if before is None or before[_IDLE] - now[_IDLE] >= _RESET_SECONDS:
        return now
    return [max(pair) for pair in zip(before, now, strict=True)]


_STAT_FAMILIES: dict[str, tuple[type[CounterMetricFamily | GaugeMetricFamily], str, str]] = {
    "intr": (CounterMetricFamily, "node_intr_total", "Total number of interrupts serviced."),
    "ctxt": (CounterMetricFamily, "node_context_switches_total", "Total number of context switches."),
    "processes": (CounterMetricFamily, "node_forks_total", "Total number of forks."),
    "btime": (GaugeMetricFamily, "node_boot_time_seconds", "Node boot time, in unixtime."),
    "procs_running": (GaugeMetricFamily, "node_procs_running", "Number of processes in runnable state."),
    "procs_blocked": (
        GaugeMetricFamily,
        "node_procs_blocked",
        "Number of processes blocked waiting for I/O to complete.",
    ),
}


class StatCollector:
    """Interrupts, context switches, forks, boot time, runnable and blocked processes (collector `stat`)."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self) -> Iterator[Metric]:
        """Yield the families; raises OSError or ValueError if /proc/stat cannot be read."""
        for line in self._host.read_proc("stat").splitlines():
            key, _, rest = line.partition(" ")
            if key in _STAT_FAMILIES:
                family, name, text = _STAT_FAMILIES[key]
                yield family(name, text, value=float(rest.split(" ", 1)[0]))


class LoadCollector:
    """Load averages (collector `loadavg`)."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self) -> Iterator[Metric]:
        """Yield the families; raises OSError or ValueError if /proc/loadavg cannot be read."""
        loads = self._host.read_proc("loadavg").split()
        for minutes, load in zip((1, 5, 15), loads, strict=False):
            yield GaugeMetricFamily(f"node_load{minutes}", f"{minutes}m load average.", value=float(load))
