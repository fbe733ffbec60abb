"""How many processes and threads there are, how many there may be, and what they are doing."""

import os
from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from exporter.collectors.host import Host


class ProcessesCollector:
    """Processes, threads and their limits, from counts the kernel keeps (collector `processes`).

    Threads are those of the whole kernel, as /proc/loadavg tells them: counting them process by process costs
    milliseconds.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self) -> Iterator[Metric]:
        """Yield the families; raises OSError or ValueError if /proc cannot be read."""
        read = self._host.read_proc
        threads = read("loadavg").split()[3].partition("/")[2]
        yield GaugeMetricFamily("node_processes_pids", "Number of PIDs", value=len(_pids(self._host)))
        yield GaugeMetricFamily("node_processes_threads", "Allocated threads in system", value=int(threads))
        yield GaugeMetricFamily(
            "node_processes_max_processes", "Number of max PIDs limit", value=int(read("sys/kernel/pid_max"))
        )
        yield GaugeMetricFamily(
            "node_processes_max_threads",
            "Limit of threads in the system",
            value=int(read("sys/kernel/threads-max")),
        )


class ProcessStatesCollector:
    """Processes by state (collector `process_states`, off by default: it opens a file for every process)."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self) -> Iterator[Metric]:
        """Yield the family; raises OSError if /proc cannot be listed."""
        states = Counter(state for pid in _pids(self._host) if (state := self._state(pid)))
        family = GaugeMetricFamily("node_processes_state", "Number of processes in each state.", labels=["state"])
        for state, count in sorted(states.items()):
            family.add_metric([state], count)
        yield family

    def _state(self, pid: str) -> str | None:
        """Return the letter after the command's closing bracket; a process may be gone by now."""
        try:
            return self._host.read_proc(f"{pid}/stat").rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            return None


def _pids(host: Host) -> list[str]:
    with os.scandir(host.proc) as entries:
        return [entry.name for entry in entries if entry.name.isdecimal()]
