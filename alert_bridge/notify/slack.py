"""Slack by incoming webhook."""

from typing import Any

from alert_bridge import strict_json
from alert_bridge.notify.http import HttpSender
from alert_bridge.notify.messages import Message, as_own_slack, compose
from alert_bridge.notify.notifier import Notification
from alert_bridge.notify.settings import SlackSettings
from alert_bridge.notify.templates import Templates

_SECTION_CHARACTERS = 2900
_FIELDS = 10
_FIELD_CHARACTERS = 1900


class SlackNotifier:
    """Posts a notification to Slack; limits of rate come back as 429 with Retry-After."""

    def __init__(self, settings: SlackSettings, sender: HttpSender, templates: Templates | None = None) -> None:
        self._templates = templates
        self._named = {"channel": settings.channel, "username": settings.username}
        self._sender = sender

    async def send(self, notification: Notification) -> None:
        """Post it once; raises DeliveryError."""
        named = {key: value for key, value in self._named.items() if value}
        message = compose(notification, self._templates)
        own = as_own_slack(message, notification.language, self._templates)
        said = body(message) if own is None else {"text": escape(message.headline), "blocks": [_section(own)]}
        raw = strict_json.dump(named | said).encode()
        await self._sender.post(raw, {"Content-Type": "application/json"})


def body(message: Message) -> dict[str, Any]:
    """Return text (what a phone shows) and blocks (what the channel shows)."""
    blocks: list[dict[str, Any]] = [_section(f"*{escape(message.headline)}*")]
    if message.facts:
        fields = [_field(label, value) for label, value in message.facts[:_FIELDS]]
        blocks.append({"type": "section", "fields": fields})
    if message.items:
        blocks.append(_section("\n".join(f"• {escape(item)}" for item in message.items)))
    if message.link:
        note = f" {escape(message.link_note)}" if message.link_note else ""
        blocks.append(_section(f"<{escape(message.link)}|{escape(message.link_label)}>{note}"))
    return {"text": escape(message.headline), "blocks": blocks}


def escape(text: str) -> str:
    """Escape the characters that Slack reads as markup, so that no label can mention a channel or forge a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _markdown(text, _SECTION_CHARACTERS)}


def _field(label: str, value: str) -> dict[str, Any]:
    return _markdown(f"*{escape(label)}*\n{escape(value)}", _FIELD_CHARACTERS)


def _markdown(text: str, limit: int) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text if len(text) <= limit else f"{text[:limit]}…"}
