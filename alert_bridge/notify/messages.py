"""The words of a message, in English and Japanese: what, since when, how far, why, who, and where to act."""

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.notify.mail_page import page
from alert_bridge.notify.notifier import Event, Language, Notification
from alert_bridge.notify.templates import Templates
from alert_bridge.runbooks import first_steps
from runtime.clock import parse_utc

_BUNDLE_LINES = 20
_PATTERNS = 3
_HEADLINE_CHARACTERS = 200
_VALUE_CHARACTERS = 500
VALUE_NAMES = (
    "alert", "where", "since", "until", "value", "why", "logs", "held", "who", "comment", "next", "steps", "runbook",
)  # fmt: skip
"""What a template may name besides headline, severity, event, facts, items and link."""

_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")

_HEADLINES: Mapping[Language, Mapping[Event, str]] = {
    "en": {
        Event.FIRING: "[{severity}] {what}",
        Event.ACKNOWLEDGED: "{who} has it: {what}",
        Event.REMINDER: "The acknowledgement by {who} soon ends: {what}",
        Event.ESCALATED: "[{severity}] Nobody has it yet: {what}",
        Event.RESOLVED: "Resolved: {what}",
        Event.TEST: "Test: messages from Newswatch arrive here",
        Event.BUNDLE: "{count} alerts, the worst is {severity}",
        Event.BACKFILL: "{count} alerts came or went while Newswatch was away",
    },
    "ja": {
        Event.FIRING: "[{severity}] {what}",
        Event.ACKNOWLEDGED: "{who} が対応中: {what}",
        Event.REMINDER: "{who} の確認の期限が近づいています: {what}",
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
        "held": "Held back",
        "alike": "{count} more like this since the last message",
        "next": "What is next",
        "then": "{at}: {actions}",
        "severity_increase": "severity becomes {what}",
        "assign_to": "given to {what}",
        "notify": "{what} will be told",
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
        "held": "保留した通知",
        "alike": "前回の通知以降、同じアラートがほかに {count} 件",
        "next": "次の動き",
        "then": "{at}：{actions}",
        "severity_increase": "重大度が {what} に上がります",
        "assign_to": "担当が {what} になります",
        "notify": "{what} に通知します",
        "open": "アラートを開く",
        "open_all": "アラート一覧を開く",
        "note": "開いた画面の「確認する」で、以後の通知は止まります。",
    },
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message before it takes a channel's form; every text is one line without control characters.

    facts: pairs of label and value; values: the same by a name that is the same in every language.
    items: the alerts of a bundle, a line each. link_note: what can be done there, or empty.
    severity: the worst of what it is about. event: a word of Event.
    """

    headline: str
    severity: Severity = Severity.LOW
    event: str = "test"
    values: Mapping[str, str] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()
    items: tuple[str, ...] = ()
    link: str | None = None
    link_label: str = ""
    link_note: str = ""


def compose(notification: Notification, templates: Templates | None = None) -> Message:
    """Return the words for a notification in its language. templates: may replace the headline."""
    language = notification.language
    words = _WORDS[language]
    bundle = notification.event.is_bundle
    asks = notification.event in (Event.FIRING, Event.ESCALATED)
    values = {} if bundle else {name: value for name, value in _facts(notification) if value}
    worst = max((alert.severity for alert in notification.alerts), key=lambda one: one.rank)
    message = Message(
        headline=_headline(notification),
        severity=worst,
        event=notification.event.value,
        values=values,
        facts=tuple((words[name], value) for name, value in values.items()),
        items=_items(notification) if bundle else (),
        link=page_link(notification),
        link_label=words["open_all" if bundle else "open"],
        link_note=words["note"] if asks else "",
    )
    own = templates.render("headline.txt", language, _plain_values(message)) if templates is not None else None
    return message if own is None else replace(message, headline=one_line(own, _HEADLINE_CHARACTERS))


def page_link(notification: Notification) -> str | None:
    """Return where the page shows what this is about, or None where the page's address is not set."""
    if notification.external_url is None:
        return None
    alerts = f"{notification.external_url.rstrip('/')}/#/alerts"
    return alerts if notification.event.is_bundle else f"{alerts}/{quote(notification.alert.id, safe='')}"


def as_text(message: Message, language: Language = "en", templates: Templates | None = None) -> str:
    """Return plain text, in the words of `mail.txt` where the user has one."""
    own = templates.render("mail.txt", language, _plain_values(message)) if templates is not None else None
    if own is not None:
        return own
    lines = [message.headline, ""]
    lines += [f"{label}: {value}" for label, value in message.facts]
    lines += [f"- {item}" for item in message.items]
    if message.link:
        lines += ["", f"{message.link_label}: {message.link}", message.link_note]
    return "\n".join(lines).rstrip() + "\n"


def as_html(message: Message, language: Language, templates: Templates | None = None) -> str:
    """Return an HTML page with everything escaped, in the form of `mail.html` where the user has one."""
    if templates is not None:
        escaped = {name: html.escape(value) for name, value in _plain_values(message).items()}
        own = templates.render("mail.html", language, escaped)
        if own is not None:
            return own
    return page(
        language=language,
        event=message.event,
        severity=message.severity,
        headline=message.headline,
        facts=message.facts,
        items=message.items,
        link=(message.link, message.link_label, message.link_note) if message.link else None,
    )


def as_own_slack(message: Message, language: Language, templates: Templates | None) -> str | None:
    """Return the text of `slack.txt`, in Slack's markup with the values escaped; None where the user has none."""
    if templates is None:
        return None
    escaped = {
        name: value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        for name, value in _plain_values(message).items()
    }
    return templates.render("slack.txt", language, escaped)


def _plain_values(message: Message) -> dict[str, str]:
    """Return what a template may name."""
    known = dict.fromkeys(VALUE_NAMES, "") | dict(message.values)
    return known | {
        "headline": message.headline,
        "severity": message.severity.value,
        "event": message.event,
        "items": "\n".join(message.items),
        "facts": "\n".join(f"{label}: {value}" for label, value in message.facts),
        "link": message.link or "",
    }


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
    """Yield the name of a fact and its value, which is empty where nothing is known."""
    alert, words = notification.alert, _WORDS[notification.language]
    yield "alert", one_line(f"{alert.name} ({alert.severity.value})")
    yield "where", one_line(_where(alert))
    yield "since", _moment(alert.created_at, notification.timezone)
    if alert.resolved_at is not None:
        yield "until", _moment(alert.resolved_at, notification.timezone)
    yield "value", _value(alert, words)
    yield "why", one_line(alert.reason_texts.get(notification.language) or alert.reason or "")
    yield "logs", one_line("; ".join(_patterns(alert, notification.language)))
    yield "held", words["alike"].format(count=notification.held) if notification.held else ""
    yield "who", one_line(alert.acknowledged_by or alert.assignee or _nobody(alert, words))
    yield "comment", one_line(alert.comment or "")
    yield "next", _next_step(notification)
    yield "steps", one_line("; ".join(first_steps(alert, notification.language)))
    yield "runbook", one_line(alert.runbook_url or "")


def _next_step(notification: Notification) -> str:
    """Say what escalation does next, and when."""
    step = notification.alert.next_step
    if not step or not step.get("at") or notification.alert.status is not Status.FIRING:
        return ""
    told = ", ".join(map(str, step.get("channels") or ()))
    actions = [_action(str(action), told, notification.language) for action in step.get("actions") or ()]
    at = _moment(parse_utc(str(step["at"])), notification.timezone)
    return one_line(_WORDS[notification.language]["then"].format(at=at, actions=", ".join(actions)))


def _action(action: str, told: str, language: Language) -> str:
    """Say an action of escalation (`severity_increase CRITICAL`) in words. told: the channels of its step."""
    kind, _, what = action.partition(" ")
    return _WORDS[language][kind].format(what=what or told) if kind in _WORDS[language] else action


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
