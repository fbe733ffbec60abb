"""Whole messages, word by word; `NEWSWATCH_WRITE_GOLDEN=1` writes them anew: look at what changed."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from alert_bridge.alerts import Severity, Status
from alert_bridge.notify.messages import as_html, as_text, compose
from alert_bridge.notify.notifier import Event, Language, Notification
from alert_bridge.notify.slack import body
from alert_bridge.notify.templates import Templates
from tests.alert_bridge.notify_parts import ALERT, START, notification

GOLDEN = Path(__file__).parent / "golden"
NEXT = {"at": "2026-01-31T03:30:00.000000Z", "actions": ["severity_increase CRITICAL", "notify"], "channels": ["slack"]}


def of(event: Event, language: Language) -> Notification:
    if event is Event.RESOLVED:
        alert = replace(ALERT, status=Status.RESOLVED, resolved_at=START)
        return notification(event, alerts=(alert,), language=language, timezone="Asia/Tokyo")
    if event is Event.BUNDLE:
        many = tuple(replace(ALERT, id=f"alert_{number}", severity=Severity.CRITICAL) for number in range(3))
        return notification(event, alerts=many, total=1000, language=language, timezone="Asia/Tokyo")
    alert = replace(ALERT, next_step=NEXT)
    return notification(event, alerts=(alert,), held=12, language=language, timezone="Asia/Tokyo")


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("event", [Event.FIRING, Event.ESCALATED, Event.RESOLVED, Event.BUNDLE, Event.TEST])
def test_messages_are_as_they_were_looked_at(event: Event, language: Language) -> None:
    message = compose(of(event, language))
    forms = {
        "txt": as_text(message),
        "html": as_html(message, language),
        "slack.json": json.dumps(body(message), ensure_ascii=False, indent=1) + "\n",
    }
    for suffix, text in forms.items():
        file = GOLDEN / f"{event.value}.{language}.{suffix}"
        if os.environ.get("NEWSWATCH_WRITE_GOLDEN"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), file.name


def test_a_users_template_replaces_the_words_and_its_values_are_escaped(tmp_path: Path) -> None:
    (tmp_path / "headline.txt").write_text("$severity at night: $alert\r\n")
    (tmp_path / "mail.ja.html").write_text("<b>${where}</b> $unknown")
    (tmp_path / "slack.txt").write_text("*$headline*")
    hostile = replace(ALERT, labels={**ALERT.labels, "service": "<script>"})
    templates = Templates(tmp_path)
    message = compose(notification(alerts=(hostile,)), templates)
    assert message.headline == "HIGH at night: CpuHigh (HIGH)"
    assert as_html(message, "ja", templates) == "<b>&lt;script&gt;, exporter, news-1:9105</b> $unknown"
    assert as_html(message, "en", templates).startswith("<!DOCTYPE html>")


def test_labels_cannot_mention_a_channel_forge_a_link_or_break_the_subject() -> None:
    hostile = replace(ALERT, message="x\r\nBcc: a@b.c <!channel> <a href=x>", annotations={})
    message = compose(notification(alerts=(hostile,)))
    assert "\n" not in message.headline
    assert "<!channel>" not in json.dumps(body(message))
    assert "<a href=x>" not in as_html(message, "en")
