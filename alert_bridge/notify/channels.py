"""Which notifier a channel's settings ask for."""

from alert_bridge.notify.email import EmailNotifier
from alert_bridge.notify.http import HttpSender
from alert_bridge.notify.notifier import Notifier
from alert_bridge.notify.settings import EmailSettings, HttpChannel, SlackSettings, WebhookSettings
from alert_bridge.notify.slack import SlackNotifier
from alert_bridge.notify.webhook import WebhookNotifier
from runtime.clock import Clock


def build_notifier(settings: EmailSettings | SlackSettings | WebhookSettings, clock: Clock) -> Notifier:
    """Return the notifier of one channel (see NotificationSettings.usable).

    Raises ValueError if the settings lack what the channel needs.
    """
    if settings.missing:
        raise ValueError(f"{settings.type}: {settings.missing[0]} is not set")
    if isinstance(settings, EmailSettings):
        return EmailNotifier(settings, clock)
    if isinstance(settings, SlackSettings):
        return SlackNotifier(settings, _sender(settings, clock))
    return WebhookNotifier(settings, _sender(settings, clock), clock)


def _sender(settings: HttpChannel, clock: Clock) -> HttpSender:
    return HttpSender(
        getattr(settings, settings.url_field),
        allow_private_addresses=settings.allow_private_addresses,
        clock=clock,
    )
