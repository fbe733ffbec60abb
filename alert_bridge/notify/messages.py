"""The words of a message, in English and Japanese: what, since when, how far, why, who, and where to act."""

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from alert_bridge.alerts import Alert, Status
from alert_bridge.notify.notifier import Event, Language, Notification
from alert_bridge.runbooks import first_steps

_BUNDLE_LINES = 20
_PATTERNS = 3
_HEADLINE_CHARACTERS = 200
_VALUE_CHARACTERS = 500
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")

_HEADLINES: Mapping[Language, Mapping[Event, str]] = {
    "en": {
        Event.FIRING: "[{severity}] {what}",
        Event.ACKNOWLEDGED: "{who} has it: {what}",
        Event.ESCALATED: "[{severity}] Nobody has it yet: {what}",
        Event.RESOLVED: "Resolved: {what}",
        Event.TEST: "Test: messages from Newswatch arrive here",
        Event.BUNDLE: "{count} alerts, the worst is {severity}",
        Event.BACKFILL: "{count} alerts came or went while Newswatch was away",
    },
    "ja": {
        Event.FIRING: "[{severity}] {what}",
        Event.ACKNOWLEDGED: "{who} が対応中: {what}",
        Event.ESCALATED: "[{severity}] 担当者なし: {what}",
        Event.RESOLVED: "解決: {what}",
        Event.TEST: "テスト: Newswatch の通知はここに届きます",
        Event.BUNDLE: "アラート {count} 件（最も重いもの: {severity}）",
        Event.BACKFILL: "Newswatch の停止中に発生または解決したアラート {count} 件",
    },
}

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "alert": "Alert",
        "where": "Where",
        "since": "Since",
        "until": "Until",
        "value": "Value",
        "threshold": "threshold",
        "why": "Why",
        "logs": "In the logs",
        "times": "{count} times",
        "who": "Who has it",
        "nobody": "Nobody yet",
        "comment": "Comment",
        "steps": "What to do",
        "runbook": "Runbook",
        "more": "and {count} more",
        "open": "Open the alert",
        "open_all": "Open the alerts",
        "note": "To stop further messages, acknowledge it there.",
    },
    "ja": {
        "alert": "アラート",
        "where": "場所",
        "since": "発生",
        "until": "解決",
        "value": "値",
        "threshold": "閾値",
        "why": "理由",
        "logs": "ログ",
        "times": "{count} 回",
        "who": "担当",
        "nobody": "担当者なし",
        "comment": "コメント",
        "steps": "対応手順",
        "runbook": "手順書",
        "more": "ほか {count} 件",
        "open": "アラートを開く",
        "open_all": "アラート一覧を開く",
        "note": "開いた画面の「確認する」で、以後の通知は止まります。",
    },
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message before it takes a channel's form; every text is one line without control characters.

    facts: pairs of label and value. items: the alerts of a bundle, a line each.
    link_note: what can be done there, or empty.
    """

    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    items: tuple[str, ...] = ()
    link: str | None = None
    link_label: str = ""
    link_note: str = ""


def compose(notification: Notification) -> Message:
    """Return the words for a notification in its language."""
    words = _WORDS[notification.language]
    bundle = notification.event.is_bundle
    asks = notification.event in (Event.FIRING, Event.ESCALATED, Event.BUNDLE)
    return Message(
        headline=_headline(notification),
        facts=() if bundle else tuple((label, value) for label, value in _facts(notification) if value),
        items=_items(notification) if bundle else (),
        link=page_link(notification),
        link_label=words["open_all" if bundle else "open"],
        link_note=words["note"] if asks and not bundle else "",
    )


def page_link(notification: Notification) -> str | None:
    """Return where the page shows what this is about, or None where the page's address is not set."""
    if notification.external_url is None:
        return None
    alerts = f"{notification.external_url.rstrip('/')}/#/alerts"
    return alerts if notification.event.is_bundle else f"{alerts}/{quote(notification.alert.id, safe='')}"


def as_text(message: Message) -> str:
    """Return plain text."""
    lines = [message.headline, ""]
    lines += [f"{label}: {value}" for label, value in message.facts]
    lines += [f"- {item}" for item in message.items]
    if message.link:
        lines += ["", f"{message.link_label}: {message.link}", message.link_note]
    return "\n".join(lines).rstrip() + "\n"


def as_html(message: Message, language: Language) -> str:
    """Return an HTML page with everything escaped; styles are inline, as mail readers want them."""
    rows = "".join(_row(label, value) for label, value in message.facts)
    items = "".join(f'<li style="margin:4px 0">{html.escape(item)}</li>' for item in message.items)
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{html.escape(message.headline)}</title></head>"
        '<body style="margin:0;padding:24px;background:#f7f7f4;color:#17191b;font:14px/1.5 sans-serif">'
        '<div style="max-width:640px;padding:24px;background:#ffffff;border-top:3px solid #17191b">'
        f'<h1 style="margin:0 0 16px;font-size:20px;line-height:1.35">{html.escape(message.headline)}</h1>'
        + (f'<table style="border-collapse:collapse;width:100%">{rows}</table>' if rows else "")
        + (f'<ul style="margin:0;padding-left:20px">{items}</ul>' if items else "")
        + _link(message)
        + "</div></body></html>\n"
    )


def one_line(text: str, limit: int = _VALUE_CHARACTERS) -> str:
    """Return text as one line: no control, direction or half characters, no runs of blanks, cut at the limit."""
    visible = "".join(" " if unicodedata.category(one) in _INVISIBLE else one for one in text[: 4 * limit])
    line = re.sub(r"\s+", " ", visible).strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _headline(notification: Notification) -> str:
    worst = max(notification.alerts, key=lambda alert: alert.severity.rank)
    values = {
        "severity": worst.severity.value,
        "what": _what(notification.alert, notification.language),
        "who": notification.alert.acknowledged_by or "?",
        "count": notification.count,
    }
    return one_line(_HEADLINES[notification.language][notification.event].format_map(values), _HEADLINE_CHARACTERS)


def _facts(notification: Notification) -> Iterator[tuple[str, str]]:
    """Yield label and value; the value is empty where nothing is known."""
    alert, words = notification.alert, _WORDS[notification.language]
    yield words["alert"], one_line(f"{alert.name} ({alert.severity.value})")
    yield words["where"], one_line(_where(alert))
    yield words["since"], _moment(alert.created_at, notification.timezone)
    if alert.resolved_at is not None:
        yield words["until"], _moment(alert.resolved_at, notification.timezone)
    yield words["value"], _value(alert, words)
    yield words["why"], one_line(alert.reason_texts.get(notification.language) or alert.reason or "")
    yield words["logs"], one_line("; ".join(_patterns(alert, notification.language)))
    yield words["who"], one_line(alert.acknowledged_by or alert.assignee or _nobody(alert, words))
    yield words["comment"], one_line(alert.comment or "")
    yield words["steps"], one_line("; ".join(first_steps(alert)))
    yield words["runbook"], one_line(alert.runbook_url or "")


def _items(notification: Notification) -> tuple[str, ...]:
    """Return a line for each of the worst alerts, and how many are not among them."""
    ordered = sorted(notification.alerts, key=lambda alert: (-alert.severity.rank, alert.created_at))
    lines = [_item(alert, notification) for alert in ordered[:_BUNDLE_LINES]]
    left = notification.count - len(lines)
    return tuple(lines) if left <= 0 else (*lines, _WORDS[notification.language]["more"].format(count=left))


def _item(alert: Alert, notification: Notification) -> str:
    what, since = _what(alert, notification.language), _moment(alert.created_at, notification.timezone)
    return one_line(f"[{alert.severity.value}] {what} ({since})", _HEADLINE_CHARACTERS)


def _what(alert: Alert, language: Language) -> str:
    return alert.summary(language) or alert.name


def _where(alert: Alert) -> str:
    return ", ".join(alert.labels[name] for name in ("service", "job", "instance") if alert.labels.get(name))


def _moment(moment: datetime, timezone: str) -> str:
    return moment.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S %Z")


def _value(alert: Alert, words: Mapping[str, str]) -> str:
    if alert.value is None:
        return ""
    limit = "" if alert.threshold is None else f" ({words['threshold']} {alert.threshold:,.6g})"
    return f"{alert.value:,.6g}{limit}"


def _nobody(alert: Alert, words: Mapping[str, str]) -> str:
    return words["nobody"] if alert.status is Status.FIRING else ""


def _patterns(alert: Alert, language: Language) -> Iterator[str]:
    for pattern in alert.log_patterns[:_PATTERNS]:
        text = pattern.get(f"description_{language}") or pattern.get("description")
        if text:
            yield f"{text}{_frequency(pattern, language)}"


def _frequency(pattern: Mapping[str, Any], language: Language) -> str:
    count = pattern.get("frequency")
    return f" ({_WORDS[language]['times'].format(count=count)})" if count else ""


def _row(label: str, value: str) -> str:
    cell = "padding:6px 0;border-bottom:1px solid #d9d9d1;vertical-align:top"
    return (
        f'<tr><th style="{cell};padding-right:16px;text-align:left;font-weight:400;white-space:nowrap;color:#5e6266">'
        f'{html.escape(label)}</th><td style="{cell};width:100%">{html.escape(value)}</td></tr>'
    )


def _link(message: Message) -> str:
    if not message.link:
        return ""
    return (
        f'<p style="margin:24px 0 0"><a href="{html.escape(message.link)}" style="display:inline-block;'
        'padding:8px 16px;background:#17191b;color:#ffffff;text-decoration:none;border-radius:4px">'
        f"{html.escape(message.link_label)}</a></p>"
        + (f'<p style="margin:8px 0 0;color:#5e6266">{html.escape(message.link_note)}</p>' if message.link_note else "")
    )
