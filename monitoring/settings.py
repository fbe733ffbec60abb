"""All settings of the product in one model: what `check-config` checks and the supervisor reads."""

import alert_bridge.settings
import analyzer.settings
import exporter.settings


class Configuration(
    exporter.settings.Configuration, analyzer.settings.Configuration, alert_bridge.settings.Configuration
):
    """Every section of every service."""


class EmbeddedConfiguration(Configuration):
    """The settings of an embedded monitor, where code may add channels later."""

    channels_by_code = True
