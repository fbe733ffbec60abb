"""Settings of the exporter: which collectors run, where the host is seen, what is left out."""

import re
from collections.abc import Mapping

from pydantic import Field, field_validator

from exporter.collectors import disk
from exporter.collectors.host import Host
from exporter.host_metrics import NAMES, OFF_BY_DEFAULT, Excluded
from runtime.settings import Duration, Section, Settings, nearest


class ExporterSettings(Section):
    """The section `exporter`.

    collection_interval_seconds: how often the embedded monitor samples its process; a scraped exporter needs none.
    disabled_collectors, enabled_collectors: changes to the collectors that run by default. proc_root, sys_root,
    rootfs, udev_root: where a container sees its host. The expressions name what is left out.
    """

    collection_interval_seconds: Duration = Field(default=5.0, ge=0.05)
    disabled_collectors: tuple[str, ...] = ()
    enabled_collectors: tuple[str, ...] = ()
    proc_root: str = "/proc"
    sys_root: str = "/sys"
    rootfs: str = "/"
    udev_root: str = "/run/udev/data"
    disk_devices_excluded: str = disk.DISK_DEVICES_EXCLUDED
    mount_points_excluded: str = disk.MOUNT_POINTS_EXCLUDED
    filesystem_types_excluded: str = disk.FILESYSTEMS_EXCLUDED
    network_devices_excluded: str = ""

    @field_validator("disabled_collectors", "enabled_collectors")
    @classmethod
    def _known_collectors(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in NAMES:
                raise ValueError(f"no collector {name!r}; {nearest(name, NAMES)}")
        return names

    @field_validator(
        "disk_devices_excluded", "mount_points_excluded", "filesystem_types_excluded", "network_devices_excluded"
    )
    @classmethod
    def _valid_expression(cls, text: str) -> str:
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"{text!r} is no regular expression: {error}") from None
        return text

    @property
    def host(self) -> Host:
        """Where the collectors read."""
        return Host(self.proc_root, self.sys_root, self.rootfs, self.udev_root)

    @property
    def excluded(self) -> Excluded:
        """What the collectors leave out."""
        return Excluded(
            self.disk_devices_excluded,
            self.mount_points_excluded,
            self.filesystem_types_excluded,
            self.network_devices_excluded,
        )

    def collector_names(self, switches: Mapping[str, bool]) -> list[str]:
        """Return the collectors that run. switches: what the arguments say; they win over the settings."""
        names = set(NAMES) - OFF_BY_DEFAULT
        names = (names | set(self.enabled_collectors)) - set(self.disabled_collectors)
        return sorted(name for name in NAMES if switches.get(name, name in names))


class Configuration(Settings):
    """All that the exporter reads."""

    exporter: ExporterSettings = ExporterSettings()
