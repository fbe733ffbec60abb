"""Generic webhook: JSON with an idempotency key, signed where there is a secret."""

import hashlib
import hmac
from typing import Any

from alert_bridge import strict_json
from alert_bridge.notify.http import HttpSender
from alert_bridge.notify.messages import compose, page_link
from alert_bridge.notify.notifier import BUNDLE_LIMIT, Notification
from alert_bridge.notify.settings import WebhookSettings
from alert_bridge.notify.templates import Templates
from alert_bridge.runbooks import shown
from runtime.clock import Clock


class WebhookNotifier:
    """Posts a notification as JSON.

    Headers: `Idempotency-Key`; with a secret also `X-Newswatch-Timestamp` (epoch seconds) and
    `X-Newswatch-Signature`, `sha256=` and the hex HMAC-SHA256 of timestamp, `.` and the raw body.
    """

    def __init__(
        self, settings: WebhookSettings, sender: HttpSender, clock: Clock, templates: Templates | None = None
    ) -> None:
        self._templates = templates
        self._secret = settings.secret
        self._sender = sender
        self._clock = clock

    async def send(self, notification: Notification) -> None:
        """Post it once; raises DeliveryError."""
        raw = strict_json.dump(body(notification, self._templates)).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": notification.idempotency_key}
        if self._secret is not None:
            timestamp = str(int(self._clock.time()))
            headers["X-Newswatch-Timestamp"] = timestamp
            headers["X-Newswatch-Signature"] = signature(self._secret.get_secret_value(), timestamp, raw)
        await self._sender.post(raw, headers)


def body(notification: Notification, templates: Templates | None = None) -> dict[str, Any]:
    """Return what is posted: one alert, or of a bundle the first 100 with their total."""
    shared = {
        "event": notification.event.value,
        "step": notification.step,
        "channel": notification.channel,
        "idempotency_key": notification.idempotency_key,
        "text": compose(notification, templates).headline,
        "url": page_link(notification),
        "held_back": notification.held,
    }
    if notification.event.is_bundle:
        alerts = [shown(alert, notification.language) for alert in notification.alerts[:BUNDLE_LIMIT]]
        return shared | {"alerts": alerts, "total": notification.count}
    return shared | {"alert": shown(notification.alert, notification.language)}


def signature(secret: str, timestamp: str, raw_body: bytes) -> str:
    """Return the value of `X-Newswatch-Signature`, which a receiver compares with its own."""
    signed = timestamp.encode() + b"." + raw_body
    return f"sha256={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
