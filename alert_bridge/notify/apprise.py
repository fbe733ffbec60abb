"""Any other service, by apprise (loaded on first use), in a thread of its own."""

import asyncio
import concurrent.futures
import logging
import threading
from contextlib import nullcontext

from alert_bridge.alerts import Severity
from alert_bridge.notify.addresses import refused
from alert_bridge.notify.messages import as_text, compose
from alert_bridge.notify.notifier import ATTEMPT_SECONDS, DeliveryError, Event, Notification
from alert_bridge.notify.outward import Guard, outward_only
from alert_bridge.notify.settings import AppriseSettings
from alert_bridge.notify.templates import Templates

_KINDS = {Severity.LOW: "info", Severity.MEDIUM: "warning", Severity.HIGH: "warning", Severity.CRITICAL: "failure"}
_THREAD = "apprise-"
_LOGGERS = ("apprise", "urllib3.connectionpool")


class AppriseNotifier:
    """Hands a notification to apprise. While a call hangs, further ones fail at once."""

    def __init__(self, settings: AppriseSettings, templates: Templates) -> None:
        assert settings.url is not None  # noqa: S101 - the settings are complete
        self._url = settings.url
        self._allow_private_addresses = settings.allow_private_addresses
        self._templates = templates
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_tells_no_address)
        self._running: concurrent.futures.Future[DeliveryError | None] | None = None

    async def send(self, notification: Notification) -> None:
        """Tell it once; raises DeliveryError."""
        if self._running is not None and not self._running.done():
            raise DeliveryError("send", "the service is still busy with an earlier message")
        message = compose(notification, self._templates)
        kind = "success" if notification.event is Event.RESOLVED else _KINDS[message.severity]
        outcome: concurrent.futures.Future[DeliveryError | None] = concurrent.futures.Future()
        outcome.set_running_or_notify_cancel()
        self._running = outcome
        body = as_text(message, notification.language, self._templates)
        call = (message.headline, body, kind)
        thread = threading.Thread(
            target=lambda: outcome.set_result(self._call(*call)), name=f"{_THREAD}{notification.channel}", daemon=True
        )
        thread.start()
        try:
            problem = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(outcome)), ATTEMPT_SECONDS)
        except TimeoutError:
            detail = f"the service did not answer within {ATTEMPT_SECONDS:g} s"
            raise DeliveryError("answer", detail, uncertain=True) from None
        if problem is not None:
            raise problem

    def _call(self, title: str, body: str, kind: str) -> DeliveryError | None:
        """Tell it, in a thread; returns what was wrong, never the address, which holds secrets."""
        with nullcontext(Guard()) if self._allow_private_addresses else outward_only() as guard:
            problem = self._tell(title, body, kind)
        return refused("the service", guard.refused) if problem and guard.refused else problem

    def _tell(self, title: str, body: str, kind: str) -> DeliveryError | None:
        try:
            import apprise

            service = apprise.Apprise(asset=apprise.AppriseAsset(service_timeout=0))  # else in a thread of its own
            if not service.add(self._url.get_secret_value()):
                return DeliveryError("send", "apprise knows no service for this address (see its list of services)")
            told = service.notify(title=title, body=body, notify_type=apprise.NotifyType(kind), body_format="text")
        except (Exception, SystemExit) as error:  # a service's own code, in hundreds of variants
            return DeliveryError("send", f"the service raised {type(error).__name__}", uncertain=True)
        return None if told else DeliveryError("send", "the service did not take the message", uncertain=True)


def _tells_no_address(record: logging.LogRecord) -> bool:
    """Drop what is below a warning where a service is told: it repeats the address, and the address is a secret."""
    return record.levelno >= logging.WARNING or not (record.threadName or "").startswith(_THREAD)
