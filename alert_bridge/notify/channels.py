"""Which notifier a channel's settings ask for."""

import logging
from typing import Any

from alert_bridge.notify.apprise import AppriseNotifier
from alert_bridge.notify.custom import CustomNotifier
from alert_bridge.notify.desktop import DesktopNotifier
from alert_bridge.notify.email import EmailNotifier
from alert_bridge.notify.http import HttpSender
from alert_bridge.notify.notifier import Notifier, Profile
from alert_bridge.notify.settings import (
    PLUGINS,
    AnyChannel,
    AppriseSettings,
    DesktopSettings,
    EmailSettings,
    HttpChannel,
    PluginSettings,
    SlackSettings,
    WebhookSettings,
)
from alert_bridge.notify.slack import SlackNotifier
from alert_bridge.notify.templates import Templates
from alert_bridge.notify.webhook import WebhookNotifier
from runtime.clock import Clock
from runtime.loading import entry_points

logger = logging.getLogger(f"monitoring.{__name__}")


def build_notifier(settings: AnyChannel, clock: Clock, templates: Templates | None = None, name: str = "") -> Notifier:
    """Return the notifier of one channel (see NotificationSettings.usable). name: for what is said of it.

    Raises ValueError if the settings lack what the channel needs, or a plug-in cannot be made.
    """
    templates = templates or Templates()
    if settings.missing:
        raise ValueError(f"{settings.type}: {settings.missing[0]} is not set")
    match settings:
        case EmailSettings():
            return EmailNotifier(settings, clock, templates=templates)
        case SlackSettings():
            return SlackNotifier(settings, _sender(settings, clock), templates)
        case WebhookSettings():
            return WebhookNotifier(settings, _sender(settings, clock), clock, templates)
        case DesktopSettings():
            return DesktopNotifier(settings, templates)
        case AppriseSettings():
            return AppriseNotifier(settings, templates)
        case PluginSettings():
            return CustomNotifier(name, _plugin(name, settings))


def profile(settings: AnyChannel | None, notifier: Notifier | None, timezone: str) -> Profile:
    """Return how a channel wants to be told. timezone: of quiet hours that name none."""
    custom = isinstance(notifier, CustomNotifier)
    rate = settings.rate_per_minute if settings is not None else 0.0
    quiet = settings.quiet_hours if settings is not None else None
    return Profile(
        targets=settings.to_addresses if isinstance(settings, EmailSettings) else (),
        rate_per_minute=rate or None,
        concurrency=notifier.concurrency if isinstance(notifier, CustomNotifier) else 4,
        bundles=not custom,
        quiet_hours=quiet.hours(timezone) if quiet is not None else None,
    )


def _plugin(name: str, settings: PluginSettings) -> Any:
    """Make the object that an installed package brings; its code is foreign, and whatever it raises is said."""
    factories = dict(entry_points(PLUGINS))
    if settings.type not in factories:
        raise ValueError(f"channel {name!r}: the plug-in {settings.type!r} cannot be loaded; see the log")
    secret = {"secret": settings.secret.get_secret_value()} if settings.secret else {}
    try:
        return factories[settings.type](**settings.options, **secret)
    except (Exception, SystemExit) as error:
        logger.exception("channel %s: the plug-in %s cannot be made", name, settings.type)
        raise ValueError(f"channel {name!r}: the plug-in {settings.type!r} raised {type(error).__name__}") from None


def _sender(settings: HttpChannel, clock: Clock) -> HttpSender:
    return HttpSender(
        getattr(settings, settings.url_field),
        allow_private_addresses=settings.allow_private_addresses,
        clock=clock,
    )
