"""Disks: what the block devices did (`diskstats`), and how full the file systems are (`filesystem`)."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from exporter.collectors.host import Host, read

DISK_DEVICES_EXCLUDED = r"^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"
MOUNT_POINTS_EXCLUDED = r"^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
FILESYSTEMS_EXCLUDED = (
    r"^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay"
    r"|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$"
)
_SECTOR_BYTES = 512.0
_MILLISECOND = 0.001

_DISKSTATS: tuple[tuple[type[CounterMetricFamily | GaugeMetricFamily], str, str, float], ...] = (
    (
        CounterMetricFamily,
        "node_disk_reads_completed_total",
        "The total number of reads completed successfully.",
        1,
    ),
    (CounterMetricFamily, "node_disk_reads_merged_total", "The total number of reads merged.", 1),
    (
        CounterMetricFamily,
        "node_disk_read_bytes_total",
        "The total number of bytes read successfully.",
        _SECTOR_BYTES,
    ),
    (
        CounterMetricFamily,
        "node_disk_read_time_seconds_total",
        "The total number of seconds spent by all reads.",
        _MILLISECOND,
    ),
    (
        CounterMetricFamily,
        "node_disk_writes_completed_total",
        "The total number of writes completed successfully.",
        1,
    ),
    (CounterMetricFamily, "node_disk_writes_merged_total", "The number of writes merged.", 1),
    (
        CounterMetricFamily,
        "node_disk_written_bytes_total",
        "The total number of bytes written successfully.",
        _SECTOR_BYTES,
    ),
    (
        CounterMetricFamily,
        "node_disk_write_time_seconds_total",
        "This is the total number of seconds spent by all writes.",
        _MILLISECOND,
    ),
    (GaugeMetricFamily, "node_disk_io_now", "The number of I/Os currently in progress.", 1),
    (CounterMetricFamily, "node_disk_io_time_seconds_total", "Total seconds spent doing I/Os.", _MILLISECOND),
    (
        CounterMetricFamily,
        "node_disk_io_time_weighted_seconds_total",
        "The weighted # of seconds spent doing I/Os.",
        _MILLISECOND,
    ),
    (
        CounterMetricFamily,
        "node_disk_discards_completed_total",
        "The total number of discards completed successfully.",
        1,
    ),
    (CounterMetricFamily, "node_disk_discards_merged_total", "The total number of discards merged.", 1),
    (
        CounterMetricFamily,
        "node_disk_discarded_sectors_total",
        "The total number of sectors discarded successfully.",
        1,
    ),
    (
        CounterMetricFamily,
        "node_disk_discard_time_seconds_total",
        "This is the total number of seconds spent by all discards.",
        _MILLISECOND,
    ),
    (
        CounterMetricFamily,
        "node_disk_flush_requests_total",
        "The total number of flush requests completed successfully",
        1,
    ),
    (
        CounterMetricFamily,
        "node_disk_flush_requests_time_seconds_total",
        "This is the total number of seconds spent by all flush requests.",
        _MILLISECOND,
    ),
)
_INFO_LABELS = {
    "model": "ID_MODEL",
    "path": "ID_PATH",
    "revision": "ID_REVISION",
    "serial": "ID_SERIAL_SHORT",
    "wwn": "ID_WWN",
}


class DiskstatsCollector:
    """Reads, writes, discards, flushes and their time by block device (collector `diskstats`).

    excluded: devices whose whole name matches are left out (partitions and loop devices).
    """

    def __init__(self, host: Host, excluded: str = DISK_DEVICES_EXCLUDED) -> None:
        self._host = host
        self._excluded = re.compile(excluded)

    def __call__(self) -> Iterator[Metric]:
        """Yield the families; raises OSError or ValueError if /proc/diskstats cannot be read."""
        info = GaugeMetricFamily(
            "node_disk_info",
            "Info of /sys/block/<block_device>.",
            labels=["device", "major", "minor", *_INFO_LABELS],
        )
        families = [family(name, text, labels=["device"]) for family, name, text, _ in _DISKSTATS]
        for line in self._host.read_proc("diskstats").splitlines():
            major, minor, device, *values = line.split()
            if self._excluded.search(device):
                continue
            info.add_metric([device, major, minor, *self._udev_labels(major, minor)], 1)
            for family, (_, _, _, factor), value in zip(families, _DISKSTATS, values, strict=False):
                family.add_metric([device], int(value) * factor)
        yield info
        yield from (family for family in families if family.samples)

    def _udev_labels(self, major: str, minor: str) -> list[str]:
        try:
            text = read(f"{self._host.udev}/b{major}:{minor}")
        except OSError:
            text = ""
        known = dict(line[2:].split("=", 1) for line in text.splitlines() if line.startswith("E:") and "=" in line)
        return [known.get(key, "") for key in _INFO_LABELS.values()]


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system, as the host names it."""

    device: str
    mountpoint: str
    fstype: str
    readonly: bool


class Statfs:
    """Asks for the fill of file systems, each in a thread of its own, and waits no longer than a deadline.

    A dead network mount blocks whoever asks it, for ever. One that did not answer in time is not asked again until the
    blocked call has come back.
    """

    def __init__(self, deadline_seconds: float = 2.0, ask: Callable[[str], os.statvfs_result] = os.statvfs) -> None:
        self._deadline_seconds = deadline_seconds
        self._ask = ask
        self._stuck: set[str] = set()

    def __call__(self, paths: Sequence[str]) -> Mapping[str, os.statvfs_result]:
        """Return the answers that came in time; a path that failed or hangs has none."""
        answers: dict[str, os.statvfs_result] = {}
        deadline = time.monotonic() + self._deadline_seconds
        threads = {
            path: threading.Thread(target=self._answer, args=(path, answers), name=f"statfs {path}", daemon=True)
            for path in paths
            if path not in self._stuck
        }
        for thread in threads.values():
            thread.start()
        for path, thread in threads.items():
            thread.join(max(deadline - time.monotonic(), 0))
            if thread.is_alive():
                self._stuck.add(path)
        return dict(answers)

    def _answer(self, path: str, answers: dict[str, os.statvfs_result]) -> None:
        try:
            answers[path] = self._ask(path)
        except OSError:
            return
        finally:
            self._stuck.discard(path)


class FilesystemCollector:
    """Size, free space and inodes of the mounted file systems (collector `filesystem`).

    mount_points_excluded, types_excluded: expressions of what is left out. A file system that cannot be asked, or does
    not answer in time, has `node_filesystem_device_error` 1 and nothing else.
    """

    def __init__(
        self,
        host: Host,
        mount_points_excluded: str = MOUNT_POINTS_EXCLUDED,
        types_excluded: str = FILESYSTEMS_EXCLUDED,
        statfs: Callable[[Sequence[str]], Mapping[str, os.statvfs_result]] | None = None,
    ) -> None:
        self._host = host
        self._mount_points_excluded = re.compile(mount_points_excluded)
        self._types_excluded = re.compile(types_excluded)
        self._statfs = statfs or Statfs()

    def __call__(self) -> Iterator[Metric]:
        """Yield the families; raises OSError if the mounts cannot be read."""
        mounts = {mount: self._path(mount) for mount in self._mounts()}
        answers = self._statfs(list(dict.fromkeys(mounts.values())))
        size = _filesystem("size_bytes", "Filesystem size in bytes.")
        free = _filesystem("free_bytes", "Filesystem free space in bytes.")
        avail = _filesystem("avail_bytes", "Filesystem space available to non-root users in bytes.")
        files = _filesystem("files", "Filesystem total file nodes.")
        files_free = _filesystem("files_free", "Filesystem total free file nodes.")
        readonly = _filesystem("readonly", "Filesystem read-only status.")
        error = _filesystem("device_error", "Whether an error occurred while getting statistics for the given device.")
        for mount, path in mounts.items():
            labels = [mount.device, mount.fstype, mount.mountpoint]
            answer = answers.get(path)
            error.add_metric(labels, answer is None)
            if answer is None:
                continue
            size.add_metric(labels, answer.f_blocks * answer.f_frsize)
            free.add_metric(labels, answer.f_bfree * answer.f_frsize)
            avail.add_metric(labels, answer.f_bavail * answer.f_frsize)
            files.add_metric(labels, answer.f_files)
            files_free.add_metric(labels, answer.f_ffree)
            readonly.add_metric(labels, mount.readonly)
        yield from (size, free, avail, files, files_free, readonly, error)

    def _path(self, mount: Mount) -> str:
        return self._host.rootfs.rstrip("/") + mount.mountpoint

    def _mounts(self) -> Iterator[Mount]:
        """Yield the mounts of the host's first process, each (device, mount point, type) once."""
        try:
            text = self._host.read_proc("1/mounts")
        except OSError:
            text = self._host.read_proc("mounts")
        seen = set()
        for line in text.splitlines():
            device, mountpoint, fstype, options, *_ = line.split(" ")
            mount = Mount(device, self._mount_point(mountpoint), fstype, "ro" in options.split(","))
            key = (mount.device, mount.mountpoint, fstype)
            if key in seen or self._excludes(mount):
                continue
            seen.add(key)
            yield mount

    def _mount_point(self, text: str) -> str:
        """Undo the kernel's escapes and, seen from a container, take the prefix away."""
        path = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
        prefix = self._host.rootfs.rstrip("/")
        return (path.removeprefix(prefix) or "/") if path == prefix or path.startswith(f"{prefix}/") else path

    def _excludes(self, mount: Mount) -> bool:
        return bool(self._mount_points_excluded.search(mount.mountpoint) or self._types_excluded.search(mount.fstype))


def _filesystem(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"node_filesystem_{name}", text, labels=["device", "fstype", "mountpoint"])
