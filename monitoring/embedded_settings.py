"""Settings of an embedded monitor: what `config` and `dashboard_config` say, over files and environment."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitoring.settings import Configuration, EmbeddedConfiguration
from runtime.settings import default_files, load

Config = str | Path | Collection[str | Path] | Mapping[str, Any] | Configuration | None


def read(config: Config, dashboard: Mapping[str, Any]) -> Configuration:
    """Return the settings in force.

    config: files, a mapping, or settings that are taken as they are; None for the guide's file where it is there.
    dashboard: the guide's `dashboard_config`, which wins. Raises SettingsError.
    """
    if isinstance(config, Configuration):
        settings = config
    elif isinstance(config, Mapping):
        settings = load(EmbeddedConfiguration, data=config)
    else:
        settings = load(EmbeddedConfiguration, _files(config))
    own = settings.alert_bridge
    host = dashboard.get("host")
    feed = own.feed.model_copy(
        update={
            "listen_address": _address(own.feed.listen_address, host, dashboard.get("websocket_port")),
            "interval_seconds": float(dashboard.get("update_interval_seconds", own.feed.interval_seconds)),
        }
    )
    page = own.dashboard.model_copy(
        update={"listen_address": _address(own.dashboard.listen_address, host, dashboard.get("http_port"))}
    )
    changed = own.model_copy(update={"feed": feed, "dashboard": page})
    return settings.model_copy(update={"alert_bridge": changed})


def _files(config: str | Path | Collection[str | Path] | None) -> Sequence[str | Path]:
    if config is None:
        return default_files()
    return [config] if isinstance(config, str | Path) else list(config)


def _address(listen_address: str, host: str | None, port: int | None) -> str:
    old_host, _, old_port = listen_address.rpartition(":")
    return f"{host or old_host}:{old_port if port is None else port}"
