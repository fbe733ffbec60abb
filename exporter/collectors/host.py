"""Where a collector reads: the roots of one host's /proc, /sys and file systems."""

import os
from dataclasses import dataclass

_CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Host:
    """The roots of a host: its own, one mounted into a container, or a recording.

    proc, sys: roots of the kernel's file systems. rootfs: where the host's `/` is seen. udev: udev's device data base.
    """

    proc: str = "/proc"
    sys: str = "/sys"
    rootfs: str = "/"
    udev: str = "/run/udev/data"

    def read_proc(self, name: str) -> str:
        """Return the text of a file below /proc; raises OSError."""
        return read(f"{self.proc}/{name}")

    def read_sys(self, name: str) -> str:
        """Return the stripped text of an attribute below /sys; raises OSError."""
        return read(f"{self.sys}/{name}").strip()


def read(path: str) -> str:
    """Return a small file's text; bytes that are no UTF-8 are kept as escapes. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    chunks = []
    try:
        while chunk := os.read(descriptor, _CHUNK_BYTES):
            chunks.append(chunk)
    finally:
        os.close(descriptor)
    return b"".join(chunks).decode("utf-8", "backslashreplace")
