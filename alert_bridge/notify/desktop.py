"""Notifications on the desktop, by D-Bus (org.freedesktop.Notifications)."""

import asyncio
import os
from pathlib import Path

from alert_bridge.alerts import Severity
from alert_bridge.notify.messages import compose
from alert_bridge.notify.notifier import ATTEMPT_SECONDS, DeliveryError, Event, Notification
from alert_bridge.notify.settings import DesktopSettings
from alert_bridge.notify.templates import Templates

_NAME = "org.freedesktop.Notifications"
_PATH = "/org/freedesktop/Notifications"
_BODY_LINES = 4
_URGENCY = {Severity.LOW: 0, Severity.MEDIUM: 1, Severity.HIGH: 1, Severity.CRITICAL: 2}
_FOR_EVER = 0
_AS_THE_DESKTOP_DOES = -1


def bus_address(settings: DesktopSettings) -> str | None:
    """Return the session bus of the settings, of the environment, or of the user's own login; None without one."""
    named = settings.bus_address or os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    if named:
        return named
    usual = Path(f"/run/user/{os.getuid()}/bus")
    return f"unix:path={usual}" if usual.exists() else None


def no_desktop(settings: DesktopSettings) -> str | None:
    """Say why no desktop can be told from here; None if one can."""
    if bus_address(settings) is not None:
        return None
    return (
        "there is no D-Bus session here (a service has none); the page can notify the desktop instead, "
        "or set bus_address"
    )


class DesktopNotifier:
    """Shows a notification. A later word about the same alert replaces the earlier one; a critical one stays."""

    def __init__(self, settings: DesktopSettings, templates: Templates) -> None:
        self._settings = settings
        self._templates = templates
        self._shown: dict[str, int] = {}

    async def send(self, notification: Notification) -> None:
        """Show it once; raises DeliveryError."""
        address = bus_address(self._settings)
        if address is None:
            raise DeliveryError("connect", str(no_desktop(self._settings)), permanent=True)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                number = await self._notify(address, notification)
        except TimeoutError:
            detail = f"the desktop did not answer within {ATTEMPT_SECONDS:g} s"
            raise DeliveryError("answer", detail, uncertain=True) from None
        self._shown[notification.alert.id] = number
        while len(self._shown) > 1000:
            del self._shown[next(iter(self._shown))]

    async def _notify(self, address: str, notification: Notification) -> int:
        from dbus_fast import Message, MessageType, Variant
        from dbus_fast.aio import MessageBus
        from dbus_fast.errors import DBusError

        message = compose(notification, self._templates)
        critical = message.severity is Severity.CRITICAL and notification.event is not Event.RESOLVED
        body = "\n".join(f"{label}: {value}" for label, value in message.facts[:_BODY_LINES])
        hints = {
            "urgency": Variant("y", _URGENCY[message.severity] if notification.event is not Event.RESOLVED else 0),
            "category": Variant("s", "network.error"),
            "desktop-entry": Variant("s", "newswatch"),
        }
        call = Message(
            destination=_NAME,
            path=_PATH,
            interface=_NAME,
            member="Notify",
            signature="susssasa{sv}i",
            body=[
                "Newswatch",
                self._shown.get(notification.alert.id, 0),
                "dialog-warning",
                message.headline,
                _plain(body or "\n".join(message.items[:_BODY_LINES])),
                [],
                hints,
                _FOR_EVER if critical else _AS_THE_DESKTOP_DOES,
            ],
        )
        try:
            bus = await MessageBus(bus_address=address).connect()
        except (OSError, DBusError, EOFError, ValueError) as error:
            raise DeliveryError("connect", f"no D-Bus session at {address} ({type(error).__name__})") from None
        try:
            answer = await bus.call(call)
        except (OSError, DBusError, EOFError) as error:
            detail = f"the D-Bus session broke off ({type(error).__name__})"
            raise DeliveryError("send", detail, uncertain=True) from None
        finally:
            bus.disconnect()
        if answer is None or answer.message_type is not MessageType.METHOD_RETURN:
            problem = answer.error_name if answer is not None else "no answer"
            raise DeliveryError("send", f"no desktop shows notifications ({problem})")
        return int(answer.body[0])


def _plain(text: str) -> str:
    """Escape the markup that desktops read in a body."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
