"""A host that was recorded once: /proc, /sys and udev below tests/data/host, and the fill of its file systems."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from exporter.collectors.disk import FilesystemCollector
from exporter.collectors.host import Host
from exporter.host_metrics import NAMES, Collect, HostMetrics, build_collectors
from runtime.clock import ManualClock

DATA = Path(__file__).parent.parent / "data"
ROOT = DATA / "host"
HOST = Host(proc=str(ROOT / "proc"), sys=str(ROOT / "sys"), udev=str(ROOT / "udev"))
RECORDED_AT = 1795508520.9

_BLOCK_BYTES = 4096
_FILLS = {
    "/": os.statvfs_result(
        (_BLOCK_BYTES, _BLOCK_BYTES, 66_053_021, 60_018_584, 20_563_291, 16_777_216, 16_360_355, 16_360_355, 0, 255)
    ),
    "/run": os.statvfs_result(
        (_BLOCK_BYTES, _BLOCK_BYTES, 6_171_024, 6_170_000, 6_170_000, 6_171_024, 6_170_500, 6_170_500, 0, 255)
    ),
    "/media/news archive": os.statvfs_result(
        (_BLOCK_BYTES, _BLOCK_BYTES, 1_000_000, 10_000, 0, 65_536, 60_000, 60_000, 1, 255)
    ),
}


def recorded_fill(paths: Sequence[str]) -> Mapping[str, os.statvfs_result]:
    """Answer for the recorded mounts; the network mount does not answer."""
    return {path: _FILLS[path] for path in paths if path in _FILLS}


def recorded_collectors() -> dict[str, Collect]:
    """Return every collector over the recording."""
    collectors = build_collectors(HOST, NAMES, clock=ManualClock(RECORDED_AT))
    return collectors | {"filesystem": FilesystemCollector(HOST, statfs=recorded_fill)}


def recorded_host() -> HostMetrics:
    """Return the whole recorded host as one collector, with a clock that stands still."""
    return HostMetrics(recorded_collectors(), ManualClock(RECORDED_AT))
