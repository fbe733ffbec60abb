"""The channels in force: those of the settings and those that code adds."""

import logging
from collections.abc import Mapping
from typing import Any

from alert_bridge.notify.channels import build_notifier, profile
from alert_bridge.notify.custom import CustomNotifier
from alert_bridge.notify.desktop import no_desktop
from alert_bridge.notify.notifier import Notifier, Profile
from alert_bridge.notify.settings import DesktopSettings, NotificationSettings
from alert_bridge.notify.templates import Templates
from runtime.clock import Clock, SystemClock
from runtime.settings import Section, default_files, load

logger = logging.getLogger(f"monitoring.{__name__}")


class _Notifications(Section):
    notifications: NotificationSettings = NotificationSettings()


class NotificationManager:
    """Channels by name (the guide's class).

    config: the guide's `notification_config`, or the section's settings; without it the settings in force
    (config/monitoring_config.json below the working folder, then the environment).
    timezone: of quiet hours that name none.
    Raises SettingsError that names the channel and the key.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | NotificationSettings | None = None,
        clock: Clock | None = None,
        timezone: str = "UTC",
    ) -> None:
        self.settings = _settings(config)
        self._timezone = timezone
        self._notifiers: dict[str, Notifier] = {}
        templates = Templates(self.settings.templates_dir)
        for name, channel in self.settings.usable().items():
            missing = no_desktop(channel) if isinstance(channel, DesktopSettings) else None
            if missing is not None:
                logger.warning("notification channel %r is left out: %s", name, missing)
            else:
                self._notifiers[name] = build_notifier(channel, clock or SystemClock(), templates, name)
        for note in self.settings.notes():
            logger.warning("%s", note)

    @property
    def channels_config(self) -> dict[str, dict[str, Any]]:
        """The settings of each channel; secrets show as stars."""
        shown = {name: channel.model_dump(mode="json") for name, channel in self.settings.channels.items()}
        custom = {name: {"type": "custom", "enabled": True} for name in self._notifiers if name not in shown}
        return shown | custom

    @property
    def names(self) -> tuple[str, ...]:
        """The channels that can tell somebody."""
        return tuple(self._notifiers)

    def add_channel(self, name: str, channel: Any) -> None:
        """Add an object with `send_notification(alert)`, async or not, as a channel.

        Raises ValueError if the name is taken, TypeError if the object has no such method.
        """
        if name in self._notifiers:
            raise ValueError(f"notification channel {name!r} is there already; take another name")
        self._notifiers[name] = CustomNotifier(name, channel)

    def notifier(self, name: str) -> Notifier | None:
        """Return who tells on a channel, or None for a channel that is not there."""
        return self._notifiers.get(name)

    def profile(self, name: str) -> Profile:
        """Return how a channel wants to be told."""
        return profile(self.settings.channels.get(name), self._notifiers.get(name), self._timezone)

    def type_of(self, name: str) -> str:
        """Return what kind of channel it is: `email` and so on, `custom` for one that code added."""
        channel = self.settings.channels.get(name)
        return channel.type if channel else "custom"

    def fallback(self, name: str) -> str | None:
        """Return the channel to use where this one can never deliver."""
        channel = self.settings.channels.get(name)
        return channel.fallback if channel else None


def _settings(config: Mapping[str, Any] | NotificationSettings | None) -> NotificationSettings:
    if isinstance(config, NotificationSettings):
        return config
    if config is None:
        return load(_Notifications, default_files()).notifications
    return load(_Notifications, data={"notifications": {"channels": config}}, environ={}).notifications
